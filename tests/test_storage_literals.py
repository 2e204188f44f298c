"""Geometry that a question writes in a CRS of the feeds: where it comes to lie, and what is refused."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from bioplan_gis.crs import feed_crs
from bioplan_gis.errors import ParameterError
from bioplan_gis.storage.literals import box_in, placed

GEOD = Geod(ellps="GRS80")


def crs(code: object):
    return feed_crs(str(code), "crs")


def refuse(zh: str, en: str) -> ParameterError:
    return ParameterError("filter", "", zh, en)


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        ("CRS84", 120.15, 30.27),
        (4326, 30.27, 120.15),
        (4490, 30.27, 120.15),
        (4549, 3350053.697, 514433.611),
        (4528, 3350053.697, 40514433.611),
        (3857, 13375036.8188, 3538303.2530),
    ],
)
def test_a_position_is_read_in_the_axis_order_of_its_crs(code: object, first: float, second: float):
    found = placed(shapely.Point(first, second), crs(code), refuse)
    assert GEOD.inv(120.15, 30.27, found.x, found.y)[2] < 0.001


@pytest.mark.parametrize(
    ("code", "first", "second"),
    [
        ("CRS84", 30.27, 120.15),
        (4326, 120.15, 30.27),
        (4549, 30.27, 120.15),
        (4549, 514433.611, 3350053.697),
        (4528, 3350053.697, 514433.611),
        (4528, 40514433.611, 3350053.697),
        (3857, 0, 3e7),
        (3857, 2.1e7, 0),
        (4549, float("inf"), 0),
        ("CRS84", float("nan"), 0),
        (4490, 1e308, -1e308),
        (4549, 1e308, -1e308),
    ],
)
def test_a_position_that_the_crs_is_not_for_is_refused(code: object, first: float, second: float):
    with pytest.raises(ParameterError) as caught:
        placed(shapely.Point(first, second), crs(code), refuse)
    assert "beyond what" in caught.value.en
    assert f"{first:.15g}, {second:.15g}" in caught.value.zh


def test_the_whole_of_web_mercator_is_the_whole_world():
    edge = 20037508.342789244
    for over in (0, 1e-9, 0.01):
        found = box_in([-edge - over, -edge, edge + over, edge], crs(3857))
        assert found.bounds == pytest.approx((-180, -85.0511288, 180, 85.0511288), abs=1e-7)
        assert shapely.get_num_coordinates(found) == 5


@pytest.mark.parametrize(
    ("code", "edges"),
    [
        ("CRS84", [120, 30, 121, 31]),
        ("CRS84", [120, 30, -5, 121, 31, 99]),
        (4326, [30, 120, 31, 121]),
        (4490, [30, 120, 0, 31, 121, 0]),
    ],
)
def test_a_box_of_degrees_is_itself(code: object, edges: list[float]):
    assert box_in(edges, crs(code)).equals_exact(shapely.box(120, 30, 121, 31), normalize=True)


def test_a_box_over_the_antimeridian_has_two_parts():
    halves = shapely.union_all([shapely.box(170, -20, 180, 10), shapely.box(-180, -20, -170, 10)])
    assert box_in([170, -20, -170, 10], crs("CRS84")).equals(halves)
    assert box_in([-20, 170, 10, -170], crs(4326)).equals(halves)


@pytest.mark.parametrize(
    ("code", "edges"),
    [
        (4326, [119.3, 29.5, 120.6, 30.3]),
        (4490, [119.3, 29.5, 0, 120.6, 30.3, 9]),
        (4549, [514433, 3350053, 515000, 3360000]),
        (4528, [40514433, 3350053, 40515000, 3360000]),
    ],
)
def test_a_box_written_east_first_where_north_comes_first_holds_nothing(code: int, edges: list[float]):
    assert box_in(edges, crs(code)).is_empty


@pytest.mark.parametrize(
    ("code", "edges", "says"),
    [
        ("CRS84", [120, 31, 121, 30], "lower corner above its upper one; the order is west, south, east, north"),
        (4326, [31, 120, 30, 121], "the order is south, west, north, east (EPSG:4326, degrees)"),
        (4549, [3350000, 514433, 3360000, 514000], "the order is south, west, north, east (EPSG:4549, metres)"),
        (3857, [10, 0, 5, 10], "the order is west, south, east, north (EPSG:3857, metres)"),
        ("CRS84", [1, 2, 3], "4 or 6 numbers"),
        ("CRS84", [1, 2, 3, float("inf")], "4 or 6 numbers"),
        ("CRS84", [-190, 2, 3, 4], "beyond what CRS84"),
        (4549, [30, 120, 31, 121], "beyond what EPSG:4549"),
    ],
)
def test_a_box_that_lies_wrong_is_refused(code: object, edges: list[float], says: str):
    with pytest.raises(ParameterError) as caught:
        box_in(edges, crs(code))
    assert says in caught.value.en
    assert caught.value.name == "bbox"


def test_a_flat_box_is_a_line_or_a_point():
    assert box_in([120, 30, 120, 30], crs("CRS84")) == shapely.Point(120, 30)
    assert box_in([3350000, 514000, 3350000, 515000], crs(4549)).geom_type == "LineString"


POSITIONS = {
    4549: st.tuples(st.floats(2_500_000, 5_500_000), st.floats(100_000, 900_000)),
    4528: st.tuples(st.floats(2_500_000, 5_500_000), st.floats(40_100_000, 40_900_000)),
    3857: st.tuples(st.floats(-2e7, 2e7), st.floats(-2e7, 2e7)),
}


@settings(max_examples=15)
@given(data=st.data(), code=st.sampled_from(sorted(POSITIONS)))
def test_a_long_edge_stays_within_a_millimetre(data, code: int):
    ends = data.draw(st.tuples(POSITIONS[code], POSITIONS[code]))
    start, end = np.round(ends, 3)
    assume((start != end).any())
    found = placed(shapely.LineString([start, end]), crs(code), refuse)
    shares = np.linspace(0, 1, 501)[:, None]
    along = start + shares * (end - start)
    transformer = Transformer.from_crs(code, 4490)
    latitudes, longitudes = transformer.transform(*along.T)
    nearest = shapely.line_interpolate_point(
        found, shapely.line_locate_point(found, shapely.points(longitudes, latitudes))
    )
    away = GEOD.inv(longitudes, latitudes, shapely.get_x(nearest), shapely.get_y(nearest))[2]
    assert np.max(away) < 0.001


def test_every_kind_of_geometry_is_read():
    hole = [(3350000, 514000), (3350000, 515000), (3351000, 515000)]
    polygon = shapely.Polygon([(3340000, 500000), (3340000, 530000), (3370000, 530000), (3370000, 500000)], [hole])
    parts = [shapely.Point(3350000, 514000), shapely.MultiPoint([(3350000, 514000)]), polygon]
    parts += [shapely.MultiPolygon([polygon]), shapely.MultiLineString([hole])]
    found = placed(shapely.GeometryCollection(parts), crs(4549), refuse)
    assert [part.geom_type for part in found.geoms] == [part.geom_type for part in parts]
    assert len(found.geoms[2].interiors) == 1
    assert found.geoms[2].area == pytest.approx(found.geoms[3].area)


@pytest.mark.parametrize("wkt", ["POINT EMPTY", "POLYGON((30 120, 31 121, 31 120, 30 121, 30 120))"])
def test_what_is_empty_or_invalid_is_refused(wkt: str):
    with pytest.raises(ParameterError, match=r"empty|not valid"):
        placed(shapely.from_wkt(wkt), crs(4326), refuse)


def test_edges_too_long_to_follow_are_refused():
    back_and_forth = [(2_000_000, 500_000 + 300_000 * (-1) ** step + step) for step in range(2_000)]
    with pytest.raises(ParameterError, match="CRS84"):
        placed(shapely.LineString(back_and_forth), crs(4549), refuse)
