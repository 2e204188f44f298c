"""What SQLite is given as SQL functions for filters, and Python needs for the same: folding, patterns, relations."""

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import areas_m2, distance_m
from bioplan_gis.storage import gpkg

_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_BLOB_MAGIC = b"GP"
# What each relation is when the second geometry is asked about the first.
CONVERSE: Mapping[str, str] = {"contains": "within", "within": "contains"}


def fold_case(text: str) -> str:
    """A text without regard to case: upper, then lower, so that ß meets ss; both sigmas are one."""
    return text.upper().lower().replace("ς", "σ")


def strip_accents(text: str) -> str:
    """A text without combining diacritical marks (U+0300–U+036F), composed again."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(_ACCENTS))


def truncated_quotient(dividend: float, divisor: float) -> float | None:
    """A quotient without its fraction; None where there is none."""
    if not divisor:
        return None
    quotient = dividend / divisor
    return float(math.trunc(quotient)) if math.isfinite(quotient) else quotient


def remainder(dividend: float, divisor: float) -> float | None:
    """What a truncated quotient leaves, with the dividend's sign; None where there is none."""
    return math.fmod(dividend, divisor) if divisor and math.isfinite(dividend) else None


def power(base: float, exponent: float) -> float | None:
    """A power; None where it is no real number."""
    try:
        value = base**exponent
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(value, complex) else float(value)


def relates(relation: str, first: bytes, second: bytes) -> bool:
    """Whether the first geometry stands in a relation to the second; each a GeoPackage blob or WKB.

    The second is prepared and kept, for it is as a rule the one that a filter names.
    """
    known = _prepared(second)
    return bool(getattr(known, CONVERSE.get(relation, relation))(_shape(first)))


def compare_lists(relation: str, first: str, second: str) -> bool:
    """Whether two JSON lists, as sets, stand in a relation: contains, contained_by, equals or overlaps."""
    ours, theirs = _members(first), _members(second)
    return {
        "contains": ours >= theirs,
        "contained_by": ours <= theirs,
        "equals": ours == theirs,
        "overlaps": bool(ours & theirs),
    }[relation]


def _members(text: str) -> set[str]:
    return {json.dumps(_plain(each), sort_keys=True) for each in json.loads(text)}


def _plain(value: object) -> object:
    """A whole number as an integer, so that 1 and 1.0 are the same."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _shape(found: bytes) -> BaseGeometry:
    return gpkg.decode(found) if found[:2] == _BLOB_MAGIC else shapely.from_wkb(found)


@lru_cache(maxsize=16)
def _prepared(found: bytes) -> BaseGeometry:
    shape = _shape(found)
    shapely.prepare(shape)
    return shape


def geometry_area_m2(first: bytes) -> float:
    """Area in m² on the ellipsoid of a GeoPackage blob or WKB; 0 where there is no polygon."""
    return float(areas_m2(np.array([_shape(first)], dtype=object))[0])


def geometry_distance_m(first: bytes, second: bytes) -> float:
    """Least distance in metres on the ellipsoid between two of them."""
    return distance_m(_shape(first), _shape(second))


def geometry_type(first: bytes) -> str:
    """Its type, such as ``Polygon``."""
    return str(_shape(first).geom_type)


def lower(text: str) -> str:
    """A text in lower case."""
    return text.lower()


def upper(text: str) -> str:
    """A text in upper case."""
    return text.upper()


def absolute(value: float) -> float:
    """A number without its sign."""
    return abs(value)


def ceil(value: float) -> float:
    """The least whole number not below a number."""
    return float(math.ceil(value)) if math.isfinite(value) else value


def floor(value: float) -> float:
    """The greatest whole number not above a number."""
    return float(math.floor(value)) if math.isfinite(value) else value


OF_FILTERS: dict[str, Callable[..., Any]] = {
    "bioplan_fold_case": fold_case,
    "bioplan_strip_accents": strip_accents,
    "bioplan_quotient": truncated_quotient,
    "bioplan_remainder": remainder,
    "bioplan_power": power,
    "bioplan_relates": relates,
    "bioplan_compare_lists": compare_lists,
    "bioplan_area_m2": geometry_area_m2,
    "bioplan_distance_m": geometry_distance_m,
    "bioplan_geometry_type": geometry_type,
    "bioplan_lower": lower,
    "bioplan_upper": upper,
    "bioplan_abs": absolute,
    "bioplan_ceil": ceil,
    "bioplan_floor": floor,
}
