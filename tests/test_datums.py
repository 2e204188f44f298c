"""GCJ-02 and BD-09: numbers of others, there and back, and nothing outside China."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.crs import GEOD
from bioplan_gis.datums import from_bd09, from_gcj02, to_bd09, to_cgcs2000, to_gcj02

# Made with coord-convert 0.2.1 from PyPI (wgs2gcj, gcj2bd): CGCS2000, GCJ-02, BD-09.
KNOWN = (
    ((120.1551, 30.2741), (120.15979447929637, 30.271771223200254), (120.16635834855023, 30.27759921816922)),
    ((120.28, 30.16), (120.28446386301032, 30.157557032429434), (120.29104391636807, 30.163313620978485)),
    ((119.2811, 29.4747), (119.28615012154961, 29.472141760015848), (119.2925547206057, 29.478478375304878)),
    ((121.0, 30.9), (121.00435590345135, 30.89779016179403), (121.01092143719026, 30.903542845087173)),
)
CHINA = st.tuples(st.floats(73, 137), st.floats(2, 55))
ABROAD = st.one_of(
    st.tuples(st.floats(-180, 72), st.floats(-90, 90)), st.tuples(st.floats(138, 180), st.floats(-90, 90))
)


@pytest.mark.parametrize(("true", "gcj02", "bd09"), KNOWN)
def test_the_numbers_are_those_of_an_independent_implementation(true, gcj02, bd09):
    assert to_gcj02(np.array([true]))[0] == pytest.approx(gcj02, abs=1e-11)
    assert to_bd09(np.array([true]))[0] == pytest.approx(bd09, abs=1e-11)


@pytest.mark.parametrize(("true", "gcj02", "bd09"), KNOWN)
def test_each_datum_is_converted_to_cgcs2000(true, gcj02, bd09):
    for position, datum in ((true, "cgcs2000"), (gcj02, "gcj02"), (bd09, "bd09")):
        assert to_cgcs2000(np.array([position]), datum)[0] == pytest.approx(true, abs=1e-10)


@given(st.lists(CHINA, min_size=1, max_size=20))
def test_there_and_back_is_nowhere(positions):
    lonlat = np.array(positions)
    assert from_gcj02(to_gcj02(lonlat)) == pytest.approx(lonlat, abs=1e-11)
    assert from_bd09(to_bd09(lonlat)) == pytest.approx(lonlat, abs=1e-11)


@given(ABROAD)
def test_outside_china_nothing_moves(position):
    lonlat = np.array([position])
    for convert in (to_gcj02, from_gcj02, to_bd09, from_bd09):
        assert np.array_equal(convert(lonlat), lonlat)


def test_in_hangzhou_the_shift_is_half_a_kilometre():
    (lon, lat), (shifted_lon, shifted_lat) = KNOWN[0][:2]
    assert GEOD.inv(lon, lat, shifted_lon, shifted_lat)[2] == pytest.approx(520, abs=15)


def test_what_is_given_stays_as_it_is():
    given_positions = np.array([KNOWN[0][0]])
    to_bd09(given_positions)
    assert np.array_equal(given_positions, np.array([KNOWN[0][0]]))
