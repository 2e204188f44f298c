"""Small layers for the storage tests: a core layer as the registry should describe it, filled with a few records."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine

from bioplan_gis.storage.database import writing
from bioplan_gis.storage.layers import Layer, replace_rows
from bioplan_gis.storage.tables import CORE_LAYERS

CORE = {core.id: core for core in CORE_LAYERS}


def draft(layer_id: str, **changes: Any) -> Layer:
    core = CORE[layer_id]
    described: dict[str, Any] = {
        **vars(core),
        "version": 0,
        "digest": "",
        "feature_count": 0,
        "bbox": None,
        "licence": "CC0-1.0",
        "attribution": "测试",
        "source_ids": ("labs",),
        "synthetic": False,
        **changes,
    }
    return Layer(**described)


def store(engine: Engine, layer_id: str, records: Sequence[Mapping[str, Any]], shapes: Sequence[Any] | None = None):
    """Fill a layer; shapes in the records' order, None among them; a layer with geometry gets none without."""
    array = None
    if CORE[layer_id].geometry_type:
        array = np.empty(len(records), dtype=object)
        array[:] = [None] * len(records) if shapes is None else list(shapes)
    with writing(engine) as connection:
        return replace_rows(connection, draft(layer_id), records, array)
