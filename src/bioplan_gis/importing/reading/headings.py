"""Where the table begins and ends in a sheet: below its title and units, above its totals and remarks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import pyarrow as pa

from bioplan_gis.importing.reading.encodings import distinct_names, renamed_note
from bioplan_gis.importing.rows import Note

HEAD_ROWS = 40
TAIL_ROWS = 6
# A heading names most of the columns that have something in them; a title fills one cell or two.
HEADING_SHARE = 0.6
Row = Sequence[object]
_NUMBER = re.compile(r"[-+]?[\d.,]+([eE][-+]?\d+)?%?")
_UNIT = re.compile(
    r"[（(\[]?\s*(?:单位[:：])?\s*(㎡|m²|m2|平方米|公顷|ha|hm2|hm²|亩|平方公里|km2|km²|米|m|%|％|年|元|万元|亿元|度|°|"
    r"元/㎡|元/平方米|万元/亩|万元/公顷|吨标煤/万元)\s*[）)\]]?",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"\s*(合\s*计|总\s*计|共\s*计|小\s*计|累\s*计|totals?|sum)\s*[:：]?\s*", re.IGNORECASE)
_REMARK = re.compile(
    r"\s*(注\d*|备注|说明|填表人?|制表人?|审核人?|编制|填报|单位负责人|资料来源|数据来源|来源|notes?|source)\s*[:：]"
)


@dataclass(frozen=True)
class Heading:
    """The heading of a table.

    Attributes:
        names: of its columns, distinct.
        skipped: how many rows that are not blank stand before the first row of data.
        notes: titles left out, names joined or changed.
    """

    names: tuple[str, ...]
    skipped: int
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Block:
    """Some rows of data.

    Attributes:
        first_row: number of its first row among the rows of data, from 1.
        columns: in the order of the heading, all of one length.
        faults: by row number, why a row cannot be taken; its cells are null.
    """

    first_row: int
    columns: list[pa.Array]
    faults: dict[int, Note]


def is_filled(cell: object) -> bool:
    """Whether a cell holds anything but space."""
    return cell is not None and (not isinstance(cell, str) or (bool(cell) and not cell.isspace()))


def is_blank(row: Row) -> bool:
    """Whether no cell of a row holds anything."""
    return not any(map(is_filled, row))


def heading_of(rows: Sequence[Row]) -> Heading:
    """The heading of a table.

    Args:
        rows: the first ``HEAD_ROWS`` rows that are not blank; at least one.
    """
    place = _place(rows)
    titles = [_title_note(row) for row in rows[:place]]
    width = _width(rows[place:])
    names = [_name(cell) for cell in _padded(rows[place], width)]
    if all(_is_number(cell) for cell in rows[place] if is_filled(cell)):
        note = Note("没有标题行，列名按次序编号。", "There is no heading; the columns are numbered.")
        return Heading(tuple(f"column_{n}" for n in range(1, width + 1)), place, (*titles, note))
    notes, below = list(titles), place + 1
    if below < len(rows) and _is_second_level(names, _padded(rows[below], width)):
        names = _joined(names, [_name(cell) for cell in _padded(rows[below], width)])
        notes.append(
            Note("标题有两级，列名取下级。", "The heading has two levels; columns bear the names of the lower.")
        )
        below += 1
    if below < len(rows) and _is_units(rows[below]):
        names = [_with_unit(name, _name(cell)) for name, cell in zip(names, _padded(rows[below], width), strict=True)]
        notes.append(Note("标题下的单位行并入列名。", "The units below the heading were joined to the names."))
        below += 1
    distinct = distinct_names(name or f"column_{number}" for number, name in enumerate(names, 1))
    notes += [renamed_note(old, new) for old, new in zip(names, distinct, strict=True) if old != new]
    return Heading(tuple(distinct), below, tuple(notes))


def without_tail(blocks: Iterable[list[Any]], omitted: list[Row]) -> Iterator[list[Any]]:
    """Blocks of rows without the totals and remarks that end the last one.

    Args:
        blocks: rows of data in blocks, none of them blank.
        omitted: takes the totals and remarks, once the last block has been given.
    """
    waiting: list[Any] = []
    for block in blocks:
        if len(waiting) > TAIL_ROWS <= len(block):
            yield waiting
            waiting = []
        waiting += block
    size = max(TAIL_ROWS, len(waiting) - TAIL_ROWS)
    end = next((at for at in range(len(waiting), 0, -1) if not is_tail(waiting[at - 1])), 0)
    omitted[:] = waiting[end:]
    yield from filter(None, (waiting[:end][:size], waiting[:end][size:]))


def is_tail(row: Row) -> bool:
    """Whether a row is a total or a remark."""
    texts = [cell for cell in row if is_filled(cell)]
    if not texts or not isinstance(texts[0], str):
        return False
    total = any(isinstance(cell, str) and _TOTAL.fullmatch(cell) for cell in texts[:2])
    return total or (len(texts) <= max(2, len(row) // 2) and bool(_REMARK.match(texts[0])))


def omitted_notes(omitted: Iterable[Row]) -> Iterator[Note]:
    """Which totals and remarks were left out."""
    for row in omitted:
        text = _shown(row)
        yield Note(f"表末的合计或附注未作为数据：{text}", f"A total or remark at the end was left out: {text}")


def _place(rows: Sequence[Row]) -> int:
    """Which row is the heading: the first one that names most columns."""
    counts = [sum(map(is_filled, row)) for row in rows]
    typical = sorted(counts)[3 * len(counts) // 4]
    fits = (
        at
        for at, row in enumerate(rows)
        if counts[at] >= HEADING_SHARE * typical and not (counts[at] < typical and _is_caption(row))
    )
    return next(fits, 0)


def _is_caption(row: Row) -> bool:
    """Whether every cell names something and says it at once, as in 编制单位：某局."""
    return all(isinstance(cell, str) and re.search(r".[:：]", cell) for cell in row if is_filled(cell))


def _width(rows: Sequence[Row]) -> int:
    """How many columns there are: as many as are named, or as most rows fill."""
    lengths = [next((at for at in range(len(row), 0, -1) if is_filled(row[at - 1])), 0) for row in rows]
    return max(lengths[0], int(median(lengths)))


def _padded(row: Row, width: int) -> list[object]:
    return [*row[:width], *[None] * (width - len(row))]


def _name(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return re.sub(r"\s*[\r\n\x00]+\s*", "", str(cell)).strip() if is_filled(cell) else ""


def _is_number(cell: object) -> bool:
    return isinstance(cell, int | float) or (isinstance(cell, str) and bool(_NUMBER.fullmatch(cell.strip())))


def _is_second_level(names: Sequence[str], below: Sequence[object]) -> bool:
    """Whether the row below splits some columns of the heading, and leaves alone those that it does not split."""
    grouped = [not name or (at + 1 < len(names) and not names[at + 1]) for at, name in enumerate(names)]
    fits = all(is_filled(cell) == inside and not _is_number(cell) for cell, inside in zip(below, grouped, strict=True))
    return bool(names[0]) and any(grouped) and not all(grouped) and fits


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The lower name where there is one, behind the upper one where it would not be distinct alone."""
    names, group = [], ""
    alone = [low or high for high, low in zip(upper, lower, strict=True)]
    for high, low in zip(upper, lower, strict=True):
        group = high or group
        name = low or high
        names.append(f"{group}_{low}" if low and alone.count(name) > 1 else name)
    return names


def _is_units(row: Row) -> bool:
    texts = [cell for cell in row if is_filled(cell)]
    return bool(texts) and all(isinstance(cell, str) and _UNIT.fullmatch(cell.strip()) for cell in texts)


def _with_unit(name: str, unit: str) -> str:
    return f"{name}（{unit.strip('（）()[] ')}）" if unit else name


def _title_note(row: Row) -> Note:
    text = _shown(row)
    return Note(f"标题行之上的说明未作为数据：{text}", f"A line above the heading was left out: {text}")


def _shown(row: Row) -> str:
    text = " ".join(str(cell) for cell in row if is_filled(cell))
    text = "".join(character if character.isprintable() else " " for character in text[:120])
    return text[:60] + "…" * (len(text) > 60)  # noqa: PLR2004
