"""The page in a real browser, at a desk's and a phone's size: what it shows, says, and asks of the network."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bioplan_gis.atlas import read_atlas
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.maps import Atlas, page
from bioplan_gis.settings import bundled
from bioplan_gis.storage.database import open_engine, reading

DESK, PHONE = (1440, 900), (390, 844)
SMALL_DESK, ACROSS = (1024, 768), (844, 390)
CORE, HUB = "rgb(177, 64, 47)", "rgb(221, 154, 76)"
CHINESE = re.compile(r"[\u4e00-\u9fff]")
HANGZHOU, LINJIANG, SUZHOU = "hangzhou-synbio-2024", "linjiang-biomed-2022", "suzhou-enclave-2022"
HOSTILE = """<img src=x onerror="window.struck=1">'"</script><script>window.struck=1</script>"""
PLACE_LAYERS = ("industrial_land", "parks", "labs", "enterprises")
SHEET = ".folium-map > .leaflet-map-pane"  # the main map, not the inset
MOST_BYTES_OF_A_FIRST_VIEW = 1_000_000
VISIBLE_LABELS = """() => [...document.querySelectorAll('.folium-map > .leaflet-map-pane .label:not(.away)')]
    .map((label) => [label.textContent, label.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0)
    .map(([text, box]) => [text, box.left, box.top, box.right, box.bottom])"""

LINJIANG_LAND = "M3 land of the Qiantang Linjiang New Materials Industrial Park (chemical park)"
# Every popup of a layer, opened and closed in turn.
POPUP_TEXTS = """(layer) => [...document.querySelectorAll(`.folium-map > .leaflet-map-pane .place-${layer}`)]
    .map((symbol) => {
      symbol.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", keyCode: 13, bubbles: true }));
      const text = [...document.querySelectorAll(".leaflet-popup .facts")].at(-1).innerText;
      return text;
    })"""


@dataclass
class Visit:
    """A page and everything that it asked for or complained of."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    received_bytes: int = 0

    def watch(self) -> None:
        """Write down what the page does from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", lambda response: self._count(len(response.body())))

    def _complain(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _count(self, size: int) -> None:
        self.received_bytes += size


Open = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, served: str) -> Iterator[Open]:
    """``visit(layout, language, size)`` opens the served page; any complaint of the page fails the test at its end."""
    visits: list[Visit] = []

    def opened(layout: str = HANGZHOU, language: str = "zh", size: tuple[int, int] = DESK, at: str = served) -> Visit:
        one = Visit(browser.new_page(viewport={"width": size[0], "height": size[1]}))
        visits.append(one)
        one.watch()
        one.page.goto(
            f"{at}#layout={layout}&lang={language}" if at != served else f"{at}/#layout={layout}&lang={language}"
        )
        expect(one.page.locator("#phrase")).not_to_be_empty()
        return one

    yield opened
    complaints = [complaint for one in visits for complaint in one.complaints]
    for one in visits:
        one.page.close()
    assert complaints == []


@pytest.fixture(scope="session")
def items(served: str) -> Callable[[str], list[dict[str, Any]]]:
    """``items(layer)``: the features that the API serves."""

    def features(layer: str) -> list[dict[str, Any]]:
        answer = httpx2.get(f"{served}/api/collections/{layer}/items", params={"limit": 1000}, timeout=30)
        return answer.json()["features"]

    return features


@pytest.fixture(scope="session")
def atlas(loaded_url: Callable[[str], str]) -> Iterator[Atlas]:
    """The product's own data as the page gets them."""
    engine = open_engine(loaded_url("gpkg"))
    with reading(engine) as connection:
        yield read_atlas(connection, read_catalogue(bundled("geodata")))
    engine.dispose()


def collisions(labels: list[tuple[str, float, float, float, float]]) -> list[tuple[str, str]]:
    """Pairs of labels whose boxes overlap by more than a pixel."""
    return [
        (one, other)
        for at, (one, left, top, right, bottom) in enumerate(labels)
        for other, left2, top2, right2, bottom2 in labels[at + 1 :]
        if min(right, right2) - max(left, left2) > 1 and min(bottom, bottom2) - max(top, top2) > 1
    ]


def test_first_view_asks_this_host_alone_and_stays_small(visit: Open, served: str):
    one = visit()
    one.page.wait_for_load_state("networkidle")
    foreign = [url for url in one.requests if not url.startswith((f"{served}/", "data:"))]
    assert foreign == []
    assert one.received_bytes <= MOST_BYTES_OF_A_FIRST_VIEW


def test_structure_of_hangzhou_is_coloured_by_tier(visit: Open):
    sheet = visit().page.locator(SHEET)
    expect(sheet.locator("path.part-tier1")).to_have_count(1)
    expect(sheet.locator("path.part-tier2")).to_have_count(2)
    expect(sheet.locator("path.part-tier3")).to_have_count(6)
    expect(sheet.locator("path.part-other")).to_have_count(4)
    fills = {
        part: sheet.locator(f"path.part-{part}").first.evaluate("path => getComputedStyle(path).fill")
        for part in ("tier1", "tier2", "tier3", "other")
    }
    assert len(set(fills.values())) == len(fills)
    assert (fills["tier1"], fills["tier2"]) == (CORE, HUB)
    for tier, colour in ((1, CORE), (2, HUB)):
        expect(sheet.page.locator(f".tier-{tier} .swatch").first).to_have_css("background-color", colour)


def test_switch_changes_title_and_structure(visit: Open):
    shown = visit().page
    expect(shown.locator("#phrase")).to_have_text("一心双核多元")
    shown.locator(f'[data-layout="{LINJIANG}"]').click()
    expect(shown.locator("#phrase")).to_have_text("一核三区多点")
    expect(shown.locator(f"{SHEET} path.part-tier1")).to_have_count(0)
    expect(shown.locator(".place-core")).to_have_count(1)
    expect(shown.locator("path.accuracy-core")).to_have_count(1)
    shown.locator(f'[data-layout="{SUZHOU}"]').click()
    expect(shown.locator(".folium-map path.link")).to_have_count(5)
    expect(shown.locator("#phrase")).to_contain_text("苏州")


def test_zones_without_a_position_are_said_and_not_drawn(visit: Open, items: Callable[..., Any]):
    shown = visit(LINJIANG).page
    placeless = [
        one["properties"] for one in items("zones") if one["properties"]["layout"] == LINJIANG and not one["geometry"]
    ]
    remark = shown.locator("#remark")
    expect(remark).to_be_visible()
    expect(remark).to_contain_text("文件未给出位置")
    assert len(placeless) == 4
    for zone in placeless:
        expect(remark).to_contain_text(zone["name_zh"])
    expect(shown.locator(".label-core")).to_have_count(1)


@pytest.mark.parametrize("layer", PLACE_LAYERS)
def test_every_published_position_has_a_symbol_that_its_layer_switches(
    visit: Open, items: Callable[..., Any], layer: str
):
    shown = visit().page
    geometries = [one["geometry"] for one in items(layer) if one["geometry"]]
    wanted = sum(len(one["coordinates"]) if one["type"] == "MultiPoint" else 1 for one in geometries)
    symbols = shown.locator(f"{SHEET} .place-{layer}")
    expect(symbols).to_have_count(wanted)
    box = shown.locator(f'input[data-layer="{layer}"]')
    box.uncheck()
    expect(symbols).to_have_count(0)
    box.check()
    expect(symbols).to_have_count(wanted)


def test_every_layer_can_be_switched_by_its_name(visit: Open):
    shown = visit().page
    names = shown.locator(".layers .title").all_inner_texts()
    assert len(names) == 10
    assert all(name.strip() for name in names)


@pytest.mark.parametrize(
    ("layer", "identity"), [("labs", "westlake-university"), ("industrial_land", "jiande-hightech-park-m3")]
)
def test_popup_tells_name_clause_and_accuracy(visit: Open, items: Callable[..., Any], layer: str, identity: str):
    shown = visit().page
    facts = next(one["properties"] for one in items(layer) if one["id"] == identity)
    shown.locator(f'{SHEET} [aria-label="{facts["name_zh"]}"].place-{layer}').press("Enter")
    popup = shown.locator(".leaflet-popup")
    expect(popup.locator("h3")).to_have_text(facts["name_zh"])
    expect(popup).to_contain_text(facts["name_en"])
    assert popup.locator(".clause").all_inner_texts() == [one["clause"] for one in facts["citations"]]
    expect(popup).to_contain_text("位置精度")
    expect(popup).to_contain_text("±")
    rings = shown.locator(f"{SHEET} path.accuracy").count()
    shown.keyboard.press("Escape")
    expect(shown.locator(f"{SHEET} path.accuracy")).to_have_count(rings - 1)


def told(shown: Page, layer: str, identity: str) -> Locator:
    """Open the popup of one place of a layer, as a reader does by the keyboard, and give its facts."""
    shown.locator(f'{SHEET} .place-{layer}[aria-label="{identity}"]').first.press("Enter")
    facts = shown.locator(".leaflet-popup .facts")
    expect(facts.locator("h3")).to_have_text(identity)
    return facts


def test_popup_of_land_says_whose_area_it_gives_and_that_it_is_none_of_the_land(visit: Open):
    facts = told(visit().page, "industrial_land", "建德高新技术产业园M3工业用地")
    for words in ("781.27 公顷（整个园区", "多个区块合计", "未公布；园区面积只是上限", "浙经信材料〔2023〕96号"):
        expect(facts).to_contain_text(words)
    expect(facts).to_contain_text("含三类工业用地的化工园区")


def test_popup_names_sources_by_their_titles(visit: Open):
    facts = told(visit(language="en").page, "industrial_land", LINJIANG_LAND)
    expect(facts).to_contain_text("Source: Chemical parks that hold M3 land")
    expect(facts.locator(".kind")).to_have_text("M3 land, existing")


@pytest.mark.parametrize(
    ("layer", "name", "accuracy", "origin"),
    [
        ("labs", "西湖大学", "位置有来源", "公开资料"),
        ("industrial_land", "天目医药港化工集聚区M3工业用地", "位置有来源", "GeoNames (CC BY 4.0)；确切位置未经核实"),
        ("industrial_land", "建德高新技术产业园M3工业用地", "依地址或地名推定", "依一般地理知识推定，未经核实"),
    ],
)
def test_popup_claims_no_more_of_a_position_than_is_known(
    visit: Open, layer: str, name: str, accuracy: str, origin: str
):
    facts = told(visit().page, layer, name)
    expect(answer_to(facts, "位置精度")).to_contain_text(accuracy)
    expect(answer_to(facts, "位置来源")).to_contain_text(origin)


def answer_to(facts: Locator, question: str) -> Locator:
    """What a popup says beside one of its words."""
    return facts.locator(f'dt:text-is("{question}") + dd')


def test_popups_show_titles_and_names_and_no_ids(visit: Open, items: Callable[..., Any], atlas: Atlas):
    shown = visit().page
    ids = {source.id for source in atlas.sources if "-" in source.id} | {"places"}
    ids |= {one["id"] for layer in ("tracks", "documents", "zones", *PLACE_LAYERS) for one in items(layer)}
    tags = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")
    for layer in (*PLACE_LAYERS, "partner"):
        for text in shown.evaluate(POPUP_TEXTS, layer):
            assert ids & set(tags.findall(text)) == set(), text
            assert "http" not in text


def test_popup_of_a_firm_tells_what_the_document_says(visit: Open, items: Callable[..., Any]):
    facts = next(one["properties"] for one in items("enterprises") if one["properties"]["name_zh"] == "华东医药")
    popup = told(visit().page, "enterprises", "华东医药")
    expect(answer_to(popup, "文件所述")).to_have_text(facts["fact_zh"])
    expect(answer_to(popup, "重点布局").locator("li")).to_have_text(["生物药", "生物基材料"])
    expect(popup.locator(".kind")).to_have_text("企业 · 现有")
    assert popup.locator(".clause").all_inner_texts() == [one["clause"] for one in facts["citations"]]


def test_popup_of_a_park_tells_what_it_gathers(visit: Open, items: Callable[..., Any]):
    facts = next(one["properties"] for one in items("parks") if one["id"] == "tianmu-medicine-port")
    popup = told(visit().page, "parks", facts["name_zh"])
    expect(popup.locator(".kind")).to_have_text("产业园区 · 现有")
    assert popup.locator(".clause").all_inner_texts() == [one["clause"] for one in facts["citations"]]


def test_popup_of_a_link_tells_clause_and_that_the_list_is_open(visit: Open):
    shown = visit(SUZHOU).page
    shown.locator('[data-link="suzhou-changshu"]').press("Enter")
    popup = shown.locator(".leaflet-popup .facts")
    expect(popup.locator(".clause")).to_have_text("4")
    expect(popup).to_contain_text("名单未尽")
    expect(answer_to(popup, "位置来源")).to_contain_text("依一般地理知识推定")


def test_popup_of_a_district_tells_its_area_and_source(visit: Open):
    shown = visit().page
    shown.locator(f"{SHEET} path.part-outside").first.dispatch_event("click")
    popup = shown.locator(".leaflet-popup .facts")
    expect(answer_to(popup, "依据")).to_contain_text("杭州周边县级行政区划")
    expect(answer_to(popup, "位置来源")).to_contain_text("天地图")
    expect(answer_to(popup, "位置精度")).to_contain_text("行政区划边界")


def test_what_gave_way_to_a_popup_is_back_when_it_closes(visit: Open):
    shown = visit(size=PHONE).page
    shown.locator("#handle").click()
    shown.locator('[data-zone="hangzhou-xihu"]').click()
    expect(shown.locator(".yields")).not_to_have_count(0)
    shown.keyboard.press("Escape")
    assert shown.evaluate("document.querySelectorAll('.yields').length") == 0
    expect(shown.locator("#cartouche")).to_be_visible()


def test_zone_in_the_panel_opens_its_facts_and_escape_gives_the_focus_back(visit: Open):
    shown = visit().page
    entry = shown.locator('[data-zone="hangzhou-xihu"]')
    entry.press("Enter")
    popup = shown.locator(".leaflet-popup")
    expect(popup).to_contain_text("心 · 创新策源中心")
    expect(popup).to_contain_text("杭州华大生命科学研究院")
    expect(popup.locator(".clause").first).to_have_text("三(一)")
    expect(popup).to_be_focused()
    shown.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    expect(entry).to_be_focused()


def test_places_known_to_their_district_are_listed_at_its_label(visit: Open, items: Callable[..., Any]):
    shown = visit().page
    known = [
        one["properties"]
        for layer in PLACE_LAYERS
        for one in items(layer)
        if one["properties"]["position_basis"] == "district" and one["properties"]["district"] == "330106"
    ]
    badge = shown.locator('.badge[aria-label*="西湖"]')
    expect(badge).to_have_text(f"+{len(known)}")
    badge.press("Enter")
    listing = shown.locator(".leaflet-popup .places > li")
    expect(listing).to_have_count(len(known))
    for facts in known:
        entry = listing.filter(has_text=facts["name_zh"])
        expect(entry.locator(".clause").first).to_have_text(facts["clause"])


def test_places_without_any_position_stand_in_the_panel(visit: Open, items: Callable[..., Any]):
    shown = visit().page
    nowhere = [
        one["properties"]["name_zh"]
        for layer in PLACE_LAYERS
        for one in items(layer)
        if not one["geometry"] and one["properties"]["position_basis"] == "none"
    ]
    expect(shown.locator(".not-located > ul > li > b")).to_have_count(len(nowhere))
    assert set(shown.locator(".not-located > ul > li > b").all_text_contents()) == set(nowhere)


def test_land_known_by_area_alone_is_drawn_dashed_and_marked(visit: Open):
    shown = visit().page
    symbol = shown.locator(f"{SHEET} path.schematic")
    expect(symbol).to_have_count(2)
    assert symbol.first.evaluate("path => getComputedStyle(path).strokeDasharray") != "none"
    expect(shown.locator(".label-industrial_land", has_text="示意 781 公顷").first).to_be_attached()


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("layout", [HANGZHOU, LINJIANG, SUZHOU])
def test_names_do_not_collide(visit: Open, layout: str, language: str, size: tuple[int, int]):
    shown = visit(layout, language, size).page
    first = shown.evaluate(VISIBLE_LABELS)
    assert len(first) > 3
    assert collisions(first) == []
    shown.locator(".leaflet-control-zoom-in").click()
    expect(shown.locator(".leaflet-zoom-anim")).to_have_count(0)
    assert collisions(shown.evaluate(VISIBLE_LABELS)) == []


def test_all_zones_are_named_at_first_view(visit: Open, items: Callable[..., Any]):
    labels = " ".join(text for text, *_ in visit().page.evaluate(VISIBLE_LABELS))
    named = [
        one["properties"]
        for one in items("zones")
        if one["properties"]["layout"] == HANGZHOU and one["properties"]["named"]
    ]
    assert [zone["name_zh"] for zone in named if zone["role"] + zone["name_zh"] not in labels] == []


def test_water_is_drawn_only_at_its_scales(visit: Open):
    shown = visit().page
    water = shown.locator(f"{SHEET} > .leaflet-water-pane")
    expect(water).to_have_css("display", "block")
    expect(water.locator("path.water").first).to_be_attached()
    shown.locator(".inset-caption").click()
    expect(water).to_have_css("display", "none")


def test_plate_carries_attribution_scale_and_warning_and_no_prefix(visit: Open):
    shown = visit().page
    expect(shown.locator("#imprint")).to_contain_text("未经地图审核，不得公开")
    expect(shown.locator("#imprint")).to_contain_text("天地图（国家地理信息公共服务平台）")
    for source in ("GeoNames", "GSHHG", "OpenStreetMap"):
        expect(shown.locator(".sources")).to_contain_text(source)
    expect(shown.locator(".leaflet-control-scale-line")).to_have_count(1)
    expect(shown.locator(".leaflet-control-scale-line")).to_contain_text("千米")
    expect(shown.locator(".leaflet-control-attribution")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESK, SMALL_DESK, (1280, 720), (1920, 1080), PHONE, ACROSS])
def test_every_credit_can_be_read_on_the_map(visit: Open, atlas: Atlas, language: str, size: tuple[int, int]):
    shown = visit(SUZHOU, language, size).page
    credits_, button = shown.locator(".attributions"), shown.locator("#imprint button")
    if button.is_visible():
        button.press("Enter")
        expect(button).to_have_attribute("aria-expanded", "true")
    lines = {line for joined in atlas.attributions for line in joined.split("；")}
    expect(credits_.locator("bdi")).to_have_count(len(lines))
    box = credits_.bounding_box()
    assert box["x"] >= 0
    assert box["y"] + box["height"] <= size[1]
    assert box["x"] + box["width"] <= size[0]
    if button.is_visible():
        button.press("Escape")
        expect(credits_).to_be_hidden()
        button.press("Enter")
    last = credits_.locator("bdi").last.bounding_box()
    assert last["y"] + last["height"] <= size[1]
    assert shown.evaluate("document.documentElement.scrollHeight") <= size[1]


@pytest.mark.parametrize("size", [SMALL_DESK, PHONE])
def test_title_stands_clear_of_north_arrow_and_partners(visit: Open, size: tuple[int, int]):
    shown = visit(SUZHOU, "en", size).page
    title = shown.locator("#cartouche").bounding_box()
    right, bottom = title["x"] + title["width"], title["y"] + title["height"]
    others = [shown.locator("#north"), *shown.locator(f"{SHEET} path.part-partner").all()]
    for box in (one.bounding_box() for one in others):
        assert box["x"] >= right - 1 or box["y"] >= bottom - 1


def test_small_desk_shows_the_document_and_the_whole_plate(visit: Open):
    shown = visit(size=SMALL_DESK).page
    expect(shown.locator("#cartouche .document")).to_be_visible()
    expect(shown.locator("#cartouche .document")).to_contain_text("三年行动计划")


def test_low_page_opens_the_remark_on_demand_and_the_panel_beside(visit: Open):
    shown = visit(LINJIANG, size=ACROSS).page
    shown.locator("#remark summary").click()
    expect(shown.locator("#remark li .seal")).to_have_text(["区", "区", "区"])
    expect(shown.locator("#remark li", has_text="综合保税功能区")).to_be_in_viewport()
    shown.locator("#handle").click()
    panel = shown.locator("#panel").bounding_box()
    assert panel["height"] == ACROSS[1]
    assert panel["width"] < ACROSS[0] * 0.65


def test_legend_explains_the_marks_of_its_layout_and_no_others(visit: Open):
    shown = visit().page
    always = {"badge", "leader", "schematic", "accuracy", "sourced", "address", "outline", "seal"}
    own = {
        HANGZHOU: {"inset"},
        LINJIANG: {"core", "core-accuracy", "context"},
        SUZHOU: {"origin", "partner", "context"},
    }
    for layout, signs in own.items():
        shown.locator(f'[data-layout="{layout}"]').click()
        found = shown.locator(".signs > li").evaluate_all("all => all.map((one) => one.dataset.sign)")
        assert set(found) == (always | signs) - ({"seal"} if layout == SUZHOU else set())
        expect(shown.locator(".layers .part-tiers")).to_have_count(1 if layout == HANGZHOU else 0)
        for group in (".layer", ".signs .mark"):
            marks = shown.locator(group).evaluate_all(
                "all => all.map((one) => (one.querySelector('svg, .swatch') || one).outerHTML)"
            )
            assert len(set(marks)) == len(marks)
        shapes = shown.locator(".layer .symbol").evaluate_all("all => all.map((one) => one.innerHTML)")
        assert len(set(shapes)) == len(shapes)
    expect(shown.locator(".signs")).to_contain_text("不是边界")
    expect(shown.locator(".signs")).to_contain_text("点线圆：位置精度")


def test_legend_counts_all_and_those_on_the_map(visit: Open, items: Callable[..., Any]):
    shown = visit().page
    for layer in ("parks", "labs", "enterprises"):
        found = items(layer)
        placed = sum(1 for one in found if one["geometry"])
        count = shown.locator(f'.layer:has([data-layer="{layer}"]) .count')
        expect(count).to_have_text(f"{len(found)}（图上 {placed}）")


def test_links_end_in_partner_symbols_and_districts_have_borders(visit: Open, items: Callable[..., Any]):
    shown = visit(SUZHOU).page
    expect(shown.locator(f"{SHEET} .place-partner")).to_have_count(len(items("links")))
    expect(shown.locator(f"{SHEET} path.origin")).to_have_count(1)
    inner = [one for one in items("districts") if one["properties"]["scope"] != "neighbour"]
    expect(shown.locator(f"{SHEET} path.border")).to_have_count(len(inner))


def test_towns_come_with_the_scale(visit: Open, items: Callable[..., Any]):
    shown = visit().page
    towns = shown.locator(f"{SHEET} > .leaflet-towns-pane")
    expect(towns).to_have_css("display", "none")
    shown.locator('[data-zone="hangzhou-gongshu"]').click()
    expect(towns).to_have_css("display", "block")
    expect(towns.locator("path.town")).to_have_count(len(items("towns")))


def test_english_page_writes_roles_years_and_remarks_in_english(visit: Open):
    shown = visit(language="en").page
    expect(shown.locator(".tier-head .role")).to_have_text(["Core", "Hubs", "Zones"])
    expect(shown.locator(".period")).to_have_text("2024–2026")
    shown.locator(f'[data-layout="{LINJIANG}"]').click()
    expect(shown.locator("#remark .seal")).to_have_text(["Zone", "Zone", "Zone", "Point"])
    expect(shown.locator(f'[data-layout="{SUZHOU}"] b')).to_have_text("Proposed links")
    expect(shown.locator(".sources")).to_contain_text("compiled from the documents named")
    assert not CHINESE.search(shown.locator(".legend .layers").inner_text())


def test_chinese_page_writes_units_and_credits_in_chinese(visit: Open):
    shown = visit().page
    expect(shown.locator(".leaflet-control-scale-line")).not_to_contain_text("km")
    expect(shown.locator("#imprint")).not_to_contain_text("compiled")
    facts = told(shown, "enterprises", "华东医药")
    expect(answer_to(facts, "位置来源")).not_to_contain_text("anchor point")


def test_page_without_scripts_says_so_at_its_top(browser: Browser, served: str):
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(served)
    note = shown.locator(".without-scripts")
    expect(note).to_be_visible()
    expect(note).to_contain_text("This map needs JavaScript")
    assert note.bounding_box()["y"] == 0
    context.close()


def test_browser_gets_an_icon(served: str):
    answer = httpx2.get(f"{served}/favicon.ico", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"


def test_language_switch_changes_every_text(visit: Open):
    shown = visit().page
    shown.locator("button.language").click()
    expect(shown.locator("html")).to_have_attribute("lang", "en")
    expect(shown.locator("#phrase")).to_have_text("One core, two hubs, many zones")
    expect(shown.locator(".legend h2")).to_have_text("Legend and layers")
    expect(shown.locator(".label-tier1").first).to_contain_text("Xihu")
    expect(shown.locator("button.language")).to_be_focused()
    assert "lang=en" in shown.url


def test_phone_keeps_within_its_width_and_opens_the_panel(visit: Open):
    shown = visit(size=PHONE).page
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    panel, handle = shown.locator("#panel"), shown.locator("#handle")
    expect(panel).to_be_hidden()
    handle.click()
    expect(panel).to_be_visible()
    expect(handle).to_have_attribute("aria-expanded", "true")
    shown.locator(f'[data-layout="{LINJIANG}"]').click()
    expect(shown.locator("#phrase")).to_have_text("一核三区多点")
    panel.locator('[data-zone="linjiang-core"]').click()
    expect(panel).to_be_hidden()
    expect(shown.locator(".leaflet-popup")).to_be_in_viewport()


def test_panel_on_a_phone_takes_the_focus_and_escape_gives_it_back(visit: Open):
    shown = visit(size=PHONE).page
    panel, handle = shown.locator("#panel"), shown.locator("#handle")
    handle.press("Enter")
    expect(panel).to_be_focused()
    shown.keyboard.press("Tab")
    shown.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(handle).to_be_focused()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_skip_link_leads_into_the_panel_and_keeps_the_address(visit: Open, size: tuple[int, int]):
    shown = visit(LINJIANG, "en", size).page
    before = shown.url
    shown.locator("#skip").press("Enter")
    expect(shown.locator("#panel")).to_be_focused()
    expect(shown.locator("#panel")).to_be_visible()
    assert shown.url == before


def test_back_button_returns_to_the_layout_before(visit: Open):
    shown = visit(language="en").page
    shown.locator(f'[data-layout="{LINJIANG}"]').click()
    expect(shown.locator("#phrase")).to_have_text("One core, three zones, many points")
    shown.go_back()
    expect(shown.locator("#phrase")).to_have_text("One core, two hubs, many zones")
    assert f"layout={HANGZHOU}" in shown.url


def test_address_that_names_nothing_opens_the_first_layout(visit: Open):
    shown = visit("no-such-layout", "no-such-language").page
    expect(shown.locator("#phrase")).to_have_text("一心双核多元")
    assert shown.url.endswith(f"#layout={HANGZHOU}&lang=zh")


def test_written_file_opens_without_a_network(visit: Open, atlas: Atlas, tmp_path: Path):
    written = tmp_path / "map.html"
    written.write_text(page(atlas, assets="inlined"), encoding="utf-8")
    one = visit(at=written.as_uri())
    expect(one.page.locator("#phrase")).to_have_text("一心双核多元")
    expect(one.page.locator(f"{SHEET} path.part-tier1")).to_have_count(1)
    asked = {url.split("#")[0] for url in one.requests if not url.startswith("data:")}
    assert asked == {written.as_uri()}


def test_hostile_name_is_shown_as_it_is(visit: Open, atlas: Atlas, tmp_path: Path):
    facts = {
        "name_zh": HOSTILE, "name_en": HOSTILE, "fact_zh": HOSTILE, "kind_zh": HOSTILE, "aliases": [HOSTILE],
        "tracks": [HOSTILE], "citations": [{"document": HOSTILE, "clause": HOSTILE}], "position_basis": "sourced",
        "accuracy_m": 500, "position_attribution": HOSTILE, "district_zh": HOSTILE,
    }  # fmt: skip
    geometry = {"type": "Point", "coordinates": [119.3, 29.7]}
    firm = {"type": "Feature", "id": "firm", "geometry": geometry, "properties": facts}
    elsewhere = {**firm, "id": "firm2", "geometry": None, "properties": {**facts, "position_basis": "none"}}
    firms = {"type": "FeatureCollection", "features": [firm, elsewhere]}
    hostile = Atlas(atlas.layouts, {**atlas.collections, "enterprises": firms}, (*atlas.attributions, HOSTILE))
    written = tmp_path / "map.html"
    written.write_text(page(hostile, assets="inlined"), encoding="utf-8")
    shown = visit(at=written.as_uri()).page
    shown.locator(f"{SHEET} .place-enterprises").press("Enter")
    expect(shown.locator(".leaflet-popup h3")).to_have_text(HOSTILE)
    expect(shown.locator(".not-located")).to_contain_text(HOSTILE)
    assert shown.evaluate("window.struck") is None
    assert shown.locator("img").count() == 0


def test_value_that_turns_the_writing_or_is_very_long_keeps_to_itself(visit: Open, atlas: Atlas, tmp_path: Path):
    turning, long = "甲\u202e乙", "长" * 600
    facts = {
        "name_zh": long, "name_en": turning, "fact_zh": turning, "aliases": [turning, "丙"], "accuracy_m": 500,
        "position_basis": "sourced", "district_zh": turning, "citations": [{"document": turning, "clause": turning}],
    }  # fmt: skip
    firm = {
        "type": "Feature", "id": "firm", "geometry": {"type": "Point", "coordinates": [119.3, 29.7]},
        "properties": facts,
    }  # fmt: skip
    firms = {"type": "FeatureCollection", "features": [firm]}
    written = tmp_path / "map.html"
    written.write_text(page(Atlas(atlas.layouts, {**atlas.collections, "enterprises": firms}, ()), assets="inlined"))
    shown = visit(at=written.as_uri()).page
    popup = told(shown, "enterprises", long)
    for element in popup.locator("h3, .other, dd, .clause").all():
        expect(element).to_have_css("unicode-bidi", "isolate")
    expect(answer_to(popup, "又名")).to_have_text(f"\u2068{turning}\u2069、丙")
    assert popup.locator("h3").bounding_box()["height"] < 200
    expect(popup.locator(".clause")).to_be_visible()
