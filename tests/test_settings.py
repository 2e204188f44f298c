"""Settings come from the environment, and a wrong one is named."""

from pathlib import Path

import pytest

from bioplan_gis.errors import SettingsError
from bioplan_gis.settings import bundled, read_settings, software_digest


def test_the_default_is_the_embedded_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIOPLAN_DATABASE_URL", raising=False)
    settings = read_settings(port=None)
    assert settings.database_url == "sqlite:///var/bioplan.gpkg"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


def test_an_option_stands_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOPLAN_PORT", "9000")
    assert read_settings().port == 9000
    assert read_settings(port=9001).port == 9001


def test_geodata_may_stand_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BIOPLAN_GEODATA", str(tmp_path))
    assert read_settings().geodata_folder == tmp_path


@pytest.mark.parametrize("port", ["http", "-1", "65536", ""])
def test_a_port_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("BIOPLAN_PORT", port)
    with pytest.raises(SettingsError, match="BIOPLAN_PORT"):
        read_settings()


@pytest.mark.parametrize(("name", "holds"), [("geodata", "catalogue.toml"), ("alembic", "env.py")])
def test_what_came_with_the_product_is_found(name: str, holds: str) -> None:
    assert (bundled(name) / holds).is_file()


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOPLAN_DATABSE_URL", "postgresql://somewhere")
    with pytest.raises(SettingsError, match="BIOPLAN_DATABSE_URL") as caught:
        read_settings()
    assert "BIOPLAN_DATABASE_URL" in caught.value.en


def test_the_digest_is_of_this_code() -> None:
    assert software_digest() == software_digest()
    assert len(software_digest()) == 64
