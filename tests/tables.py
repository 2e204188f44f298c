"""Tables with coordinates, written for a test and read to their end by the real reader."""

from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyarrow as pa
import shapely

from bioplan_gis.importing.reading.sheets import read
from bioplan_gis.importing.rows import Reading

BATCH_ROWS = 1000


@dataclass(frozen=True)
class Given:
    """As much of a given file as a reader of sheets looks at."""

    path: Path
    kind: str


@dataclass
class Sheet:
    """A sheet that was read to its end."""

    facts: object
    table: pa.Table
    shapes: list
    faults: dict
    geometry_faults: dict
    sizes: list

    @property
    def said(self) -> str:
        """All notes, in both languages."""
        return "\n".join(f"{note.zh}\n{note.en}" for note in self.facts.notes)

    def column(self, name: str) -> list:
        """The values of a column."""
        return self.table[name].to_pylist()

    def kind(self, name: str) -> pa.DataType:
        """The type of a column."""
        return self.table.schema.field(name).type


def opened(path: Path, batch_rows: int = BATCH_ROWS, **told) -> Sheet:
    rows = read(Given(path, "XLSX" if path.suffix == ".xlsx" else "CSV"), Reading(**told), batch_rows)
    batches = list(rows.batches)
    shapes = [
        wkb and shapely.from_wkb(wkb) for batch in batches if batch.wkb is not None for wkb in batch.wkb.to_pylist()
    ]
    faults = {number: note for batch in batches for number, note in batch.faults.items()}
    geometry_faults = {number: note for batch in batches for number, note in batch.geometry_faults.items()}
    assert [batch.first_row for batch in batches][:1] == [1]
    table = pa.concat_tables([batch.attributes for batch in batches])
    assert table.num_rows == rows.facts.row_count
    sizes = [batch.attributes.num_rows for batch in batches]
    return Sheet(rows.facts, table, shapes, faults, geometry_faults, sizes)


def sheet(tmp_path: Path, text: str | bytes, **told) -> Sheet:
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return opened(path, **told)


def workbook(rows, title: str = "地块") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def saved(tmp_path: Path, book: openpyxl.Workbook, **told) -> Sheet:
    book.save(tmp_path / "a.xlsx")
    return opened(tmp_path / "a.xlsx", **told)
