"""Values of a document as markup: escaped, each a world of its own for the direction of its letters.

A value is shown as it is: numbers with the digits that the JSON has, codes without separators, nothing hidden.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

# Where something that a value names has its page: of a column's name and a value, or None.
Reference = Callable[[str, str], str | None]

DEEPEST = 4
LEAST_ROWS = 3
ADDRESS = re.compile(r"https?://[^\s<>\"]+")
CITATION = {"document", "clause"}
# Where a text goes over from Chinese to English: after a Chinese full stop; after a Chinese letter that ends a phrase;
# or where the first capital follows the last Chinese letter, as in “没有为 0 It is 0 where there is none”.
SEAMS = (
    re.compile(r"(?<=[。！？]) (?=[A-Za-z“(][^。]*$)"),
    re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef])(?<![如为是即至，：（]) (?=[A-Za-z“(])"),
    re.compile(r"(?<=[\x21-\x7e]) (?=[A-Z][^\u2e80-\u9fff]*$)"),
)
CHINESE = re.compile(r"[\u2e80-\u9fff]")

NOTHING = (Markup('<span class="none">无</span>'), Markup('<span class="none">none</span>'))
EMPTY_TEXT = (Markup('<span class="none">空文本</span>'), Markup('<span class="none">empty text</span>'))
TRUTH = {True: ("是", "yes"), False: ("否", "no")}


def no_reference(_: str, __: str) -> None:
    """Names nothing."""


def shown(
    value: object, *, english: bool, column: str = "", reference: Reference = no_reference, depth: int = 0
) -> Markup:
    """A JSON value as markup."""
    if not isinstance(value, Mapping | list | tuple):
        return _scalar(value, english=english, column=column, reference=reference)
    if not value:
        return NOTHING[english]
    if depth >= DEEPEST:
        return Markup("<code>{}</code>").format(json.dumps(value, ensure_ascii=False))
    if isinstance(value, Mapping):
        return _object(value, english=english, reference=reference, depth=depth + 1)
    return _list(value, english=english, column=column, reference=reference, depth=depth + 1)


def _scalar(value: object, *, english: bool, column: str, reference: Reference) -> Markup:
    if value is None:
        return NOTHING[english]
    if isinstance(value, bool):
        return escape(TRUTH[value][english])
    if isinstance(value, int | float):
        return Markup(number(value))  # noqa: S704 - digits
    return text(str(value), english=english, target=reference(column, str(value)))


def number(value: float) -> str:
    """A number with the digits that JSON has, and no point where nothing follows it."""
    return json.dumps(value).removesuffix(".0")


def text(value: str, *, english: bool, target: str | None = None) -> Markup:
    """A text; an address and what has a page become links."""
    if not value:
        return EMPTY_TEXT[english]
    if ADDRESS.fullmatch(value):
        return Markup('<a href="{0}" rel="external noopener noreferrer nofollow"><bdi>{0}</bdi></a>').format(value)
    if target:
        return Markup('<a href="{}"><bdi>{}</bdi></a>').format(target, value)
    return Markup("<bdi>{}</bdi>").format(value)


def half(joined: str, *, english: bool) -> str:
    """One language's half of a text that has Chinese first and English behind it; the whole where it has not."""
    found = [list(seam.finditer(joined)) for seam in SEAMS] if CHINESE.search(joined) else []
    seam = next((each[-1] for each in found[:2] if each), next((each[0] for each in found[2:] if each), None))
    if seam is None:
        return joined
    chinese, foreign = joined[: seam.start()], joined[seam.end() :]
    return foreign if english else chinese


def _list(value: Sequence[object], *, english: bool, column: str, reference: Reference, depth: int) -> Markup:
    if is_tabular(value):
        return _table([one for one in value if isinstance(one, Mapping)], english=english, reference=reference)
    items = [
        Markup("<li>{}</li>").format(shown(one, english=english, column=column, reference=reference, depth=depth))
        for one in value
    ]
    kind = "plain" if all(isinstance(one, Mapping | list) for one in value) else "chips"
    return Markup('<ul class="{}">{}</ul>').format(kind, Markup("").join(items))


def is_tabular(value: Sequence[object]) -> bool:
    """Whether a list is rows of the same few single values."""
    first = value[0]
    if len(value) < LEAST_ROWS or not isinstance(first, Mapping) or set(first) in (set(), CITATION):
        return False
    return all(isinstance(row, Mapping) and list(row) == list(first) and _is_flat(row) for row in value)


def _is_flat(row: Mapping[str, object]) -> bool:
    return not any(isinstance(one, Mapping | list | tuple) for one in row.values())


def _table(rows: Sequence[Mapping[str, object]], *, english: bool, reference: Reference) -> Markup:
    heads = [Markup('<th scope="col"><bdi>{}</bdi></th>').format(name) for name in rows[0]]
    body = [
        Markup("<td>{}</td>").format(shown(one, english=english, column=name, reference=reference))
        for row in rows
        for name, one in row.items()
    ]
    width = len(heads)
    lines = [Markup("<tr>{}</tr>").format(Markup("").join(body[at : at + width])) for at in range(0, len(body), width)]
    inner = Markup('<table class="inner"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>')
    return inner.format(Markup("").join(heads), Markup("").join(lines))


def _object(value: Mapping[str, object], *, english: bool, reference: Reference, depth: int) -> Markup:
    if set(value) == CITATION:
        return _citation(value, english=english, reference=reference)
    rows = [
        Markup("<div><dt><bdi>{}</bdi></dt><dd>{}</dd></div>").format(
            name, shown(one, english=english, column=name, reference=reference, depth=depth)
        )
        for name, one in value.items()
    ]
    return Markup('<dl class="object">{}</dl>').format(Markup("").join(rows))


def _citation(value: Mapping[str, object], *, english: bool, reference: Reference) -> Markup:
    """A document and the clause in it."""
    parts = (
        shown(value[name], english=english, column=name, reference=reference, depth=1)
        for name in ("document", "clause")
    )
    return Markup('<span class="citation">{} <b class="clause">{}</b></span>').format(*parts)
