"""The wheel as a user installs it (``make test`` builds it first): all that the product needs is inside."""

from pathlib import Path
from zipfile import ZipFile

import httpx2
import pytest

from processes import serving

REPOSITORY = Path(__file__).parents[1]
WHEELS = REPOSITORY / "var/wheel"
BUNDLED = "bioplan_gis/_bundled"

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel() -> ZipFile:
    """The built wheel."""
    built = list(WHEELS.glob("*.whl"))
    if len(built) != 1:
        pytest.fail(f"The wheel is missing: {len(built)} in {WHEELS}. `make var/wheel/.installed` builds it.")
    with ZipFile(built[0]) as archive:
        yield archive


@pytest.mark.parametrize("folder", ["geodata", "alembic"])
def test_wheel_carries_a_folder_whole(wheel: ZipFile, folder: str):
    wanted = {
        path.relative_to(REPOSITORY).as_posix(): path.read_bytes()
        for path in (REPOSITORY / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    carried = {name.removeprefix(f"{BUNDLED}/"): wheel.read(name) for name in wheel.namelist() if BUNDLED in name}
    assert wanted == {name: content for name, content in carried.items() if name.startswith(f"{folder}/")}


def test_wheel_carries_the_page_and_the_licences(wheel: ZipFile):
    names = set(wheel.namelist())
    assert {f"{BUNDLED}/web/leaflet.js", f"{BUNDLED}/web/leaflet.LICENSE.txt"} <= names
    assert {name.rpartition("/")[2] for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_installed_wheel_serves_from_an_empty_folder(tmp_path: Path):
    bioplan = WHEELS / "venv/bin/bioplan"
    if not bioplan.exists():
        pytest.fail(f"{bioplan} is missing. `make var/wheel/.installed` makes it.")
    with serving([str(bioplan)], cwd=tmp_path, env={"PYTHONPATH": ""}) as address, httpx2.Client(timeout=30) as http:
        answers = {path: http.get(address + path) for path in ("/", "/api", "/api/layouts", "/assets/leaflet.js")}
    assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert "一心双核多元" in answers["/"].text
    assert [path.name for path in (tmp_path / "var").glob("*.gpkg")] == ["bioplan.gpkg"]
