"""What a layer holds and what may be asked of it, as JSON Schema: true of the features, and of what filters take."""

import json
from urllib.parse import quote

import jsonschema
import pytest
from starlette.testclient import TestClient

from imported import PARCELS, PLOTS, STATIONS

KINDS = ("queryables", "sortables", "schema")
SOME = ("documents", "targets", "zones", STATIONS, PLOTS)


def document(client: TestClient, layer: str, kind: str) -> dict:
    response = client.get(f"/api/collections/{quote(layer, safe='')}/{kind}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/schema+json"
    return response.json()


def layers(client: TestClient) -> list[dict]:
    return client.get("/api/collections").json()["collections"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_layer_has_a_schema_that_is_one(bureau: TestClient, kind: str):
    for layer in layers(bureau):
        found = document(bureau, layer["id"], kind)
        jsonschema.Draft202012Validator.check_schema(found)
        assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert found["$id"] == f"http://testserver/api/collections/{quote(layer['id'], safe='')}/{kind}"
        assert (found["type"], found["additionalProperties"]) == ("object", False)
        assert bureau.get(found["$id"], headers={"accept": "application/schema+json"}).json() == found
        for described in found["properties"].values():
            assert described["title"]
            assert ("type" in described) != described.get("format", "").startswith("geometry-")


def test_features_are_what_the_schema_says(bureau: TestClient):
    for layer in layers(bureau):
        schema = document(bureau, layer["id"], "schema")
        path = f"/api/collections/{quote(layer['id'], safe='')}/items"
        validator = jsonschema.Draft202012Validator(nullable(schema))
        for feature in bureau.get(path, params={"limit": 200, "f": "geojson"}).json()["features"]:
            geometry = {"geometry": feature["geometry"]} if layer["geometryType"] else {}
            validator.validate({"id": feature["id"], **feature["properties"], **geometry})


def nullable(schema: dict) -> dict:
    """What is not known is null in GeoJSON."""
    properties = {name: {"anyOf": [{"type": "null"}, described]} for name, described in schema["properties"].items()}
    return schema | {"properties": properties}


@pytest.mark.parametrize("kind", ["queryables", "schema"])
def test_geometry_says_of_which_kind_it_is(bureau: TestClient, kind: str):
    for layer, kind_of in (("towns", "point"), ("links", "linestring"), ("parks", "any"), (PLOTS, "polygon")):
        geometry = document(bureau, layer, kind)["properties"]["geometry"]
        assert (geometry["format"], geometry["x-ogc-role"]) == (f"geometry-{kind_of}", "primary-geometry")
    assert "geometry" not in document(bureau, "policies", kind)["properties"]


def test_titles_units_and_words(bureau: TestClient):
    properties = document(bureau, "industrial_land", "queryables")["properties"]
    assert properties["land_class"]["enum"] == ["M1", "M2", "M3"]
    assert properties["area_ha"] == {
        "title": "面积 Area", "type": "number", "format": "double", "x-ogc-unit": "har",
    }  # fmt: skip
    assert properties["starting_price_yuan"]["description"] == "单位：元 Unit: yuan (CNY)"
    assert properties["tracks"]["type"] == "array"
    assert properties["status"]["enum"] == ["existing", "planned", "proposed"]
    assert document(bureau, PARCELS, "queryables")["properties"]["land_class"]["enum"] == ["M1", "M2", "M3"]
    assert "enum" not in document(bureau, PARCELS, "queryables")["properties"]["status"]


def test_columns_of_any_name_stand_there(bureau: TestClient):
    assert list(document(bureau, STATIONS, "queryables")["properties"]) == [
        "id", "站名", "换乘", "日客流", 'a "b" <c>', "geometry",
    ]  # fmt: skip


def test_the_schema_tells_roles_and_order(bureau: TestClient):
    properties = document(bureau, "documents", "schema")["properties"]
    assert properties["id"]["x-ogc-role"] == "id"
    assert properties["date"]["x-ogc-role"] == "primary-instant"
    assert "x-ogc-role" not in properties["in_force"]
    assert [described["x-ogc-propertySeq"] for described in properties.values()] == list(range(1, len(properties) + 1))
    assert all(described["readOnly"] for described in properties.values())


def test_sortables_are_what_sortby_takes(bureau: TestClient):
    for layer in SOME:
        found = document(bureau, layer, "sortables")["properties"]
        path = f"/api/collections/{quote(layer, safe='')}/items"
        assert {described["type"] for described in found.values()} <= {"string", "number", "integer", "boolean"}
        for name in document(bureau, layer, "schema")["properties"]:
            status = bureau.get(path, params={"sortby": f"-{name}", "limit": 1}).status_code
            assert (status == 200) == (name in found), name


def test_queryables_are_what_filters_take(bureau: TestClient):
    for layer in SOME:
        found = document(bureau, layer, "queryables")["properties"]
        path = f"/api/collections/{quote(layer, safe='')}/items"
        for name in document(bureau, layer, "schema")["properties"]:
            # What is no queryable may be asked for being there, and for nothing else.
            node = {"op": "isNull", "args": [{"property": name}]}
            text = json.dumps(node if name in found else {"op": "=", "args": [{"property": name}, "x"]})
            asked = {"filter": text, "filter-lang": "cql2-json", "limit": 1}
            status = bureau.get(path, params=asked).status_code
            assert (status == 200) == (name in found), name
        assert bureau.get(path, params={"filter": "nonesuch IS NULL"}).status_code == 400


def test_simple_queryables_are_parameters(bureau: TestClient):
    values = {"string": "x", "integer": "1", "number": "1.5", "boolean": "true"}
    formats = {"date": "2024-01-01", "date-time": "2024-01-01T00:00:00Z", "time": "08:00:00"}
    for layer in SOME:
        path = f"/api/collections/{quote(layer, safe='')}/items"
        for name, described in document(bureau, layer, "queryables")["properties"].items():
            if described.get("type") in values:
                value = formats.get(described.get("format", ""), values[described["type"]])
                assert bureau.get(path, params={name: value, "limit": 1}).status_code == 200, name


def test_functions_are_listed_and_can_be_called(bureau: TestClient):
    found = bureau.get("/api/functions")
    assert found.headers["content-type"] == "application/json"
    samples = {"geometry": "geometry", "string": "name_zh", "number": "area_ha", "datetime": "DATE('2024-05-06')"}
    answers = {"number": "< 1e9", "integer": "< 10000", "string": "<> 'x'"}
    for function in found.json()["functions"]:
        arguments = ", ".join(samples[argument["type"][0]] for argument in function["arguments"])
        text = f"{function['name']}({arguments}) {answers[function['returns'][0]]} AND geometry IS NOT NULL"
        answer = bureau.get(f"/api/collections/{quote(PARCELS)}/items", params={"filter": text})
        assert answer.status_code == 200, text
        assert {argument["type"][0] for argument in function["arguments"]} <= set(samples)


@pytest.mark.parametrize("path", ["/api/collections/labs/queryables", "/api/collections/labs/schema", "/api/functions"])
def test_a_browser_gets_a_page(client: TestClient, path: str):
    page = client.get(path, headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert client.get(path, params={"f": "html"}).text == page.text or page.status_code == 200
    held = client.get(path, headers={"if-none-match": client.get(path).headers["etag"]})
    assert held.status_code == 304


def test_what_is_not_there_is_not_found(client: TestClient):
    for kind in KINDS:
        assert client.get(f"/api/collections/nonesuch/{kind}").status_code == 404
        assert client.get(f"/api/collections/labs/{kind}", params={"x": "1"}).status_code == 400


def test_the_classes_are_declared_and_linked(client: TestClient):
    declared = set(client.get("/api/conformance").json()["conformsTo"])
    prefix = "http://www.opengis.net/spec/"
    assert {f"{prefix}ogcapi-features-3/1.0/conf/features-filter", f"{prefix}cql2/1.0/conf/cql2-text"} <= declared
    links = {link["rel"]: link for link in client.get("/api/collections/labs").json()["links"]}
    for kind in KINDS:
        link = links[f"http://www.opengis.net/def/rel/ogc/1.0/{kind}"]
        assert link["type"] == "application/schema+json"
        assert client.get(link["href"]).status_code == 200
