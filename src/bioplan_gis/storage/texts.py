"""Texts in filters: their order, patterns of LIKE, and comparison without case or accents, alike on both engines."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Text, collate, func, literal, literal_column

from bioplan_gis.storage.functions import fold_case, strip_accents
from bioplan_gis.storage.operands import KIND_EN, KIND_ZH, Operand, Scope, text_of
from bioplan_gis.storage.patterns import glob_pattern, like_pattern, parts_of
from bioplan_gis.storage.places import Word, place_of

Condition = ColumnElement[Any]
Node = Any


# SQLite takes patterns of 50,000 bytes.
_MOST_OF_A_PATTERN = 5_000


def by_code_point(text: Condition, scope: Scope) -> Condition:
    """SQLite's own order of texts is by code point; PostgreSQL's is by the database's language."""
    return collate(text, "C") if scope.on_postgis else text


def like(op: str, text: Operand, pattern: str, scope: Scope) -> Operand:
    """Whether a text is like a pattern.

    Raises:
        ParameterError: it is no text, or the pattern is too long.
    """
    require_text(text, "LIKE", scope)
    if len(pattern) > _MOST_OF_A_PATTERN:
        raise scope.fault(op, f"LIKE 的样式超过 {_MOST_OF_A_PATTERN} 个字符。", "The pattern of LIKE is too long.")
    parts = parts_of(pattern)
    if scope.on_postgis:
        return Operand("boolean", text.column.like(literal(like_pattern(parts), Text()), escape="\\"), op)
    written = literal(glob_pattern(parts), Text())
    return Operand("boolean", text.column.op("GLOB", return_type=Boolean())(written), op)


def require_text(text: Operand, op: str, scope: Scope) -> None:
    """See that something is a text.

    Raises:
        ParameterError: it is none.
    """
    if text.kind != "text":
        raise scope.fault(
            text.token,
            f"“{text.token}”是{KIND_ZH[text.kind]}，不是文本，不能用 {op}。",
            f"{op} is for texts; “{text.token}” is {KIND_EN[text.kind]}.",
        )


def pattern_of(node: Node, op: str, scope: Scope) -> str:
    """The pattern of a LIKE, which the filter must write, folded as it says.

    Raises:
        ParameterError: it is none.
    """
    if isinstance(node, str):
        return str(text_of(node, scope).value)
    fold = node.get("op", "").casefold() if isinstance(node, dict) and isinstance(node.get("op"), str) else ""
    if fold in _FOLDS and isinstance(node.get("args"), list) and len(node["args"]) == 1:
        return _FOLDS[fold](pattern_of(node["args"][0], op, scope))
    raise scope.fault(op, "LIKE 之后须是文本，如 '三类%'。", "LIKE is followed by a text, such as 'M3%'.")


def folded(op: str, texts: Sequence[Operand], scope: Scope) -> Operand:
    """A text without regard to case (``casei``) or accents (``accenti``).

    Raises:
        ParameterError: it is no text.
    """
    (text,) = texts
    require_text(text, op.upper(), scope)
    if isinstance(text.value, str):
        return text_of(Word(_FOLDS[op](text.value), place_of(text.token)), scope)
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
