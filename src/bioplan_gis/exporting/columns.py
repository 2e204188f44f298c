"""Arrow columns in the forms that formats with fewer types can hold."""

import json
import re
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
# What XML 1.0 cannot hold, however it is escaped.
_NOT_XML = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x{fffe}\\x{ffff}]"
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def without_empties(shapes: Shapes) -> Shapes:
    """None where a geometry is empty: it has no place."""
    placed = shapes.copy()
    placed[shapely.is_empty(shapes)] = None
    return placed


def as_text(kind: str, column: pa.Array) -> pa.Array:
    """A column as text: ISO 8601 for dates and times, JSON for lists, ``true`` and ``false``."""
    if kind == "list":
        return json_lists(column)
    if kind in {"datetime", "timestamp"}:
        return pc.replace_substring(column.cast(pa.string()), " ", "T")
    return column.cast(pa.string())


def json_lists(column: pa.Array) -> pa.Array:
    """Lists of texts as JSON."""
    written = [None if one is None else json.dumps(one, ensure_ascii=False) for one in column.to_pylist()]
    return pa.array(written, pa.string())


def with_texts(batch: pa.RecordBatch, kinds: dict[str, str], of_kinds: Collection[str]) -> pa.RecordBatch:
    """A batch whose columns of some kinds are text."""
    columns = [
        as_text(kinds[name], column) if kinds.get(name) in of_kinds else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def shapes_of(batch: pa.RecordBatch, geometry: str) -> Shapes:
    """A batch's geometries, None where there is none."""
    wkb = batch.column(batch.schema.get_field_index(geometry)).to_numpy(zero_copy_only=False)
    return np.asarray(shapely.from_wkb(wkb), dtype=object)


def with_shapes(batch: pa.RecordBatch, geometry: str, shapes: Shapes) -> pa.RecordBatch:
    """A batch with other geometries."""
    at = batch.schema.get_field_index(geometry)
    return batch.set_column(at, batch.schema.field(at), pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary()))


def without_xml_controls(column: pa.Array) -> tuple[pa.Array, int]:
    """Texts without what XML cannot hold, and how many had it."""
    faulty = pc.sum(pc.match_substring_regex(column, _NOT_XML)).as_py() or 0
    return (pc.replace_substring_regex(column, _NOT_XML, "") if faulty else column), faulty


def free_name(name: str, taken: Collection[str]) -> str:
    """A name that no column has yet, whatever its case."""
    used = {each.casefold() for each in taken}
    number, free = 0, name
    while free.casefold() in used:
        number += 1
        free = f"{name}_{number}"
    return free
