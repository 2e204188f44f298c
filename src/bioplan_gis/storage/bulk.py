"""Many rows at once, as Arrow columns: by PostgreSQL's COPY, or by SQLite's executemany."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import shapely
from sqlalchemy import Connection, Table

from bioplan_gis.crs import Shapes
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.tables import GEOMETRY_COLUMN

# What a COPY is told in one piece.
_CSV = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")


def insert_rows(connection: Connection, table: Table, columns: pa.Table, shapes: Shapes | None) -> None:
    """Add rows to a table.

    Args:
        connection: of a writing transaction.
        table: of either engine; its geometry column is ``geom``.
        columns: named as the table's, in the types of ``importing.mapping.fields``; lists and objects as JSON text.
        shapes: EPSG:4490 geometries of the rows, None among them; None for a table without geometry.
    """
    if columns.num_rows == 0:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, shapes)
    else:
        _insert(connection, table, columns, shapes)


def _copy(connection: Connection, table: Table, columns: pa.Table, shapes: Shapes | None) -> None:
    """PostgreSQL reads CSV, in which an empty text is quoted and a null is not.

    Geometry is hexadecimal WKB, to which the column's type adds the SRID.
    """
    if shapes is not None:
        texts = [None if wkb is None else wkb.hex() for wkb in shapely.to_wkb(shapes, byte_order=1)]
        columns = columns.append_column(GEOMETRY_COLUMN, pa.array(texts, pa.large_string()))
    text = io.BytesIO()
    pyarrow.csv.write_csv(columns, text, _CSV)
    database: Any = connection.connection.dbapi_connection
    with database.cursor() as cursor, cursor.copy(_copy_statement(table, columns.column_names)) as copy:
        copy.write(text.getbuffer())


def _copy_statement(table: Table, names: list[str]) -> str:
    listed = ", ".join(map(_quoted, names))
    return f"COPY {_quoted(table.name)} ({listed}) FROM STDIN WITH (FORMAT csv)"


def _quoted(name: str) -> str:
    """An identifier as both drivers take it; SQLAlchemy's would double a percent sign, which only it undoes."""
    return '"' + name.replace('"', '""') + '"'


def _insert(connection: Connection, table: Table, columns: pa.Table, shapes: Shapes | None) -> None:
    values = [_values(column) for column in columns.columns]
    names = columns.column_names
    if shapes is not None:
        values.append(gpkg.encode_all(shapes))
        names = [*names, GEOMETRY_COLUMN]
    listed = ", ".join(map(_quoted, names))
    holders = ", ".join("?" * len(names))
    database: Any = connection.connection.dbapi_connection
    statement = f"INSERT INTO {_quoted(table.name)} ({listed}) VALUES ({holders})"  # noqa: S608 - names are quoted
    database.executemany(statement, zip(*values, strict=True))


def _values(column: pa.ChunkedArray) -> list[Any]:
    """What SQLite keeps of a column: numbers and text; dates and times as ISO 8601."""
    if pa.types.is_timestamp(column.type):
        written = pc.replace_substring(column.cast(pa.string()), " ", "T")
        return list(written.to_pylist())
    if pa.types.is_temporal(column.type):
        return list(column.cast(pa.string()).to_pylist())
    return list(column.to_pylist())
