"""界址点 coordinate files (TXT), the exchange format of Chinese land filings, become rows of parcels.

The format is that of the ministry's filing systems for construction land: ``[属性描述]`` with the CRS in words, then
``[地块坐标]`` with parcels and their points, X to the north and Y to the east. Areas are meant to be in hectares; what
they are is found by measuring.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry.base import BaseGeometry

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.placing.definitions import GEOGRAPHIC, Family, gauss_kruger_code
from bioplan_gis.importing.reading.charsets import label
from bioplan_gis.importing.reading.coordinates import LEAST_ZONED_EASTING, MOST_LAT, MOST_LON, Shapes, northing_first
from bioplan_gis.importing.reading.encodings import text_encoding
from bioplan_gis.importing.reading.parcels import (
    FIELDS,
    SHAPE_PLACE,
    FaultError,
    Numbers,
    Parcel,
    fields_of,
    is_parcel_line,
    ordinates,
    parcels_of,
    plain,
    rings_of,
    section_of,
    setting_of,
    shape_of,
)
from bioplan_gis.importing.rows import Batch, Facts, Note, Reading, Rows

KIND = "界址点 TXT"
LOOKED_AT = 500
MOST_LINE_CHARACTERS = 1 << 20
MILLION = 1e6
MOST_ZONE = 60
MOST_DIGITS = 16
FIRST_3_DEGREE_ZONE = 24
# m² in a unit of area, by the spellings that stand behind a number.
UNITS = {"公顷": 10_000.0, "㎡": 1.0, "亩": 10_000 / 15}
UNITS_EN = {"公顷": "ha", "㎡": "m²", "亩": "mu"}
_SPELLINGS = {"公顷": "公顷", "ha": "公顷", "㎡": "㎡", "平方米": "㎡", "m2": "㎡", "m²": "㎡", "亩": "亩"}
_AREA = re.compile(r"([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(公顷|ha|㎡|平方米|m2|m²|亩)?", re.IGNORECASE)
_UNIT_TOLERANCE = 0.05
# Hectares are what the format asks for, m² what some write instead; a wrong area is still in one of them.
_USUAL_UNITS = ("公顷", "㎡")
_MOST_WRONG = 30.0
_METRES_A_DEGREE = 111_320.0
_FAMILIES: tuple[tuple[Family, str], ...] = (
    ("cgcs2000", r"2000|cgcs"),
    ("xian80", r"80|西安|xi.?an"),
    ("beijing54", r"54|北京|beijing"),
)
_TAG = re.compile(r"[\[【［]\s*(属性描述|地块坐标)\s*[\]】］]")
_BARE = re.compile(
    r"[,，]\s*(面|线|点)\s*[,，].*[@＠]\s*[\r\n]+\s*\w+\s*[,，]\s*\d+\s*[,，]\s*-?[\d.]+\s*[,，]\s*-?[\d.]+"
)


class TextFile(Protocol):
    """What of a given file counts here."""

    @property
    def path(self) -> Path:
        """What to open."""


@dataclass(frozen=True)
class _Plan:
    """How the numbers of a file are read."""

    is_turned: bool
    area_unit: str | None
    crs: str | None
    extra_fields: int


def is_boundary_points(head: bytes) -> bool:
    """Whether the beginning of a file is that of a 界址点 file."""
    codecs = ("utf-16",) if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8", "gb18030")
    texts = [head.decode(codec, "ignore") for codec in codecs]
    return any(_TAG.search(text) or _BARE.search(text) for text in texts)


def read(file: TextFile, reading: Reading, batch_rows: int) -> Rows:
    """The parcels of a 界址点 file.

    Args:
        file: the file.
        reading: the encoding, as the user tells it.
        batch_rows: how many parcels a batch has at most.

    Raises:
        ParameterError: the user tells an encoding that does not exist.
        UnreadableFileError: it holds no parcel.
    """
    text = text_encoding(file.path, reading.encoding)
    header, count, width = _surveyed(file.path, text.encoding)
    parcels = parcels_of(_lines(file.path, text.encoding))
    head = list(islice(parcels, LOOKED_AT))
    if not head:
        raise UnreadableFileError("文件中没有地块。", "The file holds no parcel.")
    settings = dict(filter(None, map(setting_of, header)))
    plan, notes = _planned(settings, head, max(0, width - len(FIELDS)))
    facts = Facts(
        kind=KIND,
        crs=plan.crs,
        crs_text="\n".join(header) or None,
        encoding=label(text.encoding),
        encoding_certain=text.certain,
        encoding_evidence=text.evidence,
        geometry_family=_family(head),
        row_count=max(count, 1),
        notes=(*_header_notes(settings), *notes),
    )
    return Rows(facts, _batches(chain(head, parcels), plan, batch_rows))


def _lines(path: Path, codec: str) -> Iterator[tuple[int, str]]:
    with path.open(encoding=codec, errors="replace") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(MOST_LINE_CHARACTERS), ""), 1):
            yield number, plain(line)


def _surveyed(path: Path, codec: str) -> tuple[list[str], int, int]:
    """The header's lines, how many parcels there are, and the most fields that one has."""
    header: list[str] = []
    count = width = 0
    for _, line in _lines(path, codec):
        if is_parcel_line(line):
            count += 1
            width = max(width, len(fields_of(line)))
        elif not count and (setting_of(line) or section_of(line)):
            header.append(line)
    return [line for line in header if section_of(line) != "地块坐标"], count, width


def _planned(header: dict[str, str], head: Sequence[Parcel], extra_fields: int) -> tuple[_Plan, list[Note]]:
    """How to read the numbers, from the header and the first parcels."""
    values = np.vstack([*_readable(head), np.empty((0, 2))])
    first, second = np.median(values, axis=0).tolist() if len(values) else (0.0, 0.0)
    is_degrees = 0 < max(abs(first), abs(second)) <= MOST_LON
    # X to the north is the rule; where the numbers allow both, it holds.
    is_turned = not (abs(first) > MOST_LAT if is_degrees else northing_first(second, first))
    crs, notes = _crs(header, second if is_turned else first, is_degrees=is_degrees)
    plan = _Plan(is_turned, None, crs, extra_fields)
    unit, unit_notes = _area_unit(head, plan, is_degrees=is_degrees)
    return replace(plan, area_unit=unit), [_order_note(first, second, is_turned=is_turned), *notes, *unit_notes]


def _readable(head: Sequence[Parcel]) -> Iterator[Numbers]:
    for parcel in head:
        with suppress(FaultError):
            yield ordinates(parcel)


def _order_note(first: float, second: float, *, is_turned: bool) -> Note:
    zh = "前一坐标（X）向北，后一坐标（Y）向东" if is_turned else "前一坐标向东，后一坐标向北"
    en = "the first (X) is north, the second (Y) east" if is_turned else "the first is east, the second north"
    return Note(
        f"坐标顺序：{zh}（中位数 {first:.10g} 与 {second:.10g}）。",
        f"Order of coordinates: {en} (medians {first:.10g} and {second:.10g}).",
    )


def _crs(header: dict[str, str], east: float, *, is_degrees: bool) -> tuple[str | None, list[Note]]:
    """The EPSG code of what header and eastings say together; None where one is silent or they disagree."""
    stated = next((value for name, value in header.items() if name.startswith("坐标系")), "")
    family = next((family for family, words in _FAMILIES if re.search(words, stated, re.IGNORECASE)), None)
    if family is None:
        return None, [Note("文件头没有写明坐标系。", "The header states no CRS.")]
    if is_degrees:
        return f"EPSG:{GEOGRAPHIC[family]}", []
    carried = int(east // MILLION) if east >= LEAST_ZONED_EASTING else None
    zone, width = _zone(header, carried)
    if zone is None or width is None:
        return None, [Note("文件头没有写明带号或分带。", "The header states no zone or no width of zones.")]
    if carried is not None and carried != zone:
        return None, [_zone_note(zone, carried)]
    return gauss_kruger_code(family, width, zone, numbered=carried is not None), []


def _zone(header: dict[str, str], carried: int | None) -> tuple[int | None, int | None]:
    """Number and width in degrees of the zone; what the header leaves out is taken from the eastings."""
    width = next((_width(value) for name, value in header.items() if name.endswith("分带")), None)
    stated = re.search(r"\d+", header.get("带号", ""))
    number = int(stated[0]) if stated else carried
    if width is None and number is not None:
        width = 3 if number >= FIRST_3_DEGREE_ZONE else 6
    if number is not None and width is not None and number > MOST_ZONE:  # a central meridian
        number, rest = divmod(number + (3 if width == 6 else 0), width)  # noqa: PLR2004
        number = None if rest else number
    return number, width


def _width(value: str) -> int | None:
    found = re.search(r"[3三6六]", value)
    return {"3": 3, "三": 3, "6": 6, "六": 6}[found[0]] if found else None


def _zone_note(stated: int, carried: int) -> Note:
    return Note(
        f"文件头写明带号 {stated}，东坐标却带有带号 {carried}，坐标系未定。",
        f"The header states zone {stated}, but the eastings carry zone {carried}; the CRS is left open.",
    )


def _area_unit(head: Sequence[Parcel], plan: _Plan, *, is_degrees: bool) -> tuple[str | None, list[Note]]:
    """The unit that stands behind the areas, else the one in which they agree with the geometry."""
    written = next((unit for parcel in head if (unit := _area(parcel)[1])), None)
    if written is not None:
        return written, []
    ratios = [ratio for parcel in head if (ratio := _ratio(parcel, plan, is_degrees=is_degrees))]
    if not ratios:
        return None, []
    middle = float(np.median(ratios))
    unit = _nearest_unit(middle)
    if unit is None:
        zh, en = (
            "面积的单位未写明，也不与图形相符。",
            "The unit of areas is not stated, and none agrees with the geometry.",
        )
    else:
        zh = f"面积的单位按图形算得为{unit}（图形面积与所写数值之比的中位数为 {middle:,.2f}）。"
        en = f"Areas are in {UNITS_EN[unit]}: the median ratio of measured m² to stated numbers is {middle:,.2f}."
    return unit, [Note(zh, en)]


def _nearest_unit(ratio: float) -> str | None:
    """The unit of which measured m² are to stated numbers as given; of wrong numbers the usual one of their order."""
    exact = (unit for unit, size in UNITS.items() if abs(ratio / size - 1) <= _UNIT_TOLERANCE)
    usual = min(_USUAL_UNITS, key=lambda unit: _times_off(ratio, unit))
    return next(exact, usual if _times_off(ratio, usual) <= _MOST_WRONG else None)


def _times_off(ratio: float, unit: str) -> float:
    return max(ratio / UNITS[unit], UNITS[unit] / ratio)


def _ratio(parcel: Parcel, plan: _Plan, *, is_degrees: bool) -> float | None:
    """Measured m² to the stated number."""
    stated, _ = _area(parcel)
    try:
        shape = _shape(parcel, plan)
    except FaultError:
        return None
    measured = float(shapely.area(shape))
    if is_degrees and measured:
        measured *= _METRES_A_DEGREE**2 * math.cos(math.radians(shape.centroid.y))
    return measured / stated if stated and stated > 0 and measured else None


def _area(parcel: Parcel) -> tuple[float | None, str | None]:
    """The stated area, and the unit that stands behind it."""
    found = _AREA.fullmatch(parcel.fields[1].strip())
    if found is None or found[1].count(".") > 1:
        return None, None
    return float(found[1]), _SPELLINGS[found[2].lower()] if found[2] else None


def _shape(parcel: Parcel, plan: _Plan) -> BaseGeometry:
    values = ordinates(parcel)
    return shape_of(parcel, rings_of(parcel, values[:, ::-1] if plan.is_turned else values))


def _header_notes(header: dict[str, str]) -> Iterator[Note]:
    if header:
        text = "；".join(f"{name}={value}" for name, value in header.items() if value)[:400]
        yield Note(f"文件头：{text}", f"Header: {text}")
    if re.search(r"[1-9]", header.get("转换参数", "")):
        yield Note(
            "文件头写有转换参数，坐标按原样读取，没有套用。",
            "The header gives parameters of a transformation; coordinates are read as they stand.",
        )


def _batches(parcels: Iterable[Parcel], plan: _Plan, batch_rows: int) -> Iterator[Batch]:
    first_row = 1
    parcels = iter(parcels)
    while block := list(islice(parcels, batch_rows)):
        shapes, faults = _shapes(block, plan, first_row)
        wkb = pa.array(shapely.to_wkb(shapes, flavor="iso"), pa.binary())
        yield Batch(first_row, _attributes(block, plan), wkb, {}, faults)
        first_row += len(block)


def _shapes(block: Sequence[Parcel], plan: _Plan, first_row: int) -> tuple[Shapes, dict[int, Note]]:
    shapes = np.full(len(block), None, dtype=object)
    faults = {}
    for place, parcel in enumerate(block):
        try:
            shapes[place] = _shape(parcel, plan)
        except FaultError as error:
            faults[first_row + place] = error.note
    return shapes, faults


def _attributes(block: Sequence[Parcel], plan: _Plan) -> pa.Table:
    width = len(FIELDS) + plan.extra_fields
    columns = [list(texts) for texts in zip(*(_padded(parcel.fields, width) for parcel in block), strict=True)]
    counts = [int(text) if text and text.isdecimal() and len(text) < MOST_DIGITS else None for text in columns[0]]
    areas = [_converted(*_area(parcel), plan.area_unit) for parcel in block]
    extra = [f"属性{number}" for number in range(len(FIELDS) + 1, width + 1)]
    area_name = f"面积（{plan.area_unit}）" if plan.area_unit else "面积"
    texts = [pa.array(column, pa.string()) for column in columns[2:]]
    arrays = [pa.array(counts, pa.int64()), pa.array(areas, pa.float64()), *texts]
    return pa.table(arrays, names=[FIELDS[0], area_name, *FIELDS[2:], *extra])


def _padded(fields: Sequence[str], width: int) -> list[str | None]:
    return [*(text or None for text in fields[:width]), *[None] * (width - len(fields))]


def _converted(area: float | None, unit: str | None, into: str | None) -> float | None:
    if area is None or unit is None or into is None or unit == into:
        return area
    return area * UNITS[unit] / UNITS[into]


def _family(head: Sequence[Parcel]) -> str | None:
    kinds = {parcel.fields[SHAPE_PLACE] or "面" for parcel in head}
    return {"面": "POLYGON", "线": "LINESTRING", "点": "POINT"}.get(*kinds) if len(kinds) == 1 else None
