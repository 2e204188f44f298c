"""OpenLayers, MapLibre and ogc-client, unchanged, show the feeds of both engines in Chromium, from another origin.

The pages are those of the README, with the service's address and the bureau's parcels put into them.
"""

import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, Playwright

from connected import COUNT, PARCELS, Wire, parcels
from service import CHROMIUM_OPTIONS, chromium

CLIENTS = Path(__file__).parent / "clients"
README = (CLIENTS.parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```html\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
# Software that draws as a graphics card does, for a machine without one.
DRAWING = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
OPTIONS = [option for option in CHROMIUM_OPTIONS if option != "--disable-gpu"] + DRAWING
# What the maps are moved to: the middle of a parcel.
THERE = 1275
CENTRE = list(parcels().to_crs(4326).geometry[THERE].representative_point().coords[0])


class Silent(SimpleHTTPRequestHandler):
    """Hands out files and keeps no log."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def do_GET(self) -> None:
        """Hand out a file; browsers ask for an icon on their own."""
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients in it, as ``npm install`` leaves it."""
    modules = CLIENTS / "node_modules"
    if not (modules / "ol/dist/ol.js").is_file():
        pytest.fail("OpenLayers and MapLibre are missing. `make test` installs them (python tests/clients/install.py).")
    made = tmp_path_factory.mktemp("web")
    (made / "node_modules").symlink_to(modules)
    return made


@pytest.fixture(scope="session")
def site(folder: Path) -> Iterator[str]:
    """The address of that folder: another origin than the service's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def drawing_browser(player: Playwright) -> Iterator[Browser]:
    """Chromium without a window, but with WebGL."""
    opened = player.chromium.launch(executable_path=chromium(), args=OPTIONS)
    yield opened
    opened.close()


@pytest.fixture
def page(drawing_browser: Browser) -> Iterator[Page]:
    """A page that must end without an error in its console."""
    context = drawing_browser.new_context(viewport={"width": 512, "height": 512}, locale="zh-CN")
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def show(page: Page, site: str, folder: Path, wire: Wire) -> Callable[[str], Page]:
    """``show(html)``: the page, with the service's address in it."""

    def opened(html: str) -> Page:
        (folder / "page.html").write_text(html.replace(ADDRESS, wire.address), encoding="utf-8")
        page.goto(f"{site}/page.html")
        return page

    return opened


def readme_page(text: str, layer: str) -> str:
    """The README's page that holds a text, with the bureau's parcels for one of its layers."""
    return next(block for block in BLOCKS if text in block).replace(f"/{layer}/", f"/{quote(PARCELS)}/")


MAPLIBRE = readme_page("maplibre-gl", "districts")
OPENLAYERS = readme_page("OGCVectorTile", "industrial_land")


def told(page: Page, expression: str) -> Any:
    """An expression's value once it is one that counts as true."""
    return page.wait_for_function(expression, timeout=20_000, polling=100).json_value()


def test_maplibre_draws_the_style_and_a_click_tells_which(show: Callable[[str], Page]):
    page = show(MAPLIBRE)
    told(page, "window.map && map.getSource('labs') && map.isSourceLoaded('labs') && map.loaded()")
    assert told(page, "map.querySourceFeatures('labs').map((one) => one.properties.name_zh)")  # of GeoJSON
    page.evaluate(f"map.jumpTo({{ center: {CENTRE}, zoom: 15 }})")
    seen = told(
        page,
        "map.areTilesLoaded() && map.queryRenderedFeatures().map((one) => one.properties['编号']).filter(Boolean)",
    )
    assert 10 < len(set(seen)) < COUNT
    assert set(seen) <= set(parcels()["编号"])
    page.mouse.click(256, 256)
    assert (
        told(page, "document.querySelector('.maplibregl-popup-content')?.firstChild.textContent")
        == parcels()["编号"][THERE]
    )
    under = page.evaluate("map.queryRenderedFeatures([256, 256]).map((one) => one.id)")
    assert set(under) == {THERE + 1}  # a number, as ids in tiles are: the row's key
    attribution = told(page, "document.querySelector('.maplibregl-ctrl-attrib-inner')?.textContent")
    assert "余杭区规划局" in attribution


def test_maplibre_opens_where_the_layer_is(show: Callable[[str], Page]):
    page = show(MAPLIBRE)
    told(page, "window.map && map.loaded() && map.areTilesLoaded()")
    west, south, east, north = page.evaluate("map.getBounds().toArray().flat()")
    own = parcels().to_crs(4326).total_bounds
    assert west <= own[0] < own[2] <= east
    assert south <= own[1] < own[3] <= north
    assert east - west < 1


def test_maplibre_paints_what_it_draws(show: Callable[[str], Page]):
    page = show(MAPLIBRE)
    told(page, "window.map && map.loaded() && map.areTilesLoaded()")
    page.evaluate(f"map.jumpTo({{ center: {CENTRE}, zoom: 16 }})")
    told(page, "map.areTilesLoaded()")
    colours = page.evaluate("""() => new Promise((done) => {
        map.once("render", () => {
            const gl = map.getCanvas().getContext("webgl2"), { width, height } = map.getCanvas();
            const pixels = new Uint8Array(width * height * 4);
            gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
            done(new Set(new Uint32Array(pixels.buffer)).size);
        });
        map.triggerRepaint();
    })""")
    assert colours > 2  # paper, areas, outlines


def test_openlayers_draws_tiles_over_geojson(show: Callable[[str], Page], wire: Wire):
    page = show(OPENLAYERS)
    page.evaluate(f"map.getView().setCenter(ol.proj.fromLonLat({CENTRE})); map.getView().setZoom(16)")
    found = told(page, "map.getFeaturesAtPixel([256, 256]).map((one) => one.get('编号')).find(Boolean)")
    assert found == parcels()["编号"][THERE]
    assert told(page, "districts.getFeatures().length") > 40
    ids = page.evaluate("districts.getFeatures().map((one) => one.getId())")
    assert len(set(ids)) == len(ids)
    district = told(page, "map.getFeaturesAtPixel([256, 256]).map((one) => one.get('name_zh')).find(Boolean)")
    assert district.endswith("区")
    alpha = page.evaluate("document.querySelector('canvas').getContext('2d').getImageData(256, 256, 1, 1).data[3]")
    assert alpha > 0
    assert {one.path for one in wire.asked} >= {f"/api/collections/{PARCELS}/tiles/WebMercatorQuad"}


def test_openlayers_reads_every_parcel_with_its_id(show: Callable[[str], Page]):
    html = OPENLAYERS.replace("/districts/items", f"/{quote(PARCELS)}/items")
    page = show(html)
    told(page, f"districts.getFeatures().length === {COUNT}")
    assert sorted(page.evaluate("districts.getFeatures().map((one) => one.getId())")) == list(parcels()["编号"])


def test_ogc_client_finds_its_way(show: Callable[[str], Page], wire: Wire):
    page = show((CLIENTS / "ogc-client.html").read_text(encoding="utf-8"))
    assert "BioPlan GIS" in told(page, "window.endpoint && endpoint.info")["title"]
    assert {PARCELS, "labs"} <= set(page.evaluate("endpoint.featureCollections"))
    assert page.evaluate("endpoint.hasTiles")
    about = page.evaluate("layer => endpoint.getCollectionInfo(layer)", PARCELS)
    assert "application/geo+json" in about["itemFormats"]
    first = page.evaluate("layer => endpoint.getCollectionItems(layer, 3)", PARCELS)
    assert [one["id"] for one in first] == list(parcels()["编号"][:3])
    one = page.evaluate("([layer, id]) => endpoint.getCollectionItem(layer, id)", [PARCELS, "余杭-0007"])
    assert one["properties"]["地块名称"] == "第7号地块"
    tileset = page.evaluate("layer => endpoint.getVectorTilesetUrl(layer, 'WebMercatorQuad')", PARCELS)
    assert tileset.startswith(f"{wire.address}/api/collections/")


def test_a_page_of_another_origin_reads_heads_and_asks_again(show: Callable[[str], Page], wire: Wire):
    page = show("<!doctype html>")
    address = f"{wire.address}/api/collections/{quote(PARCELS)}/items?limit=2"
    tag, crs = page.evaluate(
        "address => fetch(address).then((one) => [one.headers.get('ETag'), one.headers.get('Content-Crs')])", address
    )
    assert crs == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    again = "([address, tag]) => fetch(address, { headers: { 'If-None-Match': tag }, cache: 'no-store' })"
    assert page.evaluate(f"{again[:-1]}).then((one) => one.status)", [address, tag]) == 304
