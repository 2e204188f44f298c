"""Tables written as text, with commas, semicolons, tabs or bars between the cells (CSV after RFC 4180)."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from io import BufferedReader, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.reading.cell_types import CellType, emptied, guessed, typed
from bioplan_gis.importing.reading.charsets import REPLACEMENT, label
from bioplan_gis.importing.reading.encodings import text_encoding
from bioplan_gis.importing.reading.headings import HEAD_ROWS, Block, Row, heading_of, omitted_notes, without_tail
from bioplan_gis.importing.rows import Note

MOST_CELL_CHARACTERS = 16 * 1024 * 1024
MOST_BLOCK_BYTES = 32 * 1024 * 1024
PIECE_ROWS = 1_000
HEAD_CHARACTERS = 1 << 16
SNIFFED_ROWS = 50
DELIMITERS = {",": ("逗号", "comma"), "\t": ("制表符", "tab"), ";": ("分号", "semicolon"), "|": ("竖线", "bar")}
_TOLD_DELIMITER = re.compile(r"sep=(.)\r?\n")


class DelimitedTable:
    """A table written as text; opening it reads all of it once, to learn what its columns hold.

    Args:
        path: the file.
        encoding: as the user told it.
        batch_rows: how many rows a block has at most.

    Raises:
        ParameterError: there is no such encoding.
        UnreadableFileError: it is no text, it is empty, or a cell in it does not end.
    """

    def __init__(self, path: Path, encoding: str | None, batch_rows: int) -> None:
        """Find encoding, delimiter, heading and types."""
        csv.field_size_limit(MOST_CELL_CHARACTERS)
        self._path = path
        self._batch_rows = batch_rows
        self.text = text_encoding(path, encoding)
        self._delimiter, self._first_line = self._sniffed()
        self._heading = heading_of(self._head_rows())
        self.names = self._heading.names
        self.row_count, self._has_nul = 0, False
        self._types, notes = self._inferred()
        self.notes = (*self._delimiter_notes(), *self._heading.notes, *notes)

    def blocks(self) -> Iterator[Block]:
        """The rows, typed."""
        for block in self._text_blocks([]):
            faults = block.faults | (_nul_faults(block) if self._has_nul else {})
            yield Block(block.first_row, list(map(typed, block.columns, self._types)), faults)

    def _inferred(self) -> tuple[list[CellType], list[Note]]:
        """What each column holds, after a reading of the whole file."""
        omitted: list[Row] = []
        guesses = guessed(self.names)
        unread = broken = 0
        for block in self._text_blocks(omitted):
            for guess, cells in zip(guesses, block.columns, strict=True):
                guess.see(cells)
                unread += _count_with(cells, REPLACEMENT)
                broken += _count_with(cells, "\n")
                self._has_nul |= bool(_count_with(cells, "\0"))
            self.row_count += len(block.columns[0])
        notes = list(omitted_notes(omitted))
        notes += [_unread_note(unread, self.text.encoding)] if unread else []
        notes += [_broken_note(broken)] if broken else []
        return [guess.kind for guess in guesses], notes

    def _text_blocks(self, omitted: list[Row]) -> Iterator[Block]:
        first_row, width = 1, len(self.names)
        for rows in without_tail(self._row_blocks(), omitted):
            squared, faults = _squared(rows, width, first_row)
            columns = [emptied(pa.array(cells, pa.string())) for cells in zip(*squared, strict=True)]
            yield Block(first_row, columns, faults)
            first_row += len(rows)

    def _row_blocks(self) -> Iterator[list[list[str]]]:
        """Rows of data as the file has them, in blocks bounded by rows and by bytes."""
        with self._opened() as lines:
            rows = islice(self._rows(lines), self._heading.skipped, None)
            block, start = list[list[str]](), lines.buffer.tell()
            while piece := self._next(rows, min(PIECE_ROWS, self._batch_rows - len(block))):
                block += piece
                if len(block) >= self._batch_rows or lines.buffer.tell() - start > MOST_BLOCK_BYTES:
                    yield block
                    block, start = [], lines.buffer.tell()
            if block:
                yield block

    def _opened(self) -> "TextIOWrapper[BufferedReader]":
        return TextIOWrapper(self._path.open("rb"), encoding=self.text.encoding, errors="replace", newline="")

    def _rows(self, lines: "TextIOWrapper[BufferedReader]") -> Iterator[list[str]]:
        """All rows that are not blank."""
        if self._first_line:
            lines.readline()
        return filter(any, csv.reader(lines, delimiter=self._delimiter))

    def _next(self, rows: Iterator[list[str]], count: int) -> list[list[str]]:
        try:
            return list(islice(rows, count))
        except csv.Error as error:
            raise UnreadableFileError(
                f"表格不能读完：有单元格超过 {MOST_CELL_CHARACTERS >> 20} MB，或有引号没有闭合（{error}）。",
                f"The table cannot be read to its end: a cell has over {MOST_CELL_CHARACTERS >> 20} MB, or a quotation "
                f"mark is not closed ({error}).",
            ) from error

    def _head_rows(self) -> list[list[str]]:
        with self._opened() as lines:
            rows = self._next(self._rows(lines), HEAD_ROWS)
        if not rows:
            raise UnreadableFileError("表格是空的。", "The table is empty.")
        return rows

    def _sniffed(self) -> tuple[str, int]:
        """The delimiter, and whether a first line does nothing but name it, as Excel writes it."""
        with self._opened() as lines:
            head = lines.read(HEAD_CHARACTERS)
        if "\0" in head:
            raise UnreadableFileError(
                "文件含有空字节（NUL），不是所认定编码的文本；若为 UTF-16 文本，请用 --encoding UTF-16LE 指定。",
                "The file holds NUL bytes, which text in this encoding has not; if it is UTF-16, tell it with "
                "--encoding UTF-16LE.",
            )
        if told := _TOLD_DELIMITER.match(head):
            return told[1], 1
        return max(DELIMITERS, key=lambda delimiter: _regularity(head, delimiter)), 0

    def _delimiter_notes(self) -> Iterator[Note]:
        if self._delimiter != ",":
            zh, en = DELIMITERS.get(self._delimiter, (self._delimiter, self._delimiter))
            yield Note(f"单元格以{zh}分隔。", f"Cells are divided by {en}s.")


def _regularity(head: str, delimiter: str) -> tuple[float, int]:
    """How alike the rows are when divided so: the share of rows with the usual number of cells, and that number."""
    try:
        rows = list(islice(filter(any, csv.reader(StringIO(head, newline=""), delimiter=delimiter)), SNIFFED_ROWS))
    except csv.Error:
        return 0.0, 0
    lengths = Counter(map(len, rows[:-1] or rows))
    usual, count = max(lengths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
    return (count / lengths.total(), usual) if usual > 1 else (0.0, usual)


def _squared(rows: list[list[str]], width: int, first_row: int) -> tuple[list[list[str]], dict[int, Note]]:
    """The rows with as many cells as there are columns; those that have not are emptied and told."""
    if set(map(len, rows)) == {width}:
        return rows, {}
    faults = {}
    squared = []
    for number, row in enumerate(rows, first_row):
        fits = len(row) >= width and not any(row[width:])
        if not fits:
            faults[number] = _ragged_note(len(row), width)
        squared.append(row[:width] if fits else [""] * width)
    return squared, faults


def _ragged_note(cells: int, width: int) -> Note:
    zh, en = ("太多", "too many") if cells > width else ("太少", "too few")
    return Note(
        f"单元格{zh}：有 {cells} 个，标题有 {width} 列；含分隔符的内容要加引号。",
        f"It has {en} cells: {cells}, where the heading has {width}; text with delimiters in it needs quotation marks.",
    )


def _nul_faults(block: Block) -> dict[int, Note]:
    note = Note("单元格含有空字节（NUL）。", "A cell holds a NUL byte.")
    faults = {}
    for cells in block.columns:
        for place in np.flatnonzero(
            pc.match_substring(cells, "\0").fill_null(fill_value=False).to_numpy(zero_copy_only=False)
        ):
            faults[block.first_row + int(place)] = note
    return faults


def _count_with(cells: pa.Array, substring: str) -> int:
    return pc.sum(pc.match_substring(cells, substring)).as_py() or 0


def _unread_note(count: int, codec: str) -> Note:
    return Note(
        f"有 {count} 个单元格含有不能按 {label(codec)} 解码的字节，以 {REPLACEMENT} 代替。",
        f"{count} cells hold bytes that cannot be decoded as {label(codec)} and read {REPLACEMENT}.",
    )


def _broken_note(count: int) -> Note:
    return Note(
        f"有 {count} 个单元格内有换行；若行数不符，请检查引号是否闭合。",
        f"{count} cells hold line breaks; if the count of rows is wrong, look for a quotation mark that is not closed.",
    )
