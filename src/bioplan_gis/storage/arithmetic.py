"""Arithmetic of filters, on doubles; what has no value, such as a division by nought, is null on both engines."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Double, Numeric, and_, case, cast, func, literal, null, or_

from bioplan_gis.storage.operands import KIND_EN, KIND_ZH, NUMBERS, Operand, Scope, number_of
from bioplan_gis.storage.tables import INTEGER

Condition = ColumnElement[Any]
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "div", "^"})


def reckoned(op: str, numbers: Sequence[Operand], scope: Scope) -> Operand:
    """What an operator makes of two numbers, or minus of one.

    Raises:
        ParameterError: one of them is no number, or there are more.
    """
    if len(numbers) == 1 and op == "-":
        numbers = [number_of(0, scope), numbers[0]]
    if len(numbers) != 2:  # noqa: PLR2004 - of two numbers
        raise scope.fault(op, f"{op} 须有两项。", f"{op} takes two numbers.")
    for one in numbers:
        if one.kind not in NUMBERS:
            raise scope.fault(
                one.token,
                f"“{one.token}”是{KIND_ZH[one.kind]}，不能计算；此处应为数。",
                f"“{one.token}” is {KIND_EN[one.kind]}; here should be a number to reckon with.",
            )
    first, second = numbers
    if op == "*" and first.value == -1 and isinstance(second.value, int):
        return number_of(-second.value, scope)
    if op == "%" and first.kind == second.kind == "integer":
        divisor = func.nullif(second.column, literal(0, INTEGER))
        return Operand("integer", first.column.op("%", precedence=8, return_type=INTEGER)(divisor).self_group(), op)
    return Operand("number", _reckoned(op, real(first), real(second), scope), op)


def real(one: Operand) -> Condition:
    """A number as a double."""
    return one.column if one.kind == "number" else cast(one.column, Double())


def _reckoned(op: str, first: Condition, second: Condition, scope: Scope) -> Condition:
    if op in {"+", "-", "*"}:
        return first.op(op, precedence=_PRECEDENCE[op], return_type=Double())(second).self_group()
    if op == "/":
        return first.op("/", precedence=8, return_type=Double())(
            func.nullif(second, literal(0.0, Double()))
        ).self_group()
    if op == "^":
        return _postgis_power(first, second) if scope.on_postgis else func.bioplan_power(first, second, type_=Double())
    return _of_division(op, first, second, scope)


_PRECEDENCE = {"+": 7, "-": 7, "*": 8}


def _of_division(op: str, first: Condition, second: Condition, scope: Scope) -> Condition:
    """A quotient without its fraction (``div``), or what is left (``%``)."""
    if not scope.on_postgis:
        return (func.bioplan_quotient if op == "div" else func.bioplan_remainder)(first, second, type_=Double())
    divisor = func.nullif(second, literal(0.0, Double()))
    if op == "div":
        return func.trunc(first.op("/", precedence=8)(divisor), type_=Double())
    return cast(func.mod(cast(first, Numeric()), cast(divisor, Numeric())), Double())


def _postgis_power(base: Condition, exponent: Condition) -> Condition:
    """PostgreSQL gives up the whole statement where a power is no real number."""
    nought: Condition = literal(0.0, Double())
    impossible = or_(and_(base < nought, exponent != func.trunc(exponent)), and_(base == nought, exponent < nought))
    return case((impossible, null()), else_=func.power(base, exponent, type_=Double()))
