"""Made-up parcels for whoever wants to try parcel-level selection; marked synthetic, and no query's answer unasked."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely
from sqlalchemy import Engine

from bioplan_gis.crs import Shapes, areas_m2
from bioplan_gis.importing.report import ImportReport
from bioplan_gis.imports import ImportOptions, Progress, import_file
from bioplan_gis.landuse import CLASSES
from bioplan_gis.storage.database import reading, require_schema
from bioplan_gis.storage.frames import read_frame
from bioplan_gis.storage.layers import read_layer

SAMPLE = "sample_parcels"
SEED = 20240601
ROWS, COLUMNS = 5, 6
STREET_M = 24.0
SQUARE_METRES_PER_MU = 2000 / 3
METRES_PER_DEGREE = 111_320.0
OPTIONS = ImportOptions(
    layer=SAMPLE,
    conforms_to="industrial_land",
    title_zh="合成地块样例",
    title_en="Sample of made-up parcels",
    source="BioPlan GIS（随机生成 generated at random）",
    licence="CC0-1.0",
    attribution="合成数据，并非真实地块 Synthetic data, no real parcels",
    accuracy_m=0.0,
    synthetic=True,
)


def import_sample(engine: Engine, options: ImportOptions, progress: Progress | None = None) -> ImportReport:
    """Import some hundreds of made-up parcels, about the label of each district of Hangzhou, the same ones every time.

    Args:
        engine: of a database that is loaded.
        options: only ``layer``, ``dry_run`` and ``append`` are heeded.
        progress: as of ``import_file``.

    Raises:
        StorageError: the database cannot take them.
    """
    require_schema(engine)
    with reading(engine) as connection:
        districts = read_frame(connection, read_layer(connection, "districts"))
    wishes = replace(OPTIONS, layer=options.layer or SAMPLE, dry_run=options.dry_run, append=options.append)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{SAMPLE}.geojson"
        file.write_text(json.dumps(sample_collection(districts), ensure_ascii=False), encoding="utf-8")
        return import_file(engine, file, wishes, progress)


def sample_collection(districts: geopandas.GeoDataFrame) -> dict[str, Any]:
    """The parcels as a bureau would name their columns, as GeoJSON (longitude, latitude).

    Args:
        districts: of Hangzhou and around, with ``scope``, ``name_zh``, ``label_lon`` and ``label_lat``.
    """
    random = np.random.default_rng(SEED)
    features = []
    for adcode, district in districts[districts["scope"] == "hangzhou"].iterrows():
        shapes = _block(random, district["label_lon"], district["label_lat"])
        inside = shapely.within(shapes, district.geometry)
        for number, (shape, area_m2) in enumerate(zip(shapes[inside], areas_m2(shapes[inside]), strict=True), start=1):
            facts = _facts(random, f"合成-{adcode}-{number:02}", district["name_zh"], area_m2)
            features.append({"type": "Feature", "geometry": shapely.geometry.mapping(shape), "properties": facts})
    return {"type": "FeatureCollection", "features": features}


def _block(random: np.random.Generator, lon: float, lat: float) -> Shapes:
    """Rectangles between streets, turned by some angle."""
    widths, depths = random.uniform(90, 260, COLUMNS), random.uniform(80, 220, ROWS)
    west = np.concatenate([[0], np.cumsum(widths + STREET_M)[:-1]]) - (widths.sum() + STREET_M * COLUMNS) / 2
    south = np.concatenate([[0], np.cumsum(depths + STREET_M)[:-1]]) - (depths.sum() + STREET_M * ROWS) / 2
    x, y = (each.ravel() for each in np.meshgrid(west, south))
    wide, deep = (each.ravel() for each in np.meshgrid(widths, depths))
    boxes = shapely.box(x, y, x + wide, y + deep)
    angle = random.uniform(-0.4, 0.4)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    scale = np.array([METRES_PER_DEGREE * np.cos(np.radians(lat)), METRES_PER_DEGREE])
    placed = shapely.transform(boxes, lambda at: np.round(at @ turn / scale + (lon, lat), 7))
    return np.asarray(placed, dtype=object)


def _facts(random: np.random.Generator, number: str, district: str, area_m2: float) -> dict[str, Any]:
    land_class = CLASSES[int(random.choice(3, p=(0.25, 0.45, 0.3)))]
    least = float(random.choice((1.0, 1.2, 1.5)))
    return {
        "地块编号": number,
        "名称": f"合成地块 {number}",
        "用地性质": land_class.zh,
        "行政区": district,
        "面积(亩)": round(area_m2 / SQUARE_METRES_PER_MU, 2),
        "容积率": f"{least}–{least + 1:.1f}",
        "建筑密度": f"≤{int(random.choice((40, 45, 50)))}%",
        "绿地率": f"≤{int(random.choice((15, 20)))}%",
        "限高": f"{int(random.choice((24, 36, 50)))}米以下",
        "出让年限": int(random.choice((20, 30, 50))),
        "起始价(万元)": round(area_m2 / SQUARE_METRES_PER_MU * float(random.uniform(35, 60))),
        "状态": str(random.choice(("待出让", "已出让"))),
    }
