"""Compression of answers on their way out: brotli or gzip, whichever the client weighs most (RFC 9110, 12.5.3)."""

import re
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

import brotli
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bioplan_gis.api.media import quality

SMALLEST_BYTES = 1000
# From here on another thread compresses, while this one answers others; both libraries let go of the interpreter.
_LARGE_BYTES = 32_768
# Brotli keeps megabytes waiting for what may be like them; a client gets what it can read after so many.
_WAITING_BYTES = 131_072
# Levels that cost about what sending the bytes saves; starlette's gzip takes 9, at a third of the speed for 2 % less.
_BROTLI_QUALITY = 4
_GZIP_LEVEL = 5
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# Text, and binary kinds that shrink; what is compressed in itself (ZIP, XLSX, Parquet, PNG) is left alone.
_SHRINKING = re.compile(
    r"text/.*|application/(.*[+.])?(json|xml|x-ndjson|jsonl|yaml|javascript|x-javascript)(-seq)?"
    r"|application/(x-ndjson|vnd\.mapbox-vector-tile|vnd\.flatgeobuf)|image/svg\+xml"
)
_NOT_MODIFIED = 304
_LEFT_ALONE = {204, 205, 206, _NOT_MODIFIED}


class _Compressor(Protocol):
    """What brotli and zlib have in common."""

    def process(self, data: bytes, /) -> bytes:
        """Some bytes of the answer, which may keep others waiting."""

    def flush(self) -> bytes:
        """Whatever still waits."""

    def finish(self) -> bytes:
        """The last bytes of the answer."""


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        self.process = self._stream.compress

    def flush(self) -> bytes:
        return self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._stream.flush()


def _brotli() -> _Compressor:
    made: _Compressor = brotli.Compressor(quality=_BROTLI_QUALITY)
    return made


_COMPRESSORS = {"br": _brotli, "gzip": _Gzip}


class Compression:
    """Middleware that compresses what shrinks, where the client asked for it, streams too.

    A client that refuses every coding, its own identity too, is answered as it is: RFC 9110, 12.1 lets a server
    disregard what cannot be met, and an error would help nobody.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back compressed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        accepted = ",".join(Headers(scope=scope).getlist("accept-encoding"))
        answer = _Answer(send, coding_for(accepted), head=scope["method"] == "HEAD")
        await self.app(scope, receive, answer.take)


class _Answer:
    """One answer on its way: its beginning is held until its first bytes tell how large it is."""

    def __init__(self, send: Send, coding: str | None, *, head: bool) -> None:
        self.send = send
        self.coding = coding
        self.head = head
        self.start: Message | None = None
        self.compressor: _Compressor | None = None
        self.waiting = 0

    async def take(self, message: Message) -> None:
        """One message of the application."""
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body" and self.start is not None:
            start, self.start = self.start, None
            await self._begin(start, message)
        elif message["type"] == "http.response.body" and self.compressor is not None:
            await self._go_on(self.compressor, message)
        else:
            await self.send(message)

    async def _begin(self, start: Message, first: Message) -> None:
        start = {**start, "headers": list(start["headers"])}
        headers = MutableHeaders(raw=start["headers"])
        shrinks = _shrinks(start["status"], headers, _size(headers, first, head=self.head))
        if shrinks or start["status"] == _NOT_MODIFIED:
            headers.add_vary_header("Accept-Encoding")
        if shrinks and self.coding is not None:
            _announce(headers, self.coding)
            if not self.head:
                await self._compress(start, headers, self.coding, first)
                return
        await self.send(start)
        await self.send(first)

    async def _compress(self, start: Message, headers: MutableHeaders, coding: str, first: Message) -> None:
        compressor = _COMPRESSORS[coding]()
        if first.get("more_body", False):
            self.compressor = compressor
            await self.send(start)
            await self._go_on(compressor, first)
            return
        body = await _compressed(compressor, first.get("body", b""), last=True)
        headers["Content-Length"] = str(len(body))
        await self.send(start)
        await self.send({**first, "body": body})

    async def _go_on(self, compressor: _Compressor, message: Message) -> None:
        more = message.get("more_body", False)
        body = message.get("body", b"")
        self.waiting += len(body)
        full = self.waiting >= _WAITING_BYTES
        if full:
            self.waiting = 0
        packed = await _compressed(compressor, body, last=not more, flushed=full)
        if packed or not more:
            await self.send({**message, "body": packed})


async def _compressed(compressor: _Compressor, body: bytes, *, last: bool, flushed: bool = False) -> bytes:
    def compress() -> bytes:
        packed = compressor.process(body)
        if last:
            return packed + compressor.finish()
        return packed + compressor.flush() if flushed else packed

    return await run_sync(compress) if len(body) >= _LARGE_BYTES else compress()


def _size(headers: Headers, first: Message, *, head: bool) -> int:
    """The length of an answer: of its only bytes, as it says, or unknown, as a head's, and then taken to be large."""
    said = headers.get("content-length", "")
    if said.isdecimal():
        return int(said)
    return SMALLEST_BYTES if head or first.get("more_body", False) else len(first.get("body", b""))


def _shrinks(status: int, headers: Headers, size: int) -> bool:
    """Whether an answer is worth the work."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return (
        status not in _LEFT_ALONE
        and size >= SMALLEST_BYTES
        and _SHRINKING.fullmatch(kind) is not None
        and "content-encoding" not in headers
        and "no-transform" not in headers.get("cache-control", "")
    )


def _announce(headers: MutableHeaders, coding: str) -> None:
    """Say how the answer is coded; other bytes cannot keep a strong tag or a length (RFC 9110, 8.8.3.3)."""
    headers["Content-Encoding"] = coding
    del headers["Content-Length"]
    del headers["Accept-Ranges"]
    tag = headers.get("etag", "")
    if tag.startswith('"'):
        headers["ETag"] = f"W/{tag}"


@lru_cache(maxsize=256)
def coding_for(accepted: str) -> str | None:
    """The coding that an ``Accept-Encoding`` weighs most, brotli before gzip; None for no coding."""
    weights = _weights(accepted)
    anything = weights.get("*", 0.0)
    best = max(_COMPRESSORS, key=lambda coding: weights.get(coding, anything))
    weight = weights.get(best, anything)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def _weights(accepted: str) -> Mapping[str, float]:
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, *parameters = (one.strip() for one in part.split(";"))
        said = next((one[2:] for one in parameters if one.startswith("q=")), "")
        weights[coding.removeprefix("x-")] = quality(said.strip())
    return weights
