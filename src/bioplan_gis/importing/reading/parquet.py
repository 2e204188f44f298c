"""GeoParquet (1.0 and 1.1) as Arrow batches, and Parquet that holds geometry without saying so.

A column in WKB is handed on as it stands. Native encodings (GeoArrow: points, lines and polygons as nested lists of
coordinates) become WKB batch by batch.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from bioplan_gis.errors import UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading import curves
from bioplan_gis.importing.reading.files import GivenFile
from bioplan_gis.importing.reading.written_shapes import shapes_of_wkb, shapes_of_wkt
from bioplan_gis.importing.rows import Batch, Facts, Note, Reading, Rows

_FAMILIES = {"Point": "POINT", "LineString": "LINESTRING", "Polygon": "POLYGON"}
_NATIVE = {"point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"}
_LIKELY_NAMES = ("geometry", "geom", "wkb_geometry", "wkb", "shape", "wkt", "the_geom", "几何", "图形")
_WKT_START = r"^\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON|GEOMETRYCOLLECTION|CIRCULAR|COMPOUND|CURVE|SURFACE)"
_PROBED_ROWS = 100


@dataclass(frozen=True)
class _Column:
    """The column that holds the geometry, how it does, and what is said of its CRS."""

    name: str
    encoding: str
    crs: str | None
    family: str | None
    notes: tuple[Note, ...] = ()


def read(file: GivenFile, reading: Reading, batch_rows: int) -> Rows:
    """Open a GeoParquet file; ``source_layer`` chooses among its geometry columns.

    Raises:
        UnreadableFileError: it is damaged, or has no geometry that could be recognised.
        UncertainFileError: it has no ``geo`` metadata and several columns that could be its geometry.
    """
    try:
        opened = pq.ParquetFile(file.path)
        column = _geometry(file, opened, reading.source_layer)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(file, error) from error
    facts = Facts(
        kind=file.kind,
        source_layer=file.title if file.title != file.original.stem else None,
        crs=column.crs,
        geometry_family=column.family,
        row_count=opened.metadata.num_rows,
        notes=(*file.notes, *column.notes),
    )
    return Rows(facts, _batches(file, opened, column, batch_rows))


def _damaged(file: GivenFile, error: Exception) -> UnreadableFileError:
    words = " ".join(str(error).split())[:300]
    return UnreadableFileError(
        f"无法按 Parquet 读取“{file.original.name}”，文件可能已损坏：{words}",
        f"{file.original.name} cannot be read as Parquet; it may be damaged: {words}",
    )


def _geometry(file: GivenFile, opened: pq.ParquetFile, told: str | None) -> _Column:
    metadata = (opened.schema_arrow.metadata or {}).get(b"geo")
    if metadata is None:
        return _guessed(file, opened, told)
    geo = json.loads(metadata)
    name = told or geo["primary_column"]
    if name not in geo["columns"]:
        raise UnreadableFileError(
            f"“{file.original.name}”没有几何列“{name}”；现有：{'、'.join(geo['columns'])}",
            f"{file.original.name} has no geometry column {name!r}; it has: {', '.join(geo['columns'])}",
        )
    opened.schema_arrow.field(name)  # which may be said to be there and not be
    return _declared(name, geo["columns"][name])


def _declared(name: str, said: dict[str, Any]) -> _Column:
    """An absent ``crs`` means OGC:CRS84, a null one that it is unknown (GeoParquet 1.1, “crs”)."""
    crs = said.get("crs", "OGC:CRS84")
    types = {one.removesuffix(" Z").removesuffix(" M").removeprefix("Multi") for one in said.get("geometry_types", [])}
    family = _FAMILIES.get(next(iter(types))) if len(types) == 1 else None
    spherical = said.get("edges", "planar") != "planar"
    notes = (_EDGES,) if spherical else ()
    return _Column(name, said["encoding"].lower(), json.dumps(crs) if isinstance(crs, dict) else crs, family, notes)


_EDGES = Note(
    "文件声明边为球面大圆弧，此处按直线处理", "the file says that edges follow the sphere; they are taken as straight"
)


def _guessed(file: GivenFile, opened: pq.ParquetFile, told: str | None) -> _Column:
    """The one column whose values are WKB or WKT."""
    sample = next(opened.iter_batches(_PROBED_ROWS), None)
    found = {} if sample is None else {name: _encoding(sample.column(name)) for name in sample.schema.names}
    geometries = {name: encoding for name, encoding in found.items() if encoding and told in {None, name}}
    likely = [name for name in geometries if len(geometries) == 1 or name.lower() in _LIKELY_NAMES]
    if len(likely) == 1:
        encoding = geometries[likely[0]]
        note = Note(
            f"没有 GeoParquet 元数据；列“{likely[0]}”的值是 {encoding.upper()}，按几何读取",
            f"no GeoParquet metadata; the column {likely[0]!r} holds {encoding.upper()} and is the geometry",
        )
        return _Column(likely[0], encoding, None, None, (note,))
    if geometries:
        raise UncertainFileError(
            f"“{file.original.name}”没有 GeoParquet 元数据，可能的几何列有：{'、'.join(geometries)}；"
            "请用 --source-layer 列名 指定",
            f"{file.original.name} has no GeoParquet metadata, and several columns could be its geometry: "
            f"{', '.join(geometries)}; choose one with --source-layer COLUMN",
        )
    raise UnreadableFileError(
        f"“{file.original.name}”是没有几何的 Parquet：没有 GeoParquet 元数据，也没有 WKB 或 WKT 列；"
        "请用带几何列的 GeoParquet，或导出为 CSV 并注明坐标列",
        f"{file.original.name} is Parquet without geometry: no GeoParquet metadata and no column of WKB or WKT; give "
        "GeoParquet with a geometry column, or CSV with columns of coordinates",
    )


def _encoding(column: pa.Array) -> str | None:
    """``wkb`` or ``wkt`` where all values of a column are; None otherwise."""
    column = column.drop_null()
    if not len(column):
        return None
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        types = curves.geometry_types(column)
        shapes = shapes_of_wkb(column.to_pylist()) if types.all() else np.array([None])
        return "wkb" if not shapely.is_missing(shapes).any() else None
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return (
            "wkt"
            if pa.compute.all(pa.compute.match_substring_regex(column, _WKT_START, ignore_case=True)).as_py()
            else None
        )
    return None


def _batches(file: GivenFile, opened: pq.ParquetFile, column: _Column, batch_rows: int) -> Iterator[Batch]:
    first_row = 1
    try:
        with opened:
            yield _batch(opened.schema_arrow.empty_table(), column, first_row)
            for batch in opened.iter_batches(batch_rows):
                yield _batch(pa.Table.from_batches([batch]), column, first_row)
                first_row += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(file, error) from error


def _batch(table: pa.Table, column: _Column, first_row: int) -> Batch:
    faults, wkb = _wkb(table.column(column.name).combine_chunks(), column)
    attributes = table.drop_columns([column.name, *_boxes(table)])
    plain = pa.table([_plain(one) for one in attributes.columns], names=attributes.column_names)
    return Batch(first_row, plain, wkb, {}, {first_row + row: fault for row, fault in faults.items()})


def _wkb(column: pa.Array, said: _Column) -> tuple[dict[int, Note], pa.Array]:
    if said.encoding == "wkb":
        return {}, curves.straightened(_plain(pa.chunked_array([column])).combine_chunks().cast(pa.binary()))[0]
    if said.encoding == "wkt":
        return _read_wkt(column)
    return {}, _read_native(column, said.encoding)


def _read_wkt(column: pa.Array) -> tuple[dict[int, Note], pa.Array]:
    texts = [None if text is None else text.rpartition(";")[2] for text in column.to_pylist()]
    shapes = shapes_of_wkt(texts)
    bad = [row for row, text in enumerate(texts) if text is not None and shapes[row] is None]
    fault = Note("几何列的文字不是有效的 WKT", "the text in the geometry column is no valid WKT")
    return dict.fromkeys(bad, fault), pa.array(shapely.to_wkb(shapes), pa.binary())


def _read_native(column: pa.Array, encoding: str) -> pa.Array:
    if encoding not in _NATIVE:
        raise ValueError(f"geometry encoding {encoding}")
    field = pa.field("geometry", column.type, metadata={"ARROW:extension:name": f"geoarrow.{encoding}"})
    frame = gpd.GeoDataFrame.from_arrow(pa.table([column], schema=pa.schema([field])))
    return pa.array(shapely.to_wkb(frame.geometry.to_numpy(), flavor="iso"), pa.binary())


def _boxes(table: pa.Table) -> list[str]:
    """The covering column of GeoParquet 1.1: a box of each row, which is no attribute."""
    return [field.name for field in table.schema if field.name == "bbox" and pa.types.is_struct(field.type)]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without dictionary, view and extension types, which only repeat a plain type in another layout."""
    of_type = column.type
    if isinstance(of_type, pa.BaseExtensionType) and not isinstance(of_type, pa.JsonType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], of_type.storage_type)
        of_type = column.type
    if pa.types.is_dictionary(of_type):
        return column.cast(of_type.value_type)
    wide = {pa.large_string(): pa.string(), pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    return column.cast(wide[of_type]) if of_type in wide else column
