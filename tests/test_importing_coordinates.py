"""Positions in the columns of a table: found by name and value, read in every usual writing."""

import csv
import io
import math
import struct

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
        ("x,y", "120.5,30.2", (120.5, 30.2), None),
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
    ("heading", "words"),
    [
        ("高德经度,高德纬度", "column names: 高德经度, 高德纬度"),
        ("bd_lat,bd_lng", "column names: bd_lng, bd_lat"),
        ("经度,纬度", "column names: 经度, 纬度"),
        ("x,y", None),
    ],
)
def test_headings_are_the_files_own_words_for_its_coordinates(tmp_path, heading, words):
    cells = "30.1,120.1" if heading.startswith("bd") else "120.1,30.1"
    stated = sheet(tmp_path, f"{heading}\n{cells}\n").facts.crs_text
    assert stated == words or stated.endswith(words)


def test_columns_that_are_told_are_not_said_to_be_named_so(tmp_path):
    found = sheet(tmp_path, "a,b\n120.5,30.2\n", columns={"a": "lon", "b": "lat"})
    assert found.facts.crs_text.endswith("columns told: a, b")


def test_of_several_pairs_the_one_in_a_true_datum_is_taken(tmp_path):
    found = sheet(tmp_path, "bd_lng,bd_lat,wgs84_lng,wgs84_lat\n120.2,30.2,120.1,30.1\n")
    assert found.shapes == [shapely.Point(120.1, 30.1)]


def test_broken_coordinates_are_geometry_faults_and_empty_ones_are_not(tmp_path):
    found = sheet(tmp_path, "名称,经度,纬度\n甲,120,30\n乙,一百二,30\n丙,,\n丁,120,95\n戊,120,\n己,120°70′,30\n")
    assert [shape is not None for shape in found.shapes] == [True] + [False] * 5
    assert sorted(found.geometry_faults) == [2, 4, 5, 6]
    assert "一百二" in found.geometry_faults[2].zh


def test_a_row_with_latitude_in_the_column_of_longitude_is_told_so(tmp_path):
    found = sheet(tmp_path, "名称,经度,纬度\n甲,120.5,30.2\n乙,30.2,120.5\n丙,120.5,30.2\n丁,200,95\n")
    assert sorted(found.geometry_faults) == [2, 4]
    assert "look swapped" in found.geometry_faults[2].en
    assert "look swapped" not in found.geometry_faults[4].en


def test_columns_of_coordinates_stay_and_written_geometry_goes_with_a_note(tmp_path):
    assert sheet(tmp_path, "名称,经度,纬度\n甲,120.5,30.2\n").column("经度") == [120.5]
    written = sheet(tmp_path, "名称,wkt\n甲,POINT(120.5 30.2)\n")
    assert written.table.column_names == ["名称"]
    assert "not kept as an attribute" in written.said


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


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))", "Polygon"),
        ("SRID=4549;curvepolygon z (circularstring(0 0 5,1 1 5,2 0 5,1 -1 5,0 0 5))", "Polygon"),
        ("CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(0 0,1 1,2 0),(2 0,0 0)),(1 .1,1.1 .1,1 .2,1 .1))", "Polygon"),
        ("MULTISURFACE(CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0)),((5 5,6 5,6 6,5 5)))", "MultiPolygon"),
        ("MULTICURVE((0 0,1 1),CIRCULARSTRING(0 0,1 1,2 0))", "MultiLineString"),
        ("GEOMETRYCOLLECTION(POINT(1 2),CIRCULARSTRING(0 0,1 1,2 0))", "GeometryCollection"),
        ("TIN(((0 0,1 0,0 1,0 0)))", "MultiPolygon"),
        (f"010A00000001000000010800000005000000{struct.pack('<10d', 0, 0, 1, 1, 2, 0, 1, -1, 0, 0).hex()}", "Polygon"),
        ("CURVEPOLYGON(CIRCULARSTRING(0 0,1 1", None),
        ("CIRCULARSTRING(0 0,1 1,2 0) and more", None),
        ("CURVEPOLYGON(CIRCULARSTRING(0 0,1 1 1,2 0,1 -1,0 0))", None),
    ],
)
def test_arcs_are_drawn_and_leave_other_rows_as_they_are(tmp_path, text, kind):
    found = sheet(tmp_path, f'id,wkt\n1,POINT(1 2)\n2,"{text}"\n')
    assert found.shapes[0] == shapely.Point(1, 2)
    assert (found.shapes[1] and found.shapes[1].geom_type) == kind
    assert list(found.geometry_faults) == [2] * (kind is None)


def test_a_drawn_circle_has_the_area_of_one(tmp_path):
    found = sheet(tmp_path, 'id,wkt\n1,"CURVEPOLYGON(CIRCULARSTRING(0 0,1 1,2 0,1 -1,0 0))"\n')
    (disc,) = found.shapes
    assert "Arcs are drawn" in found.said
    assert disc.area == pytest.approx(math.pi, rel=1e-3)


@pytest.mark.parametrize("opening", ["GEOMETRYCOLLECTION(", "(", "GeometryCollection Z ("])
def test_geometry_nested_without_end_leaves_its_row_alone_without_geometry(tmp_path, opening):
    found = sheet(tmp_path, f"id,wkt\n1,{opening * 200_000}\n2,POINT(1 2)\n")
    assert found.shapes == [None, shapely.Point(1, 2)]
    assert list(found.geometry_faults) == [1]


@pytest.mark.parametrize(
    ("name", "cell", "crs"),
    [
        ("经纬度", "120.5,30.2", "OGC:CRS84"),
        ("坐标", "30.2，120.5", None),
        ("location", "[120.5, 30.2]", None),
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
