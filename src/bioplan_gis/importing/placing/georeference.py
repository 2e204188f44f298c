"""Where a file's coordinates are: what it declares, what the user tells, or a guess that is never used unasked.

What counts as the same here: CGCS2000 (ITRF97 at epoch 2000.0), WGS 84 and the ITRFs, which differ by less than a
metre. Xian 1980 and Beijing 1954 do not: their transformations are not public, so that their longitudes and latitudes
are taken over as they are, and only if the user says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, cast, get_args

import numpy as np
import shapely

from bioplan_gis.crs import Shapes
from bioplan_gis.datums import ACCURACY_M, Datum, to_cgcs2000
from bioplan_gis.errors import ParameterError, UncertainFileError
from bioplan_gis.importing.placing.candidates import Candidate, candidates, inside, landed, turned
from bioplan_gis.importing.placing.definitions import (
    CHINA,
    MILLION,
    WORLD,
    Definition,
    Family,
    Positions,
    definition,
    shortened,
    to_degrees,
    told_definition,
)
from bioplan_gis.importing.placing.landing import NOWHERE, Landing
from bioplan_gis.importing.placing.questions import (
    NAMES,
    axes,
    compared,
    doubted,
    elsewhere,
    listed,
    name_zh,
    nowhere,
    options,
    unplaced,
    unproved,
    where,
)
from bioplan_gis.importing.repairs import mended
from bioplan_gis.importing.rows import Note

How = Literal["told", "declared", "guessed"]

# How far the old datums lie from CGCS2000 at most, in metres: 现有测绘成果转换到2000国家大地坐标系技术指南 (国家测绘局
# 2008) gives −9…43 m north and 76…119 m east for Xian 1980, −29…−62 m and −56…84 m for Beijing 1954, over all of China.
OLD_DATUM_M: dict[Family, float] = {"xian80": 127.0, "beijing54": 105.0}
# Shares of a sample from which a reading counts as meant, and up to which it counts as impossible.
MEANT, IMPOSSIBLE = 0.9, 0.1
# Zones are often stretched over their border to keep a county in one piece.
STRETCH_DEGREES, TOLD_STRETCH_DEGREES = 0.5, 3.5


@dataclass(frozen=True)
class Georeference:
    """How a file's coordinates become places.

    Attributes:
        crs: the horizontal CRS, ``EPSG:…`` or WKT.
        name: its name.
        swapped: whether the first ordinate is north.
        zone_prefix_removed: zone number that the eastings carry and the CRS has not; None where there is none.
        zone_prefix_added: zone number that the CRS has and the eastings lack; None where there is none.
        datum: of the degrees: ``cgcs2000`` or a display datum.
        how: who says so.
        certain: whether it may be used without asking.
        accuracy_m: of the datum transformation, in metres; None where none is needed or nobody states one.
        evidence: what speaks for it.
        candidates: other readings that land in China, the likeliest first; empty where none were needed.
    """

    crs: str
    name: str
    swapped: bool
    zone_prefix_removed: int | None
    zone_prefix_added: int | None
    datum: Datum
    how: How
    certain: bool
    accuracy_m: float | None
    evidence: tuple[Note, ...]
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class _Reading:
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
class _Sample:
    """Coordinates to be judged, with what is told of them beside their CRS."""

    xy: Positions
    datum: Datum
    landing: Landing
    orders: tuple[bool, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        found = candidates(self.xy, self.landing, self.datum)
        return tuple(each for each in found if each.swapped in self.orders)


def georeference(  # noqa: PLR0913, PLR0917 - everything that is said of a file's coordinates
    xy: Positions,
    declared: str | None,
    declared_text: str | None,
    told: str | None,
    datum: str | None,
    landing: Landing,
    *,
    swapped: bool | None = None,
) -> Georeference:
    """Decide how a file's coordinates are to be read.

    Args:
        xy: a sample of its coordinates (n, 2), as they stand there.
        declared: what the file says of its CRS, as WKT, PROJJSON or a code.
        declared_text: the same in the file's own words.
        told: what the user says.
        datum: ``cgcs2000``, ``gcj02`` or ``bd09`` where the user says that the degrees are of one.
        landing: the districts that it may land in.
        swapped: whether the first ordinate is north, where the user says so; None leaves it to the numbers.

    Raises:
        ParameterError: if ``told`` names no CRS, or ``datum`` no datum or one that does not go with the CRS.
        UncertainFileError: if what the user tells puts the data nowhere that it is used, or if nothing is said and no
            reading lands in China.
    """
    finite = xy[np.isfinite(xy).all(axis=1)] if len(xy) else xy.reshape(0, 2)
    sample = _Sample(finite, _datum(datum), landing, (False, True) if swapped is None else (swapped,))
    stated = _stated(declared, declared_text)
    if told is not None:
        return _told(sample, told_definition(told), told, stated)
    if stated is not None:
        return _declared(sample, stated)
    if datum is not None and _degrees(finite):
        return _told(sample, told_definition("EPSG:4490"), f"--datum {datum}")
    return _guessed(sample, (_undeclared(declared_text),))


def require_certain(decided: Georeference) -> None:
    """Refuse a guess that the user has not confirmed.

    Raises:
        UncertainFileError: with the guess, its evidence, where it would land and the option to give.
    """
    if decided.certain:
        return
    known = definition(decided.crs)
    order = axes(swapped=decided.swapped, geographic=known is not None and known.geographic)
    place = where(decided.candidates[0].districts if decided.candidates else ())
    evidence, ways = listed(decided.evidence), options(decided.crs, decided.candidates)
    raise UncertainFileError(
        f"坐标系不确定，未导入。推测：{name_zh(decided.crs)}（{decided.crs}），{order.zh}，将落在{place.zh}。"
        f"依据：{evidence.zh}。请确认后给出：{ways.zh}",
        f"The coordinate system is not certain, nothing was imported. Guess: {decided.name} ({decided.crs}), "
        f"{order.en}; the data would land in {place.en}. Evidence: {evidence.en}. Confirm by giving {ways.en}",
    )


def to_storage(shapes: Shapes, decided: Georeference) -> Shapes:
    """Valid shapes in a file's coordinates → valid ones in EPSG:4490, longitude first; NaN where that is nowhere."""
    known = definition(decided.crs)
    if known is None:
        raise ParameterError("crs", decided.crs, f"无法识别坐标系“{decided.crs}”", f"“{decided.crs}” is no CRS")
    reading = _Reading(known, decided.datum, decided.swapped, decided.zone_prefix_removed, decided.zone_prefix_added)
    if reading.keeps:
        return shapes
    return mended(np.asarray(shapely.transform(shapes, reading.lonlat), dtype=object))


def _datum(datum: str | None) -> Datum:
    if datum is not None and datum not in get_args(Datum):
        raise ParameterError(
            "datum",
            datum,
            f"没有“{datum}”这种基准；可用 cgcs2000（也用于 WGS 84）、gcj02（高德、腾讯）、bd09（百度）",
            f"“{datum}” is no datum known here; there are cgcs2000 (for WGS 84 too), gcj02 (AutoNavi, Tencent) and "
            "bd09 (Baidu)",
        )
    return cast("Datum", datum or "cgcs2000")


def _degrees(xy: Positions) -> bool:
    return len(xy) > 0 and bool((np.abs(xy) <= 180).all(axis=1).mean() >= MEANT)  # noqa: PLR2004


def _stated(declared: str | None, declared_text: str | None) -> Definition | None:
    """What a file declares, from its own words where the reader of it understood none.

    ArcGIS gives data without a CRS the name GCS_Assumed_Geographic_1, which declares nothing.
    """
    found = next((known for text in (declared, declared_text) if text and (known := definition(text))), None)
    return None if found is None or "assumed" in found.name.casefold() else found


def _undeclared(declared_text: str | None) -> Note:
    if declared_text:
        words = shortened(declared_text)
        return Note(f"文件所写的坐标系无法识别：{words}", f"what the file says of its CRS means nothing here: {words}")
    return Note("文件没有说明坐标系", "the file says nothing of its CRS")


def _readings(sample: _Sample, known: Definition) -> Iterator[_Reading]:
    """The plain reading of a CRS, then those with axes swapped and with the zone number taken off or put before."""
    for swapped in sample.orders:
        yield _Reading(known, sample.datum, swapped)
        if known.zone is None or not len(sample.xy):
            continue
        prefix = int(np.median(turned(sample.xy, swapped=swapped)[:, 0]) // MILLION)
        if known.zone.zone is None and prefix in known.zone.zones:
            yield _Reading(known, sample.datum, swapped, removed=prefix)
        if known.zone.zone is not None and prefix == 0:
            yield _Reading(known, sample.datum, swapped, added=known.zone.zone)


def _judged(reading: _Reading, sample: _Sample, stretch: float) -> _Reading:
    """A reading with the share of the sample that lands in China where its CRS is used, or in a district near there."""
    if not len(sample.xy):
        return replace(reading, share=1.0)
    lonlat, area = reading.lonlat(sample.xy), reading.definition.area
    near = inside(lonlat, area, TOLD_STRETCH_DEGREES) & (sample.landing.places(lonlat) != NOWHERE)
    used = inside(lonlat, area, stretch) & inside(lonlat, CHINA)
    return replace(reading, share=float((used | near).mean()))


def _chosen(sample: _Sample, known: Definition, stretch: float) -> _Reading | None:
    """The one reading of a CRS that its coordinates allow; None where none does, or more than one."""
    plain, *others = (_judged(each, sample, stretch) for each in _readings(sample, known))
    if plain.share >= MEANT:
        return plain
    allowed = [each for each in others if each.share >= MEANT]
    return allowed[0] if plain.share <= IMPOSSIBLE and len(allowed) == 1 else None


def _abroad(sample: _Sample, known: Definition) -> _Reading | None:
    """The plain reading of a CRS that is used outside China too, where its coordinates are outside China."""
    plain = _Reading(known, sample.datum, sample.orders[0])
    lands = inside(plain.lonlat(sample.xy), known.area).mean() >= MEANT
    return plain if lands and not sample.candidates else None


def _told(sample: _Sample, known: Definition, told: str, stated: Definition | None = None) -> Georeference:
    _check_datum(known, sample.datum)
    reading = _chosen(sample, known, TOLD_STRETCH_DEGREES)
    if reading is None:
        raise nowhere(sample.xy, told, known, sample.candidates)
    evidence = [Note(f"由用户指定：{shortened(told)}", f"told by the user: {shortened(told)}")]
    if stated is not None and (stated.family, stated.zone) != (known.family, known.zone):
        evidence.append(Note(f"文件声明的却是 {stated.zh}", f"the file declares {stated.name} instead"))
    own = landed(known, reading.lonlat(sample.xy), sample.landing, swapped=reading.swapped)
    others = sample.candidates if own.around <= IMPOSSIBLE and len(sample.xy) else ()
    if others and others[0].in_hangzhou >= MEANT:
        evidence.append(doubted(others[0]))
    return _decided(reading, "told", tuple(evidence), certain=True)


def _check_datum(known: Definition, datum: Datum) -> None:
    if datum != "cgcs2000" and (known.family != "cgcs2000" or not (known.geographic or known.text == "EPSG:3857")):
        raise ParameterError(
            "datum",
            datum,
            f"{datum} 只用于经纬度（或网络墨卡托）坐标，与 {known.zh} 不能并用",
            f"{datum} goes with longitude and latitude (or web Mercator), not with {known.name}",
        )


def _declared(sample: _Sample, known: Definition) -> Georeference:
    _check_datum(known, sample.datum)
    reading = _chosen(sample, known, STRETCH_DEGREES) or _abroad(sample, known)
    said = Note(f"文件声明：{known.zh}（{known.short}）", f"declared by the file: {known.name} ({known.short})")
    if reading is None:
        against = Note(
            f"坐标与文件声明的 {known.zh} 不符",
            f"the coordinates contradict the {known.name} that the file declares",
        )
        return _guessed(sample, (said, against))
    transformed = known.family == "cgcs2000" or known.shifted
    own = landed(known, reading.lonlat(sample.xy), sample.landing, swapped=reading.swapped)
    others = sample.candidates if own.around <= IMPOSSIBLE and len(sample.xy) else ()
    if others and others[0].in_hangzhou >= MEANT:
        return _guessed(sample, (said, elsewhere(known)))
    if transformed or known.family == "other":
        return _decided(reading, "declared", (said,), certain=True)
    return replace(_decided(reading, "declared", (said,), certain=False), candidates=(own,))


def _decided(reading: _Reading, how: How, evidence: tuple[Note, ...], *, certain: bool) -> Georeference:
    known = reading.definition
    return Georeference(
        crs=known.text,
        name=known.name,
        swapped=reading.swapped,
        zone_prefix_removed=reading.removed,
        zone_prefix_added=reading.added,
        datum=reading.datum,
        how=how,
        certain=certain,
        accuracy_m=None if known.shifted else OLD_DATUM_M.get(known.family, ACCURACY_M.get(reading.datum)),
        evidence=(*evidence, *_remarks(reading)),
    )


def _remarks(reading: _Reading) -> Iterator[Note]:
    """What the user should know of a reading."""
    known = reading.definition
    if reading.swapped:
        yield Note(
            "第一个坐标是北（X 为北、Y 为东，或纬度在前）", "the first ordinate is north (X north, or latitude first)"
        )
    if reading.removed is not None:
        yield Note(
            f"横坐标带有带号 {reading.removed}，已去掉", f"eastings carry the zone number {reading.removed}, taken off"
        )
    if reading.added is not None:
        yield Note(
            f"横坐标缺少带号 {reading.added}，已补上", f"eastings lack the zone number {reading.added}, put before"
        )
    if known.shifted:
        yield Note("按文件自带的转换参数转换", "transformed by the parameters that the file brings")
    elif known.family in OLD_DATUM_M:
        yield _old_datum(known.family)
    if known.family == "cgcs2000" and known.area == WORLD:
        yield Note(
            "WGS 84 与 CGCS2000 相差不到 1 米，视为相同",
            "WGS 84 and CGCS2000 differ by less than a metre and count as the same",
        )
    if reading.datum != "cgcs2000":
        metres = ACCURACY_M[reading.datum]
        yield Note(
            f"由 {reading.datum} 转换，公式为逆向所得，误差约 {metres:g} 米以内",
            f"converted from {reading.datum} by a reverse-engineered formula, good to about {metres:g} m",
        )


def _old_datum(family: Family) -> Note:
    name, metres = NAMES[family], OLD_DATUM_M[family]
    return Note(
        f"{name.zh}到 CGCS2000 没有公开的转换参数，经纬度照搬，位置最多偏离约 {metres:.0f} 米",
        f"there is no public transformation from {name.en} to CGCS2000; its longitudes and latitudes are taken over as "
        f"they are, up to about {metres:.0f} m off",
    )


def _guessed(sample: _Sample, evidence: tuple[Note, ...]) -> Georeference:
    found = sample.candidates
    if not found:
        raise unplaced(sample.xy, evidence)
    best = found[0]
    return Georeference(
        crs=best.crs,
        name=best.name,
        swapped=best.swapped,
        zone_prefix_removed=None,
        zone_prefix_added=None,
        datum=sample.datum,
        how="guessed",
        certain=False,
        accuracy_m=None,
        evidence=(*evidence, *compared(found), unproved(definition(best.crs))),
        candidates=found,
    )
