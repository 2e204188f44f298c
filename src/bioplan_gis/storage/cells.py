"""Cells of a grid in the place of features that are too many for a tile: how many each counts, and of what.

A feature belongs to the one cell that the middle of its bounding box lies in, so that no tile of a zoom counts it and
another counts it again. Cells are known by Morton codes: those of a tile, at any zoom, stand in a row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Integer,
    LargeBinary,
    Select,
    case,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import NullType

from bioplan_gis.crs import GEOD
from bioplan_gis.landuse import CLASSES
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.mvt import POINT, POLYGON, Outlines, Whole, encode
from bioplan_gis.storage.tables import GEOMETRY_COLUMN
from bioplan_gis.tiling import EXTENT, MERCATOR, Floats, Tile, world

MOST_BYTES = 500_000
# A tile has 2^8 cells a side, or fewer where so many would weigh too much.
GRID = 8
# Cells of 2 cm: the finest that a Morton code of 62 bits tells apart.
FINEST = 31
# A cell never takes fewer bytes.
LEAST_BYTES_OF_A_CELL = 17
LAND_CLASS = "land_class"
# What cells say that features do not.
OF_CELLS = ("aggregated", "count", "area_m2")
_SPOTS = frozenset({"POINT", "MULTIPOINT"})
_FETCHED, _KEYS_AT_ONCE = 50_000, 1_000_000
_RECORD = np.dtype([("middle", ">f8", 2), ("area", ">f8"), ("class", ">i4")])
# GeoPackage headers that hold an envelope as little-endian doubles, after eight bytes.
_ENVELOPED, _HEADER_BYTES = 0b11, 40


@dataclass(frozen=True)
class Marks:
    """Where features are, and what is counted of them.

    Attributes:
        codes: Morton codes of their cells of the finest level, in order.
        areas_m2: their areas on the ellipsoid, to about one in a thousand.
        classes: numbers of their classes of industrial land, from 1; 0 for none.
    """

    codes: Whole
    areas_m2: Floats
    classes: Whole

    def part(self, start: int, stop: int) -> "Marks":
        """Some that stand in a row."""
        return Marks(*(getattr(self, field.name)[start:stop] for field in fields(self)))


def read_marks(connection: Connection, layer: Layer, where: Sequence[ColumnElement[Any]] = ()) -> Marks:
    """The marks of a layer's features that have a place in Web Mercator.

    Args:
        connection: of a reading transaction, or one for single statements.
        layer: with geometry.
        where: conditions on the layer's table, all of which must hold.
    """
    read = _of_postgis if connection.dialect.name == "postgresql" else _of_gpkg
    parts = [(np.empty((0, 2)), np.empty(0), np.empty(0, dtype=np.int64)), *read(connection, layer, where)]
    middles, square_degrees, classes = (np.concatenate(each) for each in zip(*parts, strict=True))
    codes = morton(world(middles), FINEST)
    order = np.argsort(codes, kind="stable")
    areas = square_degrees * _square_metres(middles[:, 1])
    return Marks(codes[order], areas[order], classes[order])


def tile_of_cells(layer: Layer, tile: Tile, marks: Marks) -> bytes:
    """A tile that counts the marks that lie in it, and no others."""
    least = morton(np.array([[tile.col, tile.row]]) / 2**tile.zoom, FINEST)[0]
    start, stop = np.searchsorted(marks.codes, [least, least + (1 << 2 * (FINEST - tile.zoom))])
    return drawn(layer, tile.zoom, marks.part(int(start), int(stop)))


def drawn(layer: Layer, zoom: int, marks: Marks) -> bytes:
    """A tile of cells that hold the marks, all of which lie in one tile of a zoom."""
    return drawn_alike(layer, zoom, [marks])[0]


def drawn_alike(layer: Layer, zoom: int, tiles: Sequence[Marks]) -> list[bytes]:
    """Tiles of a zoom with cells of one size: the smallest by which none of them weighs too much."""
    for bits in range(min(GRID, FINEST - zoom), 0, -1):
        bodies = _all_drawn(layer, zoom, tiles, bits)
        if bodies is not None:
            return bodies
    raise AssertionError("four cells weigh too much")


def _all_drawn(layer: Layer, zoom: int, tiles: Sequence[Marks], bits: int) -> list[bytes] | None:
    """Each tile, or None where one weighs too much: likeliest the fullest, so that it is drawn first."""
    drawn_so_far: dict[int, bytes] = {}
    for at in sorted(range(len(tiles)), key=lambda at: -len(tiles[at].codes)):
        body = _drawn(layer, zoom, tiles[at], bits)
        if body is None:
            return None
        drawn_so_far[at] = body
    return [drawn_so_far[at] for at in range(len(tiles))]


def _drawn(layer: Layer, zoom: int, marks: Marks, bits: int) -> bytes | None:
    """A tile of 2^bits cells a side; None where it would weigh too much."""
    cells = marks.codes >> 2 * (FINEST - zoom - bits)
    firsts = np.flatnonzero(np.diff(cells, prepend=-1))
    if len(firsts) * LEAST_BYTES_OF_A_CELL > MOST_BYTES:
        return None
    body = encode(layer.id, _outlines(layer, cells[firsts], bits), _columns(layer, marks, firsts))
    return body if len(body) <= MOST_BYTES else None


def _outlines(layer: Layer, cells: Whole, bits: int) -> Outlines:
    """A point in the middle of each cell, where the layer has points, or the cell itself."""
    count, side = len(cells), EXTENT >> bits
    corners = unwoven(cells & (1 << 2 * bits) - 1) * side
    if layer.geometry_type in _SPOTS:
        return Outlines(np.full(count, POINT), np.arange(count), np.ones(count, dtype=np.int64), corners + side // 2)
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]])
    positions = (corners[:, None] + square).reshape(-1, 2)
    return Outlines(np.full(count, POLYGON), np.arange(count), np.full(count, 4), positions)


def _columns(layer: Layer, marks: Marks, firsts: Whole) -> dict[str, list[Any]]:
    """What each cell says of the features that it stands for."""
    counts, names = np.diff(firsts, append=len(marks.codes)), cell_names(layer)
    columns: dict[str, list[Any]] = {
        names["aggregated"]: [True] * len(firsts),
        names["count"]: counts.tolist(),
    }
    if has_area(layer) and len(firsts):
        areas = np.rint(np.add.reduceat(marks.areas_m2, firsts)).astype(np.int64)
        columns[names["area_m2"]] = [area or None for area in areas.tolist()]
    if has_land_class(layer) and len(firsts):
        of_class = [np.add.reduceat(marks.classes == number, firsts) for number in range(1, len(CLASSES) + 1)]
        commonest = np.where(np.max(of_class, axis=0) > 0, np.argmax(of_class, axis=0), -1).tolist()
        columns[LAND_CLASS] = [None if number < 0 else CLASSES[number].code for number in commonest]
    return columns


def cell_names(layer: Layer) -> dict[str, str]:
    """What the layer's cells call what only they say: as usual, or otherwise where a column of the layer is called so.

    The commonest class of land is that of the column that says it of a feature, and is called as the column is.
    """
    own = {column.name for column in layer.columns}
    return {usual: _free(usual, own) for usual in OF_CELLS if usual != "area_m2" or has_area(layer)}


def _free(name: str, taken: set[str]) -> str:
    return _free(f"{name}_", taken) if name in taken else name


def is_wide(layer: Layer) -> bool:
    """Whether something of the layer lies where Web Mercator has no place for it."""
    west, south, east, north = layer.bbox or (0.0, 0.0, 0.0, 0.0)
    return west < MERCATOR[0] or south < MERCATOR[1] or east > MERCATOR[2] or north > MERCATOR[3]


def has_area(layer: Layer) -> bool:
    """Whether the layer's cells say what area they stand for."""
    return layer.geometry_type not in _SPOTS


def has_land_class(layer: Layer) -> bool:
    """Whether the layer says of its features which class of land they are."""
    return any(column.name == LAND_CLASS and column.type == "text" for column in layer.columns)


def morton(shares: Floats, level: int) -> Whole:
    """The Morton codes of the cells of a level, 4^level of them, that positions in the world lie in."""
    cells = np.clip(np.floor(shares * 2**level), 0, 2**level - 1).astype(np.int64)
    return np.asarray(_spread(cells[:, 0]) | _spread(cells[:, 1]) << 1)


_MASKS = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def _spread(numbers: Whole) -> Whole:
    """A zero after every bit."""
    for shift, mask in _MASKS:
        numbers = (numbers | numbers << shift) & mask
    return numbers


def unwoven(codes: Whole) -> Whole:
    """Columns and rows, (n, 2), of Morton codes."""
    pair = np.column_stack([codes, codes >> 1]) & _MASKS[-1][1]
    for (shift, _), (_, mask) in zip(reversed(_MASKS), [*reversed(_MASKS[:-1]), (32, 0x00000000FFFFFFFF)], strict=True):
        pair = (pair | pair >> shift) & mask
    return np.asarray(pair)


def _square_metres(latitudes: Floats) -> Floats:
    """How many a square degree has at each latitude, by the radii of curvature of the ellipsoid there."""
    phi = np.radians(latitudes)
    flat = GEOD.a**2 * (1 - GEOD.es) * np.cos(phi) / (1 - GEOD.es * np.sin(phi) ** 2) ** 2
    return np.asarray(flat * np.radians(1) ** 2)


Part = tuple[Floats, Floats, Whole]


def _of_postgis(connection: Connection, layer: Layer, where: Sequence[ColumnElement[Any]]) -> Iterator[Part]:
    """Each million features as one text of bytes: three doubles and a number each."""
    geometry = type_coerce(layer.table.c[GEOMETRY_COLUMN], NullType())
    numbers = [*_middle(layer, geometry), func.float8send(_area(layer, geometry)), func.int4send(_class_number(layer))]
    record = reduce(lambda written, each: written.op("||")(each), numbers)
    statement = select(func.string_agg(record, literal_column("''::bytea"), type_=LargeBinary()))
    kept = statement.where(geometry.is_not(None), ~func.ST_IsEmpty(geometry), *_has_place(layer, geometry), *where)
    for part in _parts(connection, layer, kept):
        found = np.frombuffer(connection.execute(part).scalar() or b"", _RECORD)
        yield found["middle"].astype(float), found["area"].astype(float), found["class"].astype(np.int64)


def _has_place(layer: Layer, geometry: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """That no feature lies wholly beyond Web Mercator, where some reach out of it."""
    if not is_wide(layer):
        return []
    west, south, east, north = MERCATOR
    return [
        func.ST_XMax(geometry, type_=Double()) >= west, func.ST_YMax(geometry, type_=Double()) >= south,
        func.ST_XMin(geometry, type_=Double()) <= east, func.ST_YMin(geometry, type_=Double()) <= north,
    ]  # fmt: skip


def _parts(connection: Connection, layer: Layer, statement: Select[Any]) -> Iterator[Select[Any]]:
    """A statement over all features, or over a million keys at a time: PostgreSQL's values end at 1 GB."""
    if layer.feature_count <= _KEYS_AT_ONCE:
        yield statement
        return
    fid = layer.table.c.fid
    last = connection.execute(select(func.max(fid))).scalar() or 0
    for start in range(0, last + 1, _KEYS_AT_ONCE):
        yield statement.where(fid >= start, fid < start + _KEYS_AT_ONCE)


def _middle(layer: Layer, geometry: ColumnElement[Any]) -> list[Any]:
    if layer.geometry_type == "POINT":
        return [func.float8send(func.ST_X(geometry)), func.float8send(func.ST_Y(geometry))]
    edges: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
        (func.ST_XMin, func.ST_XMax), (func.ST_YMin, func.ST_YMax)
    ]  # fmt: skip
    return [
        func.float8send((least(geometry, type_=Double()) + most(geometry, type_=Double())) / 2) for least, most in edges
    ]


def _area(layer: Layer, geometry: ColumnElement[Any]) -> ColumnElement[Any]:
    if layer.geometry_type in _SPOTS:
        return sql_cast(literal_column("0"), Double())
    return func.ST_Area(geometry, type_=Double())


def _class_number(layer: Layer) -> ColumnElement[Any]:
    if not has_land_class(layer):
        return sql_cast(literal_column("0"), Integer())
    column = layer.table.c[LAND_CLASS]
    numbered = {one.code: number for number, one in enumerate(CLASSES, start=1)}
    return sql_cast(case(numbered, value=column, else_=0), Integer())


def _of_gpkg(connection: Connection, layer: Layer, where: Sequence[ColumnElement[Any]]) -> Iterator[Part]:
    statement = _rows_of_gpkg(layer).where(*where)
    with connection.execute(statement, execution_options={"yield_per": _FETCHED}) as result:
        for rows in result.partitions():
            blobs, classes = zip(*rows, strict=True)
            edges = _edges(blobs)
            kept = np.array([not gpkg.is_empty(blob) for blob in blobs])
            kept &= (edges[:, 2:] >= MERCATOR[:2]).all(axis=1) & (edges[:, :2] <= MERCATOR[2:]).all(axis=1)
            shapes = None if layer.geometry_type in _SPOTS else _decoded(blobs)
            areas = np.zeros(len(blobs)) if shapes is None else shapely.area(shapes)
            yield ((edges[:, :2] + edges[:, 2:]) / 2)[kept], areas[kept], np.array(classes, dtype=np.int64)[kept]


def _rows_of_gpkg(layer: Layer) -> Select[Any]:
    """Of points, the header is enough, which tells where they are."""
    geometry = type_coerce(layer.table.c[GEOMETRY_COLUMN], NullType())
    return select(geometry, _class_number(layer)).where(geometry.is_not(None))


def _decoded(blobs: Sequence[bytes]) -> NDArray[np.object_]:
    return np.asarray(shapely.from_wkb([gpkg.wkb_of(blob) for blob in blobs]))


def _edges(blobs: Sequence[bytes]) -> Floats:
    """West, south, east and north of each, from the blobs' headers where all have such as this product writes."""
    headers = b"".join(blob[:_HEADER_BYTES] for blob in blobs)
    if all(blob[3] == _ENVELOPED for blob in blobs):
        types = np.dtype([("flags", "V8"), ("edges", "<f8", 4)])
        return np.frombuffer(headers, types)["edges"][:, [0, 2, 1, 3]]
    return np.asarray(shapely.bounds(_decoded(blobs)))
