"""The pages of the API as functions of their documents: escaped, complete in both languages, nothing in them twice."""

import json
import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from bioplan_gis.api.page_addresses import Addresses
from bioplan_gis.api.page_operations import groups_of, schema_text
from bioplan_gis.api.page_values import half, number, shown
from bioplan_gis.api.pages import POLICY, VIEWS, render

BASE = "https://plan.example"
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
TEMPLATES = sorted((Path(__file__).parents[1] / "web/pages").glob("*.html"))
# What a template says is said in both languages: t('中文', 'English'), in either kind of quotes.
SAID = re.compile(r"""\bt\(\s*('(?:[^'\n])*'|"(?:[^"\n])*")\s*,\s*('(?:[^'\n])*'|"(?:[^"\n])*")\s*\)""")
CODES = {"zh", "zh-CN", "en", "English", "中文"}
VOID = {"meta", "link", "input", "br", "img", "hr"}
HOSTILE = (
    "<script>window.struck=1</script>",
    "</script><img src=x onerror=window.struck=1>",
    "<!-- --> ]]>",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    '" onmouseover="window.struck=1" x=\'',
    "javascript:window.struck=1",
    "data:text/html,<script>1</script>",
    "//foreign.example/x",
    "\u202eabc\u202c \u200f",
    "عربى 中文 a",
    "𠀀 é ✓",
    "' OR 1=1 --",
    "a\nb\tc",
)


@dataclass
class Read(HTMLParser):
    """A page as a browser reads it: elements with their attributes, and the text that is shown."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the reader of the standard library."""
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """It ends, and it is the one that began last."""
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        """Text between."""
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All text."""
        return "".join(self.texts)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Elements and attributes without any value."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]


def read(page: bytes) -> Read:
    text = page.decode()
    assert text.startswith("<!doctype html>")
    one = Read()
    one.feed(text)
    one.close()
    assert one.open == []
    return one


def link(path: str, rel: str, kind: str = "application/json", title: str = "A link") -> dict[str, str]:
    return {"href": f"{BASE}{path}", "rel": rel, "type": kind, "title": title}


def collection(**changes: Any) -> dict[str, Any]:
    return {
        "id": "plots",
        "title": "Plots",
        "title_zh": "Plots",
        "title_en": "Plots",
        "description": "Plots.",
        "geometryType": "POLYGON",
        "featureCount": 2,
        "version": 1,
        "licence": "CC-BY-4.0",
        "attribution": "A bureau",
        "source": "",
        "imported": True,
        "synthetic": True,
        "conforms_to": None,
        "crs": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
        "extent": {"spatial": {"bbox": [[120.0, 30.0, 121.0, 31.0]]}},
        "columns": [
            {"name": "name", "type": "text", "unit": None, "title_zh": "Name", "title_en": "Name"},
            {"name": "area_ha", "type": "number", "unit": "ha", "title_zh": "Area", "title_en": "Area"},
            {"name": "document", "type": "text", "unit": None, "title_zh": "Document", "title_en": "Document"},
            {"name": "never", "type": "text", "unit": None, "title_zh": "Never", "title_en": "Never"},
        ],
        "links": [
            link("/api/collections/plots", "self"),
            link("/api/collections/plots/items", "items", "application/geo+json", "Plots"),
            link("/api/collections/plots/items?f=html", "items", "text/html; charset=utf-8", "Plots · HTML"),
            link(
                "/api/collections/plots/items?f=gpkg", "items", "application/geopackage+sqlite3", "Plots · GeoPackage"
            ),
            link("/api/collections/plots/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables"),
        ],
        **changes,
    }


def feature(name: object = "One", **changes: Any) -> dict[str, Any]:
    properties = {"name": name, "area_ha": 1.5, "document": "a-plan", "never": None}
    geometry = {"type": "Point", "coordinates": [120.5, 30.5]}
    return {"type": "Feature", "id": "plot-1", "geometry": geometry, "properties": properties, "links": [], **changes}


def features(*members: dict[str, Any], **changes: Any) -> dict[str, Any]:
    links = [link("/api/collections/plots/items?after=7", "next", "application/geo+json")]
    counts = {"numberMatched": 2, "numberReturned": len(members), "attribution": "A bureau"}
    return {"type": "FeatureCollection", "features": list(members), "links": links, **counts, **changes}


SCHEMA = {"title": "Plots", "properties": {"name": {"title": "Name", "type": "string", "enum": ["a", "b"]}}}
DEFINITION = {
    "openapi": "3.0.3",
    "info": {"title": "API", "description": "All of it."},
    "components": {"parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer"}}}},
    "paths": {"/api": {"get": {"parameters": [{"$ref": "#/components/parameters/limit"}], "responses": {"200": {}}}}},
}
LAYOUT = {
    "id": "one",
    "name_zh": "One",
    "name_en": "One",
    "phrase": "One",
    "phrase_en": "one core",
    "roles": [{"role": "core", "role_zh": "core", "role_en_singular": "core", "role_en_plural": "cores", "tier": 1}],
    "zones": features(feature(properties={"name_zh": "Zone", "name_en": "Zone", "tier": 1, "tracks": ["vaccines"]})),
    "proposed_links": features(),
    "links": [],
}
SITES = {
    **features(feature(properties={"name_zh": "Land", "name_en": "Land", "rank": 1, "layer": "land", "distance_m": 9})),
    "statement_zh": "Land",
    "statement_en": "Land",
    "rejected": [
        {"id": "far", "name_zh": "Far", "name_en": "Far", "layer": "land", "reason_zh": "f", "reason_en": "f"}
    ],
}
TILES = {"tilesets": [{"title": "Plots", "links": [link("/api/collections/plots/tiles/WebMercatorQuad", "self")]}]}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "landing": {"title": "Service", "description": "A service.", "links": [link("/api/collections", "data")]},
    "conformance": {
        "conformsTo": ["http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core", "urn:x"],
        "links": [],
    },
    "collections": {"collections": [collection()], "links": []},
    "collection": collection(),
    "items": features(feature(), feature(id="plot-2", geometry=None)),
    "item": feature(),
    "queryables": SCHEMA,
    "sortables": SCHEMA,
    "schema": SCHEMA,
    "functions": {"functions": [{"name": "casei", "arguments": [{"type": ["string"]}], "returns": ["string"]}]},
    "tilesets": TILES,
    "tileset": {
        "title": "Plots",
        "boundingBox": {"lowerLeft": [120, 30], "upperRight": [121, 31]},
        "tileMatrixSetLimits": [{"tileMatrix": str(zoom), "minTileRow": 0} for zoom in range(3)],
        "layers": [{"id": "plots", "propertiesSchema": {"properties": {"name": {"type": "string", "title": "Name"}}}}],
        "links": [
            {"href": f"{BASE}/t/{{tileMatrix}}", "rel": "item", "type": "application/vnd.mapbox-vector-tile"},
            link("/api/collections/plots", "collection"),
        ],
    },
    "tileMatrixSets": {"tileMatrixSets": [{"id": "Quad", "title": "All of it", "uri": "urn:x", "links": []}]},
    "tileMatrixSet": {"id": "Quad", "title": "All of it", "tileMatrices": [{"id": "0", "cellSize": 1.5}]},
    "api": DEFINITION,
    "layouts": {"layouts": [LAYOUT], "links": []},
    "layout": LAYOUT,
    "sites": SITES,
    "problem": {"status": 400, "title": "Bad", "detail": "No.", "parameter": "near", "value": "x", "code": "bad"},
    "anything": {"title": "Thing", "more": {"deep": [1, {"deeper": True}]}, "links": []},
}


def drawn(
    page: str, document: Any = None, *, english: bool = True, path: str = "/api/collections/plots/items"
) -> bytes:
    return render(
        page,
        DOCUMENTS[page] if document is None else document,
        english=english,
        url=f"{BASE}{path}",
        base=BASE,
        collection=collection(),
    )


def test_every_page_has_a_document_here():
    assert {*VIEWS, "anything"} == set(DOCUMENTS)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("page", DOCUMENTS)
def test_a_page_is_whole_and_says_its_language(page: str, language: str):
    english = language == "en"
    one = read(drawn(page, english=english))
    assert one.all("html") == [{"lang": language}]
    assert [tag for tag, _ in one.elements].count("h1") == 1
    assert [tag for tag, _ in one.elements].count("main") == 1
    other = next(attributes for attributes in one.all("a") if attributes.get("class") == "language")
    assert other["href"].endswith("lang=zh" if english else "lang=en")
    assert len(one.all("title")) == 1


@pytest.mark.parametrize("page", DOCUMENTS)
def test_the_english_page_of_an_english_document_has_no_chinese_but_the_switch(page: str):
    text = read(drawn(page)).text.replace("中文", "")
    assert CHINESE.findall(text) == []


@pytest.mark.parametrize("page", DOCUMENTS)
def test_a_page_has_no_script_or_style_of_its_own(page: str):
    one = read(drawn(page))
    assert all(set(script) == {"defer", "src"} for script in one.all("script"))
    assert one.all("style") == []
    attributes = {name for _, each in one.elements for name in each}
    assert [name for name in attributes if name.startswith("on") or name == "style"] == []
    loaded = [each.get("src") or each["href"] for each in [*one.all("script"), *one.all("link")]]
    assert [address for address in loaded if not address.startswith("/") or address.startswith("//")] == []


def test_the_policy_lets_in_this_host_alone():
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "default-src 'none'" in POLICY


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_everything_in_both_languages(template: Path):
    text = template.read_text(encoding="utf-8")
    pairs = [(zh[1:-1], en[1:-1]) for zh, en in SAID.findall(text)]
    said = [(zh, en) for zh, en in pairs if not {zh, en} <= CODES]
    assert [zh for zh, _ in said if re.search("[A-Za-z]{2}", zh) and not CHINESE.search(zh)] == []
    assert [en for _, en in said if CHINESE.search(en)] in ([], ["中文"], ["实验室"])
    unsaid = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<code>.*?</code>", "", text, flags=re.DOTALL)
    assert CHINESE.findall(unsaid) == []


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("page", DOCUMENTS)
def test_whatever_a_document_holds_is_shown_and_never_obeyed(page: str, hostile: str):
    """The same elements and attributes come out whether a text is harmless or not."""

    def poisoned(value: Any, text: str) -> Any:
        if isinstance(value, dict):
            fixed = {"type", "tier", "href", "rel", "$ref", "in", "name", "status", "code", "parameter"}
            return {name: one if name in fixed else poisoned(one, text) for name, one in value.items()}
        if isinstance(value, list):
            return [poisoned(one, text) for one in value]
        return text if isinstance(value, str) else value

    document = DOCUMENTS[page]
    assert read(drawn(page, poisoned(document, hostile))).shape == read(drawn(page, poisoned(document, "x y"))).shape


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_value_stands_in_the_page_as_it_is(hostile: str):
    for page, document in (("item", feature(hostile)), ("items", features(feature(hostile)))):
        assert hostile in read(drawn(page, document)).text
    address = read(drawn("items", path=f"/api/collections/plots/items?{Addresses('', '').data(filter=hostile)[2:]}"))
    assert hostile in address.text


@pytest.mark.parametrize("href", ["javascript:alert(1)", "data:text/html,x", "//foreign.example", "", "http//x", "x y"])
def test_a_link_that_is_no_address_of_the_web_is_left_out(href: str):
    document = {"title": "x", "links": [{"href": href, "rel": "next", "type": "text/html", "title": "here it is"}]}
    assert "here it is" not in read(drawn("anything", document)).text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(value=JSON, name=st.text())
def test_any_json_makes_a_page(value: Any, name: str):
    one = feature(properties={name: value, "name": value})
    for page, document in (("item", one), ("items", features(one)), ("anything", {name: value})):
        shape = read(drawn(page, document))
        assert [each for each in shape.all("script") if "src" not in each] == []


@given(st.text(st.characters(codec="utf-8")).filter(str.strip))
def test_a_text_is_shown_letter_by_letter(value: str):
    one = Read()
    one.feed(str(shown(value, english=True)))
    one.close()
    same = value.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    assert one.text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd") == same


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_shown_with_the_digits_of_the_json(value: float):
    assert float(number(value)) == float(value)
    assert number(value) in {json.dumps(value), json.dumps(value).removesuffix(".0")}


def test_the_features_are_fetched_and_not_carried():
    page = drawn("items", path="/api/collections/plots/items?limit=2&crs=x&lang=en&filter=a%3D1").decode()
    assert "coordinates" not in page
    source = next(each for each in read(page.encode()).all("div") if "data-map" in each)["data-source"]
    assert source == "/api/collections/plots/items?filter=a%3D1&limit=2&f=json"


def test_a_map_holds_no_more_features_than_its_page():
    """A page for people ends before the limit that was asked for; what it has left for the next one is not drawn."""
    page = read(drawn("items", path="/api/collections/plots/items?limit=9000"))
    assert any(each.get("data-source", "").endswith("?limit=2&f=json") for each in page.all("div"))
    last = read(drawn("items", features(feature(), links=[]), path="/api/collections/plots/items?limit=9000"))
    assert any(each.get("data-source", "").endswith("?limit=9000&f=json") for each in last.all("div"))


def test_a_page_without_geometry_has_no_map():
    page = drawn("items", features(feature(geometry=None))).decode()
    assert "leaflet" not in page
    assert "data-map" not in page


def column(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "unit": None, "title_zh": name, "title_en": name}


@pytest.mark.parametrize(
    ("kinds", "values", "example"),
    [
        ({"area_ha": "number", "name_zh": "text"}, {"area_ha": 2.5, "name_zh": "良渚 实验室"}, "name_zh LIKE '%良渚%'"),
        ({"名称": "text"}, {"名称": "100%_'工业'"}, "\"名称\" LIKE '%100%'"),
        ({'a "b"': "text"}, {'a "b"': "<b>"}, '"a ""b""" LIKE \'%b%\''),
        ({"date": "text"}, {"date": "%"}, '"date" IS NOT NULL'),
        ({"made": "date", "area_ha": "number"}, {"made": "2024-01-01", "area_ha": 2.5}, "area_ha >= 2.5"),
        ({"made": "date", "count": "integer"}, {"made": "2024-01-01", "count": None}, '"count" IS NOT NULL'),
        ({"made": "date", "tags": "list"}, {"made": "2024-01-01", "tags": ["a"]}, ""),
        ({"name_zh": "text"}, None, "name_zh IS NOT NULL"),
    ],
)
def test_the_example_of_a_condition_is_of_the_layers_own_columns(
    kinds: dict[str, str], values: dict[str, Any] | None, example: str
):
    owner = collection(columns=[column(name, kind) for name, kind in kinds.items()])
    held = features(*([] if values is None else [feature(properties=values)]))
    url = f"{BASE}/api/collections/plots/items"
    page = read(render("items", held, english=True, url=url, base=BASE, collection=owner))
    assert ("such as" in page.text) is bool(example)
    assert example in page.text


def test_the_example_of_a_condition_finds_what_it_was_taken_from(bureau: TestClient):
    layers = [one["id"] for one in bureau.get("/api/collections", params={"limit": 1000}).json()["collections"]]
    assert len(layers) > 15
    for layer in layers:
        path = f"/api/collections/{quote(layer)}/items"
        page = bureau.get(path, params={"f": "html", "limit": 3}).text
        example = unescape(page.split('id="filter-note">')[1].split("</small>")[0].split("code>")[1].removesuffix("</"))
        found = bureau.get(path, params={"filter": example, "limit": 1})
        assert found.status_code == 200, (layer, example, found.text)
        assert found.json()["features"] or example.endswith(" IS NOT NULL"), (layer, example)


def test_numbers_stand_at_the_right_with_their_unit():
    one = read(drawn("items"))
    assert {"data-title": "Area (ha)", "class": "number"} in one.all("td")
    assert "Area (ha)" in one.text


def test_rows_of_the_same_values_become_a_table_and_others_a_list():
    rows = [{"zoom": zoom, "rows": 2**zoom} for zoom in range(3)]
    one = Read()
    one.feed(str(shown(rows, english=True)))
    assert [len(one.all(tag)) for tag in ("th", "td", "tr")] == [2, 6, 4]
    assert "<table" not in shown([*rows, {"zoom": [3]}], english=True)
    assert "<table" not in shown([{}] * 3, english=True)
    assert "<table" not in shown([{"document": "a", "clause": "1"}] * 3, english=True)


def test_columns_without_a_value_are_named_and_not_shown():
    page = drawn("items").decode()
    table, _, rest = page.partition("</table>")
    assert "Never" not in table
    assert "Never" in rest


def test_an_imported_layers_columns_lead_nowhere():
    own = collection(imported=False)
    pages = [
        render("item", feature(), english=True, url=f"{BASE}/api", base=BASE, collection=owner).decode()
        for owner in (collection(), own)
    ]
    assert ["/api/collections/documents/items/a-plan" in page for page in pages] == [False, True]


def test_the_files_are_those_that_the_collection_offers_of_the_same_question():
    page = read(drawn("items", path="/api/collections/plots/items?filter=a%3D1&lang=en"))
    files = {each["href"] for each in page.all("a") if each.get("type")}
    assert {
        "/api/collections/plots/items?filter=a%3D1&f=gpkg",
        "/api/collections/plots/items?filter=a%3D1&f=json",
    } <= files


def test_a_language_that_was_asked_for_goes_along_and_a_format_does_not():
    at = Addresses(f"{BASE}/plan/api?lang=en&f=html&a=1", f"{BASE}/plan")
    assert at.page(f"{BASE}/plan/api/collections?f=html") == "/plan/api/collections?lang=en"
    assert at.page("https://foreign.example/?f=html") == "https://foreign.example/?f=html"
    assert at.page(f"{BASE}.evil.example/x") == f"{BASE}.evil.example/x"
    assert at.path("collections", "地块/1") == "/plan/api/collections/%E5%9C%B0%E5%9D%97%2F1?lang=en"
    assert at.in_language("zh") == "/plan/api?a=1&lang=zh"
    assert at.without("a") == "/plan/api?lang=en"
    assert (at.layer, Addresses(f"{BASE}/api/collections/%E5%9C%B0%2F1/items?a=1", BASE).layer) == ("", "地/1")
    assert Addresses(f"{BASE}//foreign.example/x?a=1", BASE).without("a") == "/foreign.example/x"


@pytest.mark.parametrize(
    ("joined", "zh", "en"),
    [
        ("图层 Layers", "图层", "Layers"),
        ("用 CQL2 筛选。 Filter in CQL2.", "用 CQL2 筛选。", "Filter in CQL2."),
        ("按 M3 筛选。 Class M3 (三类工业用地) only.", "按 M3 筛选。", "Class M3 (三类工业用地) only."),
        ("面积；无面为 0 Area; 0 where there is none", "面积；无面为 0", "Area; 0 where there is none"),
        ("几何类型，如 Point Type of the geometry", "几何类型，如 Point", "Type of the geometry"),
        ("GeoJSON 行 newline-delimited GeoJSON", "GeoJSON 行", "newline-delimited GeoJSON"),
        ("坐标系 Coordinate Reference Systems", "坐标系", "Coordinate Reference Systems"),
        ("只有中文。", "只有中文。", "只有中文。"),
        ("English only", "English only", "English only"),
        ("", "", ""),
    ],
)
def test_a_text_in_both_languages_is_told_apart(joined: str, zh: str, en: str):
    assert (half(joined, english=False), half(joined, english=True)) == (zh, en)


def test_the_definition_is_read_with_its_references():
    (operation,) = groups_of(DEFINITION)[""]
    assert operation.parameters == [{"name": "limit", "in": "query", "schema": {"type": "integer"}}]
    assert (
        schema_text({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}})
        == "array of integer 1…9"
    )
    looped = {
        "components": {"x": {"$ref": "#/components/x"}},
        "paths": {"/": {"get": {"parameters": [{"$ref": "#/components/x"}]}}},
    }
    assert groups_of(looped)[""][0].parameters


def test_a_page_is_the_same_bytes_every_time():
    assert all(drawn(page) == drawn(page) for page in DOCUMENTS)
