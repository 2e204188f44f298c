"""Where features land: in which district of Hangzhou or around it.

District outlines are generalised (95 % of their vertices within 534 m of a second map's), so that near a border the
district is an approximation; whoever shows it says 约 / about.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import Shapes

HANGZHOU = "hangzhou"
Positions = NDArray[np.float64]
Places = NDArray[np.intp]
NOWHERE = -1
# About 500 m, which is what outlines are generalised by.
SMALL_DEGREES = 0.005


class District(NamedTuple):
    """A district, with its division code and whether it is of ``hangzhou``, a ``neighbour`` or a ``partner``."""

    adcode: str
    zh: str
    en: str
    scope: str


@dataclass(frozen=True)
class Landed:
    """Where the features of a batch lie.

    Attributes:
        adcodes: one a feature; None outside all districts, and where there is no geometry.
        by_district: districts that hold features, most first, with how many; generalised outlines, so about.
        outside: how many features lie outside Hangzhou, in another district or in none.
        without: how many have no geometry.
    """

    adcodes: NDArray[np.object_]
    by_district: tuple[tuple[District, int], ...]
    outside: int
    without: int


@dataclass(frozen=True)
class Landing:
    """The districts that a file may land in.

    Attributes:
        names: the districts.
        shapes: their outlines in EPSG:4490, longitude first, in the same order.
    """

    names: tuple[District | tuple[str, str, str, str], ...]
    shapes: Shapes
    _bounds: Positions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the outlines for millions of questions."""
        shapely.prepare(self.shapes)
        object.__setattr__(self, "_bounds", shapely.bounds(self.shapes))

    @property
    def districts(self) -> tuple[District, ...]:
        """The districts, with their attributes by name."""
        return tuple(District(*name) for name in self.names)

    def places(self, lonlat: Positions) -> Places:
        """Offset in ``names`` of the district around each position (n, 2); ``NOWHERE`` outside all, and for NaN."""
        places = np.full(len(lonlat), NOWHERE, dtype=np.intp)
        x, y = lonlat[:, 0], lonlat[:, 1]
        west, south, _, _ = self._bounds.min(axis=0, initial=np.inf)
        _, _, east, north = self._bounds.max(axis=0, initial=-np.inf)
        left = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        for number, (shape, bounds) in enumerate(zip(self.shapes, self._bounds, strict=True)):
            x, y = lonlat[left, 0], lonlat[left, 1]
            near = np.flatnonzero((x >= bounds[0]) & (x <= bounds[2]) & (y >= bounds[1]) & (y <= bounds[3]))
            inside = near[shapely.intersects_xy(shape, x[near], y[near])]
            places[left[inside]] = number
            left = np.delete(left, inside)
        return places

    def outline(self, adcode: str | None) -> BaseGeometry | None:
        """The outline of a district in EPSG:4490; None where it is not known."""
        at = next((number for number, district in enumerate(self.districts) if district.adcode == adcode), None)
        return None if at is None else self.shapes[at]

    def in_scope(self, scope: str) -> NDArray[np.bool_]:
        """Which districts are of a scope."""
        return np.array([district.scope == scope for district in self.districts], dtype=bool)

    def counts(self, shapes: Shapes) -> Landed:
        """Where each EPSG:4490 geometry lies, by a point on its surface, or the middle of small bounds."""
        present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        places = self.places(_middles(shapes[present]))
        landed = places[places != NOWHERE]
        adcodes = np.full(len(shapes), None, dtype=object)
        codes = np.array([*(district.adcode for district in self.districts), None], dtype=object)
        adcodes[present] = codes[places]
        return Landed(
            adcodes,
            self._tally(landed),
            outside=int(present.sum() - self.in_scope(HANGZHOU)[landed].sum()),
            without=int((~present).sum()),
        )

    def _tally(self, places: Places) -> tuple[tuple[District, int], ...]:
        numbers, counts = np.unique(places, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return tuple((self.districts[numbers[at]], int(counts[at])) for at in order)


def _middles(shapes: Shapes) -> Positions:
    """A position of each shape; one that is smaller than the outlines' error is found by its bounds."""
    bounds = shapely.bounds(shapes)
    middles: Positions = (bounds[:, :2] + bounds[:, 2:]) / 2
    large = (bounds[:, 2:] - bounds[:, :2]).max(axis=1, initial=0) > SMALL_DEGREES
    points = shapely.point_on_surface(shapes[large])
    middles[large] = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    return middles
