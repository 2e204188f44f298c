"""Conditions on land, each judged with how well its measure is known, and the sentence that says so.

A condition met at one end of what a measure can be and missed at the other is neither met nor missed: it is
uncertain, and its sentence names what would settle it.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.crs import Metres
from bioplan_gis.errors import ParameterError
from bioplan_gis.extents import DistanceInterval, DistanceIntervals
from bioplan_gis.landuse import Verdict

M_PER_KM = 1000.0
# Positions known as well as this are shown without the interval that they leave.
EXACT_M = 10.0

# Verdicts in whole arrays are numbers, the worse the lower, so that the worst of several is their minimum.
VERDICTS = (Verdict.NO, Verdict.UNCERTAIN, Verdict.CONDITIONAL, Verdict.YES)
NO, UNCERTAIN, _, YES = range(len(VERDICTS))
Codes = NDArray[np.int8]


_METRES = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Measure:
    """A number that a condition takes.

    Attributes:
        most: the greatest that makes sense.
        unit_zh: its unit in Chinese.
        unit_en: its unit in English.
    """

    most: float
    unit_zh: str
    unit_en: str


# Half of the Earth's circumference is the farthest that two places can be apart.
MEASURES = {"max_distance_km": Measure(20_038, "千米", "km"), "min_area_ha": Measure(1e8, "公顷", "ha")}


def require_measure(name: str, number: float, given: str) -> float:
    """The number of a condition, if it is one that the condition can take.

    Args:
        name: of the condition, one of ``MEASURES``.
        number: as read.
        given: as the caller wrote it.

    Raises:
        ParameterError: it is nought, negative, too great, or no number.
    """
    measure = MEASURES[name]
    if not 0 < number <= measure.most:
        raise ParameterError(
            name,
            given,
            f"{name} 应为大于 0、不超过 {measure.most:g} 的数（{measure.unit_zh}）。",
            f"{name} should be a number above 0 and up to {measure.most:g} ({measure.unit_en}).",
        )
    return number


@dataclass(frozen=True)
class Clearance:
    """A layer that land must keep clear of, or lie within.

    Attributes:
        layer_id: the layer's id.
        metres: how far outside of it, on the ellipsoid; 0 for any distance.
    """

    layer_id: str
    metres: float = 0.0

    def __str__(self) -> str:
        """As it is asked for."""
        return f"{self.layer_id}:{self.metres:g}" if self.metres else self.layer_id


def read_container(text: str) -> str:
    """``LAYER``, as the condition ``inside`` takes it.

    Raises:
        ParameterError: it is empty, or has a distance as ``outside`` would.
    """
    if not text.strip() or re.search("[:：]", text):
        raise ParameterError(
            "inside",
            text,
            "inside 应为一个图层编号，不带距离，如 zones；要求相隔的距离请用 outside，如 outside=water:200。",
            "inside should be a layer's id without a distance, such as zones; outside takes one: outside=water:200.",
        )
    return text.strip()


def read_clearance(text: str) -> Clearance:
    """``LAYER`` or ``LAYER:METRES``, as the condition ``outside`` takes it.

    Raises:
        ParameterError: the distance is no number of metres from 0 to half of the Earth's circumference.
    """
    layer_id, colon, metres = text.strip().replace("：", ":").partition(":")
    if layer_id and not colon:
        return Clearance(layer_id)
    if not layer_id or not _METRES.fullmatch(metres) or float(metres) > MEASURES["max_distance_km"].most * M_PER_KM:
        raise ParameterError(
            "outside",
            text,
            "outside 应为图层编号，或“图层编号:米数”，米数不小于 0，如 water:200。",
            "outside should be a layer's id, or LAYER:METRES with metres of 0 or more, such as water:200.",
        )
    return Clearance(layer_id, float(metres))


@dataclass(frozen=True)
class Finding:
    """One condition judged for one piece of land.

    Attributes:
        condition: the parameter that set it, such as ``max_distance_km``; ``near`` where none was set.
        verdict: met, missed, or uncertain.
        zh: a sentence with measure, bound and doubt, in Chinese.
        en: the same in English.
    """

    condition: str
    verdict: Verdict
    zh: str
    en: str


@dataclass(frozen=True)
class LandArea:
    """What is published of a piece of land's area, in hectares.

    Attributes:
        own_ha: the area of the land of the class itself; None where unpublished.
        frame_ha: area of the park that it lies in, an upper frame; None where unpublished.
        measured: whether its own area was measured from its geometry, rather than stated.
    """

    own_ha: float | None
    frame_ha: float | None
    measured: bool = False

    def reaches(self, least_ha: float) -> Verdict:
        """The same as ``large_enough`` of one, which as an array would cost ten times as much."""
        known_ha = self.frame_ha if self.own_ha is None else self.own_ha
        if known_ha is not None and known_ha < least_ha:
            return Verdict.NO
        return Verdict.UNCERTAIN if self.own_ha is None else Verdict.YES


def near_enough(distances: DistanceIntervals, limit_m: float) -> Codes:
    """Whether distances are within a limit, as numbers of ``VERDICTS``; an unknown one is uncertain."""
    return _codes(missed=distances.least_m > limit_m, met=distances.most_m <= limit_m)


def large_enough(own_ha: Metres, frame_ha: Metres, least_ha: float) -> Codes:
    """Whether areas reach a least one, as numbers of ``VERDICTS``; a park's area can only exclude, never confirm.

    Args:
        own_ha: areas of the land itself, NaN where unpublished.
        frame_ha: areas of the parks around it, NaN where unpublished.
        least_ha: least area of the land itself.
    """
    return _codes(missed=np.where(np.isnan(own_ha), frame_ha, own_ha) < least_ha, met=own_ha >= least_ha)


def _codes(*, missed: NDArray[np.bool_], met: NDArray[np.bool_]) -> Codes:
    return np.where(missed, NO, np.where(met, YES, UNCERTAIN)).astype(np.int8)


def judge_distance(lab_zh: str, lab_en: str, distance: DistanceInterval | None, limit_m: float | None) -> Finding:
    """Whether land lies within a distance of a laboratory; a statement of the distance where no limit was given."""
    measure_zh, measure_en = distance_words(distance)
    opening_zh, opening_en = f"距{lab_zh}{measure_zh}", f"{measure_en} from {lab_en}"
    if distance is None:
        opening_zh = f"与{lab_zh}的距离未知：位置未公布"
        opening_en = f"The distance from {lab_en} is unknown, since no position was published"
    verdict = _within(distance, np.inf if limit_m is None else limit_m)
    if limit_m is None:
        return Finding("near", verdict, f"{opening_zh}；未限定距离。", f"{opening_en}; no distance was asked for.")
    bound = f"{limit_m / M_PER_KM:g}"
    zh, en = {
        Verdict.YES: (f"不超过 {bound} 千米", f"within {bound} km"),
        Verdict.NO: (
            f"超出 {bound} 千米{_beyond(distance, limit_m, 'zh')}",
            f"beyond {bound} km{_beyond(distance, limit_m, 'en')}",
        ),
        Verdict.UNCERTAIN: (
            f"与 {bound} 千米的关系不确定，需核实双方位置",
            f"and may or may not be within {bound} km; a survey of both positions would settle it",
        ),
    }[verdict]
    return Finding("max_distance_km", verdict, f"{opening_zh}，{zh}。", f"{opening_en}, {en}.")


def judge_area(area: LandArea, least_ha: float) -> Finding:
    """Whether land is at least so large; the area of a park around it can only exclude, never confirm."""
    bound = f"{least_ha:g}"
    verdict = area.reaches(least_ha)
    if area.own_ha is not None:
        own = _telling(area.own_ha, least_ha)
        how_zh, how_en = ("（由图形量得）", ", measured from its shape,") if area.measured else ("", "")
        zh = f"面积 {own} 公顷{how_zh}，{'不小于' if verdict is Verdict.YES else '小于'} {bound} 公顷。"
        en = f"Its area of {own} ha{how_en} is {'at least' if verdict is Verdict.YES else 'less than'} {bound} ha."
        return Finding("min_area_ha", verdict, zh, en)
    if verdict is Verdict.NO:
        zh = f"所在园区总面积仅 {area.frame_ha:g} 公顷，小于 {bound} 公顷。"
        en = f"The whole park around it has only {area.frame_ha:g} ha, less than {bound} ha."
        return Finding("min_area_ha", Verdict.NO, zh, en)
    frame_zh = "" if area.frame_ha is None else f"（园区总面积 {area.frame_ha:g} 公顷，只是上限）"
    frame_en = "" if area.frame_ha is None else f" (the whole park's {area.frame_ha:g} ha is only an upper bound)"
    zh = f"该类用地面积未公布{frame_zh}，是否达到 {bound} 公顷不确定，需以宗地或控规数据核实。"
    en = (
        f"The area of this class of land is unpublished{frame_en}; whether it reaches {bound} ha is uncertain and "
        "takes parcel or regulatory-plan data to settle."
    )
    return Finding("min_area_ha", Verdict.UNCERTAIN, zh, en)


def _telling(number: float, bound: float) -> str:
    """A number with so many digits that it does not read as a bound that it misses."""
    shown = (f"{number:.{digits}g}" for digits in range(6, 18))
    return next(text for text in shown if float(text) == number or (float(text) < bound) == (number < bound))


def _within(distance: DistanceInterval | None, limit_m: float) -> Verdict:
    """The same as ``near_enough`` of one."""
    if distance is None:
        return Verdict.UNCERTAIN
    if distance.least_m > limit_m:
        return Verdict.NO
    return Verdict.YES if distance.most_m <= limit_m else Verdict.UNCERTAIN


def _beyond(distance: DistanceInterval | None, limit_m: float, language: str) -> str:
    """By how much land lies too far, at least."""
    if distance is None or distance.least_m <= limit_m:
        return ""
    excess = _km(distance.least_m - limit_m)
    return f"（至少多 {excess} 千米）" if language == "zh" else f" (by {excess} km at least)"


def distance_words(distance: DistanceInterval | None) -> tuple[str, str]:
    """A distance with the interval that it lies in, in Chinese and English, to 100 m; opens an English sentence."""
    if distance is None:
        return "未知", "Unknown"
    least, most = _km(distance.least_m), _km(distance.most_m)
    if distance.nominal_m is None:
        return f" {least}–{most} 千米（仅知所在行政区）", f"{least}–{most} km (only a district is known)"
    if distance.most_m - distance.least_m < EXACT_M:
        exact = f"{distance.nominal_m / M_PER_KM:.2f}"
        return f" {exact} 千米", f"{exact} km"
    nominal = _km(distance.nominal_m)
    return (
        f"约 {nominal} 千米（按位置精度为 {least}–{most} 千米）",
        f"About {nominal} km ({least}–{most} km, as exactly as the positions are known)",
    )


def _km(metres: float) -> str:
    """Kilometres to 100 m, the most that positions known to within hundreds of metres can bear."""
    return f"{metres / M_PER_KM:.1f}"
