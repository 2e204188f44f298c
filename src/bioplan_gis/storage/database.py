"""Opening a database of either kind, its transactions, and the versions of its schema.

An engine is made by calling ``open_engine``; whoever stands at the edge (a request, a command) owns the transaction
through ``reading`` and ``writing``.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from bioplan_gis.errors import (
    DatabaseUnavailableError,
    ForeignDatabaseError,
    NotLoadedError,
    ReadOnlyDatabaseError,
    SchemaTooNewError,
    SchemaTooOldError,
)
from bioplan_gis.settings import bundled
from bioplan_gis.storage.failures import named, translated
from bioplan_gis.storage.spatial import FAILURE, register_functions
from bioplan_gis.storage.tables import METADATA, canonical_json

VERSION_TABLE = "bioplan_schema"
BUSY_TIMEOUT_S = 5
CONNECT_TIMEOUT_S = 5
# Whoever lets in no more readers at once than this, each with two connections at most, never waits for one.
READERS_AT_ONCE = 16
_POOL = {"pool_size": READERS_AT_ONCE, "max_overflow": READERS_AT_ONCE}
OLDEST_SQLITE = (3, 38)
# One writer at a time on PostGIS too, as in a GeoPackage; the number is any that no other product uses.
WRITE_LOCK = 0x42696F506C616E

_POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")


class _Content(Enum):
    EMPTY = "nothing of ours"
    OURS = "our schema"
    FOREIGN = "somebody else's"


def open_engine(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """An engine for ``sqlite:///path`` (a GeoPackage) or ``postgresql://…`` (PostGIS); nothing is asked of it yet.

    Args:
        url: SQLAlchemy's form; ``postgres://`` and ``postgresql://`` mean psycopg.
        busy_timeout_s: how long a writer waits for another in seconds.

    Raises:
        DatabaseUnavailableError: the URL cannot be used, or this Python's SQLite cannot serve.
        ReadOnlyDatabaseError: the folder of the GeoPackage cannot be made.
    """
    parsed = _parsed(url)
    if parsed.drivername == "sqlite":
        return _open_gpkg(parsed, busy_timeout_s)
    if parsed.drivername in _POSTGRESQL:
        return _open_postgis(parsed.set(drivername="postgresql+psycopg"), busy_timeout_s)
    raise _url_error(named(parsed), f"不支持“{parsed.drivername}”", f"“{parsed.drivername}” is not supported")


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _url_error(url, "格式不正确", "it is malformed") from error


def _url_error(url: str, zh: str, en: str) -> DatabaseUnavailableError:
    forms = "sqlite:///var/bioplan.gpkg · postgresql+psycopg://user:password@host:5432/name"
    return DatabaseUnavailableError(
        f"数据库地址 {url} 无法使用：{zh}。可用的形式：{forms}",
        f"The database URL {url} cannot be used: {en}. It should be of the form {forms}",
    )


def _open_gpkg(url: URL, busy_timeout_s: float) -> Engine:
    require_sqlite(sqlite3.connect(":memory:"))
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:" or path.is_dir():
        raise _url_error(named(url), "应指向一个文件", "it should name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReadOnlyDatabaseError(
            f"无法建立数据库文件夹 {path.parent}（{error.strerror}）；请在 BIOPLAN_DATABASE_URL 中改用可写的位置。",
            f"The folder {path.parent} of the database cannot be made ({error.strerror}); name a place that can be "
            "written in BIOPLAN_DATABASE_URL.",
        ) from error
    engine = create_engine(url, connect_args={"timeout": busy_timeout_s}, json_serializer=canonical_json, **_POOL)
    event.listen(engine, "connect", _prepare_gpkg)
    event.listen(engine, "begin", _begin_gpkg)
    event.listen(engine, "handle_error", _uncover)
    return engine


def require_sqlite(database: sqlite3.Connection) -> None:
    """See that this Python's SQLite has what the GeoPackage needs; closes the connection.

    Raises:
        DatabaseUnavailableError: it is too old, or was built without R*Tree or JSON.
    """
    try:
        database.execute("CREATE VIRTUAL TABLE probe USING rtree(id, minx, maxx, miny, maxy)")
        database.execute("SELECT json_object('a', 1)")
        able = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    except sqlite3.Error:
        able = False
    finally:
        database.close()
    if not able:
        needed = ".".join(map(str, OLDEST_SQLITE))
        raise DatabaseUnavailableError(
            f"此 Python 自带的 SQLite {sqlite3.sqlite_version} 不可用：需要 {needed} 以上并带 R*Tree 与 JSON。"
            "请换用其他 Python，或改用 PostGIS。",
            f"The SQLite {sqlite3.sqlite_version} of this Python cannot serve: {needed} or later with R*Tree and JSON "
            "is needed. Use another Python, or PostGIS.",
        )


def _prepare_gpkg(database: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """SQLAlchemy, not sqlite3, begins transactions, so that schema changes are part of them."""
    database.isolation_level = None
    register_functions(database, record.info)


def _uncover(context: ExceptionContext) -> None:
    """SQLite says only that a function failed; raise what failed within it, such as a full disk."""
    failure = context.connection.info.pop(FAILURE, None) if context.connection else None
    if failure is not None:
        raise failure from context.original_exception


def _begin_gpkg(connection: Connection) -> None:
    begin = connection.get_execution_options().get("bioplan_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _open_postgis(url: URL, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        url,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        execution_options={"bioplan_busy_ms": round(busy_timeout_s * 1000)},
        json_serializer=canonical_json,
        pool_pre_ping=True,
        **_POOL,
    )
    event.listen(engine, "connect", _prepare_postgis)
    return engine


def _prepare_postgis(database: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """PostGIS functions are priced so high that the server would compile every query, 0.8 s for one of 30 ms."""
    database.autocommit = True
    database.cursor().execute("SET jit = off")
    database.autocommit = False


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database throughout, whatever is loaded meanwhile.

    Raises:
        StorageError: the database cannot be read.
    """
    with translated(engine), engine.connect() as connection, _snapshot(connection).begin():
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
    now = {"bioplan_begin": "BEGIN IMMEDIATE"}
    with translated(engine), engine.connect() as connection, connection.execution_options(**now).begin():
        if connection.dialect.name == "postgresql":
            connection.execute(
                text(f"SET LOCAL lock_timeout = {connection.get_execution_options()['bioplan_busy_ms']}")
            )
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
        yield connection


def upgrade(engine: Engine) -> None:
    """Bring the schema to this version's, in one transaction; a database that is current is only read.

    Raises:
        ForeignDatabaseError: the database holds something that is not ours.
        DatabaseUnavailableError: it has no PostGIS, and this account cannot add it.
        SchemaTooNewError: a later version made it.
        StorageError: it cannot be read or written.
    """
    with reading(engine) as connection:
        if _revision(connection) == _head():
            return
        _require_ours_or_empty(connection)
    if engine.dialect.name == "sqlite":
        _keep_log_beside(engine)
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
        _require_ours_or_empty(connection)
        revision = _revision(connection)
    if revision is None:
        raise NotLoadedError(
            f"数据库 {named(engine.url)} 还是空的；请先运行 bioplan load。",
            f"The database {named(engine.url)} is still empty; run bioplan load first.",
        )
    if revision != _head():
        raise SchemaTooOldError(
            f"数据库 {named(engine.url)} 的结构版本（{revision}）较旧；请运行 bioplan load 升级，数据会保留。",
            f"The schema of the database {named(engine.url)} ({revision}) is an earlier version's; bioplan load "
            "upgrades it and keeps the data.",
        )


def _keep_log_beside(engine: Engine) -> None:
    """Write-ahead logging: readers go on with the old state while a load runs. The file remembers it."""
    with translated(engine), engine.connect() as connection:
        connection.execution_options(bioplan_begin=None).exec_driver_sql("PRAGMA journal_mode = WAL")


def _require_ours_or_empty(connection: Connection) -> None:
    content = _content(connection)
    url = named(connection.engine.url)
    if content is _Content.FOREIGN:
        raise ForeignDatabaseError(
            f"数据库 {url} 中有不属于 BioPlan GIS 的内容，未作任何改动；请在 BIOPLAN_DATABASE_URL 中改用空的数据库。",
            f"The database {url} holds something that BioPlan GIS did not make; it was left untouched. Name an empty "
            "one in BIOPLAN_DATABASE_URL.",
        )
    revision = _revision(connection)
    if revision is not None and revision not in _known_revisions():
        raise SchemaTooNewError(
            f"数据库 {url} 由更新版本的 BioPlan GIS 建立（结构 {revision}），未作任何改动；请升级本软件。",
            f"The database {url} was made by a later version of BioPlan GIS (schema {revision}); it was left "
            "untouched. Upgrade this software.",
        )


def _content(connection: Connection) -> _Content:
    """A file is ours alone; a PostgreSQL database may hold other tables, but none of our names."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return _Content.OURS
    others = tables if connection.dialect.name == "sqlite" else tables & set(METADATA.tables)
    return _Content.FOREIGN if others else _Content.EMPTY


def _revision(connection: Connection) -> str | None:
    """The schema's revision; None where there is no schema of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return None if revision is None else str(revision)


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
            f"数据库 {named(connection.engine.url)} 没有 PostGIS，当前账号也无法启用；"
            "请让数据库管理员执行 CREATE EXTENSION postgis。",
            f"The database {named(connection.engine.url)} has no PostGIS, and this account cannot add it; have an "
            "administrator run CREATE EXTENSION postgis.",
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
