"""What SQLite is given as SQL functions for filters, and Python needs for the same: folding, patterns, relations."""

import json
import math
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

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


OF_FILTERS: dict[str, Callable[..., Any]] = {
    "bioplan_fold_case": fold_case,
    "bioplan_strip_accents": strip_accents,
    "bioplan_quotient": truncated_quotient,
    "bioplan_remainder": remainder,
    "bioplan_power": power,
    "bioplan_relates": relates,
    "bioplan_compare_lists": compare_lists,
}
