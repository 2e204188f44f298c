"""Fixtures: the command line as a user runs it, in a folder of its own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bioplan_gis import cli
from bioplan_gis.commands import terminal

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """``run("load")`` in an empty folder: exit status and all that was printed."""
    monkeypatch.chdir(tmp_path)
    for console in (terminal.out, terminal.err):
        monkeypatch.setattr(console, "width", 200)

    def call(*arguments: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("sys.argv", ["bioplan", *arguments])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        printed = capsys.readouterr()
        return int(stopped.value.code or 0), printed.out + printed.err

    return call


@pytest.fixture
def run_loaded(run: Run, loaded_url: Callable[[str], str], tmp_path: Path) -> Run:
    """The same, where the embedded default is loaded already."""
    (tmp_path / "var").mkdir()
    shutil.copyfile(loaded_url("gpkg").removeprefix("sqlite:///"), tmp_path / "var/bioplan.gpkg")
    return run
