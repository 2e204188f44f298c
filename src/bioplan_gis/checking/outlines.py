"""Rules for clauses: every document has its outline, and every citation names a clause that stands in it.

A clause is written with the numbered headings of the document, such as 三(二), 四(二)6, 一3, 4 or 二/四是; where a
document has headings without numbers, as heading and paragraph, such as 提升创新能级/¶2. 标题 is its title, 导语 or
导语/¶1 what stands before the first heading, 结语 what stands after the last.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bioplan_gis.checking.citations import cited
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, texts
from bioplan_gis.records import Record

OUTLINES = "outlines"

_NUMERAL = "[一二三四五六七八九十]+"
_POINT = rf"(?:/{_NUMERAL}是|/¶[1-9]\d*)?"
_NUMBERED = re.compile(rf"(?:{_NUMERAL}(?:\({_NUMERAL}\))?(?:[1-9]\d*)?|[1-9]\d*){_POINT}")
_AROUND = re.compile(r"标题|(?:导语|前言|正文|结语)(?:/¶[1-9]\d*)?")
_HEADED = re.compile(r"[^/¶]+/¶[1-9]\d*")
_HOW_ZH = "按文件的编号写作 三(二)、四(二)6（半角括号）；无编号的写作 标题/¶段落序号；首节之前写 导语，末节之后写 结语"
_HOW_EN = (
    "the document's numbers, 三(二) or 四(二)6 with half-width brackets; heading/¶paragraph where it has none; 导语 "
    "before the first heading, 结语 after the last"
)


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of outlines, and of the clauses that records cite."""
    if geodata.unreadable(OUTLINES):
        return
    yield from _without_outline(geodata)
    for outline in geodata.of(OUTLINES):
        clauses = texts(outline.get("clauses"))
        yield from (_malformed(outline, clause) for clause in clauses if style(clause) is None)
        yield from _two_styles(outline, clauses)
    yield from _cited_in_vain(geodata)


def style(clause: str) -> str | None:
    """How a clause is located: ``numbered``, ``headed`` or ``around`` the headings; None where it is malformed."""
    for name, pattern in (("around", _AROUND), ("numbered", _NUMBERED), ("headed", _HEADED)):
        if pattern.fullmatch(clause):
            return name
    return None


def _without_outline(geodata: Geodata) -> Iterable[Fault]:
    known = geodata.ids(OUTLINES)
    for document in (document for document in geodata.of("documents") if str(document.get("id")) not in known):
        yield Fault(
            document.file,
            document.label,
            "outlines.toml 中没有这份文件的条款目录，引用无法核对。",
            "Its outline is not in outlines.toml, so that no citation of it can be verified.",
            "请在 outlines.toml 中为它添加 [[record]]：id 与 clauses。",
            "Add a [[record]] for it to outlines.toml: id and clauses.",
        )


def _malformed(outline: Record, clause: str) -> Fault:
    return Fault(
        outline.file,
        outline.label,
        f"条款“{clause}”的写法无法定位。",
        f"The clause “{clause}” is not written as one can be found.",
        f"请{_HOW_ZH}。",
        f"Write {_HOW_EN}.",
    )


def _two_styles(outline: Record, clauses: Iterable[str]) -> Iterable[Fault]:
    """Clauses by numbers here and by bare headings there; the rarer way is at fault."""
    ways: defaultdict[str, list[str]] = defaultdict(list)
    for clause in clauses:
        ways[style(clause) or "malformed"].append(clause)
    rare = min(("numbered", "headed"), key=lambda name: len(ways[name]))
    if ways["numbered"] and ways["headed"]:
        for clause in ways[rare]:
            yield Fault(
                outline.file,
                outline.label,
                f"条款“{clause}”与该文件其他条款的写法不同。",
                f"The clause “{clause}” is not written like the other clauses of the document.",
                "同一文件的条款请统一：有编号的用编号，没有编号的用 标题/¶段落序号。",
                "Write all clauses of a document one way: its numbers, or heading/¶paragraph where it has none.",
            )


def _cited_in_vain(geodata: Geodata) -> Iterable[Fault]:
    """Citations of clauses that their document does not have."""
    outlines = _outlines(geodata)
    for record, citation in cited(geodata):
        document, clause = citation["document"], citation["clause"]
        if document in outlines and clause not in outlines[document]:
            yield Fault(
                record.file,
                record.label,
                f"文件“{document}”中没有条款“{clause}”。",
                f"The document “{document}” has no clause “{clause}”.",
                f"请对照 outlines.toml 改正：{_HOW_ZH}。",
                f"Correct it by outlines.toml: {_HOW_EN}.",
            )


def _outlines(geodata: Geodata) -> Mapping[str, frozenset[str]]:
    """Document to its clauses."""
    return {str(outline.get("id")): frozenset(texts(outline.get("clauses"))) for outline in geodata.of(OUTLINES)}
