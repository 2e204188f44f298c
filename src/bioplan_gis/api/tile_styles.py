"""How a layer's tiles are drawn: a MapLibre style of our own colours, without glyphs or sprites."""

from typing import Any

from bioplan_gis.api.tile_documents import opening_view
from bioplan_gis.landuse import CLASSES
from bioplan_gis.storage.cells import cell_names, has_land_class
from bioplan_gis.storage.layers import Layer

PAPER, INK, AREA, LINE, SPOT = "#f4efe2", "#2b2823", "#8ba46c", "#27447c", "#a8442a"
SOURCE = "tiles"
# More points than these are drawn small where they stand close.
FEW_SPOTS = 2_000

Expression = Any
Drawn = dict[str, Any]


def style_document(layer: Layer, tilejson: str) -> dict[str, Any]:
    """A style of the Mapbox Style Specification, version 8, as MapLibre and QGIS read it.

    Args:
        layer: with geometry.
        tilejson: address of the layer's TileJSON.
    """
    title = " ".join(dict.fromkeys((layer.title_zh, layer.title_en)))
    middle, zoom = ([0.0, 0.0], 0) if layer.bbox is None else opening_view(layer.bbox)
    return {
        "version": 8,
        "name": title,
        "center": middle,
        "zoom": zoom,
        "metadata": {"attribution": layer.attribution, "synthetic": layer.synthetic},
        "sources": {SOURCE: {"type": "vector", "url": tilejson}},
        "layers": [
            {"id": "paper", "type": "background", "paint": {"background-color": PAPER}},
            *_features(layer),
        ],
    }


def _features(layer: Layer) -> list[Drawn]:
    """What draws the kinds of geometry that the layer can have: QGIS 3.22 heeds no filter on the kind."""
    areas, lines, spots = _areas(layer), _lines(layer), _spots(layer)
    match (layer.geometry_type or "").removeprefix("MULTI"):
        case "POLYGON":
            return areas
        case "LINESTRING":
            return [*_cells(layer), *lines]
        case "POINT":
            return spots
    return [*areas, *lines, *spots]


def _cells(layer: Layer) -> list[Drawn]:
    paint = {"fill-color": _of_class(layer, AREA), "fill-opacity": _by_count(layer, 0.6, 1.0), "fill-antialias": False}
    return [_drawn(layer, "cells", "fill", _is(layer, "Polygon", aggregated=True), paint)]


def _areas(layer: Layer) -> list[Drawn]:
    inside = {"fill-color": _of_class(layer, AREA), "fill-opacity": 0.6}
    outline = {"line-color": _of_class(layer, INK), "line-width": _by_zoom(8, 0.3, 16, 1.2)}
    return [
        *_cells(layer),
        _drawn(layer, "areas", "fill", _is(layer, "Polygon"), inside),
        _drawn(layer, "outlines", "line", _is(layer, "Polygon"), outline),
    ]


def _lines(layer: Layer) -> list[Drawn]:
    paint = {"line-color": LINE, "line-width": _by_zoom(6, 0.8, 16, 2.5)}
    return [_drawn(layer, "lines", "line", _is(layer, "LineString"), paint)]


def _spots(layer: Layer) -> list[Drawn]:
    cells = {
        "circle-color": SPOT,
        "circle-opacity": _by_count(layer, 0.45, 0.95),
        "circle-radius": _by_count(layer, 1.2, 3.0),
    }
    crowded = layer.feature_count > FEW_SPOTS
    spots = {
        "circle-color": _of_class(layer, SPOT),
        # Far out, a feature is as large as a cell that counts one, so that tiles of both kinds go together.
        "circle-radius": _by_zoom(9, 1.4, 16, 5.0) if crowded else _by_zoom(5, 2.5, 16, 5.0),
        "circle-stroke-color": PAPER,
        "circle-stroke-width": _by_zoom(11, 0.0, 16, 1.2) if crowded else _by_zoom(5, 0.5, 16, 1.2),
    }
    return [
        _drawn(layer, "counts", "circle", _is(layer, "Point", aggregated=True), cells),
        _drawn(layer, "spots", "circle", _is(layer, "Point"), spots),
    ]


def _drawn(layer: Layer, name: str, kind: str, chosen: Expression, paint: dict[str, Expression]) -> Drawn:
    return {"id": name, "type": kind, "source": SOURCE, "source-layer": layer.id, "filter": chosen, "paint": paint}


def _is(layer: Layer, kind: str, *, aggregated: bool = False) -> Expression:
    """Whether a feature is of a kind of geometry, and stands for itself or for others."""
    counted = ["==", ["get", cell_names(layer)["aggregated"]], True]
    return ["all", ["==", ["geometry-type"], kind], counted if aggregated else ["!", counted]]


def _of_class(layer: Layer, otherwise: str) -> Expression:
    """The colour of a class of land, where the layer says of which class its features are."""
    if not has_land_class(layer):
        return otherwise
    colours = [part for one in CLASSES for part in (one.code, one.colour)]
    return ["match", ["to-string", ["get", "land_class"]], *colours, otherwise]


def _by_count(layer: Layer, one: float, thousand: float) -> Expression:
    """From what a cell of one feature is drawn by to what one of a thousand is."""
    count = ["to-number", ["get", cell_names(layer)["count"]], 1]
    return ["interpolate", ["linear"], ["log10", ["max", 1, count]], 0, one, 3, thousand]


def _by_zoom(low: int, least: float, high: int, most: float) -> Expression:
    return ["interpolate", ["linear"], ["zoom"], low, least, high, most]
