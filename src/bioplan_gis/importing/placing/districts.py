"""The district that a table states against the one that the geometry lies in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.crs import Shapes, distances_m
from bioplan_gis.importing.placing.landing import Landing
from bioplan_gis.importing.rows import Note

Adcodes = NDArray[np.object_]
# The farthest that a district's outline was found off a detailed one.
OUTLINE_ERROR_M = 1_700.0
NEAR_STATED = Note(
    "表列区划与几何所在不同，但位于界线误差（1.7 千米）以内，按表列取用",
    "the district stated is another than the geometry's, within the outlines' error of 1.7 km: taken as stated",
)
NOT_STATED = Note(
    "表列区划与几何所在不同，相距超过界线误差（1.7 千米），按几何取用",
    "the district stated is another than the geometry's, and farther off than 1.7 km: the geometry's is taken",
)


@dataclass(frozen=True)
class Settled:
    """Districts after both were weighed.

    Attributes:
        adcodes: one a feature; None where the geometry lies in none.
        notes: what was decided, with the offsets of the features.
    """

    adcodes: Adcodes
    notes: tuple[tuple[Note, NDArray[np.intp]], ...]


def settle(landing: Landing, landed: Adcodes, stated: Adcodes, shapes: Shapes) -> Settled:
    """Districts as the geometry has them; but near an outline, which is generalised, as the table has them.

    Args:
        landing: the districts.
        landed: where each feature lies; None outside all districts.
        stated: what the table says; None where it says nothing.
        shapes: EPSG:4490 geometries.
    """
    differing = np.flatnonzero((landed != stated) & np.array([code is not None for code in landed], dtype=bool))
    distance_m = np.full(len(landed), np.nan)
    for code in set(stated[differing]):
        outline, of_code = landing.outline(code), differing[stated[differing] == code]
        if outline is not None:
            distance_m[of_code] = distances_m(shapes[of_code], outline)
    near, far = np.flatnonzero(distance_m <= OUTLINE_ERROR_M), np.flatnonzero(distance_m > OUTLINE_ERROR_M)
    adcodes = landed.copy()
    adcodes[near] = stated[near]
    return Settled(adcodes, tuple((note, rows) for note, rows in ((NEAR_STATED, near), (NOT_STATED, far)) if rows.size))
