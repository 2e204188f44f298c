"""``bioplan import``, ``layers`` and ``drop`` as a user types them."""

import json
from pathlib import Path

import pytest

from bureaus import as_file, parcels
from terminals import Run

pytestmark = pytest.mark.database


def test_import_prints_a_report_in_both_languages(run_loaded: Run, tmp_path: Path):
    file = as_file(parcels(3, **{"面积(亩)": [15.0, 15.0, 30.0]}), tmp_path / "地块.gpkg")
    status, printed = run_loaded("import", str(file), "--as", "industrial_land", "--source", "某局")
    assert status == 0, printed
    for words in (
        "已导入图层 Imported: 地块",
        "读入 read 3，取入 taken 3",
        "EPSG:4549",
        "萧山区 Xiaoshan District 3",
        "“用地性质” → land_class",
        "行 row 3: 表列 stated 20,000 m²",
        "编号取自 Ids from: 地块编号",
    ):
        assert words in printed


def test_a_dry_run_shows_the_guess_and_how_to_confirm_it(run_loaded: Run, tmp_path: Path):
    frame = parcels(2).rename(columns={"地块编号": "no", "用地性质": "use", "面积(亩)": "mu", "容积率": "far"})
    as_file(frame, tmp_path / "p.shp", encoding="GBK")
    (tmp_path / "p.prj").unlink()
    (tmp_path / "p.cpg").unlink()
    status, printed = run_loaded("import", str(tmp_path / "p.shp"), "--dry-run")
    assert status == 0, printed
    assert "试运行，未写入" in printed
    assert "gb18030" in printed
    assert "EPSG:4549" in printed
    assert "--crs" in printed
    assert run_loaded("import", str(tmp_path / "p.shp"))[0] == 1
    status, printed = run_loaded("import", str(tmp_path / "p.shp"), "--crs", "EPSG:4549")
    assert status == 0, printed


def test_the_report_is_json_where_asked(run_loaded: Run, tmp_path: Path):
    file = as_file(parcels(2), tmp_path / "p.gpkg")
    status, printed = run_loaded("import", str(file), "--json", "--report", "report.json")
    assert status == 0
    document = json.loads(printed[printed.index("{") :])
    assert document["rows"]["taken"] == 2
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == document
    status, printed = run_loaded("layers", "p", "--json")
    assert json.loads(printed[printed.index("{") :])["report"] == document


def test_layers_lists_what_there_is(run_loaded: Run):
    run_loaded("import", "--sample")
    status, printed = run_loaded("layers")
    assert status == 0
    assert "sample_parcels" in printed
    assert "合成 synthetic" in printed
    assert "industrial_land" in printed
    listed = json.loads(run_loaded("layers", "--json")[1])
    assert [one["id"] for one in listed if one["imported"]] == ["sample_parcels"]
    status, printed = run_loaded("layers", "sample_parcels")
    assert "CC0-1.0" in printed
    assert "floor_area_ratio_min" in printed


def test_drop_takes_it_away(run_loaded: Run, tmp_path: Path):
    run_loaded("import", str(as_file(parcels(2), tmp_path / "p.gpkg")))
    assert run_loaded("drop", "p") == (0, "已删除图层 p（2 个要素）。\nDropped the layer p (2 features).\n")
    status, printed = run_loaded("drop", "p")
    assert status == 1
    assert "There is no layer “p”" in printed


def test_a_column_is_mapped_as_told(run_loaded: Run, tmp_path: Path):
    file = as_file(parcels(2).rename(columns={"用地性质": "a=b"}), tmp_path / "p.gpkg")
    status, printed = run_loaded("import", str(file), "--as", "industrial_land", "--map", "a=b=land_class")
    assert status == 0, printed
    assert "“a=b” → land_class" in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("import",), "Name a file to import, or --sample"),
        (("import", "p.gpkg", "--sample"), "one of the two"),
        (("import", "nowhere.gpkg"), "nowhere.gpkg"),
        (("import", "https://example.org/p.geojson"), "https"),
        (("import", "/vsicurl/https://example.org/p.geojson"), "/vsicurl"),
        (("import", "p.gpkg", "--map", "nonsense"), "column=field"),
        (("import", "p.gpkg", "--as", "castles"), "industrial_land"),
        (("import", "p.gpkg", "--layer", "gpkg_contents"), "cannot be the id"),
        (("layers", "castles"), "There is no layer"),
        (("drop", "labs"), "built in"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_a_failure(
    run_loaded: Run, tmp_path: Path, arguments: tuple[str, ...], says: str
):
    as_file(parcels(1), tmp_path / "p.gpkg")
    status, printed = run_loaded(*arguments)
    assert status == 1
    assert says in printed
    assert "Traceback" not in printed
