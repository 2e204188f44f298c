"""The build of the page: other projects' parts come by the lock file, are checked, and stand in no commit."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from bioplan_gis.maps import SCRIPTS, STYLES

REPOSITORY = Path(__file__).parents[1]
WEB = REPOSITORY / "web"
MOST_LINES_OF_A_SCRIPT = 400


def load_hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_hook", WEB / "build_hook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hook = load_hook()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A copy of web/ as a fresh clone has it."""
    copy = tmp_path / "web"
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules", "build", "__pycache__"))
    return copy


@pytest.fixture
def fetched_web(web: Path) -> Path:
    """The same with its packages in place."""
    shutil.copytree(WEB / "node_modules", web / "node_modules")
    return web


def test_lock_file_pins_every_package_by_hash_and_names_no_host():
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    packages = {folder: entry for folder, entry in json.loads(lock)["packages"].items() if folder}
    assert set(packages) == {f"node_modules/{name}" for name in hook.PARTS}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "http" not in lock


def test_no_code_of_others_stands_in_the_repository():
    listed = subprocess.run(["git", "ls-files", "web"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    folders = {Path(name).parts[1] for name in listed.stdout.split()}
    assert folders.isdisjoint({"node_modules", "build"})
    assert "leaflet.js" not in listed.stdout


def test_build_holds_what_the_page_loads_and_the_licences(fetched_web: Path):
    names = {path.name for path in hook.make_build(fetched_web).iterdir()}
    api = {path.name for folder in ("pages", "scripts", "styles") for path in (fetched_web / folder).iterdir()}
    assert {"base.html", "items.html", "api.css", "api.js", "api_map.js"} <= api
    assert {*STYLES, *SCRIPTS, *api, "page.html", "favicon.svg", "leaflet.LICENSE.txt"} == names


def test_build_of_this_checkout_is_the_present_one(fetched_web: Path):
    fresh = hook.make_build(fetched_web)
    stale = [path.name for path in fresh.iterdir() if path.read_bytes() != (WEB / "build" / path.name).read_bytes()]
    assert stale == []


def test_second_build_removes_what_is_gone_and_writes_nothing(fetched_web: Path):
    build = hook.make_build(fetched_web)
    (build / "old.js").write_text("gone", encoding="utf-8")
    before = {path.name: path.stat().st_mtime_ns for path in build.iterdir() if path.name != "old.js"}
    hook.make_build(fetched_web)
    assert {path.name: path.stat().st_mtime_ns for path in build.iterdir()} == before


def test_packages_are_fetched_anew_when_the_lock_asks_for_others(fetched_web: Path):
    lock = fetched_web / "package-lock.json"
    assert hook.installed(fetched_web)
    lock.write_text(lock.read_text(encoding="utf-8").replace("sha512-", "sha512-A"), encoding="utf-8")
    assert not hook.installed(fetched_web)


def test_failed_fetch_says_what_to_check(web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setattr(hook, "NPM_CI", ("ci", "--ignore-scripts", "--fetch-retries=0"))
    with pytest.raises(hook.AssetsError, match="HTTPS_PROXY") as refused:
        hook.make_build(web)
    assert "npm_config_registry" in str(refused.value)
    assert "ECONNREFUSED" in str(refused.value)
    assert not (web / "build").exists()


def test_package_that_lacks_a_file_is_named(fetched_web: Path):
    (fetched_web / "node_modules/leaflet/dist/leaflet.js").unlink()
    with pytest.raises(hook.AssetsError, match=r"node_modules/leaflet/dist/leaflet\.js"):
        hook.make_build(fetched_web)


def test_scripts_stay_small_and_never_write_markup():
    for script in (WEB / "scripts").glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MOST_LINES_OF_A_SCRIPT, script.name
        assert [word for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(") if word in text] == []


def test_every_string_stands_in_both_languages():
    chinese, english = (WEB / "scripts/strings.js").read_text(encoding="utf-8").split("\n  en: {")
    keys = [re.findall(r"^    (\w+):", part.split("\n  },")[0], re.MULTILINE) for part in (chinese, english)]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 50
