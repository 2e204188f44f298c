"""A light HTTP client that keeps some connections busy: bare sockets, for it shares the cores with what it measures."""

import re
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

BUFFER = memoryview(bytearray(1 << 20))
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
PATIENCE_S = 120


@dataclass
class Measured:
    """What a server did: seconds of each answer, bytes of all, and the time that it took."""

    seconds: list[float] = field(default_factory=list)
    sizes: int = 0
    lasted_s: float = 0.0

    def add(self, other: "Measured") -> None:
        """Put another round beside this."""
        self.seconds += other.seconds
        self.sizes += other.sizes
        self.lasted_s += other.lasted_s

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.lasted_s

    def percentile_ms(self, percent: float) -> float:
        """So many per cent of the answers came within this."""
        ranked = sorted(self.seconds)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] * 1e3


class _Connection:
    """One kept connection with the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(PATIENCE_S)
        self.asked_at, self.path, self.left, self.size, self.status = 0.0, "", -1, 0, 0
        self.head, self.tail, self.chunked = b"", b"", False
        self.kept: list[bytes] | None = None

    def ask(self, path: str, headers: str = "") -> None:
        """Send one question."""
        self.left, self.size, self.path, self.head, self.tail, self.chunked = -1, 0, path, b"", b"", False
        self.asked_at = time.perf_counter()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())

    def hear(self) -> bool:
        """Take what has come; whether the answer is whole."""
        count = self.socket.recv_into(BUFFER)
        if not count:
            raise ConnectionError(f"{self.path}: the server closed the connection")
        self.size += count
        if self.left < 0 and not self.chunked:
            return self._begin(bytes(BUFFER[:count]))
        if self.kept is not None:
            self.kept.append(bytes(BUFFER[:count]))
        return self._go_on(bytes(BUFFER[max(0, count - 7) : count]), count)

    def _begin(self, text: bytes) -> bool:
        self.head += text
        head, end, body = self.head.partition(b"\r\n\r\n")
        if not end:
            return False
        self.status = int(head[9:12])
        length = _LENGTH.search(head)
        self.chunked = length is None and _CHUNKED.search(head) is not None
        self.left = int(length[1]) if length else 0
        if self.kept is not None:
            self.kept.append(body)
        return self._go_on(body[-7:], len(body))

    def _go_on(self, tail: bytes, count: int) -> bool:
        if self.chunked:
            self.tail = (self.tail + tail)[-7:]
            return self.tail.endswith(b"\r\n0\r\n\r\n") or self.tail == b"0\r\n\r\n"
        self.left -= count
        return self.left <= 0


def measure(port: int, paths: Iterator[str], connections: int, lasting_s: float, headers: str = "") -> Measured:
    """Ask one question after the other on each connection for so long; what is under way then is waited for.

    Raises:
        RuntimeError: an answer was neither 200, 204 nor 304.
    """
    found, chooser = Measured(), selectors.DefaultSelector()
    crew = [_Connection(port) for _ in range(connections)]
    for one in crew:
        chooser.register(one.socket, selectors.EVENT_READ, one)
    began = time.perf_counter()
    for one in crew:
        one.ask(next(paths), headers)
    busy = connections
    while busy:
        for key, _ in chooser.select(PATIENCE_S):
            busy -= _serve(key.data, found, paths, (began + lasting_s, headers))
    found.lasted_s = time.perf_counter() - began
    for one in crew:
        one.socket.close()
    chooser.close()
    return found


def _serve(one: _Connection, found: Measured, paths: Iterator[str], until: tuple[float, str]) -> bool:
    """Hear of one connection; whether it has done its last."""
    if not one.hear():
        return False
    if one.status not in {200, 204, 304}:
        raise RuntimeError(f"{one.path}: {one.status}")
    now = time.perf_counter()
    found.seconds.append(now - one.asked_at)
    found.sizes += one.size
    if now >= until[0]:
        return True
    one.ask(next(paths), until[1])
    return False


def fetch(port: int, path: str) -> tuple[bytes, str]:
    """The body of one answer and its entity tag.

    Raises:
        RuntimeError: the answer was neither 200 nor 204.
    """
    one = _Connection(port)
    one.kept = []
    one.ask(path)
    while not one.hear():
        pass
    one.socket.close()
    body = b"".join(one.kept)
    if one.status not in {200, 204}:
        raise RuntimeError(f"{path}: {one.status} {body[:500]!r}")
    tag = _TAG.search(one.head)
    return (_unchunked(body) if one.chunked else body), tag[1].decode() if tag else ""


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        parts.append(body[:length])
        body = body[length + 2 :]
    return b"".join(parts)
