"""What every reader of a file gives: what the file says of itself, and its rows in batches as Arrow columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

# Columns that a reader adds to those of the file.
GEOMETRY = "__bioplan_wkb"
FAULT = "__bioplan_fault"


@dataclass(frozen=True)
class Note:
    """One sentence for the user, in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True)
class Facts:
    """What a file says of itself, before any of its rows is judged.

    Attributes:
        kind: what the file is, such as ``ESRI Shapefile``, ``GPKG``, ``CSV``.
        source_layer: the layer of it that is read; None where it has but one, unnamed.
        other_layers: further layers that it has and that are not read.
        crs: what it says of its CRS, as WKT, PROJJSON or ``EPSG:…``; None where it says nothing.
        crs_text: the file's own words for it (a ``.prj`` as it stands); None where it says nothing.
        encoding: that its text was read in; None where its format leaves no choice.
        encoding_certain: whether that is said by the file or proved by its bytes, or told by the user.
        encoding_evidence: why that encoding, and which others were weighed.
        geometry_family: ``POINT``, ``LINESTRING`` or ``POLYGON`` (single or multi) if all rows are of one; else None.
        row_count: how many rows there are; None where only reading would tell.
        notes: anything else that the user should know of the file.
    """

    kind: str
    source_layer: str | None = None
    other_layers: tuple[str, ...] = ()
    crs: str | None = None
    crs_text: str | None = None
    encoding: str | None = None
    encoding_certain: bool = True
    encoding_evidence: tuple[Note, ...] = ()
    geometry_family: str | None = None
    row_count: int | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Some rows in the order of the file.

    Attributes:
        first_row: number of its first row in the file, counted from 1 as a user would (without headings).
        attributes: the columns of the file, with their names and types as they are there.
        wkb: geometry as well-known binary in the file's own coordinates, with Z and M as they come, null where there
            is none; None where the file has no geometry at all.
        faults: by row number, why the reader could not take a row.
        geometry_faults: by row number, why its geometry could not be read; it is null, and the attributes stand.
    """

    first_row: int
    attributes: pa.Table
    wkb: pa.Array | None
    faults: Mapping[int, Note]
    geometry_faults: Mapping[int, Note] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """An open file.

    Attributes:
        facts: what it says of itself.
        batches: its rows; read once, from the start.
    """

    facts: Facts
    batches: Iterator[Batch]


@dataclass(frozen=True)
class Reading:
    """How the user wants a file to be read; None leaves it to the file.

    Attributes:
        source_layer: which layer of a file that has several.
        encoding: of its text.
        columns: file column → ``lon``, ``lat``, ``easting``, ``northing`` or ``wkt``, for tables with coordinates.
    """

    source_layer: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] | None = None
