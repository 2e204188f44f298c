"""Drawings (DXF): polylines that end where they begin are how areas are drawn, and come as polygons."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from bioplan_gis.importing.rows import Note

SUBCLASSES = "SubClasses"
FEWEST_POINTS = 4
NOTE = Note(
    "闭合的多段线（POLYLINE）按面读取。", "Closed polylines are read as polygons, which is how drawings have areas."
)


def closed_as_polygons(wkb: pa.Array, attributes: pa.Table) -> pa.Array:
    """The geometries, with polylines that return to their first point as polygons.

    Those that the drawing itself marks as closed are polygons already; other curves, such as circles, stay lines.
    """
    if SUBCLASSES not in attributes.column_names:
        return wkb
    drawn = pc.match_substring(attributes.column(SUBCLASSES), "olyline").fill_null(fill_value=False)
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
    closed = np.asarray(drawn) & shapely.is_closed(shapes) & (shapely.get_num_points(shapes) >= FEWEST_POINTS)
    if not closed.any():
        return wkb
    points = shapely.get_coordinates(shapes[closed], include_z=bool(shapely.has_z(shapes[closed]).any()))
    places = np.repeat(np.arange(closed.sum()), shapely.get_num_points(shapes[closed]))
    shapes[closed] = shapely.polygons(shapely.linearrings(points, indices=places))
    return pa.array(shapely.to_wkb(shapes, output_dimension=4, flavor="iso"), wkb.type)
