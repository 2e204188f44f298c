"""Text of dBase tables, decoded here and not by GDAL: whole columns at once, and no half character makes a row fall.

GDAL reads such a table as ISO 8859-1, which gives each byte a character of its own, so that nothing is lost and nothing
guessed; the bytes are taken back and read in the encoding that was found for them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.importing.reading.dbf import Dbf, open_dbf
from bioplan_gis.importing.reading.encodings import DbfText
from bioplan_gis.importing.rows import Note

BYTEWISE = "ISO-8859-1"
_SEPARATOR = "\x00"
_BLOCK_RECORDS = 20_000
_ONE_BYTE_CODECS = ("cp125", "iso8859", "latin", "cp437", "cp85", "cp866")


def decoded(table: pa.Table, text: DbfText) -> pa.Table:
    """A table read bytewise, with its text columns and its column names decoded."""
    columns = [_decoded(column, text.encoding) if _is_text(column.type) else column for column in table.columns]
    return pa.table(columns, names=list(text.field_names))


def _is_text(of_type: pa.DataType) -> bool:
    return of_type in {pa.string(), pa.large_string()}


def _decoded(column: pa.ChunkedArray, encoding: str) -> pa.Array:
    column = column.combine_chunks()
    raw = _joined(column).encode(BYTEWISE)
    if raw.isascii():
        return column
    try:
        values = raw.decode(encoding).split(_SEPARATOR)
    except UnicodeDecodeError:
        values = [_whole_characters(value, encoding) for value in raw.split(_SEPARATOR.encode())]
    return pa.array(values, column.type, mask=np.asarray(column.is_null()))


def _joined(column: pa.Array) -> str:
    """All values in one string; none of them can hold the separator, at which a dBase value ends."""
    offsets = pa.array([0, len(column)], pa.int32())
    return str(pc.binary_join(pa.ListArray.from_arrays(offsets, pc.fill_null(column, "")), _SEPARATOR)[0].as_py())


def _whole_characters(value: bytes, encoding: str) -> str:
    """A value without the half character that it may end in; what else cannot be read shows as U+FFFD."""
    try:
        return value.decode(encoding)
    except UnicodeDecodeError as error:
        cut = error.end >= len(value) or error.start >= len(value) - 3
        return value[: error.start].decode(encoding) if cut else value.decode(encoding, "replace")


def cut_values(dbf: Path, text: DbfText) -> Iterator[Note]:
    """For each field, how many values its width has cut in the middle of a character.

    Only a value that fills its field can be cut.
    """
    if text.encoding.startswith(_ONE_BYTE_CODECS):
        return
    table = open_dbf(dbf)
    fields = [(field, name) for field, name in zip(table.fields, text.field_names, strict=True) if field.is_text]
    counts = dict.fromkeys((name for _, name in fields), 0)
    for records in _records(dbf, table):
        for field, name in fields:
            counts[name] += _count_cut(records[:, field.start : field.start + field.width], text.encoding)
    for field, name in fields:
        if counts[name]:
            yield Note(
                f"字段“{name}”宽 {field.width} 字节，有 {counts[name]:,} 个值在字的中间被截断，已去掉末尾的半个字",
                f"the field {name!r} is {field.width} bytes wide: {counts[name]:,} values are cut in the middle of a "
                "character and lose that half",
            )


def _records(dbf: Path, table: Dbf) -> Iterator[NDArray[np.uint8]]:
    with dbf.open("rb") as stream:
        stream.seek(table.header_bytes)
        while block := stream.read(_BLOCK_RECORDS * table.record_bytes):
            whole = len(block) // table.record_bytes
            yield np.frombuffer(block, np.uint8, whole * table.record_bytes).reshape(whole, table.record_bytes)


def _count_cut(values: NDArray[np.uint8], encoding: str) -> int:
    """How many values leave no byte of their field blank, and end in half a character."""
    if not values.shape[1]:
        return 0
    full = values[values[:, -1] > ord(" ")]
    wide = full[full.max(axis=1, initial=0) > ord("\x7f")]
    return sum(_is_cut(value.tobytes(), encoding) for value in wide)


def _is_cut(value: bytes, encoding: str) -> bool:
    try:
        value.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start >= len(value) - 3
    return False
