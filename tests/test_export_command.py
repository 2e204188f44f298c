"""``bioplan export``: what it writes, says and refuses."""

import json
from pathlib import Path

import pyogrio
import pytest

from terminals import Run

pytestmark = pytest.mark.database


def test_export_writes_a_file_and_says_what_is_not_in_it(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "园区.shp"
    status, printed = run(
        "export", "parks", "--to", str(target), "--crs", "EPSG:4549", "--where", "name_zh LIKE '%园%'"
    )
    assert status == 0, printed
    assert "as Shapefile, EPSG:4549" in printed
    assert (tmp_path / "园区.fields.csv").is_file()
    meta, table = pyogrio.read_arrow(target)
    assert meta["crs"] == "EPSG:4549"
    assert all("园" in name for name in table["name_zh"].to_pylist())


def test_export_to_standard_output_is_the_data(run: Run) -> None:
    status, printed = run("export", "tracks", "--to", "-", "--where", "id = 'none'")
    assert status == 0, printed
    document, _ = json.JSONDecoder().raw_decode(printed[printed.index('{"type"') :])
    assert document["features"] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("parks", "--to", "a.zip"), "of no known format"),
        (("nothing", "--to", "a.csv"), "There is no layer “nothing”"),
        (("parks", "--to", "a.csv", "--where", "面积 > 2"), "There is no property “面积”"),
        (("parks", "--to", "a.geojson", "--crs", "EPSG:4549"), "by its standard GeoJSON"),
        (("tracks", "--to", "a.dxf"), "has no geometry"),
        (("parks", "--to", "none/a.csv"), "Cannot write"),
    ],
    ids=["format", "layer", "filter", "crs", "table", "folder"],
)
def test_export_says_what_would_be_right(run: Run, options: tuple[str, ...], says: str) -> None:
    status, printed = run("export", *options)
    assert status == 1
    assert says in printed
    assert not list(Path().glob("a.*"))
