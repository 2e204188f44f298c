"""What a request may be: as long as this and no longer, its URL in ASCII, so that nothing behind has to bear more."""

from urllib.parse import quote

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bioplan_gis.api.documents import problem
from bioplan_gis.errors import BioplanError

# As much as the parser of URLs can count (65,535), less a little; enough for a filter with the outline of a town.
MOST_BYTES_OF_A_TARGET = 60_000
MOST_BYTES_OF_HEADERS = 65_536
_ASCII = bytes(range(128))


class Bounds:
    """Middleware that refuses requests of a greater length (RFC 9110, 15.5.15; RFC 6585, 5)."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is short enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["query_string"] = percent_encoded(scope["query_string"])
        refusal = _refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await problem(Request(scope), *refusal)(scope, receive, send)


def percent_encoded(text: bytes) -> bytes:
    """A URL or a part of it with everything that is not ASCII percent-encoded; the rest stays as it is."""
    return text if text.isascii() else quote(text, safe=_ASCII).encode()


def _refusal(scope: Scope) -> tuple[int, str, BioplanError] | None:
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_BYTES_OF_A_TARGET:
        return (
            414,
            "uri-too-long",
            BioplanError(
                f"网址超过 {MOST_BYTES_OF_A_TARGET} 字节；请缩短 filter，或用 bbox。",
                f"The URL is longer than {MOST_BYTES_OF_A_TARGET} bytes; shorten the filter, or use bbox.",
            ),
        )
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_BYTES_OF_HEADERS:
        return (
            431,
            "headers-too-large",
            BioplanError(
                f"请求头超过 {MOST_BYTES_OF_HEADERS} 字节。",
                f"The headers of the request are longer than {MOST_BYTES_OF_HEADERS} bytes.",
            ),
        )
    return None
