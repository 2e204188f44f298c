"""A file's batches made into rows of a layer: repaired, placed, typed, mapped, and counted on the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from bioplan_gis.catalogue import Column
from bioplan_gis.crs import Shapes
from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.areas import area_plan, compare, measured_m2_of
from bioplan_gis.importing.ids import SeenIds
from bioplan_gis.importing.mapping.columns import texts_of
from bioplan_gis.importing.mapping.derived import Constants, derived_columns
from bioplan_gis.importing.mapping.fields import Field, canonical, fields_of
from bioplan_gis.importing.mapping.notices import merge, whole_parcels
from bioplan_gis.importing.mapping.schemas import Column as FileColumn
from bioplan_gis.importing.mapping.schemas import Conformed, Plan, conform
from bioplan_gis.importing.mapping.schemas import plan as plan_for
from bioplan_gis.importing.placing.districts import settle
from bioplan_gis.importing.placing.georeference import Georeference, georeference, require_certain, to_storage
from bioplan_gis.importing.placing.landing import HANGZHOU, Landed, Landing
from bioplan_gis.importing.repairs import KEPT_NULL, REPAIRS, promote, repair
from bioplan_gis.importing.report import Tally
from bioplan_gis.importing.rows import Batch, Facts, Note

MARK = "synthetic"
COORDINATES = frozenset(("lon", "lat", "easting", "northing", "wkt"))
MOST_SAMPLES = 20_000
MERGED = Note("同一地块的多行（分行业指标）已并为一个要素", "rows of one parcel, one an industry, made one feature")
BEYOND = Note("坐标换算后不在经纬度范围内", "its coordinates lie beyond the range of its CRS")

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Wishes:
    """What the user said of a file's content; None leaves it to the file.

    Attributes:
        conforms_to: the core layer whose columns are to be fed.
        core: that layer's columns.
        mapping: file column → field, ``id`` among them.
        crs: of the coordinates.
        datum: ``gcj02`` or ``bd09`` where they come from a web map.
        accuracy_m: of the positions, in metres.
        attribution: of the data.
        synthetic: whether the data is made up.
        dry_run: whether a guess may be followed, since nothing is kept.
    """

    conforms_to: str | None = None
    core: tuple[Column, ...] = ()
    mapping: Mapping[str, str] | None = None
    crs: str | None = None
    datum: str | None = None
    accuracy_m: float | None = None
    attribution: str = ""
    synthetic: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Chunk:
    """Rows that are ready to be stored.

    Attributes:
        columns: ``fid`` (the row's number in the file), ``id`` (null where the file has none) and the layer's columns.
        shapes: geometries in EPSG:4490; None for a layer without geometry.
    """

    columns: pa.Table
    shapes: Shapes | None


@dataclass(frozen=True)
class _Rows:
    """Some rows: their offsets in the batch, and all that is known of them so far."""

    offsets: NDArray[np.intp]
    attributes: pa.Table
    shapes: Shapes | None
    measured_m2: Floats
    conformed: Conformed | None
    stated_m2: Floats | None


class Intake:
    """A file on its way into a layer.

    Attributes:
        tally: what was counted so far.
        fields: the file's columns that the layer keeps as they are.
        plan: how columns feed the core layer; None for a layer with columns of its own only.
        georeference: where the coordinates are; None until a batch has some.
        seen: the ids so far.
    """

    def __init__(self, facts: Facts, schema: pa.Schema, wishes: Wishes, landing: Landing) -> None:
        """Settle what the columns become.

        Raises:
            ParameterError: the mapping names what is not there.
        """
        self.facts = facts
        self.tally = Tally()
        self.georeference: Georeference | None = None
        self.seen = SeenIds()
        self._wishes = wishes
        self._landing = landing
        self._mapping = {name: field for name, field in (wishes.mapping or {}).items() if field not in COORDINATES}
        columns = [FileColumn(column.name, column.type) for column in schema]
        self.plan = self._plan(columns)
        self._id_column = self.plan.id_column if self.plan else self._own_id_column(columns)
        self._areas = None if self.plan else area_plan(columns)
        self._hangzhou = [one.adcode for one in landing.districts if one.scope == HANGZHOU]
        self.fields = self._fields(schema)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The layer's columns: the core layer's, then the file's own."""
        return (*self._wishes.core, *(field.column for field in self.fields))

    @property
    def has_ids(self) -> bool:
        """Whether a column of the file tells features apart."""
        return self._id_column is not None

    @property
    def id_column(self) -> str | None:
        """The column that tells features apart."""
        return self._id_column

    def batches(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The file's batches, cut where no parcel of several rows is torn apart."""
        return batches if self.plan is None else whole_parcels(self.plan, batches)

    def take(self, batch: Batch) -> Chunk:
        """A batch as rows of the layer; what cannot be taken is counted with its reason.

        Raises:
            UncertainFileError: where the coordinates are cannot be known and was not told.
        """
        count = batch.attributes.num_rows
        refused = {row - batch.first_row: note for row, note in batch.faults.items()}
        unplaced = {row - batch.first_row: note for row, note in batch.geometry_faults.items()}
        shapes = None if batch.wkb is None else self._shapes(batch, refused, unplaced)
        measured_m2 = np.full(count, np.nan) if shapes is None else measured_m2_of(shapes)
        self.tally.read += count
        rows = _Rows(np.arange(count), batch.attributes, shapes, measured_m2, None, None)
        rows = self._stated(batch, rows) if self.plan is None else self._conformed(self.plan, batch, rows)
        self._keep_unplaced(batch, unplaced, refused)
        ids = self._ids(rows)
        for at in np.flatnonzero(self.seen.repeated(ids)).tolist():
            refused.setdefault(int(rows.offsets[at]), twice(ids[at].as_py()))
        for offset, note in sorted(refused.items()):
            self.tally.refuse(batch.first_row + offset, note)
        return self._counted(batch.first_row, rows, ids, ~np.isin(rows.offsets, list(refused)))

    def _stated(self, batch: Batch, rows: "_Rows") -> "_Rows":
        """A layer of its own columns may state areas as well."""
        if self._areas is None:
            return rows
        conformed = conform(self._areas, batch.attributes, batch.first_row, rows.measured_m2)
        self._areas = conformed.plan
        return replace(rows, stated_m2=conformed.stated_area_m2)

    def _conformed(self, plan: Plan, batch: Batch, rows: "_Rows") -> "_Rows":
        """The rows with what feeds the core layer; those of one parcel as one."""
        conformed = conform(plan, batch.attributes, batch.first_row, rows.measured_m2)
        self.plan = conformed.plan
        for kind, notes in conformed.notes.items():
            for row, value, note in notes:
                self.tally.found(self.tally.values, f"{kind}: {value}"[:80], note, [row])
        merged = merge(conformed, batch)
        if merged is None:
            return replace(rows, conformed=conformed, stated_m2=conformed.stated_area_m2)
        kept, placed = (np.asarray(each) for each in (merged.rows, merged.geometry_rows))
        gone = np.setdiff1d(rows.offsets, kept) + batch.first_row
        self.tally.found(self.tally.values, "merged", MERGED, gone)
        self.tally.merged += len(gone)
        return _Rows(
            kept,
            rows.attributes.take(pa.array(kept)),
            None if rows.shapes is None else rows.shapes[placed],
            rows.measured_m2[placed],
            merged.conformed,
            merged.conformed.stated_area_m2,
        )

    def _keep_unplaced(self, batch: Batch, unplaced: Mapping[int, Note], refused: dict[int, Note]) -> None:
        """A row whose geometry cannot be used is kept without it where it says anything else."""
        for offset, note in unplaced.items():
            if offset in refused:
                continue
            if any(column[offset].is_valid for column in batch.attributes.columns):
                self.tally.found(self.tally.emptied, f"unusable: {note.en}", note, [batch.first_row + offset])
            else:
                refused[offset] = note

    def _counted(self, first_row: int, rows: "_Rows", ids: pa.Array, taken: Mask) -> Chunk:
        """What is taken of the rows, after all of it was counted."""
        tally, shapes = self.tally, rows.shapes
        tally.taken += int(taken.sum())
        placed = np.zeros(len(taken), bool) if shapes is None else ~shapely.is_missing(shapes)
        present = taken & placed
        tally.without_geometry += int(taken.sum() - present.sum())
        landed = None if shapes is None else self._landing.counts(_only(shapes, taken))
        if shapes is not None and landed is not None and present.any():
            tally.area_m2 += float(np.nansum(rows.measured_m2[present]))
            tally.widen(tuple(shapely.total_bounds(shapes[present]).tolist()))
            tally.landed(landed)
            inside = np.isin(landed.adcodes, self._hangzhou)
            tally.outside.add((rows.offsets[present & ~inside] + first_row).tolist())
        if rows.stated_m2 is not None:
            compare(tally, rows.offsets + first_row, rows.stated_m2, np.where(taken, rows.measured_m2, np.nan))
        columns = self._attributes(first_row, rows, ids, landed)
        tally.synthetic += _made_up(columns)
        if taken.all():
            return Chunk(columns, shapes)
        return Chunk(columns.filter(pa.array(taken)), None if shapes is None else shapes[taken])

    def _plan(self, columns: list[FileColumn]) -> Plan | None:
        if self._wishes.conforms_to is None:
            return None
        districts = {name: one.adcode for one in self._landing.districts for name in (one.zh, one.en, one.adcode)}
        return plan_for(self._wishes.conforms_to, columns, self._mapping, districts)

    def _own_id_column(self, columns: list[FileColumn]) -> str | None:
        """Without a core layer, the column that the user names, or one that is called id."""
        names = [column.name for column in columns]
        for name, field in self._mapping.items():
            if name not in names:
                raise _no_column(name, names)
            if field != "id":
                raise _no_schema(name, field)
        told = [name for name, field in self._mapping.items() if field == "id"]
        return next(iter(told), next((name for name in names if name.casefold() == "id"), None))

    def _fields(self, schema: pa.Schema) -> tuple[Field, ...]:
        """Columns that stand beside the core's; one that only repeats its namesake's content does not."""
        core = {column.name for column in self._wishes.core}
        fed = {feed.column for feed in self.plan.feeds} if self.plan else set()
        repeated = {name for name in fed if name in core}
        if self._id_column is not None and self._id_column.casefold() == "id":
            repeated.add(self._id_column)
        kept = pa.schema([column for column in schema if column.name not in repeated])
        return fields_of(kept, core)

    def _shapes(self, batch: Batch, refused: Mapping[int, Note], unplaced: dict[int, Note]) -> Shapes:
        """The batch's geometries in EPSG:4490, null where there is none that can be used."""
        repaired = repair(batch.wkb)
        for offset, note in repaired.refusals.items():
            unplaced.setdefault(offset, note)
        for kind, offsets in repaired.repairs.items():
            self.tally.found(self.tally.repairs, kind, REPAIRS[kind], offsets + batch.first_row)
        told = [*refused, *unplaced]
        for kind, offsets in repaired.kept_null.items():
            self.tally.found(
                self.tally.emptied, kind, KEPT_NULL[kind], np.setdiff1d(offsets, told).astype(int) + batch.first_row
            )
        shapes = self._placed(repaired.shapes)
        beyond = np.flatnonzero(_beyond(shapes))
        unplaced.update(dict.fromkeys(beyond.tolist(), BEYOND))
        shapes[beyond] = None
        family = self.facts.geometry_family
        return shapes if family is None else promote(shapes, family)

    def _placed(self, shapes: Shapes) -> Shapes:
        if self.georeference is None:
            sample = shapely.get_coordinates(shapes)
            if not len(sample):
                return shapes
            self.georeference = self._georeference(sample[:: max(1, len(sample) // MOST_SAMPLES)])
        return to_storage(shapes, self.georeference)

    def _georeference(self, sample: Floats) -> Georeference:
        wishes, facts = self._wishes, self.facts
        decided = georeference(sample, facts.crs, facts.crs_text, wishes.crs, wishes.datum, self._landing)
        if not wishes.dry_run:
            require_certain(decided)
        return decided

    def _attributes(self, first_row: int, rows: "_Rows", ids: pa.Array, landed: Landed | None) -> pa.Table:
        """``fid``, ``id`` and every column of the layer that has a value."""
        numbers = pa.array(rows.offsets + first_row, pa.int64())
        columns: dict[str, Any] = {"fid": numbers, "id": ids}
        if rows.conformed is not None:
            columns |= self._core(first_row, rows, rows.conformed, landed)
        for field in self.fields:
            values, note = canonical(rows.attributes.column(field.source), field.column.type)
            columns[field.column.name] = values
            if note is not None:
                self.tally.found(self.tally.values, f"column {field.column.name}", note, [first_row])
        return pa.table(columns)

    def _ids(self, rows: "_Rows") -> pa.Array:
        if self._id_column is None:
            return pa.nulls(rows.attributes.num_rows, pa.string())
        if rows.conformed is not None and rows.conformed.ids is not None:
            return rows.conformed.ids
        return texts_of(_array(rows.attributes.column(self._id_column)))

    def _core(self, first_row: int, rows: "_Rows", conformed: Conformed, landed: Landed | None) -> dict[str, Any]:
        """The core layer's columns: what the file feeds, and what the geometry tells."""
        fed = dict(zip(conformed.columns.column_names, conformed.columns.columns, strict=True))
        placed = np.zeros(len(rows.offsets), bool) if rows.shapes is None else ~shapely.is_missing(rows.shapes)
        derived = derived_columns(
            {name: _array(values) for name, values in fed.items()},
            rows.measured_m2,
            placed,
            self._adcodes(first_row, rows, fed, landed),
            self._landing.districts,
            Constants(self._accuracy_m(), self._wishes.attribution, self._wishes.synthetic),
        )
        kinds = {column.name: column.type for column in self._wishes.core}
        columns = {name: values for name, values in (fed | derived).items() if name in kinds}
        return {name: canonical(pa.chunked_array([_array(each)]), kinds[name])[0] for name, each in columns.items()}

    def _adcodes(
        self, first_row: int, rows: "_Rows", fed: Mapping[str, Any], landed: Landed | None
    ) -> NDArray[np.object_] | None:
        """Districts of the rows, after what the table says of them was weighed against the geometry."""
        if landed is None or rows.shapes is None or "district" not in fed:
            return None if landed is None else landed.adcodes
        stated = np.array(_array(fed["district"]).to_pylist(), dtype=object)
        settled = settle(self._landing, landed.adcodes, stated, rows.shapes)
        for note, offsets in settled.notes:
            self.tally.found(self.tally.values, f"district: {note.en}", note, rows.offsets[offsets] + first_row)
        return settled.adcodes

    def _accuracy_m(self) -> float | None:
        """As told, and as far as a change of datum leaves it."""
        shifted = None if self.georeference is None else self.georeference.accuracy_m
        if self._wishes.accuracy_m is None:
            return shifted
        return self._wishes.accuracy_m + (shifted or 0.0)


def _only(shapes: Shapes, taken: Mask) -> Shapes:
    if taken.all():
        return shapes
    shapes = shapes.copy()
    shapes[~taken] = None
    return shapes


def _made_up(columns: pa.Table) -> int:
    """How many rows say themselves that they are synthetic."""
    if MARK not in columns.column_names or not pa.types.is_boolean(columns.column(MARK).type):
        return 0
    return int(pc.sum(columns.column(MARK)).as_py() or 0)


def _beyond(shapes: Shapes) -> Mask:
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        within = (bounds[:, 0] >= -180) & (bounds[:, 1] >= -90) & (bounds[:, 2] <= 180) & (bounds[:, 3] <= 90)  # noqa: PLR2004
    return np.asarray(~within & ~shapely.is_missing(shapes))


def _array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def twice(feature_id: str) -> Note:
    """Why a row is refused whose id an earlier one has."""
    return Note(f"编号“{feature_id}”已被前面的要素使用", f"the id “{feature_id}” belongs to an earlier feature")


def _no_column(name: str, names: list[str]) -> ParameterError:
    return ParameterError(
        "map",
        name,
        f"文件没有“{name}”这一列；有 {'、'.join(names)}。",
        f"The file has no column “{name}”; it has {', '.join(names)}.",
    )


def _no_schema(name: str, field: str) -> ParameterError:
    return ParameterError(
        "map",
        f"{name}={field}",
        f"没有用 --as 指明图层，列只能对应 id、lon、lat、easting、northing 或 wkt，不能对应“{field}”。",
        f"Without --as a column can only be mapped to id, lon, lat, easting, northing or wkt, not to “{field}”.",
    )
