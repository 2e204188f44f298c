"""Features of a layer as GeoJSON: pages by key, one by id, or all of them, as bytes that go out as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import shapely
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Double,
    Select,
    Table,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from bioplan_gis.errors import FeatureNotFoundError
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.geojson import feature_text, properties_json
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.spatial import Box, keys_meeting
from bioplan_gis.storage.tables import GEOMETRY_COLUMN

BEFORE_ALL = -(2**63)
EDGES = ("west", "south", "east", "north")
Keys = Select[Any]


@dataclass(frozen=True)
class Page:
    """Some features of a layer.

    Attributes:
        features: GeoJSON features, UTF-8, joined by commas, without brackets.
        returned: how many they are.
        matched: how many the whole question has.
        next_key: where the next page begins (``after``); None on the last.
    """

    features: bytes
    returned: int
    matched: int
    next_key: int | None


def read_page(
    connection: Connection, layer: Layer, *, limit: int, bbox: Box | None = None, after: int | None = None
) -> Page:
    """Features in the order of their keys.

    Args:
        connection: of a reading transaction.
        layer: as the registry describes it in the same transaction.
        limit: the most to return, 1 or more.
        bbox: west, south, east, north in degrees; only features that it meets, none without geometry; west > east
            crosses the antimeridian.
        after: key after which the page begins.
    """
    table = layer.table
    asked: dict[str, object] = {"limit": limit, "after": BEFORE_ALL if after is None else after}
    if bbox is None:
        found = _read(connection, table, keys_after(table), asked)
        more = found.returned == limit and _follows(connection, table, found.last_key)
        return Page(found.features, found.returned, layer.feature_count, found.last_key if more else None)
    if layer.geometry_type is None:
        return Page(b"", 0, 0, None)
    box = dict(zip(EDGES, bbox, strict=True))
    crossing, dialect = bbox[0] > bbox[2], connection.dialect.name
    found = _read(connection, table, keys_in_box(table, crossing=crossing, dialect=dialect), asked | box)
    matched = found.matched
    if not found.returned and after is not None:
        matched = connection.execute(count_in_box(table, crossing=crossing, dialect=dialect), box).scalar_one()
    return Page(found.features, found.returned, matched, found.last_key if found.remaining > found.returned else None)


def read_feature(connection: Connection, layer: Layer, feature_id: str) -> bytes:
    """One feature by its id, as GeoJSON.

    Raises:
        FeatureNotFoundError: the layer has none of that id.
    """
    found = _read(connection, layer.table, key_of_id(layer.table), {"feature_id": feature_id})
    if not found.returned:
        raise FeatureNotFoundError(
            f"图层“{layer.title_zh}”（{layer.id}）中没有编号为“{feature_id}”的要素。",
            f"The layer {layer.id} has no feature “{feature_id}”.",
        )
    return found.features


def read_collection(connection: Connection, layer: Layer) -> bytes:
    """All features of a layer as one GeoJSON FeatureCollection."""
    found = _read(connection, layer.table, all_keys(layer.table), {})
    return b'{"type":"FeatureCollection","features":[' + found.features + b"]}"


# The statements are made once for a table: making one anew costs more than a single feature does.


@lru_cache(maxsize=256)
def all_keys(table: Table) -> Keys:
    """The keys of all features, in order."""
    return select(table.c.fid).order_by(table.c.fid)


@lru_cache(maxsize=256)
def key_of_id(table: Table) -> Keys:
    """The key of the feature ``:feature_id``."""
    return select(table.c.fid).where(table.c.id == bindparam("feature_id"))


@lru_cache(maxsize=256)
def keys_after(table: Table) -> Keys:
    """The keys of ``:limit`` features after the key ``:after``, in order."""
    return all_keys(table).where(table.c.fid > bindparam("after")).limit(bindparam("limit"))


@lru_cache(maxsize=256)
def keys_in_box(table: Table, *, crossing: bool, dialect: str) -> Keys:
    """The same of those that a box meets, with ``matched``, all that it meets, and ``remaining``, those after the key.

    What the box meets is found once, and counted and cut from there.
    """
    hits = _in_box(table, crossing=crossing, dialect=dialect).cte("hits").prefix_with("MATERIALIZED")
    later = hits.c.fid > bindparam("after")
    page = select(hits.c.fid).where(later).order_by(hits.c.fid).limit(bindparam("limit"))
    matched = select(func.count()).select_from(hits).scalar_subquery().label("matched")
    remaining = select(func.count()).select_from(hits).where(later).scalar_subquery().label("remaining")
    return select(table.c.fid, matched, remaining).where(table.c.fid.in_(page)).order_by(table.c.fid)


@lru_cache(maxsize=256)
def count_in_box(table: Table, *, crossing: bool, dialect: str) -> Keys:
    """How many features a box meets."""
    return select(func.count()).select_from(_in_box(table, crossing=crossing, dialect=dialect).subquery())


def _in_box(table: Table, *, crossing: bool, dialect: str) -> Keys | CompoundSelect[Any]:
    west, south, east, north = (_edge(edge) for edge in EDGES)
    return keys_meeting(table, (west, south, east, north), crossing=crossing, dialect=dialect)


def _edge(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Double())


@dataclass(frozen=True)
class _Found:
    """Features as comma-joined bytes, how many, the last one's key, and the counts of a question with a box."""

    features: bytes
    returned: int
    last_key: int | None
    matched: int
    remaining: int


_NOTHING = _Found(b"", 0, None, 0, 0)


def _read(connection: Connection, table: Table, keys: Keys, values: Mapping[str, object]) -> _Found:
    """The features of these keys, written by the database as far as it can."""
    if connection.dialect.name == "postgresql":
        return _read_postgis(connection, table, keys, values)
    return _read_gpkg(connection, table, keys, values)


def _read_postgis(connection: Connection, table: Table, keys: Keys, values: Mapping[str, object]) -> _Found:
    """PostGIS writes all features as one text."""
    row = connection.execute(_text_of(table, keys), values).one()
    return (
        _NOTHING if row.text is None else _Found(row.text.encode(), row.returned, row.last, row.matched, row.remaining)
    )


@lru_cache(maxsize=256)
def _text_of(table: Table, keys: Keys) -> Keys:
    rows = keys.add_columns(feature_text(table.c.id, _geometry(table), _properties(table)).label("feature"))
    page = rows.subquery("page")
    counts = [
        (func.max(page.c[name]) if name in page.c else literal(0)).label(name) for name in ("matched", "remaining")
    ]
    return select(
        func.string_agg(page.c.feature, literal_column("','", Text())).label("text"),
        func.count().label("returned"),
        func.max(page.c.fid).label("last"),
        *counts,
    ).select_from(page)


def _read_gpkg(connection: Connection, table: Table, keys: Keys, values: Mapping[str, object]) -> _Found:
    """SQLite writes the properties, shapely all geometries at once."""
    rows = connection.execute(_parts_of(table, keys), values).all()
    if not rows:
        return _NOTHING
    counts = (rows[0].matched, rows[0].remaining) if "matched" in keys.selected_columns else (0, 0)
    *_, ids, blobs, objects = zip(*rows, strict=True)
    shapes = shapely.to_geojson(shapely.from_wkb([None if each is None else gpkg.wkb_of(each) for each in blobs]))
    texts = [
        f'{{"type":"Feature","id":{feature_id},"geometry":{shape or "null"},"properties":{properties}}}'
        for feature_id, shape, properties in zip(ids, shapes, objects, strict=True)
    ]
    return _Found(",".join(texts).encode(), len(rows), rows[-1].fid, *counts)


@lru_cache(maxsize=256)
def _parts_of(table: Table, keys: Keys) -> Keys:
    geometry = _geometry(table)
    blob = literal(None, NullType()) if geometry is None else type_coerce(geometry, NullType())
    return keys.add_columns(
        func.json_quote(table.c.id, type_=Text()).label("quoted_id"),
        blob.label("blob"),
        properties_json(*_properties(table)).label("properties"),
    )


def _geometry(table: Table) -> ColumnElement[Any] | None:
    return table.c.get(GEOMETRY_COLUMN)


def _properties(table: Table) -> list[ColumnElement[Any]]:
    return [column for column in table.c if column.name not in ("fid", "id", GEOMETRY_COLUMN)]


def _follows(connection: Connection, table: Table, key: int | None) -> bool:
    """Whether a feature has a greater key."""
    return connection.execute(keys_after(table), {"after": key, "limit": 1}).first() is not None
