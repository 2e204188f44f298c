"""What schemathesis cannot read in the OpenAPI document: grammars that are no regular expression, and one promise.

Loaded by its command line (``SCHEMATHESIS_HOOKS``). A question that the schema takes for valid is given a filter, a
moment, a box, a place or an order that is one; all else stays as it was made. A limit above the most that a page holds
is clamped (OGC 17-069r4, 7.15.2), though the schema names that most.
"""

from typing import Any

import schemathesis

GRAMMATICAL: dict[str, Any] = {
    "filter": "id = 'nobody'",
    "filter-lang": "cql2-text",
    "datetime": "2024-01-01/..",
    "bbox": "119,29,121,31",
    "bbox-crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "near": "120.1,30.2",
    "subject": "industrial_land",
    "land_class": "M3",
    "inside": ["districts"],
    "outside": ["water:10"],
}
TILE_PATH = "{tileMatrix}"


@schemathesis.hook
def filter_case(_: Any, case: Any) -> bool:
    """Leave out limits that are clamped."""
    limit = str((case.query or {}).get("limit", ""))
    return not (limit.isdecimal() and int(limit) > case_maximum(case))


def case_maximum(case: Any) -> int:
    """The most that an operation's limit may be."""
    return next(one.definition["schema"]["maximum"] for one in case.operation.query if one.name == "limit")


def first_of(names: list[str] | str) -> str:
    """One of several names, none of which may come twice."""
    return (names.split(",") if isinstance(names, str) else names)[0]


@schemathesis.hook
def map_case(_: Any, case: Any) -> Any:
    """Say what is grammatical where the schema knows no grammar."""
    if case.meta is None or not case.meta.generation.mode.is_positive or not case.query:
        return case
    case.query.pop("after", None)
    for name in GRAMMATICAL.keys() & set(case.query):
        case.query[name] = GRAMMATICAL[name]
    if "sortby" in case.query:
        case.query["sortby"] = first_of(case.query["sortby"])
    if TILE_PATH in case.path and "properties" in case.query:
        case.query["properties"] = "id"
    return case
