"""Quantities as Chinese tables write them become ends in one unit."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.importing.mapping.columns import measured
from bioplan_gis.importing.mapping.quantities import MU_M2, UNITS, Span, read_ends, read_span, says_nothing, unit_of
from bioplan_gis.importing.rows import Note


def ends(text, dimension="plain", unit=None):
    span = read_span(text, dimension, unit)
    assert isinstance(span, Span), span
    return span.low, span.high


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2.0", 2.0, 2.0),
        ("１．５～２．５", 1.5, 2.5),
        ("1.5–2.5", 1.5, 2.5),
        ("1.5-2.5", 1.5, 2.5),
        ("1.5—2.5", 1.5, 2.5),
        ("1.5至2.5", 1.5, 2.5),
        ("2.5-1.5", 1.5, 2.5),
        ("1.5＜容积率≤2.5", 1.5, 2.5),
        ("1.0≤FAR≤2.0", 1.0, 2.0),
        ("2.5≥R≥1.5", 1.5, 2.5),
        ("≥1.5", 1.5, None),
        ("≧1.5", 1.5, None),
        (">=1.5", 1.5, None),
        ("不低于1.5", 1.5, None),
        ("不得小于1.5", 1.5, None),
        ("1.0以上", 1.0, None),
        ("1.0（含）以上", 1.0, None),
        ("不大于2.5", None, 2.5),
        ("不超过2.5", None, 2.5),
        ("≤2.5", None, 2.5),
        ("容积率：≤2.5", None, 2.5),
        ("不低于1.5且不高于2.5", 1.5, 2.5),
        ("≥1.5，≤2.5", 1.5, 2.5),
        ("≤2.5、≥1.5", 1.5, 2.5),
        ("大于1.0并且小于或等于2.0", 1.0, 2.0),
        ("1.0以上，2.5以下", 1.0, 2.5),
        ("2.0左右", 2.0, 2.0),
        ("二点五", 2.5, 2.5),
        ("150%", 1.5, 1.5),
        ("1.5（最低）", 1.5, None),
        ("2.5（最高）", None, 2.5),
        ("1.5，2.5", 1.5, 2.5),
        ("1.5、2.5", 1.5, 2.5),
        ("1.5/2.5", 1.5, 2.5),
        ("1.5一2.5", 1.5, 2.5),
        ("≯2.5", None, 2.5),
        ("≮1.5", 1.5, None),
    ],
)
def test_ratios_and_ranges(text, low, high):
    assert ends(text) == (low, high)


@pytest.mark.parametrize(
    ("text", "square_metres"),
    [
        ("20000㎡", 20_000),
        ("20,000.5 平方米", 20_000.5),
        ("20 000 m²", 20_000),
        ("约7577平方米（约11.37亩）", 7577),
        ("30亩", 20_000),
        ("３０亩", 20_000),
        ("三十亩", 20_000),
        ("1.2公顷", 12_000),
        ("1.2 hm²", 12_000),
        ("1.2ha", 12_000),
        ("3顷", 200_000),
        ("0.05km²", 50_000),
        ("30畝", 20_000),
        ("20000㎡（合30亩）", 20_000),
        ("0.05平方公里", 50_000),
        ("3.5万㎡", 35_000),
        ("3.5万平方米", 35_000),
    ],
)
def test_areas_in_every_unit(text, square_metres):
    low, high = ends(text, "area", UNITS["ha"])
    assert low == high == pytest.approx(square_metres, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "dimension", "low", "high"),
    [
        ("24米以下", "length", None, 24),
        ("建筑限高≤24米", "length", None, 24),
        ("限高24m", "length", None, 24),
        ("不超过五十米", "length", None, 50),
        ("≤30%", "share", None, 30),
        ("40%≤D≤60%", "share", 40, 60),
        ("10%≤G≤20%", "share", 10, 20),
        ("24≤H≤50", "length", 24, 50),
        ("40%一60%", "share", 40, 60),
        ("檐口≤24米", "length", None, 24),
        ("伍拾年", "time", 50, 50),
        ("人民币壹仟贰佰万元整", "money", 12_000_000, 12_000_000),
        ("30%-40%", "share", 30, 40),
        ("30-40%", "share", 30, 40),
        ("百分之三十", "share", 30, 30),
        ("不小于 40％", "share", 40, None),
        ("50年", "time", 50, 50),
        ("五十年", "time", 50, 50),
        ("1200万元", "money", 12_000_000, 12_000_000),
        ("人民币1,200万元", "money", 12_000_000, 12_000_000),
        ("三百万元", "money", 3_000_000, 3_000_000),
        ("1.2亿", "money", 120_000_000, 120_000_000),
        ("363.696万元", "money", 3_636_960, 3_636_960),
    ],
)
def test_heights_shares_terms_and_sums(text, dimension, low, high):
    assert ends(text, dimension) == (pytest.approx(low) if low else low, pytest.approx(high) if high else high)


def test_a_price_per_area_is_told_from_a_sum():
    span = read_span("60万元/亩", "money", None)
    assert span.dimension == "price"
    assert span.low == pytest.approx(600_000 / MU_M2)


@pytest.mark.parametrize("text", ["工业50年/商业40年", "工业用地50年，商业40年", "50年（工业）、40年（商业）"])
def test_of_several_terms_that_of_industry_is_taken_and_said(text):
    span = read_span(text, "time", None)
    assert (span.low, span.high) == (50, 50)
    assert "工业" in span.note.zh
    assert "industry" in span.note.en


@pytest.mark.parametrize(
    ("text", "dimension", "said"),
    [
        ("24m(局部30m)", "length", "outside the brackets"),
        ("40（弹性）", "time", "outside the brackets"),
        ("1.5、2.5", "plain", "as a range"),
        ("约7577平方米（约11.37亩）", "area", None),
        ("1.5-2.5（含）", "plain", None),
        ("1.5（最低）", "plain", None),
    ],
)
def test_what_was_chosen_or_dropped_is_said(text, dimension, said):
    note = read_span(text, dimension, None).note
    assert said in note.en if said else note is None


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("详见附件3", "plain"),
        ("按规划条件〔2023〕12号", "plain"),
        ("-1", "plain"),
        ("2.5/1.5", "plain"),
        ("1/2", "plain"),
        ("1.5/2.5", "area"),
        ("5d", "plain"),
        ("20h", "time"),
        ("≥2.5且≤1.5", "plain"),
        ("1e999", "plain"),
        ("1,5", "plain"),
        ("M3", "plain"),
        ("住宅70年/商业40年", "time"),
        ("20亩", "length"),
        ("24层", "length"),
        ("300万美元", "money"),
        ("9" * 400, "area"),
    ],
)
def test_what_cannot_be_read_says_so_in_both_languages(text, dimension):
    note = read_span(text, dimension, None)
    assert isinstance(note, Note)
    assert "留空" in note.zh
    assert "left empty" in note.en


@pytest.mark.parametrize("text", ["", " ", "/", "—", "——", "－", "无", "不限", "N/A", "<Null>"])
def test_empty_cells_say_nothing(text):
    assert says_nothing(text)


@pytest.mark.parametrize(
    ("text", "name"), [("㎡", "平方米"), ("M2", "平方米"), ("万元／亩", "万元/亩"), ("ｈａ", "公顷"), ("mu", "亩")]
)
def test_units_under_their_spellings(text, name):
    assert unit_of(text).name == name


def test_ends_of_an_indicator_keep_their_own_unit():
    low, high, unit = read_ends("≥350万元/亩")
    assert (low, high, unit.name) == (350, None, "万元/亩")


NUMBERS = st.decimals(min_value="0.01", max_value="99999", places=2).map(str)


@given(
    NUMBERS, NUMBERS, st.sampled_from(["-", "–", "—", "~", "～", "至", "到"]), st.sampled_from(["", "㎡", "亩", "公顷"])
)
def test_any_range_has_its_ends_in_order(first, second, between, unit):
    factor = unit_of(unit).factor if unit else 1
    low, high = ends(f"{first}{between}{second}{unit}", "area", None if unit else UNITS["m2"])
    expected = sorted((float(first) * factor, float(second) * factor))
    assert (low, high) == (pytest.approx(expected[0]), pytest.approx(expected[1]))


@given(
    NUMBERS, st.sampled_from(["㎡", "平方米", "亩", "公顷", "平方公里", "万㎡"]), st.sampled_from(["㎡", "亩", "公顷"])
)
def test_the_unit_of_the_cell_wins_over_that_of_the_column(number, cell, column):
    assert ends(f"{number}{cell}", "area", UNITS[column]) == ends(number, "area", unit_of(cell))


@given(st.integers(1, 9999))
def test_chinese_numerals_say_the_same_number(number):
    assert ends(f"{_numeral(number)}年", "time") == (number, number)


def _numeral(number):
    """Written from the right, as one speaks: the oracle goes the other way than the reader."""
    signs, text, gap = "零一二三四五六七八九", "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += ("零" if gap else "") + signs[digit] + ("", "十", "百", "千")[place]
            gap = False
        else:
            gap = bool(text) and number % 10**place > 0
    return text


DIMENSIONS = st.sampled_from(["plain", "area", "share", "length", "time", "money"])
AROUND = st.text(st.sampled_from("约≥≤不低于以上下米亩㎡m2%万元/年工业()（） .,-eE三十点:每"), max_size=4)


@given(st.lists(st.tuples(AROUND, NUMBERS | st.just("1,234.5"), AROUND | NUMBERS), min_size=1, max_size=12), DIMENSIONS)
def test_a_column_is_read_as_its_cells_are_one_by_one(cells, dimension):
    texts = ["".join(cell).strip() for cell in cells]
    found = measured(pa.array(texts, pa.string()), dimension, None)
    for text, low, high in zip(texts, found.low, found.high, strict=True):
        span = read_span(text, dimension, None)
        ends = (span.low, span.high) if isinstance(span, Span) else (None, None)
        np.testing.assert_allclose([low, high], [math.nan if end is None else end for end in ends], err_msg=text)


@given(st.text(max_size=60), DIMENSIONS)
def test_no_text_breaks_the_reader(text, dimension):
    read = read_span(text, dimension, None)
    if isinstance(read, Span):
        assert all(end is None or (math.isfinite(end) and end >= 0) for end in (read.low, read.high))
        assert read.low is None or read.high is None or read.low <= read.high
