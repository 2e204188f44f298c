"""Opening a database of either kind, its transactions, and the versions of its schema.

An engine is made by calling ``open_engine``; whoever stands at the edge (a request, a command) owns the transaction
through ``reading`` and ``writing``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, text

from bioplan_gis.errors import (
    DatabaseUnavailableError,
    ForeignDatabaseError,
    NotLoadedError,
    SchemaTooNewError,
    SchemaTooOldError,
)
from bioplan_gis.settings import bundled
from bioplan_gis.storage.addresses import named, parsed, unusable
from bioplan_gis.storage.failures import damaged, translated
from bioplan_gis.storage.files import keep_log_beside, make_file, open_file
from bioplan_gis.storage.files import settle as settle_file
from bioplan_gis.storage.servers import PATIENCE_OF_READERS_S, open_server, patient
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, METADATA, canonical_json

VERSION_TABLE = "bioplan_schema"
BUSY_TIMEOUT_S = 5
# Whoever lets in no more readers at once than this, each with two connections at most, never waits for one.
READERS_AT_ONCE = 16
# One writer at a time on PostGIS too, as in a GeoPackage; the number is any that no other product uses.
WRITE_LOCK = 0x42696F506C616E

_POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")


def open_engine(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine for ``sqlite:///path`` (a GeoPackage) or ``postgresql://…`` (PostGIS); nothing is asked of it yet.

    Args:
        url: SQLAlchemy's form; ``postgres://`` and ``postgresql://`` mean psycopg.
        busy_timeout_s: how long a writer waits for another in seconds.

    Raises:
        DatabaseUnavailableError: the URL cannot be used, or this Python's SQLite cannot serve.
        ReadOnlyDatabaseError: the folder of the GeoPackage cannot be made.
    """
    address = parsed(url)
    options = {"pool_size": READERS_AT_ONCE, "max_overflow": READERS_AT_ONCE, "json_serializer": canonical_json}
    if address.drivername == "sqlite":
        return open_file(address, busy_timeout_s, **options)
    if address.drivername in _POSTGRESQL:
        return open_server(address.set(drivername="postgresql+psycopg"), busy_timeout_s, **options)
    driver = address.drivername
    raise unusable(named(address), f"不支持“{driver}”", f"“{driver}” is not supported")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database throughout, whatever is loaded meanwhile.

    Raises:
        StorageError: the database cannot be read.
    """
    with (
        translated(engine),
        engine.connect() as connection,
        patient(connection, PATIENCE_OF_READERS_S),
        _snapshot(connection).begin(),
    ):
        yield connection


@contextmanager
def glancing(engine: Engine) -> Iterator[Connection]:
    """A connection for single statements, each of which sees one state of the database.

    PostgreSQL is spared the beginning and the end of a transaction, which cost as much as one feature does. A
    GeoPackage is in this process, where they cost nothing: several statements see one state there.

    Raises:
        StorageError: the database cannot be read.
    """
    if engine.dialect.name == "sqlite":
        with reading(engine) as connection:
            yield connection
        return
    with translated(engine), engine.connect() as connection, patient(connection, PATIENCE_OF_READERS_S):
        yield connection


def _snapshot(connection: Connection) -> Connection:
    """SQLite's WAL gives every transaction one state by itself; PostgreSQL is asked for it."""
    if connection.dialect.name == "sqlite":
        return connection
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection whose changes are kept together at the end, or not at all; one writer at a time.

    Raises:
        StorageError: the database cannot be written; nothing was changed.
    """
    if engine.dialect.name == "sqlite":
        make_file(engine)
    now = _NOW[engine.dialect.name]
    with (
        translated(engine),
        engine.connect() as connection,
        patient(connection, None),
        connection.execution_options(**now).begin(),
    ):
        if connection.dialect.name == "postgresql":
            _lock_writing(connection)
        yield connection


_NOW: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"bioplan_begin": "BEGIN IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}


def _lock_writing(connection: Connection) -> None:
    """A writer may take its time, but not to wait for another."""
    busy_ms = connection.get_execution_options()["bioplan_busy_ms"]
    connection.execute(text(f"SET LOCAL lock_timeout = {busy_ms}"))
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})


def settle(engine: Engine) -> None:
    """After a load: a GeoPackage's file alone holds everything, and can be copied as it is."""
    if engine.dialect.name == "sqlite":
        settle_file(engine)


def upgrade(engine: Engine) -> None:
    """Bring the schema to this version's, in one transaction; a database that is current is only read.

    Raises:
        ForeignDatabaseError: the database holds something that is not ours.
        DatabaseUnavailableError: it has no PostGIS, and this account cannot add it.
        SchemaTooNewError: a later version made it.
        StorageError: it cannot be read or written.
    """
    if engine.dialect.name == "sqlite":
        make_file(engine)
    with reading(engine) as connection:
        if _require_ours_or_empty(connection) == _head():
            return
    if engine.dialect.name == "sqlite":
        keep_log_beside(engine)
    with writing(engine) as connection:
        _require_ours_or_empty(connection)
        _require_postgis(connection)
        command.upgrade(_config(connection), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision, ``base`` for nothing at all; data of dropped tables goes with them."""
    with writing(engine) as connection:
        _require_ours_or_empty(connection)
        command.downgrade(_config(connection), revision)


def require_schema(engine: Engine) -> None:
    """See that the database answers and has this version's schema.

    Raises:
        NotLoadedError: it is empty.
        SchemaTooOldError: an earlier version made it.
        SchemaTooNewError: a later version made it.
        ForeignDatabaseError: it holds something that is not ours.
        StorageError: it does not answer.
    """
    with reading(engine) as connection:
        revision = _require_ours_or_empty(connection)
    if revision is None:
        raise NotLoadedError(
            "数据库还是空的；请先运行 bioplan load。",
            "The database is still empty; run bioplan load first.",
            details=named(engine.url),
        )
    if revision != _head():
        raise SchemaTooOldError(
            f"数据库的结构版本（{revision}）较旧；请运行 bioplan load 升级，数据会保留。",
            f"The schema of the database ({revision}) is an earlier version's; bioplan load upgrades it and keeps the "
            "data.",
            details=named(engine.url),
        )


def _require_ours_or_empty(connection: Connection) -> str | None:
    """The schema's revision, None where there is no schema yet; a database that is ours is whole."""
    tables = frozenset(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        _require_empty(connection, tables)
        return None
    revision = _revision(connection)
    if revision is not None and revision not in _known_revisions():
        raise SchemaTooNewError(
            f"数据库由更新版本的 BioPlan GIS 建立（结构 {revision}），未作任何改动；请升级本软件。",
            f"The database was made by a later version of BioPlan GIS (schema {revision}); it was left untouched. "
            "Upgrade this software.",
            details=named(connection.engine.url),
        )
    _require_whole(connection, revision, tables)
    return revision


def _require_empty(connection: Connection, tables: frozenset[str]) -> None:
    """A file is ours alone; a PostgreSQL database may hold other tables, but none of our names."""
    if tables if connection.dialect.name == "sqlite" else tables & set(METADATA.tables):
        raise ForeignDatabaseError(
            "数据库中有不属于 BioPlan GIS 的内容，未作任何改动；请在 BIOPLAN_DATABASE_URL 中改用空的数据库。",
            "The database holds something that BioPlan GIS did not make; it was left untouched. Name an empty one in "
            "BIOPLAN_DATABASE_URL.",
            details=named(connection.engine.url),
        )


def _revision(connection: Connection) -> str | None:
    """The schema's revision; None where all of it was taken back."""
    revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if revision is None else str(revision)


def _require_whole(connection: Connection, revision: str | None, tables: frozenset[str]) -> None:
    """What its version says and what stands there agree; what lies between is found by the migrations."""
    missing = _parts(connection.dialect.name) - tables if revision == _head() else frozenset()
    if missing:
        raise damaged(connection.engine, f"missing: {', '.join(sorted(missing))}")
    if revision is None and tables & set(METADATA.tables):
        raise damaged(connection.engine, f"{VERSION_TABLE} is empty")


@cache
def _parts(dialect: str) -> frozenset[str]:
    """Every table that this version's schema has; in a GeoPackage, an index is one too."""
    spatial = (name for name, table in METADATA.tables.items() if GEOMETRY_COLUMN in table.c)
    indexes = (f"rtree_{name}_{GEOMETRY_COLUMN}" for name in spatial)
    return frozenset(METADATA.tables) | (frozenset(indexes) if dialect == "sqlite" else frozenset())


def _require_postgis(connection: Connection) -> None:
    """Our tables need the extension; whoever may not create it is told who can."""
    if connection.dialect.name == "sqlite":
        return
    if connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")).scalar():
        return
    available = connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")).scalar()
    allowed = connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar()
    if not (available and allowed):
        raise DatabaseUnavailableError(
            "数据库没有 PostGIS，当前账号也无法启用；请让数据库管理员执行 CREATE EXTENSION postgis。",
            "The database has no PostGIS, and this account cannot add it; have an administrator run CREATE EXTENSION "
            "postgis.",
            details=named(connection.engine.url),
        )
    connection.execute(text("CREATE EXTENSION postgis"))


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(bundled("alembic")).replace("%", "%%"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _head() -> str | None:
    return _scripts().get_current_head()


def _known_revisions() -> frozenset[str]:
    return frozenset(script.revision for script in _scripts().walk_revisions())
