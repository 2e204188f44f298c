"""The best bare equivalent of each feed: a Starlette route that runs one statement and returns its bytes."""

import sqlite3
from collections.abc import Callable

import shapely
from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bioplan_gis.storage import gpkg

COLUMNS = (
    "name_zh, name_en, land_class, class_code, class_zh, area_ha, area_source, area_measured_ha, park_area_ha, "
    "area_note_zh, area_note_en, status, tracks, synthetic, parcel_no, floor_area_ratio_min, floor_area_ratio_max, "
    "building_density_min_percent, building_density_max_percent, green_ratio_min_percent, green_ratio_max_percent, "
    "height_min_m, height_max_m, term_years, starting_price_yuan, industry, indicators, document, clause, citations, "
    "source, district, district_zh, district_en, accuracy_m, position_basis, position_source, position_method, "
    "position_attribution"
)
ALL, IN_BOX, ONE = "fid > 0 ORDER BY fid LIMIT 1000", "{box} ORDER BY fid LIMIT 1000", "id = 'parcel-777'"
Box = tuple[float, float, float, float]


def application(engine: Engine, box: Box) -> Starlette:
    """``/page``, ``/bbox`` and ``/one`` over the table of industrial land."""
    west, south, east, north = box
    if engine.dialect.name == "postgresql":
        inside = f"ST_Intersects(geom, ST_MakeEnvelope({west}, {south}, {east}, {north}, 4490))"
        read = _postgis
    else:
        inside = (
            "fid IN (SELECT id FROM rtree_industrial_land_geom "
            f"WHERE minx <= {east} AND maxx >= {west} AND miny <= {north} AND maxy >= {south})"
        )
        read = _gpkg
    wheres = {"/page": ALL, "/bbox": IN_BOX.format(box=inside), "/one": ONE}
    return Starlette(routes=[Route(path, _endpoint(engine, read, where)) for path, where in wheres.items()])


def _endpoint(engine: Engine, read: Callable[[Engine, str], bytes], where: str) -> Callable[[Request], Response]:
    def endpoint(_: Request) -> Response:
        return Response(read(engine, where), media_type="application/geo+json")

    return endpoint


def _postgis(engine: Engine, where: str) -> bytes:
    statement = text(f"""
        SELECT string_agg('{{"type"\\:"Feature","id"\\:' || to_json(id)::text || ',"geometry"\\:'
            || ST_AsGeoJSON(geom, 7, 0) || ',"properties"\\:' || properties || '}}', ',')
        FROM (SELECT id, geom, (SELECT row_to_json(p) FROM (SELECT {COLUMNS}) AS p)::text AS properties
            FROM industrial_land WHERE {where}) AS page""")
    with engine.connect() as connection:
        features: str = connection.execute(statement).scalar_one()
    return b'{"type":"FeatureCollection","features":[' + features.encode() + b"]}"


def _gpkg(engine: Engine, where: str) -> bytes:
    pairs = ", ".join(f"'{name}', {name}" for name in COLUMNS.split(", "))
    statement = f"SELECT json_quote(id), geom, json_object({pairs}) FROM industrial_land WHERE {where}"
    with engine.connect() as connection:
        database = connection.connection.dbapi_connection
        assert isinstance(database, sqlite3.Connection)
        ids, blobs, objects = zip(*database.execute(statement).fetchall(), strict=True)
    shapes = shapely.to_geojson(shapely.from_wkb([gpkg.wkb_of(blob) for blob in blobs]))
    features = ",".join(
        f'{{"type":"Feature","id":{one},"geometry":{shape},"properties":{properties}}}'
        for one, shape, properties in zip(ids, shapes, objects, strict=True)
    )
    return b'{"type":"FeatureCollection","features":[' + features.encode() + b"]}"
