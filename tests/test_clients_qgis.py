"""QGIS, unchanged and without a screen, opens the feeds on both engines: features, files and vector tiles."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import shapely

from connected import COUNT, PARCELS, TYPED, Wire, parcels, python_of_qgis, run

SCRIPT = Path(__file__).parent / "clients/in_qgis.py"
BOX = (120.01, 30.275, 120.0231, 30.2799)
Qgis = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> Qgis:
    """``qgis(kind, …)``: a job of tests/clients/in_qgis.py, in a QGIS that nobody has used before."""
    python, home = python_of_qgis(), tmp_path_factory.mktemp("qgis")
    home.chmod(0o700)
    env = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"}

    def work(kind: str, **told: Any) -> dict[str, Any]:
        found = json.loads(run(python, SCRIPT, json.dumps({"kind": kind, **told}), env=env))
        assert found["valid"], found
        return found

    return work


def features(address: str, layer: str, more: str = "") -> dict[str, str]:
    """A layer of the service as a data source of QGIS."""
    return {"provider": "OAPIF", "source": f"url='{address}/api' typename='{layer}' {more}"}


def test_every_feature_arrives_by_next_links(qgis: Qgis, wire: Wire):
    found = qgis("vector", **features(wire.address, PARCELS, "pageSize='400'"))
    assert found["count"] == COUNT
    assert sorted(one["id"] for one in found["rows"]) == list(parcels()["编号"])
    followed = [one.query["after"] for one in wire.items(PARCELS) if "after" in one.query]
    assert len(followed) == len(set(followed)) == COUNT // 400


def test_every_layer_of_the_product_opens(qgis: Qgis, served_on: str):
    for layer in ("districts", "labs", "links"):
        found = qgis("vector", **features(served_on, layer))
        told = httpx2.get(f"{served_on}/api/collections/{layer}").json()
        assert len({one["id"] for one in found["rows"]}) == found["count"] == told["featureCount"]


def test_values_keep_their_types_and_chinese(qgis: Qgis, served_on: str):
    found = qgis("vector", **features(served_on, TYPED))
    assert found["fields"] == {
        "id": "String", "地块编号": "String", "name": "String", "面积（亩）": "Real", "容积率": "Real",
        "户数": "Integer64", "已出让": "Boolean", "出让日期": "Date", "开市": "Time", "登记时间": "DateTime",
        "更新": "DateTime", "细分领域": "StringList", "指标": "JSON",
    }  # fmt: skip
    assert found["rows"][0] == {
        "id": "甲/1", "地块编号": "余政储出〔2024〕1号", "name": "一号地", "面积（亩）": 12.5, "容积率": 2.0,
        "户数": 2**40, "已出让": True, "出让日期": "2024-05-06", "开市": "09:30:00", "登记时间": "2024-05-06T07:08:09",
        "更新": "2024-05-06T07:08:09", "细分领域": ["合成生物", "酶"], "指标": {"税收": 1.5},
    }  # fmt: skip
    assert set(found["rows"][1].values()) == {"乙", None}


def test_the_window_of_the_map_is_asked_of_the_service(qgis: Qgis, wire: Wire):
    found = qgis("vector", **features(wire.address, PARCELS, "restrictToRequestBBOX='1'"), box=BOX)
    inside = parcels().to_crs(4326).intersects(shapely.box(*BOX))
    assert sorted(one["id"] for one in found["rows"]) == list(parcels()["编号"][inside])
    assert [one for one in wire.items(PARCELS) if "bbox" in one.query]


def test_a_filter_of_the_layer_holds(qgis: Qgis, served_on: str):
    found = qgis("vector", **features(served_on, PARCELS), subset="\"用地类别\" = 'M3'")
    assert sorted(one["id"] for one in found["rows"]) == list(parcels()["编号"][parcels()["用地类别"] == "M3"])


def test_an_address_of_features_is_a_layer(qgis: Qgis, wire: Wire):
    address = f"{wire.address}/api/collections/{quote(PARCELS)}/items?limit={COUNT}"
    found = qgis("vector", provider="ogr", source=address)
    assert [one["编号"] for one in found["rows"]] == list(parcels()["编号"])
    assert wire.items(PARCELS)[0].headers["Accept"] == "text/plain, application/json"


def test_a_downloaded_geopackage_opens(qgis: Qgis, served_on: str, tmp_path: Path):
    answer = httpx2.get(f"{served_on}/api/collections/{quote(PARCELS)}/items?f=gpkg", timeout=60)
    assert answer.status_code == 200, answer.text
    (tmp_path / "地块.gpkg").write_bytes(answer.content)
    found = qgis("vector", provider="ogr", source=str(tmp_path / "地块.gpkg"))
    assert (found["count"], found["type"]) == (COUNT, 2)
    assert [one["地块名称"] for one in found["rows"]] == list(parcels()["地块名称"])


def test_vector_tiles_are_drawn_where_features_are(qgis: Qgis, served_on: str):
    template = f"{served_on}/api/collections/{quote(PARCELS)}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    source = f"type=xyz&url={quote(template, safe=':/{}')}&zmin=0&zmax=14"
    there = tuple(parcels().to_crs(3857).total_bounds)
    elsewhere = (there[0] + 50_000, there[1], there[2] + 50_000, there[3])
    assert qgis("tiles", source=source, box=there)["inked"] > 512 * 512 / 3
    assert qgis("tiles", source=source, box=elsewhere)["inked"] == 0
