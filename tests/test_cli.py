"""The command line: what it prints, where it writes, and how it fails."""

import json
import socket
import sqlite3
from pathlib import Path

import pytest

from bioplan_gis.settings import read_settings
from terminals import Run

pytestmark = pytest.mark.database


def test_load_makes_the_embedded_default_and_twice_changes_nothing(run: Run) -> None:
    status, printed = run("load")
    assert status == 0, printed
    assert "labs" in printed
    assert Path("var/bioplan.gpkg").is_file()
    status, printed = run("load")
    assert status == 0
    assert "changed: none" in printed


def test_check_finds_no_fault_in_the_products_own_geodata(run: Run) -> None:
    status, printed = run("check")
    assert status == 0, printed


def test_check_names_a_changed_file_and_fails(run: Run, tmp_path: Path) -> None:
    from_product = read_settings().geodata_folder
    for file in from_product.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with (tmp_path / "labs.toml").open("a", encoding="utf-8") as labs:
        labs.write("\n# changed\n")
    status, printed = run("check", BIOPLAN_GEODATA=str(tmp_path))
    assert status == 1
    assert "labs.toml" in printed
    assert "sha256" in printed


def test_select_prints_a_table_with_reasons(run: Run) -> None:
    status, printed = run("select", "--near", "liangzhu-laboratory", "--land-class", "M3")
    assert status == 0, printed
    assert "天目医药港" in printed
    assert "良渚实验室" in printed


def test_select_as_json_is_what_the_api_answers(run: Run) -> None:
    status, printed = run("select", "--near", "liangzhu-laboratory", "--land-class", "M3", "--json")
    assert status == 0
    document = json.loads(printed[printed.index("{") :])
    assert document["type"] == "FeatureCollection"
    assert len(document["features"]) == 3


def test_select_without_an_answer_names_the_nearest(run: Run) -> None:
    status, printed = run("select", "--near", "liangzhu-laboratory", "--max-distance-km", "5")
    assert status == 0
    assert "没有符合条件" in printed
    assert "nearest that was rejected" in printed
    assert "至少多" in printed


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("select", "--near", "castle"), "There is no laboratory"),
        (("select", "--near", "liangzhu-laboratory", "--land-class", "M7"), "no class of industrial land"),
        (("select", "--near", "liangzhu-laboratory", "--max-distance-km", "-1"), "above 0"),
        (("select", "--near", "liangzhu-laboratory", "--min-area-ha", "nan"), "above 0"),
        (("select", "--near", "liangzhu-laboratory", "--max-distance-km", "1e9"), "up to 20038"),
        (("map", "--out", "nowhere/map.html"), "Cannot write"),
    ],
)
def test_a_wrong_argument_is_a_sentence_and_a_failure(run: Run, arguments: tuple[str, ...], says: str) -> None:
    status, printed = run(*arguments)
    assert status == 1
    assert says in printed
    assert "Traceback" not in printed


def test_the_map_is_one_file_and_leaves_no_part_behind(run: Run, tmp_path: Path) -> None:
    status, printed = run("map", "--out", "map.html")
    assert status == 0, printed
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "一心双核多元" in html
    assert {entry.name for entry in tmp_path.iterdir()} == {"map.html", "var"}


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"BIOPLAN_PORT": "http"}, "BIOPLAN_PORT"),
        ({"BIOPLAN_PORT": "70000"}, "BIOPLAN_PORT"),
        ({"BIOPLAN_DATABASE_URL": "oracle://somewhere"}, "oracle"),
        ({"BIOPLAN_DATABASE_URL": "not a url"}, "not a url"),
        ({"BIOPLAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "127.0.0.1"),
        ({"BIOPLAN_GEODATA": "/nowhere/at/all"}, "/nowhere/at/all"),
    ],
)
def test_a_wrong_setting_is_named(run: Run, environment: dict[str, str], says: str) -> None:
    status, printed = run("serve", **environment)
    assert status == 1
    assert says in printed
    assert "Traceback" not in printed


def test_a_taken_port_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, printed = run("serve", "--port", str(port))
    assert status == 1
    assert str(port) in printed
    assert "another port" in printed


def test_somebody_elses_database_is_left_untouched(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE accounts (id INTEGER)")
    database.close()
    before = other.read_bytes()
    status, printed = run("load", BIOPLAN_DATABASE_URL=f"sqlite:///{other}")
    assert status == 1
    assert "did not make" in printed
    assert other.read_bytes() == before


def test_the_map_may_go_to_standard_output(run: Run) -> None:
    status, printed = run("map", "--out", "-")
    assert status == 0
    assert "<!doctype html>" in printed.lower()


def test_version(run: Run) -> None:
    assert run("--version") == (0, "bioplan 0.1.0\n")
