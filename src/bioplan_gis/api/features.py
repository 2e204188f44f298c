"""Feeds: OGC API Features 1.0 Part 1, Core and GeoJSON, over every layer of the registry."""

from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import (
    GEOJSON,
    JSON,
    OPENAPI,
    Link,
    answer,
    encode,
    entity_tag,
    feature_collection,
    link,
    self_link,
    with_links,
)
from bioplan_gis.api.params import (
    DEFAULT_LIMIT,
    After,
    BboxParameter,
    Datetime,
    Format,
    Limit,
    known_parameters_only,
)
from bioplan_gis.catalogue import Column
from bioplan_gis.crs import CRS84_URI
from bioplan_gis.storage.items import Page, read_feature, read_page
from bioplan_gis.storage.layers import Layer, read_layer, read_layers

router = APIRouter(prefix="/api", dependencies=[Depends(known_parameters_only)])

CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)


@router.get("", summary="Landing page")
def landing_page(request: Request, format_name: Format = None) -> Response:  # noqa: ARG001
    """What the service holds and where (OGC API Features 1.0, 7.2)."""
    links = [
        self_link(request, JSON),
        link(request, "/api/openapi.json", "service-desc", OPENAPI, "接口说明 API definition"),
        link(request, "/api/conformance", "conformance", JSON, "符合性声明 Conformance classes"),
        link(request, "/api/collections", "data", JSON, "图层 Collections"),
        link(request, "/api/layouts", "related", JSON, "空间布局 Layouts"),
        link(request, "/", "alternate", "text/html", "地图 Map"),
    ]
    document = {
        "title": "BioPlan GIS 生物产业空间规划服务 Spatial planning service for bio-industry",
        "description": "布局、园区、三类工业用地、平台与企业，均注明文件条款。"
        " Layouts, parks, class 3 industrial land, platforms and firms, each with the clause it stands in.",
        "links": links,
    }
    return answer(request, encode(document), JSON)


@router.get("/conformance", summary="Conformance classes")
def conformance(request: Request, format_name: Format = None) -> Response:  # noqa: ARG001
    """The conformance classes that the service keeps (OGC API Features 1.0, 7.4)."""
    return answer(request, encode({"links": [self_link(request, JSON)], "conformsTo": CONFORMANCE}), JSON)


@router.get("/collections", summary="Layers")
def collections(request: Request, connection: ReadConnection, format_name: Format = None) -> Response:  # noqa: ARG001
    """Every layer of the registry (OGC API Features 1.0, 7.13)."""
    layers = read_layers(connection)
    document = {
        "links": [self_link(request, JSON)],
        "collections": [collection_document(request, layer) for layer in layers],
    }
    return answer(request, encode(document), JSON, entity_tag(request, layers))


@router.get("/collections/{layer_id}", summary="One layer")
def collection(
    request: Request,
    connection: ReadConnection,
    layer_id: str,
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """One layer with its extent, columns, licence and version (OGC API Features 1.0, 7.14)."""
    layer = read_layer(connection, layer_id)
    document = collection_document(request, layer)
    return answer(request, encode(document), JSON, entity_tag(request, [layer]))


@router.get("/collections/{layer_id}/items", summary="Features of a layer")
def items(  # noqa: PLR0913, PLR0917
    request: Request,
    connection: ReadConnection,
    layer_id: str,
    limit: Limit = DEFAULT_LIMIT,
    bbox: BboxParameter = None,
    after: After = None,
    instants: Datetime = None,  # noqa: ARG001
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """A page of a layer's features as GeoJSON (OGC API Features 1.0, 7.15)."""
    layer = read_layer(connection, layer_id)
    page = read_page(connection, layer, limit=limit, bbox=bbox, after=after)
    members = {
        **({"synthetic": True} if layer.synthetic else {}),
        "numberMatched": page.matched,
        "numberReturned": page.returned,
        "attribution": layer.attribution,
        "links": _page_links(request, layer, page),
    }
    body = feature_collection(page.features, members)
    return answer(request, body, GEOJSON, entity_tag(request, [layer]))


@router.get("/collections/{layer_id}/items/{feature_id:path}", summary="One feature")
def item(
    request: Request,
    connection: ReadConnection,
    layer_id: str,
    feature_id: str,
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """One feature by its stable id (OGC API Features 1.0, 7.16)."""
    layer = read_layer(connection, layer_id)
    links = [self_link(request, GEOJSON), _to_collection(request, layer)]
    body = with_links(read_feature(connection, layer, feature_id), links)
    return answer(request, body, GEOJSON, entity_tag(request, [layer]))


def collection_document(request: Request, layer: Layer) -> dict[str, Any]:
    """A layer as the feeds describe it."""
    title_zh, title_en = titles(layer)
    document: dict[str, Any] = {
        "id": layer.id,
        "title": " ".join(dict.fromkeys((title_zh, title_en))),
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
        "crs": [CRS84_URI],
        "columns": [_column_document(column) for column in layer.columns],
        "links": [
            _to_collection(request, layer) | {"rel": "self"},
            link(request, f"{path_of(layer)}/items", "items", GEOJSON, " ".join(dict.fromkeys((title_zh, title_en)))),
        ],
    }
    if layer.bbox is not None:
        document["extent"] = {"spatial": {"bbox": [list(layer.bbox)], "crs": CRS84_URI}}
    return document


def titles(layer: Layer) -> tuple[str, str]:
    """A layer's titles, which say so where it is made up."""
    if not layer.synthetic:
        return layer.title_zh, layer.title_en
    return f"{layer.title_zh}（合成数据）", f"{layer.title_en} (synthetic)"


def path_of(layer: Layer) -> str:
    """Where a layer stands; its id may be Chinese, which a URI holds as percent-encoded UTF-8 (RFC 3986, 2.5)."""
    return f"/api/collections/{quote(layer.id, safe='')}"


def _column_document(column: Column) -> dict[str, str | None]:
    names = ("name", "type", "unit", "title_zh", "title_en")
    return {name: getattr(column, name) for name in names}


def _to_collection(request: Request, layer: Layer) -> Link:
    return link(request, path_of(layer), "collection", JSON, " ".join(dict.fromkeys(titles(layer))))


def _page_links(request: Request, layer: Layer, page: Page) -> list[Link]:
    links = [self_link(request, GEOJSON), _to_collection(request, layer)]
    if page.next_key is not None:
        query = urlencode({**request.query_params, "after": page.next_key})
        path = f"{path_of(layer)}/items?{query}"
        links.append(link(request, path, "next", GEOJSON, "下一页 Next page"))
    return links
