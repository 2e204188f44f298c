"""What the service holds: landing page, conformance, and the layers (OGC API Features Part 1 and Common Part 2)."""

from math import ceil, floor
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import Document, Link, link, own_url, represented
from bioplan_gis.api.media import GEOJSON, HTML, ITEM_MEDIAS, JSON, OF_GEOMETRY, OPENAPI, SCHEMA, Media
from bioplan_gis.api.parameters import read_parameters
from bioplan_gis.api.params import COLLECTIONS_AFTER, COLLECTIONS_LIMIT, FORMAT, LANG, MOST_COLLECTIONS
from bioplan_gis.api.routes import Routes
from bioplan_gis.catalogue import Column
from bioplan_gis.crs import CRS84_URI, FEED_CRSS, STORAGE_CRS
from bioplan_gis.storage.layers import Bounds, Layer, read_layer, read_layer_page, read_layers

router = Routes("/api")

PLAIN = (FORMAT, LANG)
_EXTENT_SCALE = 10_000_000
_FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
_FEATURES_3 = "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/"
# Features Part 5 was published as Common Part 3 (OGC 23-058r2); clients made before that know its drafts' name.
_SCHEMAS = "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/"
_FEATURES_5 = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/"
_CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/"
_TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
_TMS = "http://www.opengis.net/spec/tms/2.0/conf/"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    f"{_FEATURES_1}core",
    f"{_FEATURES_1}geojson",
    f"{_FEATURES_1}html",
    f"{_FEATURES_1}oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    *(f"{_FEATURES_3}{name}" for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")),
    *(
        f"{_SCHEMAS}{name}"
        for name in ("schemas", "advanced-property-roles", "returnables-and-receivables", "queryables", "sortables")
    ),
    *(
        f"{_FEATURES_5}{name}"
        for name in ("schemas", "core-roles-features", "returnables-and-receivables", "queryables", "sortables")
    ),
    *(f"{_TILES}{name}" for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "oas30", "mvt")),
    *(f"{_TMS}{name}" for name in ("tilematrixset", "json-tilematrixset", "tilesetmetadata", "json-tilesetmetadata")),
    f"{_CQL2}cql2-text",
    f"{_CQL2}cql2-json",
    f"{_CQL2}basic-cql2",
    f"{_CQL2}advanced-comparison-operators",
    f"{_CQL2}case-insensitive-comparison",
    f"{_CQL2}accent-insensitive-comparison",
    f"{_CQL2}basic-spatial-functions",
    f"{_CQL2}basic-spatial-functions-plus",
    f"{_CQL2}spatial-functions",
    f"{_CQL2}temporal-functions",
    f"{_CQL2}array-functions",
    f"{_CQL2}property-property",
    f"{_CQL2}functions",
    f"{_CQL2}arithmetic",
)


@router.get("")
@router.get("/")
def landing_page(request: Request) -> Response:
    """What the service holds and where (OGC 17-069r4, 7.2)."""
    asked = read_parameters(request, PLAIN)
    return represented(request, asked, lambda: _landing(request), "landing")


def _landing(request: Request) -> Document:
    return {
        "title": "BioPlan GIS 生物产业空间规划服务 Spatial planning service for bio-industry",
        "description": "布局、园区、三类工业用地、平台与企业，均注明文件条款。"
        " Layouts, parks, class 3 industrial land, platforms and firms, each with the clause it stands in.",
        "links": [
            link(request, "/api/openapi.json", "service-desc", OPENAPI, "接口说明 API definition"),
            link(request, "/api/openapi.json?f=html", "service-doc", HTML, "接口说明网页 API documentation"),
            link(request, "/api/conformance", "conformance", JSON, "符合性声明 Conformance classes"),
            link(request, "/api/collections", "data", JSON, "图层 Collections"),
            link(request, "/api/functions", f"{_REL}functions", JSON, "筛选函数 Functions of filters"),
            link(request, "/api/tileMatrixSets", f"{_REL}tiling-schemes", JSON, "瓦片矩阵集 Tile matrix sets"),
            link(request, "/api/layouts", "related", JSON, "空间布局 Layouts"),
            link(request, "/", "related", HTML, "地图 Map"),
        ],
    }


_REL = "http://www.opengis.net/def/rel/ogc/1.0/"


@router.get("/conformance")
def conformance(request: Request) -> Response:
    """The conformance classes that the service keeps (OGC 17-069r4, 7.4)."""
    asked = read_parameters(request, PLAIN)
    return represented(request, asked, lambda: {"conformsTo": list(CONFORMANCE)}, "conformance")


@router.get("/collections")
def collections(request: Request) -> Response:
    """The layers of the registry, a page at a time (OGC 17-069r4, 7.13)."""
    asked = read_parameters(request, (COLLECTIONS_LIMIT, COLLECTIONS_AFTER, *PLAIN))
    limit, after = asked[COLLECTIONS_LIMIT] or MOST_COLLECTIONS, asked[COLLECTIONS_AFTER] or 0
    with reading_for(request) as connection:
        layers, next_key = read_layer_page(connection, limit=limit, after=after)
        matched = len(layers) if after == 0 and next_key is None else len(read_layers(connection))

    def document() -> Document:
        following = [] if next_key is None else [_next_link(request, next_key)]
        described = [collection_document(request, layer) for layer in layers]
        counts = {"numberMatched": matched, "numberReturned": len(layers)}
        return {"links": following, "crs": [each.uri for each in FEED_CRSS], **counts, "collections": described}

    return represented(request, asked, document, "collections", layers)


def _next_link(request: Request, key: int) -> Link:
    href = own_url(request, after=str(key))
    return {"href": href, "rel": "next", "type": JSON.type, "title": "下一页 Next page"}


@router.get("/collections/{layer_id}")
def collection(request: Request, layer_id: str) -> Response:
    """One layer with its extent, columns, licence and version (OGC 17-069r4, 7.14)."""
    asked = read_parameters(request, PLAIN)
    with reading_for(request) as connection:
        layer = read_layer(connection, layer_id)

    def document() -> Document:
        described = collection_document(request, layer)
        links = [one for one in described["links"] if one["rel"] != "self"]
        return described | {"links": links}

    return represented(request, asked, document, "collection", [layer])


def collection_document(request: Request, layer: Layer) -> Document:
    """A layer as the feeds describe it; its link to itself is added where it is a document of its own."""
    title_zh, title_en = titles(layer)
    document: Document = {
        "id": layer.id,
        "title": title_of(layer),
        "description": f"{layer.description_zh} {layer.description_en}".strip(),
        "title_zh": title_zh,
        "title_en": title_en,
        "attribution": layer.attribution,
        "licence": layer.licence,
        "version": layer.version,
        "source": layer.source,
        "imported": layer.imported,
        "conforms_to": layer.conforms_to,
        "synthetic": layer.synthetic,
        "itemType": "feature",
        "geometryType": layer.geometry_type,
        "featureCount": layer.feature_count,
        "crs": [each.uri for each in FEED_CRSS] if layer.geometry_type else [CRS84_URI],
        "storageCrs": STORAGE_CRS.uri if layer.geometry_type else CRS84_URI,
        "columns": [_column_document(column) for column in layer.columns],
        "links": _links_of(request, layer),
    }
    if layer.bbox is not None:
        document["extent"] = {"spatial": {"bbox": [_rounded_outwards(layer.bbox)], "crs": CRS84_URI}}
    return document


def _rounded_outwards(bbox: Bounds) -> list[float]:
    """Bounds with as many decimals as clients keep (1 cm) and that much wider, so that no conversion loses an edge."""
    west, south, east, north = (edge * _EXTENT_SCALE for edge in bbox)
    wider = (floor(west) - 1, floor(south) - 1, ceil(east) + 1, ceil(north) + 1)
    least, most = (-180.0, -90.0, -180.0, -90.0), (180.0, 90.0, 180.0, 90.0)
    return [min(max(edge / _EXTENT_SCALE, low), high) for edge, low, high in zip(wider, least, most, strict=True)]


def _links_of(request: Request, layer: Layer) -> list[Link]:
    path, title = path_of(layer), title_of(layer)
    links = [
        link(request, path, "self", JSON, title),
        link(request, f"{path}/items", "items", GEOJSON, title),
        *(
            link(request, f"{path}/items?f={media.id}", "items", media, f"{title} · {media.name}")
            for media in item_medias(layer)[1:]
        ),
        link(request, f"{path}/queryables", f"{_REL}queryables", SCHEMA, "可筛选的属性 Queryables"),
        link(request, f"{path}/sortables", f"{_REL}sortables", SCHEMA, "可排序的属性 Sortables"),
        link(request, f"{path}/schema", f"{_REL}schema", SCHEMA, "结构 Schema"),
    ]
    if layer.geometry_type is not None:
        links.append(link(request, f"{path}/tiles", f"{_REL}tilesets-vector", JSON, "矢量瓦片 Vector tiles"))
    return links


def item_medias(layer: Layer) -> tuple[Media, ...]:
    """The kinds of answers that a layer's features have; a plain table has none that holds geometry only."""
    if layer.geometry_type is not None:
        return ITEM_MEDIAS
    return tuple(media for media in ITEM_MEDIAS if media not in OF_GEOMETRY)


def titles(layer: Layer) -> tuple[str, str]:
    """A layer's titles, which say so where it is made up."""
    if not layer.synthetic:
        return layer.title_zh, layer.title_en
    return f"{layer.title_zh}（合成数据）", f"{layer.title_en} (synthetic)"


def title_of(layer: Layer) -> str:
    """Both titles, or the one where they are the same."""
    return " ".join(dict.fromkeys(titles(layer)))


def path_of(layer: Layer) -> str:
    """Where a layer stands; its id may be Chinese, which a URI holds as percent-encoded UTF-8 (RFC 3986, 2.5)."""
    return f"/api/collections/{quote(layer.id, safe='')}"


def to_collection(request: Request, layer: Layer) -> Link:
    """The link from a layer's features to the layer."""
    return link(request, path_of(layer), "collection", JSON, title_of(layer))


def _column_document(column: Column) -> dict[str, Any]:
    names = ("name", "type", "unit", "title_zh", "title_en")
    return {name: getattr(column, name) for name in names}
