"""Files as a bureau has them, for the tests of imports: small, hand-made, with whole-number answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import shapely

# In Qiantang, in EPSG:4549 metres: squares of 100 m beside one another, 1 ha each.
EAST, NORTH = 540_000.0, 3_350_000.0
HA_IN_MU = 15.0


def squares(count: int, *, first: int = 0) -> list[shapely.Polygon]:
    """Squares of 1 ha in a row, in EPSG:4549."""
    lefts = [EAST + 200 * number for number in range(first, first + count)]
    return [shapely.box(left, NORTH, left + 100, NORTH + 100) for left in lefts]


def parcels(count: int = 3, **columns: Sequence[Any]) -> geopandas.GeoDataFrame:
    """Parcels as a bureau names their columns, in EPSG:4549."""
    facts: Mapping[str, Sequence[Any]] = {
        "地块编号": [f"杭政工出〔2024〕{number}号" for number in range(1, count + 1)],
        "用地性质": ["三类工业用地", "M2", "100101", "工业用地(M3)"][:count] * (1 + count // 4),
        "面积(亩)": [HA_IN_MU] * count,
        "容积率": ["1.5–2.5"] * count,
    }
    facts = {name: list(values)[:count] for name, values in {**facts, **columns}.items()}
    return geopandas.GeoDataFrame(facts, geometry=squares(count), crs=4549)


def as_file(frame: geopandas.GeoDataFrame, path: Path, **options: Any) -> Path:
    """A frame as a file of whatever kind the name says."""
    frame.to_file(path, **options)
    return path
