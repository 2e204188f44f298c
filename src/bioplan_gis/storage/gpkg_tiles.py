"""Tiles of a GeoPackage's features: found by the R*Tree, drawn and written as whole arrays."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from sqlalchemy import ColumnElement, Connection, Double, Select, Table, bindparam, select, type_coerce
from sqlalchemy.types import NullType

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.mvt import Value, encode
from bioplan_gis.storage.spatial import box_hit
from bioplan_gis.storage.tables import GEOMETRY_COLUMN
from bioplan_gis.storage.tile_shapes import fit
from bioplan_gis.tiling import EDGES, Tile

Names = tuple[str, ...] | None


def read_features(  # noqa: PLR0913 - a question has its parts
    connection: Connection,
    table: Table,
    tile: Tile,
    *,
    where: Sequence[ColumnElement[Any]],
    properties: Names,
    tolerance: float,
    most: int,
) -> bytes | None:
    """A tile of features; None where they are more than so many."""
    asked = dict(zip(EDGES, tile.buffered_box, strict=True))
    rows = connection.execute(_rows(table, properties).where(*where).limit(most + 1), asked).all()
    if len(rows) > most:
        return None
    if not rows:
        return b""
    keys, blobs, *values = zip(*rows, strict=True)
    fitted = fit(np.asarray(shapely.from_wkb([gpkg.wkb_of(blob) for blob in blobs])), tile, tolerance)
    chosen = fitted.chosen.tolist()
    named = zip(_columns(table, properties), values, strict=True)
    columns = {column.name: written(column, [each[at] for at in chosen]) for column, each in named}
    return encode(table.name, fitted.outlines, columns, np.array(keys, dtype=np.int64)[fitted.chosen])


@lru_cache(maxsize=256)
def _rows(table: Table, properties: Names) -> Select[Any]:
    """Key, geometry and columns, as they are stored, of what a box meets."""
    geometry = table.c[GEOMETRY_COLUMN]
    columns = [type_coerce(column, NullType()) for column in _columns(table, properties)]
    hit = box_hit(geometry, *(bindparam(edge, type_=Double()) for edge in EDGES))
    return select(table.c.fid, type_coerce(geometry, NullType()), *columns).where(hit).order_by(table.c.fid)


def _columns(table: Table, properties: Names) -> list[ColumnElement[Any]]:
    kept = None if properties is None else {"id", *properties}
    return [
        column
        for column in table.c
        if column.name not in {"fid", GEOMETRY_COLUMN} and (kept is None or column.name in kept)
    ]


def written(column: ColumnElement[Any], values: Sequence[Any]) -> list[Value]:
    """A column as properties: dates, lists and objects are stored as the text that they are in a tile."""
    made = _MAKERS.get(type(column.type).__name__)
    return list(values) if made is None else [None if value is None else made(value) for value in values]


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


_MAKERS: Mapping[str, Callable[[Any], Value]] = {"Boolean": bool, "Double": _finite}
