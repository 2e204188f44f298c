"""What each page of the API shows besides the members of its document."""

from collections.abc import Mapping, Sequence
from typing import Any

from bioplan_gis.api.page_links import (
    OWN_RELS,
    Standing,
    chosen,
    every_but,
    files,
    layer_title,
    of_this_question,
    turning,
    ways,
)
from bioplan_gis.api.page_operations import PLACES, groups_of, schema_text
from bioplan_gis.api.page_tables import (
    NUMBERS,
    Document,
    condition_on,
    facts_of,
    fields_of,
    references,
    rows_of,
    split_filled,
    titled,
)
from bioplan_gis.api.page_values import half
from bioplan_gis.tiling import FINEST_ZOOM

View = dict[str, Any]
VECTOR_TILE = "application/vnd.mapbox-vector-tile"
GEOMETRY_NAMES: Mapping[str | None, tuple[str, str]] = {
    None: ("无几何（表）", "none (a table)"),
    "POINT": ("点", "points"),
    "MULTIPOINT": ("多点", "multipoints"),
    "LINESTRING": ("线", "lines"),
    "MULTILINESTRING": ("多线", "multilines"),
    "POLYGON": ("面", "polygons"),
    "MULTIPOLYGON": ("多面", "multipolygons"),
    "GEOMETRY": ("各种", "of several kinds"),
}
# As the conformance classes' addresses name the standards.
STANDARDS: Mapping[str, tuple[str, str]] = {
    "ogcapi-common-1": ("OGC API 通用 第1部分：核心", "OGC API Common Part 1: Core"),
    "ogcapi-common-2": ("OGC API 通用 第2部分：地理数据", "OGC API Common Part 2: Geospatial data"),
    "ogcapi-common-3": ("OGC API 通用 第3部分：模式", "OGC API Common Part 3: Schemas"),
    "ogcapi-features-1": ("OGC API 要素 第1部分：核心", "OGC API Features Part 1: Core"),
    "ogcapi-features-2": ("OGC API 要素 第2部分：坐标系", "OGC API Features Part 2: Coordinate reference systems"),
    "ogcapi-features-3": ("OGC API 要素 第3部分：筛选", "OGC API Features Part 3: Filtering"),
    "ogcapi-features-5": ("OGC API 要素 第5部分：模式", "OGC API Features Part 5: Schemas"),
    "cql2": ("CQL2 通用查询语言", "Common Query Language (CQL2)"),
    "ogcapi-tiles-1": ("OGC API 瓦片", "OGC API Tiles"),
    "tms": ("二维瓦片矩阵集", "Two-dimensional tile matrix sets"),
    "json-fg-1": ("JSON-FG", "JSON-FG"),
}


def anything(document: Document, here: Standing) -> View:
    """A document of which nothing is known: its members and links."""
    return {"ways": ways(document, here), "heading": half(str(document.get("title") or ""), english=here.english)}


def landing(document: Document, here: Standing) -> View:
    """The landing page."""
    return {"ways": ways(document, here), "services": here.at.base + "/api"}


def conformance(document: Document, here: Standing) -> View:
    """Conformance classes by the standard that states them."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for uri in document.get("conformsTo") or ():
        standard, _, name = str(uri).rpartition("/spec/")[2].partition("/")
        groups.setdefault(standard or str(uri), []).append((name.rpartition("conf/")[2] or str(uri), str(uri)))
    named = {
        STANDARDS.get(standard, (standard, standard))[here.english]: classes for standard, classes in groups.items()
    }
    return {"groups": named, "ways": ways(document, here)}


def collections(document: Document, here: Standing) -> View:
    """The list of layers."""
    every = ways(document, here)
    rows = [(one, here.at.path("collections", str(one["id"])), geometry_name(one, here)) for one in _listed(document)]
    return {"rows": rows, **turning(every, here), "ways": every}


def collection(document: Document, here: Standing) -> View:
    """One layer."""
    every = ways(document, here)
    fields = fields_of((), document, english=here.english)
    return {
        "fields": fields,
        "files": files(document, here),
        "ways": every,
        "items": here.at.path("collections", str(document["id"]), "items"),
        "bbox": _bbox(document),
        "geometry": geometry_name(document, here),
        "tiles": [way for way in every if "tile" in way.rel],
        "more": [way for way in every if way.rel not in {*OWN_RELS, "items", "enclosure"} and "tile" not in way.rel],
        "services": here.at.base + "/api",
    }


def items(document: Document, here: Standing) -> View:
    """A page of features."""
    features = _features(document)
    every = ways(document, here)
    fields = fields_of(features, here.owner, english=here.english)
    filled, bare = split_filled(features, fields)
    turned = turning(every, here)
    return {
        # A page for people may hold fewer features than were asked for; the map is to hold the same.
        "shapes": here.at.shapes(len(features) if turned["next"] else None),
        "fields": filled,
        "bare": bare,
        "rows": rows_of(features, filled, references(here.at, here.owner), english=here.english),
        "placed": sum(one.get("geometry") is not None for one in features),
        "layer": here.at.layer,
        "chosen": chosen(here),
        "example": condition_on(features, fields),
        **turned,
        "files": [of_this_question(file, here) for file in files(here.owner, here)],
        "ways": every,
    }


def item(document: Document, here: Standing) -> View:
    """One feature."""
    values = document.get("properties") or {}
    filled, bare = split_filled([document], fields_of([document], here.owner, english=here.english))
    facts, provenance = facts_of(values, filled, references(here.at, here.owner), english=here.english)
    return {
        "name": titled(values, "name", english=here.english) or str(document.get("id", "")),
        "other_name": titled(values, "name", english=not here.english),
        "facts": facts,
        "provenance": provenance,
        "bare": bare,
        "placed": document.get("geometry") is not None,
        "layer": here.at.layer,
        "ways": every_but(ways(document, here), OWN_RELS),
    }


def properties(document: Document, here: Standing) -> View:
    """Queryables, sortables or a schema: a JSON Schema whose properties are columns."""
    return {
        "rows": [(name, schema, _type_of(schema)) for name, schema in (document.get("properties") or {}).items()],
        "ways": every_but(ways(document, here), OWN_RELS),
        "layer": here.at.layer,
    }


def functions(document: Document, here: Standing) -> View:
    """Functions that a filter may call."""
    return {"rows": [dict(one) for one in document.get("functions") or ()], "ways": ways(document, here)}


def tilesets(document: Document, here: Standing) -> View:
    """The tilesets of a layer, or of the whole."""
    rows = [(one, ways(one, here)) for one in document.get("tilesets") or ()]
    title = layer_title(document, here)
    return {"rows": rows, "ways": ways(document, here), "layer": here.at.layer, "layer_title": title}


def tileset(document: Document, here: Standing) -> View:
    """One tileset: the addresses of its tiles, and the tiles on a map."""
    links = [one for one in document.get("links") or () if "{" in str(one.get("href"))]
    vector = [str(one["href"]) for one in links if VECTOR_TILE in str(one.get("type"))]
    limits = [one for one in document.get("tileMatrixSetLimits") or () if str(one.get("tileMatrix")).isdecimal()]
    return {
        "ways": ways(document, here),
        "layer_title": layer_title(document, here),
        "templates": [str(one["href"]) for one in links],
        "single": [(name, one) for name, one in document.items() if name not in _TOLD_OF_A_TILESET],
        "contents": [_contents(one, here) for one in document.get("layers") or ()],
        "drawn": here.at.file(vector[0]) if vector else "",
        "finest": min(FINEST_ZOOM, max((int(one["tileMatrix"]) for one in limits), default=FINEST_ZOOM)),
        "bbox": _box_of_tiles(document) or _bbox(here.owner),
        "layer": here.at.layer,
        "heading": half(str(document.get("title") or ""), english=here.english),
    }


_TOLD_OF_A_TILESET = {"title", "description", "links", "layers", "tileMatrixSetLimits", "boundingBox", "centerPoint"}


def _contents(layer: Document, here: Standing) -> tuple[str, list[tuple[str, Document, str]]]:
    """What a layer of tiles is called, and the properties that its features have there."""
    columns = (layer.get("propertiesSchema") or {}).get("properties") or {}
    title = titled(layer, english=here.english) or str(layer.get("id") or "")
    return title, [(name, schema, _type_of(schema)) for name, schema in columns.items()]


def tile_matrix_set(document: Document, here: Standing) -> View:
    """A way to cut the world into tiles."""
    own = [(name, one) for name, one in document.items() if name not in {"title", "links", "tileMatrices"}]
    return {"own": own, "heading": str(document.get("id") or ""), "ways": every_but(ways(document, here), OWN_RELS)}


def tile_matrix_sets(document: Document, _: Standing) -> View:
    """The ways to cut the world into tiles."""
    return {"rows": [one for one in document.get("tileMatrixSets") or () if isinstance(one, Mapping)]}


def definition(document: Document, here: Standing) -> View:
    """The API definition: every operation with its parameters and answers."""

    def place_of(parameter: Document) -> str:
        place = str(parameter.get("in") or "")
        return PLACES.get(place, (place, place))[here.english]

    return {"groups": groups_of(document), "schema_text": schema_text, "place_of": place_of}


def layouts(document: Document, here: Standing) -> View:
    """The layouts with their phrases."""
    return {"ways": ways(document, here)}


def layout(document: Document, here: Standing) -> View:
    """One layout, its zones and links, which are the product's own whatever else is loaded."""
    return {
        "reference": references(here.at, {"imported": False}),
        "zones": _features(document.get("zones") or {}),
        "proposed_links": _features(document.get("proposed_links") or {}),
        "ways": ways(document, here),
        "name": titled(document, "name", english=here.english),
    }


def sites(document: Document, here: Standing) -> View:
    """Land that was selected, and what was rejected."""
    features = _features(document)
    return {
        "rows": [(one, one.get("properties") or {}) for one in features],
        "rejected": list(document.get("rejected") or ()),
        "placed": sum(one.get("geometry") is not None for one in features),
        "ways": every_but(ways(document, here), OWN_RELS),
    }


def problem(document: Document, here: Standing) -> View:
    """What went wrong, and the way back."""
    name = str(document.get("parameter") or "")
    return {"without": here.at.without(name) if name in dict(here.at.asked) else ""}


def geometry_name(document: Document, here: Standing) -> str:
    """What kind of geometry a layer has, in words."""
    kind = document.get("geometryType")
    return GEOMETRY_NAMES.get(kind, (str(kind), str(kind)))[here.english]


def _bbox(described: Document) -> Sequence[float] | None:
    """The extent of a layer; None where nothing of it has a place."""
    spatial = (described.get("extent") or {}).get("spatial") or {}
    return next(iter(spatial.get("bbox") or ()), None)


def _box_of_tiles(document: Document) -> Sequence[float] | None:
    """The extent of a tileset in degrees (OGC 17-083r4, 7.2.3); None where it states none, or none in CRS84."""
    box = document.get("boundingBox") or {}
    if not str(box.get("crs") or "CRS84").endswith("CRS84") or "lowerLeft" not in box or "upperRight" not in box:
        return None
    return [*box["lowerLeft"][:2], *box["upperRight"][:2]]


def _listed(document: Document) -> list[Document]:
    return [one for one in document.get("collections") or () if isinstance(one, Mapping)]


def _features(document: Document) -> list[Document]:
    return [one for one in document.get("features") or () if isinstance(one, Mapping)]


def _type_of(schema: Document) -> str:
    """A property's type in one word or two; the widths of numbers are no reader's affair."""
    kind, form = schema.get("type") or "", str(schema.get("format") or "")
    if kind == "array":
        return f"array of {_type_of(schema.get('items') or {})}"
    if form and kind not in NUMBERS:
        return form
    return " / ".join(str(one) for one in kind) if isinstance(kind, list) else str(kind or schema.get("$ref") or "")
