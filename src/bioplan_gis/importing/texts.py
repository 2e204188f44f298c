"""Text of dBase tables, decoded here and not by GDAL: whole columns at once, and no half character makes a row fall.

GDAL reads such a table as ISO 8859-1, which gives each byte a character of its own, so that nothing is lost and nothing
guessed; the bytes are taken back and read in the encoding that was found for them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.importing.dbf import open_dbf
from bioplan_gis.importing.encodings import DbfText
from bioplan_gis.importing.rows import Note

BYTEWISE = "ISO-8859-1"
_SEPARATOR = "\x00"
_BLOCK_RECORDS = 50_000
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
    for (field, start, width), name in zip(_text_fields(dbf), _text_names(dbf, text), strict=True):
        count = sum(_is_cut(value, text.encoding) for value in _full_values(dbf, start, width))
        if count:
            yield Note(
                f"字段“{name}”宽 {field} 字节，有 {count:,} 个值在字的中间被截断，已去掉末尾的半个字",
                f"the field {name!r} is {field} bytes wide: {count:,} values are cut in the middle of a character and "
                "lose that half",
            )


def _text_fields(dbf: Path) -> list[tuple[int, int, int]]:
    return [(field.width, field.start, field.width) for field in open_dbf(dbf).fields if field.is_text]


def _text_names(dbf: Path, text: DbfText) -> list[str]:
    fields = open_dbf(dbf).fields
    return [name for field, name in zip(fields, text.field_names, strict=True) if field.is_text]


def _full_values(dbf: Path, start: int, width: int) -> Iterator[bytes]:
    """The values of a field that leave no byte of it blank and end beyond ASCII or in a trail byte."""
    table = open_dbf(dbf)
    size = dbf.stat().st_size - table.header_bytes
    records = np.memmap(dbf, np.uint8, "r", table.header_bytes, (size // table.record_bytes, table.record_bytes))
    for first in range(0, len(records), _BLOCK_RECORDS):
        values = records[first : first + _BLOCK_RECORDS, start : start + width]
        full = (values[:, -1] > ord(" ")) & (values.max(axis=1, initial=0) > ord("\x7f"))
        yield from (value.tobytes() for value in values[full])


def _is_cut(value: bytes, encoding: str) -> bool:
    try:
        value.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start >= len(value) - 3
    return False
