"""The embedded database as a file: opened as it stands there now, never made by a reader, whole after a load."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from bioplan_gis.errors import DatabaseUnavailableError, NotLoadedError, ReadOnlyDatabaseError
from bioplan_gis.storage.addresses import named, unusable
from bioplan_gis.storage.failures import translated
from bioplan_gis.storage.spatial import FAILURE, register_functions

OLDEST_SQLITE = (3, 38)
# Where a connection's info keeps the file that it was opened on.
_OPENED_ON = "bioplan_file"
# Permissions are those of the effective user, as the system's own open() asks for them.
_may = partial(os.access, effective_ids=os.access in os.supports_effective_ids)


@dataclass(frozen=True)
class StandingFile:
    """What stands at a path now: another file there is another database.

    Attributes:
        device: the file's device.
        inode: its number there.
        settled: its time and size where SQLite cannot and need not keep a log beside it; None otherwise.
    """

    device: int
    inode: int
    settled: tuple[int, int] | None

    @property
    def mode(self) -> str:
        """How SQLite is to open it; none of these makes a file."""
        return "mode=rw" if self.settled is None else "mode=ro&immutable=1"


def open_file(url: URL, busy_timeout_s: float, **options: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's
    """An engine for a GeoPackage; its folder is made, the file itself by the first writer.

    Raises:
        DatabaseUnavailableError: the URL names no file, or this Python's SQLite cannot serve.
        ReadOnlyDatabaseError: the folder of the GeoPackage cannot be made.
    """
    require_sqlite(sqlite3.connect(":memory:"))
    path = _path_of(url)
    engine = create_engine(url.set(database=str(path)), creator=_opener(path, url, busy_timeout_s), **options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", partial(_require_same_file, path, url))
    event.listen(engine, "begin", _begin)
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


def make_file(engine: Engine) -> None:
    """Let the file be there, empty where there was none; whoever writes calls this first.

    Raises:
        ReadOnlyDatabaseError: it cannot be made.
    """
    path = Path(engine.url.database or "")
    try:
        with suppress(FileExistsError):
            path.touch(exist_ok=False)
    except OSError as error:
        raise ReadOnlyDatabaseError(
            "无法建立数据库文件；请检查其所在文件夹的权限，或在 BIOPLAN_DATABASE_URL 中改用可写的位置。",
            "The database file cannot be made; check the permissions of its folder, or name a place that can be "
            "written in BIOPLAN_DATABASE_URL.",
            details=f"{named(engine.url)} ({error.strerror})",
        ) from error


def keep_log_beside(engine: Engine) -> None:
    """Write-ahead logging: readers go on with the old state while a load runs. The file remembers it."""
    with translated(engine), engine.connect() as connection:
        connection.execution_options(bioplan_begin=None).exec_driver_sql("PRAGMA journal_mode = WAL")


def settle(engine: Engine) -> None:
    """Bring all that is kept into the one file, so that a copy of it is whole, and close what stands idle.

    Where a reader elsewhere holds the log, or the disk is full, it stays beside the file and nothing is lost.
    """
    with suppress(OperationalError), engine.connect() as connection:
        connection.execution_options(bioplan_begin=None).exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


def _path_of(url: URL) -> Path:
    """The file that a URL names; its folder is made."""
    if url.query or url.host:
        raise unusable(named(url), "文件路径之外不能有其他内容", "nothing may stand in it but a path")
    path = Path(url.database or "").absolute()
    try:
        if url.database in {None, "", ":memory:"} or path.is_dir():
            raise unusable(named(url), "应指向一个文件", "it should name a file")
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReadOnlyDatabaseError(
            "无法进入或建立数据库所在的文件夹；请检查权限，或在 BIOPLAN_DATABASE_URL 中改用可写的位置。",
            "The folder of the database cannot be entered or made; check its permissions, or name a place that can be "
            "written in BIOPLAN_DATABASE_URL.",
            details=f"{path.parent} ({error.strerror})",
        ) from error
    return path


def _opener(path: Path, url: URL, busy_timeout_s: float) -> Callable[[ConnectionPoolEntry], sqlite3.Connection]:
    def connect(record: ConnectionPoolEntry) -> sqlite3.Connection:
        # Looked at before it is opened: whoever replaces it in between is noticed at the next use.
        standing = _require_standing(path, url)
        record.info[_OPENED_ON] = standing
        source = f"{path.as_uri()}?{standing.mode}"
        return sqlite3.connect(source, uri=True, timeout=busy_timeout_s, check_same_thread=False)

    return connect


def _require_standing(path: Path, url: URL) -> StandingFile:
    """The file at the path.

    Raises:
        NotLoadedError: there is none.
        DatabaseUnavailableError: it cannot be read.
    """
    standing = standing_file(path, url)
    if standing is None:
        raise NotLoadedError(
            "数据库文件还不存在，或已被移走；请先运行 bioplan load。",
            "The database file is not there yet, or was taken away; run bioplan load first.",
            details=named(url),
        )
    if not _may(path, os.R_OK):
        raise _unreadable(url, os.strerror(13))
    return standing


def standing_file(path: Path, url: URL) -> StandingFile | None:
    """What stands at the path now; None where nothing does.

    Raises:
        DatabaseUnavailableError: its folder cannot be entered.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(url, str(error.strerror)) from error
    settled = (found.st_mtime_ns, found.st_size) if _is_settled(path) else None
    return StandingFile(found.st_dev, found.st_ino, settled)


def _is_settled(path: Path) -> bool:
    """Whether SQLite can keep no log beside the file and has left none there: then the file alone is the database."""
    return not _may(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _unreadable(url: URL, reason: str) -> DatabaseUnavailableError:
    return DatabaseUnavailableError(
        "数据库文件不可读；请检查该文件及其所在文件夹的权限。",
        "The database file cannot be read; check the permissions of the file and its folder.",
        details=f"{named(url)} ({reason})",
    )


def _require_same_file(
    path: Path, url: URL, _database: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """A connection to a file that was replaced or removed is opened anew, as are all others."""
    if standing_file(path, url) != record.info[_OPENED_ON]:
        raise InvalidatePoolError


def _prepare(database: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    """SQLAlchemy, not sqlite3, begins transactions, so that schema changes are part of them."""
    database.isolation_level = None
    register_functions(database, record.info)


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("bioplan_begin", "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


def _uncover(context: ExceptionContext) -> None:
    """SQLite says only that a function failed; raise what failed within it, such as a full disk."""
    failure = context.connection.info.pop(FAILURE, None) if context.connection else None
    if failure is not None:
        raise failure from context.original_exception
