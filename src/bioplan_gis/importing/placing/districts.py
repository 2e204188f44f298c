"""The district that a table states against the one that the geometry lies in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import Shapes, distance_m
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
    differing = [at for at in np.flatnonzero(landed != stated).tolist() if landed[at] and landing.outline(stated[at])]
    near = [at for at in differing if _distance_m(landing, stated[at], shapes[at]) <= OUTLINE_ERROR_M]
    adcodes = landed.copy()
    adcodes[near] = stated[near]
    far = np.setdiff1d(differing, near)
    notes = ((NEAR_STATED, np.array(near, dtype=np.intp)), (NOT_STATED, far.astype(np.intp)))
    return Settled(adcodes, tuple((note, offsets) for note, offsets in notes if offsets.size))


def _distance_m(landing: Landing, adcode: str, shape: BaseGeometry) -> float:
    outline = landing.outline(adcode)
    return np.inf if outline is None else distance_m(shape, outline)
