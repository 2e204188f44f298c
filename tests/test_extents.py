"""Intervals hold the truth, one by one and in whole arrays."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from bioplan_gis.extents import Extent, Extents, distance_intervals_m

ORACLE = Geod(ellps="GRS80")
POINTS = st.builds(shapely.Point, st.floats(118.3, 121.0), st.floats(29.2, 31.0))
DISTRICT = shapely.box(120.0, 30.0, 120.1, 30.1)
LAND = shapely.Point(120.2, 30.05)


def one(shape: shapely.Geometry | None, accuracy_m: float = 0.0, *, positioned: bool = True) -> Extents:
    return Extents(np.array([shape]), np.array([accuracy_m]), np.array([positioned]))


@given(POINTS, POINTS, st.tuples(st.floats(0, 5000), st.floats(0, 5000)), st.floats(0, 360), st.floats(0, 1))
def test_the_interval_holds_every_true_position(
    first: shapely.Point, second: shapely.Point, doubts: tuple[float, float], azimuth: float, share: float
) -> None:
    interval = distance_intervals_m(one(first, doubts[0]), Extent(second, doubts[1], positioned=True))[0]
    assert interval is not None
    x, y, _ = ORACLE.fwd(first.x, first.y, azimuth, doubts[0] * share)
    truth = ORACLE.inv(x, y, second.x, second.y)[2]
    assert interval.least_m - 0.01 <= truth <= interval.most_m + 0.01


@pytest.mark.parametrize(
    ("places", "origin"),
    [
        (one(LAND), Extent(DISTRICT, 500, positioned=False)),
        (one(DISTRICT, 500, positioned=False), Extent(LAND, 0, positioned=True)),
    ],
)
def test_a_place_known_to_its_district_has_no_nominal_distance(places: Extents, origin: Extent) -> None:
    interval = distance_intervals_m(places, origin)[0]
    assert interval is not None
    assert interval.nominal_m is None
    assert interval.least_m == pytest.approx(ORACLE.inv(120.2, 30.05, 120.1, 30.05)[2] - 500, abs=1)
    assert interval.most_m == pytest.approx(ORACLE.inv(120.2, 30.05, 120.0, 30.0)[2] + 500, abs=1)


def test_no_distance_is_less_than_none() -> None:
    near = one(shapely.Point(LAND.x + 0.001, LAND.y), 300)
    interval = distance_intervals_m(near, Extent(LAND, 400, positioned=True))[0]
    assert interval is not None
    assert interval.nominal_m == pytest.approx(96.4, abs=0.1)
    assert interval.least_m == 0.0
    assert interval.most_m == interval.nominal_m + 700


def test_what_is_nowhere_is_at_no_distance() -> None:
    assert distance_intervals_m(one(None), Extent(LAND, 0, positioned=True))[0] is None
    assert distance_intervals_m(one(LAND), None)[0] is None


@given(st.lists(st.one_of(st.none(), POINTS, st.just(DISTRICT)), min_size=1, max_size=8), POINTS, st.booleans())
def test_many_at_once_are_each_as_they_are_alone(
    shapes: list[shapely.Geometry | None],
    origin: shapely.Point,
    positioned: bool,  # noqa: FBT001
) -> None:
    array = np.empty(len(shapes), object)
    array[:] = shapes
    flags = np.array([isinstance(shape, shapely.Point) for shape in shapes])
    start = Extent(origin.buffer(0.05) if not positioned else origin, 100, positioned)
    together = distance_intervals_m(Extents(array, np.full(len(shapes), 50.0), flags), start)
    for number, shape in enumerate(shapes):
        alone = distance_intervals_m(one(shape, 50.0, positioned=bool(flags[number])), start)
        assert together[number] == alone[0]
