"""Media types that the service speaks, and which of them a client wants: ``f=`` first, then ``Accept``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from bioplan_gis.errors import NotAcceptableError, ParameterError


@dataclass(frozen=True)
class Media:
    """A kind of answer.

    Attributes:
        id: by which ``f=`` asks for it.
        type: its media type, as the answer carries it.
        name: as people call it.
        also: further media types that ask for it, and further values of ``f=``.
    """

    id: str
    type: str
    name: str
    also: tuple[str, ...] = ()

    @property
    def essence(self) -> str:
        """Its media type without parameters, in lower case."""
        return self.type.split(";")[0].lower()

    @property
    def in_links(self) -> str:
        """Its media type as a link has it: clients compare it whole, and the charset is UTF-8 throughout."""
        return self.type.removesuffix("; charset=utf-8")


JSON = Media("json", "application/json", "JSON", ("text/plain",))
HTML = Media("html", "text/html; charset=utf-8", "HTML", ("application/xhtml+xml",))
# GDAL and QGIS read a GeoJSON URL with ``Accept: text/plain, application/json``.
GEOJSON = Media("geojson", "application/geo+json", "GeoJSON", ("json", "application/json", "text/plain"))
JSONFG = Media(
    "jsonfg", "application/vnd.ogc.fg+json", "JSON-FG", ("application/fg+json", "application/geo+json;profile=jsonfg")
)
NDJSON = Media(
    "ndjson",
    "application/x-ndjson",
    "GeoJSON 行 newline-delimited GeoJSON",
    ("geojsonl", "application/geo+jsonl", "application/jsonl", "application/x-jsonlines", "application/ndjson"),
)
CSV = Media("csv", "text/csv; charset=utf-8", "CSV")
XLSX = Media("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel XLSX")
GPKG = Media("gpkg", "application/geopackage+sqlite3", "GeoPackage", ("application/x-sqlite3",))
SHP = Media("shp", "application/zip", "Shapefile (ZIP)", ("application/x-shapefile", "application/x-zipped-shp"))
FGB = Media("fgb", "application/vnd.flatgeobuf", "FlatGeobuf", ("application/flatgeobuf",))
PARQUET = Media("parquet", "application/vnd.apache.parquet", "GeoParquet", ("application/x-parquet",))
KML = Media("kml", "application/vnd.google-earth.kml+xml", "KML")
SCHEMA = Media("schema", "application/schema+json", "JSON Schema", ("json", "application/json", "text/plain"))
OPENAPI = Media(
    "openapi", "application/vnd.oai.openapi+json;version=3.0", "OpenAPI 3.0", ("json", "application/json", "text/plain")
)
# Kinds of a layer's features, the usual one first, and those that only a layer with geometry has.
ITEM_MEDIAS = (GEOJSON, HTML, JSONFG, NDJSON, CSV, XLSX, GPKG, SHP, FGB, PARQUET, KML)
OF_GEOMETRY = frozenset({SHP, FGB, KML})
MVT = Media("mvt", "application/vnd.mapbox-vector-tile", "Mapbox Vector Tile", ("application/x-protobuf", "pbf"))
PROBLEM = Media("problem", "application/problem+json", "RFC 9457")

# RFC 9110, 12.4.2
_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_MOST_RANGES = 50


def negotiated(request: Request, offered: Sequence[Media], asked: str | None = None) -> Media:
    """The kind of answer that a client wants.

    Args:
        request: with its ``Accept`` header; none, or one that takes anything, is given the first that is offered.
        offered: the kinds that there are, the usual one first.
        asked: the value of ``f``, which goes before ``Accept``.

    Raises:
        ParameterError: ``f`` names none of them.
        NotAcceptableError: ``Accept`` takes none of them.
    """
    if asked is not None:
        return media_named(asked, offered)
    accept = request.headers.get("accept", "")
    if not accept.strip() or accept == "*/*":
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")[:_MOST_RANGES]]
    weights = [_weight(media, ranges) for media in offered]
    best = max(weights)
    if best <= 0:
        raise NotAcceptableError(
            f"此处没有 Accept 所要的类型“{accept[:200]}”；可用的有 {'、'.join(one.type for one in offered)}，"
            "也可用 f= 指定。",
            f"Nothing here is of a type that Accept takes, “{accept[:200]}”; there are "
            f"{', '.join(one.type for one in offered)}; f= chooses as well.",
        )
    return offered[weights.index(best)]


def media_named(text: str, offered: Sequence[Media]) -> Media:
    """The kind of answer that ``f`` names.

    Raises:
        ParameterError: it is not offered; the error lists what is.
    """
    wanted = text.strip().lower()
    for media in offered:
        if wanted in {media.id, media.essence, media.type.lower()} or wanted in media.also:
            return media
    known = [media.id for media in offered]
    raise ParameterError(
        "f", text, f"f：没有格式“{text[:100]}”；可用的有 {'、'.join(known)}。",
        f"f: there is no format “{text[:100]}”; there are {', '.join(known)}.",
    )  # fmt: skip


def quality(text: str) -> float:
    """A weight as RFC 9110 writes it; what is none weighs nothing."""
    return float(text or 1) if _QUALITY.fullmatch(text or "1") else 0.0


def _range(part: str) -> tuple[str, float]:
    """A media range without its parameters, and its weight."""
    essence, *parameters = (one.strip().lower() for one in part.split(";"))
    weights = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
    return essence, quality(weights[0] if weights else "")


def _weight(media: Media, ranges: Sequence[tuple[str, float]]) -> float:
    """What the most specific range that takes it says; its own type goes before those that it also answers to."""
    for essences, share in (((media.essence,), 1.0), (media.also, 0.9999)):
        weights = [weight for essence, weight in ranges if essence in essences]
        if weights:
            return share * max(weights)
    kind = media.essence.split("/")[0]
    for wildcard, share in ((f"{kind}/*", 0.999), ("*/*", 0.99)):
        weights = [weight for essence, weight in ranges if essence == wildcard]
        if weights:
            return share * max(weights)
    return 0.0
