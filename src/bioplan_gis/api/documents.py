"""What answers are made of: links, entity tags, languages, and problem documents (RFC 9457)."""

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response

from bioplan_gis.answers import Written
from bioplan_gis.api import pages
from bioplan_gis.api.media import HTML, JSON, PROBLEM, Media, negotiated, quality
from bioplan_gis.api.memory import Memory
from bioplan_gis.api.parameters import Asked
from bioplan_gis.api.params import FORMAT
from bioplan_gis.errors import BioplanError, ParameterError
from bioplan_gis.storage.layers import Layer

Link = dict[str, str]
Document = dict[str, Any]

BAD, UNAVAILABLE = 400, 503
# What is busy or restarting is mostly back by then (RFC 9110, 10.2.3).
RETRY_AFTER_S = "5"

_LOG = logging.getLogger(__name__)
# Stands for a part that is JSON already while the rest is written; no data can hold it.
_ASIDE = secrets.token_hex(16)


def encode(document: object) -> bytes:
    """JSON as UTF-8 with Chinese text as it is; what is ``Written`` in it goes as it is."""
    parts: list[str] = []

    def set_aside(part: object) -> str:
        if not isinstance(part, Written):
            raise TypeError(f"{type(part).__name__} is not JSON")
        parts.append(part.text)
        return _ASIDE

    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=set_aside)
    if not parts:
        return text.encode()
    between = text.split(f'"{_ASIDE}"')
    return "".join(chain.from_iterable(zip(between, [*parts, ""], strict=True))).encode()


def link(request: Request, path: str, rel: str, media: Media, title: str) -> Link:
    """A link to a path of this service, absolute, as clients expect it."""
    return {"href": f"{base_url(request)}{path}", "rel": rel, "type": media.in_links, "title": title}


def base_url(request: Request) -> str:
    """Where the service stands, without a last slash."""
    return str(request.base_url).rstrip("/")


def own_links(request: Request, chosen: Media, offered: Sequence[Media]) -> list[Link]:
    """The links of a document to itself and to its other kinds (OGC 17-069r4, /req/core/fc-links)."""
    address, query = _address(request), _query(request, {"f"})
    links = [{"href": own_url(request), "rel": "self", "type": chosen.in_links, "title": "本文档 This document"}]
    links += [
        {"href": f"{address}?{query}f={media.id}", "rel": "alternate", "type": media.in_links, "title": media.name}
        for media in offered
        if media is not chosen
    ]
    return links


def own_url(request: Request, **changes: str | None) -> str:
    """The URL that was asked for, percent-encoded as a URI must have it (RFC 3986, 2.1), with some parameters changed.

    Args:
        request: of the URL.
        changes: new values by parameter; None takes one out.
    """
    added = urlencode([(name, text) for name, text in changes.items() if text is not None])
    query = (_query(request, changes) + added).rstrip("&")
    return f"{_address(request)}?{query}" if query else _address(request)


def _address(request: Request) -> str:
    """The URL that was asked for, without its query."""
    path = request.scope.get("raw_path") or request.scope["path"].encode()
    encoded = quote(path.split(b"?")[0], safe="/%:@!$&'()*+,;=~")
    return f"{request.url.scheme}://{request.url.netloc}{encoded}"


def _query(request: Request, without: Collection[str]) -> str:
    """The parameters that were given but for some, with an ampersand behind."""
    kept = [(name, text) for name, text in request.query_params.multi_items() if name not in without]
    return f"{urlencode(kept)}&" if kept else ""


def entity_tag(request: Request, layers: Iterable[Layer], *more: str) -> str:
    """Weak entity tag that follows from the question, the content of the layers that answer it, and this software.

    The digests stand beside the versions, since a version begins at 1 again in a new database.
    """
    states = (f"{layer.id} {layer.version} {layer.digest}" for layer in layers)
    return tag_of(str(request.url), request.app.state.software, *states, *more)


def tag_of(*parts: str) -> str:
    """Weak entity tag of some text."""
    digest = hashlib.sha256("\n".join(parts).encode(errors="replace")).hexdigest()
    return f'W/"{digest[:24]}"'


def answer(
    request: Request, body: bytes, media: Media, tag: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A body with its entity tag, or 304 where the client has it already."""
    headers = dict(headers or {})
    if tag is not None:
        headers |= {"ETag": tag, "Cache-Control": "no-cache"}
        if is_held(request, tag):
            return Response(status_code=304, headers=headers)
    return Response(body, media_type=media.type, headers=headers)


def represented(  # noqa: PLR0913 - as many as a document has sides
    request: Request,
    asked: Asked,
    make: Callable[[], Document],
    page: str,
    layers: Iterable[Layer] = (),
    *,
    media: Media = JSON,
    wanted: Media | None = None,
) -> Response:
    """A document as JSON or as a page, as the client wants it; it is not made where the client holds it already.

    Args:
        request: of the document.
        asked: its parameters, with ``f``.
        make: makes the document; its links to itself and to its other kind are added here.
        page: name of its page.
        layers: whose content it follows from.
        media: its kind as JSON.
        wanted: its kind where that is settled already.
    """
    offered = (media, HTML)
    chosen = wanted or negotiated(request, offered, asked[FORMAT])
    english = prefers_english(request)
    tag = entity_tag(request, layers, chosen.id, str(english))
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept, Accept-Language"}
    if is_held(request, tag):
        return Response(status_code=304, headers=headers)
    document = make()
    document["links"] = [*own_links(request, chosen, offered), *document.get("links", [])]
    if chosen is not HTML:
        return Response(encode(document), media_type=chosen.type, headers=headers)
    return page_response(request, page, document, headers)


def page_response(  # noqa: PLR0913 - what a page is made of
    request: Request,
    page: str,
    document: Document,
    headers: Mapping[str, str],
    *,
    status: int = 200,
    collection: Document | None = None,
) -> Response:
    """A document as a page, in the client's language; the collection of its features tells what their columns are."""
    english = prefers_english(request)
    where = {"url": own_url(request), "base": base_url(request)}
    body = pages.render(page, document, english=english, collection=collection, **where)
    headers = {**headers, **pages.HEADERS, "Content-Language": "en" if english else "zh"}
    return Response(body, status_code=status, media_type=HTML.type, headers=headers)


def memory_of(request: Request) -> Memory:
    """The answers that this process remembers."""
    memory: Memory = request.app.state.memory
    return memory


def is_held(request: Request, tag: str) -> bool:
    """Whether the client says that it holds this entity (RFC 9110, 13.1.2: weak comparison)."""
    held = request.headers.get("if-none-match")
    if held is None:
        return False
    return held.strip() == "*" or tag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in held.split(",")}


def prefers_english(request: Request) -> bool:
    """Whether ``lang``, or failing that ``Accept-Language``, puts English before Chinese; Chinese is the default."""
    lang = request.query_params.get("lang", "").lower()
    if lang in {"zh", "en"}:
        return lang == "en"
    weights = {"zh": 0.0, "en": 0.0}
    for item in request.headers.get("accept-language", "").split(","):
        tag, _, weight = item.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in weights:
            weights[language] = max(weights[language], quality(weight))
    return weights["en"] > weights["zh"]


def problem(request: Request, status: int, code: str, error: BioplanError) -> Response:
    """A problem document in the client's language, naming the parameter and value where one is at fault.

    A browser gets it as a page. What only the operator may see goes to the log, and no further.
    """
    if error.details:
        _LOG.error("%s: %s", request.url.path, error)
    english = prefers_english(request)
    document: Document = {
        "type": "about:blank",
        "title": (TITLES[status] if status != BAD or isinstance(error, ParameterError) else BAD_REQUEST)[english],
        "status": status,
        "detail": error.en if english else error.zh,
        "instance": request.url.path,
        "code": code,
    }
    if isinstance(error, ParameterError):
        document |= {"parameter": error.name, "value": error.value}
    headers = {"Content-Language": "en" if english else "zh", "Vary": "Accept, Accept-Language"}
    if status == UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_S
    if _is_browser(request):
        return page_response(request, "problem", document, headers, status=status)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return Response(body, status_code=status, media_type=PROBLEM.type, headers=headers)


def _is_browser(request: Request) -> bool:
    """Whether the first thing that the client takes is a page; what a program takes, it reads as data."""
    asked = request.query_params.get("f")
    return asked == "html" or (asked is None and request.headers.get("accept", "").startswith("text/html"))


BAD_REQUEST = ("请求有误", "Bad request")
TITLES: Mapping[int, tuple[str, str]] = {
    400: ("参数有误", "Bad parameter"),
    404: ("没有找到", "Not found"),
    405: ("不支持该方法", "Method not allowed"),
    406: ("没有所要的格式", "Not acceptable"),
    414: ("网址过长", "URI too long"),
    431: ("请求头过大", "Request header fields too large"),
    500: ("服务出错", "Internal error"),
    503: ("服务暂不可用", "Service unavailable"),
}


def feature_collection(features: bytes, members: Mapping[str, Any]) -> bytes:
    """A GeoJSON FeatureCollection around features that the database has written, with further members."""
    tail = encode(members)[1:]
    return b'{"type":"FeatureCollection","features":[' + features + b"]" + (b"," if members else b"") + tail


def with_links(feature: bytes, links: Sequence[Link]) -> bytes:
    """A feature that the database has written, with links (OGC 17-069r4, /req/core/f-links)."""
    return feature[:-1] + b',"links":' + encode(links) + b"}"
