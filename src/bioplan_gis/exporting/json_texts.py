"""Arrow columns as JSON, each value a text; whole columns at once (RFC 8259)."""

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.exporting.columns import as_text

NULL = "null"
_QUOTED = frozenset({"text", "date", "time", "datetime", "timestamp"})
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_CONTROLS = {chr(code): _SHORT.get(chr(code), f"\\u{code:04x}") for code in range(0x20)}
# JSON may hold them as they are, but many programs that split a text into lines split here too.
_LINE_ENDS = {end.encode(): f"\\u{ord(end):04x}".encode() for end in ("\x85", "\u2028", "\u2029")}
_HAS_CONTROLS = "[\\x00-\\x1f]"


def json_values(kind: str, column: pa.Array) -> pa.Array:
    """A column of the registry's type as JSON; what is null, or no finite number, is ``null``.

    A number that is no integer by its type has a fraction or an exponent always.
    """
    if kind in _QUOTED:
        return _or_null(quoted(as_text(kind, column)))
    if kind == "number":
        return _or_null(_numbers(column))
    if kind == "list":
        return _or_null(_lists(column))
    return _or_null(column.cast(pa.string()))


def quoted(texts: pa.Array) -> pa.Array:
    """Texts as JSON strings; null stays null."""
    texts = pc.replace_substring(texts, "\\", "\\\\")
    texts = pc.replace_substring(texts, '"', '\\"')
    if pc.any(pc.match_substring_regex(texts, _HAS_CONTROLS)).as_py():
        for character, written in _CONTROLS.items():
            texts = pc.replace_substring(texts, character, written)
    return pc.binary_join_element_wise('"', texts, '"', "")


def joined(texts: pa.Array) -> bytes:
    """Texts one behind another, in UTF-8: an Arrow array holds them so."""
    start, end = texts.offset, texts.offset + len(texts)
    offsets, data = texts.buffers()[1:]
    ends = pa.Array.from_buffers(pa.int32(), end + 1, [None, offsets])
    first, last = ends[start].as_py(), ends[end].as_py()
    return b"" if data is None else data.slice(first, last - first).to_pybytes()


def without_line_ends(text: bytes) -> bytes:
    """JSON without any character within a text that somebody takes for the end of a line; what it says is the same."""
    for end, written in _LINE_ENDS.items():
        text = text.replace(end, written)
    return text


def _or_null(texts: pa.Array) -> pa.Array:
    return pc.fill_null(texts, NULL)


def _numbers(column: pa.Array) -> pa.Array:
    texts = pc.if_else(pc.is_finite(column), column, None).cast(pa.string())
    whole = pc.invert(pc.match_substring_regex(texts, "[.e]"))
    return pc.if_else(whole, pc.binary_join_element_wise(texts, ".0", ""), texts)


def _lists(column: pa.Array) -> pa.Array:
    """Lists of texts: their members quoted all at once, then joined list by list."""
    lists = pa.ListArray.from_arrays(column.offsets, _or_null(quoted(column.values)))
    texts = pc.binary_join_element_wise("[", pc.binary_join(lists, ","), "]", "")
    return pc.if_else(pc.is_null(column), None, texts)
