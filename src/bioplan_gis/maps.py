"""The map page: layers in, one HTML document out. The only module that knows Folium.

Folium makes the map and its layer groups; the scripts of ``web/`` draw into them. Stock Folium loads ten files from
public CDNs and puts values into ``innerHTML``; here every script and style is our own or in the lock file of ``web/``,
data travels as JSON only, and a Content-Security-Policy in the page itself refuses anything else.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal, cast

import folium
import numpy as np
import shapely
from branca.element import Element, Figure, MacroElement
from folium.template import Template as ScriptTemplate
from shapely.geometry import Point, Polygon, mapping, shape

from bioplan_gis.catalogue import Source
from bioplan_gis.crs import GEOD, SQUARE_METRES_PER_HECTARE, area_m2
from bioplan_gis.settings import bundled

Assets = Literal["linked", "inlined"]
Language = Literal["zh", "en"]

# In the order in which the page needs them.
STYLES = ("leaflet.css", "ink.css", "page.css", "map.css", "plate.css", "imports.css")
SCRIPTS = (
    "leaflet.js", "nodes.js", "strings.js", "atlas.js", "layouts.js", "symbols.js", "popups.js", "sheet.js",
    "placement.js", "labels.js", "names.js", "legend.js", "imports.js", "panel.js", "frame.js", "inset.js",
    "view.js", "address.js", "start.js",
)  # fmt: skip

# Layer groups from bottom to top; neighbours are the districts outside of every layout.
GROUPS = (
    "neighbours", "zones", "districts", "water", "towns", "links", "imports", "industrial_land", "parks", "labs",
    "enterprises",
)  # fmt: skip
# Tables whose names the page looks up.
TABLES = ("tracks", "documents")

# Decimals of a degree that a layer is drawn with: 4 is 11 m, far below what a shoreline of the 1990s is known to.
DECIMALS = {"water": 4, "districts": 5}
# Of these layers the page needs no more than the named properties.
LEAN = {
    "water": ("kind", "level"),
    "towns": ("name_zh", "name_en"),
    "tracks": ("name_zh", "name_en"),
    "documents": ("name_zh", "name_en", "title_zh", "title_en"),
}
HANGZHOU = (30.05, 119.55)
SCHEMATIC_VERTICES = 72


@dataclass(frozen=True)
class Atlas:
    """Everything that one map page shows.

    Attributes:
        layouts: records of the layouts, in the order of the switch.
        collections: GeoJSON FeatureCollection by layer id, as the API serves it (longitude, latitude, EPSG:4490).
        attributions: of the layers; one layer's may be several, with ；between them.
        sources: of the catalogue, which records name by their ids.
        imports: what is known of each imported layer; with its features where the page must carry them.
    """

    layouts: Sequence[Mapping[str, Any]]
    collections: Mapping[str, Mapping[str, Any]]
    attributions: Sequence[str]
    sources: Sequence[Source] = ()
    imports: Sequence[Mapping[str, Any]] = ()


class _Start(MacroElement):
    """Hands Folium's map and groups to the page's own scripts."""

    _template = ScriptTemplate("""
        {% macro script(this, kwargs) %}
        BioPlan.start({{ this._parent.get_name() }}, {
            {%- for name, group in this.groups.items() %} {{ name }}: {{ group.get_name() }},{% endfor %} });
        {% endmacro %}
    """)

    def __init__(self, groups: Mapping[str, folium.FeatureGroup]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Start"
        self.groups = groups


def page(atlas: Atlas, *, assets: Assets = "linked", language: Language = "zh") -> str:
    """The map as an HTML document; the same atlas gives the same bytes.

    Args:
        atlas: what to show.
        assets: ``linked`` refers to scripts and styles under ``/assets/``; ``inlined`` carries them, so that the one
            file opens without a network.
        language: the language that the page opens in; its switch changes it.

    Raises:
        SettingsError: the built scripts and styles are missing from the installation.
    """
    web = bundled("web")
    markup, script = _folium_parts()
    styles, style_hashes = _styles(web, assets)
    scripts, script_hashes = _scripts(web, assets, script)
    return Template((web / "page.html").read_text(encoding="utf-8")).substitute(
        licences=_licences(web, assets),
        language="zh-CN" if language == "zh" else "en",
        policy=_policy(assets, style_hashes, script_hashes),
        styles=styles,
        scripts=scripts,
        map=markup,
        atlas=_embedded({**_contents(atlas), "language": language}),
    )


def _folium_parts() -> tuple[str, str]:
    """The map's element and the script that makes it, as Folium writes them."""
    sheet = folium.Map(
        location=HANGZHOU,
        tiles=None,
        zoom_start=9,
        min_zoom=6,
        max_zoom=17,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0.25,
        zoom_delta=0.5,
        wheel_px_per_zoom_level=120,
    )
    groups = {name: folium.FeatureGroup(name=name) for name in GROUPS}
    for group in groups.values():
        group.add_to(sheet)
    start = _Start(groups).add_to(sheet)
    _name_alike([("map", sheet), *groups.items(), ("start", start)])
    figure = cast("Figure", sheet.get_root())
    figure.render()  # its head, which would load from CDNs, is left aside
    return figure.html.render(), figure.script.render()


def _name_alike(elements: Iterable[tuple[str, Element]]) -> None:
    """Names instead of Folium's random ones, so that the same data gives the same bytes."""
    for name, element in elements:
        element._id = name  # noqa: SLF001  Folium offers no other way


def _contents(atlas: Atlas) -> dict[str, Any]:
    """The atlas as the page's scripts read it, thinned to what can be seen."""
    layers = {*GROUPS, *TABLES} & set(atlas.collections)
    return {
        "layouts": [dict(layout) for layout in atlas.layouts],
        "attributions": _single_lines(atlas.attributions),
        "sources": {source.id: _titles(source) for source in atlas.sources},
        "imports": [_light(one) for one in atlas.imports],
        "collections": {layer: _thinned(layer, atlas.collections[layer]) for layer in sorted(layers)},
    }


def _light(described: Mapping[str, Any]) -> dict[str, Any]:
    """An imported layer with what the page has to carry of it: coordinates to a tenth of a metre."""
    if "features" not in described:
        return dict(described)
    features = [{**one, "geometry": _rounded(one["geometry"], 6)} for one in described["features"]]
    return {**described, "features": features}


def _titles(source: Source) -> dict[str, str]:
    """What a reader is told of a source instead of its id."""
    return {"title_zh": source.title_zh, "title_en": source.title_en, "attribution": source.attribution}


def _single_lines(attributions: Iterable[str]) -> list[str]:
    """Each attribution once, though several layers carry it."""
    return list(dict.fromkeys(line for joined in attributions for line in joined.split("；")))


def _thinned(layer: str, collection: Mapping[str, Any]) -> dict[str, Any]:
    """A collection with no more decimals and properties than the page can use."""
    return {"type": "FeatureCollection", "features": [_lean(layer, one) for one in collection["features"]]}


def _lean(layer: str, feature: Mapping[str, Any]) -> dict[str, Any]:
    properties = dict(feature["properties"])
    if layer in LEAN:
        properties = {name: properties.get(name) for name in LEAN[layer]}
    geometry = feature["geometry"]
    if layer == "zones" and geometry is not None and geometry["type"] != "Point":
        geometry = None  # the page draws a zone of districts by its members
    if layer == "industrial_land":
        properties["schematic"] = _schematic(geometry, properties.get("park_area_ha"))
    return {
        "type": "Feature",
        "id": feature["id"],
        "geometry": _rounded(geometry, DECIMALS.get(layer, 6)),
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def _rounded(geometry: Mapping[str, Any] | None, decimals: int) -> dict[str, Any] | None:
    if geometry is None:
        return None
    rounded = shapely.transform(shape(geometry), lambda at: np.round(at, decimals))
    return dict(mapping(rounded))


def _schematic(geometry: Mapping[str, Any] | None, area_ha: float | None) -> dict[str, Any] | None:
    """The dashed symbol of land that is known by its area alone; a circle, where that land has a point."""
    if geometry is None or geometry["type"] != "Point" or area_ha is None:
        return None
    return _rounded(mapping(area_true_circle(Point(geometry["coordinates"]), area_ha)), 6)


def area_true_circle(centre: Point, area_ha: float) -> Polygon:
    """A circle of 72 vertices around an EPSG:4490 point, whose area on the ellipsoid is the given one in hectares."""
    wanted_m2 = area_ha * SQUARE_METRES_PER_HECTARE
    radius_m = float(np.sqrt(wanted_m2 / np.pi))
    radius_m *= float(np.sqrt(wanted_m2 / area_m2(_circle(centre, radius_m))))
    return _circle(centre, radius_m)


def _circle(centre: Point, radius_m: float) -> Polygon:
    bearings = np.linspace(0, -360, SCHEMATIC_VERTICES, endpoint=False)
    same = np.ones_like(bearings)
    longitudes, latitudes, _ = GEOD.fwd(centre.x * same, centre.y * same, bearings, radius_m * same)
    return Polygon(np.column_stack([longitudes, latitudes]))


def _embedded(value: object) -> str:
    """JSON that may stand inside a script element: no ``<`` in it, so no value can end the element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _styles(web: Path, assets: Assets) -> tuple[str, list[str]]:
    """The style elements, and the hashes of those that stand in the page."""
    if assets == "linked":
        return "\n".join(f'<link rel="stylesheet" href="{asset_address(web / name)}">' for name in STYLES), []
    texts = [(web / name).read_text(encoding="utf-8") for name in STYLES]
    return "\n".join(f"<style>{text}</style>" for text in texts), [_hash(text) for text in texts]


def _scripts(web: Path, assets: Assets, last: str) -> tuple[str, list[str]]:
    """The script elements, Folium's last, and the hashes of those that stand in the page."""
    linked = [f'<script src="{asset_address(web / name)}"></script>' for name in SCRIPTS] if assets == "linked" else []
    texts = [] if assets == "linked" else [_inline((web / name).read_text(encoding="utf-8")) for name in SCRIPTS]
    texts.append(_inline(last))
    return "\n".join([*linked, *(f"<script>{text}</script>" for text in texts)]), [_hash(text) for text in texts]


def _licences(web: Path, assets: Assets) -> str:
    """What the licences of the parts that a file carries ask to be carried with them."""
    if assets == "linked":
        return ""
    texts = [path.read_text(encoding="utf-8").replace("--", "- -") for path in sorted(web.glob("*.LICENSE.txt"))]
    return "".join(f"<!--\n{text}\n-->\n" for text in texts)


def asset_address(path: Path) -> str:
    """Where a page finds a file: by its content, so that no browser pairs a page with an older script."""
    return f"/assets/{path.name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def _inline(script: str) -> str:
    """A script that may stand inside a script element."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _policy(assets: Assets, styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Content-Security-Policy: nothing but what this page is made of, and no request to another host."""
    own = ["'self'"] if assets == "linked" else []
    return "; ".join([
        "default-src 'none'",
        "img-src data:",
        *([f"connect-src {' '.join(own)}"] if own else []),
        f"style-src {' '.join([*own, *styles])}",
        f"script-src {' '.join([*own, *scripts])}",
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip
