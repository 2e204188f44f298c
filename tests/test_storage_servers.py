"""A PostGIS server that hangs, or that the network was cut off from, keeps nobody waiting for ever."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import psycopg
import pytest
from sqlalchemy import Connection, Engine, event, text
from starlette.testclient import TestClient

from bioplan_gis.app import create_app
from bioplan_gis.errors import DatabaseBusyError, DatabaseUnavailableError
from bioplan_gis.settings import Settings
from bioplan_gis.storage import servers
from bioplan_gis.storage.database import reading, require_schema, upgrade, writing
from bioplan_gis.storage.servers import OPTIONS, PING_TIMEOUT_S, READ_TIMEOUT_S, patient
from databases import opened

LONGEST_S = 15


@pytest.fixture
def server(new_url: Callable[[str], str]) -> Iterator[Engine]:
    """A database on PostGIS with the current schema."""
    for engine in opened(new_url("postgis")):
        upgrade(engine)
        yield engine


@contextmanager
def _stopped(*processes: int) -> Iterator[None]:
    """Processes that hang for a while."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def _value(connection: Connection, statement: str):
    return connection.execute(text(statement)).scalar_one()


def _backend(engine: Engine) -> int:
    with reading(engine) as connection:
        return _value(connection, "SELECT pg_backend_pid()")


def _server(engine: Engine) -> int:
    with reading(engine) as connection:
        return int(_value(connection, "SELECT pg_read_file('postmaster.pid')").split()[0])


def _pooled(engine: Engine) -> set[int]:
    """The one connection that the engine now keeps."""
    return {_backend(engine) for _ in range(2)}


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection lay idle for as long as after which it is asked whether it lives."""
    monkeypatch.setattr(servers, "FRESH_S", 0.0)


@pytest.mark.usefixtures("idle")
def test_a_connection_that_hangs_is_replaced(server: Engine):
    (hanging,) = _pooled(server)
    began = monotonic()
    with _stopped(hanging):
        require_schema(server)
        assert hanging not in _pooled(server)
    assert monotonic() - began < LONGEST_S


@pytest.mark.usefixtures("idle")
def test_a_server_that_hangs_is_not_ready(server: Engine):
    url = server.url.render_as_string(hide_password=False)
    with TestClient(create_app(Settings(database_url=url))) as client:
        client.get("/readyz")
        backends = [_value_of(row) for row in _activity(server)]
        with _stopped(_server(server), *backends):
            began = monotonic()
            answer = client.get("/readyz", headers={"Accept-Language": "en"})
            assert monotonic() - began < LONGEST_S
    assert answer.status_code == 503
    assert "cannot be reached" in answer.json()["detail"]


def _activity(engine: Engine) -> list[tuple[int]]:
    with reading(engine) as connection:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        return [tuple(row) for row in connection.execute(text(asked))]


def _value_of(row: tuple[int]) -> int:
    return row[0]


def test_a_server_that_falls_silent_in_the_middle_is_given_up(server: Engine):
    hanging = _backend(server)
    with (
        _stopped(hanging),
        pytest.raises(DatabaseUnavailableError, match=r"no answer within 0\.2 s"),
        _asking_at_once(server, hanging) as connection,
    ):
        connection.execute(text("SELECT 1"))
    assert _backend(server) != hanging


@contextmanager
def _asking_at_once(engine: Engine, hanging: int) -> Iterator[Connection]:
    """A reader whose connection hangs from its first question on, and who has little patience."""
    os.kill(hanging, signal.SIGCONT)
    with reading(engine) as connection:
        assert _value(connection, "SELECT pg_backend_pid()") == hanging
        os.kill(hanging, signal.SIGSTOP)
        with patient(connection, 0.2):
            yield connection


def test_a_slow_answer_is_waited_for_as_long_as_it_is_told(server: Engine):
    """A reader is patient beyond a ping's time, a writer without end; the server ends a reader's statement."""
    seen: list[float | None] = []
    event.listen(server, "before_cursor_execute", lambda it, *_: seen.append(it.connection.dbapi_connection.patience_s))
    with reading(server) as connection:
        assert _value(connection, "SHOW statement_timeout") == f"{READ_TIMEOUT_S}s"
    with writing(server) as connection:
        assert _value(connection, "SHOW statement_timeout") == "0"
        assert connection.connection.dbapi_connection.patience_s is None
    assert seen[0] > READ_TIMEOUT_S > PING_TIMEOUT_S
    with reading(server) as connection:
        assert _value(connection, "SHOW statement_timeout") == f"{READ_TIMEOUT_S}s"


def test_a_statement_that_takes_too_long_is_ended(server: Engine):
    asked = text("SET LOCAL statement_timeout = 50; SELECT count(*) FROM generate_series(1, 1000000000)")
    with pytest.raises(DatabaseBusyError, match="in the time that it is given"), reading(server) as connection:
        connection.execute(asked)


def test_a_way_that_was_cut_is_noticed(server: Engine):
    with reading(server) as connection:
        database: psycopg.Connection = connection.connection.dbapi_connection
        assert OPTIONS.items() <= {**database.info.get_parameters(), **_numbers(database)}.items()
    url = server.url.update_query_dict({"keepalives_idle": "60"}).render_as_string(hide_password=False)
    for patient_engine in opened(url):
        with reading(patient_engine) as connection:
            assert _numbers(connection.connection.dbapi_connection)["keepalives_idle"] == 60


def _numbers(database: psycopg.Connection) -> dict[str, int]:
    return {name: int(value) for name, value in database.info.get_parameters().items() if value.isdigit()}
