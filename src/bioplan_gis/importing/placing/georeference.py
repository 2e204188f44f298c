"""Where a file's coordinates are: what it declares, what the user tells, or a guess that is never used unasked.

What counts as the same here: CGCS2000 (ITRF97 at epoch 2000.0), WGS 84 and the ITRFs, which differ by less than a
metre. Xian 1980 and Beijing 1954 do not: their transformations are not public, so that their longitudes and latitudes
are taken over as they are, and only if the user says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
import shapely

from bioplan_gis.crs import Shapes
from bioplan_gis.datums import ACCURACY_M, Datum
from bioplan_gis.errors import ParameterError, UncertainFileError
from bioplan_gis.importing.placing.candidates import Candidate, landed
from bioplan_gis.importing.placing.definitions import (
    WORLD,
    Definition,
    Family,
    Positions,
    definition,
    shortened,
    told_definition,
)
from bioplan_gis.importing.placing.headings import LABELS, Headings, headings
from bioplan_gis.importing.placing.landing import Landing
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
    outside,
    undeclared,
    unplaced,
    unproved,
    where,
)
from bioplan_gis.importing.placing.readings import (
    IMPOSSIBLE,
    MEANT,
    Reading,
    Sample,
    declared_reading,
    stray,
    told_reading,
)
from bioplan_gis.importing.repairs import mended
from bioplan_gis.importing.rows import Note

_ROUNDING_DEGREES = 1e-9
How = Literal["told", "declared", "headings", "guessed"]

# How far the old datums lie from CGCS2000 at most, in metres: 现有测绘成果转换到2000国家大地坐标系技术指南 (国家测绘局
# 2008) gives −9…43 m north and 76…119 m east for Xian 1980, −29…−62 m and −56…84 m for Beijing 1954, over all of China.
OLD_DATUM_M: dict[Family, float] = {"xian80": 127.0, "beijing54": 105.0}
DEGREES = "EPSG:4490"


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
        how: who says so: the user, the file, or the headings of its columns, which name degrees but no datum.
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
    sample = Sample(finite, _datum(datum), landing, (False, True) if swapped is None else (swapped,))
    stated, named = _stated(declared, declared_text), headings(declared_text)
    if told is not None:
        words = told if datum is None else f"{told}, --datum {datum}"
        return _told(sample, told_definition(told), words, stated, named)
    if stated is not None and named is None and sample.datum == "cgcs2000":
        return _declared(sample, stated)
    if datum is not None and (stated is not None or _degrees(finite)):
        return _told(sample, stated or told_definition(DEGREES), f"--datum {datum}", stated, named)
    if named is not None:
        return _by_headings(sample, named)
    return _guessed(sample, (undeclared(declared_text, finite),))


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
    evidence, ways = listed(decided.evidence), options(decided.crs, decided.datum, decided.candidates)
    guess_zh = name_zh(decided.crs) if decided.datum == "cgcs2000" else LABELS[decided.datum].zh
    raise UncertainFileError(
        f"坐标系不确定，未导入。推测：{guess_zh}（{decided.crs}），{order.zh}，将落在{place.zh}。"
        f"依据：{evidence.zh}。请确认后给出：{ways.zh}",
        f"The coordinate system is not certain, nothing was imported. Guess: {decided.name} ({decided.crs}), "
        f"{order.en}; the data would land in {place.en}. Evidence: {evidence.en}. Confirm by giving {ways.en}",
    )


def to_storage(shapes: Shapes, decided: Georeference) -> Shapes:
    """Valid shapes in a file's coordinates → valid ones in EPSG:4490, longitude first; NaN where that is nowhere."""
    known = definition(decided.crs)
    if known is None:
        raise ParameterError("crs", decided.crs, f"无法识别坐标系“{decided.crs}”", f"“{decided.crs}” is no CRS")
    reading = Reading(known, decided.datum, decided.swapped, decided.zone_prefix_removed, decided.zone_prefix_added)
    if reading.keeps:
        return _upon_the_rim(shapes)
    return mended(_upon_the_rim(np.asarray(shapely.transform(shapes, reading.lonlat), dtype=object)))


def _upon_the_rim(shapes: Shapes) -> Shapes:
    """Rounding leaves some files of the world a last digit beyond ±180 or ±90: those positions go back there."""
    rim = np.array([180.0, 90.0])
    edges = np.abs(shapely.bounds(shapes)).reshape(-1, 2, 2)
    over = (edges > rim).any(axis=(1, 2)) & (edges < rim + _ROUNDING_DEGREES).all(axis=(1, 2))
    if not over.any():
        return shapes
    moved = shapes.copy()
    moved[over] = shapely.transform(shapes[over], lambda xy: xy.clip(-rim, rim))
    return moved


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


def _told(
    sample: Sample, known: Definition, told: str, stated: Definition | None, named: Headings | None
) -> Georeference:
    _check_datum(known, sample.datum)
    reading = told_reading(sample, known)
    if reading is None:
        raise nowhere(stray(sample, known), len(sample.xy), told, known, sample.candidates)
    evidence = [Note(f"由用户指定：{shortened(told)}", f"told by the user: {shortened(told)}")]
    evidence += _against(sample, known, stated, named)
    own = landed(known, reading.lonlat(sample.xy), sample.landing, swapped=reading.swapped)
    others = sample.candidates if own.around <= IMPOSSIBLE and len(sample.xy) else ()
    if others and others[0].in_hangzhou >= MEANT:
        evidence.append(doubted(others[0]))
    return _decided(reading, "told", (*evidence, *outside(reading, sample)), certain=True)


def _against(sample: Sample, known: Definition, stated: Definition | None, named: Headings | None) -> Iterator[Note]:
    """What the file says that the user overrules."""
    if named is not None:
        if not known.geographic or named.datum not in {None, sample.datum}:
            ways = f"，如是请给出 --datum {named.datum}" if named.datum in {"gcj02", "bd09"} else ""
            ways_en = f"; if so, give --datum {named.datum}" if ways else ""
            yield Note(f"{named.says.zh}{ways}", f"{named.says.en}{ways_en}")
    elif stated is None:
        return
    elif sample.datum != "cgcs2000":
        yield Note(
            f"文件写的是 {stated.zh}，以用户指定的 {LABELS[sample.datum].zh}为准",
            f"the file says {stated.name}; {LABELS[sample.datum].en}, as told, takes its place",
        )
    elif (stated.family, stated.zone) != (known.family, known.zone):
        yield Note(f"文件声明的却是 {stated.zh}", f"the file declares {stated.name} instead")


def _check_datum(known: Definition, datum: Datum) -> None:
    if datum != "cgcs2000" and (known.family != "cgcs2000" or not (known.geographic or known.text == "EPSG:3857")):
        raise ParameterError(
            "datum",
            datum,
            f"{datum} 只用于经纬度（或网络墨卡托）坐标，与 {known.zh} 不能并用",
            f"{datum} goes with longitude and latitude (or web Mercator), not with {known.name}",
        )


def _declared(sample: Sample, known: Definition) -> Georeference:
    _check_datum(known, sample.datum)
    reading = declared_reading(sample, known)
    said = Note(f"文件声明：{known.zh}（{known.short}）", f"declared by the file: {known.name} ({known.short})")
    if reading is None:
        against = Note(
            f"坐标与文件声明的 {known.zh} 不符",
            f"the coordinates contradict the {known.name} that the file declares",
        )
        most = told_reading(sample, known) if known.geographic else None
        reasons = tuple(outside(most, sample)) if most else ()
        return _guessed(sample, (said, *(reasons or (against,))))
    transformed = known.family == "cgcs2000" or known.shifted
    own = landed(known, reading.lonlat(sample.xy), sample.landing, swapped=reading.swapped)
    others = sample.candidates if own.around <= IMPOSSIBLE and len(sample.xy) else ()
    if others and others[0].in_hangzhou >= MEANT:
        return _guessed(sample, (said, elsewhere(known)))
    evidence = (said, *outside(reading, sample))
    if transformed or known.family == "other":
        return _decided(reading, "declared", evidence, certain=True)
    return replace(_decided(reading, "declared", evidence, certain=False), candidates=(own,))


def _by_headings(sample: Sample, named: Headings) -> Georeference:
    """Columns that are called longitude and latitude; those of a web map are asked about."""
    if named.datum in {"gcj02", "bd09"}:
        return _guessed(replace(sample, datum=named.datum), (named.says,))
    reading = declared_reading(sample, told_definition("OGC:CRS84"))
    if reading is None:
        against = Note("坐标与此不符", "the coordinates contradict that")
        return _guessed(sample, (named.says, against))
    return _decided(reading, "headings", (named.taken, *outside(reading, sample)), certain=True)


def _decided(reading: Reading, how: How, evidence: tuple[Note, ...], *, certain: bool) -> Georeference:
    known = reading.definition
    return Georeference(
        crs=known.text,
        name=_name(known, reading.datum),
        swapped=reading.swapped,
        zone_prefix_removed=reading.removed,
        zone_prefix_added=reading.added,
        datum=reading.datum,
        how=how,
        certain=certain,
        accuracy_m=None if known.shifted else OLD_DATUM_M.get(known.family, ACCURACY_M.get(reading.datum)),
        evidence=(*evidence, *_remarks(reading, how)),
    )


def _name(known: Definition, datum: Datum) -> str:
    if datum == "cgcs2000":
        return known.name
    return f"{LABELS[datum].en}, {'longitude and latitude' if known.geographic else known.name}"


def _remarks(reading: Reading, how: How) -> Iterator[Note]:
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
    if known.family == "cgcs2000" and known.area == WORLD and reading.datum == "cgcs2000" and how != "headings":
        yield Note(
            "WGS 84 与 CGCS2000 相差不到 1 米，视为相同",
            "WGS 84 and CGCS2000 differ by less than a metre and count as the same",
        )
    if reading.datum != "cgcs2000":
        metres, label = ACCURACY_M[reading.datum], LABELS[reading.datum]
        yield Note(
            f"已由 {label.zh}换算为 CGCS2000，公式为逆向所得，误差约 {metres:g} 米以内",
            f"converted from {label.en} to CGCS2000 by a reverse-engineered formula, good to about {metres:g} m",
        )


def _old_datum(family: Family) -> Note:
    name, metres = NAMES[family], OLD_DATUM_M[family]
    return Note(
        f"{name.zh}到 CGCS2000 没有公开的转换参数，经纬度照搬，位置最多偏离约 {metres:.0f} 米",
        f"there is no public transformation from {name.en} to CGCS2000; its longitudes and latitudes are taken over as "
        f"they are, up to about {metres:.0f} m off",
    )


def _guessed(sample: Sample, evidence: tuple[Note, ...]) -> Georeference:
    found = sample.candidates
    if not found:
        raise unplaced(sample.xy, evidence)
    best, known = found[0], definition(found[0].crs)
    return Georeference(
        crs=best.crs,
        name=best.name if known is None else _name(known, sample.datum),
        swapped=best.swapped,
        zone_prefix_removed=None,
        zone_prefix_added=None,
        datum=sample.datum,
        how="guessed",
        certain=False,
        accuracy_m=None,
        evidence=(*evidence, *compared(found, sample.datum), *(unproved(known) if sample.datum == "cgcs2000" else ())),
        candidates=found,
    )
