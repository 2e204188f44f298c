"""The embedded database as others see it: GDAL opens a copy of it as it is, and edits it."""

import datetime as dt
import sqlite3
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.database import downgrade, open_engine, reading, upgrade, writing
from bioplan_gis.storage.items import read_page
from bioplan_gis.storage.layers import read_layer, replace_rows
from bioplan_gis.storage.questions import Question
from bioplan_gis.storage.spatial import meets, register_functions
from bioplan_gis.storage.tables import CORE_LAYERS
from databases import opened
from drafts import CORE, draft, store

SQUARE = shapely.box(120, 30, 121, 31)


@pytest.fixture
def package(tmp_path: Path):
    for engine in opened(f"sqlite:///{tmp_path / 'live.gpkg'}"):
        upgrade(engine)
        yield engine


def _copy(engine: Engine, path: Path) -> Path:
    """A copy such as a user makes for QGIS, while the service goes on."""
    source = sqlite3.connect(engine.url.database)
    source.execute("VACUUM INTO ?", (str(path),))
    source.close()
    return path


@pytest.fixture
def copied(package: Engine, tmp_path: Path) -> Path:
    districts = [{"id": "330106", "name_zh": "西湖区", "accuracy_m": 500.5}, {"id": "330114"}]
    store(package, "districts", districts, [shapely.MultiPolygon([SQUARE]), shapely.MultiPolygon([SQUARE])])
    labs = [{"id": "a", "aliases": ["甲", "乙"]}, {"id": "b"}, {"id": "c"}]
    store(package, "labs", labs, [shapely.Point(120.5, 30.5), shapely.MultiPoint([(1, 2), (3, 4)]), None])
    store(package, "policies", [{"id": "p", "in_force": dt.date(2020, 12, 1), "rate_percent": 20.0}])
    return _copy(package, tmp_path / "copy.gpkg")


def test_gdal_lists_every_layer_with_its_type(copied: Path):
    listed = dict(pyogrio.list_layers(copied))
    expected = {"MULTIPOLYGON": "MultiPolygon", "LINESTRING": "LineString", "POINT": "Point", "GEOMETRY": "Unknown"}
    assert listed == {
        **{core.id: expected.get(core.geometry_type) for core in CORE_LAYERS},
        "layers": None,
        "loads": None,
        "imports": None,
        "overviews": None,
    }


def test_gdal_reads_values_types_and_crs(copied: Path):
    districts = geopandas.read_file(copied, layer="districts")
    assert (districts.crs.to_epsg(), list(districts["id"])) == (4490, ["330106", "330114"])
    assert (districts["name_zh"][0], districts["accuracy_m"][0]) == ("西湖区", 500.5)
    assert districts.geometry.equals(geopandas.GeoSeries([shapely.MultiPolygon([SQUARE])] * 2, crs=4490))
    labs = geopandas.read_file(copied, layer="labs")
    assert list(labs.geom_type[:2]) == ["Point", "MultiPoint"]
    assert labs.geometry[2] is None
    types = dict(
        zip(*[pyogrio.read_info(copied, layer="policies")[key] for key in ("fields", "ogr_types")], strict=True)
    )
    assert (types["id"], types["in_force"], types["rate_percent"]) == ("OFTString", "OFTDate", "OFTReal")
    assert (types["requires_local_production"], types["fields"]) == ("OFTInteger", "OFTString")


def test_columns_have_their_titles_and_units(copied: Path):
    asked = """SELECT column_name, name, title, description FROM gpkg_data_columns
               WHERE table_name = 'districts' AND column_name IN ('name_zh', 'area_km2') ORDER BY column_name"""
    with sqlite3.connect(copied) as file:
        titles = [("area_km2", "面积", "面积", "Area (km2)"), ("name_zh", "名称", "名称", "Name")]
        assert file.execute(asked).fetchall() == titles
        stored = file.execute("SELECT table_name, count(*) FROM gpkg_data_columns GROUP BY table_name").fetchall()
        extended = file.execute(
            "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
        ).fetchall()
    file.close()
    columns = {core.id: len(core.columns) for core in CORE_LAYERS}
    assert dict(stored) == {layer_id: columns[layer_id] for layer_id in ("districts", "labs", "policies")}
    assert {table for (table,) in extended} == {"gpkg_data_columns", "gpkg_data_column_constraints"}


def test_columns_of_one_title_are_told_apart(package: Engine):
    same = tuple(replace(column, title_zh="同名") for column in CORE["labs"].columns)
    with writing(package) as connection:
        replace_rows(connection, draft("labs", columns=same), [], np.array([], dtype=object))
        names = connection.exec_driver_sql("SELECT name FROM gpkg_data_columns ORDER BY name").scalars()
        assert list(names) == sorted(f"同名 {column.name}" for column in same)


def test_titles_come_to_a_database_that_was_loaded_before_them(package: Engine):
    store(package, "labs", [{"id": "a"}])
    downgrade(package, "0002")
    upgrade(package)
    with reading(package) as connection:
        asked = "SELECT title FROM gpkg_data_columns WHERE table_name = 'labs' AND column_name = 'name_zh'"
        assert connection.exec_driver_sql(asked).scalar() == "名称"


def test_gdal_filters_by_the_standard_index(copied: Path):
    assert list(geopandas.read_file(copied, layer="labs", bbox=(120, 30, 121, 31))["id"]) == ["a"]
    assert pyogrio.read_info(copied, layer="labs")["total_bounds"] == (1, 2, 120.5, 30.5)


def test_a_copy_that_gdal_wrote_to_serves_again(copied: Path):
    more = geopandas.GeoDataFrame({"id": ["d"]}, geometry=[shapely.Point(121.5, 31.5)], crs=4490)
    pyogrio.write_dataframe(more.rename_geometry("geom"), copied, layer="labs", append=True)
    for engine in opened(f"sqlite:///{copied}"):
        with reading(engine) as connection:
            labs = read_layer(connection, "labs")
            page = read_page(
                connection, labs, Question(10, (meets(labs.table, shapely.box(121, 31, 122, 32), "sqlite"),))
            )
        assert page.features.startswith(
            b'{"type":"Feature","id":"d","geometry":{"type":"Point","coordinates":[121.5,31.5]}'
        )


def test_the_file_says_that_it_is_a_geopackage_and_is_sound(copied: Path):
    with sqlite3.connect(copied) as file:
        assert file.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        organizations = file.execute("SELECT srs_id, organization FROM gpkg_spatial_ref_sys ORDER BY srs_id").fetchall()
        assert organizations == [(-1, "NONE"), (0, "NONE"), (4326, "EPSG"), (4490, "EPSG")]
        box = file.execute("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'labs'").fetchone()
        assert box == (1, 2, 120.5, 30.5)
        declared = {row[2] for core in CORE_LAYERS for row in file.execute(f"PRAGMA table_info({core.id})")}
    file.close()
    geometries = {"MULTIPOLYGON", "LINESTRING", "POINT", "GEOMETRY"}
    assert declared == {"INTEGER", "TEXT", "DOUBLE", "BOOLEAN", "DATE"} | geometries


def test_readers_and_a_writer_do_not_wait_for_one_another(package: Engine):
    with reading(package) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert read_page_ids(connection) == []
        store(package, "labs", [{"id": "new"}])
        assert read_page_ids(connection) == []


def read_page_ids(connection) -> list[str]:
    return list(connection.exec_driver_sql("SELECT id FROM labs").scalars())


def _indexed(package: Engine) -> dict[int, tuple]:
    with reading(package) as connection:
        rows = connection.exec_driver_sql("SELECT id, minx, maxx, miny, maxy FROM rtree_labs_geom")
        return {row[0]: tuple(round(edge, 3) for edge in row[1:]) for row in rows}


def test_triggers_keep_the_index(package: Engine):
    store(package, "labs", [{"id": "a"}, {"id": "b"}], [shapely.Point(1, 2), None])
    assert _indexed(package) == {1: (1, 1, 2, 2)}
    elsewhere, empty = gpkg.encode(shapely.Point(3, 4)), gpkg.encode(shapely.Point())
    steps = [
        ("UPDATE labs SET geom = ? WHERE id = 'b'", elsewhere, {1: (1, 1, 2, 2), 2: (3, 3, 4, 4)}),
        ("UPDATE labs SET geom = ? WHERE id = 'b'", empty, {1: (1, 1, 2, 2)}),
        ("UPDATE labs SET geom = ?, fid = 9 WHERE id = 'a'", elsewhere, {9: (3, 3, 4, 4)}),
        ("UPDATE labs SET geom = ?, fid = 8 WHERE id = 'a'", None, {}),
        ("UPDATE labs SET geom = ?", elsewhere, {2: (3, 3, 4, 4), 8: (3, 3, 4, 4)}),
        ("DELETE FROM labs WHERE ? IS NULL", None, {}),
    ]
    for statement, value, left in steps:
        with writing(package) as connection:
            connection.exec_driver_sql(statement, (value,))
        assert _indexed(package) == left


@pytest.mark.parametrize(
    "shape", [shapely.Point(1, 2), SQUARE, shapely.MultiPoint([(1, 2), (3, 4)]), shapely.Polygon()], ids=str
)
def test_blobs_come_back_as_they_went_in(shape):
    blob = gpkg.encode(shape)
    assert gpkg.decode(blob).equals(shape)
    assert gpkg.is_empty(blob) == shape.is_empty
    if not shape.is_empty:
        west, south, east, north = shape.bounds
        assert gpkg.envelope(blob) == (west, east, south, north)


@pytest.mark.parametrize(("code", "size"), [(0, 0), (1, 32), (2, 48), (3, 48), (4, 64)])
def test_blobs_of_other_writers_are_read(code: int, size: int):
    """Headers may have no envelope, or one with heights and measures, in either byte order."""
    wkb = shapely.to_wkb(shapely.Point(3, 4), byte_order=0)
    envelope = gpkg.encode(shapely.Point(3, 4))[8:40].ljust(size, b"\0") if size else b""
    blob = b"GP\0" + bytes([code << 1 | 1]) + (4490).to_bytes(4, "little") + envelope + wkb
    assert gpkg.wkb_of(blob) == wkb
    assert gpkg.envelope(blob) == (3, 3, 4, 4)


def test_geoalchemy_functions_work_on_plain_sqlite():
    file = sqlite3.connect(":memory:")
    register_functions(file, {})

    def answer(expression: str, *values):
        return file.execute(f"SELECT {expression}", values).fetchone()[0]

    blob = answer("GeomFromEWKT('SRID=4490;POINT(120 30)')")
    assert answer("GeomFromEWKT('POINT(120 30)')") == blob
    assert answer("GeomFromWKB(?, 4490)", shapely.Point(120, 30).wkb) == blob
    assert answer("AsBinary(?)", blob) == shapely.Point(120, 30).wkb
    assert answer("AsGeoJSON(?)", blob) == '{"type":"Point","coordinates":[120.0,30.0]}'
    ewkb = answer("AsEWKB(?)", blob)
    assert (shapely.from_wkb(ewkb), shapely.get_srid(shapely.from_wkb(ewkb))) == (shapely.Point(120, 30), 4490)
    assert answer("AsBinary(NULL)") is None
    file.close()


def test_engine_makes_the_folder(tmp_path: Path):
    for engine in opened(f"sqlite:///{tmp_path / 'var' / 'of' / 'ours.gpkg'}"):
        upgrade(engine)
    assert (tmp_path / "var" / "of" / "ours.gpkg").exists()
    open_engine(f"sqlite:///{tmp_path / 'var' / 'of' / 'ours.gpkg'}").dispose()
