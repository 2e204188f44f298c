"""A bureau's file from import to answer and map, by the command line as a user types it."""

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from terminals import Run

pytestmark = pytest.mark.database
NEAR = ("--near", "120.02,30.28")


@pytest.fixture
def parcels(tmp_path: Path) -> Path:
    """Six parcels of one hectare and more, as a bureau's GeoPackage with Chinese columns."""
    columns = {
        "地块编号": [f"余政储出〔2024〕{number}号" for number in range(6)],
        "用地性质": ["三类工业用地", "M2", "100101", "M3", "二类工业用地", "M1"],
        "备注": ["<b>甲</b>", None, "乙", None, None, None],
    }
    shapes = [shapely.box(west, 30.3, west + 0.002, 30.302) for west in (120 + 0.01 * number for number in range(6))]
    file = tmp_path / "余杭地块.gpkg"
    geopandas.GeoDataFrame(columns, geometry=shapes, crs=4490).to_file(file, driver="GPKG")
    return file


def select(run: Run, *options: str) -> dict[str, Any]:
    status, printed = run("select", *NEAR, *options, "--json")
    assert status == 0, printed
    answer: dict[str, Any] = json.loads(printed[printed.index("{") :])
    return answer


def test_an_imported_file_answers_bounds_and_stands_on_the_map(run: Run, parcels: Path, tmp_path: Path) -> None:
    assert run("load")[0] == 0
    status, printed = run("import", str(parcels), "--as", "industrial_land")
    assert status == 0, printed
    status, printed = run("import", str(parcels), "--layer", "障碍")
    assert status == 0, printed
    assert {one["properties"]["layer"] for one in select(run)["features"]} == {"industrial_land", "余杭地块"}
    chosen = select(run, "--subject", "余杭地块", "--land-class", "M3", "--min-area-ha", "1", "--inside", "districts")
    assert [one["properties"]["parcel_no"][-2:] for one in chosen["features"]] == ["3号", "0号"]
    assert select(run, "--subject", "余杭地块", "--outside", "障碍:100")["features"] == []
    assert len(select(run, "--subject", "障碍", "--min-area-ha", "1")["features"]) == 6
    status, printed = run("select", *NEAR, "--subject", "障碍", "--land-class", "M3")
    assert (status, "--as industrial_land" in printed) == (1, True)
    written = tmp_path / "map.html"
    assert run("map", "--out", str(written))[0] == 0
    assert "余政储出〔2024〕3号" in written.read_text(encoding="utf-8")
    assert "<b>甲" not in written.read_text(encoding="utf-8")


def test_the_sample_answers_only_when_asked_for(run: Run, tmp_path: Path) -> None:
    assert run("load")[0] == 0
    assert run("import", "--sample")[0] == 0
    plain, admitted, named = (
        select(run, *options) for options in ((), ("--synthetic",), ("--subject", "sample_parcels"))
    )
    assert plain["subjects"] == ["industrial_land"]
    assert admitted["subjects"] == ["industrial_land", "sample_parcels"]
    assert {one["properties"]["synthetic"] for one in named["features"]} == {True}
    written = tmp_path / "map.html"
    status, printed = run("map", "--out", str(written))
    assert (status, "sample_parcels" in printed) == (0, True)
    assert "合成-3301" not in written.read_text(encoding="utf-8")
    assert run("map", "--out", str(written), "--synthetic")[0] == 0
    assert "合成-3301" in written.read_text(encoding="utf-8")
