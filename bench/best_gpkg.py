"""The best known for each question on the embedded database: SQLite writes the properties, shapely all geometries."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Engine, create_engine, event

from bioplan_gis.crs import degrees_around, distances_m
from bioplan_gis.storage import gpkg

Question = Callable[[dict[str, str]], bytes]

MEETING = (
    "fid IN (SELECT id FROM rtree_parcels_geom WHERE minx <= :east AND maxx >= :west AND miny <= :north"
    " AND maxy >= :south)"
)
ROWS = {
    "page": "fid > :after ORDER BY fid LIMIT :limit",
    "class": "land_class = 'M3' AND fid > :after ORDER BY fid LIMIT :limit",
    "sorted": "area_ha > :least ORDER BY area_ha, fid LIMIT :limit",
    "box": f"{MEETING} ORDER BY fid LIMIT :limit",
    "one": "id = :id",
}
NEAR_M, NEAREST = 20_000, 50
NUMBERS = {"limit": int, "after": int, "least": float, "west": float, "south": float, "east": float, "north": float}


def engine_of(url: str) -> Engine:
    """A pool of connections to the file, without a transaction around each statement."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=16, max_overflow=16)
    event.listen(engine, "connect", lambda database, _: database.execute("PRAGMA mmap_size = 268435456"))
    return engine


def questions(engine: Engine) -> dict[str, Question]:
    """What can be asked, each by the texts of its parameters; tiles are PostGIS's own."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, type FROM pragma_table_info('parcels')").all()
    pairs = ", ".join(f"'{name}', {name}" for name, _ in rows if name not in {"fid", "id", "geom"})
    parts = f"SELECT json_quote(id), geom, json_object({pairs}) FROM parcels WHERE "
    asked = {name: _asking(engine, parts + where, whole=name != "one") for name, where in ROWS.items()}
    return asked | {"near": _near(engine, parts)}


def _asking(engine: Engine, statement: str, *, whole: bool) -> Question:
    def ask(values: dict[str, str]) -> bytes:
        numbers = {name: NUMBERS.get(name, str)(value) for name, value in values.items()}
        features = _written(_rows(engine, statement, numbers))
        return _collection(features) if whole else features

    return ask


def _near(engine: Engine, parts: str) -> Question:
    """A box asks the index; distances are measured by whole arrays; the nearest are read."""
    inside = f"SELECT fid, geom FROM parcels WHERE land_class = 'M3' AND area_ha >= 2 AND {MEETING}"

    def ask(values: dict[str, str]) -> bytes:
        lon, lat = float(values["lon"]), float(values["lat"])
        wide, high = degrees_around(abs(lat) + 0.2, NEAR_M)
        box = {"west": lon - wide, "south": lat - high, "east": lon + wide, "north": lat + high}
        found = _rows(engine, inside, box)
        if not found:
            return _collection(b"")
        keys = np.array([key for key, _ in found])
        metres = distances_m(_shapes([blob for _, blob in found]), shapely.Point(lon, lat))
        first = np.lexsort((keys, metres))[:NEAREST]
        chosen = keys[first[metres[first] <= NEAR_M]].tolist()
        order = " ".join(f"WHEN {key} THEN {rank}" for rank, key in enumerate(chosen))
        listed = f"fid IN ({', '.join(map(str, chosen))}) ORDER BY CASE fid {order} END"
        return _collection(_written(_rows(engine, parts + listed, {})) if chosen else b"")

    return ask


def _rows(engine: Engine, statement: str, values: dict[str, Any]) -> Sequence[Any]:
    connection = engine.raw_connection()
    try:
        database = connection.driver_connection
        assert isinstance(database, sqlite3.Connection)
        return database.execute(statement, values).fetchall()
    finally:
        connection.close()


def _shapes(blobs: Sequence[bytes]) -> Any:  # noqa: ANN401 - an array of geometries
    return shapely.from_wkb([gpkg.wkb_of(blob) for blob in blobs])


def _written(rows: Sequence[Any]) -> bytes:
    if not rows:
        return b""
    ids, blobs, objects = zip(*rows, strict=True)
    parts = zip(ids, shapely.to_geojson(_shapes(blobs)), objects, strict=True)
    return ",".join(
        f'{{"type":"Feature","id":{one},"geometry":{shape},"properties":{properties}}}'
        for one, shape, properties in parts
    ).encode()


def _collection(features: bytes) -> bytes:
    return b'{"type":"FeatureCollection","features":[' + features + b"]}"
