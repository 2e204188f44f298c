"""Downloads as a real server sends them: given up with the client, few at once, whole or broken, in little memory."""

import asyncio
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx2
import pytest
import shapely
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient
from starlette.types import Message

from bioplan_gis.api.spools import MOST_BYTES_AT_ONCE, ClientGoneError, Room, Spool
from bioplan_gis.api.transfers import TRANSFERS_AT_ONCE, Head, Making, Transfer, Transfers
from bioplan_gis.app import create_app
from bioplan_gis.errors import CrowdedError
from bioplan_gis.importing.reading.folders import DOWNLOADS
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import READERS_AT_ONCE
from processes import running
from typed_layers import store_parcels

ITEMS = f"/api/collections/{quote('地块')}/items"
ROWS, TEXT = 12_000, "三类工业用地" * 120
FILES = ("ndjson", "csv", "xlsx", "gpkg")


@dataclass(frozen=True)
class Served:
    """A service as a process of its own.

    Attributes:
        address: without the last slash.
        process: its number.
        folder: where it puts what is temporary.
    """

    address: str
    process: int
    folder: Path

    def left(self) -> list[Path]:
        """Temporary folders of downloads."""
        return list(self.folder.glob(f"{DOWNLOADS}*"))

    def most_memory_mb(self) -> float:
        """The most that it ever had."""
        (line,) = (
            line for line in Path(f"/proc/{self.process}/status").read_text().splitlines() if line.startswith("VmHWM")
        )
        return int(line.split()[1]) / 1024


@contextmanager
def served(engine: Engine, folder: Path, printed: list[str]) -> Iterator[Served]:
    env = {"BIOPLAN_DATABASE_URL": engine.url.render_as_string(hide_password=False), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "bioplan_gis.cli", "serve", "--port", "0"]
    with running(command, stop_by=signal.SIGINT, env=env, cwd=folder) as service:
        address = service.wait_for("http://").split()[-1].rstrip("/")
        yield Served(address, service.process.pid, folder)
        printed.append(service.output)


def store(engine: Engine, rows: int) -> None:
    records = [{"id": f"{at}", "户数": at, "name": TEXT} for at in range(rows)]
    store_parcels(engine, records, [shapely.Point(120 + at / rows, 30) for at in range(rows)])
    engine.dispose()


@pytest.fixture
def large(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    """A service over a layer of 26 MB of text, more than any buffer on the way to a client holds."""
    store(engine, ROWS)
    printed: list[str] = []
    with served(engine, tmp_path, printed) as service:
        yield service
    assert "Traceback" not in printed[0], printed[0]


def asked(service: Served, path: str) -> socket.socket:
    """A connection on which a request was sent, and nothing read."""
    address = urlsplit(service.address)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return connection


def begun(service: Served, path: str) -> socket.socket:
    """The same, when the first bytes of the answer are there."""
    connection = asked(service, path)
    assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    return connection


def test_who_reads_slowly_keeps_nobody_waiting(large: Served):
    with ExitStack() as clients:
        for at in range(5 * TRANSFERS_AT_ONCE):
            clients.enter_context(begun(large, f"{ITEMS}?f={('ndjson', 'csv', 'kml')[at % 3]}"))
        for _ in range(10):
            assert httpx2.get(f"{large.address}{ITEMS}?limit=10", timeout=20).status_code == 200
            assert httpx2.get(f"{large.address}{ITEMS}?limit=10&f=jsonfg", timeout=20).status_code == 200
        for chosen in FILES:
            assert received(large, f"{ITEMS}?f={chosen}&limit=5") > 0
            assert received(large, f"{ITEMS}?f={chosen}") > 0
        # More than there are connections, and each of them was given back.
        for _ in range(READERS_AT_ONCE):
            assert httpx2.get(f"{large.address}/readyz", timeout=20).status_code == 200


def test_who_reads_slowly_gets_the_same_bytes(large: Served):
    at_once = httpx2.get(f"{large.address}{ITEMS}?f=csv", timeout=60).content
    with httpx2.stream("GET", f"{large.address}{ITEMS}?f=csv", timeout=60) as slow:
        received(large, f"{ITEMS}?f=csv")
        assert slow.read() == at_once


def test_only_a_whole_layer_needs_a_turn(engine: Engine):
    store(engine, 20)
    app = create_app(Settings(database_url=engine.url.render_as_string(hide_password=False)))
    app.state.transfers = Transfers(asyncio.Semaphore(0), patience_s=0.01)
    with TestClient(app) as client:
        for chosen in FILES:
            items = f"{ITEMS}?f={chosen}"
            head = client.head(items)
            assert (head.status_code, head.content) == (200, b"")
            assert client.get(items, headers={"If-None-Match": head.headers["ETag"]}).status_code == 304
            assert client.get(f"{items}&limit=5").status_code == 200
            assert client.get(f"{ITEMS}/3?f={chosen}").status_code == 200
            assert client.get(f"{items}&bbox=1").status_code == 400
            assert client.get(items).status_code == 503


def test_clients_that_leave_cost_neither_turns_nor_connections_nor_folders(large: Served):
    for at in range(4 * TRANSFERS_AT_ONCE):
        chosen = FILES[at % len(FILES)]
        client = asked(large, f"{ITEMS}?f={chosen}&crs=EPSG:4549")
        if chosen in {"ndjson", "csv"}:
            client.recv(1000)
        client.close()
    # Whoever comes after four times as many as there are turns finds the work of all of them given up.
    for chosen in FILES:
        assert httpx2.get(f"{large.address}{ITEMS}?f={chosen}&limit=5", timeout=60).status_code == 200
    for _ in range(30):
        assert httpx2.get(f"{large.address}/readyz", timeout=60).status_code == 200
    # The last folder goes when its answer has gone.
    waits = (httpx2.get(f"{large.address}/healthz", timeout=60) for _ in range(500))
    assert any(not large.left() for _ in waits)


def test_a_failure_halfway_breaks_the_connection(engine: Engine, tmp_path: Path):
    places = [shapely.Point(120, 30)] * 11_999 + [shapely.Point(30, 0)]
    store_parcels(engine, [{"id": f"{at}"} for at in range(12_000)], places)
    engine.dispose()
    address, printed = {"crs": "EPSG:4549"}, []
    with served(engine, tmp_path, printed) as service:
        for coding in ("identity", "gzip"):
            with pytest.raises(httpx2.RemoteProtocolError, match="without sending complete message body"):
                read_part(f"{service.address}{ITEMS}", address, coding)
        for chosen in ("gpkg", "xlsx", "parquet", "shp"):
            answer = httpx2.get(f"{service.address}{ITEMS}", params=address | {"f": chosen}, timeout=60)
            assert (answer.status_code, answer.json()["parameter"]) == (400, "crs")
    assert printed[0].count("crs: the layer has places where EPSG:4549 is not defined") == 2
    assert printed[0].count("/items?crs=EPSG%3A4549&f=ndjson broke off: ") == 2
    assert "Traceback" not in printed[0]


@pytest.mark.parametrize("engine", [pytest.param("postgis", marks=pytest.mark.postgis)], indirect=True)
def test_a_database_that_ends_halfway_is_a_line_of_the_log(engine: Engine, caplog: pytest.LogCaptureFixture):
    store(engine, ROWS)
    app = create_app(Settings(database_url=engine.url.render_as_string(hide_password=False)))
    app.state.transfers = Transfers(room=Room(0))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and len(sent) == 1:
            await asyncio.to_thread(end_others, engine)
        sent.append(message)

    async def receive() -> Message:
        return await asyncio.Future()

    path = {"path": unquote(ITEMS), "raw_path": ITEMS.encode(), "query_string": b"f=csv"}
    scope = {"type": "http", "method": "GET", "headers": [(b"host", b"a")], "http_version": "1.1", **path}

    async def answer() -> None:
        await app(scope, receive, send)

    with ThreadPoolExecutor(1) as thread:  # a browser of another test may have left its event loop in this one
        thread.submit(asyncio.run, answer()).result()
    assert (sent[0]["status"], sent[-1]["more_body"]) == (200, True)
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"{ITEMS}?f=csv broke off: The database cannot be reached")
    assert "\n" not in line


def end_others(engine: Engine) -> None:
    """End all connections to the database but the own."""
    ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    with engine.connect() as connection:
        connection.execute(text(f"{ending} AND pid <> pg_backend_pid()"))
    engine.dispose()


def read_part(address: str, params: dict[str, str], coding: str) -> None:
    """Read an answer that begins well."""
    with httpx2.stream(
        "GET", address, params=params | {"f": "ndjson"}, headers={"Accept-Encoding": coding}, timeout=60
    ) as answer:
        assert answer.status_code == 200
        assert sum(map(len, answer.iter_raw())) > 0


def test_a_large_layer_goes_through_little_memory(engine: Engine, tmp_path: Path):
    rows = 3 * ROWS
    store(engine, rows)
    with served(engine, tmp_path, []) as service:
        for chosen in ("ndjson", "csv", "kml", "xlsx", "gpkg", "parquet", "fgb", "shp"):
            part = received(service, f"{ITEMS}?f={chosen}&limit=10000")
            before = service.most_memory_mb()
            assert received(service, f"{ITEMS}?f={chosen}") > 2 * part
            # Less than two copies of the text, and a kind of file holds it several times while it is made of a whole.
            assert service.most_memory_mb() - before < 2 * rows * len(TEXT.encode()) / 1e6


def received(service: Served, path: str) -> int:
    """How many bytes an answer has."""
    with httpx2.stream(
        "GET", f"{service.address}{path}", headers={"Accept-Encoding": "identity"}, timeout=60
    ) as answer:
        assert answer.status_code == 200
        return sum(map(len, answer.iter_raw()))


def made(_gone: threading.Event) -> Making:
    """An answer without a body."""
    yield Head({}, 503)


def test_who_waits_too_long_for_a_turn_is_told():
    app = FastAPI()
    refused: list[CrowdedError] = []

    @app.exception_handler(CrowdedError)
    async def refuse(_request, error):
        refused.append(error)
        return Transfer(Transfers(), made)

    @app.get("/")
    async def full():
        return Transfer(Transfers(asyncio.Semaphore(0), patience_s=0.01), made, look=lambda: None)

    with TestClient(app) as client:
        assert client.get("/").status_code == 503
    assert "try again" in refused[0].en


def test_what_a_client_is_behind_with_is_bounded_for_all_together():
    room, gone = Room(3 * MOST_BYTES_AT_ONCE), threading.Event()
    pieces = [bytes([at]) * MOST_BYTES_AT_ONCE for at in range(9)]
    spool, told = Spool(room, gone, lambda: None), []

    def make() -> None:
        for piece in pieces:
            spool.put(piece)
            told.append(room.taken_bytes)

    making = threading.Thread(target=make)
    making.start()
    read = b""
    while len(read) < sum(map(len, pieces)):
        read += spool.take()
    making.join(60)
    assert read == b"".join(pieces)
    assert max(told) <= room.most_bytes
    assert room.taken_bytes == 0
    spool.close()


def test_who_waits_for_room_goes_with_the_client():
    spool, ended = Spool(Room(0), threading.Event(), lambda: None), []

    def make() -> None:
        with pytest.raises(ClientGoneError):
            spool.put(bytes(2 * MOST_BYTES_AT_ONCE))
        ended.append(True)

    making = threading.Thread(target=make)
    making.start()
    spool.close()
    making.join(60)
    assert ended
