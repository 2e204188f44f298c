"""A filter's tree, as CQL2 JSON has it, made into a condition of SQL: OGC 21-065r2, for both databases.

Null is unknown, as in SQL. Texts compare by code point, and like patterns by case, on both engines.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import BindParameter, ColumnClause, ColumnElement, Double, and_, not_, null, or_
from sqlalchemy.sql.elements import Grouping

from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.arithmetic import ARITHMETIC, reckoned
from bioplan_gis.storage.calls import FUNCTIONS, Nearness
from bioplan_gis.storage.moments import RELATIONS, interval_of, moments_compared, related
from bioplan_gis.storage.operands import (
    KIND_EN,
    KIND_ZH,
    MOMENTS,
    NUMBERS,
    Operand,
    Scope,
    array_of,
    boolean_of,
    date_of,
    number_of,
    object_of,
    property_of,
    text_of,
    time_of,
    timestamp_of,
    whole_number,
)
from bioplan_gis.storage.places import LONG_INTEGER, Word, place_of
from bioplan_gis.storage.relations import LISTS, SPATIAL, box_of, geometry_of, lists_related, spatially_related
from bioplan_gis.storage.spatial import near_box
from bioplan_gis.storage.texts import by_code_point, folded, like, pattern_of

Condition = ColumnElement[Any]
Node = Any
_COMPARISONS: Mapping[str, Callable[[Any, Any], Condition]] = {"=": eq, "<>": ne, "<": lt, ">": gt, "<=": le, ">=": ge}
_EQUALITY = frozenset({"=", "<>"})
_WKT = frozenset({"point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"})
# SQLite takes expressions no deeper than 1,000; a long chain of AND or OR is made a tree.
_CHAIN = 100


def condition(node: Node, scope: Scope, *, decides: bool = False) -> Condition:
    """What a filter, or a part of it, asks.

    Args:
        node: of the tree.
        scope: of the filter.
        decides: whether false and unknown come to the same, which lets the spatial index of SQLite help.

    Raises:
        ParameterError: it asks what cannot be asked.
    """
    one = operand(node, scope, decides=decides)
    if one.kind != "boolean":
        raise scope.fault(
            one.token,
            f"“{one.token}”是{KIND_ZH[one.kind]}，不是条件；应如 面积 > 2。",
            f"“{one.token}” is {KIND_EN[one.kind]}, not a condition; write it like area > 2.",
        )
    return one.column


def operand(node: Node, scope: Scope, *, decides: bool = False) -> Operand:
    """What stands in a place of a filter, with its kind.

    Raises:
        ParameterError: it cannot stand there.
    """
    if isinstance(node, bool):
        return boolean_of(value=node)
    if isinstance(node, int | float):
        return number_of(node, scope)
    if isinstance(node, str):
        return text_of(node, scope)
    if isinstance(node, list):
        return array_of(node, scope)
    if isinstance(node, dict):
        return _of_object(node, scope, decides=decides)
    raise scope.fault("NULL", "不能与 NULL 比较；请写 IS NULL。", "Nothing compares with NULL; write IS NULL.")


def _of_object(node: Mapping[str, Node], scope: Scope, *, decides: bool) -> Operand:
    if isinstance(node.get("op"), str) and isinstance(node.get("args"), list):
        return _of_operator(node["op"].casefold(), node["args"], scope, decides=decides)
    for name, read in _OBJECTS.items():
        if isinstance(node.get(name), _OBJECT_TYPES[name]):
            return read(node[name], scope)
    if isinstance(node.get("type"), str):
        return geometry_of(node, scope)
    at = max(place_of(node), place_of(next(iter(node), None)))
    raise scope.fault(Word("", at), "CQL2 不认识此处的内容。", "CQL2 does not know what stands here.")


_OBJECTS: Mapping[str, Callable[[Any, Scope], Operand]] = {
    "property": property_of,
    "date": date_of,
    "timestamp": timestamp_of,
    "interval": interval_of,
    "bbox": box_of,
}
_OBJECT_TYPES = {"property": str, "date": str, "timestamp": str, "interval": list, "bbox": list}


def _of_operator(op: str, args: Sequence[Node], scope: Scope, *, decides: bool) -> Operand:
    if op in {"and", "or"}:
        return _boolean(_chain(op, args, scope, decides=decides), op)
    if op in SPATIAL:
        _require_count(op, args, 2, scope)
        return _boolean(_spatial(op, args, scope, decides=decides), op)
    if op in ARITHMETIC:
        return reckoned(op, _operands(args, scope), scope)
    if op in FUNCTIONS:
        return FUNCTIONS[op].call(op, _operands(args, scope), scope)
    if op in _COMPARISONS:
        _require_count(op, args, 2, scope)
        return _boolean(_comparison(op, _operands(args, scope), scope, decides=decides), op)
    if op not in _OPERATORS:
        raise _unknown(op, scope)
    count, build = _OPERATORS[op]
    _require_count(op, args, count, scope)
    return build(op, args, scope)


def _require_count(op: str, args: Sequence[Node], count: int, scope: Scope) -> None:
    if len(args) != count:
        raise scope.fault(op, f"{op} 须有 {count} 项。", f"{op} takes {count} arguments.")


def _operands(args: Sequence[Node], scope: Scope) -> list[Operand]:
    return [operand(each, scope) for each in args]


def _boolean(sql: Condition, token: str) -> Operand:
    return Operand("boolean", sql, token)


def _chain(op: str, args: Sequence[Node], scope: Scope, *, decides: bool) -> Condition:
    if not args:
        raise scope.fault(op, f"{op} 没有条件。", f"{op} has no conditions.")
    return _joined(op, [condition(each, scope, decides=decides) for each in args])


def _joined(op: str, parts: Sequence[Condition]) -> Condition:
    joined = and_ if op == "and" else or_
    while len(parts) > _CHAIN:
        parts = [joined(*parts[at : at + _CHAIN]).self_group() for at in range(0, len(parts), _CHAIN)]
    return joined(*parts)


def _spatial(op: str, args: Sequence[Node], scope: Scope, *, decides: bool) -> Condition:
    return spatially_related(op, operand(args[0], scope), operand(args[1], scope), scope, decides=decides)


def _temporal(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return _boolean(related(op, operand(args[0], scope), operand(args[1], scope), scope), op)


def _of_lists(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    first, second = _operands([each if isinstance(each, list | dict) else [each] for each in args], scope)
    return _boolean(lists_related(op, first, second, scope), op)


def _not(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return _boolean(not_(condition(args[0], scope).self_group()), op)


def _is_null(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    one = object_of(args[0], scope) or operand(args[0], scope)
    if one.kind == "interval":
        raise scope.fault(one.token, "时段不能用 IS NULL。", "An interval has no IS NULL; ask its ends.")
    return _boolean(_grouped(one).is_(null()), op)


def _comparison(op: str, operands: Sequence[Operand], scope: Scope, *, decides: bool) -> Condition:
    first, second = operands
    asked = compared(op, first, second, scope)
    if isinstance(second.value, Nearness):
        first, second, op = second, first, _MIRRORED[op]
    if not (decides and op in {"<", "<="} and isinstance(first.value, Nearness) and second.kind in NUMBERS):
        return asked
    box = first.value.box(float(second.value)) if isinstance(second.value, int | float) else None
    return asked if box is None else and_(near_box(first.value.geometry, box), asked)


_MIRRORED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _between(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    value, low, high = (operand(each, scope) for each in args)
    return _boolean(and_(compared(">=", value, low, scope), compared("<=", value, high, scope)), op)


def _in(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    value, listed = operand(args[0], scope), args[1]
    if not isinstance(listed, list) or not listed:
        raise scope.fault(op, "IN 之后须有一个不空的列表。", "IN is followed by a list that is not empty.")
    pairs = [_sides("=", value, operand(each, scope), scope) for each in listed]
    ours = pairs[0][0]
    if all(pair[0] is ours for pair in pairs):
        return _boolean(or_(*_members_of(ours, [theirs for _, theirs in pairs])), op)
    return _boolean(_joined("or", [first == second for first, second in pairs]), op)


def _members_of(value: Condition, listed: Sequence[Condition]) -> list[Condition]:
    """One IN for integers, one for reals: PostgreSQL would make reals of all, and one of two long integers."""
    lists = [[one for one in listed if isinstance(one.type, Double) is real] for real in (False, True)]
    return [value.in_(each) for each in lists if each]


def compared(op: str, first: Operand, second: Operand, scope: Scope) -> Condition:
    """A comparison of two of a kind.

    Raises:
        ParameterError: they are not of a kind, or not such as have an order.
    """
    return _COMPARISONS[op](*_sides(op, first, second, scope))


def _sides(op: str, first: Operand, second: Operand, scope: Scope) -> tuple[Condition, Condition]:
    first, second = _read_beside(first, second, scope), _read_beside(second, first, scope)
    _require_comparable(op, first, second, scope)
    if first.kind in MOMENTS:
        return moments_compared(first, second, scope)
    if first.kind == "text" and op not in _EQUALITY:
        return by_code_point(first.column, scope), by_code_point(second.column, scope)
    return _grouped(first), _grouped(second)


def _grouped(one: Operand) -> Condition:
    """A condition in brackets where it is compared as a value: SQLAlchemy leaves NOT without."""
    simple = one.kind != "boolean" or isinstance(one.column, ColumnClause | BindParameter)
    return one.column if simple else Grouping(one.column)


def _read_beside(one: Operand, other: Operand, scope: Scope) -> Operand:
    """A text beside a date or time is read as one: so OGC 21-065r2's own tests write it, and times have no literal."""
    if one.kind != "text" or not isinstance(one.value, str):
        return one
    if other.kind == "time":
        return time_of(one.token, scope)
    if other.kind in MOMENTS:
        return (timestamp_of if "T" in one.value.upper() else date_of)(one.token, scope)
    return one


def _require_comparable(op: str, first: Operand, second: Operand, scope: Scope) -> None:
    if any(first.kind in kinds and second.kind in kinds for kinds in _COMPARABLE):
        return
    ours, theirs = KIND_ZH[first.kind], KIND_ZH[second.kind]
    raise scope.fault(
        second.token if place_of(second.token) >= 0 else op,
        f"“{first.token}”是{ours}，“{second.token}”是{theirs}，不能用 {op} 比较。{_HINT_ZH}",
        f"“{first.token}” is {KIND_EN[first.kind]} and “{second.token}” {KIND_EN[second.kind]}; {op} cannot compare "
        f"them. {_HINT_EN}",
    )


_COMPARABLE = (NUMBERS, MOMENTS, {"text"}, {"time"}, {"boolean"})
_HINT_ZH = "文本写作 '…'，数不加引号，日期写作 DATE('2024-12-31')，列表用 A_CONTAINS，几何用 S_INTERSECTS。"
_HINT_EN = (
    "A text is '…', a number has no quotes, a date is DATE('2024-12-31'); lists have A_CONTAINS, geometries "
    "S_INTERSECTS."
)


def _like(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return like(op, operand(args[0], scope), pattern_of(args[1], op, scope), scope)


def _fold(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return folded(op, _operands(args, scope), scope)


def _long_integer(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    digits = args[0]
    if not isinstance(digits, str) or not digits.isdecimal():
        raise _unknown(op, scope)
    return number_of(whole_number(digits.lstrip("0") or "0"), scope, place_of(digits))


def _unknown(op: str, scope: Scope) -> ParameterError:
    if op in _WKT:
        return scope.fault(
            op,
            "几何的坐标个数不对；应如 POINT(120.2 30.3)。",
            "The geometry's coordinates are not in pairs; write it like POINT(120.2 30.3).",
        )
    known = ", ".join(
        sorted({*_OPERATORS, *_COMPARISONS, *SPATIAL, *FUNCTIONS, "and", "or", *ARITHMETIC} - {LONG_INTEGER})
    )
    return scope.fault(
        op, f"没有函数“{op[:100]}”；可用：{known}。", f"There is no function “{op[:100]}”; there are: {known}."
    )


_Build = Callable[[str, Sequence[Node], Scope], Operand]
_OPERATORS: Mapping[str, tuple[int, _Build]] = {
    "not": (1, _not),
    "isnull": (1, _is_null),
    "between": (3, _between),
    "in": (2, _in),
    "like": (2, _like),
    "casei": (1, _fold),
    "accenti": (1, _fold),
    LONG_INTEGER: (1, _long_integer),
    **dict.fromkeys(RELATIONS, (2, _temporal)),
    **dict.fromkeys(LISTS, (2, _of_lists)),
}
