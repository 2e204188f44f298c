"""Columns of a file as arrays of another type, each distinct value read once."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.importing.mapping.quantities import Span, Unit, read_span, says_nothing
from bioplan_gis.importing.rows import Note

Floats = NDArray[np.float64]
# Offset in the batch, value as it stands there, why it could not be read.
Fault = tuple[int, str, Note]
_PLAIN = r"^\s*\d+(\.\d+)?\s*$"
# Whatever could be another number, or a remark, may not stand beside it.
_AROUND = r"[^\d.\x00()（）\[\]【】〔〕零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟]*"
_ONE_NUMBER = (
    rf"^(?P<before>{_AROUND})(?P<number>\d{{1,3}}(?:,\d{{3}}){{1,4}}(?:\.\d+)?|\d{{1,15}}(?:\.\d+)?)"
    rf"(?P<after>{_AROUND}(?:[mM]2)?\s*)$"
)
_NUMBER_HERE = "\x00"
_SPLIT = re.compile(r"[、,，;；|/\n]+")
# Arrow's expressions cannot look around: what includes its end goes first, then what is left excludes it.
_INCLUSIVE = r"不[得应可]?(?:低于|少于|小于|高于|大于|超过|多于)|(?:大于|小于)或?等于|[<>＜＞][=＝]|[=＝][<>＜＞]"
_STRICT = r"[<>＜＞]|大于|小于|高于|低于|超过|多于|少于"
_ABOUT = r"约|≈|左右|上下"
_TRUE = frozenset(("true", "t", "yes", "y", "1", "是", "有", "√"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "否", "无", "×"))


@dataclass(frozen=True)
class Measured:
    """A column of quantities, in the base unit.

    Attributes:
        low: lower ends; NaN where open or unknown.
        high: upper ends; NaN where open or unknown.
        bare: where neither the cell nor the column named a unit; the numbers stand as they were.
        per_area: where a sum of money is one per m² of land.
        faults: what could not be read, or where a choice was made.
    """

    low: Floats
    high: Floats
    bare: NDArray[np.bool_]
    per_area: NDArray[np.bool_]
    faults: list[Fault]


def array_of(table: pa.Table, column: str) -> pa.Array:
    """A column of a table in one piece."""
    array = table.column(column).combine_chunks()
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def texts_of(values: pa.Array) -> pa.Array:
    """A column as trimmed text, null where blank; whole numbers without a decimal point."""
    if pa.types.is_floating(values.type):
        whole = pc.equal(pc.floor(values), values)
        small = pc.less(pc.abs(values), 1e15)
        digits = pc.cast(pc.if_else(pc.and_(whole, small), values, None), pa.int64())
        return pc.coalesce(pc.cast(digits, pa.string()), pc.cast(values, pa.string()))
    if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
        return pa.nulls(len(values), pa.string())
    trimmed = pc.utf8_trim_whitespace(pc.cast(values, pa.string()))
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def distinct(texts: pa.Array) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct values of a text column, and for each row which it has; -1 for null."""
    encoded = texts.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def spread(results: Sequence[Any], which: NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    """Results of distinct values, laid out over the rows again."""
    return pa.array([*results, None], kind).take(pa.array(np.where(which < 0, len(results), which)))


def each_value(texts: pa.Array, read: Callable[[str], object], kind: pa.DataType) -> tuple[pa.Array, list[Fault]]:
    """A text column through a reader of one value, which answers with a ``Note`` where it cannot read it."""
    values, which = distinct(texts)
    results = [None if says_nothing(value) else read(value) for value in values]
    bad = {number: result for number, result in enumerate(results) if isinstance(result, Note)}
    return (
        spread([None if number in bad else result for number, result in enumerate(results)], which, kind),
        faults_of(values, which, bad),
    )


def faults_of(values: Sequence[str], which: NDArray[np.int64], bad: Mapping[int, Note]) -> list[Fault]:
    """One fault a row whose distinct value is bad."""
    if not bad:
        return []
    rows = np.flatnonzero(np.isin(which, list(bad)))
    return [(int(row), values[which[row]], bad[int(which[row])]) for row in rows]


def lists_of(texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    """Lists as JSON text: JSON as it stands, other text split at ``、,;|/``."""
    return each_value(texts, _list_of, pa.string())


def _list_of(text: str) -> str:
    parts = _json_of(text) if text.startswith("[") else None
    if not isinstance(parts, list):
        parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    return json.dumps([str(part) for part in parts], ensure_ascii=False, separators=(",", ":"))


def objects_of(texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    """JSON text, checked."""
    return each_value(texts, _object_of, pa.string())


def _object_of(text: str) -> str | Note:
    found = _json_of(text)
    if found is None:
        return Note(f"“{text[:60]}”不是 JSON，留空。", f"“{text[:60]}” is no JSON and is left empty.")
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _json_of(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def booleans_of(texts: pa.Array) -> tuple[pa.Array, list[Fault]]:
    """是 and 否, in their spellings, as true and false."""
    return each_value(texts, _boolean_of, pa.bool_())


def _boolean_of(text: str) -> bool | Note:
    folded = text.strip().lower()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    return Note(f"“{text[:60]}”不是“是”或“否”，留空。", f"“{text[:60]}” is neither yes nor no and is left empty.")


def measured(values: pa.Array, dimension: str, unit: Unit | None) -> Measured:
    """A column of numbers or texts as quantities; see ``quantities.read_span`` for the arguments."""
    numbers, texts = _split(values)
    factor = unit.factor if unit else 1.0
    if dimension == "plain" and unit is not None:
        factor /= 100
    low = numbers * factor
    out = Measured(
        low,
        low.copy(),
        np.isfinite(numbers) & (unit is None),
        np.isfinite(numbers) & (unit is not None and unit.dimension == "price"),
        [],
    )
    _read_texts(out, texts, dimension, unit)
    _refuse_impossible(out, values, dimension)
    return out


def loose_words(values: pa.Array) -> tuple[bool, bool]:
    """Whether cells of a column exclude an end (大于, ＜), and whether some are but about right (约, 左右)."""
    texts = texts_of(values) if pa.types.is_string(values.type) or pa.types.is_large_string(values.type) else None
    if texts is None:
        return False, False
    bare = pc.replace_substring_regex(texts, _INCLUSIVE, "")
    strict, about = (bool(pc.any(pc.match_substring_regex(bare, one)).as_py()) for one in (_STRICT, _ABOUT))
    return strict, about


def _split(values: pa.Array) -> tuple[Floats, pa.Array]:
    """The plain numbers of a column as floats, and all else of it as text."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pc.cast(values, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return np.array(numbers, np.float64), pa.nulls(len(values), pa.string())
    texts = texts_of(values)
    plain = pc.match_substring_regex(texts, _PLAIN)
    numbers = pc.cast(pc.if_else(plain, texts, None), pa.float64())
    return np.array(numbers.to_numpy(zero_copy_only=False), np.float64), pc.if_else(plain, None, texts)


def _read_texts(out: Measured, texts: pa.Array, dimension: str, unit: Unit | None) -> None:
    texts = _read_alike(out, texts, dimension, unit)
    if texts.null_count == len(texts):
        return
    values, which = distinct(texts)
    read = [None if says_nothing(value) else read_span(value, dimension, unit) for value in values]
    rows = np.flatnonzero(which >= 0)
    _lay_out(out, [one if isinstance(one, Span) else None for one in read], which[rows], rows, np.ones(len(rows)))
    notes = {number: one.note if isinstance(one, Span) else one for number, one in enumerate(read)}
    out.faults.extend(faults_of(values, which, {number: note for number, note in notes.items() if note}))


def _read_alike(out: Measured, texts: pa.Array, dimension: str, unit: Unit | None) -> pa.Array:
    """Read texts of one number by what stands around it (约…平方米, ≥…%), and give back the others.

    What such a text says is in proportion to its number, so that it is read once for 1 and holds for all.
    """
    parts = pc.extract_regex(texts, _ONE_NUMBER)
    around = pc.binary_join_element_wise(
        pc.struct_field(parts, "before"), pc.struct_field(parts, "after"), _NUMBER_HERE
    )
    values, which = distinct(around)
    read = [read_span(value.replace(_NUMBER_HERE, "1"), dimension, unit) for value in values]
    spans = [one if isinstance(one, Span) and one.note is None else None for one in read]
    known = np.array([*(one is not None for one in spans), False])[which]
    rows = np.flatnonzero(known)
    digits = pc.replace_substring(pc.struct_field(parts, "number").take(pa.array(rows)), ",", "")
    _lay_out(out, spans, which[rows], rows, pc.cast(digits, pa.float64()).to_numpy(zero_copy_only=False))
    return pc.if_else(pa.array(known), None, texts)


def _lay_out(
    out: Measured, spans: Sequence[Span | None], which: NDArray[np.int64], rows: NDArray[np.int64], times: Floats
) -> None:
    """Give each row its span, as many times as it says."""
    if not len(rows):
        return
    out.low[rows] = np.array([one.low if one else None for one in spans], np.float64)[which] * times
    out.high[rows] = np.array([one.high if one else None for one in spans], np.float64)[which] * times
    out.bare[rows] = np.array([bool(one and one.dimension == "plain") for one in spans])[which]
    out.per_area[rows] = np.array([bool(one and one.dimension == "price") for one in spans])[which]


def _refuse_impossible(out: Measured, values: pa.Array, dimension: str) -> None:
    """Empty what no such quantity can be: negative, endless, a height or an area of nothing."""
    with np.errstate(invalid="ignore"):
        wrong = (out.low < 0) | (out.high < 0) | np.isinf(out.low) | np.isinf(out.high)
        if dimension != "share":
            wrong |= out.high == 0
    for row in np.flatnonzero(wrong).tolist():
        shown = str(values[row].as_py())[:60]
        note = Note(
            f"“{shown}”是负数、零或过大的数值，留空。", f"“{shown}” is negative, zero or endless, and left empty."
        )
        out.faults.append((row, str(values[row].as_py()), note))
    out.low[wrong] = out.high[wrong] = np.nan
    out.bare[wrong] = out.per_area[wrong] = False


def floats_or_null(values: Floats) -> pa.Array:
    """An array whose NaN are nulls."""
    return pa.array(values, mask=np.isnan(values))
