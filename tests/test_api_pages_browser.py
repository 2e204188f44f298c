"""The pages of the API as they are served, in a real browser: what they show, what they ask of the network, and how."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.testclient import TestClient

from imported import HOSTILE, SAMPLE, SPOTS, STATIONS, TURNING
from processes import serving

DESK, PHONE = (1440, 900), (360, 740)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
PATHS = (
    "/api",
    "/api/conformance",
    "/api/collections",
    "/api/collections/labs",
    "/api/collections/labs/items",
    "/api/collections/labs/items/liangzhu-laboratory",
    "/api/collections/tracks/items",
    "/api/collections/labs/queryables",
    "/api/collections/labs/sortables",
    "/api/collections/labs/schema",
    "/api/collections/labs/tiles",
    "/api/collections/labs/tiles/WebMercatorQuad",
    "/api/tileMatrixSets",
    "/api/tileMatrixSets/WebMercatorQuad",
    "/api/functions",
    "/api/openapi",
    "/api/layouts",
    "/api/layouts/hangzhou-synbio-2024",
    "/api/sites?near=liangzhu-laboratory",
    "/api/nothing-here",
)
LABS = "/api/collections/labs/items"
HTML = {"Accept": "text/html,application/xhtml+xml"}
MOST_BYTES_OF_A_PAGE = 60_000
READY = "[data-map][data-ready]"
SHAPES = f"{READY} .leaflet-overlay-pane path"


@dataclass
class Visit:
    """A page, what it asked for, and what it complained of."""

    page: Page
    base: str
    scripted: bool
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write down what the page does from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def to(self, path: str, language: str = "en") -> Page:
        """Open a page of the service."""
        self.page.goto(f"{self.base}{path}{'&' if '?' in path else '?'}lang={language}")
        if self.scripted and self.page.locator("[data-map]").count():
            expect(self.page.locator(READY)).to_be_visible()
        return self.page

    def _complain(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "status of 404" not in text:
            self.complaints.append(text)


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, served: str) -> Iterator[Open]:
    """``visit(size)`` opens a browser's window; complaints and requests to other hosts fail the test at its end."""
    yield from visiting(browser, served)


@pytest.fixture(scope="module")
def bureau_served(bureau_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``bioplan serve`` over a bureau's data, as a process of its own; its address."""
    env = {"BIOPLAN_DATABASE_URL": bureau_url("gpkg")}
    with serving([sys.executable, "-m", "bioplan_gis.cli"], env=env, cwd=tmp_path_factory.mktemp("pages")) as address:
        yield address


@pytest.fixture
def bureau_visit(browser: Browser, bureau_served: str) -> Iterator[Open]:
    """``visit`` of a service that holds what a bureau brought in."""
    yield from visiting(browser, bureau_served)


def visiting(browser: Browser, served: str) -> Iterator[Open]:
    """What opens windows, and the judgement at the end."""
    contexts: list[BrowserContext] = []
    visits: list[Visit] = []

    def opened(size: tuple[int, int] = DESK, **options: Any) -> Visit:
        contexts.append(browser.new_context(viewport={"width": size[0], "height": size[1]}, **options))
        visits.append(Visit(contexts[-1].new_page(), served, options.get("java_script_enabled", True)))
        visits[-1].watch()
        return visits[-1]

    yield opened
    for context in contexts:
        context.close()
    asked = [url for one in visits for url in one.requests]
    assert [url for url in asked if not url.startswith((f"{served}/", "data:"))] == []
    assert [complaint for one in visits for complaint in one.complaints] == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_its_window_and_speaks_both_languages(visit: Open, path: str):
    one = visit()
    for language, lang in (("zh", "zh-CN"), ("en", "en")):
        page = one.to(path, language)
        expect(page.locator("html")).to_have_attribute("lang", lang)
        expect(page.locator("h1")).to_be_visible()
        heading = page.locator(".masthead").inner_text().replace("中文", "")
        assert bool(CHINESE.search(heading)) is (language == "zh")
        for width, height in (PHONE, DESK):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_map_shows_the_features_of_the_page_and_no_others(visit: Open, served: str):
    one = visit()
    page = one.to(f"{LABS}?limit=20")
    features = httpx2.get(f"{served}{LABS}", params={"limit": 20}).json()["features"]
    placed = [feature for feature in features if feature["geometry"] is not None]
    assert 0 < len(placed) < len(features)
    points = [feature["geometry"] for feature in placed]
    assert {geometry["type"] for geometry in points} <= {"Point", "MultiPoint"}
    expect(page.locator(SHAPES)).to_have_count(
        sum(len(one["coordinates"]) if one["type"] == "MultiPoint" else 1 for one in points)
    )
    expect(page.locator("tbody tr")).to_have_count(len(features))
    expect(page.locator("figcaption")).to_contain_text(str(len(features) - len(placed)))
    assert any("limit=20&f=json" in url for url in one.requests)


def test_a_map_stands_on_the_districts(visit: Open):
    page = visit().to(LABS)
    expect(page.locator(READY)).to_be_visible()
    assert page.locator(".leaflet-ground-pane path").count() > 5
    expect(page.locator(".district-name bdi", has_text="Anji County")).to_be_visible()


def test_a_table_without_geometry_has_no_map(visit: Open):
    page = visit().to("/api/collections/tracks/items")
    expect(page.locator("[data-map]")).to_have_count(0)
    expect(page.locator("tbody tr")).to_have_count(90)


def test_a_tileset_draws_its_own_tiles(visit: Open):
    one = visit()
    page = one.to("/api/collections/districts/tiles/WebMercatorQuad")
    expect(page.locator(f"{READY} .leaflet-tile-loaded").first).to_be_visible()
    inked = page.locator(f"{READY} canvas.leaflet-tile-loaded").evaluate_all(
        """(tiles) => tiles.map((tile) => tile.getContext("2d").getImageData(0, 0, tile.width, tile.height).data
            .some((value) => value > 0)).filter(Boolean).length"""
    )
    assert inked > 0
    assert any(re.search(r"/tiles/WebMercatorQuad/\d+/\d+/\d+", url) for url in one.requests)


def test_the_switch_leads_to_the_same_page_in_the_other_language(visit: Open):
    page = visit().to(f"{LABS}?limit=5", "zh")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text("Laboratories and platforms")
    expect(page.locator("tbody tr")).to_have_count(5)
    page.get_by_role("link", name="Layers").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_browsers_language_decides_where_the_address_does_not(visit: Open, served: str):
    for locale, lang in (("en-GB", "en"), ("zh-CN", "zh-CN"), ("de-DE", "zh-CN")):
        page = visit(locale=locale).page
        page.goto(f"{served}/api/collections")
        expect(page.locator("html")).to_have_attribute("lang", lang)


def test_walking_the_next_pages_meets_every_feature_once(visit: Open, served: str):
    page = visit().to(f"{LABS}?limit=20&sortby=-name_zh")
    met: list[str] = []
    while True:
        met += page.locator("tbody th a").all_inner_texts()
        following = page.locator("a[rel=next]")
        if not following.count():
            break
        following.click()
    every = httpx2.get(f"{served}{LABS}", params={"limit": 1000, "sortby": "-name_zh"}).json()["features"]
    assert met == [feature["id"] for feature in every]
    expect(page.get_by_role("link", name="First page")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_asks_and_the_page_says_what_was_asked(visit: Open, scripts: bool):  # noqa: FBT001
    page = visit(java_script_enabled=scripts).to(LABS)
    page.get_by_label("Condition (CQL2)").fill("name_en LIKE '%Laboratory%'")
    page.get_by_label("Sort by").fill("-name_en")
    page.get_by_role("button", name="Apply").click()
    chosen = page.locator(".chosen li")
    expect(chosen).to_have_count(2)
    expect(chosen.first).to_contain_text("LIKE '%Laboratory%'")
    names = page.locator("tbody td:nth-child(2)").all_inner_texts()
    assert names == sorted(names, reverse=True)
    assert all("Laboratory" in name for name in names)
    page.get_by_role("link", name="Remove the condition filter").click()
    expect(page.locator(".chosen li")).to_have_count(1)


def test_the_box_of_the_map_becomes_the_box_of_the_question(visit: Open):
    page = visit().to(LABS)
    expect(page.locator(READY)).to_be_visible()
    page.get_by_role("button", name="Take the map's").click()
    box = [float(edge) for edge in page.get_by_label("Within").input_value().split(",")]
    assert box[0] < 120 < box[2]
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chosen li")).to_contain_text("bbox")


def test_a_heading_sorts_and_turns_round(visit: Open):
    page = visit().to(f"{LABS}?limit=30")
    heading = page.locator("thead a", has_text=re.compile("^English name$"))
    for order, turned in (("ascending", False), ("descending", True)):
        heading.click()
        expect(page.locator(f"th[aria-sort={order}]")).to_have_text("English name")
        names = page.locator("tbody td:nth-child(2)").all_inner_texts()
        assert names == sorted(names, reverse=turned)


def test_a_row_shows_its_feature_on_the_map(visit: Open):
    page = visit().to(LABS)
    row = page.locator("tr[data-id='liangzhu-laboratory']")
    expect(page.locator(READY)).to_be_visible()
    row.locator("a").first.focus()
    expect(row).to_have_class("chosen-row")
    expect(page.locator(f"{SHAPES}[stroke='#b1402f']")).to_have_count(1)


def test_a_shape_tells_its_name_and_leads_to_its_page(visit: Open):
    page = visit().to(f"{LABS}?filter=name_en='Liangzhu Laboratory'")
    page.locator(SHAPES).first.click()
    page.locator(".leaflet-popup a", has_text="Liangzhu Laboratory").click()
    expect(page.locator("h1")).to_contain_text("Liangzhu Laboratory")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_an_item_tells_its_clause_and_its_accuracy(visit: Open):
    page = visit().to(f"{LABS}/liangzhu-laboratory")
    expect(page.locator("dt:has-text('Citations') + dd")).to_contain_text("三(三)")
    expect(page.locator("dt:has-text('Positional accuracy') + dd")).to_contain_text("1000 m")
    expect(page.locator(SHAPES)).to_have_count(2)  # the place, and how exactly it is known
    page.locator("dt:has-text('Citations') + dd a").first.click()
    expect(page.locator("h1")).to_contain_text("Three-Year Action Plan")


def test_everything_is_reached_by_keyboard(visit: Open):
    page = visit().to("/api")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".cards a").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Layers")


def test_a_page_without_scripts_has_its_table_and_links(visit: Open):
    page = visit(java_script_enabled=False).to(LABS)
    expect(page.locator("tbody tr")).to_have_count(57)
    expect(page.locator("noscript")).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.locator(".facts").first).to_be_visible()


def test_an_address_for_other_programs_can_be_copied(visit: Open, served: str):
    one = visit(permissions=["clipboard-read", "clipboard-write"])
    page = one.to("/api/collections/labs")
    page.locator("[data-copy]").first.click()
    expect(page.locator("[data-copy]").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{served}/api"


def test_a_mistake_is_explained_on_a_page_of_its_own(visit: Open, served: str):
    one = visit()
    page = one.page
    page.goto(f"{served}/api/sites?near=%3Cscript%3Ewindow.struck%3D1%3C/script%3E&lang=en")
    expect(page.locator("h1")).to_have_text("Bad parameter")
    expect(page.locator("dd").nth(1)).to_have_text("<script>window.struck=1</script>")
    assert page.evaluate("window.struck") is None
    one.complaints.remove("Failed to load resource: the server responded with a status of 400 (Bad Request)")


def test_values_of_an_imported_layer_are_shown_and_never_run(bureau_visit: Open):
    page = bureau_visit().to(f"/api/collections/{quote(STATIONS)}/items")
    expect(page.locator("tbody td").first).to_have_text(HOSTILE)
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator(SHAPES)).to_have_count(3)
    expect(page.locator("tbody bdi", has_text=TURNING)).to_be_visible()
    expect(page.locator("h1 .badge")).to_have_text("imported")
    page.locator(SHAPES).first.click()
    page.locator(".leaflet-popup a").click()
    expect(page.locator(".facts dd").first).to_have_text(HOSTILE)
    assert page.evaluate("window.struck") is None
    assert page.locator("img").count() == 0


def test_made_up_data_says_so_on_every_page_of_it(bureau_visit: Open):
    one = bureau_visit()
    for path in ("", "/items", "/items/0"):
        page = one.to(f"/api/collections/{SAMPLE}{path}")
        expect(page.locator("h1 .badge-synthetic")).to_have_text("synthetic")
    expect(one.to("/api/collections").locator("tr", has_text=SAMPLE).locator(".badge-synthetic")).to_be_visible()


def test_a_layer_of_a_chinese_name_and_features_without_place_stand_on_pages_too(bureau_visit: Open):
    one = bureau_visit(PHONE)
    page = one.to(f"/api/collections/{quote(SPOTS)}/items/nowhere")
    expect(page.locator("[data-map]")).to_have_count(0)
    expect(page.locator(".note").first).to_have_text("This feature has no position.")
    page = one.to(f"/api/collections/{quote(SPOTS)}")
    expect(page.locator(f"{SHAPES}[stroke='#fff']")).to_have_count(2)
    expect(page.locator("code", has_text=f"/api/collections/{quote(SPOTS)}/items?f=csv")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_goes_out_small_with_a_strict_policy(served: str, path: str):
    answer = httpx2.get(f"{served}{path}", headers={**HTML, "Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert int(answer.headers.get("content-length", len(answer.content))) < MOST_BYTES_OF_A_PAGE
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {"Accept", "Accept-Language"} <= {one.strip() for one in answer.headers["vary"].split(",")}
    assert answer.headers["content-language"] in {"zh", "en"}


@pytest.mark.parametrize("path", PATHS[:-1])
def test_a_page_is_not_sent_to_who_has_it(served: str, path: str):
    first = httpx2.get(f"{served}{path}", headers=HTML)
    again = httpx2.get(f"{served}{path}", headers={**HTML, "If-None-Match": first.headers["etag"]})
    other = httpx2.get(f"{served}{path}", headers={**HTML, "Accept-Language": "en"})
    assert (again.status_code, again.content) == (304, b"")
    assert other.headers["etag"] != first.headers["etag"]


def test_a_program_gets_data_from_the_same_address(served: str):
    for accept in ("*/*", "application/json", "text/plain, application/json"):
        answer = httpx2.get(f"{served}{LABS}", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(("application/geo+json", "application/json"))


def test_every_link_to_a_feature_has_one(client: TestClient):
    """What a page makes a link of stands where the link leads."""
    collections = [one["id"] for one in client.get("/api/collections").json()["collections"]]
    ids: dict[str, set[str]] = {}
    named: set[tuple[str, str]] = set()
    for layer in collections:
        address = f"/api/collections/{layer}/items?limit=1000"
        ids[layer] = {str(one["id"]) for one in client.get(address).json()["features"]}
        text = client.get(address, headers=HTML).text
        paths = [urlsplit(href).path for href in re.findall(r'href="([^"]*)"', text)]
        named |= {(path.split("/")[3], unquote(path.split("/")[5])) for path in paths if path.count("/") == 5}
    assert len(named) > 500
    assert {pair for pair in named if pair[1] not in ids[pair[0]]} == set()


def test_every_page_that_the_pages_lead_to_is_there(client: TestClient):
    """From the landing page on, every link of a page that lists things answers; features stand in the test above."""
    met, waiting = {"/api"}, ["/api"]
    while waiting:
        address = waiting.pop()
        answer = client.get(address, headers=HTML)
        assert answer.status_code == 200, address
        if not answer.headers["content-type"].startswith("text/html") or "/items" in address:
            continue
        for href in re.findall(r'<a [^>]*href="(/[^"]*)"', answer.text):
            link = href.replace("&amp;", "&").partition("#")[0]
            if link not in met and "lang=" not in link and not re.search(r"/items/|f=(?!json|html)|/layouts/", link):
                met.add(link)
                waiting.append(link)
    assert len(met) > 50
