"""A layer written as a file, in the CRS and of the features that are asked for."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyproj import CRS
from sqlalchemy import Connection

from bioplan_gis.catalogue import Column
from bioplan_gis.crs import STORAGE_SRID, FeedCrs
from bioplan_gis.errors import ParameterError
from bioplan_gis.exporting.files import put_in_place, workplace
from bioplan_gis.exporting.formats import FORMATS, LONGITUDE_LATITUDE, Format, format_of
from bioplan_gis.exporting.geojson import geojson_text
from bioplan_gis.exporting.outgoing import Omission, Outgoing, Written, notice
from bioplan_gis.exporting.reprojection import is_approximate, reprojected, target_crs
from bioplan_gis.exporting.sheets import csv_to
from bioplan_gis.importing.rows import Note
from bioplan_gis.outputs import STANDARD_OUTPUT
from bioplan_gis.storage.extracts import Excerpt, columns_of, count_rows, extract_of, read_batches
from bioplan_gis.storage.filters import refused_overflow, where_clause
from bioplan_gis.storage.layers import Layer, read_layer

NOTICE_SUFFIX = ".source.txt"
STREAMED = ("geojson", "csv")
# A batch of a feed is small, so that its first bytes come soon.
FEED_ROWS = 5_000
Progress = Callable[[int, int], None]
_APPROXIMATE = Note(
    "该坐标系的基准与 CGCS2000 之间没有公开的精确转换，位置可能偏差数米至上百米。",
    "No exact transformation is published between the datum of this CRS and CGCS2000; positions may be metres to a "
    "hundred metres off.",
)


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        layer_id: of the layer.
        format: of the file.
        crs: of its geometry; None for a plain table.
        matched: how many features were asked for.
        rows: how many stand in the file.
        omissions: what the format could not hold, with counts.
        notes: what else the user should know.
        files: what was written; empty for standard output.
    """

    layer_id: str
    format: Format
    crs: str | None
    matched: int
    rows: int
    omissions: tuple[Omission, ...]
    notes: tuple[Note, ...]
    files: tuple[Path, ...]


def export_layer(  # noqa: PLR0913 - as many as there are choices
    connection: Connection,
    layer_id: str,
    target: str,
    *,
    format_id: str | None = None,
    crs: str | None = None,
    where: str | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """Write a layer as a file, whole or not at all.

    Args:
        connection: of a reading transaction, which is busy meanwhile.
        layer_id: of the layer.
        target: the file; ``-`` is standard output, for GeoJSON and CSV.
        format_id: such as ``gpkg``; None takes it from the file's extension.
        crs: of the file; None for EPSG:4490, or for the WGS 84 that GeoJSON and KML have always.
        where: CQL2, text or JSON; None for all features.
        progress: told how many rows were written, of how many.

    Raises:
        LayerNotFoundError: there is no such layer.
        ParameterError: the format, CRS or filter cannot be used.
        OutputError: the file cannot be written.
        StorageError: the database cannot be read.
    """
    layer = read_layer(connection, layer_id)
    chosen = _streamed(format_id) if target == STANDARD_OUTPUT else format_of(format_id, target)
    _require_fit(chosen, layer)
    reference = _crs_for(chosen, crs)
    clause = None if where is None else where_clause(layer, where, dialect=connection.dialect.name)
    with refused_overflow(where):
        matched = count_rows(connection, layer, Excerpt(clause))
    # A writer that fails leaves its stream where it is: it is closed before the transaction ends.
    with ExitStack() as streams:

        def read() -> Iterator[pa.RecordBatch]:
            return streams.enter_context(closing(read_batches(connection, layer, Excerpt(clause))))

        outgoing = _outgoing(layer, reference, where, read)
        if progress is not None:
            outgoing = replace(outgoing, batches=_told(outgoing.batches, progress, matched))
        written, files = _write(outgoing, chosen, target)
    if outgoing.geometry is not None and is_approximate(outgoing.crs):
        written.notes.append(_APPROXIMATE)
    return ExportReport(
        layer.id,
        chosen,
        outgoing.crs_name if outgoing.geometry else None,
        matched,
        written.rows,
        tuple(written.omissions),
        tuple(written.notes),
        files,
    )


def feed_outgoing(  # noqa: PLR0913 - as many as there are choices
    connection: Connection,
    layer: Layer,
    excerpt: Excerpt,
    crs: FeedCrs,
    streams: ExitStack,
    *,
    where: str | None = None,
    alive: Callable[[], None] = lambda: None,
) -> Outgoing:
    """An excerpt of a layer on its way out through a feed, x = east or longitude first.

    Args:
        connection: of a reading transaction, which is busy until the streams are closed.
        layer: as the registry describes it in the same transaction.
        excerpt: which of its rows and columns, and in which order.
        crs: of the geometry; its axis order is the business of the formats that have one.
        streams: where what is being read is closed, before the transaction ends.
        where: what chose the rows, in the user's words.
        alive: called for each batch; raises whatever ends the work when nobody waits for it any more.
    """

    def read() -> Iterator[pa.RecordBatch]:
        for batch in streams.enter_context(closing(read_batches(connection, layer, excerpt, batch_rows=FEED_ROWS))):
            alive()
            yield batch

    # Longitude first is how every file holds EPSG:4326, which CRS84 is the name of.
    reference = f"EPSG:{crs.srid}", CRS.from_epsg(crs.srid)
    return _outgoing(layer, reference, where, read, excerpt.columns)


def _streamed(format_id: str | None) -> Format:
    chosen = format_id or STREAMED[0]
    if chosen.casefold() in STREAMED:
        return FORMATS[chosen.casefold()]
    raise ParameterError(
        "format",
        chosen,
        f"标准输出只能写 GeoJSON 或 CSV，不能写“{chosen}”；请用 --to 给出文件名。",
        f"Standard output takes GeoJSON and CSV, not “{chosen}”; name a file with --to.",
    )


def _require_fit(chosen: Format, layer: Layer) -> None:
    """See that a plain table is not written as what holds geometry only.

    Raises:
        ParameterError: it would be.
    """
    if layer.geometry_type is None and chosen.needs_geometry:
        raise ParameterError(
            "format",
            chosen.id,
            f"{layer.id} 没有几何，不能写成 {chosen.name}；请用 .csv、.xlsx、.gpkg、.parquet 或 .geojson。",
            f"{layer.id} has no geometry and cannot be {chosen.name}; take .csv, .xlsx, .gpkg, .parquet or .geojson.",
        )


def _crs_for(chosen: Format, crs: str | None) -> tuple[str, CRS]:
    """The CRS with its name, such as ``EPSG:4549``.

    Raises:
        ParameterError: it is none, or the format's standard allows no other than WGS 84.
    """
    default = LONGITUDE_LATITUDE if chosen.only_lonlat else f"EPSG:{STORAGE_SRID}"
    asked = target_crs(default if crs is None else crs)
    if chosen.only_lonlat and asked.to_authority() not in {("EPSG", "4326"), ("OGC", "CRS84")}:
        able = "、".join(each.extensions[0] for each in FORMATS.values() if not each.only_lonlat)
        raise ParameterError(
            "crs",
            crs or "",
            f"crs：按其标准，{chosen.name} 只能用 WGS 84 经纬度（EPSG:4326）；其他坐标系请用 {able}。",
            f"crs: by its standard {chosen.name} is in WGS 84 longitude and latitude (EPSG:4326); for other CRSs take "
            f"{able.replace('、', ', ')}.",
        )
    authority = asked.to_authority()
    return (":".join(authority) if authority else asked.name), asked


def _outgoing(
    layer: Layer,
    reference: tuple[str, CRS],
    where: str | None,
    read: Callable[[], Iterator[pa.RecordBatch]],
    columns: Collection[str] | None = None,
) -> Outgoing:
    extract, (crs_name, crs) = extract_of(layer, columns), reference
    own = columns_of(layer, columns)
    return Outgoing(
        layer_id=layer.id,
        title_zh=layer.title_zh,
        title_en=layer.title_en,
        description_zh=layer.description_zh,
        description_en=layer.description_en,
        version=layer.version,
        source=layer.source,
        licence=layer.licence,
        attribution=layer.attribution,
        synthetic=layer.synthetic,
        filter=where,
        geometry_type=layer.geometry_type,
        geometry=extract.geometry,
        kinds={"id": "text"} | {column.name: column.type for column in own},
        titles={column.name: _title(column) for column in own},
        schema=extract.schema,
        crs=crs,
        crs_name=crs_name,
        batches=lambda: reprojected(read(), extract.geometry, crs, crs_name),
    )


def _title(column: Column) -> str:
    """Both titles and the unit."""
    titles = " · ".join(dict.fromkeys(filter(None, (column.title_zh, column.title_en))))
    return f"{titles} ({column.unit})" if column.unit else titles


def _told(
    batches: Callable[[], Iterator[pa.RecordBatch]], progress: Progress, total: int
) -> Callable[[], Iterator[pa.RecordBatch]]:
    def read() -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in batches():
            yield batch
            done += batch.num_rows
            progress(done, total)

    return read


def _write(outgoing: Outgoing, chosen: Format, target: str) -> tuple[Written, tuple[Path, ...]]:
    if target == STANDARD_OUTPUT:
        return _to_standard_output(outgoing, chosen), ()
    path = Path(target).resolve()
    with workplace(path) as folder:
        written = chosen.write(outgoing, folder / path.name)
        if chosen.needs_notice:
            beside = folder / f"{path.name}{NOTICE_SUFFIX}"
            beside.write_text(notice(outgoing), encoding="utf-8", newline="\n")
        return written, tuple(put_in_place(folder, path))


def _to_standard_output(outgoing: Outgoing, chosen: Format) -> Written:
    stream: Any = sys.stdout.buffer
    if chosen.id == "csv":
        written = csv_to(outgoing, stream)
    else:
        written = Written()
        for text in geojson_text(outgoing, written):
            stream.write(text)
    stream.flush()
    return written
