"""CQL2, as text or JSON, made into a condition of SQL for either database: OGC 21-065r2."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any, Literal

import cql2
from sqlalchemy import BindParameter, ColumnElement, null, or_, true
from sqlalchemy.exc import DataError
from sqlalchemy.sql import visitors

from bioplan_gis.catalogue import Column
from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.clauses import condition
from bioplan_gis.storage.equality import equal_to
from bioplan_gis.storage.gdal_filters import cql2_text
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.moments import related, span_of
from bioplan_gis.storage.operands import MOMENTS, Scope, property_of, whole_number
from bioplan_gis.storage.places import (
    LONG_INTEGER,
    depth_of_json,
    odd_number_in,
    placed_json_tree,
    placed_text_tree,
)
from bioplan_gis.storage.syntax import syntax_fault

Language = Literal["cql2-text", "cql2-json", "cql-text"]

# The parser descends as deep as the text does, and a program that comes to the end of its stack dies.
MOST_CHARACTERS = 1_000_000
MOST_PARENTHESES = 40
MOST_OPERATORS = 1_000
# The stack of SQLite's parser has 100 places, and a division within a division takes five of them.
MOST_LEVELS = 12
# Databases take no more bound values than this (SQLite 32,766, PostgreSQL 65,535).
MOST_VALUES = 30_000
MOST_PARTS = 150_000
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_NUMBER = r"-?[\d.]+(?:[eE][-+]?\d+)?"
_COORDINATES = re.compile(rf"(?<=[(,])\s*{_NUMBER}(?:\s+{_NUMBER}){{0,3}}\s*(?=[,)])")
_OPERATOR = re.compile(r"\b(?:and|or|not|between|div)\b|[-+*/%^]", re.IGNORECASE)
_LONG_INTEGER = re.compile(rf"({_QUOTED})|(?<![\w.])(\d{{16,}})(?![\w.])")
_POINTED = re.compile(rf"({_QUOTED})|(?<![\w.])(\.\d)")
_ESCAPED = re.compile(r"""("(?:[^"]|"")*\")|'(?:''|\\'|[^'])*'""")
_QUOTE = re.compile(r"''|\\'")
_OVERFLOW = "22003"


def where_clause(  # noqa: PLR0913 - as many as a filter has parameters
    layer: Layer,
    text: str,
    *,
    dialect: str,
    name: str = "where",
    crs: FeedCrs | None = None,
    lang: Language | None = None,
) -> ColumnElement[Any]:
    """The condition that a CQL2 filter puts on the features of a layer.

    Properties are the layer's columns, ``id`` and ``geometry``. Null is unknown, as in SQL. Texts compare by code
    point; ``LIKE`` heeds case, ``CASEI`` and ``ACCENTI`` do not. What has no value, such as a division by nought, is
    null.

    Args:
        layer: as the registry describes it.
        text: CQL2.
        dialect: ``postgresql`` or ``sqlite``.
        name: of the parameter that the text came by, for the error.
        crs: of the geometry in it, with its own axis order (``filter-crs``); None for CRS84 longitude and latitude.
        lang: of the text, ``cql-text`` being GDAL's; None for JSON where it begins with a brace, and text otherwise.

    Returns:
        A condition on ``layer.table``; every value in it is a bound parameter.

    Raises:
        ParameterError: the text is no CQL2, names what the layer has not, or compares what cannot be compared; the
            error says at which character.
    """
    if lang == "cql-text":
        text = cql2_text(text, layer)
    as_json = text.lstrip().startswith("{") if lang is None else lang == "cql2-json"
    if not as_json:
        text = _with_doubled_quotes(text, _scope(layer, name, text, dialect, crs))
    scope = _scope(layer, name, text, dialect, crs)
    _require_modest(text, scope)
    tree = (_json_tree if as_json else _text_tree)(text, scope)
    if _levels(tree) > MOST_LEVELS:
        raise _too_much(scope)
    try:
        clause = condition(tree, scope, decides=True)
    except ParameterError:
        # Only now is it worth while to find out where things stand.
        clause = condition((placed_json_tree if as_json else placed_text_tree)(tree, text), scope, decides=True)
    _require_few_values(clause, scope)
    return clause


def property_equals(layer: Layer, name: str, text: str, *, dialect: str) -> ColumnElement[Any]:
    """The condition that a parameter named like a property puts on features, such as ``land_class=M3``.

    A number, boolean, date or time is read as such; a list has the text among its members; a text is taken as it is,
    ``*`` too (OGC 17-069r4, 7.15.5).

    Args:
        layer: as the registry describes it.
        name: of the property, and the parameter.
        text: the value.
        dialect: ``postgresql`` or ``sqlite``.

    Raises:
        ParameterError: the value is not of the property's type; the error says which that is.
    """
    scope = _scope(layer, name, text, dialect)
    return equal_to(property_of(name, scope), text, scope)


def moment_condition(layer: Layer, text: str, *, dialect: str, name: str = "datetime") -> ColumnElement[Any]:
    """The condition that an instant or interval puts on features (OGC 17-069r4, 7.15.4).

    It is asked of the layer's first column that holds a date or time: the order of columns is their author's, who puts
    first what matters; ``/schema`` names that column as the primary instant, and ``filter`` asks the others. A date
    stands for its whole day in UTC, a time without zone is taken for UTC, and ends are inclusive. A feature without a
    value matches, and so does every feature of a layer without such a column.

    Args:
        layer: as the registry describes it.
        text: an RFC 3339 date or time, or two with a stroke between; ``..`` or nothing is an open end.
        dialect: ``postgresql`` or ``sqlite``.
        name: of the parameter, for the error.

    Raises:
        ParameterError: it is neither, or the interval begins after its end.
    """
    scope = _scope(layer, name, text, dialect)
    span = span_of(text, scope)
    column = primary_moment(layer)
    if column is None:
        return true()
    moment = property_of(column.name, scope)
    return or_(moment.column.is_(null()), related("t_intersects", moment, span, scope))


def primary_moment(layer: Layer) -> Column | None:
    """The column that tells when a feature is: the first that holds a date or time; None where there is none."""
    return next((column for column in layer.columns if column.type in MOMENTS), None)


def _scope(layer: Layer, name: str, text: str, dialect: str, crs: FeedCrs | None = None) -> Scope:
    return Scope(layer.table, _kinds(layer), name, text, dialect, crs or CRS84)


@contextmanager
def refused_overflow(text: str | None, *, name: str = "where") -> Iterator[None]:
    """Tell the user where a filter's arithmetic goes beyond what PostgreSQL's numbers hold."""
    try:
        yield
    except DataError as error:
        if text is None or getattr(error.orig, "sqlstate", None) != _OVERFLOW:
            raise
        raise ParameterError(
            name,
            text,
            f"{name}：其中的计算超出了数的范围。",
            f"{name}: its arithmetic goes beyond what a number can hold.",
        ) from error


def _kinds(layer: Layer) -> Mapping[str, str]:
    return MappingProxyType({"id": "text"} | {column.name: column.type for column in layer.columns})


def _with_doubled_quotes(text: str, scope: Scope) -> str:
    r"""CQL2 text with each ``\'`` as ``''``, which mean the same (OGC 21-065r2, annex B) and are as long.

    The parser knows the second only. A text that is CQL2 only if a backslash may end its literals is left as it is.
    """
    standard = _ESCAPED.sub(_doubled, text)
    if standard == text:
        return text
    for reading in (standard, text):
        _require_modest(reading, scope)
        with suppress(ParameterError):
            _text_tree(reading, replace(scope, text=reading))
            return reading
    return standard


def _doubled(found: re.Match[str]) -> str:
    return found[1] or found[0][0] + _QUOTE.sub("''", found[0][1:-1]) + "'"


def _text_tree(text: str, scope: Scope) -> Any:  # noqa: ANN401 - JSON
    """CQL2 text as the JSON encoding has it."""
    whole = _POINTED.sub(_with_nought, text)
    try:
        cql2.parse_text(whole)
        return cql2.parse_text(_LONG_INTEGER.sub(_as_call, whole)).to_json()
    except Exception as error:  # the parser raises no narrower one for an empty geometry
        raise syntax_fault(str(error), whole, scope) from error


def _with_nought(found: re.Match[str]) -> str:
    """The parser wants a digit before the point, which OGC 21-065r2 lets go (annex B)."""
    return found[1] or f"0{found[2]}"


def _json_tree(text: str, scope: Scope) -> Any:  # noqa: ANN401 - JSON
    """CQL2 JSON, which the parser has found to be such; where it has not, the place is found by reading it."""
    if depth_of_json(text) > MOST_PARENTHESES:
        raise _too_much(scope)
    try:
        tree = json.loads(text, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise scope.fault_at(error.pos, "不是 JSON。", f"This is not JSON ({error.msg}).") from error
    if (odd := odd_number_in(text)) >= 0:
        raise scope.fault_at(
            odd, "JSON 没有无穷大与 NaN；此处应为数。", "JSON has no infinity and no NaN; here should be a number."
        )
    try:
        cql2.parse_json(text)
    except Exception as error:  # the same
        condition(placed_json_tree(tree, text), scope)
        raise scope.fault_at(0, f"不是 CQL2 JSON（{error}）。", f"This is not CQL2 JSON ({error}).") from error
    return tree


def _as_call(found: re.Match[str]) -> str:
    return found[1] or f"{LONG_INTEGER}('{found[2]}')"


def _require_modest(text: str, scope: Scope) -> None:
    bare = re.sub(_QUOTED, "''", text[: MOST_CHARACTERS + 1])
    operators = len(_OPERATOR.findall(_COORDINATES.sub("", bare)))
    if len(text) <= MOST_CHARACTERS and _depth(bare) <= MOST_PARENTHESES and operators <= MOST_OPERATORS:
        return
    raise _too_much(scope)


def _require_few_values(clause: ColumnElement[Any], scope: Scope) -> None:
    """See that the database takes the condition: PostgreSQL's powers say their numbers thrice, each within the next."""
    parts = list(islice(visitors.iterate(clause), MOST_PARTS + 1))
    if sum(isinstance(part, BindParameter) for part in parts) > MOST_VALUES:
        raise scope.fault(
            "", f"筛选条件中的值超过 {MOST_VALUES} 个。", f"The filter has more than {MOST_VALUES} values."
        )
    if len(parts) > MOST_PARTS:
        raise _too_much(scope)


def _too_much(scope: Scope) -> ParameterError:
    limits = MOST_CHARACTERS, MOST_PARENTHESES, MOST_OPERATORS, MOST_LEVELS
    return ParameterError(
        scope.name,
        scope.text[:200],
        "{}：太长或嵌套太深；至多 {} 个字符、{} 层括号（JSON 中为 [ 与 {{）、{} 个运算符、{} 层运算。"
        "长的“或”可写成 IN (…)。".format(scope.name, *limits),
        "{}: too long or too deep; at most {} characters, {} nested parentheses (in JSON, brackets and braces), {} "
        "operators, {} levels of them. A "
        "long OR can be written as IN (…).".format(scope.name, *limits),
    )


def _levels(tree: Any) -> int:  # noqa: ANN401 - JSON
    """How deep operators stand within operators; coordinates, which lie side by side, do not count."""
    levels, found = 0, [tree]
    while found and levels <= MOST_LEVELS:
        found = [arg for one in found if isinstance(one, dict) for arg in _arguments(one)]
        levels += 1
    return levels


def _arguments(node: dict[str, Any]) -> list[Any]:
    args = node.get("args")
    return args if isinstance(args, list) else []


def _depth(text: str) -> int:
    deepest = depth = 0
    for bracket in re.findall(r"[()]", text):
        depth += 1 if bracket == "(" else -1
        deepest = max(deepest, depth)
    return deepest
