"""The core schema up and down on both engines, interrupted, repeated, and beside what is not ours."""

import signal
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, column, inspect, table, text

from bioplan_gis.errors import (
    DamagedDatabaseError,
    ForeignDatabaseError,
    NotLoadedError,
    SchemaTooNewError,
    SchemaTooOldError,
)
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.database import (
    VERSION_TABLE,
    downgrade,
    open_engine,
    reading,
    require_schema,
    upgrade,
    writing,
)
from bioplan_gis.storage.tables import METADATA
from databases import opened

MACHINERY = ("gpkg_", "rtree_", "sqlite_", "spatial_ref_sys", VERSION_TABLE)
# Dies by its own hand in the middle of the migration, as a power cut would have it.
KILLED_WHILE_MIGRATING = """
import os, signal, sys
from sqlalchemy import event
from bioplan_gis.storage.database import open_engine, upgrade

engine = open_engine(sys.argv[1])

@event.listens_for(engine, "before_cursor_execute")
def die_at_zones(connection, cursor, statement, *_):
    if "CREATE TABLE zones" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

upgrade(engine)
"""


@pytest.fixture
def empty(empty_url: str):
    yield from opened(empty_url)


def _tables(engine: Engine) -> set[str]:
    with reading(engine) as connection:
        return {name for name in inspect(connection).get_table_names() if not name.startswith(MACHINERY)}


def test_up_makes_every_table_and_down_leaves_none(empty: Engine):
    upgrade(empty)
    assert _tables(empty) == set(METADATA.tables)
    downgrade(empty, "base")
    assert _tables(empty) == set()
    upgrade(empty)
    require_schema(empty)
    assert _tables(empty) == set(METADATA.tables)


def test_down_takes_the_geopackage_metadata_along(new_url):
    for engine in opened(new_url("gpkg")):
        upgrade(engine)
        downgrade(engine, "base")
        with reading(engine) as connection:
            assert inspect(connection).get_table_names() == [VERSION_TABLE]
            assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").scalar() == 0
            assert connection.exec_driver_sql("PRAGMA application_id").scalar() == 0


def test_migrations_make_exactly_the_tables_that_the_code_knows(engine: Engine):
    def is_ours(item, name, kind, reflected, compared):  # noqa: ARG001
        if kind == "index" and engine.dialect.name == "sqlite":
            return not name.endswith("_geom")
        return not (kind == "table" and name.startswith(MACHINERY))

    with reading(engine) as connection:
        if engine.dialect.name == "sqlite":
            gpkg.show_geometry_columns(connection.connection.dbapi_connection)
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        differences = compare_metadata(context, METADATA)
    assert differences == []


def test_every_geometry_column_has_its_index(engine: Engine):
    spatial = {table.name for table in METADATA.tables.values() if "geom" in table.columns}
    statements = {
        "sqlite": "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'",
        "postgresql": "SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%USING gist (geom)'",
    }
    with reading(engine) as connection:
        assert set(connection.execute(text(statements[engine.dialect.name])).scalars()) == spatial


def test_upgrading_twice_changes_nothing(engine: Engine):
    upgrade(engine)
    require_schema(engine)


def test_empty_database_is_not_loaded(empty: Engine):
    with pytest.raises(NotLoadedError, match="run bioplan load first"):
        require_schema(empty)


def test_later_schema_is_left_alone(engine: Engine):
    with writing(engine) as connection:
        connection.execute(table(VERSION_TABLE, column("version_num")).update().values(version_num="9999"))
    for step in (require_schema, upgrade, lambda it: downgrade(it, "base")):
        with pytest.raises(SchemaTooNewError, match=r"later version of BioPlan GIS .*9999"):
            step(engine)
    assert _tables(engine) == set(METADATA.tables)


def test_earlier_schema_is_upgraded_on_request(engine: Engine):
    downgrade(engine, "0001")
    with pytest.raises(SchemaTooOldError, match="bioplan load upgrades it"):
        require_schema(engine)
    upgrade(engine)
    require_schema(engine)


def _change(engine: Engine, *statements: str) -> None:
    with writing(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_version_that_says_less_than_there_is_is_damage(engine: Engine):
    _change(
        engine,
        "UPDATE bioplan_schema SET version_num = '0001'",
        "INSERT INTO loads (id, catalogue_digest) VALUES ('a', 'b')",
    )
    with pytest.raises(DamagedDatabaseError, match=r"not those of its version[^$]*already exists"):
        upgrade(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT id FROM loads")).scalar() == "a"
    assert _tables(engine) == set(METADATA.tables)


def test_version_that_is_lost_is_damage(engine: Engine):
    _change(engine, "DELETE FROM bioplan_schema")
    for step in (require_schema, upgrade, lambda it: downgrade(it, "base")):
        with pytest.raises(DamagedDatabaseError, match=f"{VERSION_TABLE} is empty"):
            step(engine)


@pytest.mark.parametrize("gone", ["towns", "policies", "loads"])
def test_table_that_is_gone_is_noticed_before_it_is_asked_for(engine: Engine, gone: str):
    _change(engine, f"DROP TABLE {gone}")
    for step in (require_schema, upgrade):
        with pytest.raises(DamagedDatabaseError, match=rf"restore a backup[^$]*missing: {gone}"):
            step(engine)


def test_index_that_is_gone_is_noticed(new_url):
    for engine in opened(new_url("gpkg")):
        upgrade(engine)
        _change(engine, "DROP TABLE rtree_labs_geom")
        with pytest.raises(DamagedDatabaseError, match="missing: rtree_labs_geom"):
            require_schema(engine)


def test_database_of_somebody_else_is_left_alone(empty: Engine):
    with writing(empty) as connection:
        connection.execute(text("CREATE TABLE labs (id INTEGER)"))
        connection.execute(text("INSERT INTO labs VALUES (7)"))
    for step in (require_schema, upgrade, lambda it: downgrade(it, "base")):
        with pytest.raises(ForeignDatabaseError, match="left untouched"):
            step(empty)
    with reading(empty) as connection:
        assert connection.execute(text("SELECT id FROM labs")).scalar() == 7
    assert _tables(empty) == {"labs"}


def test_migration_killed_in_the_middle_leaves_nothing_behind(empty_url: str):
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_MIGRATING, empty_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    for engine in opened(empty_url):
        assert _tables(engine) == set()
        with pytest.raises(NotLoadedError):
            require_schema(engine)
        upgrade(engine)
        assert _tables(engine) == set(METADATA.tables)


def test_two_that_upgrade_at_once_agree(empty_url: str):
    command = "import sys; from bioplan_gis.storage.database import *; upgrade(open_engine(sys.argv[1]))"
    both = [subprocess.Popen([sys.executable, "-c", command, empty_url]) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    for engine in opened(empty_url):
        require_schema(engine)


def test_engine_url_is_named_without_its_password(new_url):
    url = new_url("gpkg").replace("sqlite:///", "postgresql://planner:secret@127.0.0.1:1/")
    assert "secret" not in str(open_engine(url).url)
