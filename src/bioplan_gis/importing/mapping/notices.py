"""A table with a row for each industry or indicator of a parcel becomes one with a row for each parcel.

The rows of a parcel are taken to follow one another, as they do in notices; its number may stand in the first of them
alone, as it does where cells were merged. Rows of the same parcel that come later in another batch are left as features
with a doubled id, which the import reports.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.importing.mapping.columns import Floats, array_of, floats_or_null, texts_of
from bioplan_gis.importing.mapping.feeds import Conformed, Plan
from bioplan_gis.importing.mapping.indicators import unmerged
from bioplan_gis.importing.rows import Batch, Note

# A parcel of more rows than this is cut: no notice lists so many industries.
_MOST_ROWS = 20_000
_RATIOS = ("floor_area_ratio_min", "floor_area_ratio_max")
_Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Merged:
    """A batch after the rows of each parcel became one.

    Attributes:
        conformed: the rows that are left; empty cells filled from the parcel's other rows, indicators of all of them.
        rows: offset in the batch of each row that is left.
        geometry_rows: offset of the row that holds its geometry.
    """

    conformed: Conformed
    rows: pa.Array
    geometry_rows: pa.Array


def whole_parcels(plan: Plan, batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, cut so that the rows of a parcel stay together; unchanged where there is no such table."""
    if plan.id_column is None or not plan.listing_columns:
        yield from batches
        return
    held: Batch | None = None
    for batch in batches:
        whole = batch if held is None else _joined(held, batch)
        end = _last_parcel(plan, whole)
        if end:
            yield _slice(whole, 0, end)
        held = _slice(whole, end, len(whole.attributes))
    if held is not None and len(held.attributes):
        yield held


def _last_parcel(plan: Plan, batch: Batch) -> int:
    """Where the last parcel's rows begin."""
    keys = _keys(plan, batch)
    if not len(keys):
        return 0
    others = np.flatnonzero(keys != keys[-1])
    begin = int(others[-1]) + 1 if others.size else 0
    return begin if len(keys) - begin <= _MOST_ROWS else len(keys)


def _joined(first: Batch, second: Batch) -> Batch:
    wkb = None
    if first.wkb is not None and second.wkb is not None:
        wkb = pa.concat_arrays([first.wkb, second.wkb])
    return Batch(
        first.first_row,
        pa.concat_tables([first.attributes, second.attributes], promote_options="permissive"),
        wkb,
        {**first.faults, **second.faults},
        {**first.geometry_faults, **second.geometry_faults},
    )


def _slice(batch: Batch, begin: int, end: int) -> Batch:
    rows = range(batch.first_row + begin, batch.first_row + end)
    return Batch(
        rows.start,
        batch.attributes.slice(begin, end - begin),
        None if batch.wkb is None else batch.wkb.slice(begin, end - begin),
        {row: note for row, note in batch.faults.items() if row in rows},
        {row: note for row, note in batch.geometry_faults.items() if row in rows},
    )


def _keys(plan: Plan, batch: Batch) -> _Numbers:
    """A number for each row, the same for rows of one parcel; one without number and geometry belongs to that above."""
    ids = texts_of(array_of(batch.attributes, str(plan.id_column)))
    placed = pa.array(np.zeros(len(ids), bool)) if batch.wkb is None else pc.is_valid(batch.wkb)
    alone = pc.and_(pc.is_null(ids), placed).to_numpy(zero_copy_only=False)
    codes = pc.fill_null_forward(ids).dictionary_encode().indices.fill_null(-1)
    keys = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(alone | (keys < 0), -2 - np.arange(len(keys)), keys)


def merge(conformed: Conformed, batch: Batch) -> Merged | None:
    """One row for each parcel of a batch; None if no parcel has several.

    Rows are one parcel's if they have its number, differ in industry or indicator, and have no geometries that differ.

    Args:
        conformed: the batch in the core's terms.
        batch: as it was read.
    """
    plan = conformed.plan
    if plan.id_column is None or not plan.listing_columns or not len(batch.attributes):
        return None
    keys = _mergeable(_keys(plan, batch), _lines(plan, batch.attributes), _shapes(batch))
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    if len(first) == len(keys):
        return None
    order = np.argsort(first)
    group = np.argsort(order)[which]
    geometry_rows = _geometry_rows(batch, group, first[order])
    columns, notes = _collapsed(conformed, group, batch.first_row + first[order])
    return Merged(
        replace(
            conformed,
            columns=columns,
            ids=None if conformed.ids is None else array_of(_firsts({"id": conformed.ids}, group), "id"),
            notes=notes,
            stated_area_m2=None if conformed.stated_area_m2 is None else _first_areas(conformed.stated_area_m2, group),
        ),
        pa.array(first[order]),
        pa.array(geometry_rows),
    )


def _codes(values: pa.Array) -> _Numbers:
    indices = values.dictionary_encode().indices.fill_null(-1)
    return np.asarray(indices.to_numpy(zero_copy_only=False), np.int64)


def _lines(plan: Plan, table: pa.Table) -> _Numbers:
    """A number for each row, the same for rows that speak of the same industry and indicator."""
    lines = np.zeros(len(table), np.int64)
    for column in plan.listing_columns:
        lines = lines * (len(table) + 1) + _codes(unmerged(plan, table, column)) + 1
        lines = np.unique(lines, return_inverse=True)[1]
    return lines


def _shapes(batch: Batch) -> _Numbers:
    return np.full(len(batch.attributes), -1) if batch.wkb is None else _codes(batch.wkb)


def _mergeable(keys: _Numbers, lines: _Numbers, shapes: _Numbers) -> _Numbers:
    """The keys, with one of its own for each row whose parcel is not to be merged."""
    _, which, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    line_count = _distinct_in(which, lines, len(sizes))
    shape_count = _distinct_in(which[shapes >= 0], shapes[shapes >= 0], len(sizes))
    merged = (sizes > 1) & (line_count == sizes) & (shape_count <= 1)
    return np.where(merged[which], keys, -2 - len(keys) - np.arange(len(keys)))


def _distinct_in(which: _Numbers, values: _Numbers, groups: int) -> _Numbers:
    pairs = np.unique(np.stack([which, values], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=groups)


def _geometry_rows(batch: Batch, group: _Numbers, first: _Numbers) -> _Numbers:
    """The first row of each group that has a geometry, else its first row."""
    rows = first.copy()
    if batch.wkb is not None:
        placed = np.flatnonzero(pc.is_valid(batch.wkb).to_numpy(zero_copy_only=False))[::-1]
        rows[group[placed]] = placed
    return rows


def _firsts(columns: Mapping[str, pa.Array], group: _Numbers) -> pa.Table:
    """The first value of each group that is not null, in the order of the groups."""
    table = pa.table({**columns, "__group": pa.array(group)})
    found = table.group_by("__group", use_threads=False).aggregate([(name, "first") for name in columns])
    return pa.table({name: found[f"{name}_first"].combine_chunks() for name in columns})


def _first_areas(areas_m2: Floats, group: _Numbers) -> Floats:
    found = _firsts({"area": floats_or_null(areas_m2)}, group)["area"].fill_null(np.nan)
    return np.asarray(found.to_numpy(), np.float64)


def _collapsed(
    conformed: Conformed, group: _Numbers, rows: _Numbers
) -> tuple[pa.Table, Mapping[str, list[tuple[int, str, Note]]]]:
    """One row a group, and what was said of its rows, with a note where they differ."""
    columns = {name: array_of(conformed.columns, name) for name in conformed.columns.column_names}
    table = _firsts(columns, group)
    notes = {kind: list(said) for kind, said in conformed.notes.items()}
    for name, values in columns.items():
        if name in ("indicators", "industry"):
            table = _with(table, name, _concatenated(name, values, group))
            continue
        differing = np.flatnonzero(
            _distinct_in(group, _codes(values), len(rows)) - _has_null(values, group, len(rows)) > 1
        )
        if not differing.size:
            continue
        if name in _RATIOS:
            table = _with(table, name, _without(table[name].combine_chunks(), differing))
        notes.setdefault(name, []).extend((int(rows[number]), "", _differs(name)) for number in differing)
    return table, notes


def _has_null(values: pa.Array, group: _Numbers, groups: int) -> _Numbers:
    nulls = group[pc.is_null(values).to_numpy(zero_copy_only=False)]
    return (np.bincount(nulls, minlength=groups) > 0).astype(np.int64)


def _with(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _without(values: pa.Array, rows: Sequence[int] | _Numbers) -> pa.Array:
    emptied = np.zeros(len(values), bool)
    emptied[rows] = True
    return pc.if_else(pa.array(emptied), pa.scalar(None, values.type), values)


def _concatenated(name: str, values: pa.Array, group: _Numbers) -> pa.Array:
    """All indicators of a group as one JSON list; its industries in a row."""
    inner = pc.utf8_slice_codeunits(values, 1, -1) if name == "indicators" else values
    table = pa.table({"value": inner, "__group": pa.array(group)})
    lists = table.group_by("__group", use_threads=False).aggregate([("value", "list")])["value_list"]
    if name == "industry":
        return pa.array(["、".join(dict.fromkeys(filter(None, one))) or None for one in lists.to_pylist()], pa.string())
    texts = [",".join(filter(None, one)) for one in lists.to_pylist()]
    return pa.array([f"[{text}]" if text else None for text in texts], pa.string())


def _differs(name: str) -> Note:
    if name in _RATIOS:
        return Note(
            "各行业的容积率不同：此列留空，各行业的见 indicators。",
            "the floor area ratio differs by industry: the column is left empty, and indicators has that of each.",
        )
    return Note(
        f"同一地块各行的 {name} 不同，取第一行的。", f"rows of one parcel differ in {name}; that of the first is taken."
    )
