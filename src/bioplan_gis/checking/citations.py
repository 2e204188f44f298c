"""Rules for provenance: every record cites a document and its clause, or names a catalogued source, and never both.

A clause is written with the numbered headings of the document, such as 三(二), 四(二)6, 一3, 4 or 二/四是; where a
document has headings without numbers, as heading and paragraph, such as 提升创新能级/¶2; before the first heading as
导语 or 导语/¶1, after the last as 结语.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.records import Record

WITHOUT_PROVENANCE = frozenset({"documents"})

_NUMERAL = "[一二三四五六七八九十]+"
_POINT = rf"(?:/{_NUMERAL}是|/¶[1-9]\d*)?"
_NUMBERED = re.compile(rf"(?:{_NUMERAL}(?:\({_NUMERAL}\))?(?:[1-9]\d*)?|[1-9]\d*){_POINT}")
_AROUND = re.compile(r"(?:导语|前言|正文|结语)(?:/¶[1-9]\d*)?")
_HEADED = re.compile(r"[^/¶]+/¶[1-9]\d*")


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of provenance."""
    for source, records in geodata.compiled():
        if source.id not in WITHOUT_PROVENANCE:
            for record in records:
                yield from _provenance(record)
    yield from _mixed_styles(geodata)


def style(clause: str) -> str | None:
    """How a clause is located: ``numbered``, ``headed`` or ``around`` the headings; None where it is malformed."""
    for name, pattern in (("around", _AROUND), ("numbered", _NUMBERED), ("headed", _HEADED)):
        if pattern.fullmatch(clause):
            return name
    return None


def _provenance(record: Record) -> Iterable[Fault]:
    cited, sourced = "citations" in record.values, "source" in record.values
    if cited == sourced:
        yield Fault(
            record.file,
            record.label,
            "同时写了 citations 与 source。" if cited else "没有写明出处。",
            "It has both citations and a source." if cited else "It does not say where it comes from.",
            "请写 citations = [{ document, clause }]，或 source = 目录中的来源，二者只取其一。",
            "Write citations = [{ document, clause }], or source = a catalogued source: the one or the other.",
        )
    if cited:
        yield from _citations(record)


def _citations(record: Record) -> Iterable[Fault]:
    citations = record["citations"]
    if not isinstance(citations, list) or not citations:
        yield _malformed(record, citations)
        return
    for citation in citations:
        if not _is_citation(citation):
            yield _malformed(record, citation)
        elif style(citation["clause"]) is None:
            yield _malformed_clause(record, citation["clause"])


def _is_citation(value: object) -> bool:
    """Whether a value is a table of a document and a clause, both texts, and nothing else."""
    return (
        isinstance(value, dict)
        and value.keys() == {"document", "clause"}
        and all(isinstance(text, str) and text for text in value.values())
    )


def _malformed(record: Record, value: object) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"引用 {value!r} 不完整：每条引用须有文件与条款。",
        f"The citation {value!r} is incomplete: each names a document and a clause.",
        '请写成 { document = "文件 id", clause = "三(二)" }。',
        'Write { document = "its id", clause = "三(二)" }.',
    )


def _malformed_clause(record: Record, clause: str) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"条款“{clause}”的写法无法定位。",
        f"The clause “{clause}” is not written as one can be found.",
        "请按文件的编号写作 三(二)、四(二)6（半角括号）；无编号的写作 标题/¶段落序号；"
        "首节之前写 导语，末节之后写 结语。",
        "Write the document's numbers, 三(二) or 四(二)6 with half-width brackets; heading/¶paragraph where it has "
        "none; 导语 before the first heading, 结语 after the last.",
    )


def _mixed_styles(geodata: Geodata) -> Iterable[Fault]:
    """Documents cited by numbers here and by bare headings there; the rarer way is at fault."""
    for document, styles in _citing(geodata).items():
        if len(styles) > 1:
            rare = min(styles, key=lambda name: len(styles[name]))
            for record, clause in styles[rare]:
                yield Fault(
                    record.file,
                    record.label,
                    f"条款“{clause}”与文件“{document}”其他条款的写法不同。",
                    f"The clause “{clause}” is not written like the other clauses of “{document}”.",
                    "同一文件的条款请统一：有编号的用编号，没有编号的用 标题/¶段落序号。",
                    "Write all clauses of a document one way: its numbers, or heading/¶paragraph where it has none.",
                )


def _citing(geodata: Geodata) -> Mapping[str, Mapping[str, list[tuple[Record, str]]]]:
    """Document to style (numbered, headed) to the records that cite it so."""
    found: dict[str, dict[str, list[tuple[Record, str]]]] = defaultdict(lambda: defaultdict(list))
    for record, citation in cited(geodata):
        how = style(citation["clause"])
        if how in {"numbered", "headed"}:
            found[citation["document"]][how].append((record, citation["clause"]))
    return found


def cited(geodata: Geodata) -> Iterable[tuple[Record, Mapping[str, str]]]:
    """Every well-formed citation with its record."""
    for _, records in geodata.compiled():
        for record in records:
            citations = record.get("citations")
            for citation in citations if isinstance(citations, list) else ():
                if _is_citation(citation):
                    yield record, citation
