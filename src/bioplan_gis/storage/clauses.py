"""A filter's tree, as CQL2 JSON has it, made into a condition of SQL: OGC 21-065r2, for both databases.

Null is unknown, as in SQL. Texts compare by code point, and like patterns by case, on both engines.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Double,
    Numeric,
    Text,
    and_,
    case,
    cast,
    collate,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
)

from bioplan_gis.storage.functions import fold_case, strip_accents
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
    property_of,
    text_of,
    time_of,
    timestamp_of,
)
from bioplan_gis.storage.patterns import glob_pattern, like_pattern, parts_of
from bioplan_gis.storage.relations import LISTS, SPATIAL, box_of, geometry_of, lists_related, spatially_related
from bioplan_gis.storage.tables import INTEGER

Condition = ColumnElement[Any]
Node = Any
# Long integers pass through the parser, which knows doubles only, as a call of this.
LONG_INTEGER = "bioplan_integer"
_COMPARISONS: Mapping[str, Callable[[Any, Any], Condition]] = {"=": eq, "<>": ne, "<": lt, ">": gt, "<=": le, ">=": ge}
_EQUALITY = frozenset({"=", "<>"})
_ORDERED = NUMBERS | MOMENTS | {"text", "time"}
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "div", "^"})
_WKT = frozenset({"point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"})
# SQLite takes expressions no deeper than 1,000; a long chain of AND or OR is made a tree.
_CHAIN = 100
# SQLite takes patterns of 50,000 bytes.
_MOST_OF_A_PATTERN = 5_000


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
    raise scope.fault("null", "不能与 NULL 比较；请写 IS NULL。", "Nothing compares with NULL; write IS NULL.")


def _of_object(node: Mapping[str, Node], scope: Scope, *, decides: bool) -> Operand:
    if isinstance(node.get("op"), str) and isinstance(node.get("args"), list):
        return _of_operator(node["op"].casefold(), node["args"], scope, decides=decides)
    for name, read in _OBJECTS.items():
        if isinstance(node.get(name), _OBJECT_TYPES[name]):
            return read(node[name], scope)
    if isinstance(node.get("type"), str):
        return geometry_of(node, scope)
    raise scope.fault("", "筛选条件中有无法识别的内容。", "Something in the filter is not known to CQL2.")


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
        return _boolean(_chain(op, [condition(each, scope, decides=decides) for each in args]), op)
    if op in _ARITHMETIC:
        return _arithmetic(op, args, scope)
    count, build = _OPERATORS.get(op, (0, _unknown))
    if count and len(args) != count:
        raise scope.fault(op, f"{op} 须有 {count} 项。", f"{op} takes {count} arguments.")
    if op in SPATIAL:
        return _boolean(_spatial(op, args, scope, decides=decides), op)
    return build(op, args, scope)


def _boolean(sql: Condition, token: str) -> Operand:
    return Operand("boolean", sql, token)


def _chain(op: str, parts: Sequence[Condition]) -> Condition:
    joined = and_ if op == "and" else or_
    while len(parts) > _CHAIN:
        parts = [joined(*parts[at : at + _CHAIN]).self_group() for at in range(0, len(parts), _CHAIN)]
    return joined(*parts)


def _spatial(op: str, args: Sequence[Node], scope: Scope, *, decides: bool) -> Condition:
    return spatially_related(op, operand(args[0], scope), operand(args[1], scope), scope, decides=decides)


def _temporal(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return _boolean(related(op, operand(args[0], scope), operand(args[1], scope), scope), op)


def _of_lists(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    first, second = (operand(each if isinstance(each, list | dict) else [each], scope) for each in args)
    return _boolean(lists_related(op, first, second, scope), op)


def _not(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return _boolean(not_(condition(args[0], scope).self_group()), op)


def _is_null(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return _boolean(operand(args[0], scope).column.is_(null()), op)


def _comparison(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    first, second = (operand(each, scope) for each in args)
    return _boolean(compared(op, first, second, scope), op)


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
    return _boolean(_chain("or", [first == second for first, second in pairs]), op)


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
    first, second = _as_times(first, second, scope)
    _require_comparable(op, first, second, scope)
    if first.kind in MOMENTS:
        return moments_compared(first, second, scope)
    if first.kind == "text" and op not in _EQUALITY:
        return _by_code_point(first.column, scope), _by_code_point(second.column, scope)
    return first.column, second.column


def _as_times(first: Operand, second: Operand, scope: Scope) -> tuple[Operand, Operand]:
    """CQL2 has no literal for a time of day: beside one, a text is read as one."""
    if first.kind == "time" and isinstance(second.value, str) and second.kind == "text":
        return first, time_of(second.value, scope)
    if second.kind == "time" and isinstance(first.value, str) and first.kind == "text":
        return time_of(first.value, scope), second
    return first, second


def _require_comparable(op: str, first: Operand, second: Operand, scope: Scope) -> None:
    for kinds in (NUMBERS, MOMENTS, _ORDERED, frozenset({"boolean"})):
        if first.kind in kinds and second.kind in kinds and (kinds is not _ORDERED or first.kind == second.kind):
            if kinds <= _ORDERED or op in _EQUALITY:
                return
            raise scope.fault(first.token, "布尔值只能用 = 与 <>。", "Booleans have = and <> only.")
    ours, theirs = KIND_ZH[first.kind], KIND_ZH[second.kind]
    raise scope.fault(
        second.token,
        f"“{first.token}”是{ours}，“{second.token}”是{theirs}，不能用 {op} 比较。{_HINT_ZH}",
        f"“{first.token}” is {KIND_EN[first.kind]} and “{second.token}” {KIND_EN[second.kind]}; {op} cannot compare "
        f"them. {_HINT_EN}",
    )


_HINT_ZH = "文本写作 '…'，数不加引号，日期写作 DATE('2024-12-31')，列表用 A_CONTAINS，几何用 S_INTERSECTS。"
_HINT_EN = (
    "A text is '…', a number has no quotes, a date is DATE('2024-12-31'); lists have A_CONTAINS, geometries "
    "S_INTERSECTS."
)


def _by_code_point(text: Condition, scope: Scope) -> Condition:
    """SQLite's own order of texts is by code point; PostgreSQL's is by the database's language."""
    return collate(text, "C") if scope.on_postgis else text


def _arithmetic(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    if len(args) == 1 and op == "-":
        args = [0, args[0]]
    if len(args) != 2:  # noqa: PLR2004 - of two numbers
        raise scope.fault(op, f"{op} 须有两项。", f"{op} takes two numbers.")
    first, second = (operand(each, scope) for each in args)
    if op == "*" and first.value == -1 and isinstance(second.value, int):
        return number_of(-second.value, scope)
    for one in (first, second):
        if one.kind not in NUMBERS:
            raise scope.fault(
                one.token, f"“{one.token}”不是数，不能计算。", f"“{one.token}” is no number to reckon with."
            )
    if op == "%" and first.kind == second.kind == "integer":
        divisor = func.nullif(second.column, literal(0, INTEGER))
        return Operand("integer", first.column.op("%", precedence=8, return_type=INTEGER)(divisor).self_group(), op)
    return Operand("number", _reckoned(op, _real(first), _real(second), scope), op)


def _real(one: Operand) -> Condition:
    return one.column if one.kind == "number" else cast(one.column, Double())


def _reckoned(op: str, first: Condition, second: Condition, scope: Scope) -> Condition:
    """Arithmetic on doubles; what has no value, such as a division by nought, is null on both engines."""
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


def _like(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    text, pattern = operand(args[0], scope), _pattern(args[1], scope)
    if text.kind != "text":
        raise scope.fault(
            text.token, f"“{text.token}”不是文本，不能用 LIKE。", f"LIKE is for texts; “{text.token}” is none."
        )
    parts = parts_of(pattern)
    if len(pattern) > _MOST_OF_A_PATTERN:
        raise scope.fault(op, f"LIKE 的样式超过 {_MOST_OF_A_PATTERN} 个字符。", "The pattern of LIKE is too long.")
    if scope.on_postgis:
        return _boolean(text.column.like(literal(like_pattern(parts), Text()), escape="\\"), op)
    return _boolean(text.column.op("GLOB", return_type=Boolean())(literal(glob_pattern(parts), Text())), op)


def _pattern(node: Node, scope: Scope) -> str:
    if isinstance(node, str):
        return str(text_of(node, scope).value)
    op = node.get("op", "").casefold() if isinstance(node, dict) and isinstance(node.get("op"), str) else ""
    if op in _FOLDS and isinstance(node.get("args"), list) and len(node["args"]) == 1:
        return _FOLDS[op](_pattern(node["args"][0], scope))
    raise scope.fault("LIKE", "LIKE 之后须是文本，如 '三类%'。", "LIKE is followed by a text, such as 'M3%'.")


def _fold(op: str, args: Sequence[Node], scope: Scope) -> Operand:
    text = operand(args[0], scope)
    if text.kind != "text":
        raise scope.fault(
            text.token, f"“{text.token}”不是文本，不能用 {op}。", f"{op} is for texts; “{text.token}” is none."
        )
    if isinstance(text.value, str):
        return text_of(_FOLDS[op](text.value), scope)
    return Operand("text", _FOLDED[op](text.column, scope), text.token)


_FOLDS: Mapping[str, Callable[[str], str]] = {"casei": fold_case, "accenti": strip_accents}


def _folded_case(text: Condition, scope: Scope) -> Condition:
    """ICU's root rules, since a database in the C locale knows the letters A–Z only."""
    if not scope.on_postgis:
        return func.bioplan_fold_case(text, type_=Text())
    folded = func.lower(func.upper(collate(text, "und-x-icu"), type_=Text()), type_=Text())
    return collate(func.replace(folded, literal("ς", Text()), literal("σ", Text()), type_=Text()), "C")


def _without_accents(text: Condition, scope: Scope) -> Condition:
    if not scope.on_postgis:
        return func.bioplan_strip_accents(text, type_=Text())
    apart = func.normalize(text, literal_column("NFD"), type_=Text())
    bare = func.regexp_replace(apart, literal("[\u0300-\u036f]", Text()), literal("", Text()), literal("g", Text()))
    return collate(func.normalize(bare, literal_column("NFC"), type_=Text()), "C")


_FOLDED: Mapping[str, Callable[[Condition, Scope], Condition]] = {"casei": _folded_case, "accenti": _without_accents}


def _long_integer(_op: str, args: Sequence[Node], scope: Scope) -> Operand:
    return number_of(int(args[0]), scope)


def _unknown(op: str, _args: Sequence[Node], scope: Scope) -> Operand:
    if op in _WKT:
        raise scope.fault(
            op,
            "几何的坐标个数不对；应如 POINT(120.2 30.3)。",
            "The geometry's coordinates are not in pairs; write it like POINT(120.2 30.3).",
        )
    known = ", ".join(sorted({*_OPERATORS, "and", "or", *_ARITHMETIC} - {LONG_INTEGER}))
    raise scope.fault(op, f"没有函数“{op}”；可用：{known}。", f"There is no function “{op}”; there are: {known}.")


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
    **dict.fromkeys(_COMPARISONS, (2, _comparison)),
    **dict.fromkeys(SPATIAL, (2, _unknown)),
    **dict.fromkeys(RELATIONS, (2, _temporal)),
    **dict.fromkeys(LISTS, (2, _of_lists)),
}
