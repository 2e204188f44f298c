"""The PostGIS server: opened so that one that hangs or is cut off is noticed, and keeps nobody waiting for ever."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, TypeVar, cast

import psycopg
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import Loader
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from bioplan_gis.errors import DatabaseUnavailableError
from bioplan_gis.storage.addresses import named, unusable

CONNECT_TIMEOUT_S = 5
# A server that does not answer its shortest question within this is given up.
PING_TIMEOUT_S = 5
# Longest that a reader's statement may take; the server itself ends it.
READ_TIMEOUT_S = 30
# How libpq finds out that the way to the server was cut: https://www.postgresql.org/docs/current/libpq-connect.html
OPTIONS: Mapping[str, object] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A little longer than the server's own limit, whose answer says more.
PATIENCE_OF_READERS_S = READ_TIMEOUT_S + 5
# A connection that was used a moment ago is not asked whether it still lives: that costs as much as a short answer.
FRESH_S = 1.0

Value = TypeVar("Value")


class NoAnswerError(psycopg.OperationalError):
    """The server kept the connection and said nothing for longer than anyone would wait."""


class AnsweringConnection(psycopg.Connection[TupleRow]):
    """A connection that gives a silent server up.

    Neither statement_timeout nor TCP helps against a server that hangs: the one is its own clock, and its kernel goes
    on acknowledging.

    Attributes:
        patience_s: longest silence in seconds; None waits for ever.
    """

    patience_s: float | None = PING_TIMEOUT_S

    def wait(self, gen: PQGen[Value], *options: Any, **more: Any) -> Value:  # noqa: ANN401 - psycopg's
        """Let the server answer; a connection that it does not answer on is closed, for its state is unknown."""
        try:
            return super().wait(_heard(gen, self.patience_s), *options, **more)
        except NoAnswerError:
            self.close()
            raise


def _heard(gen: PQGen[Value], patience_s: float | None) -> PQGen[Value]:
    """The same conversation; psycopg looks in without news (``ready`` is 0) several times a second."""
    heard_at = monotonic()
    try:
        waits_for = next(gen)
        while True:
            ready = yield waits_for
            heard_at = monotonic() if ready else heard_at
            if patience_s is not None and monotonic() - heard_at > patience_s:
                raise NoAnswerError(f"no answer within {patience_s} s")
            waits_for = gen.send(ready)
    except StopIteration as end:
        value: Value = end.value
        return value


def open_server(url: URL, busy_timeout_s: float, **options: Any) -> Engine:  # noqa: ANN401 - SQLAlchemy's
    """An engine for PostGIS; nothing is asked of the server yet.

    Raises:
        DatabaseUnavailableError: the URL has an option that libpq does not know.
    """
    _require_known_options(url)
    engine = create_engine(
        url,
        connect_args={name: value for name, value in OPTIONS.items() if name not in url.query},
        execution_options={"bioplan_busy_ms": round(busy_timeout_s * 1000)},
        # A single statement is a transaction by itself; ``reading`` and ``writing`` ask for longer ones.
        isolation_level="AUTOCOMMIT",
        **options,
    )
    event.listen(engine, "do_connect", partial(_connect, url))
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "checkout", partial(_require_alive, engine.dialect))
    event.listen(engine, "checkin", _remember_use)
    return engine


def _require_alive(
    dialect: Dialect, database: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """A connection that lay idle is asked for an answer first; the pool makes another one where it has none."""
    if monotonic() - record.info.get(_USED, -math.inf) < FRESH_S:
        return
    try:
        dialect.do_ping(database)
    except psycopg.Error as error:
        raise DisconnectionError(str(error)) from error


def _remember_use(_database: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = monotonic()


_USED = "bioplan_used"


def fetch_row(connection: Connection, sql: str, values: Sequence[object]) -> tuple[Any, ...]:
    """The one row of a statement that is text already, as PostgreSQL itself reads it, with $1, $2 and so on.

    What SQLAlchemy does for each execution costs as much as one feature; whoever asks a statement that never changes
    has had it compiled.
    """
    database: Any = connection.connection.dbapi_connection
    with as_sqlalchemy(sql), psycopg.RawCursor(database) as cursor:
        return cast("tuple[Any, ...]", cursor.execute(sql, values).fetchone())


@contextmanager
def as_sqlalchemy(statement: str) -> Iterator[None]:
    """What psycopg raises here as SQLAlchemy would raise it, so that it is understood where every other error is."""
    try:
        yield
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


@contextmanager
def patient(connection: Connection, patience_s: float | None) -> Iterator[None]:
    """Wait so long for each answer, and no longer than for a ping thereafter; a file is not waited for."""
    database: Any = connection.connection.dbapi_connection
    if not isinstance(database, AnsweringConnection):
        yield
        return
    database.patience_s = patience_s
    try:
        yield
    finally:
        database.patience_s = PING_TIMEOUT_S


def _require_known_options(url: URL) -> None:
    try:
        _, options = url.get_dialect()().create_connect_args(url)
        make_conninfo("", **{name: value for name, value in options.items() if name != "context"})
    except (ArgumentError, ValueError, psycopg.Error) as error:
        raise _wrong_option(url, error) from error


def _wrong_option(url: URL, error: Exception) -> DatabaseUnavailableError:
    return unusable(f"{named(url)} ({str(error).strip()})", "其中的选项不可用", "an option in it cannot be used")


def _connect(
    url: URL, _dialect: Dialect, _record: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]
) -> AnsweringConnection:
    try:
        return AnsweringConnection.connect(*arguments, **options)
    except psycopg.ProgrammingError as error:
        raise _wrong_option(url, error) from error


class TextAsBytes(Loader):
    """A text that goes out as the database wrote it: to decode a megabyte and encode it again costs milliseconds."""

    def load(self, data: Buffer) -> bytes:
        """The bytes of the text, UTF-8."""
        return bytes(data)


def _prepare(database: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """PostGIS functions are priced so high that the server would compile every query, 0.8 s for one of 30 ms.

    And that it would call other processes to help with a tile of 3 ms, which have to read PROJ's tables first, 85 ms.
    """
    database.autocommit = True
    alone = "SET jit = off; SET max_parallel_workers_per_gather = 0"
    database.cursor().execute(f"{alone}; SET timezone = 'UTC'; SET statement_timeout = '{READ_TIMEOUT_S}s'")
    database.autocommit = False
    # No column is a CHARACTER(n): the type is free to mean this (see ``geojson.as_bytes``).
    database.adapters.register_loader("bpchar", TextAsBytes)
