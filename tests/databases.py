"""Fixtures: real databases of both engines, empty or with the schema, each made in a moment from a template."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from bioplan_gis.storage.database import open_engine, upgrade

NOBODY = 65534
ENGINES = ["gpkg", pytest.param("postgis", marks=pytest.mark.postgis)]


@pytest.fixture(scope="session")
def new_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """``new_url("gpkg" | "postgis")``: the URL of a database that holds nothing yet."""
    numbers = count()

    def url(kind: str) -> str:
        if kind == "gpkg":
            return f"sqlite:///{tmp_path_factory.mktemp('gpkg') / 'bioplan.gpkg'}"
        return request.getfixturevalue("postgis_cluster").create(f"empty_{next(numbers)}")

    return url


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """A database without a schema, once for each engine."""
    return new_url(request.param)


@pytest.fixture(scope="session")
def upgraded_url(new_url: Callable[[str], str]) -> Callable[[str], str]:
    """``upgraded_url(kind)``: a database with the current schema, made once, to be copied only."""

    @cache
    def url(kind: str) -> str:
        made = new_url(kind)
        engine = open_engine(made)
        upgrade(engine)
        engine.dispose()
        return made

    return url


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, upgraded_url: Callable[[str], str], tmp_path: Path) -> Iterator[Engine]:
    """A database of the current schema without a row, a test's own, once for each engine."""
    with copied(request, upgraded_url(request.param), tmp_path) as url:
        yield from opened(url)


@contextmanager
def copied(request: pytest.FixtureRequest, template: str, folder: Path) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to, gone after the test."""
    if template.startswith("sqlite"):
        yield _copied_file(template, folder / "bioplan.gpkg")
        return
    cluster = request.getfixturevalue("postgis_cluster")
    name = "of_one_test"
    url = cluster.create(name, template=template.rpartition("/")[2])
    try:
        yield url
    finally:
        cluster.drop(name)


def _copied_file(url: str, target: Path) -> str:
    shutil.copyfile(url.removeprefix("sqlite:///"), target)
    return f"sqlite:///{target}"


def opened(url: str, **options) -> Iterator[Engine]:
    engine = open_engine(url, **options)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read and write everywhere: step down to a user who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that everyone may read."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
        Path(name).chmod(0o755)
