"""GeoJSON written by the database: a row's columns as one JSON object, a feature as text, no Python object each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Double, Text, func, literal_column
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from bioplan_gis.crs import CRS84, FeedCrs
from bioplan_gis.storage.tables import Instant, Json

# SQLite takes 127 arguments of a function, two for each column.
COLUMNS_AT_ONCE = 60
# PostgreSQL writes whole numbers below this without exponent or fraction, as if they were integers.
_WRITTEN_WHOLE = "1e15"


# As a GeoPackage has it.
_MOMENT = "'YYYY-MM-DD\"T\"HH24:MI:SS.US'"


class properties_json(FunctionElement[str]):  # noqa: N801 - reads as the SQL function that it is
    """The columns that it is given as the text of a JSON object: nulls stay, lists and objects are not quoted.

    A number that is no integer by its column's type has a fraction or exponent always, or a client that takes the type
    of a column from its first features would cut 9.31 to 9.
    """

    inherit_cache = True
    type: TypeEngine[str] = Text()


def feature_text(
    feature_id: ColumnElement[Any],
    geometry: ColumnElement[Any] | None,
    properties: Sequence[ColumnElement[Any]],
    crs: FeedCrs = CRS84,
) -> ColumnElement[str]:
    """A whole GeoJSON feature as text; PostGIS only, which writes it faster than anything outside it."""
    shape = (
        literal_column("'null'") if geometry is None else func.coalesce(_shape(geometry, crs), literal_column("'null'"))
    )
    return (
        literal_column("""'{"type":"Feature","id":'""", Text())
        + sql_cast(func.to_json(feature_id), Text())
        + literal_column("""',"geometry":'""", Text())
        + shape
        + literal_column("""',"properties":'""", Text())
        + properties_json(*properties)
        + literal_column("'}'", Text())
    )


class as_bytes(FunctionElement[bytes]):  # noqa: N801 - reads as the SQL function that it is
    """A text that reaches us as the bytes that PostgreSQL wrote (``servers.TextAsBytes``)."""

    inherit_cache = True
    type: TypeEngine[Any] = NullType()


@compiles(as_bytes, "postgresql")
def _postgis_bytes(element: as_bytes, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"({compiler.process(element.clauses, **kw)})::bpchar"


def _shape(geometry: ColumnElement[Any], crs: FeedCrs) -> ColumnElement[str]:
    """In the axis order of its CRS. Without options PostGIS would add a ``crs`` member, which RFC 7946 dropped."""
    shape = geometry if crs.geographic else func.ST_Transform(geometry, literal_column(str(crs.srid)))
    if crs.northing_first:
        shape = func.ST_FlipCoordinates(shape)
    return func.ST_AsGeoJSON(shape, literal_column(str(crs.decimals)), literal_column("0"), type_=Text())


@compiles(properties_json, "postgresql")
def _postgis_properties(element: properties_json, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    """A row has no limit of arguments, as json_build_object has."""
    columns = list(element.clauses)
    values = ((_postgis_value(each, compiler.process(each, **kw)), _name(each)) for each in columns)
    listed = ", ".join(f"{value} AS {compiler.preparer.quote(name)}" for value, name in values)
    return f"CAST((SELECT row_to_json(p) FROM (SELECT {listed}) AS p) AS TEXT)"  # noqa: S608 - names are quoted


def _postgis_value(column: ColumnElement[Any], sql: str) -> str:
    """A real number as JSON that reads as one; JSON has no NaN and no infinity, whoever stored them."""
    if isinstance(column.type, Instant):
        return f"to_char({sql} AT TIME ZONE 'UTC', {_MOMENT} || '\"Z\"')"
    if isinstance(column.type, DateTime):
        return f"to_char({sql}, {_MOMENT})"
    if not isinstance(column.type, Double):
        return sql
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {sql} <> trunc({sql}) THEN to_json({sql}) "
        f"WHEN abs({sql}) < {_WRITTEN_WHOLE} THEN CAST(CAST({sql} AS TEXT) || '.0' AS JSON) "
        f"WHEN abs({sql}) < 'Infinity' THEN to_json({sql}) END"
    )


@compiles(properties_json, "sqlite")
def _gpkg_properties(element: properties_json, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    """As many json_object as needed, spliced without their braces."""
    columns = list(element.clauses)
    if not columns:
        return "'{}'"
    chunks = [columns[at : at + COLUMNS_AT_ONCE] for at in range(0, len(columns), COLUMNS_AT_ONCE)]
    objects = [_json_object(chunk, compiler, **kw) for chunk in chunks]
    members = " || ',' || ".join(f"substr({each}, 2, length({each}) - 2)" for each in objects)
    return objects[0] if len(objects) == 1 else f"('{{' || {members} || '}}')"


def _json_object(columns: Sequence[ColumnElement[Any]], compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    members = (f"{_literal(_name(each))}, {_json_value(each, compiler.process(each, **kw))}" for each in columns)
    return f"json_object({', '.join(members)})"


def _json_value(column: ColumnElement[Any], sql: str) -> str:
    if isinstance(column.type, Json):
        return f"json({sql})"
    if isinstance(column.type, Boolean):
        return f"json(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)"
    if isinstance(column.type, Double):
        return _exact_number(sql)
    return sql


def _exact_number(sql: str) -> str:
    """SQLite writes 15 digits: enough for what has 6 decimals, and where it is not, 17 are; JSON has no infinity."""
    short = f"{sql} * 1e6 = CAST({sql} * 1e6 AS INTEGER) AND abs({sql}) < 1e9"
    kept = f"CAST(printf('%!.15g', {sql}) AS REAL) = {sql}"
    return (
        f"CASE WHEN {sql} IS NULL THEN NULL WHEN {short} OR {kept} THEN CAST({sql} AS REAL) "
        f"WHEN abs({sql}) < 9e999 THEN json(printf('%!.17g', {sql})) END"
    )


def _literal(text: str) -> str:
    """A text as SQL writes it; a user's column may be called anything."""
    return "'" + text.replace("'", "''") + "'"


def _name(column: ColumnElement[Any]) -> str:
    return str(column.name)
