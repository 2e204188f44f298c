"""Tables with coordinates: text and workbooks as offices write them, real files read by the real parts."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioplan_gis.errors import ParameterError, UncertainFileError, UnreadableFileError
from bioplan_gis.importing.angles import degrees
from bioplan_gis.importing.rows import Reading
from bioplan_gis.importing.sheets import list_sheets, read

BATCH_ROWS = 1000


@dataclass(frozen=True)
class Given:
    """As much of a given file as a reader of sheets looks at."""

    path: Path
    kind: str


@dataclass
class Sheet:
    """A sheet that was read to its end."""

    facts: object
    table: pa.Table
    shapes: list
    faults: dict
    sizes: list

    @property
    def said(self) -> str:
        """All notes, in both languages."""
        return "\n".join(f"{note.zh}\n{note.en}" for note in self.facts.notes)

    def column(self, name: str) -> list:
        """The values of a column."""
        return self.table[name].to_pylist()

    def kind(self, name: str) -> pa.DataType:
        """The type of a column."""
        return self.table.schema.field(name).type


def opened(path: Path, batch_rows: int = BATCH_ROWS, **told) -> Sheet:
    rows = read(Given(path, "XLSX" if path.suffix == ".xlsx" else "CSV"), Reading(**told), batch_rows)
    batches = list(rows.batches)
    shapes = [
        wkb and shapely.from_wkb(wkb) for batch in batches if batch.wkb is not None for wkb in batch.wkb.to_pylist()
    ]
    faults = {number: note for batch in batches for number, note in batch.faults.items()}
    assert [batch.first_row for batch in batches][:1] == [1]
    table = pa.concat_tables([batch.attributes for batch in batches])
    assert table.num_rows == rows.facts.row_count
    return Sheet(rows.facts, table, shapes, faults, [batch.attributes.num_rows for batch in batches])


def sheet(tmp_path: Path, text: str | bytes, **told) -> Sheet:
    path = tmp_path / "a.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return opened(path, **told)


def workbook(rows, title: str = "地块") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    return book


def saved(tmp_path: Path, book: openpyxl.Workbook, **told) -> Sheet:
    book.save(tmp_path / "a.xlsx")
    return opened(tmp_path / "a.xlsx", **told)


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


@pytest.mark.parametrize(
    ("heading", "cells", "point", "crs"),
    [
        ("经度,纬度", "120.5,30.2", (120.5, 30.2), "OGC:CRS84"),
        ("lat,lng", "30.2,120.5", (120.5, 30.2), "OGC:CRS84"),
        ("Longitude,Latitude", "120.5,30.2", (120.5, 30.2), "OGC:CRS84"),
        ("经度,纬度", "30.2,120.5", (120.5, 30.2), "OGC:CRS84"),
        ("东经,北纬", "120°12′30″,30-6-0", (120 + 12.5 / 60, 30.1), "OGC:CRS84"),
        ("x,y", "120.5,30.2", (120.5, 30.2), "OGC:CRS84"),
        ("X,Y", "3345678.1,40512345.5", (40512345.5, 3345678.1), None),
        ("X,Y", "40512345.5,3345678.1", (40512345.5, 3345678.1), None),
        ("X坐标,Y坐标", "3345678.1,512345.5", (512345.5, 3345678.1), None),
        ("x,y", "512345.5,3345678.1", (512345.5, 3345678.1), None),
        ("横坐标,纵坐标", "512345.5,3345678.1", (512345.5, 3345678.1), None),
        ("北坐标(m),东坐标(m)", "3345678.1,512345.5", (512345.5, 3345678.1), None),
        ("easting,northing", "512345.5,3345678.1", (512345.5, 3345678.1), None),
        ("gcj02_lng,gcj02_lat", "120.5,30.2", (120.5, 30.2), None),
        ("百度经度,百度纬度", "120.5,30.2", (120.5, 30.2), None),
        ("wgs84_lng,wgs84_lat", "120.5,30.2", (120.5, 30.2), "OGC:CRS84"),
    ],
)
def test_points_come_from_columns_by_name_and_value(tmp_path, heading, cells, point, crs):
    found = sheet(tmp_path, f"名称,{heading}\n甲,{cells}\n乙,{cells}\n丙,,\n")
    assert shapely.equals_exact(found.shapes[0], shapely.Point(point), 1e-9)
    assert found.shapes[2] is None
    assert (found.facts.crs, found.facts.geometry_family, found.faults) == (crs, "POINT", {})


@pytest.mark.parametrize(
    ("name", "datum"), [("gcj02_lng", "gcj02"), ("高德经度", "gcj02"), ("bd_lng", "bd09"), ("百度经度", "bd09")]
)
def test_shifted_datums_are_named_with_the_option_to_give(tmp_path, name, datum):
    other = name.replace("lng", "lat").replace("经", "纬")
    assert f"--datum {datum}" in sheet(tmp_path, f"{name},{other}\n120.1,30.1\n").said


def test_of_several_pairs_the_one_in_a_true_datum_is_taken(tmp_path):
    found = sheet(tmp_path, "bd_lng,bd_lat,wgs84_lng,wgs84_lat\n120.2,30.2,120.1,30.1\n")
    assert found.shapes == [shapely.Point(120.1, 30.1)]


def test_broken_coordinates_are_faults_and_empty_ones_are_not(tmp_path):
    found = sheet(tmp_path, "名称,经度,纬度\n甲,120,30\n乙,一百二,30\n丙,,\n丁,120,95\n戊,120,\n己,120°70′,30\n")
    assert [shape is not None for shape in found.shapes] == [True] + [False] * 5
    assert sorted(found.faults) == [2, 4, 5, 6]
    assert "一百二" in found.faults[2].zh


def test_written_geometry_of_every_kind_is_read(tmp_path):
    polygon = shapely.Polygon([(0, 0), (1, 0), (1, 1)])
    lines = ["id,geom", '1,"SRID=4549;POLYGON((0 0,1 0,1 1,0 0))"', '2,"POLYGON((0 0,1 0,1 1))"']
    lines += [
        f"3,{polygon.wkb_hex}",
        f"4,{shapely.to_wkb(shapely.set_srid(polygon, 4549), hex=True, include_srid=True)}",
    ]
    lines += ["5,POINT Z (1 2 3)", "6,", "7,POLYGON((", "8,SRID=4490;POINT(1 2)"]
    found = sheet(tmp_path, "\n".join(lines))
    assert found.facts.crs == "EPSG:4549"
    assert all(shapely.equals(shape, polygon) for shape in found.shapes[:4])
    assert shapely.get_z(found.shapes[4]) == 3
    assert found.shapes[5:] == [None, None, None]
    assert sorted(found.faults) == [7, 8]
    assert found.table.column_names == ["id"]


@pytest.mark.parametrize("opening", ["GEOMETRYCOLLECTION(", "(", "GeometryCollection Z ("])
def test_geometry_nested_without_end_refuses_its_row_alone(tmp_path, opening):
    found = sheet(tmp_path, f"id,wkt\n1,{opening * 200_000}\n2,POINT(1 2)\n")
    assert found.shapes == [None, shapely.Point(1, 2)]
    assert list(found.faults) == [1]


@pytest.mark.parametrize(
    ("name", "cell", "crs"),
    [
        ("经纬度", "120.5,30.2", "OGC:CRS84"),
        ("坐标", "30.2，120.5", "OGC:CRS84"),
        ("location", "[120.5, 30.2]", "OGC:CRS84"),
        ("gcj02_lnglat", "120.5,30.2", None),
        ("geometry", '{"type":"Point","coordinates":[120.5,30.2]}', "OGC:CRS84"),
        ("wkt", "POINT (120.5 30.2)", None),
    ],
)
def test_a_position_may_stand_in_one_cell(tmp_path, name, cell, crs):
    text = io.StringIO()
    csv.writer(text).writerows([["名称", name], ["甲", cell], ["乙", ""], ["丙", "某处"]])
    found = sheet(tmp_path, text.getvalue())
    assert found.shapes == [shapely.Point(120.5, 30.2), None, None]
    assert (list(found.faults), found.facts.crs) == ([3], crs)


def test_a_column_that_only_sounds_like_a_position_is_an_attribute(tmp_path):
    found = sheet(tmp_path, "名称,location\n甲,临江\n")
    assert (found.shapes, found.column("location")) == ([], ["临江"])
    assert sheet(tmp_path, "location,lng,lat\n临江,120.5,30.2\n").shapes == [shapely.Point(120.5, 30.2)]


def test_columns_can_be_told(tmp_path):
    text = "a,b,c\n120.5,30.2,POINT(1 2)\n"
    assert sheet(tmp_path, text, columns={"a": "lon", "b": "lat"}).shapes == [shapely.Point(120.5, 30.2)]
    assert sheet(tmp_path, text, columns={"c": "wkt"}).shapes == [shapely.Point(1, 2)]
    assert sheet(tmp_path, text, columns={"a": "northing", "b": "easting"}).shapes == [shapely.Point(30.2, 120.5)]


def test_columns_told_for_another_purpose_leave_coordinates_alone(tmp_path):
    found = sheet(tmp_path, "a,经度,纬度\n1,120.5,30.2\n", columns={"a": "area_ha"})
    assert found.shapes == [shapely.Point(120.5, 30.2)]


@pytest.mark.parametrize("columns", [{"z": "lon", "b": "lat"}, {"a": "lon"}, {"a": "area_ha", "b": "lat"}])
def test_columns_that_make_no_sense_are_refused(tmp_path, columns):
    with pytest.raises(ParameterError):
        sheet(tmp_path, "a,b\n1,2\n", columns=columns)


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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("120.2085", 120.2085),
        ("120°12′30.5″", 120 + 12 / 60 + 30.5 / 3600),
        ("120-12-30.5", 120 + 12 / 60 + 30.5 / 3600),
        ("120度12分30.5秒", 120 + 12 / 60 + 30.5 / 3600),
        ("E120.5", 120.5),
        ("30.25N", 30.25),
        ("W120°30'", -120.5),
        ("东经１２０．５°", 120.5),
        ("-33.5", -33.5),
    ],
)
def test_angles_are_read_in_the_ways_they_are_written(text, value):
    assert degrees(text) == pytest.approx(value, abs=1e-12)


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 59999))
def test_degrees_minutes_and_seconds_add_up(whole, minutes, milliseconds):
    seconds = milliseconds / 1000
    assert degrees(f"{whole}°{minutes}′{seconds:.3f}″") == pytest.approx(
        whole + minutes / 60 + seconds / 3600, abs=1e-9
    )


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


def test_a_workbook_keeps_the_types_of_its_cells(tmp_path):
    heading = ["编号", "面积", "层数", "日期", "时刻", "时间", "标准地", "混合", "经度", "纬度"]
    moment = datetime(2024, 1, 5, 9, 30)  # noqa: DTZ001
    rows = [
        heading,
        ["330110200001001234", 1.5, 3, datetime(2024, 1, 5), moment, time(9, 30), True, 1, 120.5, 30.2],  # noqa: DTZ001
        ["002", 2, 4, datetime(2024, 1, 6), moment, time(10), False, "甲", 120.5, 30.2],  # noqa: DTZ001
    ]
    found = saved(tmp_path, workbook(rows))
    kinds = [
        pa.string(),
        pa.float64(),
        pa.int64(),
        pa.date32(),
        pa.timestamp("us"),
        pa.time64("us"),
        pa.bool_(),
        pa.string(),
    ]
    assert [found.kind(name) for name in heading[:8]] == kinds
    assert found.column("编号") == ["330110200001001234", "002"]
    assert found.column("混合") == ["1", "甲"]
    assert found.column("时刻") == [moment] * 2
    assert found.shapes == [shapely.Point(120.5, 30.2)] * 2
    assert (found.facts.kind, found.facts.source_layer) == ("XLSX", "地块")


def test_an_official_table_is_read_below_its_title(tmp_path):
    rows = [
        ["表1 某区工业用地一览表"],
        ["编制单位：某局", None, None, "单位：公顷"],
        ["地块\n编号", "规划指标", None, "面积"],
        [None, "容积率", "绿地率", None],
        ["甲", 1.5, "#REF!", 2],
        ["乙", 2.5, 20, 3],
        ["合计", None, None, 5],
    ]
    book = workbook(rows)
    for merged in ("A1:D1", "A3:A4", "B3:C3", "D3:D4"):
        book.active.merge_cells(merged)
    book.active.row_dimensions[6].hidden = True
    found = saved(tmp_path, book)
    assert found.table.to_pydict() == {
        "地块编号": ["甲", "乙"],
        "容积率": [1.5, 2.5],
        "绿地率": [None, 20],
        "面积": [2, 3],
    }
    assert all(text in found.said for text in ("一览表", "两级", "1 行在 Excel 中被隐藏", "#REF!", "合计"))


def test_formulas_give_their_stored_results(tmp_path):
    workbook([["a", "b"], [1, "=A2+1"], [2, "=A3+1"]]).save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb"<f>A2\+1</f><v ?/>", b"<f>A2+1</f><v>2</v>", content)
            target.writestr(name, content)
    found = opened(tmp_path / "b.xlsx")
    assert found.column("b") == [2, None]
    assert "1 个公式单元格没有保存结果" in found.said


def test_cells_merged_downwards_fill_their_rows(tmp_path):
    rows = [
        ["标题"],
        [],
        ["园区", "地块"],
        ["甲", 1],
        [None, 2],
        ["乙", 3],
        [None, None],
        [None, 4],
        [None, None],
        [None, 5],
    ]
    book = workbook(rows)
    for merged in ("A1:B1", "A4:A5", "A6:A9"):
        book.active.merge_cells(merged)
    found = saved(tmp_path, book)
    assert found.column("园区") == ["甲", "甲", "乙", "乙", None]
    assert found.column("地块") == [1, 2, 3, 4, 5]
    assert "2 处纵向合并" in found.said


def test_several_sheets_must_be_chosen_from(tmp_path):
    book = workbook([["a"], [1]], "一")
    book.create_sheet("二").append(["b"])
    book.create_sheet("空")
    book.save(tmp_path / "a.xlsx")
    assert list_sheets(tmp_path / "a.xlsx") == ("一", "二")
    with pytest.raises(UncertainFileError, match=r"“一”、“二”.*--source-layer"):
        opened(tmp_path / "a.xlsx")
    with pytest.raises(UnreadableFileError, match="三"):
        opened(tmp_path / "a.xlsx", source_layer="三")
    found = opened(tmp_path / "a.xlsx", source_layer="一")
    assert (found.facts.source_layer, found.facts.other_layers, found.column("a")) == ("一", ("二",), [1])


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"", b"not a workbook"])
def test_a_damaged_workbook_is_refused(tmp_path, content):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="损坏"):
        opened(tmp_path / "a.xlsx")


def test_a_workbook_in_many_batches_keeps_its_rows(tmp_path):
    found = saved(tmp_path, workbook([["n"], *([n] for n in range(2500))]))
    assert found.column("n") == list(range(2500))
    assert max(found.sizes) <= BATCH_ROWS
