"""The encoder against a decoder of other people's, and shapes of every kind on the grid of a tile."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from bioplan_gis.storage.cells import FINEST, morton, unwoven
from bioplan_gis.storage.mvt import LINE, POINT, Outlines, encode
from imported import plain, put
from tiles import LAT, LON, at, body_of, decoded

WHOLE = st.integers(-(2**62), 2**62)
VALUES = st.one_of(st.none(), st.text(), WHOLE, st.booleans(), st.floats(allow_nan=False))
POSITIONS = st.tuples(st.integers(-64, 4160), st.integers(-64, 4160))


@given(st.lists(st.tuples(st.integers(0, 2**62), POSITIONS, VALUES, VALUES), min_size=1, max_size=40))
def test_what_is_encoded_is_decoded(features: list):
    keys, positions, ours, theirs = (list(each) for each in zip(*features, strict=True))
    count = len(features)
    ones = np.ones(count, dtype=np.int64)
    spots = Outlines(ones * POINT, np.arange(count), ones, np.array(positions))
    found = decoded(encode("层", spots, {"甲": ours, "b": theirs}, np.array(keys)), "层")
    assert [one.key for one in found] == keys
    assert [(one.shape.x, one.shape.y) for one in found] == positions
    for one, mine, other in zip(found, ours, theirs, strict=True):
        expected = {name: value for name, value in (("甲", mine), ("b", other)) if value is not None}
        assert one.properties == expected
        assert {name: type(value) for name, value in one.properties.items()} == {
            n: type(v) for n, v in expected.items()
        }


@given(st.lists(st.lists(POSITIONS, min_size=2, max_size=9, unique=True), min_size=1, max_size=9))
def test_lines_of_many_parts_are_decoded(parts: list):
    sizes = np.array([len(part) for part in parts])
    positions = np.array([position for part in parts for position in part])
    one = Outlines(np.array([LINE]), np.zeros(len(parts), dtype=np.int64), sizes, positions)
    (found,) = decoded(encode("lines", one, {}), "lines")
    assert found.shape.equals(shapely.multilinestrings([shapely.linestrings(part) for part in parts]))


@given(
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True)), min_size=1, max_size=50)
)
def test_morton_codes_tell_where_a_cell_is(shares: list):
    codes = morton(np.array(shares), FINEST)
    cells = np.floor(np.array(shares) * 2**FINEST)
    assert unwoven(codes).tolist() == cells.tolist()
    for level in (0, 1, 8, 30):
        assert unwoven(codes >> 2 * (FINEST - level)).tolist() == np.floor(cells / 2 ** (FINEST - level)).tolist()


def _shapes(count: int) -> list[shapely.Geometry]:
    """Stars with spikes and slits, rings that touch themselves, islands in lakes, combs, hairs, and bundles of them."""
    random = np.random.default_rng(20240701)
    shapes: list[shapely.Geometry] = []
    for _ in range(count):
        middle = np.array([LON, LAT]) + random.normal(0, 0.05, 2)
        turns = np.sort(random.random(random.integers(3, 60))) * 2 * np.pi
        radius = 10 ** random.uniform(-5, -0.5) * random.random((len(turns), 1)) ** 2
        star = shapely.make_valid(shapely.Polygon(middle + radius * np.column_stack([np.cos(turns), np.sin(turns)])))
        other = shapely.affinity.translate(star, *random.normal(0, 0.01, 2))
        line = shapely.LineString(middle + np.cumsum(random.normal(0, 10 ** random.uniform(-5, -2), (20, 2)), axis=0))
        shapes += [
            star,
            shapely.union(star, other),
            shapely.difference(star, other),
            line,
            line.buffer(1e-5),
            line.boundary,
        ]
    return [shape for shape in shapes if not shape.is_empty]


@pytest.mark.parametrize("zoom", [4, 7, 9, 11, 13, 16])
def test_shapes_of_every_kind_are_valid_to_the_letter(engine: Engine, zoom: int):
    shapes = _shapes(60)
    put(engine, plain("odd", "怪", "GEOMETRY", {}), [{"id": str(each)} for each in range(len(shapes))], shapes)
    row, col = at(zoom, LON, LAT)
    for step in (0, 1):
        found = decoded(body_of(engine, "odd", zoom, row, col + step), "odd")
        assert len({one.properties["id"] for one in found}) == len(found)
    if zoom < 7:
        every = {one.properties["id"] for one in decoded(body_of(engine, "odd", zoom, row, col), "odd")}
        assert every == {str(each) for each in range(len(shapes))}
