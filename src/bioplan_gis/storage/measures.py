"""What site selection reads: land and laboratories with all that is known of where they are.

All land is read as arrays of what decides, with no more of its geometry than bounding boxes; shapes are read of what
the boxes leave open, and whole records only of what an answer shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    cast,
    func,
    null,
    or_,
    select,
)

from bioplan_gis.crs import Metres, Shapes, degrees_around
from bioplan_gis.extents import Extent, Extents
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.spatial import edges_of, near_box
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, METADATA

# Databases take no more bound values than some ten thousand.
KEYS_AT_ONCE = 10_000
NOWHERE = np.full(4, np.nan).astype(">f8").tobytes()
NAMES_ZH = ("name_zh", "name_en", "parcel_no")
NAMES_EN = ("name_en", "name_zh", "parcel_no")

Bounds = NDArray[np.float64]
Keys = NDArray[np.int64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """A feature with what is known of its position.

    Attributes:
        id: the feature's id.
        layer_id: the layer that it belongs to.
        name_zh: its name; where it has none, what else tells it from others.
        name_en: its English name, likewise.
        extent: its own shape, or its district's where no more is known; None where not even that is.
        facts: every column of the layer, with dates and lists as Python has them.
        synthetic: whether it is made up.
    """

    id: str
    layer_id: str
    name_zh: str
    name_en: str
    extent: Extent | None
    facts: Mapping[str, Any]
    synthetic: bool = False


@dataclass(frozen=True)
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
    decisive = [_number(layer, name) for name in ("accuracy_m", "area_ha", "park_area_ha")]
    every = select(table.c.fid, *decisive, edges_of(geometry))
    if land_class is not None:
        every = every.where(table.c.land_class == land_class)
    if not synthetic and _knows(layer, "synthetic"):
        every = every.where(table.c.synthetic.is_not(True))
    if box is None:
        return (every,)
    vague = _number(layer, "accuracy_m") > (np.inf if vaguer_m is None else vaguer_m)
    return every.where(near_box(geometry, box)), every.where(or_(geometry.is_(None), vague))


def read_extents(connection: Connection, layer: Layer, keys: Keys) -> Extents:
    """Where features are, in the order of their keys; where a feature has no position, its district's shape."""
    rows = {row.fid: row for row in _in_parts(connection, placed(layer, [layer.table.c.fid]), layer.table, keys)}
    found = [rows[key] for key in keys.tolist()]
    shapes, districts = _shapes([row.bioplan_wkb for row in found]), _district_shapes(found)
    positioned = ~shapely.is_missing(shapes)
    accuracy_m = _numbers([row.bioplan_accuracy_m for row in found])
    district_accuracy_m = _numbers([row.bioplan_district_accuracy_m for row in found])
    return Extents(
        shapes=np.where(positioned, shapes, districts),
        accuracy_m=np.nan_to_num(np.where(positioned, accuracy_m, district_accuracy_m)),
        positioned=positioned,
    )


def read_place(connection: Connection, layer: Layer, feature_id: str) -> Place | None:
    """A feature of a layer with geometry, by its id; None where there is none."""
    row = connection.execute(places(layer).where(layer.table.c.id == feature_id)).one_or_none()
    return None if row is None else _place_of(layer, row)


def read_places(connection: Connection, layer: Layer, keys: Keys) -> list[Place]:
    """Features of a layer with geometry, in the order of their keys."""
    rows = {row.fid: row for row in _in_parts(connection, places(layer), layer.table, keys)}
    return [_place_of(layer, rows[key]) for key in keys.tolist()]


def read_shapes(connection: Connection, layer: Layer) -> Shapes:
    """Every geometry of a layer, in the order of its keys; none where a feature has none."""
    geometry = layer.table.c[GEOMETRY_COLUMN]
    statement = select(_wkb(geometry)).where(geometry.is_not(None)).order_by(layer.table.c.fid)
    return _shapes(connection.execute(statement).scalars().all())


def places(layer: Layer) -> Select[Any]:
    """All columns of a layer, with positions."""
    return placed(layer, [column for column in layer.table.columns if column.name != GEOMETRY_COLUMN])


def placed(layer: Layer, facts: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Columns of a layer, its geometry and accuracy, and its district's where it has no geometry of its own."""
    table, geometry = layer.table, layer.table.c[GEOMETRY_COLUMN]
    own = [_wkb(geometry).label("bioplan_wkb"), _number(layer, "accuracy_m").label("bioplan_accuracy_m")]
    if not _knows(layer, "district"):
        lacking = [null().label("bioplan_district_wkb"), cast(null(), Double()).label("bioplan_district_accuracy_m")]
        return select(*facts, *own, *lacking)
    districts = METADATA.tables["districts"].alias("its_district")
    in_district = (districts.c.id == table.c.district) & geometry.is_(None)
    its = [
        _wkb(districts.c[GEOMETRY_COLUMN]).label("bioplan_district_wkb"),
        districts.c.accuracy_m.label("bioplan_district_accuracy_m"),
    ]
    return select(*facts, *own, *its).select_from(table.outerjoin(districts, in_district))


def box_around(shape: BaseGeometry, distance_m: float) -> Box:
    """West, south, east and north of a box in degrees that holds all within metres of a geometry."""
    west, south, east, north = shape.bounds
    farthest = min(89.0, max(abs(south), abs(north)) + distance_m / 110_574.0)
    degrees_east, degrees_north = degrees_around(farthest, distance_m)
    return west - degrees_east, south - degrees_north, east + degrees_east, north + degrees_north


def _knows(layer: Layer, name: str) -> bool:
    """Whether a layer has a column of the core schema; one of that name in a user's own table may mean anything."""
    return name in layer.table.c and (layer.conforms_to is not None or not layer.imported)


def _number(layer: Layer, name: str) -> ColumnElement[Any]:
    return layer.table.c[name] if _knows(layer, name) else cast(null(), Double())


def _wkb(geometry: ColumnElement[Any]) -> ColumnElement[bytes]:
    return func.ST_AsBinary(geometry, type_=LargeBinary())


def _in_parts(connection: Connection, statement: Select[Any], table: Table, keys: Keys) -> Iterator[Row[Any]]:
    for at in range(0, len(keys), KEYS_AT_ONCE):
        yield from connection.execute(statement.where(table.c.fid.in_(keys[at : at + KEYS_AT_ONCE].tolist())))


def _shapes(wkb: Sequence[bytes | None]) -> Shapes:
    return np.asarray(shapely.from_wkb(np.array([None if one is None else bytes(one) for one in wkb], dtype=object)))


def _district_shapes(rows: Sequence[Row[Any]]) -> Shapes:
    """The districts' shapes, each read once however many features lie in it."""
    texts = [None if row.bioplan_district_wkb is None else bytes(row.bioplan_district_wkb) for row in rows]
    known = {wkb: shapely.from_wkb(wkb) for wkb in set(texts) - {None}}
    shapes = np.empty(len(texts), dtype=object)
    shapes[:] = [known.get(wkb) for wkb in texts]
    return shapes


def _numbers(values: Sequence[float | None]) -> Metres:
    return np.array(values, dtype=float)


def _place_of(layer: Layer, row: Row[Any]) -> Place:
    facts = {column.name: row._mapping[layer.table.c[column.name]] for column in layer.columns}  # noqa: SLF001 - its public name
    identity = row._mapping[layer.table.c.id]  # noqa: SLF001
    name_zh, name_en = (_name_of(layer, facts, names) or identity for names in (NAMES_ZH, NAMES_EN))
    synthetic = layer.synthetic or (_knows(layer, "synthetic") and facts["synthetic"] is True)
    return Place(identity, layer.id, name_zh, name_en, _extent_of(row), facts, synthetic)


def _name_of(layer: Layer, facts: Mapping[str, Any], names: Sequence[str]) -> str | None:
    """The first name that a feature has; of a layer without such columns, its first text."""
    texts = [name for name in names if name in facts]
    texts = texts or [column.name for column in layer.columns if column.type == "text"][:1]
    found = (facts[name] for name in texts)
    return next((value for value in found if isinstance(value, str) and value.strip()), None)


def _extent_of(row: Row[Any]) -> Extent | None:
    if row.bioplan_wkb is not None:
        return Extent(shapely.from_wkb(row.bioplan_wkb), row.bioplan_accuracy_m or 0.0, positioned=True)
    if row.bioplan_district_wkb is not None:
        return Extent(
            shapely.from_wkb(row.bioplan_district_wkb), row.bioplan_district_accuracy_m or 0.0, positioned=False
        )
    return None
