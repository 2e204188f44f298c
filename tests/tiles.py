"""Vector tiles read strictly: what the specification forbids, and decoders forgive, is an error here."""

from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2
from pyproj import Transformer
from sqlalchemy import Engine

from bioplan_gis.storage.database import reading
from bioplan_gis.storage.layers import read_layer
from bioplan_gis.storage.tiles import TileQuestion, read_tile
from bioplan_gis.tiling import EXTENT, Tile

MOST_BYTES = 500_000
MERCATOR = Transformer.from_crs(4490, 3857, always_xy=True)
LON, LAT = 120.15, 30.27
KINDS = {1: "Point", 2: "LineString", 3: "Polygon"}


@dataclass(frozen=True)
class Drawn:
    """A feature of a tile, in units of the tile, y down."""

    key: int | None
    properties: dict[str, Any]
    shape: shapely.Geometry


def decoded(body: bytes, layer: str) -> list[Drawn]:
    """The features of a tile that has one layer of that name, or none."""
    if not body:
        return []
    assert len(body) <= MOST_BYTES
    _require_strict(body)
    (name, content), *others = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True}).items()
    assert (name, others, content["extent"], content["version"]) == (layer, [], 4096, 2)
    features = [
        Drawn(one.get("id"), one["properties"], shapely.geometry.shape(one["geometry"])) for one in content["features"]
    ]
    assert features
    for feature in features:
        assert feature.shape.is_valid, (feature, shapely.is_valid_reason(feature.shape))
    return features


def _require_strict(body: bytes) -> None:
    tile = vector_tile_pb2.tile()
    assert tile.ParseFromString(body) == len(body)
    for layer in tile.layers:
        assert len(set(layer.keys)) == len(layer.keys)
        values = [value.SerializeToString() for value in layer.values]
        assert len(set(values)) == len(values)
        assert all(len(value.ListFields()) == 1 for value in layer.values)
        for feature in layer.features:
            assert len(feature.tags) % 2 == 0
            assert all(tag < len(layer.keys) for tag in feature.tags[::2])
            assert all(tag < len(layer.values) for tag in feature.tags[1::2])
            assert len(set(feature.tags[::2])) == len(feature.tags) // 2
            _require_strict_geometry(feature.type, list(feature.geometry))


def _require_strict_geometry(kind: int, numbers: list[int]) -> None:
    """Chapters 4.3.2 to 4.3.4: which commands follow which, no step of no length, outer rings before their holes."""
    parts, cursor, at = [], np.zeros(2, dtype=int), 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        if command == 7:
            assert (kind, count) == (3, 1)
            assert len(parts[-1]) >= 3
            parts[-1].append("closed")
            continue
        assert count > 0
        steps = np.array(numbers[at : at + 2 * count]).reshape(-1, 2)
        steps = steps >> 1 ^ -(steps & 1)
        at += 2 * count
        positions = cursor + np.cumsum(steps, axis=0)
        cursor = positions[-1]
        if command == 1:
            assert count == 1 or kind == 1
            parts.append(positions.tolist())
        else:
            assert command == 2
            assert kind in {2, 3}
            assert steps.any(axis=1).all()
            parts[-1] += positions.tolist()
    assert kind in KINDS
    if kind == 1:
        assert len(parts) == 1
    elif kind == 2:
        assert all(len(part) >= 2 for part in parts)
    else:
        assert all(part.pop() == "closed" and part[0] != part[-1] for part in parts)
        areas = [_signed_area(np.array(part)) for part in parts]
        assert areas[0] > 0
        assert all(areas)


def _signed_area(ring: np.ndarray) -> float:
    """By the surveyor's formula, with y down as in the tile: outer rings are positive (chapter 4.3.3.3)."""
    x, y = ring.T
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2


def box_of(zoom: int, row: int, col: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in degrees, by the textbook's formula."""
    n = 2**zoom
    south, north = (np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * each / n)))) for each in (row + 1, row))
    return col / n * 360 - 180, float(south), (col + 1) / n * 360 - 180, float(north)


def at(zoom: int, lon: float, lat: float) -> tuple[int, int]:
    """Row and column of the tile that a position lies in."""
    n = 2**zoom
    row = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * n
    return int(row), int((lon + 180) / 360 * n)


def body_of(engine: Engine, layer_id: str, zoom: int, row: int, col: int, **question: Any) -> bytes:
    """A tile as it is kept or made."""
    with reading(engine) as connection:
        layer = read_layer(connection, layer_id)
        found = read_tile(connection, layer, Tile(zoom, row, col), TileQuestion(**question))
    assert found.digest == layer.digest
    assert found.body is not None
    return found.body


def tile_of(engine: Engine, layer_id: str, zoom: int, lon: float = LON, lat: float = LAT, **asked: Any) -> list[Drawn]:
    """The features of the tile of a zoom that a position lies in."""
    return decoded(body_of(engine, layer_id, zoom, *at(zoom, lon, lat), **asked), layer_id)


def in_units(shape: shapely.Geometry, zoom: int, row: int, col: int) -> shapely.Geometry:
    """A geometry in degrees as the tile should draw it, by PROJ's own Mercator."""
    half = 20037508.342789244
    side = 2 * half / 2**zoom

    def units(lonlat: np.ndarray) -> np.ndarray:
        x, y = MERCATOR.transform(lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([(x + half) / side - col, (half - y) / side - row]) * EXTENT

    return shapely.transform(shape, units)


def square(lon: float = LON, lat: float = LAT, side: float = 0.01) -> shapely.Polygon:
    """A square, of a kilometre or so, by its south-western corner."""
    return shapely.box(lon, lat, lon + side, lat + side)
