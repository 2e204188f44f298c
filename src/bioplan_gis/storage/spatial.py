"""The bridge: what differs between PostGIS and the embedded GeoPackage, so that every statement is written once.

A few SQLAlchemy elements compile to each database's own best form, and SQLite is given, as SQL functions, what
GeoAlchemy2's ``sqlite`` dialect and the GeoPackage triggers call. All geometry is EPSG:4490 longitude, latitude.
"""

import sqlite3
import struct
from collections.abc import Callable, MutableMapping, Sequence
from functools import lru_cache, partial
from typing import Any

import shapely
from geoalchemy2.types import _DummyGeometry
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ColumnElement,
    Double,
    LargeBinary,
    Select,
    Table,
    and_,
    column,
    false,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy import table as sql_table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from bioplan_gis.crs import STORAGE_SRID, area_m2, distance_m
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.functions import OF_FILTERS
from bioplan_gis.storage.tables import GEOMETRY_COLUMN

Box = tuple[float, float, float, float]
EDGES = ("west", "south", "east", "north")
_FOUR_DOUBLES = struct.Struct(">4d")


class box_hit(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function that it is
    """Whether a geometry's bounding box meets a box: the index's own question, ``(geom, west, south, east, north)``.

    Its type is NullType: a Boolean would compile to ``(… IN …) = 1`` on SQLite and lose the index.
    """

    inherit_cache = True
    type: TypeEngine[Any] = NullType()


class box_shape(FunctionElement[Any]):  # noqa: N801
    """A box ``(west, south, east, north)`` as a geometry of PostGIS."""

    inherit_cache = True
    type: TypeEngine[Any] = NullType()


class metres_between(FunctionElement[float]):  # noqa: N801
    """Least distance between two geometries in metres on the ellipsoid."""

    inherit_cache = True
    type: TypeEngine[float] = Double()


class square_metres(FunctionElement[float]):  # noqa: N801
    """Area of a geometry in m² on the ellipsoid."""

    inherit_cache = True
    type: TypeEngine[float] = Double()


class edges_of(FunctionElement[bytes]):  # noqa: N801
    """West, south, east and north of a geometry's bounding box as four big-endian doubles; NULL without a geometry."""

    inherit_cache = True
    type: TypeEngine[bytes] = LargeBinary()


def within(shape: BaseGeometry, bounds: Box | None) -> BaseGeometry:
    """As much of a shape as can meet what lies within bounds: a box of a plane CRS may have many thousand corners."""
    if bounds is None or shape.is_empty or _is_box(shape):
        return shape
    west, south, east, north = bounds
    room = (west - _ROOM_DEGREES, south - _ROOM_DEGREES, east + _ROOM_DEGREES, north + _ROOM_DEGREES)
    return shapely.clip_by_rect(shape, *room)


_ROOM_DEGREES = 1e-6


def meets(table: Table, shape: BaseGeometry, dialect: str) -> ColumnElement[Any]:
    """Whether a feature's geometry, not only its bounding box, meets a shape; never so where either is empty.

    Args:
        table: a layer's table.
        shape: EPSG:4490, such as ``literals.box_in`` gives.
        dialect: the database's; SQLite is asked through its R*Tree, and what that knows to lie inside is not decoded.
    """
    if GEOMETRY_COLUMN not in table.c or shape.is_empty:
        return false()
    if dialect == "postgresql":
        return _postgis_meets(table, shape)
    keys = [_gpkg_keys_meeting(table, part) for part in shapely.get_parts(shape)]
    return table.c.fid.in_(keys[0] if len(keys) == 1 else union(*keys))


def meets_edges(table: Table, edges: Sequence[ColumnElement[float]], dialect: str) -> ColumnElement[Any]:
    """The same of a box that has width and height, by its west, south, east and north edge."""
    if GEOMETRY_COLUMN not in table.c:
        return false()
    if dialect == "postgresql":
        return func.ST_Intersects(table.c[GEOMETRY_COLUMN], box_shape(*edges))
    return table.c.fid.in_(_gpkg_keys_in_box(table, edges))


def _postgis_meets(table: Table, shape: BaseGeometry) -> ColumnElement[Any]:
    geometry = table.c[GEOMETRY_COLUMN]
    if _is_box(shape):
        return func.ST_Intersects(geometry, box_shape(*_edges_of(shape)))
    wkb = literal(shapely.to_wkb(shape, byte_order=1), LargeBinary())
    return func.ST_Intersects(geometry, func.ST_GeomFromWKB(wkb, STORAGE_SRID))


def _edges_of(shape: BaseGeometry) -> list[ColumnElement[float]]:
    return [literal(float(edge), Double()) for edge in shape.bounds]


def _is_box(shape: BaseGeometry) -> bool:
    """A box, or a line or point that a box without width or height is."""
    west, south, east, north = shape.bounds
    if shape.geom_type == "Polygon":
        return len(shape.exterior.coords) == _CORNERS_OF_A_RING and bool(shape.equals(shapely.envelope(shape)))
    return bool(shape.geom_type == "Point" or (shape.geom_type == "LineString" and (west == east or south == north)))


_CORNERS_OF_A_RING = 5


def _gpkg_keys_meeting(table: Table, shape: BaseGeometry) -> Select[Any]:
    edges = _edges_of(shape)
    if _is_box(shape):
        return _gpkg_keys_in_box(table, edges)
    index, other = _index_of(table), table.alias("met")
    wkb = literal(shapely.to_wkb(shape, byte_order=1), LargeBinary())
    exact = func.bioplan_relates(literal("intersects"), other.c[GEOMETRY_COLUMN], wkb)
    met = select(exact).where(other.c.fid == index.id).scalar_subquery()
    return select(index.id.label("fid")).where(_touched(index, edges), met)


def _gpkg_keys_in_box(table: Table, edges: Sequence[ColumnElement[float]]) -> Select[Any]:
    """What the index knows to lie wholly inside the box is never decoded."""
    west, south, east, north = edges
    # The table under another name, for the statement around it reads the table itself.
    index, other = _index_of(table), table.alias("met")
    inside = and_(index.minx >= west, index.maxx <= east, index.miny >= south, index.maxy <= north)
    exact = func.bioplan_intersects_box(other.c[GEOMETRY_COLUMN], west, south, east, north)
    met = select(exact).where(other.c.fid == index.id).scalar_subquery()
    return select(index.id.label("fid")).where(_touched(index, edges), or_(inside, met))


def _index_of(table: Table) -> Any:  # noqa: ANN401 - the columns of a table
    names = ("id", "minx", "maxx", "miny", "maxy")
    return sql_table(f"rtree_{table.name}_{GEOMETRY_COLUMN}", *(column(name) for name in names)).c


def _touched(index: Any, edges: Sequence[ColumnElement[float]]) -> ColumnElement[bool]:  # noqa: ANN401
    west, south, east, north = edges
    return and_(index.maxx >= west, index.minx <= east, index.maxy >= south, index.miny <= north)


def near_box(geometry: ColumnElement[Any], box: Box) -> ColumnElement[Any]:
    """Whether a column's bounding box meets a box: the quick first test of a search by distance."""
    return box_hit(geometry, *(literal(edge, Double()) for edge in box))


# A box without width or height is a line or a point; ST_MakeEnvelope would make an invalid polygon that meets nothing.
_POSTGIS_BOX = (
    "ST_SetSRID(ST_Envelope(ST_MakeLine(ST_MakePoint({}, {}), ST_MakePoint({}, {}))), " + str(STORAGE_SRID) + ")"
)


@compiles(box_hit, "postgresql")
def _postgis_box_hit(element: box_hit, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    geom, *edges = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({geom} && {_POSTGIS_BOX.format(*edges)})"


@compiles(box_shape, "postgresql")
def _postgis_box_shape(element: box_shape, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return _POSTGIS_BOX.format(*(compiler.process(clause, **kw) for clause in element.clauses))


@compiles(box_hit, "sqlite")
def _gpkg_box_hit(element: box_hit, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    column, *edges = element.clauses
    fid = compiler.process(column.table.c.fid, **kw)
    rtree = compiler.preparer.quote(f"rtree_{column.table.name}_{column.name}")
    bound = "maxx >= {} AND maxy >= {} AND minx <= {} AND miny <= {}"
    bound = bound.format(*(compiler.process(edge, **kw) for edge in edges))
    return f"{fid} IN (SELECT id FROM {rtree} WHERE {bound})"  # noqa: S608 - names are quoted


@compiles(metres_between, "postgresql")
def _postgis_metres_between(element: metres_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    first, second = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"ST_Distance(({first})::geography, ({second})::geography)"


@compiles(metres_between, "sqlite")
def _gpkg_metres_between(element: metres_between, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"bioplan_metres_between({compiler.process(element.clauses, **kw)})"


@compiles(square_metres, "postgresql")
def _postgis_square_metres(element: square_metres, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"ST_Area(({compiler.process(element.clauses, **kw)})::geography)"


@compiles(square_metres, "sqlite")
def _gpkg_square_metres(element: square_metres, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"bioplan_square_metres({compiler.process(element.clauses, **kw)})"


@compiles(edges_of, "postgresql")
def _postgis_edges_of(element: edges_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    geometry = compiler.process(element.clauses, **kw)
    return " || ".join(f"float8send(ST_{edge}({geometry}))" for edge in ("XMin", "YMin", "XMax", "YMax"))


@compiles(edges_of, "sqlite")
def _gpkg_edges_of(element: edges_of, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"bioplan_edges({compiler.process(element.clauses, **kw)})"


@compiles(_DummyGeometry, "sqlite")
def _gpkg_column_type(_type: _DummyGeometry, _compiler: object, **kw: Any) -> str:  # noqa: ANN401
    """A GeoPackage column is declared by its geometry type; GeoAlchemy2 alone would declare every one GEOMETRY."""
    column = kw["type_expression"]
    return str(column._actual_type.geometry_type)  # noqa: SLF001 - where GeoAlchemy2 keeps the type meanwhile


# Where a connection's info keeps the error that stopped a function of the schema.
FAILURE = "bioplan_failure"


def register_functions(database: sqlite3.Connection, info: MutableMapping[Any, Any]) -> None:
    """Give a SQLite connection the SQL functions that GeoAlchemy2, the R*Tree triggers and the bridge call."""
    for name, function in _OF_VALUES.items():
        arity = function.__code__.co_argcount
        database.create_function(name, arity, _null_in_null_out(function), deterministic=True)
    for name, administer in _OF_SCHEMA.items():
        database.create_function(name, -1, _keeping_failure(partial(administer, database), info))


def _keeping_failure(administer: Callable[..., Any], info: MutableMapping[Any, Any]) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:  # noqa: ANN401
        try:
            return administer(*arguments)
        except sqlite3.Error as error:
            info[FAILURE] = error
            raise

    return answer


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    def answer(*arguments: Any) -> Any:  # noqa: ANN401
        return None if None in arguments else function(*arguments)

    return answer


def _from_ewkt(text: str) -> bytes:
    srid, _, wkt = text.rpartition(";")
    return gpkg.encode(shapely.from_wkt(wkt), int(srid.removeprefix("SRID=") or STORAGE_SRID))


def _from_wkb(wkb: bytes, srid: int) -> bytes:
    return gpkg.encode(shapely.from_wkb(wkb), srid)


def _as_ewkb(blob: bytes) -> bytes:
    srid = int.from_bytes(blob[4:8], "little" if blob[3] & 1 else "big", signed=True)
    return bytes(shapely.to_wkb(shapely.set_srid(gpkg.decode(blob), srid), include_srid=True))


def _as_geojson(blob: bytes) -> str:
    return str(shapely.to_geojson(gpkg.decode(blob)))


def _intersects_box(blob: bytes, west: float, south: float, east: float, north: float) -> bool:
    return bool(shapely.intersects(gpkg.decode(blob), _box(west, south, east, north)))


@lru_cache(maxsize=8)
def _box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """A box as polygon, or as line or point where it has no width or height."""
    box = shapely.envelope(shapely.linestrings([(west, south), (east, north)]))
    shapely.prepare(box)
    return box


def _metres_between(first: bytes, second: bytes) -> float:
    return distance_m(gpkg.decode(first), gpkg.decode(second))


def _square_metres(blob: bytes) -> float:
    return area_m2(gpkg.decode(blob))


def _edges(blob: bytes) -> bytes:
    min_x, max_x, min_y, max_y = gpkg.envelope(blob)
    return _FOUR_DOUBLES.pack(min_x, min_y, max_x, max_y)


def _min_x(blob: bytes) -> float:
    return gpkg.envelope(blob)[0]


def _max_x(blob: bytes) -> float:
    return gpkg.envelope(blob)[1]


def _min_y(blob: bytes) -> float:
    return gpkg.envelope(blob)[2]


def _max_y(blob: bytes) -> float:
    return gpkg.envelope(blob)[3]


_OF_VALUES: dict[str, Callable[..., Any]] = {
    "GeomFromEWKT": _from_ewkt,
    "GeomFromWKB": _from_wkb,
    "AsEWKB": _as_ewkb,
    "AsBinary": gpkg.wkb_of,
    "AsGeoJSON": _as_geojson,
    "ST_IsEmpty": gpkg.is_empty,
    "ST_MinX": _min_x,
    "ST_MaxX": _max_x,
    "ST_MinY": _min_y,
    "ST_MaxY": _max_y,
    "bioplan_intersects_box": _intersects_box,
    "bioplan_edges": _edges,
    "bioplan_metres_between": _metres_between,
    "bioplan_square_metres": _square_metres,
    **OF_FILTERS,
}


def _recover_geometry_column(
    database: sqlite3.Connection, table: str, column: str, srid: int, kind: str, _dimension: str
) -> int:
    gpkg.register_geometry(database, table, column, srid, kind)
    return 1


def _create_spatial_index(database: sqlite3.Connection, table: str, column: str) -> int:
    gpkg.create_rtree(database, table, column)
    return 1


def _check_spatial_index(database: sqlite3.Connection, table: str, column: str) -> int | None:
    return 1 if gpkg.has_rtree(database, table, column) else None


def _disable_spatial_index(database: sqlite3.Connection, table: str, column: str) -> int:
    gpkg.drop_rtree(database, table, column)
    return 1


def _discard_geometry_column(database: sqlite3.Connection, table: str, _column: str) -> int:
    gpkg.forget_table(database, table)
    return 1


_OF_SCHEMA: dict[str, Callable[..., Any]] = {
    "RecoverGeometryColumn": _recover_geometry_column,
    "CreateSpatialIndex": _create_spatial_index,
    "CheckSpatialIndex": _check_spatial_index,
    "DisableSpatialIndex": _disable_spatial_index,
    "DiscardGeometryColumn": _discard_geometry_column,
}
