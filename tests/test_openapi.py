"""The OpenAPI document: valid, complete, and written from what the service runs on, on both engines."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV30SpecValidator
from starlette.routing import Route
from starlette.testclient import TestClient

from bioplan_gis.api.openapi import openapi_document
from bioplan_gis.api.openapi_paths import MOST_PATHS_OF_LAYERS
from bioplan_gis.api.operations import OPERATIONS
from bioplan_gis.catalogue import Column
from bioplan_gis.storage.layers import Layer
from typed_layers import TYPES, parcels

MEDIA = "application/vnd.oai.openapi+json;version=3.0"
# Pages for people, and what browsers ask for unasked: no part of the API.
BESIDE_THE_DOCUMENT = {"/", "/favicon.ico"}
VARIABLES = {"layer_id": "collectionId", "feature_id": "featureId", "layout_id": "layoutId"}
LAYERS_OF_A_PROVINCE = 1_000
MOST_BYTES = 4_000_000
RESERVED = {"limit", "bbox", "datetime", "filter", "sortby", "properties", "crs", "f", "lang", "after", "count"}


def definition(client: TestClient) -> dict[str, Any]:
    answer = client.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA
    document: dict[str, Any] = answer.json()
    return document


def described_paths() -> set[str]:
    return {operation.path if operation.beside else f"/api{operation.path}".rstrip("/") for operation in OPERATIONS}


def routed_paths(app: FastAPI) -> set[str]:
    paths = [route.path for route in app.routes if isinstance(route, Route)]
    named = {
        re.sub(r"{([^}:]+)(?::path)?}", lambda found: f"{{{VARIABLES.get(found[1], found[1])}}}", path)
        for path in paths
    }
    return {path.rstrip("/") or "/" for path in named} - BESIDE_THE_DOCUMENT


def references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def followed(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = document
    for step in node["$ref"].split("/")[1:] if "$ref" in node else ():
        found = found[step]
    return found if "$ref" in node else node


def parameters_of(document: Mapping[str, Any], path: str) -> dict[str, Mapping[str, Any]]:
    asked = [followed(document, one) for one in document["paths"][path]["get"]["parameters"]]
    assert len({one["name"] for one in asked}) == len(asked), path
    return {one["name"]: one for one in asked}


def many_layers(count: int) -> list[Layer]:
    names = [f"字段{number}" for number in range(30)]
    columns = tuple(Column(name, "text", None, name, f"Field {name}") for name in names)
    return [replace(parcels(), id=f"图层_{number}", columns=columns) for number in range(count)]


def test_every_route_is_described_and_nothing_else(client: TestClient) -> None:
    app = client.app
    assert isinstance(app, FastAPI)
    assert routed_paths(app) == described_paths()
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


def test_the_document_is_valid_openapi_3_0(client: TestClient) -> None:
    document = definition(client)
    assert document["openapi"].startswith("3.0.")
    assert [str(fault) for fault in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_a_bureaus_document_is_valid_whatever_its_layers_are_called(bureau: TestClient) -> None:
    document = definition(bureau)
    assert [str(fault) for fault in OpenAPIV30SpecValidator(document).iter_errors()] == []
    layers = bureau.get("/api/collections").json()["collections"]
    assert {f"/collections/{layer['id']}/items" for layer in layers} <= set(document["paths"])


def test_references_lead_to_something_in_the_document(client: TestClient) -> None:
    document = definition(client)
    for reference in set(references(document)):
        assert reference.startswith("#/components/")
        assert followed(document, {"$ref": reference})


def test_whatever_stands_among_the_components_is_used(client: TestClient) -> None:
    document = definition(client)
    used = set(references(document))
    for kind, members in document["components"].items():
        assert {f"#/components/{kind}/{name}" for name in members} <= used, kind


def test_the_landing_page_leads_to_the_document_and_to_its_page(client: TestClient) -> None:
    links = client.get("/api").json()["links"]
    told = {(link["rel"], link["type"]): link["href"] for link in links}
    assert client.get(told["service-desc", MEDIA]).json() == definition(client)
    page = client.get(told["service-doc", "text/html"], headers={"accept": "text/html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "/collections/labs/items" in page.text


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/openapi"])
@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (MEDIA, MEDIA),
        (f"{MEDIA}, application/openapi+json;version=3.0, application/json", MEDIA),
        ("application/json", MEDIA),
        ("*/*", MEDIA),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
    ],
)
def test_a_program_gets_the_document_and_a_person_the_page(
    client: TestClient, path: str, accept: str, media: str
) -> None:
    assert client.get(path, headers={"accept": accept}).headers["content-type"] == media


def test_a_client_that_has_the_document_is_spared_it(client: TestClient) -> None:
    tag = client.get("/api/openapi.json").headers["etag"]
    again = client.get("/api/openapi.json", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_parameters_of_features_are_as_the_standard_defines_them(client: TestClient) -> None:
    document = definition(client)
    for layer in client.get("/api/collections").json()["collections"]:
        asked = parameters_of(document, f"/collections/{layer['id']}/items")
        for name in ("limit", "bbox", "datetime"):
            one = asked[name]
            assert (one["in"], one["required"], one["style"], one["explode"]) == ("query", False, "form", False)
        assert asked["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
        bbox = asked["bbox"]["schema"]
        assert (bbox["type"], bbox["minItems"], bbox["maxItems"], bbox["items"]["type"]) == ("array", 4, 6, "number")
        assert asked["datetime"]["schema"]["type"] == "string"
        assert asked["crs"]["schema"]["enum"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        assert {"cql2-text", "cql2-json", "cql-text"} == set(asked["filter-lang"]["schema"]["enum"])


def test_each_layers_columns_are_parameters_of_its_features(client: TestClient) -> None:
    document = definition(client)
    for layer in client.get("/api/collections").json()["collections"]:
        path = f"/collections/{layer['id']}/items"
        asked = parameters_of(document, path)
        columns = {column["name"]: column["type"] for column in layer["columns"]}
        assert {"id", *(name for name, kind in columns.items() if kind != "json")} - RESERVED <= set(asked)
        assert set(asked["properties"]["schema"]["items"]["enum"]) == {"id", *columns}
        assert "{" not in path
        for name in asked:
            assert client.get(f"/api{path}", params={name: "\x00"}).json()["parameter"] == name


def test_columns_have_the_types_of_their_values() -> None:
    document = openapi_document([parcels()], "http://host")
    asked = parameters_of(document, "/collections/地块/items")
    told = {name: followed(document, asked[name]["schema"]) for name in TYPES if name in asked}
    assert "指标" not in told
    assert {name: one["type"] for name, one in told.items()} == {
        "地块编号": "string", "name": "string", "面积（亩）": "number", "容积率": "number", "户数": "integer",
        "已出让": "boolean", "出让日期": "string", "开市": "string", "登记时间": "string", "更新": "string",
        "细分领域": "string",
    }  # fmt: skip
    assert told["出让日期"]["format"] == "date"
    assert told["更新"]["format"] == "date-time"


def test_a_plain_table_has_no_kinds_that_hold_geometry_only() -> None:
    document = openapi_document([parcels(geometry_type=None)], "http://host")
    operation = document["paths"]["/collections/地块/items"]["get"]
    assert "application/vnd.flatgeobuf" not in operation["responses"]["200"]["content"]
    assert "fgb" not in parameters_of(document, "/collections/地块/items")["f"]["schema"]["enum"]


def test_the_document_of_a_thousand_layers_stays_of_use() -> None:
    layers = many_layers(LAYERS_OF_A_PROVINCE)
    document = openapi_document(layers, "http://host")
    assert [str(fault) for fault in OpenAPIV30SpecValidator(document).iter_errors()] == []
    own = [path for path in document["paths"] if path.startswith("/collections/图层")]
    assert len(own) == MOST_PATHS_OF_LAYERS
    assert "/collections/{collectionId}/items" in document["paths"]
    assert len(json.dumps(document, ensure_ascii=False).encode()) < MOST_BYTES


def test_a_layer_whose_id_cannot_stand_in_a_path_is_reached_by_the_variable() -> None:
    document = openapi_document([replace(parcels(), id="甲{乙}")], "http://host")
    assert [str(fault) for fault in OpenAPIV30SpecValidator(document).iter_errors()] == []
    variable = parameters_of(document, "/collections/{collectionId}/items")["collectionId"]
    assert variable["schema"]["enum"] == ["甲{乙}"]


def test_the_document_names_the_address_that_was_asked(client: TestClient) -> None:
    assert definition(client)["servers"] == [{"url": "http://testserver/api"}]
    app: Callable[..., Any] = client.app
    behind_a_proxy = TestClient(app, base_url="https://plan.example", root_path="/gis")
    document = behind_a_proxy.get("/gis/api/openapi.json").json()
    assert document["servers"] == [{"url": "https://plan.example/gis/api"}]
    assert document["paths"]["/healthz"]["servers"] == [{"url": "https://plan.example/gis"}]


def test_each_text_is_in_both_languages(client: TestClient) -> None:
    document = definition(client)
    for path, item in document["paths"].items():
        operation = item["get"]
        asked = parameters_of(document, path).values() if "parameters" in operation else ()
        for text in (operation["summary"], *(one["description"] for one in asked)):
            assert re.search("[\u4e00-\u9fff]", text), (path, text)
