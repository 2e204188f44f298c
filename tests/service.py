"""Fixtures: the service in this process, the service as a process of its own, and a browser to look at it."""

import shutil
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.settings import Settings
from processes import serving

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def client(loaded: Engine) -> Iterator[TestClient]:
    """The service over the product's own geodata, within this process, once for each engine."""
    settings = Settings(database_url=loaded.url.render_as_string(hide_password=False))
    with TestClient(create_app(settings)) as test_client:
        yield test_client


@pytest.fixture(scope="session")
def served(loaded_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``bioplan serve`` over the embedded default, as a process of its own; its address without a last slash."""
    env = {"BIOPLAN_DATABASE_URL": loaded_url("gpkg")}
    with serving([sys.executable, "-m", "bioplan_gis.cli"], env=env, cwd=tmp_path_factory.mktemp("served")) as address:
        yield address


def chromium() -> str:
    """Where Chromium is."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("Chromium is missing: no program chromium in PATH (Debian: chromium). `make test` installs it.")
    return program


@pytest.fixture(scope="session")
def player() -> Iterator[Playwright]:
    """Playwright, of which a process can have one only."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(player: Playwright) -> Iterator[Browser]:
    """Chromium without a window."""
    opened = player.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
    yield opened
    opened.close()
