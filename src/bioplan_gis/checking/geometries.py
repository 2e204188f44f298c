"""Rules for shapes: readable, closed, valid, right-handed, and in degrees of longitude and latitude."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.positions import rounded
from bioplan_gis.records import Record

WORLD = (-180.0, -90.0, 180.0, 90.0)

_READABLE = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)
# GeoJSON types whose innermost coordinate lists are rings.
_RING_DEPTHS: Mapping[str, int] = {"Polygon": 1, "MultiPolygon": 2}


_POINT, _LINE, _POLYGON = frozenset({"Point"}), frozenset({"LineString"}), frozenset({"Polygon", "MultiPolygon"})
KINDS: Mapping[str, frozenset[str]] = {
    "districts-hangzhou": _POLYGON,
    "districts-neighbours": _POLYGON,
    "districts-suzhou-partners": _POLYGON,
    "m3-parks-official": _POINT,
    "towns-geonames": _POINT,
    "water-gshhg": _LINE | _POLYGON,
}


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of the shapes that come as GeoJSON."""
    for source in geodata.catalogue:
        if source.file.endswith(".geojson"):
            records = geodata.of(source.id)
            yield from shape_faults(records)
            yield from _of_another_kind(records, KINDS.get(source.id))
            yield from _drawn_twice(records)


def shapes_of(records: Iterable[Record]) -> NDArray[np.object_]:
    """The EPSG:4490 shapes of records; None for those without a geometry that can be read."""
    return np.asarray(
        shapely.from_geojson([json.dumps(record.geometry) for record in records], on_invalid="ignore"), dtype=object
    )


def shape_faults(records: tuple[Record, ...]) -> Iterator[Fault]:
    """Every fault in the shapes of one source's records, as they would be stored."""
    shapes = shapely.transform(shapes_of(records), rounded)
    there = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    valid, placed = shapely.is_valid(shapes), _in_world(shapes)
    # What crosses itself has no hand, and axes the wrong way round turn it.
    handed = ~(valid & placed) | (shapes == shapely.orient_polygons(shapes))
    for index in np.flatnonzero(~(there & valid & placed & handed)):
        yield from _faults_of(records[index], shapes[index], placed=placed[index], handed=handed[index])


def _in_world(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether each shape lies within the range of longitude and latitude; no shape does not."""
    west, south, east, north = shapely.bounds(shapes).T
    inside = (west >= WORLD[0]) & (south >= WORLD[1]) & (east <= WORLD[2]) & (north <= WORLD[3])
    return np.asarray(inside, dtype=np.bool_)


def _faults_of(record: Record, shape: shapely.Geometry | None, *, placed: bool, handed: bool) -> Iterator[Fault]:
    """What is wrong with one shape; of one that cannot be read nothing more can be said."""
    if record.geometry is None or (shape is not None and shape.is_empty):
        yield Fault(
            record.file,
            record.label,
            "要素没有几何。",
            "The feature has no geometry.",
            "请补上几何，或删去该要素。",
            "Add it, or remove the feature.",
        )
    elif shape is None:
        yield Fault(record.file, record.label, *_unreadable(record.geometry))
    else:
        yield from _misdrawn(record, shape, placed=placed, handed=handed)


def _misdrawn(record: Record, shape: shapely.Geometry, *, placed: bool, handed: bool) -> Iterator[Fault]:
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        yield Fault(
            record.file,
            record.label,
            f"几何无效（自相交、重叠或退化）：{reason}。",
            f"The geometry is not valid (crosses itself, overlaps or is degenerate): {reason}.",
            "请在所示坐标处改正几何，或删去该要素。",
            "Correct it at the coordinates shown, or remove the feature.",
        )
    if not placed:
        yield Fault(
            record.file,
            record.label,
            f"坐标 {shape.bounds} 超出经纬度范围。",
            f"The coordinates {shape.bounds} are no longitude and latitude.",
            "请转换为 EPSG:4490，经度在前、纬度在后，单位为度。",
            "Convert to EPSG:4490, longitude first, in degrees.",
        )
    if not handed:
        yield Fault(
            record.file,
            record.label,
            "多边形的环不合右手规则（RFC 7946）：外环应为逆时针，内环应为顺时针。",
            "A ring of the polygon is not right-handed (RFC 7946): outer rings run counter-clockwise, holes clockwise.",
            "请将该环的坐标倒序（坐标值不变）。",
            "Reverse the order of the ring's coordinates; the coordinates stay as they are.",
        )


def _of_another_kind(records: Iterable[Record], kinds: frozenset[str] | None) -> Iterator[Fault]:
    """Features whose geometry is none of those that the layer holds."""
    for record in records:
        kind = None if record.geometry is None else str(record.geometry.get("type"))
        if kind is not None and kinds is not None and kind not in kinds and kind in _READABLE:
            yield Fault(
                record.file,
                record.label,
                f"几何类型为 {kind}。",
                f"The geometry is a {kind}.",
                f"此处应为 {'、'.join(sorted(kinds))}。",
                f"It should be one of {', '.join(sorted(kinds))} here.",
            )


def _drawn_twice(records: Iterable[Record]) -> Iterator[Fault]:
    """Lines and polygons that stand in a file already; several towns may share a point."""
    first: dict[str, Record] = {}
    drawn = (record for record in records if record.geometry and record.geometry.get("type") != "Point")
    for record in drawn:
        earlier = first.setdefault(json.dumps(record.geometry, sort_keys=True), record)
        if earlier is not record:
            yield Fault(
                record.file,
                record.label,
                f"第 {record.number} 个要素的几何与第 {earlier.number} 个完全相同。",
                f"Feature {record.number} has the geometry of feature {earlier.number}.",
                "请删去重复的要素，或改正其几何。",
                "Remove the one that is too many, or correct its geometry.",
            )


def _unreadable(geometry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if any(ring[0] != ring[-1] for ring in _rings(geometry)):
        return (
            "多边形的环没有闭合。",
            "A ring of the polygon is not closed.",
            "请让每个环的末点等于首点。",
            "Let every ring end at the point where it begins.",
        )
    return (
        "几何无法读取：类型未知、点数不足或坐标不是数字。",
        "The geometry cannot be read: an unknown type, too few points, or coordinates that are no numbers.",
        "请改为有效的 GeoJSON 几何（RFC 7946）。",
        "Make it a valid GeoJSON geometry (RFC 7946).",
    )


def _rings(geometry: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The rings of a polygon or multipolygon as far as they can be read."""
    parts = [geometry.get("coordinates")]
    for _ in range(_RING_DEPTHS.get(str(geometry.get("type")), 0)):
        parts = [inner for part in parts if isinstance(part, list) for inner in part]
    if geometry.get("type") in _RING_DEPTHS:
        yield from (ring for ring in parts if isinstance(ring, list) and ring)
