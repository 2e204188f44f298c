"""WebMercatorQuad: the tiles of the web (OGC 17-083r4, annex D.1), and positions within one.

A tile matrix of zoom z has 2^z rows, from the north, and as many columns, from the west. A position in a tile is
counted in units of a 4096th of its side, from its upper left corner, right and down, as Mapbox Vector Tile 2.1 has it.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MATRIX_SET = "WebMercatorQuad"
MATRIX_SET_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
MOST_ZOOM = 24
# Beyond it, a unit is less than 4 cm: whoever looks closer draws these tiles larger.
FINEST_ZOOM = 18
EXTENT = 4096
# What a tile holds beyond its edges, so that an outline is not drawn along them.
BUFFER = 64
# The side of a pixel where a tile is drawn as wide as 512 of them.
PIXEL = 8
# Where Web Mercator ends, north and south.
MOST_LATITUDE = 85.0511287798066
# What it has a place for, in degrees: west, south, east, north.
MERCATOR = (-180.0, -MOST_LATITUDE, 180.0, MOST_LATITUDE)
EDGES = ("west", "south", "east", "north")
HALF_WORLD_M = 6378137.0 * math.pi

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tile:
    """A tile of WebMercatorQuad.

    Attributes:
        zoom: the tile matrix, 0 for the whole world.
        row: from the north, 0 to 2^zoom - 1.
        col: from the west, 0 to 2^zoom - 1.
    """

    zoom: int
    row: int
    col: int

    @cached_property
    def side_m(self) -> float:
        """Its side in metres of Web Mercator, which are metres on the ground at the equator only."""
        return math.ldexp(2 * HALF_WORLD_M, -self.zoom)

    @property
    def unit_m(self) -> float:
        """A unit in metres of Web Mercator."""
        return self.side_m / EXTENT

    @property
    def unit_degrees(self) -> tuple[float, float]:
        """A unit in degrees of longitude, and of latitude in the middle of the tile."""
        _, south, _, north = self.box
        wide = 360 / 2**self.zoom / EXTENT
        return wide, wide * math.cos(math.radians((south + north) / 2))

    @property
    def box_m(self) -> Box:
        """West, south, east, north in metres of Web Mercator (EPSG:3857)."""
        west, north = self.col * self.side_m - HALF_WORLD_M, HALF_WORLD_M - self.row * self.side_m
        return west, north - self.side_m, west + self.side_m, north

    @property
    def box(self) -> Box:
        """West, south, east, north in degrees, exactly the tile."""
        return self._reaching(0)

    @property
    def buffered_box(self) -> Box:
        """West, south, east, north in degrees of all that the tile holds."""
        return self._reaching(BUFFER)

    def _reaching(self, units: float) -> Box:
        margin, count = units / EXTENT, 2**self.zoom
        west, east = ((each / count - 0.5) * 360 for each in (self.col - margin, self.col + 1 + margin))
        north, south = (_latitude(each / count) for each in (self.row - margin, self.row + 1 + margin))
        return west, south, east, north

    def units(self, lonlat: Floats) -> Floats:
        """Positions in degrees, an (n, 2) array, in units of the tile, without rounding."""
        return np.asarray((world(lonlat) * 2**self.zoom - (self.col, self.row)) * EXTENT)


def world(lonlat: Floats) -> Floats:
    """Positions in degrees, (n, 2), as shares of the world's square from its upper left corner; poles on its edge."""
    latitude = np.radians(np.clip(lonlat[:, 1], -MOST_LATITUDE, MOST_LATITUDE))
    north = np.log(np.tan(np.pi / 4 + latitude / 2)) / (2 * np.pi)
    return np.column_stack([lonlat[:, 0] / 360 + 0.5, 0.5 - north])


def _latitude(share: float) -> float:
    """The latitude of a share of the world's square, from its upper edge."""
    return math.degrees(2 * math.atan(math.exp((0.5 - share) * 2 * math.pi))) - 90


def limits(box: Box, zoom: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the tiles that a box of degrees meets."""
    west, south, east, north = box
    corners = np.clip(world(np.array([[west, north], [east, south]])) * 2**zoom, 0, 2**zoom - 1)
    (first_col, first_row), (last_col, last_row) = np.floor(corners).astype(int).tolist()
    return first_row, last_row, first_col, last_col
