"""The drawn sheet in a real browser: where names, badges, symbols and circles stand, at a desk's and a phone's size."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from shapely.geometry import Point, shape

DESK, WALL, TABLET, PHONE, LYING = (1440, 900), (1920, 1080), (1024, 768), (390, 844), (844, 390)
HANGZHOU, LINJIANG, SUZHOU = "hangzhou-synbio-2024", "linjiang-biomed-2022", "suzhou-enclave-2022"
PLACE_LAYERS = ("industrial_land", "parks", "labs", "enterprises")
MAIN = ".folium-map > .leaflet-map-pane"
FARTHEST_NAME_PX = 300  # from its place to its middle: the longest line that leads to a name, and half its width
PLACES_BY_DISTRICT = 38
SETTLED = """() => {
    const box = map_map.getContainer();
    const moves = map_map._animatingZoom || (map_map._panAnim && map_map._panAnim._inProgress);
    return !moves && map_map.getSize().x === box.clientWidth && map_map.getSize().y === box.clientHeight;
}"""
# Every name that can be seen on the main map: whose it is, its box and middle in pixels, its middle on the earth.
NAMES = """() => [...document.querySelectorAll('.folium-map > .leaflet-map-pane .label')]
    .filter((label) => getComputedStyle(label).visibility === 'visible')
    .map((label) => {
        const box = label.getBoundingClientRect();
        const sheet = map_map.getContainer().getBoundingClientRect();
        const [x, y] = [box.left + box.width / 2 - sheet.left, box.top + box.height / 2 - sheet.top];
        const at = map_map.containerPointToLatLng([x, y]);
        return { id: label.dataset.of, text: label.textContent, x, y, longitude: at.lng, latitude: at.lat,
            left: box.left, top: box.top, right: box.right, bottom: box.bottom,
            isNamed: !label.classList.contains('lone'), isDistrict: label.classList.contains('label-district'),
            isLed: map_map.getPane('labels').querySelector(`line[data-of="${label.dataset.of}"]`) !== null };
    })"""
DISTANCES = """([names, anchors]) => names.map(({ id, x, y }) => Math.min(
    ...anchors[id].map(([longitude, latitude]) =>
        map_map.latLngToContainerPoint([latitude, longitude]).distanceTo([x, y]))))"""
EVERY_NAME = """() => [...document.querySelectorAll('.label')]
    .filter((label) => getComputedStyle(label).visibility === 'visible' && label.getClientRects().length)
    .map((label) => label.textContent).join(' ')"""
REACHABLE = """() => [...document.querySelectorAll('#sheet .badge')]
    .filter((one) => getComputedStyle(one).visibility === 'visible' && one.getClientRects().length)
    .map((one) => Number(one.textContent.slice(1)))"""

Look = Callable[..., Page]


@dataclass(frozen=True)
class Grounds:
    """Longitude and latitude of what names stand for, by id, and the outlines of the zones by adcode."""

    anchors: dict[str, list[tuple[float, float]]]
    zones: dict[str, Any]


@pytest.fixture
def look(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """``look(layout, language, size)`` opens the served map; an error of its scripts fails the test at its end."""
    pages: list[Page] = []
    errors: list[str] = []

    def opened(layout: str = HANGZHOU, language: str = "zh", size: tuple[int, int] = DESK) -> Page:
        one = browser.new_page(viewport={"width": size[0], "height": size[1]})
        pages.append(one)
        one.on("pageerror", lambda error: errors.append(str(error)))
        one.goto(f"{served}/#layout={layout}&lang={language}")
        expect(one.locator("#phrase")).not_to_be_empty()
        return one

    yield opened
    for one in pages:
        one.close()
    assert errors == []


@pytest.fixture(scope="module")
def features(served: str) -> dict[str, list[dict[str, Any]]]:
    """Features by layer, as the API serves them."""
    layers = ("districts", "zones", "links", "towns", *PLACE_LAYERS)
    with httpx2.Client(base_url=served, timeout=30) as api:
        return {
            layer: api.get(f"/api/collections/{layer}/items", params={"limit": 1000}).json()["features"]
            for layer in layers
        }


@pytest.fixture(scope="module")
def anchors(features: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[float, float]]]:
    """Longitude and latitude of everything that a name may stand for, by id; several where it lies at several."""
    found = {}
    for layer, of_layer in features.items():
        for one in of_layer:
            if layer == "districts":
                found[one["id"]] = [(one["properties"]["label_lon"], one["properties"]["label_lat"])]
            elif one["geometry"] and one["geometry"]["type"] in {"Point", "MultiPoint", "LineString"}:
                coordinates = one["geometry"]["coordinates"]
                ends = {"Point": [coordinates], "LineString": [coordinates[-1]]}
                found[one["id"]] = ends.get(one["geometry"]["type"], coordinates)
    found[SUZHOU] = [one["geometry"]["coordinates"][0] for one in features["links"]]
    return found


@pytest.fixture(scope="module")
def zone_grounds(features: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Outline by adcode of the districts that are named zones of Hangzhou's layout."""
    members = {
        code
        for one in features["zones"]
        if one["properties"]["layout"] == HANGZHOU and one["properties"]["named"]
        for code in one["properties"]["members"]
    }
    return {one["id"]: shape(one["geometry"]) for one in features["districts"] if one["id"] in members}


@pytest.fixture(scope="module")
def grounds(anchors: dict[str, list[tuple[float, float]]], zone_grounds: dict[str, Any]) -> Grounds:
    """What names stand for, and the ground that zones' names keep to."""
    return Grounds(anchors, zone_grounds)


# A map that a script returns would be copied to Python, every layer of it: scripts here return nothing of it.


def settle(page: Page) -> None:
    """Wait until the map has come to rest."""
    page.wait_for_function(SETTLED)


Name = dict[str, Any]


def misplaced(page: Page, names: list[Name], anchors: dict[str, list[tuple[float, float]]]) -> list[str]:
    """Names that stand far from what they name."""
    wanted = {one["id"]: anchors[one["id"]] for one in names}
    distances = page.evaluate(DISTANCES, [names, wanted])
    return [one["text"] for one, far in zip(names, distances, strict=True) if far > FARTHEST_NAME_PX]


def astray(page: Page, names: list[Name], zone_grounds: dict[str, Any]) -> list[str]:
    """Names of zones whose middle lies neither at home nor, with a line that leads home, off every zone."""
    cell = 4 * 360 / 256 / 2 ** page.evaluate("map_map.getZoom()")  # degrees of 4 pixels, the grain of the placement
    return [
        one["text"]
        for one in names
        if one["id"] in zone_grounds and not is_home(one, cell, zone_grounds) and not is_free(one, cell, zone_grounds)
    ]


def is_home(name: Name, cell: float, zone_grounds: dict[str, Any]) -> bool:
    """Whether a zone's name stands on its own zone."""
    return bool(zone_grounds[name["id"]].distance(Point(name["longitude"], name["latitude"])) < cell)


def is_free(name: Name, cell: float, zone_grounds: dict[str, Any]) -> bool:
    """Whether a zone's name stands on no zone, with a line that leads home."""
    middle = Point(name["longitude"], name["latitude"])
    return name["isLed"] and not any(
        ground.contains(middle) and ground.boundary.distance(middle) > cell for ground in zone_grounds.values()
    )


def collisions(names: list[Name]) -> list[tuple[str, str]]:
    """Pairs of names whose boxes overlap by more than a pixel."""
    return [
        (one["text"], other["text"])
        for at, one in enumerate(names)
        for other in names[at + 1 :]
        if min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 1
    ]


def journey(page: Page) -> Iterator[str]:
    """Zoom in and out, pan, and change the window's size; yields what was done, the map being at rest."""
    yield "first view"
    for zoom in (9.5, 10.75, 12, 7.5):
        page.evaluate("(zoom) => { map_map.setView([30.2, 120.15], zoom, {animate: false}); }", zoom)
        yield f"zoom {zoom}"
    page.evaluate("() => { map_map.panBy([260, -140], {animate: false}); }")
    yield "pan"
    first = page.viewport_size
    for width in (700, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        settle(page)
        yield f"{width} pixels wide"
    page.set_viewport_size(first)
    settle(page)
    page.locator(".home").click()
    yield "home"


@pytest.mark.parametrize(("layout", "language", "size"), [
    (HANGZHOU, "zh", DESK), (HANGZHOU, "en", TABLET), (HANGZHOU, "en", PHONE), (HANGZHOU, "zh", LYING),
    (LINJIANG, "zh", TABLET), (SUZHOU, "en", DESK),
])  # fmt: skip
def test_names_keep_to_their_places_through_zooms_pans_and_sizes(
    look: Look, grounds: Grounds, layout: str, language: str, size: tuple[int, int]
):
    shown = look(layout, language, size)
    for done in journey(shown):
        names = shown.evaluate(NAMES)
        assert (done, misplaced(shown, names, grounds.anchors)) == (done, [])
        assert (done, collisions(names)) == (done, [])
        if layout == HANGZHOU:
            assert (done, astray(shown, names, grounds.zones)) == (done, [])


def test_names_keep_to_their_places_when_a_badge_moves_the_map(
    look: Look, anchors: dict[str, list[tuple[float, float]]]
):
    shown = look()
    shown.locator('.badge[aria-label*="滨江"]').click()
    expect(shown.locator(".leaflet-popup .places > li")).to_have_count(27)
    settle(shown)
    names = shown.evaluate(NAMES)
    assert names
    assert misplaced(shown, names, anchors) == []
    assert collisions(names) == []


@pytest.mark.parametrize("size", [DESK, WALL])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_first_view_names_every_district_of_the_city(
    look: Look, features: dict[str, list[dict[str, Any]]], language: str, size: tuple[int, int]
):
    named = look(HANGZHOU, language, size).evaluate(EVERY_NAME)
    city = [one["properties"] for one in features["districts"] if one["properties"]["scope"] == "hangzhou"]
    names = [one[f"name_{language}"].rsplit(" ", 1)[0] for one in city]
    assert len(names) == 13
    assert [name for name in names if name not in named] == []


@pytest.mark.parametrize("size", [DESK, TABLET, PHONE, LYING])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_first_view_leads_to_every_place_known_by_its_district(look: Look, language: str, size: tuple[int, int]):
    assert sum(look(HANGZHOU, language, size).evaluate(REACHABLE)) == PLACES_BY_DISTRICT


def test_badge_in_the_inset_lists_its_places_and_leaves_the_scale(look: Look):
    shown = look(size=PHONE)
    zoom = shown.evaluate("map_map.getZoom()")
    badge = shown.locator('#inset .badge[aria-label*="拱墅"]')
    badge.click()
    expect(shown.locator(".leaflet-popup .places > li")).to_have_count(1)
    assert shown.evaluate("map_map.getZoom()") == zoom
    shown.keyboard.press("Escape")
    expect(badge).to_be_focused()


def test_borders_off_leaves_names_and_badges(look: Look):
    shown = look()
    before = shown.evaluate(REACHABLE)
    shown.locator('input[data-layer="districts"]').uncheck()
    settle(shown)
    assert shown.evaluate(REACHABLE) == before
    assert "心西湖区" in shown.evaluate(EVERY_NAME)
    shown.locator('input[data-layer="zones"]').uncheck()
    settle(shown)
    assert sum(shown.evaluate(REACHABLE)) == PLACES_BY_DISTRICT
    expect(shown.locator('.label-tier1:not(.away)[data-of="330106"]')).to_have_class(re.compile("lone"))


def test_inset_goes_when_nothing_of_it_is_shown(look: Look):
    shown = look()
    inset = shown.locator("#inset")
    expect(inset).to_be_visible()
    for layer in ("zones", "districts", *PLACE_LAYERS):
        shown.locator(f'input[data-layer="{layer}"]').uncheck()
    expect(inset).to_be_hidden()
    expect(shown.locator(f"{MAIN} path.inset-area")).to_be_hidden()
    assert shown.evaluate(REACHABLE) == []
    shown.locator('input[data-layer="labs"]').check()
    expect(inset).to_be_visible()


@pytest.mark.parametrize("size", [DESK, TABLET, PHONE])
def test_symbols_of_land_leave_its_area_true_circle_in_sight(look: Look, size: tuple[int, int]):
    shown = look(size=size)
    for zoom in (None, 10, 11.5, 13):
        if zoom:
            shown.evaluate("(zoom) => { map_map.setView([29.52, 119.425], zoom, {animate: false}); }", zoom)
        circles = [one.bounding_box() for one in shown.locator(f"{MAIN} path.schematic").all()]
        symbols = [one.bounding_box() for one in shown.locator(f"{MAIN} .leaflet-marker-icon svg").all()]
        assert len(circles) == 2
        assert [one for one in circles if any(covers(symbol, one) for symbol in symbols if symbol)] == []


def covers(symbol: dict[str, float], circle: dict[str, float]) -> bool:
    """Whether a symbol's box hides any of a circle's outline; it may lie within the circle."""
    margin = 3 * circle["width"] / 20  # a box in a circle keeps clear of the outline when its corners do
    apart = (
        symbol["x"] >= circle["x"] + circle["width"]
        or symbol["x"] + symbol["width"] <= circle["x"]
        or symbol["y"] >= circle["y"] + circle["height"]
        or symbol["y"] + symbol["height"] <= circle["y"]
    )
    within = (
        symbol["x"] >= circle["x"] + margin
        and symbol["y"] >= circle["y"] + margin
        and symbol["x"] + symbol["width"] <= circle["x"] + circle["width"] - margin
        and symbol["y"] + symbol["height"] <= circle["y"] + circle["height"] - margin
    )
    return not (apart or within)


@pytest.mark.parametrize(("language", "mark"), [("zh", "示意 781 公顷"), ("en", "schematic 781 ha")])
@pytest.mark.parametrize("size", [DESK, PHONE, LYING])
def test_land_is_named_and_marked_schematic_by_its_circle(look: Look, language: str, mark: str, size: tuple[int, int]):
    shown = look(HANGZHOU, language, size)
    tag = shown.locator(f"{MAIN} .label-industrial_land:not(.away)", has_text=mark)
    expect(tag).to_be_visible()
    expect(shown.locator(f"{MAIN} .label-industrial_land:not(.away)")).to_have_count(3)
    name, circle = tag.bounding_box(), shown.locator(f"{MAIN} path.schematic").nth(1).bounding_box()
    across = max(name["x"] - circle["x"] - circle["width"], circle["x"] - name["x"] - name["width"], 0)
    down = max(name["y"] - circle["y"] - circle["height"], circle["y"] - name["y"] - name["height"], 0)
    line = shown.locator(f'{MAIN} line[data-of="jiande-hightech-park-m3"]')
    assert math.hypot(across, down) < 6 or line.count() == 1


def test_ring_of_accuracy_is_fainter_than_the_area(look: Look):
    shown = look()
    ring, area = (
        shown.locator(f"{MAIN} {path}").first.evaluate("""(path) => {
            const style = getComputedStyle(path);
            return { width: parseFloat(style.strokeWidth), colour: style.stroke };
        }""")
        for path in ("path.accuracy", "path.schematic")
    )
    assert ring["width"] < area["width"]
    red, green, blue = (int(part) for part in ring["colour"][4:-1].split(","))
    assert max(red, green, blue) - min(red, green, blue) < 32
    assert ring["colour"] != area["colour"]


def test_partners_are_coloured_as_the_places_that_the_document_names(
    look: Look, features: dict[str, list[dict[str, Any]]]
):
    shown = look(SUZHOU)
    partners = ("常熟市", "张家港市", "太仓市", "泰州市", "连云港市")
    wanted = [
        one
        for one in features["districts"]
        if one["properties"]["name_zh"] in partners or one["properties"]["city_zh"] in partners
    ]
    assert len(wanted) == 15
    expect(shown.locator(f"{MAIN} path.part-partner")).to_have_count(len(wanted))


def test_keyboard_reaches_badges_before_symbols_and_leaves_the_map_where_it_is(look: Look):
    shown = look()
    centre = shown.evaluate("String(map_map.getCenter())")
    order = shown.evaluate("""() => [...document.querySelectorAll('#sheet .badge, #sheet .leaflet-marker-icon')]
        .filter((one) => one.tabIndex >= 0 && getComputedStyle(one).visibility === 'visible')
        .map((one) => one.classList.contains('badge'))""")
    assert order == sorted(order, reverse=True)
    assert sum(order) == len(shown.evaluate(REACHABLE))
    symbols = shown.locator(f"{MAIN} .leaflet-marker-icon")
    far = shown.evaluate(f"""() => [...document.querySelectorAll('{MAIN} .leaflet-marker-icon')]
        .filter((one) => one.getBoundingClientRect().bottom < 0).map((one) => one.tabIndex)""")
    assert far
    assert set(far) == {-1}
    for symbol in (symbols.first, symbols.last):
        symbol.focus()
        settle(shown)
        assert shown.evaluate("String(map_map.getCenter())") == centre
