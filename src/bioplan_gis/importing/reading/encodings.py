"""In which encoding the text of a file is: of a table (``.dbf``) beside a Shapefile, or of a plain text file.

The bytes decide. What a file says of itself (``.cpg``, the language byte of a ``.dbf``) is believed where the bytes
agree with it, since many programs write one and the same remark on every file.
"""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.reading.charsets import (
    CHINESE,
    LATIN,
    TAIWAN,
    UTF8,
    Candidate,
    Sample,
    codec_named,
    decoded_name,
    label,
    told_codec,
    weigh,
)
from bioplan_gis.importing.reading.dbf import Dbf, name_sample, open_dbf, text_sample
from bioplan_gis.importing.rows import Note

# Names of which the table's encoding cannot read so much are in another.
FOREIGN_NAMES_SHARE = 0.25
BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 1 << 19
MOST_BROKEN_SHARE = 0.01
PLAIN_SHARE = 0.85
PLAIN_LEAD = 0.15
FEWEST_CHARACTERS = 4
DECLARED_BONUS = 0.1
CHINESE_BONUS = 0.05
WORDS_BONUS = 0.3
BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16BE"),
)


@dataclass(frozen=True)
class TextEncoding:
    """How the text of a file is encoded.

    Attributes:
        encoding: as Python names it; it takes the byte order mark away where there is one.
        certain: whether it is told, or proved by the bytes.
        evidence: why, and which others were weighed, with some text as each would read it.
    """

    encoding: str
    certain: bool
    evidence: tuple[Note, ...]


@dataclass(frozen=True)
class DbfText:
    """How the text of a dBase table is encoded, and the names of its fields.

    Attributes:
        encoding: as Python names it.
        certain: whether it is told, or proved by the bytes.
        evidence: why, which others were weighed, and which names were mended.
        field_names: in the order of the table, decoded, without half characters, all distinct.
    """

    encoding: str
    certain: bool
    evidence: tuple[Note, ...]
    field_names: tuple[str, ...]


def dbf_text(dbf: Path, cpg: Path | None, told: str | None) -> DbfText:
    """The encoding and field names of a dBase table.

    Args:
        dbf: the table.
        cpg: the file that says its encoding.
        told: the encoding that the user says.

    Raises:
        UnreadableFileError: it is no dBase table, or ``told`` cannot read what another encoding reads.
        ParameterError: ``told`` is no encoding.
    """
    table = open_dbf(dbf)
    found = _decided(text_sample(dbf, table), told, _declared(table, cpg))
    names, notes = _field_names(table, found.encoding)
    return DbfText(found.encoding, found.certain, (*found.evidence, *notes), names)


def text_encoding(path: Path, told: str | None) -> TextEncoding:
    """The encoding of a plain text file; all of it is looked at, in bounded memory.

    Raises:
        ParameterError: ``told`` is no encoding.
        UnreadableFileError: ``told`` cannot read what another encoding reads.
    """
    with path.open("rb") as file:
        head = file.read(4)
    mark = next(((codec, name) for bom, codec, name in BOMS if head.startswith(bom)), None)
    if mark is not None and told is None:
        note = Note(
            f"编码 {mark[1]}：文件以其字节序标记（BOM）开头。", f"Encoding {mark[1]}: the file begins with its BOM."
        )
        return TextEncoding(mark[0], certain=True, evidence=(note,))
    found = _decided(_text_sample(path), told, None)
    if mark is not None and (mark[0].startswith(found.encoding) or found.encoding.startswith(mark[0])):
        return TextEncoding(mark[0], found.certain, found.evidence)
    return found


def _decided(sample: Sample, told: str | None, declared: "_Declared | None") -> TextEncoding:
    if told is not None:
        return _as_told(sample, told_codec(told), told, declared)
    if sample.is_ascii:
        note = Note("文字全为 ASCII，各种编码读来相同。", "All text is ASCII, which every encoding reads alike.")
        return TextEncoding(UTF8, certain=True, evidence=(note,))
    return _weighed(sample, declared)


def _as_told(sample: Sample, codec: str, told: str, declared: "_Declared | None") -> TextEncoding:
    candidate = weigh(sample, codec)
    if candidate.broken_share > MOST_BROKEN_SHARE:
        _forbid_worse(candidate, weigh(sample, _weighed(sample, declared).encoding), told)
    notes = [Note(f"编码 {candidate.label}：由用户指定（{told}）。", f"Encoding {candidate.label}: as told ({told}).")]
    if candidate.broken:
        notes.append(_broken_note(candidate))
    notes.append(_reading_note(candidate))
    return TextEncoding(codec, certain=True, evidence=tuple(notes))


def _forbid_worse(candidate: Candidate, better: Candidate, told: str) -> None:
    """What the user tells is not followed where it loses text that another encoding reads."""
    if better.codec == candidate.codec or better.broken_share > MOST_BROKEN_SHARE:
        return
    raise UnreadableFileError(
        f"文字不是 {candidate.label}（--encoding {told}）：有 {candidate.broken:,} 处不能解码；"
        f"按 {better.label} 可以读出：{better.sample}。请改用 --encoding {better.label}，或不写 --encoding。",
        f"The text is not {candidate.label} (--encoding {told}): {candidate.broken:,} places cannot be decoded; "
        f"{better.label} reads it: {better.sample}. Give --encoding {better.label}, or no --encoding at all.",
    )


def _weighed(sample: Sample, declared: "_Declared | None") -> TextEncoding:
    """The encoding that reads the sample best."""
    codecs_in_question = dict.fromkeys((UTF8, CHINESE, TAIWAN, *([declared.codec] if declared else []), LATIN))
    candidates = {codec: weigh(sample, codec) for codec in codecs_in_question}
    utf8 = candidates.pop(UTF8)
    said = declared.codec if declared else None
    ranked = sorted(candidates.values(), key=lambda candidate: _merit(candidate, said), reverse=True)
    if utf8.characters and utf8.broken_share <= MOST_BROKEN_SHARE and (utf8.wide or said == UTF8):
        best, certain = utf8, True
    elif utf8.characters and not utf8.broken:
        best, certain = utf8, ranked[0].share < PLAIN_SHARE
    else:
        best, certain = ranked[0], _is_plain(ranked[0], ranked[1], said)
    others = [candidate for candidate in (utf8, *ranked[:3]) if candidate is not best]
    return TextEncoding(
        best.codec, certain, (_why(best, certain=certain), *_said(declared, best), *_others(best, others))
    )


def _merit(candidate: Candidate, said: str | None) -> float:
    bonus = WORDS_BONUS * bool(candidate.words)
    bonus += DECLARED_BONUS * (candidate.codec == said) + CHINESE_BONUS * (candidate.codec == CHINESE)
    return candidate.share - candidate.broken_share + bonus


def _is_plain(best: Candidate, second: Candidate, said: str | None) -> bool:
    """Whether the best is right beyond doubt: it reads all, as common characters, and better than any other."""
    if best.broken_share > MOST_BROKEN_SHARE or best.share < PLAIN_SHARE:
        return False
    if best.codec == said or (best.words and not second.words):
        return True
    return best.characters >= FEWEST_CHARACTERS and best.share - second.share >= PLAIN_LEAD


def _why(best: Candidate, *, certain: bool) -> Note:
    zh = f"编码 {best.label}（{'确定' if certain else '推测，可用 --encoding 指定'}）："
    en = f"Encoding {best.label} ({'certain' if certain else 'likely; --encoding tells another'}): "
    if best.codec == UTF8:
        zh += f"{best.characters} 个非 ASCII 字符均为合法的 UTF-8"
        en += f"its {best.characters} characters beyond ASCII are valid UTF-8"
    else:
        zh += f"{best.characters} 个非 ASCII 字符中 {best.share:.0%} 为常用字"
        en += f"{best.share:.0%} of its {best.characters} characters beyond ASCII are common ones"
    if best.words and best.codec != UTF8:
        zh, en = f"{zh}，含“{'”“'.join(best.words[:3])}”", f"{en}, with words such as “{best.words[0]}”"
    if best.broken:
        zh, en = f"{zh}，{best.broken} 处不能解码", f"{en}, {best.broken} places cannot be read"
    return Note(f"{zh}；{best.sample}", f"{en}; {best.sample}")


def _said(declared: "_Declared | None", best: Candidate) -> Iterator[Note]:
    """What the file says of its encoding, and whether that is followed."""
    if declared is None:
        return
    if declared.codec == best.codec:
        yield Note(f"{declared.zh}，与之相符。", f"{declared.en}, which agrees.")
    else:
        yield Note(
            f"{declared.zh}，与字节不符，不予采信。", f"{declared.en}, which the bytes contradict; it is not followed."
        )


def _others(best: Candidate, others: list[Candidate]) -> Iterator[Note]:
    for other in others:
        if other.codec != best.codec:
            yield _reading_note(other)


def _reading_note(candidate: Candidate) -> Note:
    """What an encoding makes of the text, or that it cannot read it."""
    if candidate.broken and candidate.broken_share > MOST_BROKEN_SHARE:
        return Note(f"{candidate.label}：不能解码。", f"{candidate.label}: cannot be decoded.")
    return Note(f"{candidate.label}：{candidate.sample}", f"{candidate.label}: {candidate.sample}")


def _broken_note(candidate: Candidate) -> Note:
    return Note(
        f"有 {candidate.broken} 处不能按 {candidate.label} 解码，以 \ufffd 代替；若文字不通，请改用别的编码。",
        f"{candidate.broken} places cannot be decoded as {candidate.label} and read \ufffd; "
        "if the text makes no sense, tell another encoding.",
    )


@dataclass(frozen=True)
class _Declared:
    """What a file says of its encoding: the codec, and the sentence's beginning."""

    codec: str
    zh: str
    en: str


def _declared(table: Dbf, cpg: Path | None) -> _Declared | None:
    """What the ``.cpg`` says, else what the language byte says, where either is an encoding."""
    if cpg is not None:
        with cpg.open("rb") as file:
            said = file.read(64).decode("ascii", "ignore").replace("\0", "").strip().strip("\"'")
        if (codec := codec_named(said)) is not None:
            return _Declared(codec, f".cpg 写明 {said}", f"The .cpg says {said}")
    if table.language_codec is not None:
        byte = f"0x{table.language:02X}"
        name = label(table.language_codec)
        return _Declared(
            table.language_codec,
            f".dbf 的语言标识 {byte} 即 {name}",
            f"The language byte {byte} of the .dbf means {name}",
        )
    return None


def _field_names(table: Dbf, codec: str) -> tuple[tuple[str, ...], list[Note]]:
    """The names of the fields, decoded and distinct; notes on those that had to be mended."""
    name_codec = _name_codec(table, codec)
    decoded = [decoded_name(field.name, name_codec) for field in table.fields]
    names = distinct_names([name.strip() or f"field_{number}" for number, (name, _) in enumerate(decoded, 1)])
    notes = [_cut_note(name) for name, was_cut in decoded if was_cut]
    notes += [renamed_note(old, new) for (old, _), new in zip(decoded, names, strict=True) if old != new]
    return tuple(names), notes


def _cut_note(name: str) -> Note:
    return Note(
        f"字段名“{name}”在字符中间截断，去掉了残缺的半个字符。",
        f"Field name “{name}” was cut inside a character; the half character was dropped.",
    )


def renamed_note(old: str, new: str) -> Note:
    """That a column was given another name, since its own was empty or taken."""
    return Note(f"列名“{old}”改为“{new}”。", f"Column name “{old}” became “{new}”.")


def _name_codec(table: Dbf, codec: str) -> str:
    """The table's encoding, unless it cannot read the names: some programs recode the values alone.

    A name that was cut and then numbered, since another was cut to the same, has half a character in its middle.
    """
    names = name_sample(table)
    return codec if weigh(names, codec).broken_share < FOREIGN_NAMES_SHARE else _decided(names, None, None).encoding


def distinct_names(names: Iterable[str]) -> list[str]:
    """The names, with ``_1``, ``_2`` … behind those that an earlier one has taken, whatever their case."""
    taken: dict[str, int] = {}
    distinct = []
    for name in names:
        chosen = name
        while chosen.casefold() in taken:
            taken[name.casefold()] += 1
            chosen = f"{name}_{taken[name.casefold()]}"
        taken[chosen.casefold()] = 0
        distinct.append(chosen)
    return distinct


def _text_sample(path: Path) -> Sample:
    """Lines of a text file that are not plain ASCII, from all over it."""
    kept: list[bytes] = []
    with path.open("rb") as file:
        spacing = max(1, path.stat().st_size // BLOCK_BYTES // 16)
        size = left = SAMPLE_BYTES
        for number, block in enumerate(iter(lambda: file.read(BLOCK_BYTES) + file.readline(BLOCK_BYTES), b"")):
            if block.isascii() or (kept and number % spacing):
                continue
            lines = _lines_beyond_ascii(block, size // 8)
            kept.extend(lines)
            left -= sum(map(len, lines))
            if left <= 0:
                break
    return Sample(tuple(kept))


def _lines_beyond_ascii(block: bytes, most_bytes: int) -> list[bytes]:
    lines = []
    for line in block.splitlines():
        if not line.isascii():
            lines.append(line)
            most_bytes -= len(line)
        if most_bytes < 0:
            break
    return lines
