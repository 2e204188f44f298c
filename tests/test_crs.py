"""Measures agree with pyproj's geodesic, one by one and in arrays."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from bioplan_gis.crs import area_m2, areas_m2, degrees_around, distance_m, farthest_distances_m

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
    assert farthest_distances_m(np.array([point]), box)[0] == pytest.approx(
        ORACLE.inv(120.0, 30.0, 120.1, 30.1)[2], abs=0.001
    )


@given(LONGITUDES, LATITUDES, st.floats(0, 360), st.floats(1, 300_000))
def test_the_search_box_never_misses(x: float, y: float, azimuth: float, radius_m: float) -> None:
    east, north = degrees_around(y, radius_m)
    x2, y2, _ = ORACLE.fwd(x, y, azimuth, radius_m)
    assert abs(x2 - x) <= east
    assert abs(y2 - y) <= north


CORNERS = st.lists(st.floats(0, 360), min_size=3, max_size=9, unique_by=round)


@given(POINTS, CORNERS, st.floats(20, 2000))
def test_areas_of_parcels_are_those_of_the_geodesic(centre: shapely.Point, azimuths: list[float], radius_m: float):
    around = [ORACLE.fwd(centre.x, centre.y, azimuth, radius_m)[:2] for azimuth in sorted(azimuths)]
    parcel = shapely.Polygon(around)
    area = abs(ORACLE.geometry_area_perimeter(parcel)[0])
    # Karney 2013 gives the geodesic area to 0.1 m² a vertex at worst.
    assert areas_m2(np.array([parcel]))[0] == pytest.approx(area, rel=1e-6, abs=0.01)


def test_areas_of_districts_are_those_of_the_geodesic():
    path = Path(__file__).parents[1] / "geodata/districts_hangzhou.geojson"
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    shapes = np.array([shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features], dtype=object)
    assert areas_m2(shapes) == pytest.approx([area_m2(shape) for shape in shapes], rel=1e-6)


def test_a_land_may_reach_to_the_pole():
    land = shapely.box(0, -90, 90, -60)
    assert areas_m2(np.array([land]))[0] == pytest.approx(area_m2(land), rel=1e-3)


def test_holes_and_parts_count_and_what_is_no_polygon_has_no_area():
    outer, inner = shapely.box(120, 30, 120.1, 30.1), shapely.box(120.02, 30.02, 120.03, 30.03)
    holed = shapely.Polygon(outer.exterior.coords, [inner.exterior.coords])
    far = shapely.box(120.5, 30.5, 120.6, 30.6)
    shapes = np.array(
        [holed, holed.reverse(), shapely.MultiPolygon([holed, far]), None, shapely.Polygon(), shapely.Point(120, 30)],
        dtype=object,
    )
    hole = area_m2(outer) - area_m2(inner)
    expected = [hole, hole, hole + area_m2(far), 0, 0, 0]
    assert areas_m2(shapes) == pytest.approx(expected, rel=1e-6)
    assert areas_m2(np.array([], dtype=object)).tolist() == []


@pytest.mark.parametrize(
    ("box", "share"), [((-180, -90, 180, 90), 1.0), ((-180, -90, 180, 0), 0.5), ((-90, -90, 90, 90), 0.5)]
)
def test_what_reaches_round_the_earth_has_its_area(box, share):
    (area,) = areas_m2(np.array([shapely.box(*box)]))
    # The surface of the ellipsoid (Moritz 2000, Geodetic Reference System 1980).
    assert area == pytest.approx(share * 5.10065621724e14, rel=1e-9)
