"""What may be asked of the service: one entry an address, from which the OpenAPI document is written.

A parameter here is the very object by which the route reads it. ``tests/test_openapi.py`` holds the table to the routes
of the application: each stands here once, and nothing else does.
"""

from dataclasses import dataclass
from typing import Any

from bioplan_gis.api import collections, features, sites, tiles
from bioplan_gis.api.downloads import ALTERED_VALUES, OMITTED_FEATURES
from bioplan_gis.api.media import GEOJSON, HTML, ITEM_MEDIAS, JSON, JSONFG, MVT, OPENAPI, SCHEMA, Media
from bioplan_gis.api.parameters import Parameter
from bioplan_gis.api.params import COLLECTIONS_AFTER, COLLECTIONS_LIMIT
from bioplan_gis.api.tile_documents import STYLE, TILEJSON
from bioplan_gis.tiling import MATRIX_SET

Answers = tuple[tuple[Media, str], ...]
Parameters = tuple[Parameter[Any], ...]

BINARY = "file"
PAGE = "page"


@dataclass(frozen=True)
class Tag:
    """A subject of the service.

    Attributes:
        name: by which operations name it.
        zh: what it is about, in Chinese.
        en: the same in English.
    """

    name: str
    zh: str
    en: str


SERVICE = Tag("service", "服务说明", "What the service is and keeps")
DATA = Tag("data", "图层与要素", "Layers and their features")
TILES = Tag("tiles", "矢量瓦片", "Vector tiles")
PLANNING = Tag("planning", "空间布局与选址", "Layouts and site selection")
HEALTH = Tag("health", "运行状态", "Whether the service is well")
TAGS = (SERVICE, DATA, TILES, PLANNING, HEALTH)


@dataclass(frozen=True)
class Operation:
    """A GET of one address, which answers HEAD too.

    Attributes:
        id: operationId.
        path: below the API's root, or below the service's where it stands beside the API; braces name its variables.
        tag: its subject.
        zh: what it answers, in Chinese.
        en: the same in English.
        answers: kinds of answers with the names of their schemas, the usual one first.
        parameters: in the query.
        headers: that an answer may carry, besides those that all do.
        beside: whether it stands beside the API, at the service's root.
        stored: whether the database is asked.
        by_layer: whether each layer has columns of its own as parameters of it.
        hollow: whether it answers 204 where there is nothing.
    """

    id: str
    path: str
    tag: Tag
    zh: str
    en: str
    answers: Answers
    parameters: Parameters = ()
    headers: tuple[str, ...] = ()
    beside: bool = False
    stored: bool = True
    by_layer: bool = False
    hollow: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of its path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def document(schema: str, media: Media = JSON) -> Answers:
    """A document that has a page, too."""
    return ((media, schema), (HTML, PAGE))


def features_as(schema: str) -> Answers:
    """Features in every kind that there is; a layer without geometry lacks some."""
    named = {GEOJSON: schema, HTML: PAGE, JSONFG: schema}
    return tuple((media, named.get(media, BINARY)) for media in ITEM_MEDIAS)


PLAIN = collections.PLAIN
_OF_FEATURES = ("Content-Crs", "Content-Disposition", "Link", OMITTED_FEATURES, ALTERED_VALUES)

_TILESET = f"/collections/{{collectionId}}/tiles/{MATRIX_SET}"
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "landingPage", "/", SERVICE, "首页：从这里可以找到一切", "Landing page, which leads to everything else",
        document("landingPage"), PLAIN, stored=False,
    ),
    Operation(
        "openapi", "/openapi.json", SERVICE, "本接口说明", "This document", document("openapi", OPENAPI), PLAIN
    ),
    Operation(
        "apiPage", "/openapi", SERVICE, "本接口说明，或其网页", "This document, or its page",
        document("openapi", OPENAPI), PLAIN,
    ),
    Operation(
        "conformance", "/conformance", SERVICE, "所符合的标准条目", "The conformance classes that the service keeps",
        document("conformance"), PLAIN, stored=False,
    ),
    Operation(
        "collections", "/collections", DATA, "全部图层，分页", "The layers, a page at a time",
        document("collections"), (COLLECTIONS_LIMIT, COLLECTIONS_AFTER, *PLAIN),
    ),
    Operation(
        "collection", "/collections/{collectionId}", DATA, "一个图层：范围、属性列、许可与版本",
        "One layer: its extent, columns, licence and version", document("collection"), PLAIN,
    ),
    Operation(
        "items", "/collections/{collectionId}/items", DATA, "要素，按页或全部", "Features, a page of them or all",
        features_as("featureCollection"), features.ITEMS_PARAMETERS, _OF_FEATURES,
        by_layer=True,
    ),
    Operation(
        "item", "/collections/{collectionId}/items/{featureId}", DATA, "一个要素", "One feature",
        features_as("feature"), features.ITEM_PARAMETERS, _OF_FEATURES,
    ),
    Operation(
        "queryables", "/collections/{collectionId}/queryables", DATA, "可筛选的属性",
        "The properties that a filter may name", document("jsonSchema", SCHEMA), PLAIN,
    ),
    Operation(
        "sortables", "/collections/{collectionId}/sortables", DATA, "可排序的属性",
        "The properties that sortby may name", document("jsonSchema", SCHEMA), PLAIN,
    ),
    Operation(
        "schema", "/collections/{collectionId}/schema", DATA, "要素的结构", "What a feature holds",
        document("jsonSchema", SCHEMA), PLAIN,
    ),
    Operation(
        "functions", "/functions", DATA, "筛选条件中可用的函数", "The functions that a filter may call",
        document("functions"), PLAIN, stored=False,
    ),
    Operation(
        "tileMatrixSets", "/tileMatrixSets", TILES, "瓦片矩阵集", "The tile matrix sets",
        document("tileMatrixSets"), PLAIN, stored=False,
    ),
    Operation(
        "tileMatrixSet", f"/tileMatrixSets/{MATRIX_SET}", TILES, "一个瓦片矩阵集", "One tile matrix set",
        document("tileMatrixSet"), PLAIN, stored=False,
    ),
    Operation(
        "tilesets", "/collections/{collectionId}/tiles", TILES, "图层的瓦片集", "The tilesets of a layer",
        document("tilesets"), PLAIN,
    ),
    Operation(
        "tileset", _TILESET, TILES, "一个瓦片集：瓦片在何处、有何内容",
        "One tileset: where its tiles are, what they hold",
        document("tileset"), PLAIN,
    ),
    Operation(
        "tilejson", f"{_TILESET}/tilejson", TILES, "瓦片集的 TileJSON 3.0", "A tileset as TileJSON 3.0",
        ((TILEJSON, "tilejson"),), tiles.TILEJSON_PARAMETERS,
    ),
    Operation(
        "style", "/collections/{collectionId}/styles/default", TILES, "图层的 MapLibre 样式",
        "A MapLibre style of a layer",
        ((STYLE, "style"),), tiles.STYLE_PARAMETERS,
    ),
    Operation(
        "tile", f"{_TILESET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", TILES, "一块矢量瓦片（先行后列）",
        "A vector tile; the row goes before the column", ((MVT, BINARY),), tiles.TILE_PARAMETERS, hollow=True,
    ),
    Operation(
        "layouts", "/layouts", PLANNING, "空间布局及其提法", "Layouts and the phrases that sum them up",
        document("layouts"), PLAIN,
    ),
    Operation(
        "layout", "/layouts/{layoutId}", PLANNING, "一个空间布局及其各区", "One layout with its zones and links",
        document("layout"), PLAIN,
    ),
    Operation(
        "sites", "/sites", PLANNING, "某处附近的用地，由近及远，并说明理由",
        "Land near a place, nearest first, each with why it is an answer",
        document("sites", GEOJSON), sites.PARAMETERS,
    ),
    Operation(
        "health", "/healthz", HEALTH, "进程在运行", "The process is up", ((JSON, "health"),), beside=True, stored=False
    ),
    Operation(
        "readiness", "/readyz", HEALTH, "数据库可用，各图层的版本", "The database answers; the version of every layer",
        ((JSON, "readiness"),), beside=True,
    ),
)  # fmt: skip
