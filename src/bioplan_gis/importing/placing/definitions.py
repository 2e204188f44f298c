"""A CRS as files and users write it → what it is: an EPSG code where there is one, its Gauss-Krüger zone, its datum."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from bioplan_gis.errors import ParameterError

Family = Literal["cgcs2000", "xian80", "beijing54", "other"]
Positions = NDArray[np.float64]
Box = tuple[float, float, float, float]

# First codes of each row of Gauss-Krüger CRSs in the EPSG dataset: with the zone number in the easting, and without.
CODES: dict[Family, dict[int, tuple[int, int]]] = {
    "cgcs2000": {3: (4513, 4534), 6: (4491, 4502)},
    "xian80": {3: (2349, 2370), 6: (2327, 2338)},
    "beijing54": {3: (2401, 2422), 6: (21413, 21453)},
}
GEOGRAPHIC: dict[Family, int] = {"cgcs2000": 4490, "xian80": 4610, "beijing54": 4214}
FIRST_ZONE, LAST_ZONE = {3: 25, 6: 13}, {3: 45, 6: 23}
CHINA: Box = (73.0, 3.0, 136.0, 54.0)
WORLD: Box = (-180.0, -90.0, 180.0, 90.0)
FALSE_EASTING_M = 500_000
MILLION = 1_000_000
SURE = 70

# Semi-major axis and inverse flattening of GRS 80, WGS 84 and CGCS2000 (alike to 0.1 mm), IAG 1975 and Krasovsky 1940.
_ELLIPSOIDS: tuple[tuple[Family, float, float], ...] = (
    ("cgcs2000", 6378137.0, 298.2572),
    ("xian80", 6378140.0, 298.257),
    ("beijing54", 6378245.0, 298.3),
)
_LONGEST_CODE, _LONGEST_NAME, _LONGEST_TEXT = 40, 60, 50_000
_ZH: dict[Family, str] = {"cgcs2000": "CGCS2000", "xian80": "1980 西安坐标系", "beijing54": "1954 年北京坐标系"}
_ZH_GEOGRAPHIC = {f"EPSG:{code}" for code in GEOGRAPHIC.values()}
_ALIKE_M, _ALIKE_FLATTENING, _LEAST_AXIS_M = 0.5, 1e-3, 6.3e6
_UNNAMED = "unknown|not.specified|undefined"
_NATIONAL: dict[Family, re.Pattern[str]] = {
    "cgcs2000": re.compile(rf"2000|84|itrf|igs|grs.?(19)?80|{_UNNAMED}", re.IGNORECASE),
    "xian80": re.compile(rf"xi.?an|1980|iag|{_UNNAMED}", re.IGNORECASE),
    "beijing54": re.compile(rf"beijing|kras|{_UNNAMED}", re.IGNORECASE),
}
_FAMILIES: tuple[tuple[Family, str], ...] = (
    ("cgcs2000", r"cgcs\s*2000|2000\s*国家|国家\s*2000|大地\s*2000|china[\s_]*2000|2000\s*坐标"),
    ("xian80", r"(西安|xi.?an)[\s_]*(19)?80|(19)?80\s*西安"),
    ("beijing54", r"(北京|beijing)[\s_]*(19)?54|(19)?54\s*年?\s*北京"),
)
_WIDTHS = {3: r"(3|三)\s*(°|度|-?degree)", 6: r"(6|六)\s*(°|度|-?degree)"}


@dataclass(frozen=True)
class GaussKruger:
    """A Gauss-Krüger projection (GB/T 17278-2009) in metres: its central meridian and the zone that its eastings carry.

    Attributes:
        meridian: central meridian in degrees east.
        zone: the number before the six figures of its eastings; None where they carry none.
    """

    meridian: float
    zone: int | None

    @property
    def zones(self) -> tuple[int, ...]:
        """The numbers of its 3° and 6° zone, as far as its meridian is that of one."""
        found = (self.meridian / 3, (self.meridian + 3) / 6)
        return tuple(int(number) for number in found if number == int(number))


@dataclass(frozen=True)
class Definition:
    """A horizontal CRS.

    Attributes:
        text: ``EPSG:…`` where it has a code, else WKT.
        name: as its authority or its author calls it.
        family: whose datum it has; ``cgcs2000`` for all that agree with it within a metre (WGS 84, ITRF).
        geographic: whether its coordinates are degrees.
        area: west, south, east, north in degrees: where it may be used.
        zone: its Gauss-Krüger projection; None where it has another.
        shifted: whether it brings a datum transformation of its own (``TOWGS84``).
    """

    text: str
    name: str
    family: Family
    geographic: bool
    area: Box
    zone: GaussKruger | None
    shifted: bool = False

    @property
    def short(self) -> str:
        """Its code, or that it has none."""
        return self.text if len(self.text) < _LONGEST_CODE else "WKT"

    @property
    def zh(self) -> str:
        """What Chinese planners call it; its name where they have none."""
        if self.zone is not None and self.family in _ZH:
            number = "横坐标不带带号" if self.zone.zone is None else f"横坐标带带号 {self.zone.zone}"
            return f"{_ZH[self.family]} 高斯–克吕格投影，中央经线 {self.zone.meridian:g}°，{number}"
        return f"{_ZH[self.family]} 经纬度" if self.text in _ZH_GEOGRAPHIC else self.name


def told_definition(told: str) -> Definition:
    """What a user names: ``EPSG:4549``, ``4549``, ``CGCS2000 3度带 120``, ``OGC:CRS84``, WKT and what pyproj knows.

    Raises:
        ParameterError: if it names no horizontal CRS.
    """
    text = told.strip()
    found = definition(f"EPSG:{text}") if text.isdecimal() else definition(text)
    if found is None:
        raise ParameterError(
            "crs",
            told,
            f"无法识别坐标系“{shortened(told)}”；请给出 EPSG 代码或名称，"
            "例如 EPSG:4549、EPSG:4490、OGC:CRS84、CGCS2000 3度带 120",
            f"“{shortened(told)}” names no coordinate system; give an EPSG code or a name, "
            "such as EPSG:4549, EPSG:4490, OGC:CRS84 or CGCS2000 3-degree 120",
        )
    return found


@lru_cache(maxsize=256)
def definition(text: str) -> Definition | None:
    """What a text in any spelling defines; None where it is no CRS on the Earth, or a local one without any place."""
    try:
        crs = _horizontal(CRS.from_user_input(_safe(_named(text) or text)))
    except (CRSError, RecursionError, UnicodeError):
        return None
    on_earth = crs is not None and crs.ellipsoid is not None and crs.ellipsoid.semi_major_metre > _LEAST_AXIS_M
    return _described(crs) if crs is not None and on_earth else None


def shortened(text: str) -> str:
    """Words of a user or a file on one line, as far as they fit into a sentence."""
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_NAME else f"{words[:_LONGEST_NAME]}…"


def _safe(text: str) -> str:
    """PROJ opens the file that ``+init=`` names: nothing is read that was not given."""
    if "init=" in text or "\0" in text or len(text) > _LONGEST_TEXT:
        raise CRSError(shortened(text))
    return re.sub(r"(?i)^(urn:ogc:def:crs:)?ogc:(1\.3:|:)?crs84$|^crs84$", "OGC:CRS84", text)


def _horizontal(crs: CRS) -> CRS | None:
    if crs.is_compound:
        return _horizontal(crs.sub_crs_list[0])
    if crs.is_bound:
        return crs if _carries_shift(crs) else _horizontal(crs.source_crs) if crs.source_crs else None
    if not (crs.is_geographic or crs.is_projected):
        return None
    return crs.to_2d() if len(crs.axis_info) > 2 else crs  # noqa: PLR2004


def _carries_shift(crs: CRS) -> bool:
    operation = crs.coordinate_operation
    return operation is not None and any(parameter.value for parameter in operation.params)


def _described(crs: CRS) -> Definition:
    source = crs.source_crs if crs.is_bound and crs.source_crs else crs
    family, zone = _family(source), gauss_kruger(source)
    unnamed = source.datum is not None and re.search(_UNNAMED, source.datum.name, re.IGNORECASE)
    code = (_code(source, family, zone) if unnamed else None) or _authority(source) or _code(source, family, zone)
    known = CRS.from_user_input(code) if code else source
    area = known.area_of_use.bounds if known.area_of_use else CHINA
    text = crs.to_wkt() if crs.is_bound else code or crs.to_wkt()
    return Definition(
        text, shortened(known.name), family, crs.is_geographic or source.is_geographic, area, zone, crs.is_bound
    )


def _authority(crs: CRS) -> str | None:
    found = crs.to_authority("EPSG", SURE) or crs.to_authority(min_confidence=SURE)
    return f"{found[0]}:{found[1]}" if found else None


def _family(crs: CRS) -> Family:
    datum = crs.datum or (crs.geodetic_crs.datum if crs.geodetic_crs else None)
    axis_m, flattening = (crs.ellipsoid.semi_major_metre, crs.ellipsoid.inverse_flattening) if crs.ellipsoid else (0, 0)
    for family, own_axis_m, own_flattening in _ELLIPSOIDS:
        if abs(axis_m - own_axis_m) < _ALIKE_M and abs(flattening - own_flattening) < _ALIKE_FLATTENING:
            return family if datum is None or _NATIONAL[family].search(datum.name) else "other"
    return "other"


def gauss_kruger(crs: CRS) -> GaussKruger | None:
    """The zone of a projected CRS in metres; None where it has another projection."""
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None or "Transverse Mercator" not in operation.method_name:
        return None
    origin, meridian, scale, east, north = [float(parameter.value) for parameter in operation.params][:5]
    metres = all(axis.unit_conversion_factor == 1 for axis in crs.axis_info)
    zone, rest = divmod(east - FALSE_EASTING_M, MILLION)
    plain = origin == 0 and scale == 1 and north == 0 and rest == 0
    return GaussKruger(meridian, int(zone) or None) if plain and metres else None


def _code(crs: CRS, family: Family, zone: GaussKruger | None) -> str | None:
    """By its parameters, the EPSG code of a Chinese CRS whose names say nothing, such as D_Krasovsky_1940."""
    if family == "other":
        return None
    if crs.is_geographic:
        return f"EPSG:{GEOGRAPHIC[family]}"
    if zone is None:
        return None
    for width, number in ((3, zone.meridian / 3), (6, (zone.meridian + 3) / 6)):
        if number == int(number) and zone.zone in (None, int(number)):
            return gauss_kruger_code(family, width, int(number), numbered=zone.zone is not None)
    return None


def gauss_kruger_code(family: Family, width: int, zone: int, *, numbered: bool) -> str | None:
    """EPSG code of a zone 3° or 6° wide, with or without the zone number in the easting; None where there is none."""
    if not FIRST_ZONE[width] <= zone <= LAST_ZONE[width]:
        return None
    with_number, without = CODES[family][width]
    return f"EPSG:{(with_number if numbered else without) + zone - FIRST_ZONE[width]}"


def _named(text: str) -> str | None:
    """The EPSG code that a Chinese or loose name means, such as CGCS2000 3度带 120, 西安80 三度带 40带 or 北京54."""
    family = next((family for family, words in _FAMILIES if re.search(words, text, re.IGNORECASE)), None)
    if family is None or re.search(r"[\[{/\n]|_GK_|gauss", text, re.IGNORECASE):
        return None
    rest = re.sub(dict(_FAMILIES)[family], " ", text, flags=re.IGNORECASE)
    width = next((width for width, words in _WIDTHS.items() if re.search(words, rest, re.IGNORECASE)), None)
    rest = re.sub("|".join(_WIDTHS.values()), " ", rest, flags=re.IGNORECASE)
    numbers = [int(number) for number in re.findall(r"\d+", rest)]
    if not numbers:
        return f"EPSG:{GEOGRAPHIC[family]}" if width is None else None
    return _zone_code(family, width, numbers[0])


def _zone_code(family: Family, width: int | None, number: int) -> str | None:
    """A number above 60 is a central meridian, one below is a zone, which says how wide it is."""
    if number > LAST_ZONE[3]:
        width = width or 3
        zone, rest = divmod(number + (3 if width == 6 else 0), width)  # noqa: PLR2004
        return None if rest else gauss_kruger_code(family, width, zone, numbered=False)
    width = width or (3 if number >= FIRST_ZONE[3] else 6)
    return gauss_kruger_code(family, width, number, numbered=True)


@lru_cache(maxsize=64)
def _to_degrees(text: str) -> Transformer | None:
    """To longitude and latitude, on its own datum where that counts as CGCS2000 or has no public way to it."""
    crs = CRS.from_user_input(text)
    described = _described(crs)
    geodetic = crs.geodetic_crs
    try:
        if described.shifted or described.family == "other" or geodetic is None:
            return Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True, allow_ballpark=False)
        return Transformer.from_crs(crs, geodetic, always_xy=True)
    except ProjError:
        return None


def to_degrees(xy: Positions, text: str) -> Positions:
    """Easting and northing, or longitude and latitude, of a CRS → longitude and latitude; NaN where it has none.

    For Xian 1980 and Beijing 1954 these are on their own datum (``accuracy_m`` of a georeference says how far off).
    """
    transformer = _to_degrees(text)
    if transformer is None:
        return np.full(xy.shape, np.nan)
    lonlat = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    lonlat[~np.isfinite(lonlat).all(axis=1)] = np.nan
    return lonlat
