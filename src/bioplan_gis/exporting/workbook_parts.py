"""The parts of an XLSX package, and cells of a sheet as texts of XML, whole columns at once (ISO/IEC 29500-1, 18)."""

import zipfile
from collections.abc import Sequence
from itertools import count
from xml.sax.saxutils import quoteattr

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.exporting.json_texts import joined

DATE_STYLE, MOMENT_STYLE = 1, 2
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET_BEGIN = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
SHEET_END = b"</sheetData></worksheet>"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write_package(book: zipfile.ZipFile, titles: Sequence[str]) -> None:
    """All parts but the sheets, of which there is one for each title: ``sheet_part(1)`` and so on."""
    numbered = list(enumerate(titles, 1))
    sheets = "".join(f'<sheet name={quoteattr(title)} sheetId="{at}" r:id="rId{at}"/>' for at, title in numbered)
    related = [(f"rId{at}", "worksheet", f"worksheets/sheet{at}.xml") for at, _ in numbered]
    related.append((f"rId{len(titles) + 1}", "styles", "styles.xml"))
    overrides = [(f"/{sheet_part(at)}", "worksheet") for at, _ in numbered]
    overrides += [("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles")]
    types = "".join(
        f'<Override PartName="{name}" ContentType="{_SPREADSHEET}.{kind}+xml"/>' for name, kind in overrides
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"application/vnd.openxmlformats-package.relationships+xml"/>{types}</Types>',
        "_rels/.rels": _relationships([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(related),
        "xl/styles.xml": _STYLES,
    }
    for name, text in parts.items():
        book.writestr(name, _HEAD + text)


def sheet_part(number: int) -> str:
    """The name of a sheet's part, counted from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def _relationships(related: Sequence[tuple[str, str, str]]) -> str:
    listed = "".join(f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for key, kind, to in related)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>'


def rows_xml(columns: Sequence[pa.Array], first: int) -> bytes:
    """Rows of a sheet.

    Args:
        columns: cells without their place, as ``text_cells`` and the like make them; null is an empty cell.
        first: number of the first row.
    """
    numbers = pa.array(range(first, first + len(columns[0]))).cast(pa.string())
    cells = []
    for letters, column in zip(map(_letters, count()), columns, strict=False):
        placed = pc.binary_join_element_wise(f'<c r="{letters}', numbers, '"', column, "")
        cells.append(pc.fill_null(placed, ""))
    return joined(pc.binary_join_element_wise('<row r="', numbers, '">', *cells, "</row>", ""))


def text_cells(texts: pa.Array) -> pa.Array:
    """Cells of text, which is never a formula; what XML cannot hold must be out of it already."""
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        texts = pc.replace_substring(texts, character, written)
    return pc.binary_join_element_wise(' t="inlineStr"><is><t xml:space="preserve">', texts, "</t></is></c>", "")


def number_cells(values: pa.Array, style: int | None = None) -> pa.Array:
    """Cells of numbers, in one of the styles of ``xl/styles.xml``."""
    head = "><v>" if style is None else f' s="{style}"><v>'
    return pc.binary_join_element_wise(head, values.cast(pa.string()), "</v></c>", "")


def truth_cells(values: pa.Array) -> pa.Array:
    """Cells that are true or false."""
    return pc.binary_join_element_wise(' t="b"><v>', values.cast(pa.int8()).cast(pa.string()), "</v></c>", "")


def _letters(at: int) -> str:
    """The name of a column: A to Z, AA and so on."""
    letters = ""
    at += 1
    while at:
        at, digit = divmod(at - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
