"""Fixtures: the service as a process of its own over each engine, for other projects' clients, and what these ask.

Its data are the product's own, a bureau's parcels imported from a file (several pages of them, Chinese names, a column
of each type that files have), and a layer with a column of every type that the registry knows.
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import geopandas
import httpx2
import pandas as pd
import pytest
import shapely
from sqlalchemy import Engine

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.imports import ImportOptions, import_file
from bioplan_gis.loading import load
from bioplan_gis.settings import bundled
from bioplan_gis.storage.database import open_engine, upgrade
from databases import ENGINES
from processes import running, serving
from relay import ASKED
from typed_layers import store_parcels

PARCELS, TYPED = "余杭地块", "地块"
COUNT = 2_500
EAST, NORTH, SIDE, STEP, A_ROW = 500_000.0, 3_350_000.0, 80.0, 100.0, 50
RELAY = str(Path(__file__).with_name("relay.py"))


@cache
def parcels() -> geopandas.GeoDataFrame:
    """The bureau's file: squares of 80 m in rows of fifty, in EPSG:4549, every fortieth without a price."""
    numbers = range(COUNT)
    corners = [(EAST + STEP * (number % A_ROW), NORTH + STEP * (number // A_ROW)) for number in numbers]
    facts = {
        "编号": [f"余杭-{number:04}" for number in numbers],
        "地块名称": [f"第{number}号地块" for number in numbers],
        "用地类别": [f"M{1 + number % 3}" for number in numbers],
        "面积": [0.5 + number / 8 for number in numbers],
        "起始价": [None if number % 40 == 0 else number * 1.5 for number in numbers],
        "户数": [number % 7 for number in numbers],
        "已出让": [number % 2 == 0 for number in numbers],
        "出让日期": pd.array([date(2024, 1, 1) + timedelta(days=number % 366) for number in numbers]),
    }
    shapes = [shapely.box(east, north, east + SIDE, north + SIDE) for east, north in corners]
    return geopandas.GeoDataFrame(facts, geometry=shapes, crs=4549)


def typed_records() -> list[dict[str, object]]:
    """Rows of every type: a full one, one of nulls, one without geometry."""
    written = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    full = {
        "id": "甲/1", "地块编号": "余政储出〔2024〕1号", "name": "一号地", "面积（亩）": 12.5, "容积率": 2.0,
        "户数": 2**40, "已出让": True, "出让日期": written.date(), "开市": "09:30:00",
        "登记时间": written.replace(tzinfo=None), "更新": written,
        "细分领域": ["合成生物", "酶"], "指标": {"税收": 1.5},
    }  # fmt: skip
    return [full, {"id": "乙"}, {"id": "丙", "name": "无图", "已出让": False}]


def fill(engine: Engine, folder: Path) -> None:
    """The product's own data, the bureau's and the layer of every type."""
    upgrade(engine)
    load(engine, read_catalogue(bundled("geodata")))
    parcels().to_file(folder / "地块.gpkg", use_arrow=True)  # so that days stay days
    told = ImportOptions(layer=PARCELS, source="余杭区规划局", mapping={"编号": "id"}, title_zh="余杭区地块")
    import_file(engine, folder / "地块.gpkg", told)
    shapes = [shapely.box(120.02, 30.28, 120.03, 30.29), shapely.Point(120.04, 30.285), None]
    store_parcels(engine, typed_records(), shapes, imported=True)


@pytest.fixture(scope="session")
def connected_url(new_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """``connected_url(kind)``: a database with all that, made once, to be read only."""

    @cache
    def url(kind: str) -> str:
        made = new_url(kind)
        engine = open_engine(made)
        fill(engine, tmp_path_factory.mktemp("bureau"))
        engine.dispose()
        return made

    return url


@pytest.fixture(scope="session", params=ENGINES)
def served_on(
    request: pytest.FixtureRequest,
    connected_url: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """``bioplan serve`` over it, once for each engine; its address without a last slash."""
    env = {"BIOPLAN_DATABASE_URL": connected_url(request.param)}
    folder = tmp_path_factory.mktemp("served-on")
    with serving([sys.executable, "-m", "bioplan_gis.cli"], env=env, cwd=folder) as address:
        yield address


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """Without its query, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """Its parameters, decoded."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Wire:
    """What stands between a client and the service, and keeps what is asked."""

    address: str

    @property
    def asked(self) -> list[Asked]:
        """All requests so far."""
        return [Asked(**one) for one in httpx2.get(f"{self.address}{ASKED}").json()]

    def items(self, layer: str) -> list[Asked]:
        """What was asked of a layer's features, pages and single ones."""
        return [one for one in self.asked if one.path.startswith(f"/api/collections/{layer}/items")]


@pytest.fixture(scope="session")
def relay(served_on: str) -> Iterator[Wire]:
    """A proxy before the service, as a process of its own: some clients let nothing else of their process run."""
    with running([sys.executable, RELAY, urlsplit(served_on).netloc], stop_by=signal.SIGINT) as program:
        yield Wire(program.wait_for("http://"))


@pytest.fixture
def wire(relay: Wire) -> Wire:
    """The service behind a proxy that keeps what is asked from now on; links in its answers lead through it, too."""
    httpx2.delete(f"{relay.address}{ASKED}")
    return relay


def run(*command: str | Path, **options: object) -> str:
    """What a program writes to its standard output; a failure shows all it said."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(str(part) for part in command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def python_of_qgis() -> str:
    """The Python that QGIS is a part of, which is the system's own."""
    found = [name for name in ("/usr/bin/python3", "python3") if shutil.which(name) and _has_qgis(name)]
    if not found:
        pytest.fail("QGIS is missing: no Python here has qgis.core (Debian: python3-qgis). `make test` installs it.")
    return found[0]


def _has_qgis(python: str) -> bool:
    return subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0
