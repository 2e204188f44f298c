"""What the parser of CQL2 says of a text that is none, said plainly: where it stopped, what it would have taken."""

import re

from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.operands import Scope

_PLACE = re.compile(r"--> (\d+):(\d+)")
_EXPECTED = re.compile(r"= expected (.+)")
_EMPTY = re.compile(r"\b(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*(?:Z|M|ZM)?\s*EMPTY\b", re.IGNORECASE)
# What a rule of the parser stands for, in the order in which it is told.
_RULES = (
    (("Expr", "Identifier", "DECIMAL", "Double", "SingleQuotedString"), "属性名、数或 '文本'",
     "a property, a number or a 'text'"),
    (("GEOMETRY",), "几何", "a geometry"),
    (("ExpressionInParentheses", "Array"), "(…)", "(…)"),
    (("Add", "Subtract", "Multiply", "Divide", "Modulo", "Power"), "+ - * / % ^", "+ - * / % ^"),
    (("Eq", "Gt", "GtEq", "Lt", "LtEq", "NotEq"), "= <> < > <= >=", "= <> < > <= >="),
    (("NotFlag", "IsNullPostfix"), "LIKE、IN、BETWEEN、IS NULL", "LIKE, IN, BETWEEN, IS NULL"),
    (("And", "Or"), "AND、OR", "AND, OR"),
    (("EOI",), "结尾", "the end"),
)  # fmt: skip
_HINT_ZH = "例如 land_class = 'M3' AND area_ha > 2；属性名含空格或符号时用双引号，文本用单引号。"
_HINT_EN = (
    "Write it like land_class = 'M3' AND area_ha > 2; a name with blanks or signs stands in double quotes, a text in "
    "single ones."
)


def syntax_fault(message: str, parsed: str, scope: Scope) -> ParameterError:
    """The error for a text that the parser does not take.

    Args:
        message: of the parser.
        parsed: the text that it was given, which may have noughts more than the user's.
        scope: of the filter.
    """
    place = _PLACE.search(message)
    if place is None:
        empty = _EMPTY.search(scope.text)
        if empty is not None:
            return scope.fault_at(empty.start(), "几何是空的。", "the geometry is empty.")
        return scope.fault_at(0, f"不是 CQL2；{_HINT_ZH}", f"this is not CQL2. {_HINT_EN}")
    zh, en = _expected(message)
    at = _offset(parsed, int(place[1]), int(place[2]))
    at -= len(parsed[:at]) - len(_shared(scope.text, parsed, at))
    return scope.fault_at(
        at, f"不是 CQL2，此处应为{zh}；{_HINT_ZH}", f"this is not CQL2; here should be {en}. {_HINT_EN}"
    )


def _expected(message: str) -> tuple[str, str]:
    found = _EXPECTED.search(message)
    rules = set(re.findall(r"\w+", found[1])) if found else set()
    told = [(zh, en) for names, zh, en in _RULES if rules & set(names)] or [_RULES[0][1:]]
    return "、".join(zh for zh, _ in told), ", or ".join(en for _, en in told)


def _offset(text: str, line: int, column: int) -> int:
    before = sum(len(each) + 1 for each in text.split("\n")[: line - 1])
    return min(before + max(column - 1, 0), len(text))


def _shared(text: str, parsed: str, at: int) -> str:
    """The part of a text that became the parsed one's up to a place: a nought may stand before each of its points."""
    end = 0
    for character in parsed[:at]:
        end += end < len(text) and character == text[end]
    return text[:end]
