"""Tiles of cells, made when a layer changes: where a tile would hold too many features to be made when asked for.

They are kept beside the layer under its digest, so that none outlives what it counts, and read as they are.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sqlalchemy import Connection, delete, func, insert, select, type_coerce
from sqlalchemy.types import NullType

from bioplan_gis.storage.cells import FINEST, Marks, drawn_alike, read_marks, unwoven
from bioplan_gis.storage.layers import Layer, read_layers
from bioplan_gis.storage.mvt import POINT, Outlines, encode
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
_BYTES_OF_A_POSITION = 16


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
    """What a feature weighs in a tile, from a sample of them."""
    table = layer.table
    geometry = type_coerce(table.c[GEOMETRY_COLUMN], NullType())
    is_gpkg = connection.dialect.name == "sqlite"
    size = func.length(geometry) if is_gpkg else func.ST_NPoints(geometry) * _BYTES_OF_A_POSITION
    columns = [type_coerce(table.c[column.name], NullType()) for column in layer.columns]
    step = max(1, layer.feature_count // _SAMPLE)
    rows = connection.execute(
        select(size, table.c.id, *columns).where(table.c.fid % step == 0, geometry.is_not(None)).limit(_SAMPLE)
    ).all()
    if not rows:
        return 1.0
    sizes, *values = zip(*rows, strict=True)
    named = {str(at): [_plain(value) for value in column] for at, column in enumerate(values)}
    count = len(rows)
    spots = Outlines(
        *(np.full(count, POINT), np.arange(count), np.ones(count, dtype=np.int64)), np.zeros((count, 2), int)
    )
    vertices = min(float(np.mean([size or 0 for size in sizes])) / _BYTES_OF_A_POSITION, _MOST_VERTICES)
    return len(encode(layer.id, spots, named)) / count + vertices * _BYTES_OF_A_VERTEX


def _plain(value: Any) -> Any:  # noqa: ANN401 - a database's
    return value if value is None or isinstance(value, str | int | float) else str(value)
