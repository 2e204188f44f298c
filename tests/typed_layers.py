"""A bureau's layer with a column of every type and Chinese names, made through the registry as an import would."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine

from bioplan_gis.catalogue import Column
from bioplan_gis.storage.database import writing
from bioplan_gis.storage.layers import Layer, replace_rows

TYPES = {
    "地块编号": "text", "name": "text", "面积（亩）": "number", "容积率": "number", "户数": "integer",
    "已出让": "boolean", "出让日期": "date", "开市": "time", "登记时间": "datetime", "更新": "timestamp",
    "细分领域": "list", "指标": "json",
}  # fmt: skip


def parcels(geometry_type: str | None = "GEOMETRY", **changes: Any) -> Layer:
    """The layer as the registry should describe it."""
    described: dict[str, Any] = {
        "id": "地块",
        "title_zh": "西湖区地块",
        "title_en": "Parcels of Xihu",
        "description_zh": "测试用的地块。",
        "description_en": "Parcels for tests.",
        "geometry_type": geometry_type,
        "version": 0,
        "digest": "",
        "feature_count": 0,
        "bbox": None,
        "licence": "CC-BY-4.0",
        "attribution": "西湖区规划局；测绘院",
        "source_ids": (),
        "synthetic": False,
        "columns": tuple(Column(name, kind, None, name, f"Title of {name}") for name, kind in TYPES.items()),
        **changes,
    }
    return Layer(**described)


def store_parcels(
    engine: Engine, records: Sequence[Mapping[str, Any]], shapes: Sequence[Any] | None, **changes: Any
) -> Layer:
    """Make the layer's table and fill it."""
    draft = parcels(**({"geometry_type": None} if shapes is None else {}), **changes)
    array = None
    if shapes is not None:
        array = np.empty(len(records), dtype=object)
        array[:] = list(shapes)
    with writing(engine) as connection:
        draft.table.create(connection)
        return replace_rows(connection, draft, records, array)
