"""Rules for provenance: every record cites a document and its clause, or names a catalogued source, and never both."""

from collections.abc import Iterable, Mapping

from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.records import Record

# An outline is that of the document whose id it has.
WITHOUT_PROVENANCE = frozenset({"outlines"})


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of provenance."""
    for source, records in geodata.compiled():
        if source.id not in WITHOUT_PROVENANCE:
            for record in records:
                yield from _provenance(record)
    for document in geodata.of("documents"):
        yield from _cites_another(document)


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


def _cites_another(document: Record) -> Iterable[Fault]:
    """What is recorded of a document stands in the document itself, in its title to begin with."""
    citations = document.get("citations")
    for citation in citations if isinstance(citations, list) else ():
        if _is_citation(citation) and citation["document"] != document.get("id"):
            yield Fault(
                document.file,
                document.label,
                f"文件的题名、发布者与日期引自另一份文件“{citation['document']}”。",
                f"Title, issuer and date of the document are cited from another one, “{citation['document']}”.",
                '请引用它自身，例如 { document = 自身的 id, clause = "标题" }。',
                'Let it cite itself: { document = its own id, clause = "标题" }.',
            )


def cited(geodata: Geodata) -> Iterable[tuple[Record, Mapping[str, str]]]:
    """Every well-formed citation with its record."""
    for _, records in geodata.compiled():
        for record in records:
            citations = record.get("citations")
            for citation in citations if isinstance(citations, list) else ():
                if _is_citation(citation):
                    yield record, citation
