"""Rules for columns: declared in the catalogue, of the declared type, present where required; ids stand once."""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from bioplan_gis.catalogue import CATALOGUE_FILE, Source
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, number
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
DISTRICTS = ("districts-hangzhou", "districts-neighbours", "districts-suzhou-partners")
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
    **dict.fromkeys(DISTRICTS, ("adcode", "name")),
    "divisions": ("adcode", "name_zh", "name_en"),
    "tracks": NAMES,
    "towns-geonames": ("geonameid", "name", "names_zh"),
    "water-gshhg": ("kind",),
}
# The column by which a record is told from the others of its file, where that is not its id.
KEYS: Mapping[str, str] = {
    "places": "name_zh",
    "divisions": "adcode",
    "m3-parks-official": "name",
    "towns-geonames": "geonameid",
}

# What a database's integer holds.
LARGEST_INTEGER = 2**63 - 1

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of columns and ids."""
    for source in geodata.catalogue:
        for record in geodata.of(source.id):
            yield from _record_faults(source, record)
    for source_ids, key in _together(geodata):
        yield from _repeated([record for source_id in source_ids for record in geodata.of(source_id)], key)


def _record_faults(source: Source, record: Record) -> Iterable[Fault]:
    compiled = source.file.endswith(".toml")
    types = _types(source)
    required = REQUIRED.get(source.id, NAMES if compiled else ())
    yield from _missing(record, required)
    yield from _malformed_id(record, compiled=compiled)
    yield from _undeclared(record, types)
    yield from _mistyped(record, types)


def readable(source: Source, record: Record, columns: Iterable[str]) -> bool:
    """Whether each of these columns of a record is absent or of its declared type."""
    types = _types(source)
    return all(_TYPES[types[name]](record[name]) for name in columns if name in record.values and name in types)


def _types(source: Source) -> Mapping[str, str]:
    """Column to type, as far as the source declares it."""
    common = COMMON_TYPES if source.file.endswith(".toml") else {}
    return {**common, **{column.name: column.type for column in source.columns}}


def _together(geodata: Geodata) -> Iterable[tuple[tuple[str, ...], str]]:
    """Sources whose records are told apart by one column, with that column; the districts' files are one layer."""
    alone = (source.id for source in geodata.catalogue if source.id not in {*DISTRICTS, "water-gshhg"})
    return [*(((source_id,), KEYS.get(source_id, "id")) for source_id in alone), (DISTRICTS, "adcode")]


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


def _is_text(value: object) -> bool:
    """A text that both databases and UTF-8 can hold."""
    return isinstance(value, str) and not _UNWRITABLE.search(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER


def _is_number(value: object) -> bool:
    return number(value) is not None and value not in (math.inf, -math.inf)


def _is_date(value: object) -> bool:
    """A whole date without a time: one known to its year only is left out."""
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


_TYPES: Mapping[str, Callable[[object], bool]] = {
    "text": _is_text,
    "integer": _is_integer,
    "number": _is_number,
    "boolean": lambda value: isinstance(value, bool),
    "date": _is_date,
    "list": _is_list,
    "json": lambda value: isinstance(value, list | dict),
}


def _repeated(records: Sequence[Record], key: str) -> Iterable[Fault]:
    """Records with the same id, or whatever they are told by; the last of them is at fault."""
    times = Counter(str(record[key]) for record in records if key in record.values)
    for value in (value for value, count in times.items() if count > 1):
        alike = [record for record in records if str(record.get(key)) == value]
        rows = [_row(record, alike[-1].file) for record in alike]
        yield Fault(
            alike[-1].file,
            value,
            f"{key}“{value}”重复出现（{'、'.join(rows)}）。",
            f"The {key} “{value}” stands more than once ({', '.join(rows)}).",
            f"每条记录的 {key} 应唯一。",
            f"Every {key} may stand once.",
        )


def _row(record: Record, file: str) -> str:
    """Where a record stands, in that file or another one."""
    row = f"#{record.number}" if record.line is None else f"line {record.line}"
    return row if record.file == file else f"{record.file} {row}"
