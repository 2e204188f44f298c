"""A file is written whole or not at all, and nothing else is touched."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bioplan_gis.errors import OutputError
from bioplan_gis.outputs import write_whole


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_a_file_has_the_rights_that_any_program_gives(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    write_whole(str(tmp_path / "a.html"), "一心双核多元")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "一心双核多元"
    assert stat.S_IMODE((tmp_path / "a.html").stat().st_mode) == stat.S_IMODE(other.stat().st_mode)
    assert names(tmp_path) == {"a.html", "other"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_whole(str(tmp_path / "link"), "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text(encoding="utf-8") == "new"


def test_a_pipe_is_written_to_as_it_stands(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_whole(str(pipe), "text")
    reader.join()
    assert read == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_a_device() -> None:
    write_whole(os.devnull, "text")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write_whole("-", "text")
    assert capsys.readouterr().out == "text"


@pytest.mark.parametrize("target", ["", ".", "nowhere/map.html", "a" * 300])
def test_what_cannot_be_written_is_named_and_leaves_nothing(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError) as caught:
        write_whole(target, "text")
    assert target in caught.value.en
    assert names(tmp_path) == set()


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk that is full."""
    (tmp_path / "map.html").write_text("old", encoding="utf-8")
    program = "from bioplan_gis.outputs import write_whole; write_whole('map.html', 'x' * 10_000_000)"
    command = ["sh", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$0" -c "$1"', sys.executable, program]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert "Cannot write" in ended.stderr
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == {"map.html"}
