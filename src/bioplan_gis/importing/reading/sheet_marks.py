"""What only the XML of a sheet tells: rows that Excel hides, cells merged downwards, formulas never computed.

Elements are those of ECMA-376 part 1 (SpreadsheetML); the XML is scanned as bytes, in bounded memory.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from openpyxl.utils import column_index_from_string

SCANNED_BYTES = 1 << 20
MOST_LEFT_BYTES = 8 << 20
MOST_MERGED = 200_000
_HIDDEN_ROW = re.compile(rb"<row [^>]*hidden=\"(?:1|true)\"")
_EMPTY_FORMULA = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v></v>|</c>)")
_MERGED = re.compile(rb"<mergeCell ref=\"([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})\"")


@dataclass
class SheetMarks:
    """What a sheet's XML tells beside its values.

    Attributes:
        hidden_rows: how many rows Excel hides.
        empty_formulas: how many formulas have no stored result.
        merged: by the number of its first row, the columns (from 0) that are merged downwards and their last rows.
    """

    hidden_rows: int = 0
    empty_formulas: int = 0
    merged: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


def marks_of(xml: BinaryIO) -> SheetMarks:
    """The marks of a sheet."""
    marks = SheetMarks()
    for text in _whole_elements(xml):
        marks.hidden_rows += len(_HIDDEN_ROW.findall(text))
        marks.empty_formulas += len(_EMPTY_FORMULA.findall(text))
        for column, top, bottom in _MERGED.findall(text):
            if int(top) < int(bottom) and len(marks.merged) < MOST_MERGED:
                cell = (column_index_from_string(column.decode()) - 1, int(bottom))
                marks.merged.setdefault(int(top), []).append(cell)
    return marks


def _whole_elements(xml: BinaryIO) -> Iterator[bytes]:
    """The XML in pieces that end before a row, a cell or a merged range."""
    left = b""
    while chunk := xml.read(SCANNED_BYTES):
        text = left + chunk
        cut = max(text.rfind(b"<row "), text.rfind(b"<c "), text.rfind(b"<mergeCell "), 0)
        cut = cut or (len(text) if len(text) > MOST_LEFT_BYTES else 0)
        yield text[:cut]
        left = text[cut:]
    yield left
