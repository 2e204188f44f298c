"""Functions that a filter may call, beside those of CQL2 itself: what each takes and gives, alike on both engines.

A function of nothing (null) is nothing, as in SQL. Names are heeded without case.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Double, Text, collate, extract, func, literal
from sqlalchemy import cast as sql_cast

from bioplan_gis.crs import degrees_around
from bioplan_gis.storage.arithmetic import real
from bioplan_gis.storage.moments import as_moment
from bioplan_gis.storage.operands import KIND_EN, KIND_ZH, MOMENTS, NUMBERS, Operand, Scope
from bioplan_gis.storage.places import place_of
from bioplan_gis.storage.spatial import Box, metres_between, square_metres
from bioplan_gis.storage.tables import INTEGER

Condition = ColumnElement[Any]
# Kinds of operands by the types that OGC 19-079r2 (/functions) has for arguments.
KINDS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text"}),
    "number": NUMBERS,
    "datetime": MOMENTS,
    "geometry": frozenset({"geometry"}),
}
_TYPES_ZH = {"string": "文本", "number": "数", "datetime": "日期或时间", "geometry": "几何"}
_TYPES_EN = {"string": "a text", "number": "a number", "datetime": "a date or time", "geometry": "a geometry"}


@dataclass(frozen=True)
class Argument:
    """What a function takes.

    Attributes:
        type: ``string``, ``number``, ``datetime`` or ``geometry``.
        zh: what it is, in Chinese.
        en: the same in English.
    """

    type: str
    zh: str
    en: str


@dataclass(frozen=True)
class Function:
    """A function that filters may call.

    Attributes:
        name: in lower case.
        arguments: in order, all of them required.
        returns: ``string``, ``number`` or ``integer``.
        zh: what it gives, in Chinese.
        en: the same in English.
        build: makes the SQL of its operands.
    """

    name: str
    arguments: tuple[Argument, ...]
    returns: str
    zh: str
    en: str
    build: Callable[[Sequence[Operand], Scope], Condition]

    def call(self, op: str, operands: Sequence[Operand], scope: Scope) -> Operand:
        """What the function gives.

        Raises:
            ParameterError: it takes others.
        """
        if len(operands) != len(self.arguments):
            raise scope.fault(op, f"{self.name} 须有 {len(self.arguments)} 项：{self.form}。",
                              f"{self.name} takes {len(self.arguments)} arguments: {self.form}.")  # fmt: skip
        for one, argument in zip(operands, self.arguments, strict=True):
            if one.kind not in KINDS[argument.type]:
                raise scope.fault(
                    one.token if place_of(one.token) >= 0 else op,
                    f"{self.name} 此处应为{_TYPES_ZH[argument.type]}，“{one.token}”是{KIND_ZH[one.kind]}。",
                    f"{self.name} takes {_TYPES_EN[argument.type]} here; “{one.token}” is {KIND_EN[one.kind]}.",
                )
        return Operand(_RETURNED[self.returns], self.build(operands, scope), op, _near(self.name, operands))

    @property
    def form(self) -> str:
        """How it is written."""
        return f"{self.name}({', '.join(argument.type for argument in self.arguments)})"


@dataclass(frozen=True)
class Nearness:
    """A distance of a column's geometry from one that the filter writes, which an index can help with.

    Attributes:
        geometry: the column.
        shape: what the filter writes.
    """

    geometry: Condition
    shape: BaseGeometry

    def box(self, distance_m: float) -> Box | None:
        """A box around all that is within a distance; None where it would reach over the rim of the world."""
        west, south, east, north = self.shape.bounds
        high = max(abs(south), abs(north)) + degrees_around(0.0, distance_m)[1]
        if not (0 <= distance_m < math.inf and high < _HIGHEST):
            return None
        wide, tall = degrees_around(high, distance_m)
        box = west - wide, south - tall, east + wide, north + tall
        return box if box[0] >= -180 and box[2] <= 180 else None  # noqa: PLR2004


# So near the poles, a degree of longitude is too short to search by.
_HIGHEST = 80.0


def _near(name: str, operands: Sequence[Operand]) -> Nearness | None:
    if name != "distance_m":
        return None
    columns = [one.column for one in operands if one.value is None]
    shapes = [one.value for one in operands if one.value is not None]
    return Nearness(columns[0], shapes[0]) if columns and shapes else None


_RETURNED = {"string": "text", "number": "number", "integer": "integer"}


def _area(operands: Sequence[Operand], scope: Scope) -> Condition:
    shape = operands[0].column
    return square_metres(shape) if scope.on_postgis else func.bioplan_area_m2(shape, type_=Double())


def _distance(operands: Sequence[Operand], scope: Scope) -> Condition:
    first, second = (one.column for one in operands)
    if scope.on_postgis:
        return metres_between(first, second)
    return func.bioplan_distance_m(first, second, type_=Double())


def _geometry_type(operands: Sequence[Operand], scope: Scope) -> Condition:
    shape = operands[0].column
    if not scope.on_postgis:
        return func.bioplan_geometry_type(shape, type_=Text())
    return collate(func.substr(func.ST_GeometryType(shape), 4, type_=Text()), "C")


def _recased(name: str) -> Callable[[Sequence[Operand], Scope], Condition]:
    def build(operands: Sequence[Operand], scope: Scope) -> Condition:
        text = operands[0].column
        if not scope.on_postgis:
            return getattr(func, f"bioplan_{name}")(text, type_=Text())  # type: ignore[no-any-return]
        return collate(getattr(func, name)(collate(text, "und-x-icu"), type_=Text()), "C")

    return build


def _length(operands: Sequence[Operand], scope: Scope) -> Condition:
    measure = func.char_length if scope.on_postgis else func.length
    return measure(operands[0].column, type_=INTEGER)


def _rounded(name: str) -> Callable[[Sequence[Operand], Scope], Condition]:
    def build(operands: Sequence[Operand], scope: Scope) -> Condition:
        value = real(operands[0])
        made: Condition = getattr(func, name if scope.on_postgis else f"bioplan_{name}")(value, type_=Double())
        return made

    return build


# Where an ISO date or time has its year, month and day, and how many digits they are.
_PARTS = {"year": (1, 4), "month": (6, 2), "day": (9, 2)}


def _part(name: str) -> Callable[[Sequence[Operand], Scope], Condition]:
    def build(operands: Sequence[Operand], scope: Scope) -> Condition:
        moment = as_moment(operands[0], scope)
        if scope.on_postgis:
            return sql_cast(extract(name, moment), INTEGER)
        return sql_cast(func.substr(moment, *map(literal, _PARTS[name]), type_=Text()), INTEGER)

    return build


_GEOMETRY = Argument("geometry", "几何", "A geometry")
_TEXT = Argument("string", "文本", "A text")
_NUMBER = Argument("number", "数", "A number")
_MOMENT = Argument("datetime", "日期或时间", "A date or time")
FUNCTIONS: Mapping[str, Function] = {
    one.name: one
    for one in (
        Function("abs", (_NUMBER,), "number", "绝对值", "Absolute value", _rounded("abs")),
        Function(
            "area_m2", (_GEOMETRY,), "number", "椭球面积，平方米；无面为 0",
            "Area on the ellipsoid in square metres; 0 where there is no polygon", _area,
        ),
        Function("ceiling", (_NUMBER,), "number", "不小于它的最小整数", "Least whole number not below it",
                 _rounded("ceil")),
        Function("day", (_MOMENT,), "integer", "日（UTC）", "Day of the month (UTC)", _part("day")),
        Function(
            "distance_m", (_GEOMETRY, _GEOMETRY), "number", "椭球面上的最小距离，米",
            "Least distance on the ellipsoid in metres", _distance,
        ),
        Function("floor", (_NUMBER,), "number", "不大于它的最大整数", "Greatest whole number not above it",
                 _rounded("floor")),
        Function(
            "geometry_type", (_GEOMETRY,), "string", "几何类型，如 Polygon", "Type of a geometry, such as Polygon",
            _geometry_type,
        ),
        Function("length_of", (_TEXT,), "integer", "文本的字数", "How many characters a text has", _length),
        Function("lower", (_TEXT,), "string", "小写", "In lower case", _recased("lower")),
        Function("month", (_MOMENT,), "integer", "月（UTC）", "Month (UTC)", _part("month")),
        Function("upper", (_TEXT,), "string", "大写", "In upper case", _recased("upper")),
        Function("year", (_MOMENT,), "integer", "年（UTC）", "Year (UTC)", _part("year")),
    )
}  # fmt: skip
