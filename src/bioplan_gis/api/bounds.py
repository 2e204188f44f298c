"""How long a request may be, so that nothing behind has to bear more."""

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bioplan_gis.api.documents import problem
from bioplan_gis.errors import BioplanError

# A filter may hold the outline of a district; browsers send 64 kB and servers before us often take less.
MOST_BYTES_OF_A_TARGET = 262_144
MOST_BYTES_OF_HEADERS = 65_536


class Bounds:
    """Middleware that refuses requests of a greater length (RFC 9110, 15.5.15; RFC 6585, 5)."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is short enough."""
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await problem(Request(scope), *refusal)(scope, receive, send)


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
