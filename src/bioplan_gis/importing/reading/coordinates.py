"""Positions that stand in the columns of a table: which columns they are, and what geometry they make.

Chinese surveying writes X for north and Y for east, mathematics and most programs the reverse; so columns named X and
Y are told apart by their values. Gauss-Krüger northings of China are 390–5,940 km; eastings are 500 km more or less
400 km, with the number of the zone (13–45) before it where that is written.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.placing.headings import BD09, GCJ02, TRUE, heading_words
from bioplan_gis.importing.reading.angles import degrees
from bioplan_gis.importing.reading.curves import DEGREES_A_SEGMENT, OFF_THE_ARC_SHARE
from bioplan_gis.importing.reading.written_shapes import shapes_of_hexadecimals, shapes_of_wkt
from bioplan_gis.importing.rows import Note

CRS84 = "OGC:CRS84"
LON, LAT, EASTING, NORTHING, WKT = "lon", "lat", "easting", "northing", "wkt"
ROLES = (LON, LAT, EASTING, NORTHING, WKT)
# X and Y, which may be either.
X, Y = "x", "y"
NAMES_SHOWN = 60
MOST_LON, MOST_LAT = 180.0, 90.0
LEAST_ZONED_EASTING = 1e7
LEAST_NORTHING = 1e6
_NAMES = {
    WKT: r"e?wk[tb]|geometry|geom|the_geom|shape|wkt_?geom|(geom|geometry)_?wkt|geojson"
    r"|几何|图形|几何信息|空间几何|坐标串|(.*[_\s])?(lnglat|lonlat|latlng|latlon|location|coordinates?|point)|(中心|点位|位置)?(坐标|经纬度)",
    LON: r"(.*[_\s]|b?d|wgs84)?(lon|lng|long|longitude)([_\s].*|[dx])?|.*经度.*|东经",
    LAT: r"(.*[_\s]|b?d|wgs84)?(lat|latitude)([_\s].*|[dy])?|.*(?<!经)纬度.*|北纬",
    EASTING: r"(.*[_\s])?(easting|east)|.*横坐标.*|.*东坐标.*|东向坐标|e坐标",
    NORTHING: r"(.*[_\s])?(northing|north)|.*纵坐标.*|.*北坐标.*|北向坐标|n坐标",
    X: r"(.*[_\s])?x|x_?(coord|\d*)|(coord|point)_?x|.*x坐标|坐标x",
    Y: r"(.*[_\s])?y|y_?(coord|\d*)|(coord|point)_?y|.*y坐标|坐标y",
}
_PATTERNS = {role: re.compile(pattern, re.IGNORECASE) for role, pattern in _NAMES.items()}
_UNIT = re.compile(r"[（(\[].*?[）)\]]|\s+$|^\s+")
# One cell with a pair may be named for less than longitude and latitude, which then is no word on them.
_DEGREES = re.compile(r"经|lon|lng", re.IGNORECASE)
# Longitude and latitude in one cell; China's longitudes below 100° stand first, as programs write them.
_PAIR = r"^[\[(]?\s*(-?[0-9]{1,3}(?:\.[0-9]+)?)\s*[,，;\s]\s*(-?[0-9]{1,3}(?:\.[0-9]+)?)\s*[\])]?$"
_TURNED_PAIR = r"^[\[(]?\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*[,，;\s]\s*(1[0-9]{2}(?:\.[0-9]+)?)\s*[\])]?$"
# Collections in collections, deeper than any reader's stack should have to follow.
_TOO_DEEP = r"(?:[A-Za-z\s]*\(\s*){30}"
_SRID = r"^\s*SRID\s*=\s*(?P<srid>[0-9]+)\s*;\s*"
_HEX = r"^\s*0[01][0-9A-Fa-f]{8,}\s*$"

ARCS = "(?i)circularstring"
_ARCS_NOTE = Note(
    f"圆弧按每 {DEGREES_A_SEGMENT:.0f}° 一段化为折线，偏差不超过半径的 {OFF_THE_ARC_SHARE:.2%}。",
    f"Arcs are drawn as segments of at most {DEGREES_A_SEGMENT:.0f}°, which are off the arc by at most "
    f"{OFF_THE_ARC_SHARE:.2%} of its radius.",
)

Numbers = NDArray[np.float64]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Placement:
    """Which columns hold positions.

    Attributes:
        first: the column of x (east, longitude), or of geometry in writing.
        second: the column of y (north, latitude); None for geometry in writing.
        is_degrees: whether they are longitude and latitude.
        crs: what the columns say of the CRS; None where they do not.
        notes: how it was decided.
        words: the headings, where these (or the user) say longitude and latitude; None where they do not.
    """

    first: str
    second: str | None
    is_degrees: bool
    crs: str | None
    notes: tuple[Note, ...]
    words: str | None = None


def placement_of(table: pa.Table, told: Mapping[str, str] | None) -> Placement | None:
    """Which columns hold positions; None where none do.

    Args:
        table: the first rows.
        told: column → role, as the user says; what is none of ``ROLES`` is of no concern here.

    Raises:
        ParameterError: ``told`` names a column that does not exist, or one of a pair only.
    """
    told = {column: role for column, role in (told or {}).items() if role in ROLES}
    roles = _told_roles(table.column_names, told) if told else _named_roles(table.column_names)
    if WKT in roles and (written := _written(table, roles[WKT], is_told=bool(told))):
        return written
    for east, north in ((LON, LAT), (EASTING, NORTHING), (X, Y)):
        if east in roles and north in roles:
            return _paired(table, roles[east], roles[north], east, is_told=bool(told))
    return None


def points(table: pa.Table, placement: Placement, first_row: int) -> tuple[pa.Array, dict[int, Note]]:
    """Points as well-known binary from two columns, null where both cells are empty; faults by row number."""
    names = (placement.first, placement.second or "")
    x, y = (_numbers(table[name].combine_chunks(), in_degrees=placement.is_degrees) for name in names)
    filled = [_is_filled(table[name].combine_chunks()) for name in names]
    with np.errstate(invalid="ignore"):
        fits = (np.abs(x) <= MOST_LON) & (np.abs(y) <= MOST_LAT) if placement.is_degrees else np.isfinite(x + y)
    wrong = (filled[0] | filled[1]) & ~fits
    faults = {
        first_row + int(place): _point_fault(
            *(table[name][int(place)].as_py() for name in names),
            swapped=placement.is_degrees and _latitude_first(x[place], y[place]),
        )
        for place in np.flatnonzero(wrong)
    }
    return _point_wkb(x, y, fits), faults


def written_shapes(table: pa.Table, placement: Placement, first_row: int) -> tuple[pa.Array, dict[int, Note]]:
    """Geometry as well-known binary from a column of it in writing (WKT, EWKT, hexadecimal WKB, GeoJSON or pairs).

    Faults come by row number.
    """
    cells = pc.utf8_trim_whitespace(table[placement.first].combine_chunks().cast(pa.string()))
    shapes, srids = _shapes(cells)
    expected = int((placement.crs or "").removeprefix("EPSG:")) if (placement.crs or "").startswith("EPSG:") else 0
    filled = _is_filled(cells)
    broken = filled & shapely.is_missing(shapes)
    strange = (srids != expected) & (srids != 0)
    faults = {first_row + int(place): _written_fault(cells[int(place)].as_py()) for place in np.flatnonzero(broken)}
    for place in np.flatnonzero(strange):
        faults[first_row + int(place)] = _srid_fault(int(srids[place]), expected)
    shapes[strange] = None
    return pa.array(shapely.to_wkb(shapes, output_dimension=4, flavor="iso"), pa.binary()), faults


def _told_roles(names: Sequence[str], told: Mapping[str, str]) -> dict[str, str]:
    for column, role in told.items():
        if column not in names:
            raise ParameterError(
                "map",
                f"{column}={role}",
                f"表中没有“{column}”列，不能作为 {role}；列有：{'、'.join(names[:NAMES_SHOWN])}。",
                f"There is no column “{column}” to be {role}; there are: {', '.join(names[:NAMES_SHOWN])}.",
            )
    roles = {role: column for column, role in told.items()}
    for pair in ((LON, LAT), (EASTING, NORTHING)):
        if len(roles.keys() & set(pair)) == 1:
            raise ParameterError(
                "map",
                ", ".join(f"{column}={role}" for column, role in told.items()),
                f"{pair[0]} 与 {pair[1]} 要一并指定。",
                f"{pair[0]} and {pair[1]} must be told together.",
            )
    return roles


def _named_roles(names: Sequence[str]) -> dict[str, str]:
    """Role → column, as the names say; of several the plainest, and one in a true datum before a shifted one."""
    roles: dict[str, str] = {}
    for role, pattern in _PATTERNS.items():
        found = [name for name in names if pattern.fullmatch(_UNIT.sub("", name)) and name not in roles.values()]
        if found:
            roles[role] = min(found, key=_oddness)
    return roles


def _oddness(name: str) -> tuple[bool, bool, int]:
    is_shifted = bool(GCJ02.search(name) or BD09.search(name))
    return is_shifted, not TRUE.search(name), len(name)


def _written(table: pa.Table, name: str, *, is_told: bool) -> Placement | None:
    """A column of WKT, if some of it can be read; by its name alone it might be anything."""
    column = table[name].combine_chunks()
    if not pa.types.is_string(column.type):
        return None
    shapes, srids = _shapes(pc.utf8_trim_whitespace(column))
    if shapely.is_missing(shapes).all() and not is_told:
        return None
    srid = next((int(srid) for srid in srids if srid), 0)
    note = Note(
        f"几何取自“{name}”列，该列不另存为属性。",
        f"Geometry comes from column “{name}”, which is not kept as an attribute as well.",
    )
    if pc.any(pc.match_substring_regex(column, r"^\s*\{")).as_py():  # GeoJSON is in WGS 84 by RFC 7946, section 4
        return Placement(name, None, is_degrees=True, crs=CRS84, notes=(note,))
    if pc.any(pc.match_substring_regex(column, _PAIR)).as_py():
        says = any(pattern.search(name) for pattern in (_DEGREES, GCJ02, BD09, TRUE))
        words = heading_words(name, is_told=False) if says else None
        return Placement(name, None, is_degrees=True, crs=_datum(name) if says else None, notes=(note,), words=words)
    arcs = (_ARCS_NOTE,) if _matching(column, ARCS).any() else ()
    return Placement(name, None, is_degrees=False, crs=f"EPSG:{srid}" if srid else None, notes=(note, *arcs))


def _paired(table: pa.Table, east: str, north: str, role: str, *, is_told: bool) -> Placement:
    """Two columns, turned round where their values show that the first is north."""
    x, y = (_middle(table[name].combine_chunks()) for name in (east, north))
    size = max(abs(x), abs(y))
    is_degrees = size <= MOST_LON and (role == LON or (size > 0 and not is_told))
    turned = not is_told and (_latitude_first(x, y) if is_degrees else northing_first(x, y))
    first, second = (north, east) if turned else (east, north)
    notes = [_pair_note(first, second, is_degrees=is_degrees)]
    if turned:
        notes.append(_turned_note(first, second, x, y))
    if role != LON or not is_degrees:  # X and Y say nothing of what they are, not even with values of degrees
        return Placement(first, second, is_degrees, None, tuple(notes))
    words = heading_words(first, second, is_told=is_told)
    return Placement(first, second, is_degrees, _datum(first, second), tuple(notes), words)


def _latitude_first(x: float, y: float) -> bool:
    """What is named longitude can be a latitude, and what is named latitude cannot be one."""
    return abs(y) > MOST_LAT >= abs(x)


def northing_first(x: float, y: float) -> bool:
    """Whether the first value is north by its size: eastings have a zone before them, or fewer digits."""
    if max(x, y) >= LEAST_ZONED_EASTING:
        return y > x
    return x >= LEAST_NORTHING > y


def _middle(column: pa.Array) -> float:
    values = _numbers(column, in_degrees=True)
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else 0.0


def _datum(*names: str) -> str | None:
    """The CRS that headings of longitude and latitude may be read in; None where they name a shifted datum."""
    return None if any(GCJ02.search(name) or BD09.search(name) for name in names) else CRS84


def _pair_note(first: str, second: str, *, is_degrees: bool) -> Note:
    zh, en = ("经度、纬度", "longitude and latitude") if is_degrees else ("东坐标、北坐标", "easting and northing")
    return Note(f"{zh}取自“{first}”“{second}”列。", f"Columns “{first}” and “{second}” are read as {en}.")


def _turned_note(first: str, second: str, x: float, y: float) -> Note:
    return Note(
        f"按数值（中位数 {y:.10g} 与 {x:.10g}）判断：“{first}”向东，“{second}”向北。",
        f"By their values (medians {y:.10g} and {x:.10g}) “{first}” is east and “{second}” is north.",
    )


def _numbers(column: pa.Array, *, in_degrees: bool) -> Numbers:
    """A column as numbers; NaN where it is empty or not one. Texts may be degrees, minutes and seconds."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False))
    if not pa.types.is_string(column.type):
        return np.full(len(column), np.nan)
    encoded = column.dictionary_encode()
    read = [degrees(text) if in_degrees else _metres(text) for text in encoded.dictionary.to_pylist()]
    places = encoded.indices.fill_null(len(read)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*read, np.nan])[places], np.float64)


def _metres(text: str) -> float:
    plain = re.sub(r"[\s,，]|m$|米$", "", text)
    return float(plain) if re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", plain) else float("nan")


def _is_filled(column: pa.Array) -> NDArray[np.bool_]:
    if pa.types.is_string(column.type):
        column = pc.if_else(pc.equal(pc.utf8_trim_whitespace(column), ""), None, column)
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))


def _point_wkb(x: Numbers, y: Numbers, fits: NDArray[np.bool_]) -> pa.Array:
    """Little-endian points of 21 bytes each, laid into Arrow's buffers as one block."""
    records = np.zeros(len(x), np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")]))
    records["order"], records["kind"], records["x"], records["y"] = 1, 1, x, y
    offsets = np.arange(len(x) + 1, dtype=np.int32) * records.dtype.itemsize
    wkb = pa.Array.from_buffers(pa.binary(), len(x), [None, pa.py_buffer(offsets), pa.py_buffer(records)])
    return pc.if_else(pa.array(fits), wkb, pa.scalar(None, pa.binary()))


def _shapes(cells: pa.Array) -> tuple[Shapes, NDArray[np.int64]]:
    """Geometry of each cell, None where it is empty or broken; and the SRID that it names, 0 where none."""
    srids = pc.struct_field(pc.extract_regex(cells, _SRID), "srid").cast(pa.int64())
    plain = pc.if_else(pc.match_substring_regex(cells, _TOO_DEEP), pa.scalar(None, pa.string()), cells)
    plain = pc.replace_substring_regex(plain, _SRID, "")
    for pattern, point in ((_TURNED_PAIR, r"POINT (\2 \1)"), (_PAIR, r"POINT (\1 \2)")):
        plain = pc.replace_substring_regex(plain, pattern, point)
    texts = plain.to_numpy(zero_copy_only=False)
    is_hex, is_json = (_matching(cells, pattern) for pattern in (_HEX, r"^\s*\{"))
    is_wkt = ~(is_hex | is_json)
    shapes = np.full(len(cells), None, dtype=object)
    shapes[is_hex] = shapes_of_hexadecimals(texts[is_hex])
    shapes[is_json] = shapely.from_geojson(texts[is_json], on_invalid="ignore")
    shapes[is_wkt] = shapes_of_wkt(texts[is_wkt])
    within = shapely.get_srid(shapes)
    return shapes, np.where(within > 0, within, srids.fill_null(0).to_numpy(zero_copy_only=False))


def _matching(cells: pa.Array, pattern: str) -> NDArray[np.bool_]:
    matches = pc.match_substring_regex(cells, pattern).fill_null(fill_value=False)
    return np.asarray(matches.to_numpy(zero_copy_only=False))


def _point_fault(x: object, y: object, *, swapped: bool) -> Note:
    if swapped:
        return Note(
            f"经度与纬度似乎颠倒：经度列为“{_short(x)}”，纬度列为“{_short(y)}”，而纬度不超过 90°。",
            f"Longitude and latitude look swapped: the longitude is “{_short(x)}”, the latitude “{_short(y)}”, "
            "and no latitude is beyond 90°.",
        )
    return Note(
        f"坐标不能识别：“{_short(x)}”“{_short(y)}”。", f"The coordinates cannot be read: “{_short(x)}” “{_short(y)}”."
    )


def _written_fault(cell: str) -> Note:
    return Note(f"几何不能识别：“{_short(cell)}”。", f"The geometry cannot be read: “{_short(cell)}”.")


def _srid_fault(srid: int, expected: int) -> Note:
    return Note(
        f"该行的坐标系 EPSG:{srid} 与前面各行的 EPSG:{expected} 不同。",
        f"This row is in EPSG:{srid}, the ones before it in EPSG:{expected}.",
    )


def _short(cell: object) -> str:
    text = "" if cell is None else "".join(c if c.isprintable() else " " for c in str(cell)[:60])
    return text[:40] + "…" * (len(text) > 40)  # noqa: PLR2004
