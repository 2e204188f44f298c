"""What GDAL loses of GeoJSON: whole numbers beyond 64 bits, and that a geometry is there where it cannot be read.

The file is read once more for it, and only where there is something to be found.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.importing.reading.feature_ids import features
from bioplan_gis.importing.rows import Note

MOST_WHOLE = 2.0**63
UNREAD_GEOMETRY = Note(
    "几何的坐标不能识别（不是数字，或结构与其类型不符）。",
    "The coordinates of the geometry cannot be read: they are no numbers, or not laid out as its type asks.",
)


def long_integers(path: Path, first: pa.RecordBatch) -> dict[str, pa.Array]:
    """By column, all values as texts, where the first rows have whole numbers that no 64 bits hold."""
    names = [name for name in first.schema.names if _has_long_integers(first.column(name))]
    texts: dict[str, list[str | None]] = {name: [] for name in names}
    found = set()
    for feature in features(path) if names else ():
        properties = feature.get("properties")
        for name in names:
            value = properties.get(name) if isinstance(properties, Mapping) else None
            texts[name].append(None if value is None else str(value))
            if isinstance(value, int) and abs(value) >= MOST_WHOLE:
                found.add(name)
    return {name: pa.array(texts[name], pa.string()) for name in names if name in found}


def _has_long_integers(column: pa.Array) -> bool:
    return pa.types.is_float64(column.type) and bool(
        pc.any(pc.greater_equal(pc.abs(column), pa.scalar(MOST_WHOLE))).as_py()
    )


def long_integers_note(names: Mapping[str, pa.Array]) -> Note:
    """That columns became text."""
    shown = "、".join(names)
    return Note(
        f"列“{shown}”含有超出 64 位的整数，作为文字保留，以免丢失末位数字。",
        f"Column {shown} holds whole numbers beyond 64 bits; it is kept as text so that no digit is lost.",
    )


def said_geometries(path: Path) -> NDArray[np.bool_]:
    """For each feature, whether it says that it has a geometry."""
    return np.array([isinstance(feature.get("geometry"), dict) for feature in features(path)], bool)
