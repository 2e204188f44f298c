"""Features of a layer as GeoJSON: pages by key, one by id, or all of them, as bytes that go out as they are."""

from dataclasses import dataclass

import shapely
from sqlalchemy import Connection, LargeBinary, Select, Text, func, literal, select, type_coerce

from bioplan_gis.errors import FeatureNotFoundError
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.geojson import feature_text, properties_json
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.spatial import Box, intersects
from bioplan_gis.storage.tables import GEOMETRY_COLUMN


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
    question = matching(layer, bbox)
    features, keys = _read(connection, layer, after_key(layer, question, after).limit(limit))
    following = len(keys) == limit and _exists(connection, after_key(layer, question, keys[-1]))
    whole = after is None and not following
    return Page(
        features=features,
        returned=len(keys),
        matched=len(keys) if whole else _count(connection, layer, bbox),
        next_key=keys[-1] if following else None,
    )


def read_feature(connection: Connection, layer: Layer, feature_id: str) -> bytes:
    """One feature by its id, as GeoJSON.

    Raises:
        FeatureNotFoundError: the layer has none of that id.
    """
    features, keys = _read(connection, layer, matching(layer, None).where(layer.table.c.id == feature_id))
    if not keys:
        raise FeatureNotFoundError(
            f"图层“{layer.title_zh}”（{layer.id}）中没有编号为“{feature_id}”的要素。",
            f"The layer {layer.id} has no feature “{feature_id}”.",
        )
    return features


def read_collection(connection: Connection, layer: Layer) -> bytes:
    """All features of a layer as one GeoJSON FeatureCollection."""
    features, _ = _read(connection, layer, after_key(layer, matching(layer, None), None))
    return b'{"type":"FeatureCollection","features":[' + features + b"]}"


def matching(layer: Layer, bbox: Box | None) -> Select[tuple[int]]:
    """The keys of the features that a box meets; of all features without one."""
    keys = select(layer.table.c.fid)
    if bbox is None:
        return keys
    if layer.geometry_type is None:
        return keys.where(literal(0) == 1)
    return keys.where(intersects(layer.table.c[GEOMETRY_COLUMN], bbox))


def after_key(layer: Layer, keys: Select[tuple[int]], after: int | None) -> Select[tuple[int]]:
    """The same features from a key on, in order."""
    ordered = keys.order_by(layer.table.c.fid)
    return ordered if after is None else ordered.where(layer.table.c.fid > after)


def _read(connection: Connection, layer: Layer, keys: Select[tuple[int]]) -> tuple[bytes, list[int]]:
    """The features of a question as comma-joined bytes, and their keys."""
    if connection.dialect.name == "postgresql":
        return _read_postgis(connection, layer, keys)
    return _read_gpkg(connection, layer, keys)


def _read_postgis(connection: Connection, layer: Layer, keys: Select[tuple[int]]) -> tuple[bytes, list[int]]:
    """PostGIS writes the whole page as one text."""
    table = layer.table
    geometry = table.c[GEOMETRY_COLUMN] if layer.geometry_type else None
    properties = [table.c[column.name] for column in layer.columns]
    rows = keys.add_columns(feature_text(table.c.id, geometry, properties).label("feature")).subquery("page")
    joined = select(func.string_agg(rows.c.feature, literal(",", Text())), func.array_agg(rows.c.fid))
    text, found = connection.execute(joined).one()
    return (b"", []) if text is None else (text.encode(), found)


def _read_gpkg(connection: Connection, layer: Layer, keys: Select[tuple[int]]) -> tuple[bytes, list[int]]:
    """SQLite writes the properties, shapely all geometries of the page at once."""
    table = layer.table
    properties = properties_json(*(table.c[column.name] for column in layer.columns))
    blob = type_coerce(table.c[GEOMETRY_COLUMN], LargeBinary()) if layer.geometry_type else literal(None, LargeBinary())
    rows = connection.execute(
        keys.add_columns(func.json_quote(table.c.id, type_=Text()), blob.label("blob"), properties)
    ).all()
    if not rows:
        return b"", []
    fids, ids, blobs, objects = zip(*rows, strict=True)
    shapes = shapely.to_geojson(shapely.from_wkb([None if each is None else gpkg.wkb_of(each) for each in blobs]))
    texts = (
        f'{{"type":"Feature","id":{feature_id},"geometry":{shape or "null"},"properties":{properties}}}'
        for feature_id, shape, properties in zip(ids, shapes, objects, strict=True)
    )
    return ",".join(texts).encode(), list(fids)


def _exists(connection: Connection, keys: Select[tuple[int]]) -> bool:
    return connection.execute(keys.limit(1)).first() is not None


def _count(connection: Connection, layer: Layer, bbox: Box | None) -> int:
    """How many features a question has; without a box the registry knows it."""
    if bbox is None:
        return layer.feature_count
    return connection.execute(select(func.count()).select_from(matching(layer, bbox).subquery())).scalar_one()
