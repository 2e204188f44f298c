"""Requests as bytes on the wire: what uvicorn's parser would refuse in a few English words, or not bound at all."""

import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bioplan_gis.api.bounds import MOST_BYTES_OF_A_TARGET, MOST_BYTES_OF_HEADERS, percent_encoded

# A little more than the application itself allows, whose refusals speak the client's language.
_SLACK = 4_096
_REFUSALS = {
    400: ("Bad Request", "bad-request", "收到的不是 HTTP/1.1 请求。", "What came is no request of HTTP/1.1."),
    414: ("URI Too Long", "uri-too-long", "网址过长。", "The URL is too long."),
    431: (
        "Request Header Fields Too Large",
        "headers-too-large",
        "请求头过大。",
        "The request's headers are too large.",
    ),
}


class _TooLongError(Exception):
    """The parser stops here; ``send_400_response`` tells the client why."""


class Wire(HttpToolsProtocol):
    """HTTP/1.1 that takes UTF-8 in a URL as it is, bounds what it keeps, and refuses with problem documents."""

    refusal = 400
    header_bytes = 0
    in_first_line = True

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request; its first line is percent-encoded as the parser wants it (RFC 3986, 2.1)."""
        if self.in_first_line:
            line, end, rest = data.partition(b"\r\n")
            data = percent_encoded(line) + end + rest
            self.in_first_line = not end
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.refusal, self.header_bytes = 400, 0

    def on_url(self, url: bytes) -> None:
        """Some bytes of the URL."""
        super().on_url(url)
        self._require(len(self.url), MOST_BYTES_OF_A_TARGET, 414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; blanks behind its value, which the parser leaves, are none of it (RFC 9112, 5.1)."""
        super().on_header(name, value.rstrip(b" \t"))
        self.header_bytes += len(name) + len(value)
        self._require(self.header_bytes, MOST_BYTES_OF_HEADERS, 431)

    def on_message_complete(self) -> None:
        """Await another request."""
        super().on_message_complete()
        self.in_first_line = True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Refuse the request with a problem document, and hang up."""
        phrase, code, zh, en = _REFUSALS[self.refusal]
        document = {"type": "about:blank", "title": phrase, "status": self.refusal, "detail": f"{zh} {en}"}
        body = json.dumps(document | {"instance": "", "code": code}, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {self.refusal} {phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _require(self, length: int, most: int, refusal: int) -> None:
        if length > most + _SLACK:
            self.refusal = refusal
            raise _TooLongError
