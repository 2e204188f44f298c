"""A layer out and back: what each of the ten formats can hold of Chinese names and values comes back as it was."""

import csv
import datetime as dt
import json
import sys
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pyogrio
import pyproj
import pytest
import shapely
from sqlalchemy import Engine

from bioplan_gis.errors import OutputError, ParameterError
from bioplan_gis.exporting.formats import FORMATS
from bioplan_gis.exports import ExportReport, export_layer
from bioplan_gis.storage.database import reading
from typed_layers import TYPES, parcels, store_parcels

HOLE = [(120.02, 30.02), (120.05, 30.02), (120.02, 30.05)]
COURT = shapely.Polygon([(120, 30), (120.1, 30), (120.1, 30.1), (120, 30.1)], [HOLE])
TWO = shapely.MultiPolygon([shapely.box(120.2, 30, 120.3, 30.1), shapely.box(120.4, 30, 120.5, 30.1)])
RECORDS = [
    {
        "id": "330106-甲",
        "地块编号": '=西湖,"一"',
        "name": "三类工业用地",
        "面积（亩）": 30.123456789012345,
        "容积率": 1 / 3,
        "户数": 9007199254740993,
        "已出让": True,
        "出让日期": dt.date(2024, 2, 29),
        "登记时间": dt.datetime(2024, 12, 31, 8, 30, 1),  # noqa: DTZ001 - without zone
        "更新": dt.datetime(2024, 12, 31, 16, 0, 0, tzinfo=dt.UTC),
        "细分领域": ["细胞治疗", "疫苗"],
        "指标": {"亩均税收": 35},
    },
    {"id": "b", "地块编号": "", "已出让": False, "细分领域": [], "户数": -5},
    {"id": "c", "name": "<b>&amp;é\U00020000"},
]  # fmt: skip
SHAPES = [COURT, TWO, None]
PLAIN = {"text", "number", "boolean"}


def export(engine: Engine, target: Path | str, layer_id: str = "地块", **options) -> ExportReport:
    with reading(engine) as connection:
        return export_layer(connection, layer_id, str(target), **options)


@pytest.fixture
def stored(engine: Engine) -> Engine:
    store_parcels(engine, RECORDS, SHAPES)
    return engine


def expected(name: str) -> list:
    return [record.get(name) for record in RECORDS]


def read(path: Path) -> tuple[dict, list[dict], list]:
    """Metadata, rows in the order of their ids, and geometries, as GDAL reads them."""
    meta, table = pyogrio.read_arrow(path)
    geometry = meta["geometry_name"] or "wkb_geometry"
    table = table.sort_by("id")
    shapes = shapely.from_wkb(table[geometry].to_pylist()) if geometry in table.column_names else []
    return meta, table.drop_columns([geometry] if geometry in table.column_names else []).to_pylist(), list(shapes)


def same(found, wanted) -> bool:
    """Of one place, whichever way rings turn and multi or not."""
    if wanted is None:
        return found is None
    return found is not None and shapely.equals(shapely.normalize(found), shapely.normalize(wanted))


def all_same(found: list, wanted=SHAPES) -> bool:
    return len(found) == len(wanted) and all(map(same, found, wanted))


def instant(value) -> bool:
    return value == RECORDS[0]["更新"]


@pytest.mark.parametrize(("name", "rows_of"), [("层.gpkg", 3), ("层.fgb", 2)])
def test_round_trip_through_geopackage_and_flatgeobuf(stored: Engine, tmp_path: Path, name: str, rows_of: int):
    report = export(stored, tmp_path / name)
    meta, rows, shapes = read(tmp_path / name)
    assert (report.rows, report.matched) == (rows_of, 3)
    assert [omission.count for omission in report.omissions] == [1] * (3 - rows_of)
    assert (meta["crs"], meta["geometry_type"]) == ("EPSG:4490", "Unknown")
    assert [row["id"] for row in rows] == expected("id")[:rows_of]
    for column in ("地块编号", "name", "面积（亩）", "容积率", "户数", "已出让"):
        assert [row[column] for row in rows] == expected(column)[:rows_of]
    assert instant(rows[0]["更新"].replace(tzinfo=dt.UTC))
    assert name.endswith(".gpkg") or b"2024-12-31T16:00:00Z" in (tmp_path / name).read_bytes()
    assert rows[0]["登记时间"].replace(tzinfo=None) == RECORDS[0]["登记时间"]
    assert [None if row["细分领域"] is None else json.loads(row["细分领域"]) for row in rows] == expected("细分领域")[
        :rows_of
    ]
    assert json.loads(rows[0]["指标"]) == RECORDS[0]["指标"]
    assert str(rows[0]["出让日期"])[:10] == "2024-02-29"
    assert rows[1]["出让日期"] is None
    assert all_same(shapes, SHAPES[:rows_of])


def test_geopackage_says_what_it_is(stored: Engine, tmp_path: Path):
    export(stored, tmp_path / "a.gpkg")
    _, contents = pyogrio.read_arrow(tmp_path / "a.gpkg", sql="SELECT identifier, description FROM gpkg_contents")
    _, titles = pyogrio.read_arrow(tmp_path / "a.gpkg", sql="SELECT column_name, name FROM gpkg_data_columns")
    (row,) = contents.to_pylist()
    assert row["identifier"] == "西湖区地块 · Parcels of Xihu"
    assert "署名 Attribution: 西湖区规划局；测绘院" in row["description"]
    assert "许可 Licence: CC-BY-4.0" in row["description"]
    assert {"column_name": "容积率", "name": "容积率 · Title of 容积率"} in titles.to_pylist()


def test_flatgeobuf_has_an_index_where_every_feature_has_a_place(engine: Engine, tmp_path: Path):
    store_parcels(engine, RECORDS[:2], SHAPES[:2])
    assert export(engine, tmp_path / "a.fgb").notes == ()
    assert pyogrio.read_arrow(tmp_path / "a.fgb", bbox=(120.4, 30, 121, 31))[1]["id"].to_pylist() == ["b"]


def test_round_trip_through_geoparquet(stored: Engine, tmp_path: Path):
    export(stored, tmp_path / "层.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "层.parquet")
    rows = table.to_pylist()
    for column in set(TYPES) - {"指标", "开市"} | {"id"}:
        assert [row[column] for row in rows] == expected(column)
    assert json.loads(rows[0]["指标"]) == RECORDS[0]["指标"]
    assert all_same(shapely.from_wkb([row["geometry"] for row in rows]))
    geo = json.loads(pyarrow.parquet.read_metadata(tmp_path / "层.parquet").metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"]["geometry"]
    assert (column["encoding"], column["geometry_types"]) == ("WKB", ["MultiPolygon", "Polygon"])
    assert pyproj.CRS.from_json_dict(column["crs"]).to_epsg() == 4490
    assert column["bbox"] == pytest.approx([120, 30, 120.5, 30.1])
    assert table.schema.metadata["bioplan:许可 Licence".encode()] == b"CC-BY-4.0"
    frame = geopandas.read_parquet(tmp_path / "层.parquet")
    assert (frame.crs.to_epsg(), frame.geometry.iloc[1].equals(TWO)) == (4490, True)


def test_round_trip_through_geojson(stored: Engine, tmp_path: Path):
    export(stored, tmp_path / "层.geojson")
    document = json.loads((tmp_path / "层.geojson").read_text("utf-8"))
    assert (document["licence"], document["attribution"]) == ("CC-BY-4.0", "西湖区规划局；测绘院")
    assert document["synthetic"] is False
    features = document["features"]
    assert [feature["id"] for feature in features] == expected("id")
    assert [feature["geometry"] is None for feature in features] == [False, False, True]
    for column in ("地块编号", "name", "面积（亩）", "容积率", "户数", "已出让", "细分领域", "指标"):
        assert [feature["properties"][column] for feature in features] == expected(column)
    assert features[0]["properties"]["出让日期"] == "2024-02-29"
    assert features[0]["properties"]["登记时间"] == "2024-12-31T08:30:01.000000"
    assert features[0]["properties"]["更新"] == "2024-12-31T16:00:00.000000Z"
    outer, hole = (shapely.LinearRing(ring) for ring in features[0]["geometry"]["coordinates"])
    assert (outer.is_ccw, hole.is_ccw) == (True, False)
    _, rows, shapes = read(tmp_path / "层.geojson")
    assert all_same(shapes)
    assert [row["户数"] for row in rows] == expected("户数")


def test_round_trip_through_lines_of_geojson(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "层.geojsonl")
    features = [json.loads(line) for line in (tmp_path / "层.geojsonl").read_text("utf-8").splitlines()]
    assert (report.rows, report.crs) == (3, "EPSG:4326")
    assert [feature["id"] for feature in features] == expected("id")
    for column in ("地块编号", "name", "面积（亩）", "容积率", "户数", "已出让", "细分领域", "指标"):
        assert [feature["properties"][column] for feature in features] == expected(column)
    _, rows, shapes = read(tmp_path / "层.geojsonl")
    assert len(rows) == 3
    assert all_same(shapes)
    assert "许可 Licence: CC-BY-4.0" in (tmp_path / "层.geojsonl.source.txt").read_text("utf-8")


def test_times_are_times_in_a_workbook(engine: Engine, tmp_path: Path):
    moments = [dt.datetime(2024, 2, 29, 8, 30, 1), dt.datetime(2024, 2, 29, 8, 30, 1, 5), dt.datetime(1899, 1, 1)]  # noqa: DTZ001
    store_parcels(engine, [{"id": f"{at}", "登记时间": moment} for at, moment in enumerate(moments)], None)
    export(engine, tmp_path / "a.xlsx")
    names, *rows = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].iter_rows(values_only=True)
    found = [row[names.index("登记时间")] for row in rows]
    assert found == [moments[0], "2024-02-29T08:30:01.000005", "1899-01-01T00:00:00.000000"]


def test_round_trip_through_shapefile(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "层.shp")
    assert {path.name for path in report.files} == {
        "层.shp", "层.shx", "层.dbf", "层.prj", "层.cpg", "层.fields.csv", "层.shp.source.txt",
    }  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in report.files} | {
        path.name for path in tmp_path.iterdir() if path.name.startswith("bioplan.gpkg")
    }
    assert (tmp_path / "层.cpg").read_text() == "UTF-8"
    names = list(csv.reader((tmp_path / "层.fields.csv").read_text("utf-8-sig").splitlines()))[1:]
    full = {row[0]: row[1] for row in names}
    assert set(full.values()) == {"id", *TYPES}
    assert all(len(short.encode()) <= 10 for short in full)
    meta, rows, shapes = read(tmp_path / "层.shp")
    rows = [{full[short]: value for short, value in row.items()} for row in rows]
    assert meta["crs"] == "EPSG:4490"
    for column in ("id", "name", "户数", "已出让"):
        assert [row[column] for row in rows] == expected(column)
    assert rows[0]["地块编号"] == RECORDS[0]["地块编号"]
    assert rows[1]["地块编号"] is None
    assert rows[0]["面积（亩）"] == pytest.approx(RECORDS[0]["面积（亩）"], rel=1e-14)
    assert rows[0]["出让日期"] == RECORDS[0]["出让日期"]
    assert rows[0]["更新"] == "2024-12-31T16:00:00.000000Z"
    assert json.loads(rows[0]["细分领域"]) == RECORDS[0]["细分领域"]
    assert all_same(shapes)
    notice = (tmp_path / "层.shp.source.txt").read_text("utf-8")
    assert "署名 Attribution: 西湖区规划局；测绘院\n许可 Licence: CC-BY-4.0\n" in notice


def test_round_trip_through_kml(stored: Engine, tmp_path: Path):
    export(stored, tmp_path / "层.kml")
    text = (tmp_path / "层.kml").read_text("utf-8")
    assert "西湖区规划局；测绘院" in text.partition("<Folder>")[0]
    meta, table = pyogrio.read_arrow(tmp_path / "层.kml")
    rows = table.to_pylist()
    shapes = shapely.from_wkb(table["wkb_geometry"].to_pylist())
    assert meta["crs"] == "EPSG:4326"
    assert [row.get("id2", row["id"]) for row in rows] == expected("id")
    for column in ("地块编号", "name", "面积（亩）", "容积率"):
        wanted = [value or None for value in expected(column)] if column == "地块编号" else expected(column)
        assert [row[{"name": "name2"}.get(column, column)] or None for row in rows] == wanted
    assert [row["户数"] for row in rows] == ["9007199254740993", "-5", None]
    assert [None if row["已出让"] is None else bool(row["已出让"]) for row in rows] == expected("已出让")
    assert rows[0]["更新"] == "2024-12-31T16:00:00.000000Z"
    assert all_same(list(shapes))


def test_round_trip_through_csv(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "层.csv")
    data = (tmp_path / "层.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
    assert [row["id"] for row in rows] == expected("id")
    for column in ("地块编号", "name"):
        assert [row[column] for row in rows] == [value or "" for value in expected(column)]
    assert [float(rows[0][column]) for column in ("面积（亩）", "容积率")] == [30.123456789012345, 1 / 3]
    assert [row["户数"] for row in rows] == ["9007199254740993", "-5", ""]
    assert [row["已出让"] for row in rows] == ["true", "false", ""]
    assert (rows[0]["出让日期"], rows[0]["更新"]) == ("2024-02-29", "2024-12-31T16:00:00.000000Z")
    assert all_same([shapely.from_wkt(row["geometry_wkt"]) if row["geometry_wkt"] else None for row in rows])
    assert b',"",' in data
    assert any("= + - @" in note.en for note in report.notes)
    assert "许可 Licence" in (tmp_path / "层.csv.source.txt").read_text("utf-8")


def test_round_trip_through_xlsx(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "层.xlsx")
    book = openpyxl.load_workbook(tmp_path / "层.xlsx")
    assert book.sheetnames == ["西湖区地块", "来源 Sources"]
    names, *values = book["西湖区地块"].iter_rows(values_only=True)
    rows = [dict(zip(names, row, strict=True)) for row in values]
    assert [row["id"] for row in rows] == expected("id")
    for column in ("name", "已出让"):
        assert [row[column] for row in rows] == expected(column)
    assert [rows[0][column] for column in ("面积（亩）", "容积率")] == pytest.approx(
        [30.123456789012345, 1 / 3], rel=1e-15
    )
    assert [row["户数"] for row in rows] == ["9007199254740993", -5, None]
    assert rows[0]["出让日期"].date() == RECORDS[0]["出让日期"]
    assert json.loads(rows[0]["细分领域"]) == RECORDS[0]["细分领域"]
    formula = book["西湖区地块"]["B2"]
    assert (formula.value, formula.data_type) == (RECORDS[0]["地块编号"], "s")
    assert all_same([shapely.from_wkt(row["geometry_wkt"]) if row["geometry_wkt"] else None for row in rows])
    assert ("许可 Licence", "CC-BY-4.0") in list(book["来源 Sources"].iter_rows(values_only=True))
    assert [(omission.count, "15 digits" in omission.note.en) for omission in report.omissions] == [(1, True)]


def test_round_trip_through_dxf(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "层.dxf", crs="EPSG:4549")
    meta, table = pyogrio.read_arrow(tmp_path / "层.dxf")
    assert meta["encoding"] == "UTF-8"
    rows = table.to_pylist()
    assert {row["Layer"] for row in rows} == {"地块"}
    shapes = shapely.from_wkb(table["wkb_geometry"].to_pylist())
    closed = [shape for shape in shapes if shape.geom_type == "LineString"]
    assert [len(shape.coords) for shape in closed] == [5, 4, 5, 5]
    assert all(shape.is_ring for shape in closed)
    metric = pyproj.Transformer.from_crs(4490, 4549, always_xy=True)
    wanted = shapely.transform(COURT, metric.transform, interleaved=False)
    assert shapely.Polygon(closed[0], [closed[1]]).symmetric_difference(wanted).area < 1e-3
    assert sorted(row["Text"] for row in rows if row["Text"]) == ["330106-甲", "b"]
    assert [(omission.count, "no geometry" in omission.note.en) for omission in report.omissions] == [(1, True)]
    assert (report.rows, report.matched) == (2, 3)
    beside = (tmp_path / "层.attributes.csv").read_text("utf-8-sig")
    assert [row["id"] for row in csv.DictReader(beside.splitlines())] == expected("id")


def test_coordinates_are_easting_northing_in_the_crs_that_is_asked_for(engine: Engine, tmp_path: Path):
    store_parcels(engine, [{"id": "a"}], [shapely.Point(120.1234567, 30.1234567)])
    for code, x, y in ((4549, 511893.8, 3333900.0), (4528, 40511893.8, 3333900.0), (3857, 13372082.0, 3518670.0)):
        export(engine, tmp_path / "a.gpkg", crs=f"EPSG:{code}")
        meta, _, (point,) = read(tmp_path / "a.gpkg")
        assert meta["crs"] == f"EPSG:{code}"
        wanted = pyproj.Transformer.from_crs(4490, code, always_xy=True).transform(120.1234567, 30.1234567)
        assert (point.x, point.y) == pytest.approx(wanted, abs=1e-6)
        assert (point.x, point.y) == pytest.approx((x, y), abs=3000)
    export(engine, tmp_path / "a.csv", crs="EPSG:4549")
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines())
    assert float(row["x"]) == pytest.approx(511893.8, abs=3000)


def test_a_filter_chooses_the_rows(stored: Engine, tmp_path: Path):
    report = export(stored, tmp_path / "a.csv", where="户数 < 0")
    assert (report.rows, report.matched) == (1, 1)
    assert "筛选 Filter: 户数 < 0" in (tmp_path / "a.csv.source.txt").read_text("utf-8")
    with pytest.raises(ParameterError, match="There is no property “户”"):
        export(stored, tmp_path / "b.csv", where="户 < 0")
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.parametrize("chosen", sorted(FORMATS))
def test_nothing_found_is_an_empty_file(stored: Engine, tmp_path: Path, chosen: str):
    path = tmp_path / f"a{FORMATS[chosen].extensions[0]}"
    report = export(stored, path, where="id = 'none'")
    assert (report.rows, report.matched) == (0, 0)
    assert path.exists()


@pytest.mark.parametrize("chosen", sorted(FORMATS))
def test_made_up_data_says_so_in_every_format(engine: Engine, tmp_path: Path, chosen: str):
    store_parcels(engine, RECORDS[:2], SHAPES[:2], synthetic=True)
    report = export(engine, tmp_path / f"a{FORMATS[chosen].extensions[0]}")
    texts = "".join(path.read_bytes().decode("utf-8", errors="ignore") for path in report.files)
    if chosen == "xlsx":
        book = openpyxl.load_workbook(tmp_path / "a.xlsx")
        texts = str(list(book["来源 Sources"].iter_rows(values_only=True)))
    assert "合成数据 synthetic" in texts


@pytest.mark.parametrize("chosen", sorted(FORMATS))
def test_a_plain_table_goes_where_no_geometry_is_needed(engine: Engine, tmp_path: Path, chosen: str):
    store_parcels(engine, RECORDS, None)
    path = tmp_path / f"a{FORMATS[chosen].extensions[0]}"
    if FORMATS[chosen].needs_geometry:
        with pytest.raises(ParameterError, match=r"has no geometry and cannot be .*; take \.csv"):
            export(engine, path)
        assert not path.exists()
        return
    report = export(engine, path)
    assert report.rows == 3
    assert report.crs is None


def test_mixed_geometry_becomes_several_shapefiles(engine: Engine, tmp_path: Path):
    shapes = [
        shapely.Point(120, 30), shapely.MultiPoint([(120, 30), (121, 31)]), shapely.LineString([(0, 0), (1, 1)]), COURT,
        None, shapely.GeometryCollection([shapely.Point(1, 2), COURT]),
    ]  # fmt: skip
    store_parcels(engine, [{"id": str(at)} for at in range(6)], shapes)
    report = export(engine, tmp_path / "a.shp")
    assert [path.name for path in report.files if path.suffix == ".shp"] == [
        "a_line.shp",
        "a_point.shp",
        "a_polygon.shp",
    ]
    assert (report.rows, report.matched) == (5, 6)
    assert [(omission.count, omission.features) for omission in report.omissions] == [(1, True)]
    assert "1 features have no geometry and stand in _point" in " ".join(note.en for note in report.notes)
    for family, wanted in (("point", [*shapes[:2], None]), ("line", shapes[2:3]), ("polygon", shapes[3:4])):
        _, _, found = read(tmp_path / f"a_{family}.shp")
        assert all(one is other or shapely.equals(one, other) for one, other in zip(found, wanted, strict=True))


def test_long_texts_and_numbers_are_cut_and_counted_in_shapefiles(engine: Engine, tmp_path: Path):
    records = [{"id": "a", "name": "甲" * 100, "户数": 2**63 - 1, "容积率": 1e300}, {"id": "b", "户数": 1}]
    store_parcels(engine, records, [shapely.Point(1, 2)] * 2)
    report = export(engine, tmp_path / "a.shp")
    _, rows, _ = read(tmp_path / "a.shp")
    assert [row["name"] for row in rows] == ["甲" * 84, None]
    assert [row["户数"] for row in rows] == [str(2**63 - 1), "1"]
    assert [omission.count for omission in report.omissions] == [1, 1]


def test_what_excel_cannot_hold_is_counted(engine: Engine, tmp_path: Path):
    circle = shapely.Point(120, 30).buffer(1, quad_segs=500)
    records = [{"id": "a", "name": "x\x01y" + "甲" * 40_000, "出让日期": dt.date(1850, 1, 1)}]
    store_parcels(engine, records, [circle])
    report = export(engine, tmp_path / "a.xlsx")
    _, row = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].iter_rows(values_only=True)
    assert (len(row[2]), row[2][:3]) == (32_767, "xy甲")
    assert row[-1] is None
    assert "1850-01-01" in row
    assert [omission.count for omission in report.omissions] == [1, 1, 1]


def test_controls_are_taken_out_of_kml(engine: Engine, tmp_path: Path):
    store_parcels(engine, [{"id": "a", "name": "x\x01\ufffey"}], [shapely.Point(1, 2)])
    (omission,) = export(engine, tmp_path / "a.kml").omissions
    assert omission.count == 1
    assert pyogrio.read_arrow(tmp_path / "a.kml")[1]["name2"].to_pylist() == ["xy"]


@pytest.mark.parametrize("name", ["a.geojson", "a.kml"])
def test_a_crs_that_the_standard_forbids_is_refused(stored: Engine, tmp_path: Path, name: str):
    with pytest.raises(ParameterError, match=r"take \.gpkg, \.shp, \.fgb, \.parquet, \.csv, \.xlsx, \.dxf"):
        export(stored, tmp_path / name, crs="EPSG:4549")
    assert export(stored, tmp_path / name, crs="4326").crs == "EPSG:4326"


@pytest.mark.parametrize("crs", ["EPSG:9999999", "Peking", "", "EPSG:5701", "EPSG:4978", "0"])
def test_a_crs_that_is_none_is_refused(stored: Engine, tmp_path: Path, crs: str):
    with pytest.raises(ParameterError, match="EPSG:4549"):
        export(stored, tmp_path / "a.gpkg", crs=crs)


def test_a_place_beyond_the_crs_is_told(engine: Engine, tmp_path: Path):
    store_parcels(engine, [{"id": "a"}], [shapely.Point(30, 0)])
    with pytest.raises(ParameterError, match="where EPSG:4549 is not defined"):
        export(engine, tmp_path / "a.gpkg", crs="EPSG:4549")
    assert not (tmp_path / "a.gpkg").exists()


def test_a_crs_of_ones_own_and_one_of_another_datum(stored: Engine, tmp_path: Path):
    own = "+proj=tmerc +lat_0=0 +lon_0=120.5 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +type=crs"
    assert export(stored, tmp_path / "a.parquet", crs=own).rows == 3
    assert any("exact transformation" in note.en for note in export(stored, tmp_path / "a.gpkg", crs="EPSG:2437").notes)


@pytest.mark.parametrize("name", ["a", "a.tab", "a.gpkg.zip"])
def test_an_unknown_format_is_refused(stored: Engine, tmp_path: Path, name: str):
    with pytest.raises(ParameterError, match=r"\.geojson \(GeoJSON\), \.gpkg"):
        export(stored, tmp_path / name)
    with pytest.raises(ParameterError, match="“tab” is of no known format"):
        export(stored, tmp_path / "a.gpkg", format_id="tab")
    assert export(stored, tmp_path / "a", format_id="csv").files[0].name == "a"


def test_standard_output_takes_text(stored: Engine, capfdbinary):
    export(stored, "-")
    sys.stdout.flush()
    assert len(json.loads(capfdbinary.readouterr().out)["features"]) == 3
    export(stored, "-", format_id="csv")
    assert capfdbinary.readouterr().out.count(b"\n") >= 4
    with pytest.raises(ParameterError, match="Standard output takes GeoJSON and CSV"):
        export(stored, "-", format_id="gpkg")


def test_a_file_is_whole_or_not_there(stored: Engine, tmp_path: Path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("folder/missing/a.gpkg", "folder"):
        with pytest.raises(OutputError, match="Cannot write"):
            export(stored, tmp_path / name, format_id="gpkg")
    (folder / "a.shp").write_text("old")
    (folder / "a.qix").write_text("old")
    with pytest.raises(RuntimeError, match="stopped"):
        export(stored, folder / "a.shp", progress=_stop)
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a.shp": "old", "a.qix": "old"}
    export(stored, folder / "a.shp")
    assert not (folder / "a.qix").exists()
    assert all(not path.name.endswith(".part") for path in folder.iterdir())


def _stop(_done: int, _total: int) -> None:
    raise RuntimeError("stopped")


def test_progress_is_told(engine: Engine, tmp_path: Path):
    store_parcels(engine, [{"id": str(at)} for at in range(12_000)], None)
    told = []
    export(engine, tmp_path / "a.csv", progress=lambda done, total: told.append((done, total)))
    assert told == [(10_000, 12_000), (12_000, 12_000)]


@pytest.mark.parametrize("chosen", ["geojson", "shp", "kml", "csv", "dxf", "parquet", "fgb"])
def test_the_same_data_gives_the_same_bytes(stored: Engine, tmp_path: Path, chosen: str):
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        files = export(stored, tmp_path / folder / f"a{FORMATS[chosen].extensions[0]}").files
        found.append({path.name: path.read_bytes() for path in files if path.suffix != ".dbf"})
    assert found[0] == found[1]


def test_columns_called_as_ours_keep_their_names(engine: Engine, tmp_path: Path):
    kind = type(parcels().columns[0])
    names = ("geometry", "geom", "fid", "lon", "geometry_wkt", "FID_1")
    columns = tuple(kind(name, "text", None, name, name) for name in names)
    store_parcels(engine, [{"id": "a"} | dict.fromkeys(names[:1] + names[3:], "字")], [shapely.Point(1, 2)],
                  columns=tuple(each for each in columns if each.name not in ("geom", "fid")))  # fmt: skip
    for chosen in FORMATS.values():
        export(engine, tmp_path / f"a{chosen.extensions[0]}")
    _, rows, shapes = read(tmp_path / "a.gpkg")
    assert (rows[0]["geometry"], rows[0]["FID_1"], shapes[0]) == ("字", "字", shapely.Point(1, 2))
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines())
    assert (row["lon"], row["lon_1"], row["geometry_wkt_1"]) == ("字", "1", "POINT (1 2)")


def test_arrow_is_what_parquet_holds(stored: Engine, tmp_path: Path):
    export(stored, tmp_path / "a.parquet")
    schema = pyarrow.parquet.read_schema(tmp_path / "a.parquet")
    assert schema.field("更新").type == pa.timestamp("us", "UTC")
    assert schema.field("细分领域").type.value_type == pa.string()
    assert np.dtype("int64") == schema.field("户数").type.to_pandas_dtype()
