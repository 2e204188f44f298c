"""Each rule, broken once in a tiny plan: the fault names the file, the record and the remedy, and stands alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.checking import RULES, Fault, check
from bioplan_gis.checking.geodata import Geodata, read_geodata
from bioplan_gis.checking.outlines import style
from bioplan_gis.settings import bundled
from breaks import BREAKS, Break
from world import OUTLINES, ZONE, edit, write_catalogue, write_world

Breaks = Callable[..., tuple[Fault, ...]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_world(tmp_path)


@pytest.fixture
def broken(folder: Path) -> Breaks:
    """``broken(file, old, new)``: the faults after one text of one file was replaced."""

    def faults(file: str, old: str, new: str) -> tuple[Fault, ...]:
        edit(folder, file, old, new)
        return check(read_catalogue(folder))

    return faults


def test_the_products_own_geodata_has_no_fault():
    assert check(read_catalogue(bundled("geodata"))) == ()


def test_the_tiny_plan_has_no_fault(folder: Path):
    assert check(read_catalogue(folder)) == ()


def only(faults: tuple[Fault, ...]) -> Fault:
    """The one fault; every sentence of it is there, in both languages."""
    assert len(faults) == 1, faults
    (fault,) = faults
    assert all((fault.zh, fault.en, fault.remedy_zh, fault.remedy_en))
    return fault


@pytest.mark.parametrize("case", BREAKS.values(), ids=BREAKS.keys())
def test_one_break_is_one_fault(broken: Breaks, case: Break):
    fault = only(broken(case.file, case.old, case.new))
    assert (fault.file, fault.record) == (case.file, case.record)
    assert case.says in fault.en
    assert case.remedy.lower() in fault.remedy_en.lower()


def test_a_document_without_outline(broken: Breaks):
    fault = only(broken("outlines.toml", OUTLINES, OUTLINES.partition("\n\n")[0]))
    assert (fault.file, fault.record) == ("documents.toml", "article")
    assert "outline is not in outlines.toml" in fault.en
    assert "Add a [[record]]" in fault.remedy_en


def test_a_zone_that_does_not_know_of_relying(broken: Breaks):
    fault = only(broken("labs.toml", "by = []", 'by = ["zone-b"]'))
    assert (fault.file, fault.record) == ("zones.toml", "zone-b")
    assert "its platforms lacks “planned-lab”" in fault.en
    assert "take it out of relied_on_by in labs.toml" in fault.remedy_en


def test_a_record_without_name_is_told_by_its_line(broken: Breaks):
    faults = broken("tracks.toml", '\nid = "cells"\nname_zh = "细胞治疗"\n', "\n")
    assert {fault.record for fault in faults if fault.file == "tracks.toml"} == {"#1 (line 2)"}


def test_terms_broader_than_themselves(broken: Breaks):
    faults = broken("tracks.toml", "broader = []", 'broader = ["cells"]')
    assert [(fault.file, fault.record) for fault in faults] == [
        ("tracks.toml", "cells"),
        ("tracks.toml", "cells-and-genes"),
    ]


def test_a_bow_tie_says_where_it_crosses(broken: Breaks):
    fault = only(
        broken("districts_suzhou_partners.geojson", "[121.0, 30.1], [120.9, 30.1]", "[120.9, 30.1], [121.0, 30.1]")
    )
    assert "Self-intersection[120.95 30.05]" in fault.en


def test_each_of_several_faults_is_named(folder: Path):
    path = folder / "districts_neighbours.geojson"
    (district,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    twin = {**district, "geometry": None}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [district, district, twin]}), encoding="utf-8")
    edit(folder, "zones.toml", 'name_en = "zone-a"', 'name_en = ""')
    edit(folder, "layouts.toml", "一心双核多元", "一心三核多元")
    edit(folder, "places.csv", "120.05,30.05,500,sourced", "120.05,300.5,500,guessed")
    assert sorted((fault.file, fault.record, fault.en) for fault in check(read_catalogue(folder))) == [
        ("districts_neighbours.geojson", "330502", "The adcode “330502” stands more than once (#1, #2, #3)."),
        ("districts_neighbours.geojson", "邻区", "Feature 2 has the geometry of feature 1."),
        ("districts_neighbours.geojson", "邻区", "The feature has no geometry."),
        ("layouts.toml", "jia-2024", "三核 of 一心三核多元 asks for 3, but 2 stand."),
        ("places.csv", "甲实验室", "Its longitude should lie in ±180 and its latitude in ±90."),
        ("places.csv", "甲实验室", "The position_basis “guessed” is unknown."),
        ("zones.toml", "zone-a", "The required column name_en is missing."),
    ]


def test_a_hole_that_runs_clockwise_is_right(broken: Breaks):
    hole = "[120.9, 30.0]], [[120.92, 30.02], [120.98, 30.08], [120.98, 30.02], [120.92, 30.02]]"
    assert broken("districts_suzhou_partners.geojson", "[120.9, 30.0]]", hole) == ()


def test_a_second_core_contradicts_the_phrase_and_its_district(folder: Path):
    path = folder / "zones.toml"
    second = ZONE.format(
        id="zone-f",
        seat=6,
        name="己区",
        role="心",
        role_en="core",
        tier=1,
        tracks="[]",
        platforms="[]",
        adcode="330106",
    )
    path.write_text(path.read_text(encoding="utf-8") + second, encoding="utf-8")
    write_catalogue(folder)
    assert [fault.zh for fault in check(read_catalogue(folder))] == [
        "“一心双核多元”中“一心”应有 1 个，实有 2 个。",
        "行政区 330106 同时属于 甲区、己区；一个行政区在一个布局中只能有一个角色。",
    ]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("labs.toml", "[[record]\n", "is no TOML"),
        ("labs.toml", "[[recrod]]\nid = 'a'\n", "[[record]] tables and nothing else; see recrod"),
        ("labs.toml", "record = 1\n", "[[record]] tables"),
        ("places.csv", 'name_zh\n"', "line 1, the header, lacks"),
        ("water_gshhg.geojson", "{", "is no JSON"),
        ("water_gshhg.geojson", "[]", "no GeoJSON FeatureCollection"),
        ("water_gshhg.geojson", '{"features": [1]}', "feature 1 is no GeoJSON Feature"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(folder: Path, file: str, text: str, says: str):
    (folder / file).write_text(text, encoding="utf-8")
    write_catalogue(folder)
    fault = only(check(read_catalogue(folder)))
    assert (fault.file, fault.record) == (file, None)
    assert says in fault.en


def test_a_row_of_another_length_names_its_line(broken: Breaks):
    assert "line 3 has 10 cells where the header has 9 columns" in only(broken("places.csv", "hand,\n", "hand,,\n")).en


def test_a_quote_that_is_not_closed_names_its_line(broken: Breaks):
    assert "is no CSV" in only(broken("places.csv", "甲园", '"甲园')).en


def test_bytes_that_are_no_utf8_are_one_fault(folder: Path):
    (folder / "labs.toml").write_bytes("实验室".encode("gb18030"))
    write_catalogue(folder)
    assert "is no UTF-8 text" in only(check(read_catalogue(folder))).en


def test_a_changed_file_is_told_from_the_catalogued_one(folder: Path):
    with (folder / "labs.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    fault = only(check(read_catalogue(folder)))
    assert (fault.file, fault.record) == ("labs.toml", None)
    assert "update its sha256 in catalogue.toml" in fault.remedy_en


def test_a_missing_file_is_one_fault(folder: Path):
    (folder / "tracks.toml").unlink()
    fault = only(check(read_catalogue(folder)))
    assert fault.file == "tracks.toml"
    assert "No such file" in fault.en
    assert "Restore" in fault.remedy_en


def test_a_file_that_no_source_describes(folder: Path):
    (folder / "parcels.geojson").write_text("{}", encoding="utf-8")
    fault = only(check(read_catalogue(folder)))
    assert fault.file == "parcels.geojson"
    assert "Add a [[source]]" in fault.remedy_en


@pytest.mark.parametrize(
    ("old", "new", "record", "says"),
    [
        ('file = "tracks.toml"', 'file = "targets.toml"', "targets.toml", "2 sources have the file"),
        ('id = "m3-parks-official"', 'id = "targets"', "targets", "2 sources have the id"),
        ('id = "tracks"', 'id = "paths"', "tracks", "no source “tracks”"),
        ('crs = "EPSG:4490"', 'crs = "EPSG:3857"', "districts-hangzhou", "the CRS EPSG:3857"),
    ],
)
def test_the_catalogue_itself(folder: Path, old: str, new: str, record: str, says: str):
    path = folder / "catalogue.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    faults = [fault for fault in check(read_catalogue(folder)) if fault.file == "catalogue.toml"]
    assert only(tuple(faults)).record == record
    assert says in faults[0].en


ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.lists(st.one_of(st.integers(), st.text(), st.dictionaries(st.text(), st.integers()))),
    st.dictionaries(st.text(), st.text()),
)


@given(data=st.data())
def test_no_value_of_any_column_makes_a_rule_raise(data: st.DataObject):
    geodata = tiny_geodata()
    source = data.draw(st.sampled_from(sorted(geodata.records)))
    first, *rest = geodata.of(source)
    column = data.draw(st.sampled_from(sorted(first.values)))
    odd = replace(first, values={**first.values, column: data.draw(ODD_VALUES)})
    changed = Geodata(geodata.catalogue, {**geodata.records, source: (odd, *rest)})
    assert all(isinstance(fault, Fault) for rule in RULES for fault in rule(changed))


@cache
def tiny_geodata() -> Geodata:
    """The tiny plan, read once; its folder is gone afterwards, so that its files are missing to every rule."""
    with TemporaryDirectory() as folder:
        geodata, unreadable = read_geodata(read_catalogue(write_world(Path(folder))))
    assert unreadable == ()
    return geodata


def test_nothing_stops_at_the_first_fault(folder: Path):
    edit(folder, "labs.toml", 'level = "national"', "level = 1")
    edit(folder, "parks.toml", '["cells"]', '["cell"]')
    edit(folder, "places.csv", ",district,", ",guessed,")
    (folder / "water_gshhg.geojson").write_text("{", encoding="utf-8")
    write_catalogue(folder)
    assert {fault.file for fault in check(read_catalogue(folder))} == {
        "labs.toml",
        "parks.toml",
        "places.csv",
        "water_gshhg.geojson",
    }


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("三(二)", "numbered"),
        ("四(二)6", "numbered"),
        ("一3", "numbered"),
        ("4", "numbered"),
        ("二/四是", "numbered"),
        ("十二(十一)16", "numbered"),
        ("提升创新能级/¶2", "headed"),
        ("标题", "around"),
        ("导语", "around"),
        ("导语/¶1", "around"),
        ("结语", "around"),
        ("三（二）", None),
        ("四(二)06", None),
        ("提升创新能级", None),
        ("提升创新能级/¶0", None),
        ("", None),
    ],
)
def test_how_a_clause_is_located(clause: str, expected: str | None):
    assert style(clause) == expected
