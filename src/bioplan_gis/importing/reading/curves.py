"""Arcs in well-known binary, drawn as the straight segments that everything after the reader understands.

Shapely reads no CIRCULARSTRING, COMPOUNDCURVE, CURVEPOLYGON, MULTICURVE, MULTISURFACE, TIN or POLYHEDRALSURFACE (OGC
06-103r4 and ISO/IEC 13249-3, types 8 to 17). An arc goes through three points; it is cut into segments of at most four
degrees of its turn, as GDAL does by default, so that a segment is off the arc by at most 0.061 % of the radius.
"""

import math
import struct

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

DEGREES_A_SEGMENT = 4.0
OFF_THE_ARC_SHARE = 1 - math.cos(math.radians(DEGREES_A_SEGMENT / 2))
POINT, LINE, POLYGON, MULTI_POINT, MULTI_LINE, MULTI_POLYGON, COLLECTION = range(1, 8)
CIRCULAR, COMPOUND, CURVE_POLYGON, MULTI_CURVE, MULTI_SURFACE, _, _, FACES, TIN, TRIANGLE = range(8, 18)
DEEPEST = 50
# Three points so nearly on a line that no circle through them means anything.
FLAT = 1e-14
EWKB_Z, EWKB_M, EWKB_SRID = 0x80000000, 0x40000000, 0x20000000
_PLAIN_TYPES = {
    CIRCULAR: LINE,
    COMPOUND: LINE,
    CURVE_POLYGON: POLYGON,
    TRIANGLE: POLYGON,
    MULTI_CURVE: MULTI_LINE,
    MULTI_SURFACE: MULTI_POLYGON,
    FACES: MULTI_POLYGON,
    TIN: MULTI_POLYGON,
}
HEAD_BYTES = 5

Coordinates = NDArray[np.float64]


def straightened(wkb: pa.Array) -> tuple[pa.Array, int]:
    """Geometries without arcs, and how many of them had any (or were faces of a body, which become polygons).

    A binary that ends early or nests too deep stays as it is: whoever reads it next will refuse its row.
    """
    rows = np.flatnonzero(geometry_types(wkb) >= COLLECTION)
    if not len(rows):
        return wkb, 0
    values = wkb.to_pylist()
    count = 0
    for row in rows:
        drawn = _drawn(values[row])
        values[row], count = drawn or values[row], count + (drawn is not None)
    return pa.array(values, wkb.type), count


def _drawn(wkb: bytes) -> bytes | None:
    """The geometry without arcs; None where it had none or is damaged."""
    try:
        drawing = _Drawing(wkb)
    except (struct.error, ValueError):
        return None
    return drawing.wkb if drawing.curved else None


def geometry_types(wkb: pa.Array) -> NDArray[np.int64]:
    """The type of each geometry without its dimensions (1 point … 17 triangle); 0 where there is none."""
    types = np.zeros(len(wkb), np.int64)
    offsets = _offsets(wkb)
    present = np.flatnonzero(np.asarray(wkb.is_valid()) & (np.diff(offsets) >= HEAD_BYTES))
    if len(present):
        data = np.frombuffer(wkb.buffers()[2], np.uint8)
        heads = data[offsets[present][:, None] + np.arange(HEAD_BYTES)].astype(np.int64)
        little = heads[:, 1:] @ (1 << np.array([0, 8, 16, 24]))
        big = heads[:, 1:] @ (1 << np.array([24, 16, 8, 0]))
        types[present] = (np.where(heads[:, 0] == 1, little, big) & 0x0FFFFFFF) % 1000
    return types


def _offsets(wkb: pa.Array) -> NDArray[np.int64]:
    width = np.int64 if pa.types.is_large_binary(wkb.type) else np.int32
    return np.frombuffer(wkb.buffers()[1], width)[wkb.offset : wkb.offset + len(wkb) + 1].astype(np.int64)


class _Drawing:
    """One geometry, read from its binary and written again without arcs.

    Attributes:
        wkb: the geometry without arcs.
        curved: whether it had any.
    """

    def __init__(self, wkb: bytes) -> None:
        self._wkb = wkb
        self._place = 0
        self.curved = False
        self.wkb = self._geometry(DEEPEST)

    def _geometry(self, deepest: int) -> bytes:
        """The geometry that begins here, in little-endian ISO binary."""
        if not deepest:
            raise ValueError("geometries nested too deep")
        order, of_type, code = self._head()
        self.curved = self.curved or of_type in _PLAIN_TYPES
        head = struct.pack("<BI", 1, code - of_type + _PLAIN_TYPES.get(of_type, of_type))
        dimensions = 2 + (code // 1000 + 1) // 2
        if of_type == POINT:
            return head + self._coordinates(order, dimensions, 1).tobytes()
        if of_type in {LINE, CIRCULAR}:
            line = self._coordinates(order, dimensions, self._count(order))
            return head + _counted(stroked(line) if of_type == CIRCULAR else line)
        if of_type in {POLYGON, TRIANGLE}:
            rings = [self._coordinates(order, dimensions, self._count(order)) for _ in range(self._count(order))]
            return head + struct.pack("<I", len(rings)) + b"".join(map(_counted, rings))
        parts = [self._geometry(deepest - 1) for _ in range(self._count(order))]
        if of_type == COMPOUND:
            return head + _counted(_joined([_line_of(part, dimensions) for part in parts], dimensions))
        if of_type == CURVE_POLYGON:
            return head + struct.pack("<I", len(parts)) + b"".join(part[HEAD_BYTES:] for part in parts)
        return head + struct.pack("<I", len(parts)) + b"".join(parts)

    def _head(self) -> tuple[str, int, int]:
        """Byte order, type, and type with its ISO dimensions (1000 Z, 2000 M, 3000 both)."""
        order = "<" if self._wkb[self._place : self._place + 1] == b"\x01" else ">"
        (code,) = struct.unpack_from(order + "I", self._wkb, self._place + 1)
        self._place += HEAD_BYTES + 4 * bool(code & EWKB_SRID)
        extended = 1000 * bool(code & EWKB_Z) + 2000 * bool(code & EWKB_M)
        code = (code & 0x0FFFFFFF) + extended
        return order, code % 1000, code

    def _count(self, order: str) -> int:
        (count,) = struct.unpack_from(order + "I", self._wkb, self._place)
        self._place += 4
        return int(count)

    def _coordinates(self, order: str, dimensions: int, count: int) -> Coordinates:
        size = 8 * dimensions * count
        found = np.frombuffer(self._wkb[self._place : self._place + size], f"{order}f8")
        self._place += size
        return found.astype("<f8").reshape(count, dimensions)


def _counted(line: Coordinates) -> bytes:
    return struct.pack("<I", len(line)) + line.tobytes()


def _line_of(part: bytes, dimensions: int) -> Coordinates:
    return np.frombuffer(part[HEAD_BYTES + 4 :], "<f8").reshape(-1, dimensions)


def _joined(lines: list[Coordinates], dimensions: int) -> Coordinates:
    """Parts of a curve, each of which begins where the one before it ends."""
    present = [line for line in lines if len(line)]
    return np.vstack(present[:1] + [line[1:] for line in present[1:]]) if present else np.empty((0, dimensions))


def stroked(line: Coordinates) -> Coordinates:
    """A circular string (start, point on the arc, end, which is the next one's start, …) as a line string.

    All further ordinates change evenly along each half of an arc.
    """
    with np.errstate(all="ignore"):  # coordinates without end or beyond all bounds are judged by whoever reads them
        arcs = [_arc(*line[at : at + 3]) for at in range(0, len(line) - 2, 2)]
    return np.vstack([line[:1], *arcs]) if arcs else line


def _arc(start: Coordinates, middle: Coordinates, end: Coordinates) -> Coordinates:
    """The points after ``start`` of an arc through three points; a full circle where it ends where it starts."""
    if np.array_equal(start[:2], end[:2]):
        centre = (start[:2] + middle[:2]) / 2
        halves = math.pi, math.pi
    else:
        (bx, by), (cx, cy) = middle[:2] - start[:2], end[:2] - start[:2]
        b2, c2 = bx * bx + by * by, cx * cx + cy * cy
        twice_area = 2 * (bx * cy - by * cx)
        if not abs(twice_area) > FLAT * (b2 + c2):
            return np.vstack([middle, end])
        centre = start[:2] + np.array([cy * b2 - by * c2, bx * c2 - cx * b2]) / twice_area
        halves = _turn(centre, start, middle, twice_area), _turn(centre, middle, end, twice_area)
    return np.vstack([_half_arc(centre, start, middle, halves[0]), _half_arc(centre, middle, end, halves[1])])


def _turn(centre: Coordinates, start: Coordinates, end: Coordinates, way: float) -> float:
    """Angle in radians from one point to another around a centre, the way of ``way``'s sign, less than a full turn."""
    (x1, y1), (x2, y2) = start[:2] - centre, end[:2] - centre
    turn = math.atan2(y2, x2) - math.atan2(y1, x1)
    return turn % (2 * math.pi) if way > 0 else -(-turn % (2 * math.pi))


def _half_arc(centre: Coordinates, start: Coordinates, end: Coordinates, turn: float) -> Coordinates:
    """Points after ``start`` up to and with ``end``, which stays exactly what it is."""
    steps = max(1, math.ceil(abs(turn) / math.radians(DEGREES_A_SEGMENT) - 1e-9)) if math.isfinite(turn) else 1
    share = np.arange(1, steps + 1)[:, None] / steps
    points = start + share * (end - start)
    angle = share[:, 0] * turn
    (x, y) = start[:2] - centre
    points[:, 0] = centre[0] + x * np.cos(angle) - y * np.sin(angle)
    points[:, 1] = centre[1] + x * np.sin(angle) + y * np.cos(angle)
    points[-1] = end
    return points
