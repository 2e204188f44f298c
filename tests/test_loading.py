"""From files to layers: what is derived, what never changes twice, and what a load that dies leaves behind."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, text

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.contents import NOT_STORED
from bioplan_gis.crs import GEOD
from bioplan_gis.errors import DamagedDatabaseError, ForeignDatabaseError, GeodataError, NotLoadedError
from bioplan_gis.loading import is_current, load
from bioplan_gis.records import read_records
from bioplan_gis.settings import bundled
from bioplan_gis.storage.database import downgrade, reading, require_schema, writing
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layer, read_layers, read_versions
from bioplan_gis.storage.measures import read_lands, read_place
from bioplan_gis.storage.tables import CORE_LAYERS
from databases import opened
from world import LAB, edit, write_catalogue, write_world

LAYER_IDS = [core.id for core in CORE_LAYERS]
# Dies by its own hand when so many layers are stored and none is kept yet.
KILLED_WHILE_LOADING = """
import os, signal, sys
from pathlib import Path
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.loading import load
from bioplan_gis.storage.database import open_engine

def die(layer_id, done, total):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

load(open_engine(sys.argv[1]), read_catalogue(Path(sys.argv[2])), die)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    world = tmp_path / "geodata"
    world.mkdir()
    return write_world(world)


@pytest.fixture
def world(engine: Engine, folder: Path) -> Engine:
    load(engine, read_catalogue(folder))
    return engine


def _features(engine: Engine, layer_id: str) -> dict[str, dict[str, Any]]:
    with reading(engine) as connection:
        collection = json.loads(read_collection(connection, read_layer(connection, layer_id)))
    return {feature["id"]: feature for feature in collection["features"]}


def _facts(engine: Engine, layer_id: str, feature_id: str, *names: str) -> list[Any]:
    properties = _features(engine, layer_id)[feature_id]["properties"]
    return [properties[name] for name in names]


def _versions(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        return read_versions(connection)


def test_first_load_makes_every_layer(empty_url: str, folder: Path):
    for engine in opened(empty_url):
        report = load(engine, read_catalogue(folder))
        assert (report.layer_count, list(report.changed)) == (len(LAYER_IDS), LAYER_IDS)
        assert _versions(engine) == dict.fromkeys(LAYER_IDS, 1)
        with reading(engine) as connection:
            assert tuple(read_layers(connection)) == report.layers


def test_second_load_changes_nothing(world: Engine, folder: Path):
    before = {layer_id: _features(world, layer_id) for layer_id in LAYER_IDS}
    assert load(world, read_catalogue(folder)).changed == ()
    assert {layer_id: _features(world, layer_id) for layer_id in LAYER_IDS} == before
    assert _versions(world) == dict.fromkeys(LAYER_IDS, 1)


def test_only_the_layer_that_changed_gets_a_new_version(world: Engine, folder: Path):
    edit(folder, "labs.toml", "甲实验室", "甲国家实验室")
    assert load(world, read_catalogue(folder)).changed == ("labs",)
    assert _versions(world) == {**dict.fromkeys(LAYER_IDS, 1), "labs": 2}
    assert _facts(world, "labs", "lab", "name_zh") == ["甲国家实验室"]


def test_a_comment_or_a_hash_changes_no_layer(world: Engine, folder: Path):
    edit(folder, "labs.toml", "[[record]]", "# 说明\n[[record]]")
    assert load(world, read_catalogue(folder)).changed == ()


def test_moved_place_moves_all_that_stand_on_it(world: Engine, folder: Path):
    edit(folder, "places.csv", "120.05", "120.06")
    assert load(world, read_catalogue(folder)).changed == ("labs", "links")


def test_current_database_is_known_without_reading(world: Engine, folder: Path):
    assert is_current(world, read_catalogue(folder))
    edit(folder, "labs.toml", "甲实验室", "甲国家实验室")
    assert not is_current(world, read_catalogue(folder))
    load(world, read_catalogue(folder))
    assert is_current(world, read_catalogue(folder))


def test_edited_file_that_was_not_catalogued_is_not_current_and_not_loaded(world: Engine, folder: Path):
    (folder / "labs.toml").write_text("", encoding="utf-8")
    assert not is_current(world, read_catalogue(folder))
    with pytest.raises(GeodataError, match=r"labs\.toml"):
        load(world, read_catalogue(folder))
    assert list(_features(world, "labs")) == ["lab", "planned-lab"]


def test_file_that_says_the_same_but_is_another_is_not_loaded(world: Engine, folder: Path):
    """The catalogue's hash alone tells: the records are as they were."""
    with (folder / "labs.toml").open("a", encoding="utf-8") as file:
        file.write("# another hand")
    with pytest.raises(GeodataError, match=r"labs\.toml") as caught:
        load(world, read_catalogue(folder))
    assert "sha256" in caught.value.en
    assert _versions(world) == dict.fromkeys(LAYER_IDS, 1)


def test_table_that_is_gone_is_no_current_database(world: Engine, folder: Path):
    with writing(world) as connection:
        connection.execute(text("DROP TABLE towns"))
    for step in (is_current, load):
        with pytest.raises(DamagedDatabaseError, match="missing: towns"):
            step(world, read_catalogue(folder))


def test_empty_or_earlier_database_is_not_current(empty_url: str, folder: Path):
    for engine in opened(empty_url):
        assert not is_current(engine, read_catalogue(folder))
        load(engine, read_catalogue(folder))
        downgrade(engine, "0001")
        assert not is_current(engine, read_catalogue(folder))
        load(engine, read_catalogue(folder))
        assert is_current(engine, read_catalogue(folder))


def test_database_of_somebody_else_is_neither_asked_nor_filled(empty_url: str, folder: Path):
    for engine in opened(empty_url):
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE layers (id INTEGER)"))
        for step in (is_current, load):
            with pytest.raises(ForeignDatabaseError):
                step(engine, read_catalogue(folder))


def test_progress_is_told_for_every_layer(engine: Engine, folder: Path):
    told: list[tuple[str, int, int]] = []
    load(engine, read_catalogue(folder), lambda *step: told.append(step))
    assert told == [(layer_id, done, len(LAYER_IDS)) for done, layer_id in enumerate(LAYER_IDS, start=1)]


def test_readers_see_the_old_state_until_the_load_is_whole(world: Engine, folder: Path):
    edit(folder, "zones.toml", "功能", "新功能")
    edit(folder, "tracks.toml", "细胞治疗", "细胞与疗法")
    seen: list[dict[str, int]] = []
    load(world, read_catalogue(folder), lambda *_: seen.append(_versions(world)))
    assert seen == [dict.fromkeys(LAYER_IDS, 1)] * len(LAYER_IDS)
    assert _versions(world) == {**dict.fromkeys(LAYER_IDS, 1), "zones": 2, "tracks": 2}


@pytest.mark.parametrize("done", [1, 7, len(LAYER_IDS)])
def test_load_that_is_killed_leaves_the_old_state(world: Engine, folder: Path, done: int):
    before = {layer_id: _features(world, layer_id) for layer_id in LAYER_IDS}
    for file in ("zones.toml", "labs.toml", "tracks.toml", "layouts.toml"):
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace("甲", "新"), encoding="utf-8")
    edit(folder, "places.csv", "甲实验室", "新实验室")
    edit(folder, "links.toml", "甲实验室", "新实验室")
    url = world.url.render_as_string(hide_password=False)
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_LOADING, url, str(folder), str(done)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert {layer_id: _features(world, layer_id) for layer_id in LAYER_IDS} == before
    assert _versions(world) == dict.fromkeys(LAYER_IDS, 1)
    assert "labs" in load(world, read_catalogue(folder)).changed


def test_first_load_that_is_killed_can_be_run_again(empty_url: str, folder: Path):
    command = [sys.executable, "-c", KILLED_WHILE_LOADING, empty_url, str(folder), "5"]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    for engine in opened(empty_url):
        assert not is_current(engine, read_catalogue(folder))
        assert _versions(engine) == {}
        assert list(load(engine, read_catalogue(folder)).changed) == LAYER_IDS


def test_first_citation_is_document_and_clause(world: Engine):
    names = ("document", "clause", "citations", "source")
    assert _facts(world, "labs", "lab", *names) == [
        "plan",
        "四(二)5",
        [{"document": "plan", "clause": "四(二)5"}],
        None,
    ]
    assert _facts(world, "parks", "park", *names) == [None, None, None, "places"]
    own = [{"document": "plan", "clause": "标题"}]
    assert _facts(world, "documents", "plan", *names) == ["plan", "标题", own, None]


def test_position_comes_from_the_place(world: Engine):
    names = ("district", "district_zh", "accuracy_m", "position_basis", "position_source", "position_attribution")
    assert _facts(world, "labs", "lab", *names) == ["330106", "甲区", 500, "sourced", "places", "hand"]
    assert _features(world, "labs")["lab"]["geometry"] == {"type": "Point", "coordinates": list(LAB)}


def test_place_known_to_its_district_has_no_geometry(world: Engine):
    names = ("district", "district_zh", "district_en", "accuracy_m", "position_basis")
    for layer_id, feature_id, district in (("parks", "park", "甲区"), ("labs", "planned-lab", "乙区")):
        assert _features(world, layer_id)[feature_id]["geometry"] is None
        assert _facts(world, layer_id, feature_id, *names)[1] == district
        assert _facts(world, layer_id, feature_id, *names)[3:] == [None, "district"]
    with reading(world) as connection:
        extent = read_place(connection, read_layer(connection, "labs"), "planned-lab").extent
    assert (extent.shape.bounds, extent.positioned) == ((120.1, 30, 120.2, 30.1), False)


def test_several_places_are_one_multipoint_known_as_well_as_the_worst(world: Engine, folder: Path):
    edit(folder, "labs.toml", 'place = "甲实验室"\ndistrict = "330106"', 'place = ["甲实验室", "20公里用地"]')
    load(world, read_catalogue(folder))
    assert _features(world, "labs")["lab"]["geometry"]["type"] == "MultiPoint"
    assert _facts(world, "labs", "lab", "accuracy_m", "district", "position_basis") == [1000, None, "sourced"]


def test_stated_district_name_goes_before_the_boundary(world: Engine, folder: Path):
    edit(folder, "labs.toml", 'district = "330106"', 'district = "330106"\ndistrict_zh = "甲工业园区"')
    load(world, read_catalogue(folder))
    assert _facts(world, "labs", "lab", "district", "district_zh") == ["330106", "甲工业园区"]


def test_zone_has_its_members_outline_counter_clockwise(world: Engine, folder: Path):
    edit(folder, "zones.toml", 'members = ["330109"]', 'members = ["330105"]')
    edit(folder, "zones.toml", 'members = ["330114"]', 'members = ["330114", "330109"]')
    load(world, read_catalogue(folder))
    shapes = {key: shapely.geometry.shape(one["geometry"]) for key, one in _features(world, "zones").items()}
    assert (shapes["zone-a"].bounds, shapes["zone-b"].bounds) == ((120, 30, 120.1, 30.1), (120.1, 30, 120.3, 30.1))
    assert shapes["zone-b"].geom_type == "Polygon"
    assert all(ring.is_ccw for shape in shapes.values() for ring in _outer_rings(shape))
    assert _facts(world, "zones", "zone-a", "district_zh", "position_basis", "accuracy_m") == ["甲区", "boundary", 500]
    assert _facts(world, "zones", "zone-b", "district_zh", "position_basis", "accuracy_m") == [None, "boundary", 500]


def _outer_rings(shape: shapely.Geometry) -> list[shapely.LinearRing]:
    return [part.exterior for part in shapely.get_parts([shape])]


def test_link_is_a_line_from_place_to_place(world: Engine):
    geometry = _features(world, "links")["link"]["geometry"]
    assert (geometry["type"], geometry["coordinates"][0]) == ("LineString", list(LAB))
    length_m = GEOD.geometry_length(shapely.geometry.shape(geometry))
    assert length_m == pytest.approx(10_000, abs=0.05)


@pytest.mark.parametrize("end", ['from_place = "甲实验室"\n', 'place = "10公里用地"\n'])
def test_link_of_which_an_end_is_unknown_has_no_geometry(world: Engine, folder: Path, end: str):
    edit(folder, "links.toml", end, "")
    load(world, read_catalogue(folder))
    assert _features(world, "links")["link"]["geometry"] is None
    assert _facts(world, "links", "link", "accuracy_m") == [None]


def test_narrower_tracks_follow_from_broader_ones(world: Engine):
    assert _facts(world, "tracks", "cells-and-genes", "narrower", "broader") == [["cells", "genes"], []]
    assert _facts(world, "tracks", "cells", "narrower", "broader") == [[], ["cells-and-genes"]]


def test_districts_have_names_cities_scopes_and_areas(world: Engine):
    names = ("name_zh", "city_en", "scope", "area_km2", "label_lon", "source")
    assert _facts(world, "districts", "330106", *names) == [
        "甲区", "Hangzhou", "hangzhou", 107, 120.05, "districts-hangzhou",
    ]  # fmt: skip
    assert _facts(world, "districts", "320581", *names)[:3] == ["友区", "Suzhou", "partner"]
    area_km2 = GEOD.geometry_area_perimeter(shapely.box(120.9, 30, 121, 30.1))[0] / 1e6
    assert _facts(world, "districts", "320581", "area_km2") == [round(area_km2, 1)]


def test_layer_names_all_the_sources_that_it_stands_on(world: Engine):
    with reading(world) as connection:
        layers = {layer.id: layer for layer in read_layers(connection)}
    assert layers["zones"].source_ids == ("districts-hangzhou", "zones")
    assert layers["labs"].source_ids == ("places", "labs")
    assert "天地图" in layers["zones"].attribution
    assert not any(layer.synthetic for layer in layers.values())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("labs.toml", 'place = "甲实验室"', 'place = "丙实验室"'), "“丙实验室” is not in places.csv"),
        (("zones.toml", 'members = ["330106"]', 'members = ["999999"]'), "“999999”, which is not in districts"),
        (("labs.toml", 'level = "national"', 'levle = "national"'), "levle is not declared"),
        (("labs.toml", 'id = "planned-lab"', 'id = "lab"'), "stands more than once"),
        (("labs.toml", 'id = "planned-lab"\n', ""), "column id is missing"),
        (("labs.toml", '"existing"', "existing"), "labs.toml is no TOML"),
        (
            (
                "water_gshhg.geojson",
                '"coordinates": [[120.0, 30.02], [120.6, 30.02]]',
                '"coordinates": [[120.0, 30.02]]',
            ),
            "geometry cannot be read",
        ),
        (("labs.toml", 'citations = [{ document = "plan", clause = "四(二)5" }]', ""), "where it comes from"),
        (("labs.toml", 'clause = "四(二)5"', 'clause = ""'), "incomplete"),
        (("labs.toml", 'clause = "四(二)5"', 'clause = "四(二)99"'), "no clause “四(二)99”"),
        (("labs.toml", '"national"', '"galactic"'), "level “galactic” is unknown"),
        (("layouts.toml", "一心双核多元", "一心三核多元"), "asks for 3, but 2 stand"),
        (("places.csv", "120.05,30.05,", "30.05,120.05,"), "latitude in ±90"),
        (("places.csv", "120.05,30.05,500", "abc,30.05,500"), "'abc' of lon_wgs84"),
        (("places.csv", "120.05,30.05,500", "120.05,30.05,nan"), "nan of accuracy_m"),
        (("targets.toml", "40_000_000_000", '"many"'), "'many' of value"),
        (("districts_neighbours.geojson", "MultiPolygon", "Polygon"), "geometry cannot be read"),
    ],
)
def test_record_that_cannot_be_used_is_named_and_nothing_is_lost(world: Engine, folder: Path, change, sentence):
    file, old, new = change
    edit(folder, file, old, new)
    with pytest.raises(GeodataError, match=re.escape(sentence)) as caught:
        load(world, read_catalogue(folder))
    assert file.partition(".")[0] in str(caught.value)
    assert _versions(world) == dict.fromkeys(LAYER_IDS, 1)


def test_refusal_says_what_where_and_how_many_more(world: Engine, folder: Path):
    edit(folder, "labs.toml", "四(二)5", "四(二)99")
    edit(folder, "labs.toml", '"national"', '"galactic"')
    edit(folder, "zones.toml", 'role = "核"', 'role = "心"')
    with pytest.raises(GeodataError) as caught:
        load(world, read_catalogue(folder))
    assert caught.value.en.startswith("labs.toml, record “lab”: The level “galactic” is unknown. It should be one of")
    assert "national" in caught.value.zh
    assert "另有 5 处问题，bioplan check 逐一列出。未载入任何内容。" in caught.value.zh
    assert caught.value.en.endswith("And 5 more: bioplan check lists them all. Nothing was loaded.")


def test_file_in_another_crs_is_refused(world: Engine, folder: Path):
    path = folder / "catalogue.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("EPSG:4490", "EPSG:3857", 1), encoding="utf-8")
    with pytest.raises(GeodataError, match="the CRS EPSG:3857"):
        load(world, read_catalogue(folder))


def test_refused_folder_leaves_an_empty_database_empty(empty_url: str, folder: Path):
    edit(folder, "labs.toml", '"national"', '"galactic"')
    for engine in opened(empty_url):
        with pytest.raises(GeodataError):
            load(engine, read_catalogue(folder))
        with pytest.raises(NotLoadedError):
            require_schema(engine)


def test_missing_file_is_named(world: Engine, folder: Path):
    (folder / "parks.toml").unlink()
    with pytest.raises(GeodataError, match=r"parks\.toml"):
        load(world, read_catalogue(folder))
    write_catalogue(folder)
    with pytest.raises(GeodataError, match="parks"):
        load(world, read_catalogue(folder))


def test_every_record_of_the_product_is_in_the_database(loaded: Engine):
    catalogue = read_catalogue(bundled("geodata"))
    for core in CORE_LAYERS:
        if core.id in ("districts", "towns", "water"):
            continue
        features = _features(loaded, core.id)
        for record in read_records(catalogue, core.id.replace("_", "-")):
            properties = features[record["id"]]["properties"]
            stated = {name: value for name, value in record.values.items() if name not in NOT_STORED | {"id"}}
            kept = {name: properties[name] for name in stated}
            assert json.loads(json.dumps(stated, default=str)) == kept


def test_the_products_own_layers_are_whole(loaded: Engine):
    features = {layer_id: _features(loaded, layer_id) for layer_id in LAYER_IDS}
    counts = {
        "districts": 51,
        "zones": 15,
        "industrial_land": 3,
        "links": 5,
        "towns": 172,
        "layouts": 3,
        "documents": 5,
    }
    assert {layer_id: len(features[layer_id]) for layer_id in counts} == counts
    for layer_id in LAYER_IDS:
        for feature in features[layer_id].values():
            assert feature["properties"]["name_zh"], feature["id"]
            assert feature["properties"]["name_en"], feature["id"]
            if feature["geometry"] is not None:
                shape = shapely.geometry.shape(feature["geometry"])
                assert shape.is_valid
                assert feature["properties"]["accuracy_m"] > 0
                assert feature["properties"]["position_method"]


def test_the_products_land_is_real_m3_with_unpublished_area(loaded: Engine):
    with reading(loaded) as connection:
        lands = read_lands(connection, read_layer(connection, "industrial_land"), land_class="M3")
    assert len(lands.keys) == 3
    assert not np.isnan(lands.bounds).any()
    assert np.isnan(lands.own_ha).all()
    assert sorted(np.nan_to_num(lands.frame_ha)) == [0, 111.11, 781.27]
