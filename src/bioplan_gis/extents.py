"""Where things are, as far as that is known, and what the distance between two of them can be."""

from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import Metres, Shapes, distances_m, farthest_distances_m


@dataclass(frozen=True)
class Extent:
    """Where a thing is, as far as that is known: a shape, and how far off it may be.

    Attributes:
        shape: EPSG:4490 geometry; the district's polygon where no position was found.
        accuracy_m: radius within which the true position lies, in metres.
        positioned: whether the shape is a position of the thing itself, not of its district.
    """

    shape: BaseGeometry
    accuracy_m: float
    positioned: bool


@dataclass(frozen=True)
class Extents:
    """Where many things are, as arrays of one length.

    Attributes:
        shapes: EPSG:4490 geometries, None where not even a district is known.
        accuracy_m: radius within which each true position lies, in metres.
        positioned: whether each shape is a position of the thing itself.
    """

    shapes: Shapes
    accuracy_m: Metres
    positioned: NDArray[np.bool_]


@dataclass(frozen=True)
class DistanceInterval:
    """A distance between two places of known accuracy, in metres on the ellipsoid.

    Attributes:
        nominal_m: between the positions as published; None where one of them is known to its district only.
        least_m: the least that it can be.
        most_m: the most that it can be.
    """

    nominal_m: float | None
    least_m: float
    most_m: float


@dataclass(frozen=True)
class DistanceIntervals:
    """Many distances, as arrays of one length; NaN where a position, or even the district, is unknown."""

    nominal_m: Metres
    least_m: Metres
    most_m: Metres

    @property
    def ends(self) -> tuple[Metres, Metres, Metres]:
        """All three."""
        return self.nominal_m, self.least_m, self.most_m

    def __getitem__(self, number: int) -> DistanceInterval | None:
        """One of them; None where nothing is known of it."""
        nominal_m, least_m, most_m = (float(end[number]) for end in self.ends)
        if isnan(least_m):
            return None
        return DistanceInterval(None if isnan(nominal_m) else nominal_m, least_m, most_m)


def distance_intervals_m(places: Extents, origin: Extent | None) -> DistanceIntervals:
    """The distances of many places from one and what they can be, given how well each end is known."""
    if origin is None:
        unknown = np.full(len(places.shapes), np.nan)
        return DistanceIntervals(unknown, unknown, unknown)
    least_m = distances_m(places.shapes, origin.shape)
    vague = ~np.isnan(least_m) & ~(places.positioned & origin.positioned)
    most_m = least_m.copy()
    most_m[vague] = farthest_distances_m(places.shapes[vague], origin.shape)
    doubt_m = places.accuracy_m + origin.accuracy_m
    return DistanceIntervals(
        nominal_m=np.where(vague, np.nan, least_m),
        least_m=np.maximum(0.0, least_m - doubt_m),
        most_m=most_m + doubt_m,
    )
