"""Features are counted where they lie."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.importing.placing.landing import NOWHERE, District, Landing

WEST, EAST, NEIGHBOUR = (
    District("330106", "西湖区", "Xihu", "hangzhou"),
    District("330105", "拱墅区", "Gongshu", "hangzhou"),
    District("330500", "湖州市", "Huzhou", "neighbour"),
)
SHAPES = np.array(
    [shapely.box(120, 30, 120.5, 30.5), shapely.box(120.5, 30, 121, 30.5), shapely.box(120, 30.5, 121, 31)]
)
LANDING = Landing((WEST, tuple(EAST), NEIGHBOUR), SHAPES)


def test_each_feature_is_in_the_district_around_it():
    shapes = np.array(
        [
            shapely.box(120.1, 30.1, 120.2, 30.2),
            shapely.Point(120.6, 30.1),
            None,
            shapely.LineString([(120.1, 30.6), (120.2, 30.6)]),
            shapely.Point(110, 30),
            shapely.Polygon(),
            shapely.Point(120.2, 30.2),
        ],
        dtype=object,
    )
    landed = LANDING.counts(shapes)
    assert landed.adcodes.tolist() == ["330106", "330105", None, "330500", None, None, "330106"]
    assert landed.by_district == ((WEST, 2), (EAST, 1), (NEIGHBOUR, 1))
    assert (landed.outside, landed.without) == (2, 2)


def test_nothing_at_all_lands_nowhere():
    landed = LANDING.counts(np.array([], dtype=object))
    assert (landed.adcodes.tolist(), landed.by_district, landed.outside, landed.without) == ([], (), 0, 0)
    nowhere = Landing((), np.array([], dtype=object))
    assert nowhere.places(np.array([[120.0, 30.0]])).tolist() == [NOWHERE]


def test_a_feature_over_a_border_counts_once():
    landed = LANDING.counts(np.array([shapely.box(120.4, 30.4, 120.6, 30.6)]))
    assert sum(count for _, count in landed.by_district) == 1


@pytest.mark.parametrize("position", [(np.nan, np.nan), (np.inf, 30), (1e300, -1e300)])
def test_what_is_no_position_lands_nowhere(position):
    assert LANDING.places(np.array([position])).tolist() == [NOWHERE]


@given(st.lists(st.tuples(st.floats(119.9, 121.1), st.floats(29.9, 31.1)), max_size=20))
def test_places_are_those_that_shapely_finds_one_by_one(positions):
    lonlat = np.array(positions).reshape(-1, 2)
    for place, position in zip(LANDING.places(lonlat), positions, strict=True):
        around = [number for number, shape in enumerate(SHAPES) if shape.intersects(shapely.Point(position))]
        assert place == (around[0] if around else NOWHERE)
