"""All land judged by every condition of a question, in whole arrays: by bounding boxes, then what they leave open.

What is far from a place is judged only as far as its nearest rejected land can be named. Of most layers everything that
decides is kept in memory; of a greater one, a box around the place asks the index first, and only where that shows too
little is all land read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from sqlalchemy import Connection

from bioplan_gis.crs import SQUARE_METRES_PER_HECTARE, Metres, Shapes, areas_m2
from bioplan_gis.extents import DistanceIntervals, Extent
from bioplan_gis.grounds import (
    Grounds,
    Numbers,
    boxes,
    distance_bounds_m,
    intervals_m,
    keeps,
    kept_grounds,
    read_grounds,
)
from bioplan_gis.siting.conditions import NO, UNCERTAIN, YES, Codes, large_enough, near_enough
from bioplan_gis.siting.surroundings import Surrounding, stand
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.measures import box_around
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
        grounds: all land that was looked at.
        numbers: which of it was judged; the rest is too far away for any doubt.
        codes: the worst verdict of each that was judged, numbers of ``VERDICTS``.
        away: how far each is.
    """

    grounds: Grounds
    numbers: Numbers
    codes: Codes
    away: "Away"

    def nearest(self, connection: Connection, most: int) -> tuple[Numbers, Numbers]:
        """The nearest land that may be an answer, so many at most, and the nearest that was rejected.

        In the order of the positions as published, else of the least that the distances can be. All of it is measured.
        """
        parts = [self.away.candidates(chosen, count) for chosen, count in _parts(self.codes, most)]
        self.away.measure(connection, np.concatenate(parts))
        first, second = (part[np.lexsort((part, self.away.first_m[part]))] for part in parts)
        return first[:most], second[:MOST_REJECTED]


@dataclass(frozen=True)
class Away:
    """How far land is from a place: first by its box, and measured where that leaves something open.

    Attributes:
        grounds: all land.
        numbers: which of it this is about.
        extent: where the place is; None where nobody knows.
        first_m: the least that the distance by which each is ordered can be.
        last_m: the most that it can be; both are that distance where it was measured.
        measured: what was measured; NaN where nothing was.
    """

    grounds: Grounds
    numbers: Numbers
    extent: Extent | None
    first_m: Metres
    last_m: Metres
    measured: DistanceIntervals

    def candidates(self, chosen: Numbers, most: int) -> Numbers:
        """Those of some that may be among the nearest."""
        if len(chosen) <= most:
            return chosen
        bound = np.partition(self.last_m[chosen], most - 1)[most - 1]
        return np.asarray(chosen[self.first_m[chosen] <= bound])

    def measure(self, connection: Connection, chosen: Numbers) -> None:
        """Measure those of some that are not measured yet."""
        open_ = chosen[self.first_m[chosen] < self.last_m[chosen]]
        if not len(open_):
            return
        found = intervals_m(self.grounds.extents(connection, self.numbers[open_]), self.extent)
        self.first_m[open_] = self.last_m[open_] = _ordering_m(found)
        for kept, new in zip(self.measured.ends, found.ends, strict=True):
            kept[open_] = new


def _parts(codes: Codes, most: int) -> tuple[tuple[Numbers, int], tuple[Numbers, int]]:
    """What may be an answer, what is rejected, and how many of each are shown."""
    return (np.flatnonzero(codes != NO), most), (np.flatnonzero(codes == NO), MOST_REJECTED)


def judge_lands(connection: Connection, search: Search) -> Judged:
    """The worst verdict of each piece of land that may be shown, and of all that may be an answer."""
    for grounds, numbers, reach_m in _looks(connection, search):
        judged = _judge(connection, search, grounds, numbers)
        if np.isinf(reach_m) or np.sum((judged.codes == NO) & (judged.away.last_m <= reach_m)) >= MOST_REJECTED:
            break
    return judged


def measured_ha(shapes: Shapes) -> Metres:
    """Areas on the ellipsoid in hectares; NaN for what is no polygon."""
    is_area = shapely.get_dimensions(shapes) == 2  # noqa: PLR2004
    return np.where(is_area, areas_m2(shapes) / SQUARE_METRES_PER_HECTARE, np.nan)


def _looks(connection: Connection, search: Search) -> Iterator[tuple[Grounds, Numbers, float]]:
    """Land within growing distances of the place, each with the distance within which none is missing."""
    extent, keeping = search.near.place.extent, keeps(search.subjects)
    land_class = None if search.question.land_class is None else search.question.land_class.code
    synthetic = search.question.synthetic
    if keeping:
        grounds = kept_grounds(connection, search.subjects, land_class=land_class, synthetic=synthetic)
    for look in LOOKS if extent is not None and np.isfinite(search.limit_m) else (np.inf,):
        reach_m, box, vaguer_m = np.inf, None, None
        if extent is not None and np.isfinite(look):
            reach_m = (search.limit_m + extent.accuracy_m) * look
            box, vaguer_m = box_around(extent.shape, reach_m), reach_m - search.limit_m - extent.accuracy_m
        if not keeping:
            grounds = read_grounds(
                connection, search.subjects, land_class=land_class, synthetic=synthetic, box=box, vaguer_m=vaguer_m
            )
        yield grounds, grounds.within(extent, reach_m), reach_m


def _judge(connection: Connection, search: Search, grounds: Grounds, numbers: Numbers) -> Judged:
    """What is cheap comes first, since nothing needs to be known of land that is rejected already."""
    least_ha = search.question.min_area_ha
    codes = np.full(len(numbers), YES, dtype=np.int8)
    if least_ha is not None:
        codes = _by_stated_area(grounds, numbers, least_ha)
    codes, away = _by_distance(connection, search, grounds, numbers, codes)
    if least_ha is not None:
        codes = np.minimum(codes, _by_measured_area(connection, grounds, numbers, codes, least_ha))
    for surrounding in search.surroundings:
        codes = np.minimum(codes, _by_surrounding(connection, grounds, numbers, codes, surrounding))
    return Judged(grounds, numbers, codes, away)


def _by_distance(
    connection: Connection, search: Search, grounds: Grounds, numbers: Numbers, codes: Codes
) -> tuple[Codes, Away]:
    """Verdicts with those on the distance; what the boxes leave open is measured, and what will probably be shown."""
    extent = search.near.place.extent
    unmeasured = DistanceIntervals(*np.full((3, len(numbers)), np.nan))
    if extent is None:
        endless = np.full(len(numbers), np.inf)
        return np.minimum(codes, UNCERTAIN), Away(grounds, numbers, None, endless, endless, unmeasured)
    least_m, most_m = distance_bounds_m(grounds.balls[numbers], extent)
    doubt_m = grounds.accuracy_m[numbers] + extent.accuracy_m
    apart = DistanceIntervals(most_m, np.maximum(0.0, least_m - doubt_m), most_m + doubt_m)
    near = near_enough(apart, search.limit_m)
    away = Away(grounds, numbers, extent, least_m if extent.positioned else apart.least_m, most_m, unmeasured)
    left = np.flatnonzero(((near == UNCERTAIN) & (codes != NO)) | np.isinf(most_m))
    shown = [away.candidates(*part) for part in _parts(np.minimum(codes, near), search.question.limit)]
    away.measure(connection, np.unique(np.concatenate([left, *shown])))
    exact = DistanceIntervals(*(end[left] for end in away.measured.ends))
    near[left] = near_enough(exact, search.limit_m)
    return np.minimum(codes, near), away


def _ordering_m(distances: DistanceIntervals) -> Metres:
    """By the positions as published, else by the least that the distance can be; what is unknown comes last."""
    known = np.where(np.isnan(distances.nominal_m), distances.least_m, distances.nominal_m)
    return np.where(np.isnan(known), np.inf, known)


def _by_stated_area(grounds: Grounds, numbers: Numbers, least_ha: float) -> Codes:
    """Verdicts on the areas as published; where a layer states none, they are left open."""
    codes = large_enough(grounds.own_ha[numbers], grounds.frame_ha[numbers], least_ha)
    codes[_unstated(grounds, numbers)] = YES
    return codes


def _by_measured_area(
    connection: Connection, grounds: Grounds, numbers: Numbers, codes: Codes, least_ha: float
) -> Codes:
    """Verdicts on the areas of features of layers that state none."""
    verdicts = np.full(len(numbers), YES, dtype=np.int8)
    measured = np.flatnonzero(_unstated(grounds, numbers) & (codes != NO))
    own_ha = measured_ha(grounds.extents(connection, numbers[measured]).shapes)
    verdicts[measured] = large_enough(own_ha, grounds.frame_ha[numbers[measured]], least_ha)
    return verdicts


def _unstated(grounds: Grounds, numbers: Numbers) -> NDArray[np.bool_]:
    """Which land is of a layer that states no areas in the sense of industrial land."""
    unstated = np.array([not conforms(lands.layer, LAND) for lands in grounds.lands], dtype=bool)
    return unstated[grounds.owners[numbers]] if unstated.any() else np.zeros(len(numbers), dtype=bool)


def _by_surrounding(
    connection: Connection, grounds: Grounds, numbers: Numbers, codes: Codes, surrounding: Surrounding
) -> Codes:
    """Verdicts on how land stands to a layer; what is too far from it for any doubt is known by its box."""
    verdicts = np.full(len(numbers), YES if surrounding.side == "outside" else NO, dtype=np.int8)
    open_ = np.flatnonzero(codes != NO)
    bounds = grounds.bounds[numbers[open_]]
    placed = ~np.isnan(bounds[:, 0])
    around = boxes(bounds[placed], surrounding.clearance_m + grounds.accuracy_m[numbers[open_]][placed])
    hit = np.zeros(int(placed.sum()), dtype=bool)
    hit[STRtree(surrounding.members).query(around)[0]] = True
    left = np.concatenate([open_[~placed], open_[placed][hit]])
    verdicts[left] = stand(surrounding, grounds.extents(connection, numbers[left])).codes
    return verdicts
