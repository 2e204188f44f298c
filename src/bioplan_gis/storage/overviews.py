"""Tiles of cells, made when a layer changes: where a tile would hold too many features to be made when asked for.

They are kept beside the layer under its digest, so that none outlives what it counts, and read as they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, type_coerce
from sqlalchemy.types import NullType

from bioplan_gis.storage import gpkg, gpkg_tiles, postgis_tiles
from bioplan_gis.storage.cells import FINEST, Marks, drawn_alike, read_marks, unwoven
from bioplan_gis.storage.layers import Layer, read_layers
from bioplan_gis.storage.mvt import POINT, Outlines, Value, encode
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, OVERVIEWS
from bioplan_gis.tiling import Tile

# Closer than this, a tile of too many features is rare, and small enough to be made when asked for.
FINEST_OVERVIEW = 16
# Up to this zoom, where one tile is made of cells all are: what they count adds up to what there is. Closer, each is
# judged by itself, so that a town does not take the features of the land around it away.
FARTHEST_APART = 8
# What the features of a tile may weigh by estimate: less than the most, since some weigh more than others do.
EXPECTED_BYTES = 400_000
MOST_FEATURES = 15_000
_SAMPLE = 1000
# A vertex takes two or three bytes; outlines of more are simplified.
_BYTES_OF_A_VERTEX, _MOST_VERTICES = 3, 40


def renew_overviews(connection: Connection) -> None:
    """Make the overviews of every layer that changed, and forget those of layers that are gone.

    Args:
        connection: of the transaction that changed them: a reader sees a layer with its own overviews.
    """
    layers = read_layers(connection)
    made = {row.layer: row.digest for row in connection.execute(_MADE)}
    stale = [layer for layer in layers if made.get(layer.id) != layer.digest]
    gone = [*made.keys() - {layer.id for layer in layers}, *(layer.id for layer in stale)]
    if gone:
        connection.execute(delete(OVERVIEWS).where(OVERVIEWS.c.layer.in_(gone)))
    for layer in stale:
        # The entry of the whole layer says that its overviews are made, where it needs none.
        _store(connection, layer, layer.id, b"")
        for tile, body in _overviews(connection, layer):
            _store(connection, layer, address(layer.id, tile), body)


_MADE = select(OVERVIEWS.c.layer, OVERVIEWS.c.digest).where(OVERVIEWS.c.id == OVERVIEWS.c.layer)


def address(layer_id: str, tile: Tile) -> str:
    """What an overview is called."""
    return f"{layer_id}/{tile.zoom}/{tile.row}/{tile.col}"


def _store(connection: Connection, layer: Layer, name: str, body: bytes) -> None:
    row = {"id": name, "layer": layer.id, "digest": layer.digest, "body": body}
    connection.execute(insert(OVERVIEWS), row)


def _overviews(connection: Connection, layer: Layer) -> Iterator[tuple[Tile, bytes]]:
    if layer.geometry_type is None or not layer.feature_count:
        return
    most = min(MOST_FEATURES, int(EXPECTED_BYTES / _bytes_of_a_feature(connection, layer)))
    if layer.feature_count <= most:
        return
    marks = read_marks(connection, layer)
    for zoom in range(FINEST_OVERVIEW + 1):
        crowded = list(_crowded(marks, zoom, most))
        if crowded and zoom <= FARTHEST_APART:
            crowded = list(_crowded(marks, zoom, 0))
        bodies = drawn_alike(layer, zoom, [part for _, part in crowded])
        yield from ((tile, body) for (tile, _), body in zip(crowded, bodies, strict=True))


def _crowded(marks: Marks, zoom: int, most: int) -> Iterator[tuple[Tile, Marks]]:
    """The tiles of a zoom in which more than so many features have their middle."""
    tiles = marks.codes >> 2 * (FINEST - zoom)
    starts = np.flatnonzero(np.diff(tiles, prepend=-1))
    stops = np.append(starts[1:], len(tiles))
    crowded = stops - starts > most
    places = unwoven(tiles[starts[crowded]]).tolist()
    for (col, row), start, stop in zip(places, starts[crowded].tolist(), stops[crowded].tolist(), strict=True):
        yield Tile(zoom, row, col), marks.part(start, stop)


def _bytes_of_a_feature(connection: Connection, layer: Layer) -> float:
    """What a feature weighs in a tile, from a sample of them: the same on both databases."""
    vertices, values = (_of_gpkg if connection.dialect.name == "sqlite" else _of_postgis)(connection, layer)
    count = len(vertices)
    if not count:
        return 1.0
    spots = Outlines(
        *(np.full(count, POINT), np.arange(count), np.ones(count, dtype=np.int64)), np.zeros((count, 2), int)
    )
    body = encode(layer.id, spots, values)
    return len(body) / count + min(float(np.mean(vertices)), _MOST_VERTICES) * _BYTES_OF_A_VERTEX


Sample = tuple[Sequence[int], dict[str, list[Value]]]


def _of_postgis(connection: Connection, layer: Layer) -> Sample:
    columns = {name: postgis_tiles.written(layer.table.c[name]) for name in _names(layer)}
    vertices, *values = _sampled(connection, layer, func.ST_NPoints(_geometry(layer)), columns.values())
    return vertices, {name: list(each) for name, each in zip(columns, values, strict=True)}


def _of_gpkg(connection: Connection, layer: Layer) -> Sample:
    columns = {name: layer.table.c[name] for name in _names(layer)}
    plain = [type_coerce(column, NullType()) for column in columns.values()]
    blobs, *values = _sampled(connection, layer, _geometry(layer), plain)
    named = {
        name: gpkg_tiles.written(column, each) for (name, column), each in zip(columns.items(), values, strict=True)
    }
    return shapely.get_num_coordinates(shapely.from_wkb([gpkg.wkb_of(blob) for blob in blobs])).tolist(), named


def _names(layer: Layer) -> list[str]:
    return ["id", *(column.name for column in layer.columns)]


def _geometry(layer: Layer) -> ColumnElement[Any]:
    return type_coerce(layer.table.c[GEOMETRY_COLUMN], NullType())


def _sampled(
    connection: Connection, layer: Layer, size: ColumnElement[Any], columns: Iterable[ColumnElement[Any]]
) -> list[tuple[Any, ...]]:
    """A size and the columns of every so manieth feature that has a geometry, column by column."""
    step, fid = max(1, layer.feature_count // _SAMPLE), layer.table.c.fid
    wanted = select(size, *columns).where(fid % step == 0, _geometry(layer).is_not(None)).order_by(fid).limit(_SAMPLE)
    rows = connection.execute(wanted).all()
    return list(zip(*rows, strict=True)) if rows else [() for _ in range(2 + len(layer.columns))]
