"""A batch of a file's rows in the types of a core layer, by a plan made from the file's column names."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.importing.mapping import remarks
from bioplan_gis.importing.mapping.columns import (
    Fault,
    Floats,
    Measured,
    booleans_of,
    each_value,
    floats_or_null,
    lists_of,
    loose_words,
    measured,
    objects_of,
    texts_of,
)
from bioplan_gis.importing.mapping.feeds import Conformed, Feed, Plan
from bioplan_gis.importing.mapping.fields_zh import RANGES
from bioplan_gis.importing.mapping.indicators import entries_of, without_unit
from bioplan_gis.importing.mapping.landclasses import classes_of
from bioplan_gis.importing.mapping.quantities import HECTARE, MU, SQUARE_METRE, UNITS, Unit
from bioplan_gis.importing.mapping.words import district_of, is_core_status, kind_of, level_of, names_by_code, status_of
from bioplan_gis.importing.rows import Note

AREA_STATED = "表列 stated in the table"
_LAND = ("land_class", "class_code", "class_zh")
_DIMENSIONS = {
    "area": "area",
    "park_area": "area",
    "floor_area_ratio": "plain",
    "building_density": "share",
    "green_ratio": "share",
    "height": "length",
    "term": "time",
    "starting_price": "money",
}
_TRACKS = ("tracks", "concentrates_on")
_SHARES = ("building_density", "green_ratio")
_BASE_UNITS = {"length": UNITS["m"], "time": UNITS["年"]}
# Units that a column of areas without one may be in, tried against the geometry.
_AREA_UNITS = (SQUARE_METRE, MU, HECTARE, UNITS["km2"])
_FITS_WITHIN = 0.25
_WHOLE_PERCENT = 100


def conform(plan: Plan, table: pa.Table, first_row: int, measured_m2: Floats | None = None) -> Conformed:
    """The mapped columns of a batch in the core's types.

    What cannot be read is left empty, with a note; the file's own column stays beside it anyway.

    Args:
        plan: made by ``schemas.plan``, or the one of the batch before.
        table: the file's columns.
        first_row: number of the first row in the file.
        measured_m2: areas of the geometry, NaN where there is none; they tell the unit of areas stated without.
    """
    batch = _Work(plan, table, measured_m2)
    batch.run()
    notes = {
        kind: [(first_row + row, value, note) for row, value, note in faults]
        for kind, faults in batch.faults.items()
        if faults
    }
    names = [name for name in plan.types if name in batch.columns]
    settled, spares = (tuple(batch.settled.get(feed, feed) for feed in feeds) for feeds in (plan.feeds, plan.spares))
    return Conformed(
        replace(plan, feeds=settled, spares=spares, notes=(*plan.notes, *batch.remarks)),
        pa.table([batch.columns[name] for name in names], names) if names else pa.table({}),
        batch.ids,
        notes,
        batch.area_m2,
    )


class _Work:
    """One batch on its way."""

    def __init__(self, plan: Plan, table: pa.Table, measured_m2: Floats | None) -> None:
        """Begin with nothing read."""
        self.plan, self.table, self.measured_m2 = plan, table, measured_m2
        self.columns: dict[str, pa.Array] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.settled: dict[Feed, Feed] = {}
        self.remarks: list[Note] = []
        self.ids: pa.Array | None = None
        self.area_m2: Floats | None = None

    def run(self) -> None:
        """Read every feed; areas before prices, which may be stated per area."""
        self.land([feed for feed in self.plan.feeds if feed.field in _LAND])
        for feed in sorted(self.plan.feeds, key=lambda feed: (feed.field == "starting_price", feed.bound is not None)):
            if feed.field in _LAND:
                continue
            if feed.field in _DIMENSIONS:
                self.quantity(feed)
            elif feed.field == "id":
                self.ids = self.texts(feed)
            elif feed.field in self.plan.types:
                self.value(feed)
            if feed.field == "area":
                self.fill(spare for spare in self.plan.spares if spare.field == "area")
        self.fill(spare for spare in self.plan.spares if spare.field != "area")
        self.indicators()

    def fill(self, spares: Iterable[Feed]) -> None:
        """Fill what is empty from further columns of the same meaning."""
        for spare in spares:
            if all(feed.field != spare.field for feed in self.plan.feeds):
                continue
            if spare.field == "area" and self.columns["area_ha"].null_count == 0:
                continue
            other = _Work(replace(self.plan, feeds=(spare,), spares=(), indicators=()), self.table, self.measured_m2)
            other.area_m2 = self.area_m2 if spare.field != "area" else None
            other.run()
            self.settled |= other.settled
            for note in other.remarks:
                self.remark(note)
            self.fill_from(other)

    def fill_from(self, other: "_Work") -> None:
        """Take another's values where all columns that it feeds are empty; what it could not read there is said."""
        stated = [name for name, values in other.columns.items() if values.null_count < len(values)]
        empty = np.ones(len(self.table), bool)
        for name in {*stated, *other.faults}:
            if name in self.columns:
                empty &= pc.is_null(self.columns[name]).to_numpy(zero_copy_only=False)
        filled = np.zeros(len(empty), bool)
        for name in stated:
            values = other.columns[name]
            filled |= empty & pc.is_valid(values).to_numpy(zero_copy_only=False)
            mine = self.columns.get(name, pa.nulls(len(values), values.type))
            self.columns[name] = pc.if_else(pa.array(empty), values, mine)
        if other.area_m2 is not None and "area_ha" in stated:
            mine_m2 = np.nan if self.area_m2 is None else self.area_m2
            self.area_m2 = np.where(empty, other.area_m2, mine_m2)
        for name, faults in other.faults.items():
            kept = [fault for fault in self.faults[name] if not filled[fault[0]]]
            self.faults[name] = kept + [fault for fault in faults if empty[fault[0]]]

    def array(self, feed: Feed) -> pa.Array:
        """A column of the file as one array."""
        column = self.table.column(feed.column).combine_chunks()
        return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column

    def texts(self, feed: Feed) -> pa.Array:
        """A column of the file as text."""
        return texts_of(self.array(feed))

    def take(self, name: str, read: tuple[pa.Array, list[Fault]]) -> None:
        """Keep a core column and what could not be read of it."""
        self.columns[name] = read[0]
        if read[1]:
            self.faults[name].extend(read[1])

    def indicators(self) -> None:
        """The indicators of a 标准地 notice that stand on the rows."""
        found = entries_of(self.plan, self.table)
        if found is not None:
            self.columns.setdefault("indicators", found)
        for feed in self.plan.indicators:
            self.loose(feed, self.array(feed))
        for column in without_unit(self.plan, self.table):
            self.remark(remarks.indicator_without_unit(column))

    def land(self, feeds: Sequence[Feed]) -> None:
        """The land class, from all columns that speak of it."""
        if not feeds:
            return
        best_first = sorted(feeds, key=lambda feed: _LAND.index(feed.field))
        columns, faults = classes_of([self.texts(feed) for feed in best_first])
        self.columns.update(columns)
        if faults:
            self.faults["land_class"].extend(faults)

    def value(self, feed: Feed) -> None:
        """A column that is taken over in the type of its core column."""
        name, kind = feed.field, self.plan.types[feed.field]
        if kind == "number":
            found = measured(self.array(feed), "plain", None)
            self.take(name, (floats_or_null(found.low), found.faults))
        elif name in _WORDS:
            _WORDS[name](self, feed)
        else:
            self.take(name, _OF_TYPE[kind](self.texts(feed)))
        if name in _TRACKS:
            self.remark(remarks.unchecked_list(feed.column))

    def district(self, feed: Feed) -> None:
        """The adcode, and the names that belong to it."""
        codes, faults = each_value(self.texts(feed), lambda text: district_of(text, self.plan.districts), pa.string())
        self.take("district", (codes, faults))
        for name, found in zip(("district_zh", "district_en"), names_by_code(self.plan.districts), strict=True):
            if name not in self.columns:
                self.columns[name] = each_value(codes, found.get, pa.string())[0]

    def status(self, feed: Feed) -> None:
        """The state of a place, in the core's words where it has them."""
        self.take("status", each_value(self.texts(feed), status_of, pa.string()))
        if not all(map(is_core_status, pc.unique(self.columns["status"].drop_null()).to_pylist())):
            self.remark(remarks.free_text(feed.column))

    def level(self, feed: Feed) -> None:
        """The level, in the core's words."""
        self.take("level", each_value(self.texts(feed), level_of, pa.string()))

    def kind(self, feed: Feed) -> None:
        """The kind as it is written, and its code."""
        texts = self.texts(feed)
        self.columns["kind_zh"] = texts
        if "kind" not in self.columns:
            self.columns["kind"] = each_value(texts, kind_of, pa.string())[0]

    def quantity(self, feed: Feed) -> None:
        """A column of numbers, whatever they measure."""
        dimension = _DIMENSIONS[feed.field]
        unit = None if dimension == "share" else feed.unit or _BASE_UNITS.get(dimension)
        values = self.array(feed)
        found = measured(values, dimension, unit)
        self.loose(feed, values)
        _WRITERS.get(feed.field, _Work.spans)(self, feed, found)
        if found.faults:
            self.faults[_target(feed)].extend(found.faults)

    def loose(self, feed: Feed, values: pa.Array) -> None:
        """Say of a column what of its wording is not kept, once."""
        both = remarks.strictness_dropped(feed.column), remarks.about_dropped(feed.column)
        if set(both) <= set(self.plan.notes):
            return
        for found, note in zip(loose_words(values), both, strict=True):
            if found:
                self.remark(note)

    def spans(self, feed: Feed, found: Measured) -> None:
        """Both ends of a range."""
        if feed.field in _SHARES:
            self.settle_ratio(feed, found)
        low, high = RANGES[feed.field]
        exact = found.low == found.high
        ends = {low: found.low, high: found.high}
        if feed.bound:
            # A bare number under 限高 or 容积率上限 is that end alone; one with a sign says for itself.
            other = low if feed.bound == "max" else high
            ends[other] = np.where(exact, np.nan, ends[other])
        for name, values in ends.items():
            array = floats_or_null(values)
            self.columns[name] = pc.coalesce(array, self.columns[name]) if name in self.columns else array

    def settle_ratio(self, feed: Feed, found: Measured) -> None:
        """Tell 0.4 from 40 by the first batch that has numbers, and keep to it; what could be either is left empty."""
        ends = np.fmax(found.low, found.high)
        bare = np.where(found.bare, ends, np.nan)
        as_ratio = feed.as_ratio
        if as_ratio is None and not _is_core(feed):
            as_ratio = _says_ratio(feed, bare, ends)
            self.settled[feed] = replace(feed, as_ratio=as_ratio)
            if as_ratio:
                self.remark(remarks.ratio_remark(feed.column))
        if as_ratio:
            self.empty(feed, found, bare > 1, remarks.beyond_ratio())
            for one in (found.low, found.high):
                one[found.bare] *= 100
        elif not _is_core(feed):
            self.empty(feed, found, (bare > 0) & (bare <= 1), remarks.ratio_or_percent())
        self.empty(feed, found, np.fmax(found.low, found.high) > _WHOLE_PERCENT, remarks.beyond_percent())

    def remark(self, note: Note) -> None:
        """Say something of a column, once."""
        if note not in self.plan.notes and note not in self.remarks:
            self.remarks.append(note)

    def empty(self, feed: Feed, found: Measured, rows: NDArray[np.bool_], note: Note) -> None:
        """Leave rows empty, each with a note."""
        for row in np.flatnonzero(rows).tolist():
            value = str(self.table.column(feed.column)[row].as_py())
            found.faults.append((row, value, remarks.of_value(feed.column, value, note)))
        found.low[rows] = found.high[rows] = np.nan

    def empty_bare(self, feed: Feed, found: Measured, note: Note) -> None:
        """Leave empty what has no unit; under the column's name, so that all rows count under one sentence."""
        found.faults.extend((int(row), feed.column, note) for row in np.flatnonzero(found.bare))
        found.low[found.bare] = found.high[found.bare] = np.nan

    def area(self, feed: Feed, found: Measured) -> None:
        """An area in hectares."""
        if found.bare.any():
            self.settle_area(feed, found)
        self.empty(
            feed, found, ~((found.low == found.high) | np.isnan(found.low) & np.isnan(found.high)), remarks.no_single()
        )
        name = _target(feed)
        self.columns[name] = floats_or_null(found.low / HECTARE.factor)
        if name == "area_ha":
            self.area_m2 = found.low
            stated = pc.is_valid(self.columns[name])
            self.columns.setdefault("area_source", pc.if_else(stated, AREA_STATED, pa.scalar(None, pa.string())))

    def settle_area(self, feed: Feed, found: Measured) -> None:
        """Read areas that are stated without a unit in the one that fits the geometry; where none does, leave them."""
        fitting = None
        if self.measured_m2 is not None and feed.field == "area":
            fitting = _fitting_unit(np.where(found.bare, found.low, np.nan), self.measured_m2)
        if fitting is None:
            self.empty_bare(feed, found, remarks.no_area_unit(feed.column, _target(feed)))
            return
        self.settled[feed] = replace(feed, unit=fitting)
        self.remark(remarks.area_remark(feed.column, fitting))
        for ends in (found.low, found.high):
            ends[found.bare] *= fitting.factor

    def price(self, feed: Feed, found: Measured) -> None:
        """A sum in yuan; one per area needs the area."""
        self.empty_bare(feed, found, remarks.no_unit(feed.column))
        area = np.full(len(found.low), np.nan) if self.area_m2 is None else self.area_m2
        factor = np.where(found.per_area, area, 1.0)
        self.empty(feed, found, found.per_area & np.isnan(factor), remarks.no_area())
        self.columns["starting_price_yuan"] = floats_or_null(found.low * factor)

    def term(self, _feed: Feed, found: Measured) -> None:
        """The longest term, in years."""
        self.columns["term_years"] = floats_or_null(np.where(np.isnan(found.high), found.low, found.high))


_Writer = Callable[[_Work, Feed, Measured], None]
_WRITERS: Mapping[str, _Writer] = {
    "area": _Work.area,
    "park_area": _Work.area,
    "starting_price": _Work.price,
    "term": _Work.term,
}
_WORDS: Mapping[str, Callable[[_Work, Feed], None]] = {
    "district": _Work.district,
    "status": _Work.status,
    "level": _Work.level,
    "kind_zh": _Work.kind,
}
_OF_TYPE: Mapping[str, Callable[[pa.Array], tuple[pa.Array, list[Fault]]]] = {
    "text": lambda texts: (texts, []),
    "list": lists_of,
    "json": objects_of,
    "boolean": booleans_of,
}


def _target(feed: Feed) -> str:
    """The core column that stands for a feed in notes."""
    if feed.field in RANGES:
        return RANGES[feed.field][feed.bound == "max"]
    return {
        "area": "area_ha",
        "park_area": "park_area_ha",
        "term": "term_years",
        "starting_price": "starting_price_yuan",
    }[feed.field]


def _is_core(feed: Feed) -> bool:
    """Whether a column has the name of the core's own, and so its unit."""
    return feed.column.strip().lower() in RANGES[feed.field]


def _says_ratio(feed: Feed, bare: Floats, ends: Floats) -> bool | None:
    """Whether numbers of a percentage are ratios: fractions, and no percentage among them; None where none tells."""
    if feed.unit is not None or (bare > 1).any() or (np.isfinite(ends) & np.isnan(bare) & (ends > 0)).any():
        return False
    return True if ((bare > 0) & (bare < 1)).any() else None


def _fitting_unit(stated: Floats, measured_m2: Floats) -> Unit | None:
    """The unit in which most stated areas are those of the geometry; None if none fits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = measured_m2 / stated
    known = ratios[np.isfinite(ratios) & (ratios > 0)]
    if not known.size:
        return None
    middle = float(np.median(known))
    return next((unit for unit in _AREA_UNITS if abs(middle / unit.factor - 1) < _FITS_WITHIN), None)
