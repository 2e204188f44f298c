"""XLSX with a second sheet of sources: text is text, never a formula; ISO/IEC 29500 as far as Excel goes."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from bioplan_gis.errors import OutputError
from bioplan_gis.exporting.columns import NOT_XML
from bioplan_gis.exporting.outgoing import Outgoing, Written, describe
from bioplan_gis.exporting.sheets import flat_batches, flat_names
from bioplan_gis.importing.reading.workbooks import SOURCES_SHEET

# https://support.microsoft.com/office/excel-specifications-and-limits
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
_MOST_TITLE = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
# Excel reckons in doubles and shows 15 digits.
_EXACT = 10**15
_FIRST_DAY = dt.date(1900, 3, 1)
_Maker = Callable[[Any], Any]


def write_workbook(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as XLSX.

    Raises:
        OutputError: it has more rows or columns than a sheet has.
    """
    written = Written()
    names = flat_names(outgoing)
    if len(names) > MOST_COLUMNS:
        raise _too_large(f"{MOST_COLUMNS} 列", f"{MOST_COLUMNS} columns")
    book = Workbook(write_only=True)
    title = outgoing.title_zh.translate(_NOT_IN_TITLES)[:_MOST_TITLE] or "data"
    sheet = book.create_sheet(title)
    cells = _Cells(sheet)
    sheet.append([cells.text(name) for name in names])
    for row in _rows(outgoing, cells):
        written.rows += 1
        if written.rows >= MOST_ROWS:
            raise _too_large(f"{MOST_ROWS - 1} 行", f"{MOST_ROWS - 1} rows")
        sheet.append(row)
    _add_sources(book, outgoing)
    book.save(target)
    cells.report(written)
    return written


def _too_large(zh: str, en: str) -> OutputError:
    return OutputError(
        f"XLSX 的一张表至多 {zh}，该图层更大；请用 --where 缩小范围，或改用 .csv、.gpkg、.parquet。",
        f"A sheet of XLSX has {en} at most, and the layer has more; narrow it with --where, or take .csv, .gpkg or "
        ".parquet.",
    )


def _add_sources(book: Workbook, outgoing: Outgoing) -> None:
    sheet = book.create_sheet(SOURCES_SHEET)
    cells = _Cells(sheet)
    for heading, value in describe(outgoing):
        sheet.append([cells.text(heading), cells.text(value)])


def _rows(outgoing: Outgoing, cells: "_Cells") -> Iterator[tuple[Any, ...]]:
    kinds = list(outgoing.kinds.values())
    makers = [cells.of_kind(kind) for kind in kinds]
    if outgoing.geometry is not None:
        makers += [_as_it_is, _as_it_is, cells.wkt]
    for batch in flat_batches(outgoing):
        columns = [_made(maker, column) for maker, column in zip(makers, batch.columns, strict=True)]
        yield from zip(*columns, strict=True)


def _made(maker: _Maker, column: pa.Array) -> list[Any]:
    return [None if one is None else maker(one) for one in column.to_pylist()]


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - of any type that a cell has
    return value


class _Cells:
    """Makes cells of a sheet, and counts what they could not hold."""

    def __init__(self, sheet: WriteOnlyWorksheet) -> None:
        self.sheet = sheet
        self.controls = self.cut = self.outlines = self.long_numbers = 0

    def of_kind(self, kind: str) -> _Maker:
        """How a value of a column type becomes a cell."""
        makers: dict[str, _Maker] = {
            "integer": self.integer,
            "date": self.date,
            "number": _as_it_is,
            "boolean": _as_it_is,
        }
        return makers.get(kind, self.text)

    def text(self, value: str) -> Cell:
        """A text that Excel takes as one, whatever it begins with."""
        if NOT_XML.search(value):
            self.controls += 1
            value = NOT_XML.sub("", value)
        if len(value) > MOST_CHARACTERS:
            self.cut += 1
            value = value[:MOST_CHARACTERS]
        cell: Cell = WriteOnlyCell(self.sheet, value)
        cell.data_type = "s"
        return cell

    def wkt(self, value: str) -> Cell | None:
        """An outline that fits into a cell; a part of one would be another."""
        if len(value) > MOST_CHARACTERS:
            self.outlines += 1
            return None
        return self.text(value)

    def integer(self, value: int) -> int | Cell:
        """A number of more than 15 digits would lose the last of them."""
        if -_EXACT < value < _EXACT:
            return value
        self.long_numbers += 1
        return self.text(str(value))

    def date(self, value: dt.date) -> dt.date | Cell:
        """Excel has no days before 1900, and a 29 February of that year."""
        return value if value >= _FIRST_DAY else self.text(value.isoformat())

    def report(self, written: Written) -> None:
        """Say what the cells could not hold."""
        written.omit(
            self.controls,
            "个文本含 XLSX 不能保存的控制字符，已去除。",
            "texts had control characters, which XLSX cannot hold; they were taken out.",
        )
        written.omit(
            self.cut,
            f"个文本超过一格的 {MOST_CHARACTERS} 个字符，已截断。",
            f"texts were longer than the {MOST_CHARACTERS} characters of a cell and were cut.",
        )
        written.omit(
            self.outlines,
            f"个几何的 WKT 超过一格的 {MOST_CHARACTERS} 个字符，已留空；需要几何请用 .gpkg 或 .geojson。",
            f"geometries have a WKT of more than the {MOST_CHARACTERS} characters of a cell and were left out; take "
            ".gpkg or .geojson where they matter.",
        )
        written.omit(
            self.long_numbers,
            "个整数超过 15 位，Excel 会丢失末位，已写为文本。",
            "integers have more than 15 digits, of which Excel would lose the last; they were written as text.",
        )
