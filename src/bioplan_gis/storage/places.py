"""Where each part of a filter stands in its text: the parser does not tell, and a fault is to name the place.

Names, values and operators follow one another in the tree as they do in the text, so that walking both at once finds
each part again. Parts become themselves with a place beside them; what cannot be found stays as it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

Node = Any
# Long integers pass through the parser, which knows doubles only, as a call of this.
LONG_INTEGER = "bioplan_integer"
_INFIX = frozenset(
    {
        "and",
        "or",
        "=",
        "<>",
        "<",
        ">",
        "<=",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "div",
        "like",
        "in",
        "between",
        "isnull",
    }
)
# Between two parts stand an operator, a NOT and brackets at most.
_FAR = 12
_TEXT = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"""
    r"""|(?P<word>[^\W\d][\w.:]*)|(?P<sign><>|<=|>=|[-=<>+*/%^(),])"""
)
_JSON = re.compile(
    r'"(?:[^"\\]|\\.)*+"?|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|(?P<odd>-?Infinity|NaN)|(?P<open>[\[{])|(?P<close>[]}])'
)


class Word(str):  # noqa: SLOT000 - mypy wants the attribute declared
    """A name, text or operator, and where it stands."""

    at: int

    def __new__(cls, text: str, at: int) -> Self:
        """The same text."""
        word = super().__new__(cls, text)
        word.at = at
        return word

    def casefold(self) -> "Word":
        """Without case, in the same place."""
        return Word(super().casefold(), self.at)


class Whole(int):
    """A whole number, and where it stands."""

    at: int


class Real(float):
    """A number, and where it stands."""

    at: int


class Items(list[Any]):
    """A list, a box or an interval, and where it stands."""

    at: int


class Object(dict[str, Any]):
    """An object of JSON, and where it stands."""

    at: int


def place_of(part: object) -> int:
    """The offset at which a part stands; -1 where that is not known."""
    return int(getattr(part, "at", -1))


def placed_text_tree(tree: Node, text: str) -> Node:
    """The tree of CQL2 text with the place of each part."""
    return _Walk([_token(found) for found in _TEXT.finditer(text)]).part(tree)


def placed_json_tree(tree: Node, text: str) -> Node:
    """CQL2 JSON, parsed with its members in order, with the place of each part."""
    return _in_order(tree, (token for token in _JSON.finditer(text) if token["close"] is None))


def depth_of_json(text: str) -> int:
    """How deep objects and lists stand within one another."""
    deepest = depth = 0
    for token in _JSON.finditer(text):
        depth += (token["open"] is not None) - (token["close"] is not None)
        deepest = max(deepest, depth)
    return deepest


def odd_number_in(text: str) -> int:
    """The offset of an infinity or NaN, which Python reads and JSON does not know; -1 where there is none."""
    return next((token.start() for token in _JSON.finditer(text) if token["odd"] is not None), -1)


def _at(part: Any, at: int) -> Any:  # noqa: ANN401 - one of the four
    part.at = at
    return part


def _in_order(node: Node, tokens: Iterator[re.Match[str]]) -> Node:
    if node is None or isinstance(node, bool):
        return node
    token = next(tokens, None)
    at = -1 if token is None else token.start()
    if isinstance(node, dict):
        return _at(Object({_in_order(key, tokens): _in_order(value, tokens) for key, value in node.items()}), at)
    if isinstance(node, list):
        return _at(Items(_in_order(each, tokens) for each in node), at)
    return _placed_value(node, at)


def _placed_value(value: str | float, at: int) -> Node:
    if isinstance(value, str):
        return Word(value, at)
    return _at(Whole(value) if isinstance(value, int) else Real(value), at)


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str
    at: int


def _token(found: re.Match[str]) -> _Token:
    kind, written = str(found.lastgroup), found[0]
    if kind in {"text", "name"}:
        written = written[1:-1].replace(written[0] * 2, written[0])
    return _Token("name" if kind == "word" else kind, written, found.start())


class _Walk:
    """The tree and the tokens of its text, side by side."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def part(self, node: Node) -> Node:
        """A part of the tree with its place, and those below it with theirs."""
        if isinstance(node, bool) or node is None:
            return node
        if isinstance(node, str):
            return Word(node, self._seek("text", node))
        if isinstance(node, int | float):
            return _placed_value(node, self._number(node))
        if isinstance(node, list):
            at = self._seek("sign", "(")
            return _at(Items([self.part(each) for each in node]), at)
        return self._object(node)

    def _object(self, node: Mapping[str, Node]) -> Node:
        if "op" in node:
            return self._operation(str(node["op"]), node["args"])
        if "property" in node:
            return {"property": Word(node["property"], self._seek("name", node["property"]))}
        for name in ("date", "timestamp"):
            if name in node:
                return {Word(name, self._seek("name", name)): self.part(node[name])}
        if "interval" in node:
            at = self._seek("name", "interval")
            return {"interval": _at(Items([self._end(each) for each in node["interval"]]), at)}
        if "bbox" in node:
            return {"bbox": _at(Items(node["bbox"]), self._past("bbox"))}
        return dict(node) | {"type": Word(node["type"], self._past(str(node["type"])))} if "type" in node else node

    def _end(self, node: Node) -> Node:
        """An end of an interval: a text may be a date without more ado."""
        return Word(node, self._seek("text", node)) if isinstance(node, str) else self.part(node)

    def _operation(self, op: str, args: Sequence[Node]) -> Node:
        if op == "*" and args and args[0] == -1 and self._is_next("-"):
            return {"op": Word(op, self._seek("sign", "-")), "args": [args[0], *map(self.part, args[1:])]}
        if op == LONG_INTEGER:
            return {"op": op, "args": [Word(args[0], self._seek("number", args[0]))]}
        if op.casefold() in _INFIX:
            first = [self.part(each) for each in args[:1]]
            word = Word(op, self._seek("", "is" if op.casefold() == "isnull" else op))
            return {"op": word, "args": [*first, *map(self.part, args[1:])]}
        if op.casefold() == "not" and not self._is_next("not"):
            return {"op": op, "args": [self.part(each) for each in args]}
        return {"op": Word(op, self._seek("name", op)), "args": [self.part(each) for each in args]}

    def _is_next(self, value: str) -> bool:
        following = (token for token in self._tokens[self._next :] if token.value != "(")
        token = next(following, None)
        return token is not None and token.value.casefold() == value

    def _seek(self, kind: str, value: str) -> int:
        """The place of a token that comes soon; the walk goes on behind it."""
        for at, token in enumerate(self._tokens[self._next : self._next + _FAR], self._next):
            if kind in {"", token.kind} and token.value.casefold() == value.casefold():
                self._next = at + 1
                return token.at
        return -1

    def _number(self, value: float) -> int:
        for at, token in enumerate(self._tokens[self._next : self._next + _FAR], self._next):
            if token.kind == "number" and float(token.value) == abs(value):
                self._next = at + 1
                return token.at - (value < 0)
        return -1

    def _past(self, name: str) -> int:
        """The place of a geometry's name; the walk goes on behind its brackets."""
        at = self._seek("name", name)
        depth = 0
        for step, token in enumerate(self._tokens[self._next :], self._next):
            depth += {"(": 1, ")": -1}.get(token.value, 0)
            if depth <= 0 and token.value == ")":
                self._next = step + 1
                return at
        return at
