"""What the writers do to names, texts and coordinates, by itself and for any input."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.errors import ParameterError
from bioplan_gis.exporting.columns import free_name
from bioplan_gis.exporting.dxf import _layer_name
from bioplan_gis.exporting.formats import FORMATS, format_of
from bioplan_gis.exporting.outlines import parts_of
from bioplan_gis.exporting.reprojection import is_approximate, target_crs
from bioplan_gis.exporting.shapefiles import cut_names

NAMES = st.lists(st.text("aAbB_1三类工业é😀", min_size=1, max_size=8), unique=True, max_size=30)


@given(NAMES)
def test_cut_names_are_short_whole_and_their_own(names):
    cut = cut_names(names)
    assert list(cut) == names
    assert all(0 < len(short.encode()) <= 10 for short in cut.values())
    assert len({short.casefold() for short in cut.values()}) == len(names)


def test_a_name_that_fits_stays():
    assert cut_names(["容积率", "三类工业用地", "三类工业用途", "NAME", "name"]) == {
        "容积率": "容积率", "三类工业用地": "三类工", "三类工业用途": "三类工1", "NAME": "NAME", "name": "name1",
    }  # fmt: skip


@given(NAMES, st.text("aAbB_1三", min_size=1, max_size=3))
def test_a_free_name_is_free(taken, name):
    assert free_name(name, taken).casefold() not in {each.casefold() for each in taken}


POINTS = st.tuples(st.integers(-9, 9), st.integers(-9, 9)).map(shapely.Point)
SHAPES = st.recursive(
    st.one_of(POINTS, POINTS.map(lambda one: one.buffer(1)), st.just(shapely.LineString([(0, 0), (1, 1)])), st.none()),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda each: shapely.GeometryCollection([one for one in each if one])
    ),
    max_leaves=6,
)


@given(st.lists(SHAPES, min_size=1, max_size=5))
def test_parts_are_simple_and_lose_nothing(shapes):
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    parts = parts_of(array)
    assert set(shapely.get_type_id(parts.shapes)) <= {0, 1, 3}
    for row, shape in enumerate(shapes):
        mine = parts.shapes[parts.rows == row]
        assert shapely.get_num_coordinates(mine).sum() == shapely.get_num_coordinates(shape)


def test_what_gbk_has_not_is_escaped_in_dxf():
    assert "甲😀𠀀".encode("gbk", "bioplan-dxf") == "甲".encode("gbk") + b"\\U+D83D\\U+DE00\\U+D840\\U+DC00"
    assert _layer_name("a b/甲:*") == "a_b_甲__"


@pytest.mark.parametrize("name", [each.extensions[0] for each in FORMATS.values()])
def test_every_extension_is_known_in_any_case(name):
    assert format_of(None, f"层{name.upper()}").extensions[0] == name
    with pytest.raises(ParameterError):
        format_of(None, f"层{name}.bak")


@pytest.mark.parametrize(
    ("name", "code"), [("4549", 4549), ("EPSG:4528", 4528), ("epsg:3857", 3857), ("OGC:CRS84", None)]
)
def test_a_crs_goes_by_many_names(name, code):
    assert target_crs(name).to_epsg() in {code, 4326}


@pytest.mark.parametrize(
    ("code", "approximate"), [(4490, False), (4326, False), (4549, False), (32650, False), (2437, True)]
)
def test_other_datums_are_approximate(code, approximate):
    assert is_approximate(target_crs(str(code))) is approximate
