"""GeoParquet, and Parquet that holds geometry without saying so."""

import json
import struct
from decimal import Decimal
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from bioplan_gis.errors import FileRefusedError, UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading import kinds
from bioplan_gis.importing.reading.files import GivenFile
from bioplan_gis.importing.reading.parquet import read
from bioplan_gis.importing.rows import Batch, Facts, Reading

SHAPES = [shapely.box(120, 30, 121, 31), shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]), None]
WKB = [shapely.to_wkb(shape) if shape else None for shape in SHAPES]


def _read(path: Path, layer: str | None = None, batch_rows: int = 2) -> tuple[Facts, list[Batch]]:
    rows = read(GivenFile(path, kinds.PARQUET, path, path.stem), Reading(source_layer=layer), batch_rows)
    return rows.facts, list(rows.batches)


def _records(batches: list[Batch]) -> list[dict[str, object]]:
    return [row for batch in batches for row in batch.attributes.to_pylist()]


def _shapes(batches: list[Batch]) -> list[object]:
    return [shape for batch in batches for shape in shapely.from_wkb(batch.wkb.to_pylist())]


def _written(folder: Path, table: pa.Table, **said: object) -> Path:
    """A file whose ``geo`` metadata has what is said of the column ``geometry``; without it where nothing is."""
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": said}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)} if said else None), folder / "a.parquet")
    return folder / "a.parquet"


def test_what_geopandas_writes_comes_back(tmp_path: Path):
    frame = gpd.GeoDataFrame({"地块": ["甲", None, "丙"], "面积": [1.5, 2.0, 3.0]}, geometry=SHAPES, crs=4490)
    frame.to_parquet(tmp_path / "a.parquet", write_covering_bbox=True)
    facts, batches = _read(tmp_path / "a.parquet")
    assert json.loads(facts.crs)["id"] == {"authority": "EPSG", "code": 4490}
    assert (facts.row_count, facts.geometry_family, facts.source_layer) == (3, "POLYGON", None)
    assert [batch.first_row for batch in batches if len(batch.wkb)] == [1, 3]
    assert [tuple(record.values()) for record in _records(batches)] == [("甲", 1.5), (None, 2.0), ("丙", 3.0)]
    assert _shapes(batches) == SHAPES


@pytest.mark.parametrize(
    "shape", [SHAPES[0], SHAPES[1], shapely.Point(1, 2), shapely.LineString([(0, 0, 1), (1, 1, 2)])]
)
def test_native_encodings_become_wkb(tmp_path: Path, shape: shapely.Geometry):
    gpd.GeoDataFrame(geometry=[shape], crs=4490).to_parquet(tmp_path / "a.parquet", geometry_encoding="geoarrow")
    (back,) = _shapes(_read(tmp_path / "a.parquet")[1])
    assert back.equals_exact(shape)
    assert back.has_z == shape.has_z


@pytest.mark.parametrize(("said", "crs"), [({}, "OGC:CRS84"), ({"crs": None}, None), ({"crs": {"id": 1}}, '{"id": 1}')])
def test_absent_crs_is_crs84_and_null_is_unknown(tmp_path: Path, said: dict[str, object], crs: str | None):
    path = _written(tmp_path, pa.table({"geometry": WKB}), encoding="WKB", geometry_types=["Polygon"], **said)
    assert _read(path)[0].crs == crs


@pytest.mark.parametrize(
    ("types", "family"),
    [
        (["Polygon", "MultiPolygon"], "POLYGON"),
        (["Polygon Z"], "POLYGON"),
        (["Point", "Polygon"], None),
        (["GeometryCollection"], None),
        ([], None),
    ],
)
def test_family_is_that_of_all_types(tmp_path: Path, types: list[str], family: str | None):
    path = _written(tmp_path, pa.table({"geometry": WKB}), encoding="WKB", geometry_types=types)
    assert _read(path)[0].geometry_family == family


def test_spherical_edges_are_noted(tmp_path: Path):
    path = _written(tmp_path, pa.table({"geometry": WKB}), encoding="WKB", edges="spherical")
    assert "edges" in _read(path)[0].notes[0].en


def test_layouts_become_plain_types_and_values_stay(tmp_path: Path):
    table = pa.table(
        {
            "d": pa.array([Decimal("1.50"), None]),
            "c": pa.array(["甲", "乙"]).dictionary_encode(),
            "s": pa.array(["a", "b"], pa.large_string()),
            "l": pa.array([["a"], []]),
            "b": pa.array([True, None]),
            "geometry": pa.array(WKB[:2], pa.large_binary()),
        }
    )
    batches = _read(_written(tmp_path, table, encoding="WKB"))[1]
    types = [pa.decimal128(3, 2), pa.string(), pa.string(), pa.list_(pa.string()), pa.bool_()]
    assert [batch.attributes.schema.types for batch in batches] == [types] * len(batches)
    assert _records(batches) == table.drop_columns(["geometry"]).to_pylist()
    assert batches[0].wkb.type == pa.binary()


@pytest.mark.parametrize("name", ["wkb", "图形列"])
def test_wkb_without_metadata_is_recognised_and_said(tmp_path: Path, name: str):
    facts, batches = _read(_written(tmp_path, pa.table({"id": [1, 2, 3], name: WKB, "hash": [b"\x01" * 20] * 3})))
    assert _shapes(batches) == SHAPES
    assert facts.crs is None
    assert name in facts.notes[0].en


def test_wkt_without_metadata_is_recognised_and_bad_rows_have_geometry_faults(tmp_path: Path):
    texts = ["POINT(120 30)", "SRID=4490;Polygon ((0 0, 1 0, 1 1, 0 0))", None, "POLYGON((0 0"]
    _, batches = _read(_written(tmp_path, pa.table({"id": [1, 2, 3, 4], "wkt": texts})))
    assert [shape and shape.geom_type for shape in _shapes(batches)] == ["Point", "Polygon", None, None]
    assert {row for batch in batches for row in batch.geometry_faults} == {4}


def test_several_columns_that_could_be_geometry_are_named(tmp_path: Path):
    path = _written(tmp_path, pa.table({"a": WKB, "b": WKB}))
    with pytest.raises(UncertainFileError, match="a, b; choose one with --source-layer"):
        _read(path)
    assert _shapes(_read(path, "b")[1]) == SHAPES


def test_parquet_without_geometry_says_what_would_be_right(tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="no column of WKB or WKT"):
        _read(_written(tmp_path, pa.table({"id": [1]})))


def test_other_geometry_column_can_be_chosen_and_only_what_is_there(tmp_path: Path):
    path = _written(tmp_path, pa.table({"geometry": WKB}), encoding="WKB")
    with pytest.raises(UnreadableFileError, match="it has: geometry"):
        _read(path, "centre")


def test_arcs_in_wkb_become_segments(tmp_path: Path):
    arc = struct.pack("<BII6d", 1, 8, 3, 0, 0, 1, 1, 2, 0)
    (line,) = _shapes(_read(_written(tmp_path, pa.table({"geometry": [arc]}), encoding="WKB"))[1])
    assert line.length == pytest.approx(3.14159, rel=1e-3)


@pytest.mark.parametrize(
    "metadata", ["{}", "[]", "no json", '{"primary_column": "x", "columns": {"x": {"encoding": "WKB"}}}']
)
def test_nonsense_in_metadata_is_refused(tmp_path: Path, metadata: str):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"geometry": WKB}).replace_schema_metadata({"geo": metadata}), path)
    with pytest.raises(UnreadableFileError):
        _read(path)


def test_damaged_file_is_refused(tmp_path: Path):
    path = _written(tmp_path, pa.table({"id": list(range(10_000)), "geometry": [WKB[0]] * 10_000}), encoding="WKB")
    whole = path.read_bytes()
    for damaged in (whole[:-5], whole[: len(whole) // 2], whole[:100] + bytes(2000) + whole[2100:]):
        path.write_bytes(damaged)
        with pytest.raises(FileRefusedError):
            _read(path)
