"""The page as a document: what stands in it, what it would load, and that no value can break out of its place."""

import base64
import hashlib
import json
import re
from typing import Any

import folium
import pytest
from shapely.geometry import Point, shape

from bioplan_gis.crs import GEOD, area_m2
from bioplan_gis.maps import SCRIPTS, STYLES, Atlas, area_true_circle, page
from bioplan_gis.settings import bundled

HOSTILE = """<img src=x onerror=alert(1)>'"</script><script>alert(2)</script><!--"""
LINE = "行政区划数据来源：天地图（国家地理信息公共服务平台）"


def feature(identity: str, geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": properties}


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def point(longitude: float, latitude: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def atlas(**layers: dict[str, Any]) -> Atlas:
    layout = {"id": "jia-2024", "phrase": "一心双核多元", "name_zh": "甲市布局", "area_adcode": "3301"}
    return Atlas(layouts=(layout,), collections=layers, attributions=(LINE, f"{LINE}；GeoNames (CC BY 4.0)"))


def embedded(document: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="atlas">(.*?)</script>', document, re.DOTALL)
    return json.loads(found[1])


@pytest.mark.parametrize("assets", ["linked", "inlined"])
def test_page_loads_nothing_from_elsewhere(assets: str):
    document = page(atlas(), assets=assets)
    loaded = re.findall(r"""(?:src|href|data-src)=["']([^"']+)|@import|url\((?!#)([^)]+)\)""", document)
    addresses = {address for pair in loaded for address in pair if address}
    outside = {address for address in addresses if not address.startswith(("/assets/", "data:", "#", "images/"))}
    assert outside <= {"https://leafletjs.com"}  # in the prefix of Leaflet's attribution, which is off
    foreign = [url for _, url in (*folium.folium._default_js, *folium.folium._default_css)]
    assert [url for url in foreign if url in document] == []


@pytest.mark.parametrize("assets", ["linked", "inlined"])
def test_policy_admits_every_inline_part_and_nothing_else(assets: str):
    document = page(atlas(), assets=assets)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', document)[1]
    inline = re.findall(r"<script>(.*?)</script>", document, re.DOTALL) + re.findall(
        r"<style>(.*?)</style>", document, re.DOTALL
    )
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("assets", ["linked", "inlined"])
def test_no_value_leaves_the_data(assets: str):
    firm = feature("firm", point(120.1, 30.2), name_zh=HOSTILE, name_en=HOSTILE, fact_zh=HOSTILE)
    plain = feature("firm", point(120.1, 30.2), name_zh="甲", name_en="Jia", fact_zh="乙")
    document, expected = (page(atlas(enterprises=collection(one)), assets=assets) for one in (firm, plain))
    assert embedded(document)["collections"]["enterprises"]["features"][0]["properties"]["name_zh"] == HOSTILE
    assert document.count("<script") == expected.count("<script")
    assert "<img" not in document


def test_inlined_page_refers_to_no_file():
    document = page(atlas(), assets="inlined")
    assert "/assets/" not in document
    assert "'self'" not in document


def test_written_file_carries_the_licence_of_what_it_carries():
    document = page(atlas(), assets="inlined")
    assert "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS" in document
    assert "Volodymyr Agafonkin" in document


def test_same_atlas_gives_the_same_bytes():
    assert page(atlas()) == page(atlas())


def test_linked_page_names_built_files_by_their_content():
    document = page(atlas())
    for name in (*STYLES, *SCRIPTS):
        digest = hashlib.sha256((bundled("web") / name).read_bytes()).hexdigest()
        assert f'"/assets/{name}?v={digest[:12]}"' in document


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
def test_page_opens_in_the_language_asked_for(language: str, tag: str):
    document = page(atlas(), language=language)
    assert f'<html lang="{tag}">' in document
    assert embedded(document)["language"] == language


def test_each_attribution_stands_once():
    assert embedded(page(atlas()))["attributions"] == [LINE, "GeoNames (CC BY 4.0)"]


def test_water_is_thinned_and_zones_of_districts_are_not_sent_twice():
    line = {"type": "LineString", "coordinates": [[120.123456, 30.123456], [120.2, 30.2]]}
    square = {"type": "MultiPolygon", "coordinates": [[[[120, 30], [121, 30], [121, 31], [120, 30]]]]}
    sent = embedded(
        page(
            atlas(
                water=collection(feature("w", line, kind="river", level=2, position_method="long")),
                zones=collection(feature("z", square, name_zh="甲区"), feature("c", point(120.3, 30.3), name_zh="核")),
            )
        )
    )["collections"]
    assert sent["water"]["features"][0]["geometry"]["coordinates"] == [[120.1235, 30.1235], [120.2, 30.2]]
    assert sent["water"]["features"][0]["properties"] == {"kind": "river", "level": 2}
    assert [one["geometry"] for one in sent["zones"]["features"]] == [None, point(120.3, 30.3)]


def test_land_known_by_its_area_alone_gets_a_symbol_of_that_area():
    land = feature("m3", point(119.425, 29.52), name_zh="园", park_area_ha=781.27)
    unknown = feature("m3b", point(120.588, 30.256), name_zh="园", park_area_ha=None)
    sent = embedded(page(atlas(industrial_land=collection(land, unknown))))["collections"]["industrial_land"]
    symbol, none = (one["properties"].get("schematic") for one in sent["features"])
    assert area_m2(shape(symbol)) == pytest.approx(7_812_700, rel=1e-4)
    assert none is None


def test_area_true_circle_lies_around_its_centre():
    centre = Point(119.352, 30.187)
    ring = area_true_circle(centre, 111.11).exterior.coords[:-1]
    radii = [GEOD.inv(centre.x, centre.y, *corner)[2] for corner in ring]
    assert area_m2(area_true_circle(centre, 111.11)) == pytest.approx(1_111_100, rel=1e-9)
    assert max(radii) - min(radii) < 0.001
