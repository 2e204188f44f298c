"""Display datums of Chinese web maps, GCJ-02 and BD-09, to CGCS2000 and back; they are converted, never stored.

GCJ-02 (高德, 腾讯, Google in China) shifts a position by 100–700 m, BD-09 (百度) shifts that once more. Neither formula
has been published by who made it: both are reverse-engineered and have been public since 2013 (the C# class
``EvilTransform``, from which the open implementations descend, ``eviltransform`` and ``coord-convert`` among them).
They take WGS 84, which differs from CGCS2000 by less than a metre and counts as the same here. Inside China's box only;
outside it, positions are the same in all three.

The inverse iterates until forward and back agree far below a millimetre; what remains is how well the formula meets the
services' own conversion, which is in no document: two metres for GCJ-02 and three for BD-09 are cautious bounds.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Datum = Literal["cgcs2000", "gcj02", "bd09"]
LonLat = NDArray[np.float64]
ACCURACY_M: dict[Datum, float] = {"gcj02": 2.0, "bd09": 3.0}

# West, south, east and north end of what the formula takes for China.
CHINA_BOX = (72.004, 0.8293, 137.8347, 55.8271)
# Krasovsky 1940: semi-major axis in metres and first eccentricity squared, as the formula has it.
_AXIS_M, _ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323
_BD09_FREQUENCY = np.pi * 3000 / 180
# From place to place the shift changes by less than 1 in 40: eight rounds are past a double's last digit.
_ROUNDS = 8


def to_gcj02(lonlat: LonLat) -> LonLat:
    """Positions (n, 2) in degrees, CGCS2000 longitude and latitude → GCJ-02."""
    return _within_china(lonlat, _gcj02)


def from_gcj02(lonlat: LonLat) -> LonLat:
    """Positions (n, 2) in degrees, GCJ-02 → CGCS2000 longitude and latitude."""
    return _within_china(lonlat, lambda shifted: _inverse(_gcj02, shifted))


def to_bd09(lonlat: LonLat) -> LonLat:
    """Positions (n, 2) in degrees, CGCS2000 longitude and latitude → BD-09."""
    return _within_china(lonlat, _bd09)


def from_bd09(lonlat: LonLat) -> LonLat:
    """Positions (n, 2) in degrees, BD-09 → CGCS2000 longitude and latitude."""
    return _within_china(lonlat, lambda shifted: _inverse(_bd09, shifted))


def to_cgcs2000(lonlat: LonLat, datum: Datum) -> LonLat:
    """Positions (n, 2) in degrees, in one of the three datums → CGCS2000 longitude and latitude."""
    if datum == "gcj02":
        return from_gcj02(lonlat)
    return from_bd09(lonlat) if datum == "bd09" else lonlat


def _within_china(lonlat: LonLat, shift: Callable[[LonLat], LonLat]) -> LonLat:
    west, south, east, north = CHINA_BOX
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    inside = (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
    shifted = np.array(lonlat, dtype=np.float64)
    shifted[inside] = shift(shifted[inside])
    return shifted


def _inverse(forward: Callable[[LonLat], LonLat], shifted: LonLat) -> LonLat:
    found = shifted
    for _ in range(_ROUNDS):
        found = found + (shifted - forward(found))
    return found


def _gcj02(lonlat: LonLat) -> LonLat:
    east_m, north_m = _shift_m(lonlat[:, 0] - 105, lonlat[:, 1] - 35)
    latitude = np.radians(lonlat[:, 1])
    squeeze = 1 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    east = east_m / (_AXIS_M / np.sqrt(squeeze) * np.cos(latitude))
    north = north_m / (_AXIS_M * (1 - _ECCENTRICITY_SQUARED) / squeeze**1.5)
    return lonlat + np.degrees(np.column_stack([east, north]))


def _shift_m(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres east and north, from degrees east of 105° and north of 35°."""
    root, product = np.sqrt(np.abs(x)), x * y
    common = _waves(x, (20, 6), (20, 2))
    east = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * product + 0.1 * root
    east += (common + _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * product + 0.2 * root
    north += (common + _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))) * 2 / 3
    return east, north


def _waves(at: NDArray[np.float64], *waves: tuple[float, float]) -> NDArray[np.float64]:
    """Sines, each of an amplitude in metres and a number of half turns a degree, added up."""
    return np.asarray(sum(amplitude * np.sin(half_turns * np.pi * at) for amplitude, half_turns in waves))


def _bd09(lonlat: LonLat) -> LonLat:
    x, y = _gcj02(lonlat).T
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD09_FREQUENCY)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD09_FREQUENCY)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])
