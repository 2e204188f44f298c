"""Sentences on how land stands to other layers, from the same numbers as the verdict."""

from dataclasses import dataclass

import numpy as np

from bioplan_gis.landuse import Verdict
from bioplan_gis.siting.conditions import M_PER_KM, VERDICTS, Finding
from bioplan_gis.siting.surroundings import Standing, Surrounding

Sentence = tuple[str, str]


@dataclass(frozen=True)
class One:
    """How one piece of land stands to a layer; as ``Standing``, of one, with the share of it that lies within."""

    verdict: Verdict
    covered: bool
    overlaps: bool
    nearest_m: float
    margin_m: float
    accuracy_m: float
    positioned: bool
    share: float


def explain_standings(surrounding: Surrounding, standing: Standing, shares: np.ndarray) -> list[Finding]:
    """A finding for each piece of land, in the order of the arrays."""
    columns = zip(
        (VERDICTS[code] for code in standing.codes),
        standing.covered.tolist(),
        standing.overlaps.tolist(),
        standing.nearest_m.tolist(),
        standing.margin_m.tolist(),
        standing.accuracy_m.tolist(),
        standing.positioned.tolist(),
        shares.tolist(),
        strict=True,
    )
    return [_finding(surrounding, One(*values)) for values in columns]


def metres_words(metres: float) -> Sentence:
    """A distance, below a kilometre to the metre, from there to 10 m."""
    if metres < M_PER_KM:
        return f" {metres:.0f} 米", f"{metres:.0f} m"
    return f" {metres / M_PER_KM:.2f} 千米", f"{metres / M_PER_KM:.2f} km"


def _finding(surrounding: Surrounding, one: One) -> Finding:
    words = _outside if surrounding.side == "outside" else _inside
    zh, en = _open(surrounding, one) if one.verdict is Verdict.UNCERTAIN else words(surrounding, one)
    return Finding(surrounding.side, one.verdict, zh, en)


def _outside(layer: Surrounding, one: One) -> Sentence:
    if one.overlaps:
        zh, en = _share_words(one)
        return (
            f"与“{layer.title_zh}”重叠{zh}，不在其外。",
            f"It overlaps “{layer.title_en}”{en}, and is not outside of it.",
        )
    if np.isnan(one.nearest_m):
        return f"“{layer.title_zh}”没有图形，必在其外。", f"“{layer.title_en}” has no shapes to keep clear of."
    nearest_zh, nearest_en = metres_words(one.nearest_m)
    bound_zh, bound_en = metres_words(layer.clearance_m)
    if one.verdict is Verdict.YES and layer.clearance_m == 0:
        zh = f"在“{layer.title_zh}”之外，最近相距{nearest_zh}{_doubt(one)[0]}。"
        return zh, f"It lies outside of “{layer.title_en}”, {nearest_en} from it at the nearest{_doubt(one)[1]}."
    if one.verdict is Verdict.YES:
        zh = f"距“{layer.title_zh}”最近{nearest_zh}{_doubt(one)[0]}，不少于{bound_zh}。"
        return zh, f"“{layer.title_en}” is {nearest_en} away at the nearest{_doubt(one)[1]}, {bound_en} or more."
    short_zh, short_en = metres_words(layer.clearance_m - one.nearest_m - one.accuracy_m)
    least_zh, least_en = ("至少", " at least") if one.accuracy_m else ("", "")
    zh = f"距“{layer.title_zh}”最近仅{nearest_zh}，不足{bound_zh}，{least_zh}差{short_zh}。"
    en = f"“{layer.title_en}” is only {nearest_en} away, short of {bound_en} by {short_en}{least_en}."
    return zh, en


def _inside(layer: Surrounding, one: One) -> Sentence:
    if one.verdict is Verdict.YES:
        margin_zh, margin_en = metres_words(one.margin_m)
        zh = f"全部位于“{layer.title_zh}”之内，距其边界{margin_zh}{_doubt(one)[0]}。"
        return zh, f"It lies wholly within “{layer.title_en}”, {margin_en} from its edge{_doubt(one)[1]}."
    if one.overlaps:
        zh, en = _share_words(one)
        part_zh, part_en = zh.strip("（）") or "只有一部分", en.strip(" ()") or "only part of it"
        zh = f"未全部位于“{layer.title_zh}”之内：{part_zh}在其内。"
        return zh, f"It does not lie wholly within “{layer.title_en}”: {part_en} does."
    if np.isnan(one.nearest_m):
        return f"不在“{layer.title_zh}”之内：其中没有面。", f"It is not within “{layer.title_en}”, which holds no area."
    nearest_zh, nearest_en = metres_words(one.nearest_m)
    zh = f"不在“{layer.title_zh}”之内，最近相距{nearest_zh}{_doubt(one)[0]}。"
    return zh, f"It is not within “{layer.title_en}”, {nearest_en} from it at the nearest{_doubt(one)[1]}."


def _open(layer: Surrounding, one: One) -> Sentence:
    """What is asked, why it cannot be told, and what would settle it."""
    asked_zh, asked_en = f"是否全部位于“{layer.title_zh}”之内", f"whether it lies wholly within “{layer.title_en}”"
    if layer.side == "outside":
        bound_zh, bound_en = metres_words(layer.clearance_m)
        asked_zh, asked_en = f"是否在“{layer.title_zh}”之外", f"whether it lies outside of “{layer.title_en}”"
        if layer.clearance_m:
            asked_zh = f"距“{layer.title_zh}”是否不少于{bound_zh}"
            asked_en = f"whether “{layer.title_en}” is {bound_en} away or more"
    if np.isnan(one.nearest_m):
        why_zh, why_en = "位置未公布", "its position is unpublished"
    elif not one.positioned:
        why_zh, why_en = "只知所在行政区", "only its district is known"
    else:
        nearest_zh, nearest_en = metres_words(one.nearest_m)
        accuracy_zh, accuracy_en = metres_words(one.accuracy_m)
        why_zh = f"按所给位置相距{nearest_zh}，位置精度 ±{accuracy_zh.strip()}"
        why_en = f"the position given is {nearest_en} from it and accurate to ±{accuracy_en}"
    return f"{asked_zh}不确定：{why_zh}，需核实位置。", (
        f"It is uncertain {asked_en}: {why_en}; a survey of the position would settle it."
    )


def _share_words(one: One) -> Sentence:
    """How much of the land lies within a layer, where it is an area that lies partly within."""
    if np.isnan(one.share) or one.covered:
        return ("（全部在内）", " (all of it lies within)") if one.covered else ("", "")
    percent = f"{min(99.9, max(0.1, 100 * one.share)):.1f}"
    return f"（面积的 {percent}%）", f" ({percent}% of its area)"


def _doubt(one: One) -> Sentence:
    if not one.positioned:
        return "（按所在行政区）", " (by its district)"
    if not one.accuracy_m:
        return "", ""
    zh, en = metres_words(one.accuracy_m)
    return f"（位置精度 ±{zh.strip()}）", f" (position accurate to ±{en})"
