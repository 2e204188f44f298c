"""README.md as a reader takes it: its commands are run, its tables are compared with the code.

ARCHITECTURE.md must name files that are there.
"""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from typer.main import get_command

from bioplan_gis.cli import app
from bioplan_gis.settings import Settings
from cluster import Cluster, server_programs
from processes import serving

REPOSITORY = Path(__file__).parents[1]
TEXT = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
SCRIPTS = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"
PROGRAMS = Path(sys.executable).parent


def _block_with(text: str) -> str:
    return next(block for block in BLOCKS if text in block)


def _run(script: str, folder: Path, env: Mapping[str, str]) -> None:
    """Run a block as a shell would, with curl failing on an error status."""
    (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    own = {name: value for name, value in os.environ.items() if not name.startswith("BIOPLAN_")}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**own, "CURL_HOME": str(folder), "PATH": f"{PROGRAMS}:{os.environ['PATH']}", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


def _table_under(heading: str) -> list[list[str]]:
    """The rows of the first table of a section, without its head."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return rows[2:]


def test_it_opens_with_the_two_commands_and_the_map():
    assert re.findall(r"^make \w+", BLOCKS[0], re.MULTILINE) == ["make run", "make test"]
    picture = re.search(r"!\[.+\]\((.+)\)", TEXT)[1]
    assert TEXT.index(BLOCKS[0]) < TEXT.index(picture) < TEXT.index("\n## ")
    assert (REPOSITORY / picture).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, re.MULTILINE))))
def test_every_make_target_is_there(target: str):
    done = subprocess.run(["make", "--dry-run", target], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", re.findall(r"\]\((\w+[\w./]*)\)", TEXT))
def test_every_linked_file_is_there(name: str):
    assert (REPOSITORY / name).exists()


@pytest.mark.served
@pytest.mark.parametrize("block", [b for b in BLOCKS if re.match(r"bioplan (?!serve)", b)])
def test_commands_run_from_an_empty_folder(block: str, tmp_path: Path):
    _run(block, tmp_path, {})


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.startswith("curl")])
def test_feeds_answer(served: str, block: str, tmp_path: Path):
    _run(block.replace(ADDRESS, served), tmp_path, {})


@pytest.mark.parametrize("script", [script for script in SCRIPTS if "imports" not in script])
def test_the_scripts_run(served: str, loaded_url: Callable[[str], str], script: str, tmp_path: Path):
    mine = script.replace("sqlite:///var/bioplan.gpkg", loaded_url("gpkg")).replace(ADDRESS, served)
    (tmp_path / "script.py").write_text(mine)
    _run("python script.py", tmp_path, {})


def test_postgis_as_described(postgis_cluster: Cluster, tmp_path: Path):
    url = postgis_cluster.url
    block = _block_with("postgresql+psycopg").replace("sudo -u postgres ", "").replace(":5432/", f":{url.port}/")
    assert block.rstrip().endswith("bioplan serve")
    superuser = {"PGHOST": url.host, "PGPORT": str(url.port), "PGUSER": url.username, "PGPASSWORD": url.password}
    path = f"{PROGRAMS}:{server_programs()}:{os.environ['PATH']}"
    _run(block.removesuffix("bioplan serve\n"), tmp_path, {**superuser, "PATH": path})
    own_url = re.search(r"BIOPLAN_DATABASE_URL='(.+)'", block)[1]
    with serving([str(PROGRAMS / "bioplan")], env={"BIOPLAN_DATABASE_URL": own_url}, cwd=tmp_path):
        assert not (tmp_path / "var").exists()


def test_settings_table_is_complete():
    documented = {name.strip("`"): default.strip("`") for name, default, _ in _table_under("设置 Configuration")}
    assert list(documented) == [f"BIOPLAN_{name.upper()}" for name in Settings.model_fields]
    for name, field in Settings.model_fields.items():
        if field.default is not None:
            assert documented[f"BIOPLAN_{name.upper()}"] == str(field.default)


def test_command_table_is_complete():
    documented = [row[0].strip("`").split()[1] for row in _table_under("命令行 Command line")]
    assert sorted(documented) == sorted(get_command(app).commands)


def test_options_in_the_text_are_real():
    options = {option for command in get_command(app).commands.values() for p in command.params for option in p.opts}
    for block in BLOCKS:
        for line in block.splitlines():
            if line.startswith("bioplan"):
                assert {word for word in shlex.split(line) if word.startswith("--")} <= options


def test_feed_table_names_real_paths(served: str, tmp_path: Path):
    rows = [row[0] for row in _table_under("数据接口 Feeds")]
    paths = [path for row in rows for path in re.findall(r"`(/[^`]*)`", row) if "{" not in path]
    queries = [path + "?near=westlake-university" * (path == "/api/sites") for path in paths]
    _run("\n".join(f"curl '{served}{path}' --output /dev/null" for path in queries), tmp_path, {})


def test_dependency_table_is_complete():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"]}
    documented = {name for row in _table_under("依赖 Dependencies") for name in row[0].split(", ")}
    assert documented - {"leaflet (npm)"} == wanted


def test_architecture_names_real_files():
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+/[\w.]*|\w+\.(?:py|toml|csv|json))`", text))
    roots = [REPOSITORY, REPOSITORY / "src/bioplan_gis", REPOSITORY / "geodata"]
    assert {name for name in named if not any((root / name).exists() for root in roots)} == set()


def test_architecture_draws_every_module():
    drawing = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")[1]
    modules = {path.stem for path in (REPOSITORY / "src/bioplan_gis").glob("[!_]*.py")}
    inner = {
        path.stem
        for folder in ("api", "storage")
        for path in (REPOSITORY / "src/bioplan_gis" / folder).glob("[!_]*.py")
    }
    assert modules | inner <= set(re.findall(r"\w+", drawing))
