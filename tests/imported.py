"""Layers as an import leaves them, made by hand: parcels of a bureau, made-up ones, plain tables of any columns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.catalogue import Column, read_catalogue
from bioplan_gis.loading import load
from bioplan_gis.settings import Settings, bundled
from bioplan_gis.storage.database import open_engine, upgrade, writing
from bioplan_gis.storage.layers import Layer, replace_rows
from databases import ENGINES
from drafts import draft

HOSTILE = """<img src=x onerror="window.struck=1">'"</script><script>window.struck=1</script>"""
TURNING = "甲\u202e乙"
CORRECTIONS, SPOTS = "实验室更正", "园点"
PARCELS, SAMPLE, STATIONS, RED_LINE, PLOTS = "余杭地块_2024", "sample", "地铁站", "eco-red-line", "plots"


def put(engine: Engine, layer: Layer, records: Sequence[Mapping[str, Any]], shapes: Sequence[Any]) -> Layer:
    """Store a layer in a table of its own."""
    array = np.empty(len(records), dtype=object)
    array[:] = list(shapes)
    with writing(engine) as connection:
        layer.table.create(connection)
        return replace_rows(connection, layer, records, array)


def conforming(core: str, layer_id: str, title: str, **changes: Any) -> Layer:
    """A layer imported as a core one, with a column of the file's own."""
    layer = draft(core, id=layer_id, title_zh=title, title_en=f"{title} (en)", conforms_to=core, imported=True)
    changes = {"source": "余杭区规划局", "licence": "内部使用", "attribution": "余杭区规划局 ©", **changes}
    return replace(layer, columns=(*layer.columns, Column("备注", "text", None, "备注", "备注")), **changes)


def plain(layer_id: str, title: str, geometry_type: str, columns: Mapping[str, str], **changes: Any) -> Layer:
    """A layer imported as it is."""
    own = tuple(Column(name, kind, None, name, name) for name, kind in columns.items())
    facts = {"id": layer_id, "title_zh": title, "title_en": title, "geometry_type": geometry_type, "columns": own}
    return replace(draft("labs"), **facts, imported=True, source="规划局.shp", **changes)


def square(west: float, south: float, side: float = 0.002) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


@pytest.fixture(scope="session")
def bureau_url(new_url: Callable[[str], str]) -> Callable[[str], str]:
    """``bureau_url(kind)``: a database with the product's own data and a bureau's, made once, to be read only."""

    @cache
    def url(kind: str) -> str:
        made = new_url(kind)
        engine = open_engine(made)
        upgrade(engine)
        load(engine, read_catalogue(bundled("geodata")))
        fill(engine)
        engine.dispose()
        return made

    return url


@pytest.fixture(scope="session", params=ENGINES)
def bureau(request: pytest.FixtureRequest, bureau_url: Callable[[str], str]) -> Iterator[TestClient]:
    """The service over a bureau's data within this process, once for each engine."""
    with TestClient(create_app(Settings(database_url=bureau_url(request.param)))) as client:
        yield client


def fill(engine: Engine) -> None:
    """Parcels, made-up parcels, stations, a red line, plots of no class; laboratories that go before built-in ones."""
    parcels = [
        {
            "id": f"{number}",
            "name_zh": "一号地" if number == 0 else None,
            "parcel_no": f"余政储出〔2024〕{number}号",
            "land_class": f"M{1 + number % 3}",
            "area_ha": 1.0 + number,
            "area_source": "几何 measured from the geometry",
            "备注": HOSTILE if number == 0 else None,
        }
        for number in range(12)
    ]
    put(
        engine,
        conforming("industrial_land", PARCELS, "余杭区工业地块"),
        parcels,
        [square(120.0 + 0.01 * number, 30.30) for number in range(12)],
    )
    made_up = [{"id": "0", "parcel_no": "合成-0", "land_class": "M3", "area_ha": 2.0, "synthetic": True}]
    sample = conforming("industrial_land", SAMPLE, "合成地块样本", synthetic=True)
    put(engine, sample, made_up, [square(120.02, 30.285)])
    stations = [
        {"id": "s1", "站名": HOSTILE, "换乘": True, "日客流": 1000},
        {"id": "s2", "站名": TURNING, "换乘": False, "日客流": None},
        {"id": "s3", "站名": None, "换乘": None, "日客流": 5},
    ]
    columns = {"站名": "text", "换乘": "boolean", "日客流": "integer", 'a "b" <c>': "text"}
    shapes = [shapely.Point(120.001, 30.301), shapely.Point(120.02, 30.31), shapely.Point(120.03, 30.31)]
    put(engine, plain(STATIONS, "地铁站点", "POINT", columns), stations, shapes)
    red = [{"id": "西溪", "名称": "西溪"}]
    put(
        engine,
        plain(RED_LINE, "生态红线", "POLYGON", {"名称": "text"}),
        red,
        [shapely.box(120.005, 30.29, 120.0305, 30.31)],
    )
    plots = [{"id": "a", "verdict": "mine", "面积": 3.5}, {"id": "b", "verdict": None, "面积": None}]
    layer = plain(PLOTS, "普通图斑", "POLYGON", {"verdict": "text", "面积": "number"})
    put(engine, layer, plots, [square(120.02, 30.28), square(120.04, 30.28, 0.0005)])
    lab = {"id": "westlake-university", "name_zh": "西湖大学", "name_en": "Westlake University", "accuracy_m": 5}
    put(engine, conforming("labs", CORRECTIONS, "实验室更正"), [lab], [shapely.Point(120.05, 30.30)])
    fake = {"id": "zhejiang-lab", "name_zh": "假", "name_en": "Fake"}
    put(engine, conforming("labs", "fake", "假实验室", synthetic=True), [fake], [shapely.Point(120.05, 30.30)])
    spots = [{"id": "sure", "accuracy_m": 100}, {"id": "vague", "accuracy_m": 2000}, {"id": "nowhere"}]
    middle = shapely.Point(120.018, 30.30)
    put(engine, conforming("parks", SPOTS, "园点"), spots, [middle, middle, None])
