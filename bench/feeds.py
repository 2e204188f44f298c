"""Speed of the feeds over HTTP as ratios: our rate over that of the best bare equivalent, taken in turns in one run.

``make bench`` prints a table and writes it to ``var/bench.json`` and ``var/bench.md``. Both services are one uvicorn
process with the same options over the same database, and each question is a fresh one, so that an answer that was
remembered flatters nobody; what remembered answers are worth is measured apart.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import repeat
from pathlib import Path

import best_postgis
import data
import peers
import report
from answers import difference
from load import Measured, fetch, measure
from questions import ITEMS, Question, questions
from report import Line
from served import serving

from bioplan_gis.storage.database import open_engine
from cluster import postgis_server

CONNECTIONS = (1, 8, 32)
ROUNDS = 3
FULL, QUICK, EMBEDDED = (300_000, 4_840_000), (20_000, 100_000), 50_000
REPEATED = f"{ITEMS}?limit=1000"
ABOUT = (
    "Ratio = our rate / rate of the other, both one uvicorn process over the same database, measured in turns, each "
    "question a fresh one; ✗ = below the bar."
)

Create = Callable[[str], str]


def main() -> None:
    """Build what is needed, measure, print and write."""
    asked = _options()
    print(ABOUT, report.HEAD, "| --- " * 10 + "|", sep="\n")
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder, _cluster(asked.database) as create:
        if asked.engine != "gpkg":
            lines += _printed(_on_postgis(Path(folder), create, asked))
        if asked.engine != "postgis":
            lines += _printed(_on_gpkg(Path(folder), create, asked))
    report.write(lines, ABOUT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 parcels and 100,000 firms")
    parser.add_argument("--engine", choices=("postgis", "gpkg", "both"), default="both")
    parser.add_argument("--question", default="", help="only the questions whose name holds this")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each side of a cell is measured")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS)
    parser.add_argument("--database", help="URL of a PostGIS database that an earlier run filled and left")
    parser.add_argument(
        "--peers", default=sys.executable, help="a Python that has tipg and pygeoapi, to measure beside"
    )
    return parser.parse_args()


def _printed(lines: Iterator[Line]) -> list[Line]:
    kept = []
    for line in lines:
        print(report.text(line), flush=True)
        kept.append(line)
    return kept


@contextmanager
def _cluster(database: str | None) -> Iterator[Create]:
    if database is not None:
        yield lambda _: database
        return
    with postgis_server() as cluster:
        yield cluster.create


def _on_postgis(folder: Path, create: Create, asked: argparse.Namespace) -> Iterator[Line]:
    parcels, firms = QUICK if asked.quick else FULL
    url = create("bench")
    if asked.database is None:
        _fill(url, parcels, firms)
    engine = best_postgis.engine_of(url)
    best_postgis.make_index(engine)
    engine.dispose()
    name = f"PostGIS {parcels:,}"
    with serving("ours", url) as ours, serving("bare", url) as bare:
        for question in _chosen(parcels, asked):
            yield from _compared(name, question, {"ours": ours, "bare": bare}, asked)
        if asked.question in "repeated":
            yield from _remembered(name, ours, asked)
    if asked.question in "beside":
        yield from peers.compared(name, url, asked.peers, folder, asked.seconds, asked.connections)


def _on_gpkg(folder: Path, create: Create, asked: argparse.Namespace) -> Iterator[Line]:
    """The embedded default against its own bare equivalent, and against ours on PostGIS of the same size."""
    parcels = QUICK[0] if asked.quick else EMBEDDED
    url, name = f"sqlite:///{folder}/bench.gpkg", f"GeoPackage {parcels:,}"
    _fill(url, parcels, 0)
    chosen = [question for question in _chosen(parcels, asked) if "firms" not in question.name]
    with ExitStack() as stack:
        ours, bare = (stack.enter_context(serving(what, url)) for what in ("ours", "bare"))
        for question in chosen:
            if not question.postgis:
                yield from _compared(name, question, {"ours": ours, "bare": bare}, asked)
        if asked.database is None:
            other = create("small")
            _fill(other, parcels, 0)
            ports = {"ours": ours, "postgis": stack.enter_context(serving("ours", other))}
            for question in chosen:
                yield from _compared(f"{name} / PostGIS", question, ports, asked)


def _chosen(parcels: int, asked: argparse.Namespace) -> list[Question]:
    return [question for question in questions(parcels) if asked.question in question.name]


def _fill(url: str, parcels: int, firms: int) -> None:
    engine = open_engine(url)
    data.fill(engine, parcels, firms)
    engine.dispose()


def _compared(name: str, question: Question, ports: Mapping[str, int], asked: argparse.Namespace) -> Iterator[Line]:
    """The lines of one question; where ours does not answer it, one line that says so."""
    other = next(one for one in ports if one != "ours")
    try:
        bodies = [fetch(port, next(question.paths(one)))[0] for one, port in ports.items()]
    except RuntimeError as error:
        yield Line(name, question.name, 0, note=str(error)[:150])
        return
    note = difference(question.kind, *bodies)
    bar = question.bar if other == "bare" else 0.5
    paths = {one: question.paths(one) for one in ports}
    for connections in asked.connections:
        found = {one: Measured() for one in ports}
        for _ in range(ROUNDS):
            for one, port in ports.items():
                found[one].add(measure(port, paths[one], connections, asked.seconds / ROUNDS))
        yield report.line(name, question.name, connections, list(found.values()), bar=bar, note=note)


def _remembered(name: str, port: int, asked: argparse.Namespace) -> Iterator[Line]:
    """The same page over and over, as a whole and as 304: what remembering is worth, which no ratio counts."""
    tag = fetch(port, REPEATED)[1]
    for what, headers in (("repeated page, whole", ""), ("repeated page, 304", f"If-None-Match: {tag}\r\n")):
        for connections in asked.connections:
            found = measure(port, repeat(REPEATED), connections, asked.seconds / ROUNDS, headers)
            yield report.line(name, what, connections, (found, None), note="not a ratio")


if __name__ == "__main__":
    main()
