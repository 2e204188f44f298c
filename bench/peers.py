"""Other servers of OGC API Features beside ours, where the Python that is named has them: a page, and one feature."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from load import Measured, fetch, measure
from report import Line, line
from served import LISTENING, wait_for
from sqlalchemy import make_url

from cluster import free_port
from processes import running

TABLE = "parcels"
Paths = Mapping[str, Callable[[int], str]]
TIPG: Paths = {
    "page of 1,000": lambda number: f"/collections/public.{TABLE}/items?limit=1000&offset={number % 1000}",
    "one feature": lambda number: f"/collections/public.{TABLE}/items/{number + 1}",
}
PYGEOAPI: Paths = {
    "page of 1,000": lambda number: f"/collections/{TABLE}/items?f=json&limit=1000&offset={number % 1000}",
    "one feature": lambda number: f"/collections/{TABLE}/items/{number + 1}?f=json",
}


def compared(  # noqa: PLR0913, PLR0917
    data: str, url: str, python: str, folder: Path, seconds: float, connections: list[int]
) -> Iterator[Line]:
    """A line for each of the servers, questions and numbers of connections."""
    for name, paths, serving in (("tipg", TIPG, _tipg), ("pygeoapi", PYGEOAPI, _pygeoapi)):
        if not _has(python, name):
            continue
        with serving(python, url, folder) as port:
            for question, path in paths.items():
                yield from _measured(f"{name}, {data}", question, path, port, seconds, connections)


def _measured(  # noqa: PLR0913, PLR0917
    data: str, question: str, path: Callable[[int], str], port: int, seconds: float, connections: list[int]
) -> Iterator[Line]:
    for at_once in connections:
        try:
            fetch(port, path(0))
            found: Measured = measure(port, map(path, count()), at_once, seconds)
        except (RuntimeError, OSError) as error:
            yield Line(data, question, at_once, note=str(error)[:150])
            return
        yield line(data, question, at_once, (None, found), note="beside")


def _has(python: str, name: str) -> bool:
    known = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({name!r}) is None)"
    return subprocess.run([python, "-c", known], check=False).returncode == 0  # noqa: S603


@contextmanager
def _tipg(python: str, url: str, _: Path) -> Iterator[int]:
    settings = {
        "DATABASE_URL": url.replace("+psycopg", ""),
        "TIPG_DB_TABLES": json.dumps([f"public.{TABLE}"]),
        "TIPG_DB_SPATIAL_EXTENT": "false",
        "TIPG_DB_DATETIME_EXTENT": "false",
    }
    with _serving(python, "tipg.main:app", settings) as port:
        yield port


@contextmanager
def _pygeoapi(python: str, url: str, folder: Path) -> Iterator[int]:
    port, address = free_port(), make_url(url)
    config, openapi = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.json"
    database = {
        "host": address.host, "port": address.port, "dbname": address.database, "user": address.username,
        "password": address.password, "search_path": ["public"],
    }  # fmt: skip
    provider = {"type": "feature", "name": "PostgreSQL", "data": database, "id_field": "fid", "table": TABLE,
                "geom_field": "geom"}  # fmt: skip
    words = {"en": "benchmark"}
    described = {"title": words, "description": words, "keywords": {"en": ["bench"]}}
    contact = {"name": "x", "url": "http://localhost"}
    server = {
        "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}", "mimetype": "application/json",
        "encoding": "utf-8", "languages": ["en-US"], "limits": {"default_items": 10, "max_items": 1000},
        "map": {"url": "", "attribution": ""}, "gzip": False,
    }  # fmt: skip
    metadata = {
        "identification": {**described, "keywords_type": "theme", "terms_of_service": "x", "url": "http://localhost"},
        "license": {"name": "x", "url": "http://localhost"}, "provider": contact, "contact": contact,
    }  # fmt: skip
    extent = {"spatial": {"bbox": [118, 28, 122, 32], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    resources = {TABLE: {"type": "collection", **described, "links": [], "extents": extent, "providers": [provider]}}
    # YAML reads JSON.
    config.write_text(
        json.dumps({"server": server, "logging": {"level": "ERROR"}, "metadata": metadata, "resources": resources})
    )
    settings = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    write = [python, "-m", "pygeoapi", "openapi", "generate", str(config), "--output-file", str(openapi)]
    write = [str(Path(python).with_name("pygeoapi")), *write[3:]]
    subprocess.run(write, check=True, env=os.environ | settings, stdout=subprocess.DEVNULL)  # noqa: S603
    with _serving(python, "pygeoapi.starlette_app:APP", settings, port) as port_:
        yield port_


@contextmanager
def _serving(python: str, app: str, settings: Mapping[str, str], port: int | None = None) -> Iterator[int]:
    port = port or free_port()
    command = [python, "-m", "uvicorn", app, *LISTENING, "--port", str(port)]
    environment = {**settings, "PYTHONPATH": ""}
    with running(command, stop_by=signal.SIGINT, env=environment) as server:
        wait_for(port, server)
        yield port
