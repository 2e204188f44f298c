"""Measures agree with pyproj's geodesic, and intervals hold the truth."""

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from bioplan_gis.crs import Extent, area_m2, degrees_around, distance_interval_m, distance_m, farthest_m

ORACLE = Geod(ellps="GRS80")
LONGITUDES = st.floats(118.3, 121.0)
LATITUDES = st.floats(29.2, 31.0)
POINTS = st.builds(shapely.Point, LONGITUDES, LATITUDES)


@given(POINTS, POINTS)
def test_points_are_as_far_apart_as_the_geodesic(first: shapely.Point, second: shapely.Point) -> None:
    assert distance_m(first, second) == pytest.approx(ORACLE.inv(first.x, first.y, second.x, second.y)[2], abs=0.001)


@given(POINTS)
def test_a_point_inside_is_at_no_distance(point: shapely.Point) -> None:
    assert distance_m(point, point.buffer(0.01)) == pytest.approx(0, abs=0.01)


def test_a_square_kilometre_is_measured_on_the_ellipsoid() -> None:
    square = shapely.box(120.15, 30.27, 120.16, 30.28)
    expected = abs(ORACLE.geometry_area_perimeter(square)[0])
    assert area_m2(square) == pytest.approx(expected, rel=1e-9)
    assert area_m2(square.reverse()) == pytest.approx(expected, rel=1e-9)


def test_the_farthest_corner_counts() -> None:
    box = shapely.box(120.0, 30.0, 120.1, 30.1)
    point = shapely.Point(120.0, 30.0)
    assert farthest_m(point, box) == pytest.approx(ORACLE.inv(120.0, 30.0, 120.1, 30.1)[2], abs=0.001)


@given(POINTS, POINTS, st.floats(0, 5000), st.floats(0, 5000), st.floats(0, 360), st.floats(0, 1))
def test_the_interval_holds_every_true_position(  # noqa: PLR0913, PLR0917
    first: shapely.Point, second: shapely.Point, doubt_1: float, doubt_2: float, azimuth: float, share: float
) -> None:
    interval = distance_interval_m(Extent(first, doubt_1, True), Extent(second, doubt_2, True))  # noqa: FBT003
    x, y, _ = ORACLE.fwd(first.x, first.y, azimuth, doubt_1 * share)
    truth = ORACLE.inv(x, y, second.x, second.y)[2]
    assert interval.least_m - 0.01 <= truth <= interval.most_m + 0.01


def test_a_place_known_to_its_district_has_no_nominal_distance() -> None:
    district = Extent(shapely.box(120.0, 30.0, 120.1, 30.1), 500, positioned=False)
    land = Extent(shapely.Point(120.2, 30.05), 0, positioned=True)
    interval = distance_interval_m(land, district)
    near = ORACLE.inv(120.2, 30.05, 120.1, 30.05)[2]
    far = ORACLE.inv(120.2, 30.05, 120.0, 30.0)[2]
    assert interval.nominal_m is None
    assert interval.least_m == pytest.approx(near - 500, abs=1)
    assert interval.most_m == pytest.approx(far + 500, abs=1)


@given(LONGITUDES, LATITUDES, st.floats(0, 360), st.floats(1, 300_000))
def test_the_search_box_never_misses(x: float, y: float, azimuth: float, radius_m: float) -> None:
    east, north = degrees_around(y, radius_m)
    x2, y2, _ = ORACLE.fwd(x, y, azimuth, radius_m)
    assert abs(x2 - x) <= east
    assert abs(y2 - y) <= north
