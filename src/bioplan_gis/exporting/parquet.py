"""GeoParquet 1.1.0 (https://geoparquet.org/releases/v1.1.0/): WKB, PROJJSON, bounding box; streamed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import shapely

from bioplan_gis.exporting.columns import Shapes, shapes_of
from bioplan_gis.exporting.outgoing import Outgoing, Written, describe

_TYPES = np.array([
    "Point", "LineString", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
    "GeometryCollection",
])  # fmt: skip


class _Census:
    """What GeoParquet says of a column once all of it has been seen."""

    def __init__(self) -> None:
        self.types: set[str] = set()
        self.bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])

    def add(self, shapes: Shapes) -> None:
        known = shapes[~shapely.is_missing(shapes)]
        self.types |= set(_TYPES[np.unique(shapely.get_type_id(known))].tolist())
        if len(known):
            found = shapely.total_bounds(known)
            self.bounds = np.where([True, True, False, False], np.fmin(self.bounds, found), np.fmax(self.bounds, found))


def write_parquet(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as GeoParquet, or as plain Parquet where it has no geometry."""
    written, census = Written(), _Census()
    described = dict(describe(outgoing)) | {"title": outgoing.title}
    schema = outgoing.schema.with_metadata({f"bioplan:{name}": value for name, value in described.items()})
    with pyarrow.parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in outgoing.batches():
            writer.write_batch(batch)
            written.rows += batch.num_rows
            if outgoing.geometry:
                census.add(shapes_of(batch, outgoing.geometry))
        if outgoing.geometry:
            writer.add_key_value_metadata({"geo": json.dumps(_geo(outgoing, census), ensure_ascii=False)})
    return written


def _geo(outgoing: Outgoing, census: _Census) -> dict[str, Any]:
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted(census.types),
        "crs": outgoing.crs.to_json_dict(),
    }
    if np.isfinite(census.bounds).all():
        column["bbox"] = census.bounds.tolist()
    return {"version": "1.1.0", "primary_column": outgoing.geometry, "columns": {outgoing.geometry: column}}
