"""CSV, UTF-8 with a byte order mark so that Excel reads it right, and what both tables do with geometry."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import shapely

from bioplan_gis.exporting.columns import Shapes, as_text, free_name, shapes_of
from bioplan_gis.exporting.outgoing import Outgoing, Written
from bioplan_gis.importing.rows import Note

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LISTS, _MOMENTS = frozenset({"list", "time"}), frozenset({"datetime", "timestamp"})
_FORMULA_NOTE = Note(
    "CSV 中以 = + - @ 开头的文本按原样写出；在 Excel 中打开来历不明的数据时，请改用 XLSX（其中一律为文本）。",
    "Texts that begin with = + - @ stand in the CSV as they are; to open data that you do not trust in Excel, take "
    "XLSX, where they are text always.",
)


def write_csv(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as CSV with WKT, and x and y of points; a null is nothing, an empty text is two quotes."""
    with target.open("wb") as file:
        return csv_to(outgoing, file)


def csv_to(outgoing: Outgoing, file: BinaryIO) -> Written:
    """The same to a stream."""
    written = Written(notes=[_FORMULA_NOTE])
    file.writelines(csv_pieces(outgoing, written))
    return written


def csv_pieces(outgoing: Outgoing, written: Written) -> Iterator[bytes]:
    """The same piece by piece."""
    sink = io.BytesIO(_BYTE_ORDER_MARK)
    sink.seek(len(_BYTE_ORDER_MARK))
    writer = None
    for batch in flat_batches(outgoing):
        writer = writer or pyarrow.csv.CSVWriter(sink, batch.schema)
        writer.write_batch(batch)
        written.rows += batch.num_rows
        yield _taken(sink)
    if writer is None:
        pyarrow.csv.CSVWriter(sink, pa.schema([(name, pa.string()) for name in flat_names(outgoing)])).close()
        yield _taken(sink)


def _taken(sink: io.BytesIO) -> bytes:
    piece = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return piece


def flat_names(outgoing: Outgoing) -> list[str]:
    """The columns of a table without a type for geometry."""
    names = list(outgoing.kinds)
    if outgoing.geometry is None:
        return names
    axes = ("lon", "lat") if outgoing.crs.is_geographic else ("x", "y")
    for name in (*axes, "geometry_wkt"):
        names.append(free_name(name, names))
    return names


def flat_batches(outgoing: Outgoing, *, moments_as_text: bool = True) -> Iterator[pa.RecordBatch]:
    """Batches with WKT in place of WKB, lists as JSON, and times as ISO 8601 where those with a date are to be text."""
    names = flat_names(outgoing)
    texts = _LISTS | _MOMENTS if moments_as_text else _LISTS
    for batch in outgoing.batches():
        columns = [
            as_text(kind, column) if kind in texts else column
            for kind, column in zip(outgoing.kinds.values(), batch.columns, strict=False)
        ]
        if outgoing.geometry is not None:
            columns += _flat(shapes_of(batch, outgoing.geometry))
        yield pa.RecordBatch.from_arrays(columns, names=names)


def _flat(shapes: Shapes) -> list[pa.Array]:
    """x, y of points, and WKT with as many digits as the coordinates have."""
    points = (shapely.get_type_id(shapes) == 0) & ~shapely.is_empty(shapes)
    corners = np.full((len(shapes), 2), np.nan)
    corners[points] = shapely.get_coordinates(shapes[points])
    wkt = shapely.to_wkt(shapes, rounding_precision=-1)
    return [pa.array(corners[:, at], mask=~points) for at in (0, 1)] + [pa.array(wkt, pa.string())]
