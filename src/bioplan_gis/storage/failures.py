"""What a database driver says, as the product's own errors: the one place that reads drivers' codes and texts."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bioplan_gis.errors import (
    DamagedDatabaseError,
    DatabaseBusyError,
    DatabaseUnavailableError,
    DiskFullError,
    ForeignDatabaseError,
    NotLoadedError,
    ReadOnlyDatabaseError,
    StorageError,
)
from bioplan_gis.storage.addresses import named

Sentences = tuple[type[StorageError], str, str]

_BUSY: Sentences = (
    DatabaseBusyError,
    "数据库正被另一进程写入或占用；请稍后重试。",
    "The database is being written or held by another process; try again in a moment.",
)
_SLOW: Sentences = (
    DatabaseBusyError,
    "数据库在限定时间内未能答复；请稍后重试，或缩小查询范围。",
    "The database did not finish the answer in the time that it is given; try again in a moment, or ask for less.",
)
_READ_ONLY: Sentences = (
    ReadOnlyDatabaseError,
    "数据库不可写；请检查该文件及其所在文件夹的权限，或换用可写的数据库账号。",
    (
        "The database cannot be written; check the permissions of the file and its folder, or use an account that may "
        "write."
    ),
)
_FULL: Sentences = (
    DiskFullError,
    "数据库所在磁盘已满；本次更改已撤销，原有数据未变。请腾出空间后重试。",
    (
        "The disk that holds the database is full; this change was undone and nothing was lost. Free some space and "
        "try again."
    ),
)
_DAMAGED: Sentences = (
    DamagedDatabaseError,
    "数据库已损坏，或其中的表与其版本不符；请从备份恢复，或改用新的数据库后运行 bioplan load。",
    (
        "The database is damaged, or its tables are not those of its version; restore a backup, or run bioplan load on "
        "a new one."
    ),
)
_NOT_LOADED: Sentences = (
    NotLoadedError,
    "数据库还没有图层；请先运行 bioplan load。",
    "The database has no layers yet; run bioplan load first.",
)
_FOREIGN_FILE: Sentences = (
    ForeignDatabaseError,
    "该文件不是 SQLite/GeoPackage，未作任何改动；请在 BIOPLAN_DATABASE_URL 中改用其他路径。",
    "The file is no SQLite or GeoPackage file and was left untouched; name another path in BIOPLAN_DATABASE_URL.",
)
_TOO_WIDE: Sentences = (
    StorageError,
    "一行的内容超出数据库的上限（列太多或文字太长）；本次更改已撤销。请减少列数，或改用 GeoPackage。",
    (
        "A row is larger than the database can hold (too many columns, or too much text in them); this change was "
        "undone and nothing was lost. Take fewer columns, or a GeoPackage as database."
    ),
)
_UNREADABLE: Sentences = (
    DatabaseUnavailableError,
    "读写数据库时磁盘出错；请检查存储设备。",
    "The disk failed while the database was read or written; check the storage.",
)
_UNREACHABLE: Sentences = (
    DatabaseUnavailableError,
    "无法连接数据库；请确认服务器已启动，地址、账号与密码正确。",
    "The database cannot be reached; see that the server is up and that address, user and password are right.",
)
_OVERLOADED: Sentences = (
    DatabaseBusyError,
    "数据库的连接已用尽；请稍后重试。",
    "All connections to the database are taken; try again in a moment.",
)

# Primary result codes, https://www.sqlite.org/rescode.html
_OF_SQLITE = {5: _BUSY, 6: _BUSY, 8: _READ_ONLY, 10: _UNREADABLE, 11: _DAMAGED, 13: _FULL, 14: _READ_ONLY}
_OF_SQLITE[26] = _FOREIGN_FILE
# SQLSTATE, whole or by class, https://www.postgresql.org/docs/current/errcodes-appendix.html
_OF_POSTGRESQL = {
    "53100": _FULL,
    "53300": _OVERLOADED,
    "25006": _READ_ONLY,
    "42501": _READ_ONLY,
    "55P03": _BUSY,
    "40P01": _BUSY,
    "40001": _BUSY,
    "57014": _SLOW,
    "54": _TOO_WIDE,
    "XX": _DAMAGED,
    "08": _UNREACHABLE,
    "28": _UNREACHABLE,
    "57P": _UNREACHABLE,
    "3D": _UNREACHABLE,
    "42P07": _DAMAGED,
    "42710": _DAMAGED,
}


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Raise what a driver raises as the product's own error; what no table here knows stays as it is."""
    try:
        yield
    except PoolTimeoutError as error:
        raise _written(_OVERLOADED, engine, "") from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        origin = error.orig if isinstance(error, DBAPIError) else error
        sentences = _sentences_of(origin)
        if sentences is None:
            raise
        raise _written(sentences, engine, str(origin).strip().partition("\n")[0]) from error


def damaged(engine: Engine, reason: str) -> StorageError:
    """The error of a database that is not whole, whoever found it out."""
    return _written(_DAMAGED, engine, reason)


def _written(sentences: Sentences, engine: Engine, reason: str) -> StorageError:
    kind, zh, en = sentences
    return kind(zh, en, details=f"{named(engine.url)} ({reason})" if reason else named(engine.url))


def _sentences_of(origin: BaseException | None) -> Sentences | None:
    if (code := getattr(origin, "sqlite_errorcode", None)) is not None:
        return _unlike_its_version(str(origin)) if code == 1 else _OF_SQLITE.get(code & 0xFF)
    state = getattr(origin, "sqlstate", None)
    if state is None:
        # psycopg gives no SQLSTATE where no connection came about, or where it broke.
        return _UNREACHABLE if isinstance(origin, psycopg.OperationalError) else None
    if state in {"42P01", "42703"}:
        return _unlike_its_version(str(origin))
    return next((_OF_POSTGRESQL[state[:length]] for length in (5, 3, 2) if state[:length] in _OF_POSTGRESQL), None)


def _unlike_its_version(reason: str) -> Sentences | None:
    """A table or column is not there, or is there already; without the registry nothing was ever loaded."""
    if "no such table: layers" in reason or 'relation "layers"' in reason:
        return _NOT_LOADED
    return _DAMAGED if any(words in reason for words in ("no such", "does not exist", "already exists")) else None
