"""Imported layers as subject, as the place to be near, and as what land must lie within or keep clear of."""

from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient

from bioplan_gis.crs import area_m2
from imported import CORRECTIONS, PARCELS, PLOTS, RED_LINE, SAMPLE, SPOTS, STATIONS, square

ELLIPSOID = Geod(a=6378137, rf=298.257222101)
HERE = "120.02,30.28"


def sites(bureau: TestClient, near: str = HERE, **parameters: object) -> dict[str, Any]:
    response = bureau.get("/api/sites", params={"near": near, **parameters})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def found(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["properties"]["layer"], one["id"]) for one in answer["features"]]


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    shown = {one["id"]: one["properties"]["verdict"] for one in answer["features"]}
    return shown | {one["id"]: one["verdict"] for one in answer["rejected"]}


def refused(bureau: TestClient, **parameters: object) -> dict[str, Any]:
    response = bureau.get("/api/sites", params={"near": HERE, **parameters})
    assert response.status_code == 400, response.text
    problem: dict[str, Any] = response.json()
    return problem


def test_land_of_a_bureau_answers_beside_the_built_in_and_says_whose_it_is(bureau: TestClient):
    answer = sites(bureau, land_class="三类工业用地", limit=100)
    layers = {layer for layer, _ in found(answer)}
    assert layers == {"industrial_land", PARCELS}
    parcels = [one["properties"] for one in answer["features"] if one["properties"]["layer"] == PARCELS]
    assert {one["land_class"] for one in parcels} == {"M3"}
    assert {one["parcel_no"] for one in parcels} == {f"余政储出〔2024〕{number}号" for number in (2, 5, 8, 11)}
    told = {layer["id"]: layer for layer in answer["layers"]}
    assert told[PARCELS] == {
        "id": PARCELS, "title_zh": "余杭区工业地块", "title_en": "余杭区工业地块 (en)", "version": 1,
        "licence": "内部使用", "attribution": "余杭区规划局 ©", "source": "余杭区规划局", "imported": True,
        "synthetic": False,
    }  # fmt: skip
    assert answer["layer_versions"][PARCELS] == 1


def test_parcels_are_named_by_their_number_where_they_have_no_name(bureau: TestClient):
    named = {one["id"]: one["properties"] for one in sites(bureau, subject=PARCELS)["features"]}
    assert (named["0"]["name_zh"], named["0"]["name_en"]) == ("一号地", "一号地")
    assert named["1"]["name_zh"] == "余政储出〔2024〕1号"


def test_nearest_parcels_come_first_by_the_geodesic(bureau: TestClient):
    answer = sites(bureau, subject=PARCELS, max_distance_km=4)
    distances = {one["id"]: one["properties"]["distance_m"] for one in answer["features"]}
    assert list(distances.values()) == sorted(distances.values())
    corner = (120.03, 30.30)
    assert distances["3"] == pytest.approx(ELLIPSOID.inv(120.02, 30.28, *corner)[2], abs=1)
    assert set(distances) | {one["id"] for one in answer["rejected"]} == {str(number) for number in range(12)}


def test_an_area_of_the_table_decides(bureau: TestClient):
    answer = sites(bureau, subject=PARCELS, min_area_ha=8)
    assert sorted(verdicts(answer).items()) == sorted((str(n), "可" if n + 1 >= 8 else "否") for n in range(12))
    assert "由图形量得" in answer["features"][0]["properties"]["reason_zh"]


def test_made_up_land_answers_only_when_asked_for_and_says_what_it_is(bureau: TestClient):
    assert SAMPLE not in {layer for layer, _ in found(sites(bureau))}
    for asked in ({"synthetic": "true"}, {"subject": SAMPLE}):
        answer = sites(bureau, **asked)
        one = next(one["properties"] for one in answer["features"] if one["properties"]["layer"] == SAMPLE)
        assert one["synthetic"] is True
        assert one["reason_zh"].startswith("【合成数据")
        assert one["reason_en"].startswith("[Synthetic data")
        assert next(layer for layer in answer["layers"] if layer["id"] == SAMPLE)["synthetic"] is True
        assert "合成数据" in answer["statement_zh"]
        assert "synthetic" in answer["statement_en"]


def test_a_layer_of_any_columns_is_searched_with_its_measured_area(bureau: TestClient):
    answer = sites(bureau, subject=PLOTS, min_area_ha=1)
    assert verdicts(answer) == {"a": "可", "b": "否"}
    measured = area_m2(square(120.02, 30.28)) / 10_000
    assert f"{measured:.6g} 公顷（由图形量得）" in answer["features"][0]["properties"]["reason_zh"]


def test_a_column_called_like_a_judgement_stands_apart(bureau: TestClient):
    one = sites(bureau, subject=PLOTS)["features"][0]["properties"]
    assert (one["verdict"], one["columns"], one["面积"]) == ("可", {"verdict": "mine"}, 3.5)


def test_points_are_searched_and_their_area_is_uncertain(bureau: TestClient):
    answer = sites(bureau, subject=STATIONS, min_area_ha=1)
    assert set(verdicts(answer).values()) == {"不确定"}
    names = {one["id"]: one["properties"]["name_zh"] for one in answer["features"]}
    assert names["s3"] == "s3"


def test_a_class_is_refused_of_a_layer_without_classes(bureau: TestClient):
    problem = refused(bureau, subject=PLOTS, land_class="M3")
    assert problem["parameter"] == "land_class"
    assert "land_class" in problem["detail"]
    assert "--as industrial_land" in problem["detail"]


def test_a_subject_that_is_no_layer_or_has_no_shapes_is_refused(bureau: TestClient):
    for subject in ("no-such-layer", "documents", "links"):
        problem = refused(bureau, subject=subject)
        assert problem["parameter"] == "subject"
        assert PARCELS in problem["detail"]


def test_near_takes_a_feature_of_any_layer_and_a_point(bureau: TestClient):
    near = sites(bureau, near=f"{STATIONS}/s2", subject=PARCELS)["near"]
    assert (near["layer"], near["id"], near["imported"]) == (STATIONS, "s2", True)
    point = sites(bureau, near="120.02, 30.28", subject=PARCELS)["near"]
    assert point["layer"] is None
    assert point["geometry"] == {"type": "Point", "coordinates": [120.02, 30.28]}


@pytest.mark.parametrize(
    "near", ["190,30", "120.02,95", "no-such-lab", f"{STATIONS}/none", "documents/plan", "/", "a/"]
)
def test_a_place_that_there_is_not_is_refused(bureau: TestClient, near: str):
    response = bureau.get("/api/sites", params={"near": near})
    assert (response.status_code, response.json()["parameter"]) == (400, "near")


def test_an_imported_laboratory_goes_before_the_built_in_one_of_its_id(bureau: TestClient):
    answer = sites(bureau, near="westlake-university", subject=PARCELS)
    assert (answer["near"]["layer"], answer["near"]["imported"]) == (CORRECTIONS, True)
    assert answer["features"][0]["id"] == "5"
    assert CORRECTIONS in answer["layer_versions"]
    named = sites(bureau, near="labs/westlake-university", subject=PARCELS)["near"]
    assert (named["layer"], named["imported"]) == ("labs", False)


def test_a_made_up_laboratory_corrects_nothing(bureau: TestClient):
    assert sites(bureau, near="zhejiang-lab")["near"]["layer"] == "labs"
    answer = sites(bureau, near="fake/zhejiang-lab")
    assert answer["near"]["synthetic"] is True
    assert "假（合成数据）" in answer["features"][0]["properties"]["reason_zh"]


def test_a_made_up_layer_around_land_says_so_in_its_sentence(bureau: TestClient):
    findings = sites(bureau, subject=PARCELS, outside=f"{SAMPLE}:100")["features"][0]["properties"]["findings"]
    assert "“合成地块样本（合成数据）”" in findings[-1]["zh"]
    assert "(synthetic)” is" in findings[-1]["en"]


def test_inside_takes_what_lies_wholly_within(bureau: TestClient):
    answer = sites(bureau, subject=PARCELS, inside=RED_LINE)
    assert [one["id"] for one in answer["features"]] == ["2", "1"]
    partly = next(one for one in answer["rejected"] if one["id"] == "3")
    assert "未全部位于“生态红线”之内：面积的 25.0%在其内" in partly["reason_zh"]
    assert "25.0% of its area" in partly["reason_en"]
    out = next(one for one in answer["rejected"] if one["id"] == "6")
    assert "不在“生态红线”之内，最近相距" in out["reason_zh"]
    assert [layer["id"] for layer in answer["layers"]][:2] == [PARCELS, RED_LINE]


def test_outside_takes_nothing_that_reaches_in_or_too_near(bureau: TestClient):
    touching = verdicts(sites(bureau, subject=PARCELS, outside=RED_LINE))
    assert {number for number, verdict in touching.items() if verdict == "否"} == {"1", "2", "3"}
    gap_m = ELLIPSOID.inv(120.0305, 30.3, 120.04, 30.3)[2]
    for metres, verdict in ((int(gap_m) - 1, "可"), (int(gap_m) + 2, "否")):
        answer = sites(bureau, subject=PARCELS, outside=f"{RED_LINE}:{metres}")
        assert verdicts(answer)["4"] == verdict
    short = next(one for one in answer["rejected"] if one["id"] == "4")
    assert f"不足 {int(gap_m) + 2} 米，差" in short["reason_zh"]
    assert f"short of {int(gap_m) + 2} m by" in short["reason_en"]


def test_several_layers_bound_at_once(bureau: TestClient):
    answer = sites(bureau, subject=PARCELS, inside=["districts", RED_LINE], outside=[f"{STATIONS}:300", "water:10"])
    assert {one["id"] for one in answer["features"]} <= {"1", "2"}
    assert answer["question"]["outside"] == [f"{STATIONS}:300", "water:10"]
    conditions = [finding["condition"] for finding in answer["features"][0]["properties"]["findings"]]
    assert conditions == ["near", "inside", "inside", "outside", "outside"]


def test_a_vague_position_leaves_what_it_can_reach_uncertain(bureau: TestClient):
    inside = verdicts(sites(bureau, subject=SPOTS, inside=RED_LINE))
    assert inside == {"sure": "可", "vague": "不确定", "nowhere": "不确定"}
    outside = verdicts(sites(bureau, subject=SPOTS, outside=RED_LINE))
    assert outside == {"sure": "否", "vague": "不确定", "nowhere": "不确定"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("inside", "no-such"), ("inside", "water:5"), ("inside", ""), ("inside", "links"), ("inside", "documents"),
        ("outside", "water:-1"), ("outside", "water:abc"), ("outside", ":5"), ("outside", "water:"),
        ("outside", "water:99999999999"), ("outside", "documents"), ("synthetic", "yes"), ("subject", " "),
    ],
)  # fmt: skip
def test_a_bad_bound_names_the_parameter(bureau: TestClient, parameter: str, value: str):
    assert refused(bureau, **{parameter: value})["parameter"] == parameter
