"""Tiles as the service gives them: found by links alone, described by three documents, refused where there are none."""

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import writing
from bioplan_gis.storage.overviews import renew_overviews
from bioplan_gis.tiling import MOST_ZOOM
from imported import HOSTILE, PARCELS, STATIONS, plain, put, square
from tiles import LAT, LON, at, decoded

MVT = "application/vnd.mapbox-vector-tile"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SET = "/api/collections/{}/tiles/WebMercatorQuad"


def _links(document: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [one for one in document["links"] if one["rel"] == rel]


def _follow(client: TestClient, document: dict[str, Any], rel: str) -> dict[str, Any]:
    (link,) = _links(document, rel)
    answer = client.get(link["href"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, link["type"])
    found: dict[str, Any] = answer.json()
    return found


def _tile(client: TestClient, layer: str, *place: int, query: str = "") -> Any:
    return client.get(f"{SET.format(quote(layer))}/{'/'.join(map(str, place))}{query}")


def test_the_one_matrix_set_is_the_webs(client: TestClient):
    landing = client.get("/api").json()
    (named,) = _follow(client, landing, f"{REL}tiling-schemes")["tileMatrixSets"]
    definition = _follow(client, named, "self")
    assert (named["id"], definition["uri"]) == ("WebMercatorQuad", named["uri"])
    first, *_, last = definition["tileMatrices"]
    assert len(definition["tileMatrices"]) == MOST_ZOOM + 1
    assert first["scaleDenominator"] == pytest.approx(559082264.0287178, rel=1e-12)
    assert first["cellSize"] == pytest.approx(156543.03392804097, rel=1e-12)
    assert first["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892])
    assert (last["id"], last["matrixWidth"], last["matrixHeight"]) == ("24", 2**24, 2**24)


def test_every_layer_with_geometry_leads_to_tiles_of_its_features(bureau: TestClient):
    collections = bureau.get("/api/collections").json()["collections"]
    assert {PARCELS, STATIONS, "labs"} <= {one["id"] for one in collections}
    for collection in collections:
        if collection["geometryType"] is None:
            assert _links(collection, f"{REL}tilesets-vector") == []
            continue
        (tileset,) = _follow(bureau, collection, f"{REL}tilesets-vector")["tilesets"]
        document = _follow(bureau, tileset, "self")
        assert document["dataType"] == tileset["dataType"] == "vector"
        (template,) = _links(document, "item")
        assert (template["type"], template["templated"]) == (MVT, True)
        (limit,) = [one for one in document["tileMatrixSetLimits"] if one["tileMatrix"] == "0"]
        assert (limit["minTileRow"], limit["maxTileRow"], limit["minTileCol"], limit["maxTileCol"]) == (0, 0, 0, 0)
        answer = bureau.get(template["href"].format(tileMatrix=0, tileRow=0, tileCol=0))
        assert answer.headers["content-type"] == MVT
        features = decoded(answer.content, collection["id"])
        (described,) = document["layers"]
        assert described["id"] == collection["id"]
        known = set(described["propertiesSchema"]["properties"])
        assert {column["name"] for column in collection["columns"]} < known
        assert all(set(one.properties) <= known and "id" in one.properties for one in features)


def test_limits_hold_every_tile_that_has_something(client: TestClient):
    document = client.get(SET.format("districts")).json()
    for limit in document["tileMatrixSetLimits"][:8]:
        zoom = int(limit["tileMatrix"])
        for row in range(limit["minTileRow"] - 2, limit["maxTileRow"] + 3):
            col = limit["minTileCol"] - 2
            if 0 <= row < 2**zoom and col >= 0:
                assert _tile(client, "districts", zoom, row, col).status_code == 204


def test_tilejson_says_what_the_tileset_does(bureau: TestClient):
    tileset = bureau.get(SET.format(quote(PARCELS))).json()
    tilejson = _follow(bureau, tileset, "describedby")
    assert tilejson["tilejson"] == "3.0.0"
    (tiles,), (vector,) = tilejson["tiles"], tilejson["vector_layers"]
    assert set(vector["fields"]) == set(tileset["layers"][0]["propertiesSchema"]["properties"])
    west, south, east, north = tilejson["bounds"]
    lon, lat, zoom = tilejson["center"]
    assert west < lon < east
    assert south < lat < north
    assert tilejson["minzoom"] <= zoom <= tilejson["maxzoom"]
    row, col = at(zoom, lon, lat)
    answer = bureau.get(tiles.format(z=zoom, y=row, x=col))
    assert decoded(answer.content, vector["id"])


def test_a_style_draws_the_layer_with_nothing_from_elsewhere(bureau: TestClient):
    tileset = bureau.get(SET.format(quote(PARCELS))).json()
    style = _follow(bureau, tileset, "stylesheet")
    assert style["version"] == 8
    (source,) = style["sources"].values()
    assert source["type"] == "vector"
    assert bureau.get(source["url"]).json()["tilejson"] == "3.0.0"
    assert {"glyphs", "sprite"} & style.keys() == set()
    hosts = {urlsplit(text).netloc for text in _texts(style) if "//" in text}
    assert hosts == {urlsplit(str(bureau.base_url)).netloc}
    drawn = [one for one in style["layers"] if one["type"] != "background"]
    assert {one["source-layer"] for one in drawn} == {PARCELS}
    assert "symbol" not in {one["type"] for one in drawn}
    assert {"#D9BE9F", "#BB9674", "#873E1B"} <= set(_texts(style))


def _texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize("renewed", [True, False], ids=["overviews", "made when asked for"])
def test_cells_call_nothing_as_a_column_is_called(engine: Engine, *, renewed):
    """A bureau's own columns ``count`` and so on, in values that are too heavy for a tile of features."""
    own = {"count": "integer", "count_": "text", "aggregated": "boolean", "area_m2": "number"}
    records = [
        {"id": str(each), "count": 7, "count_": f"{each} " * 400, "aggregated": True, "area_m2": 1.5}
        for each in range(600)
    ]
    shapes = [square(LON + each * 1e-4, LAT, 1e-4) for each in range(600)]
    put(engine, plain("plots", "图斑", "POLYGON", own), records, shapes)
    if renewed:
        with writing(engine) as connection:
            renew_overviews(connection)
    url = engine.url.render_as_string(hide_password=False)
    with TestClient(create_app(Settings(database_url=url))) as client:
        cells = decoded(_tile(client, "plots", 9, *at(9, LON, LAT)).content, "plots")
        features = decoded(_tile(client, "plots", 17, *at(17, LON, LAT)).content, "plots")
        tileset = client.get(SET.format("plots")).json()
        fields = _follow(client, tileset, "describedby")["vector_layers"][0]["fields"]
        style = _follow(client, tileset, "stylesheet")
    assert all(set(one.properties) == {"aggregated_", "count__", "area_m2_"} for one in cells)
    assert sum(one.properties["count__"] for one in cells) == 600
    assert all(one.properties.keys() == {"id", *own} and one.properties["count"] == 7 for one in features)
    assert set(fields) == set(tileset["layers"][0]["propertiesSchema"]["properties"])
    assert set(fields) == {"id", *own, "aggregated_", "count__", "area_m2_"}
    assert {"aggregated_", "count__"} <= set(_texts(style))
    assert {"aggregated", "count"} & set(_texts(style)) == set()
    assert "count__ (how many)" in tileset["description"]


def test_hostile_values_are_properties_and_attribution_is_no_markup(bureau: TestClient):
    row, col = at(14, 120.001, 30.301)
    values = [one.properties.get("站名") for one in decoded(_tile(bureau, STATIONS, 14, row, col).content, STATIONS)]
    assert HOSTILE in values
    for collection in bureau.get("/api/collections").json()["collections"]:
        if collection["geometryType"]:
            tilejson = bureau.get(f"{SET.format(quote(collection['id']))}/tilejson").json()
            assert "<" not in tilejson["attribution"]


def test_a_tile_of_chosen_features_and_columns(client: TestClient):
    row, col = at(5, LON, LAT)
    whole = decoded(_tile(client, "districts", 5, row, col).content, "districts")
    query = "?filter=scope = 'hangzhou'&properties=name_zh"
    some = decoded(_tile(client, "districts", 5, row, col, query=query).content, "districts")
    expected = {one.properties["id"] for one in whole if one.properties["scope"] == "hangzhou"}
    assert {one.properties["id"] for one in some} == expected != set()
    assert all(set(one.properties) == {"id", "name_zh"} for one in some)
    assert decoded(_tile(client, "districts", 5, row, col, query="?datetime=2024-01-01").content, "districts")


@pytest.mark.parametrize(
    "place",
    [
        "25/0/0",
        "3/8/0",
        "3/0/8",
        "0/-1/0",
        "1/0/1.5",
        "a/b/c",
        "1/0/9999999999999999999999",
        "٣/٠/٠",
        "5/00/0",
        "05/0/0",
        "5/0/01",
        "5/+1/0",
    ],
)
def test_a_tile_that_there_is_not_is_not_found(client: TestClient, place: str):
    answer = client.get(f"{SET.format('labs')}/{place}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert f"no tile {place[:20]}" in answer.json()["detail"]


def test_a_table_without_geometry_has_no_tiles(client: TestClient):
    for path in (f"{SET.format('policies')}/0/0/0", SET.format("policies"), "/api/collections/policies/styles/default"):
        answer = client.get(path, headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert "without geometry" in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["?f=png", "?f=json", "?limit=5", "?filter=nothing = 1", "?properties=nothing", "?datetime=soon"]
)
def test_a_parameter_that_is_of_no_use_is_refused(client: TestClient, query: str):
    answer = _tile(client, "labs", 0, 0, 0, query=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")


def test_a_tile_is_not_sent_again_to_whoever_holds_it(client: TestClient):
    row, col = at(8, LON, LAT)
    first = _tile(client, "labs", 8, row, col)
    path = urlsplit(str(first.url)).path
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path).content == first.content
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


def test_a_tile_of_nothing_has_no_content_and_a_tag(client: TestClient):
    empty = _tile(client, "labs", 8, 0, 0)
    assert (empty.status_code, empty.content) == (204, b"")
    again = client.get(str(empty.url), headers={"If-None-Match": empty.headers["etag"]})
    assert again.status_code == 304


def test_documents_have_pages(client: TestClient):
    for path in (
        "/api/tileMatrixSets",
        "/api/tileMatrixSets/WebMercatorQuad",
        "/api/collections/labs/tiles",
        SET.format("labs"),
    ):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_what_is_declared_is_what_stands(client: TestClient):
    declared = client.get("/api/conformance").json()["conformsTo"]
    for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in declared
    paths = client.get("/api/openapi.json").json()["paths"]
    tile = paths["/collections/{collectionId}/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}"]["get"]
    assert {"200", "204", "304", "404"} <= tile["responses"].keys()
    assert tile["responses"]["200"]["content"].keys() == {MVT}
