"""Made-up parcels and firms with a fixed seed, for measurements only: every layer is marked synthetic.

They come in as imported layers do, through staging and publishing, so that they get what the product gives any layer:
keys, indexes, statistics and an entry in the registry.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine

from bioplan_gis.catalogue import Column, read_catalogue
from bioplan_gis.landuse import CLASSES
from bioplan_gis.loading import load
from bioplan_gis.settings import bundled
from bioplan_gis.storage.bulk import insert_rows
from bioplan_gis.storage.database import settle, writing
from bioplan_gis.storage.imports import open_staging, publish
from bioplan_gis.storage.layers import Layer, read_layer

SEED = 20240701
AT_ONCE = 200_000
PARCELS, FIRMS = "parcels", "firms"
# Where people live in and around Hangzhou: longitude, latitude, spread in degrees, weight.
CITIES = np.array([
    (120.16, 30.26, 0.055, 30), (120.21, 30.21, 0.045, 16), (120.00, 30.28, 0.050, 12), (120.27, 30.17, 0.050, 10),
    (120.30, 30.42, 0.050, 7), (120.35, 30.31, 0.045, 6), (119.95, 30.05, 0.040, 4), (119.72, 30.23, 0.040, 3),
    (119.69, 29.80, 0.030, 2), (119.28, 29.47, 0.030, 1), (119.03, 29.61, 0.030, 1), (120.58, 30.03, 0.050, 8),
    (120.09, 30.87, 0.050, 5), (120.75, 30.75, 0.050, 6), (118.90, 30.10, 0.400, 1), (119.90, 30.20, 0.400, 4),
])  # fmt: skip
# How far out firms and land are found, as a multiple of that; what falls beyond the
# region comes in on the other side.
FIRMS_SPREAD, PARCELS_SPREAD = 2.0, 3.0
CORNER, SIZE = np.array((118.0, 28.9)), np.array((3.2, 2.4))
TRACKS = ("合成生物", "生物制药", "医疗器械", "基因技术", "化学制药", "现代中药", "研发外包", "数字医疗")
FIRM_COLUMNS = tuple(
    Column(name, kind, None, zh, name)
    for name, kind, zh in (
        ("name_zh", "text", "名称"),
        ("name_en", "text", "英文名称"),
        ("track", "text", "细分领域"),
        ("status", "text", "状态"),
        ("year", "integer", "成立年份"),
        ("employees", "integer", "员工数"),
        ("capital_wan", "number", "注册资本（万元）"),
        ("listed", "boolean", "是否上市"),
    )
)

Points = NDArray[np.float64]
Rows = Callable[[np.random.Generator, int, int], tuple[pa.Table, NDArray[np.object_]]]


def fill(engine: Engine, parcels: int, firms: int) -> None:
    """Load the product's geodata, and beside it two imported layers of so many features."""
    load(engine, read_catalogue(bundled("geodata")))
    with writing(engine) as connection:
        land = read_layer(connection, "industrial_land")
        facts = {"imported": True, "synthetic": True, "source": "bench", "source_ids": (), "licence": "CC0-1.0"}
        layers: list[tuple[Layer, Rows, int]] = [
            (_named(replace(land, conforms_to=land.id, **facts), PARCELS, "合成地块", "POLYGON"), _parcels, parcels),
            (_named(replace(land, columns=FIRM_COLUMNS, **facts), FIRMS, "合成企业", "POINT"), _firms, firms),
        ]
        for draft, rows, count in layers:
            if count:
                _import(connection, draft, rows, count)
    settle(engine)


def _named(layer: Layer, layer_id: str, title: str, geometry_type: str) -> Layer:
    return replace(layer, id=layer_id, title_zh=title, title_en=f"Synthetic {layer_id}", geometry_type=geometry_type)


def _import(connection: Connection, draft: Layer, rows: Rows, count: int) -> None:
    random = np.random.default_rng(SEED)
    staging = open_staging(connection, draft, append=False)
    boxes = []
    for first in range(0, count, AT_ONCE):
        table, shapes = rows(random, first, min(AT_ONCE, count - first))
        numbers = pa.array(np.arange(first + 1, first + 1 + table.num_rows))
        insert_rows(connection, staging.table, table.append_column("fid", numbers), shapes)
        boxes.append(shapely.total_bounds(shapes))
    edges = np.array(boxes)
    west, south, east, north = (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
    publish(connection, staging, (west, south, east, north), f"bench {SEED} {count}")


def places(random: np.random.Generator, count: int, spread: float = FIRMS_SPREAD) -> Points:
    """Longitudes and latitudes, thick where the cities are."""
    city = CITIES[random.choice(len(CITIES), count, p=CITIES[:, 3] / CITIES[:, 3].sum())]
    away = random.normal(0, spread, (count, 2)) * city[:, [2]]
    return np.asarray(CORNER + (city[:, :2] + away * (1.15, 1.0) - CORNER) % SIZE)


def _parcels(random: np.random.Generator, first: int, count: int) -> tuple[pa.Table, NDArray[np.object_]]:
    numbers = np.arange(first, first + count)
    area_ha = np.clip(random.lognormal(0.9, 0.9, count), 0.2, 60).round(4)
    chosen = random.choice(len(CLASSES), count, p=(0.35, 0.4, 0.25))
    name = pa.array(np.char.mod("%06d", numbers))
    floor_min = random.integers(8, 20, count) / 10
    columns = {
        "id": _joined("parcel-", name),
        "name_zh": _joined("虚构地块", name),
        "name_en": _joined("synthetic parcel ", name),
        "land_class": pa.array([one.code for one in CLASSES]).take(pa.array(chosen)),
        "class_code": pa.array([one.code_2023 for one in CLASSES]).take(pa.array(chosen)),
        "class_zh": pa.array([one.zh for one in CLASSES]).take(pa.array(chosen)),
        "area_ha": pa.array(area_ha),
        "parcel_no": _joined("合成储出〔2024〕", name),
        "status": pa.array(("existing", "planned", "for sale")).take(pa.array(random.choice(3, count))),
        "floor_area_ratio_min": pa.array(floor_min),
        "floor_area_ratio_max": pa.array((floor_min + 1).round(1)),
        "term_years": pa.array(np.full(count, 50.0)),
        "starting_price_yuan": pa.array((area_ha * random.uniform(3e6, 9e6, count)).round(-4)),
        "synthetic": pa.array(np.full(count, True)),  # noqa: FBT003 - a value
        "accuracy_m": pa.array(np.ones(count)),
        "position_basis": pa.repeat("sourced", count),
    }
    return pa.table(columns), _polygons(random, places(random, count, PARCELS_SPREAD), area_ha)


def _polygons(random: np.random.Generator, middles: Points, area_ha: Points) -> NDArray[np.object_]:
    """Polygons of 5 to 12 corners about their middles, each as large as it says, near enough."""
    corners = random.integers(5, 13, len(middles))
    owner = np.repeat(np.arange(len(middles)), corners)
    turn = np.arange(len(owner)) - np.repeat(np.cumsum(corners) - corners, corners)
    angle = (turn + random.uniform(-0.35, 0.35, len(owner))) * 2 * np.pi / corners[owner]
    radius_m = np.sqrt(area_ha * 1e4 / 2.6)[owner] * random.uniform(0.75, 1.25, len(owner))
    east = radius_m * np.cos(angle) / (111_320 * np.cos(np.radians(middles[owner, 1])))
    at = middles[owner] + np.column_stack([east, radius_m * np.sin(angle) / 110_600])
    return np.asarray(shapely.polygons(shapely.linearrings(at, indices=owner)))


def _firms(random: np.random.Generator, first: int, count: int) -> tuple[pa.Table, NDArray[np.object_]]:
    name = pa.array(np.char.mod("%07d", np.arange(first, first + count)))
    columns = {
        "id": _joined("firm-", name),
        "name_zh": pc.binary_join_element_wise("虚构生物科技", name, "号有限公司", ""),
        "name_en": _joined("Synthetic Biotech ", name),
        "track": pa.array(TRACKS).take(pa.array(random.choice(len(TRACKS), count))),
        "status": pa.array(("存续", "在业", "注销")).take(pa.array(random.choice(3, count, p=(0.7, 0.2, 0.1)))),
        "year": pa.array(random.integers(1985, 2025, count)),
        "employees": pa.array(np.clip(random.lognormal(2.5, 1.3, count), 1, 50_000).astype(int)),
        "capital_wan": pa.array(random.lognormal(5, 1.5, count).round(2)),
        "listed": pa.array(random.random(count) < 0.001),  # noqa: PLR2004
    }
    return pa.table(columns), np.asarray(shapely.points(places(random, count)))


def _joined(prefix: str, numbers: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, numbers, "")
