"""What a request may be: as long as this, for a host that can be one, its URL in ASCII; nothing behind bears more."""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import quote

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from bioplan_gis.api.documents import problem
from bioplan_gis.errors import BioplanError

# As much as the parser of URLs can count (65,535), less a little; enough for a filter with the outline of a town.
MOST_BYTES_OF_A_TARGET = 60_000
MOST_BYTES_OF_HEADERS = 65_536
_ASCII = bytes(range(128))
# A registered name or an address of IPv4, or one of IPv6 in brackets; then a port (RFC 3986, 3.2.2 and 3.2.3).
_HOST = re.compile(
    rb"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}){1,255}|\[(?P<ipv6>[0-9A-Fa-f:.]{2,45})\])(?::(?P<port>[0-9]{0,5}))?"
)
_GREATEST_PORT = 65_535


class Bounds:
    """Middleware that refuses what is longer, or for no host (RFC 9110, 15.5.15; RFC 6585, 5; RFC 9112, 3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is short enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["query_string"] = percent_encoded(scope["query_string"])
        refusal = _host_refusal(scope) or _refusal(scope)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await problem(Request(scope), *refusal)(scope, receive, send)


def percent_encoded(text: bytes) -> bytes:
    """A URL or a part of it with everything that is not ASCII percent-encoded; the rest stays as it is."""
    return text if text.isascii() else quote(text, safe=_ASCII).encode()


@lru_cache(maxsize=256)
def is_host(text: bytes) -> bool:
    """Whether a ``Host`` names a host, and a port if any."""
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or 0) > _GREATEST_PORT:
        return False
    try:
        return found["ipv6"] is None or bool(IPv6Address(found["ipv6"].decode()))
    except AddressValueError:
        return False


def _host_refusal(scope: Scope) -> tuple[int, str, BioplanError] | None:
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) == 1 and is_host(hosts[0]):
        return None
    if not hosts and scope["http_version"] != "1.1":
        return None
    # The answer goes to whoever asked, and names none of these hosts.
    scope["headers"] = [header for header in scope["headers"] if header[0] != b"host"]
    return (
        400,
        "bad-host",
        BioplanError(
            "HTTP/1.1 请求须有且只有一个 Host 头，写明主机名或地址，可带端口，如 localhost:8000。",
            "A request of HTTP/1.1 has one header Host, with a name or an address of the host and perhaps a port, such "
            "as localhost:8000.",
        ),
    )


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
