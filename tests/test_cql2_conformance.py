"""The abstract tests of CQL2 (OGC 21-065r2, annex A), as text and JSON, on both engines.

The suite asks each queryable of any data a set of predicates, and sets of them of one another; where it wants counts
over its own data, these are over ours, and the counts are those of shapely and of Python.
"""

import datetime as dt
import itertools
import json
import random
from collections.abc import Callable, Iterator

import cql2
import pytest
import shapely
from sqlalchemy import Engine, select

from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.database import reading, upgrade
from bioplan_gis.storage.filters import where_clause
from bioplan_gis.storage.layers import Layer
from databases import ENGINES, opened
from typed_layers import TYPES, store_parcels

RANDOM = random.Random(21_065)  # noqa: S311 - data, no secret
DAYS = [dt.date(2022, 4, 14) + dt.timedelta(days=step) for step in range(-3, 4)]
MOMENTS = [dt.datetime(2022, 4, 16, 10, 13, 19) + dt.timedelta(hours=step) for step in range(-3, 4)]  # noqa: DTZ001
NAMES = ["foo", "FOO", "bar", "Bär", "København", "KØBENHAVN", "Chișinău", "chisinau", "ÄÉ", "ae", "", "%_", None]
LISTS = [["foo"], ["foo", "bar"], ["bar"], [], ["foo", "bar", "baz"], None]


def _maybe(value: object) -> object:
    return None if RANDOM.random() < 0.2 else value


RECORDS = [
    {
        "id": f"{number:02}",
        "地块编号": RANDOM.choice(NAMES),
        "name": NAMES[number % len(NAMES)],
        "面积（亩）": _maybe(RANDOM.choice([0.0, 1.0, 3.14, -2.5, 100.0])),
        "容积率": _maybe(RANDOM.choice([1.0, 2.0, 3.14])),
        "户数": _maybe(RANDOM.randrange(-2, 5)),
        "已出让": RANDOM.choice([True, False, None]),
        "出让日期": _maybe(RANDOM.choice(DAYS)),
        "登记时间": _maybe(RANDOM.choice(MOMENTS)),
        "更新": _maybe(RANDOM.choice(MOMENTS).replace(tzinfo=dt.UTC)),
        "细分领域": RANDOM.choice(LISTS),
    }
    for number in range(60)
]
CORNERS = [(lon, lat) for lon in range(6) for lat in range(6)]


def _shape(number: int) -> shapely.Geometry | None:
    west, south = RANDOM.choice(CORNERS)
    width, height = RANDOM.choice([1, 2]), RANDOM.choice([1, 2])
    return [
        lambda: shapely.box(west, south, west + width, south + height),
        lambda: shapely.Point(west, south),
        lambda: shapely.LineString([(west, south), (west + width, south + height)]),
        lambda: shapely.MultiPoint([(west, south), (west + width, south)]),
        lambda: shapely.MultiPolygon([shapely.box(west, south, west + 1, south + 1), shapely.box(9, 9, 10, 10)]),
        lambda: None,
    ][number % 6]()


SHAPES = [_shape(number) for number in range(len(RECORDS))]
Asked = Callable[[str], frozenset[str]]


@pytest.fixture(scope="module", params=ENGINES)
def stored(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[tuple[Engine, Layer]]:
    for engine in opened(new_url(request.param)):
        upgrade(engine)
        yield engine, store_parcels(engine, RECORDS, SHAPES)


@pytest.fixture(params=["cql2-text", "cql2-json"])
def ask(request: pytest.FixtureRequest, stored: tuple[Engine, Layer]) -> Iterator[Asked]:
    """The ids of what a filter finds, in one of the two languages."""
    engine, layer = stored
    with reading(engine) as connection:

        def asked(text: str) -> frozenset[str]:
            written = text if request.param == "cql2-text" else json.dumps(cql2.parse_text(text).to_json())
            clause = where_clause(layer, written, dialect=engine.dialect.name, lang=request.param)
            return frozenset(connection.execute(select(layer.table.c.id).where(clause)).scalars())

        yield asked


def named(*kinds: str) -> list[str]:
    return [f'"{name}"' for name, kind in {"id": "text", **TYPES}.items() if kind in kinds]


VALUES = {
    "text": "'foo'",
    "boolean": "true",
    "number": "3.14",
    "integer": "1",
    "timestamp": "TIMESTAMP('2022-04-16T10:13:19Z')",
    "datetime": "TIMESTAMP('2022-04-16T10:13:19Z')",
    "date": "DATE('2022-04-14')",
}


@pytest.mark.parametrize("kind", VALUES)
def test_comparison(ask: Asked, kind: str):
    """/conf/basic-cql2/comparison and /conf/property-property/comparison-value-property."""
    value = VALUES[kind]
    mirrored = {"=": "=", "<>": "<>", ">": "<", "<=": ">=", "<": ">", ">=": "<="}
    for name in named(kind):
        found = {op: ask(f"{name} {op} {value}") for op in mirrored}
        known = ask(f"{name} IS NOT NULL")
        for one, other in (("=", "<>"), (">", "<="), ("<", ">=")):
            assert not found[one] & found[other]
            assert found[one] | found[other] == known
        assert found["<="] == found["<"] | found["="]
        for op, mirror in mirrored.items():
            assert ask(f"{value} {mirror} {name}") == found[op]


def test_is_null(ask: Asked):
    """/conf/basic-cql2/is-null."""
    everything = ask("true")
    for name in [*named(*VALUES, "list", "time"), "geometry"]:
        assert ask(f"{name} IS NULL") | ask(f"{name} is not null") == everything
        assert not ask(f"{name} IS NULL") & ask(f"{name} is not null")
    assert len(ask("geometry IS NULL")) == sum(shape is None for shape in SHAPES)
    assert not ask("false")


def test_like_between_in(ask: Asked):
    """/conf/advanced-comparison-operators/like, between and in."""
    for name in named("text"):
        known = ask(f"{name} IS NOT NULL")
        assert ask(f"{name} LIKE '%'") == ask(f"{name} like '%%'") == known
        assert not ask(f"{name} like '_%'") & ask(f"{name} like ''")
        assert ask(f"{name} LIKE '_%'") | ask(f"{name} LIKE ''") == known
        assert ask(f"{name} like '\\%\\_'") == ask(f"{name} = '%_'")
        assert ask(f"{name} in ('foo', 'bar')") == ask(f"{name} = 'foo' OR {name} = 'bar'")
        assert ask(f"{name} NOT IN ('foo', 'bar')") | ask(f"{name} in ('foo', 'bar')") == known
    for name in named("number", "integer"):
        assert ask(f"{name} BETWEEN 0 AND 100") == ask(f"{name} >= 0 AND {name} <= 100")
        assert not ask(f"{name} between 100.0 and 1.0")
        assert ask(f"{name} IN (1, 2, 3)") == ask(f"{name} = 1 OR {name} = 2 OR {name} = 3")
    for name in named("boolean"):
        assert ask(f"{name} in (true)") == ask(f"{name} = true")
    for name in named("timestamp", "datetime"):
        assert ask(f"{name} in ('2022-04-16T10:13:19Z')") == ask(f"{name} = TIMESTAMP('2022-04-16T10:13:19Z')")
    for name in named("date"):
        assert ask(f"{name} in ('2022-04-14', '2022-04-15')") == ask(
            f"{name} BETWEEN DATE('2022-04-14') AND DATE('2022-04-15')"
        )


def test_case_and_accents(ask: Asked):
    """/conf/case-insensitive-comparison and /conf/accent-insensitive-comparison."""
    for name in named("text"):
        assert not ask(f"CASEI({name}) = casei('foo')") & ask(f"CASEI({name}) <> casei('FOO')")
        assert ask(f"CASEI({name}) LIKE casei('foo%')") == ask(f"CASEI({name}) LIKE casei('FOO%')")
        assert ask(f"ACCENTI({name}) LIKE accenti('Ä%')") == ask(f"ACCENTI({name}) LIKE accenti('A%')")
        one, other = (ask(f"ACCENTI(CASEI({name})) = accenti(casei('{text}'))") for text in ("ÄÉ", "ae"))
        assert one == other
        assert ask(f"ACCENTI(CASEI({name})) LIKE accenti(casei('Ä%'))") == ask(
            f"ACCENTI(CASEI({name})) LIKE accenti(casei('a%'))"
        )
    copenhagen = {record["id"] for record in RECORDS if record["name"] in {"København", "KØBENHAVN"}}
    assert ask("CASEI(name) = casei('københavn')") == copenhagen
    moldova = {record["id"] for record in RECORDS if record["name"] in {"Chișinău", "chisinau"}}
    assert ask("ACCENTI(CASEI(name)) IN (accenti(casei('CHIȘINĂU')))") == moldova


LITERALS = [
    "POINT(2 2)",
    "LINESTRING(0 0, 4 4)",
    "POLYGON((1 1, 4 1, 4 4, 1 4, 1 1), (2 2, 3 2, 3 3, 2 3, 2 2))",
    "BBOX(0, 0, 3, 3)",
    "MULTIPOINT((1 1), (2 3))",
    "MULTILINESTRING((0 1, 5 1), (0 0, 0 5))",
    "MULTIPOLYGON(((0 0, 2 0, 2 2, 0 2, 0 0)), ((4 4, 6 4, 6 6, 4 6, 4 4)))",
    "GEOMETRYCOLLECTION(POINT(5 5), POLYGON((0 0, 1 0, 1 1, 0 1, 0 0)))",
]
RELATIONS = ["intersects", "disjoint", "equals", "touches", "crosses", "within", "contains", "overlaps"]


def _read(literal: str) -> shapely.Geometry:
    return shapely.box(0, 0, 3, 3) if literal.startswith("BBOX") else shapely.from_wkt(literal)


@pytest.mark.parametrize("relation", RELATIONS)
def test_spatial_functions(ask: Asked, relation: str):
    """/conf/basic-spatial-functions, -plus, /conf/spatial-functions and their mirrors in /conf/property-property."""
    for literal in LITERALS if relation in {"intersects", "disjoint"} else LITERALS[:-1]:
        other = _read(literal)
        found = {
            record["id"]
            for record, shape in zip(RECORDS, SHAPES, strict=True)
            if shape is not None and getattr(shape, relation)(other)
        }
        assert ask(f"S_{relation}(geometry, {literal})") == found, literal
        mirror = {"within": "contains", "contains": "within"}.get(relation, relation)
        assert ask(f"S_{mirror.upper()}({literal}, geometry)") == found, literal
        known = {record["id"] for record, shape in zip(RECORDS, SHAPES, strict=True) if shape is not None}
        assert ask(f"NOT S_{relation}(geometry, {literal})") == known - found, literal
    with pytest.raises(ParameterError):
        ask(f"S_{relation}(geometry, POINT(90 180))")


_OF_INTERVALS: dict[str, Callable[[dt.datetime, dt.datetime, dt.datetime, dt.datetime], bool]] = {
    "after": lambda a, _b, _c, d: a > d,
    "before": lambda _a, b, c, _d: b < c,
    "contains": lambda a, b, c, d: a < c and b > d,
    "disjoint": lambda a, b, c, d: b < c or a > d,
    "during": lambda a, b, c, d: a > c and b < d,
    "equals": lambda a, b, c, d: a == c and b == d,
    "finishedby": lambda a, b, c, d: a < c and b == d,
    "finishes": lambda a, b, c, d: a > c and b == d,
    "intersects": lambda a, b, c, d: not (b < c or a > d),
    "meets": lambda _a, b, c, _d: b == c,
    "metby": lambda a, _b, _c, d: a == d,
    "overlappedby": lambda a, b, c, d: c < a < d < b,
    "overlaps": lambda a, b, c, d: a < c < b < d,
    "startedby": lambda a, b, c, d: a == c and b > d,
    "starts": lambda a, b, c, d: a == c and b < d,
}
SPANS = [("2022-04-16T10:13:19Z", "2022-04-16T12:13:19Z"), ("2022-04-16T09:13:19Z", "2022-04-16T10:13:19Z"),
         ("..", "2022-04-16T10:13:19Z"), ("2022-04-16T11:13:19Z", "..")]  # fmt: skip


FIRST, LAST = (dt.datetime(year, 1, 1) for year in (1, 9999))  # noqa: DTZ001


def _moment(text: str, bound: dt.datetime) -> dt.datetime:
    return bound if text == ".." else dt.datetime.fromisoformat(text).replace(tzinfo=None)


@pytest.mark.parametrize("relation", _OF_INTERVALS)
def test_temporal_functions(ask: Asked, relation: str):
    """/conf/temporal-functions and their mirrors in /conf/property-property."""
    holds = _OF_INTERVALS[relation]
    for start, end in SPANS:
        c, d = _moment(start, FIRST), _moment(end, LAST)
        found, mirrored = set(), set()
        for record in RECORDS:
            a, b = record["登记时间"], record["更新"]
            if a is not None and b is not None:
                b = b.replace(tzinfo=None)
                found |= {record["id"]} if holds(a, b, c, d) else set()
                mirrored |= {record["id"]} if holds(c, d, a, b) else set()
        span = f"INTERVAL('{start}', '{end}')"
        # Where one end is not known, the other may still tell; that is left aside here.
        known = "登记时间 IS NOT NULL AND 更新 IS NOT NULL"
        assert ask(f"T_{relation}(INTERVAL(登记时间, 更新), {span}) AND {known}") == found, span
        assert ask(f"T_{relation.upper()}({span}, INTERVAL(登记时间, 更新)) AND {known}") == mirrored, span


def test_instants_against_dates(ask: Asked):
    """/conf/temporal-functions/temporal-functions-1."""
    day = dt.date(2022, 4, 14)
    dates = {record["id"]: record["出让日期"] for record in RECORDS if record["出让日期"]}
    assert ask("T_AFTER(出让日期, DATE('2022-04-14'))") == {one for one, each in dates.items() if each > day}
    assert ask("T_EQUALS(出让日期, INTERVAL('2022-04-14', '2022-04-14'))") == {
        one for one, each in dates.items() if each == day
    }
    assert ask("T_DISJOINT(出让日期, INTERVAL('2022-04-13', '2022-04-15'))") == {
        one for one, each in dates.items() if abs((each - day).days) > 1
    }


def test_arrays(ask: Asked):
    """/conf/array-functions."""
    lists = {record["id"]: set(record["细分领域"]) for record in RECORDS if record["细分领域"] is not None}
    asked = {"foo", "bar"}
    for relation, holds in {
        "A_CONTAINS": lambda one: one >= asked,
        "A_CONTAINEDBY": lambda one: one <= asked,
        "A_EQUALS": lambda one: one == asked,
        "A_OVERLAPS": lambda one: bool(one & asked),
    }.items():
        found = {number for number, one in lists.items() if holds(one)}
        assert ask(f"{relation}(细分领域, ('foo', 'bar'))") == found
        assert ask(f"NOT {relation}(细分领域, ('foo', 'bar'))") == lists.keys() - found


def test_properties_against_properties(ask: Asked):
    """/conf/property-property."""
    pairs = itertools.product(named("number", "integer"), repeat=2)
    for one, other in (*pairs, *itertools.permutations(named("text"), 2)):
        found = {op: ask(f"{one} {op} {other}") for op in ("=", "<>", "<", ">", "<=", ">=")}
        assert found["="] | found["<>"] == ask(f"{one} IS NOT NULL AND {other} IS NOT NULL")
        assert found["<="] == ask(f"{other} >= {one}") == found["<"] | found["="]
        assert not found["<"] & found[">"]
    matching = {r["id"] for r in RECORDS if r["name"] is not None and r["name"] == r["地块编号"]}
    assert ask("name = 地块编号") == matching


def test_arithmetic(ask: Asked):
    """/conf/arithmetic."""
    for text, value in (
        ("1038280 + 8", 1038288), ("1038290 - 2 * 2 ^ 0", 1038288), ("1038290 - 20 / 10", 1038288),
        ("1038290 - 21 div 10", 1038288), ("1038290 - 5 % 2", 1038289), ("1038280 + 2 ^ 3", 1038288),
    ):  # fmt: skip
        assert ask(f"{text} = {value}") == ask("true"), text
    found = {r["id"] for r in RECORDS if r["户数"] is not None and 1 <= r["户数"] * 2 - 1 <= 3}
    assert ask("户数 * 2 - 1 BETWEEN 2 / 2 AND 3 * (2 - 1)") == found
    assert ask("户数 * 2 - 1 IN (1 * 1, 4 - 1, 4 / 2)") == found


PREDICATES = [
    "name <> 'København'", "户数 > 1", '"面积（亩）" <= 3.14', "已出让 = true", "出让日期 IS NULL",
    "S_INTERSECTS(geometry, BBOX(0, 0, 3, 3))", "T_BEFORE(更新, TIMESTAMP('2022-04-16T10:13:19Z'))",
    "A_OVERLAPS(细分领域, ('foo'))", "CASEI(name) LIKE casei('k%')", "户数 IN (1, 2)", '容积率 = "面积（亩）"',
]  # fmt: skip


def test_logical(ask: Asked):
    """/conf/*/logical: true, false and unknown of each predicate give those of every combination."""
    everything = ask("true")
    sides = {one: (ask(one), ask(f"NOT ({one})")) for one in PREDICATES}
    for one, (holds, fails) in sides.items():
        assert not holds & fails
        assert holds | fails <= everything, one
    picked = random.Random(1)  # noqa: S311 - the same
    for _ in range(25):
        p1, p2, p3, p4 = picked.sample(PREDICATES, 4)
        (t1, f1), (t2, f2), (t3, _), (t4, f4) = (sides[one] for one in (p1, p2, p3, p4))
        found = (f1 & t2) | (t3 & f4) | (f1 | f4)
        assert ask(f"((NOT {p1} AND {p2}) OR ({p3} and NOT {p4}) or not ({p1} AND {p4}))") == found
        found = (f2 & t1) | (t3 & t4) | (f1 & f4)
        assert ask(f"(NOT ({p2}) AND {p1}) OR ({p3} and {p4}) or not ({p1} OR {p4})") == found


def test_escaping(ask: Asked):
    """/conf/cql2-text/escaping."""
    assert ask("'O''Brien' = 'O''Brien' AND '\a\b\t\n\v\f\r' LIKE '_______'") == ask("true")
