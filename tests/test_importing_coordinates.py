"""Positions in the columns of a table: found by name and value, read in every usual writing."""

import csv
import io

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.reading.angles import degrees
from tables import sheet


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
    assert (found.facts.crs, found.facts.geometry_family, found.geometry_faults) == (crs, "POINT", {})


@pytest.mark.parametrize(
    ("name", "datum"), [("gcj02_lng", "gcj02"), ("高德经度", "gcj02"), ("bd_lng", "bd09"), ("百度经度", "bd09")]
)
def test_shifted_datums_are_named_with_the_option_to_give(tmp_path, name, datum):
    other = name.replace("lng", "lat").replace("经", "纬")
    assert f"--datum {datum}" in sheet(tmp_path, f"{name},{other}\n120.1,30.1\n").said


def test_of_several_pairs_the_one_in_a_true_datum_is_taken(tmp_path):
    found = sheet(tmp_path, "bd_lng,bd_lat,wgs84_lng,wgs84_lat\n120.2,30.2,120.1,30.1\n")
    assert found.shapes == [shapely.Point(120.1, 30.1)]


def test_broken_coordinates_are_geometry_faults_and_empty_ones_are_not(tmp_path):
    found = sheet(tmp_path, "名称,经度,纬度\n甲,120,30\n乙,一百二,30\n丙,,\n丁,120,95\n戊,120,\n己,120°70′,30\n")
    assert [shape is not None for shape in found.shapes] == [True] + [False] * 5
    assert sorted(found.geometry_faults) == [2, 4, 5, 6]
    assert "一百二" in found.geometry_faults[2].zh


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
    assert sorted(found.geometry_faults) == [7, 8]
    assert found.table.column_names == ["id"]


@pytest.mark.parametrize("opening", ["GEOMETRYCOLLECTION(", "(", "GeometryCollection Z ("])
def test_geometry_nested_without_end_leaves_its_row_alone_without_geometry(tmp_path, opening):
    found = sheet(tmp_path, f"id,wkt\n1,{opening * 200_000}\n2,POINT(1 2)\n")
    assert found.shapes == [None, shapely.Point(1, 2)]
    assert list(found.geometry_faults) == [1]


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
    assert (list(found.geometry_faults), found.facts.crs) == ([3], crs)


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
