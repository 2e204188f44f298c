"""Repairs keep what a polygon covers, refuse what is not clear, and leave nothing invalid."""

import struct

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.importing.repairs import (
    AMBIGUOUS,
    KEPT_NULL,
    NOT_FINITE,
    REPAIRS,
    Repaired,
    _rebuilt,
    _tried,
    promote,
    repair,
)
from bioplan_gis.importing.wkb import CURVED, FACETED, NESTED, UNREADABLE

SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
EAST, NORTH = 40_515_000.0, 3_350_000.0


def column(*shapes) -> pa.Array:
    return pa.array([None if shape is None else shapely.to_wkb(shape) for shape in shapes], pa.binary())


def polygon(*rings, kind=3, order="<") -> bytes:
    """Well-known binary of a polygon with any rings at all, closed or not."""
    value = struct.pack(f"{order}BII", order == "<", kind, len(rings))
    for ring in rings:
        value += struct.pack(f"{order}I", len(ring)) + b"".join(struct.pack(f"{order}2d", *point) for point in ring)
    return value


def raw(*values: bytes) -> pa.Array:
    return pa.array(values, pa.binary())


def offsets(found) -> dict[str, list[int]]:
    return {kind: rows.tolist() for kind, rows in found.items()}


def only(repaired: Repaired) -> shapely.Geometry:
    assert repaired.refusals == {}
    (shape,) = repaired.shapes
    assert shape.is_valid
    return shape


def test_what_is_valid_stays_as_it_is():
    shapes = [
        shapely.box(0, 0, 400, 400),
        shapely.Point(1, 2),
        shapely.LineString([(0, 0), (5, 5), (5, 0), (0, 5)]),
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]),
        shapely.MultiPoint([(0, 0), (0, 0)]),
    ]
    repaired = repair(column(*shapes))
    assert repaired.shapes.tolist() == shapes
    assert (repaired.repairs, repaired.refusals, repaired.kept_null) == ({}, {}, {})


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_unclosed_ring_is_closed(order):
    repaired = repair(raw(polygon(SQUARE[:-1], [(2, 2), (2, 4), (4, 4)], order=order), polygon(SQUARE, order=order)))
    assert repaired.shapes[0].normalize() == shapely.Polygon(SQUARE, [[(2, 2), (2, 4), (4, 4)]]).normalize()
    assert offsets(repaired.repairs) == {"unclosed": [0]}


def test_points_in_a_row_are_dropped():
    ring = [(0, 0), (0, 0), (10, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    repaired = repair(raw(polygon(ring)))
    assert shapely.get_num_coordinates(only(repaired)) == 5
    assert offsets(repaired.repairs) == {"duplicate_points": [0]}


INVALID = {
    "bow-tie": (shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)]), 200),
    "bow-tie hole": (shapely.Polygon(SQUARE, [[(2, 2), (4, 4), (4, 2), (2, 4)]]), 98),
    "nested shell": (shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(2, 2, 4, 4)]), 96),
    "island in a nested shell": (
        shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(2, 2, 8, 8), shapely.box(4, 4, 5, 5)]),
        65,
    ),
    "the same part twice": (shapely.MultiPolygon([shapely.box(0, 0, 10, 10)] * 2), 100),
    "hole outside": (shapely.Polygon(SQUARE, [shapely.box(20, 20, 22, 22).exterior.coords]), 104),
    "hole drawn as a loop of the shell": (
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 10), (6, 5), (4, 5), (5, 10), (0, 10)]),
        95,
    ),
    "neighbours": (shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), 2),
    "ring gone round twice": (shapely.Polygon(SQUARE[:-1] * 2), 100),
}


@pytest.mark.parametrize("name", INVALID)
@pytest.mark.parametrize("orientation", [False, True])
def test_an_invalid_polygon_keeps_what_it_covers(name, orientation):
    shape, area = INVALID[name]
    given_shape = shape.reverse() if orientation else shape
    repaired = repair(column(shapely.box(0, 0, 500, 500), given_shape))
    assert repaired.shapes[1].is_valid
    assert repaired.shapes[1].area == pytest.approx(area)
    assert repaired.repairs["invalid_rings"].tolist() == [1]
    assert repaired.refusals == {}


def test_no_point_moves_but_crossings_are_added():
    repaired = repair(column(shapely.Polygon([(0, 0), (20, 20), (20, 0), (0, 20)])))
    points = {tuple(point) for point in shapely.get_coordinates(only(repaired))}
    assert points == {(0, 0), (20, 20), (20, 0), (0, 20), (10, 10)}


OVERLAPPING = {
    "parts": shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(5, 5, 15, 15)]),
    "ring": shapely.Polygon([(0, 0), (10, 0), (10, 10), (4, 10), (4, -4), (6, -4), (6, 6), (0, 6)]),
    "hole as large as the shell": shapely.Polygon(SQUARE, [SQUARE]),
    "hole across the edge": shapely.Polygon(SQUARE, [shapely.box(5, 5, 15, 8).exterior.coords]),
}


@pytest.mark.parametrize("name", OVERLAPPING)
def test_where_two_readings_differ_the_row_is_refused(name):
    repaired = repair(column(shapely.box(0, 0, 500, 500), OVERLAPPING[name]))
    assert repaired.refusals == {1: AMBIGUOUS}
    assert repaired.shapes[1] is None
    assert (repaired.repairs, repaired.kept_null) == ({}, {})


def test_a_spike_is_cut_off():
    repaired = repair(column(shapely.Polygon([(0, 0), (10, 0), (15, 0), (10, 0), (10, 10), (0, 10)])))
    assert only(repaired).equals(shapely.Polygon(SQUARE))
    assert offsets(repaired.repairs) == {"invalid_rings": [0], "spikes": [0]}


def test_a_crumb_that_the_rebuilding_leaves_is_dropped():
    tail = [(EAST, NORTH), (EAST + 100, NORTH), (EAST + 100, NORTH + 100), (EAST - 0.01, NORTH), (EAST, NORTH + 0.01)]
    repaired = repair(column(shapely.Polygon(tail)))
    assert only(repaired).geom_type == "Polygon"
    assert offsets(repaired.repairs) == {"invalid_rings": [0], "repair_slivers": [0]}


@pytest.mark.parametrize(("scale", "east", "north"), [(1, EAST, NORTH), (1 / 111_000, 120, 30)])
def test_slivers_are_counted_in_metres_and_kept(scale, east, north):
    sliver = shapely.transform(shapely.box(0, 0, 50, 0.005), lambda xy: xy * scale + (east, north))
    strip = shapely.transform(shapely.box(0, 0, 50, 0.05), lambda xy: xy * scale + (east, north))
    repaired = repair(column(strip, sliver))
    assert repaired.shapes.tolist() == [strip, sliver]
    assert offsets(repaired.repairs) == {"slivers": [1]}


def test_heights_and_measures_are_left_out():
    with_z = shapely.Polygon([(0, 0, 5), (10, 0, 5), (10, 10, 5)])
    with_m = struct.pack("<BII", 1, 2002, 2) + struct.pack("<6d", 0, 0, 5, 1, 1, 6)
    with_both = struct.pack("<BII", 1, 3002, 2) + struct.pack("<8d", 0, 0, 5, 7, 1, 1, 6, 7)
    repaired = repair(raw(shapely.to_wkb(with_z), shapely.to_wkb(with_z, flavor="iso"), with_m, with_both))
    assert not shapely.has_z(repaired.shapes).any()
    assert not shapely.has_m(repaired.shapes).any()
    assert offsets(repaired.repairs) == {"z": [0, 1, 3], "m": [2, 3]}


def test_a_collection_becomes_its_parts_of_the_highest_dimension():
    mixed = shapely.GeometryCollection(
        [shapely.Point(0, 0), shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])]
    )
    repaired = repair(column(mixed, shapely.GeometryCollection([shapely.Point(3, 3)]), shapely.GeometryCollection()))
    assert repaired.shapes.tolist() == [
        shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)]),
        shapely.Point(3, 3),
        None,
    ]
    assert offsets(repaired.repairs) == {"collections": [0, 1], "lower_parts": [0]}
    assert offsets(repaired.kept_null) == {"empty": [2]}


def test_attributes_are_kept_where_there_is_no_land():
    repaired = repair(
        raw(
            None,
            shapely.to_wkb(shapely.Polygon()),
            polygon([(0, 0), (10, 0), (5, 0), (0, 0)]),
            polygon([(3, 3), (3, 3), (3, 3), (3, 3)]),
            polygon([(3, 3)]),
            shapely.to_wkb(shapely.LineString([(1, 1), (1, 1)])),
            struct.pack("<BII2d", 1, 2, 1, 0, 0),
            shapely.to_wkb(shapely.Point()),
        )
    )
    assert repaired.shapes.tolist() == [None] * 8
    assert offsets(repaired.kept_null) == {"null": [0], "empty": [1, 7], "collapsed": [2, 3, 4, 5, 6]}
    assert repaired.refusals == {}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300, -2e9])
def test_coordinates_that_are_no_number_or_off_the_earth_are_refused(value):
    repaired = repair(raw(polygon(SQUARE), polygon([(0, 0), (10, 0), (value, 10), (0, 0)])))
    assert repaired.refusals == {1: NOT_FINITE}
    assert repaired.shapes[1] is None


CURVE = struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
TRIANGLES = struct.pack("<BII", 1, 16, 1) + polygon([(0, 0), (1, 0), (1, 1), (0, 0)], kind=17)
DEEP = struct.pack("<BII", 1, 7, 1) * 500_000 + struct.pack("<BI2d", 1, 1, 0, 0)
DEEP_IN_PARTS = struct.pack("<BII", 1, 6, 1) * 500_000 + polygon(SQUARE)
BIG_ENDIAN_DEEP = struct.pack(">BII", 0, 1007, 1) * 500_000 + struct.pack(">BI2d", 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", UNREADABLE),
        (b"\x01\x03", UNREADABLE),
        (b"POLYGON((0 0,1 0,1 1,0 0))", UNREADABLE),
        (polygon(SQUARE)[:-9], UNREADABLE),
        (struct.pack("<BII", 1, 6, 2**32 - 1), UNREADABLE),
        (CURVE, CURVED),
        (struct.pack("<BII", 1, 7, 1) + CURVE, CURVED),
        (struct.pack("<BII", 1, 11, 1) + CURVE, CURVED),
        (TRIANGLES, FACETED),
        (DEEP, NESTED),
        (DEEP_IN_PARTS, NESTED),
        (BIG_ENDIAN_DEEP, NESTED),
    ],
)
def test_what_is_no_shape_is_refused_alone(value, reason):
    repaired = repair(raw(polygon(SQUARE), value, polygon(SQUARE)))
    assert repaired.refusals == {1: reason}
    assert [shape is None for shape in repaired.shapes] == [False, True, False]


def test_what_geos_gives_up_on_is_refused_alone():
    monster = shapely.Polygon([(0, 2e300), (4e300, 3e300), (3e300, 0), (0, 1e300), (0, 6e300), (4e300, 5e300)])
    with pytest.raises(shapely.errors.GEOSException), np.errstate(over="ignore", invalid="ignore"):
        _rebuilt(np.array([monster]))
    bow_tie, area = INVALID["bow-tie"]
    rebuilt, _, _, exact = _tried(np.array([bow_tie, monster, bow_tie]), 1.0)
    assert exact.tolist() == [True, False, True]
    assert rebuilt[0].area == rebuilt[2].area == pytest.approx(area)


def test_any_binary_column_will_do():
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        values = pa.array([b"x", polygon(SQUARE), None], kind)
        for given_column in (values[1:], pa.chunked_array([values[1:2], values[2:]])):
            repaired = repair(given_column)
            assert repaired.shapes.tolist() == [shapely.Polygon(SQUARE), None]
            assert offsets(repaired.kept_null) == {"null": [1]}
    assert repair(pa.array([], pa.binary())).shapes.tolist() == []
    assert repair(pa.nulls(2, pa.binary())).shapes.tolist() == [None, None]


def test_single_shapes_become_multiple_where_the_layer_is():
    shapes = np.array([shapely.box(0, 0, 1, 1), None, shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])], dtype=object)
    assert promote(shapes, "POLYGON").tolist() == [shapes[2], None, shapes[2]]
    lines = np.array([shapely.LineString([(0, 0), (1, 1)])])
    assert promote(lines, "LINESTRING").tolist() == [shapely.MultiLineString([[(0, 0), (1, 1)]])]
    points = np.array([shapely.Point(0, 0)])
    assert promote(points, "POINT").tolist() == points.tolist()


def test_every_kind_has_a_name_in_both_languages():
    for note in (*REPAIRS.values(), *KEPT_NULL.values()):
        assert note.zh
        assert note.en


CORNERS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=3, max_size=8)
RINGS = st.lists(CORNERS, min_size=1, max_size=3)


def _odd(rings, x: float, y: float) -> bool:
    """The even-odd rule by its definition: how many edges a ray to the east crosses."""
    crossed = 0
    for ring in rings:
        for (x1, y1), (x2, y2) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                crossed += 1
    return crossed % 2 == 1


@given(RINGS)
def test_whatever_is_drawn_becomes_valid_or_is_refused(rings):
    repaired = repair(raw(polygon(*rings)))
    (shape,) = repaired.shapes
    assert (shape is None) == bool(repaired.refusals or repaired.kept_null)
    assert not set(repaired.repairs) - set(REPAIRS)
    if shape is not None:
        assert shape.is_valid
        assert shape.area > 0
        assert shape.geom_type in {"Polygon", "MultiPolygon"}


@given(RINGS)
def test_what_was_repaired_needs_no_repair(rings):
    once = repair(raw(polygon(*rings))).shapes
    again = repair(column(*once))
    assert again.shapes.tolist() == once.tolist()
    assert not set(again.repairs) - {"slivers"}


@given(CORNERS, st.tuples(st.floats(0, 12), st.floats(0, 12)))
def test_the_even_odd_rule_is_kept(ring, at):
    (shape,) = repair(raw(polygon(ring))).shapes
    point = shapely.Point(at)
    if shape is not None and shapely.LinearRing(ring).distance(point) > 1e-6:
        assert shape.contains(point) == _odd([ring], *at)
