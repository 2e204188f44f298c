"""The grammar of 界址点 files: parcel lines that end with @, point lines below each, and the rings that they make.

A parcel line is 点数,面积,地块编号,地块名称,图形属性(面/线/点),图幅号,地块用途,地类编码,@ with further fields in some
provinces; a point line is 点号,圈号,X,Y.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bioplan_gis.importing.rows import Note

SHAPES = ("面", "线", "点")
FIELDS = ("点数", "面积", "地块编号", "地块名称", "图形属性", "图幅号", "地块用途", "地类编码")
SHAPE_PLACE = 4
FEWEST_OF_RING = 3
POINT_FIELDS = 4
PLAIN_FIELDS = 3
MOST_DIGITS = 15
Numbers = NDArray[np.float64]
_HALF_WIDTH = str.maketrans("，＠＝【】［］；：．－０１２３４５６７８９", ",@=[][];:.-0123456789")
_SECTION = re.compile(r"\[\s*([^\[\]]+?)\s*\]")
_SETTING = re.compile(r"([^=,@\s][^=,@]*?)\s*=\s*(.*)")


class FaultError(Exception):
    """What is wrong with one parcel."""

    def __init__(self, zh: str, en: str) -> None:
        """Keep the sentence in both languages."""
        super().__init__(en)
        self.note = Note(zh, en)


@dataclass
class Parcel:
    """One parcel as it stands in the file.

    Attributes:
        line: number of its line, from 1.
        fields: of its line, laid under ``FIELDS``, further ones behind.
        points: line number, label, ring and both coordinates of each point, as text.
    """

    line: int
    fields: list[str]
    points: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    broken_line: int = 0


@dataclass(frozen=True)
class Ring:
    """Some points of a parcel that follow one another, without the one that closes them."""

    coordinates: Numbers
    was_closed: bool


def plain(line: str) -> str:
    """A line with its punctuation and digits in half width."""
    return line.translate(_HALF_WIDTH).strip("\ufeff \t\r\n")


def section_of(line: str) -> str | None:
    """The name in brackets that a line is; None where it is something else."""
    found = _SECTION.fullmatch(line)
    return found[1] if found else None


def setting_of(line: str) -> tuple[str, str] | None:
    """Name and value of a line of the header; None where it is something else."""
    found = _SETTING.fullmatch(line)
    return (found[1], found[2]) if found else None


def is_parcel_line(line: str) -> bool:
    """Whether a line begins a parcel."""
    return line.endswith("@") or bool(re.search(r",\s*(面|线|点)\s*,.*,", line))


def parcels_of(lines: Iterable[tuple[int, str]]) -> Iterator[Parcel]:
    """The parcels in numbered plain lines; points before any parcel line make one without attributes."""
    parcel: Parcel | None = None
    for number, line in lines:
        if not line or section_of(line) is not None or (parcel is None and setting_of(line)):
            continue
        if is_parcel_line(line):
            if parcel is not None:
                yield parcel
            parcel = Parcel(number, fields_of(line))
            continue
        parcel = parcel or Parcel(number, [""] * len(FIELDS))
        _add_point(parcel, number, line)
    if parcel is not None:
        yield parcel


def fields_of(line: str) -> list[str]:
    """The fields of a parcel line, laid under ``FIELDS`` by where it says 面, 线 or 点."""
    fields = [text.strip() for text in line.rstrip("@ \t").removesuffix(",").split(",")]
    place = next((at for at, text in enumerate(fields) if text in SHAPES and at >= 1), SHAPE_PLACE)
    lead = max(0, SHAPE_PLACE - place)
    laid = [""] * lead + fields[max(0, place - SHAPE_PLACE) :]
    return laid + [""] * (len(FIELDS) - len(laid))


def _add_point(parcel: Parcel, number: int, line: str) -> None:
    parts = [part.strip() for part in line.split(",")] if "," in line else re.split(r"[;\s]+", line)
    while parts and not parts[-1]:
        parts.pop()
    if len(parts) == PLAIN_FIELDS:
        parts.insert(1, "1")
    if len(parts) < POINT_FIELDS:
        parcel.broken_line = parcel.broken_line or number
        return
    parcel.points.append((number, *parts[:POINT_FIELDS]))


def ordinates(parcel: Parcel) -> Numbers:
    """Both coordinates of each point, in the order of the file.

    Raises:
        FaultError: a line is no point, or a coordinate no number.
    """
    if parcel.broken_line:
        raise FaultError(f"第 {parcel.broken_line} 行不是界址点。", f"Line {parcel.broken_line} is no boundary point.")
    try:
        values = np.array([point[3:] for point in parcel.points], float).reshape(-1, 2)
    except ValueError:
        values = np.array([[_number(text) for text in point[3:]] for point in parcel.points])
    broken = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(broken):
        number, _, _, first, second = parcel.points[broken[0]]
        raise FaultError(
            f"第 {number} 行的坐标不是数字：{first[:30]}, {second[:30]}。",
            f"The coordinates in line {number} are no numbers: {first[:30]}, {second[:30]}.",
        )
    return values


def rings_of(parcel: Parcel, values: Numbers) -> list[Ring]:
    """The rings: divided where the ring's number changes, where one is closed, and where the labels begin anew.

    Args:
        parcel: whose points they are.
        values: its coordinates with x east and y north, one row a point.
    """
    rings = []
    start = 0
    for at in range(1, len(values) + 1):
        is_closed = at - start > FEWEST_OF_RING and bool((values[at - 1] == values[start]).all())
        if at == len(values) or is_closed or _begins_anew(parcel, start, at):
            is_closed |= at - start > 1 and bool((values[at - 1] == values[start]).all())
            rings.append(Ring(values[start : at - is_closed], is_closed))
            start = at
    return [ring for ring in rings if len(ring.coordinates)]


def shape_of(parcel: Parcel, rings: Sequence[Ring]) -> BaseGeometry:
    """The geometry that the rings make.

    Raises:
        FaultError: the count of points disagrees, or a ring has too few.
    """
    _check_count(parcel, rings)
    kind = parcel.fields[SHAPE_PLACE]
    if kind == "点":
        points = [point for ring in rings for point in ring.coordinates]
        return shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
    fewest = 2 if kind == "线" else FEWEST_OF_RING
    for ring in rings:
        if len(np.unique(ring.coordinates, axis=0)) < fewest:
            raise FaultError(
                f"第 {parcel.line} 行的地块有一圈只有 {len(ring.coordinates)} 个点，至少要 {fewest} 个。",
                f"The parcel in line {parcel.line} has a ring of {len(ring.coordinates)} points; it needs {fewest}.",
            )
    return _lines(rings) if kind == "线" else _polygons([ring.coordinates for ring in rings])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _begins_anew(parcel: Parcel, start: int, at: int) -> bool:
    """Whether point ``at`` begins another ring than that of ``start``."""
    (_, label, ring, *_), (_, next_label, next_ring, *_) = parcel.points[start], parcel.points[at]
    return next_ring != ring or (
        next_label == label and at - start >= FEWEST_OF_RING and not _returns(parcel, start, at)
    )


def _returns(parcel: Parcel, start: int, at: int) -> bool:
    """Whether a point stands where the ring began, and so closes it."""
    return [_number(text) for text in parcel.points[at][3:]] == [_number(text) for text in parcel.points[start][3:]]


def _check_count(parcel: Parcel, rings: Sequence[Ring]) -> None:
    """The stated count may or may not take in the points that close the rings."""
    stated, written = parcel.fields[0], len(parcel.points)
    if not stated.isdecimal() or len(stated) > MOST_DIGITS:
        stated = str(written)
    open_points = sum(len(ring.coordinates) for ring in rings)
    if not written or int(stated) not in {written, open_points, open_points + len(rings), open_points + 1}:
        raise FaultError(
            f"第 {parcel.line} 行写明 {stated} 个点，其下却有 {written} 个。",
            f"Line {parcel.line} states {stated} points, but {written} follow.",
        )


def _lines(rings: Sequence[Ring]) -> BaseGeometry:
    lines = [np.vstack([ring.coordinates, ring.coordinates[: ring.was_closed]]) for ring in rings]
    return shapely.LineString(lines[0]) if len(lines) == 1 else shapely.MultiLineString(lines)


def _polygons(rings: list[Numbers]) -> BaseGeometry:
    """Rings within an odd number of others are holes; the others are parts."""
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    rings = sorted(rings, key=lambda ring: shapely.area(shapely.Polygon(ring)), reverse=True)
    around = _around(rings)
    holes: dict[int, list[Numbers]] = {at: [] for at, outer in enumerate(around) if len(outer) % 2 == 0}
    for at, outer in enumerate(around):
        if at not in holes:
            holes[max(other for other in outer if other in holes)].append(rings[at])
    parts = [shapely.Polygon(rings[at], inner) for at, inner in holes.items()]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _around(rings: Sequence[Numbers]) -> list[list[int]]:
    """For each ring the larger ones that it lies in; the rings are given by size, the largest first."""
    polygons = np.array([shapely.Polygon(ring) for ring in rings])
    around: list[list[int]] = [[] for _ in rings]
    for at, other in zip(*shapely.STRtree(polygons).query(polygons), strict=True):
        if other < at and _is_within(rings[at], polygons[at], polygons[other]):
            around[at].append(int(other))
    return around


def _is_within(ring: Numbers, polygon: BaseGeometry, other: BaseGeometry) -> bool:
    middle = shapely.point_on_surface(polygon)
    return bool(shapely.intersects_xy(other, ring).all()) and bool(shapely.intersects(other, middle))
