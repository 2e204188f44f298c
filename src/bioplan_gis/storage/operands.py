"""What a filter compares: properties and literals, each with its kind; and faults that say where they stand."""

import datetime as dt
import math
import re
import sys
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Date, DateTime, Double, Table, Text, Time, literal

from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.places import Word, place_of
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, INTEGER, Json

NUMBERS = frozenset({"integer", "number"})
MOMENTS = frozenset({"date", "datetime", "timestamp"})
SIGNED_64 = 2**63
GEOMETRY = "geometry"
_SHOWN = 24
_MOST_DIGITS = 400
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
KIND_ZH: Mapping[str, str] = {
    "text": "文本", "integer": "数", "number": "数", "boolean": "布尔值", "date": "日期", "time": "时刻",
    "datetime": "时间", "timestamp": "时间", "list": "列表", "json": "对象", "geometry": "几何", "interval": "时段",
    "array": "列表",
}  # fmt: skip
KIND_EN: Mapping[str, str] = {
    "integer": "a number", "number": "a number", "boolean": "a boolean", "list": "a list", "json": "an object",
    "array": "a list", "interval": "an interval", "geometry": "a geometry", "text": "a text", "date": "a date",
    "time": "a time of day", "datetime": "a time", "timestamp": "a time",
}  # fmt: skip


@dataclass(frozen=True)
class Operand:
    """One side of a comparison.

    Attributes:
        kind: a column type of the registry, or ``geometry``, ``array`` (a list that the filter writes), ``interval``.
        sql: what it is in a statement; None for an interval.
        token: how the filter writes it, for a fault to point at.
        value: its value where the filter writes it; for an interval its two ends.
    """

    kind: str
    sql: ColumnElement[Any] | None
    token: str
    value: Any = None

    @property
    def column(self) -> ColumnElement[Any]:
        """Its SQL, which all but intervals have."""
        if self.sql is None:
            raise TypeError(self.kind)
        return self.sql


@dataclass(frozen=True)
class Scope:
    """What a filter is about.

    Attributes:
        table: of the layer.
        kinds: column type by property, in the layer's order.
        name: of the parameter that holds the filter.
        text: the filter as the user wrote it.
        dialect: ``postgresql`` or ``sqlite``.
        crs: of the geometry that the filter writes.
    """

    table: Table
    kinds: Mapping[str, str]
    name: str
    text: str
    dialect: str
    crs: FeedCrs = CRS84

    @cached_property
    def geometries(self) -> tuple[str, ...]:
        """What the geometry is called; none in a plain table."""
        if GEOMETRY_COLUMN not in self.table.c:
            return ()
        name = geometry_name(self.kinds)
        return (name, GEOMETRY_COLUMN) if name == GEOMETRY else (name,)

    @property
    def on_postgis(self) -> bool:
        """Whether the statement is for PostGIS."""
        return self.dialect == "postgresql"

    def fault(self, token: str, zh: str, en: str) -> ParameterError:
        """The error for something that stands in the filter, if only somewhere."""
        at = place_of(token)
        if at < 0:
            at = max(self.text.casefold().find(token.casefold()), 0)
        return self.fault_at(at, zh, en)

    def fault_at(self, at: int, zh: str, en: str) -> ParameterError:
        """The error for what stands at an offset; below zero where that is not known."""
        if at < 0:
            return ParameterError(self.name, self.text[:200], f"{self.name}：{zh}", f"{self.name}: {en}")
        shown = self.text[at : at + _SHOWN]
        here_zh = f"第 {at + 1} 个字符“{shown}”处" if shown else f"第 {at + 1} 个字符处（文字到此为止）"
        here_en = f"at character {at + 1}, “{shown}”" if shown else f"at character {at + 1}, where the text ends"
        return ParameterError(
            self.name, self.text[:200], f"{self.name} {here_zh}：{zh}", f"{self.name} {here_en}: {en}"
        )


def geometry_name(columns: Container[str]) -> str:
    """What filters and schemas call the geometry: ``geometry``, or with a stroke behind where a column is called so."""
    name = GEOMETRY
    while name in columns:
        name += "_"
    return name


def property_of(name: str, scope: Scope) -> Operand:
    """A property of the layer.

    Raises:
        ParameterError: the layer has none of that name that can be asked, as objects cannot; the error lists those
            that there are.
    """
    if scope.kinds.get(name, "json") != "json":
        return Operand(scope.kinds[name], scope.table.c[str(name)], name)
    if name not in scope.kinds and name in scope.geometries:
        return Operand("geometry", scope.table.c[GEOMETRY_COLUMN], name)
    if name in scope.kinds:
        raise scope.fault(
            name, f"“{name}”是对象，只能用 IS NULL 筛选。", f"“{name}” is an object; only IS NULL asks of it."
        )
    known = [*(one for one, kind in scope.kinds.items() if kind != "json"), *scope.geometries[:1]]
    raise scope.fault(
        name,
        f"没有属性“{name}”；可用的属性：{'、'.join(known)}。文本值须用单引号括起。",
        f"There is no property “{name}”; there are: {', '.join(known)}. A text stands in single quotes.",
    )


def object_of(node: Any, scope: Scope) -> Operand | None:  # noqa: ANN401 - JSON
    """A property that holds objects, of which can be asked only whether it is there; None for all else."""
    name = node.get("property") if isinstance(node, dict) else None
    if not isinstance(name, str) or scope.kinds.get(name) != "json":
        return None
    return Operand("json", scope.table.c[str(name)], name)


def text_of(value: str, scope: Scope) -> Operand:
    """A text.

    Raises:
        ParameterError: it holds what no database stores: a NUL, or half of a surrogate pair.
    """
    if _UNSTORABLE.search(value):
        at = Word("", place_of(value))
        raise scope.fault(at, "文本中不能有空字符（NUL）或残缺的字符。", "A text cannot hold NUL or half a character.")
    return Operand("text", literal(str(value), Text()), value, value)


def number_of(value: float, scope: Scope, at: int | None = None) -> Operand:
    """A number; a whole one stays an integer, so that long ones lose no digit.

    Args:
        value: of any size.
        scope: of the filter.
        at: where it stands; None where it knows that itself.

    Raises:
        ParameterError: it is too large for a number.
    """
    place = place_of(value) if at is None else at
    if abs(value) > sys.float_info.max or math.isnan(value):
        raise scope.fault(Word("", place), "数太大，不可用。", "A number in it is too large to be used.")
    whole = int(value) if isinstance(value, int) or value.is_integer() else None
    if whole is not None and -SIGNED_64 <= whole < SIGNED_64:
        return Operand("integer", literal(whole, INTEGER), Word(str(whole), place), whole)
    return Operand("number", literal(float(value), Double()), Word(f"{value:.15g}", place), float(value))


def whole_number(digits: str) -> int:
    """A whole number of JSON or CQL2: one of more than 400 digits is too large whatever they are, and slow to read."""
    return int(digits[:_MOST_DIGITS])


def boolean_of(*, value: bool) -> Operand:
    """True or false."""
    return Operand("boolean", literal(value, Boolean()), str(value).lower(), value)


def array_of(values: Sequence[Any], scope: Scope) -> Operand:
    """A list that the filter writes, of texts, numbers and booleans.

    Raises:
        ParameterError: something else is in it.
    """
    if not all(isinstance(each, str | float | int) for each in values):
        at = Word("", place_of(values))
        raise scope.fault(at, "列表中只能有文本、数与布尔值。", "A list can hold texts, numbers and booleans only.")
    plain = [_plain(each, scope) for each in values]
    return Operand("array", literal(plain, Json()), Word("(…)", place_of(values)), tuple(values))


def _plain(value: str | float, scope: Scope) -> str | float:
    """A member of a list as JSON has it; a whole number is an integer, so that 1 and 1.0 are the same."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(text_of(value, scope).value)
    number: float = number_of(value, scope).value
    return number


def date_of(text: str, scope: Scope) -> Operand:
    """A calendar day.

    Raises:
        ParameterError: there is no such day.
    """
    value = _parsed(_DATE, dt.date.fromisoformat, text)
    if value is None:
        raise scope.fault(
            text, f"“{text}”不是日期；应如 2024-12-31。", f"“{text}” is no date; write it like 2024-12-31."
        )
    sql = literal(value, Date()) if scope.on_postgis else literal(value.isoformat(), Text())
    return Operand("date", sql, text, value)


def timestamp_of(text: str, scope: Scope) -> Operand:
    """A moment.

    Raises:
        ParameterError: it is none, or says no zone.
    """
    value = _parsed(_TIMESTAMP, dt.datetime.fromisoformat, text.upper())
    try:
        utc = None if value is None else value.astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        utc = None
    if utc is None:
        raise scope.fault(
            text,
            f"“{text}”不是时间；应如 2024-12-31T08:00:00Z 或 2024-12-31T16:00:00+08:00。",
            f"“{text}” is no timestamp; write it like 2024-12-31T08:00:00Z or 2024-12-31T16:00:00+08:00.",
        )
    return moment_of(utc, text, scope)


def moment_of(utc: dt.datetime, token: str, scope: Scope) -> Operand:
    """A moment in UTC, without saying so, as moments are compared."""
    written = utc.isoformat(timespec="microseconds")
    sql = literal(utc, DateTime()) if scope.on_postgis else literal(written, Text())
    return Operand("datetime", sql, token, utc)


def time_of(text: str, scope: Scope) -> Operand:
    """A time of day, which CQL2 has no literal for and which is written as a text.

    Raises:
        ParameterError: there is no such time.
    """
    value = _parsed(re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?"), dt.time.fromisoformat, text)
    if value is None:
        raise scope.fault(
            text, f"“{text}”不是时刻；应如 '08:30:00'。", f"“{text}” is no time; write it like '08:30:00'."
        )
    written = value.isoformat(timespec="microseconds")
    return Operand("time", literal(value, Time()) if scope.on_postgis else literal(written, Text()), text, value)


def _parsed(form: re.Pattern[str], read: Any, text: str) -> Any:  # noqa: ANN401 - a date, a time or both
    try:
        return read(text) if form.fullmatch(text) else None
    except ValueError:
        return None
