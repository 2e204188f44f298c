"""The columns of a file as typed columns of a layer: names kept as they are, types kept as what they are."""

import base64
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.catalogue import Column
from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.rows import Note

# PostgreSQL cuts longer names (NAMEDATALEN), and takes no more columns in one row than this leaves room for.
MOST_BYTES_OF_A_NAME = 63
MOST_COLUMNS = 1000
# Keys and geometry of every layer, and what PostgreSQL has in every table.
RESERVED = frozenset(("fid", "id", "geom", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"))
CANONICAL = {
    "text": pa.large_string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "datetime": pa.timestamp("us"),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "list": pa.large_string(),
    "json": pa.large_string(),
}


@dataclass(frozen=True)
class Field:
    """A column of the file and what becomes of it.

    Attributes:
        source: its name in the file.
        column: the layer's column.
    """

    source: str
    column: Column


def fields_of(schema: pa.Schema, taken: Collection[str] = ()) -> tuple[Field, ...]:
    """The layer's columns for those of a file, in their order.

    Names stay as they are but where the database could not hold them: longer than 63 bytes, equal to another but for
    case, or one of the layer's own keys.

    Args:
        schema: of the file's attributes.
        taken: names that the layer uses already.

    Raises:
        UnreadableFileError: more columns than a table can have.
    """
    if len(schema) > MOST_COLUMNS:
        raise UnreadableFileError(
            f"文件有 {len(schema)} 列，超过 {MOST_COLUMNS} 列的上限；请拆分后导入。",
            f"The file has {len(schema)} columns, more than the {MOST_COLUMNS} that a layer can have; split it.",
        )
    used = {name.casefold() for name in (*RESERVED, *taken)}
    fields = []
    for number, column in enumerate(schema, start=1):
        name = _free_name(column.name.replace("\0", "").strip() or f"column_{number}", used)
        used.add(name.casefold())
        fields.append(Field(column.name, Column(name, kind_of(column), None, name, name)))
    return tuple(fields)


def _free_name(name: str, used: Collection[str]) -> str:
    wish, number = _cut(name, MOST_BYTES_OF_A_NAME), 1
    while wish.casefold() in used:
        suffix = f"_{number}"
        wish, number = _cut(name, MOST_BYTES_OF_A_NAME - len(suffix)) + suffix, number + 1
    return wish


def _cut(name: str, most_bytes: int) -> str:
    """At a character's end, never within one."""
    return name.encode()[:most_bytes].decode(errors="ignore")


def kind_of(field: pa.Field) -> str:
    """The layer's type for an Arrow column."""
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if _is_json(field):
        return "json"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "list" if pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type) else "json"
    if pa.types.is_timestamp(kind):
        return "datetime" if kind.tz is None else "timestamp"
    return next((name for test, name in _KINDS if test(kind)), "text")


def _is_json(field: pa.Field) -> bool:
    """Whether GDAL or Arrow says that a text column holds JSON."""
    marks = {key.lower(): value for key, value in (field.metadata or {}).items()}
    return b"json" in marks.get(b"arrow:extension:name", b"") or marks.get(b"gdal:ogr:subtype", b"").lower() == b"json"


_KINDS = (
    (pa.types.is_boolean, "boolean"),
    (lambda kind: pa.types.is_integer(kind) and kind != pa.uint64(), "integer"),
    (pa.types.is_floating, "number"),
    (pa.types.is_decimal, "number"),
    (lambda kind: kind == pa.uint64(), "number"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (pa.types.is_nested, "json"),
)


def canonical(column: pa.ChunkedArray, kind: str) -> tuple[pa.ChunkedArray, Note | None]:
    """A column in the one Arrow type of its kind, and what had to be changed for it."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type):
        return _as_json(column), None
    if kind == "number":
        return _finite(column.cast(pa.float64(), safe=False))
    if kind == "text":
        return _plain_text(column)
    if kind == "timestamp":
        return column.cast(CANONICAL[kind], safe=False), None
    return column.cast(CANONICAL[kind], safe=False), None


def _finite(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Note | None]:
    """Neither JSON nor any map knows NaN and infinity."""
    finite = pc.is_finite(column)
    wrong = column.length() - column.null_count - (pc.sum(finite).as_py() or 0)
    if not wrong:
        return column, None
    note = Note(f"{wrong} 个值是 NaN 或无穷大，留空", f"{wrong} values are NaN or infinite and were left empty")
    return pc.if_else(finite, column, None), note


def _plain_text(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, Note | None]:
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        coded = [None if one is None else base64.b64encode(one).decode() for one in column.to_pylist()]
        return pa.chunked_array([pa.array(coded, CANONICAL["text"])]), Note(
            "二进制内容以 Base64 文本保存", "binary content is kept as Base64 text"
        )
    text = column.cast(CANONICAL["text"])
    nul = pc.sum(pc.match_substring(text, "\0")).as_py()
    if not nul:
        return text, None
    note = Note(f"{nul} 个值中的空字符（NUL）已删除", f"NUL characters were dropped from {nul} values")
    return pc.replace_substring(text, "\0", ""), note


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [None if one is None else _json(one) for one in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, CANONICAL["json"])])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).replace("\\u0000", "")


def renamed(fields: Sequence[Field]) -> tuple[Note, ...]:
    """Which columns had to be called otherwise."""
    return tuple(
        Note(
            f"列“{field.source}”改名为“{field.column.name}”",
            f"column “{field.source}” is called “{field.column.name}”",
        )
        for field in fields
        if field.source != field.column.name
    )
