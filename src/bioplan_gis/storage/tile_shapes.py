"""Geometries made to fit a tile, all at once: in its units, clipped, on its grid, valid, and none too small to be seen.

What PostGIS's ``ST_AsMVTGeom`` does, for the embedded database.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from bioplan_gis.crs import Shapes
from bioplan_gis.storage.mvt import LINE, POINT, POLYGON, Outlines, Whole
from bioplan_gis.tiling import BUFFER, EXTENT, MERCATOR, PIXEL, Box, Tile

# Fewer vertices than these are not worth simplifying.
FEW_VERTICES = 100
AREA = 2
_RECTANGLE = (-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
# MVT's kind of the basic types of ``shapely.get_type_id``: point, line, ring, polygon.
_KINDS = np.array([POINT, LINE, LINE, POLYGON])


@dataclass(frozen=True)
class Fitted:
    """What a tile holds of some geometries.

    Attributes:
        outlines: of those that it holds anything of.
        chosen: where those stand among the geometries.
    """

    outlines: Outlines
    chosen: Whole


def fit(shapes: Shapes, tile: Tile, tolerance: float) -> Fitted:
    """Geometries as a tile draws them.

    Args:
        shapes: EPSG:4490 longitude and latitude, none missing or empty.
        tile: the tile.
        tolerance: in units; by how much an outline of many vertices may be simplified.
    """
    drawn = _enlarged(_simplified(shapely.transform(_within_mercator(shapes), tile.units), tolerance))
    outside = _reaches_out(drawn, _RECTANGLE)
    clipped = drawn.copy()
    clipped[outside] = shapely.clip_by_rect(drawn[outside], *_RECTANGLE)
    gridded = _on_grid(clipped)
    areas = shapely.get_dimensions(drawn) == AREA
    lost = areas & (shapely.is_empty(gridded) | (shapely.get_dimensions(gridded) < AREA))
    gridded[lost] = _on_grid(_widened(drawn[lost]))
    return _outlined(*_parts(gridded, drawn))


def _within_mercator(shapes: Shapes) -> Shapes:
    """What Web Mercator has a place for: of what lies wholly beyond, nothing."""
    wide = _reaches_out(shapes, MERCATOR)
    if not wide.any():
        return shapes
    cut = shapes.copy()
    cut[wide] = shapely.clip_by_rect(shapes[wide], *MERCATOR)
    return cut


def _simplified(shapes: Shapes, tolerance: float) -> Shapes:
    many = shapely.get_num_coordinates(shapes) > FEW_VERTICES
    if not many.any():
        return shapes
    simplified = shapes.copy()
    fewer = shapely.simplify(shapes[many], tolerance, preserve_topology=False)
    simplified[many] = np.where(shapely.is_empty(fewer), shapes[many], fewer)
    return simplified


def _enlarged(shapes: Shapes) -> Shapes:
    """Lines and areas of less than a pixel as wide as one: nothing is too small to be seen."""
    west, north, east, south = shapely.bounds(shapes).T
    tiny = (np.maximum(east - west, south - north) < PIXEL) & (shapely.get_dimensions(shapes) > 0)
    if not tiny.any():
        return shapes
    middles = np.column_stack([west + east, north + south])[tiny] / 2
    enlarged = shapes.copy()
    half = PIXEL / 2
    boxes = shapely.box(*(middles - half).T, *(middles + half).T)
    step = np.array([half, 0])
    dashes = shapely.linestrings(np.stack([middles - step, middles + step], axis=1))
    enlarged[tiny] = np.where(shapely.get_dimensions(shapes[tiny]) < AREA, dashes, boxes)
    return enlarged


def _reaches_out(shapes: Shapes, box: Box) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    edges = shapely.bounds(shapes)
    return np.asarray((edges[:, :2] < box[:2]).any(axis=1) | (edges[:, 2:] > box[2:]).any(axis=1))


def _on_grid(shapes: Shapes) -> Shapes:
    """Whole units. Most outlines stand being rounded; areas that do not are made valid anew, or vanish."""
    rounded = shapely.transform(shapes, np.round)
    broken = (shapely.get_dimensions(shapes) == AREA) & ~shapely.is_valid(rounded)
    if broken.any():
        rounded[broken] = shapely.set_precision(shapely.make_valid(shapes[broken]), 1.0)
    return np.asarray(rounded)


def _widened(shapes: Shapes) -> Shapes:
    """Areas so narrow that nothing is left of them, drawn as wide as a pixel, along their course."""
    return np.asarray(shapely.clip_by_rect(shapely.buffer(shapes, PIXEL / 2, quad_segs=1), *_RECTANGLE))


def _parts(shapes: Shapes, like: Shapes) -> tuple[Shapes, Whole]:
    """Points, lines and polygons that geometries consist of, of each only those of the dimension that it had."""
    parts, owners = shapely.get_parts(shapes, return_index=True)
    parts, at = shapely.get_parts(parts, return_index=True)
    owners = owners[at]
    fits = (shapely.get_dimensions(parts) == shapely.get_dimensions(like)[owners]) & ~shapely.is_empty(parts)
    return parts[fits], owners[fits]


def _outlined(parts: Shapes, owners: Whole) -> Fitted:
    """Parts as positions: outer rings clockwise to the eye, inner ones the other way; no position twice in a row."""
    turned = shapely.orient_polygons(parts)
    kinds = _KINDS[shapely.get_type_id(turned)]
    pieces, of_pieces = _pieces(turned, kinds)
    positions, of_positions = shapely.get_coordinates(pieces, return_index=True)
    positions = positions.astype(np.int64)
    areas = kinds[of_pieces] == POLYGON
    # A ring's last position is its first one again, which MVT leaves to ClosePath.
    ends = (np.diff(of_positions, append=-1) != 0) & areas[of_positions]
    again = np.zeros(len(positions), dtype=bool)
    again[:-1] = (np.diff(of_positions) == 0) & ~np.diff(positions, axis=0).any(axis=1)
    again &= kinds[of_pieces[of_positions]] != POINT
    positions, of_positions = positions[~(ends | again)], of_positions[~(ends | again)]
    return _gathered(positions, of_positions, kinds[of_pieces], owners[of_pieces])


def _pieces(parts: Shapes, kinds: Whole) -> tuple[Shapes, Whole]:
    """Rings of polygons, in their order, and whatever else there is; with the part that each belongs to."""
    areas = np.flatnonzero(kinds == POLYGON)
    rings, of_rings = shapely.get_rings(parts[areas], return_index=True)
    others = np.flatnonzero(kinds != POLYGON)
    of_pieces = np.concatenate([areas[of_rings], others])
    order = np.argsort(of_pieces, kind="stable")
    return np.concatenate([rings, parts[others]])[order], of_pieces[order]


def _gathered(positions: Whole, of_positions: Whole, kinds: Whole, owners: Whole) -> Fitted:
    """The positions of pieces as outlines of features; pieces without length or area are left out."""
    sizes = np.bincount(of_positions, minlength=len(kinds))
    enough = sizes >= kinds
    positions = positions[enough[of_positions]]
    sizes, kinds, owners = sizes[enough], kinds[enough], owners[enough]
    chosen, numbers = np.unique(owners, return_inverse=True)
    first = np.searchsorted(owners, chosen)
    spots = kinds == POINT
    if spots.any():
        # All points of a feature are drawn by one command.
        new = ~spots | (np.diff(numbers, prepend=-1) > 0)
        sizes = np.add.reduceat(sizes, np.flatnonzero(new))
        numbers = numbers[new]
    return Fitted(Outlines(kinds[first] if len(chosen) else kinds[:0], numbers, sizes, positions), chosen)
