"""Opening, refusing and locking databases: every failure is a sentence of its own, and nothing is lost."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, make_url, text

from bioplan_gis.errors import (
    BioplanError,
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    DiskFullError,
    ForeignDatabaseError,
    NotLoadedError,
    ReadOnlyDatabaseError,
)
from bioplan_gis.storage.database import open_engine, reading, require_schema, upgrade, writing
from bioplan_gis.storage.files import require_sqlite
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layer, read_layers, read_versions
from cluster import free_port
from databases import as_nobody, opened
from drafts import store


def _raises(kind: type[BioplanError], *words: str):
    """The error, whose sentences say these words, and say all in Chinese first."""

    @contextmanager
    def check() -> Iterator[None]:
        with pytest.raises(kind) as caught:
            yield
        assert [word for word in words if word not in str(caught.value)] == []
        assert caught.value.zh != caught.value.en
        assert any("\u4e00" <= letter <= "\u9fff" for letter in caught.value.zh)

    return check()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/x",
        "oracle+cx://localhost/x",
        "no url at all",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql+psycopg://u:p@host:notaport/x",
        "postgresql+psycopg2://localhost/x",
    ],
)
def test_url_that_cannot_be_used_is_answered_with_one_that_can(url: str):
    with _raises(DatabaseUnavailableError, "sqlite:///var/bioplan.gpkg", "postgresql+psycopg://"):
        open_engine(url)


def test_a_folder_is_no_database(tmp_path: Path):
    with _raises(DatabaseUnavailableError, "it should name a file"):
        open_engine(f"sqlite:///{tmp_path}")


def test_every_spelling_of_postgresql_means_psycopg():
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert open_engine(f"{scheme}://planner@localhost/plans").url.drivername == "postgresql+psycopg"


def test_password_is_never_shown():
    with pytest.raises(DatabaseUnavailableError, match=r"\*\*\*") as unusable:
        open_engine("mysql://planner:secret@localhost/x")
    engine = open_engine(f"postgresql://planner:secret@127.0.0.1:{free_port()}/plans")
    with pytest.raises(DatabaseUnavailableError, match=r"\*\*\*") as refused:
        require_schema(engine)
    assert "secret" not in str(unusable.value) + str(refused.value)


def test_server_that_is_down_is_named():
    port = free_port()
    with _raises(DatabaseUnavailableError, f"127.0.0.1:{port}", "see that the server is up"):
        require_schema(open_engine(f"postgresql://planner@127.0.0.1:{port}/plans"))


def test_wrong_password_is_refused(postgis_url: str):
    url = make_url(postgis_url).set(password="wrong").render_as_string(hide_password=False)  # noqa: S106
    with _raises(DatabaseUnavailableError, "password authentication failed"):
        require_schema(open_engine(url))


def test_missing_database_is_named(postgis_url: str):
    url = make_url(postgis_url).set(database="not_there").render_as_string(hide_password=False)
    with _raises(DatabaseUnavailableError, '"not_there" does not exist'):
        upgrade(open_engine(url))


def test_file_that_is_no_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "letter.gpkg"
    path.write_text("Dear planner, this is no database but a letter of some length.\n" * 100, encoding="utf-8")
    before = path.read_bytes()
    for step in (upgrade, require_schema):
        for engine in opened(f"sqlite:///{path}"):
            with _raises(ForeignDatabaseError, "no SQLite or GeoPackage file"):
                step(engine)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("table", ["gpkg_contents", "parcels", "labs"])
def test_file_of_somebody_else_is_left_alone(tmp_path: Path, table: str):
    path = tmp_path / "theirs.gpkg"
    with sqlite3.connect(path) as file:
        file.execute(f"CREATE TABLE {table} (id INTEGER)")
    file.close()
    before = path.read_bytes()
    for step in (upgrade, require_schema):
        for engine in opened(f"sqlite:///{path}"):
            with _raises(ForeignDatabaseError, "left untouched"):
                step(engine)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_tables_beside_ours_stay_on_postgis(new_url: Callable[[str], str]):
    for engine in opened(new_url("postgis")):
        with writing(engine) as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('theirs')"))
        upgrade(engine)
        require_schema(engine)
        with reading(engine) as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "theirs"


def test_account_that_may_not_add_postgis_is_told_who_can(new_url: Callable[[str], str]):
    url = new_url("postgis")
    for engine in opened(url):
        with writing(engine) as connection:
            name = make_url(url).database
            connection.execute(text("DROP ROLE IF EXISTS guest"))
            connection.execute(text("CREATE ROLE guest LOGIN PASSWORD 'guest'"))
            connection.execute(text(f'GRANT ALL ON DATABASE "{name}" TO guest'))
    guest = make_url(url).set(username="guest", password="guest").render_as_string(hide_password=False)  # noqa: S106
    for engine in opened(guest):
        with _raises(DatabaseUnavailableError, "CREATE EXTENSION postgis"):
            upgrade(engine)


def test_account_that_may_not_write_is_refused(engine: Engine):
    if engine.dialect.name == "sqlite":
        return
    with writing(engine) as connection:
        connection.execute(text("DROP ROLE IF EXISTS reader"))
        connection.execute(text("CREATE ROLE reader LOGIN PASSWORD 'reader'"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    url = engine.url.set(username="reader", password="reader").render_as_string(hide_password=False)  # noqa: S106
    for reader in opened(url):
        require_schema(reader)
        with _raises(ReadOnlyDatabaseError, "permission denied"):
            store(reader, "labs", [{"id": "a"}])


def test_server_that_only_reads_is_told_apart(new_url: Callable[[str], str]):
    url = f"{new_url('postgis')}?options=-c%20default_transaction_read_only%3Don"
    for engine in opened(url):
        with _raises(ReadOnlyDatabaseError, "read-only transaction"), writing(engine) as connection:
            connection.execute(text("CREATE TABLE parcels (id INTEGER)"))


def test_read_only_file_is_served_and_not_written(public_folder: Path):
    path = public_folder / "bioplan.gpkg"
    for engine in opened(f"sqlite:///{path}"):
        upgrade(engine)
        store(engine, "labs", [{"id": "a"}])
    path.chmod(0o444)
    public_folder.chmod(0o777)
    with as_nobody():
        for engine in opened(f"sqlite:///{path}"):
            with reading(engine) as connection:
                assert read_versions(connection) == {"labs": 1}
            with _raises(ReadOnlyDatabaseError, str(path), "cannot be written"):
                store(engine, "labs", [{"id": "b"}])
    public_folder.chmod(0o755)


def test_folder_that_cannot_be_written_is_named(public_folder: Path):
    public_folder.chmod(0o555)
    with as_nobody():
        for engine in opened(f"sqlite:///{public_folder / 'bioplan.gpkg'}"):
            with _raises(ReadOnlyDatabaseError, str(public_folder), "permissions"):
                upgrade(engine)
        with _raises(ReadOnlyDatabaseError, str(public_folder / "var")):
            open_engine(f"sqlite:///{public_folder / 'var' / 'bioplan.gpkg'}")
    public_folder.chmod(0o755)


def _limited(path: Path, pages: int) -> Iterator[Engine]:
    """A disk that has room for so many pages of 4 KiB."""
    for engine in opened(f"sqlite:///{path}"):
        event.listen(engine, "connect", lambda file, _: file.execute(f"PRAGMA max_page_count = {pages}"))
        yield engine


def test_full_disk_undoes_the_load(tmp_path: Path):
    path = tmp_path / "bioplan.gpkg"
    for engine in opened(f"sqlite:///{path}"):
        upgrade(engine)
        store(engine, "labs", [{"id": "a", "name_zh": "甲"}])
        with reading(engine) as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    for engine in _limited(path, pages + 1):
        with _raises(DiskFullError, "nothing was lost"):
            store(engine, "labs", [{"id": str(number), "name_zh": "甲" * 1000} for number in range(100)])
        with reading(engine) as connection:
            assert read_layer(connection, "labs").version == 1
            assert b'"id":"a"' in read_collection(connection, read_layer(connection, "labs"))


@pytest.mark.parametrize("pages", [2, 5, 11, 30, 60])
def test_full_disk_undoes_the_schema(tmp_path: Path, pages: int):
    path = tmp_path / "bioplan.gpkg"
    for engine in _limited(path, pages):
        with _raises(DiskFullError, "Free some space"):
            upgrade(engine)
    for engine in opened(f"sqlite:///{path}"):
        with pytest.raises(NotLoadedError):
            require_schema(engine)
        upgrade(engine)
        require_schema(engine)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", DiskFullError),
        ("53300", DatabaseBusyError),
        ("25006", ReadOnlyDatabaseError),
        ("40P01", DatabaseBusyError),
        ("57P03", DatabaseUnavailableError),
        ("XX001", DamagedDatabaseError),
    ],
)
def test_what_the_server_reports_is_explained(postgis_url: str, state: str, kind: type[BioplanError]):
    for engine in opened(postgis_url):
        with pytest.raises(kind), reading(engine) as connection:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$")


def test_what_nobody_foresaw_stays_as_it_is(engine: Engine):
    with pytest.raises(Exception, match="nonsense"), reading(engine) as connection:
        connection.exec_driver_sql("nonsense")


def test_second_writer_is_told_to_wait(engine: Engine):
    impatient = open_engine(engine.url.render_as_string(hide_password=False), busy_timeout_s=0.05)
    with writing(engine), _raises(DatabaseBusyError, "another process"):
        store(impatient, "labs", [{"id": "a"}])
    store(impatient, "labs", [{"id": "a"}])
    impatient.dispose()


def test_damaged_file_is_named(tmp_path: Path):
    path = tmp_path / "bioplan.gpkg"
    for engine in opened(f"sqlite:///{path}"):
        upgrade(engine)
        store(engine, "labs", [{"id": str(number), "name_zh": "甲" * 100} for number in range(100)])
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    for engine in opened(f"sqlite:///{path}"):
        with _raises(DamagedDatabaseError, "restore a backup"):
            require_schema(engine)


def test_table_that_is_gone_is_damage(engine: Engine):
    store(engine, "labs", [])
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE labs"))
    with _raises(DamagedDatabaseError, "labs"), reading(engine) as connection:
        read_collection(connection, read_layer(connection, "labs"))


def test_database_that_nothing_was_loaded_into_says_so(empty_url: str):
    for engine in opened(empty_url):
        with _raises(NotLoadedError, "run bioplan load first"), reading(engine) as connection:
            read_layers(connection)


def test_a_reader_sees_one_state_throughout(engine: Engine):
    store(engine, "labs", [{"id": "old"}])
    with reading(engine) as connection:
        layer = read_layer(connection, "labs")
        store(engine, "labs", [{"id": "new"}, {"id": "newer"}])
        assert read_layer(connection, "labs") == layer
        assert b'"id":"old"' in read_collection(connection, layer)
    with reading(engine) as connection:
        assert read_layer(connection, "labs").feature_count == 2


def test_reading_cannot_write_on_postgis(engine: Engine):
    if engine.dialect.name == "sqlite":
        return
    with pytest.raises(ReadOnlyDatabaseError), reading(engine) as connection:
        connection.execute(text("DELETE FROM labs"))


def test_many_threads_read_while_one_writes(engine: Engine):
    """A page and its registry row always belong to the same version."""

    def is_consistent(_: int) -> bool:
        with reading(engine) as connection:
            layer = read_layer(connection, "labs")
            return read_collection(connection, layer).count(b'"Feature"') == layer.feature_count

    store(engine, "labs", [{"id": "0"}])
    with ThreadPoolExecutor(8) as threads:
        checks = threads.map(is_consistent, range(80))
        for count in range(2, 12):
            store(engine, "labs", [{"id": str(number)} for number in range(count)])
        assert all(checks)


def test_sqlite_without_rtree_is_met_at_the_start():
    """An authorizer that forbids virtual tables stands for a build without R*Tree."""
    bare = sqlite3.connect(":memory:")
    bare.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_CREATE_VTABLE else sqlite3.SQLITE_OK
    )
    with _raises(DatabaseUnavailableError, "R*Tree", "Use another Python, or PostGIS"):
        require_sqlite(bare)
