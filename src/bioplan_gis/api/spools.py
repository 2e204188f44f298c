"""Bytes between whoever makes an answer and the client that reads it: each at a pace of its own, in little memory.

What the client is behind with waits in a temporary file without a name, which the system removes with the process at
the latest. What all of them hold together is bounded; who finds no room waits for the client, as if there were no file.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bioplan_gis.errors import CrowdedError, StorageError

MOST_BYTES_OF_ALL = 4 * 1024**3
MOST_BYTES_AT_ONCE = 256 * 1024
# Smaller answers never see the disk.
_BYTES_IN_MEMORY = 1024 * 1024


class ClientGoneError(Exception):
    """Nobody waits for the answer any more; what was under way for it stops here."""


@dataclass
class Room:
    """What waits for clients, of all answers together; safe to use from several threads."""

    most_bytes: int = MOST_BYTES_OF_ALL
    taken_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, size: int) -> bool:
        """Whether there was room for so many bytes, which are taken then."""
        with self.lock:
            fits = self.taken_bytes + size <= self.most_bytes
            self.taken_bytes += size if fits else 0
            return fits

    def give_back(self, size: int) -> None:
        """Let others have it."""
        with self.lock:
            self.taken_bytes -= size

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Room for a file that is sent, as long as it is.

        Raises:
            CrowdedError: there is none.
        """
        if not self.take(size):
            raise CrowdedError(
                "等待下载的文件太多，请稍后再试。", "Too many files wait for their readers; try again in a while."
            )
        try:
            yield
        finally:
            self.give_back(size)


class Spool:
    """What one client is behind with: one thread puts bytes in, another takes them out.

    Args:
        room: what all spools share.
        gone: tells that the client has gone.
        tell: called when there is something to take.
    """

    def __init__(self, room: Room, gone: threading.Event, tell: Callable[[], None]) -> None:
        """Begin with nothing."""
        self._file = tempfile.SpooledTemporaryFile(max_size=_BYTES_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self._room, self._gone, self._tell = room, gone, tell
        self._written = self._read = self._held = 0
        self._changed = threading.Condition()

    def put(self, piece: bytes) -> None:
        """Add bytes; where there is no room for them, wait until the client has read all the others.

        Raises:
            ClientGoneError: it never will.
            StorageError: the disk takes no more.
        """
        for at in range(0, len(piece), MOST_BYTES_AT_ONCE):
            self._put(piece[at : at + MOST_BYTES_AT_ONCE])

    def take(self) -> bytes:
        """The next bytes; none where the client has caught up."""
        with self._changed:
            self._file.seek(self._read)
            piece = self._file.read(MOST_BYTES_AT_ONCE)
            self._read += len(piece)
            if self._read == self._written:
                self._empty()
            return piece

    def close(self) -> None:
        """Nobody takes any more; whoever waits for room is told that the client has gone."""
        with self._changed:
            self._gone.set()
            self._empty()
            self._file.close()

    def _put(self, piece: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._gone.is_set() or self._written == 0 or self._has_room(len(piece)))
            if self._gone.is_set():
                raise ClientGoneError
            try:
                self._file.seek(self._written)
                self._file.write(piece)
            except OSError as error:
                raise StorageError(
                    f"服务无法写出临时文件：{error.strerror}。", f"The service cannot write its file: {error.strerror}."
                ) from error
            self._written += len(piece)
        self._tell()

    def _has_room(self, size: int) -> bool:
        """Whether there was room for more; the first bytes need none, so that nobody waits for others."""
        fits = self._room.take(size)
        self._held += size if fits else 0
        return fits

    def _empty(self) -> None:
        self._room.give_back(self._held)
        self._written = self._read = self._held = 0
        self._file.seek(0)
        self._file.truncate()
        self._changed.notify_all()
