"""Coordinate reference systems: storage, measuring, and distances known to within an accuracy.

Geometry is stored as longitude and latitude in CGCS2000 (EPSG:4490) and measured in metres on its ellipsoid, never
in Web Mercator, which is a third too large at Hangzhou's latitude. CGCS2000's ellipsoid (GB/T 30168-2013: a =
6 378 137 m, 1/f = 298.257222101) differs from GRS 80 by nothing and from WGS 84's by 0.1 mm in the semi-minor axis.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

STORAGE_SRID = 4490
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOD = Geod(a=6378137.0, rf=298.257222101)


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


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid in m² of an EPSG:4490 geometry (Karney 2013, doi:10.1007/s00190-012-0578-z)."""
    return abs(float(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]))


def distance_m(first: BaseGeometry, second: BaseGeometry) -> float:
    """Least distance in metres on the ellipsoid between two EPSG:4490 geometries.

    The nearest points are found in a local metric frame (degrees scaled at their mean latitude) and measured by the
    exact geodesic.
    """
    scale = _metric_scale(first, second)
    nearest = shapely.shortest_line(_scaled(first, scale), _scaled(second, scale))
    (x1, y1), (x2, y2) = shapely.get_coordinates(nearest) / scale
    return float(GEOD.inv(x1, y1, x2, y2)[2])


def farthest_m(first: BaseGeometry, second: BaseGeometry) -> float:
    """Greatest distance in metres on the ellipsoid between a point of the one and a point of the other geometry.

    The farthest pair of two polygons, lines or point sets is a pair of vertices of their convex hulls.
    """
    corners, others = (shapely.get_coordinates(shapely.convex_hull(shape)) for shape in (first, second))
    pairs = np.repeat(corners, len(others), axis=0), np.tile(others, (len(corners), 1))
    return float(np.max(_geodesics(pairs[0], pairs[1])))


def distance_interval_m(first: Extent, second: Extent) -> DistanceInterval:
    """The distance between two places and what it can be at least and at most, given how well each is known."""
    least = distance_m(first.shape, second.shape)
    both_positioned = first.positioned and second.positioned
    most = least if both_positioned else farthest_m(first.shape, second.shape)
    doubt = first.accuracy_m + second.accuracy_m
    return DistanceInterval(
        nominal_m=least if both_positioned else None, least_m=max(0.0, least - doubt), most_m=most + doubt
    )


def degrees_around(latitude: float, distance_m: float) -> tuple[float, float]:
    """Degrees of longitude and latitude that cover a distance at a latitude, never too few (a box to search in)."""
    metres_per_degree_north = 110_574.0
    metres_per_degree_east = 111_319.0 * max(0.01, float(np.cos(np.radians(latitude))))
    margin = 1.01
    return margin * distance_m / metres_per_degree_east, margin * distance_m / metres_per_degree_north


def _metric_scale(first: BaseGeometry, second: BaseGeometry) -> NDArray[np.float64]:
    """What a degree east and a degree north weigh against each other at the mean latitude of both."""
    bounds = shapely.total_bounds([first, second])
    return np.array([np.cos(np.radians((bounds[1] + bounds[3]) / 2)), 1.0])


def _scaled(shape: BaseGeometry, scale: NDArray[np.float64]) -> BaseGeometry:
    return shapely.transform(shape, lambda coordinates: coordinates * scale)


def _geodesics(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(GEOD.inv(starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1])[2])
