"""Ways to read coordinates of which nothing is said, and where each of them would land.

Numbers can prove a projection and the order of its axes where only one lands in Hangzhou. They can never prove a datum:
CGCS2000, Xian 1980 and Beijing 1954 lie about a hundred metres apart, GCJ-02 and BD-09 half a kilometre and more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.datums import Datum, to_cgcs2000
from bioplan_gis.importing.placing.definitions import (
    CHINA,
    FIRST_ZONE,
    LAST_ZONE,
    MILLION,
    Box,
    Definition,
    Positions,
    definition,
    gauss_kruger_code,
    to_degrees,
)
from bioplan_gis.importing.placing.landing import HANGZHOU, NOWHERE, District, Landing

# Zhejiang's outer box in degrees.
ZHEJIANG: Box = (118.0, 27.0, 123.2, 31.3)
MERIDIANS = (117, 120, 123)
WEB_MERCATOR, UTM_ZONES = "EPSG:3857", ("EPSG:32650", "EPSG:32651")
MOST_DISTRICTS = 4


@dataclass(frozen=True)
class Candidate:
    """One way to read the coordinates.

    Attributes:
        crs: its code.
        name: its name.
        swapped: whether the first ordinate is north.
        in_hangzhou: share of the sample that lands in Hangzhou's districts.
        around: share that lands in any district known here.
        in_zhejiang: share that lands in Zhejiang's outer box.
        districts: the districts that most of it lands in, most first.
    """

    crs: str
    name: str
    swapped: bool
    in_hangzhou: float
    around: float
    in_zhejiang: float
    districts: tuple[District, ...]


def candidates(xy: Positions, landing: Landing, datum: Datum) -> tuple[Candidate, ...]:
    """All ways to read finite coordinates (n, 2) that land in China, the likeliest first."""
    found = [
        candidate
        for swapped in (False, True)
        for known in _plausible(turned(xy, swapped=swapped))
        if (candidate := _candidate(known, turned(xy, swapped=swapped), landing, datum, swapped=swapped))
    ]
    return tuple(sorted(found, key=lambda each: (each.in_hangzhou, each.around, each.in_zhejiang), reverse=True))


def turned(xy: Positions, *, swapped: bool) -> Positions:
    """Coordinates with the first ordinate east."""
    return xy[:, ::-1] if swapped else xy


def inside(lonlat: Positions, box: Box, margin: float = 0.0) -> NDArray[np.bool_]:
    """Which positions lie in a box of degrees, widened by a margin."""
    west, south, east, north = box
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    across = (lon >= west - margin) & (lon <= east + margin)
    return np.asarray(across & (lat >= south - margin) & (lat <= north + margin))


def _plausible(xy: Positions) -> Iterator[Definition]:
    """CRSs whose numbers have this size; those that planners use come first, since the first of equals wins."""
    if not len(xy):
        return
    east, north = np.median(xy, axis=0)
    codes: list[str | None] = []
    if abs(east) <= 180 and abs(north) <= 90:  # noqa: PLR2004
        codes = ["EPSG:4490"]
    elif 0 < east < MILLION:
        codes = [gauss_kruger_code("cgcs2000", 3, meridian // 3, numbered=False) for meridian in MERIDIANS]
        codes += UTM_ZONES
    elif zone := int(east // MILLION):
        widths = (width for width in (3, 6) if FIRST_ZONE[width] <= zone <= LAST_ZONE[width])
        codes = [gauss_kruger_code("cgcs2000", width, zone, numbered=True) for width in widths]
        codes.append(WEB_MERCATOR)
    yield from filter(None, (definition(code) for code in codes if code))


def _candidate(known: Definition, xy: Positions, landing: Landing, datum: Datum, *, swapped: bool) -> Candidate | None:
    lonlat = to_cgcs2000(to_degrees(xy, known.text), datum)
    return landed(known, lonlat, landing, swapped=swapped) if inside(lonlat, CHINA).any() else None


def landed(known: Definition, lonlat: Positions, landing: Landing, *, swapped: bool) -> Candidate:
    """A reading, by where its positions in degrees lie."""
    places = landing.places(lonlat)
    return Candidate(
        known.text,
        known.name,
        swapped,
        in_hangzhou=float(landing.in_scope(HANGZHOU)[places[places != NOWHERE]].sum() / max(1, len(lonlat))),
        around=float((places != NOWHERE).sum() / max(1, len(lonlat))),
        in_zhejiang=float(inside(lonlat, ZHEJIANG).sum() / max(1, len(lonlat))),
        districts=_districts(places, landing),
    )


def _districts(places: NDArray[np.intp], landing: Landing) -> tuple[District, ...]:
    """The districts at offsets, those with most positions first."""
    numbers, counts = np.unique(places[places != NOWHERE], return_counts=True)
    return tuple(landing.districts[at] for at in numbers[np.argsort(-counts, kind="stable")][:MOST_DISTRICTS])
