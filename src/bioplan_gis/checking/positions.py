"""Rules for positions: none is invented, each lies in its district as far as it is known, and none is synthetic."""

from collections.abc import Iterable
from typing import Any

import shapely

from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, number, texts
from bioplan_gis.checking.geometries import shapes_of
from bioplan_gis.crs import distance_m
from bioplan_gis.records import Record

POSITIONED = frozenset({"sourced", "address"})
UNPOSITIONED = frozenset({"district", "none"})
PLACE_COLUMNS = ("place", "from_place")
COORDINATES = ("lon_wgs84", "lat_wgs84", "accuracy_m")
FARTHEST_EAST, FARTHEST_NORTH = 180.0, 90.0

# The district boundaries are generalised: a point this near to one may fall on its wrong side.
BOUNDARY_ACCURACY_M = 500.0


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of positions."""
    for place in geodata.of("places"):
        yield from _basis(place)
    yield from _outside_district(geodata)
    for _, records in geodata.compiled():
        for record in records:
            yield from _synthetic(record)
            yield from _placed(geodata, record)


def _basis(place: Record) -> Iterable[Fault]:
    """A place has coordinates with their accuracy exactly if its basis says that a position was found."""
    basis = place.get("position_basis")
    missing = [column for column in COORDINATES if column not in place.values]
    if not isinstance(basis, str) or basis not in POSITIONED | UNPOSITIONED:
        yield _unknown_basis(place, basis)
    elif basis in POSITIONED and missing:
        yield _without_coordinates(place, basis, "、".join(missing))
    elif basis in UNPOSITIONED and len(missing) < len(COORDINATES):
        yield _invented(place, basis)
    if not _on_earth(place.get("lon_wgs84"), place.get("lat_wgs84")):
        yield _nowhere(place)
    if basis == "district" and "district_adcode" not in place.values:
        yield Fault(
            place.file,
            place.label,
            "position_basis 为 district，却没有 district_adcode。",
            "Its position_basis is district, but district_adcode is missing.",
            "请写明行政区代码，或改为 none。",
            "Give the district's code, or write none.",
        )


def _on_earth(longitude: object, latitude: object) -> bool:
    """Whether two values are degrees of longitude and latitude; what is no number is another rule's fault."""
    x, y = number(longitude), number(latitude)
    return (x is None or abs(x) <= FARTHEST_EAST) and (y is None or abs(y) <= FARTHEST_NORTH)


def _nowhere(place: Record) -> Fault:
    return Fault(
        place.file,
        place.label,
        "经度应在 ±180、纬度应在 ±90 之内。",
        "Its longitude should lie in ±180 and its latitude in ±90.",
        "请核对坐标的单位（度）与顺序（经度在前）。",
        "Check the unit of the coordinates (degrees) and their order (longitude first).",
    )


def _unknown_basis(place: Record, basis: object) -> Fault:
    return Fault(
        place.file,
        place.label,
        f"position_basis“{basis}”未知。",
        f"The position_basis “{basis}” is unknown.",
        "应为 sourced、address、district 或 none。",
        "It should be sourced, address, district or none.",
    )


def _without_coordinates(place: Record, basis: str, missing: str) -> Fault:
    return Fault(
        place.file,
        place.label,
        f"position_basis 为 {basis}，却缺少 {missing}。",
        f"Its position_basis is {basis}, but {missing} is missing.",
        "请补上经度、纬度与精度；没有找到位置的写 district 或 none。",
        "Give longitude, latitude and accuracy; write district or none where no position was found.",
    )


def _invented(place: Record, basis: str) -> Fault:
    return Fault(
        place.file,
        place.label,
        f"position_basis 为 {basis}，却给出了坐标：位置不得虚构。",
        f"Its position_basis is {basis}, but it has coordinates: no position is invented.",
        "请删去坐标；若确已找到位置，写明 sourced 或 address 及其方法。",
        "Take the coordinates away or, if a position was found, write sourced or address and how.",
    )


def _outside_district(geodata: Geodata) -> Iterable[Fault]:
    """Points that lie farther outside the district they are said to be in than their accuracy allows."""
    if geodata.districts_unreadable:
        return
    codes = tuple(geodata.districts)
    polygons = dict(zip(codes, shapes_of(geodata.districts[code] for code in codes), strict=True))
    for record, code, point in _located(geodata):
        polygon = polygons.get(code)
        if code not in polygons:
            yield _unknown_district(record, code)
        elif polygon is not None and polygon.is_valid and not polygon.is_empty and not polygon.covers(point):
            allowed = (number(record.get("accuracy_m")) or 0.0) + BOUNDARY_ACCURACY_M
            off = distance_m(point, polygon)
            if not off <= allowed:  # so that a distance that is no number is a fault too
                yield _too_far(record, code, off, allowed)


def _located(geodata: Geodata) -> Iterable[tuple[Record, str, shapely.Point]]:
    """Every point that is said to be in a district: places with coordinates, and point features with an adcode."""
    for place in geodata.of("places"):
        longitude, latitude = (number(place.get(column)) for column in COORDINATES[:2])
        known = longitude is not None and latitude is not None and _on_earth(longitude, latitude)
        if known and "district_adcode" in place.values:
            yield place, str(place["district_adcode"]), shapely.Point(longitude, latitude)
    for records in geodata.records.values():
        points = tuple(record for record in records if _is_point(record.geometry) and "adcode" in record.values)
        for record, shape in zip(points, shapes_of(points), strict=True):
            if shape is not None and not shape.is_empty:
                yield record, str(record["adcode"]), shape


def _is_point(geometry: Any) -> bool:  # noqa: ANN401 - whatever the file holds
    return isinstance(geometry, dict) and geometry.get("type") == "Point"


def _unknown_district(record: Record, code: str) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"行政区代码 {code} 不在 districts_*.geojson 中。",
        f"The district {code} is not in districts_*.geojson.",
        "请改正代码，或补上该行政区的边界。",
        "Correct the code, or add the district's boundary.",
    )


def _too_far(record: Record, code: str, off_m: float, allowed_m: float) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"点位在行政区 {code} 之外 {off_m:.0f} m，超出其精度与边界精度之和 {allowed_m:.0f} m。",
        f"The point lies {off_m:.0f} m outside district {code}, more than its own and the boundary's accuracy together "
        f"({allowed_m:.0f} m).",
        "请核对坐标（经度在前，不是 GCJ-02 或 BD-09）、行政区代码与精度。",
        "Check the coordinates (longitude first, neither GCJ-02 nor BD-09), the district's code and the accuracy.",
    )


def _synthetic(record: Record) -> Iterable[Fault]:
    if record.get("synthetic") is True:
        yield Fault(
            record.file,
            record.label,
            "虚构（synthetic）的记录不得与真实数据混放。",
            "A synthetic record never stands among real ones.",
            "请将其移出 geodata，只用于测试与示例。",
            "Take it out of geodata; it serves tests and samples only.",
        )


def _placed(geodata: Geodata, record: Record) -> Iterable[Fault]:
    """A record's places are known ones, and its district is that of its place."""
    if geodata.unreadable("places"):
        return
    for column in (column for column in PLACE_COLUMNS if column in record.values):
        for name in texts(record[column]) or (repr(record[column]),):
            if name not in geodata.places:
                yield _unknown_place(record, column, name)
    known = [geodata.places[name] for name in texts(record.get("place")) if name in geodata.places]
    for place in known:
        yield from _other_district(record, place)


def _unknown_place(record: Record, column: str, name: str) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"{column}“{name}”不在 places.csv 中：位置不得虚构。",
        f"The {column} “{name}” is not in places.csv: no position is invented.",
        "请改正名称；确有出处的位置先登记到 places.csv（坐标、精度、依据、方法、署名）。",
        "Correct the name; a position with a source goes into places.csv first (coordinates, accuracy, basis, method, "
        "attribution).",
    )


def _other_district(record: Record, place: Record) -> Iterable[Fault]:
    stated, known = record.get("district"), place.get("district_adcode")
    if stated is not None and str(stated) != str(known):
        yield Fault(
            record.file,
            record.label,
            f"district 为 {stated}，而 places.csv 中“{place.label}”在 {known}。",
            f"Its district is {stated}, but places.csv has “{place.label}” in {known}.",
            "请改为一致；以有出处者为准。",
            "Make them agree; the one with a source is right.",
        )
