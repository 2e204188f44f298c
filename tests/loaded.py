"""Fixtures: the product's own geodata in a database of each engine, loaded once and only read."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.loading import load
from bioplan_gis.settings import bundled
from bioplan_gis.storage.database import open_engine, upgrade
from databases import ENGINES, copied, opened

TEMPLATE = "loaded_template"


@pytest.fixture(scope="session")
def loaded_url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Callable[[str], str]:
    """``loaded_url(kind)``: a database with the product's own geodata, loaded once, to be read only."""

    @cache
    def url(kind: str) -> str:
        made = new_url(kind)
        engine = open_engine(made)
        upgrade(engine)
        load(engine, read_catalogue(bundled("geodata")))
        engine.dispose()
        if kind == "postgis":
            request.getfixturevalue("postgis_cluster").create(TEMPLATE, template=_name(made))
        return made

    return url


@pytest.fixture(scope="session")
def loaded_template(loaded_url: Callable[[str], str]) -> Callable[[str], str]:
    """``loaded_template(kind)``: the same, which nobody is ever connected to, as PostgreSQL wants of what it copies."""

    def url(kind: str) -> str:
        made = loaded_url(kind)
        return made if kind == "gpkg" else made.removesuffix(_name(made)) + TEMPLATE

    return url


def _name(url: str) -> str:
    return url.rpartition("/")[2]


@pytest.fixture(scope="session", params=ENGINES)
def loaded(request: pytest.FixtureRequest, loaded_url: Callable[[str], str]) -> Iterator[Engine]:
    """The product's own geodata, to be read only, once for each engine."""
    yield from opened(loaded_url(request.param))


@pytest.fixture(params=ENGINES)
def loaded_copy(
    request: pytest.FixtureRequest, loaded_template: Callable[[str], str], tmp_path: Path
) -> Iterator[Engine]:
    """The product's own geodata in a database of the test's own, to import into, once for each engine."""
    with copied(request, loaded_template(request.param), tmp_path) as url:
        yield from opened(url)


@pytest.fixture
def loaded_gpkg(
    request: pytest.FixtureRequest, loaded_template: Callable[[str], str], tmp_path: Path
) -> Iterator[Engine]:
    """The same, in a GeoPackage only: for what no database decides."""
    with copied(request, loaded_template("gpkg"), tmp_path) as url:
        yield from opened(url)
