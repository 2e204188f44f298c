"""GeoPackage and FlatGeobuf, written by GDAL from the stream of batches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely

from bioplan_gis.errors import OutputError
from bioplan_gis.exporting.columns import free_name, shapes_of, with_texts
from bioplan_gis.exporting.outgoing import Outgoing, Written, notice
from bioplan_gis.importing.rows import Note

_GEOMETRY_TYPES: Mapping[str, str] = {
    "POINT": "Point", "MULTIPOINT": "MultiPoint", "LINESTRING": "LineString", "MULTILINESTRING": "MultiLineString",
    "POLYGON": "Polygon", "MULTIPOLYGON": "MultiPolygon", "GEOMETRYCOLLECTION": "GeometryCollection",
}  # fmt: skip
_TITLE = "GDAL:OGR:alternative_name"
_KEY = "fid"


def write_gpkg(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as GeoPackage, its titles, description, attribution and licence within."""
    written = Written()
    if "datetime" in outgoing.kinds.values():
        written.notes.append(_ZONELESS)
    options = {
        "IDENTIFIER": outgoing.title,
        "DESCRIPTION": notice(outgoing),
        "GEOMETRY_NAME": free_name("geom", outgoing.kinds),
        "FID": free_name(_KEY, outgoing.kinds),
    }
    batches = (with_texts(batch, dict(outgoing.kinds), {"list", "time"}) for batch in outgoing.batches())
    write_with_gdal(outgoing, target, batches, written, driver="GPKG", layer_options=options)
    return written


_ZONELESS = Note(
    "GeoPackage 的时间一律视为 UTC，且只到毫秒；无时区的时间按原数字写出。",
    "Times in a GeoPackage are taken as UTC, to the millisecond; those without a zone are written as they read.",
)


def write_flatgeobuf(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as FlatGeobuf, with its spatial index; features without geometry cannot be in it."""
    written, missing = Written(), Missing()
    options = {"SPATIAL_INDEX": "YES", "TITLE": outgoing.title, "DESCRIPTION": notice(outgoing)}
    placed = missing.taken_out(outgoing)
    batches = (with_texts(batch, dict(outgoing.kinds), {"list", "time"}) for batch in placed)
    write_with_gdal(outgoing, target, batches, written, driver="FlatGeobuf", layer_options=options)
    written.omit(
        missing.count,
        "个要素没有几何，带空间索引的 FlatGeobuf 不能保存，已略去；.gpkg 与 .parquet 可保存。",
        "features have no geometry, which FlatGeobuf with its spatial index cannot hold; they were left out; .gpkg and "
        ".parquet hold them.",
        features=True,
    )
    return written


@dataclass
class Missing:
    """Counts the features that a format without null geometry leaves out."""

    count: int = 0

    def taken_out(self, outgoing: Outgoing) -> Iterator[pa.RecordBatch]:
        """The batches without them."""
        for batch in outgoing.batches():
            shapes = shapes_of(batch, outgoing.geometry or "")
            present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
            self.count += int((~present).sum())
            if present.any():
                yield batch if present.all() else batch.filter(pa.array(present))


def write_with_gdal(  # noqa: PLR0913 - what GDAL must be told
    outgoing: Outgoing,
    target: Path,
    batches: Iterator[pa.RecordBatch],
    written: Written,
    *,
    driver: str,
    layer_options: Mapping[str, str],
    geometry_type: str | None = None,
    encoding: str | None = None,
) -> None:
    """Let GDAL write batches to a file as they come.

    Raises:
        OutputError: GDAL cannot write them; its reason is in the error.
    """
    first = next(batches, None)
    schema = _titled(outgoing, outgoing_schema(outgoing, {"list", "time"}) if first is None else first.schema)
    spatial: dict[str, Any] = {}
    if outgoing.geometry is not None:
        kind = geometry_type or _GEOMETRY_TYPES.get(outgoing.geometry_type or "", "Unknown")
        spatial = {"geometry_name": outgoing.geometry, "geometry_type": kind, "crs": outgoing.crs.to_wkt()}
    failures: list[Exception] = []
    reader = pa.RecordBatchReader.from_batches(schema, _counted(first, batches, schema, written, failures))
    try:
        pyogrio.write_arrow(
            reader, target, driver=driver, layer=outgoing.layer_id, encoding=encoding,
            layer_options=dict(layer_options), **spatial,
        )  # fmt: skip
    except Exception as error:
        # What went wrong with a batch comes back from GDAL as something else.
        if failures:
            raise failures[0] from error
        if isinstance(error, _GDAL_ERRORS):
            raise _refused(driver, error) from error
        raise


_GDAL_ERRORS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FieldError,
    pyogrio.errors.FeatureError,
)


def outgoing_schema(outgoing: Outgoing, as_text: set[str]) -> pa.Schema:
    """The schema of batches whose columns of some kinds became text."""
    fields = [
        pa.field(each.name, pa.string()) if outgoing.kinds.get(each.name) in as_text else each
        for each in outgoing.schema
    ]
    return pa.schema(fields)


def _titled(outgoing: Outgoing, schema: pa.Schema) -> pa.Schema:
    """Titles become what GDAL calls alternative names, and GeoPackage the titles of its columns."""
    return pa.schema(
        [
            each.with_metadata({_TITLE: outgoing.titles[each.name]}) if outgoing.titles.get(each.name) else each
            for each in schema
        ]
    )


def _counted(
    first: pa.RecordBatch | None,
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema,
    written: Written,
    failures: list[Exception],
) -> Iterator[pa.RecordBatch]:
    try:
        while first is not None:
            written.rows += first.num_rows
            yield pa.RecordBatch.from_arrays(first.columns, schema=schema)
            first = next(batches, None)
    except Exception as error:
        failures.append(error)
        raise


def _refused(driver: str, error: Exception) -> OutputError:
    return OutputError(
        f"无法写出 {driver}：{error}。请换用其他格式，如 .gpkg 或 .parquet。",
        f"{driver} could not be written: {error}. Choose another format, such as .gpkg or .parquet.",
    )


def most_digits(column: pa.Array) -> int:
    """Greatest absolute value of an integer column, as a Python integer; 0 for an empty one."""
    found = pc.min_max(column).as_py()
    return int(max(abs(found["min"] or 0), abs(found["max"] or 0)))
