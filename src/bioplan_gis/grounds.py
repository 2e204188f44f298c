"""Land of one or several layers as one array: how far it is at least and at most by its bounding box, and its shapes.

Most of a large layer is decided by its boxes; shapes are read of what they leave open.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from bioplan_gis.crs import Metres, Shapes
from bioplan_gis.extents import DistanceIntervals, Extent, Extents, distance_intervals_m
from bioplan_gis.storage.measures import Bounds, Lands, Place, read_extents, read_places

EARTH_RADIUS_M = 6_371_008.8
# A distance on the sphere is off the ellipsoid's by 0.56 % at most.
SPHERE_ERROR = 0.006
# Wider boxes than this are never judged by their middle.
WIDEST_DEGREES = 5.0

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Grounds:
    """Land of several layers, one after the other.

    Attributes:
        lands: what decides of each layer's features.
        owners: for each piece of land, which of ``lands`` it belongs to.
    """

    lands: tuple[Lands, ...]
    owners: Numbers

    def __len__(self) -> int:
        """How many pieces of land there are."""
        return len(self.owners)

    @cached_property
    def keys(self) -> Numbers:
        """Keys within their layers."""
        return np.concatenate([np.array([], dtype=np.int64), *(lands.keys for lands in self.lands)])

    @cached_property
    def bounds(self) -> Bounds:
        """West, south, east and north; NaN for what has no position of its own."""
        return np.concatenate([np.empty((0, 4)), *(lands.bounds for lands in self.lands)])

    @cached_property
    def accuracy_m(self) -> Metres:
        """Radius within which each true position lies; without position, of its district's outline, not known here."""
        return np.concatenate([np.array([]), *(lands.accuracy_m for lands in self.lands)])

    @cached_property
    def own_ha(self) -> Metres:
        """Published areas of the land itself; NaN where there is none."""
        return np.concatenate([np.array([]), *(lands.own_ha for lands in self.lands)])

    @cached_property
    def frame_ha(self) -> Metres:
        """Published areas of the parks around."""
        return np.concatenate([np.array([]), *(lands.frame_ha for lands in self.lands)])

    def extents(self, connection: Connection, numbers: Numbers) -> Extents:
        """Where some of the land is, in the order of the numbers."""
        shapes: Shapes = np.full(len(numbers), None, dtype=object)
        accuracy_m, positioned = np.zeros(len(numbers)), np.zeros(len(numbers), dtype=bool)
        for owner, lands in enumerate(self.lands):
            its = np.flatnonzero(self.owners[numbers] == owner)
            if len(its):
                found = read_extents(connection, lands.layer, self.keys[numbers[its]])
                shapes[its], accuracy_m[its], positioned[its] = found.shapes, found.accuracy_m, found.positioned
        return Extents(shapes, accuracy_m, positioned)

    def places(self, connection: Connection, numbers: Numbers) -> list[Place]:
        """Some of the land with all that is known of it, in the order of the numbers."""
        found: dict[int, Place] = {}
        for owner, lands in enumerate(self.lands):
            its = numbers[self.owners[numbers] == owner]
            found |= zip(its.tolist(), read_places(connection, lands.layer, self.keys[its]), strict=True)
        return [found[number] for number in numbers.tolist()]


def gather(lands: tuple[Lands, ...]) -> Grounds:
    """Land of several layers as one array."""
    sizes = np.array([len(one.keys) for one in lands], dtype=np.int64)
    return Grounds(lands, np.repeat(np.arange(len(lands)), sizes))


def distance_bounds_m(bounds: Bounds, origin: Extent) -> tuple[Metres, Metres]:
    """The least and the most that the least distance of shapes from an origin can be, by their bounding boxes alone.

    By the triangle inequality around the middles of the boxes; 0 and infinity where a box is unknown or very wide.
    """
    its_bounds = np.array([origin.shape.bounds])
    middles, radii_m = _middles(bounds), _radii_m(bounds)
    apart_m = _sphere_m(middles, _middles(its_bounds))
    doubt_m = SPHERE_ERROR * apart_m + (1 + SPHERE_ERROR) * (radii_m + _radii_m(its_bounds))
    wide = np.isnan(apart_m) | ~(bounds[:, 2] - bounds[:, 0] < WIDEST_DEGREES)
    least_m = np.where(wide, 0.0, np.maximum(0.0, apart_m - doubt_m))
    return least_m, np.where(wide, np.inf, apart_m + doubt_m)


def intervals_m(extents: Extents, origin: Extent | None) -> DistanceIntervals:
    """Distances from an origin and what they can be; a district that holds much land is measured once."""
    names = np.fromiter(map(id, extents.shapes), dtype=np.int64, count=len(extents.shapes))
    _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    unique = Extents(extents.shapes[first], np.zeros(len(first)), extents.positioned[first])
    found = distance_intervals_m(unique, None if origin is None else replace(origin, accuracy_m=0.0))
    doubt_m = extents.accuracy_m + (0.0 if origin is None else origin.accuracy_m)
    return DistanceIntervals(
        nominal_m=found.nominal_m[inverse],
        least_m=np.maximum(0.0, found.least_m[inverse] - doubt_m),
        most_m=found.most_m[inverse] + doubt_m,
    )


def _middles(bounds: Bounds) -> Bounds:
    return np.asarray((bounds[:, :2] + bounds[:, 2:]) / 2)


def _radii_m(bounds: Bounds) -> Metres:
    """From the middle of each box to its farthest corner."""
    middles = _middles(bounds)
    return np.maximum(_sphere_m(bounds[:, [0, 1]], middles), _sphere_m(bounds[:, [0, 3]], middles))


def _sphere_m(starts: Bounds, ends: Bounds) -> Metres:
    """Great-circle distances (haversine)."""
    (east, north), (east_end, north_end) = np.radians(starts).T, np.radians(ends).T
    half = np.sin((north - north_end) / 2) ** 2
    half = half + np.cos(north) * np.cos(north_end) * np.sin((east - east_end) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, half))))


def boxes(bounds: Bounds, wider_m: Metres) -> Shapes:
    """Boxes that hold all within some metres of each bounding box."""
    north = wider_m / 110_000.0
    steepest = np.minimum(89.0, np.max(np.abs(bounds[:, [1, 3]]), axis=1) + north)
    east = wider_m / (110_000.0 * np.cos(np.radians(steepest)))
    west, south, right, top = bounds.T
    return np.asarray(shapely.box(west - east, south - north, right + east, top + north))
