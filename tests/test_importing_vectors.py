"""What GDAL reads, with the names, types, ids and text that stand in the file."""

import json
import re
import sqlite3
import struct
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyogrio import set_gdal_config_options
from pyogrio.raw import write_arrow

from bioplan_gis.errors import UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading import curves
from bioplan_gis.importing.reading.files import given_file
from bioplan_gis.importing.reading.vectors import read
from bioplan_gis.importing.rows import Batch, Facts, Reading

SQUARE = shapely.box(120, 30, 120.01, 30.01)
POINT = {"type": "Point", "coordinates": [120, 30]}


def _read(path: Path, batch_rows: int = 100, **reading: str) -> tuple[Facts, list[Batch]]:
    with given_file(path, reading.get("encoding")) as file:
        rows = read(file, Reading(**reading), batch_rows)
        return rows.facts, list(rows.batches)


def _records(path: Path, **reading: str) -> list[dict[str, object]]:
    return [row for batch in _read(path, **reading)[1] for row in batch.attributes.to_pylist()]


def _shapes(path: Path, **reading: str) -> list[shapely.Geometry]:
    return [shape for batch in _read(path, **reading)[1] for shape in shapely.from_wkb(batch.wkb.to_pylist())]


def _write(path: Path, driver: str, shape: shapely.Geometry = SQUARE, crs: str = "EPSG:4490", **columns: list) -> Path:
    rows = len(next(iter(columns.values())))
    table = pa.table({**columns, "geometry": pa.array([shapely.to_wkb(shape)] * rows, pa.binary())})
    write_arrow(table, path, driver=driver, geometry_name="geometry", geometry_type=shape.geom_type, crs=crs)
    return path


def _written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _geojson(folder: Path, *features: dict[str, object], **members: object) -> Path:
    plain = {"type": "Feature", "properties": {}, "geometry": POINT}
    collection = {"type": "FeatureCollection", **members, "features": [{**plain, **one} for one in features]}
    return _written(folder, "a.geojson", json.dumps(collection))


@pytest.mark.parametrize(
    ("name", "driver"),
    [("a.gpkg", "GPKG"), ("a.fgb", "FlatGeobuf"), ("a.geojson", "GeoJSON"), ("a.gml", "GML"), ("a.gdb", "OpenFileGDB")],
)
def test_columns_keep_their_chinese_names_and_values(tmp_path: Path, name: str, driver: str):
    path = _write(tmp_path / name, driver, 地块编号=["甲"], 面积=[1.5])
    facts, batches = _read(path)
    (record,) = (row for batch in batches for row in batch.attributes.to_pylist())
    assert (record["地块编号"], record["面积"]) == ("甲", 1.5)
    assert (facts.crs, facts.geometry_family) == ("EPSG:4490", "POLYGON")


def test_types_stay_what_they_are(tmp_path: Path):
    columns = {
        "d": pa.array([date(2024, 2, 29)]),
        "u": pa.array([datetime(2024, 2, 29, 8, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
        "b": pa.array([True]),
        "i": pa.array([2**53 + 1]),
        "f": pa.array([0.1]),
        "x": pa.array([b"\x00\x01"]),
    }
    path = _write(tmp_path / "a.gpkg", "GPKG", **columns)
    schema = _read(path)[1][0].attributes.schema
    assert [schema.field(name).type for name in columns] == [column.type for column in columns.values()]
    assert _records(path) == [{name: column[0].as_py() for name, column in columns.items()}]


def test_types_of_json_stay_what_they_are(tmp_path: Path):
    properties = {"d": "2024-02-29", "h": "08:00:00", "t": "2024-02-29T08:00:00", "z": "2024-02-29T08:00:00+08:00"}
    path = _geojson(tmp_path, {"properties": {**properties, "l": ["a", "b"], "j": {"a": [1]}, "big": 2**53 + 1}})
    (record,) = _records(path)
    assert json.loads(record.pop("j")) == {"a": [1]}
    assert record == {
        "d": date(2024, 2, 29),
        "h": time(8),
        "t": datetime(2024, 2, 29, 8),  # noqa: DTZ001 a time without a zone
        "z": datetime(2024, 2, 29, 8, tzinfo=timezone(timedelta(hours=8))),
        "l": ["a", "b"],
        "big": 2**53 + 1,
    }


@pytest.mark.parametrize(("name", "driver"), [("a.fgb", "FlatGeobuf"), ("a.gml", "GML"), ("a.gpkg", "GPKG")])
@pytest.mark.filterwarnings("ignore:Non-conformant content")
def test_moments_with_a_zone_are_instants_and_those_without_are_naive(tmp_path: Path, name: str, driver: str):
    moment = datetime(2024, 1, 2, 3, 4, 5)  # noqa: DTZ001 a time without a zone
    path = _write(
        tmp_path / name,
        driver,
        z=pa.array([None, moment.replace(tzinfo=timezone(timedelta(hours=8)))], pa.timestamp("ms", "+08:00")),
        n=pa.array([None, moment], pa.timestamp("ms")),
    )
    for rows in (1, 100):
        batches = _read(path, rows)[1]
        records = [row for batch in batches for row in batch.attributes.to_pylist()]
        found = {(record["z"], record["n"]) for record in records}
        assert found == {(None, None), (datetime(2024, 1, 1, 19, 4, 5, tzinfo=UTC), moment)}
        types = {batch.attributes.schema.field("z").type for batch in batches}
        assert types == {pa.timestamp("ms", "UTC")}


def test_moments_of_mixed_zones_are_told_apart_and_those_that_no_calendar_has_stay_text(tmp_path: Path):
    texts = ["2024-01-02T03:04:05+08:00", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05"]
    path = _geojson(tmp_path, *({"properties": {"t": text, "b": "2024-02-30T03:04:05"}} for text in texts))
    hours = [record["t"] - datetime(2024, 1, 1, 19, 4, 5, tzinfo=UTC) for record in _records(path)]
    assert hours == [timedelta(0), timedelta(hours=8), timedelta(hours=8)]
    assert _records(path)[0]["b"] == "2024-02-30T03:04:05"


def test_whole_numbers_beyond_64_bits_are_kept_as_text_and_told(tmp_path: Path):
    path = _geojson(tmp_path, {"properties": {"n": 123456789012345678901, "f": 1e30}}, {"properties": {"n": 1}}, {})
    assert [(record["n"], record["f"]) for record in _records(path)] == [
        ("123456789012345678901", 1e30),
        ("1", None),
        (None, None),
    ]
    assert "“n”" in "".join(note.zh for note in _read(path)[0].notes)


@pytest.mark.filterwarnings("ignore:.*coord:RuntimeWarning")
@pytest.mark.parametrize("coordinates", [["x", 3], [None, 3], []])
def test_a_geometry_that_cannot_be_read_is_told_apart_from_none(tmp_path: Path, coordinates: list):
    broken = {"geometry": {"type": "Point", "coordinates": coordinates}, "properties": {"v": 2}}
    path = _geojson(tmp_path, {}, {"geometry": None}, broken)
    for rows in (1, 100):
        batches = _read(path, rows)[1]
        assert [row for batch in batches for row in batch.geometry_faults] == [3]
    assert [record["v"] for record in _records(path)] == [None, None, 2]


@pytest.mark.filterwarnings("ignore:Several features with id")
@pytest.mark.parametrize(
    ("ids", "column"),
    [
        ((17, 25), [17, 25]),
        ((0, 1), [0, 1]),
        ((5, 5), [5, 5]),
        ((5, "a"), ["5", "a"]),
        (("a", "b"), ["a", "b"]),
        ((7, None), [7, None]),
    ],
)
def test_ids_of_features_become_a_column(tmp_path: Path, ids: tuple[object, ...], column: list[object]):
    path = _geojson(tmp_path, *({"id": one} for one in ids))
    assert [record["id"] for record in _records(path)] == column


def test_features_without_ids_get_none_and_a_property_of_that_name_wins(tmp_path: Path):
    assert "id" not in _records(_geojson(tmp_path, {"properties": {"v": 1}}))[0]
    assert _records(_geojson(tmp_path, {"id": 9, "properties": {"id": 1}}))[0]["id"] == 1


@given(st.lists(st.integers(0, 2**53), unique=True, min_size=1, max_size=30), st.integers(1, 7))
def test_ids_stay_with_their_rows_in_any_batches(tmp_path_factory: pytest.TempPathFactory, ids: list[int], rows: int):
    features = [{"id": one, "properties": {"v": one}} for one in ids]
    batches = _read(_geojson(tmp_path_factory.mktemp("ids"), *features), rows)[1]
    assert [(row["id"], row["v"]) for batch in batches for row in batch.attributes.to_pylist()] == [
        (one, one) for one in ids
    ]


@pytest.mark.parametrize(
    ("members", "crs"),
    [
        ({}, "EPSG:4326"),
        ({"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4528"}}}, "EPSG:4528"),
    ],
)
def test_crs_of_geojson_is_wgs84_unless_an_old_member_says_otherwise(tmp_path: Path, members: dict, crs: str):
    flat = _read(_geojson(tmp_path, {}, **members))[0]
    high = _read(_geojson(tmp_path, {"geometry": {"type": "Point", "coordinates": [120, 30, 5]}}, **members))[0]
    assert (flat.crs, high.crs) == (crs, crs)


@pytest.mark.parametrize("srs", [-1, 0])
def test_geopackage_of_undefined_srs_has_no_crs(tmp_path: Path, srs: int):
    path = _write(tmp_path / "a.gpkg", "GPKG", v=[1])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("update gpkg_contents set srs_id = ?", (srs,))
        connection.execute("update gpkg_geometry_columns set srs_id = ?", (srs,))
    assert _read(path)[0].crs is None


def test_geopackage_leaves_nothing_beside_it(tmp_path: Path):
    path = _write(tmp_path / "a.gpkg", "GPKG", v=[1])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
    before = path.read_bytes()
    assert _records(path) == [{"v": 1}]
    assert [one.name for one in tmp_path.iterdir()] == ["a.gpkg"]
    assert path.read_bytes() == before


def test_rows_that_another_program_has_in_its_log_are_read(tmp_path: Path):
    path = _write(tmp_path / "a.gpkg", "GPKG", v=[1, 2])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode=wal")
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute("update a set v = 3 where v = 2")
        connection.commit()
        assert _records(path) == [{"v": 1}, {"v": 3}]


@pytest.mark.parametrize(("key", "kept"), [("parcel_no", True), ("fid", False)])
def test_primary_key_with_a_name_of_its_own_is_a_column(tmp_path: Path, key: str, *, kept: bool):
    table = pa.table({"v": [1], "geometry": pa.array([shapely.to_wkb(SQUARE)])})
    kind = {"geometry_name": "geometry", "geometry_type": "Polygon", "crs": "EPSG:4490"}
    write_arrow(table, tmp_path / "a.gpkg", driver="GPKG", layer_options={"FID": key}, **kind)
    assert _records(tmp_path / "a.gpkg") == [{"parcel_no": 1, "v": 1} if kept else {"v": 1}]


def _gbk_shapefile(folder: Path, name: bytes, width: int, *values: bytes) -> Path:
    """A Shapefile whose table is written byte by byte, as ArcGIS does in China."""
    path = _write(folder / "a.shp", "ESRI Shapefile", v=list(range(len(values))))
    records = b"".join(b" " + value.ljust(width) for value in values)
    header = struct.pack("<B3BIHH17xBxx", 3, 124, 1, 1, len(values), 65, 1 + width, 0x4D)
    field = name.ljust(11, b"\x00") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    path.with_suffix(".dbf").write_bytes(header + field + b"\r" + records + b"\x1a")
    path.with_suffix(".cpg").unlink()
    return path


PARCELS = tuple(f"钱塘区三类工业用地第{number}号" for number in "一二三四五六七八九")


def test_gbk_table_is_decoded_with_its_names(tmp_path: Path):
    path = _gbk_shapefile(tmp_path, "用地性质".encode("gbk"), 40, *(value.encode("gbk") for value in PARCELS))
    facts, batches = _read(path, batch_rows=2)
    assert [row["用地性质"] for batch in batches for row in batch.attributes.to_pylist()] == list(PARCELS)
    assert facts.encoding.lower() == "gb18030"
    assert facts.encoding_evidence


def test_value_cut_within_a_character_loses_that_half_and_is_noted(tmp_path: Path):
    whole = [value.encode("gbk") for value in PARCELS]
    path = _gbk_shapefile(tmp_path, b"a", 15, *(value[:15] for value in whole), b"short")
    assert [row["a"] for row in _records(path)] == ["钱塘区三类工业"] * 9 + ["short"]
    facts = _read(path)[0]
    assert any("9 values are cut in the middle" in note.en for note in facts.notes)


def test_told_encoding_is_used(tmp_path: Path):
    path = _gbk_shapefile(tmp_path, b"a", 40, "臺北市信義區".encode("big5"))
    assert _records(path, encoding="Big5") == [{"a": "臺北市信義區"}]


def test_deleted_records_are_no_rows_and_no_damage(tmp_path: Path):
    path = _gbk_shapefile(tmp_path, b"a", 4, b"a", b"b", b"c")
    content = bytearray(path.with_suffix(".dbf").read_bytes())
    content[65 + 5] = ord("*")
    path.with_suffix(".dbf").write_bytes(content)
    assert (_records(path), _read(path)[0].row_count) == ([{"a": "a"}, {"a": "c"}], 2)


@pytest.mark.parametrize(("part", "said"), [(".shx", "made again"), (".dbf", "without attributes")])
def test_shapefile_without_a_part_is_read_and_says_so(tmp_path: Path, part: str, said: str):
    set_gdal_config_options({"SHAPE_RESTORE_SHX": True})  # as in the process for users' files
    path = _write(tmp_path / "a.shp", "ESRI Shapefile", v=[1, 2])
    path.with_suffix(part).unlink()
    assert [shape.equals(SQUARE) for shape in _shapes(path)] == [True, True]
    assert any(said in note.en for note in _read(path)[0].notes)
    assert not path.with_suffix(part).exists()


def test_prj_is_kept_in_its_own_words_and_a_damaged_one_set_aside(tmp_path: Path):
    path = _write(tmp_path / "a.shp", "ESRI Shapefile", v=[1])
    words = path.with_suffix(".prj").read_text()
    assert (_read(path)[0].crs, _read(path)[0].crs_text) == ("EPSG:4490", words)
    path.with_suffix(".prj").write_text(words[:50])
    facts = _read(path)[0]
    assert (facts.crs, facts.crs_text) == (None, words[:50])
    assert any("--crs" in note.en for note in facts.notes)


KML = (
    '<?xml version="1.0" encoding="{0}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>文</name>'
    "<Placemark><name>钱塘</name><ExtendedData><Data name='面积'><value>5</value></Data>"
    '<Data name="地块"><value>甲</value></Data><Data name="a&amp;b"><value>1</value></Data></ExtendedData>'
    "<Point><coordinates>120,30</coordinates></Point></Placemark></Document></kml>"
)
DATA = {"面积": "5", "地块": "甲", "a&b": "1"}


@pytest.mark.parametrize("encoding", ["UTF-8", "GB2312", "UTF-16"])
def test_kml_has_the_columns_of_the_file_in_any_encoding(tmp_path: Path, encoding: str):
    path = _written(tmp_path, "a.kml", KML.format(encoding).encode("gb18030" if encoding == "GB2312" else encoding))
    assert _records(path) == [{"Name": "钱塘", **DATA}]
    assert _read(path)[0].crs == "EPSG:4326"


def test_kml_column_that_holds_something_stays(tmp_path: Path):
    content = KML.format("UTF-8").replace("<Point>", "<visibility>0</visibility><Point>")
    assert _records(_written(tmp_path, "a.kml", content)) == [{"Name": "钱塘", "visibility": 0, **DATA}]


MIF = (
    'Version 450\n{0}Delimiter ","\nCoordSys Earth Projection 1, 104\n'
    "Columns 1\n  地块 Char(20)\nData\n\nPoint 120 30\n"
)


@pytest.mark.parametrize("charset", ['Charset "WindowsSimpChinese"\n', 'Charset "Neutral"\n', ""])
def test_mapinfo_text_is_read_with_or_without_a_character_set(tmp_path: Path, charset: str):
    _written(tmp_path, "a.mid", '"钱塘一号"\n'.encode("gb18030"))
    path = _written(tmp_path, "a.mif", MIF.format(charset).encode("gb18030"))
    assert _records(path) == [{"地块": "钱塘一号"}]


@pytest.mark.parametrize("name", ["名", "a"])
def test_json_in_gbk_asks_for_its_encoding(tmp_path: Path, name: str):
    path = _written(
        tmp_path,
        "a.geojson",
        json.dumps({"type": "Feature", "properties": {name: "钱塘"}}, ensure_ascii=False).encode("gbk"),
    )
    with pytest.raises(UnreadableFileError, match="--encoding"):
        _read(path)
    assert _records(path, encoding="GBK") == [{name: "钱塘"}]


GPX = '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'
TRACK = '<trk><name>线</name><trkseg><trkpt lat="30" lon="120"/><trkpt lat="31" lon="120"/></trkseg></trk>'


def test_layer_that_alone_holds_anything_is_taken(tmp_path: Path):
    facts, _ = _read(_written(tmp_path, "a.gpx", GPX.format(TRACK)))
    assert (facts.source_layer, facts.geometry_family) == ("tracks", "LINESTRING")
    with pytest.raises(UncertainFileError, match=r"waypoints \(1 rows\), tracks \(1 rows\)"):
        _read(_written(tmp_path, "a.gpx", GPX.format('<wpt lat="30" lon="120"/>' + TRACK)))


def test_dxf_keeps_layer_and_text(tmp_path: Path):
    text = (
        "  0\nSECTION\n  2\nENTITIES\n  0\nTEXT\n  8\n注记\n 10\n1\n 20\n2\n 40\n2\n  1\n钱塘\n  0\nENDSEC\n  0\nEOF\n"
    )
    header = "  0\nSECTION\n  2\nHEADER\n  9\n$DWGCODEPAGE\n  3\nANSI_936\n  0\nENDSEC\n"
    (record,) = _records(_written(tmp_path, "a.dxf", (header + text).encode("gbk")))
    assert (record["Layer"], record["Text"]) == ("注记", "钱塘")


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_closed_polylines_of_a_drawing_are_polygons_and_open_ones_lines(tmp_path: Path):
    lines = pa.array(shapely.to_wkb([SQUARE.exterior, shapely.LineString([(0, 0), (1, 1)])]), pa.binary())
    table = pa.table({"wkb": lines})
    path = tmp_path / "a.dxf"
    write_arrow(table, path, driver="DXF", geometry_name="wkb", geometry_type="LineString", crs=None)
    assert [shape.geom_type for shape in _shapes(path)] == ["Polygon", "LineString"]
    assert shapely.equals(_shapes(path)[0], SQUARE)
    flagged = re.sub(r"( 70\r?\n)\s*0(\r?\n 90)", r"\g<1>1\2", path.read_text())
    assert [shape.geom_type for shape in _shapes(_written(tmp_path, "b.dxf", flagged))] == ["Polygon", "Polygon"]
    assert "polylines are read as polygons" in "".join(note.en for note in _read(path)[0].notes)


def _circular(*ordinates: float) -> bytes:
    return struct.pack(f"<BII{len(ordinates)}d", 1, 8, len(ordinates) // 2, *ordinates)


CIRCLE = _circular(0, 0, 1, 1, 2, 0, 1, -1, 0, 0)
DISC = struct.pack("<BII", 1, 10, 1) + CIRCLE


@pytest.mark.filterwarnings("ignore:geometry column type")
def test_curves_of_a_geopackage_become_segments_and_are_noted(tmp_path: Path):
    path = _write(tmp_path / "a.gpkg", "GPKG", v=[1])
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute("update gpkg_geometry_columns set geometry_type_name = 'CURVEPOLYGON'")
        connection.execute("update a set geom = ?", (b"GP\x00\x01" + struct.pack("<i", 4490) + DISC,))
    (disc,) = _shapes(path)
    assert disc.geom_type == "Polygon"
    assert disc.area == pytest.approx(np.pi, rel=1e-3)
    facts = _read(path)[0]
    assert facts.geometry_family == "POLYGON"
    assert any("off the arc by at most 0.06%" in note.en for note in facts.notes)


def _wkb(kind: int, *parts: bytes) -> bytes:
    return struct.pack("<BII", 1, kind, len(parts)) + b"".join(parts)


LINE = shapely.to_wkb(shapely.LineString([(2, 0), (3, 0)]))
TRIANGLE = struct.pack("<BIII8d", 1, 17, 1, 4, 0, 0, 1, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(
    ("wkb", "kind"),
    [
        (CIRCLE, "LineString"),
        (_wkb(9, _circular(0, 0, 1, 1, 2, 0), LINE), "LineString"),
        (_wkb(10, CIRCLE), "Polygon"),
        (_wkb(11, CIRCLE, LINE), "MultiLineString"),
        (_wkb(12, DISC, shapely.to_wkb(SQUARE)), "MultiPolygon"),
        (_wkb(15, shapely.to_wkb(SQUARE)), "MultiPolygon"),
        (_wkb(16, TRIANGLE), "MultiPolygon"),
        (TRIANGLE, "Polygon"),
        (_wkb(7, CIRCLE, LINE), "GeometryCollection"),
    ],
)
def test_every_curved_type_becomes_its_straight_kin(wkb: bytes, kind: str):
    straight, count = curves.straightened(pa.array([wkb, None, LINE]))
    shapes = shapely.from_wkb(straight.to_pylist())
    assert (shapes[0].geom_type, count) == (kind, 1)
    assert (straight[1].as_py(), straight[2].as_py()) == (None, LINE)


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(0.1, 100), st.integers(-500, 500))
def test_points_of_a_drawn_arc_lie_on_its_circle(first: float, turn: float, radius: float, centre: int):
    angles = np.array([first, first + turn, first + 2 * turn])
    points = np.column_stack([centre + radius * np.cos(angles), radius * np.sin(angles)])
    drawn = curves.stroked(points)
    off = np.abs(np.hypot(drawn[:, 0] - centre, drawn[:, 1]) - radius) / radius
    if abs(turn) > 0.01:
        assert off.max() < 1e-6
        middle = (drawn[1:] + drawn[:-1]) / 2
        assert (1 - np.hypot(middle[:, 0] - centre, middle[:, 1]) / radius).max() <= curves.OFF_THE_ARC_SHARE + 1e-6
    assert np.array_equal(drawn[[0, -1]], points[[0, -1]])


@given(st.binary(max_size=80) | st.binary(max_size=60).map(lambda rest: b"\x01\x0a\x00\x00\x00" + rest))
def test_any_binary_is_left_alone_or_drawn(wkb: bytes):
    assert len(curves.straightened(pa.array([wkb, DISC]))[0]) == 2
