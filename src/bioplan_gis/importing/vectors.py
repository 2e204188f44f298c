"""Files that GDAL reads, as Arrow batches, with the names and types that stand in the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import open_arrow

from bioplan_gis.errors import UncertainFileError, UnreadableFileError
from bioplan_gis.importing import kinds
from bioplan_gis.importing.files import GivenFile
from bioplan_gis.importing.rows import Batch, Facts, Reading, Rows

_OPEN_OPTIONS = {
    kinds.GML: {"DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO"},
}
_FAMILIES = {"Point": "POINT", "LineString": "LINESTRING", "Polygon": "POLYGON"}


@dataclass(frozen=True)
class SourceLayer:
    """A layer within a file.

    Attributes:
        name: as the file has it.
        family: geometry type as GDAL names it; None for a table without geometry.
        rows: how many it has; None where only reading would tell.
    """

    name: str
    family: str | None
    rows: int | None


def read(file: GivenFile, reading: Reading, batch_rows: int) -> Rows:
    """Open a file of a kind that GDAL reads.

    Raises:
        UnreadableFileError: GDAL cannot read it; its own words stand at the end of the sentence.
        UncertainFileError: it has several layers and none was chosen.
    """
    with _explained(file):
        layers = source_layers(file)
        layer = _chosen(file, layers, reading.source_layer)
        info = pyogrio.read_info(file.path, layer=layer.name, **_OPEN_OPTIONS.get(file.kind, {}))
    facts = _facts(file, layer, layers, info)
    return Rows(facts, _batches(file, layer, batch_rows))


def layer_names(file: GivenFile) -> tuple[str, ...]:
    """Names of the layers of a file; a format of one layer has its file's name.

    Raises:
        UnreadableFileError: GDAL cannot read it.
    """
    with _explained(file):
        return tuple(layer.name for layer in source_layers(file))


def source_layers(file: GivenFile) -> tuple[SourceLayer, ...]:
    """The layers of a file in its own order."""
    return tuple(SourceLayer(name, family, None) for name, family in pyogrio.list_layers(file.path))


def chosen_part(file: GivenFile, reading: Reading) -> tuple[GivenFile, Reading]:
    """The one source of an archive that the user named.

    Raises:
        UncertainFileError: none was named; the sentence names them all.
        UnreadableFileError: there is none of that name.
    """
    for part in file.parts:
        if reading.source_layer == part.title:
            return part, replace(reading, source_layer=None)
    raise _ambiguous(file, [(part.title, None) for part in file.parts], reading.source_layer)


def _chosen(file: GivenFile, layers: tuple[SourceLayer, ...], told: str | None) -> SourceLayer:
    named = [layer for layer in layers if layer.name == told or (told == file.title and len(layers) == 1)]
    if told is not None and named:
        return named[0]
    spatial = [layer for layer in layers if layer.family is not None]
    if told is None and len(spatial or layers) == 1:
        return (spatial or list(layers))[0]
    raise _ambiguous(file, [(layer.name, layer.rows) for layer in spatial or layers], told)


def _ambiguous(
    file: GivenFile, layers: list[tuple[str, int | None]], told: str | None
) -> UncertainFileError | UnreadableFileError:
    names = "、".join(name if rows is None else f"{name}（{rows:,}）" for name, rows in layers)
    english = ", ".join(name if rows is None else f"{name} ({rows:,} rows)" for name, rows in layers)
    if told is not None:
        return UnreadableFileError(
            f"“{file.original.name}”中没有图层“{told}”；现有：{names}",
            f"{file.original.name} has no layer {told!r}; it has {english}",
        )
    return UncertainFileError(
        f"“{file.original.name}”含多个图层：{names}；请用 --source-layer 名称 指定一个",
        f"{file.original.name} holds several layers: {english}; choose one with --source-layer NAME",
    )


def _facts(file: GivenFile, layer: SourceLayer, layers: tuple[SourceLayer, ...], info: dict[str, Any]) -> Facts:
    several = len(layers) > 1
    return Facts(
        kind=file.kind,
        source_layer=layer.name if several else file.title,
        other_layers=tuple(other.name for other in layers if other is not layer),
        crs=info["crs"],
        crs_text=_crs_text(file),
        geometry_family=_FAMILIES.get((layer.family or "").removeprefix("Multi").removeprefix("2.5D ").split(" ")[0]),
        row_count=info["features"] if info["features"] >= 0 else None,
        notes=file.notes,
    )


def _crs_text(file: GivenFile) -> str | None:
    prj = file.path.with_suffix(".prj")
    return prj.read_text(encoding="utf-8", errors="replace") if file.kind == kinds.SHAPEFILE and prj.exists() else None


def _batches(file: GivenFile, layer: SourceLayer, batch_rows: int) -> Iterator[Batch]:
    options = _OPEN_OPTIONS.get(file.kind, {})
    with (
        _explained(file),
        open_arrow(file.path, layer=layer.name, batch_size=batch_rows, use_pyarrow=True, **options) as (meta, stream),
    ):
        geometry = meta["geometry_name"] or "wkb_geometry"
        first_row = 1
        empty = stream.schema.empty_table()
        for batch in stream:
            yield _batch(pa.Table.from_batches([batch]), geometry, first_row)
            first_row += batch.num_rows
        if first_row == 1:
            yield _batch(empty, geometry, 1)


def _batch(table: pa.Table, geometry: str, first_row: int) -> Batch:
    if geometry not in table.column_names:
        return Batch(first_row, table.replace_schema_metadata(None), None, {})
    wkb = table.column(geometry).combine_chunks()
    return Batch(first_row, table.drop_columns([geometry]).replace_schema_metadata(None), wkb, {})


@contextmanager
def _explained(file: GivenFile) -> Iterator[None]:
    try:
        yield
    except (DataSourceError, DataLayerError, pa.ArrowInvalid, UnicodeDecodeError, OSError) as error:
        words = " ".join(str(error).replace(str(file.path), file.original.name).split())[:300]
        raise UnreadableFileError(
            f"无法按 {file.kind} 读取“{file.original.name}”，文件可能已损坏：{words}",
            f"{file.original.name} cannot be read as {file.kind}; it may be damaged: {words}",
        ) from error
