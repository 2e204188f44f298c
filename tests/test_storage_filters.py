"""CQL2 on both engines: what a filter finds, against what its tree means in Python; and what it refuses, and where."""

import datetime as dt
import itertools
import json
import math
import operator
import unicodedata
from collections.abc import Callable, Iterator

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from bioplan_gis.crs import feed_crs
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.database import reading, upgrade, writing
from bioplan_gis.storage.filters import (
    moment_condition,
    primary_moment,
    property_equals,
    refused_overflow,
    where_clause,
)
from bioplan_gis.storage.layers import Layer
from databases import ENGINES, opened
from typed_layers import parcels, store_parcels

NUMBER = itertools.count()
SQUARE = shapely.box(120, 30, 121, 31)
_DAY = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - without zone
RECORDS = [
    {
        "id": "甲",
        "地块编号": "XH-01",
        "name": "Café Ωσς",
        "面积（亩）": 30.5,
        "容积率": 2.0,
        "户数": 9007199254740993,
        "已出让": True,
        "出让日期": dt.date(2024, 2, 29),
        "开市": None,
        "登记时间": dt.datetime(2024, 12, 31, 8, 30),  # noqa: DTZ001 - without zone
        "更新": dt.datetime(2024, 12, 31, 16, 0, 0, 123456, tzinfo=dt.UTC),
        "细分领域": ["细胞治疗", "疫苗"],
        "指标": {"亩均税收": 35},
    },
    {"id": "乙", "地块编号": "xh-02", "name": "50%_off\\", "面积（亩）": -1.5, "容积率": 0.0, "户数": 0,
     "已出让": False, "出让日期": dt.date(1999, 1, 1), "登记时间": _DAY, "更新": _DAY.replace(tzinfo=dt.UTC),
     "细分领域": []},
    {"id": "丙", "地块编号": "", "name": "Straße\n[x]*?", "面积（亩）": 2.0, "容积率": 2.0, "户数": 2,
     "细分领域": ["疫苗"]},
    {"id": "丁"},
    {"id": "戊", "地块编号": "三类工业用地", "name": "O'Brien", "面积（亩）": 1e300, "户数": -7},
]  # fmt: skip
SHAPES = [
    SQUARE,
    shapely.Point(120.5, 30.5),
    shapely.LineString([(119, 30.5), (120.5, 30.5)]),
    None,
    shapely.Point(-172, -13),
]


@pytest.fixture(scope="module", params=ENGINES)
def shared(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[tuple[Engine, Layer]]:
    """The layer, to be read only, once for each engine."""
    for engine in opened(new_url(request.param)):
        upgrade(engine)
        yield engine, store_parcels(engine, RECORDS, SHAPES)


@pytest.fixture
def full(shared: tuple[Engine, Layer]) -> Engine:
    return shared[0]


@pytest.fixture
def layer(shared: tuple[Engine, Layer]) -> Layer:
    return shared[1]


def found(engine: Engine, layer: Layer, text: str) -> str:
    """The ids of what a filter finds, as one word."""
    with reading(engine) as connection:
        clause = where_clause(layer, text, dialect=engine.dialect.name)
        return "".join(connection.execute(select(layer.table.c.id).where(clause).order_by(layer.table.c.fid)).scalars())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("地块编号 = 'XH-01'", "甲"),
        ('"面积（亩）" > 1', "甲丙戊"),
        ('"面积（亩）" <= 2 AND NOT 容积率 = 0', "丙"),
        ('NOT "面积（亩）" > 1', "乙"),
        ("地块编号 IS NULL", "丁"),
        ("地块编号 IS NOT NULL AND 地块编号 <> ''", "甲乙戊"),
        ("geometry IS NULL", "丁"),
        ("指标 IS NULL", "乙丙丁戊"),
        ("指标 IS NOT NULL", "甲"),
        ("户数 BETWEEN -7 AND 0", "乙戊"),
        ("户数 NOT BETWEEN -7 AND 0", "甲丙"),
        ("户数 IN (0, 2, 3)", "乙丙"),
        ("地块编号 NOT IN ('XH-01', '')", "乙戊"),
        ("户数 = 9007199254740993", "甲"),
        ("户数 = 9007199254740992", ""),
        ("户数 > -9223372036854775808 AND 户数 < 0", "戊"),
        ('{"op":"=","args":[{"property":"户数"},9007199254740993]}', "甲"),
        ('"面积（亩）" = 容积率', "丙"),
        ("地块编号 > 'a' AND 地块编号 < '三'", "乙"),
        ("id >= '丙'", "丙乙甲戊"),
        ("地块编号 LIKE 'xh%'", "乙"),
        ("CASEI(地块编号) LIKE CASEI('Xh-__')", "甲乙"),
        ("地块编号 LIKE '三_工业%'", "戊"),
        ("name LIKE '50\\%\\_off\\\\'", "乙"),
        ("name LIKE '50\\%_off\\'", "乙"),
        ("name LIKE '%[x]*?'", "丙"),
        ("name LIKE '%[y]*?'", ""),
        ("name LIKE '____'", ""),
        ("name = 'O''Brien'", "戊"),
        (r"name = 'O\'Brien'", "戊"),
        (r"name = 'O\'Brien' AND 户数 * -.5 > 3 OR name = 'it''s \'(' OR 户数 = 9007199254740993", "甲戊"),
        (r"name LIKE 'O\'B%'", "戊"),
        (r"name LIKE '50\%\_off\\' OR name = 'x\'", "乙"),
        ("CASEI(name) = CASEI('STRASSE\n[X]*?')", "丙"),
        ("ACCENTI(CASEI(name)) LIKE 'cafe%'", "甲"),
        ("CASEI(ACCENTI(name)) = CASEI(ACCENTI('CAFÉ ΩΣΣ'))", "甲"),
        ("已出让", "甲"),
        ("NOT 已出让", "乙"),
        ("已出让 = false", "乙"),
        ("(户数 > 1) = true", "甲丙"),
        ("true", "甲乙丙丁戊"),
        ("false", ""),
        ("已出让 > false", "甲"),
        ("已出让 <= false", "乙"),
        ("已出让 BETWEEN false AND true", "甲乙"),
        ("(户数 > 1) < 已出让", ""),
        ("已出让 IN (true)", "甲"),
        ("已出让 NOT IN (true)", "乙"),
        ("出让日期 = '2024-02-29'", "甲"),
        ("'2000-01-01' > 出让日期", "乙"),
        ("出让日期 IN ('2024-02-29', '2022-04-15')", "甲"),
        ("更新 IN ('2024-12-31T16:00:00.123456Z', '2022-04-14T15:52:56Z')", "甲"),
        ("更新 > '2024-12-31'", "甲"),
        ("登记时间 BETWEEN '2000-01-01' AND '2000-01-01T00:00:00Z'", "乙"),
        ("(户数 > 1) IS NULL", "丁"),
        ("(NOT 户数 > 1) IS NULL", "丁"),
        ("(NOT 已出让) = true", "乙"),
        ("true <> (NOT 已出让)", "甲"),
        ("S_DISJOINT(geometry, POINT(0 0)) IS NULL", "丁"),
        ("S_DISJOINT(geometry, POINT(120.5 30.5)) = false", "甲乙丙"),
        ("(户数 BETWEEN 0 AND 2) = (name IS NOT NULL)", "乙丙"),
        ("(已出让 = true) IN (NOT 已出让, 户数 = 0)", ""),
        ("CASEI(name) IS NULL", "丁"),
        ("CASEI(地块编号) NOT LIKE CASEI('XH%')", "丙戊"),
        ("CASEI(地块编号) IN (CASEI('Xh-01'), CASEI('xH-02'))", "甲乙"),
        ("ACCENTI(CASEI(name)) IN (ACCENTI(CASEI('CAFE ωσσ')))", "甲"),
        ("ACCENTI(name) LIKE ACCENTI('Caf_ %')", "甲"),
        ("area_m2(geometry) > 1e9", "甲"),
        ("area_m2(geometry) = 0", "乙丙戊"),
        ("distance_m(geometry, POINT(120.5 30.5)) = 0", "甲乙丙"),
        ("distance_m(POINT(-172 -13), geometry) < 10", "戊"),
        ("geometry_type(geometry) IN ('Point', 'LineString')", "乙丙戊"),
        ("length_of(地块编号) = 6", "戊"),
        ("length_of(name) = 7 AND lower(name) = 'o''brien'", "戊"),
        ("UPPER(地块编号) LIKE 'XH%'", "甲乙"),
        ("abs(户数) = 7", "戊"),
        ('floor("面积（亩）") = -2 OR ceiling("面积（亩）") = 31', "甲乙"),
        ("year(出让日期) = 2024 AND month(出让日期) = 2 AND day(出让日期) = 29", "甲"),
        ("year(更新) = 2024 AND day(更新) = 31 AND month(登记时间) = 12", "甲"),
        ("year(DATE('2024-02-29')) = 2024 AND year(TIMESTAMP('2025-01-01T00:00:00+08:00')) = 2024", "甲乙丙丁戊"),
        ("出让日期 = DATE('2024-02-29')", "甲"),
        ("出让日期 < DATE('2000-01-01')", "乙"),
        ("更新 > DATE('2024-12-31')", "甲"),
        ("更新 = TIMESTAMP('2025-01-01T00:00:00.123456+08:00')", "甲"),
        ("登记时间 >= TIMESTAMP('2024-12-31T08:30:00Z')", "甲"),
        ("登记时间 < 更新", "甲"),
        ("出让日期 < 更新", "甲乙"),
        ("T_AFTER(出让日期, DATE('2000-01-01'))", "甲"),
        ("T_BEFORE(更新, TIMESTAMP('2024-12-31T16:00:00.2Z'))", "甲乙"),
        ("T_DURING(出让日期, INTERVAL('2024-01-01', '2024-12-31'))", "甲"),
        ("T_DURING(出让日期, INTERVAL('..', '2024-12-31'))", "甲乙"),
        ("T_INTERSECTS(更新, INTERVAL('2024-01-01', '2024-12-31'))", "甲"),
        ("T_INTERSECTS(INTERVAL(出让日期, 更新), INTERVAL('2024-03-01', '..'))", "甲"),
        ("T_EQUALS(出让日期, DATE('1999-01-01'))", "乙"),
        ("T_DISJOINT(更新, INTERVAL('2024-01-01', '..'))", "乙"),
        ("A_CONTAINS(细分领域, ('疫苗'))", "甲丙"),
        ("A_CONTAINS(细分领域, ('疫苗', '细胞治疗'))", "甲"),
        ("A_CONTAINEDBY(细分领域, ('疫苗', '其他'))", "乙丙"),
        ("A_OVERLAPS(细分领域, ('其他', '疫苗'))", "甲丙"),
        ("A_EQUALS(细分领域, ('疫苗', '细胞治疗', '疫苗'))", "甲"),
        ("NOT A_OVERLAPS(细分领域, ('其他', '疫苗'))", "乙"),
        ("S_INTERSECTS(geometry, POINT(120.5 30.5))", "甲乙丙"),
        ("S_INTERSECTS(geom, BBOX(120.6, 30, 122, 31))", "甲"),
        ("S_INTERSECTS(BBOX(120.6, 30, 122, 31), geometry)", "甲"),
        ("S_INTERSECTS(geometry, BBOX(170, -20, -170, -10))", "戊"),
        ("S_INTERSECTS(geometry, BBOX(120.5, 30.5, 0, 120.5, 30.5, 9))", "甲乙丙"),
        ("NOT S_INTERSECTS(geometry, POINT(120.5 30.5))", "戊"),
        ("NOT (S_INTERSECTS(geometry, POINT(120.5 30.5)) OR 户数 = -7)", ""),
        ("S_DISJOINT(geometry, POLYGON((120 30, 121 30, 121 31, 120 31, 120 30)))", "戊"),
        ("S_WITHIN(geometry, POLYGON((119.9 29, 122 29, 122 32, 119.9 32, 119.9 29)))", "甲乙"),
        ("S_CONTAINS(geometry, POINT(120.5 30.25))", "甲"),
        ("S_CONTAINS(POLYGON((119.9 29, 122 29, 122 32, 119.9 32, 119.9 29)), geometry)", "甲乙"),
        ("S_TOUCHES(geometry, POINT(120.5 30.5))", "丙"),
        ("S_CROSSES(geometry, POLYGON((120 30, 121 30, 121 31, 120 31, 120 30)))", "丙"),
        ("S_OVERLAPS(geometry, BBOX(120.5, 30.5, 122, 32))", "甲"),
        ("S_EQUALS(geometry, POINT Z(120.5 30.5 9))", "乙"),
        ("S_EQUALS(geometry, geom)", "甲乙丙戊"),
        (f"S_WITHIN(geometry, GEOMETRYCOLLECTION({shapely.box(119.9, 29, 121, 32)}, {shapely.box(120, 29, 122, 32)}))",
         "甲乙"),
        ("distance_m(geometry, POINT(120.5 30.5)) <= 0 OR 户数 = -7", "甲乙丙戊"),
        ("NOT distance_m(geometry, POINT(120.5 30.5)) <= 1e5", "戊"),
        ("1e5 > distance_m(geometry, POINT(121.5 30.5))", "甲乙丙"),
        ("distance_m(geometry, POINT(121.5 30.5)) < 9e4", "甲"),
        ("distance_m(geometry, POINT(179.9 -13)) < 1e6", "戊"),
        ("distance_m(geometry, POINT(120 89)) < 1e8", "甲乙丙戊"),
        ("distance_m(geometry, POINT(120.5 30.5)) < -1", ""),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(-172 -13), LINESTRING(0 0, 1 1)))", "戊"),
        ('"面积（亩）" / 0 IS NULL AND 户数 IS NOT NULL', "甲乙丙戊"),
        ("1 + 2 * 户数 - 1 = 4", "丙"),
        ("(1 + 2) * 户数 = 6", "丙"),
        ("户数 - 1 - 1 = 0", "丙"),
        ("8 / (户数 * 2) = 2 AND 8 / 户数 * 2 = 8", "丙"),
        ("户数 / 4 = .5", "丙"),
        ("户数 * -.5 > 3.4 AND name = 'O''Brien'", "戊"),
        ("户数 div 2 = -3", "戊"),
        ("户数 % 4 = -3", "戊"),
        ("户数 % 0 IS NULL AND 户数 > 0", "甲丙"),
        ('容积率 >= 0 AND "面积（亩）" % 0.75 IN (0, 0.5)', "甲乙丙"),
        ("户数 % 10 = 3", "甲"),
        ("1 / (1 / (1 / (1 / (1 / (1 / (1 / (1 / (1 / 户数)))))))) = 0.5", "丙"),
        ("100 % (90 % (80 % (70 % (60 % (50 % (40 % (7 % 户数))))))) IS NULL AND 户数 IS NOT NULL", "甲乙丙戊"),
        ("户数 ^ 2 = 49", "戊"),
        ("(0 - 户数) ^ 0.5 IS NULL AND 户数 > 0", "甲丙"),
        ("-户数 = 7", "戊"),
    ],
)  # fmt: skip
def test_a_filter_finds(full: Engine, layer: Layer, text: str, ids: str):
    assert set(found(full, layer, text)) == set(ids)


def test_a_time_of_day_is_written_as_a_text(engine: Engine):
    layer = store_parcels(engine, [{"id": "a", "开市": _time("08:30:00", engine)}, {"id": "b"}], None)
    assert found(engine, layer, "开市 < '09:00'") == "a"
    assert found(engine, layer, "'08:30:00' = 开市") == "a"
    with pytest.raises(ParameterError, match="“早上”不是时刻"):
        found(engine, layer, "开市 = '早上'")


def _time(text: str, engine: Engine) -> object:
    """As an import writes it: SQLite keeps text."""
    value = dt.time.fromisoformat(text)
    return value if engine.dialect.name == "postgresql" else value.isoformat(timespec="microseconds")


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("地块编号 = ", 8, "where the text ends"),
        ("地块编号 == 'a'", 7, "this is not CQL2; here should be a property, a number or a 'text'"),
        ("户数 > .5 AND 户数 > .5 5", 21, "here should be + - * / % ^"),
        ("户数 BETWEEN 1 OR 2", 14, "here should be + - * / % ^"),
        ("(户数 = 1", 8, "AND, OR"),
        ("户数 = 1)", 7, "or the end"),
        ("DATE(户数) = 1", 1, "does not know what stands here"),
        ("", 1, "where the text ends"),
        ("面积（亩） > 2", 3, "double quotes"),
        ("户数 > 1\nAND 户数 == 1", 16, "this is not CQL2"),
        ("户数 > 1 AND\n地块号 = 'a'", 12, "There is no property “地块号”; there are: id, 地块编号, name"),
        ("户数 > '1'", 6, "“户数” is a number and “1” a text"),
        ("地块编号 = 1", 8, "“地块编号” is a text and “1” a number"),
        ("出让日期 = DATE('2024-13-01')", 13, "“2024-13-01” is no date"),
        ("更新 > TIMESTAMP('早上')", 16, "is no timestamp"),
        ("T_DURING(更新, INTERVAL('2024-12-31', '2024-01-01'))", 23, "begins after its end"),
        ("T_AFTER(地块编号, DATE('2024-12-31'))", 9, "is no date or time"),
        ("地块编号", 1, "not a condition"),
        ("户数 = NULL", 6, "IS NULL"),
        ("地块编号 LIKE name", 6, "followed by a text"),
        ("户数 LIKE '1%'", 1, "LIKE is for texts"),
        ("CASEI(户数) = '1'", 7, "is for texts"),
        ("地块编号 + 1 = 2", 1, "here should be a number"),
        ("avg(户数) = 2", 1, "no function “avg”"),
        ("户数 = 1 OR 户数 < 2 AND 户数 <> 'a'", 28, "“户数” is a number and “a” a text"),
        ("POINT_NO = 1", 1, "There is no property “POINT_NO”"),
        ("name = 'POINT' AND S_INTERSECTS(geometry, POINT(200 30))", 43, "beyond what CRS84"),
        ("S_INTERSECTS(geometry, BBOX(1, 2, 3, 4)) AND S_INTERSECTS(geometry, BBOX(1, 4, 3, 2))", 69, "lower corner"),
        ("NOT (-户数 = 1) AND - name = 1", 21, "“name” is a text; here should be a number"),
        ("name NOT LIKE 'a' AND NOT 户数 LIKE 'b'", 27, "LIKE is for texts"),
        ("户数 BETWEEN 1 AND 'b'", 18, "“b” a text"),
        ("户数 IN (1, 2, name)", 14, "“name” a text"),
        ("户数 = 9007199254740993 AND name = 9007199254740993", 34, "a text and “9007199254740993” a number"),
        ("T_AFTER(更新, 更新) AND T_AFTER(更新, name)", 33, "no date or time"),
        ("出让日期 = '2024-1-1'", 8, "no date"),
        ("更新 > '2024-01-01T00:00:00'", 6, "no timestamp"),
        ("INTERVAL(更新, 更新) IS NULL", 1, "ask its ends"),
        ("T_DURING(更新, INTERVAL(更新, 1))", 14, "An end of an interval"),
        ("指标 = 1", 1, "is an object; only IS NULL asks of it"),
        ("lower(户数) = 'a'", 7, "lower takes a text here; “户数” is a number"),
        ("year() = 2024", 1, "year takes 1 arguments: year(datetime)"),
        ("distance_m(geometry, name) < 1", 22, "distance_m takes a geometry here"),
        ("S_EQUALS(geometry, POINT EMPTY)", 20, "is empty"),
        ('{"op":"=","args":[{"property":"户数"},"a"]}', 37, "a text"),
        ('{"op":"and","args":[true,{"op":"like","args":[{"property":"户数"},"a"]}]}', 59, "LIKE is for texts"),
        ('{"op":"=","args":[1,]}', 21, "not JSON"),
        ('{"args":[{"property":"x"},1],"op":"="}', 22, "no property"),
        ('{"op":"isNull","args":[{"prop":"x"}]}', 25, "does not know what stands here"),
        ("S_INTERSECTS(geometry, POINT(200 30))", 24, "longitude -180 to 180, latitude -90 to 90"),
        ("S_INTERSECTS(geometry, POINT(30 120))", 24, "WGS 84 longitude, latitude"),
        ("S_INTERSECTS(geometry, POINT(120))", 24, "not in pairs"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", 24, "crosses itself (at 0.5, 0.5)"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0)))", 24, "a ring is not closed; its last position"),
        ("S_INTERSECTS(geometry, LINESTRING(0 0))", 24, "a line has two positions at least"),
        ("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 0 0)))", 24, "it has too few positions"),
        ("S_INTERSECTS(geometry, BBOX(0, 1, 2))", 24, ""),
        ("S_INTERSECTS(geometry, BBOX(0, 2, 1, 1))", 24, "lower corner above its upper one"),
        ("S_WITHIN(geometry, GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1)))", 20, "S_DISJOINT only"),
        ("S_INTERSECTS(地块编号, POINT(1 2))", 14, "no geometry"),
        ("A_CONTAINS(户数, (1))", 12, "is no list"),
        ("A_OVERLAPS(细分领域, (1, 2))", 19, "members of “细分领域” are texts, and “1” is none"),
        ("A_CONTAINEDBY(('a', 2.5), 细分领域)", 21, "“2.5” is none"),
        ("户数 = 1 OR A_CONTAINS(细分领域, (true))", 28, "“true” is none"),
        ('{"op":"a_equals","args":[{"property":"细分领域"},["a",false]]}', 46, "“false” is none"),
        (r"name = 'O\'Brien' AND 户数 > .5 AND 户数 = 'a'", 40, "a number and “a” a text"),
        (r"name = 'O\'Brien' AND 户数 == 1", 27, "here should be a property"),
        (r"name = 'O\'Brien AND 户数 = 1", 12, "this is not CQL2"),
        (r'"a\'b" = 1 AND 户数 = 1', 1, "There is no property"),
        ("户数 = " + "1" * 6_000, 6, "too large"),
        ("户数 IN (1, -" + "9" * 5_000 + ")", 12, "too large"),
        ('{"op":"=","args":[{"property":"户数"},-' + "1" * 6_000 + "]}", 37, "too large"),
        ('{"op":"=","args":[{"property":"户数"}, Infinity]}', 38, "no infinity and no NaN"),
        ('{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":[1,2,3,NaN]}]}', 69, "no infinity and no NaN"),
    ],
)  # fmt: skip
def test_a_fault_says_where_it_is(text: str, at: int, says: str):
    with pytest.raises(ParameterError) as caught:
        where_clause(parcels(), text, dialect="sqlite", name="filter")
    assert f"filter at character {at}," in caught.value.en
    assert f"filter 第 {at} 个字符" in caught.value.zh
    assert says in caught.value.en


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000 + "true" + ")" * 100_000,
        " OR ".join(["户数 = 1"] * 5000),
        "NOT " * 50_000 + "true",
        "户数 = " + "-" * 50_000 + "1",
        "户数 = 1" + " -1" * 50_000,
        "户数 = 1" + " + 1" * 900,
        "NOT " * 900 + "true",
        r"name = 'a\'' OR " + "(" * 50_000 + "true" + ")" * 50_000 + " OR name = ''",
        r"name = 'a\' OR " + "(" * 50_000 + "true" + ")" * 50_000 + " OR name = ''",
        f"地块编号 LIKE '{'%a' * 5_000}'",
        '{"op":"not","args":[' * 50_000 + "true" + "]}" * 50_000,
        "地块编号 = '" + "x" * 2_000_000 + "'",
        f"户数 IN ({', '.join(map(str, range(40_000)))})",
        "户数 = 1e999",
        '{"op":"=","args":[{"property":"地块编号"},"\\u0000"]}',
        '{"op":"=","args":[{"property":"地块编号"},"\\ud800"]}',
        '{"op":"in","args":[{"property":"户数"},[]]}',
        '{"op":"=","args":[1]}',
        '{"op":"and","args":[1,2]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":[[1]]}]}',
        '{"op":"=","args":[{"property":"户数"},{"wrong":1}]}',
        "{",
        "{}",
    ],
    ids=lambda text: text[:30],
)
def test_what_no_filter_should_be_is_refused(text: str):
    with pytest.raises(ParameterError, match="where"):
        where_clause(parcels(), text, dialect="postgresql")


POINT = '{"type":"Point","coordinates":[120,30]}'
SPATIAL_JSON = '{{"op":"s_intersects","args":[{{"property":"geometry"}},{}]}}'


@pytest.mark.parametrize("depth", [42, 150, 250, 400, 900])
@pytest.mark.parametrize(
    ("form", "opening", "core", "closing"),
    [
        ("{}", '{"op":"not","args":[', "true", "]}"),
        ('{{"op":"=","args":[1,{}]}}', '{"op":"+","args":[1,', "1", "]}"),
        ('{{"op":"in","args":[{{"property":"户数"}},{}]}}', "[", "1", "]"),
        (SPATIAL_JSON, '{"type":"GeometryCollection","geometries":[', POINT, "]}"),
        (SPATIAL_JSON, '{"type":"Feature","geometry":', POINT, "}"),
        (SPATIAL_JSON.replace("{}", '{{"type":"Polygon","coordinates":{}}}'),
         "[", "1", "]"),
        ("{}", '{"a":', '"[\\"{"', "}"),
        ("S_INTERSECTS(geometry, {})", "GEOMETRYCOLLECTION(", "POINT(120 30)", ")"),
        ("{}", "abs(", "1", ")"),
    ],
)  # fmt: skip
def test_what_is_nested_too_deep_is_refused(depth: int, form: str, opening: str, core: str, closing: str):
    with pytest.raises(ParameterError, match="too deep"):
        where_clause(parcels(), form.format(opening * depth + core + closing * depth), dialect="sqlite")


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ({"type": "Blob"}, "its type must be Point"),
        ({"type": "Point"}, "coordinates or geometries are missing"),
        ({"type": "Point", "coordinates": [[1]]}, "not written as its type has them"),
        ({"type": "Point", "coordinates": ["a", 1]}, "not written as its type has them"),
        ({"type": "Point", "coordinates": [1]}, "two or three numbers"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [0, 0]]]}, "four positions"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 0]], [[9, 9], [10, 9], [9, 10], [9, 9]]]},
         "a hole lies outside its outline (at 9, 9)"),
        ({"type": "MultiPolygon", "coordinates": [shapely.geometry.mapping(shapely.box(0, 0, size, size))["coordinates"]
                                                  for size in (9, 8)]}, "crosses itself"),
    ],
)  # fmt: skip
def test_why_a_geometry_is_of_no_use_is_said_in_both_languages(shape: dict, says: str):
    with pytest.raises(ParameterError) as caught:
        where_clause(parcels(), SPATIAL_JSON.format(json.dumps(shape)), dialect="sqlite", name="filter")
    assert says in caught.value.en
    assert "Exception" not in caught.value.en
    sentence = caught.value.zh.rpartition("：几何")[2]
    assert not set("abdfhjkquvwxz") & set(sentence) or "类型" in sentence or "coordinates" in sentence


def test_the_place_of_an_invalid_geometry_has_the_axis_order_of_the_filter():
    text = "S_INTERSECTS(geometry, POLYGON((30 120, 32 122, 32 120, 30 122, 30 120)))"
    with pytest.raises(ParameterError, match=r"at 31, 121"):
        where_clause(parcels(), text, dialect="sqlite", crs=feed_crs("EPSG:4326", "filter-crs"))


def test_powers_of_powers_are_refused_at_once():
    text = "(" * 9 + "户数" + " ^ 2)" * 9 + " > 1"
    with pytest.raises(ParameterError, match="too deep"):
        where_clause(parcels(), text, dialect="postgresql")


def test_brackets_within_texts_nest_nothing(full: Engine, layer: Layer):
    text = json.dumps({"op": "=", "args": [{"property": "name"}, '"[{(' * 50]})
    assert found(full, layer, text) == ""
    assert found(full, layer, "户数 = " + "0" * 6_000 + "2") == "丙"


def test_long_lists_and_outlines_are_taken(full: Engine, layer: Layer):
    ring = ", ".join(f"{120.5 + math.cos(a / 500):.9f} {30.5 - math.sin(a / 500):.9f}" for a in range(3141))
    first = ring.split(", ", maxsplit=1)[0]
    assert set(found(full, layer, f"S_INTERSECTS(geometry, POLYGON(({ring}, {first})))")) == set("甲乙丙")
    assert found(full, layer, f"户数 IN ({', '.join(map(str, range(25_000)))})") == "乙丙"
    assert found(full, layer, f"户数 = {' + '.join(['1'] * 10)} - 8") == "丙"
    assert found(full, layer, "NOT " * 10 + "户数 = 2") == "丙"
    assert found(full, layer, f"地块编号 LIKE '{'%' * 4_900}XH-01'") == "甲"
    assert set(found(full, layer, " OR ".join(f"户数 = {n}" for n in range(900)))) == set("乙丙")


@pytest.mark.parametrize(
    ("code", "literal"),
    [
        ("CRS84", "POINT(120.15 30.27)"),
        ("EPSG:4326", "POINT(30.27 120.15)"),
        ("EPSG:4490", "BBOX(30.26, 120.14, 30.28, 120.16)"),
        ("EPSG:4549", "POINT(3350053.697 514433.611)"),
        ("EPSG:4549", "BBOX(3350000, 514400, 3350100, 514500)"),
        ("EPSG:4528", "POINT(3350053.697 40514433.611)"),
        ("EPSG:3857", "POINT(13375036.8188 3538303.2530)"),
        ("EPSG:4549", "GEOMETRYCOLLECTION(POINT(3350053.697 514433.611), LINESTRING(3350000 514000, 3350001 514000))"),
    ],
)
def test_geometry_is_written_in_the_crs_of_the_filter(engine: Engine, code: str, literal: str):
    spot = shapely.Point(120.15, 30.27).buffer(1e-7)
    layer = store_parcels(engine, [{"id": "here"}, {"id": "away"}], [spot, shapely.Point(120.2, 30.27)])
    crs = feed_crs(code, "filter-crs")
    text = f"S_INTERSECTS(geometry, {literal})"
    for asked in (text, json.dumps(cql2.parse_text(text).to_json())):
        with reading(engine) as connection:
            clause = where_clause(layer, asked, dialect=engine.dialect.name, crs=crs)
            assert connection.execute(select(layer.table.c.id).where(clause)).scalars().all() == ["here"]


def test_coordinates_of_another_crs_are_refused_with_their_place():
    text = "户数 > 1 AND S_INTERSECTS(geometry, POINT(120.15 30.27))"
    with pytest.raises(ParameterError) as caught:
        where_clause(parcels(), text, dialect="sqlite", name="filter", crs=feed_crs("4549", "filter-crs"))
    assert "at character 35, “POINT(120.15 30.27))”: the coordinates 120.15, 30.27 are beyond" in caught.value.en


def test_the_language_of_a_filter_is_heeded():
    assert where_clause(parcels(), "true", dialect="sqlite", lang="cql2-json") is not None
    for text, lang in (("户数 > 1", "cql2-json"), ('{"op":"isNull","args":[{"property":"户数"}]}', "cql2-text")):
        with pytest.raises(ParameterError, match="filter"):
            where_clause(parcels(), text, dialect="sqlite", name="filter", lang=lang)


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("id", "甲", "甲"),
        ("地块编号", "XH-01", "甲"),
        ("地块编号", "*", ""),
        ("name", "50%_off\\", "乙"),
        ("name", "Straße\n[x]*?", "丙"),
        ("面积（亩）", "30.5", "甲"),
        ("面积（亩）", "2", "丙"),
        ("面积（亩）", "1e300", "戊"),
        ("户数", "9007199254740993", "甲"),
        ("户数", "-7", "戊"),
        ("户数", "99999999999999999999", ""),
        ("已出让", "true", "甲"),
        ("已出让", "False", "乙"),
        ("出让日期", "2024-02-29", "甲"),
        ("登记时间", "2024-12-31T16:30:00+08:00", "甲"),
        ("更新", "2024-12-31T16:00:00.123456Z", "甲"),
        ("细分领域", "疫苗", "甲丙"),
    ],
)
def test_a_property_equals_a_value(full: Engine, layer: Layer, name: str, text: str, ids: str):
    clause = property_equals(layer, name, text, dialect=full.dialect.name)
    assert set(_ids(full, layer, clause)) == set(ids)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("户数", "many", "“many” is no whole number"),
        ("户数", "2.5", "is no whole number"),
        ("户数", "", "is no whole number"),
        ("面积（亩）", "1e9999", "too large"),
        ("面积（亩）", "NaN", "is no number"),
        ("户数", "９", "is no whole number"),
        ("已出让", "yes", "true or false"),
        ("出让日期", "2024", "2024-12-31"),
        ("更新", "2024-12-31", "2024-12-31T08:00:00Z"),
        ("开市", "noon", "08:30:00"),
        ("地块编号", "a\0b", "cannot hold NUL"),
        ("指标", "{}", "is an object"),
        ("geometry", "POINT(1 2)", "is an object or a geometry"),
        ("别的", "1", "There is no property “别的”"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, text: str, says: str):
    with pytest.raises(ParameterError) as caught:
        property_equals(parcels(), name, text, dialect="sqlite")
    assert says in caught.value.en
    assert caught.value.en.startswith(name)


def _ids(engine: Engine, layer: Layer, clause) -> str:
    with reading(engine) as connection:
        return "".join(connection.execute(select(layer.table.c.id).where(clause)).scalars())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("2024-02-29", "甲丙丁戊"),
        ("2024-02-29T23:59:59Z", "甲丙丁戊"),
        ("2024-03-01T00:00:00+08:00", "甲丙丁戊"),
        ("2024-02-28T23:59:59.999999Z", "丙丁戊"),
        ("1999-01-01/2024-02-29", "甲乙丙丁戊"),
        ("../2000-01-01", "乙丙丁戊"),
        ("/2000-01-01T00:00:00z", "乙丙丁戊"),
        ("2000-01-01/..", "甲丙丁戊"),
        ("2000-01-01/", "甲丙丁戊"),
        ("../..", "甲乙丙丁戊"),
    ],
)
def test_a_moment_asks_the_first_date(full: Engine, layer: Layer, text: str, ids: str):
    assert primary_moment(layer).name == "出让日期"
    clause = moment_condition(layer, text, dialect=full.dialect.name)
    assert set(_ids(full, layer, clause)) == set(ids)


def test_a_moment_asks_times_to_the_microsecond(engine: Engine):
    columns = tuple(column for column in parcels().columns if column.name in {"更新", "name"})
    layer = store_parcels(engine, RECORDS, None, columns=columns)
    for text, ids in (
        ("2024-12-31T16:00:00.123456Z", "甲丙丁戊"),
        ("2024-12-31T16:00:00Z", "丙丁戊"),
        ("2024-12-31", "甲丙丁戊"),
        ("2025-01-01T00:00:00+08:00/2025-01-02", "甲丙丁戊"),
    ):
        clause = moment_condition(layer, text, dialect=engine.dialect.name)
        assert set(_ids(engine, layer, clause)) == set(ids), text


def test_a_layer_without_moments_matches_whole(engine: Engine):
    columns = parcels().columns[:2]
    layer = store_parcels(engine, RECORDS, None, columns=columns)
    clause = moment_condition(layer, "2024-02-29", dialect=engine.dialect.name)
    assert set(_ids(engine, layer, clause)) == set("甲乙丙丁戊")


@pytest.mark.parametrize(
    "text",
    ["", "..", "早上", "2024", "2024-13-01", "2024-02-30T00:00:00Z", "2024-01-01T00:00:00", "2024-01-02/2024-01-01",
     "2024-01-01/2024-01-02/2024-01-03", "2024-01-01/x", "2024-01-01T25:00:00Z", "0001-01-01T00:00:00+08:00",
     "a\0"],
)  # fmt: skip
@pytest.mark.parametrize("kept", [12, 2])
def test_what_is_no_moment_is_refused(text: str, kept: int):
    layer = parcels(columns=parcels().columns[:kept])
    with pytest.raises(ParameterError, match="datetime"):
        moment_condition(layer, text, dialect="sqlite")


def test_values_are_bound_and_names_are_quoted(engine: Engine):
    columns = parcels().columns
    odd = [columns[0].__class__('x"; DROP TABLE layers; --', "text", None, "x", "x")]
    layer = store_parcels(engine, [{"id": "a", odd[0].name: "'; DROP TABLE layers; --"}], None, columns=tuple(odd))
    text = "\"x\"\"; DROP TABLE layers; --\" = '''; DROP TABLE layers; --'"
    assert found(engine, layer, text) == "a"
    clause = where_clause(layer, text, dialect=engine.dialect.name)
    assert "'; DROP" not in str(clause.compile(engine))


def test_the_spatial_index_is_asked(full: Engine, layer: Layer):
    clause = where_clause(
        layer, "S_INTERSECTS(geometry, BBOX(120, 30, 121, 31)) AND 户数 > 0", dialect=full.dialect.name
    )
    statement = select(layer.table.c.id).where(clause)
    with writing(full) as connection:
        if full.dialect.name == "sqlite":
            compiled = statement.compile(full)
            asked = tuple(compiled.params[name] for name in compiled.positiontup)
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", asked).all())
            assert "VIRTUAL TABLE INDEX" in plan
            return
        connection.exec_driver_sql('CREATE INDEX of_test ON "地块" USING gist (geom)')
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = statement.compile(full, compile_kwargs={"literal_binds": False})
        plan = str(connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).all())
        assert "Index" in plan


def test_arithmetic_beyond_numbers_is_told(full: Engine, layer: Layer):
    text = '"面积（亩）" * 1e300 > 0'
    if full.dialect.name == "sqlite":
        assert found(full, layer, text) == "甲丙戊"
        return
    with pytest.raises(ParameterError, match="beyond what a number can hold"), refused_overflow(text):
        found(full, layer, text)


# What a tree means, in Python: None is unknown.

COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def meaning(node, record):
    if not isinstance(node, dict):
        return node
    if "property" in node:
        return record.get(node["property"])
    if "date" in node:
        return dt.date.fromisoformat(node["date"])
    op, args = node["op"], node["args"]
    if op == "like":
        return _like(meaning(args[0], record), args[1])
    if op == "in":
        return _any([_compare("=", meaning(args[0], record), each) for each in args[1]])
    values = [meaning(each, record) for each in args]
    return {
        "and": lambda: _not(_any([_not(value) for value in values])),
        "or": lambda: _any(values),
        "not": lambda: _not(values[0]),
        "isNull": lambda: values[0] is None,
        "between": lambda: meaning(
            {"op": "and", "args": [{"op": ">=", "args": args[:2]}, {"op": "<=", "args": [args[0], args[2]]}]}, record
        ),
    }.get(op, lambda: _compare(op, *values))()


def _any(values):
    return True if True in values else None if None in values else False


def _not(value):
    return None if value is None else not value


def _compare(op, first, second):
    return None if first is None or second is None else COMPARE[op](first, second)


def _like(text, pattern):
    if text is None:
        return None
    if not pattern:
        return not text
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(_like(text[at:], rest) for at in range(len(text) + 1))
    if head == "\\":
        head, rest = rest[0], rest[1:]
        return text[:1] == head and _like(text[1:], rest)
    return bool(text) and head in ("_", text[0]) and _like(text[1:], rest)


LETTERS = st.text(st.sampled_from("aAzZ%_*?[]^-\\'\"三类é😀\n"), max_size=4)
NUMBERS = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -1.25, 1e17, 2**53]))
DAYS = st.dates(dt.date(2024, 2, 27), dt.date(2024, 3, 2))
OF_KIND = {
    "text": (["地块编号", "name"], LETTERS),
    "number": (["面积（亩）", "户数"], NUMBERS),
    "date": (["出让日期"], DAYS.map(lambda day: {"date": day.isoformat()})),
}


@st.composite
def predicates(draw):
    names, values = OF_KIND[draw(st.sampled_from(sorted(OF_KIND)))]
    name = {"property": draw(st.sampled_from(names))}
    other = st.one_of(values, st.sampled_from(names).map(lambda each: {"property": each}))
    simple = values is not OF_KIND["date"][1]
    kind = draw(st.sampled_from(["compare", "isNull", "between", "in", "like"]))
    if kind == "isNull":
        return {"op": "isNull", "args": [name]}
    if kind == "between":
        return {"op": "between", "args": [name, draw(other), draw(other)]}
    if kind == "in" and simple:
        return {"op": "in", "args": [name, draw(st.lists(values, min_size=1, max_size=3))]}
    if kind == "like" and values is LETTERS:
        return {"op": "like", "args": [name, draw(PATTERNS)]}
    return {"op": draw(st.sampled_from(sorted(COMPARE))), "args": [name, draw(other)]}


PATTERNS = st.lists(
    st.one_of(st.sampled_from(["%", "_", "a", "A", "三", "*", "[", "?", "]", "^", "\\%", "\\_", "\\\\"])), max_size=5
).map("".join)
TREES = st.recursive(
    predicates(),
    lambda inner: st.one_of(
        inner.map(lambda one: {"op": "not", "args": [one]}),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)).map(
            lambda pair: {"op": pair[0], "args": pair[1]}
        ),
    ),
    max_leaves=6,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "地块编号": st.none() | LETTERS,
            "name": st.none() | LETTERS,
            "面积（亩）": st.none() | st.sampled_from([0.5, -1.25, 1.0, 2.0, -3.0, 1e17]),
            "户数": st.none() | st.integers(-3, 3) | st.just(2**53 + 1),
            "出让日期": st.none() | DAYS,
        }
    ),
    min_size=30,
    max_size=30,
)


@settings(max_examples=12, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_filters_mean_what_their_trees_mean(engine: Engine, data):
    rows = [{"id": str(at), **row} for at, row in enumerate(data.draw(ROWS))]
    layer = store_parcels(engine, rows, None, id=f"p{next(NUMBER)}")
    for tree in data.draw(st.lists(TREES, min_size=15, max_size=15)):
        expected = [row["id"] for row in rows if meaning(tree, row) is True]
        with reading(engine) as connection:
            for text in (json.dumps(tree), cql2.parse_json(json.dumps(tree)).to_text()):
                clause = where_clause(layer, text, dialect=engine.dialect.name)
                statement = select(layer.table.c.id).where(clause).order_by(layer.table.c.fid)
                assert connection.execute(statement).scalars().all() == expected, text


WORDS = st.text(st.characters(codec="utf-8", categories=["L", "Mn", "N", "Zs", "P"], max_codepoint=0x2FFF), max_size=6)


@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(words=st.lists(WORDS, min_size=20, max_size=20))
def test_a_text_meets_itself_in_other_case_and_without_accents(engine: Engine, words):
    words = [unicodedata.normalize("NFC", word) for word in words]
    records = [{"id": str(at), "name": word} for at, word in enumerate(words)]
    layer = store_parcels(engine, records, None, id=f"w{next(NUMBER)}")
    with reading(engine) as connection:
        for at, word in enumerate(words):
            for change, call in ((word.upper(), "CASEI"), (unicodedata.normalize("NFD", word), "ACCENTI")):
                text = f"id = '{at}' AND {call}(name) = {call}('{change.replace(chr(39), chr(39) * 2)}')"
                clause = where_clause(layer, text, dialect=engine.dialect.name)
                assert connection.execute(select(layer.table.c.id).where(clause)).scalars().all() == [str(at)], text
