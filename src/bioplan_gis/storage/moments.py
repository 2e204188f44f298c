"""Dates and times in filters: comparisons on one scale, and the relations of instants and intervals.

Everything is compared as UTC: a ``datetime`` column, which has no zone, as it stands. A date against a time is the
day's first moment; as the end of an interval it is the day's last. The relations are those of Allen 1983
(doi:10.1145/182.358434) as OGC 21-065r2, clause 7.8, has them; ``..`` is an open end.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Text, and_, cast, func, literal, or_, type_coerce

from bioplan_gis.storage.operands import (
    MOMENTS,
    Operand,
    Scope,
    date_of,
    moment_of,
    property_of,
    timestamp_of,
)
from bioplan_gis.storage.places import Word, place_of

Condition = ColumnElement[Any]
_OPEN_START, _OPEN_END = (
    dt.datetime.combine(day, clock) for day, clock in ((dt.date.min, dt.time.min), (dt.date.max, dt.time.max))
)
# A GeoPackage keeps 2024-12-31T08:00:00.000000, with a Z for UTC.
_WRITTEN = 26
_MIDNIGHT, _LAST_MOMENT = "T00:00:00.000000", "T23:59:59.999999"
_DAY_BUT_A_MICROSECOND = dt.timedelta(days=1) - dt.timedelta(microseconds=1)


def _during(s1: Condition, e1: Condition, s2: Condition, e2: Condition) -> Condition:
    return and_(s1 > s2, e1 < e2)


RELATIONS: Mapping[str, Callable[[Condition, Condition, Condition, Condition], Condition]] = {
    "t_after": lambda s1, _e1, _s2, e2: s1 > e2,
    "t_before": lambda _s1, e1, s2, _e2: e1 < s2,
    "t_contains": lambda s1, e1, s2, e2: and_(s1 < s2, e1 > e2),
    "t_disjoint": lambda s1, e1, s2, e2: or_(e1 < s2, s1 > e2),
    "t_during": _during,
    "t_equals": lambda s1, e1, s2, e2: and_(s1 == s2, e1 == e2),
    "t_finishedby": lambda s1, e1, s2, e2: and_(s1 < s2, e1 == e2),
    "t_finishes": lambda s1, e1, s2, e2: and_(s1 > s2, e1 == e2),
    "t_intersects": lambda s1, e1, s2, e2: and_(s1 <= e2, e1 >= s2),
    "t_meets": lambda _s1, e1, s2, _e2: e1 == s2,
    "t_metby": lambda s1, _e1, _s2, e2: s1 == e2,
    "t_overlappedby": lambda s1, e1, s2, e2: and_(s1 > s2, s1 < e2, e1 > e2),
    "t_overlaps": lambda s1, e1, s2, e2: and_(s1 < s2, e1 > s2, e1 < e2),
    "t_startedby": lambda s1, e1, s2, e2: and_(s1 == s2, e1 > e2),
    "t_starts": lambda s1, e1, s2, e2: and_(s1 == s2, e1 < e2),
}


def moments_compared(first: Operand, second: Operand, scope: Scope) -> tuple[Condition, Condition]:
    """Two dates or times as SQL that compares: as days where both are, else as moments in UTC."""
    if first.kind == second.kind == "date":
        return first.column, second.column
    return as_moment(first, scope), as_moment(second, scope)


def as_moment(one: Operand, scope: Scope, *, ends: bool = False) -> Condition:
    """A date or time as a moment in UTC; a date is its day's first, or where it ends an interval its last."""
    if isinstance(one.value, dt.datetime):
        return one.column
    if isinstance(one.value, dt.date):
        moment = dt.datetime.combine(one.value, dt.time())
        return moment_of(moment + _DAY_BUT_A_MICROSECOND if ends else moment, one.token, scope).column
    return _postgis_moment(one, ends=ends) if scope.on_postgis else _gpkg_moment(one, ends=ends)


def _postgis_moment(one: Operand, *, ends: bool) -> Condition:
    if one.kind == "timestamp":
        return func.timezone(literal("UTC", Text()), one.column, type_=DateTime())
    moment = cast(one.column, DateTime())
    return moment + literal(_DAY_BUT_A_MICROSECOND) if one.kind == "date" and ends else moment


def _gpkg_moment(one: Operand, *, ends: bool) -> Condition:
    written = type_coerce(one.column, Text())
    if one.kind == "date":
        return written.concat(literal(_LAST_MOMENT if ends else _MIDNIGHT, Text()))
    return func.substr(written, 1, _WRITTEN, type_=Text())


def interval_of(ends: Sequence[Any], scope: Scope) -> Operand:
    """A span between two instants.

    Raises:
        ParameterError: an end is no instant, or the end lies before the start.
    """
    token = Word("INTERVAL", place_of(ends))
    if len(ends) != 2:  # noqa: PLR2004 - a start and an end
        raise scope.fault(token, "时段须有起、止两端。", "An interval has a start and an end.")
    start, end = (_end_of(each, token, scope) for each in ends)
    if start and end and start.value and end.value and _python_moment(start) > _python_moment(end):
        raise scope.fault(start.token, "时段的起点晚于终点。", "The interval begins after its end.")
    return Operand("interval", None, token, (start, end))


def span_of(text: str, scope: Scope) -> Operand:
    """An instant or interval as the parameter ``datetime`` writes it (RFC 3339), as an interval.

    Raises:
        ParameterError: it is neither, or its end lies before its start.
    """
    ends = text.split("/")
    if len(ends) > 2 or (len(ends) == 1 and ends[0] in _OPEN):  # noqa: PLR2004 - a start and an end
        raise scope.fault_at(0, f"应为时刻或区间，{_EXAMPLES}。", f"this should be an instant or interval: {_EXAMPLES}")
    return interval_of([".." if end in _OPEN else end for end in (ends * 2)[:2]], scope)


_OPEN = ("", "..")
_EXAMPLES = "2024-07-01, 2024-07-01T08:00:00Z, 2024-01-01/2024-12-31, 2024-01-01/.."


def _python_moment(one: Operand) -> dt.datetime:
    return one.value if isinstance(one.value, dt.datetime) else dt.datetime.combine(one.value, dt.time())


def _end_of(node: object, token: str, scope: Scope) -> Operand | None:
    """An end of an interval; None where it is open."""
    if node == "..":
        return None
    if isinstance(node, str):
        return timestamp_of(node, scope) if "T" in node.upper() else date_of(node, scope)
    if isinstance(node, dict) and isinstance(node.get("property"), str):
        return require_moment(property_of(node["property"], scope), scope)
    for name, read in (("date", date_of), ("timestamp", timestamp_of)):
        if isinstance(node, dict) and isinstance(node.get(name), str):
            return read(node[name], scope)
    raise scope.fault(
        token,
        "时段的两端只能是日期、时间、属性或“..”。",
        "An end of an interval is a date, a timestamp, a property or “..”.",
    )


def require_moment(one: Operand, scope: Scope) -> Operand:
    """See that something is a date, a time or an interval.

    Raises:
        ParameterError: it is not.
    """
    if one.kind in MOMENTS or one.kind == "interval":
        return one
    raise scope.fault(
        one.token,
        f"“{one.token}”不是日期或时间；日期写作 DATE('2024-12-31')，时间写作 TIMESTAMP('2024-12-31T08:00:00Z')。",
        f"“{one.token}” is no date or time; write DATE('2024-12-31') or TIMESTAMP('2024-12-31T08:00:00Z').",
    )


def related(relation: str, first: Operand, second: Operand, scope: Scope) -> Condition:
    """Whether two instants or intervals stand in a relation, such as ``t_during``."""
    bounds = (*_bounds(require_moment(first, scope)), *_bounds(require_moment(second, scope)))
    as_days = all(one is None or one.kind == "date" for one in bounds)
    return RELATIONS[relation](*(_bound(one, at % 2 == 1, scope, as_days=as_days) for at, one in enumerate(bounds)))


def _bounds(one: Operand) -> tuple[Operand | None, Operand | None]:
    return one.value if one.kind == "interval" else (one, one)


def _bound(one: Operand | None, ends: bool, scope: Scope, *, as_days: bool) -> Condition:  # noqa: FBT001
    if one is None:
        last = _OPEN_END if ends else _OPEN_START
        return date_of(last.date().isoformat(), scope).column if as_days else moment_of(last, "..", scope).column
    return one.column if as_days else as_moment(one, scope, ends=ends)
