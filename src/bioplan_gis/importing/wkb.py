"""Well-known binary (OGC 06-103r4, ISO 19125 and the extended form of PostGIS) → shapes, a column at a time.

What GEOS would crash on or refuse a whole column for (curves, collections nested without end) is sorted out by the
header of each value before GEOS sees it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bioplan_gis.crs import Shapes
from bioplan_gis.importing.rows import Note

Flags = NDArray[np.bool_]
COLLECTION = 7
CURVES = (8, 9, 10, 11, 12, 13, 14)
SURFACES = (15, 16, 17)
MOST_NESTED = 1000
HEADER_BYTES = 9
_POINT, _LINE, _POLYGON, _MULTIPOINT = 1, 2, 3, 4
_Z, _M, _SRID = 0x80000000, 0x40000000, 0x20000000
_ISO_Z, _ISO_M = (1, 3), (2, 3)
_ORDERS = {b"\x00": ">", b"\x01": "<"}
_TOO_SHORT = "point array must contain"

UNREADABLE = Note("几何的二进制不完整或已损坏", "the geometry's binary is cut short or damaged")
NESTED = Note(f"几何嵌套超过 {MOST_NESTED} 层", f"the geometry is nested more than {MOST_NESTED} deep")
CURVED = Note(
    "曲线几何，不能无误差地转换；请先在原软件中转为折线",
    "a curve, which cannot be converted without error; turn it into straight segments in the program it came from",
)
FACETED = Note(
    "三角网或多面体，不是平面几何；请先转为多边形",
    "a triangulated or polyhedral surface, not a plane geometry; turn it into polygons first",
)


@dataclass(frozen=True)
class Decoded:
    """A column of well-known binary as shapes.

    Attributes:
        shapes: one a value; None where it is null, refused or too short to be one.
        null: where the value is null.
        unclosed: where a ring lacked its last point, which was added.
        too_short: where a line or ring has a single point.
        has_z: where there are heights.
        has_m: where there are measures.
        refusals: by offset, why a value is no shape.
    """

    shapes: Shapes
    null: Flags
    unclosed: Flags
    too_short: Flags
    has_z: Flags
    has_m: Flags
    refusals: Mapping[int, Note]


@dataclass(frozen=True)
class _Headers:
    kinds: NDArray[np.int64]
    has_z: Flags
    has_m: Flags
    lengths: NDArray[np.int64]


def decode(wkb: pa.Array | pa.ChunkedArray) -> Decoded:
    """Shapes of a binary column, each as it stands there but for rings that are closed."""
    column = (wkb.combine_chunks() if isinstance(wkb, pa.ChunkedArray) else wkb).cast(pa.large_binary())
    headers = _headers(column)
    values = column.to_numpy(zero_copy_only=False)
    null = np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=bool)
    refusals = _refused_unseen(values, headers)
    values[list(refusals)] = None
    shapes, doubtful = _read(values)
    unclosed, too_short = np.zeros((2, len(values)), dtype=bool)
    if doubtful.size:
        shapes[doubtful] = _read(values[doubtful], on_invalid="fix")[0]
        unclosed[doubtful] = ~shapely.is_missing(shapes[doubtful])
        for offset in doubtful[~unclosed[doubtful]]:
            too_short[offset] = _TOO_SHORT in _fault(values[offset])
        refusals |= {int(offset): UNREADABLE for offset in doubtful[~(unclosed | too_short)[doubtful]]}
    return Decoded(shapes, null, unclosed, too_short, headers.has_z, headers.has_m, refusals)


def _read(values: NDArray[np.object_], on_invalid: str = "ignore") -> tuple[Shapes, NDArray[np.intp]]:
    """Shapes, and the offsets of those values that are none."""
    with np.errstate(invalid="ignore"):
        shapes = np.asarray(shapely.from_wkb(values, on_invalid=on_invalid), dtype=object)
    given = np.array([value is not None for value in values], dtype=bool)
    return shapes, np.asarray(np.flatnonzero(given & shapely.is_missing(shapes)))


def _fault(value: bytes) -> str:
    try:
        shapely.from_wkb(value)
    except shapely.errors.GEOSException as error:
        return str(error)
    return ""


def _refused_unseen(values: NDArray[np.object_], headers: _Headers) -> dict[int, Note]:
    """What GEOS must not be given."""
    refusals = {int(offset): CURVED for offset in np.flatnonzero(np.isin(headers.kinds, CURVES))}
    refusals |= {int(offset): FACETED for offset in np.flatnonzero(np.isin(headers.kinds, SURFACES))}
    nesting = (headers.kinds >= _MULTIPOINT) & (headers.kinds <= COLLECTION)
    nesting &= (headers.kinds == COLLECTION) | (headers.lengths > MOST_NESTED * HEADER_BYTES)
    for offset in np.flatnonzero(nesting):
        if reason := _reason_against(values[offset]):
            refusals[int(offset)] = reason
    return refusals


def _reason_against(value: bytes) -> Note | None:
    """Why a collection must not be read: walked from header to header without descending by calls."""
    at, open_counts = 0, [1]
    try:
        while open_counts:
            if open_counts[-1] == 0:
                open_counts.pop()
                continue
            open_counts[-1] -= 1
            kind, count, at = _step(value, at)
            if kind in CURVES:
                return CURVED
            open_counts.append(count)
            if len(open_counts) > MOST_NESTED:
                return NESTED
    except struct.error:
        return UNREADABLE
    return None


def _step(value: bytes, at: int) -> tuple[int, int, int]:
    """Kind of the shape at a place, how many shapes it holds, and where what follows its header or itself begins."""
    order = _ORDERS.get(value[at : at + 1])
    if order is None:
        raise struct.error
    (word,) = struct.unpack_from(f"{order}I", value, at + 1)
    kind, thousands = (word & 0xFFFF) % 1000, (word & 0xFFFF) // 1000
    numbers = 2 + (bool(word & _Z) or thousands in _ISO_Z) + (bool(word & _M) or thousands in _ISO_M)
    at += 9 if word & _SRID else 5
    if kind == _POINT:
        return kind, 0, at + 8 * numbers
    (count,) = struct.unpack_from(f"{order}I", value, at)
    at += 4
    if kind == _LINE:
        return kind, 0, at + 8 * numbers * count
    if kind == _POLYGON:
        for _ in range(count):
            (points,) = struct.unpack_from(f"{order}I", value, at)
            at += 4 + 8 * numbers * points
        return kind, 0, at
    return kind, count, at


def _headers(column: pa.LargeBinaryArray) -> _Headers:
    """Kind and dimensions of each value, read from its first five bytes; kind 0 where there are none."""
    _, starts, data = column.buffers()
    bounds = np.frombuffer(starts, dtype=np.int64)[column.offset : column.offset + len(column) + 1]
    lengths = np.diff(bounds)
    kinds = np.zeros(len(column), dtype=np.uint32)
    long_enough = np.flatnonzero(lengths >= 5) if data is not None else np.empty(0, dtype=np.intp)  # noqa: PLR2004
    if long_enough.size:
        firsts = np.frombuffer(data, dtype=np.uint8)[bounds[long_enough, None] + np.arange(5)]
        kinds[long_enough] = np.where(
            firsts[:, 0] == 1, firsts[:, 1:].copy().view("<u4")[:, 0], firsts[:, 1:].copy().view(">u4")[:, 0]
        )
    thousands = (kinds & 0xFFFF) // 1000
    has_z = (kinds & _Z != 0) | np.isin(thousands, _ISO_Z)
    has_m = (kinds & _M != 0) | np.isin(thousands, _ISO_M)
    return _Headers(((kinds & 0xFFFF) % 1000).astype(np.int64), has_z, has_m, np.asarray(lengths))
