"""Rules for values: numbers within what their unit allows, years that a plan can speak of, words that are known."""

import datetime as dt
from collections.abc import Iterable, Mapping
from math import inf

from bioplan_gis.catalogue import Source
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, number
from bioplan_gis.errors import ParameterError
from bioplan_gis.landuse import land_class
from bioplan_gis.layouts import ROLE_NOUNS
from bioplan_gis.records import Record

STATUSES = ("existing", "planned", "proposed")
LAND_CLASS_COLUMNS = ("land_class", "class_code", "class_zh")
# What each word may be, by source and column: the one place that a new kind is added to.
VOCABULARY: Mapping[tuple[str, str], tuple[str, ...]] = {
    **{(source, "status"): STATUSES for source in ("labs", "parks", "industrial-land", "enterprises", "links")},
    ("documents", "kind"): ("plan", "policy", "proposal", "article"),
    ("labs", "kind"): (
        "university", "laboratory", "institute", "engineering_centre", "innovation_centre", "public_platform",
        "pilot_base", "technology_transfer",
    ),
    ("labs", "level"): ("national", "provincial", "municipal"),
    ("links", "kind"): ("enclave",),
    ("parks", "kind"): ("park", "town", "incubator", "base", "platform", "development_zone", "bonded_zone"),
    ("policies", "kind"): (
        "award", "case_by_case", "contribution", "investment", "limit", "loan_interest", "rent", "space", "subsidy",
        "talent",
    ),
    ("policies", "validity"): ("unconfirmed", "in force", "expired"),
    ("targets", "comparator"): ("=", "≥", ">", "≈", "<", "≤"),
    ("targets", "kind"): ("goal", "reported"),
    ("tracks", "group"): ("优势", "新兴", "未来"),
    ("tracks", "group_en"): ("strong", "emerging", "future"),
    ("water-gshhg", "kind"): ("river", "shore"),
    ("zones", "role"): tuple(ROLE_NOUNS),
}  # fmt: skip

Range = tuple[float, float]
YEARS: Range = (1900, 2100)
RANGE_OF_UNIT: Mapping[str, Range] = {
    **dict.fromkeys(("m", "km2", "ha", "mu", "yuan", "year"), (0, inf)),
    "%": (0, 100),
}
RANGE_OF_COLUMN: Mapping[str, Range] = {
    "label_lat": (-90, 90),
    "label_lon": (-180, 180),
    "seat": (1, inf),
    "tier": (1, inf),
    "year": YEARS,
}
# Numbers by which a source says that it states none.
UNSTATED: Mapping[tuple[str, str], float] = {("water-gshhg", "km2"): -1}


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of values; a value of another type than its column's is left to the rules for columns."""
    for source in geodata.catalogue:
        ranges = _ranges(source)
        for record in geodata.of(source.id):
            yield from _unknown_words(source, record)
            yield from _out_of_range(source, record, ranges)
            yield from _unlikely_dates(record)
    for record in geodata.of("industrial-land"):
        yield from _two_classes(record)


def _unknown_words(source: Source, record: Record) -> Iterable[Fault]:
    for column, value in record.values.items():
        allowed = VOCABULARY.get((source.id, column))
        if allowed is not None and isinstance(value, str) and value not in allowed:
            yield Fault(
                record.file,
                record.label,
                f"{column}“{value}”未知。",
                f"The {column} “{value}” is unknown.",
                f"应为 {'、'.join(allowed)} 之一。",
                f"It should be one of {', '.join(allowed)}.",
            )


def _ranges(source: Source) -> Mapping[str, Range]:
    """Column to the range that its unit or its name allows."""
    by_unit = ((column.name, RANGE_OF_UNIT.get(column.unit or "")) for column in source.columns)
    ranges = ((name, RANGE_OF_COLUMN.get(name, allowed)) for name, allowed in by_unit)
    return {name: allowed for name, allowed in ranges if allowed is not None}


def _out_of_range(source: Source, record: Record, ranges: Mapping[str, Range]) -> Iterable[Fault]:
    for column, (least, most) in ranges.items():
        value = number(record.get(column))
        if value is not None and value != UNSTATED.get((source.id, column)) and not least <= value <= most:
            yield _beyond(record, column, str(record[column]), (least, most))


def _unlikely_dates(record: Record) -> Iterable[Fault]:
    for column, value in record.values.items():
        if isinstance(value, dt.date) and not YEARS[0] <= value.year <= YEARS[1]:
            yield _beyond(record, column, value.isoformat(), YEARS)


def _beyond(record: Record, column: str, value: str, allowed: Range) -> Fault:
    least, most = allowed
    bounds_zh = f"不小于 {least:g}" if most == inf else f"在 {least:g} 与 {most:g} 之间"
    bounds_en = f"at least {least:g}" if most == inf else f"between {least:g} and {most:g}"
    return Fault(
        record.file,
        record.label,
        f"列 {column} 的值 {value} 超出可能的范围。",
        f"The value {value} of {column} is out of range.",
        f"应{bounds_zh}；不知道的值请整行略去。",
        f"It should be {bounds_en}; leave out what is not known.",
    )


def _two_classes(record: Record) -> Iterable[Fault]:
    """Land whose class, code and name are not one class of industrial land under its spellings."""
    spellings = [record[column] for column in LAND_CLASS_COLUMNS if isinstance(record.get(column), str)]
    try:
        classes = {land_class(spelling) for spelling in spellings}
    except ParameterError:
        classes = set()
    if spellings and len(classes) != 1:
        yield Fault(
            record.file,
            record.label,
            f"用地类别写法不一致或未知：{'、'.join(spellings)}。",
            f"Its land class is unknown or written as two: {', '.join(spellings)}.",
            "请统一为一类，如 M3、100103、三类工业用地（见 landuse.py）。",
            "Write one class, such as M3, 100103 and 三类工业用地 (see landuse.py).",
        )
