"""Coordinate reference systems: storage, and measuring in metres on the ellipsoid.

Geometry is stored as longitude and latitude in CGCS2000 (EPSG:4490) and measured in metres on its ellipsoid, never
in Web Mercator, which is a third too large at Hangzhou's latitude. CGCS2000's ellipsoid (GB/T 30168-2013: a =
6 378 137 m, 1/f = 298.257222101) differs from GRS 80 by nothing and from WGS 84's by 0.1 mm in the semi-minor axis.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from bioplan_gis.errors import ParameterError

STORAGE_SRID = 4490
SQUARE_METRES_PER_HECTARE = 10_000
_EPSG_URI = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
Shapes = NDArray[np.object_]
Metres = NDArray[np.float64]
COORDINATES_AT_ONCE = 2_000_000
GEOD = Geod(a=6378137.0, rf=298.257222101)
ECCENTRICITY = float(np.sqrt(GEOD.es))
AUTHALIC_POLE = 1 + (1 - GEOD.es) * float(np.arctanh(ECCENTRICITY)) / ECCENTRICITY
AUTHALIC_RADIUS_M = GEOD.a * float(np.sqrt(AUTHALIC_POLE / 2))


@dataclass(frozen=True)
class FeedCrs:
    """A CRS that the feeds speak (OGC API Features Part 2, OGC 18-058r1).

    Attributes:
        uri: by which it is named in ``crs``, ``bbox-crs`` and ``filter-crs``.
        srid: EPSG code of its definition; CRS84 is EPSG:4326 with longitude first.
        northing_first: whether its first axis is latitude or northing, as its authority defines it.
        decimals: of its coordinates in answers, so that rounding stays below 1 mm.
        geographic: whether its units are degrees; metres otherwise.
        name: as people write it.
        title_zh: what it is, in Chinese.
        title_en: the same in English.
    """

    uri: str
    srid: int
    northing_first: bool
    decimals: int
    geographic: bool
    name: str
    title_zh: str
    title_en: str


def _degrees(srid: int, title_zh: str, title_en: str) -> FeedCrs:
    return FeedCrs(f"{_EPSG_URI}{srid}", srid, True, 8, True, f"EPSG:{srid}", title_zh, title_en)  # noqa: FBT003


def _metres(srid: int, title_zh: str, title_en: str, *, northing_first: bool = True) -> FeedCrs:
    return FeedCrs(f"{_EPSG_URI}{srid}", srid, northing_first, 4, False, f"EPSG:{srid}", title_zh, title_en)  # noqa: FBT003


CRS84 = FeedCrs(
    CRS84_URI, 4326, False, 8, True, "CRS84", "WGS 84 经度、纬度", "WGS 84 longitude, latitude",  # noqa: FBT003
)  # fmt: skip
STORAGE_CRS = _degrees(STORAGE_SRID, "CGCS2000 纬度、经度", "CGCS2000 latitude, longitude")
# CRS84 first (OGC 18-058r1, /req/crs/crs-uri); axis order is the authority's own.
FEED_CRSS: tuple[FeedCrs, ...] = (
    CRS84,
    _degrees(4326, "WGS 84 纬度、经度", "WGS 84 latitude, longitude"),
    STORAGE_CRS,
    _metres(4549, "CGCS2000 三度带，中央经线 120°，北、东", "CGCS2000 3-degree zone, CM 120°E, northing, easting"),
    _metres(
        4528,
        "CGCS2000 三度带第 40 带，北、东（含带号）",
        "CGCS2000 3-degree zone 40, northing, easting with zone number",
    ),
    _metres(3857, "Web 墨卡托 东、北", "Web Mercator, easting, northing", northing_first=False),
)
_WRITTEN = re.compile(r"(?:\[?EPSG:|urn:ogc:def:crs:EPSG:[0-9.]*:|https?://www\.opengis\.net/def/crs/EPSG/[0-9.]+/)?"
                      r"([0-9]{4,5})\]?", re.IGNORECASE)  # fmt: skip
_CRS84_WRITTEN = re.compile(
    r"\[?(?:OGC:)?CRS84\]?|urn:ogc:def:crs:OGC:[0-9.]*:CRS84|https?://www\.opengis\.net/def/crs/OGC/[0-9.]+/CRS84",
    re.IGNORECASE,
)


def feed_crs(text: str, name: str) -> FeedCrs:
    """The CRS of that URI, or of a shorter spelling: ``EPSG:4549``, ``4549``, a URN, ``CRS84``.

    Args:
        text: as it was asked for.
        name: of the parameter, for the error.

    Raises:
        ParameterError: the feeds do not have it; the error lists those that there are.
    """
    if _CRS84_WRITTEN.fullmatch(text.strip()):
        return CRS84
    written = _WRITTEN.fullmatch(text.strip())
    for each in FEED_CRSS[1:]:
        if written is not None and str(each.srid) == written[1]:
            return each
    known = "、".join(each.uri for each in FEED_CRSS)
    raise ParameterError(
        name,
        text,
        f"{name}：没有坐标系“{text[:100]}”；可用的有 {known}。",
        f"{name}: there is no CRS “{text[:100]}”; there are {known.replace('、', ', ')}.",
    )


@lru_cache(maxsize=32)
def transformer(source_srid: int, target_srid: int) -> Transformer:
    """From one EPSG code to another, longitude or easting first on both sides."""
    return Transformer.from_crs(CRS.from_epsg(source_srid), CRS.from_epsg(target_srid), always_xy=True)


def in_feed_crs(shapes: Shapes, crs: FeedCrs) -> Shapes:
    """EPSG:4490 geometries in a feed's CRS, with its axis order and decimals; None stays None."""
    coordinates = shapely.get_coordinates(shapes)
    if crs.srid != STORAGE_SRID:
        coordinates = np.column_stack(transformer(STORAGE_SRID, crs.srid).transform(*coordinates.T))
    if crs.northing_first:
        coordinates = coordinates[:, ::-1]
    return np.asarray(shapely.set_coordinates(shapes.copy(), coordinates.round(crs.decimals)))


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid in m² of an EPSG:4490 geometry (Karney 2013, doi:10.1007/s00190-012-0578-z)."""
    return abs(float(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]))


def areas_m2(shapes: Shapes) -> Metres:
    """Area on the ellipsoid in m² of each EPSG:4490 geometry, for millions of them; 0 where there is no polygon.

    Each edge is a great circle of the authalic sphere (Snyder 1987, USGS PP 1395, equations 3-11 and 3-12), whose area
    down to the equator is its spherical excess. That differs from the ellipsoid's geodesic, and from ``area_m2``, by
    less than 1e-8 of a parcel and 1e-6 of a district.
    """
    parts, owners = shapely.get_parts(_in_short_edges(shapes), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    coordinates, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    excess = _excess(np.radians(coordinates)) * (ring_of_vertex[1:] == ring_of_vertex[:-1])
    enclosed = np.abs(np.bincount(ring_of_vertex[1:], excess, minlength=len(rings)))
    shells = np.diff(part_of_ring, prepend=-1) > 0
    signed = np.where(shells, enclosed, -enclosed)
    return np.asarray(np.bincount(owners[part_of_ring], signed, minlength=len(shapes)) * AUTHALIC_RADIUS_M**2)


def _in_short_edges(shapes: Shapes) -> Shapes:
    """What reaches round the Earth in edges that do not, since an edge of half a turn encloses anything."""
    west, _, east, _ = shapely.bounds(shapes).T
    wide = np.flatnonzero(east - west > _LONG_EDGE_DEGREES)
    if not wide.size:
        return shapes
    cut = shapes.copy()
    cut[wide] = shapely.segmentize(shapes[wide], _SHORT_EDGE_DEGREES)
    return cut


_LONG_EDGE_DEGREES, _SHORT_EDGE_DEGREES = 90.0, 1.0


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
    # At a pole the quotient may be a last digit above 1, which has no arcsine.
    half = np.tan(np.arcsin((_authalic(np.sin(lonlat[:, 1])) / AUTHALIC_POLE).clip(-1, 1)) / 2)
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
