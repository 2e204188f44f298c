"""Features of a layer as GeoJSON: pages by key, one by id, or all of them, as bytes that go out as they are.

An answer of PostGIS is one statement, which sees one state of the database: it tells the layer's digest beside the
features, so that whoever asked by a description that is no longer true finds out, and asks again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    Table,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.types import NullType

from bioplan_gis.crs import CRS84, FeedCrs, in_feed_crs
from bioplan_gis.errors import FeatureNotFoundError
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.geojson import as_bytes, feature_text, properties_json
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.questions import Condition, Place, Question, conditions_of, order_of, place_values, read_places
from bioplan_gis.storage.servers import fetch_row
from bioplan_gis.storage.spatial import EDGES, meets_edges
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, INTEGER, REGISTRY

# A count of so many rows costs less than a page of them does.
CHEAPLY_COUNTED = 10_000
MOST_KEY = 2**63 - 1
Rows = Select[Any]


@dataclass(frozen=True)
class Page:
    """Some features of a layer.

    Attributes:
        digest: of the layer whose features they are; None where there is no such layer any more.
        features: GeoJSON features, UTF-8, joined by commas, without brackets; None where the digest is the held one, or
            not that of the description that was asked by.
        returned: how many they are.
        matched: how many the whole question has; None where that was not counted.
        end: where the page ended, for the next one to begin behind; None on the last.
    """

    digest: str | None
    features: bytes | None
    returned: int
    matched: int | None
    end: Place | None


def read_page(connection: Connection, layer: Layer, question: Question, *, held: str | None = None) -> Page:
    """Features that a question asks for, in its order.

    Args:
        connection: of a reading transaction, or one for single statements.
        layer: as the registry describes it, or did when it was last looked at.
        question: what is asked.
        held: a digest of the layer whose answer the asker has: if the layer still has it, no feature is read.
    """
    if connection.dialect.name == "postgresql":
        return _page_of_postgis(connection, layer, question, held)
    digest = _digest_of(connection, layer)
    if digest in {None, held} or digest != layer.digest:
        return Page(digest, None, 0, None, None)
    return _page_of_gpkg(connection, layer, question)


def read_feature(
    connection: Connection, layer: Layer, feature_id: str, crs: FeedCrs = CRS84
) -> tuple[str | None, bytes]:
    """One feature by its id, as GeoJSON, and the digest of the layer whose feature it is.

    Raises:
        FeatureNotFoundError: the layer has none of that id.
    """
    if connection.dialect.name == "postgresql":
        statement = _one_of_postgis(layer.table, layer.id, crs)
        digest, found = fetch_row(connection, *_ready(statement, {"feature_id": feature_id}))
    else:
        digest = _digest_of(connection, layer)
        rows = connection.execute(_one_of_gpkg(layer.table), {"feature_id": feature_id}).all()
        found = _written_features(rows, crs) if rows else None
    if found is None and digest == layer.digest:
        raise FeatureNotFoundError(
            f"图层“{layer.title_zh}”（{layer.id}）中没有编号为“{feature_id}”的要素。",
            f"The layer {layer.id} has no feature “{feature_id}”.",
        )
    return digest, found or b""


def read_collection(connection: Connection, layer: Layer) -> bytes:
    """All features of a layer as one GeoJSON FeatureCollection."""
    page = read_page(connection, layer, Question(limit=None))
    return b'{"type":"FeatureCollection","features":[' + (page.features or b"") + b"]}"


def count_features(connection: Connection, layer: Layer, question: Question) -> int:
    """How many features a question has, wherever its pages begin."""
    return int(connection.execute(_count(layer, question, connection.dialect.name)).scalar_one())


def count_matched(connection: Connection, layer: Layer, question: Question, returned: int, *, more: bool) -> int | None:
    """How many features a question has beside its page, which returned so many; None where that is not counted."""
    counted = count_features(connection, layer, question) if _is_counted(layer, question) else None
    return _matched(layer, question, counted, returned, more=more)


def place_behind(connection: Connection, layer: Layer, question: Question, skipped: int) -> Place:
    """The place behind so many features, 1 or more, that a question asks for; behind all where there are less."""
    found = read_places(connection, layer, question, skipped=skipped - 1, most=1)
    return found[0] if found else Place(MOST_KEY, (None,) * len(question.sort))


def _count(layer: Layer, question: Question, dialect: str) -> Rows:
    whole = replace(question, after=None)
    return select(func.count()).select_from(layer.table).where(*conditions_of(layer, whole, dialect))


def _is_counted(layer: Layer, question: Question) -> bool:
    """Whether the number of matches is found out beside the page: where it is asked for, or costs little."""
    if not question.chooses or question.counted is False:
        return False
    return question.counted or layer.feature_count <= CHEAPLY_COUNTED


def _matched(layer: Layer, question: Question, counted: int | None, found: int, *, more: bool) -> int | None:
    if question.counted is False:
        return None
    if not question.chooses:
        return layer.feature_count
    return found if question.after is None and not more else counted


def _digest_of(connection: Connection, layer: Layer) -> str | None:
    return connection.execute(_DIGEST, {"layer_id": layer.id}).scalar()


_DIGEST = select(REGISTRY.c.digest).where(REGISTRY.c.id == bindparam("layer_id"))


# PostGIS writes all features as one text. What does not vary is compiled to SQL once for each table: making a
# statement anew costs more than a single feature does.


def _page_of_postgis(connection: Connection, layer: Layer, question: Question, held: str | None) -> Page:
    digest, text, found, last, counted = _row_of_postgis(connection, layer, question, held)
    if digest in {None, held} or digest != layer.digest:
        return Page(digest, None, 0, None, None)
    limit = question.limit
    more = limit is not None and found > limit
    matched = _matched(layer, question, counted, found, more=more)
    return Page(digest, text or b"", limit if more and limit else found, matched, _place(last) if more else None)


def _row_of_postgis(connection: Connection, layer: Layer, question: Question, held: str | None) -> Sequence[Any]:
    """Questions that differ by their values only share one statement, which is compiled once."""
    counted, holding = _is_counted(layer, question), held is not None
    values = _values(question, held)
    if question.where or question.sort:
        rows = _taken(layer, question, conditions_of(layer, question, "postgresql"), holding=holding)
        count = _count(layer, question, "postgresql") if counted else None
        return connection.execute(_composed(layer.id, rows, count, endless=question.limit is None), values).one()
    statement = _shared(
        layer.id, layer.table, question.properties, question.crs, question.limit is None, question.after is not None,
        question.box is not None, holding, counted,
    )  # fmt: skip
    return fetch_row(connection, *_ready(statement, values))


def _ready(statement: Rows, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """A statement as PostgreSQL reads it, and its values in their order."""
    sql, order, own = _compiled(statement)
    return sql, [values[name] if name in values else own[name] for name in order]


@lru_cache(maxsize=2048)
def _compiled(statement: Rows) -> tuple[str, Sequence[str], Mapping[str, Any]]:
    compiled = statement.compile(dialect=_NUMBERED_POSTGRESQL)
    return str(compiled), tuple(compiled.positiontup or ()), dict(compiled.params)


def _values(question: Question, held: str | None) -> dict[str, Any]:
    """The values that ``_shared`` binds by name; a statement of its own has the others within."""
    values: dict[str, Any] = {} if held is None else {"held": held}
    if question.limit is not None:
        values["page"] = question.limit
    if question.after is not None and not question.sort:
        values["after"] = question.after.fid
    return values if question.box is None else values | dict(zip(EDGES, question.box, strict=True))


def _place(end: Any) -> Place:  # noqa: ANN401 - a key, or the JSON of a key and values
    if isinstance(end, int):
        return Place(end)
    fid, *values = json.loads(end)
    return Place(fid, tuple(values))


@lru_cache(maxsize=1024)
def _shared(  # noqa: PLR0913, PLR0917 - everything in which the statements of two questions may differ
    layer_id: str,
    table: Table,
    properties: tuple[str, ...] | None,
    crs: FeedCrs,
    endless: bool,  # noqa: FBT001
    later: bool,  # noqa: FBT001
    boxed: bool,  # noqa: FBT001
    holding: bool,  # noqa: FBT001
    counted: bool,  # noqa: FBT001
) -> Rows:
    """The statement of all features, or of those in a box: its values are bound by name."""
    chosen = [meets_edges(table, [bindparam(edge, type_=Double()) for edge in EDGES], "postgresql")] if boxed else []
    after = [table.c.fid > bindparam("after")] if later else []
    changed = [_digest_in(layer_id) != bindparam("held")] if holding else []
    rows = select(_feature_sql(table, properties, crs).label("feature"), table.c.fid.label("end"))
    rows = rows.select_from(table).where(*chosen, *after, *changed).order_by(table.c.fid)
    count = select(func.count()).select_from(table).where(*chosen) if counted else None
    return _composed(layer_id, rows if endless else rows.limit(_PAGE + 1), count, endless=endless)


def _composed(layer_id: str, rows: Rows, count: Rows | None, *, endless: bool) -> Rows:
    """All features as one text, with the layer's digest, how many they are, and where the page ends."""
    taken = rows.subquery("taken")
    numbered = select(taken, func.row_number().over().label("number")).subquery("numbered")
    kept = true() if endless else numbered.c.number <= _PAGE
    last = null() if endless else func.max(numbered.c.end).filter(numbered.c.number == _PAGE)
    return select(
        _digest_in(layer_id).label("digest"),
        as_bytes(func.string_agg(numbered.c.feature, literal_column("','", Text())).filter(kept)).label("text"),
        func.count().label("found"),
        last.label("end"),
        (null() if count is None else count.scalar_subquery()).label("counted"),
    ).select_from(numbered)


def _digest_in(layer_id: str) -> Any:  # noqa: ANN401 - a scalar subquery
    return _DIGEST.params(layer_id=layer_id).scalar_subquery()


_PAGE = bindparam("page", type_=INTEGER)


def _taken(layer: Layer, question: Question, conditions: Sequence[Condition], *, holding: bool) -> Rows:
    """The features of a page, and one more where another page follows.

    What is sorted is found first and written then: PostgreSQL would write all that match, to throw most away.
    """
    table = layer.table
    values = place_values(layer, question.sort, "postgresql")
    end = sql_cast(func.json_build_array(table.c.fid, *values), Text()) if values else table.c.fid
    wanted: list[ColumnElement[Any]] = [*table.c] if question.sort else [_feature(table, question), end.label("end")]
    changed = [_digest_in(layer.id) != bindparam("held")] if holding else []
    found = select(*wanted).select_from(table).where(*conditions, *changed)
    found = found.order_by(*order_of(layer, question.sort, "postgresql"))
    found = found if question.limit is None else found.limit(_PAGE + 1)
    if not question.sort:
        return found
    # Called as the table is, so that the text of a feature is the same SQL in both places.
    written = literal_column(str(end.compile(dialect=_PLAIN_POSTGRESQL)), Text()).label("end")
    columns: list[ColumnElement[Any]] = [_feature(table, question), written]
    return select(*columns).select_from(found.subquery(table.name))


def _feature(table: Table, question: Question) -> ColumnElement[str]:
    return _feature_sql(table, question.properties, question.crs).label("feature")


@lru_cache(maxsize=512)
def _one_of_postgis(table: Table, layer_id: str, crs: FeedCrs) -> Rows:
    digest = _digest_in(layer_id)
    feature = select(_feature_sql(table, None, crs)).where(table.c.id == bindparam("feature_id"))
    columns: list[ColumnElement[Any]] = [digest.label("digest"), as_bytes(feature.scalar_subquery()).label("feature")]
    return select(*columns)


@lru_cache(maxsize=512)
def _feature_sql(table: Table, properties: tuple[str, ...] | None, crs: FeedCrs) -> ColumnElement[str]:
    """A feature as text, in SQL that is not compiled again with each statement."""
    written = feature_text(table.c.id, _geometry(table), _properties(table, properties), crs)
    return literal_column(str(written.compile(dialect=_PLAIN_POSTGRESQL)), Text())


# One that writes a per cent sign as it is: the driver's own doubles it, and would again.
_PLAIN_POSTGRESQL: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


# One that numbers values as PostgreSQL does.
_NUMBERED_POSTGRESQL: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


# SQLite writes the properties, shapely all geometries at once.


def _page_of_gpkg(connection: Connection, layer: Layer, question: Question) -> Page:
    limit = question.limit
    rows = connection.execute(_rows_of_gpkg(layer, question), {} if limit is None else {"page": limit}).all()
    more = limit is not None and len(rows) > limit
    counted = count_features(connection, layer, question) if _is_counted(layer, question) else None
    matched = _matched(layer, question, counted, len(rows), more=more)
    kept = rows[:limit]
    end = Place(kept[-1].fid, tuple(kept[-1][_PARTS:])) if more else None
    return Page(layer.digest, _written_features(kept, question.crs) if kept else b"", len(kept), matched, end)


def _rows_of_gpkg(layer: Layer, question: Question) -> Rows:
    values = place_values(layer, question.sort, "sqlite")
    rows = _parts(layer.table, question.properties).add_columns(
        *(value.label(f"value{at}") for at, value in enumerate(values))
    )
    rows = rows.where(*conditions_of(layer, question, "sqlite")).order_by(*order_of(layer, question.sort, "sqlite"))
    return rows if question.limit is None else rows.limit(_PAGE + 1)


@lru_cache(maxsize=512)
def _one_of_gpkg(table: Table) -> Rows:
    return _parts(table, None).where(table.c.id == bindparam("feature_id"))


_PARTS = 4


@lru_cache(maxsize=512)
def _parts(table: Table, properties: tuple[str, ...] | None) -> Rows:
    """The parts of a feature: key, quoted id, geometry as it is stored, and properties."""
    geometry = _geometry(table)
    written = properties_json(*_properties(table, properties)).compile(dialect=_PLAIN_SQLITE)
    return select(
        table.c.fid,
        func.json_quote(table.c.id, type_=Text()).label("quoted_id"),
        (literal(None, NullType()) if geometry is None else type_coerce(geometry, NullType())).label("blob"),
        literal_column(str(written), Text()).label("properties"),
    ).select_from(table)


_PLAIN_SQLITE: Dialect = sqlite.dialect(paramstyle="named")


def _written_features(rows: Sequence[Any], crs: FeedCrs) -> bytes:
    _, ids, blobs, objects = list(zip(*rows, strict=True))[:_PARTS]
    wkbs = np.array([None if blob is None else gpkg.wkb_of(blob) for blob in blobs], dtype=object)
    shapes = shapely.to_geojson(in_feed_crs(shapely.from_wkb(wkbs), crs))
    texts = [
        f'{{"type":"Feature","id":{feature_id},"geometry":{shape or "null"},"properties":{properties}}}'
        for feature_id, shape, properties in zip(ids, shapes, objects, strict=True)
    ]
    return ",".join(texts).encode()


def _properties(table: Table, names: Sequence[str] | None) -> list[ColumnElement[Any]]:
    own: list[ColumnElement[Any]] = [column for column in table.c if column.name not in {"fid", "id", GEOMETRY_COLUMN}]
    return own if names is None else [column for column in own if column.name in names]


def _geometry(table: Table) -> ColumnElement[Any] | None:
    return table.c.get(GEOMETRY_COLUMN)
