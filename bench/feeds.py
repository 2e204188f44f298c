"""Speed of the feeds as ratios: our rate over that of the best bare equivalent, both in one run and one process.

``make bench`` runs it over both engines; the numbers of one machine mean little, their ratios travel.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import bare
import parcels

from bioplan_gis.app import create_app
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import open_engine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cluster import postgis_server

COUNT = 50_000
ROUNDS = 40
BOX = (120.0, 30.1, 120.2, 30.2)
ITEMS = "/api/collections/industrial_land/items"
QUESTIONS = {
    "page of 1,000": (ITEMS, "limit=1000", "/page"),
    "small box": (ITEMS, f"limit=1000&bbox={','.join(map(str, BOX))}", "/bbox"),
    "one feature": (f"{ITEMS}/parcel-777", "", "/one"),
}

App = Callable[..., Awaitable[None]]


async def get(app: App, path: str, query: str = "") -> bytes:
    """The body of one answer, straight from the application."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"localhost")], "root_path": "", "scheme": "http", "server": ("localhost", 80),
        "http_version": "1.1",
    }  # fmt: skip
    await app(scope, receive, send)
    if sent[0]["status"] != 200:  # noqa: PLR2004
        raise RuntimeError(f"{path}?{query}: {sent}")
    return b"".join(message.get("body", b"") for message in sent[1:])


async def measure(ours: App, theirs: App, question: tuple[str, str, str]) -> tuple[float, float]:
    """Median seconds of our answer and of the bare one, taken in turns so that both meet the same machine."""
    path, query, bare_path = question
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for app, asked, kept in ((ours, (path, query), times[0]), (theirs, (bare_path, ""), times[1])):
            start = time.perf_counter()
            await get(app, *asked)
            kept.append(time.perf_counter() - start)
    return median(times[0]), median(times[1])


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """The URL of an empty database of each engine."""
    with tempfile.TemporaryDirectory() as folder, postgis_server() as cluster:
        yield {"gpkg": f"sqlite:///{folder}/bench.gpkg", "postgis": cluster.create("bench")}


def main() -> None:
    """Print a line for each engine and question."""
    print(f"{COUNT:,} synthetic parcels, median of {ROUNDS}; ratio = our rate / bare rate")
    with databases() as urls:
        for name, url in urls.items():
            engine = open_engine(url)
            parcels.fill(engine, COUNT)
            ours, theirs = create_app(Settings(database_url=url)), bare.application(engine, BOX)
            for label, question in QUESTIONS.items():
                our_s, bare_s = asyncio.run(measure(ours, theirs, question))
                print(f"{name:8} {label:14} {our_s * 1e3:7.2f} ms  bare {bare_s * 1e3:7.2f} ms  {bare_s / our_s:5.2f}")
            engine.dispose()


if __name__ == "__main__":
    main()
