"""What site selection reads: land and laboratories with all that is known of where they are, and true distances.

All land is read as arrays of what decides; whole records only of what an answer shows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Column, Connection, LargeBinary, Row, Select, Table, and_, func, literal, select

from bioplan_gis.crs import STORAGE_SRID, Metres, Shapes, degrees_around
from bioplan_gis.extents import Extent, Extents
from bioplan_gis.storage.spatial import metres_between, near_box
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, METADATA


@dataclass(frozen=True)
class Place:
    """A feature with what is known of its position.

    Attributes:
        id: the feature's id.
        layer_id: the layer that it belongs to.
        name_zh: its name.
        name_en: its English name.
        extent: its own shape, or its district's where no more is known; None where not even that is.
        facts: every column of the layer, with dates and lists as Python has them.
    """

    id: str
    layer_id: str
    name_zh: str
    name_en: str
    extent: Extent | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Lands:
    """All industrial land of a class, as arrays in one order.

    Attributes:
        ids: the features' ids.
        extents: where each is.
        own_ha: area of the land of the class itself, in hectares; NaN where unpublished.
        frame_ha: area of the park around it, in hectares; NaN where unpublished.
    """

    ids: tuple[str, ...]
    extents: Extents
    own_ha: Metres
    frame_ha: Metres


def read_lands(connection: Connection, *, land_class: str | None = None, synthetic: bool = False) -> Lands:
    """Industrial land of a class (``M1``, ``M2``, ``M3``; any without one); made-up land only where asked for."""
    rows = connection.execute(lands(land_class=land_class, synthetic=synthetic)).all()
    ids, own_ha, frame_ha, accuracy_m, *position = zip(*rows, strict=True) if rows else ((),) * 7
    own_shapes, district_shapes, district_accuracy_m = _shapes(position[0]), _shapes(position[1]), _numbers(position[2])
    positioned = ~shapely.is_missing(own_shapes)
    extents = Extents(
        shapes=np.where(positioned, own_shapes, district_shapes),
        accuracy_m=np.nan_to_num(np.where(positioned, _numbers(accuracy_m), district_accuracy_m)),
        positioned=positioned,
    )
    return Lands(ids, extents, _numbers(own_ha), _numbers(frame_ha))


def read_place(connection: Connection, layer_id: str, feature_id: str) -> Place | None:
    """A feature of a core layer with geometry, by its id; None where there is none."""
    return read_places(connection, layer_id, [feature_id]).get(feature_id)


def read_places(connection: Connection, layer_id: str, feature_ids: Collection[str]) -> dict[str, Place]:
    """Features of a core layer with geometry, by their ids; those that there are."""
    rows = connection.execute(places(layer_id, feature_ids))
    return {place.id: place for place in (_place_of(layer_id, row) for row in rows)}


def lands(*, land_class: str | None = None, synthetic: bool = False) -> Select[Any]:
    """What decides of all industrial land of a class, in the order of its keys."""
    land = METADATA.tables["industrial_land"]
    decisive = [land.c.id, land.c.area_ha, land.c.park_area_ha, land.c.accuracy_m]
    return _of_class(_placed(land, decisive), land, land_class, synthetic=synthetic).order_by(land.c.fid)


def places(layer_id: str, feature_ids: Collection[str]) -> Select[Any]:
    """All columns of some features of a layer, with their positions."""
    table = METADATA.tables[layer_id]
    facts = [column for column in table.columns if column.name not in ("fid", GEOMETRY_COLUMN)]
    return _placed(table, facts).where(table.c.id.in_(feature_ids))


def lands_near(
    origin: BaseGeometry,
    within_m: float,
    *,
    land_class: str | None = None,
    limit: int = 50,
    synthetic: bool = False,
) -> Select[Any]:
    """Id and ``distance_m`` of industrial land with a position within metres of a geometry, nearest first.

    A box in degrees asks the index; what it finds is measured on the ellipsoid, once.

    Args:
        origin: EPSG:4490 geometry.
        within_m: greatest distance in metres on the ellipsoid.
        land_class: ``M1``, ``M2`` or ``M3``; None for any.
        limit: most to answer.
        synthetic: whether made-up land may answer too.
    """
    land = METADATA.tables["industrial_land"]
    wkb = literal(shapely.to_wkb(origin, byte_order=1), LargeBinary())
    distance_m = metres_between(land.c[GEOMETRY_COLUMN], func.ST_GeomFromWKB(wkb, STORAGE_SRID)).label("distance_m")
    boxed = select(land.c.id, distance_m).where(near_box(land.c[GEOMETRY_COLUMN], box_around(origin, within_m)))
    near = _of_class(boxed, land, land_class, synthetic=synthetic).cte("near").prefix_with("MATERIALIZED")
    nearest = select(near.c.id, near.c.distance_m).where(near.c.distance_m <= within_m)
    return nearest.order_by(near.c.distance_m, near.c.id).limit(limit)


def box_around(shape: BaseGeometry, distance_m: float) -> tuple[float, float, float, float]:
    """West, south, east and north of a box in degrees that holds all within metres of a geometry."""
    west, south, east, north = shape.bounds
    degrees_east, degrees_north = degrees_around(max(abs(south), abs(north)), distance_m)
    return west - degrees_east, south - degrees_north, east + degrees_east, north + degrees_north


def _of_class(statement: Select[Any], land: Table, land_class: str | None, *, synthetic: bool) -> Select[Any]:
    if land_class is not None:
        statement = statement.where(land.c.land_class == land_class)
    return statement if synthetic else statement.where(land.c.synthetic.is_not(True))


def _placed(table: Table, facts: Sequence[Column[Any]]) -> Select[Any]:
    """Columns of a table, then its geometry, and its district's with accuracy where it has none of its own."""
    districts = METADATA.tables["districts"].alias("its_district")
    in_district = and_(districts.c.id == table.c.district, table.c[GEOMETRY_COLUMN].is_(None))
    return select(
        *facts,
        func.ST_AsBinary(table.c[GEOMETRY_COLUMN], type_=LargeBinary()).label("shape_wkb"),
        func.ST_AsBinary(districts.c[GEOMETRY_COLUMN], type_=LargeBinary()).label("district_wkb"),
        districts.c.accuracy_m.label("district_accuracy_m"),
    ).select_from(table.outerjoin(districts, in_district))


def _shapes(wkb: Sequence[bytes | None]) -> Shapes:
    return np.asarray(shapely.from_wkb(np.array([None if one is None else bytes(one) for one in wkb], dtype=object)))


def _numbers(values: Sequence[float | None]) -> Metres:
    return np.array(values, dtype=float)


_POSITION = ("shape_wkb", "district_wkb", "district_accuracy_m")


def _place_of(layer_id: str, row: Row[Any]) -> Place:
    facts = {name: value for name, value in row._mapping.items() if name not in _POSITION}  # noqa: SLF001 - its public name
    return Place(facts["id"], layer_id, facts["name_zh"], facts["name_en"], _extent_of(row), facts)


def _extent_of(row: Row[Any]) -> Extent | None:
    if row.shape_wkb is not None:
        return Extent(shapely.from_wkb(row.shape_wkb), row.accuracy_m or 0.0, positioned=True)
    if row.district_wkb is not None:
        return Extent(shapely.from_wkb(row.district_wkb), row.district_accuracy_m or 0.0, positioned=False)
    return None
