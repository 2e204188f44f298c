"""What site selection reads: land and laboratories with all that is known of where they are.

All land is read as arrays of what decides, with no more of its geometry than bounding boxes; shapes are read of what
the boxes leave open, and whole records only of what an answer shows.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    cast,
    func,
    null,
    or_,
    select,
)

from bioplan_gis.crs import Metres, Shapes, degrees_around
from bioplan_gis.extents import Extent, Extents
from bioplan_gis.storage.geojson import properties_json
from bioplan_gis.storage.keys import KEYS, has_key, written
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.spatial import edges_of, near_box
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, METADATA

NOWHERE = np.full(4, np.nan).astype(">f8").tobytes()
NAMES_ZH = ("name_zh", "name_en", "parcel_no")
NAMES_EN = ("name_en", "name_zh", "parcel_no")
# The columns of the core schema by which land is judged, beside where it is.
OWN = ("name_zh", "name_en", "synthetic")
DECISIVE = ("synthetic", "district", "area_ha", "park_area_ha", "area_source")

Bounds = NDArray[np.float64]
Keys = NDArray[np.int64]
Box = tuple[float, float, float, float]
Record = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Place:
    """A feature with what is known of its position.

    Attributes:
        id: the feature's id.
        layer_id: the layer that it belongs to.
        name_zh: its name; where it has none, what else tells it from others.
        name_en: its English name, likewise.
        extent: its own shape, or its district's where no more is known; None where not even that is.
        properties: the columns of the layer, as the database writes a GeoJSON feature's properties, but for ``own``.
        own: of a layer in the core schema, the columns that say the same as ``name_zh``, ``name_en``, ``synthetic``.
        decisive: those of the columns ``DECISIVE`` that its layer has in the core schema's sense.
        synthetic: whether it is made up.
    """

    id: str
    layer_id: str
    name_zh: str
    name_en: str
    extent: Extent | None
    properties: str = "{}"
    own: Mapping[str, Any] = field(default_factory=dict)
    decisive: Mapping[str, Any] = field(default_factory=dict)
    synthetic: bool = False

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """Every column of the layer as JSON has it."""
        return {**self.own, **json.loads(self.properties)}


@dataclass(frozen=True, eq=False)
class Lands:
    """Features of a layer that may be the land that is looked for, as arrays in one order.

    Attributes:
        layer: that they belong to.
        keys: their keys (``fid``).
        bounds: west, south, east and north of each; NaN where it has no position of its own.
        accuracy_m: radius within which each true position lies, in metres; 0 where nothing is said.
        own_ha: area of the land itself, in hectares; NaN where unpublished.
        frame_ha: area of the park around it, in hectares; NaN where unpublished.
    """

    layer: Layer
    keys: Keys
    bounds: Bounds
    accuracy_m: Metres
    own_ha: Metres
    frame_ha: Metres


def read_lands(  # noqa: PLR0913
    connection: Connection,
    layer: Layer,
    *,
    land_class: str | None = None,
    synthetic: bool = False,
    box: Box | None = None,
    vaguer_m: float | None = None,
) -> Lands:
    """What decides of a layer's features.

    Args:
        connection: of a reading transaction.
        layer: any with geometry.
        land_class: ``M1``, ``M2`` or ``M3``, of a layer that has classes; None for any.
        synthetic: whether made-up features may be among them.
        box: west, south, east and north in degrees; what has a position outside of it is left out.
        vaguer_m: of what lies outside of the box, take what is known no better than to so many metres.
    """
    statements = lands(layer, land_class=land_class, synthetic=synthetic, box=box, vaguer_m=vaguer_m)
    found = {row[0]: row for statement in statements for row in connection.execute(statement).all()}
    rows = [found[key] for key in sorted(found)]
    keys, accuracy_m, own_ha, frame_ha, edges = zip(*rows, strict=True) if rows else ((),) * 5
    return Lands(
        layer=layer,
        keys=np.array(keys, dtype=np.int64),
        bounds=np.frombuffer(b"".join(one or NOWHERE for one in edges), ">f8").astype(float).reshape(-1, 4),
        accuracy_m=np.nan_to_num(_numbers(accuracy_m)),
        own_ha=_numbers(own_ha),
        frame_ha=_numbers(frame_ha),
    )


def lands(
    layer: Layer,
    *,
    land_class: str | None = None,
    synthetic: bool = False,
    box: Box | None = None,
    vaguer_m: float | None = None,
) -> tuple[Select[Any], ...]:
    """The statements of ``read_lands``: one that the spatial index answers, one for what it cannot leave out."""
    table, geometry = layer.table, layer.table.c[GEOMETRY_COLUMN]
    source = _Source.of(layer)
    decisive = [source.number(name) for name in ("accuracy_m", "area_ha", "park_area_ha")]
    every = select(table.c.fid, *decisive, edges_of(geometry))
    if land_class is not None:
        every = every.where(table.c.land_class == land_class)
    if not synthetic and source.knows("synthetic"):
        every = every.where(table.c.synthetic.is_not(True))
    if box is None:
        return (every,)
    vague = source.number("accuracy_m") > (np.inf if vaguer_m is None else vaguer_m)
    return every.where(near_box(geometry, box)), every.where(or_(geometry.is_(None), vague))


def read_extents(connection: Connection, layer: Layer, keys: Keys) -> Extents:
    """Where features are, in the order of their keys; where a feature has no position, its district's shape."""
    if not len(keys):
        return Extents(np.array([], dtype=object), np.array([]), np.array([], dtype=bool))
    rows = {row[0]: row for row in _keyed(connection, _whereabouts(_Source.of(layer)), keys)}
    found = [rows[key] for key in keys.tolist()]
    shapes, accuracy_m = _shapes([row[1] for row in found]), np.nan_to_num(_numbers([row[2] for row in found]))
    positioned = ~shapely.is_missing(shapes)
    if not positioned.all():
        lost = np.flatnonzero(~positioned)
        districts = _districts(connection, layer, keys[lost])
        shapes[lost] = [None if one is None else one.shape for one in districts]
        accuracy_m[lost] = [0.0 if one is None else one.accuracy_m for one in districts]
    return Extents(shapes, accuracy_m, positioned)


def read_place(connection: Connection, layer: Layer, feature_id: str) -> Place | None:
    """A feature of a layer with geometry, by its id; None where there is none."""
    key = connection.execute(select(layer.table.c.fid).where(layer.table.c.id == feature_id)).scalar_one_or_none()
    return None if key is None else read_places(connection, layer, np.array([key]))[0]


def read_places(connection: Connection, layer: Layer, keys: Keys) -> list[Place]:
    """Features of a layer with geometry, in the order of their keys."""
    if not len(keys):
        return []
    rows = {row[0]: row for row in _keyed(connection, _records(_Source.of(layer)), keys)}
    found = [rows[key] for key in keys.tolist()]
    shapes = _shapes([row[1] for row in found])
    extents = [
        None if shape is None else Extent(shape, row[2] or 0.0, positioned=True)
        for shape, row in zip(shapes, found, strict=True)
    ]
    lost = [at for at, extent in enumerate(extents) if extent is None]
    for at, extent in zip(lost, _districts(connection, layer, keys[lost]), strict=True):
        extents[at] = extent
    return [_place_of(layer, row, extent) for row, extent in zip(found, extents, strict=True)]


def read_shapes(connection: Connection, layer: Layer) -> Shapes:
    """Every geometry of a layer, in the order of its keys; none where a feature has none."""
    geometry = layer.table.c[GEOMETRY_COLUMN]
    statement = select(_wkb(geometry)).where(geometry.is_not(None)).order_by(layer.table.c.fid)
    return _shapes(connection.execute(statement).scalars().all())


def box_around(shape: BaseGeometry, distance_m: float) -> Box:
    """West, south, east and north of a box in degrees that holds all within metres of a geometry."""
    west, south, east, north = shape.bounds
    farthest = min(89.0, max(abs(south), abs(north)) + distance_m / 110_574.0)
    degrees_east, degrees_north = degrees_around(farthest, distance_m)
    return west - degrees_east, south - degrees_north, east + degrees_east, north + degrees_north


@dataclass(frozen=True)
class _Source:
    """A table and whether its columns mean what the core schema says: all that a statement depends on."""

    table: Table
    core: bool

    @classmethod
    def of(cls, layer: Layer) -> "_Source":
        return cls(layer.table, layer.conforms_to is not None or not layer.imported)

    def knows(self, name: str) -> bool:
        """Whether it has a column of the core schema; one of that name in a user's own table may mean anything."""
        return self.core and name in self.table.c

    def number(self, name: str) -> ColumnElement[Any]:
        return self.table.c[name] if self.knows(name) else cast(null(), Double())


# The statements are made once for a table, since making them costs more than asking them.


@lru_cache(maxsize=256)
def _whereabouts(source: _Source) -> Select[Any]:
    table = source.table
    return select(table.c.fid, _wkb(table.c[GEOMETRY_COLUMN]), source.number("accuracy_m")).where(has_key(table.c.fid))


@lru_cache(maxsize=256)
def _records(source: _Source) -> Select[Any]:
    """Key, geometry, accuracy, id, all columns as one text, and those by which a feature is named and judged."""
    table = source.table
    left = {"fid", "id", GEOMETRY_COLUMN, *(OWN if source.core else ())}
    others = [column for column in table.c if column.name not in left]
    told = [table.c[name].label(f"told_{name}") for name in _told(source)]
    return _whereabouts(source).add_columns(table.c.id, properties_json(*others), *told)


@lru_cache(maxsize=256)
def _told(source: _Source) -> tuple[str, ...]:
    """The columns that are read by themselves."""
    known = [name for name in (*OWN, *DECISIVE) if source.knows(name)]
    return tuple(dict.fromkeys([*_naming(source), *known]))


@lru_cache(maxsize=256)
def _naming(source: _Source) -> tuple[str, ...]:
    """The columns that may name a feature; of a table without such columns, its first text."""
    names = tuple(name for name in NAMES_ZH if name in source.table.c)
    texts = (column.name for column in source.table.c if isinstance(column.type, Text) and column.name != "id")
    return names or tuple(islice(texts, 1))


@lru_cache(maxsize=256)
def _in_districts(source: _Source) -> Select[Any]:
    table, districts = source.table, METADATA.tables["districts"].alias("its_district")
    its = select(table.c.fid, _wkb(districts.c[GEOMETRY_COLUMN]), districts.c.accuracy_m)
    return its.join_from(table, districts, districts.c.id == table.c.district).where(has_key(table.c.fid))


def _districts(connection: Connection, layer: Layer, keys: Keys) -> list[Extent | None]:
    """The districts' shapes of features without a position, each made once however many features lie in it."""
    source = _Source.of(layer)
    if not len(keys) or not source.knows("district"):
        return [None] * len(keys)
    rows = {row[0]: row for row in _keyed(connection, _in_districts(source), keys) if row[1] is not None}
    shapes = {wkb: shapely.from_wkb(wkb) for wkb in {bytes(row[1]) for row in rows.values()}}
    return [
        Extent(shapes[bytes(rows[key][1])], rows[key][2] or 0.0, positioned=False) if key in rows else None
        for key in keys.tolist()
    ]


def _keyed(connection: Connection, statement: Select[Any], keys: Keys) -> Sequence[Record]:
    return connection.execute(statement, {KEYS: written(keys.tolist(), connection.dialect.name)}).all()


def _wkb(geometry: ColumnElement[Any]) -> ColumnElement[bytes]:
    return func.ST_AsBinary(geometry, type_=LargeBinary())


def _shapes(wkb: Sequence[bytes | None]) -> Shapes:
    return np.asarray(shapely.from_wkb(np.array([None if one is None else bytes(one) for one in wkb], dtype=object)))


def _numbers(values: Sequence[float | None]) -> Metres:
    return np.array(values, dtype=float)


def _place_of(layer: Layer, row: Record, extent: Extent | None) -> Place:
    source, identity = _Source.of(layer), row[3]
    told = dict(zip(_told(source), row[5:], strict=True))
    naming = _naming(source)
    name_zh, name_en = (
        _name_of(told, [name for name in names if name in told] or naming) or identity for names in (NAMES_ZH, NAMES_EN)
    )
    own = {name: told[name] for name in OWN if source.knows(name)}
    decisive = {name: told[name] for name in DECISIVE if source.knows(name)}
    synthetic = layer.synthetic or decisive.get("synthetic") is True
    return Place(identity, layer.id, name_zh, name_en, extent, row[4], own, decisive, synthetic)


def _name_of(texts: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first name that a feature has."""
    found = (texts[name] for name in names)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)
