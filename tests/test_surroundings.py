"""How land stands to a layer, against shapely's own buffers in a metric projection, and what doubt leaves of it."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from bioplan_gis.extents import Extents
from bioplan_gis.siting.conditions import NO, UNCERTAIN, YES
from bioplan_gis.siting.explain import explain_standings
from bioplan_gis.siting.surroundings import Side, Standing, Surrounding, shares_inside, stand

# Equidistant around the middle of what is tested, so that metres there are metres on the ellipsoid to a millimetre.
TO_METRES = Transformer.from_crs(4326, "+proj=aeqd +lat_0=30.3 +lon_0=120 +ellps=GRS80", always_xy=True)
ZONES = [
    shapely.box(119.98, 30.28, 120.0, 30.32),
    shapely.box(120.0, 30.28, 120.02, 30.32),
    shapely.Point(120.03, 30.3),
]
near_zones = st.tuples(st.floats(119.96, 120.05), st.floats(30.27, 30.33), st.floats(0.0005, 0.01))


def surrounding(side: Side, clearance_m: float = 0.0, shapes: list[shapely.Geometry] = ZONES) -> Surrounding:
    return Surrounding(side, "zones", "区", "Zones", clearance_m, np.array(shapes, dtype=object))


def extents(*shapes: shapely.Geometry | None, accuracy_m: float = 0.0, positioned: bool = True) -> Extents:
    array = np.full(len(shapes), None, dtype=object)
    array[:] = shapes
    return Extents(array, np.full(len(shapes), accuracy_m), np.full(len(shapes), positioned))


def code(
    asked: Surrounding, shape: shapely.Geometry | None, accuracy_m: float = 0.0, *, positioned: bool = True
) -> int:
    return int(stand(asked, extents(shape, accuracy_m=accuracy_m, positioned=positioned)).codes[0])


def metric(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda at: np.column_stack(TO_METRES.transform(at[:, 0], at[:, 1])))


@given(place=near_zones, clearance_m=st.floats(1, 3000))
def test_keeping_clear_agrees_with_distances_in_a_projection(place: tuple[float, float, float], clearance_m: float):
    west, south, side = place
    land = shapely.box(west, south, west + side, south + side)
    apart_m = metric(land).distance(metric(shapely.union_all(ZONES)))
    if abs(apart_m - clearance_m) > 0.5:
        assert code(surrounding("outside", clearance_m), land) == (YES if apart_m >= clearance_m else NO)


@given(place=near_zones)
def test_lying_within_agrees_with_the_union(place: tuple[float, float, float]):
    west, south, side = place
    land = shapely.box(west, south, west + side, south + side)
    both = shapely.box(119.98, 30.28, 120.02, 30.32)
    assert code(surrounding("inside"), land) == (YES if both.covers(land) else NO)


@given(place=near_zones, doubts=st.tuples(st.floats(0, 3000), st.floats(0, 3000)), clearance_m=st.floats(0, 2000))
@pytest.mark.parametrize("side", ["inside", "outside"])
def test_less_doubt_never_overturns_a_verdict(
    side: Side, place: tuple[float, float, float], doubts: tuple[float, float], clearance_m: float
):
    point = shapely.Point(place[:2])
    asked = surrounding(side, clearance_m if side == "outside" else 0.0)
    sharp, vague = (code(asked, point, doubt) for doubt in sorted(doubts))
    assert vague in {UNCERTAIN, sharp}


@given(place=near_zones, bearing=st.floats(0, 2 * np.pi), doubt_m=st.floats(1, 2000))
def test_a_certain_verdict_holds_wherever_the_true_position_is(
    place: tuple[float, float, float], bearing: float, doubt_m: float
):
    west, south, side = place
    land = shapely.box(west, south, west + side, south + side)
    shift = (
        np.array([np.sin(bearing) / (111_320 * np.cos(np.radians(30.34))), np.cos(bearing) / 111_320]) * doubt_m * 0.99
    )
    moved = shapely.transform(land, lambda at: at + shift)
    for asked in (surrounding("inside"), surrounding("outside", 300)):
        judged = code(asked, land, doubt_m)
        assert judged in {UNCERTAIN, code(asked, moved)}


def test_land_across_a_common_edge_lies_within():
    assert code(surrounding("inside"), shapely.box(119.995, 30.29, 120.005, 30.3)) == YES
    assert code(surrounding("inside"), ZONES[0]) == YES


def test_land_that_only_touches_is_outside():
    beside = shapely.box(120.02, 30.29, 120.025, 30.3)
    assert code(surrounding("outside"), beside) == YES
    assert code(surrounding("outside", 1), beside) == NO


def test_lines_are_kept_clear_of():
    river = [shapely.LineString([(120.0, 30.2), (120.0, 30.4)])]
    assert code(surrounding("outside", 0, river), shapely.box(119.99, 30.3, 120.01, 30.31)) == NO
    assert code(surrounding("outside", 900, river), shapely.Point(120.01, 30.3)) == YES
    assert code(surrounding("outside", 1000, river), shapely.Point(120.01, 30.3)) == NO


def test_land_known_to_its_district_may_be_anywhere_in_it():
    district = shapely.box(119.99, 30.29, 120.01, 30.31)
    wide, far = shapely.box(119.9, 30.29, 120.01, 30.31), shapely.box(120.5, 30.3, 120.6, 30.4)
    for shape, inside, outside in ((district, YES, NO), (wide, UNCERTAIN, UNCERTAIN), (far, NO, YES)):
        assert code(surrounding("inside"), shape, positioned=False) == inside
        assert code(surrounding("outside"), shape, positioned=False) == outside


def test_a_layer_without_shapes_holds_nothing_and_bars_nothing():
    land = shapely.Point(120, 30.3)
    assert code(surrounding("inside", 0, []), land) == NO
    assert code(surrounding("outside", 100, []), land) == YES


def sentences(asked: Surrounding, shape: shapely.Geometry | None, accuracy_m: float = 0.0) -> tuple[str, str]:
    where = extents(shape, accuracy_m=accuracy_m)
    standing: Standing = stand(asked, where, fully=True)
    finding = explain_standings(asked, standing, shares_inside(asked, where.shapes))[0]
    return finding.zh, finding.en


def test_sentences_name_layer_distance_and_shortfall():
    apart = shapely.Point(120.0225, 30.3)  # 240 m east of the zones
    assert sentences(surrounding("outside", 500), apart) == (
        "距“区”最近仅 240 米，不足 500 米，差 260 米。", "“Zones” is only 240 m away, short of 500 m by 260 m.",
    )  # fmt: skip
    zh, en = sentences(surrounding("outside", 500), apart, 50)
    assert "至少差 210 米" in zh
    assert "by 210 m at least" in en
    zh, en = sentences(surrounding("outside", 500), apart, 400)
    assert "是否不少于 500 米不确定：按所给位置相距 240 米，位置精度 ±400 米" in zh
    assert "uncertain" in en
    zh, en = sentences(surrounding("inside"), None)
    assert "位置未公布" in zh
    assert "unpublished" in en
    zh, en = sentences(surrounding("outside"), shapely.box(120.01, 30.3, 120.025, 30.31))
    assert zh.startswith("与“区”重叠（面积的 66.7%）")
    assert "66.7% of its area" in en
