"""Users' files read in a process of its own: what it may do, how it ends, and what hostile files meet."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyogrio.raw import write_arrow

from bioplan_gis.errors import (
    FileRefusedError,
    ParameterError,
    UncertainFileError,
    UnreadableFileError,
    UnsafeFileError,
)
from bioplan_gis.importing.reading.reader import list_source_layers, open_rows
from bioplan_gis.importing.rows import Batch, Facts, Reading

pytestmark = pytest.mark.served

POINT = '{"type":"Feature","properties":{"名":"钱塘"},"geometry":{"type":"Point","coordinates":[120,30]}}'
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>文</name>{}</Document></kml>'
PLACEMARK = "<Placemark><name>{}</name><Point><coordinates>120,30</coordinates></Point></Placemark>"
FEW_ROWS = 600


def _read(path: Path, **reading: object) -> tuple[Facts, list[Batch]]:
    with open_rows(path, Reading(**reading)) as rows:
        return rows.facts, list(rows.batches)


def _records(path: Path, **reading: object) -> list[dict[str, object]]:
    return [row for batch in _read(path, **reading)[1] for row in batch.attributes.to_pylist()]


def _written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _collection(*features: str) -> str:
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'


def _parcels(path: Path, driver: str, rows: int = FEW_ROWS) -> Path:
    lon = 119 + np.arange(rows) / rows
    shapes = pa.array(shapely.to_wkb(shapely.box(lon, 30, lon + 0.001, 30.001)), pa.binary())
    table = pa.table({"name": [f"地块 {row}" for row in range(rows)], "v": np.arange(rows), "geometry": shapes})
    write_arrow(table, path, driver=driver, geometry_name="geometry", geometry_type="Polygon", crs="EPSG:4490")
    return path


def _children() -> set[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def test_rows_come_in_batches_counted_from_one(tmp_path: Path):
    path = _parcels(tmp_path / "a.gpkg", "GPKG")
    with open_rows(path, Reading(), batch_rows=250) as rows:
        batches = list(rows.batches)
    assert (rows.facts.kind, rows.facts.crs, rows.facts.row_count) == ("GPKG", "EPSG:4490", FEW_ROWS)
    assert [batch.first_row for batch in batches if len(batch.attributes)] == [1, 251, 501]
    assert [value for batch in batches for value in batch.attributes["v"].to_pylist()] == list(range(FEW_ROWS))
    assert shapely.from_wkb(batches[-1].wkb[-1].as_py()).geom_type == "Polygon"


def test_a_row_whose_coordinates_cannot_be_read_keeps_its_attributes(tmp_path: Path):
    path = _written(tmp_path, "a.csv", "名,lon,lat\n甲,120,30\n乙,一百二,30\n丙\n")
    (batch,) = _read(path)[1]
    assert (list(batch.faults), list(batch.geometry_faults)) == ([3], [2])
    assert "一百二" in batch.geometry_faults[2].zh
    assert (batch.attributes["名"].to_pylist()[:2], batch.wkb.is_valid().to_pylist()) == (
        ["甲", "乙"],
        [True, False, False],
    )


def test_process_ends_with_the_context(tmp_path: Path):
    before = _children()
    with open_rows(_parcels(tmp_path / "a.fgb", "FlatGeobuf"), Reading(), batch_rows=10) as rows:
        next(rows.batches)
        assert len(_children() - before) == 1
    assert _children() - before == set()


def test_process_that_is_killed_is_an_error_here(tmp_path: Path):
    before = _children()
    path = _parcels(tmp_path / "a.gpkg", "GPKG", rows=40_000)
    with open_rows(path, Reading(), batch_rows=100) as rows:
        next(rows.batches)
        (child,) = _children() - before
        os.kill(child, signal.SIGKILL)
        with pytest.raises(UnreadableFileError, match="ended unexpectedly"):
            list(rows.batches)


def test_process_without_progress_is_stopped(tmp_path: Path):
    path = _written(tmp_path, "a.geojson", _collection(POINT))
    with pytest.raises(UnreadableFileError, match="made no progress"), open_rows(path, Reading(), patience_s=0.001):
        pass


def test_error_of_the_process_keeps_its_class_and_both_sentences(tmp_path: Path):
    path = _written(tmp_path, "a.csv", "lon,lat\n120,30\n")
    with pytest.raises(ParameterError) as refused:
        _read(path, encoding="no such encoding")
    assert refused.value.value == "no such encoding"
    assert refused.value.zh != refused.value.en


def test_process_gets_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GDAL_SKIP", "GeoJSON")
    monkeypatch.setenv("OGR_GEOJSON_MAX_OBJ_SIZE", "0.000001")
    monkeypatch.chdir(_hostile_folder(tmp_path / "here"))
    assert _records(_written(tmp_path, "a.geojson", _collection(POINT))) == [{"名": "钱塘"}]


def _hostile_folder(folder: Path) -> Path:
    """A folder whose modules would run if the process looked there."""
    folder.mkdir()
    for module in ("pyogrio", "numpy", "json", "bioplan_gis"):
        _written(folder, f"{module}.py", "raise SystemExit(1)")
    return folder


def test_layers_are_listed(tmp_path: Path):
    path = _parcels(tmp_path / "a.gpkg", "GPKG")
    shapes = pa.table({"geometry": pa.array(shapely.to_wkb([shapely.Point(120, 30)]))})
    more = {"driver": "GPKG", "geometry_name": "geometry", "geometry_type": "Point", "crs": "EPSG:4490"}
    write_arrow(shapes, path, layer="点位", append=False, **more)
    assert list_source_layers(path) == ("a", "点位")
    with pytest.raises(UncertainFileError, match=r"a \(600 rows\), 点位 \(1 rows\); choose one with --source-layer"):
        _read(path)
    facts, batches = _read(path, source_layer="点位")
    assert (facts.source_layer, facts.other_layers, facts.geometry_family) == ("点位", ("a",), "POINT")
    assert [len(batch.wkb) for batch in batches if len(batch.wkb)] == [1]
    with pytest.raises(UnreadableFileError, match="has no layer 'b'"):
        _read(path, source_layer="b")


@contextmanager
def _listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was sent to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(None)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(200))
                    connection.sendall(b"heard")

        listener = threading.Thread(target=accept)
        listener.start()
        port = server.getsockname()[1]
        yield port, heard
        server.shutdown(socket.SHUT_RDWR)
        listener.join()


GML = (
    '<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml" '
    'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:schemaLocation="http://ogr.maptools.org/ {0}/a.xsd"><gml:featureMember><ogr:p><ogr:n>1</ogr:n>'
    '<ogr:geometryProperty xlink:href="{0}/b.gml#x"/></ogr:p></gml:featureMember></ogr:FeatureCollection>'
)
XSD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://ogr.maptools.org/">'
    '<xs:import namespace="a" schemaLocation="{0}/c.xsd"/><xs:include schemaLocation="{0}/d.xsd"/></xs:schema>'
)
REMOTE = {
    "a.gml": GML,
    "a.kml": KML.format(PLACEMARK.format("a") + "<NetworkLink><Link><href>{0}/a.kml</href></Link></NetworkLink>"),
    "a.geojson": '{{"type":"FeatureCollection","crs":{{"type":"link","properties":{{"href":"{0}/crs"}}}},'
    '"features":[]}}',
    "b.geojson": "<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/vsicurl/{0}/a.geojson</SrcDataSource>"
    "</OGRVRTLayer></OGRVRTDataSource>",
    "b.json": '{{"type":"FeatureCollection","links":[{{"rel":"next","href":"{0}/next"}}],"features":[]}}',
    "a.json": '{{"type":"gdal_streamed_alg","command_line":"gdal vector read /vsicurl/{0}/a.geojson"}}',
    "a.tab": '!table\n!version 300\nDefinition Table\n  Type LINKED\n  File "{0}"\n',
    "a.gpx": '<gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="30" lon="120"><link href="{0}"/></wpt></gpx>',
    "e.json": '{{"geometryType":"esriGeometryPoint","exceededTransferLimit":true,"spatialReference":{{"wkid":4490}},'
    '"fields":[],"features":[{{"attributes":{{}},"geometry":{{"x":1,"y":2}}}}],"url":"{0}"}}',
}


def test_nothing_is_fetched(tmp_path: Path):
    with _listening() as (port, heard):
        address = f"http://127.0.0.1:{port}"
        for name, content in REMOTE.items():
            path = _written(tmp_path, name, content.format(address))
            _written(tmp_path, "a.xsd", XSD.format(address))
            try:
                _read(path)
            except FileRefusedError:
                continue
        with pytest.raises(UnsafeFileError):
            _read(Path(f"/vsicurl/{address}/a.geojson"))
        with socket.create_connection(("127.0.0.1", port)) as proof:
            proof.sendall(b"the server does listen")
            assert proof.recv(5) == b"heard"
    assert heard == [b"the server does listen"]


DEEP = 1_000_000


@pytest.mark.parametrize(
    "content",
    [
        '{"type":"FeatureCollection","features":' + "[" * DEEP,
        _collection('{"type":"Feature","properties":{"a":' + "[" * DEEP + "]" * DEEP + '},"geometry":null}'),
        _collection('{"type":"Feature","id":1,"properties":' + '{"a":' * DEEP + "1" + "}" * DEEP + ',"geometry":null}'),
        _collection('{"type":"Feature","geometry":{"type":"Polygon","coordinates":' + "[" * DEEP + "]" * DEEP + "}}"),
        '{"type":"GeometryCollection","geometries":[' * DEEP,
    ],
    ids=["features", "property", "object", "coordinates", "collections"],
)
def test_json_nested_a_million_deep_is_refused(tmp_path: Path, content: str):
    with pytest.raises(UnreadableFileError):
        _read(_written(tmp_path, "a.geojson", content))


LONG = "a" * 70_000_000
LONG_VALUES = {
    "a.geojson": _collection('{"type":"Feature","geometry":null,"properties":{"a":"' + LONG + '"}}'),
    "a.geojsonl": POINT + "\n" + '{"type":"Feature","geometry":null,"properties":{"a":"' + LONG + '"}}\n',
    "a.kml": KML.format(PLACEMARK.format(LONG)),
    "a.gpx": f'<gpx xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="30" lon="120"><name>{LONG}</name></wpt></gpx>',
    "a.gml": GML.replace("<ogr:n>1<", f"<ogr:n>{LONG}<"),
    "a.csv": f'lon,lat,a\n120,30,"{LONG}"\n',
}


@pytest.mark.parametrize("name", LONG_VALUES)
def test_value_of_many_megabytes_is_refused(tmp_path: Path, name: str):
    with pytest.raises(UnreadableFileError):
        _read(_written(tmp_path, name, LONG_VALUES[name]))


def test_value_of_many_megabytes_in_a_binary_file_is_refused(tmp_path: Path):
    table = pa.table({"a": [LONG], "geometry": pa.array(shapely.to_wkb([shapely.Point(120, 30)]))})
    kind = {"geometry_name": "geometry", "geometry_type": "Point", "crs": "EPSG:4490"}
    write_arrow(table, tmp_path / "a.fgb", driver="FlatGeobuf", **kind)
    write_arrow(table, tmp_path / "a.gpkg", driver="GPKG", **kind)
    pq.write_table(table, tmp_path / "a.parquet")
    for name in ("a.fgb", "a.gpkg", "a.parquet"):
        with pytest.raises(UnreadableFileError, match="a value in"):
            _read(tmp_path / name)


@pytest.mark.parametrize(
    ("suffix", "driver"),
    [
        (".gpkg", "GPKG"),
        (".fgb", "FlatGeobuf"),
        (".geojson", "GeoJSON"),
        (".geojsonl", "GeoJSONSeq"),
        (".gml", "GML"),
        (".kml", "LIBKML"),
        (".shp", "ESRI Shapefile"),
        (".dbf", "ESRI Shapefile"),
        (".mif", "MapInfo File"),
        (".dat", "MapInfo File"),
    ],
)
def test_file_that_ends_early_is_refused(tmp_path: Path, suffix: str, driver: str):
    whole = _parcels(tmp_path / f"a{ {'.dat': '.tab', '.dbf': '.shp'}.get(suffix, suffix) }", driver)
    assert sum(len(batch.wkb) for batch in _read(whole)[1]) == FEW_ROWS
    cut = whole.with_suffix(suffix)
    content = cut.read_bytes()
    for share in (0.3, 0.9):
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(UnreadableFileError):
            _read(whole)


def test_names_and_values_that_look_like_code_are_only_text(tmp_path: Path):
    properties = {'"; DROP TABLE layers; --': "'); DELETE FROM a; --", "<script>alert(1)</script>": "<b>甲</b>\x00乙"}
    feature = json.dumps({"type": "Feature", "properties": properties, "geometry": None})
    path = _written(tmp_path, "'; DROP TABLE a; --!.geojson", _collection(feature))
    (record,) = _records(path)
    assert list(record) == list(properties)
    assert record["<script>alert(1)</script>"].startswith("<b>甲</b>")


@pytest.mark.parametrize("name", ["a#b?c.geojson", "a.zip!b.geojson", "a b%20.geojson", "-a.geojson", "甲\n乙.geojson"])
def test_names_of_files_mean_nothing(tmp_path: Path, name: str):
    assert _records(_written(tmp_path, name, _collection(POINT))) == [{"名": "钱塘"}]


def test_empty_collections_have_columns_or_none_and_no_rows(tmp_path: Path):
    _parcels(tmp_path / "a.gpkg", "GPKG", rows=1)
    table = pa.table({"v": pa.array([], pa.int64()), "geometry": pa.array([], pa.binary())})
    write_arrow(
        table, tmp_path / "b.gpkg", driver="GPKG", geometry_name="geometry", geometry_type="Polygon", crs="EPSG:4490"
    )
    for path in (tmp_path / "b.gpkg", _written(tmp_path, "a.geojson", _collection())):
        facts, batches = _read(path)
        assert [len(batch.attributes) for batch in batches] in ([], [0])
        assert facts.row_count in {0, None}
