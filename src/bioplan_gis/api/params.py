"""The parameters that this service takes, each read strictly and refused with what would be right."""

import csv
import math
import re
from collections.abc import Callable, Sequence

from bioplan_gis.api.media import HTML, ITEM_MEDIAS, JSON, Media, media_named
from bioplan_gis.api.parameters import Parameter
from bioplan_gis.crs import CRS84_URI, FEED_CRSS, FeedCrs, feed_crs
from bioplan_gis.errors import ParameterError
from bioplan_gis.landuse import CLASSES, LandClass, land_class
from bioplan_gis.siting.conditions import MEASURES, require_measure

DEFAULT_LIMIT = 100
MOST_FEATURES = 10_000
MOST_COLLECTIONS = 1_000
MOST_CHARACTERS_OF_A_KEY = 4_000

Numbers = tuple[float, ...]

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CRS_SCHEMA = {"type": "string", "format": "uri", "enum": [each.uri for each in FEED_CRSS], "default": CRS84_URI}


def _limit_reader(most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\+?[0-9]{1,400}", text) or not text.strip("+0"):
            raise ParameterError(
                "limit", text, f"limit 应为 1 到 {most} 的整数。", f"limit should be a whole number from 1 to {most}."
            )
        return min(int(text), most)

    return read


def read_after(text: str) -> str:
    """The key after which a page begins, as a ``next`` link carries it; its meaning depends on the order."""
    if not re.fullmatch(r"[A-Za-z0-9_=-]+", text) or len(text) > MOST_CHARACTERS_OF_A_KEY:
        raise wrong_key(text)
    return text


def _read_collection_key(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise wrong_key(text)
    return int(text)


def _read_offset(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ParameterError(
            "offset", text[:200], "offset 应为不小于 0 的整数。", "offset should be a whole number from 0 up."
        )
    return int(text)


def wrong_key(text: str) -> ParameterError:
    """The error for a key that no ``next`` link of this question carries."""
    return ParameterError(
        "after",
        text[:200],
        "after 由 next 链接给出，请原样使用该链接。",
        "after comes from a next link; follow that link as it is.",
    )


def read_bbox(text: str) -> Numbers:
    """Four or six finite numbers; what they mean is for ``bbox-crs`` to say."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in {4, 6} or not all(_NUMBER.fullmatch(part) for part in parts):
        raise _bbox_error(text)
    numbers = tuple(float(part) for part in parts)
    if not all(map(math.isfinite, numbers)):
        raise _bbox_error(text)
    return numbers


def _bbox_error(text: str) -> ParameterError:
    example = "bbox=119.9,30.1,120.4,30.5"
    return ParameterError(
        "bbox",
        text[:200],
        f"bbox 应为四个（或六个）用逗号分隔的数，缺省为 CRS84 度，顺序为西、南、东、北，如 {example}；"
        "其他坐标系用 bbox-crs，按其轴序。",
        "bbox should be four (or six) numbers with commas between, in degrees of CRS84 west,south,east,north unless "
        f"bbox-crs names another CRS, whose axis order then holds: {example}.",
    )


def _crs_parameter(name: str, zh: str, en: str) -> Parameter[FeedCrs]:
    return Parameter(name, lambda text: feed_crs(text, name), _CRS_SCHEMA, zh, en)


def _choice(name: str, *values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in values:
            raise ParameterError(
                name, text, f"{name} 应为 {'、'.join(values)} 之一。", f"{name} should be one of {', '.join(values)}."
            )
        return text.lower()

    return read


def _text(name: str, zh: str, en: str) -> Callable[[str], str]:
    """Reads text that names something, and is not empty."""

    def read(text: str) -> str:
        if not text.strip():
            raise ParameterError(name, text, f"{name} 应为{zh}。", f"{name} should be {en}.")
        return text.strip()

    return read


def _names(name: str) -> Callable[[str], tuple[str, ...]]:
    """Reads names with commas between, as a line of CSV; which ones there are is for the layer to say."""

    def read(text: str) -> tuple[str, ...]:
        try:
            names = tuple(part.strip() for part in next(csv.reader([text], skipinitialspace=True), ()))
        except csv.Error:
            names = ()
        if names and all(names):
            return names
        raise ParameterError(
            name,
            text[:200],
            f"{name} 应为用逗号分隔的属性名；名中有逗号的用双引号括起。",
            f"{name} should be names of properties with commas between; one that holds a comma in double quotes.",
        )

    return read


def _measure(name: str) -> Callable[[str], float]:
    """Reads the number of a condition on land."""

    def read(text: str) -> float:
        return require_measure(name, float(text) if _NUMBER.fullmatch(text) else math.nan, text)

    return read


def format_of(offered: Sequence[Media], zh: str = "", en: str = "") -> Parameter[str]:
    """The parameter ``f`` over some kinds of answers."""
    schema = {"type": "string", "enum": [media.id for media in offered]}
    return Parameter(
        "f",
        lambda text: media_named(text, offered).id,
        schema,
        f"答案的格式，优先于 Accept。{zh}",
        f"Format of the answer, before Accept. {en}".strip(),
    )


FORMAT = format_of((JSON, HTML))
ITEMS_FORMAT = format_of(ITEM_MEDIAS)
LANG: Parameter[str] = Parameter(
    "lang",
    _choice("lang", "zh", "en"),
    {"type": "string", "enum": ["zh", "en"]},
    "网页与错误说明的语言，优先于 Accept-Language。",
    "Language of HTML pages and of problems, before Accept-Language.",
)
LIMIT: Parameter[int] = Parameter(
    "limit",
    _limit_reader(MOST_FEATURES),
    {"type": "integer", "minimum": 1, "maximum": MOST_FEATURES, "default": DEFAULT_LIMIT},
    f"至多多少个要素；超过 {MOST_FEATURES} 按 {MOST_FEATURES}。文件格式不给 limit 即为全部。",
    f"The most features to return; above {MOST_FEATURES} it is {MOST_FEATURES}. Without it, file formats hold all.",
)
AFTER: Parameter[str] = Parameter(
    "after",
    read_after,
    {"type": "string", "pattern": "^[A-Za-z0-9_=-]+$", "maxLength": MOST_CHARACTERS_OF_A_KEY},
    "从哪个键之后开始，由 next 链接给出。",
    "The key after which to begin; a next link gives it.",
)
OFFSET: Parameter[int] = Parameter(
    "offset",
    _read_offset,
    {"type": "integer", "minimum": 0, "default": 0},
    "略去前面多少个要素；翻页请用 next 链接，不会因数据增减而错位。",
    "How many features to leave out at the beginning; a next link pages better, and does not slip as features come and "
    "go.",
)
COLLECTIONS_LIMIT: Parameter[int] = Parameter(
    "limit",
    _limit_reader(MOST_COLLECTIONS),
    {"type": "integer", "minimum": 1, "maximum": MOST_COLLECTIONS, "default": MOST_COLLECTIONS},
    "至多多少个图层。",
    "The most layers to list.",
    default=MOST_COLLECTIONS,
)
COLLECTIONS_AFTER: Parameter[int] = Parameter(
    "after",
    _read_collection_key,
    {"type": "integer", "minimum": 0},
    "从哪个键之后开始，由 next 链接给出。",
    "The key after which to begin; a next link gives it.",
    default=0,
)
BBOX: Parameter[Numbers] = Parameter(
    "bbox",
    read_bbox,
    {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
    "只要与此范围相交的要素：西、南、东、北（CRS84 度），或按 bbox-crs 的轴序。",
    "Only features that meet this box: west, south, east, north in degrees (CRS84), or in the axis order of bbox-crs.",
)
BBOX_CRS = _crs_parameter("bbox-crs", "bbox 的坐标系。", "CRS of bbox.")
CRS = _crs_parameter(
    "crs", "答案中坐标的坐标系，按其轴序。", "CRS of the coordinates of the answer, in its axis order."
)
DATETIME: Parameter[str] = Parameter(
    "datetime",
    _text("datetime", " RFC 3339 时刻或区间", "an RFC 3339 instant or interval"),
    {"type": "string"},
    "RFC 3339 时刻或区间，如 2024-01-01T00:00:00Z/..；没有时间的要素总是符合。",
    "An RFC 3339 instant or interval, such as 2024-01-01T00:00:00Z/..; features without a time always match.",
)
FILTER: Parameter[str] = Parameter(
    "filter",
    _text("filter", " CQL2 条件", "a CQL2 condition"),
    {"type": "string"},
    "CQL2 条件（OGC 21-065r2），文本或 JSON，如 land_class = 'M3' AND area_ha > 2。",
    "A CQL2 condition (OGC 21-065r2), text or JSON, such as land_class = 'M3' AND area_ha > 2.",
)
FILTER_LANG: Parameter[str] = Parameter(
    "filter-lang",
    _choice("filter-lang", "cql2-text", "cql2-json", "cql-text"),
    {"type": "string", "enum": ["cql2-text", "cql2-json", "cql-text"], "default": "cql2-text"},
    "filter 的语言；cql-text 是 GDAL 的叫法，按 cql2-text 读。",
    "Language of filter; cql-text is GDAL's name for what is read as cql2-text.",
)
FILTER_CRS = _crs_parameter("filter-crs", "filter 中坐标的坐标系。", "CRS of the coordinates in filter.")
SORTBY: Parameter[tuple[str, ...]] = Parameter(
    "sortby",
    _names("sortby"),
    {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": "^[+-]?.+$"}},
    "按属性排序，如 -area_ha,name_zh；空值在后。",
    "Order by properties, such as -area_ha,name_zh; those without a value come last.",
)
PROPERTIES: Parameter[tuple[str, ...]] = Parameter(
    "properties",
    _names("properties"),
    {"type": "array", "minItems": 1, "items": {"type": "string"}},
    "只返回这些属性。",
    "Return these properties only.",
)
COUNT: Parameter[str] = Parameter(
    "count",
    _choice("count", "exact", "none"),
    {"type": "string", "enum": ["exact", "none"]},
    "exact：总是给出准确的 numberMatched，可能较慢；none：不给。缺省时只在不费力时给出。",
    "exact: numberMatched always and exactly, which may take its time; none: never. Without it, where it is cheap.",
)
NEAR: Parameter[str] = Parameter(
    "near",
    _text("near", "平台编号、“图层/编号”或“经度,纬度”", "the id of a laboratory or platform, LAYER/ID, or lon,lat"),
    {"type": "string"},
    "平台编号、“图层/编号”或“经度,纬度”。",
    "Id of a laboratory or platform, LAYER/ID of any feature, or lon,lat of a point.",
    required=True,
)
SUBJECT: Parameter[str] = Parameter(
    "subject",
    _text("subject", "一个图层编号", "a layer's id"),
    {"type": "string"},
    "要找的图层，可为合成数据；不给则为全部工业用地。",
    "Layer to search, synthetic ones too; without it all industrial land, built in and imported.",
)
SYNTHETIC: Parameter[str] = Parameter(
    "synthetic",
    _choice("synthetic", "true", "false"),
    {"type": "boolean", "default": False},
    "true：合成的用地也作答。",
    "true: synthetic land may answer as well.",
)
INSIDE: Parameter[str] = Parameter(
    "inside",
    str,
    {"type": "array", "items": {"type": "string"}},
    "用地须完全在其内的图层；可给多次。",
    "Layer that the land must lie wholly within; may be given several times.",
    repeated=True,
)
OUTSIDE: Parameter[str] = Parameter(
    "outside",
    str,
    {"type": "array", "items": {"type": "string"}},
    "须避开的“图层”或“图层:米”；可给多次。",
    "LAYER or LAYER:METRES that the land must keep clear of; may be given several times.",
    repeated=True,
)
LAND_CLASS: Parameter[LandClass] = Parameter(
    "land_class",
    land_class,
    {"type": "string"},
    f"{'、'.join(one.code for one in CLASSES)}，各种写法均可。",
    f"{', '.join(one.code for one in CLASSES)}, in any spelling.",
)
MAX_DISTANCE: Parameter[float] = Parameter(
    "max_distance_km",
    _measure("max_distance_km"),
    {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": MEASURES["max_distance_km"].most},
    "椭球面上的最大距离（千米）。",
    "Greatest distance in km on the ellipsoid.",
)
MIN_AREA: Parameter[float] = Parameter(
    "min_area_ha",
    _measure("min_area_ha"),
    {"type": "number", "minimum": 0, "exclusiveMinimum": True, "maximum": MEASURES["min_area_ha"].most},
    "该类用地的最小面积（公顷）。",
    "Least area of the class in ha.",
)
