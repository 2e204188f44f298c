"""JSON-FG 1.0 (OGC 21-045r1): GeoJSON with type, time and place in a CRS, made of whole columns.

``geometry`` is always there in WGS 84 longitude and latitude, as the profile ``jsonfg-plus`` has it (clause 14), so
that readers of GeoJSON see what readers of JSON-FG see; ``place`` holds it in any other CRS, with the axis order of its
authority (/req/core/axis-order), and is null in CRS84 (/req/core/place-geometries).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.exporting.columns import Shapes, as_text, shapes_of
from bioplan_gis.exporting.geojson import features, geometry_texts, listed
from bioplan_gis.exporting.json_texts import NULL, joined, quoted
from bioplan_gis.exporting.reprojection import in_feed_axes

CORE = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"
TYPES_AND_SCHEMAS = "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"
PROFILE = "http://www.opengis.net/def/profile/OGC/0/jsonfg-plus"
# Types of column that say when a feature is, and the member of ``time`` that holds them (/req/core/instant, /utc).
INSTANTS: Mapping[str, str] = {"date": "date", "timestamp": "timestamp"}
_DIMENSIONS = {
    "POINT": 0, "MULTIPOINT": 0, "LINESTRING": 1, "MULTILINESTRING": 1, "POLYGON": 2, "MULTIPOLYGON": 2,
}  # fmt: skip


def root_members(layer_id: str, schema: str, geometry_type: str | None, crs: FeedCrs) -> dict[str, Any]:
    """What the root of a document says: a collection's, or that of a single feature.

    Args:
        layer_id: which is the type of its features.
        schema: address of the layer's JSON Schema.
        geometry_type: of the layer, in capitals; None for a plain table.
        crs: of ``place``.
    """
    members: dict[str, Any] = {
        "conformsTo": [CORE, TYPES_AND_SCHEMAS],
        "coordRefSys": crs.uri,
        "featureType": layer_id,
        "featureSchema": schema,
    }
    if geometry_type in _DIMENSIONS:
        members["geometryDimension"] = _DIMENSIONS[geometry_type]
    return members


def jsonfg_features(
    batch: pa.RecordBatch, kinds: Mapping[str, str], geometry: str | None, crs: FeedCrs, instant: str | None
) -> bytes:
    """The rows of a batch as features of a collection, with commas between.

    Args:
        batch: with the id as its first column, and geometry as EPSG:4490 longitude and latitude.
        kinds: type in the registry by column, ``id`` first.
        geometry: the column with geometry; None for a plain table.
        crs: of ``place``.
        instant: the column that says when a feature is; None where none does.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    return listed(batch, kinds, _members(batch, kinds, geometry, crs, instant), _properties(kinds))


def jsonfg_feature(
    batch: pa.RecordBatch, kinds: Mapping[str, str], geometry: str | None, crs: FeedCrs, instant: str | None
) -> bytes:
    """The only row of a batch as a feature, as ``jsonfg_features`` is given it."""
    return joined(features(batch, kinds, _members(batch, kinds, geometry, crs, instant), _properties(kinds)))


def _properties(kinds: Mapping[str, str]) -> Sequence[str]:
    return [name for name in kinds if name != "id"]


def _members(
    batch: pa.RecordBatch, kinds: Mapping[str, str], geometry: str | None, crs: FeedCrs, instant: str | None
) -> dict[str, pa.Array]:
    nothing = pa.repeat(NULL, batch.num_rows)
    members = {"time": nothing if instant is None else _times(kinds[instant], batch.column(instant))}
    if geometry is None:
        return members | {"place": nothing, "geometry": nothing}
    shapes = shapes_of(batch, geometry)
    place = nothing if crs == CRS84 else geometry_texts(in_feed_axes(shapes, crs))
    return members | {"place": place, "geometry": geometry_texts(_for_geojson(shapes))}


def _for_geojson(shapes: Shapes) -> Shapes:
    return in_feed_axes(shapely.orient_polygons(shapes), CRS84)


def _times(kind: str, column: pa.Array) -> pa.Array:
    texts = pc.binary_join_element_wise(f'{{"{INSTANTS[kind]}":', quoted(as_text(kind, column)), "}", "")
    return pc.fill_null(texts, NULL)
