"""Areas of geometries, and those that a table states beside them."""

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from bioplan_gis.crs import Shapes, areas_m2
from bioplan_gis.importing.mapping.schemas import Column, Plan
from bioplan_gis.importing.mapping.schemas import plan as plan_for
from bioplan_gis.importing.report import MOST_EXAMPLES, Tally

Floats = NDArray[np.float64]
TOLERANCE = 0.01


def measured_m2_of(shapes: Shapes) -> Floats:
    """Areas of EPSG:4490 polygons on the ellipsoid, in m²; NaN for anything else."""
    areas = np.full(len(shapes), np.nan)
    polygons = np.isin(shapely.get_dimensions(shapes), 2)
    areas[polygons] = areas_m2(shapes[polygons])
    return areas


def area_plan(columns: list[Column]) -> Plan | None:
    """What states an area among columns that feed no core layer; None where nothing does."""
    plan = plan_for("industrial_land", columns, {})
    feeds = tuple(feed for feed in plan.feeds if feed.field == "area")
    return replace(plan, feeds=feeds, indicators=(), notes=()) if feeds else None


def compare(tally: Tally, rows: NDArray[np.intp], stated_m2: Floats, measured_m2: Floats) -> None:
    """Count the areas that a table states more than 1 % off the geometry's, and name the first.

    Args:
        tally: where they are counted.
        rows: numbers of the rows.
        stated_m2: by the table; NaN where it states none.
        measured_m2: of the geometry; NaN where there is none, or the row is not taken.
    """
    both = np.isfinite(stated_m2) & np.isfinite(measured_m2) & (measured_m2 > 0)
    tally.areas_compared += int(both.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = (stated_m2 - measured_m2) / measured_m2
    apart = np.flatnonzero(both & (np.abs(difference) > TOLERANCE))
    tally.areas_differing += len(apart)
    for at in apart[: max(0, MOST_EXAMPLES - len(tally.areas))].tolist():
        tally.areas.append({
            "row": int(rows[at]),
            "stated_m2": round(float(stated_m2[at]), 2),
            "measured_m2": round(float(measured_m2[at]), 2),
            "difference_percent": round(float(difference[at]) * 100, 2),
        })  # fmt: skip
