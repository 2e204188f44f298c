"""XLSX with a second sheet of sources: text is text, never a formula; ISO/IEC 29500 as far as Excel goes.

Numbers, dates and times without zone are such in Excel too; a time in UTC stays a text that says so, since Excel knows
no zones.
"""

import datetime as dt
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.errors import OutputError
from bioplan_gis.exporting.columns import NOT_XML, as_text, without_xml_controls
from bioplan_gis.exporting.outgoing import Outgoing, Written, describe
from bioplan_gis.exporting.sheets import flat_batches, flat_names
from bioplan_gis.exporting.workbook_parts import (
    DATE_STYLE,
    MOMENT_STYLE,
    SHEET_BEGIN,
    SHEET_END,
    number_cells,
    rows_xml,
    sheet_part,
    text_cells,
    truth_cells,
    write_package,
)
from bioplan_gis.importing.reading.workbooks import SOURCES_SHEET

# https://support.microsoft.com/office/excel-specifications-and-limits
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
_MOST_TITLE = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
# Excel reckons in doubles and shows 15 digits.
_EXACT = 10**15
# Excel has no days before 1900, and a 29 February of that year; day 60 is none.
_FIRST_DAY, _DAY_NOUGHT = dt.date(1900, 3, 1), dt.date(1899, 12, 30)
_MICROSECONDS_A_DAY = 86_400_000_000
_ZIP_LEVEL = 3


def write_workbook(outgoing: Outgoing, target: Path) -> Written:
    """Write a layer as XLSX.

    Raises:
        OutputError: it has more rows or columns than a sheet has.
    """
    written, cells = Written(), _Cells()
    names = flat_names(outgoing)
    if len(names) > MOST_COLUMNS:
        raise _too_large(f"{MOST_COLUMNS} 列", f"{MOST_COLUMNS} columns")
    title = NOT_XML.sub("", outgoing.title_zh).translate(_NOT_IN_TITLES)[:_MOST_TITLE] or "data"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_ZIP_LEVEL) as book:
        write_package(book, [title, SOURCES_SHEET])
        with book.open(sheet_part(1), "w", force_zip64=True) as sheet:
            sheet.write(SHEET_BEGIN + rows_xml([cells.text(pa.array([name])) for name in names], 1))
            for batch in flat_batches(outgoing, moments_as_text=False):
                first = written.rows + 2
                written.rows += batch.num_rows
                if written.rows >= MOST_ROWS:
                    raise _too_large(f"{MOST_ROWS - 1} 行", f"{MOST_ROWS - 1} rows")
                sheet.write(rows_xml(cells.of_batch(outgoing, batch), first))
            sheet.write(SHEET_END)
        headings, values = zip(*describe(outgoing), strict=True)
        about = rows_xml([cells.text(pa.array(headings)), cells.text(pa.array(values))], 1)
        book.writestr(sheet_part(2), SHEET_BEGIN + about + SHEET_END)
    cells.report(written)
    return written


def _too_large(zh: str, en: str) -> OutputError:
    return OutputError(
        f"XLSX 的一张表至多 {zh}，这里更多；请缩小范围，或改用 .csv、.gpkg、.parquet。",
        f"A sheet of XLSX has {en} at most, and here are more; ask for less, or take .csv, .gpkg or .parquet.",
    )


@dataclass
class _Cells:
    """Makes columns of cells, and counts what they could not hold."""

    controls: int = 0
    cut: int = 0
    outlines: int = 0
    long_numbers: int = 0

    def of_batch(self, outgoing: Outgoing, batch: pa.RecordBatch) -> list[pa.Array]:
        """The cells of a batch with flat geometry, column by column."""
        kinds = list(outgoing.kinds.values())
        cells = [self.of_kind(kind, column) for kind, column in zip(kinds, batch.columns, strict=False)]
        if outgoing.geometry is not None:
            *axes, outlines = batch.columns[len(kinds) :]
            cells += [*map(number_cells, axes), self.wkt(outlines)]
        return cells

    def of_kind(self, kind: str, column: pa.Array) -> pa.Array:
        """A column of the registry's type as cells."""
        if kind == "number":
            return number_cells(pc.if_else(pc.is_finite(column), column, None))
        if kind == "boolean":
            return truth_cells(column)
        if kind == "integer":
            return self.integer(column)
        if kind == "date":
            return _dates(self, column)
        if kind == "datetime":
            return _moments(self, column)
        return self.text(as_text(kind, column) if kind == "timestamp" else column.cast(pa.string()))

    def text(self, texts: pa.Array) -> pa.Array:
        """Texts that Excel takes as such, whatever they begin with."""
        texts, faulty = without_xml_controls(texts)
        self.controls += faulty
        long = pc.greater(pc.utf8_length(texts), MOST_CHARACTERS)
        if pc.any(long).as_py():
            self.cut += pc.sum(long).as_py()
            texts = pc.utf8_slice_codeunits(texts, 0, MOST_CHARACTERS)
        return text_cells(texts)

    def wkt(self, texts: pa.Array) -> pa.Array:
        """Outlines that fit into a cell; a part of one would be another."""
        long = pc.greater(pc.utf8_length(texts), MOST_CHARACTERS)
        self.outlines += pc.sum(long).as_py() or 0
        return text_cells(pc.if_else(long, None, texts))

    def integer(self, column: pa.Array) -> pa.Array:
        """Numbers; those of more than 15 digits would lose the last of them, and are text."""
        short = pc.and_(pc.less(column, _EXACT), pc.greater(column, -_EXACT))
        self.long_numbers += pc.sum(pc.invert(short)).as_py() or 0
        return pc.if_else(short, number_cells(column), text_cells(column.cast(pa.string())))

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


def _dates(cells: _Cells, column: pa.Array) -> pa.Array:
    """Days as Excel counts them; those that it has not, as text."""
    days = pc.subtract(column.cast(pa.int32()), pa.scalar((_DAY_NOUGHT - dt.date(1970, 1, 1)).days, pa.int32()))
    known = pc.greater_equal(column, pa.scalar(_FIRST_DAY, pa.date32()))
    return pc.if_else(known, number_cells(days, DATE_STYLE), cells.text(column.cast(pa.string())))


def _moments(cells: _Cells, column: pa.Array) -> pa.Array:
    """Days and parts of them; what Excel has not, times beyond the millisecond too, as text."""
    microseconds = column.cast(pa.int64())
    nought = (_DAY_NOUGHT - dt.date(1970, 1, 1)).days
    days = pc.subtract(pc.divide(microseconds.cast(pa.float64()), float(_MICROSECONDS_A_DAY)), float(nought))
    whole = pc.equal(column, column.cast(pa.timestamp("ms"), safe=False).cast(pa.timestamp("us")))
    known = pc.and_(whole, pc.greater_equal(days, float((_FIRST_DAY - _DAY_NOUGHT).days)))
    return pc.if_else(known, number_cells(days, MOMENT_STYLE), cells.text(as_text("datetime", column)))
