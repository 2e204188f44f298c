"""Whether two answers say the same: features, their properties and their coordinates, or a tile's features."""

import json
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely

# Coordinates may be rounded to other digits; 1e-7 degrees are a centimetre.
NEAR_ENOUGH_DEGREES = 1.1e-7


def difference(kind: str, ours: bytes, theirs: bytes) -> str:
    """What differs, in a few words; empty where nothing does."""
    if kind == "tile":
        return _tiles_differ(ours, theirs)
    our, their = json.loads(ours), json.loads(theirs)
    if kind == "feature":
        return _features_differ([our], [their])
    found = _features_differ(our["features"], their["features"], some=kind == "near")
    return found or ("" if their["features"] else "no features")


def _features_differ(our: list[dict[str, Any]], their: list[dict[str, Any]], *, some: bool = False) -> str:
    """``some``: ours may have more properties."""
    if [one["id"] for one in our] != [one["id"] for one in their]:
        common = {one["id"] for one in our} & {one["id"] for one in their}
        return f"ids: {len(our)} and {len(their)}, {len(common)} of them common"
    for one, other in zip(our, their, strict=True):
        mine = {name: one["properties"].get(name) for name in other["properties"]} if some else one["properties"]
        if mine != other["properties"]:
            names = [name for name in other["properties"] if mine.get(name) != other["properties"][name]]
            return f"properties of {one['id']}: {', '.join(names) or 'more'}"
        if not _near(one["geometry"], other["geometry"]):
            return f"geometry of {one['id']}"
    return ""


def _near(one: dict[str, Any], other: dict[str, Any]) -> bool:
    mine, its = (shapely.get_coordinates(shapely.from_geojson(json.dumps(shape))) for shape in (one, other))
    return mine.shape == its.shape and bool(np.all(np.abs(mine - its) < NEAR_ENOUGH_DEGREES))


def _tiles_differ(ours: bytes, theirs: bytes) -> str:
    our, their = (mapbox_vector_tile.decode(tile) if tile else {} for tile in (ours, theirs))
    counts = [sum(len(layer["features"]) for layer in tile.values()) for tile in (our, their)]
    if counts[0] != counts[1]:
        return f"features: {counts[0]:,} of {len(ours):,} bytes and {counts[1]:,} of {len(theirs):,}"
    names = [{name for layer in tile.values() for one in layer["features"] for name in one["properties"]}
             for tile in (our, their)]  # fmt: skip
    return f"properties: {', '.join(sorted(names[0] ^ names[1]))}" if names[0] != names[1] else ""
