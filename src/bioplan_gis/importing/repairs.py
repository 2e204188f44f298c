"""Invalid geometry made valid where that is exact, kept as null where the attributes still count, refused where not.

A repair is exact if it moves no point, adds none but where edges cross, and loses nothing that was covered: the ring
read by the even-odd rule (OGC 06-103r4, 6.1.11: interior and exterior alternate across each edge) and the ring read as
the ground that it goes round at all cover the same. Where they do not, as where a ring overlaps itself or two parts
overlap, nobody but who drew it knows what was meant, and the row is refused. A shell wholly inside another counts as
the hole that it is on every map.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from bioplan_gis.crs import Shapes
from bioplan_gis.importing.rows import Note
from bioplan_gis.importing.wkb import COLLECTION, decode

Offsets = NDArray[np.intp]
Flags = NDArray[np.bool_]

# Thinner than this is a sliver, and so is anything smaller; a part so small that a repair made is no part of the land.
SLIVER_THICKNESS_M = 0.01
SLIVER_AREA_M2 = 1e-3
METRES_PER_DEGREE = 111_000.0
_MOST_DEGREES = 360.0

REPAIRS: Mapping[str, Note] = {
    "unclosed": Note("未闭合的环已闭合", "rings that lacked their last point closed"),
    "duplicate_points": Note("连续重复点已删除", "points repeated in a row dropped"),
    "invalid_rings": Note("自相交、嵌套等无效环已重建", "rings that cross, touch or nest wrongly rebuilt"),
    "spikes": Note("零宽度的尖刺或零长度的部分已删除", "spikes without width and parts without length dropped"),
    "repair_slivers": Note("重建产生的碎屑已删除", "crumbs that a rebuilding left dropped"),
    "collections": Note("几何集合已归为其最高维的部分", "collections reduced to their parts of the highest dimension"),
    "lower_parts": Note("集合中的点或线未取入", "points or lines of a collection left out"),
    "z": Note("高程 Z 未取入", "heights (Z) left out"),
    "m": Note("测度 M 未取入", "measures (M) left out"),
    "slivers": Note(
        "狭长碎片（厚度不足 1 厘米或面积不足 10 平方厘米），原样保留",
        "slivers under 1 cm thick or 10 cm² large, kept as they are",
    ),
}
KEPT_NULL: Mapping[str, Note] = {
    "null": Note("无几何", "without geometry"),
    "empty": Note("空几何", "with an empty geometry"),
    "collapsed": Note("面积或长度为零的几何", "with a geometry that has no area or no length"),
}
NOT_FINITE = Note(
    "坐标不是有限的数，或大得不可能在地球上", "a coordinate is no finite number, or larger than any on the Earth"
)
LARGEST = 1e9
AMBIGUOUS = Note(
    "多边形自身或各部分相互重叠，无法确定重叠处是否属于该地块",
    "the polygon overlaps itself, or its parts overlap: whether the overlap belongs to it cannot be known",
)


@dataclass(frozen=True)
class Repaired:
    """A column of geometry as shapes that are valid.

    Attributes:
        shapes: in the file's own coordinates, two-dimensional; None where null, empty, collapsed or refused.
        repairs: by kind (a key of ``REPAIRS``), the offsets of the rows that it befell.
        refusals: by offset, why a row cannot be taken.
        kept_null: by reason (a key of ``KEPT_NULL``), the offsets of rows whose attributes are kept without a shape.
    """

    shapes: Shapes
    repairs: Mapping[str, Offsets]
    refusals: Mapping[int, Note]
    kept_null: Mapping[str, Offsets]


def repair(wkb: pa.Array | pa.ChunkedArray) -> Repaired:
    """Each value of a column of well-known binary as a valid shape, with what was done and what could not be."""
    decoded = decode(wkb)
    refusals = dict(decoded.refusals)
    shapes = decoded.shapes
    solid = decoded.has_z | decoded.has_m | shapely.has_z(shapes) | shapely.has_m(shapes)
    shapes[solid] = shapely.force_2d(shapes[solid])
    endless = _not_finite(shapes)
    shapes[endless] = None
    refusals |= dict.fromkeys(endless.tolist(), NOT_FINITE)
    empty = shapely.is_empty(shapes)
    shapes[empty] = None
    present = ~shapely.is_missing(shapes)
    done = {"unclosed": decoded.unclosed, "z": decoded.has_z & present, "m": decoded.has_m & present}
    repairs = {kind: np.flatnonzero(rows) for kind, rows in done.items()}
    repairs |= _reduce(shapes)
    invalid = np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes))
    repeated = _drop_repeats(shapes, invalid)
    refusals |= _make_valid(shapes, invalid, repairs)
    repairs["duplicate_points"] = repeated[~shapely.is_missing(shapes[repeated])]
    refused = np.isin(np.arange(len(shapes)), list(refusals))
    repairs["slivers"] = _slivers(shapes, np.arange(len(shapes)))
    collapsed = decoded.too_short | (present & shapely.is_missing(shapes) & ~refused)
    kept_null = {"null": decoded.null, "empty": empty, "collapsed": collapsed}
    return Repaired(
        shapes,
        {kind: rows[~refused[rows]] for kind, rows in repairs.items() if (~refused[rows]).any()},
        refusals,
        {reason: np.flatnonzero(rows) for reason, rows in kept_null.items() if rows.any()},
    )


def promote(shapes: Shapes, family: str) -> Shapes:
    """The same shapes, but single polygons or lines as multiple ones where the family is POLYGON or LINESTRING."""
    single, multiple = {
        "POLYGON": (shapely.GeometryType.POLYGON, shapely.multipolygons),
        "LINESTRING": (shapely.GeometryType.LINESTRING, shapely.multilinestrings),
    }.get(family, (None, None))
    if single is None or multiple is None:
        return shapes
    promoted = shapes.copy()
    alone = np.flatnonzero(shapely.get_type_id(shapes) == single)
    if alone.size:
        promoted[alone] = multiple(shapes[alone].reshape(-1, 1))
    return promoted


def mended(shapes: Shapes) -> Shapes:
    """Valid polygons, made invalid by a change of coordinates, valid again.

    A straight edge of 1 km in Gauss-Krüger bends by about a centimetre in degrees: a corner that touched it may then
    lie across it. Parts are merged and holes cut as they are; what would vanish or is not finite stays as it is.
    """
    with np.errstate(invalid="ignore"):
        broken = np.flatnonzero(~shapely.is_valid(shapes) & (shapely.get_dimensions(shapes) == 2))  # noqa: PLR2004
    broken = broken[~np.isin(broken, _not_finite(shapes))]
    if not broken.size:
        return shapes
    parts, owners = _parts(shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False))
    rebuilt = _gathered(parts, owners, len(broken))
    sound = shapes.copy()
    sound[broken] = np.where(shapely.is_missing(rebuilt), shapes[broken], rebuilt)
    return sound


def _not_finite(shapes: Shapes) -> Offsets:
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    return np.unique(owners[~(np.abs(coordinates) <= LARGEST).all(axis=1)])


def _reduce(shapes: Shapes) -> dict[str, Offsets]:
    """Collections become their parts of the highest dimension; gives which did, and which lost parts by it."""
    collections = np.flatnonzero(shapely.get_type_id(shapes) == COLLECTION)
    if not collections.size:
        return {}
    parts, owners = _parts(shapes[collections])
    dimensions = shapely.get_dimensions(parts)
    highest = np.full(len(collections), -1)
    np.maximum.at(highest, owners, dimensions)
    kept = dimensions == highest[owners]
    shapes[collections] = _gathered(parts[kept], owners[kept], len(collections))
    return {"collections": collections, "lower_parts": collections[np.unique(owners[~kept])]}


def _drop_repeats(shapes: Shapes, invalid: Offsets) -> Offsets:
    """Points repeated in a row are dropped from lines and rings; gives where. Rebuilding drops an invalid shape's."""
    repeated = _repeats(shapes)
    rings, owners = _rings(shapes[repeated])
    repeated = repeated[np.unique(owners[_repeats(rings)])]
    valid = repeated[~np.isin(repeated, invalid)]
    shapes[valid] = shapely.remove_repeated_points(shapes[valid], 0)
    return repeated


def _repeats(shapes: Shapes) -> Offsets:
    """Which shapes have a position twice in a row, be it at the end of one ring and the start of the next."""
    coordinates, owners = shapely.get_coordinates(shapes, return_index=True)
    repeated = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (owners[1:] == owners[:-1])
    return np.unique(owners[1:][repeated])


def _rings(shapes: Shapes) -> tuple[Shapes, Offsets]:
    """All rings and lines of shapes, with the offset of whose they are."""
    parts, owners = _parts(shapes)
    rings, inner = shapely.get_rings(parts, return_index=True)
    lines = shapely.get_dimensions(parts) == 1
    return np.concatenate([rings, parts[lines]]), np.concatenate([owners[inner], owners[lines]])


def _make_valid(shapes: Shapes, invalid: Offsets, repairs: dict[str, Offsets]) -> dict[int, Note]:
    """What is invalid is made valid in place, or None where nothing of its dimension is left; gives what cannot be."""
    if not invalid.size:
        return {}
    before, unit_m = shapes[invalid], _unit_m(shapes)
    rebuilt, lost, crumbs, exact = _tried(before, unit_m)
    rebuilt[~exact] = None
    shapes[invalid] = rebuilt
    standing = ~shapely.is_missing(shapes[invalid])
    repairs["invalid_rings"] = invalid[standing & (shapely.get_dimensions(before) == 2)]  # noqa: PLR2004
    repairs["spikes"] = invalid[standing & lost]
    repairs["repair_slivers"] = invalid[standing & crumbs]
    return dict.fromkeys(invalid[~exact].tolist(), AMBIGUOUS)


@np.errstate(invalid="ignore", over="ignore")
def _tried(shapes: Shapes, unit_m: float) -> tuple[Shapes, Flags, Flags, Flags]:
    """Shapes rebuilt without crumbs, where something fell away, where crumbs did, and where all that is exact."""
    try:
        rebuilt, lost = _rebuilt(shapes)
        exact = _exact(shapes, rebuilt, unit_m)
        rebuilt, crumbs = _without_crumbs(rebuilt, unit_m)
    except shapely.errors.GEOSException:
        if len(shapes) == 1:
            return np.array([None], dtype=object), *np.zeros((3, 1), dtype=bool)
        halves = (_tried(half, unit_m) for half in np.array_split(shapes, 2))
        rebuilt, lost, crumbs, exact = (np.concatenate(both) for both in zip(*halves, strict=True))
    return rebuilt, lost, crumbs, exact


def _rebuilt(shapes: Shapes) -> tuple[Shapes, Flags]:
    """Shapes by the even-odd rule, and where something of a lower dimension fell away."""
    parts, owners = _parts(shapely.make_valid(shapes, method="linework"))
    kept = shapely.get_dimensions(parts) == shapely.get_dimensions(shapes)[owners]
    lost = np.zeros(len(shapes), dtype=bool)
    lost[owners[~kept]] = True
    return _gathered(parts[kept], owners[kept], len(shapes)), lost


def _exact(before: Shapes, rebuilt: Shapes, unit_m: float) -> Flags:
    """Whether both readings of each shape cover the same, but for what is smaller than a sliver."""
    covered = shapely.make_valid(before, method="structure", keep_collapsed=False)
    either = np.where(shapely.is_missing(rebuilt), shapely.Point(), rebuilt)
    difference = shapely.area(shapely.symmetric_difference(either, covered))
    exact = np.asarray((difference * unit_m**2 < SLIVER_AREA_M2) | (shapely.get_dimensions(before) < 2))  # noqa: PLR2004
    for offset in np.flatnonzero(~exact & (shapely.get_num_geometries(before) > 1)):
        exact[offset] = _is_nested(shapely.get_parts(before[offset]), unit_m)
    return exact


def _is_nested(parts: Shapes, unit_m: float) -> bool:
    """Whether polygons, each exact in itself, lie apart from each other or wholly one inside the other."""
    rebuilt, _ = _rebuilt(parts)
    if shapely.is_missing(rebuilt).any() or not _exact(parts, rebuilt, unit_m).all():
        return False
    pairs = shapely.STRtree(rebuilt).query(rebuilt, predicate="overlaps")
    return not pairs.size


def _without_crumbs(rebuilt: Shapes, unit_m: float) -> tuple[Shapes, Flags]:
    """Shapes without parts that are too small to be land, and where there were such; the last part always stays."""
    parts, owners = _parts(rebuilt)
    areas = shapely.area(parts) * unit_m**2
    crumb = (areas < SLIVER_AREA_M2) & (shapely.get_dimensions(parts) == 2)  # noqa: PLR2004
    largest = np.full(len(rebuilt), -1.0)
    np.maximum.at(largest, owners, areas)
    crumb &= largest[owners] >= SLIVER_AREA_M2
    crumbs = np.zeros(len(rebuilt), dtype=bool)
    crumbs[owners[crumb]] = True
    return np.where(crumbs, _gathered(parts[~crumb], owners[~crumb], len(rebuilt)), rebuilt), crumbs


def _slivers(shapes: Shapes, offsets: Offsets) -> Offsets:
    unit_m = _unit_m(shapes)
    areas, lengths = shapely.area(shapes) * unit_m**2, shapely.length(shapes) * unit_m
    with np.errstate(divide="ignore", invalid="ignore"):
        thin = (areas < SLIVER_AREA_M2) | (2 * areas / lengths < SLIVER_THICKNESS_M)
    return np.asarray(offsets[thin & (shapely.get_dimensions(shapes) == 2)])  # noqa: PLR2004


def _unit_m(shapes: Shapes) -> float:
    """Metres in a unit of the coordinates: nothing that is measured in metres lies within 360 of the origin."""
    farthest = np.abs(shapely.get_coordinates(shapes)).max(initial=0.0)
    return METRES_PER_DEGREE if farthest <= _MOST_DEGREES else 1.0


def _parts(shapes: Shapes) -> tuple[Shapes, Offsets]:
    """All single shapes in collections of any depth, with the offset of whose they are."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    while (shapely.get_type_id(parts) > shapely.GeometryType.POLYGON).any():
        parts, inner = shapely.get_parts(parts, return_index=True)
        owners = owners[inner]
    filled = ~shapely.is_empty(parts)
    return np.asarray(parts[filled]), np.asarray(owners[filled])


_MULTIPLE = (shapely.multipoints, shapely.multilinestrings, shapely.multipolygons)


def _gathered(parts: Shapes, owners: Offsets, count: int) -> Shapes:
    """One shape an owner, single or multiple by its number of parts, which are of one dimension; None without any."""
    gathered = np.full(count, None, dtype=object)
    _, numbers, counts = np.unique(owners, return_inverse=True, return_counts=True)
    alone = counts[numbers] == 1
    gathered[owners[alone]] = parts[alone]
    dimensions = shapely.get_dimensions(parts)
    for dimension, multiple in enumerate(_MULTIPLE):
        several = ~alone & (dimensions == dimension)
        if several.any():
            own, indices = np.unique(owners[several], return_inverse=True)
            gathered[own] = multiple(parts[several], indices=indices)
    return gathered
