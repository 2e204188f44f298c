"""Vector tiles of every layer: OGC API Tiles 1.0 (OGC 20-057), TileJSON 3.0, and a MapLibre style."""

import re
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from bioplan_gis.api.collections import PLAIN
from bioplan_gis.api.connections import of_layer, reading_for
from bioplan_gis.api.documents import Document, answer, base_url, encode, entity_tag, is_held, memory_of, represented
from bioplan_gis.api.media import MVT, Media
from bioplan_gis.api.parameters import Asked, Parameter, read_parameters
from bioplan_gis.api.params import DATETIME, FILTER, FILTER_CRS, FILTER_LANG, LANG, PROPERTIES, format_of
from bioplan_gis.api.questions import conditions
from bioplan_gis.api.routes import Routes
from bioplan_gis.api.tile_documents import (
    STYLE,
    TILEJSON,
    matrix_set,
    matrix_sets_document,
    tilejson_document,
    tileset_document,
    tileset_path,
    tilesets_document,
)
from bioplan_gis.api.tile_styles import style_document
from bioplan_gis.errors import NotFoundError
from bioplan_gis.storage.filters import refused_overflow
from bioplan_gis.storage.layers import Layer, read_layer
from bioplan_gis.storage.questions import chosen_properties
from bioplan_gis.storage.tiles import TileQuestion, read_tile
from bioplan_gis.tiling import MATRIX_SET, MOST_ZOOM, Tile

router = Routes("/api")

TILE_PARAMETERS: tuple[Parameter[Any], ...] = (
    FILTER, FILTER_LANG, FILTER_CRS, DATETIME, PROPERTIES, format_of((MVT,)), LANG
)  # fmt: skip
TILEJSON_PARAMETERS = (format_of((TILEJSON,)), LANG)
STYLE_PARAMETERS = (format_of((STYLE,)), LANG)
_TILESET = f"/collections/{{layer_id}}/tiles/{MATRIX_SET}"


@router.get("/tileMatrixSets")
def matrix_sets(request: Request) -> Response:
    """The tile matrix sets (OGC 20-057, 13.2)."""
    asked = read_parameters(request, PLAIN)
    return represented(request, asked, lambda: matrix_sets_document(request), "tileMatrixSets")


@router.get(f"/tileMatrixSets/{MATRIX_SET}")
def matrix_set_definition(request: Request) -> Response:
    """The one tile matrix set (OGC 20-057, 13.3)."""
    asked = read_parameters(request, PLAIN)
    return represented(request, asked, lambda: dict(matrix_set()), "tileMatrixSet")


@router.get("/collections/{layer_id}/tiles")
def tilesets(request: Request, layer_id: str) -> Response:
    """The tilesets of a layer (OGC 20-057, 9.2)."""
    asked, layer = read_parameters(request, PLAIN), _layer(request, layer_id)
    return represented(request, asked, lambda: tilesets_document(request, layer), "tilesets", [layer])


@router.get(_TILESET)
def tileset(request: Request, layer_id: str) -> Response:
    """A tileset (OGC 20-057, 8.2)."""
    asked, layer = read_parameters(request, PLAIN), _layer(request, layer_id)
    return represented(request, asked, lambda: tileset_document(request, layer), "tileset", [layer])


@router.get(f"{_TILESET}/tilejson")
def tilejson(request: Request, layer_id: str) -> Response:
    """A tileset as TileJSON 3.0."""
    read_parameters(request, TILEJSON_PARAMETERS)
    layer = _layer(request, layer_id)
    return _settled(request, layer, tilejson_document(request, layer), TILEJSON)


@router.get("/collections/{layer_id}/styles/default")
def style(request: Request, layer_id: str) -> Response:
    """A MapLibre style of a layer's tiles."""
    read_parameters(request, STYLE_PARAMETERS)
    layer = _layer(request, layer_id)
    address = f"{base_url(request)}{tileset_path(layer)}/tilejson"
    return _settled(request, layer, style_document(layer, address), STYLE)


@router.get(f"{_TILESET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}")
def tile(request: Request, layer_id: str, **named: str) -> Response:
    """A vector tile (OGC 20-057, 7.2): 204 where there is nothing in it, 404 where there is no such tile."""
    place = _place(*(named[part] for part in ("tileMatrix", "tileRow", "tileCol")))

    def answered(connection: Connection, layer: Layer) -> Response | None:
        _require_geometry(layer)
        asked = read_parameters(request, TILE_PARAMETERS)
        with refused_overflow(asked[FILTER], name="filter"):
            return _tile_of(request, asked, connection, layer, place)

    return of_layer(request, layer_id, answered)


def _tile_of(request: Request, asked: Asked, connection: Connection, layer: Layer, place: Tile) -> Response | None:
    """A tile; None where the layer is no longer what it was taken for."""
    tag, name = entity_tag(request, [layer]), f"{request.url} {MVT.id}"
    remembered = memory_of(request).find(name)
    known = layer.digest if is_held(request, tag) or (remembered and remembered.digest == layer.digest) else None
    found = read_tile(connection, layer, place, _question(connection, layer, asked, known))
    if found.digest != layer.digest:
        return None
    body = found.body
    if body is None:
        body = b"" if remembered is None else remembered.body
    else:
        memory_of(request).keep(name, layer.digest, body)
    response = answer(request, body, MVT, tag, {})
    if not body and response.status_code == 200:  # noqa: PLR2004
        return Response(status_code=204, headers={"ETag": tag, "Cache-Control": "no-cache"})
    return response


def _question(connection: Connection, layer: Layer, asked: Asked, held: str | None) -> TileQuestion:
    names = asked[PROPERTIES]
    return TileQuestion(
        where=tuple(conditions(layer, asked, connection.dialect.name)),
        properties=None if names is None else chosen_properties(layer, names),
        held=held,
    )


def _settled(request: Request, layer: Layer, document: Document, media: Media) -> Response:
    """A document that is JSON only."""
    return answer(request, encode(document), media, entity_tag(request, [layer]), {})


def _layer(request: Request, layer_id: str) -> Layer:
    with reading_for(request) as connection:
        layer = read_layer(connection, layer_id)
    _require_geometry(layer)
    return layer


def _require_geometry(layer: Layer) -> None:
    if layer.geometry_type is None:
        raise NotFoundError(
            f"“{layer.id}”是没有几何的表，没有瓦片；请用 /api/collections/{layer.id}/items。",
            f"“{layer.id}” is a table without geometry and has no tiles; see /api/collections/{layer.id}/items.",
        )


def _place(*named: str) -> Tile:
    """The tile that a path names.

    Raises:
        NotFoundError: the matrix set has none there.
    """
    # One address a tile: no zeros before; and no zoom has more rows than ten digits can count.
    numbers = [int(text) if re.fullmatch("0|[1-9][0-9]{0,9}", text) else -1 for text in named]
    zoom, row, col = numbers
    if not (0 <= zoom <= MOST_ZOOM and 0 <= row < 2**zoom and 0 <= col < 2**zoom):
        shown = "/".join(named)[:100]
        raise NotFoundError(
            f"{MATRIX_SET} 没有瓦片 {shown}；依次为级别（0 到 {MOST_ZOOM}）、行、列，行与列小于 2 的级别次方。",
            f"{MATRIX_SET} has no tile {shown}: first the zoom, 0 to {MOST_ZOOM}, then row and column, each less than "
            "2 to the power of the zoom.",
        )
    return Tile(zoom, row, col)
