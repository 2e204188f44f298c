"""Tables with coordinates in their columns, as text (CSV, TSV) or as a workbook (XLSX), become rows."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from bioplan_gis.importing.reading.charsets import label
from bioplan_gis.importing.reading.coordinates import Placement, placement_of, points, written_shapes
from bioplan_gis.importing.reading.delimited import DelimitedTable
from bioplan_gis.importing.reading.headings import Block
from bioplan_gis.importing.reading.workbooks import WorkbookTable, sheet_names
from bioplan_gis.importing.rows import Batch, Facts, Note, Reading, Rows

XLSX = "XLSX"
CSV = "CSV"


class SheetFile(Protocol):
    """What of a given file counts here."""

    @property
    def path(self) -> Path:
        """What to open."""

    @property
    def kind(self) -> str:
        """``XLSX``, or any other kind for tables written as text."""


def read(file: SheetFile, reading: Reading, batch_rows: int) -> Rows:
    """The rows of a table; all of it is read once beforehand, to learn what its columns hold.

    A table without columns of coordinates has rows without geometry.

    Args:
        file: the table.
        reading: sheet, encoding and columns of coordinates as the user tells them.
        batch_rows: how many rows a batch has at most.

    Raises:
        ParameterError: the user tells an encoding or column that does not exist.
        UnreadableFileError: the table is empty or damaged.
        UncertainFileError: a workbook has several sheets, and none is told.
    """
    table = _opened(file, reading, batch_rows)
    blocks = table.blocks()
    first = next(blocks, Block(1, [pa.nulls(0, pa.string()) for _ in table.names], {}))
    placement = placement_of(_named(table, first), reading.columns)
    return Rows(_facts(table, placement), _batches(table, chain([first], blocks), placement))


def list_sheets(path: Path) -> tuple[str, ...]:
    """Names of the sheets of a workbook that hold anything."""
    return sheet_names(path)


def _opened(file: SheetFile, reading: Reading, batch_rows: int) -> DelimitedTable | WorkbookTable:
    if file.kind == XLSX:
        return WorkbookTable(file.path, reading.source_layer, batch_rows)
    return DelimitedTable(file.path, reading.encoding, batch_rows)


def _named(table: DelimitedTable | WorkbookTable, block: Block) -> pa.Table:
    return pa.table(block.columns, names=list(table.names))


def _facts(table: DelimitedTable | WorkbookTable, placement: Placement | None) -> Facts:
    text = table.text if isinstance(table, DelimitedTable) else None
    return Facts(
        kind=CSV if text else XLSX,
        source_layer=None if isinstance(table, DelimitedTable) else table.sheet,
        other_layers=() if isinstance(table, DelimitedTable) else table.others,
        crs=placement.crs if placement else None,
        crs_text=placement.words if placement else None,
        encoding=label(text.encoding) if text else None,
        encoding_certain=text.certain if text else True,
        encoding_evidence=text.evidence if text else (),
        geometry_family="POINT" if placement and placement.second else None,
        row_count=table.row_count,
        notes=(*table.notes, *(placement.notes if placement else (_no_place_note(table.names),))),
    )


def _no_place_note(names: tuple[str, ...]) -> Note:
    shown = "、".join(names[:30])
    return Note(
        f"没有认出坐标列，按无图形的表处理；可把某列指定为 lon、lat、easting、northing 或 wkt。列：{shown}",
        "No columns of coordinates were recognised, so it is a table without geometry; columns can be told to be lon, "
        f"lat, easting, northing or wkt. Columns: {shown}",
    )


def _batches(
    table: DelimitedTable | WorkbookTable, blocks: Iterable[Block], placement: Placement | None
) -> Iterator[Batch]:
    for block in blocks:
        rows = _named(table, block)
        if placement is None:
            yield Batch(block.first_row, rows, None, block.faults)
        elif placement.second is None:
            wkb, faults = written_shapes(rows, placement, block.first_row)
            yield Batch(block.first_row, rows.drop_columns([placement.first]), wkb, block.faults, faults)
        else:
            wkb, faults = points(rows, placement, block.first_row)
            yield Batch(block.first_row, rows, wkb, block.faults, faults)
