"""The best statements known for each question on PostGIS: each writes the bytes of a whole answer.

Tried on a page of 1,000 parcels of 39 properties: row_to_json of a row 6.8 ms, properties joined by hand 7.3,
json_build_object 11.6, ST_AsGeoJSON of a record 9.8; with text instead of bytes 1.7 more, for the driver decodes it.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine, create_engine, text

from bioplan_gis.tiling import BUFFER

# As the service has it.
POOL = {"pool_size": 16, "max_overflow": 16}
# The nearest of a class by one index; the bench makes it, since it is part of the best answer.
NEAR_INDEX = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    "CREATE INDEX IF NOT EXISTS bench_near ON parcels USING gist (land_class, ST_Transform(geom, 4549))",
    "ANALYZE parcels",
)
FEATURE = (
    '\'{{"type":"Feature","id":\' || to_json(id)::text || \',"geometry":\' || ST_AsGeoJSON(geom, 8, 0)'
    " || ',\"properties\":' || (SELECT row_to_json(p) FROM (SELECT {columns}) AS p)::text || '}}'"
)
COLLECTION = (
    "SELECT convert_to('{{\"type\":\"FeatureCollection\",\"features\":[' || coalesce(string_agg({feature}, ','), '')"
    " || ']}}', 'UTF8') FROM (SELECT * FROM parcels {rows}) AS page"
)
POINT = "ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4490)"
ROWS = {
    "page": "WHERE fid > %(after)s::bigint ORDER BY fid LIMIT %(limit)s::int",
    "class": "WHERE land_class = 'M3' AND fid > %(after)s::bigint ORDER BY fid LIMIT %(limit)s::int",
    "sorted": "WHERE area_ha > %(least)s::float8 ORDER BY area_ha, fid LIMIT %(limit)s::int",
    "box": "WHERE ST_Intersects(geom, ST_MakeEnvelope(%(west)s::float8, %(south)s::float8, %(east)s::float8,"
    " %(north)s::float8, 4490)) ORDER BY fid LIMIT %(limit)s::int",
    # Nearest in the plane by the index, somewhat more than asked, put in order by the geodesic.
    "near": "JOIN (SELECT key, metres FROM (SELECT fid AS key, ST_Distance(geography(geom), geography({point})) AS"
    " metres FROM (SELECT fid, geom FROM parcels WHERE land_class = 'M3' AND area_ha >= 2"
    " ORDER BY ST_Transform(geom, 4549) <-> ST_Transform({point}, 4549) LIMIT 55) AS candidates) AS measured"
    " WHERE metres <= 20000 ORDER BY metres, key LIMIT 50) AS nearest ON key = fid ORDER BY metres, fid",
}
# A tile that was made beforehand, or its features with all of their properties; its box is in degrees for the index.
TILE = (
    "SELECT coalesce((SELECT body FROM overviews WHERE id = %(tile)s::text), (SELECT ST_AsMVT(tile, '{layer}', 4096,"
    " 'geom', 'fid') FROM (SELECT fid, id, {columns}, ST_AsMVTGeom(ST_Transform(ST_SetSRID(geom, 4326), 3857),"
    " ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int), 4096, {buffer}) AS geom FROM {layer} WHERE geom &&"
    " ST_SetSRID(ST_Transform(ST_TileEnvelope(%(z)s::int, %(x)s::int, %(y)s::int, margin => {buffer} / 4096.0), 4326),"
    " 4490)) AS tile WHERE geom IS NOT NULL))"
)

Question = Callable[[dict[str, str]], bytes]


def engine_of(url: str) -> Engine:
    """The same driver and pool as the service has, without a transaction around each statement."""
    options = "-c jit=off -c timezone=UTC"
    return create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"options": options}, **POOL)


def questions(engine: Engine) -> dict[str, Question]:
    """What can be asked, each by the texts of its parameters."""
    with engine.connect() as connection:
        columns = {layer: _columns(connection.exec_driver_sql, layer) for layer in ("parcels", "firms")}
    properties = ", ".join(name for name, _ in columns["parcels"])
    feature = FEATURE.format(columns=properties)
    found = {
        name: _asking(engine, COLLECTION.format(feature=feature, rows=rows.format(point=POINT)))
        for name, rows in ROWS.items()
    }
    one = f"SELECT convert_to({feature}, 'UTF8') FROM parcels WHERE id = %(id)s"
    return (
        found
        | {"one": _asking(engine, one)}
        | {
            f"tile-{layer}": _asking(engine, TILE.format(layer=layer, columns=_tiled(columns[layer]), buffer=BUFFER))
            for layer in columns
        }
    )


def make_index(engine: Engine) -> None:
    """The index that the best near-lab statement needs."""
    with engine.connect() as connection:
        for statement in NEAR_INDEX:
            connection.execute(text(statement))


def _columns(execute: Callable[..., Any], layer: str) -> Sequence[tuple[str, str]]:
    rows = execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %(layer)s"
        " AND column_name NOT IN ('fid', 'id', 'geom') ORDER BY ordinal_position",
        {"layer": layer},
    )
    return [(name, kind) for name, kind in rows]


def _tiled(columns: Sequence[tuple[str, str]]) -> str:
    """A tile's values are texts, numbers and booleans; lists and objects are written out."""
    return ", ".join(f"{name}::text AS {name}" if kind == "jsonb" else name for name, kind in columns)


def _asking(engine: Engine, statement: str) -> Question:
    def ask(values: dict[str, str]) -> bytes:
        connection = engine.raw_connection()
        try:
            cursor: Any = connection.driver_connection.cursor(binary=True)
            row = cursor.execute(statement, values, prepare=True).fetchone()
        finally:
            connection.close()
        return b"" if row is None else bytes(row[0])

    return ask
