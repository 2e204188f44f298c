"""Excel workbooks (Office Open XML): one sheet of them as a table with the types that its cells have."""

import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from bioplan_gis.errors import UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading.headings import (
    HEAD_ROWS,
    Block,
    Row,
    heading_of,
    is_blank,
    omitted_notes,
    without_tail,
)
from bioplan_gis.importing.reading.sheet_marks import SheetMarks, marks_of
from bioplan_gis.importing.rows import Note

Item = TypeVar("Item")
# Where an export of ours tells licence and attribution; it holds no data.
SOURCES_SHEET = "来源 Sources"
MOST_ROWS = 1_048_576
MOST_EXACT = 10**15
MOST_KEPT_CELLS = 2_000_000
ERRORS = frozenset({"#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})
_DAMAGES = (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, IndexError, OSError)


@dataclass
class _Column:
    """What kinds of values a column has shown, and whether they would lose anything as numbers or days."""

    kinds: set[type] = field(default_factory=set)
    is_exact: bool = True
    is_daily: bool = True

    def see(self, values: list[Any]) -> None:
        """Take notice of some values; nulls count for nothing."""
        values = [value for value in values if value is not None and value != "" and value not in ERRORS]
        kinds = set(map(type, values))
        self.kinds |= kinds
        if int in kinds:
            self.is_exact &= all(abs(value) < MOST_EXACT for value in values if type(value) is int)
        if datetime in kinds and self.is_daily:
            self.is_daily = all(value.time() == time() for value in values if type(value) is datetime)

    def arrow(self) -> pa.DataType:
        """The type that holds them all; text where there are several kinds."""
        if self.kinds == {int} and self.is_exact:
            return pa.int64()
        if self.kinds in ({float}, {int, float}) and self.is_exact:
            return pa.float64()
        if self.kinds == {datetime}:
            return pa.date32() if self.is_daily else pa.timestamp("us")
        if self.kinds == {bool}:
            return pa.bool_()
        return pa.time64("us") if self.kinds == {time} else pa.string()


class WorkbookTable:
    """One sheet of a workbook; opening it reads all of it once, to learn what its columns hold.

    Args:
        path: the workbook.
        sheet: its name as the user told it.
        batch_rows: how many rows a block has at most.

    Raises:
        UnreadableFileError: it is damaged, or there is no such sheet.
        UncertainFileError: several sheets hold something and none is told.
    """

    def __init__(self, path: Path, sheet: str | None, batch_rows: int) -> None:
        """Find sheet, heading and types."""
        self._batch_rows = batch_rows
        with ExitStack() as stack:
            self._workbook = stack.enter_context(_opened(path))
            self.sheet, self.others = _chosen(_filled_sheets(self._workbook), sheet)
            self._marks = _marks(self._workbook[self.sheet])
            self._first_data_row = 0
            self._heading = heading_of(self._head_rows())
            self.names = self._heading.names
            self.row_count, self._errors = 0, 0
            self._kept: list[list[Row]] | None = []
            omitted: list[Row] = []
            self._types = self._inferred(omitted)
            self.notes = (*self._heading.notes, *omitted_notes(omitted), *self._error_notes(), *self._scanned_notes())
            self._closing = stack.pop_all()

    def blocks(self) -> Iterator[Block]:
        """The rows, typed; to be taken once, since the workbook is closed behind the last."""
        first_row = 1
        with self._closing:
            for columns in self._value_blocks(self._kept or self._raw_blocks(self._batch_rows), []):
                arrays = [_array(values, kind) for values, kind in zip(columns, self._types, strict=True)]
                yield Block(first_row, arrays, {})
                first_row += len(columns[0])

    def _inferred(self, omitted: list[Row]) -> list[pa.DataType]:
        seen = [_Column() for _ in self.names]
        for columns in self._value_blocks(self._keeping(self._raw_blocks(self._batch_rows)), omitted):
            self.row_count += len(columns[0])
            for column, values in zip(seen, columns, strict=True):
                column.see(values)
                self._errors += sum(value in ERRORS for value in values if type(value) is str)
        return [column.arrow() for column in seen]

    def _keeping(self, blocks: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """The blocks, kept for the second reading as long as they are few: parsing takes most of the time."""
        cells = 0
        for block in blocks:
            cells += len(block) * len(self.names)
            if self._kept is not None:
                self._kept = [*self._kept, block] if cells <= MOST_KEPT_CELLS else None
            yield block

    def _value_blocks(self, blocks: Iterable[list[Row]], omitted: list[Row]) -> Iterator[list[list[Any]]]:
        """Columns of values, one for each name."""
        width = len(self.names)
        for rows in without_tail(self._without_heading(blocks), omitted):
            padded = [(*row[:width], *(None,) * (width - len(row))) for row in rows]
            yield [list(values) for values in zip(*padded, strict=True)]

    def _head_rows(self) -> list[Row]:
        """The first rows; those below the heading are data, wherever in the sheet they stand."""
        numbered = _next(self._numbered_rows(), HEAD_ROWS)
        if not numbered:
            raise UnreadableFileError(f"工作表“{self.sheet}”是空的。", f"Sheet “{self.sheet}” is empty.")
        rows = [row for _, row in numbered]
        place = heading_of(rows).skipped
        self._first_data_row = numbered[place][0] if place < len(rows) else MOST_ROWS
        return rows

    def _without_heading(self, blocks: Iterable[list[Row]]) -> Iterator[list[Row]]:
        left = self._heading.skipped
        for block in blocks:
            rows, left = block[left:], max(0, left - len(block))
            if rows:
                yield rows

    def _raw_blocks(self, batch_rows: int) -> Iterator[list[Row]]:
        """Rows that are not blank, from the top of the sheet, merged cells of the data filled down."""
        rows = self._filled_down(self._numbered_rows())
        while block := _next(rows, batch_rows):
            yield block

    def _numbered_rows(self) -> Iterator[tuple[int, Row]]:
        sheet = self._workbook[self.sheet]
        sheet.reset_dimensions()
        rows = enumerate(islice(sheet.iter_rows(values_only=True), MOST_ROWS), 1)
        return ((number, row) for number, row in rows if not is_blank(row))

    def _filled_down(self, rows: Iterable[tuple[int, Row]]) -> Iterator[Row]:
        """What is merged over several rows of data is meant for each of them."""
        open_cells: dict[int, tuple[int, object]] = {}
        for number, row in rows:
            open_cells = {column: cell for column, cell in open_cells.items() if cell[0] >= number}
            for column, bottom in self._marks.merged.get(number, ()):
                if number >= self._first_data_row and column < len(row):
                    open_cells[column] = (bottom, row[column])
            yield _with_cells(row, open_cells) if open_cells else row

    def _error_notes(self) -> Iterator[Note]:
        if self._errors:
            yield Note(
                f"有 {self._errors} 个单元格是错误值（如 #REF!），作为空值。",
                f"{self._errors} cells hold errors such as #REF! and become null.",
            )

    def _scanned_notes(self) -> Iterator[Note]:
        """What only the sheet's XML tells: rows that Excel hides, merged cells, formulas that were never computed."""
        hidden, empty = self._marks.hidden_rows, self._marks.empty_formulas
        merged = sum(len(cells) for top, cells in self._marks.merged.items() if top >= self._first_data_row)
        if hidden:
            yield Note(
                f"有 {hidden} 行在 Excel 中被隐藏，照常读取。", f"{hidden} rows are hidden in Excel; they are read."
            )
        if empty:
            yield Note(
                f"有 {empty} 个公式单元格没有保存结果，作为空值；在 Excel 中打开并保存一次即可。",
                f"{empty} formulas have no stored result and become null; open and save the file in Excel once.",
            )
        if merged:
            yield Note(
                f"数据中有 {merged} 处纵向合并的单元格，其值填入所合并的各行。",
                f"{merged} cells of the data are merged over several rows; each of the rows gets the value.",
            )


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of the sheets that hold anything, the hidden ones last.

    Raises:
        UnreadableFileError: the workbook is damaged.
    """
    with _opened(path) as workbook:
        return _filled_sheets(workbook)


def _filled_sheets(workbook: Any) -> tuple[str, ...]:  # noqa: ANN401
    data = (sheet for sheet in workbook.worksheets if sheet.title != SOURCES_SHEET)
    sheets = sorted(data, key=lambda sheet: sheet.sheet_state != "visible")
    return tuple(sheet.title for sheet in sheets if _holds_anything(sheet))


def _holds_anything(sheet: Any) -> bool:  # noqa: ANN401
    sheet.reset_dimensions()
    rows = _next(sheet.iter_rows(max_row=HEAD_ROWS * 5, values_only=True), HEAD_ROWS * 5)
    return not all(map(is_blank, rows))


def _chosen(names: tuple[str, ...], told: str | None) -> tuple[str, tuple[str, ...]]:
    listed = "、".join(f"“{name}”" for name in names)
    if not names:
        raise UnreadableFileError("工作簿中没有内容。", "The workbook holds nothing.")
    if told is None and len(names) > 1:
        raise UncertainFileError(
            f"工作簿有 {len(names)} 个有内容的工作表：{listed}；"
            f"请用 --source-layer 名称 指定其中一个，例如 --source-layer {names[0]}",
            f"The workbook has {len(names)} sheets that hold something: {listed}; "
            f"name one with --source-layer, such as --source-layer {names[0]}",
        )
    if told is not None and told not in names:
        raise UnreadableFileError(
            f"工作簿中没有名为“{told}”的有内容的工作表；现有：{listed}",
            f"The workbook has no sheet “{told}” that holds anything; it has {listed}",
        )
    sheet = told or names[0]
    return sheet, tuple(name for name in names if name != sheet)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with _explained():
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        yield workbook
    finally:
        workbook.close()


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever a damaged workbook does to its reader is one sentence; openpyxl's own warnings are of no use here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _DAMAGES as error:
        raise UnreadableFileError(
            f"工作簿已损坏，不能读取（{error}）；请在 Excel 中打开后另存为 .xlsx。",
            f"The workbook is damaged and cannot be read ({error}); open it in Excel and save it again as .xlsx.",
        ) from error


def _next(rows: Iterator[Item], count: int) -> list[Item]:
    with _explained():
        return list(islice(rows, count))


def _with_cells(row: Row, cells: Mapping[int, tuple[int, object]]) -> Row:
    """The row with the values of cells that were merged into it."""
    filled = [*row, *[None] * (max(cells) + 1 - len(row))]
    for column, (_, value) in cells.items():
        filled[column] = value
    return filled


def _marks(sheet: Any) -> SheetMarks:  # noqa: ANN401
    with _explained(), sheet._get_source() as xml:  # noqa: SLF001 - openpyxl names a sheet's part nowhere else
        return marks_of(xml)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        return pa.array([_text(value) for value in values], kind)
    cleaned = (None if type(value) is str else value for value in values)
    if pa.types.is_date(kind):
        return pa.array([value and value.date() for value in cleaned], kind)
    return pa.array(list(cleaned), kind)


def _text(value: Any) -> str | None:  # noqa: ANN401
    """A value as a person would write it; None where there is none."""
    if value is None or value in ERRORS or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
