"""Land against another layer: whether it lies wholly within it, or keeps clear of it by some metres.

Whole arrays are judged. A position that is known to some accuracy may be anywhere within it, and land that is known to
its district only may be anywhere in there; what that leaves open is uncertain.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from bioplan_gis.crs import Metres, Shapes, distances_between_m
from bioplan_gis.extents import Extents
from bioplan_gis.siting.conditions import NO, UNCERTAIN, YES, Codes

# Neighbouring polygons are one area where their edges lie no farther apart than this: a tenth of a millimetre.
SNAP_DEGREES = 1e-9
# What two polygons share counts as an overlap from a tenth of a square metre; digitised neighbours share slivers.
SLIVER_SQUARE_DEGREES = 1e-11
METRES_PER_DEGREE = 111_319.5
ROUGHLY = 1.02

Side = Literal["inside", "outside"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Surrounding:
    """A layer that land must lie within or keep clear of.

    Attributes:
        side: ``inside`` or ``outside``.
        layer_id: the layer's id.
        title_zh: its Chinese title.
        title_en: its English title.
        clearance_m: how far outside, in metres on the ellipsoid; 0 for any distance.
        shapes: its EPSG:4490 geometries.
    """

    side: Side
    layer_id: str
    title_zh: str
    title_en: str
    clearance_m: float
    shapes: Shapes

    @cached_property
    def areas(self) -> Shapes:
        """Its polygons made one, as parts that do not touch, so that land across a common edge lies within it."""
        polygons = self.shapes[shapely.get_dimensions(self.shapes) == 2]  # noqa: PLR2004
        parts = shapely.get_parts(shapely.union_all(polygons, grid_size=SNAP_DEGREES))
        return np.asarray(parts[~shapely.is_empty(parts)])

    @cached_property
    def covers(self) -> Shapes:
        """Its parts, wider by the snap, so that what ends at their very edge lies within them."""
        return np.asarray(shapely.buffer(self.areas, 2 * SNAP_DEGREES, quad_segs=1, join_style="mitre"))

    @cached_property
    def members(self) -> Shapes:
        """Its parts, and its lines and points as they are; nothing but the parts where land must lie inside."""
        if self.side == "inside":
            return self.areas
        others = self.shapes[(shapely.get_dimensions(self.shapes) < 2) & ~shapely.is_empty(self.shapes)]  # noqa: PLR2004
        return np.concatenate([self.areas, others])


@dataclass(frozen=True)
class Standing:
    """How land stands to a layer, as arrays of one length.

    Attributes:
        codes: verdicts, numbers of ``VERDICTS``.
        covered: whether its shape lies wholly within the layer.
        overlaps: whether its shape has some of the layer within it, or lies in it.
        nearest_m: least distance from the layer in metres on the ellipsoid; NaN where it was not needed.
        margin_m: of a covered shape, least distance from the layer's edge (0 where that was not needed); else NaN.
        accuracy_m: radius within which the true position lies.
        positioned: whether the shape is the land's own, not its district's.
    """

    codes: Codes
    covered: Flags
    overlaps: Flags
    nearest_m: Metres
    margin_m: Metres
    accuracy_m: Metres
    positioned: Flags


def stand(surrounding: Surrounding, extents: Extents, *, fully: bool = False) -> Standing:
    """How land stands to a layer.

    Args:
        surrounding: the layer and what it asks.
        extents: where the land is.
        fully: measure every distance, for a sentence; else only those that a verdict needs.
    """
    shapes = extents.shapes
    covered, meets, overlaps = _relations(surrounding, shapes)
    vague = (extents.accuracy_m > 0) | fully
    margin_m = np.where(covered, 0.0, np.nan)
    margin_m[covered & vague] = _margins_m(surrounding, shapes[covered & vague])
    nearest_m = np.where(meets, 0.0, np.nan)
    for part in (vague & ~meets, ~vague & ~meets):  # a few vague positions must not widen the search for all
        within_m = np.inf if fully else surrounding.clearance_m + float(np.max(extents.accuracy_m[part], initial=0.0))
        nearest_m[part] = _nearest_m(surrounding.members, shapes[part], within_m)
    judge = _outside if surrounding.side == "outside" else _inside
    codes = judge(surrounding, extents, covered, overlaps, nearest_m, margin_m)
    return Standing(codes, covered, overlaps, nearest_m, margin_m, extents.accuracy_m, extents.positioned)


def shares_inside(surrounding: Surrounding, shapes: Shapes) -> Metres:
    """What part of each polygon lies within a layer, 0 to 1; NaN for what has no area."""
    tree = STRtree(surrounding.areas)
    owners, parts = tree.query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(shapes[owners], surrounding.areas[parts]))
    areas = shapely.area(shapes)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(areas > 0, np.bincount(owners, common, minlength=len(shapes)) / areas, np.nan)


def _relations(surrounding: Surrounding, shapes: Shapes) -> tuple[Flags, Flags, Flags]:
    """Which shapes lie wholly within the layer, which meet it at all, and which share more than an edge with it."""
    tree = STRtree(shapes)
    covered, meets, overlaps = (np.zeros(len(shapes), dtype=bool) for _ in range(3))
    covered[tree.query(surrounding.covers, predicate="covers")[1]] = True
    members, owners = tree.query(surrounding.members, predicate="intersects")
    meets[owners] = True
    partly = ~covered[owners]
    members, owners = members[partly], owners[partly]
    overlaps[owners[_share_ground(shapes[owners], surrounding.members[members])]] = True
    return covered, meets | covered, overlaps | covered


def _share_ground(shapes: Shapes, members: Shapes) -> Flags:
    """Whether what meets shares more than an edge, of polygons more than a sliver."""
    deep = ~shapely.touches(shapes, members)
    polygons = deep & (shapely.get_dimensions(shapes) == 2) & (shapely.get_dimensions(members) == 2)  # noqa: PLR2004
    common = shapely.area(shapely.intersection(shapes[polygons], members[polygons]))
    deep[polygons] = common > SLIVER_SQUARE_DEGREES
    return np.asarray(deep)


def _outside(  # noqa: PLR0913, PLR0917
    surrounding: Surrounding,
    extents: Extents,
    covered: Flags,
    overlaps: Flags,
    nearest_m: Metres,
    margin_m: Metres,
) -> Codes:
    doubt_m, clearance_m = extents.accuracy_m, surrounding.clearance_m
    far = np.isnan(nearest_m)
    clear = ~overlaps & (far | (nearest_m - doubt_m >= clearance_m))
    exact = extents.positioned & (doubt_m == 0)
    depth_m = _depths_m(surrounding, extents, covered, overlaps, margin_m)
    missed = np.where(overlaps, depth_m > doubt_m - clearance_m, nearest_m + doubt_m < clearance_m)
    missed = np.where(extents.positioned, missed, covered & (margin_m >= doubt_m)) | (exact & ~clear)
    return _codes(extents.shapes, met=clear, missed=missed & ~clear)


def _inside(  # noqa: PLR0913, PLR0917
    surrounding: Surrounding,
    extents: Extents,
    covered: Flags,
    overlaps: Flags,
    nearest_m: Metres,
    margin_m: Metres,
) -> Codes:
    if len(surrounding.areas) == 0:
        return np.full(len(extents.shapes), NO, dtype=np.int8)
    doubt_m = extents.accuracy_m
    exact = extents.positioned & (doubt_m == 0)
    met = covered & (exact | (margin_m >= doubt_m))
    beyond_m = np.where(np.isnan(nearest_m), np.inf, nearest_m)
    vague = extents.positioned & ~covered & (doubt_m > 0)
    beyond_m[vague] = np.fmax(beyond_m[vague], _farthest_corners_m(surrounding.areas, extents.shapes[vague]))
    return _codes(extents.shapes, met=met, missed=~covered & (exact | (~overlaps | vague) & (beyond_m > doubt_m)))


def _codes(shapes: Shapes, *, met: Flags, missed: Flags) -> Codes:
    """Verdicts; land that is nowhere known is uncertain."""
    known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    return np.where(known & met, YES, np.where(known & missed, NO, UNCERTAIN)).astype(np.int8)


def _depths_m(surrounding: Surrounding, extents: Extents, covered: Flags, overlaps: Flags, margin_m: Metres) -> Metres:
    """How deep land reaches into a layer's polygons at least, in metres; 0 where that is not needed or not known."""
    depths_m = np.where(covered & ~np.isnan(margin_m), margin_m, 0.0)
    partly = np.flatnonzero(overlaps & ~covered & (extents.accuracy_m > surrounding.clearance_m))
    owners, parts = STRtree(surrounding.areas).query(extents.shapes[partly], predicate="intersects")
    common = shapely.intersection(extents.shapes[partly][owners], surrounding.areas[parts])
    is_area = shapely.area(common) > 0
    circles = shapely.maximum_inscribed_circle(common[is_area])
    inner = shapely.get_point(circles, 0)
    reached_m = distances_between_m(inner, shapely.boundary(common[is_area]))
    np.maximum.at(depths_m, partly[owners[is_area]], reached_m)
    return depths_m


def _margins_m(surrounding: Surrounding, shapes: Shapes) -> Metres:
    """Least distance of shapes, each within one of the layer's parts, from that part's edge."""
    parts, owners = STRtree(shapes).query(surrounding.covers, predicate="covers")
    margins_m = np.full(len(shapes), np.nan)
    margins_m[owners] = distances_between_m(shapes[owners], shapely.boundary(surrounding.areas[parts]))
    return margins_m


def _farthest_corners_m(areas: Shapes, shapes: Shapes) -> Metres:
    """Of each shape, the distance from some areas of the corner that lies farthest from them."""
    corners, owners = shapely.get_coordinates(shapes, return_index=True)
    farthest_m = np.full(len(shapes), np.nan)
    np.fmax.at(farthest_m, owners, _nearest_m(areas, shapely.points(corners), np.inf))
    return farthest_m


def _nearest_m(members: Shapes, shapes: Shapes, within_m: float) -> Metres:
    """Least distance in metres of each shape from any of some others; NaN beyond ``within_m``.

    A tree of the others in a metric frame finds which may be the nearest; those are measured on the ellipsoid.
    """
    nearest_m = np.full(len(shapes), np.nan)
    known = np.flatnonzero(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))
    if len(known) == 0 or len(members) == 0 or within_m == 0:
        return nearest_m
    framed, scale, doubt = _framed(shapes[known])
    tree = STRtree(shapely.transform(members, lambda at: at * scale))
    reach = max(SNAP_DEGREES, doubt * within_m / METRES_PER_DEGREE) if np.isfinite(within_m) else None
    (owners, _), degrees = tree.query_nearest(framed, max_distance=reach, return_distance=True, all_matches=False)
    known, framed = known[owners], framed[owners]
    owners, found = tree.query(framed, predicate="dwithin", distance=degrees * doubt**2 + SNAP_DEGREES)
    np.fmin.at(nearest_m, known[owners], distances_between_m(shapes[known[owners]], members[found]))
    return np.where(nearest_m <= within_m, nearest_m, np.nan)


def _framed(shapes: Shapes) -> tuple[Shapes, NDArray[np.float64], float]:
    """Shapes in one metric frame, degrees east weighed at their middle latitude; the scale, and how wrong it may be."""
    south, north = shapely.total_bounds(shapes)[[1, 3]]
    middle = np.cos(np.radians((south + north) / 2))
    widest, narrowest = sorted(max(0.01, float(np.cos(np.radians(edge)))) for edge in (south, north))[::-1]
    scale = np.array([middle, 1.0])
    return shapely.transform(shapes, lambda at: at * scale), scale, ROUGHLY * max(widest / middle, middle / narrowest)
