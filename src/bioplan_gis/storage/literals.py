"""Geometry that a question writes in a CRS of the feeds, made into EPSG:4490 longitude and latitude as it is stored.

An edge is straight in the CRS that it is written in, and a stored one in longitude and latitude: long edges of a plane
CRS are followed by so many vertices that neither is ever 1 mm from the other. CGCS2000 and WGS 84 are taken as one.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import STORAGE_SRID, FeedCrs, transformer
from bioplan_gis.errors import ParameterError

Positions = NDArray[np.float64]
Bounds = tuple[float, float, float, float]
Refuse = Callable[[str, str], ParameterError]
_CORNERS = {4: (0, 1, 2, 3), 6: (0, 1, 3, 4)}
_WORLD: Bounds = (-180.0, -90.0, 180.0, 90.0)
# How far beyond its zone a zone's CRS is still of use: far enough for what hangs over, near enough to tell metres from
# degrees, and northing from easting.
_MARGIN_DEGREES = 15.0
_SLACK_DEGREES = 1e-6
_ROUND_TRIP_M = 1e-3
_SEAM_M = 20_037_508.342789244
_MOST_ERROR_M = 0.5e-3
_METRES_PER_DEGREE = 111_700.0
_PROBES = (0.25, 0.5, 0.75)
_MOST_PIECES = 200_000


def box_in(edges: Sequence[float], crs: FeedCrs, name: str = "bbox") -> BaseGeometry:
    """A box, as ``bbox`` has it, in EPSG:4490 longitude and latitude.

    Args:
        edges: 4 or 6 numbers, lower corner and then upper, in the CRS's own axis order; heights are left aside.
        crs: of the numbers (``bbox-crs``).
        name: of the parameter, for the error.

    Returns:
        A polygon; a line or a point where the box has no width or height; two polygons where it crosses the
        antimeridian, as a box of a geographic CRS does whose first longitude is the greater one. Empty where the box
        is beyond what the CRS is for, and would not be with its axes exchanged: OGC's compliance suite
        (ets-ogcapi-features10) writes all boxes east first, and takes no features for an answer but no refusal.

    Raises:
        ParameterError: it has another number of edges, lies wrong, or beyond what the CRS is for.
    """
    if crs.northing_first and _is_east_first(edges, crs):
        return shapely.Polygon()
    written = ",".join(f"{edge:.15g}" for edge in edges)
    return box_placed(edges, crs, partial(_of_parameter, name, written))


def _is_east_first(edges: Sequence[float], crs: FeedCrs) -> bool:
    """Whether a box of a CRS with northing or latitude first makes sense only the other way round."""
    if len(edges) not in _CORNERS or not all(math.isfinite(edge) for edge in edges):
        return False
    corners = np.array([edges[at] for at in _CORNERS[len(edges)]], dtype=np.float64).reshape(2, 2)
    return not _of_use(_east_first(corners, crs), crs).all() and bool(_of_use(corners, crs).all())


def _of_parameter(name: str, text: str, zh: str, en: str) -> ParameterError:
    return ParameterError(name, text, f"{name}：{zh}", f"{name}: {en}")


def box_placed(edges: Sequence[float], crs: FeedCrs, refuse: Refuse) -> BaseGeometry:
    """The same for whoever makes errors of their own: ``refuse(zh, en)``."""
    if len(edges) not in _CORNERS or not all(math.isfinite(edge) for edge in edges):
        raise refuse(f"框须有 4 或 6 个数：{_order_zh(crs)}。", f"a box has 4 or 6 numbers: {_order_en(crs)}.")
    corners = [float(edges[at]) for at in _CORNERS[len(edges)]]
    low, high = (_east_first(np.array([pair]), crs)[0] for pair in (corners[:2], corners[2:]))
    if low[1] > high[1] or (low[0] > high[0] and not crs.geographic):
        raise refuse(
            f"框的下角大于上角；顺序为{_order_zh(crs)}。",
            f"the box has its lower corner above its upper one; the order is {_order_en(crs)}.",
        )
    for corner in (low, high):
        _require_of_use(shapely.points(corner), crs, refuse)
    if low[0] <= high[0]:
        return _stored(_box(low, high), crs, refuse)
    return shapely.union_all([_box(low, (180.0, high[1])), _box((-180.0, low[1]), high)])


def _box(low: Sequence[float], high: Sequence[float]) -> BaseGeometry:
    """A line or a point where it has no width or height."""
    if low[0] == high[0] and low[1] == high[1]:
        return shapely.Point(low)
    if low[0] == high[0] or low[1] == high[1]:
        return shapely.LineString([low, high])
    return shapely.box(*low, *high)


def _order_zh(crs: FeedCrs) -> str:
    x, y = ("西界,东界", "南界,北界") if crs.geographic else ("最小东坐标,最大东坐标", "最小北坐标,最大北坐标")
    (west, east), (south, north) = x.split(","), y.split(",")
    ends = (south, west, north, east) if crs.northing_first else (west, south, east, north)
    return f"{'、'.join(ends)}（{crs.name}）"


def _order_en(crs: FeedCrs) -> str:
    ends = ("south", "west", "north", "east") if crs.northing_first else ("west", "south", "east", "north")
    return f"{', '.join(ends)} ({crs.name}, {'degrees' if crs.geographic else 'metres'})"


def placed(shape: BaseGeometry, crs: FeedCrs, refuse: Refuse) -> BaseGeometry:
    """A geometry written in a CRS with its own axis order, in EPSG:4490 longitude and latitude.

    Args:
        shape: without heights.
        crs: of its coordinates.
        refuse: makes the error of a sentence in Chinese and one in English.

    Raises:
        ParameterError: it is empty, invalid, or beyond what the CRS is for.
    """
    if shape.is_empty:
        raise refuse("几何是空的。", "the geometry is empty.")
    shape = shapely.transform(shape, partial(_east_first, crs=crs))
    _require_of_use(shape, crs, refuse)
    if not shape.is_valid:
        raise refuse(*_invalid(shapely.is_valid_reason(shape), crs))
    return _stored(shape, crs, refuse)


def _invalid(reason: str, crs: FeedCrs) -> tuple[str, str]:
    """Why a geometry is not valid and where, in both languages; GEOS says it in English and with easting first."""
    words, _, place = reason.rstrip("]").partition("[")
    at = ", ".join(reversed(place.split()) if crs.northing_first else place.split())
    zh, en = next(
        (sentences for known, sentences in _INVALID.items() if known in words), ("不合几何规则", "it breaks a rule")
    )
    return f"几何无效：{zh}（位于 {at}）。", f"the geometry is not valid: {en} (at {at})."


# What GEOS finds wrong (TopologyValidationError), the first that fits.
_INVALID = {
    "elf-intersection": ("边界自相交", "its outline crosses itself"),
    "Hole lies outside": ("内环在外环之外", "a hole lies outside its outline"),
    "Holes are nested": ("内环套着内环", "a hole lies within another"),
    "Nested shells": ("一个面在另一个面之内", "one of its polygons lies within another"),
    "Interior is disconnected": ("内部被分成几块", "its inside is cut into pieces"),
    "uplicate": ("有重复的环", "a ring is there twice"),
    "Too few points": ("点太少", "it has too few positions"),
    "not closed": ("环未闭合", "a ring is not closed"),
}


def unreadable(message: str) -> tuple[str, str]:
    """Why a geometry of GeoJSON cannot be read, in both languages.

    Args:
        message: of GEOS, in English and with its classes' names.
    """
    zh, en = next(
        (sentences for known, sentences in _UNREADABLE.items() if known in message),
        ("坐标的写法不对", "its coordinates are not written as its type has them"),
    )
    return f"几何不可用：{zh}。", f"The geometry cannot be used: {en}."


_UNREADABLE = {
    "closed linestring": ("环未闭合，首尾两点须相同", "a ring is not closed; its last position must be its first"),
    "point array": ("线至少有两个点", "a line has two positions at least"),
    "in LinearRing": ("环至少有四个点，首尾相同", "a ring has four positions at least, the last being the first"),
    "Unknown geometry type": (
        "类型须为 Point、LineString、Polygon、其 Multi 形式或 GeometryCollection",
        "its type must be Point, LineString, Polygon, a Multi of these or GeometryCollection",
    ),
    "two or three": ("每个坐标点须有两个或三个数", "a position has two or three numbers"),
    "not found": ("缺少 coordinates 或 geometries", "its coordinates or geometries are missing"),
    "overflow": ("坐标的数太大", "a number of its coordinates is too large"),
}


def _east_first(positions: Positions, crs: FeedCrs) -> Positions:
    return positions[:, ::-1] if crs.northing_first else positions


def _require_of_use(shape: BaseGeometry, crs: FeedCrs, refuse: Refuse) -> None:
    """See that positions, longitude or easting first, lie where the CRS has a meaning."""
    positions = shapely.get_coordinates(shape)
    wrong = np.flatnonzero(~_of_use(positions, crs))
    if wrong.size:
        first, second = _east_first(positions[wrong[:1]], crs)[0]
        at, (west, south, east, north) = f"{first:.15g}, {second:.15g}", _bounds_of_use(crs)
        raise refuse(
            f"坐标 {at} 超出 {crs.name}（{crs.title_zh}）的范围，"
            f"即经度 {west:g} 至 {east:g}、纬度 {south:g} 至 {north:g}。",
            f"the coordinates {at} are beyond what {crs.name} ({crs.title_en}) is for: longitude {west:g} to {east:g}, "
            f"latitude {south:g} to {north:g}.",
        )


def _of_use(positions: Positions, crs: FeedCrs) -> NDArray[np.bool_]:
    lonlat = positions if crs.geographic else _lonlat(positions, crs)
    west, south, east, north = _bounds_of_use(crs)
    inside = np.asarray(((lonlat >= (west, south)) & (lonlat <= (east, north))).all(axis=1))
    if crs.geographic:
        return inside
    inside[inside] = _come_back(positions[inside], lonlat[inside], crs)
    return inside


def _come_back(positions: Positions, lonlat: Positions, crs: FeedCrs) -> NDArray[np.bool_]:
    back = np.column_stack(transformer(STORAGE_SRID, crs.srid).transform(*lonlat.T))
    return np.asarray((np.abs(back - _on_this_side(positions, crs)) <= _ROUND_TRIP_M).all(axis=1))


@lru_cache(maxsize=16)
def _bounds_of_use(crs: FeedCrs) -> Bounds:
    """The CRS's area of use, with a margin where that is a zone."""
    area = CRS.from_epsg(crs.srid).area_of_use
    if crs.geographic or area is None:
        return _WORLD
    west, south, east, north = area.bounds
    margin = _SLACK_DEGREES if east - west == _WORLD[2] - _WORLD[0] else _MARGIN_DEGREES
    return west - margin, south - margin, east + margin, north + margin


def _lonlat(positions: Positions, crs: FeedCrs) -> Positions:
    """Eastings and northings as longitude and latitude; infinite where there is none."""
    return np.column_stack(transformer(crs.srid, STORAGE_SRID).transform(*_on_this_side(positions, crs).T))


def _on_this_side(positions: Positions, crs: FeedCrs) -> Positions:
    """Web Mercator's seam rounded outwards, as clients write it, would come out on the other side of the world."""
    x = positions[:, 0]
    over = (np.abs(x) > _SEAM_M) & (np.abs(x) < _SEAM_M + 1) & (crs.srid == _WEB_MERCATOR)
    return np.column_stack([np.where(over, np.sign(x) * _SEAM_M, x), positions[:, 1]])


_WEB_MERCATOR = 3857


def _stored(shape: BaseGeometry, crs: FeedCrs, refuse: Refuse) -> BaseGeometry:
    """A geometry, longitude or easting first, as it is stored; parts that all but touch may come to touch."""
    if crs.geographic:
        return shape
    bent = _bent(shape, crs, refuse)
    return bent if bent.is_valid else shapely.make_valid(bent, method="structure")


def _bent(shape: BaseGeometry, crs: FeedCrs, refuse: Refuse) -> BaseGeometry:
    if hasattr(shape, "geoms"):
        return type(shape)([_bent(part, crs, refuse) for part in shape.geoms])
    if shape.geom_type == "Polygon":
        rings = [_followed(ring, crs, refuse) for ring in (shape.exterior, *shape.interiors)]
        return shapely.Polygon(rings[0], rings[1:])
    if shape.geom_type == "Point":
        return shapely.Point(_lonlat(shapely.get_coordinates(shape), crs)[0])
    return shapely.LineString(_followed(shape, crs, refuse))


def _followed(line: BaseGeometry, crs: FeedCrs, refuse: Refuse) -> Positions:
    """Positions between which straight edges in longitude and latitude follow a line."""
    positions = shapely.get_coordinates(line)
    while True:
        lonlat = _lonlat(positions, crs)
        pieces = np.ceil(np.sqrt(_bulges_m(positions, lonlat, crs) / _MOST_ERROR_M)).clip(1).astype(np.int64)
        if pieces.max() == 1:
            return lonlat
        if pieces.sum() > _MOST_PIECES:
            raise refuse(
                "几何的边太长，无法在一毫米之内换算；请改用 CRS84。",
                "the geometry's edges are too long to be followed to the millimetre; write it in CRS84.",
            )
        positions = _split(positions, pieces)


def _bulges_m(positions: Positions, lonlat: Positions, crs: FeedCrs) -> Positions:
    """How far each edge leaves the straight line between its ends in longitude and latitude, in metres."""
    latitudes = np.abs(lonlat[:, 1])
    scales = np.cos(np.radians(np.minimum(latitudes[:-1], latitudes[1:])))
    chords = _metric(np.diff(lonlat, axis=0), scales)
    lengths = np.hypot(*chords.T)
    bulges = np.zeros(len(chords))
    for share in _PROBES:
        probes = _lonlat(positions[:-1] + share * np.diff(positions, axis=0), crs)
        offsets = _metric(probes - lonlat[:-1], scales)
        across = np.abs(chords[:, 0] * offsets[:, 1] - chords[:, 1] * offsets[:, 0])
        bulges = np.maximum(bulges, np.divide(across, lengths, out=np.hypot(*offsets.T), where=lengths > 0))
    return bulges


def _metric(degrees: Positions, scales: Positions) -> Positions:
    return np.asarray(degrees * np.column_stack([scales, np.ones(len(scales))]) * _METRES_PER_DEGREE)


def _split(positions: Positions, pieces: NDArray[np.int64]) -> Positions:
    """Each edge in so many pieces of one length."""
    edges = np.repeat(np.arange(len(pieces)), pieces)
    steps = np.arange(len(edges)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    shares = (steps / pieces[edges])[:, None]
    return np.vstack([positions[edges] + shares * np.diff(positions, axis=0)[edges], positions[-1:]])
