"""What an import did or would do: counted batch by batch, printed, and kept as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.importing.placing.landing import Landed
from bioplan_gis.importing.rows import Note

Rows = Sequence[int] | NDArray[np.intp]
# How many rows are named of each kind of finding; all are counted.
MOST_EXAMPLES = 20
MOST_REFUSALS = 1000


@dataclass
class Finding:
    """Something that happened to some rows."""

    note: Note
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def add(self, rows: Rows) -> None:
        """Count rows, and name the first."""
        self.count += len(rows)
        self.rows.extend(int(row) for row in rows[: MOST_EXAMPLES - len(self.rows)])

    def as_json(self, kind: str) -> dict[str, Any]:
        """As the report has it."""
        return {"kind": kind, "zh": self.note.zh, "en": self.note.en, "count": self.count, "rows": self.rows}


@dataclass
class Tally:
    """What is counted while batches pass."""

    read: int = 0
    taken: int = 0
    synthetic: int = 0
    merged: int = 0
    without_geometry: int = 0
    repairs: dict[str, Finding] = field(default_factory=dict)
    emptied: dict[str, Finding] = field(default_factory=dict)
    values: dict[str, Finding] = field(default_factory=dict)
    refused: int = 0
    refusals: list[tuple[int, Note]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    bbox: tuple[float, float, float, float] | None = None
    area_m2: float = 0.0
    districts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    outside: Finding = field(default_factory=lambda: Finding(Note("位于杭州市以外", "outside Hangzhou")))
    areas: list[Mapping[str, Any]] = field(default_factory=list)
    areas_differing: int = 0
    areas_compared: int = 0

    def refuse(self, row: int, reason: Note) -> None:
        """A row that could not be taken, and why."""
        self.refused += 1
        self.reasons[f"{reason.zh}\n{reason.en}"] += 1
        if len(self.refusals) < MOST_REFUSALS:
            self.refusals.append((row, reason))

    def found(self, findings: dict[str, Finding], kind: str, note: Note, rows: Rows) -> None:
        """Rows to which something happened."""
        if len(rows):
            findings.setdefault(kind, Finding(note)).add(rows)

    def landed(self, landed: Landed) -> None:
        """In which districts features lie."""
        for district, count in landed.by_district:
            self.districts[district.adcode, district.zh, district.en] += count

    def widen(self, bounds: tuple[float, float, float, float]) -> None:
        """Stretch the extent over a batch's."""
        old = self.bbox or bounds
        self.bbox = (min(old[0], bounds[0]), min(old[1], bounds[1]), max(old[2], bounds[2]), max(old[3], bounds[3]))


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do.

    Attributes:
        document: the whole report, as it is kept and as ``--json`` prints it.
    """

    document: Mapping[str, Any]

    @property
    def layer_id(self) -> str:
        """The layer that was made."""
        return str(self.document["layer"]["id"])

    @property
    def taken(self) -> int:
        """How many rows became features."""
        return int(self.document["rows"]["taken"])


def rows_section(tally: Tally) -> dict[str, Any]:
    """Counts, repairs and refusals."""
    return {
        "rows": {
            "read": tally.read,
            "taken": tally.taken,
            "merged": tally.merged,
            "refused": tally.refused,
            "without_geometry": tally.without_geometry,
        },
        "repairs": _findings(tally.repairs),
        "kept_without_geometry": _findings(tally.emptied),
        "values": _findings(tally.values),
        "refused": [{"row": row, **asdict(note)} for row, note in sorted(tally.refusals, key=lambda pair: pair[0])],
        "refused_by_reason": [
            dict(zip(("zh", "en"), reason.split("\n"), strict=True), count=count)
            for reason, count in tally.reasons.most_common()
        ],
    }


def place_section(tally: Tally) -> dict[str, Any]:
    """Extent, area, and where the features lie."""
    return {
        "extent": {"bbox": tally.bbox, "crs": "EPSG:4490", "order": "west, south, east, north", "unit": "degree"},
        "area": {"sum_m2": round(tally.area_m2, 2), "method": "ellipsoid CGCS2000 (equal-area projection)"},
        "landing": {
            "districts": [
                {"adcode": adcode, "name_zh": zh, "name_en": en, "count": count}
                for (adcode, zh, en), count in tally.districts.most_common()
            ],
            "outside_hangzhou": {"count": tally.outside.count, "rows": tally.outside.rows},
            "note_zh": "区划界线已概化，界线附近为约数",
            "note_en": "district outlines are generalised; near them the district is approximate",
        },
        "area_differences": {
            "compared": tally.areas_compared,
            "count": tally.areas_differing,
            "tolerance_percent": 1,
            "rows": list(tally.areas),
        },
    }


def _findings(findings: Mapping[str, Finding]) -> list[dict[str, Any]]:
    return [finding.as_json(kind) for kind, finding in findings.items()]


def notes_json(notes: Iterable[Note]) -> list[dict[str, str]]:
    """Sentences as the report has them."""
    return [asdict(note) for note in dict.fromkeys(notes)]
