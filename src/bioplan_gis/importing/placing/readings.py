"""Ways to read coordinates by a CRS that is known: as they stand, with axes swapped, with a zone number more or less.

Of these, the one in which the coordinates land where the CRS is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.datums import Datum, to_cgcs2000
from bioplan_gis.importing.placing.candidates import Candidate, candidates, inside, turned
from bioplan_gis.importing.placing.definitions import CHINA, MILLION, WORLD, Definition, Positions, to_degrees
from bioplan_gis.importing.placing.landing import NOWHERE, Landing

# Shares of a sample: from which a reading counts as meant, above which it holds most, up to which it is impossible.
MEANT, MOST, IMPOSSIBLE = 0.9, 0.5, 0.1
# Zones are often stretched over their border to keep a county in one piece.
STRETCH_DEGREES, TOLD_STRETCH_DEGREES = 0.5, 3.5


@dataclass(frozen=True)
class Reading:
    """One way to read coordinates by a known CRS, and the share of them that this makes land where it is used."""

    definition: Definition
    datum: Datum
    swapped: bool = False
    removed: int | None = None
    added: int | None = None
    share: float = field(default=0.0, compare=False)

    def lonlat(self, xy: Positions) -> Positions:
        """Longitude and latitude in CGCS2000, or on the old datum that the CRS has."""
        eastings = turned(xy, swapped=self.swapped) + ((self.added or 0) - (self.removed or 0)) * np.array([MILLION, 0])
        return to_cgcs2000(to_degrees(eastings, self.definition.text), self.datum)

    @property
    def keeps(self) -> bool:
        """Whether the coordinates are longitude and latitude as they stand."""
        known = self.definition
        own = known.geographic and known.family != "other" and not known.shifted
        return own and not self.swapped and self.datum == "cgcs2000"


@dataclass(frozen=True)
class Sample:
    """Coordinates to be judged, with what is told of them beside their CRS."""

    xy: Positions
    datum: Datum
    landing: Landing
    orders: tuple[bool, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Ways to read them that land in China, the likeliest first."""
        found = candidates(self.xy, self.landing, self.datum)
        return tuple(each for each in found if each.swapped in self.orders)


def declared_reading(sample: Sample, known: Definition) -> Reading | None:
    """How to read coordinates of a CRS that the file declares; None where they contradict it.

    Degrees of CGCS2000, WGS 84 and the old datums of China may lie anywhere; those of Cape Town's only there.
    """
    chosen = _chosen(sample, known, STRETCH_DEGREES, MEANT)
    anywhere = _degrees(sample, known, MEANT) if chosen is None and known.family != "other" else None
    return chosen or anywhere or _abroad(sample, known)


def told_reading(sample: Sample, known: Definition) -> Reading | None:
    """How to read coordinates of a CRS that the user tells; None where it cannot hold most of them."""
    return (
        _chosen(sample, known, TOLD_STRETCH_DEGREES, MEANT)
        or _chosen(sample, known, TOLD_STRETCH_DEGREES, MOST)
        or _degrees(sample, known, MOST)
        or _abroad(sample, known)
    )


def stray(sample: Sample, known: Definition) -> Positions:
    """The coordinates that a CRS does not make land where it is used."""
    return sample.xy[~_held(Reading(known, sample.datum, sample.orders[0]), sample, TOLD_STRETCH_DEGREES)]


def _readings(sample: Sample, known: Definition) -> Iterator[Reading]:
    """The plain reading of a CRS, then those with axes swapped and with the zone number taken off or put before."""
    for swapped in sample.orders:
        yield Reading(known, sample.datum, swapped)
        if known.zone is None or not len(sample.xy):
            continue
        prefix = int(np.median(turned(sample.xy, swapped=swapped)[:, 0]) // MILLION)
        if known.zone.zone is None and prefix in known.zone.zones:
            yield Reading(known, sample.datum, swapped, removed=prefix)
        if known.zone.zone is not None and prefix == 0:
            yield Reading(known, sample.datum, swapped, added=known.zone.zone)


def _held(reading: Reading, sample: Sample, stretch: float) -> NDArray[np.bool_]:
    """What of the sample lands in China where the CRS is used, or in a district near there."""
    lonlat, area = reading.lonlat(sample.xy), reading.definition.area
    near = inside(lonlat, area, TOLD_STRETCH_DEGREES) & (sample.landing.places(lonlat) != NOWHERE)
    return np.asarray((inside(lonlat, area, stretch) & inside(lonlat, CHINA)) | near)


def _chosen(sample: Sample, known: Definition, stretch: float, least: float) -> Reading | None:
    """The one reading of a CRS that its coordinates allow; None where none does, or more than one."""
    plain, *others = (
        replace(each, share=float(_held(each, sample, stretch).mean()) if len(sample.xy) else 1.0)
        for each in _readings(sample, known)
    )
    if plain.share >= least:
        return plain
    allowed = [each for each in others if each.share >= least]
    return allowed[0] if plain.share <= max(IMPOSSIBLE, 1 - least) and len(allowed) == 1 else None


def _degrees(sample: Sample, known: Definition, least: float) -> Reading | None:
    """The reading of a CRS of degrees in which most coordinates are valid ones, wherever on the Earth they lie."""
    if not known.geographic:
        return None
    plain, *swapped = (
        replace(each, share=float(inside(each.lonlat(sample.xy), WORLD).mean())) for each in _readings(sample, known)
    )
    if plain.share >= least:
        return plain
    return next((each for each in swapped if each.share >= least and plain.share <= 1 - least), None)


def _abroad(sample: Sample, known: Definition) -> Reading | None:
    """The plain reading of a CRS that is used outside China too, where no usual one makes them land in Zhejiang."""
    plain = Reading(known, sample.datum, sample.orders[0])
    lands = inside(plain.lonlat(sample.xy), known.area).mean() >= MEANT
    return plain if lands and not any(each.in_zhejiang or each.around for each in sample.candidates) else None
