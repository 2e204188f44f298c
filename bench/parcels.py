"""Made-up parcels with a fixed seed, for measurements only: every one is marked synthetic."""

from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Engine

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.landuse import CLASSES
from bioplan_gis.loading import load
from bioplan_gis.settings import bundled
from bioplan_gis.storage.database import writing
from bioplan_gis.storage.layers import read_layer, replace_rows

SEED = 20240701
HANGZHOU = (118.4, 29.2, 120.7, 30.5)
SIDE_DEGREES = (0.0005, 0.003)


def fill(engine: Engine, count: int) -> None:
    """Load the product's geodata and put that many made-up parcels in the place of its industrial land."""
    load(engine, read_catalogue(bundled("geodata")))
    random = np.random.default_rng(SEED)
    with writing(engine) as connection:
        layer = replace(read_layer(connection, "industrial_land"), synthetic=True)
        replace_rows(connection, layer, _records(random, count), _squares(random, count))


def _squares(random: np.random.Generator, count: int) -> NDArray[np.object_]:
    west, south, east, north = HANGZHOU
    x, y = random.uniform(west, east, count), random.uniform(south, north, count)
    width, height = random.uniform(*SIDE_DEGREES, (2, count))
    squares: NDArray[np.object_] = shapely.box(x, y, x + width, y + height)
    return squares


def _records(random: np.random.Generator, count: int) -> list[dict[str, Any]]:
    classes = random.choice(len(CLASSES), count)
    areas = random.uniform(0.5, 40, count).round(2)
    return [
        {
            "id": f"parcel-{number}",
            "name_zh": f"虚构地块{number}",
            "name_en": f"synthetic parcel {number}",
            "land_class": CLASSES[chosen].code,
            "class_code": CLASSES[chosen].code_2023,
            "class_zh": CLASSES[chosen].zh,
            "area_ha": area,
            "status": "existing",
            "synthetic": True,
            "accuracy_m": 1.0,
            "position_basis": "sourced",
        }
        for number, (chosen, area) in enumerate(zip(classes.tolist(), areas.tolist(), strict=True))
    ]
