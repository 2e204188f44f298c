"""JSON-FG 1.0 (OGC 21-045r1): GeoJSON with type, time and place in a CRS, made of whole columns.

``geometry`` is always there in WGS 84 longitude and latitude, as the profile ``jsonfg-plus`` has it (clause 14), so
that readers of GeoJSON see what readers of JSON-FG see; ``place`` holds it in any other CRS, with the axis order of its
authority (/req/core/axis-order), and is null in CRS84 (/req/core/place-geometries).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.exporting.columns import as_text, shapes_of
from bioplan_gis.exporting.geojson import geometry_texts, listed
from bioplan_gis.exporting.json_texts import NULL
from bioplan_gis.exporting.reprojection import in_feed_axes

CORE = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"
TYPES_AND_SCHEMAS = "http://www.opengis.net/spec/json-fg-1/1.0/conf/types-schemas"
PROFILE = "http://www.opengis.net/def/profile/OGC/0/jsonfg-plus"
# Types of column that say when a feature is, with the member of ``time`` that holds them and what follows the value: a
# time without zone is taken for UTC, as everywhere (/req/core/instant, /req/core/utc).
_INSTANTS: Mapping[str, tuple[str, str]] = {
    "date": ("date", ""),
    "datetime": ("timestamp", "Z"),
    "timestamp": ("timestamp", ""),
}
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


@dataclass(frozen=True)
class Sheet:
    """How rows become features.

    Attributes:
        kinds: type in the registry by column of the batches, ``id`` first.
        names: of the columns that are properties.
        geometry: the column with geometry, EPSG:4490 longitude and latitude; None for a plain table.
        crs: of ``place``.
        instant: the column that says when a feature is; None where none does.
    """

    kinds: Mapping[str, str]
    names: Sequence[str]
    geometry: str | None
    crs: FeedCrs
    instant: str | None


def jsonfg_features(batch: pa.RecordBatch, sheet: Sheet) -> bytes:
    """The rows of a batch as features of a collection, with commas between.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    return listed(batch, sheet.kinds, _members(batch, sheet), sheet.names)


def _members(batch: pa.RecordBatch, sheet: Sheet) -> dict[str, pa.Array]:
    nothing = pa.repeat(NULL, batch.num_rows)
    members = {"time": nothing if sheet.instant is None else _times(batch.column(sheet.instant), sheet)}
    if sheet.geometry is None:
        return members | {"place": nothing, "geometry": nothing}
    shapes = shapes_of(batch, sheet.geometry)
    place = nothing if sheet.crs == CRS84 else geometry_texts(in_feed_axes(shapes, sheet.crs))
    return members | {"place": place, "geometry": geometry_texts(in_feed_axes(shapes, CRS84))}


def _times(column: pa.Array, sheet: Sheet) -> pa.Array:
    kind = sheet.kinds[sheet.instant or ""]
    member, zone = _INSTANTS[kind]
    texts = pc.binary_join_element_wise(f'{{"{member}":"', as_text(kind, column), f'{zone}"}}', "")
    return pc.fill_null(texts, NULL)
