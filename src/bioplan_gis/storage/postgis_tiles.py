"""Tiles that PostGIS writes: one statement, made once for a layer, for its digest, and an overview or the features."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Integer,
    LargeBinary,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import NullType, TypeEngine

from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.storage.spatial import box_hit
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, OVERVIEWS, REGISTRY
from bioplan_gis.storage.tile_shapes import FEW_VERTICES
from bioplan_gis.tiling import BUFFER, EDGES, EXTENT, MERCATOR, PIXEL, Tile

# No column of a user's is called so: PostgreSQL takes a column's name before a row's.
_ROWS = "bioplan_tile_rows"

Condition = ColumnElement[Any]
Names = tuple[str, ...] | None

DIGEST = select(REGISTRY.c.digest).where(REGISTRY.c.id == bindparam("layer")).scalar_subquery()
OVERVIEW = (
    select(OVERVIEWS.c.body)
    .where(OVERVIEWS.c.id == bindparam("address"), OVERVIEWS.c.digest == bindparam("digest"))
    .scalar_subquery()
)


def asked_of(tile: Tile, tolerance: float) -> dict[str, float]:
    """What the statements are told of a tile; the tolerance of an outline is in units."""
    wide, high = tile.unit_degrees
    return {
        **dict(zip(EDGES, tile.buffered_box, strict=True)),
        **{f"{edge}_m": metres for edge, metres in zip(EDGES, tile.box_m, strict=True)},
        "pixel_wide": PIXEL * wide,
        "pixel_high": PIXEL * high,
        "half_pixel": PIXEL / 2 * tile.unit_m,
        "tolerance": tolerance * high,
    }


@lru_cache(maxsize=256)
def whole_statement(dialect: Dialect, table: Table, *, simple: bool, wide: bool) -> tuple[str, Mapping[str, Any]]:
    """The layer's digest, and a tile of all its columns if it is ``:digest`` and not ``:held``.

    As SQL, with the values that stand in it: an overview is read in less time than SQLAlchemy takes to know a statement
    again.

    Args:
        dialect: of the connection.
        table: the layer's.
        simple: whether all of its geometries are single points.
        wide: whether some reach beyond what Web Mercator has a place for.
    """
    statement = _if_current(func.coalesce(OVERVIEW, _features(table, (), None, simple=simple, wide=wide)))
    compiled = statement.compile(dialect=dialect)
    return str(compiled), compiled.params


def read_whole(connection: Connection, table: Table, asked: Mapping[str, Any], *, simple: bool, wide: bool) -> Any:  # noqa: ANN401
    """The row of ``whole_statement``, None where there is no such layer; a tile comes as bytes, not as hexadecimals."""
    sql, values = whole_statement(connection.dialect, table, simple=simple, wide=wide)
    database: Any = connection.connection.driver_connection
    try:
        with database.cursor(binary=True) as cursor:
            return cursor.execute(sql, {**values, **asked}, prepare=True).fetchone()
    except psycopg.Error as error:
        raise DBAPIError.instance(sql, None, error, psycopg.Error) from error


def part_statement(
    table: Table, where: Sequence[Condition], properties: Names, *, simple: bool, wide: bool
) -> Select[Any]:
    """The same of some features or columns, for which no overview stands."""
    return _if_current(_features(table, where, properties, simple=simple, wide=wide))


def _if_current(body: ColumnElement[Any]) -> Select[Any]:
    held, digest = bindparam("held", type_=Text()), REGISTRY.c.digest
    wanted = and_(digest == bindparam("digest", type_=Text()), or_(held.is_(None), digest != held))
    return select(digest, case((wanted, body)).label("body")).where(REGISTRY.c.id == bindparam("layer", type_=Text()))


def _features(
    table: Table, where: Sequence[Condition], properties: Names, *, simple: bool, wide: bool
) -> ColumnElement[bytes]:
    """A tile of features; NULL where they are more than ``:most``."""
    geometry, most = table.c[GEOMETRY_COLUMN], bindparam("most", type_=Integer())
    columns = [written(column).label(column.name) for column in _columns(table, properties)]
    shape = tile_shape(type_coerce(geometry, NullType()), simple=simple, wide=wide).label(GEOMETRY_COLUMN)
    rows = select(table.c.fid, table.c.id, *columns, shape).where(box_hit(geometry, *map(_number, EDGES)), *where)
    features = rows.limit(most + literal_column("1")).subquery(_ROWS)
    options = literal_column(f"{EXTENT}, '{GEOMETRY_COLUMN}', 'fid'", NullType())
    layer = bindparam("layer", type_=Text())
    body = func.ST_AsMVT(literal_column(_ROWS, NullType()), layer, options, type_=LargeBinary())
    return select(case((func.count() <= most, body))).select_from(features).scalar_subquery()


def _columns(table: Table, properties: Names) -> list[ColumnElement[Any]]:
    return [
        column
        for column in table.c
        if column.name not in {"fid", "id", GEOMETRY_COLUMN} and (properties is None or column.name in properties)
    ]


def written(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column as a property, as the other database has it: dates and times as ISO 8601, lists and objects as JSON."""
    form = _VALUES.get(type(column.type).__name__)
    return type_coerce(column, NullType()) if form is None else form(column)


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return sql_cast(column, Text())


def _finite(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((func.abs(column) < literal_column("'Infinity'::float8"), column))


def _written(form: str) -> Callable[[ColumnElement[Any]], ColumnElement[Any]]:
    return lambda column: func.to_char(column, literal_column(form), type_=Text())


def _in_utc(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return _written("""'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'""")(func.timezone(literal_column("'UTC'"), column))


def _compact(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """JSON without the blanks that PostgreSQL writes between its texts."""
    blanks: ColumnElement[str] = literal_column(r"""'("(?:[^"\\]|\\.)*")|\s+'""")
    return func.regexp_replace(_text(column), blanks, literal_column(r"'\1'"), literal_column("'g'"), type_=Text())


_VALUES: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "Double": _finite,
    "Date": _written("'YYYY-MM-DD'"),
    "Time": _text,
    "DateTime": _written("""'YYYY-MM-DD"T"HH24:MI:SS.US'"""),
    "Instant": _in_utc,
    "Json": _compact,
}


# A geometry on the tile's grid. Lines and areas are generalised to what a pixel shows: one that is smaller is drawn as
# a dash or a square of a pixel where it stands, and an area that the grid has no room for as wide as a pixel.
_TINY = """ST_XMax({g}) - ST_XMin({g}) < {pixel_wide} AND ST_YMax({g}) - ST_YMin({g}) < {pixel_high}"""
_MIDDLE = f"""ST_Transform(ST_SetSRID(ST_MakePoint(
  (ST_XMin({{g}}) + ST_XMax({{g}})) / 2, (ST_YMin({{g}}) + ST_YMax({{g}})) / 2), {STORAGE_SRID}), 3857)"""
_DRAWN = f"""CASE
  WHEN ST_Dimension({{g}}) = 0 OR NOT ({_TINY}) THEN ST_Transform(
    CASE WHEN ST_NPoints({{g}}) > {FEW_VERTICES} THEN ST_Simplify({{g}}, {{tolerance}}, true) ELSE {{g}} END, 3857)
  WHEN ST_Dimension({{g}}) = 2 THEN ST_Expand({_MIDDLE}, {{half_pixel}})
  ELSE ST_MakeLine(ST_Translate({_MIDDLE}, -{{half_pixel}}, 0), ST_Translate({_MIDDLE}, {{half_pixel}}, 0)) END"""
_WIDENED = """CASE ST_Dimension({g}) WHEN 2 THEN
  ST_Buffer(ST_Transform({g}, 3857), {half_pixel}, 'quad_segs=1') END"""
_ON_GRID = (
    f"ST_AsMVTGeom({{}}, ST_MakeEnvelope({{{{west}}}}, {{{{south}}}}, {{{{east}}}}, {{{{north}}}}, 3857), "
    f"{EXTENT}, {BUFFER}, true)"
)
_SHAPE = f"coalesce({_ON_GRID.format(_DRAWN)}, {_ON_GRID.format(_WIDENED)})"
_SPOT = _ON_GRID.format("ST_Transform({g}, 3857)")
_WITHIN_MERCATOR = f"ST_ClipByBox2D({{}}, ST_MakeEnvelope({', '.join(map(str, MERCATOR))}, {STORAGE_SRID}))"


class tile_shape(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function that it is
    """A geometry as a tile draws it, of what ``asked_of`` tells of the tile; NULL where nothing of it is in the tile.

    Args:
        geometry: EPSG:4490 longitude and latitude.
        simple: whether all geometries are single points.
        wide: whether some reach beyond what Web Mercator has a place for.
    """

    inherit_cache = True
    # What tells its SQL from another's: with it, a statement is compiled once, not for every tile.
    _traverse_internals: list[tuple[str, InternalTraversal]] = [  # noqa: RUF012 - as the base class has it
        *FunctionElement._traverse_internals,  # noqa: SLF001 - documented for elements of one's own
        ("template", InternalTraversal.dp_string),
        ("wide", InternalTraversal.dp_boolean),
    ]
    type: TypeEngine[Any] = NullType()

    def __init__(self, geometry: ColumnElement[Any], *, simple: bool, wide: bool) -> None:
        """Keep what the form follows from."""
        self.template, self.wide = _SPOT if simple else _SHAPE, wide
        super().__init__(geometry, *(bindparam(name, type_=Double()) for name in _NUMBERS.values()))


_NUMBERS = {
    **{edge: f"{edge}_m" for edge in EDGES},
    **{name: name for name in ("pixel_wide", "pixel_high", "half_pixel", "tolerance")},
}


@compiles(tile_shape, "postgresql")
def _postgis_tile_shape(element: tile_shape, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    geometry, *numbers = (compiler.process(clause, **kw) for clause in element.clauses)
    shape = _WITHIN_MERCATOR.format(geometry) if element.wide else geometry
    return element.template.format(g=shape, **dict(zip(_NUMBERS, numbers, strict=True)))


def _number(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Double())
