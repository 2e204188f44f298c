"""Imported layers on the page in a real browser: listed, read by the view, drawn, told, and never more than text."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bioplan_gis.atlas import MOST_CARRIED, left_out, read_atlas
from bioplan_gis.maps import page
from bioplan_gis.storage.database import open_engine, reading
from imported import HOSTILE, PARCELS, PLOTS, RED_LINE, SAMPLE, STATIONS, TURNING
from processes import serving

DESK, PHONE = (1440, 900), (360, 740)
SHEET = ".folium-map > .leaflet-map-pane"
LAYOUT = "hangzhou-synbio-2024"

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def bureau_served(bureau_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``bioplan serve`` over a bureau's data, as a process of its own; its address."""
    env = {"BIOPLAN_DATABASE_URL": bureau_url("gpkg")}
    with serving([sys.executable, "-m", "bioplan_gis.cli"], env=env, cwd=tmp_path_factory.mktemp("bureau")) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, bureau_served: str) -> Iterator[Open]:
    """``visit(imports, language, size, at)`` opens the page; whatever it complains of fails the test at its end."""
    pages: list[Page] = []
    complaints: list[str] = []

    def opened(*imports: str, language: str = "zh", size: tuple[int, int] = DESK, at: str = "") -> Page:
        one = browser.new_page(viewport={"width": size[0], "height": size[1]})
        pages.append(one)
        one.on("console", lambda told: complaints.append(told.text) if told.type in {"error", "warning"} else None)
        one.on("pageerror", lambda error: complaints.append(str(error)))
        named = f"&imports={','.join(map(quote, imports))}" if imports else ""
        one.goto(f"{at or bureau_served + '/'}#layout={LAYOUT}&lang={language}{named}")
        expect(one.locator("#phrase")).not_to_be_empty()
        return one

    yield opened
    for one in pages:
        one.close()
    assert complaints == []


def row(shown: Page, layer: str) -> Locator:
    return shown.locator(f'[data-import="{layer}"]')


def told(shown: Page, layer: str, at: int) -> Locator:
    """What the popup of a feature says, opened by the keyboard from the list in the layer's row."""
    listing = row(shown, layer).locator(".import-list")
    if listing.locator("details[open]").count() == 0:
        listing.locator("summary").press("Enter")
    listing.locator("button").nth(at).press("Enter")
    return shown.locator(".leaflet-popup .facts").last


def value(facts: Locator, column: str) -> Locator:
    return facts.locator("dt", has_text=column).locator("xpath=following-sibling::dd[1]").first


def test_imported_layers_stand_under_a_heading_of_their_own_and_are_off(visit: Open):
    shown = visit()
    expect(shown.locator(".imports h3")).to_have_text("导入图层")
    expect(shown.locator(".imports li[data-import]")).to_have_count(8)
    expect(row(shown, PARCELS)).to_contain_text("12 个")
    expect(row(shown, PARCELS)).to_contain_text("余杭区规划局 ©")
    expect(row(shown, SAMPLE).locator(".synthetic-badge")).to_have_text("合成数据")
    expect(row(shown, PARCELS).locator(".synthetic-badge")).to_have_count(0)
    expect(shown.locator(".imports input:checked")).to_have_count(0)
    expect(shown.locator("path.imported")).to_have_count(0)


def test_a_layer_that_is_switched_on_is_drawn_by_class_and_kept_in_the_address(visit: Open):
    shown = visit()
    row(shown, PARCELS).locator("input").check()
    parcels = shown.locator(f"{SHEET} path.imported")
    expect(parcels).to_have_count(12)
    expect(row(shown, PARCELS).locator(".import-status")).to_have_text("视图内 12 个要素，已全部绘出")
    for land_class, colour in (("M1", "rgb(217, 190, 159)"), ("M3", "rgb(135, 62, 27)")):
        expect(shown.locator(f"{SHEET} path.land-{land_class}.imported").first).to_have_css("fill", colour)
    assert f"imports={quote(PARCELS)}" in shown.url
    expect(shown.locator("#attributions")).to_contain_text("余杭区规划局 ©")
    row(shown, PARCELS).locator("input").uncheck()
    expect(parcels).to_have_count(0)
    assert "imports" not in shown.url
    expect(shown.locator("#attributions")).not_to_contain_text("余杭区规划局 ©")


def test_a_link_opens_with_its_layers_on_and_the_language_switch_keeps_them(visit: Open):
    shown = visit(PARCELS, SAMPLE, "no-such-layer")
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(13)
    expect(shown.locator(f"{SHEET} path.made-up")).to_have_count(1)
    assert shown.locator(f"{SHEET} path.made-up").evaluate("one => getComputedStyle(one).strokeDasharray") != "none"
    shown.locator("button.language").click()
    expect(shown.locator(".imports h3")).to_have_text("Imported layers")
    expect(row(shown, SAMPLE).locator(".synthetic-badge")).to_have_text("synthetic")
    expect(row(shown, PARCELS).locator("input")).to_be_checked()
    expect(row(shown, PARCELS).locator(".import-status")).to_have_text("All 12 features in view are drawn")
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(13)


def test_what_is_in_view_is_read_again_when_the_map_moves(visit: Open):
    shown = visit(PARCELS)
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(12)
    with shown.expect_request(lambda asked: "/items?bbox=" in asked.url and "limit=2000" in asked.url):
        row(shown, RED_LINE).get_by_role("button", name="缩放到图层").click()
    expect(row(shown, PARCELS).locator(".import-status")).to_have_text("视图内 4 个要素，已全部绘出")
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(4)


def test_more_than_a_view_may_draw_is_said(visit: Open):
    shown = visit()
    shown.route(
        "**/items?bbox=*",
        lambda route: route.fulfill(
            json={**route.fetch().json(), "numberMatched": 3600, "numberReturned": 12},
        ),
    )
    row(shown, PARCELS).locator("input").check()
    expect(row(shown, PARCELS).locator(".import-status")).to_have_text(
        "视图内共 3,600 个要素，绘出 12 个；放大可看到全部"
    )


def test_a_click_tells_every_column_and_the_rights(visit: Open):
    shown = visit(PARCELS)
    shown.locator(f"{SHEET} path.imported.land-M3").first.dispatch_event("click")
    facts = shown.locator(".leaflet-popup .facts")
    expect(facts.locator("h3")).to_have_text("余政储出〔2024〕2号")
    expect(value(facts, "地块编号")).to_have_text("余政储出〔2024〕2号")
    expect(value(facts, "用地分类")).to_have_text("M3")
    expect(value(facts, "图层")).to_have_text(f"余杭区工业地块 ({PARCELS})")
    expect(value(facts, "许可")).to_have_text("内部使用")
    expect(value(facts, "署名")).to_have_text("余杭区规划局 ©")
    facts.locator("summary").click()
    expect(facts.locator("details")).to_contain_text("容积率下限")


def test_values_and_names_of_columns_are_shown_as_text(visit: Open):
    shown = visit(PARCELS, STATIONS)
    expect(shown.locator(f"{SHEET} path.imported-point")).to_have_count(3)
    facts = told(shown, PARCELS, 0)
    expect(value(facts, "备注")).to_have_text(HOSTILE)
    shown.keyboard.press("Escape")
    facts = told(shown, STATIONS, 0)
    expect(facts.locator("h3")).to_have_text(HOSTILE)
    expect(value(facts, "换乘")).to_have_text("是")
    facts.locator("summary").click()
    expect(facts.locator("details")).to_contain_text('a "b" <c>')
    shown.keyboard.press("Escape")
    facts = told(shown, STATIONS, 1)
    expect(facts.locator("h3")).to_have_text(TURNING)
    for element in facts.locator("h3, dd").all():
        expect(element).to_have_css("unicode-bidi", "isolate")
    assert shown.evaluate("window.struck") is None
    assert shown.locator("img").count() == 0


def test_synthetic_features_say_so_in_their_popup(visit: Open):
    shown = visit(SAMPLE)
    facts = told(shown, SAMPLE, 0)
    expect(facts.locator(".synthetic-badge")).to_have_text("合成数据")
    expect(value(facts, "面积")).to_have_text("2 公顷")


def test_a_popup_leads_to_its_feature(visit: Open):
    shown = visit(SAMPLE)
    told(shown, SAMPLE, 0).get_by_role("button", name="放大到此处").press("Enter")
    drawn = shown.locator(f"{SHEET} path.made-up")
    expect(drawn).to_be_in_viewport()
    shown.wait_for_function("document.querySelector('path.made-up').getBoundingClientRect().width > 40")


def test_the_feed_of_a_layer_can_be_followed(visit: Open, bureau_served: str):
    shown = visit()
    address = row(shown, STATIONS).locator("a").get_attribute("href")
    assert address == f"/api/collections/{quote(STATIONS)}/items"
    assert shown.request.get(bureau_served + address).json()["numberMatched"] == 3


def test_a_feed_that_fails_says_why(visit: Open):
    shown = visit()
    refusal = {"detail": "服务暂不可用", "status": 503}
    shown.route("**/items?bbox=*", lambda route: route.fulfill(status=200, json=refusal))
    row(shown, PARCELS).locator("input").check()
    expect(row(shown, PARCELS).locator(".import-status")).to_contain_text("读取失败")
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_phone_holds_the_rows_and_the_popup_within_its_width(visit: Open, language: str):
    shown = visit(PARCELS, SAMPLE, language=language, size=PHONE)
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(13)
    shown.locator("#handle").click()
    box = row(shown, SAMPLE).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE[0]
    facts = told(shown, PARCELS, 0)
    expect(shown.locator("#panel")).to_be_hidden()
    expect(facts.locator("h3")).to_be_in_viewport()
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_written_file_carries_small_layers_and_says_what_it_leaves_out(
    visit: Open, bureau_url: Callable[[str], str], tmp_path: Path
):
    engine = open_engine(bureau_url("gpkg"))
    with reading(engine) as connection:
        written = tmp_path / "map.html"
        written.write_text(page(read_atlas(connection, carried=True), assets="inlined"), encoding="utf-8")
        assert [layer.id for layer in left_out(connection)] == [SAMPLE, "fake"]
        assert left_out(connection, synthetic=True) == []
        everything = read_atlas(connection, carried=True, synthetic=True)
    engine.dispose()
    assert sum(len(one["features"]) for one in everything.imports) <= MOST_CARRIED
    shown = visit(PARCELS, PLOTS, at=written.as_uri())
    expect(shown.locator(f"{SHEET} path.imported")).to_have_count(14)
    expect(row(shown, SAMPLE).locator("input")).to_be_disabled()
    expect(row(shown, SAMPLE)).to_contain_text("未收入此文件")
    expect(row(shown, PARCELS).locator("a")).to_have_count(0)
