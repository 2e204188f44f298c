"""界址点 files as surveyors' programs write them, with pyproj and shapely as the judges."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from bioplan_gis.errors import ParameterError, UnreadableFileError
from bioplan_gis.importing.reading.boundary_points import is_boundary_points, read
from bioplan_gis.importing.rows import Reading

HEADER = """[属性描述]
格式版本号=1.01版本
数据产生单位=某勘测设计院
数据产生日期=2024-01-05
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=40
精度=0.001
转换参数=0,0,0,0,0,0,0
"""
# A square of 100 m, hole of 20 m: 0.96 ha.
PARCEL = """10,0.96,330114-01,钱塘一号地块,面,H50G001,工业用地,0601,@
J1,1,3350000.000,40520000.000
J2,1,3350100.000,40520000.000
J3,1,3350100.000,40520100.000
J4,1,3350000.000,40520100.000
J1,1,3350000.000,40520000.000
J5,2,3350040.000,40520040.000
J6,2,3350060.000,40520040.000
J7,2,3350060.000,40520060.000
J8,2,3350040.000,40520060.000
J5,2,3350040.000,40520040.000
"""
TEXT = HEADER + "[地块坐标]\n" + PARCEL


@dataclass(frozen=True)
class Given:
    """As much of a given file as the reader looks at."""

    path: Path


@dataclass
class Filing:
    """A file that was read to its end."""

    facts: object
    table: pa.Table
    shapes: list
    faults: dict

    @property
    def said(self) -> str:
        """All notes, in both languages."""
        return "\n".join(f"{note.zh}\n{note.en}" for note in self.facts.notes)


def opened(path: Path, batch_rows: int = 1000, **told) -> Filing:
    rows = read(Given(path), Reading(**told), batch_rows)
    batches = list(rows.batches)
    shapes = [wkb and shapely.from_wkb(wkb) for batch in batches for wkb in batch.wkb.to_pylist()]
    faults = {number: note for batch in batches for number, note in batch.geometry_faults.items()}
    table = pa.concat_tables([batch.attributes for batch in batches])
    assert table.num_rows == len(shapes) == rows.facts.row_count
    return Filing(rows.facts, table, shapes, faults)


def filing(tmp_path: Path, text: str, codec: str = "gb18030", **told) -> Filing:
    (tmp_path / "a.txt").write_bytes(text.replace("\n", "\r\n").encode(codec))
    return opened(tmp_path / "a.txt", **told)


def square(west: float, south: float, side: float) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


def lines(shape: shapely.Polygon, ring: int = 1, *, closed: bool = True, first: int = 1) -> str:
    points = shapely.get_coordinates(shape)[: None if closed else -1]
    return "".join(f"J{first + n},{ring},{y:.3f},{x:.3f}\n" for n, (x, y) in enumerate(points))


@pytest.mark.parametrize(
    ("codec", "label"), [("gb18030", "GB18030"), ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")]
)
def test_a_filing_is_read_whole(tmp_path, codec, label):
    found = filing(tmp_path, TEXT, codec)
    outer = shapely.box(40520000, 3350000, 40520100, 3350100)
    hole = shapely.box(40520040, 3350040, 40520060, 3350060)
    assert shapely.equals(found.shapes[0], outer.difference(hole))
    assert found.table.to_pylist() == [
        {
            "点数": 10,
            "面积（公顷）": 0.96,
            "地块编号": "330114-01",
            "地块名称": "钱塘一号地块",
            "图形属性": "面",
            "图幅号": "H50G001",
            "地块用途": "工业用地",
            "地类编码": "0601",
        }
    ]
    assert (found.facts.crs, found.facts.encoding, found.facts.geometry_family) == ("EPSG:4528", label, "POLYGON")
    assert found.facts.crs_text.startswith("[属性描述]")
    assert "坐标系=2000国家大地坐标系" in found.said
    assert found.faults == {}


@pytest.mark.parametrize("codec", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_filing_is_known_by_its_first_bytes(codec):
    assert is_boundary_points(TEXT.encode(codec))
    assert is_boundary_points(PARCEL.encode("utf-8" if codec == "utf-16" else codec))
    assert not is_boundary_points("编号,经度,纬度\n1,120,30\n".encode(codec))


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("system", ["2000国家大地坐标系", "1980西安坐标系", "1954年北京坐标系", "80国家大地坐标系"])
@pytest.mark.parametrize("zones", [("3", 40, 120), ("3", 39, 117), ("6", 20, 117), ("6", 21, 123)])
def test_the_crs_is_what_header_and_eastings_say_together(tmp_path, system, zones, numbered):
    width, zone, meridian = zones
    text = (
        TEXT.replace("2000国家大地坐标系", system)
        .replace("几度分带=3", f"几度分带={width}")
        .replace("带号=40", f"带号={zone}")
    )
    crs = CRS.from_user_input(filing(tmp_path, text.replace(",40520", f",{zone}520" if numbered else ",520")).facts.crs)
    said = {parameter.name: parameter.value for parameter in crs.coordinate_operation.params}
    assert said["Longitude of natural origin"] == meridian
    assert said["False easting"] == 500_000 + zone * 1_000_000 * numbered
    assert ("3-degree" in crs.name) == (width == "3")
    assert {"2": "CGCS2000", "1": "Xian" if "西安" in system else "Beijing", "8": "Xian"}[system[0]] in crs.name


@pytest.mark.parametrize(
    ("old", "new", "crs"),
    [
        ("带号=40", "带号=", "EPSG:4528"),
        ("几度分带=3", "几度分带=", "EPSG:4528"),
        ("几度分带=3", "分带=3度带", "EPSG:4528"),
        ("带号=40", "带号=39", None),
        ("坐标系=2000国家大地坐标系", "坐标系=", None),
        ("坐标系=2000国家大地坐标系", "坐标系=杭州独立坐标系", None),
        (HEADER, "", None),
        (HEADER + "[地块坐标]\n", "", None),
    ],
)
def test_what_the_header_leaves_out_is_taken_from_the_eastings_or_left_open(tmp_path, old, new, crs):
    found = filing(tmp_path, TEXT.replace(old, new))
    assert found.facts.crs == crs
    assert shapely.area(found.shapes[0]) == pytest.approx(9600)


def test_a_central_meridian_in_place_of_the_zone_is_understood(tmp_path):
    text = TEXT.replace("带号=40", "带号=120").replace(",40520", ",520")
    assert filing(tmp_path, text).facts.crs == "EPSG:4549"


@pytest.mark.parametrize("zone", ["40", ""])
def test_east_before_north_is_seen_by_the_values(tmp_path, zone):
    point = (40_520_000.0 if zone else 520_000.0, 3_350_000.0)
    rows = "".join(
        f"J{n},1,{x:.3f},{y:.3f}\n" for n, (x, y) in enumerate(shapely.get_coordinates(square(*point, 100)), 1)
    )
    found = filing(tmp_path, HEADER + "[地块坐标]\n5,1,甲,乙,面,,,,@\n" + rows)
    assert shapely.equals(found.shapes[0], square(*point, 100))
    assert "前一坐标向东" in found.said


@pytest.mark.parametrize("first", [True, False])
def test_degrees_are_read_either_way(tmp_path, first):
    corners = [(120.1, 30.1), (120.2, 30.1), (120.2, 30.2)]
    rows = "".join(f"{n},1,{x},{y}\n" if first else f"{n},1,{y},{x}\n" for n, (x, y) in enumerate(corners, 1))
    found = filing(tmp_path, HEADER + "[地块坐标]\n3,1公顷,甲,乙,面,,,,@\n" + rows)
    assert shapely.equals(found.shapes[0], shapely.Polygon(corners))
    assert found.facts.crs == "EPSG:4490"


@pytest.mark.parametrize(
    ("stated", "column", "value"),
    [
        ("0.96", "面积（公顷）", 0.96),
        ("9600", "面积（㎡）", 9600),
        ("14.4", "面积（亩）", 14.4),
        ("0.96公顷", "面积（公顷）", 0.96),
        ("14.4亩", "面积（亩）", 14.4),
        ("50000平方米", "面积（㎡）", 50000),
        ("1.5", "面积（公顷）", 1.5),
        ("15000", "面积（㎡）", 15000),
        ("70", "面积", 70),
        ("", "面积", None),
        ("约一公顷", "面积", None),
    ],
)
def test_the_unit_of_areas_is_written_or_measured(tmp_path, stated, column, value):
    assert filing(tmp_path, TEXT.replace("0.96", stated)).table[column].to_pylist() == [value]


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text.replace(",", "，").replace("@", "＠").replace("[", "【").replace("]", "】")]
)
def test_punctuation_in_full_width_is_the_same(tmp_path, change):
    assert shapely.area(filing(tmp_path, change(TEXT)).shapes[0]) == pytest.approx(9600)


def test_rings_may_be_open_and_points_without_labels_or_rings(tmp_path):
    shape = square(520000, 3350000, 100)
    text = f"4,1,甲,开,面,,,,@\n{lines(shape, closed=False)}5,1,乙,闭,面,,,,@\n{lines(shape)}4,1,丙,无圈号,面,,,,@\n"
    text += "".join(f"{n} {y} {x}\n" for n, (x, y) in enumerate(shapely.get_coordinates(shape)[:4]))
    found = filing(tmp_path, HEADER + "[地块坐标]\n" + text)
    assert found.faults == {}
    assert all(shapely.equals(each, shape) for each in found.shapes)


@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 1, 1), (3, 2, 1)])
@pytest.mark.parametrize("closed", [True, False])
def test_holes_and_parts_are_told_by_where_they_lie(tmp_path, numbers, closed):
    outer, hole, part = square(520000, 3350000, 100), square(520040, 3350040, 20), square(520500, 3350000, 50)
    text = "".join(lines(shape, ring, closed=closed) for shape, ring in zip((hole, outer, part), numbers, strict=True))
    found = filing(tmp_path, f"{HEADER}[地块坐标]\n{text.count('J')},1,甲,乙,面,,,,@\n{text}")
    assert found.faults == {}
    assert shapely.equals(found.shapes[0], outer.difference(hole).union(part))


def test_thousands_of_parts_take_no_time(tmp_path):
    text = "".join(lines(square(520000 + 20 * n, 3350000, 10), n) for n in range(4000))
    found = filing(tmp_path, f"{HEADER}[地块坐标]\n20000,1,甲,乙,面,,,,@\n{text}")
    assert shapely.get_num_geometries(found.shapes[0]) == 4000


@pytest.mark.parametrize("count", ["²", "9" * 5000, "五", "5.0", ""])
def test_a_count_that_is_no_number_is_not_compared(tmp_path, count):
    assert filing(tmp_path, TEXT.replace("\n10,", f"\n{count},")).faults == {}


def test_an_island_in_a_hole_is_a_part_again(tmp_path):
    rings = [square(520000 + inset, 3350000 + inset, 100 - 2 * inset) for inset in (0, 20, 40)]
    text = "".join(lines(shape, number) for number, shape in enumerate(rings, 1))
    found = filing(tmp_path, f"{HEADER}[地块坐标]\n15,1,甲,乙,面,,,,@\n{text}")
    assert shapely.equals(found.shapes[0], rings[0].difference(rings[1]).union(rings[2]))


def test_lines_and_points_are_not_made_areas(tmp_path):
    road = lines(square(520000, 3350000, 9)).partition("J4")[0]
    text = f"3,,甲,路,线,,,,@\n{road}1,,乙,桩,点,,,,@\nJ1,1,3350000,520000\n"
    found = filing(tmp_path, HEADER + "[地块坐标]\n" + text)
    assert [shape.geom_type for shape in found.shapes] == ["LineString", "Point"]
    assert found.facts.geometry_family is None


def test_a_broken_parcel_is_told_by_its_line_and_the_others_go_on(tmp_path):
    shape = square(520000, 3350000, 100)
    broken = [
        f"9,1,甲,点数不符,面,,,,@\n{lines(shape)}",
        f"5,1,乙,不是数字,面,,,,@\n{lines(shape).replace('J1,1,3350000.000', 'J1,1,三三五')}",
        "2,1,丙,点太少,面,,,,@\nJ1,1,3350000,520000\nJ2,1,3350000,520100\n",
        f"5,1,丁,不是点,面,,,,@\nJ0\n{lines(shape)}",
        "0,1,戊,没有点,面,,,,@\n",
        f"5,1,己,无穷,面,,,,@\n{lines(shape).replace('J1,1,3350000.000', 'J1,1,inf')}",
    ]
    found = filing(tmp_path, f"{HEADER}[地块坐标]\n{''.join(broken)}5,1,庚,好,面,,,,@\n{lines(shape)}")
    assert sorted(found.faults) == [1, 2, 3, 4, 5, 6]
    assert shapely.equals(found.shapes[6], shape)
    assert "第 13 行写明 9 个点，其下却有 5 个" in found.faults[1].zh
    assert "line 20" in found.faults[2].en
    assert found.table["地块名称"].to_pylist()[0] == "点数不符"


def test_further_and_missing_fields_find_their_places(tmp_path):
    shape = lines(square(520000, 3350000, 100))
    text = f"5,1,甲,长,面,图幅,住宅,0101,耕地,,B,@\n{shape}1公顷,,短,面,,,,@\n{shape}5,1,丙,无尾,面,,工业,\n{shape}"
    found = filing(tmp_path, HEADER + "[地块坐标]\n" + text)
    assert found.faults == {}
    assert found.table["地块名称"].to_pylist() == ["长", "短", "无尾"]
    assert found.table["地块用途"].to_pylist() == ["住宅", None, "工业"]
    assert found.table["属性9"].to_pylist() == ["耕地", None, None]
    assert found.table["属性11"].to_pylist() == ["B", None, None]


def test_transformation_parameters_are_told_and_not_applied(tmp_path):
    assert "转换参数" in filing(tmp_path, TEXT.replace("0,0,0,0,0,0,0", "1.5,0,0,0,0,0,0")).said.split("文件头写有")[1]


def test_points_alone_make_one_parcel(tmp_path):
    found = filing(tmp_path, HEADER + "[地块坐标]\n" + lines(square(40520000, 3350000, 100)))
    assert shapely.area(found.shapes[0]) == pytest.approx(10_000)


def test_many_parcels_come_in_batches(tmp_path):
    text = "".join(f"5,1,{n},乙,面,,,,@\n{lines(square(520000 + n, 3350000, 100))}" for n in range(1200))
    found = filing(tmp_path, HEADER + "[地块坐标]\n" + text)
    assert found.table["地块编号"].to_pylist() == [str(n) for n in range(1200)]
    assert found.table.schema.field("点数").type == pa.int64()


@pytest.mark.parametrize("text", [HEADER, HEADER + "[地块坐标]\n", "\n\n"])
def test_a_file_without_parcels_is_refused(tmp_path, text):
    with pytest.raises(UnreadableFileError, match="没有地块"):
        filing(tmp_path, text)


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(ParameterError):
        filing(tmp_path, TEXT, encoding="klingon")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=3, max_size=30), st.booleans())
def test_any_parcel_comes_back_as_it_was_written(tmp_path, points, closed):
    shape = shapely.convex_hull(shapely.MultiPoint(points))
    if shape.geom_type != "Polygon":
        return
    placed = shapely.transform(shape, lambda xy: np.add(xy, (520000.0, 3350000.0)))
    text = lines(placed, closed=closed)
    found = filing(tmp_path, f"{HEADER}[地块坐标]\n{text.count('J')},1,甲,乙,面,,,,@\n{text}")
    assert found.faults == {}
    assert shapely.equals(found.shapes[0], placed)
