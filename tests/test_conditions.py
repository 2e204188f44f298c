"""Conditions are judged with how well their measures are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.extents import DistanceInterval, DistanceIntervals
from bioplan_gis.landuse import Verdict
from bioplan_gis.siting.conditions import VERDICTS, LandArea, judge_area, judge_distance, large_enough, near_enough

LAB = ("甲实验室", "Lab A")
FAR = DistanceInterval(nominal_m=30_000, least_m=25_000, most_m=35_000)


amounts = st.sampled_from((0.5, 1.0, 1.5)) | st.floats(0, 3)


@given(nominal=amounts, doubt=st.just(0.0) | amounts, limit=amounts)
def test_one_distance_is_judged_as_many_are(nominal: float, doubt: float, limit: float) -> None:
    ends = (nominal, max(0.0, nominal - doubt), nominal + doubt)
    code = near_enough(DistanceIntervals(*(np.array([end]) for end in ends)), limit)[0]
    assert judge_distance(*LAB, DistanceInterval(*ends), limit).verdict is VERDICTS[code]


@given(own=st.none() | amounts, frame=st.none() | amounts, least=amounts)
def test_one_area_is_judged_as_many_are(own: float | None, frame: float | None, least: float) -> None:
    known = (np.array([np.nan if one is None else one]) for one in (own, frame))
    assert LandArea(own, frame).reaches(least) is VERDICTS[large_enough(*known, least)[0]]


@pytest.mark.parametrize(
    ("limit_m", "verdict"),
    [(35_000, Verdict.YES), (34_999, Verdict.UNCERTAIN), (25_000, Verdict.UNCERTAIN), (24_999, Verdict.NO)],
)
def test_a_distance_is_uncertain_between_its_ends(limit_m: float, verdict: Verdict) -> None:
    assert judge_distance(*LAB, FAR, limit_m).verdict is verdict


def test_no_limit_is_no_condition() -> None:
    finding = judge_distance(*LAB, FAR, None)
    assert (finding.condition, finding.verdict) == ("near", Verdict.YES)
    assert "未限定距离" in finding.zh
    assert finding.en.startswith("About 30.0 km (25.0–35.0 km")


def test_an_unknown_position_is_uncertain() -> None:
    assert judge_distance(*LAB, None, 1_000_000).verdict is Verdict.UNCERTAIN


def test_a_missed_distance_says_by_how_much() -> None:
    finding = judge_distance(*LAB, FAR, 20_000)
    assert "至少多 5.0 千米" in finding.zh
    assert "by 5.0 km at least" in finding.en


@pytest.mark.parametrize(
    ("area", "least_ha", "verdict"),
    [
        (LandArea(own_ha=2, frame_ha=None), 2, Verdict.YES),
        (LandArea(own_ha=1.9, frame_ha=500), 2, Verdict.NO),
        (LandArea(own_ha=None, frame_ha=500), 2, Verdict.UNCERTAIN),
        (LandArea(own_ha=None, frame_ha=500), 500, Verdict.UNCERTAIN),
        (LandArea(own_ha=None, frame_ha=500), 501, Verdict.NO),
        (LandArea(own_ha=None, frame_ha=None), 2, Verdict.UNCERTAIN),
    ],
)
def test_a_park_area_excludes_but_never_confirms(area: LandArea, least_ha: float, verdict: Verdict) -> None:
    assert judge_area(area, least_ha).verdict is verdict


@given(least=st.floats(0, 1e5), width=st.floats(0, 1e5), limits=st.tuples(st.floats(0, 3e5), st.floats(0, 3e5)))
def test_a_wider_limit_never_judges_worse(least: float, width: float, limits: tuple[float, float]) -> None:
    order = [Verdict.NO, Verdict.UNCERTAIN, Verdict.YES]
    distance = DistanceInterval(nominal_m=least, least_m=least, most_m=least + width)
    narrow, wide = (order.index(judge_distance(*LAB, distance, limit).verdict) for limit in sorted(limits))
    assert narrow <= wide
