"""What is measured, as processes of their own: ``uvicorn --factory served:ours``, and ``served:bare`` beside it."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.applications import Starlette

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from bare import application

from bioplan_gis.app import create_app
from bioplan_gis.settings import read_settings
from cluster import free_port
from processes import Program, running

# The same for both, and what ``bioplan serve`` sets.
LISTENING = ("--log-level", "warning", "--no-access-log", "--host", "127.0.0.1")
ADDRESS = "BENCH_DATABASE_URL"
PATIENCE_S = 60


def ours() -> FastAPI:
    """The service as it is."""
    return create_app(read_settings(database_url=os.environ[ADDRESS]))


def bare() -> Starlette:
    """The bare equivalent."""
    return application(os.environ[ADDRESS])


@contextmanager
def serving(what: str, url: str) -> Iterator[int]:
    """One worker process of ``ours`` or ``bare`` over a database; its port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"served:{what}", "--factory", *LISTENING, "--port", str(port)]
    folders = [str(Path(__file__).parents[1] / folder) for folder in ("bench", "tests")]
    paths = os.pathsep.join([*folders, *filter(None, [os.environ.get("PYTHONPATH")])])
    with running(command, stop_by=signal.SIGINT, env={ADDRESS: url, "PYTHONPATH": paths}) as server:
        wait_for(port, server)
        yield port


def wait_for(port: int, server: Program) -> None:
    """Until it listens."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until or server.process.poll() is not None:
                raise RuntimeError(server.output) from None
            time.sleep(0.05)
        else:
            return
