"""Moments as GDAL hands them on in writing: instants where a zone stands with them, naive where none does.

As timestamps GDAL gives one zone a column, and for some formats (FlatGeobuf, GML) none at all, though one stands in the
file.
"""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

NAIVE = pa.timestamp("ms")
INSTANT = pa.timestamp("ms", "UTC")
_ZONED = r"(Z|[+-][0-9]{2}:?[0-9]{2})$"


def moment_types(names: Iterable[str], batches: Iterator[pa.RecordBatch]) -> dict[str, pa.DataType]:
    """What the columns of these names hold, by the first batch that has a value in each; naive where none has.

    A column whose moments are none that a calendar has stays text.
    """
    undecided = dict.fromkeys(names)
    found: dict[str, pa.DataType] = {}
    for batch in batches:
        filled = [name for name in undecided if batch.column(name).null_count < batch.num_rows]
        found |= {name: _type(batch.column(name)) for name in filled}
        for name in filled:
            del undecided[name]
        if not undecided:
            break
    return {**dict.fromkeys(undecided, NAIVE), **found}


def typed_moments(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """The table with moments in writing turned into values; what has no zone among instants counts as UTC."""
    for name, kind in types.items():
        if name in table.column_names and not pa.types.is_string(kind):
            place = table.column_names.index(name)
            table = table.set_column(place, name, _instants(table.column(name)).cast(kind))
    return table


def _type(cells: pa.Array) -> pa.DataType:
    try:
        _instants(cells)
    except pa.ArrowInvalid:
        return pa.string()
    return INSTANT if pc.any(pc.match_substring_regex(cells, _ZONED)).as_py() else NAIVE


def _instants(cells: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    zoned = pc.match_substring_regex(cells, _ZONED)
    return pc.if_else(zoned, cells, pc.binary_join_element_wise(cells, "Z", "")).cast(INSTANT)
