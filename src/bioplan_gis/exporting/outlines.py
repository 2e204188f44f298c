"""Geometries taken apart for text formats: points, lines and rings, each with the row that it belongs to."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from bioplan_gis.exporting.columns import Shapes

POINT, LINE, POLYGON = 0, 1, 3
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """Single geometries of a batch in the order of their rows.

    Attributes:
        shapes: points, lines and polygons; no collections, nothing empty.
        rows: which row of the batch each belongs to.
        kinds: ``POINT``, ``LINE`` or ``POLYGON``.
    """

    shapes: Shapes
    rows: Rows
    kinds: Rows


def parts_of(shapes: Shapes) -> Parts:
    """Single geometries of multi-geometries and, however deep, collections."""
    rows = np.arange(len(shapes))
    while (shapely.get_type_id(shapes) > POLYGON).any():
        shapes, inner = shapely.get_parts(shapes, return_index=True)
        rows = rows[inner]
    kept = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    kinds = shapely.get_type_id(shapes[kept])
    return Parts(shapes[kept], rows[kept], np.where(kinds == 2, LINE, kinds))  # noqa: PLR2004 - a ring is a line
