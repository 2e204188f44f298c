"""Land of one or several layers as one array: how far it is at least and at most by its bounding box, and its shapes.

Most of a large layer is decided by the balls around its boxes; shapes are read of what they leave open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from bioplan_gis.crs import GEOD, Metres, Shapes
from bioplan_gis.extents import DistanceIntervals, Extent, Extents, distance_intervals_m
from bioplan_gis.storage.kept import Kept
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.measures import Bounds, Lands, Place, read_extents, read_lands, read_places

# The least radius of curvature of the ellipsoid, b²/a, in metres.
LEAST_CURVATURE_M = GEOD.b**2 / GEOD.a
# Wider boxes than this are never judged by their middle.
WIDEST_DEGREES = 5.0
# Some hundred bytes each are kept in memory of as much land as this; more is read anew for every question.
MOST_KEPT = 2_000_000

Numbers = NDArray[np.int64]
_KEPT: Kept["Grounds"] = Kept(8)


@dataclass(frozen=True)
class Balls:
    """Balls that hold shapes.

    Attributes:
        middles_m: of each, geocentric, in metres, as rows of three.
        radii_m: along the ellipsoid; infinite where a shape is unknown or very wide.
    """

    middles_m: Metres
    radii_m: Metres

    def __getitem__(self, numbers: Numbers) -> "Balls":
        """Some of them."""
        return Balls(self.middles_m[numbers], self.radii_m[numbers])

    def chords_m(self, other: "Balls") -> Metres:
        """Straight through the Earth, from each middle to that of one other ball."""
        apart = self.middles_m - other.middles_m
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", apart, apart)))


@dataclass(frozen=True, eq=False)
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
    def balls(self) -> Balls:
        """The balls around the bounds."""
        return balls_around(self.bounds)

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

    def within(self, origin: Extent | None, reach_m: float) -> Numbers:
        """All land that may be so near, given how well its position is known, and some that is farther."""
        if origin is None or np.isinf(reach_m):
            return np.arange(len(self))
        ball = _ball_of(origin)
        farthest_m = reach_m + self.balls.radii_m + self.accuracy_m + ball.radii_m
        return np.flatnonzero(self.balls.chords_m(ball) <= farthest_m)

    def extents(self, connection: Connection, numbers: Numbers) -> Extents:
        """Where some of the land is, in the order of the numbers."""
        if len(self.lands) == 1:
            return read_extents(connection, self.lands[0].layer, self.keys[numbers])
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


def read_grounds(connection: Connection, layers: Sequence[Layer], **conditions: Any) -> Grounds:  # noqa: ANN401
    """Land of some layers.

    Args:
        connection: of a reading transaction.
        layers: as the registry describes them in the same transaction.
        conditions: of ``read_lands``, ``synthetic`` for layers that are not made up as a whole.
    """
    synthetic = conditions.pop("synthetic", False)
    lands = (read_lands(connection, layer, synthetic=synthetic or layer.synthetic, **conditions) for layer in layers)
    return gather(tuple(lands))


def keeps(layers: Sequence[Layer]) -> bool:
    """Whether so much land is kept in memory."""
    return sum(layer.feature_count for layer in layers) <= MOST_KEPT


def kept_grounds(
    connection: Connection, layers: Sequence[Layer], *, land_class: str | None, synthetic: bool
) -> Grounds:
    """All land of a class of some layers, read once for each of their versions."""

    def make() -> Grounds:
        return read_grounds(connection, layers, land_class=land_class, synthetic=synthetic)

    return _KEPT.of(connection, layers, make, land_class, synthetic)


def gather(lands: tuple[Lands, ...]) -> Grounds:
    """Land of several layers as one array."""
    sizes = np.array([len(one.keys) for one in lands], dtype=np.int64)
    return Grounds(lands, np.repeat(np.arange(len(lands)), sizes))


def balls_around(bounds: Bounds) -> Balls:
    """Balls around the middles of bounding boxes, through their farthest corners."""
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    middles_m = _geocentric(middles)
    corners = (_geocentric(bounds[:, [0, 1]]), _geocentric(bounds[:, [0, 3]]))
    radii_m = _most_m(np.maximum(*(np.linalg.norm(corner - middles_m, axis=1) for corner in corners)))
    known = bounds[:, 2] - bounds[:, 0] < WIDEST_DEGREES
    return Balls(np.where(known[:, None], middles_m, 0.0), np.where(known, radii_m, np.inf))


def distance_bounds_m(balls: Balls, origin: Extent) -> tuple[Metres, Metres]:
    """The least and the most that the least distance of shapes from an origin can be, by the balls that hold them.

    By the triangle inequality. The straight line is shorter than the geodesic, and a curve that nowhere bends more than
    a circle is no longer than the circle's arc over the same chord (Schur's comparison theorem).
    """
    ball = _ball_of(origin)
    chords_m, doubt_m = balls.chords_m(ball), balls.radii_m + ball.radii_m
    return np.maximum(0.0, chords_m - doubt_m), _most_m(chords_m) + doubt_m


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


def _ball_of(origin: Extent) -> Balls:
    return balls_around(np.array([origin.shape.bounds]))


def _geocentric(positions: Bounds) -> Metres:
    """Positions on the ellipsoid in degrees as x, y and z in metres."""
    east, north = np.radians(positions).T
    normal_m = GEOD.a / np.sqrt(1 - GEOD.es * np.sin(north) ** 2)
    across_m = normal_m * np.cos(north)
    height_m = normal_m * (1 - GEOD.es) * np.sin(north)
    return np.column_stack([across_m * np.cos(east), across_m * np.sin(east), height_m])


def _most_m(chords_m: Metres) -> Metres:
    """The most that geodesics over chords can measure, with a centimetre for the rounding; infinite where unbounded."""
    halves = chords_m / (2 * LEAST_CURVATURE_M)
    arcs_m = 2 * LEAST_CURVATURE_M * np.arcsin(np.minimum(halves, 1.0)) + 0.01
    return np.asarray(np.where(halves < 1.0, arcs_m, np.inf))


def boxes(bounds: Bounds, wider_m: Metres) -> Shapes:
    """Boxes that hold all within some metres of each bounding box."""
    north = wider_m / 110_000.0
    steepest = np.minimum(89.0, np.max(np.abs(bounds[:, [1, 3]]), axis=1) + north)
    east = wider_m / (110_000.0 * np.cos(np.radians(steepest)))
    west, south, right, top = bounds.T
    return np.asarray(shapely.box(west - east, south - north, right + east, top + north))
