"""Rules for columns: declared in the catalogue, of the declared type, present where required; ids stand once."""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from bioplan_gis.catalogue import CATALOGUE_FILE, Source
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.errors import ParameterError
from bioplan_gis.landuse import land_class
from bioplan_gis.records import Record

# Columns that any record compiled by hand may have, besides those that the catalogue declares for its source.
COMMON_TYPES: Mapping[str, str] = {
    "id": "text",
    "name_zh": "text",
    "name_en": "text",
    "citations": "json",
    "source": "text",
    "district": "text",
}
POSITION_COLUMNS = frozenset({"place"})
NAMES = ("id", "name_zh", "name_en")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "documents": ("id", "title_zh", "title_en", "issuer_zh"),
    "outlines": ("id", "clauses"),
    "layouts": (*NAMES, "area_zh", "area_en"),
    "zones": (*NAMES, "layout", "named"),
    "labs": (*NAMES, "kind", "status"),
    "parks": (*NAMES, "kind", "status"),
    "industrial-land": (*NAMES, "land_class", "status"),
    "enterprises": (*NAMES, "status"),
    "links": ("id", "layout", "from_zh", "to_zh", "kind", "status"),
    "policies": (*NAMES, "kind", "applies_to_zh", "applies_to_en", "jurisdiction", "in_force", "validity"),
    "targets": (*NAMES, "kind", "measure", "value", "comparator", "unit", "scope_zh", "scope_en"),
    "places": ("name_zh", "position_basis"),
}
STATUSES = ("existing", "planned", "proposed")
VOCABULARY: Mapping[tuple[str, str], tuple[str, ...]] = {
    **{(source, "status"): STATUSES for source in ("labs", "parks", "industrial-land", "enterprises", "links")},
    ("labs", "level"): ("national", "provincial", "municipal"),
    ("tracks", "group"): ("优势", "新兴", "未来"),
    ("policies", "validity"): ("unconfirmed", "in force", "expired"),
    ("targets", "kind"): ("goal", "reported"),
    ("targets", "comparator"): ("=", "≥", ">", "≈", "<", "≤"),
}
LAND_CLASS_COLUMNS = ("land_class", "class_code", "class_zh")

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of columns and ids."""
    for source in geodata.catalogue:
        records = geodata.of(source.id)
        for record in records:
            yield from record_faults(source, record)
        yield from _repeated(records)


def record_faults(source: Source, record: Record) -> Iterable[Fault]:
    """Every fault in one record's columns."""
    compiled = source.file.endswith(".toml")
    types = {**(COMMON_TYPES if compiled else {}), **{column.name: column.type for column in source.columns}}
    required = REQUIRED.get(source.id, NAMES if compiled else ())
    yield from _missing(record, required)
    yield from _malformed_id(record, compiled=compiled)
    yield from _undeclared(record, types)
    yield from _mistyped(record, types)
    yield from _outside_vocabulary(source, record)
    if source.id == "industrial-land":
        yield from _two_classes(record)


def _missing(record: Record, required: Iterable[str]) -> Iterable[Fault]:
    for column in required:
        value = record.get(column)
        if value is None or (isinstance(value, str) and not value.strip()):
            yield Fault(
                record.file,
                record.label,
                f"缺少必填列 {column}。",
                f"The required column {column} is missing.",
                f"请补上 {column}。",
                f"Add {column}.",
            )


def _malformed_id(record: Record, *, compiled: bool) -> Iterable[Fault]:
    name = record.get("id")
    if compiled and isinstance(name, str) and not _SLUG.fullmatch(name):
        yield Fault(
            record.file,
            record.label,
            f"id“{name}”不是小写英文标识。",
            f"The id “{name}” is no lower-case slug.",
            "请用小写字母、数字和连字符，例如 xihu-core。",
            "Use lower-case letters, digits and hyphens, such as xihu-core.",
        )


def _undeclared(record: Record, types: Mapping[str, str]) -> Iterable[Fault]:
    for column in record.values.keys() - types.keys() - POSITION_COLUMNS:
        yield Fault(
            record.file,
            record.label,
            f"列 {column} 未在 {CATALOGUE_FILE} 中声明。",
            f"The column {column} is not declared in {CATALOGUE_FILE}.",
            f"请改正拼写，或在该来源的 columns 中声明 {column}；位置只能用 place 或 district 给出。",
            f"Correct its spelling, or declare {column} among the source's columns; a position is given by place or "
            "district only.",
        )


def _mistyped(record: Record, types: Mapping[str, str]) -> Iterable[Fault]:
    for column, value in record.values.items():
        kind = types.get(column)
        if kind is not None and column not in POSITION_COLUMNS and not _TYPES[kind](value):
            yield Fault(
                record.file,
                record.label,
                f"列 {column} 的值 {value!r} 不是声明的类型 {kind}。",
                f"The value {value!r} of {column} is not of the declared type {kind}.",
                f"请改为 {kind} 类型的值，或改正 {CATALOGUE_FILE} 中的声明。",
                f"Make it a value of type {kind}, or correct the declaration in {CATALOGUE_FILE}.",
            )


def _outside_vocabulary(source: Source, record: Record) -> Iterable[Fault]:
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


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


def _is_date(value: object) -> bool:
    """A date, or a year or month as far as it is known."""
    return isinstance(value, dt.date) or (isinstance(value, str) and bool(_PARTIAL_DATE.fullmatch(value)))


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_TYPES: Mapping[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "list": _is_list,
    "json": lambda value: isinstance(value, list | dict),
}


def _repeated(records: tuple[Record, ...]) -> Iterable[Fault]:
    """Records of one file with the same id, or places with the same name."""
    key = "name_zh" if records and records[0].file.endswith(".csv") else "id"
    times = Counter(str(record[key]) for record in records if key in record.values)
    for value in (value for value, count in times.items() if count > 1):
        rows = [str(record.line or record.number) for record in records if str(record.get(key)) == value]
        yield Fault(
            records[0].file,
            value,
            f"{key}“{value}”重复出现（行 {'、'.join(rows)}）。",
            f"The {key} “{value}” stands more than once (lines {', '.join(rows)}).",
            f"每条记录的 {key} 应唯一。",
            f"Every {key} may stand once in a file.",
        )
