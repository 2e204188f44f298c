"""Ids of GeoJSON features, as they stand in the file.

GDAL takes a whole number for its own numbering of features, and gives a repeated one another value; RFC 7946 has the id
as a string or a number that is the user's.
"""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

CHUNK_BYTES = 4 * 1024**2
MOST_FEATURE_CHARACTERS = 256 * 1024**2
_START = re.compile(r'"features"\s*:\s*\[')
_LINES = re.compile(r"\s*\x1e?\{[^\n]*\}\s*\n")
_GAP = re.compile(r"[\s,\x1e]*")


def feature_ids(path: Path) -> pa.Array | None:
    """The id of each feature in order: whole numbers, or strings where any is no whole number; None without ids.

    The file is read to its end only if its first feature has an id.
    """
    members = features(path)
    first = next(members, None)
    if first is None or "id" not in first:
        return None
    ids = [first["id"], *(member.get("id") for member in members)]
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in ids if one is not None)
    return pa.array(ids, pa.int64()) if whole else pa.array([None if one is None else str(one) for one in ids])


def features(path: Path) -> Iterator[dict[str, object]]:
    """The features of a collection, or the lines of a GeoJSON sequence, one at a time."""
    with path.open("rb") as stream:
        yield from _features(_Text(stream))


def _features(text: "_Text") -> Iterator[dict[str, object]]:
    text.refill()
    start = _START.search(text.held)
    if start:
        text.place = start.end()
    elif not _LINES.match(text.held):
        return
    while isinstance(feature := text.next_value(), dict):
        yield feature


class _Text:
    """A text of which only a part is held at a time.

    Attributes:
        held: that part.
        place: where in it the part begins that is not yet used.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._json = json.JSONDecoder(strict=False)
        self.held = ""
        self.place = 0

    def refill(self) -> bool:
        """Hold more; False at the end of the stream, or where one value is longer than any should be."""
        chunk = self._stream.read(CHUNK_BYTES)
        self.held = self.held[self.place :] + self._decoder.decode(chunk)
        self.place = 0
        return bool(chunk) and len(self.held) < MOST_FEATURE_CHARACTERS

    def next_value(self) -> object:
        """The next JSON value of an array or a sequence; None at its end."""
        while True:
            start = _GAP.match(self.held, self.place)
            begin = start.end() if start else self.place
            try:
                value, self.place = self._json.raw_decode(self.held, begin)
            except ValueError:
                if self.held.startswith("]", begin) or not self.refill():
                    return None
            else:
                return value
