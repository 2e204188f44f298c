"""Answers that are remembered under the digest of the layer that they were made of, until others need the room.

An answer that is asked for again costs one look at the layer's digest, which the database tells, so that nothing out
of date is ever sent.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

MOST_BYTES = 64 * 1024 * 1024
MOST_BYTES_OF_ONE = 2 * 1024 * 1024
# What an entry weighs beside its body.
_OVERHEAD_BYTES = 500


@dataclass(frozen=True)
class Remembered:
    """An answer.

    Attributes:
        digest: of the layer when the answer was made.
        body: as it was sent, not compressed.
    """

    digest: str
    body: bytes


class Memory:
    """The answers that were given last, by what was asked; safe to use from several threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begin with nothing."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[str, Remembered] = OrderedDict()
        self._lock = Lock()

    def find(self, question: str) -> Remembered | None:
        """The answer that was given to a question, which may be out of date."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None:
                self._answers.move_to_end(question)
            return found

    def keep(self, question: str, digest: str, body: bytes) -> None:
        """Remember an answer, and forget those that nobody asked for longest."""
        if len(body) > MOST_BYTES_OF_ONE:
            return
        with self._lock:
            self._forget(question)
            self._answers[question] = Remembered(digest, body)
            self._bytes += _weight(question, body)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._answers)))

    def _forget(self, question: str) -> None:
        found = self._answers.pop(question, None)
        if found is not None:
            self._bytes -= _weight(question, found.body)


def _weight(question: str, body: bytes) -> int:
    return len(body) + len(question) + _OVERHEAD_BYTES
