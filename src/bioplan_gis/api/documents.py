"""What answers are made of: links, entity tags, languages, and problem documents (RFC 9457)."""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response

from bioplan_gis.errors import BioplanError, ParameterError
from bioplan_gis.storage.layers import Layer

GEOJSON = "application/geo+json"
JSON = "application/json"
PROBLEM = "application/problem+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

Link = dict[str, str]

_LOG = logging.getLogger(__name__)
# RFC 9110, 12.4.2
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def encode(document: object) -> bytes:
    """JSON as UTF-8 with Chinese text as it is."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def link(request: Request, path: str, rel: str, media: str, title: str) -> Link:
    """A link to a path of this service, absolute, as clients expect it."""
    return {"href": f"{str(request.base_url).rstrip('/')}{path}", "rel": rel, "type": media, "title": title}


def self_link(request: Request, media: str) -> Link:
    """A link to the very answer, percent-encoded as it was asked for, or as a URI must have it (RFC 3986, 2.1)."""
    path = request.scope.get("raw_path") or request.url.path.encode()
    href = str(request.url.replace(path=quote(path, safe="/%:@!$&'()*+,;=~")))
    return {"href": href, "rel": "self", "type": media, "title": "本文档 This document"}


def entity_tag(request: Request, layers: Iterable[Layer]) -> str:
    """Weak entity tag that follows from the question, the content of the layers that answer it, and this software.

    The digests stand beside the versions, since a version begins at 1 again in a new database.
    """
    states = (f"{layer.id} {layer.version} {layer.digest}" for layer in layers)
    return tag_of(str(request.url), request.app.state.software, *states)


def tag_of(*parts: str) -> str:
    """Weak entity tag of some text."""
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f'W/"{digest[:24]}"'


def answer(request: Request, body: bytes, media: str, tag: str | None = None) -> Response:
    """A body with its entity tag, or 304 where the client has it already."""
    headers = {} if tag is None else {"ETag": tag, "Cache-Control": "no-cache"}
    if tag is not None and is_held(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media, headers=headers)


def is_held(request: Request, tag: str) -> bool:
    """Whether the client says that it holds this entity (RFC 9110, 13.1.2: weak comparison)."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or tag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in held.split(",")}


def prefers_english(request: Request) -> bool:
    """Whether ``Accept-Language`` puts English before Chinese; Chinese is the default."""
    weights = {"zh": 0.0, "en": 0.0}
    for item in request.headers.get("accept-language", "").split(","):
        tag, _, quality = item.strip().partition(";q=")
        language = tag.split("-")[0].lower()
        if language in weights:
            weights[language] = max(weights[language], _weight(quality))
    return weights["en"] > weights["zh"]


def _weight(quality: str) -> float:
    return float(quality or 1) if _QUALITY.fullmatch(quality or "1") else 0.0


def problem(request: Request, status: int, code: str, error: BioplanError) -> Response:
    """A problem document in the client's language, naming the parameter and value where one is at fault.

    What only the operator may see goes to the log, and no further.
    """
    if error.details:
        _LOG.error("%s: %s", request.url.path, error)
    english = prefers_english(request)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES[status][english],
        "status": status,
        "detail": error.en if english else error.zh,
        "instance": request.url.path,
        "code": code,
    }
    if isinstance(error, ParameterError):
        document |= {"parameter": error.name, "value": error.value}
    headers = {"Content-Language": "en" if english else "zh", "Vary": "Accept-Language"}
    return Response(encode(document), status_code=status, media_type=PROBLEM, headers=headers)


TITLES: Mapping[int, tuple[str, str]] = {
    400: ("参数有误", "Bad parameter"),
    404: ("没有找到", "Not found"),
    405: ("不支持该方法", "Method not allowed"),
    500: ("服务出错", "Internal error"),
    503: ("服务暂不可用", "Service unavailable"),
}


def feature_collection(features: bytes, members: Mapping[str, Any]) -> bytes:
    """A GeoJSON FeatureCollection around features that the database has written, with further members."""
    tail = encode(members)[1:]
    return b'{"type":"FeatureCollection","features":[' + features + b"]" + (b"," if members else b"") + tail


def with_links(feature: bytes, links: Sequence[Link]) -> bytes:
    """A feature that the database has written, with links (OGC API Features 1.0, /req/core/f-links)."""
    return feature[:-1] + b',"links":' + encode(links) + b"}"
