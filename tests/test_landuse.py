"""One class under all its spellings; screening goes one way."""

import pytest

from bioplan_gis.errors import ParameterError
from bioplan_gis.landuse import CLASSES, Verdict, compatibility, land_class

M1, M2, M3 = CLASSES


@pytest.mark.parametrize(
    "text",
    [
        "M3",
        "m3",
        "m-3",
        "Ｍ３",
        "100103",
        "三类工业用地",
        "三类",
        "Ⅲ类工业用地",
        "3类",
        "class 3",
        "三类工业用地(M3)",
        "M3类",
        "1001 03",
        "M3三类工业用地",
        "M3-三类工业用地",
        "100103三类工业用地",
        "三类工业用地M3",
        "M3（100103）",
        "M3/100103",
        "工业用地（M3）",
        "工业用地（三类）",
        "工业用地-三类",
        "M3 工业用地",
        "第三类工业用地",
        "三类工业",
    ],
)
def test_every_spelling_of_m3_is_one_class(text: str) -> None:
    assert land_class(text) is M3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "M4",
        "M",
        "M1/M2",
        "M3(二类)",
        "100104",
        "住宅用地",
        "1001033",
        "xM3",
        "M1M2",
        "一、二类工业用地",
        "工业用地",
        "M2三类工业用地",
        "M3 住宅用地",
        "M13",
    ],
)
def test_what_is_no_class_is_refused_by_name(text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        land_class(text)
    assert caught.value.name == "land_class"
    assert caught.value.value == text
    assert "M1" in caught.value.en


@pytest.mark.parametrize(
    ("project", "land", "verdict"),
    [
        (M3, M3, Verdict.YES),
        (M1, M3, Verdict.CONDITIONAL),
        (M2, M3, Verdict.CONDITIONAL),
        (M3, M2, Verdict.NO),
        (M2, M1, Verdict.NO),
    ],
)
def test_screening_is_one_way(project: object, land: object, verdict: Verdict) -> None:
    assert compatibility(project, land) is verdict
