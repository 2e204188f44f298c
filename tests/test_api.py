"""The feeds over HTTP, on both engines, over the product's own geodata."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import open_engine
from drafts import store

API = "/api"
ALL_RECORDS = (
    "zones", "labs", "parks", "industrial_land", "enterprises", "links", "tracks", "policies", "targets", "documents",
    "layouts",
)  # fmt: skip
HANGZHOU_CENTRE = "119.9,30.1,120.4,30.5"


def problem(client: TestClient, path: str, status: int = 400, **headers: str) -> dict[str, object]:
    """The problem document of a refused request."""
    response = client.get(path, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = response.json()
    assert document["status"] == status
    return document


def test_the_landing_page_leads_everywhere(client: TestClient) -> None:
    document = client.get(API).json()
    links = {link["rel"]: link for link in document["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    for link in document["links"]:
        answer = client.get(link["href"])
        assert answer.status_code == 200, link
        if link["rel"] != "service-desc":
            assert answer.headers["content-type"].startswith(link["type"].split(";")[0]), link


def test_conformance_names_core_and_geojson(client: TestClient) -> None:
    classes = client.get("/api/conformance").json()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson" in classes


def test_every_collection_answers_with_its_features(client: TestClient) -> None:
    collections = client.get("/api/collections").json()["collections"]
    assert {"districts", "zones", "parks", "industrial_land", "labs", "enterprises", "links", "towns", "water"} <= {
        collection["id"] for collection in collections
    }
    for collection in collections:
        items = client.get(f"/api/collections/{collection['id']}/items", params={"limit": 10_000})
        assert items.headers["content-type"] == "application/geo+json"
        document = items.json()
        assert document["numberMatched"] == document["numberReturned"] == collection["featureCount"] > 0
        assert all(feature["id"] for feature in document["features"])
        assert collection["attribution"]


def test_chinese_text_is_utf8_as_it_is(client: TestClient) -> None:
    body = client.get("/api/collections/labs/items/liangzhu-laboratory").content
    assert "良渚实验室".encode() in body
    assert b"\\u" not in body


def test_one_feature_is_the_same_as_in_its_page(client: TestClient) -> None:
    for feature in client.get("/api/collections/labs/items?limit=5").json()["features"]:
        alone = client.get(f"/api/collections/labs/items/{feature['id']}").json()
        assert {link["rel"] for link in alone.pop("links")} == {"self", "alternate", "collection"}
        assert alone == feature


def test_every_record_names_its_clause_or_its_source(client: TestClient) -> None:
    for layer in ALL_RECORDS:
        for feature in client.get(f"/api/collections/{layer}/items?limit=10000").json()["features"]:
            facts = feature["properties"]
            from_document = bool(facts["document"] and facts["clause"] and facts["citations"])
            assert from_document != bool(facts["source"]), (layer, feature["id"])


@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_walking_next_yields_every_id_once(client: TestClient, limit: int) -> None:
    path: str | None = f"/api/collections/labs/items?limit={limit}"
    ids: list[str] = []
    while path:
        page = client.get(path).json()
        assert page["numberReturned"] == len(page["features"]) <= limit
        ids += [feature["id"] for feature in page["features"]]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert len(ids) == len(set(ids)) == client.get("/api/collections/labs").json()["featureCount"]


def test_a_box_finds_what_lies_in_it_and_pages_within_it(client: TestClient) -> None:
    inside = client.get(f"/api/collections/labs/items?bbox={HANGZHOU_CENTRE}").json()
    ids = {feature["id"] for feature in inside["features"]}
    assert "liangzhu-laboratory" in ids
    assert inside["numberMatched"] < client.get("/api/collections/labs").json()["featureCount"]
    first = client.get(f"/api/collections/labs/items?bbox={HANGZHOU_CENTRE}&limit=1").json()
    assert "bbox=" in next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert client.get("/api/collections/labs/items?bbox=0,0,1,1").json()["features"] == []


def test_a_limit_above_the_most_is_clamped(client: TestClient) -> None:
    assert client.get("/api/collections/towns/items?limit=99999999").status_code == 200


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("bbox=1,2,3", "bbox"),
        ("bbox=a,b,c,d", "bbox"),
        ("bbox=120,31,121,30", "bbox"),
        ("bbox=nan,30,121,31", "bbox"),
        ("bbox=500,30,501,31", "bbox"),
        ("bbox=", "bbox"),
        ("datetime=yesterday", "datetime"),
        ("f=xml", "f"),
        ("after=x", "after"),
        ("after=99999999999999999999", "after"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
        ("f=%00", "f"),
        ("limit=١٠", "limit"),
        ("datetime=2024-W01", "datetime"),
        ("datetime=2024-02-01/2024-01-01", "datetime"),
        ("名称=良渚", "名称"),
    ],
)
def test_a_bad_parameter_is_named_with_what_would_be_right(client: TestClient, query: str, name: str) -> None:
    document = problem(client, f"/api/collections/labs/items?{query}")
    assert document["parameter"] == name
    assert document["detail"]
    english = problem(client, f"/api/collections/labs/items?{query}", **{"accept-language": "en-GB,en;q=0.9"})
    assert english["detail"] != document["detail"]
    assert str(english["detail"]).isascii() or name in str(english["detail"]) or "“" in str(english["detail"])


@pytest.mark.parametrize(
    "path",
    [
        "/api/collections/castles",
        "/api/collections/castles/items",
        "/api/collections/labs/items/nobody",
        "/api/layouts/nowhere",
        "/api/nothing",
        "/nothing",
        "/api/collections/labs/items/%00",
        "/api/collections/%27%3B--/items",
    ],
)
def test_what_is_not_there_is_a_404_that_says_so(client: TestClient, path: str) -> None:
    assert problem(client, path, 404)["code"] == "not-found"


def test_another_method_is_a_405(client: TestClient) -> None:
    response = client.post("/api/collections")
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


def test_head_is_get_without_a_body(client: TestClient) -> None:
    head, get = client.head("/api/collections/labs/items"), client.get("/api/collections/labs/items")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]


def test_an_entity_tag_spares_the_second_answer(client: TestClient) -> None:
    first = client.get("/api/collections/labs/items")
    again = client.get("/api/collections/labs/items", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/api/collections/labs/items?limit=1", headers={"if-none-match": first.headers["etag"]})
    assert other.status_code == 200


def test_an_entity_tag_follows_content_and_software_not_the_number_of_loads(client: TestClient) -> None:
    path = "/api/collections/labs/items"
    tag = client.get(path).headers["etag"]
    app = client.app
    assert isinstance(app, FastAPI)
    software = app.state.software
    app.state.software = "another release"
    other = client.get(path).headers["etag"]
    app.state.software = software
    assert other != tag == client.get(path).headers["etag"]


def test_content_changes_the_tag_though_the_version_begins_at_one_again(
    upgraded_url: Callable[[str], str], tmp_path: Path
) -> None:
    tags = []
    for name in ("甲", "乙"):
        url = f"sqlite:///{shutil.copyfile(upgraded_url('gpkg').removeprefix('sqlite:///'), tmp_path / name)}"
        engine = open_engine(url)
        store(engine, "labs", [{"id": "a", "name_zh": name}])
        engine.dispose()
        with TestClient(create_app(Settings(database_url=url))) as client:
            collection = client.get("/api/collections/labs")
            assert collection.json()["version"] == 1
            tags.append(collection.headers["etag"])
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    ("held", "status"), [("*", 304), ('"a*b"', 200), ('"other", {tag}', 304), ("", 200), ("{bare}", 304)]
)
def test_only_what_the_client_holds_is_spared(client: TestClient, held: str, status: int) -> None:
    tag = client.get("/api/layouts").headers["etag"]
    header = held.format(tag=tag, bare=tag.removeprefix("W/"))
    assert client.get("/api/layouts", headers={"if-none-match": header}).status_code == status


@pytest.mark.parametrize(
    ("languages", "english"),
    [("en", True), ("zh-CN,zh;q=0.9,en;q=0.8", False), ("de,en;q=0.5", True), ("en;q=inf,zh", False), ("", False)],
)
def test_problems_speak_the_clients_language(client: TestClient, languages: str, english: bool) -> None:  # noqa: FBT001
    document = problem(client, "/api/nothing", 404, **{"accept-language": languages})
    assert (document["title"] == "Not found") == english


def test_layouts_name_their_phrases_and_parts(client: TestClient) -> None:
    layouts = {layout["id"]: layout for layout in client.get("/api/layouts").json()["layouts"]}
    assert layouts["hangzhou-synbio-2024"]["phrase"] == "一心双核多元"
    assert layouts["linjiang-biomed-2022"]["phrase"] == "一核三区多点"
    assert layouts["suzhou-enclave-2022"]["phrase"] is None
    assert [part["count"] for part in layouts["hangzhou-synbio-2024"]["parts"]] == [1, 2, None]


def test_a_layout_holds_its_zones_in_order(client: TestClient) -> None:
    layout = client.get("/api/layouts/hangzhou-synbio-2024").json()
    zones = layout["zones"]["features"]
    assert [zone["properties"]["name_zh"] for zone in zones[:3]] == ["西湖区", "钱塘区", "萧山区"]
    assert all(zone["geometry"]["type"] in {"Polygon", "MultiPolygon"} for zone in zones)
    linjiang = client.get("/api/layouts/linjiang-biomed-2022").json()["zones"]["features"]
    assert linjiang[0]["geometry"]["type"] == "Point"
    assert linjiang[0]["properties"]["accuracy_m"] == 2000
    assert {zone["geometry"] for zone in linjiang[1:]} == {None}
    suzhou = client.get("/api/layouts/suzhou-enclave-2022").json()
    assert [link["properties"]["to_zh"] for link in suzhou["proposed_links"]["features"]] == [
        "常熟", "张家港", "太仓", "泰州", "连云港",
    ]  # fmt: skip


def test_lingang_is_never_shown(client: TestClient) -> None:
    for path in ("/api/layouts", "/api/layouts/linjiang-biomed-2022", "/api/collections/zones/items", "/"):
        assert "lingang" not in client.get(path).text.lower(), path


def test_health(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["layers"]["labs"] == 1


def test_answers_are_compressed_where_the_client_can_read_it(client: TestClient) -> None:
    answer = client.get("/api/collections/districts/items", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(answer.content)["type"] == "FeatureCollection"


def test_other_sites_may_read(client: TestClient) -> None:
    answer = client.get("/api/layouts", headers={"origin": "https://gis.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_the_map_opens_whatever_a_link_adds(client: TestClient) -> None:
    page = client.get("/?from=mail")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "一心双核多元" in page.text
