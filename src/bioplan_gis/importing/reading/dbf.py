"""What a dBase table says of itself, and some of its text as bytes.

Layout after the dBase III/IV and Visual FoxPro file headers: 32 bytes, of which 4–7 count the records, 8–9 and 10–11
give the lengths of the header and of a record and 29 the language driver; then 32 bytes a field, up to 0x0D.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.reading.charsets import Sample

HEADER_BYTES = 32
FIELD_BYTES = 32
END_OF_FIELDS = 0x0D
CUT_NAME_BYTES = 9
MOST_HEADER_BYTES = 65_535
BLOCK_BYTES = 1 << 18
SAMPLED_BLOCKS = 64
MOST_PIECES = 6_000
PIECES_A_BLOCK = 400
TEXT_TYPES = b"CV"
# The language driver bytes that name a code page (0x57 says only “the ANSI page of the machine that wrote it”).
LANGUAGES = {
    **dict.fromkeys((0x03, 0x58, 0x59), "cp1252"),
    **dict.fromkeys((0x4D, 0x7A), "gb18030"),
    **dict.fromkeys((0x4F, 0x78), "cp950"),
    **dict.fromkeys((0x4E, 0x79), "cp949"),
    **dict.fromkeys((0x13, 0x7B), "cp932"),
    **dict.fromkeys((0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x1B), "cp437"),
    **dict.fromkeys((0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37), "cp850"),
    **dict.fromkeys((0x26, 0x65), "cp866"),
    0xC8: "cp1250",
    0xC9: "cp1251",
}


@dataclass(frozen=True)
class DbfField:
    """One field: its name as bytes, whether it holds text, and where in a record it stands."""

    name: bytes
    is_text: bool
    start: int
    width: int


@dataclass(frozen=True)
class Dbf:
    """The header of a dBase table."""

    language: int
    header_bytes: int
    record_bytes: int
    fields: tuple[DbfField, ...]

    @property
    def language_codec(self) -> str | None:
        """The encoding that the language driver byte names; None where it names none."""
        return LANGUAGES.get(self.language)


def open_dbf(path: Path) -> Dbf:
    """The header of a dBase table.

    Raises:
        UnreadableFileError: it is no dBase table.
    """
    with path.open("rb") as file:
        head = file.read(MOST_HEADER_BYTES)
    header_bytes = int.from_bytes(head[8:10], "little")
    record_bytes = int.from_bytes(head[10:12], "little")
    if len(head) < HEADER_BYTES or not HEADER_BYTES < header_bytes <= len(head) or not record_bytes:
        raise UnreadableFileError(
            f"{path.name} 不是完整的 dBase 表：表头只有 {len(head)} 字节，或所写长度不符。",
            f"{path.name} is no complete dBase table: its header has {len(head)} bytes, or lies about its length.",
        )
    return Dbf(head[29], header_bytes, record_bytes, tuple(_fields(head[HEADER_BYTES:header_bytes], record_bytes)))


def text_sample(path: Path, table: Dbf) -> Sample:
    """Values of the text fields that are not plain ASCII, from all over the file; else the names of the fields."""
    whole: set[bytes] = set()
    cut: set[bytes] = set()
    for field, value in _values(path, table):
        (cut if len(value) == field.width else whole).add(value)
    return Sample(tuple(sorted(whole)), tuple(sorted(cut))) if whole or cut else name_sample(table)


def name_sample(table: Dbf) -> Sample:
    """The fields' names; the long ones may be cut."""
    names = [field.name for field in table.fields]
    return Sample(
        whole=tuple(name for name in names if len(name) < CUT_NAME_BYTES),
        cut=tuple(name for name in names if len(name) >= CUT_NAME_BYTES),
    )


def _fields(described: bytes, record_bytes: int) -> Iterator[DbfField]:
    start = 1
    for place in range(0, len(described) - FIELD_BYTES + 1, FIELD_BYTES):
        field = described[place : place + FIELD_BYTES]
        if field[0] == END_OF_FIELDS or start + field[16] > record_bytes:
            return
        yield DbfField(field[:11].split(b"\0")[0].rstrip(), field[11] in TEXT_TYPES, start, field[16])
        start += field[16]


def _values(path: Path, table: Dbf) -> Iterator[tuple[DbfField, bytes]]:
    """Values beyond ASCII: of blocks spread over the file, or of the whole file where those have none."""
    for sparse in (True, False):
        count = 0
        for records in _blocks(path, table, sparse=sparse):
            for found in _values_of(records, table):
                yield found
                count += 1
            if count > (MOST_PIECES if sparse else 0):
                break
        if count:
            return


def _blocks(path: Path, table: Dbf, *, sparse: bool) -> Iterator["np.ndarray[tuple[int, int], np.dtype[np.uint8]]"]:
    size = path.stat().st_size - table.header_bytes
    records = max(1, BLOCK_BYTES // table.record_bytes)
    starts = range(0, max(0, size // table.record_bytes), records)
    step = max(1, -(-len(starts) // SAMPLED_BLOCKS)) if sparse else 1
    with path.open("rb") as file:
        for start in sorted({*starts[::step], *starts[-1:]}):
            yield _records(file, table, start, records)


def _records(file: BinaryIO, table: Dbf, start: int, count: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    file.seek(table.header_bytes + start * table.record_bytes)
    block = file.read(count * table.record_bytes)
    whole = len(block) // table.record_bytes
    return np.frombuffer(block, np.uint8, whole * table.record_bytes).reshape(whole, table.record_bytes)


def _values_of(
    records: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]", table: Dbf
) -> Iterator[tuple[DbfField, bytes]]:
    for field in table.fields:
        if field.is_text:
            column = records[:, field.start : field.start + field.width]
            for row in np.flatnonzero((column >= 0x80).any(axis=1))[:PIECES_A_BLOCK]:  # noqa: PLR2004
                yield field, column[row].tobytes().rstrip(b" \0")
