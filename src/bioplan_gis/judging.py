"""All land judged by every condition of a question, in whole arrays: by bounding boxes, then what they leave open.

What is far from a place is judged only as far as its nearest rejected land can be named: a box around the place asks
the index first, and only where that shows too little is all land read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree
from sqlalchemy import Connection

from bioplan_gis.crs import SQUARE_METRES_PER_HECTARE, Metres, Shapes, areas_m2
from bioplan_gis.extents import DistanceIntervals
from bioplan_gis.grounds import Grounds, Numbers, boxes, distance_bounds_m, gather, intervals_m
from bioplan_gis.siting.conditions import NO, UNCERTAIN, YES, Codes, large_enough, near_enough
from bioplan_gis.siting.surroundings import Surrounding, stand
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.measures import box_around, read_lands
from bioplan_gis.subjects import LAND, Near, Question, conforms

MOST_REJECTED = 10
# How much farther than asked is looked for what was rejected, until there is enough of it; then everywhere.
LOOKS = (1.25, 4.0, np.inf)


@dataclass(frozen=True)
class Search:
    """A question with everything that it names, as it stands in the database."""

    question: Question
    near: Near
    subjects: tuple[Layer, ...]
    surroundings: tuple[Surrounding, ...]

    @property
    def limit_m(self) -> float:
        """The greatest distance."""
        return np.inf if self.question.max_distance_m is None else self.question.max_distance_m


@dataclass(frozen=True)
class Judged:
    """Land with its verdicts.

    Attributes:
        grounds: the land.
        codes: the worst verdict of each, numbers of ``VERDICTS``.
        first_m: the least that the distance by which each is ordered can be.
        last_m: the most that it can be; both are that distance where it was measured.
    """

    grounds: Grounds
    codes: Codes
    first_m: Metres
    last_m: Metres

    def nearest(self, connection: Connection, near: Near, numbers: Numbers, most: int) -> Numbers:
        """The nearest of some land, nearest first: by the positions as published, else by the least they can be."""
        if len(numbers) > most:
            bound = np.partition(self.last_m[numbers], most - 1)[most - 1]
            numbers = numbers[self.first_m[numbers] <= bound]
        measured_m = self.first_m[numbers].copy()
        unmeasured = np.flatnonzero(self.first_m[numbers] < self.last_m[numbers])
        extents = self.grounds.extents(connection, numbers[unmeasured])
        measured_m[unmeasured] = _ordering_m(intervals_m(extents, near.place.extent))
        return numbers[np.lexsort((numbers, measured_m))][:most]


def judge_lands(connection: Connection, search: Search) -> Judged:
    """The worst verdict of each piece of land that may be shown, and of all that may be an answer."""
    for grounds, reach_m in _looks(connection, search):
        judged = _judge(connection, search, grounds)
        if np.isinf(reach_m) or np.sum((judged.codes == NO) & (judged.last_m <= reach_m)) >= MOST_REJECTED:
            break
    return judged


def measured_ha(shapes: Shapes) -> Metres:
    """Areas on the ellipsoid in hectares; NaN for what is no polygon."""
    is_area = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004
    return np.where(is_area, areas_m2(shapes) / SQUARE_METRES_PER_HECTARE, np.nan)


def _looks(connection: Connection, search: Search) -> Iterator[tuple[Grounds, float]]:
    """Land within growing distances of the place, each with the distance within which none is missing."""
    extent = search.near.place.extent
    bounded = extent is not None and np.isfinite(search.limit_m)
    for look in LOOKS if bounded else (np.inf,):
        box, vaguer_m, reach_m = None, None, np.inf
        if extent is not None and np.isfinite(look):
            reach_m = (search.limit_m + extent.accuracy_m) * look
            box, vaguer_m = box_around(extent.shape, reach_m), reach_m - search.limit_m - extent.accuracy_m
        land_class = None if search.question.land_class is None else search.question.land_class.code
        found = [
            read_lands(
                connection,
                layer,
                land_class=land_class,
                synthetic=search.question.synthetic or layer.synthetic,
                box=box,
                vaguer_m=vaguer_m,
            )
            for layer in search.subjects
        ]
        yield gather(tuple(found)), reach_m


def _judge(connection: Connection, search: Search, grounds: Grounds) -> Judged:
    codes, first_m, last_m = _by_distance(connection, search, grounds)
    if search.question.min_area_ha is not None:
        codes = np.minimum(codes, _by_area(connection, grounds, codes, search.question.min_area_ha))
    for surrounding in search.surroundings:
        codes = np.minimum(codes, _by_surrounding(connection, grounds, codes, surrounding))
    return Judged(grounds, codes, first_m, last_m)


def _by_distance(connection: Connection, search: Search, grounds: Grounds) -> tuple[Codes, Metres, Metres]:
    """Verdicts on the distance, and the bounds of the distance by which land is ordered."""
    extent = search.near.place.extent
    if extent is None:
        endless = np.full(len(grounds), np.inf)
        return np.full(len(grounds), UNCERTAIN, dtype=np.int8), endless, endless
    least_m, most_m = distance_bounds_m(grounds.bounds, extent)
    doubt_m = grounds.accuracy_m + extent.accuracy_m
    apart = DistanceIntervals(most_m, np.maximum(0.0, least_m - doubt_m), most_m + doubt_m)
    codes = near_enough(apart, search.limit_m)
    first_m, last_m = (least_m if extent.positioned else apart.least_m), most_m
    left = np.flatnonzero((codes == UNCERTAIN) | np.isinf(most_m))
    exact = intervals_m(grounds.extents(connection, left), extent)
    codes[left] = near_enough(exact, search.limit_m)
    first_m[left] = last_m[left] = _ordering_m(exact)
    return codes, first_m, last_m


def _ordering_m(distances: DistanceIntervals) -> Metres:
    """By the positions as published, else by the least that the distance can be; what is unknown comes last."""
    known = np.where(np.isnan(distances.nominal_m), distances.least_m, distances.nominal_m)
    return np.where(np.isnan(known), np.inf, known)


def _by_area(connection: Connection, grounds: Grounds, codes: Codes, least_ha: float) -> Codes:
    """Verdicts on the area: as published for land, as measured for the features of any other layer."""
    own_ha = grounds.own_ha.copy()
    unstated = np.array([not conforms(lands.layer, LAND) for lands in grounds.lands], dtype=bool)
    measured = np.flatnonzero(unstated[grounds.owners] & (codes != NO))
    own_ha[measured] = measured_ha(grounds.extents(connection, measured).shapes)
    return large_enough(own_ha, grounds.frame_ha, least_ha)


def _by_surrounding(connection: Connection, grounds: Grounds, codes: Codes, surrounding: Surrounding) -> Codes:
    """Verdicts on how land stands to a layer; what is too far from it for any doubt is known by its box."""
    verdicts = np.full(len(grounds), YES if surrounding.side == "outside" else NO, dtype=np.int8)
    open_ = np.flatnonzero(codes != NO)
    bounds = grounds.bounds[open_]
    placed = ~np.isnan(bounds[:, 0])
    around = boxes(bounds[placed], surrounding.clearance_m + grounds.accuracy_m[open_][placed])
    hit = np.zeros(int(placed.sum()), dtype=bool)
    hit[STRtree(surrounding.members).query(around)[0]] = True
    left = np.concatenate([open_[~placed], open_[placed][hit]])
    verdicts[left] = stand(surrounding, grounds.extents(connection, left)).codes
    return verdicts
