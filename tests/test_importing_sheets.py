"""Tables written as text: what their cells are, where they begin and end, and what is wrong with them."""

import csv
import io
from datetime import UTC, date, datetime, time

import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioplan_gis.errors import UnreadableFileError
from tables import opened, sheet


@pytest.mark.parametrize(
    ("name", "cells", "kind", "values"),
    [
        ("n", ["1", "-5", "0", "999999999999999"], pa.int64(), [1, -5, 0, 999999999999999]),
        ("编号", ["330110200001001234", "1"], pa.string(), ["330110200001001234", "1"]),
        ("编号", ["007", "12"], pa.string(), ["007", "12"]),
        ("联系电话", ["13800000000", "1"], pa.string(), ["13800000000", "1"]),
        ("n", ["1.5", "2", ".25", "-1e-05"], pa.float64(), [1.5, 2.0, 0.25, -1e-05]),
        ("n", ["1,5", "2"], pa.string(), ["1,5", "2"]),
        ("n", ["5%", "6%"], pa.string(), ["5%", "6%"]),
        ("n", ["NaN", "1"], pa.string(), ["NaN", "1"]),
        ("d", ["2024-01-05", "2024/1/5", "2024年12月31日"], pa.date32(), [date(2024, 1, 5)] * 2 + [date(2024, 12, 31)]),
        ("d", ["2024-02-30", "2024-01-01"], pa.string(), ["2024-02-30", "2024-01-01"]),
        ("成交日期", ["20240105", "20231231"], pa.date32(), [date(2024, 1, 5), date(2023, 12, 31)]),
        ("d", ["20240105", "20231231"], pa.int64(), [20240105, 20231231]),
        ("t", ["9:05", "23:59:58"], pa.time64("us"), [time(9, 5), time(23, 59, 58)]),
        ("t", ["24:05", "1:00"], pa.string(), ["24:05", "1:00"]),
        ("m", ["2024-1-5 9:05", "2024-01-05T10:11:12.5"], pa.timestamp("us"), None),
        ("m", ["2024-01-05T10:00:00+08:00", "2024-01-05T02:00:00Z"], pa.timestamp("us", "UTC"), None),
        ("b", ["true", "FALSE"], pa.bool_(), [True, False]),
        ("b", ["是", "否"], pa.string(), ["是", "否"]),
        ("b", ["0", "1"], pa.int64(), [0, 1]),
    ],
)
def test_a_column_is_what_all_of_its_cells_are(tmp_path, name, cells, kind, values):
    text = io.StringIO()
    csv.writer(text).writerows([[name, "end"], *([cell, "x"] for cell in cells), ["", "x"]])
    found = sheet(tmp_path, text.getvalue())
    assert found.kind(name) == kind
    if values is not None:
        assert found.column(name) == [*values, None]


def test_moments_keep_their_time_and_instants_their_zone(tmp_path):
    found = sheet(tmp_path, "a,b\n2024-1-5 9:05,2024-01-05T10:00:00+08:00\n")
    assert found.column("a") == [datetime(2024, 1, 5, 9, 5)]  # noqa: DTZ001
    assert found.column("b") == [datetime(2024, 1, 5, 2, tzinfo=UTC)]


def test_the_type_of_a_column_takes_all_rows_into_account(tmp_path):
    found = sheet(tmp_path, "n,m\n" + "1,2\n" * 5000 + "x,2.5\n")
    assert (found.kind("n"), found.kind("m")) == (pa.string(), pa.float64())
    assert (max(found.sizes), sum(found.sizes)) == (1000, 5001)


@pytest.mark.parametrize(("codec", "label"), [("gb18030", "GB18030"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_encodings_are_found(tmp_path, codec, label, delimiter):
    text = (
        delimiter.join(("编号", "用地性质", "经度", "纬度"))
        + "\r\n"
        + delimiter.join(("甲", "三类工业用地", "120.5", "30.2"))
    )
    found = sheet(tmp_path, text.encode(codec))
    assert found.column("用地性质") == ["三类工业用地"]
    assert found.shapes == [shapely.Point(120.5, 30.2)]
    assert (found.facts.encoding, found.facts.kind) == (label, "CSV")


def test_a_first_line_that_names_the_delimiter_is_followed(tmp_path):
    assert sheet(tmp_path, "sep=;\na;b\n1,5;2\n").column("a") == ["1,5"]


def test_quotes_hold_delimiters_quotes_and_lines(tmp_path):
    found = sheet(tmp_path, 'a,b\n"x,""y""\nz",1\n\n  ,2\n')
    assert found.column("a") == ['x,"y"\nz', "  "]
    assert "1 个单元格内有换行" in found.said


def test_ragged_rows_are_told_by_number_and_the_others_read(tmp_path):
    found = sheet(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n")
    assert found.column("c") == [3, None, None, 3]
    assert sorted(found.faults) == [2, 3]
    assert "太少" in found.faults[2].zh
    assert "too many" in found.faults[3].en


def test_title_units_totals_and_remarks_are_no_data(tmp_path):
    text = "表1 工业用地一览表,,\n编制单位：某局,,单位：公顷\n"
    text += "地块编号,面积,容积率\n,(公顷),\n1,2.5,1\n2,3,2\n合  计,5.5,\n注：含M3,,\n"
    found = sheet(tmp_path, text)
    assert found.table.column_names == ["地块编号", "面积（公顷）", "容积率"]
    assert found.column("面积（公顷）") == [2.5, 3.0]
    assert all(text in found.said for text in ("工业用地一览表", "合  计 5.5", "注：含M3"))


def test_a_total_in_the_middle_stays(tmp_path):
    found = sheet(tmp_path, "名称,面积\n甲,1\n小计,1\n" + "乙,2\n" * 9)
    assert found.column("名称")[1] == "小计"


def test_a_table_without_headings_is_numbered(tmp_path):
    found = sheet(tmp_path, "1,2\n3,4\n")
    assert (found.table.column_names, found.column("column_1")) == (["column_1", "column_2"], [1, 3])


def test_empty_and_equal_names_are_made_distinct(tmp_path):
    found = sheet(tmp_path, "名称,,名称,x\n甲,1,乙,2\n丙,1,丁,2\n")
    assert found.table.column_names == ["名称", "column_2", "名称_1", "x"]
    assert "“名称”改为“名称_1”" in found.said


def test_a_table_without_coordinates_has_rows_without_geometry(tmp_path):
    found = sheet(tmp_path, "名称,面积\n甲,1\n")
    assert (found.shapes, found.facts.crs, found.column("名称")) == ([], None, ["甲"])
    assert "没有认出坐标列" in found.said


def test_headings_alone_are_a_table_of_no_rows(tmp_path):
    assert sheet(tmp_path, "名称,经度,纬度\n").table.num_rows == 0


@pytest.mark.parametrize("content", [b"\n\n", b"", "编号,名称\n".encode("utf-16-le"), b'a,b\n1,"' + b"x" * (17 << 20)])
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path, content):
    with pytest.raises(UnreadableFileError):
        sheet(tmp_path, content)


def test_nul_bytes_refuse_their_row(tmp_path):
    found = sheet(tmp_path, "a,b\n" + "1,x\n" * 40_000 + "1,x\0y\n")
    assert list(found.faults) == [40_001]


def test_one_bad_byte_late_in_a_file_is_told_and_read_on(tmp_path):
    found = sheet(tmp_path, "名称,n\n".encode() + "三类工业用地,1\n".encode() * 3000 + b"\xb5,2\n")
    assert found.column("名称")[-1] == "\ufffd"
    assert "1 个单元格含有不能按 UTF-8 解码的字节" in found.said


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=20), st.sampled_from([",", ";", "\t"]))
def test_text_survives_whatever_it_is(tmp_path, rows, delimiter):
    rows = [(f"名{first}", *rest) for first, *rest in rows]
    with (tmp_path / "b.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("名称", "甲列", "乙列"), *rows])
    found = opened(tmp_path / "b.csv", encoding="UTF-8")
    assert found.column("名称") == [row[0] for row in rows]
    for place, name in ((1, "甲列"), (2, "乙列")):
        if found.kind(name) == pa.string():
            assert [cell or "" for cell in found.column(name)] == [row[place] for row in rows]


def test_headings_with_colons_are_headings(tmp_path):
    assert sheet(tmp_path, "gml:id,osm:name\n1,x\n").table.column_names == ["gml:id", "osm:name"]
