"""Parameters of a request: read strictly, and refused with what would be right.

Each ``read_…`` turns the text of one parameter into its value or raises ``ParameterError``; the annotated types under
them carry the same parameters into the OpenAPI document.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant
from pydantic import BeforeValidator

from bioplan_gis.errors import NotFoundError, ParameterError
from bioplan_gis.landuse import CLASSES, LandClass, land_class
from bioplan_gis.siting.conditions import require_measure

DEFAULT_LIMIT = 100
MOST_FEATURES = 10_000
MOST_KEY = 2**63 - 1
# Parameters that may be given several times.
REPEATABLE = {"inside", "outside"}

Bbox = tuple[float, float, float, float]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# RFC 3339, 5.6; a date alone means its first moment.
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2}))?"
)
_FORMATS = ("json", "geojson")


async def known_parameters_only(request: Request) -> None:
    """Refuse parameters that the route does not have, parameters given twice, and text that no database can hold.

    A coroutine, since it waits for nothing and a thread would cost more than it does.

    Raises:
        ParameterError: names the first one at fault (OGC API Features 1.0, /rec/core/unknown-params, taken as a rule).
        NotFoundError: the path holds a NUL, so that nothing can be there.
    """
    if "\x00" in request.url.path or "\x00" in request.scope["path"]:
        raise NotFoundError("路径含有空字符，此处没有内容。", "The path holds a NUL character; nothing is there.")
    known = _names(request.scope["route"].dependant)
    times = Counter(name for name, _ in request.query_params.multi_items())
    for name, count in times.items():
        value = request.query_params[name]
        if name not in known:
            listed = "、".join(known) or "无"
            english = ", ".join(known) or "none"
            raise ParameterError(
                name,
                value,
                f"没有名为“{name}”的参数；此处可用的参数：{listed}。",
                f"There is no parameter “{name}” here; the parameters are: {english}.",
            )
        if "\x00" in value:
            raise ParameterError(
                name, value, f"参数“{name}”含有空字符。", f"The parameter “{name}” holds a NUL character."
            )
        if count > 1 and name not in REPEATABLE:
            raise ParameterError(
                name,
                value,
                f"参数“{name}”给了 {count} 次，只能给一次。",
                f"“{name}” is given {count} times; give it once.",
            )


def _names(dependant: Dependant) -> list[str]:
    own = [str(field.alias) for field in dependant.query_params]
    return own + [name for inner in dependant.dependencies for name in _names(inner)]


def read_limit(text: str) -> int:
    """A page's size, 1 or more; above the most that a page may hold it is that most, never an error."""
    if not re.fullmatch(r"\+?[0-9]{1,18}", text) or int(text) < 1:
        raise ParameterError(
            "limit",
            text,
            f"limit 应为 1 到 {MOST_FEATURES} 的整数。",
            f"limit should be a whole number from 1 to {MOST_FEATURES}.",
        )
    return min(int(text), MOST_FEATURES)


def read_after(text: str) -> int:
    """The key after which a page begins, as a ``next`` link carries it."""
    if not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > MOST_KEY:
        raise ParameterError(
            "after",
            text,
            "after 由 next 链接给出，请原样使用该链接。",
            "after comes from a next link; follow that link as it is.",
        )
    return int(text)


def read_bbox(text: str) -> Bbox:
    """West, south, east, north in CRS84 degrees; of six numbers the heights are left out.

    West may be greater than east: the box then crosses the antimeridian.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in {4, 6} or not all(_NUMBER.fullmatch(part) for part in parts):
        raise _bbox_error(
            text, "应为四个（或六个）用逗号分隔的数", "should be four (or six) numbers with commas between"
        )
    numbers = [float(part) for part in parts]
    west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])  # noqa: PLR2004
    if not (abs(west) <= 180 and abs(east) <= 180 and abs(south) <= 90 and abs(north) <= 90):  # noqa: PLR2004
        raise _bbox_error(text, "经度应在 ±180、纬度应在 ±90 之内", "should keep longitude in ±180 and latitude in ±90")
    if south > north:
        raise _bbox_error(text, "南界应小于北界", "should have south below north")
    return west, south, east, north


def _bbox_error(text: str, zh: str, en: str) -> ParameterError:
    order_zh, order_en = "顺序为西、南、东、北（CRS84 度）", "in the order west,south,east,north (degrees, CRS84)"
    example = "bbox=119.9,30.1,120.4,30.5"
    return ParameterError("bbox", text, f"bbox {zh}，{order_zh}，如 {example}。", f"bbox {en}, {order_en}: {example}.")


def read_datetime(text: str) -> str:
    """An RFC 3339 instant or interval; no layer has a time yet, so that every feature matches."""
    ends = [_instant(end) for end in text.split("/")]
    known = [end for end in ends if isinstance(end, datetime)]
    single = len(ends) == 1 and len(known) == 1
    interval = len(ends) == 2 and None not in ends and known == sorted(known) and known  # noqa: PLR2004
    if not (single or interval):
        raise ParameterError(
            "datetime",
            text,
            "datetime 应为 RFC 3339 时刻或区间（先早后晚），如 2024-07-01T00:00:00Z 或 2024-01-01T00:00:00Z/.. 。",
            "datetime should be an RFC 3339 instant or an interval, earlier end first, such as 2024-07-01T00:00:00Z or "
            "2024-01-01T00:00:00Z/..",
        )
    return text


def _instant(text: str) -> datetime | str | None:
    """An end of an interval: an instant or a date, the text of an open end, or None for what is neither."""
    if text in {"", ".."}:
        return text
    if not _INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def read_format(text: str) -> str:
    """The one format that these answers have."""
    if text.lower() not in _FORMATS:
        raise ParameterError("f", text, "f 应为 json 或 geojson。", "f should be json or geojson.")
    return text.lower()


def read_class(text: str) -> LandClass:
    """A class of industrial land in any of its spellings."""
    return land_class(text)


def _measure(name: str) -> BeforeValidator:
    """The number of a condition on land."""

    def read(text: str) -> float:
        return require_measure(name, float(text) if _NUMBER.fullmatch(text) else math.nan, text)

    return BeforeValidator(read)


def _named(name: str, zh: str, en: str) -> BeforeValidator:
    """Text that names something, and is not empty."""

    def read(text: str) -> str:
        if not text.strip():
            raise ParameterError(name, text, f"{name} 应为{zh}。", f"{name} should be {en}.")
        return text.strip()

    return BeforeValidator(read)


def read_synthetic(text: str) -> bool:
    """Whether made-up land may answer."""
    if text.lower() not in {"true", "false"}:
        raise ParameterError("synthetic", text, "synthetic 应为 true 或 false。", "synthetic should be true or false.")
    return text.lower() == "true"


Limit = Annotated[
    int,
    BeforeValidator(read_limit),
    Query(description="Features on a page.", json_schema_extra={"minimum": 1, "maximum": MOST_FEATURES}),
]
After = Annotated[int | None, BeforeValidator(read_after), Query(description="Key of a next link.")]
BboxParameter = Annotated[
    Any, BeforeValidator(read_bbox), Query(alias="bbox", description="west,south,east,north in CRS84 degrees.")
]
Datetime = Annotated[
    str | None, BeforeValidator(read_datetime), Query(alias="datetime", description="RFC 3339 instant or interval.")
]
Format = Annotated[str | None, BeforeValidator(read_format), Query(alias="f", description="json or geojson.")]
Near = Annotated[
    str,
    _named("near", "平台编号、“图层/编号”或“经度,纬度”", "the id of a laboratory or platform, LAYER/ID, or lon,lat"),
    Query(description="Id of a laboratory or platform, LAYER/ID of any feature, or lon,lat of a point."),
]
Subject = Annotated[
    str | None,
    _named("subject", "一个图层编号", "a layer's id"),
    Query(description="Layer to search, synthetic ones too; without it all industrial land, built in and imported."),
]
Synthetic = Annotated[
    Any,
    BeforeValidator(read_synthetic),
    Query(
        alias="synthetic", description="true: synthetic land may answer as well.", json_schema_extra={"type": "boolean"}
    ),
]
Inside = Annotated[
    Sequence[str],
    Query(description="Layer that the land must lie wholly within; may be given several times."),
]
Outside = Annotated[
    Sequence[str],
    Query(description="LAYER or LAYER:METRES that the land must keep clear of; may be given several times."),
]
LandClassParameter = Annotated[
    Any,
    BeforeValidator(read_class),
    Query(alias="land_class", description=f"{', '.join(one.code for one in CLASSES)}, in any spelling."),
]
MaxDistance = Annotated[
    float | None,
    _measure("max_distance_km"),
    Query(description="Greatest distance in km on the ellipsoid."),
]
MinArea = Annotated[float | None, _measure("min_area_ha"), Query(description="Least area of the class in ha.")]
