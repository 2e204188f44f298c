"""What a parameter named like a property asks: that the property equals the parameter's value."""

import re
from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement

from bioplan_gis.storage.clauses import compared
from bioplan_gis.storage.operands import (
    Operand,
    Scope,
    array_of,
    boolean_of,
    date_of,
    number_of,
    text_of,
    time_of,
    timestamp_of,
)
from bioplan_gis.storage.relations import lists_related

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,400}", re.ASCII)


def equal_to(one: Operand, text: str, scope: Scope) -> ColumnElement[bool]:
    """The condition that a property equals what a text says, or has it among its members.

    Raises:
        ParameterError: the text is not of the property's type, or the type has no equality.
    """
    if one.kind == "list":
        return lists_related("a_contains", one, array_of([text_of(text, scope).value], scope), scope)
    if one.kind not in _READERS:
        raise scope.fault_at(
            -1,
            f"“{one.token}”是对象或几何，不能用等式查询；几何用 bbox 或 filter。",
            f"“{one.token}” is an object or a geometry, which no value equals; use bbox or filter for a geometry.",
        )
    return compared("=", one, _READERS[one.kind](text, scope), scope)


def _number(text: str, scope: Scope) -> Operand:
    if not _NUMBER.fullmatch(text):
        raise scope.fault_at(
            -1, f"“{text[:100]}”不是数；应如 2 或 1.5。", f"“{text[:100]}” is no number; write it like 2 or 1.5."
        )
    return number_of(int(text) if _INTEGER.fullmatch(text) else float(text), scope)


def _integer(text: str, scope: Scope) -> Operand:
    if not _INTEGER.fullmatch(text):
        raise scope.fault_at(
            -1, f"“{text[:100]}”不是整数；应如 2024。", f"“{text[:100]}” is no whole number; write it like 2024."
        )
    return number_of(int(text), scope)


def _boolean(text: str, scope: Scope) -> Operand:
    if text.lower() not in {"true", "false"}:
        raise scope.fault_at(
            -1, f"“{text[:100]}”不是布尔值；应为 true 或 false。", f"“{text[:100]}” is no boolean; true or false is."
        )
    return boolean_of(value=text.lower() == "true")


_READERS: Mapping[str, Callable[[str, Scope], Operand]] = {
    "text": text_of,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": date_of,
    "datetime": timestamp_of,
    "timestamp": timestamp_of,
    "time": time_of,
}
