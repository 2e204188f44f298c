"""Features as GeoJSON: pages by key, boxes, single features; both engines give the same answer."""

import datetime as dt
import json
import math

import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, select, text

from bioplan_gis.crs import CRS84
from bioplan_gis.errors import FeatureNotFoundError
from bioplan_gis.storage.database import reading, writing
from bioplan_gis.storage.items import Page, read_collection, read_feature, read_page
from bioplan_gis.storage.layers import read_layer
from bioplan_gis.storage.literals import box_in
from bioplan_gis.storage.questions import Place, Question
from bioplan_gis.storage.spatial import meets
from drafts import store

TRIANGLE = shapely.Polygon([(120, 30), (121, 30), (120, 31)])
CENSUS = [
    ({"id": "point"}, shapely.Point(120.5, 30.2)),
    ({"id": "triangle"}, TRIANGLE),
    ({"id": "points"}, shapely.MultiPoint([(110, 20), (111, 21)])),
    ({"id": "fiji"}, shapely.Point(179.5, -17.5)),
    ({"id": "samoa"}, shapely.Point(-172, -13.8)),
    # What has no place stands behind what has one.
    ({"id": "nowhere"}, None),
]
IDS = [record["id"] for record, _ in CENSUS]


@pytest.fixture
def census(engine: Engine) -> Engine:
    store(engine, "labs", [record for record, _ in CENSUS], [shape for _, shape in CENSUS])
    return engine


def _page(
    engine: Engine, layer_id: str = "labs", *, limit: int | None = 100, bbox=None, after: Place | None = None
) -> Page:
    with reading(engine) as connection:
        layer = read_layer(connection, layer_id)
        where = () if bbox is None else (meets(layer.table, box_in(bbox, CRS84), engine.dialect.name),)
        return read_page(connection, layer, Question(limit, where, after=after))


def _facts(page: Page) -> tuple[bytes | None, int, int | None, Place | None]:
    return page.features, page.returned, page.matched, page.end


def _features(page: Page) -> list[dict]:
    return json.loads(b"[" + page.features + b"]")


def _found(engine: Engine, **question) -> list[str]:
    return [feature["id"] for feature in _features(_page(engine, **question))]


def test_a_feature_is_geojson_with_every_column(engine: Engine):
    record = {
        "id": "西湖-1",
        "name_zh": '“西湖”\\ "大学"\n二',
        "aliases": ["甲", 'b"c'],
        "relied_on_by": [],
        "citations": [{"document": "plan", "clause": "三(二)"}],
        "accuracy_m": 500,
    }
    store(engine, "labs", [record], [shapely.Point(120.0294512, 30.3373301)])
    (feature,) = _features(_page(engine))
    assert list(feature) == ["type", "id", "geometry", "properties"]
    assert (feature["type"], feature["id"]) == ("Feature", "西湖-1")
    assert feature["geometry"] == {"type": "Point", "coordinates": [120.0294512, 30.3373301]}
    properties = feature["properties"]
    assert {name: properties[name] for name in record if name != "id"} == {k: v for k, v in record.items() if k != "id"}
    with reading(engine) as connection:
        assert list(properties) == [column.name for column in read_layer(connection, "labs").columns]
    assert (properties["name_en"], properties["level"]) == (None, None)


def test_chinese_goes_out_as_utf8(engine: Engine):
    store(engine, "tracks", [{"id": "a", "name_zh": "细胞治疗"}])
    assert "细胞治疗".encode() in _page(engine, "tracks").features


def test_dates_booleans_and_numbers_have_json_types(engine: Engine):
    record = {
        "id": "a",
        "in_force": dt.date(2020, 12, 1),
        "requires_local_production": True,
        "rate_percent": 20.5,
    }
    store(engine, "policies", [record, {"id": "b", "requires_local_production": False}])
    first, second = (feature["properties"] for feature in _features(_page(engine, "policies")))
    assert (first["in_force"], first["requires_local_production"], first["rate_percent"]) == ("2020-12-01", True, 20.5)
    assert (second["in_force"], second["requires_local_production"], second["rate_percent"]) == (None, False, None)


NUMBERS = [400.0, 9.31, 0.5, 0.0, -7.0, 1e14, 1e15, 1e16, 4.84e6, 1e-9, 123456789.125]


def test_numbers_have_a_fraction_always_and_integers_never(engine: Engine):
    """Read by GDAL, which takes a column's type from what the first features look like."""
    records = [{"id": str(at), "value": value, "year": 2030} for at, value in enumerate(NUMBERS)]
    store(engine, "targets", records)
    for limit in (1, len(NUMBERS)):
        page = _page(engine, "targets", limit=limit)
        meta, _, _, (values, years) = pyogrio.raw.read(
            b'{"type":"FeatureCollection","features":[' + page.features + b"]}", columns=["value", "year"]
        )
        assert (list(meta["fields"]), list(map(str, meta["dtypes"]))) == (["value", "year"], ["float64", "int32"])
        assert (list(values), set(years)) == (NUMBERS[:limit], {2030})
    assert [feature["properties"]["value"] for feature in _features(page)] == NUMBERS


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN"])
def test_what_somebody_stored_that_json_does_not_know_is_null(engine: Engine, number: str):
    store(engine, "targets", [{"id": "a", "value": 1}])
    literals = {
        "sqlite": {"NaN": "1e999 - 1e999"},
        "postgresql": {"1e999": "'inf'", "-1e999": "'-inf'", "NaN": "'NaN'"},
    }
    with writing(engine) as connection:
        value = literals[engine.dialect.name].get(number, number)
        connection.execute(text(f"UPDATE targets SET value = {value}"))  # noqa: S608
    (feature,) = _features(_page(engine, "targets"))
    assert feature["properties"]["value"] is None


def test_rings_go_out_as_they_are_stored(census: Engine):
    with reading(census) as connection:
        _, feature_text = read_feature(connection, read_layer(connection, "labs"), "triangle")
    feature = json.loads(feature_text)
    assert shapely.geometry.shape(feature["geometry"]).exterior.is_ccw
    assert "crs" not in feature["geometry"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 7])
def test_paging_walks_every_feature_once(census: Engine, limit: int):
    seen, after = [], None
    for _ in range(math.ceil(len(IDS) / limit)):
        page = _page(census, limit=limit, after=after)
        assert page.matched == len(IDS)
        assert page.returned == len(_features(page)) <= limit
        seen += [feature["id"] for feature in _features(page)]
        after = page.end
    assert (seen, after) == (IDS, None)


def test_paging_within_a_box_counts_all_that_it_meets(census: Engine):
    box = (100, 10, 122, 32)
    first = _page(census, limit=2, bbox=box)
    assert (first.returned, first.matched) == (2, 3)
    second = _page(census, limit=2, bbox=box, after=first.end)
    assert (second.returned, second.matched, second.end) == (1, 3, None)


def test_rows_inserted_meanwhile_come_last(census: Engine):
    first = _page(census, limit=3)
    store(census, "labs", [{"id": "new"}, *(record for record, _ in CENSUS)])
    assert _found(census, after=first.end) == ["fiji", "samoa", "nowhere", "new"]


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((120.4, 30.1, 120.6, 30.3), ["point", "triangle"]),
        ((120.51, 30.1, 120.6, 30.3), ["triangle"]),
        ((120.8, 30.8, 121, 31), []),
        ((121, 30, 122, 31), ["triangle"]),
        ((120.5, 30.2, 120.5, 30.2), ["point", "triangle"]),
        ((119, 30.5, 122, 30.5), ["triangle"]),
        ((110.4, 20.4, 110.6, 20.6), []),
        ((109, 19, 110, 20), ["points"]),
        ((-180, -90, 180, 90), ["point", "triangle", "points", "fiji", "samoa"]),
        ((170, -20, -170, -10), ["fiji", "samoa"]),
        ((170, -20, -175, -10), ["fiji"]),
        ((121, 30, 120, 31), ["triangle"]),
    ],
    ids=[
        "both", "shape only", "envelope hit, shape missed", "touching corner", "box that is a point",
        "box that is a line", "between the points", "touching point", "world", "antimeridian", "one side of it",
        "all but a strip",
    ],
)  # fmt: skip
def test_box_finds_what_it_meets(census: Engine, box, found):
    page = _page(census, bbox=box)
    assert [feature["id"] for feature in _features(page)] == found
    assert page.matched == len(found)


def test_coordinates_finer_than_the_index_are_told_apart(engine: Engine):
    """The R*Tree keeps 32 bits: at 120 degrees it knows no more than 0.8 m."""
    store(engine, "labs", [{"id": "here"}], [shapely.Point(120.1234567, 30.1234567)])
    assert _found(engine, bbox=(120.1234568, 30, 121, 31)) == []
    assert _found(engine, bbox=(120.1234567, 30, 121, 31)) == ["here"]


@pytest.mark.parametrize("box", [(120, 30, 121, 31), (170, -20, -170, -10)], ids=["box", "antimeridian"])
def test_a_box_is_asked_of_the_spatial_index(census: Engine, box):
    with reading(census) as connection:
        table = read_layer(connection, "labs").table
        statement = select(table.c.id).where(meets(table, box_in(box, CRS84), census.dialect.name))
        compiled = statement.compile(census)
        if census.dialect.name == "sqlite":
            asked = tuple(compiled.params[name] for name in compiled.positiontup)
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", asked).all())
            assert ("VIRTUAL TABLE INDEX 2:D1" in plan, "SCAN labs'" in plan) == (True, False)
            return
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        assert "idx_labs_geom" in str(connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).all())


def test_a_page_after_the_last_still_counts(census: Engine):
    assert _facts(_page(census, bbox=(100, 10, 122, 32), after=Place(1000))) == (b"", 0, 3, None)
    assert _facts(_page(census, after=Place(1000))) == (b"", 0, len(IDS), None)


def test_a_box_finds_nothing_in_a_plain_table(engine: Engine):
    store(engine, "tracks", [{"id": "a"}])
    assert _facts(_page(engine, "tracks", bbox=(-180, -90, 180, 90))) == (b"", 0, 0, None)


def test_an_empty_layer_has_an_empty_page(engine: Engine):
    store(engine, "labs", [])
    assert _facts(_page(engine)) == (b"", 0, 0, None)


def test_whole_layer_is_one_collection(census: Engine):
    with reading(census) as connection:
        collection = json.loads(read_collection(connection, read_layer(connection, "labs")))
    assert collection["type"] == "FeatureCollection"
    assert [feature["id"] for feature in collection["features"]] == IDS
    assert [feature["id"] for feature in collection["features"] if feature["geometry"] is None] == ["nowhere"]


def test_missing_feature_is_named(census: Engine):
    with (
        reading(census) as connection,
        pytest.raises(FeatureNotFoundError, match="no feature “x'; DROP TABLE labs --”"),
    ):
        read_feature(connection, read_layer(connection, "labs"), "x'; DROP TABLE labs --")
