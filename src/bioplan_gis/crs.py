"""Coordinate reference systems: storage, and measuring in metres on the ellipsoid.

Geometry is stored as longitude and latitude in CGCS2000 (EPSG:4490) and measured in metres on its ellipsoid, never
in Web Mercator, which is a third too large at Hangzhou's latitude. CGCS2000's ellipsoid (GB/T 30168-2013: a =
6 378 137 m, 1/f = 298.257222101) differs from GRS 80 by nothing and from WGS 84's by 0.1 mm in the semi-minor axis.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

STORAGE_SRID = 4490
SQUARE_METRES_PER_HECTARE = 10_000
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
Shapes = NDArray[np.object_]
Metres = NDArray[np.float64]
COORDINATES_AT_ONCE = 2_000_000
GEOD = Geod(a=6378137.0, rf=298.257222101)
ECCENTRICITY = float(np.sqrt(GEOD.es))
AUTHALIC_POLE = 1 + (1 - GEOD.es) * float(np.arctanh(ECCENTRICITY)) / ECCENTRICITY
AUTHALIC_RADIUS_M = GEOD.a * float(np.sqrt(AUTHALIC_POLE / 2))


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid in m² of an EPSG:4490 geometry (Karney 2013, doi:10.1007/s00190-012-0578-z)."""
    return abs(float(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]))


def areas_m2(shapes: Shapes) -> Metres:
    """Area on the ellipsoid in m² of each EPSG:4490 geometry, for millions of them; 0 where there is no polygon.

    Each edge is a great circle of the authalic sphere (Snyder 1987, USGS PP 1395, equations 3-11 and 3-12), whose area
    down to the equator is its spherical excess. That differs from the ellipsoid's geodesic, and from ``area_m2``, by
    less than 1e-8 of a parcel and 1e-6 of a district.
    """
    parts, owners = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coordinates, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    excess = _excess(np.radians(coordinates)) * (ring_of_vertex[1:] == ring_of_vertex[:-1])
    enclosed = np.abs(np.bincount(ring_of_vertex[1:], excess, minlength=len(rings)))
    shells = np.diff(part_of_ring, prepend=-1) > 0
    signed = np.where(shells, enclosed, -enclosed)
    return np.asarray(np.bincount(owners[part_of_ring], signed, minlength=len(shapes)) * AUTHALIC_RADIUS_M**2)


def distance_m(first: BaseGeometry, second: BaseGeometry) -> float:
    """Least distance in metres on the ellipsoid between two EPSG:4490 geometries."""
    return float(distances_m(np.array([first]), second)[0])


def distances_m(shapes: Shapes, origin: BaseGeometry) -> Metres:
    """Least distance in metres on the ellipsoid of each EPSG:4490 geometry from one; NaN where there is none."""
    return distances_between_m(shapes, np.full(len(shapes), origin))


def distances_between_m(firsts: Shapes, seconds: Shapes) -> Metres:
    """Least distance in metres on the ellipsoid between the EPSG:4490 geometries of each pair; NaN where one is none.

    The nearest points are found in a metric frame (degrees scaled at the mean latitude of each pair) and measured by
    the exact geodesic; in parts, since each pair is copied into its frame.
    """
    distances = np.full(len(firsts), np.nan)
    lacking = [shapely.is_missing(shapes) | shapely.is_empty(shapes) for shapes in (firsts, seconds)]
    known = np.flatnonzero(~(lacking[0] | lacking[1]))
    sizes = shapely.get_num_coordinates(firsts[known]) + shapely.get_num_coordinates(seconds[known])
    parts = np.cumsum(sizes) // COORDINATES_AT_ONCE
    for part in np.split(known, np.flatnonzero(np.diff(parts)) + 1):
        distances[part] = _least_distances(firsts[part], seconds[part])
    return distances


def _least_distances(firsts: Shapes, seconds: Shapes) -> Metres:
    scales = _pair_scales(firsts, seconds)
    lines = shapely.shortest_line(_scaled(firsts, scales), _scaled(seconds, scales))
    ends = shapely.get_coordinates(lines).reshape(-1, 2, 2)
    ends[:, :, 0] /= scales[:, None]
    return _geodesics(ends[:, 0], ends[:, 1])


def farthest_distances_m(shapes: Shapes, origin: BaseGeometry) -> Metres:
    """Greatest distance in metres on the ellipsoid between a point of each EPSG:4490 geometry and a point of one.

    The farthest pair of two geometries is a pair of vertices of their convex hulls; which pair it is, is found in the
    metric frame, and the pair is measured by the exact geodesic.
    """
    scales = _scales(shapes, origin)
    corners, owners = shapely.get_coordinates(shapely.convex_hull(shapes), return_index=True)
    farthest = np.full(len(shapes), np.nan)
    for vertex in shapely.get_coordinates(shapely.convex_hull(origin)):
        offsets = (corners - vertex) * np.column_stack([scales[owners], np.ones(len(owners))])
        order = np.lexsort((-np.hypot(*offsets.T), owners))
        present, first = np.unique(owners[order], return_index=True)
        chosen = corners[order][first]
        farthest[present] = np.fmax(farthest[present], _geodesics(chosen, np.broadcast_to(vertex, chosen.shape)))
    return farthest


def degrees_around(latitude: float, distance_m: float) -> tuple[float, float]:
    """Degrees of longitude and latitude that cover a distance at a latitude, never too few (a box to search in)."""
    metres_per_degree_north = 110_574.0
    metres_per_degree_east = 111_319.0 * max(0.01, float(np.cos(np.radians(latitude))))
    margin = 1.01
    return margin * distance_m / metres_per_degree_east, margin * distance_m / metres_per_degree_north


def _authalic(sine: Metres) -> Metres:
    """Snyder's q of the sine of a latitude: what the sine of the authalic latitude is in proportion to."""
    part = ECCENTRICITY * sine
    return np.asarray((1 - ECCENTRICITY**2) * (sine / (1 - part**2) + np.arctanh(part) / ECCENTRICITY))


def _excess(lonlat: Metres) -> Metres:
    """Area between each edge, from one position to the next in radians, and the equator, on a sphere of radius 1."""
    half = np.tan(np.arcsin(_authalic(np.sin(lonlat[:, 1])) / AUTHALIC_POLE) / 2)
    across = np.tan(np.diff(lonlat[:, 0]) / 2)
    return np.asarray(2 * np.arctan(across * (half[:-1] + half[1:]) / (1 + half[:-1] * half[1:])))


def _scales(shapes: Shapes, origin: BaseGeometry) -> Metres:
    """What a degree east weighs against a degree north, at the mean latitude of each geometry and the origin."""
    return _pair_scales(shapes, np.array([origin]))


def _pair_scales(firsts: Shapes, seconds: Shapes) -> Metres:
    edges, others = shapely.bounds(firsts), shapely.bounds(seconds)
    south, north = np.minimum(edges[:, 1], others[:, 1]), np.maximum(edges[:, 3], others[:, 3])
    return np.asarray(np.cos(np.radians((south + north) / 2)))


def _scaled(shapes: Shapes, scales: Metres) -> Shapes:
    """Copies whose degrees east are scaled, each by its own factor."""
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    coordinates[:, 0] *= scales[owners]
    return np.asarray(shapely.set_coordinates(shapes.copy(), coordinates))


def _geodesics(starts: Metres, ends: Metres) -> Metres:
    return np.asarray(GEOD.inv(starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1])[2])
