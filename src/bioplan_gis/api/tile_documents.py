"""What tiles are told by: their matrix set (OGC 17-083r4), a layer's tileset (OGC 20-057), and TileJSON 3.0.

A tile says nothing of what it left out, so that the documents do: see ``NOTES_ZH`` and ``NOTES_EN``.
"""

import html
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from fastapi import Request

from bioplan_gis.api.collections import path_of, title_of, titles, to_collection
from bioplan_gis.api.documents import Document, base_url, link
from bioplan_gis.api.media import JSON, MVT, Media
from bioplan_gis.catalogue import Column
from bioplan_gis.crs import CRS84_URI
from bioplan_gis.storage.cells import OF_CELLS, cell_names
from bioplan_gis.storage.layers import Layer
from bioplan_gis.tiling import (
    FINEST_ZOOM,
    HALF_WORLD_M,
    MATRIX_SET,
    MATRIX_SET_URI,
    MOST_LATITUDE,
    MOST_ZOOM,
    Box,
    limits,
)

TILEJSON = Media("tilejson", "application/json", "TileJSON 3.0", ("json",))
STYLE = Media("style", "application/vnd.mapbox.style+json", "MapLibre style", ("json", "mbs", "application/json"))
MERCATOR_URI = "http://www.opengis.net/def/crs/EPSG/0/3857"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
# Width of a pixel as the standard draws a map (OGC 17-083r4, 6.1.1.1).
PIXEL_M = 0.00028
PIXELS_OF_A_SIDE = 256
NOTES_ZH = (
    "瓦片中要素的编号为 fid，属性 id 为其稳定编号；空值不写入瓦片（MVT 没有空值），清单与对象写作 JSON 文本。"
    "一块瓦片不超过 500 kB：容纳不下时先把轮廓化简到一个像素，仍不下则以格网代替要素，"
    "格内有 {aggregated} = true、{count}（要素数）、{area_m2}（面积之和）与 land_class（最多的用地类别），一个不漏。"
    "整个位于南北纬 85.0511° 以外（WebMercatorQuad 到此为止）的要素不在任何瓦片中，请取自要素接口。"
    "小于一个像素的线和面画成一个像素。"
)
NOTES_EN = (
    "A feature's id in a tile is its fid, and its property id the stable id; null values are left out, since MVT has "
    "none, and lists and objects are JSON text. A tile holds at most 500 kB: where the features do not fit, outlines "
    "are simplified to a pixel, and where that is not enough, cells of a grid stand for them, with {aggregated} = "
    "true, {count} (how many), {area_m2} (the sum of their areas) and land_class (the commonest); none is lost. What "
    "lies wholly beyond 85.0511 degrees north or south, where WebMercatorQuad ends, is in no tile: ask for it as "
    "features. Lines and areas smaller than a pixel are drawn as one."
)
_DIMENSIONS = {"POINT": 0, "LINESTRING": 1, "POLYGON": 2}
# What cells say that features do not.
_OF_CELLS: Mapping[str, tuple[str, str, str]] = {
    "aggregated": ("boolean", "以格网代替要素", "Whether a cell stands for features"),
    "count": ("integer", "格内要素数", "How many features the cell stands for"),
    "area_m2": ("integer", "格内要素面积之和（平方米）", "Sum of the areas of the cell's features (m2)"),
}
_TYPES: Mapping[str, Mapping[str, str]] = {
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


@cache
def matrix_set() -> Document:
    """WebMercatorQuad (OGC 17-083r4, annex D.1)."""
    matrices = []
    for zoom in range(MOST_ZOOM + 1):
        cell = 2 * HALF_WORLD_M / PIXELS_OF_A_SIDE / 2**zoom
        matrices.append(
            {
                "id": str(zoom),
                "scaleDenominator": cell / PIXEL_M,
                "cellSize": cell,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-HALF_WORLD_M, HALF_WORLD_M],
                "tileWidth": PIXELS_OF_A_SIDE,
                "tileHeight": PIXELS_OF_A_SIDE,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
        )
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": MATRIX_SET_URI,
        "crs": MERCATOR_URI,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }


def matrix_sets_document(request: Request) -> Document:
    """The matrix sets that there are: one (OGC 20-057, 13.2)."""
    found = matrix_set()
    named = {name: found[name] for name in ("id", "title", "uri", "crs")}
    itself = _link(request, f"/api/tileMatrixSets/{MATRIX_SET}", "self", JSON, MATRIX_SET)
    return {"tileMatrixSets": [named | {"links": [itself]}]}


def tilesets_document(request: Request, layer: Layer) -> Document:
    """A layer's tilesets: one (OGC 20-057, 9.2)."""
    document = _tileset_item(layer)
    itself = _link(request, tileset_path(layer), "self", JSON, document["title"])
    return {
        "tilesets": [document | {"links": [itself, *_links(request, layer)]}],
        "links": [to_collection(request, layer)],
    }


def tileset_document(request: Request, layer: Layer) -> Document:
    """A layer's tileset: where its tiles are, and what they hold (OGC 20-057, 8.2; OGC 17-083r4, 7)."""
    document = _tileset_item(layer) | {
        "description": described(layer),
        "attribution": layer.attribution,
        "license": layer.licence,
        "version": str(layer.version),
        "mediaTypes": [MVT.type],
        "tileMatrixSetLimits": [_limits(layer, zoom) for zoom in range(MOST_ZOOM + 1)],
        "layers": [_tile_layer(layer)],
        "links": [*_links(request, layer), to_collection(request, layer)],
    }
    if layer.bbox is not None:
        document |= {"boundingBox": _bounding_box(layer.bbox), "centerPoint": _centre_point(layer.bbox)}
    return document


def tilejson_document(request: Request, layer: Layer) -> Document:
    """The same as TileJSON 3.0; attribution is HTML there, and a layer's own is text."""
    fields = {"id": "编号 Id", **{column.name: _title(column) for column in layer.columns}}
    fields |= {name: f"{zh} {en}" for name, (_, zh, en) in _cells_of(layer).items()}
    tiles = f"{base_url(request)}{tileset_path(layer)}/{{z}}/{{y}}/{{x}}"
    vector_layer = {"id": layer.id, "description": described(layer), "fields": fields}
    document: Document = {
        "tilejson": "3.0.0",
        "name": title_of(layer),
        "description": described(layer),
        "version": f"{layer.version}.0.0",
        "attribution": html.escape(layer.attribution),
        "scheme": "xyz",
        "tiles": [tiles],
        "minzoom": 0,
        "maxzoom": FINEST_ZOOM,
        "vector_layers": [vector_layer | {"minzoom": 0, "maxzoom": FINEST_ZOOM}],
    }
    if layer.bbox is not None:
        bounds = _within_mercator(layer.bbox)
        middle, zoom = opening_view(layer.bbox)
        document |= {"bounds": list(bounds), "center": [*middle, zoom]}
    return document


def tileset_path(layer: Layer) -> str:
    """Where a layer's tileset stands."""
    return f"{path_of(layer)}/tiles/{MATRIX_SET}"


def style_path(layer: Layer) -> str:
    """Where a layer's style stands."""
    return f"{path_of(layer)}/styles/default"


def described(layer: Layer) -> str:
    """What the layer holds, and how its tiles hold it; Chinese first."""
    names = {name: name for name in OF_CELLS} | cell_names(layer)
    notes_zh, notes_en = NOTES_ZH.format(**names), NOTES_EN.format(**names)
    return " ".join(filter(None, (layer.description_zh, notes_zh, layer.description_en, notes_en)))


def opening_view(box: Box) -> tuple[list[float], int]:
    """Where a map of a box of degrees begins: its middle, longitude first, and the zoom that shows the whole."""
    bounds = _within_mercator(box)
    return _middle(bounds), fitting_zoom(bounds)


def fitting_zoom(box: Box) -> int:
    """The finest zoom at which a box of degrees fits into a tile or two."""
    west, south, east, north = box
    span = max(east - west, 2 * (north - south), 360 / 2**FINEST_ZOOM)
    return next(zoom for zoom in range(FINEST_ZOOM, -1, -1) if 360 / 2**zoom >= span or zoom == 0)


def _tileset_item(layer: Layer) -> Document:
    return {
        "title": title_of(layer),
        "dataType": "vector",
        "crs": MERCATOR_URI,
        "tileMatrixSetURI": MATRIX_SET_URI,
        "tileMatrixSetId": MATRIX_SET,
    }


def _links(request: Request, layer: Layer) -> list[dict[str, Any]]:
    path, title = tileset_path(layer), title_of(layer)
    template = _link(request, f"{path}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", MVT, f"{title} · {MVT.name}")
    return [
        template | {"templated": True},
        _link(request, f"/api/tileMatrixSets/{MATRIX_SET}", f"{REL}tiling-scheme", JSON, MATRIX_SET),
        _link(request, f"{path}/tilejson", "describedby", TILEJSON, TILEJSON.name),
        _link(request, style_path(layer), "stylesheet", STYLE, STYLE.name),
    ]


def _link(request: Request, path: str, rel: str, media: Media, title: str) -> dict[str, Any]:
    return dict(link(request, path, rel, media, title))


def _limits(layer: Layer, zoom: int) -> Document:
    first_row, last_row, first_col, last_col = limits(layer.bbox or (-180, -MOST_LATITUDE, 180, MOST_LATITUDE), zoom)
    return {
        "tileMatrix": str(zoom),
        "minTileRow": first_row,
        "maxTileRow": last_row,
        "minTileCol": first_col,
        "maxTileCol": last_col,
    }


def _tile_layer(layer: Layer) -> Document:
    """The one layer of a tile (OGC 17-083r4, 7.4)."""
    title_zh, title_en = titles(layer)
    family = (layer.geometry_type or "").removeprefix("MULTI")
    document: Document = {
        "id": layer.id,
        "title": title_of(layer),
        "title_zh": title_zh,
        "title_en": title_en,
        "description": described(layer),
        "dataType": "vector",
        "minTileMatrix": "0",
        "maxTileMatrix": str(MOST_ZOOM),
        "propertiesSchema": {"type": "object", "properties": _schema(layer)},
    }
    return document | ({"geometryDimension": _DIMENSIONS[family]} if family in _DIMENSIONS else {})


def _schema(layer: Layer) -> dict[str, Document]:
    own = {
        column.name: {"title": _title(column), **_TYPES.get(column.type, {"type": "string"})}
        for column in layer.columns
    }
    cells = {name: {"title": f"{zh} {en}", "type": kind} for name, (kind, zh, en) in _cells_of(layer).items()}
    return {"id": {"title": "编号 Id", "type": "string"}, **own, **cells}


def _cells_of(layer: Layer) -> dict[str, tuple[str, str, str]]:
    """What the layer's cells say, by the names that they have there."""
    return {name: _OF_CELLS[usual] for usual, name in cell_names(layer).items()}


def _title(column: Column) -> str:
    unit = f" ({column.unit})" if column.unit else ""
    return " ".join(dict.fromkeys((column.title_zh, column.title_en))) + unit


def _within_mercator(box: Box) -> Box:
    west, south, east, north = box
    low, high = -MOST_LATITUDE, MOST_LATITUDE
    return max(west, -180.0), min(max(south, low), high), min(east, 180.0), max(min(north, high), low)


def _middle(box: Sequence[float]) -> list[float]:
    west, south, east, north = box
    return [(west + east) / 2, (south + north) / 2]


def _bounding_box(box: Box) -> Document:
    return {"lowerLeft": list(box[:2]), "upperRight": list(box[2:]), "crs": CRS84_URI}


def _centre_point(box: Box) -> Document:
    return {"coordinates": _middle(box), "crs": CRS84_URI, "tileMatrix": str(fitting_zoom(box))}
