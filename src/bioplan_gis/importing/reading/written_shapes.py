"""Geometry in writing (WKT) and in binary (WKB) as shapes, arcs drawn as segments.

Shapely refuses a whole array where one of its texts has an arc; such a text is turned into binary here (OGC 06-103r4
and ISO/IEC 13249-3 have the grammar) and drawn as :mod:`curves` draws it.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bioplan_gis.importing.reading import curves

Shapes = NDArray[np.object_]
_TYPES = {
    "POINT": curves.POINT,
    "LINESTRING": curves.LINE,
    "POLYGON": curves.POLYGON,
    "MULTIPOINT": curves.MULTI_POINT,
    "MULTILINESTRING": curves.MULTI_LINE,
    "MULTIPOLYGON": curves.MULTI_POLYGON,
    "GEOMETRYCOLLECTION": curves.COLLECTION,
    "CIRCULARSTRING": curves.CIRCULAR,
    "COMPOUNDCURVE": curves.COMPOUND,
    "CURVEPOLYGON": curves.CURVE_POLYGON,
    "MULTICURVE": curves.MULTI_CURVE,
    "MULTISURFACE": curves.MULTI_SURFACE,
    "POLYHEDRALSURFACE": curves.FACES,
    "TIN": curves.TIN,
    "TRIANGLE": curves.TRIANGLE,
}
# What a part is that does not say it.
_PART_TYPES = {
    curves.MULTI_POINT: curves.POINT,
    curves.MULTI_LINE: curves.LINE,
    curves.MULTI_POLYGON: curves.POLYGON,
    curves.COMPOUND: curves.LINE,
    curves.CURVE_POLYGON: curves.LINE,
    curves.MULTI_CURVE: curves.LINE,
    curves.MULTI_SURFACE: curves.POLYGON,
    curves.FACES: curves.POLYGON,
    curves.TIN: curves.TRIANGLE,
}
_CURVED = re.compile(r"CIRCULARSTRING|CURVE|MULTISURFACE|POLYHEDRALSURFACE|TIN\b|TRIANGLE", re.IGNORECASE)
_TOKENS = re.compile(r"[A-Z]+|[(),]|[-+]?[0-9.]+(?:E[-+]?[0-9]+)?", re.IGNORECASE)
_DIMENSIONS = {2: 0, 3: 1000, 4: 3000}


def shapes_of_wkt(texts: Sequence[str | None] | Shapes) -> Shapes:
    """A shape of each text; None where there is none or it cannot be read."""
    cells = np.asarray(texts, dtype=object)
    shapes = _read(shapely.from_wkt, cells)
    missing = np.flatnonzero(shapely.is_missing(shapes))
    curved = [int(row) for row in missing if cells[row] is not None and _CURVED.search(cells[row])]
    if curved:
        shapes[curved] = shapes_of_wkb([_binary(cells[row]) for row in curved])
    return shapes


def shapes_of_wkb(binaries: Sequence[bytes | None]) -> Shapes:
    """A shape of each binary; None where there is none or it cannot be read."""
    plain, _ = curves.straightened(pa.array(binaries, pa.binary()))
    return _read(shapely.from_wkb, plain.to_numpy(zero_copy_only=False))


def shapes_of_hexadecimals(texts: Shapes) -> Shapes:
    """A shape of each binary in hexadecimal digits, as Shapely reads it; those with arcs are drawn."""
    shapes = _read(shapely.from_wkb, texts)
    for row in np.flatnonzero(shapely.is_missing(shapes)):
        shapes[row : row + 1] = shapes_of_wkb([_bytes(texts[row])])
    return shapes


def _read(read: Callable[..., Shapes], cells: Shapes) -> Shapes:
    """All cells at once, or where Shapely refuses them all for one, each by itself."""
    try:
        return np.asarray(read(cells, on_invalid="fix"), dtype=object)
    except NotImplementedError:
        return np.array([*map(_alone(read), cells), None], dtype=object)[:-1]


def _alone(read: Callable[..., Shapes]) -> Callable[[object], object]:
    def shape(cell: object) -> object:
        try:
            return read(cell, on_invalid="fix")
        except NotImplementedError:
            return None

    return shape


def _bytes(digits: str) -> bytes | None:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None


def _binary(text: str) -> bytes | None:
    """A text as ISO well-known binary; None where it is no well-known text."""
    try:
        return _Text(text).geometry()
    except (LookupError, ValueError, struct.error, StopIteration):
        return None


class _Text:
    """A well-known text, read from its start; what it breaks of the grammar is a ``ValueError`` or ``LookupError``."""

    def __init__(self, text: str) -> None:
        if re.sub(_TOKENS, "", text).strip():
            raise ValueError(text[:40])
        self._tokens: list[str] = _TOKENS.findall(text.upper())
        self._place = 0
        first = next(at for at, token in enumerate(self._tokens) if _is_number(token))
        count = next(at for at, token in enumerate(self._tokens[first:]) if not _is_number(token))
        has_m_alone = "M" in self._tokens or any(token.endswith(("STRINGM", "POLYGONM")) for token in self._tokens)
        self._size = count
        self._dimensions = 2000 if count == 3 and has_m_alone else _DIMENSIONS[count]  # noqa: PLR2004

    def geometry(self) -> bytes:
        """The geometry that the whole text is."""
        wkb = self._tagged()
        if self._place != len(self._tokens):
            raise ValueError("text after its end")
        return wkb

    def _next(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1]

    def _tagged(self) -> bytes:
        name = self._next()
        if name not in _TYPES:
            name = re.sub("(ZM|Z|M)$", "", name)
        if self._tokens[self._place] in {"Z", "M", "ZM"}:
            self._place += 1
        return self._body(_TYPES[name])

    def _body(self, of_type: int) -> bytes:
        head = struct.pack("<BI", 1, self._dimensions + of_type)
        if of_type == curves.POINT:
            return head + self._point()
        parts = list(self._parts(of_type))
        return head + struct.pack("<I", len(parts)) + b"".join(parts)

    def _parts(self, of_type: int) -> Iterator[bytes]:
        """What stands between the brackets: positions, rings, or geometries."""
        opening = self._next()
        if opening == "EMPTY":
            return
        if opening != "(":
            raise ValueError(opening)
        while True:
            yield self._part(of_type)
            separator = self._next()
            if separator == ")":
                return
            if separator != ",":
                raise ValueError(separator)

    def _part(self, of_type: int) -> bytes:
        if of_type in {curves.LINE, curves.CIRCULAR}:
            return self._position()
        if of_type in {curves.POLYGON, curves.TRIANGLE}:
            return self._body(curves.LINE)[curves.HEAD_BYTES :]
        if self._tokens[self._place] not in {"(", "EMPTY"} and not _is_number(self._tokens[self._place]):
            return self._tagged()
        return self._body(_PART_TYPES[of_type])

    def _point(self) -> bytes:
        if _is_number(self._tokens[self._place]):  # a multipoint may leave out the inner brackets
            return self._position()
        opening = self._next()
        position = struct.pack(f"<{self._size}d", *[np.nan] * self._size) if opening == "EMPTY" else self._position()
        if opening == "(" and self._next() != ")":
            raise ValueError("a point of several positions")
        return position

    def _position(self) -> bytes:
        return struct.pack(f"<{self._size}d", *(float(self._next()) for _ in range(self._size)))


def _is_number(token: str) -> bool:
    return token[0] in "+-.0123456789"
