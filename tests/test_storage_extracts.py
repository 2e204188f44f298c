"""A layer as Arrow batches: every type and value as stored, from both engines."""

import datetime as dt
import json

import pyarrow as pa
import pytest
import shapely
from sqlalchemy import Engine

from bioplan_gis.storage.database import reading
from bioplan_gis.storage.extracts import Excerpt, count_rows, extract_of, read_batches
from bioplan_gis.storage.filters import where_clause
from bioplan_gis.storage.layers import Layer
from typed_layers import parcels, store_parcels

HARD = "引号\" 逗号, 换行\r\n反斜\\ 制表\t '单' \\N"
FULL = {
    "id": 'a,"甲"',
    "地块编号": HARD,
    "name": "",
    "面积（亩）": 0.1,
    "容积率": -1e300,
    "户数": 2**63 - 1,
    "已出让": True,
    "出让日期": dt.date(1899, 12, 31),
    "登记时间": dt.datetime(2024, 12, 31, 8, 30, 1, 5),  # noqa: DTZ001 - without zone
    "更新": dt.datetime(2024, 12, 31, 16, 0, 0, 123456, tzinfo=dt.UTC),
    "细分领域": ["细胞治疗", HARD, ""],
    "指标": {"亩均税收": 35, "税": [HARD]},
}
RECORDS = [FULL, {"id": "b"}, {"id": "c", "已出让": False, "细分领域": [], "户数": -(2**63)}]
SHAPES = [shapely.box(120, 30, 121, 31), None, shapely.Point(120.0294512, 30.3373301)]


def _read(engine: Engine, layer: Layer, where: str | None = None, **options) -> pa.Table:
    with reading(engine) as connection:
        clause = None if where is None else where_clause(layer, where, dialect=engine.dialect.name)
        batches = list(read_batches(connection, layer, Excerpt(clause), **options))
        assert sum(batch.num_rows for batch in batches) == count_rows(connection, layer, Excerpt(clause))
    return pa.Table.from_batches(batches, extract_of(layer).schema)


def _excerpt(engine: Engine, layer: Layer, excerpt: Excerpt, **options) -> pa.Table:
    with reading(engine) as connection:
        batches = list(read_batches(connection, layer, excerpt, **options))
        assert sum(batch.num_rows for batch in batches) == count_rows(connection, layer, excerpt)
    return pa.Table.from_batches(batches, extract_of(layer, excerpt.columns).schema)


def test_every_value_comes_as_it_is_stored(engine: Engine):
    table = _read(engine, store_parcels(engine, RECORDS, SHAPES))
    first, second, third = table.sort_by("id").to_pylist()
    assert json.loads(first.pop("指标")) == FULL["指标"]
    assert shapely.from_wkb(first.pop("geometry")).equals(SHAPES[0])
    assert first == {name: FULL.get(name) for name in table.schema.names if name not in ("指标", "geometry")}
    assert {name for name, value in second.items() if value is not None} == {"id"}
    assert (third["已出让"], third["细分领域"], third["户数"]) == (False, [], -(2**63))
    assert shapely.from_wkb(third["geometry"]) == SHAPES[2]


def test_a_time_of_day_is_a_time(engine: Engine):
    value = dt.time(8, 30, 1, 5)
    stored = value if engine.dialect.name == "postgresql" else value.isoformat(timespec="microseconds")
    table = _read(engine, store_parcels(engine, [{"id": "a", "开市": stored}, {"id": "b"}], None))
    assert table["开市"].to_pylist() == [value, None]


def test_types_follow_the_registry():
    schema = extract_of(parcels()).schema
    assert [str(field.type) for field in schema] == [
        "string", "string", "string", "double", "double", "int64", "bool", "date32[day]", "time64[us]",
        "timestamp[us]", "timestamp[us, tz=UTC]", "list<item: string>", "string", "binary",
    ]  # fmt: skip
    assert extract_of(parcels(None)).geometry is None


def test_a_column_called_geometry_keeps_its_name(engine: Engine):
    columns = (parcels().columns[0].__class__("geometry", "text", None, "x", "x"),)
    layer = store_parcels(engine, [{"id": "a", "geometry": "字"}], [shapely.Point(1, 2)], columns=columns)
    assert extract_of(layer).geometry == "geometry_"
    assert _read(engine, layer)["geometry"].to_pylist() == ["字"]


@pytest.mark.parametrize("batch_rows", [1, 499, 500, 1000, 10_000])
def test_batches_come_in_the_order_of_the_keys(engine: Engine, batch_rows: int):
    layer = store_parcels(engine, [{"id": str(at), "户数": at} for at in range(1200)], None)
    assert _read(engine, layer, batch_rows=batch_rows)["户数"].to_pylist() == list(range(1200))
    with reading(engine) as connection:
        sizes = {batch.num_rows for batch in read_batches(connection, layer, batch_rows=batch_rows)}
    assert max(sizes) == min(batch_rows, 1200)


def test_a_condition_is_heeded(engine: Engine):
    layer = store_parcels(engine, RECORDS, SHAPES)
    assert _read(engine, layer, f"地块编号 = '{HARD.replace(chr(39), chr(39) * 2)}'")["id"].to_pylist() == [FULL["id"]]
    assert _read(engine, layer, "地块编号 LIKE '%100%' OR 户数 < 0")["id"].to_pylist() == ["c"]
    assert _read(engine, layer, "S_INTERSECTS(geometry, POINT(120.5 30.5))")["id"].to_pylist() == [FULL["id"]]
    assert _read(engine, layer, "id = 'none'").num_rows == 0


def test_a_reader_that_stops_leaves_the_connection_usable(engine: Engine):
    layer = store_parcels(engine, [{"id": str(at)} for at in range(3000)], None)
    with reading(engine) as connection:
        batches = read_batches(connection, layer, batch_rows=10)
        next(batches)
        batches.close()
        assert count_rows(connection, layer) == 3000


@pytest.mark.parametrize("batch_rows", [7, 10_000])
def test_an_excerpt_is_sorted_begun_behind_a_key_and_cut(engine: Engine, batch_rows: int):
    records = [{"id": f"{at:04}", "户数": at % 10, "name": "字" * (at % 3) or None} for at in range(600)]
    layer = store_parcels(engine, records, [shapely.Point(120, 30)] * 600)
    table = layer.table.c
    excerpt = Excerpt(
        (table.fid > 100) & table["户数"].in_([3, 5, 7]), [table["户数"].desc(), table.fid], 100, ("name",)
    )
    found = _excerpt(engine, layer, excerpt, batch_rows=batch_rows)
    wanted = sorted((one for one in records[100:] if one["户数"] in (3, 5, 7)), key=lambda one: -one["户数"])[:100]
    assert found.column_names == ["id", "name", "geometry"]
    assert found["id"].to_pylist() == [one["id"] for one in wanted]
    assert found["name"].to_pylist() == [one["name"] for one in wanted]
    assert set(found["geometry"].to_pylist()) == {shapely.to_wkb(shapely.Point(120, 30), byte_order=1)}


def test_columns_come_in_the_order_of_the_layer_and_may_be_none(engine: Engine):
    layer = store_parcels(engine, RECORDS, None)
    assert _excerpt(engine, layer, Excerpt(columns=("更新", "户数", "没有"))).column_names == ["id", "户数", "更新"]
    assert _excerpt(engine, layer, Excerpt(columns=())).to_pydict() == {"id": [one["id"] for one in RECORDS]}


@pytest.mark.parametrize(
    "where",
    [
        "A_CONTAINS(细分领域, ('细胞治疗'))",
        "A_OVERLAPS(细分领域, ('细胞治疗', '无'))",
        "出让日期 = DATE('1899-12-31')",
        "更新 > TIMESTAMP('2024-12-31T15:00:00Z')",
        "户数 IN (1, 9223372036854775807)",
        "已出让 = TRUE",
        '"面积（亩）" < 0.5',
        "id IN ('a,\"甲\"', 'x')",
        "S_INTERSECTS(geometry, POLYGON((120 30, 121 30, 121 31, 120 30)))",
    ],
)
def test_a_filter_by_a_value_of_any_type_reads_what_it_matches(engine: Engine, where: str):
    table = _read(engine, store_parcels(engine, [FULL, {"id": "b"}], [SHAPES[0], None]), where)
    assert table.column("id").to_pylist() == [FULL["id"]]
