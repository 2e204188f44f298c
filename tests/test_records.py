"""Records know the file and line that they stand in, and their values are those of the file."""

import datetime as dt
from pathlib import Path

import pytest

from bioplan_gis.catalogue import Catalogue, read_catalogue
from bioplan_gis.errors import GeodataError
from bioplan_gis.records import read_records
from bioplan_gis.settings import bundled
from world import DISTRICTS, edit, write_catalogue, write_world


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return read_catalogue(write_world(tmp_path))


def test_toml_tables_know_their_lines(catalogue: Catalogue):
    lines = Path(catalogue.folder / "tracks.toml").read_text(encoding="utf-8").splitlines()
    records = read_records(catalogue, "tracks")
    assert [record["id"] for record in records] == ["cells", "genes", "cells-and-genes"]
    assert [lines[record.line - 1] for record in records] == ["[[record]]"] * 3


def test_toml_values_keep_their_types(catalogue: Catalogue):
    (policy,) = read_records(catalogue, "policies")
    assert policy["in_force"] == dt.date(2024, 1, 1)
    assert policy["amount_yuan"] == 1_000_000
    assert policy["requires_local_production"] is True
    assert policy.get("cap_yuan") is None


def test_csv_cells_have_the_declared_type_and_empty_ones_are_absent(catalogue: Catalogue):
    lab, park, *_ = read_records(catalogue, "places")
    assert (lab.label, lab.line, lab["lon_wgs84"], lab["accuracy_m"]) == ("甲实验室", 2, 120.05, 500.0)
    assert park.values.keys() == {"name_zh", "category", "position_basis", "district_adcode", "method"}


def test_geojson_features_have_properties_and_geometry(catalogue: Catalogue):
    districts = read_records(catalogue, "districts-hangzhou")
    assert {record["adcode"]: record["name"] for record in districts} == DISTRICTS
    assert {record.geometry["type"] for record in districts} == {"MultiPolygon"}
    assert districts[0].line is None


def test_a_byte_order_mark_is_no_part_of_the_first_column(catalogue: Catalogue):
    path = catalogue.folder / "places.csv"
    path.write_text("\N{BYTE ORDER MARK}" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert read_records(catalogue, "places")[0]["name_zh"] == "甲实验室"


def test_a_record_without_name_is_called_by_its_place_in_the_file(catalogue: Catalogue):
    edit(catalogue.folder, "parks.toml", 'id = "park"\nname_zh = "甲园"', "")
    assert read_records(catalogue, "parks")[0].label == "#1 (line 2)"
    assert read_records(catalogue, "water-gshhg")[0].label == "#1"


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("tracks.toml", "[[record]]\nid = 1 2\n", "line 2"),
        ("places.csv", "name_zh,category\n", "lacks or repeats the columns: lon_wgs84"),
        ("water_gshhg.geojson", '{"features": [\n{]}', "line 2"),
    ],
)
def test_what_cannot_be_read_is_named_with_file_and_line(catalogue: Catalogue, file: str, text: str, says: str):
    (catalogue.folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(GeodataError) as error:
        read_records(catalogue, file.partition(".")[0].replace("_", "-"))
    assert file in error.value.zh
    assert file in error.value.en
    assert says in error.value.en


def test_a_format_that_is_not_known(catalogue: Catalogue):
    folder = catalogue.folder
    text = (folder / "catalogue.toml").read_text(encoding="utf-8")
    (folder / "catalogue.toml").write_text(text.replace("tracks.toml", "tracks.xlsx"), encoding="utf-8")
    with pytest.raises(GeodataError, match="one of the formats"):
        read_records(read_catalogue(folder), "tracks")


def test_every_source_of_the_product_can_be_read():
    catalogue = read_catalogue(bundled("geodata"))
    assert all(read_records(catalogue, source.id) for source in catalogue)


def test_the_tiny_plan_is_catalogued_as_it_is(catalogue: Catalogue):
    before = catalogue.digest
    write_catalogue(catalogue.folder)
    assert read_catalogue(catalogue.folder).digest == before
