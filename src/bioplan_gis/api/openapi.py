"""The description of the service for programs (OpenAPI 3.0.3) and, as a page, for people.

It is written from what the service itself runs on: the registry's layers and columns, the parameters by which the
routes read their queries, and the table of operations. OpenAPI 3.0 is what OGC 17-069r4, clause 9, and GDAL ask for.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from fastapi import Request, Response

from bioplan_gis.api.connections import glancing_for
from bioplan_gis.api.documents import base_url, encode, entity_tag, is_held, page_response, prefers_english
from bioplan_gis.api.media import HTML, OPENAPI, negotiated
from bioplan_gis.api.openapi_paths import HEADERS, REFUSALS, ParameterNames, path_items, refusal
from bioplan_gis.api.openapi_schemas import SCHEMAS, TEXT
from bioplan_gis.api.operations import OPERATIONS, TAGS
from bioplan_gis.api.parameters import read_parameters
from bioplan_gis.api.params import FORMAT, LANG
from bioplan_gis.api.routes import Routes
from bioplan_gis.storage.layers import Layer, read_layers

router = Routes("/api")


@router.get("/openapi.json")
@router.get("/openapi")
def openapi(request: Request) -> Response:
    """The OpenAPI document or its page, as the client wants it (OGC 17-069r4, 7.3)."""
    asked = read_parameters(request, (FORMAT, LANG))
    chosen = negotiated(request, (OPENAPI, HTML), asked[FORMAT])
    with glancing_for(request) as connection:
        layers = read_layers(connection)
    tag = entity_tag(request, layers, chosen.id, str(prefers_english(request)))
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"}
    if is_held(request, tag):
        return Response(status_code=304, headers=headers)
    if chosen is HTML:
        return page_response(request, "api", openapi_document(layers, base_url(request)), headers)
    return Response(_written(layers, base_url(request)), headers=headers | {"Content-Type": OPENAPI.type})


@lru_cache(maxsize=4)
def _written(layers: tuple[Layer, ...], base: str) -> bytes:
    return encode(openapi_document(layers, base))


def openapi_document(layers: Sequence[Layer], base: str) -> dict[str, Any]:
    """The OpenAPI 3.0.3 document of the service with these layers.

    Args:
        layers: of the registry.
        base: absolute address of the service, without a last slash.
    """
    names = ParameterNames(OPERATIONS)
    paths = path_items(OPERATIONS, layers, base, names)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "BioPlan GIS 生物产业空间规划服务 Spatial planning service for bio-industry",
            "description": "布局、园区、三类工业用地、平台与企业的要素、瓦片与选址；按 OGC API 标准提供。"
            " Features, tiles and site selection for layouts, parks, industrial land, platforms and firms, by the "
            "standards of OGC API. HEAD answers as GET does, without the body.",
            "version": version("bioplan-gis"),
        },
        "servers": [{"url": f"{base}/api"}],
        "externalDocs": {"url": f"{base}/", "description": "地图 Map"},
        "tags": [{"name": tag.name, "description": f"{tag.zh} {tag.en}"} for tag in TAGS],
        "paths": paths,
        "components": _components(names),
    }


def _components(names: ParameterNames) -> dict[str, Any]:
    held = {
        "description": "内容未变 The client has it already",
        "headers": _references("ETag", "Cache-Control", "Vary"),
    }
    return {
        "parameters": {name: one.openapi() for name, one in names.named.items() if name in names.used},
        "headers": {name: {"description": description, "schema": TEXT} for name, description in HEADERS.items()},
        "responses": {"notModified": held} | {name: refusal(description) for name, description in REFUSALS.values()},
        "schemas": dict(SCHEMAS),
    }


def _references(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
