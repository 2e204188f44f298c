"""Whole columns as JSON and as cells of a workbook, held against Python's json and openpyxl, for any input."""

import datetime as dt
import io
import json
import zipfile

import openpyxl
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.crs import CRS84, feed_crs
from bioplan_gis.errors import ParameterError
from bioplan_gis.exporting.geojson import features, geometry_texts, lines, listed
from bioplan_gis.exporting.json_texts import joined, json_values, quoted, without_line_ends
from bioplan_gis.exporting.jsonfg import Sheet, jsonfg_features, root_members
from bioplan_gis.exporting.workbook_parts import (
    DATE_STYLE,
    SHEET_BEGIN,
    SHEET_END,
    _letters,
    number_cells,
    rows_xml,
    sheet_part,
    text_cells,
    truth_cells,
    write_package,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
COLUMNS = {
    "text": (pa.string(), TEXTS),
    "integer": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "number": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "boolean": (pa.bool_(), st.booleans()),
    "list": (pa.list_(pa.string()), st.lists(st.none() | TEXTS, max_size=4)),
}


@pytest.mark.parametrize("kind", COLUMNS)
@given(data=st.data())
def test_a_column_as_json_is_what_it_was(kind, data):
    type_, values = COLUMNS[kind]
    column = data.draw(st.lists(st.none() | values, max_size=12))
    start = data.draw(st.integers(0, len(column)))
    found = json_values(kind, pa.array(column, type_).slice(start)).to_pylist()
    assert [json.loads(one) for one in found] == column[start:]


def test_a_real_number_reads_as_one_and_what_is_none_is_null():
    found = json_values("number", pa.array([30.0, -0.0, 1e300, 1e16, float("nan"), float("inf"), None])).to_pylist()
    assert found == ["30.0", "-0.0", "1e+300", "1e+16", "null", "null", "null"]
    assert all(isinstance(json.loads(one), float) for one in found[:4])


def test_moments_are_iso_8601():
    moment = dt.datetime(2024, 2, 29, 8, 30, tzinfo=dt.UTC)
    assert json_values("timestamp", pa.array([moment], pa.timestamp("us", "UTC"))).to_pylist() == [
        '"2024-02-29T08:30:00.000000Z"'
    ]
    assert json_values("date", pa.array([moment.date(), None])).to_pylist() == ['"2024-02-29"', "null"]
    assert json_values("json", pa.array(['{"a":1}', None])).to_pylist() == ['{"a":1}', "null"]


@given(st.lists(TEXTS, max_size=8), st.integers(0, 8), st.integers(0, 8))
def test_texts_are_joined_as_they_lie(texts, start, length):
    assert joined(pa.array(texts, pa.string()).slice(start, length)).decode() == "".join(texts[start : start + length])


@given(TEXTS)
def test_a_line_is_one_line_and_says_the_same(text):
    line = without_line_ends(joined(quoted(pa.array([text]))))
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == text


@given(st.lists(st.tuples(TEXTS, st.none() | TEXTS), min_size=1, max_size=5), TEXTS)
def test_features_are_geojson_whatever_they_hold(rows, name):
    batch = pa.RecordBatch.from_arrays(
        [pa.array(list(one), pa.string()) for one in zip(*rows, strict=True)], ["id", name]
    )
    given_geometry = {"geometry": geometry_texts(shapely.points([[120.5, 30.25]] * len(rows)))}
    parts = (batch, {"id": "text", name: "text"}, given_geometry, [name])
    if name == "id":
        return
    wanted = [
        {
            "type": "Feature", "id": row[0], "geometry": {"type": "Point", "coordinates": [120.5, 30.25]},
            "properties": {name: row[1]},
        }
        for row in rows
    ]  # fmt: skip
    assert [json.loads(one) for one in features(*parts).to_pylist()] == wanted
    assert json.loads(b"[" + listed(*parts) + b"]") == wanted
    assert [json.loads(line) for line in lines(*parts).decode().splitlines()] == wanted


def batch_of(shapes, moments=None, type_=None) -> pa.RecordBatch:
    columns = [pa.array([str(at) for at in range(len(shapes))]), pa.array(shapely.to_wkb(shapes), pa.binary())]
    names = ["id", "geometry"]
    if moments is not None:
        columns.insert(1, pa.array(moments, type_))
        names.insert(1, "when")
    return pa.RecordBatch.from_arrays(columns, names=names)


def test_jsonfg_has_the_axis_order_of_the_authority():
    for code, place in (("4490", [30.27, 120.15]), ("3857", [13375036.82, None]), ("CRS84", None)):
        sheet = Sheet({"id": "text"}, [], "geometry", feed_crs(code, "crs"), None)
        feature = json.loads(jsonfg_features(batch_of([shapely.Point(120.15, 30.27)]), sheet))
        assert feature["geometry"]["coordinates"] == [120.15, 30.27]
        if place is None:
            assert feature["place"] is None
        else:
            assert feature["place"]["coordinates"][0] == pytest.approx(place[0], abs=0.01)
    # The vector of every client: 30.27 N 120.15 E.
    sheet = Sheet({"id": "text"}, [], "geometry", feed_crs("4549", "crs"), None)
    feature = json.loads(jsonfg_features(batch_of([shapely.Point(120.15, 30.27)]), sheet))
    assert feature["place"]["coordinates"] == pytest.approx([3350053.697, 514433.611], abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "type_", "value", "time"),
    [
        ("date", pa.date32(), dt.date(2024, 2, 29), {"date": "2024-02-29"}),
        ("timestamp", pa.timestamp("us", "UTC"), dt.datetime(2024, 2, 29, 1, tzinfo=dt.UTC),
         {"timestamp": "2024-02-29T01:00:00.000000Z"}),
        ("datetime", pa.timestamp("us"), dt.datetime(2024, 2, 29, 1),  # noqa: DTZ001 - without zone
         {"timestamp": "2024-02-29T01:00:00.000000Z"}),
    ],
)  # fmt: skip
def test_jsonfg_tells_when(kind, type_, value, time):
    sheet = Sheet({"id": "text", "when": kind}, [], "geometry", CRS84, "when")
    batch = batch_of([shapely.Point(1, 2), None], [value, None], type_)
    first, second = json.loads(b"[" + jsonfg_features(batch, sheet) + b"]")
    assert (first["time"], second["time"], second["geometry"]) == (time, None, None)


def test_jsonfg_refuses_a_place_beyond_its_crs():
    sheet = Sheet({"id": "text"}, [], "geometry", feed_crs("4549", "crs"), None)
    with pytest.raises(ParameterError, match="EPSG:4549 is not defined"):
        jsonfg_features(batch_of([shapely.Point(30, 0)]), sheet)
    assert "geometryDimension" not in root_members("a", "s", "GEOMETRY", CRS84)
    assert root_members("a", "s", "MULTIPOLYGON", CRS84)["geometryDimension"] == 2


def test_columns_of_a_sheet_are_named_as_excel_names_them():
    assert [_letters(at) for at in (0, 25, 26, 51, 52, 701, 702, 16383)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD",
    ]  # fmt: skip


@given(st.lists(st.tuples(st.none() | st.text("a<&>\"'\r\n\t =+_甲😀 ", max_size=9), st.none() | st.floats(-1e9, 1e9)),
                min_size=1, max_size=5))  # fmt: skip
def test_cells_are_what_openpyxl_reads(rows):
    texts, numbers = (list(one) for one in zip(*rows, strict=True))
    truths = [None if one is None else one > 0 for one in numbers]
    columns = [text_cells(pa.array(texts, pa.string())), number_cells(pa.array(numbers, pa.float64()))]
    columns += [truth_cells(pa.array(truths, pa.bool_())), number_cells(pa.array([45351] * len(rows)), DATE_STYLE)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        write_package(book, ['表 "一" & <二>'])
        book.writestr(sheet_part(1), SHEET_BEGIN + rows_xml(columns, 1) + SHEET_END)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    assert sheet.title == '表 "一" & <二>'
    found = [list(row) for row in sheet.iter_rows(values_only=True, max_col=4)]
    # A carriage return comes back as it was, since it is written as a character reference.
    assert [(row[0] or None, row[1], row[2]) for row in found] == [
        (text or None, number, truth) for text, number, truth in zip(texts, numbers, truths, strict=True)
    ]
    assert {row[3] for row in found} == {dt.datetime(2024, 2, 29)}  # noqa: DTZ001 - as Excel has them
