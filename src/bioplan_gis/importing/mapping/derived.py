"""What the geometry tells of a feature of a core layer, which no table knows better: district, area, basis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bioplan_gis.crs import SQUARE_METRES_PER_HECTARE
from bioplan_gis.importing.placing.landing import District

AREA_MEASURED = "几何 measured from the geometry"


@dataclass(frozen=True)
class Constants:
    """What is the same for every feature of an import.

    Attributes:
        accuracy_m: of the positions, in metres; None where nobody states it.
        attribution: of the data.
        synthetic: whether it is made up.
    """

    accuracy_m: float | None
    attribution: str
    synthetic: bool


def derived_columns(  # noqa: PLR0913, PLR0917 - what is known of the rows
    fed: Mapping[str, pa.Array],
    measured_m2: NDArray[np.float64],
    placed: NDArray[np.bool_],
    adcodes: NDArray[np.object_] | None,
    districts: Sequence[District],
    constants: Constants,
) -> dict[str, pa.Array]:
    """Columns by their names; what the file states of an area or an accuracy goes before what is derived.

    Args:
        fed: core columns that the file feeds.
        measured_m2: areas of the geometries; NaN where there is none.
        placed: which rows have a geometry.
        adcodes: districts that the geometries lie in; None where the file has no geometry.
        districts: those that there are.
        constants: what is the same for all rows.
    """
    count = len(placed)
    measured_ha = pa.array(measured_m2 / SQUARE_METRES_PER_HECTARE, mask=np.isnan(measured_m2))
    landed = pa.array(np.full(count, None) if adcodes is None else adcodes, pa.string())
    district = _first(landed, fed.get("district"))
    stated_area = _first(fed.get("area_ha"), pa.nulls(count, pa.float64()))
    measured = pc.and_(pc.is_null(stated_area), pc.is_valid(measured_ha))
    return {
        **_names(district, districts),
        "area_measured_ha": measured_ha,
        "area_ha": pc.coalesce(stated_area, measured_ha),
        "area_source": _first(
            fed.get("area_source"), pc.if_else(measured, AREA_MEASURED, pa.scalar(None, pa.string()))
        ),
        "position_basis": pc.if_else(placed, "sourced", pc.if_else(pc.is_valid(district), "district", "none")),
        "position_attribution": pa.repeat(pa.scalar(constants.attribution, pa.string()), count),
        "accuracy_m": _first(fed.get("accuracy_m"), pa.repeat(pa.scalar(constants.accuracy_m, pa.float64()), count)),
        "synthetic": _made_up(fed.get("synthetic"), count, told=constants.synthetic),
    }


def _made_up(stated: pa.Array | None, count: int, *, told: bool) -> pa.Array:
    """A mark once made is never lost: what the file marks stays marked, and what the user says marks all."""
    if told or stated is None:
        return pa.repeat(pa.scalar(told), count)
    return pc.fill_null(stated, fill_value=False)


def _first(one: pa.Array | None, other: pa.Array | None) -> pa.Array:
    """The values of one column, and another's where it has none."""
    if one is None or other is None:
        return other if one is None else one
    return pc.coalesce(one, other.cast(one.type))


def _names(adcodes: pa.Array, districts: Sequence[District]) -> dict[str, pa.Array]:
    """A district's code and names; a code that is none stays, without names."""
    which = pc.index_in(adcodes, pa.array([one.adcode for one in districts], pa.string()))
    zh, en = (pa.array(names, pa.string()) for names in ([one.zh for one in districts], [one.en for one in districts]))
    return {"district": adcodes, "district_zh": zh.take(which), "district_en": en.take(which)}
