"""Mapbox Vector Tiles 2.1 written from whole arrays: no object a feature.

Everything within a feature is a number of variable length, so that all features of a layer are one array of numbers
that is laid out by index arithmetic and encoded at once. Source: Mapbox Vector Tile Specification 2.1, chapter 4.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.tiling import EXTENT

POINT, LINE, POLYGON = 1, 2, 3

Whole = NDArray[np.int64]
Value = str | int | float | bool | None
Columns = Mapping[str, Sequence[Value]]
_DOUBLE = struct.Struct("<d")


@dataclass(frozen=True)
class Outlines:
    """Geometries of features, in units of the tile.

    Attributes:
        kinds: POINT, LINE or POLYGON of each feature, which has at least one part.
        owners: the feature that each part belongs to, in order; the points of a feature are one part.
        sizes: how many positions each part has; a ring's first one does not come again at its end.
        positions: of all parts, (n, 2).
    """

    kinds: Whole
    owners: Whole
    sizes: Whole
    positions: Whole


def encode(name: str, outlines: Outlines, columns: Columns, keys: Whole | None = None) -> bytes:
    """A tile of one layer; without a feature it is empty.

    Args:
        name: of the layer.
        outlines: of the features.
        columns: a value of each feature by the property's name; None, which a tile cannot hold, is left out.
        keys: the id of each feature, 0 or more.
    """
    if not len(outlines.kinds):
        return b""
    columns = {key: values for key, values in columns.items() if any(value is not None for value in values)}
    tags, owners, values = _tags(columns, len(outlines.kinds))
    parts = [b"\x78\x02", _text(1, name), _features(outlines, tags, owners, keys)]
    parts += [_text(3, key) for key in columns] + [_member(4, value) for value in values]
    parts.append(b"\x28" + _varint(EXTENT))
    return _member(3, b"".join(parts))


def _features(outlines: Outlines, tags: Whole, tag_owners: Whole, keys: Whole | None) -> bytes:
    """Field 2 of a layer, once for each feature: id, tags, kind and geometry."""
    count = len(outlines.kinds)
    drawn, owners = _commands(outlines)
    sizes = [
        np.bincount(of, lengths(stream), count).astype(np.int64) for stream, of in ((tags, tag_owners), (drawn, owners))
    ]
    heads = [] if keys is None else [np.full(count, 0x08), keys]
    heads += [np.full(count, 0x12), sizes[0]]
    middle = [np.full(count, 0x18), outlines.kinds, np.full(count, 0x22), sizes[1]]
    inner = np.sum([lengths(each) for each in heads + middle], axis=0) + sizes[0] + sizes[1]
    before = np.column_stack([np.full(count, 0x12), inner, *heads])
    streams = [(before.ravel(), _repeated(count, before.shape[1])), (tags, tag_owners)]
    after = np.column_stack(middle)
    streams += [(after.ravel(), _repeated(count, after.shape[1])), (drawn, owners)]
    return varints(_woven(streams, count))


def _repeated(count: int, times: int) -> Whole:
    return np.repeat(np.arange(count), times)


def _woven(streams: Sequence[tuple[Whole, Whole]], count: int) -> Whole:
    """Streams of numbers as one: of each feature what each stream has for it, one stream after the other."""
    totals = np.array([np.bincount(owners, minlength=count) for _, owners in streams])
    starts = (np.cumsum(totals.T.ravel()) - totals.T.ravel()).reshape(count, len(streams)).T
    woven = np.empty(int(totals.sum()), dtype=np.int64)
    for (numbers, owners), total, start in zip(streams, totals, starts, strict=True):
        within = np.arange(len(numbers)) - np.repeat(np.cumsum(total) - total, total)
        woven[start[owners] + within] = numbers
    return woven


def _commands(outlines: Outlines) -> tuple[Whole, Whole]:
    """Commands of all features (chapter 4.3), and the feature of each number."""
    kinds, sizes = outlines.kinds[outlines.owners], outlines.sizes
    spotted = kinds == POINT
    # How many numbers a part has: MoveTo, perhaps LineTo, two for each position, perhaps ClosePath.
    totals = 2 * sizes + np.where(spotted, 1, 2) + (kinds == POLYGON)
    starts = np.cumsum(totals) - totals
    numbers = np.empty(int(totals.sum()), dtype=np.int64)
    numbers[starts] = np.where(spotted, sizes << 3 | 1, 9)
    lined = starts[~spotted]
    numbers[lined + 3] = (sizes[~spotted] - 1) << 3 | 2
    numbers[(starts + totals - 1)[kinds == POLYGON]] = 15
    within = np.arange(len(outlines.positions)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = np.repeat(starts, sizes) + 1 + 2 * within + np.repeat(~spotted, sizes) * (within > 0)
    steps = zigzag(_steps(outlines))
    numbers[at], numbers[at + 1] = steps[:, 0], steps[:, 1]
    return numbers, np.repeat(outlines.owners, totals)


def _steps(outlines: Outlines) -> Whole:
    """From each position to the next within a feature; the first from the tile's corner."""
    steps = np.diff(outlines.positions, axis=0, prepend=0)
    of_feature = np.repeat(outlines.owners, outlines.sizes)
    first = np.diff(of_feature, prepend=-1) > 0
    steps[first] = outlines.positions[first]
    return steps


def _tags(columns: Columns, count: int) -> tuple[Whole, Whole, list[bytes]]:
    """Pairs of key and value, by their numbers; the feature of each; the values."""
    known: dict[tuple[type, Value], int] = {}
    numbers = np.full((count, len(columns)), -1, dtype=np.int64)
    for at, values in enumerate(columns.values()):
        numbers[:, at] = [
            -1 if value is None else known.setdefault((type(value), value), len(known)) for value in values
        ]
    owners, names = np.nonzero(numbers >= 0)
    pairs = np.column_stack([names, numbers[owners, names]])
    return pairs.ravel(), np.repeat(owners, 2), [_value(value) for _, value in known]


def _value(value: Value) -> bytes:
    """Chapter 4.1, Value."""
    if isinstance(value, str):
        return _text(1, value)
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int):
        return b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint(-2 * value - 1)
    return b"\x19" + _DOUBLE.pack(value or 0.0)


def _text(field: int, text: str) -> bytes:
    return _member(field, text.encode())


def _member(field: int, content: bytes) -> bytes:
    size = len(content)
    if size <= 0x7F:  # noqa: PLR2004 - a byte
        return bytes((field << 3 | 2, size)) + content
    return bytes((field << 3 | 2,)) + _varint(size) + content


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits at a time
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def zigzag(numbers: Whole) -> Whole:
    """Signed numbers as unsigned ones, small ones small."""
    return np.asarray(numbers << 1 ^ numbers >> 63)


def lengths(numbers: Whole) -> Whole:
    """How many bytes each number of variable length takes, 1 to 9."""
    steps = [np.int64(1) << 7 * step for step in range(1, 9)]
    return np.asarray(np.searchsorted(steps, numbers, side="right") + 1)


def varints(numbers: Whole) -> bytes:
    """Numbers from 0 on as base 128 varints."""
    sizes = lengths(numbers)
    starts = np.cumsum(sizes) - sizes
    encoded = np.empty(int(sizes.sum()), dtype=np.uint8)
    for step in range(int(sizes.max(initial=0))):
        longer = sizes > step
        more = np.where(sizes[longer] > step + 1, 0x80, 0)
        encoded[starts[longer] + step] = numbers[longer] >> 7 * step & 0x7F | more
    return encoded.tobytes()
