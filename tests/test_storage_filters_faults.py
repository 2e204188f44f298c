"""Whatever is given for a filter: a condition that both databases take, or a fault that says where and why."""

import json
from collections.abc import Callable, Iterator

import cql2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, Select, func, select

from bioplan_gis.crs import FEED_CRSS
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.calls import FUNCTIONS
from bioplan_gis.storage.database import reading, upgrade
from bioplan_gis.storage.filters import refused_overflow, where_clause
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.moments import RELATIONS
from bioplan_gis.storage.relations import LISTS, SPATIAL
from databases import ENGINES, opened
from test_storage_filters import RECORDS, SHAPES
from typed_layers import TYPES, store_parcels

MANY = settings(
    max_examples=150, phases=[Phase.generate], suppress_health_check=list(HealthCheck), deadline=None,
)  # fmt: skip


@pytest.fixture(scope="module", params=ENGINES)
def stored(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[tuple[Connection, Layer]]:
    for engine in opened(new_url(request.param)):
        upgrade(engine)
        layer = store_parcels(engine, RECORDS, SHAPES)
        yield from connected(engine, layer)


def connected(engine: Engine, layer: Layer) -> Iterator[tuple[Connection, Layer]]:
    with reading(engine) as connection:
        yield connection, layer


def asked(stored: tuple[Connection, Layer], text: str, **how: object) -> None:
    """See that a filter is refused with its place, or taken, and then by the database as well."""
    connection, layer = stored
    try:
        clause = where_clause(layer, text, dialect=connection.dialect.name, name="filter", **how)
    except ParameterError as error:
        refusal = error
    else:
        refusal = _execution_refused(connection, select(func.count()).select_from(layer.table).where(clause), text)
    if refusal is not None:
        told = ("at character", "too deep", "beyond what a number can hold")
        assert any(words in refusal.en for words in told), refusal.en
        assert refusal.name == "filter"


def _execution_refused(connection: Connection, statement: Select, text: str) -> ParameterError | None:
    try:
        with connection.begin_nested(), refused_overflow(text, name="filter"):
            connection.execute(statement).all()
    except ParameterError as error:
        return error
    return None


def prop(*kinds: str) -> st.SearchStrategy:
    names = [name for name, kind in {"id": "text", **TYPES}.items() if kind in kinds]
    return st.sampled_from(names).map(lambda name: {"property": name})


def call(operators: object, *arguments: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(st.sampled_from(sorted(operators)), st.tuples(*arguments)).map(
        lambda pair: {"op": pair[0], "args": list(pair[1])}
    )


LONG = st.sampled_from([2**53 + 1, 2**63, -(2**63), 1e300, 1e-300, 0.5, -7])
NUMBERS = prop("integer", "number") | st.integers(-3, 3) | LONG
TEXTS = prop("text") | st.sampled_from(["", "%", "XH-01", "三类", "é", "'", '"', "\\"])
BOOLEANS = prop("boolean") | st.booleans()
DATES = st.sampled_from([{"date": "2024-02-29"}, {"date": "0001-01-01"}, {"timestamp": "9999-12-31T23:59:59Z"}])
MOMENTS = prop("date", "datetime", "timestamp") | DATES
ENDS = prop("date", "datetime", "timestamp") | st.sampled_from(["..", "2024-01-01", "2024-12-31T16:00:00Z"])
SPANS = st.tuples(ENDS, ENDS).map(lambda ends: {"interval": list(ends)})
POINT = {"type": "Point", "coordinates": [120.5, 30.5]}
LINE = {"type": "LineString", "coordinates": [[119, 30.5], [120.5, 30.5]]}
GEOMETRIES = st.sampled_from([
    {"property": "geometry"}, {"property": "geom"}, POINT, LINE, {"bbox": [120, 30, 121, 31]},
    {"bbox": [170, -20, -170, -10]}, {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    {"type": "MultiPoint", "coordinates": [[120.5, 30.5], [0, 0]]},
    {"type": "GeometryCollection", "geometries": [POINT, LINE]}, {"bbox": [120.5, 30.5, 120.5, 30.5]},
])  # fmt: skip
MEMBERS = prop("list") | st.lists(st.sampled_from(["疫苗", "细胞治疗", 1, 1.5, True]), max_size=3)
OF_TYPE = {"number": NUMBERS, "string": TEXTS, "datetime": MOMENTS, "geometry": GEOMETRIES}


def called(returns: str) -> st.SearchStrategy:
    return st.one_of(
        *(
            call([each.name], *(OF_TYPE[argument.type] for argument in each.arguments))
            for each in FUNCTIONS.values()
            if each.returns == returns
        )
    )


RECKONED = st.recursive(
    NUMBERS | called("number") | called("integer"),
    lambda inner: call(["+", "-", "*", "/", "%", "^", "div"], inner, inner),
    max_leaves=4,
)
FOLDED = st.recursive(TEXTS | called("string"), lambda inner: call(["casei", "accenti", "lower"], inner), max_leaves=3)
COMPARISONS = ["=", "<>", "<", ">", "<=", ">="]
OF_KIND = [RECKONED, FOLDED, BOOLEANS, MOMENTS]
CONDITIONS = st.recursive(
    st.one_of(
        *(call(COMPARISONS, kind, kind) for kind in OF_KIND),
        *(call(["between"], kind, kind, kind) for kind in OF_KIND),
        *(call(["in"], kind, st.lists(kind, min_size=1, max_size=3)) for kind in OF_KIND),
        *(call(["isNull"], kind) for kind in [*OF_KIND, GEOMETRIES, MEMBERS]),
        call(["like"], FOLDED, st.sampled_from(["%", "XH%", "_", {"op": "casei", "args": ["xh\\%"]}])),
        call(SPATIAL, GEOMETRIES, GEOMETRIES),
        call(RELATIONS, MOMENTS | SPANS, MOMENTS | SPANS),
        call(LISTS, MEMBERS, MEMBERS),
        BOOLEANS,
    ),
    lambda inner: call(["and", "or"], inner, inner) | call(["not"], inner) | call(COMPARISONS, inner, inner),
    max_leaves=5,
)


@MANY
@given(tree=CONDITIONS)
def test_what_is_made_by_the_rules_is_answered(stored: tuple[Connection, Layer], tree: object):
    written = json.dumps(tree)
    asked(stored, written)
    asked(stored, cql2.parse_json(written).to_text())


ANYTHING = st.recursive(
    st.one_of(
        NUMBERS, TEXTS, BOOLEANS, MOMENTS, GEOMETRIES, MEMBERS, SPANS, st.none(), st.floats(), st.text(max_size=3),
        st.sampled_from([{}, {"property": 1}, {"date": 1}, {"bbox": ["a"]}, {"type": "Point"}, {"interval": []}]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries({
            "op": st.sampled_from(["and", "=", "in", "like", "not", "casei", "s_within", "t_after", "year", "-", 1]),
            "args": st.lists(inner, max_size=3),
        }),
        st.dictionaries(st.sampled_from(["op", "args", "property", "bbox", "type", "coordinates"]), inner, max_size=2),
    ),
    max_leaves=8,
)  # fmt: skip


@MANY
@given(tree=ANYTHING, crs=st.sampled_from(FEED_CRSS))
def test_whatever_json_is_told_where_it_is_wrong(stored: tuple[Connection, Layer], tree: object, crs: object):
    asked(stored, json.dumps(tree), lang="cql2-json", crs=crs)


_WORDS = """AND OR NOT ( ) = <> < <= LIKE IN BETWEEN IS NULL + - * / % ^ div , . 'a' '' " ' 1 -1 .5 1e400
9007199254740993 户数 name geometry 更新 已出让 CASEI( DATE('2024-01-01') TIMESTAMP( INTERVAL('..', POINT(1 2)
BBOX(1,2,3,4) EMPTY S_EQUALS( T_AFTER( A_EQUALS( true false area_m2( POLYGON((0 0,1 0,1 1,0 0)) \0 \\ $ # 𠮷"""
WORDS = st.sampled_from([*_WORDS.split(), "\n"])
TEXT = st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=30)


@MANY
@given(text=TEXT)
def test_whatever_text_is_told_where_it_is_wrong(stored: tuple[Connection, Layer], text: str):
    asked(stored, text, lang="cql2-text")


@MANY
@given(tree=CONDITIONS, cut=st.tuples(st.integers(0, 200), st.integers(0, 4)), word=WORDS)
def test_a_filter_with_a_slip_is_told_where(stored: tuple[Connection, Layer], tree: object, cut: tuple, word: str):
    text = cql2.parse_json(json.dumps(tree)).to_text()
    at, length = cut[0] % (len(text) + 1), cut[1]
    asked(stored, text[:at] + word + text[at + length :])
