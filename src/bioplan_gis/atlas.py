"""What the map is made of, read from the database in one transaction."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from bioplan_gis.catalogue import Source
from bioplan_gis.maps import Atlas
from bioplan_gis.plans import read_plans
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import Layer, read_layers

# The most features of imported layers that one file carries.
MOST_CARRIED = 2000


def read_atlas(
    connection: Connection, sources: Iterable[Source] = (), *, carried: bool = False, synthetic: bool = False
) -> Atlas:
    """Every layer and layout that is loaded.

    Args:
        connection: to the database.
        sources: the catalogue's; what a record names as its source is shown by its title.
        carried: whether the page has no service to ask, and small imported layers must come with it.
        synthetic: whether made-up layers may come with it as well.
    """
    layers = read_layers(connection)
    own, imported = ([one for one in layers if one.imported is wanted] for wanted in (False, True))
    room = dict(_carried(imported, synthetic=synthetic)) if carried else {}
    return Atlas(
        layouts=tuple({"id": plan.id, **plan.facts} for plan in read_plans(connection)),
        collections={layer.id: json.loads(read_collection(connection, layer)) for layer in own},
        attributions=tuple(dict.fromkeys(line for layer in own for line in layer.attributions)),
        sources=tuple(sources),
        imports=tuple(
            _described(layer) | ({"features": _features(connection, layer)} if room.get(layer.id) else {})
            for layer in imported
            if layer.geometry_type
        ),
    )


def left_out(connection: Connection, *, synthetic: bool = False) -> Sequence[Layer]:
    """The imported layers that a file does not carry: too many features, or made up."""
    imported = [layer for layer in read_layers(connection) if layer.imported and layer.geometry_type]
    room = dict(_carried(imported, synthetic=synthetic))
    return [layer for layer in imported if not room[layer.id]]


def _carried(imported: Iterable[Layer], *, synthetic: bool) -> Iterator[tuple[str, bool]]:
    """Which layers a file has room for, the smallest first."""
    left = MOST_CARRIED
    for layer in sorted(imported, key=lambda one: one.feature_count):
        fits = layer.feature_count <= left and (synthetic or not layer.synthetic)
        left -= layer.feature_count * fits
        yield layer.id, fits


def _features(connection: Connection, layer: Layer) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(read_collection(connection, layer))["features"]
    return features


def _described(layer: Layer) -> dict[str, Any]:
    """What the page says of an imported layer before any of its features is there."""
    names = ("id", "title_zh", "title_en", "geometry_type", "licence", "attribution", "source", "synthetic")
    return {
        **{name: getattr(layer, name) for name in names},
        "conforms_to": layer.conforms_to,
        "count": layer.feature_count,
        "bbox": layer.bbox,
        "version": layer.version,
        "columns": [
            {name: getattr(column, name) for name in ("name", "type", "unit", "title_zh", "title_en")}
            for column in layer.columns
        ],
    }
