"""What is asked: each question a fresh one, by a fixed seed, in our words and in those of the bare route."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from data import FIRMS, PARCELS, PARCELS_SPREAD, SEED, places

ITEMS = f"/api/collections/{PARCELS}/items"
LIMIT = 1000
# Half of the sides of a small box: about 1.5 by 1.5 km.
HALF_EAST, HALF_NORTH = 0.008, 0.007
NEAR = "land_class=M3&min_area_ha=2&max_distance_km=20&limit=50"
Pair = tuple[str, str]
Pairs = Iterator[Pair]


@dataclass(frozen=True)
class Question:
    """One line of the table.

    Attributes:
        name: as it is printed.
        pairs: endless questions of its kind, of ours and of the bare route, always the same ones.
        bar: the ratio that is asked for.
        kind: how two answers are compared: ``features``, ``feature``, ``near``, or ``tile``.
        postgis: whether only PostGIS has a bare equivalent of it.
    """

    name: str
    pairs: Callable[[], Pairs]
    bar: float = 0.8
    kind: str = "features"
    postgis: bool = False

    def paths(self, asked: str) -> Iterator[str]:
        """What is asked of the bare route, ``bare``, or of our service, whatever its database."""
        return (pair[asked == "bare"] for pair in self.pairs())


def questions(parcels: int) -> list[Question]:
    """Every line, for so many parcels."""
    far = 250_000 if parcels > 250_000 + 10 * LIMIT else parcels * 5 // 6
    tiles = [
        Question(f"tile z{zoom} {layer}", _tiles(layer, zoom), kind="tile", postgis=True)
        for zoom in (8, 12, 13)
        for layer in (PARCELS, FIRMS)
    ]
    return [
        Question("page of 1,000", _pages(0, parcels // 2)),
        Question("small box", _boxes),
        Question("one feature", _ones(parcels), bar=0.5, kind="feature"),
        Question("class M3", _classes(parcels // 2)),
        Question("sorted by area", _sorted),
        Question(f"page at {far:,}", _pages(far, parcels - LIMIT)),
        *tiles,
        Question("near lab", _near, kind="near"),
    ]


def _random() -> np.random.Generator:
    return np.random.default_rng(SEED)


def _pages(first: int, last: int) -> Callable[[], Pairs]:
    def pairs() -> Pairs:
        for after in _numbers(first, last):
            asked = f"limit={LIMIT}&after={after}"
            yield f"{ITEMS}?{asked}", f"/page?{asked}"

    return pairs


def _classes(last: int) -> Callable[[], Pairs]:
    def pairs() -> Pairs:
        for after in _numbers(0, last):
            asked = f"limit={LIMIT}&after={after}"
            yield f"{ITEMS}?filter=land_class=%27M3%27&{asked}", f"/class?{asked}"

    return pairs


def _sorted() -> Pairs:
    """The smallest of what is larger than so much: an endless number of pages, each from the beginning of its order."""
    for number in _numbers(0, 5_000_000):
        least = f"{number / 1e6:.6f}"
        ours = f"{ITEMS}?sortby=area_ha&limit={LIMIT}&filter=area_ha%3E{least}"
        yield ours, f"/sorted?limit={LIMIT}&least={least}"


def _ones(parcels: int) -> Callable[[], Pairs]:
    def pairs() -> Pairs:
        for number in _numbers(0, parcels):
            yield f"{ITEMS}/parcel-{number:06d}", f"/one?id=parcel-{number:06d}"

    return pairs


def _boxes() -> Pairs:
    for lon, lat in _places():
        west, south, east, north = (
            f"{edge:.6f}" for edge in (lon - HALF_EAST, lat - HALF_NORTH, lon + HALF_EAST, lat + HALF_NORTH)
        )
        ours = f"{ITEMS}?limit={LIMIT}&bbox={west},{south},{east},{north}"
        yield ours, f"/box?limit={LIMIT}&west={west}&south={south}&east={east}&north={north}"


def _near() -> Pairs:
    for lon, lat in _places():
        at = f"{lon:.6f},{lat:.6f}"
        yield f"/api/sites?near={at}&subject={PARCELS}&{NEAR}", f"/near?lon={lon:.6f}&lat={lat:.6f}"


def _tiles(layer: str, zoom: int) -> Callable[[], Pairs]:
    """The tiles of the region where something is, shuffled, over and over."""

    def pairs() -> Pairs:
        random, found = _random(), sorted({_tile(lon, lat, zoom) for lon, lat in islice(_places(), 4000)})
        while True:
            for at in random.permutation(len(found)).tolist():
                column, row = found[at]
                ours = f"/api/collections/{layer}/tiles/WebMercatorQuad/{zoom}/{row}/{column}"
                yield ours, f"/tile-{layer}?tile={layer}/{zoom}/{row}/{column}&z={zoom}&x={column}&y={row}"

    return pairs


def _tile(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile that holds a place."""
    north = math.asinh(math.tan(math.radians(lat))) / math.pi
    return int((lon + 180) / 360 * 2**zoom), int((1 - north) / 2 * 2**zoom)


def _numbers(first: int, last: int) -> Iterator[int]:
    random = _random()
    while True:
        yield from random.integers(first, max(last, first + 1), 1000).tolist()


def _places() -> Iterator[tuple[float, float]]:
    random = _random()
    while True:
        yield from map(tuple, places(random, 1000, PARCELS_SPREAD).tolist())
