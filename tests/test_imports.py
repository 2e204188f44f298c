"""A loaded_copy's file becomes a layer: what is kept, what is told, what is refused, on both engines."""

import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Geod
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.errors import (
    FileRefusedError,
    ForeignDatabaseError,
    LayerNotFoundError,
    NotLoadedError,
    ParameterError,
    UncertainFileError,
    UnreadableFileError,
)
from bioplan_gis.imports import MOST_BYTES_OF_AN_ID, ImportOptions, import_file, layer_id_of
from bioplan_gis.loading import load
from bioplan_gis.samples import SAMPLE, import_sample
from bioplan_gis.settings import Settings, bundled
from bioplan_gis.storage.database import open_engine, reading, upgrade, writing
from bioplan_gis.storage.frames import read_frame
from bioplan_gis.storage.imports import drop_layer, read_report
from bioplan_gis.storage.items import read_collection, read_feature
from bioplan_gis.storage.layers import Layer, read_layer, read_layers
from bureaus import EAST, NORTH, as_file, parcels, squares

FAR = shapely.box(400_000, 3_000_000, 500_000, 3_100_000)
LAND = ImportOptions(layer="parcels", conforms_to="industrial_land")


def stored(engine: Engine, layer_id: str) -> tuple[Layer, geopandas.GeoDataFrame]:
    with reading(engine) as connection:
        layer = read_layer(connection, layer_id)
        return layer, read_frame(connection, layer)


def features(engine: Engine, layer_id: str) -> list[dict]:
    with reading(engine) as connection:
        return json.loads(read_collection(connection, read_layer(connection, layer_id)))["features"]


def tables(engine: Engine) -> set[str]:
    names = (
        "SELECT name FROM sqlite_master"
        if engine.dialect.name == "sqlite"
        else "SELECT relname FROM pg_catalog.pg_class"
    )
    with reading(engine) as connection:
        return set(connection.execute(text(names)).scalars())


# What is kept.


def test_a_file_becomes_a_layer_with_its_own_columns_and_types(loaded_copy: Engine, tmp_path: Path):
    frame = parcels(
        3,
        时刻=[datetime(2024, 1, 5, 8, 30, tzinfo=UTC), None, datetime(2024, 1, 6, tzinfo=UTC)],
        在用=[True, False, True],
        户数=np.array([1, 2**40, -3]),
        单价=[1.5, None, 2.25],
        备注=["", None, "含“引号”"],
    )
    report = import_file(
        loaded_copy, as_file(frame, tmp_path / "地块.gpkg"), ImportOptions(source="杭州市某局", licence="CC-BY-4.0")
    )
    layer, found = stored(loaded_copy, "地块")
    types = {column.name: column.type for column in layer.columns}
    assert types == {
        "地块编号": "text",
        "用地性质": "text",
        "面积(亩)": "number",
        "容积率": "text",
        "时刻": "timestamp",
        "在用": "boolean",
        "户数": "integer",
        "单价": "number",
        "备注": "text",
    }
    assert (layer.version, layer.feature_count, layer.geometry_type) == (1, 3, "MULTIPOLYGON")
    assert (layer.source, layer.licence, layer.attribution) == ("杭州市某局", "CC-BY-4.0", "杭州市某局")
    assert layer.imported
    assert found["户数"].tolist() == [1, 2**40, -3]
    assert found["在用"].tolist() == [True, False, True]
    assert found["备注"].tolist()[:1] == [""]
    assert found["备注"].isna().tolist() == [False, True, False]
    assert found["时刻"].iloc[0] == datetime(2024, 1, 5, 8, 30, tzinfo=UTC)
    assert report.document["rows"] == {"read": 3, "taken": 3, "merged": 0, "refused": 0, "without_geometry": 0}


def test_geometry_lands_where_pyproj_says(loaded_copy: Engine, tmp_path: Path):
    frame = parcels(2)
    import_file(loaded_copy, as_file(frame, tmp_path / "p.gpkg"), LAND)
    _, found = stored(loaded_copy, "parcels")
    wanted = frame.to_crs(4490).geometry.to_numpy()
    assert shapely.equals_exact(shapely.get_geometry(found.geometry.to_numpy(), 0), wanted, 1e-9, normalize=True).all()
    area_m2 = abs(Geod(ellps="GRS80").geometry_area_perimeter(wanted[0])[0])
    assert found["area_measured_ha"].iloc[0] * 1e4 == pytest.approx(area_m2, rel=1e-6)


def test_columns_feed_the_core_layer(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(4), tmp_path / "p.gpkg"), LAND)
    layer, found = stored(loaded_copy, "parcels")
    assert layer.conforms_to == "industrial_land"
    with reading(loaded_copy) as connection:
        core = read_layer(connection, "industrial_land").columns
    assert layer.columns[: len(core)] == core
    assert found["land_class"].tolist() == ["M3", "M2", "M1", "M3"]
    assert found["area_ha"].tolist() == pytest.approx([1.0] * 4)
    assert found["floor_area_ratio_min"].tolist() == [1.5] * 4
    assert found["district"].tolist() == ["330109"] * 4
    assert found["position_basis"].tolist() == ["sourced"] * 4
    assert found["用地性质"].tolist()[0] == "三类工业用地"
    assert found.index[0] == "杭政工出〔2024〕1号"


def test_a_table_without_coordinates_becomes_a_plain_layer(loaded_copy: Engine, tmp_path: Path):
    (tmp_path / "名单.csv").write_text("编号,企业\na1,甲\na2,乙\n", encoding="utf-8")
    import_file(loaded_copy, tmp_path / "名单.csv", ImportOptions(mapping={"编号": "id"}))
    layer, found = stored(loaded_copy, "名单")
    assert layer.geometry_type is None
    assert found["企业"].to_dict() == {"a1": "甲", "a2": "乙"}


def test_an_imported_layer_is_served_like_any_other(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.gpkg"), LAND)
    with reading(loaded_copy) as connection:
        layer = read_layer(connection, "parcels")
        one = json.loads(read_feature(connection, layer, "杭政工出〔2024〕1号")[1])
    assert one["geometry"]["type"] == "MultiPolygon"
    assert one["properties"]["容积率"] == "1.5–2.5"


def test_postgis_has_an_ordinary_table(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "地块.gpkg"))
    if loaded_copy.dialect.name == "sqlite":
        path = loaded_copy.url.database
        shutil.copyfile(path, tmp_path / "copy.gpkg")
        frame = pyogrio.read_dataframe(tmp_path / "copy.gpkg", layer="地块")
        assert frame["用地性质"].tolist() == ["三类工业用地", "M2"]
        return
    with reading(loaded_copy) as connection:
        known = connection.execute(text("SELECT type, srid FROM geometry_columns WHERE f_table_name = '地块'")).one()
        index = connection.execute(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_地块_geom'")
        ).scalar_one()
        next_key = connection.execute(text("""SELECT last_value FROM "地块_fid_seq" """)).scalar_one()
    assert tuple(known) == ("MULTIPOLYGON", 4490)
    assert "gist" in index
    assert next_key == 2


# Twice, added, dropped.


def test_imported_twice_replaces_and_raises_the_version_once(loaded_copy: Engine, tmp_path: Path):
    file = as_file(parcels(3), tmp_path / "p.gpkg")
    import_file(loaded_copy, file, LAND)
    before = {one["id"]: one for one in features(loaded_copy, "parcels")}
    import_file(loaded_copy, file, LAND)
    layer, _ = stored(loaded_copy, "parcels")
    assert (layer.version, layer.feature_count) == (2, 3)
    assert {one["id"]: one for one in features(loaded_copy, "parcels")} == before


def test_a_feature_that_stays_keeps_its_key(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(3), tmp_path / "p.gpkg"), LAND)
    import_file(loaded_copy, as_file(parcels(3).iloc[::-1], tmp_path / "q.gpkg"), LAND)
    with reading(loaded_copy) as connection:
        keys = dict(tuple(row) for row in connection.execute(text("SELECT id, fid FROM parcels")))
    assert keys == {f"杭政工出〔2024〕{number}号": number for number in (1, 2, 3)}


def test_replaced_by_another_shape_of_table(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(3), tmp_path / "p.gpkg"), LAND)
    points = geopandas.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(120.5, 30.2)], crs=4490)
    import_file(loaded_copy, as_file(points, tmp_path / "q.gpkg"), ImportOptions(layer="parcels"))
    layer, found = stored(loaded_copy, "parcels")
    assert (layer.version, layer.conforms_to, layer.geometry_type) == (2, None, "POINT")
    assert found["name"].tolist() == ["a"]


def test_append_adds_rows_and_refuses_ids_that_are_there(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.gpkg"), LAND)
    more = parcels(3)
    report = import_file(
        loaded_copy,
        as_file(more, tmp_path / "q.gpkg"),
        ImportOptions(layer="parcels", conforms_to="industrial_land", append=True),
    )
    layer, found = stored(loaded_copy, "parcels")
    assert (layer.version, layer.feature_count) == (2, 3)
    assert report.document["rows"]["taken"] == 1
    assert [one["row"] for one in report.document["refused"]] == [1, 2]
    assert len(found) == 3


def test_append_goes_on_counting_where_a_file_has_no_ids(loaded_copy: Engine, tmp_path: Path):
    points = geopandas.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.Point(120.5, 30.2)] * 2, crs=4490)
    file = as_file(points, tmp_path / "p.gpkg")
    import_file(loaded_copy, file, ImportOptions(layer="points"))
    import_file(loaded_copy, file, ImportOptions(layer="points", append=True))
    assert [one["id"] for one in features(loaded_copy, "points")] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("columns", [{"面积(亩)": ["很大", "不大"]}, {"新列": [1, 2]}])
def test_append_of_other_columns_is_refused(loaded_gpkg: Engine, tmp_path: Path, columns: dict):
    import_file(loaded_gpkg, as_file(parcels(2), tmp_path / "p.gpkg"), ImportOptions(layer="p"))
    with pytest.raises(ParameterError, match="columns or types"):
        import_file(
            loaded_gpkg, as_file(parcels(2, **columns), tmp_path / "q.gpkg"), ImportOptions(layer="p", append=True)
        )


def test_append_to_nothing_is_refused(loaded_gpkg: Engine, tmp_path: Path):
    with pytest.raises(ParameterError, match="import it once without --append"):
        import_file(loaded_gpkg, as_file(parcels(1), tmp_path / "p.gpkg"), ImportOptions(append=True))


def test_dropped_it_leaves_nothing_but_its_reports_and_its_version(loaded_copy: Engine, tmp_path: Path):
    before = tables(loaded_copy)
    file = as_file(parcels(2), tmp_path / "p.gpkg")
    import_file(loaded_copy, file, LAND)
    with writing(loaded_copy) as connection:
        drop_layer(connection, "parcels")
    assert tables(loaded_copy) == before
    with pytest.raises(LayerNotFoundError):
        stored(loaded_copy, "parcels")
    import_file(loaded_copy, file, LAND)
    assert stored(loaded_copy, "parcels")[0].version == 2


def test_a_built_in_layer_cannot_be_dropped_or_replaced(loaded_gpkg: Engine, tmp_path: Path):
    with writing(loaded_gpkg) as connection, pytest.raises(ParameterError, match="built in"):
        drop_layer(connection, "labs")
    with pytest.raises(ParameterError, match="use --as"):
        import_file(loaded_gpkg, as_file(parcels(1), tmp_path / "p.gpkg"), ImportOptions(layer="labs"))


def test_a_table_of_somebody_else_is_left_untouched(loaded_copy: Engine, tmp_path: Path):
    with writing(loaded_copy) as connection:
        connection.execute(text("CREATE TABLE accounts (number INTEGER)"))
    with pytest.raises(ForeignDatabaseError, match="no layer's"):
        import_file(loaded_copy, as_file(parcels(1), tmp_path / "p.gpkg"), ImportOptions(layer="accounts"))


def test_load_leaves_imported_layers_alone(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.gpkg"), LAND)
    load(loaded_copy, read_catalogue(bundled("geodata")))
    layer, found = stored(loaded_copy, "parcels")
    assert (layer.version, len(found)) == (1, 2)


# Nothing half-done.


def test_a_dry_run_stores_nothing_and_reports_the_same(loaded_gpkg: Engine, tmp_path: Path):
    file = as_file(parcels(2), tmp_path / "p.gpkg")
    dry = import_file(loaded_gpkg, file, ImportOptions(layer="parcels", conforms_to="industrial_land", dry_run=True))
    with pytest.raises(LayerNotFoundError):
        stored(loaded_gpkg, "parcels")
    done = import_file(loaded_gpkg, file, LAND)
    assert dry.document["dry_run"]
    for section in ("rows", "crs", "columns", "landing", "extent", "area"):
        assert dry.document[section] == done.document[section]


KILLED_WHILE_IMPORTING = """
import os, signal, sys
from pathlib import Path
from bioplan_gis import imports
from bioplan_gis.storage.database import open_engine

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(imports, sys.argv[3], die)
imports.import_file(open_engine(sys.argv[1]), Path(sys.argv[2]), imports.ImportOptions(layer="parcels"))
"""


@pytest.mark.parametrize("moment", ["find_duplicates", "write_report"])
def test_killed_it_leaves_the_old_state(loaded_copy: Engine, tmp_path: Path, moment: str):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.gpkg"), ImportOptions(layer="parcels"))
    before = tables(loaded_copy)
    url = loaded_copy.url.render_as_string(hide_password=False)
    file = as_file(parcels(4), tmp_path / "q.gpkg")
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_IMPORTING, url, str(file), moment], check=False)
    assert killed.returncode == -signal.SIGKILL
    layer, found = stored(loaded_copy, "parcels")
    assert (layer.version, len(found)) == (1, 2)
    assert tables(loaded_copy) == before
    import_file(loaded_copy, file, ImportOptions(layer="parcels"))
    assert stored(loaded_copy, "parcels")[0].feature_count == 4


def test_a_file_that_ends_in_the_middle_leaves_the_old_state(loaded_copy: Engine, tmp_path: Path):
    import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.geojson"), ImportOptions(layer="parcels"))
    whole = (tmp_path / "p.geojson").read_bytes()
    (tmp_path / "q.geojson").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileRefusedError):
        import_file(loaded_copy, tmp_path / "q.geojson", ImportOptions(layer="parcels"))
    assert stored(loaded_copy, "parcels")[0].version == 1


def test_a_file_without_one_good_row_does_not_empty_the_layer(loaded_gpkg: Engine, tmp_path: Path):
    import_file(loaded_gpkg, as_file(parcels(2), tmp_path / "p.gpkg"), ImportOptions(layer="parcels"))
    wrong = geopandas.GeoDataFrame(geometry=[shapely.Polygon([(0, 0), (np.inf, 0), (1, 1), (0, 0)])], crs=4549)
    with pytest.raises(UnreadableFileError, match="nothing was changed"):
        import_file(loaded_gpkg, as_file(wrong, tmp_path / "q.gpkg"), ImportOptions(layer="parcels", crs="EPSG:4549"))
    assert stored(loaded_gpkg, "parcels")[0].feature_count == 2


def test_an_empty_database_is_told_to_load_first(empty_url: str, tmp_path: Path):
    engine = open_engine(empty_url)
    with pytest.raises(NotLoadedError, match="bioplan load"):
        import_file(engine, as_file(parcels(1), tmp_path / "p.gpkg"))
    upgrade(engine)
    with pytest.raises((NotLoadedError, LayerNotFoundError)):
        import_file(engine, tmp_path / "p.gpkg")
    engine.dispose()


# What is told.


def test_ids_that_come_twice_are_refused_with_their_rows(loaded_copy: Engine, tmp_path: Path):
    report = import_file(loaded_copy, as_file(parcels(4, 地块编号=["a", "b", "a", None]), tmp_path / "p.gpkg"), LAND)
    assert report.document["rows"] | {"merged": 0} == {
        "read": 4, "taken": 3, "merged": 0, "refused": 1, "without_geometry": 0,
    }  # fmt: skip
    assert [(one["row"], "“a”" in one["en"]) for one in report.document["refused"]] == [(3, True)]
    assert [one["id"] for one in features(loaded_copy, "parcels")] == ["a", "b", "row-4"]


def test_refused_rows_count_in_nothing_and_a_dry_run_refuses_the_same(loaded_copy: Engine, tmp_path: Path):
    frame = parcels(3, 地块编号=["a", "b", "a"], **{"面积(亩)": [15.0, 15.0, 99.0]})
    file = as_file(frame.set_geometry([*squares(2), FAR]), tmp_path / "p.gpkg")
    for dry_run in (True, False):
        options = ImportOptions(layer="parcels", conforms_to="industrial_land", dry_run=dry_run)
        document = import_file(loaded_copy, file, options).document
        assert document["rows"]["taken"] == 2
        assert [one["row"] for one in document["refused"]] == [3]
        assert document["area"]["sum_m2"] == pytest.approx(20_000, rel=1e-2)
        assert document["landing"]["outside_hangzhou"]["count"] == 0
        assert document["extent"]["bbox"][1] > 30
        assert document["area_differences"]["count"] == 0


def test_a_row_whose_geometry_is_of_no_use_is_kept_for_its_attributes(loaded_copy: Engine, tmp_path: Path):
    both = squares(1)[0], shapely.box(EAST + 50, NORTH + 30, EAST + 150, NORTH + 130)
    overlapping = shapely.MultiPolygon(both)
    frame = parcels(2).set_geometry([*squares(1), overlapping], crs=4549)
    report = import_file(loaded_copy, as_file(frame, tmp_path / "p.gpkg"), LAND)
    _, found = stored(loaded_copy, "parcels")
    assert found.geometry.isna().tolist() == [False, True]
    assert report.document["rows"]["without_geometry"] == 1
    assert [one["rows"] for one in report.document["kept_without_geometry"]] == [[2]]


def test_a_district_that_the_geometry_contradicts_is_told(loaded_copy: Engine, tmp_path: Path):
    file = tmp_path / "p.csv"
    file.write_text("企业名称,行政区,经度,纬度\n甲,淳安县,120.2,30.2\n乙,滨江区,120.2,30.2\n", encoding="utf-8")
    report = import_file(loaded_copy, file, ImportOptions(layer="firms", conforms_to="enterprises"))
    _, found = stored(loaded_copy, "firms")
    assert found["district"].tolist() == ["330108", "330108"]
    assert [one["rows"] for one in report.document["values"] if one["kind"].startswith("district")] == [[1]]


def test_what_a_file_marks_as_made_up_stays_marked(loaded_copy: Engine, tmp_path: Path):
    file = as_file(parcels(2, synthetic=[True, False]), tmp_path / "p.gpkg")
    import_file(loaded_copy, file, LAND)
    layer, found = stored(loaded_copy, "parcels")
    assert layer.synthetic
    assert found["synthetic"].tolist() == [True, False]


def test_stated_areas_that_are_off_are_reported(loaded_gpkg: Engine, tmp_path: Path):
    file = as_file(parcels(3, **{"面积(亩)": [15.0, 15.1, 16.0]}), tmp_path / "p.gpkg")
    for options in (LAND, ImportOptions(layer="plain")):
        differences = import_file(loaded_gpkg, file, options).document["area_differences"]
        assert (differences["compared"], differences["count"]) == (3, 1)
        assert [one["row"] for one in differences["rows"]] == [3]
        assert differences["rows"][0]["difference_percent"] == pytest.approx(6.67, abs=0.1)


def test_what_lands_outside_hangzhou_is_told(loaded_gpkg: Engine, tmp_path: Path):
    points = [shapely.Point(120.5, 30.3), shapely.Point(121.47, 31.23)]
    file = as_file(geopandas.GeoDataFrame({"a": [1, 2]}, geometry=points, crs=4490), tmp_path / "p.gpkg")
    landing = import_file(loaded_gpkg, file).document["landing"]
    assert landing["outside_hangzhou"] == {"count": 1, "rows": [2]}


def test_without_a_declared_crs_nothing_is_used_unasked(loaded_gpkg: Engine, tmp_path: Path):
    as_file(parcels(2)[["容积率", "geometry"]].rename(columns={"容积率": "far"}), tmp_path / "p.shp", encoding="UTF-8")
    (tmp_path / "p.prj").unlink()
    with pytest.raises(UncertainFileError, match="EPSG:4549") as refused:
        import_file(loaded_gpkg, tmp_path / "p.shp")
    assert "萧山" in refused.value.zh
    assert "--crs EPSG:4549" in refused.value.en
    dry = import_file(loaded_gpkg, tmp_path / "p.shp", ImportOptions(dry_run=True)).document
    assert (dry["crs"]["how"], dry["crs"]["certain"]) == ("guessed", False)
    told = import_file(loaded_gpkg, tmp_path / "p.shp", ImportOptions(crs="EPSG:4549")).document
    assert told["landing"]["districts"][0]["adcode"] == "330109"


def test_display_datums_are_converted_on_the_way_in(loaded_gpkg: Engine, tmp_path: Path):
    file = tmp_path / "p.csv"
    file.write_text("name,lon,lat\na,120.5,30.2\n", encoding="utf-8")
    import_file(loaded_gpkg, file, ImportOptions(layer="plain"))
    import_file(loaded_gpkg, file, ImportOptions(layer="shifted", datum="gcj02"))
    (plain,), (shifted,) = (stored(loaded_gpkg, name)[1].geometry.to_numpy() for name in ("plain", "shifted"))
    a, b = shapely.get_coordinates(plain)[0], shapely.get_coordinates(shifted)[0]
    assert 300 < Geod(ellps="GRS80").inv(*a, *b)[2] < 700


def test_the_report_is_kept(loaded_copy: Engine, tmp_path: Path):
    report = import_file(loaded_copy, as_file(parcels(2), tmp_path / "p.gpkg"), LAND)
    with reading(loaded_copy) as connection:
        assert read_report(connection, "parcels") == json.loads(json.dumps(report.document))


def test_progress_is_told(loaded_gpkg: Engine, tmp_path: Path):
    told: list[tuple[int, int | None]] = []
    import_file(loaded_gpkg, as_file(parcels(2), tmp_path / "p.gpkg"), LAND, lambda *rows: told.append(rows))
    assert told[-1] == (2, 2)


# Names and values that would break a careless program.

NASTY = [
    "x'); DROP TABLE layers; --",
    "<script>alert(1)</script>",
    'a"b',
    "100%",
    "a:b",
    "with space",
    "中文（括号）",
    "select",
]


def test_names_and_values_are_no_code(loaded_copy: Engine, tmp_path: Path):
    frame = geopandas.GeoDataFrame(
        {name: [name, None] for name in NASTY}, geometry=[shapely.Point(120.5, 30.2)] * 2, crs=4490
    )
    import_file(loaded_copy, as_file(frame, tmp_path / "p.geojson"), ImportOptions(layer="nasty"))
    layer, found = stored(loaded_copy, "nasty")
    assert [column.name for column in layer.columns] == NASTY
    assert found.iloc[0][NASTY].tolist() == NASTY
    assert features(loaded_copy, "nasty")[0]["properties"] == {name: name for name in NASTY}
    with reading(loaded_copy) as connection:
        assert len(read_layers(connection)) > 14


def test_names_that_no_database_takes_are_changed_and_told(loaded_copy: Engine, tmp_path: Path):
    names = ["fid", "geom", "Name", "NAME", "名" * 30, "ctid"]
    frame = geopandas.GeoDataFrame({name: [1] for name in names}, geometry=[shapely.Point(120.5, 30.2)], crs=4490)
    file = tmp_path / "p.parquet"
    frame.to_parquet(file)
    report = import_file(loaded_copy, file, ImportOptions(layer="names"))
    layer, _ = stored(loaded_copy, "names")
    assert [column.name for column in layer.columns] == ["fid_1", "geom_1", "Name", "NAME_1", "名" * 21, "ctid_1"]
    assert sum("改名" in note["zh"] for note in report.document["notes"]) == 5


@pytest.mark.parametrize(
    "name", ["gpkg_contents", "rtree_x", "sqlite_x", "bioplan_schema", "a b", "", "1a", "名" * 17, "x;y", "a/b"]
)
def test_an_id_that_cannot_be_one_is_refused(name: str):
    with pytest.raises(ParameterError):
        layer_id_of(Path("p.gpkg"), name)


@pytest.mark.parametrize(
    ("file", "layer_id"),
    [
        ("萧山地块 (2024).shp", "萧山地块_2024"),
        ("Parcels.final.gpkg", "parcels"),
        ("2024地块.csv", "layer_2024地块"),
        ("labs.csv", "layer_labs"),
        ("---.csv", "layer"),
        ("名" * 40 + ".csv", "名" * 16),
    ],
)
def test_a_file_name_makes_an_id(file: str, layer_id: str):
    assert layer_id_of(Path(file), None) == layer_id
    assert len(layer_id.encode()) <= MOST_BYTES_OF_AN_ID


@pytest.mark.parametrize(
    "options",
    [
        ImportOptions(conforms_to="castles"),
        ImportOptions(mapping={"没有的列": "id"}),
        ImportOptions(mapping={"地块编号": "parcel_no"}),
        ImportOptions(accuracy_m=-1),
        ImportOptions(datum="mars"),
        ImportOptions(crs="EPSG:1"),
        ImportOptions(source_layer="没有的图层"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(loaded_gpkg: Engine, tmp_path: Path, options: ImportOptions):
    with pytest.raises((ParameterError, FileRefusedError)):
        import_file(loaded_gpkg, as_file(parcels(1), tmp_path / "p.gpkg"), options)


# The sample.


def test_the_sample_is_synthetic_everywhere(loaded_copy: Engine):
    import_sample(loaded_copy, ImportOptions())
    layer, found = stored(loaded_copy, SAMPLE)
    assert layer.synthetic
    assert found["synthetic"].all()
    assert "合成" in layer.title_zh
    assert "made-up" in layer.title_en
    assert set(found["land_class"]) == {"M1", "M2", "M3"}
    assert len(found) == 390
    assert len(squares(2)) == 2


def test_the_sample_is_the_same_every_time(loaded_gpkg: Engine):
    import_sample(loaded_gpkg, ImportOptions())
    before = features(loaded_gpkg, SAMPLE)
    import_sample(loaded_gpkg, ImportOptions())
    assert features(loaded_gpkg, SAMPLE) == before


def test_an_id_with_a_slash_has_an_address(loaded_copy: Engine, tmp_path: Path):
    ids = ["萧政储出/12", "../../x", "a b？c#d"]
    import_file(loaded_copy, as_file(parcels(3, 地块编号=ids), tmp_path / "p.gpkg"), LAND)
    url = loaded_copy.url.render_as_string(hide_password=False)
    with TestClient(create_app(Settings(database_url=url))) as client:
        for feature_id in ids:
            answer = client.get(f"/api/collections/parcels/items/{quote(feature_id, safe='')}")
            assert (answer.status_code, answer.json()["id"]) == (200, feature_id)
