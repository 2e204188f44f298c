"""The GeoPackage as a file: whole after a load, noticed when it is another, read wherever it can be."""

import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pyogrio
import pytest
from sqlalchemy import Engine

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.errors import DatabaseUnavailableError, NotLoadedError, ReadOnlyDatabaseError
from bioplan_gis.loading import load
from bioplan_gis.storage.database import reading, require_schema, settle, upgrade
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layer, read_versions
from bioplan_gis.storage.tables import CORE_LAYERS
from databases import as_nobody, opened
from drafts import store
from world import write_world

pytestmark = pytest.mark.database

LOAD = [sys.executable, "-m", "bioplan_gis.cli", "load"]
LAYER_IDS = {core.id for core in CORE_LAYERS}


def _beside(path: Path) -> set[str]:
    return {entry.name for entry in path.parent.iterdir()}


def _made(path: Path, *ids: str) -> Path:
    """A GeoPackage with laboratories of these ids, closed by all who wrote it."""
    for engine in opened(f"sqlite:///{path}"):
        upgrade(engine)
        store(engine, "labs", [{"id": each} for each in ids])
    return path


def _labs(engine: Engine) -> bytes:
    with reading(engine) as connection:
        return read_collection(connection, read_layer(connection, "labs"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small geodata folder."""
    world = tmp_path / "geodata"
    world.mkdir()
    return write_world(world)


def test_after_a_load_the_file_alone_is_the_database(tmp_path: Path, folder: Path):
    path, copy = tmp_path / "bioplan.gpkg", tmp_path / "copy.gpkg"
    env = {**os.environ, "BIOPLAN_DATABASE_URL": f"sqlite:///{path}", "BIOPLAN_GEODATA": str(folder)}
    subprocess.run(LOAD, env=env, check=True, capture_output=True)
    assert _beside(path) == {"bioplan.gpkg", "geodata"}
    shutil.copyfile(path, copy)
    assert {name for name, _ in pyogrio.list_layers(copy)} == LAYER_IDS | {"layers", "loads", "imports", "overviews"}
    for engine in opened(f"sqlite:///{copy}"):
        with reading(engine) as connection:
            assert read_versions(connection) == dict.fromkeys(LAYER_IDS, 1)


def test_a_load_beside_a_service_leaves_the_file_whole(tmp_path: Path, folder: Path):
    path, copy = _made(tmp_path / "bioplan.gpkg", "old"), tmp_path / "copy.gpkg"
    for service in opened(f"sqlite:///{path}"):
        assert b'"old"' in _labs(service)
        for engine in opened(f"sqlite:///{path}"):
            load(engine, read_catalogue(folder))
            shutil.copyfile(path, copy)
        assert b'"planned-lab"' in _labs(service)
    for engine in opened(f"sqlite:///{copy}"):
        assert b'"planned-lab"' in _labs(engine)


def test_a_log_that_a_reader_holds_stays_and_nothing_is_lost(tmp_path: Path):
    path = _made(tmp_path / "bioplan.gpkg", "old")
    for service in opened(f"sqlite:///{path}"):
        for engine in opened(f"sqlite:///{path}", busy_timeout_s=0.05):
            with reading(service) as connection:
                assert read_versions(connection) == {"labs": 1}
                store(engine, "labs", [{"id": "new"}])
                settle(engine)
                assert read_versions(connection) == {"labs": 1}
        assert b'"new"' in _labs(service)


def test_a_file_that_was_replaced_is_read_from_the_next_question_on(tmp_path: Path):
    """All of several connections that a service keeps are opened anew."""
    path, other = _made(tmp_path / "bioplan.gpkg", "old"), _made(tmp_path / "other.gpkg", "new")
    for engine in opened(f"sqlite:///{path}"):
        together = Barrier(4)

        def ask(barrier: Barrier | None, engine: Engine = engine) -> bytes:
            with reading(engine) as connection:
                if barrier:
                    barrier.wait(timeout=20)
                return read_collection(connection, read_layer(connection, "labs"))

        with ThreadPoolExecutor(4) as threads:
            assert all(b'"old"' in answer for answer in threads.map(ask, [together] * 4))
            other.replace(path)
            assert all(b'"new"' in answer for answer in threads.map(ask, [None] * 12))
            assert all(b'"new"' in answer for answer in threads.map(ask, [together] * 4))


def test_a_reader_never_makes_a_file(tmp_path: Path):
    path = tmp_path / "bioplan.gpkg"
    for engine in opened(f"sqlite:///{path}"):
        for step in (require_schema, _labs):
            with pytest.raises(NotLoadedError, match="not there yet"):
                step(engine)
        assert _beside(path) == set()
        upgrade(engine)
        store(engine, "labs", [{"id": "first"}])
        assert b'"first"' in _labs(engine)
        path.unlink()
        for step in (require_schema, _labs):
            with pytest.raises(NotLoadedError, match="was taken away"):
                step(engine)
        assert not path.exists()
        upgrade(engine)
        store(engine, "labs", [{"id": "second"}])
        assert b'"second"' in _labs(engine)


def test_a_read_only_file_in_a_read_only_folder_is_read(public_folder: Path):
    path = _made(public_folder / "bioplan.gpkg", "old")
    path.chmod(0o444)
    public_folder.chmod(0o555)
    assert _beside(path) == {"bioplan.gpkg"}
    with as_nobody():
        for engine in opened(f"sqlite:///{path}"):
            require_schema(engine)
            assert b'"old"' in _labs(engine)
            with pytest.raises(ReadOnlyDatabaseError, match="cannot be written"):
                store(engine, "labs", [{"id": "new"}])
    assert _beside(path) == {"bioplan.gpkg"}


def test_who_may_only_read_sees_what_another_writes(public_folder: Path):
    """What was read as never changing is opened anew when it has changed after all, log or no log."""
    path = _made(public_folder / "bioplan.gpkg", "old")
    for reader in opened(f"sqlite:///{path}"):
        _seen_as_nobody(reader, path, b'"old"')
        for writer in opened(f"sqlite:///{path}"):
            public_folder.chmod(0o755)
            store(writer, "labs", [{"id": "new"}])
            _seen_as_nobody(reader, path, b'"new"')
            public_folder.chmod(0o755)
            reader.dispose()
        _seen_as_nobody(reader, path, b'"new"')
        public_folder.chmod(0o755)
        _made(path, "newer")
        _seen_as_nobody(reader, path, b'"newer"')


def _seen_as_nobody(reader: Engine, path: Path, lab: bytes) -> None:
    path.parent.chmod(0o555)
    with as_nobody():
        assert lab in _labs(reader)


@pytest.mark.parametrize(("mode", "of_folder"), [(0o000, 0o755), (0o644, 0o000)], ids=["file", "folder"])
def test_what_may_not_be_read_is_said_to_be_so(public_folder: Path, mode: int, of_folder: int):
    inner = public_folder / "inner"
    inner.mkdir()
    path = _made(inner / "bioplan.gpkg", "a")
    for engine in opened(f"sqlite:///{path}"):
        path.chmod(mode)
        inner.chmod(of_folder)
        with as_nobody(), pytest.raises(DatabaseUnavailableError, match="cannot be read") as caught:
            require_schema(engine)
        assert f"{path} (Permission denied)" in caught.value.details
        inner.chmod(0o755)


def test_a_folder_that_may_not_be_entered_is_named(public_folder: Path):
    closed = public_folder / "closed"
    closed.mkdir(mode=0o000)
    with as_nobody(), pytest.raises(ReadOnlyDatabaseError, match="cannot be entered") as caught:
        next(opened(f"sqlite:///{closed / 'inner' / 'bioplan.gpkg'}"))
    assert "Permission denied" in caught.value.details


def test_a_file_is_opened_whatever_its_name(tmp_path: Path):
    path = _made(tmp_path / "规划 #1 100%.gpkg", "a")
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT id FROM labs").fetchall() == [("a",)]
    file.close()
