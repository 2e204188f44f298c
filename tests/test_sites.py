"""Land near a laboratory: nearest first, with the interval of each distance and the reason, on both engines."""

from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient

LIANGZHU = (120.0165, 30.2805, 1000)
TIANMU = (119.352, 30.187, 4000)
ELLIPSOID = Geod(a=6378137, rf=298.257222101)


def sites(client: TestClient, **parameters: object) -> dict[str, Any]:
    response = client.get("/api/sites", params={"near": "liangzhu-laboratory", **parameters})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_m3_land_nearest_first_with_true_distances(client: TestClient) -> None:
    answer = sites(client, land_class="M3")
    distances = [feature["properties"]["distance_m"] for feature in answer["features"]]
    assert len(distances) == 3
    assert distances == sorted(distances)
    tianmu = next(one["properties"] for one in answer["features"] if one["properties"]["district"] == "330112")
    truth = ELLIPSOID.inv(*LIANGZHU[:2], *TIANMU[:2])[2]
    assert tianmu["distance_m"] == pytest.approx(truth, abs=1)
    assert tianmu["distance_min_m"] == pytest.approx(truth - 5000, abs=1)
    assert tianmu["distance_max_m"] == pytest.approx(truth + 5000, abs=1)


def test_each_answer_says_zone_tracks_and_why(client: TestClient) -> None:
    for feature in sites(client, land_class="三类工业用地", max_distance_km=100)["features"]:
        facts = feature["properties"]
        assert facts["zones"][0]["layout"] == "hangzhou-synbio-2024"
        assert facts["zones"][0]["tracks_zh"]
        assert "良渚实验室" in facts["reason_zh"]
        assert facts["zones"][0]["name_zh"] in facts["reason_zh"]
        assert "km" in facts["reason_en"]


def test_no_distance_is_assumed(client: TestClient) -> None:
    answer = sites(client, land_class="M3")
    assert answer["question"]["max_distance_km"] is None
    assert all(one["properties"]["verdict"] == "可" for one in answer["features"])


def test_an_empty_answer_names_the_nearest_rejected_land(client: TestClient) -> None:
    answer = sites(client, land_class="M3", max_distance_km=10)
    assert answer["features"] == []
    nearest = answer["rejected"][0]
    assert nearest["name_zh"] in answer["statement_zh"]
    assert nearest["name_en"] in answer["statement_en"]
    assert f"{nearest['distance_m'] / 1000:.1f} 千米" in answer["statement_zh"]
    assert nearest["verdict"] == "否"
    assert "至少多" in answer["statement_zh"]
    assert "at least" in answer["statement_en"]
    assert "至少多" in nearest["reason_zh"]


def test_an_unpublished_area_is_uncertain(client: TestClient) -> None:
    answer = sites(client, land_class="M3", min_area_ha=2)
    assert answer["numberMatched"] == 3
    assert {one["properties"]["verdict"] for one in answer["features"]} == {"不确定"}


def test_a_park_smaller_than_what_is_asked_is_rejected(client: TestClient) -> None:
    answer = sites(client, land_class="M3", min_area_ha=200)
    assert [one["district"] for one in answer["rejected"]] == ["330112"]
    assert "111.11" in answer["rejected"][0]["reason_zh"]


def test_a_distance_across_the_limit_is_uncertain(client: TestClient) -> None:
    nominal = next(
        one["properties"]["distance_m"]
        for one in sites(client)["features"]
        if one["properties"]["district"] == "330112"
    )
    answer = sites(client, max_distance_km=nominal / 1000)
    tianmu = next(one for one in answer["features"] if one["properties"]["district"] == "330112")
    assert tianmu["properties"]["verdict"] == "不确定"


def test_a_laboratory_known_to_its_district_has_an_interval_only(client: TestClient) -> None:
    answer = sites(client, near="zhejiang-microbial-pharma-erc")
    for feature in answer["features"]:
        facts = feature["properties"]
        assert facts["distance_m"] is None
        assert 0 < facts["distance_min_m"] < facts["distance_max_m"]


def test_a_class_without_land_says_so(client: TestClient) -> None:
    answer = sites(client, land_class="M1")
    assert answer["features"] == answer["rejected"] == []
    assert "M1" in answer["statement_zh"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("", "near"),
        ("near=", "near"),
        ("near=castle", "near"),
        ("near=liangzhu-laboratory&land_class=M9", "land_class"),
        ("near=liangzhu-laboratory&max_distance_km=-1", "max_distance_km"),
        ("near=liangzhu-laboratory&max_distance_km=0", "max_distance_km"),
        ("near=liangzhu-laboratory&max_distance_km=inf", "max_distance_km"),
        ("near=liangzhu-laboratory&max_distance_km=20公里", "max_distance_km"),
        ("near=liangzhu-laboratory&min_area_ha=nan", "min_area_ha"),
        ("near=liangzhu-laboratory&radius=5", "radius"),
    ],
)
def test_a_bad_question_names_the_parameter(client: TestClient, query: str, name: str) -> None:
    response = client.get(f"/api/sites?{query}")
    assert response.status_code == 400
    assert response.json()["parameter"] == name


def test_the_same_question_has_the_same_bytes(client: TestClient) -> None:
    query = "/api/sites?near=liangzhu-laboratory&land_class=M3&min_area_ha=2"
    assert client.get(query).content == client.get(query).content


def test_a_laboratory_without_a_position_promises_no_order(client: TestClient) -> None:
    answer = sites(client, near="tsinghua-university", land_class="M3")
    assert {one["properties"]["verdict"] for one in answer["features"]} == {"不确定"}
    assert {one["properties"]["distance_max_m"] for one in answer["features"]} == {None}
    assert "由近及远" not in answer["statement_zh"]
    assert "位置未公布" in answer["statement_zh"]
    assert "unpublished" in answer["statement_en"]
