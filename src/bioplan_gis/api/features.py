"""Feeds: the features of every layer of the registry, by OGC API Features Parts 1 to 5."""

import json
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from bioplan_gis.api.collections import collection_document, item_medias, to_collection
from bioplan_gis.api.connections import of_layer
from bioplan_gis.api.documents import (
    Link,
    answer,
    entity_tag,
    feature_collection,
    is_held,
    memory_of,
    own_links,
    own_url,
    page_response,
    prefers_english,
    with_links,
)
from bioplan_gis.api.downloads import download
from bioplan_gis.api.media import GEOJSON, HTML, Media, negotiated
from bioplan_gis.api.parameters import Asked, read_parameters
from bioplan_gis.api.params import CRS, DEFAULT_LIMIT, FILTER, ITEMS_FORMAT, LANG, LIMIT
from bioplan_gis.api.questions import PARAMETERS, column_parameters, question_of
from bioplan_gis.api.routes import Routes
from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.storage.filters import refused_overflow
from bioplan_gis.storage.items import Page, read_feature, read_page
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.questions import Question, place_text

router = Routes("/api")

ITEMS_PARAMETERS = (*PARAMETERS, ITEMS_FORMAT, LANG)
ITEM_PARAMETERS = (CRS, ITEMS_FORMAT, LANG)
_PAGES = (GEOJSON, HTML)
# A page that people look at holds no more than they can.
FEATURES_OF_A_PAGE_FOR_PEOPLE = 1_000


@router.get("/collections/{layer_id}/items")
def items(request: Request, layer_id: str) -> Response:
    """A page of a layer's features, or all of them as a file (OGC 17-069r4, 7.15)."""

    def answered(connection: Connection, layer: Layer) -> Response | None:
        asked = read_parameters(request, ITEMS_PARAMETERS, column_parameters(layer))
        media = negotiated(request, item_medias(layer), asked[ITEMS_FORMAT])
        if media not in _PAGES:
            return download(request, layer.id, asked, media)
        with refused_overflow(asked[FILTER], name="filter"):
            return _page_of(request, asked, connection, layer, media)

    return of_layer(request, layer_id, answered)


def _page_of(request: Request, asked: Asked, connection: Connection, layer: Layer, media: Media) -> Response | None:
    """A page; None where the layer is no longer what it was taken for."""
    most = FEATURES_OF_A_PAGE_FOR_PEOPLE if media is HTML else asked[LIMIT] or DEFAULT_LIMIT
    question = question_of(connection, layer, asked, limit=min(asked[LIMIT] or DEFAULT_LIMIT, most))
    tag, name = _tag(request, layer, media), f"{request.url} {media.id}"
    remembered = memory_of(request).find(name) if media is GEOJSON else None
    known = layer.digest if is_held(request, tag) or (remembered and remembered.digest == layer.digest) else None
    page = read_page(connection, layer, question, held=known)
    if page.digest != layer.digest:
        return None
    headers = _headers(question.crs)
    if page.features is None:
        return answer(request, b"" if remembered is None else remembered.body, media, tag, headers)
    members = _members(request, layer, question, page, media)
    body = feature_collection(page.features, members)
    if media is HTML:
        described = collection_document(request, layer)
        return page_response(request, "items", json.loads(body), headers | _kept(tag), collection=described)
    memory_of(request).keep(name, layer.digest, body)
    return answer(request, body, media, tag, headers)


def _tag(request: Request, layer: Layer, media: Media) -> str:
    language = str(prefers_english(request)) if media is HTML else ""
    return entity_tag(request, [layer], media.id, language)


def _kept(tag: str) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": "no-cache"}


def _headers(crs: FeedCrs) -> dict[str, str]:
    return {"Content-Crs": f"<{crs.uri}>", "Vary": "Accept, Accept-Language"}


def _members(request: Request, layer: Layer, question: Question, page: Page, media: Media) -> dict[str, Any]:
    """What stands in a page beside its features."""
    links = [*own_links(request, media, item_medias(layer)), to_collection(request, layer)]
    if page.end is not None:
        links.append(_next_link(request, question, page, media))
    return {
        **({"synthetic": True} if layer.synthetic else {}),
        **({} if page.matched is None else {"numberMatched": page.matched}),
        "numberReturned": page.returned,
        "attribution": layer.attribution,
        "links": links,
    }


def _next_link(request: Request, question: Question, page: Page, media: Media) -> Link:
    assert page.end is not None  # noqa: S101
    href = own_url(request, offset=None, after=place_text(question.sort, page.end))
    return {"href": href, "rel": "next", "type": media.in_links, "title": "下一页 Next page"}


@router.get("/collections/{layer_id}/items/{feature_id:path}")
def item(request: Request, layer_id: str, feature_id: str) -> Response:
    """One feature by its stable id (OGC 17-069r4, 7.16)."""

    def answered(connection: Connection, layer: Layer) -> Response | None:
        asked = read_parameters(request, ITEM_PARAMETERS)
        media = negotiated(request, item_medias(layer), asked[ITEMS_FORMAT])
        if media not in _PAGES:
            return download(request, layer.id, asked, media, feature_id=feature_id)
        return _one_of(request, asked, connection, layer, feature_id, media)

    return of_layer(request, layer_id, answered)


def _one_of(  # noqa: PLR0913, PLR0917 - what a route knows
    request: Request, asked: Asked, connection: Connection, layer: Layer, feature_id: str, media: Media
) -> Response | None:
    crs = asked[CRS] or CRS84
    digest, feature = read_feature(connection, layer, feature_id, crs)
    if digest != layer.digest:
        return None
    links = [*own_links(request, media, item_medias(layer)), to_collection(request, layer)]
    tag, headers = _tag(request, layer, media), _headers(crs)
    if media is HTML and not is_held(request, tag):
        document = json.loads(feature) | {"links": links, "attribution": layer.attribution}
        described = collection_document(request, layer)
        return page_response(request, "item", document, headers | _kept(tag), collection=described)
    return answer(request, with_links(feature, links), media, tag, headers)
