"""From EPSG:4490, as stored, to the CRS of a file: whole batches at once, longitude or east first always."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pyarrow as pa
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from bioplan_gis.crs import STORAGE_SRID, FeedCrs, in_feed_crs
from bioplan_gis.errors import ParameterError
from bioplan_gis.exporting.columns import Shapes, shapes_of, with_shapes

_STORAGE = CRS.from_epsg(STORAGE_SRID)


def target_crs(name: str) -> CRS:
    """The CRS of that name, as pyproj knows it: ``EPSG:4549``, a bare code, WKT, PROJJSON.

    Raises:
        ParameterError: there is none of that name, or it is no plane or geographic one.
    """
    try:
        crs = CRS.from_user_input(f"EPSG:{name}" if name.isdigit() else name)
    except CRSError as error:
        raise _wrong_crs(name, "不是已知的坐标系", "is no CRS that is known") from error
    if len(crs.axis_info) != 2 or not (crs.is_geographic or crs.is_projected):  # noqa: PLR2004 - east and north
        raise _wrong_crs(name, "不是平面或经纬度坐标系", "is neither a plane nor a geographic CRS of two axes")
    return crs


def _wrong_crs(name: str, zh: str, en: str) -> ParameterError:
    return ParameterError(
        "crs",
        name,
        f"crs：“{name[:100]}”{zh}；例如 EPSG:4490、EPSG:4326、EPSG:4549、EPSG:4528、EPSG:3857。",
        f"crs: “{name[:100]}” {en}; there are, for example, EPSG:4490, EPSG:4326, EPSG:4549, EPSG:4528, EPSG:3857.",
    )


@lru_cache(maxsize=16)
def transformer_to(crs: CRS) -> Transformer:
    """The transformer from storage; CGCS2000 and WGS 84 are taken as one, as everywhere here."""
    return Transformer.from_crs(_STORAGE, crs, always_xy=True)


def is_approximate(crs: CRS) -> bool:
    """Whether PROJ knows no transformation of the datum, and metres to hundreds of metres may be amiss."""
    return "Ballpark" in transformer_to(crs).description and not _has_datum_of_ours(crs)


def _has_datum_of_ours(crs: CRS) -> bool:
    """CGCS2000 or WGS 84, which differ by centimetres here."""
    geodetic = crs.geodetic_crs
    return geodetic is not None and any(name in geodetic.name for name in ("2000", "WGS 84"))


def reprojected(
    batches: Iterator[pa.RecordBatch], geometry: str | None, crs: CRS, crs_name: str
) -> Iterator[pa.RecordBatch]:
    """The same batches with their geometry in a CRS.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    if geometry is None or crs == _STORAGE:
        yield from batches
        return
    for batch in batches:
        yield _reprojected(batch, geometry, crs, crs_name)


def _reprojected(batch: pa.RecordBatch, geometry: str, crs: CRS, crs_name: str) -> pa.RecordBatch:
    shapes = shapes_of(batch, geometry)
    try:
        moved = shapely.transform(
            shapes, lambda x, y: transformer_to(crs).transform(x, y, errcheck=True), interleaved=False
        )
    except ProjError as error:
        raise _beyond(crs_name) from error
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise _beyond(crs_name)
    return with_shapes(batch, geometry, moved)


def in_feed_axes(shapes: Shapes, crs: FeedCrs) -> Shapes:
    """EPSG:4490 geometries in a feed's CRS, with its axis order and decimals.

    Raises:
        ParameterError: a place lies where the CRS is not defined.
    """
    moved = in_feed_crs(shapes, crs)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise _beyond(crs.name)
    return moved


def _beyond(crs_name: str) -> ParameterError:
    return ParameterError(
        "crs",
        crs_name,
        f"crs：图层中有位置超出 {crs_name} 的适用范围；请换用其他坐标系，如 EPSG:4490。",
        f"crs: the layer has places where {crs_name} is not defined; choose another, such as EPSG:4490.",
    )
