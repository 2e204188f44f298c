"""The rows of a layer as a stream of Arrow batches, in the order of their keys, with bounded memory.

PostGIS sends them as CSV (``COPY``), which Arrow reads whole; SQLite's rows are gathered column by column.
"""

import binascii
import io
import json
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    func,
    literal_column,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType

from bioplan_gis.catalogue import Column
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.questions import Place, Question, conditions_of, order_of, read_places
from bioplan_gis.storage.servers import as_sqlalchemy
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, canonical_json

GEOMETRY = "geometry"
ARROW_TYPES: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "datetime": pa.timestamp("us"),
    "timestamp": pa.timestamp("us", "UTC"),
    "list": pa.list_(pa.string()),
    "json": pa.string(),
}
# A batch ends where its geometries and values reach this, however few its rows are.
_MOST_BYTES = 32 * 1024 * 1024
_FETCHED = 500
_ISO_DATE, _ISO_MOMENT = "'YYYY-MM-DD'", "'YYYY-MM-DD\"T\"HH24:MI:SS.US'"


@dataclass(frozen=True)
class Extract:
    """What is read of a layer.

    Attributes:
        schema: ``id``, the layer's columns, and last the geometry as WKB where the layer has one.
        geometry: the name of that column: ``geometry``, or with a stroke behind where a column is called so; None for
            a plain table.
    """

    schema: pa.Schema
    geometry: str | None


@dataclass(frozen=True)
class Excerpt:
    """Which rows of a layer are read, in which order, and which of their columns.

    Attributes:
        where: a condition on its table, such as ``filters.where_clause`` gives; None for all. A key to begin after is a
            part of it.
        order_by: what they are sorted by, ``fid`` last, so that the order is a whole one; by ``fid`` where it is empty.
        limit: the most rows; None for all.
        columns: names of the layer's columns to read, in whichever order; None for all. The id and the geometry are
            read always.
    """

    where: ColumnElement[Any] | None = None
    order_by: Sequence[ColumnElement[Any]] = ()
    limit: int | None = None
    columns: Collection[str] | None = None


EVERYTHING = Excerpt()


def excerpt_of(layer: Layer, question: Question, dialect: str) -> Excerpt:
    """The rows and columns of a layer that a question asks for."""
    conditions = conditions_of(layer, question, dialect)
    order = order_of(layer, question.sort, dialect)
    return Excerpt(and_(true(), *conditions) if conditions else None, order, question.limit, question.properties)


def end_of(connection: Connection, layer: Layer, question: Question) -> Place | None:
    """Where the features that a question asks for end, where its limit cuts them off; None where it does not."""
    if question.limit is None:
        return None
    last = read_places(connection, layer, question, skipped=question.limit - 1, most=2)
    return last[0] if len(last) > 1 else None


def columns_of(layer: Layer, columns: Collection[str] | None = None) -> list[Column]:
    """The layer's columns of these names, in its own order; all of them where none are named."""
    return [column for column in layer.columns if columns is None or column.name in columns]


def extract_of(layer: Layer, columns: Collection[str] | None = None) -> Extract:
    """What is read of a layer: names and Arrow types of its columns, or of those that are named."""
    fields = [pa.field("id", pa.string(), nullable=False)]
    fields += [pa.field(column.name, ARROW_TYPES[column.type]) for column in columns_of(layer, columns)]
    if layer.geometry_type is None:
        return Extract(pa.schema(fields), None)
    geometry = GEOMETRY
    while geometry in {field.name for field in fields}:
        geometry += "_"
    return Extract(pa.schema([*fields, pa.field(geometry, pa.binary())]), geometry)


def count_rows(connection: Connection, layer: Layer, excerpt: Excerpt = EVERYTHING) -> int:
    """How many features an excerpt of a layer has."""
    found = select(layer.table.c.fid).limit(excerpt.limit)
    if excerpt.where is not None:
        found = found.where(excerpt.where)
    return int(connection.execute(select(func.count()).select_from(found.subquery())).scalar_one())


def read_batches(
    connection: Connection, layer: Layer, excerpt: Excerpt = EVERYTHING, *, batch_rows: int = 10_000
) -> Generator[pa.RecordBatch]:
    """The features of a layer, or of an excerpt of it, in the order of their keys where no other is asked for.

    Args:
        connection: of a reading transaction, which is busy until the last batch is read or the stream is closed;
            whoever may stop before the end closes it, or PostgreSQL goes on sending to nobody.
        layer: as the registry describes it in the same transaction.
        excerpt: which of its rows and columns, and in which order.
        batch_rows: the most rows of a batch.

    Returns:
        Batches of the schema that ``extract_of`` tells: geometry as WKB in EPSG:4490 longitude and latitude, lists of
        texts as lists, objects as JSON text, timestamps in UTC.
    """
    read = _read_postgis if connection.dialect.name == "postgresql" else _read_gpkg
    return read(connection, layer, excerpt, batch_rows)


def _statement(layer: Layer, excerpt: Excerpt, columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    order = excerpt.order_by or [layer.table.c.fid]
    statement = select(*columns).order_by(*order).limit(excerpt.limit)
    return statement if excerpt.where is None else statement.where(excerpt.where)


def _columns(layer: Layer, excerpt: Excerpt) -> list[tuple[str, ColumnElement[Any]]]:
    table, own = layer.table, columns_of(layer, excerpt.columns)
    return [("text", table.c.id), *((column.type, table.c[column.name]) for column in own)]


def _read_postgis(connection: Connection, layer: Layer, excerpt: Excerpt, batch_rows: int) -> Generator[pa.RecordBatch]:
    columns = [
        _POSTGIS.get(kind, _as_it_is)(column).label(f"c{at}")
        for at, (kind, column) in enumerate(_columns(layer, excerpt))
    ]
    if layer.geometry_type is not None:
        columns.append(func.encode(func.ST_AsBinary(layer.table.c[GEOMETRY_COLUMN]), "hex").label("shape"))
    compiled = _statement(layer, excerpt, columns).compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    statement = f"COPY ({compiled}) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')"
    read = _CsvReader(layer, excerpt.columns)
    database: Any = connection.connection.dbapi_connection
    values = {name: _bound(compiled, name, value) for name, value in compiled.construct_params().items()} or None
    # psycopg writes the values into the statement, as literals that libpq escapes: COPY takes no parameters.
    with (
        as_sqlalchemy(statement),
        _unhurried(connection),
        closing(database.cursor()) as cursor,
        cursor.copy(statement, values) as copy,
    ):
        yield from map(read, _pieces(copy, batch_rows))


def _bound(compiled: SQLCompiler, name: str, value: object) -> object:
    """A value as the driver takes it: a list of texts, for one, as JSON."""
    bind = compiled.binds.get(name)
    process = None if bind is None else bind.type.dialect_impl(compiled.dialect).bind_processor(compiled.dialect)
    return value if process is None else process(value)


@contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """A stream lasts as long as its reader takes; the limit of a reader's statement is set again behind it."""
    limit = connection.execute(text("SHOW statement_timeout")).scalar_one()
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    yield
    connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": limit})


def _pieces(copy: Any, batch_rows: int) -> Iterator[bytes]:  # noqa: ANN401 - psycopg's
    """CSV of whole rows: PostgreSQL sends each in a message of its own."""
    rows: list[bytes] = []
    size = 0
    for row in copy:
        rows.append(row)
        size += len(row)
        if len(rows) == batch_rows or size >= _MOST_BYTES:
            yield b"".join(rows)
            rows, size = [], 0
    if rows:
        yield b"".join(rows)


def _as_it_is(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column


def _written(form: str) -> Callable[[ColumnElement[Any]], ColumnElement[Any]]:
    return lambda column: func.to_char(column, literal_column(form))


# As ISO 8601, whatever the server's settings are.
_POSTGIS: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "date": _written(_ISO_DATE),
    "time": lambda column: sql_cast(column, Text()),
    "datetime": _written(_ISO_MOMENT),
    "timestamp": lambda column: _written(_ISO_MOMENT)(func.timezone(literal_column("'UTC'"), column)),
}


class _CsvReader:
    """CSV as PostgreSQL writes it: a null is nothing, an empty text is quoted."""

    def __init__(self, layer: Layer, columns: Collection[str] | None) -> None:
        self.extract = extract_of(layer, columns)
        kinds = ["text", *(column.type for column in columns_of(layer, columns))]
        self.kinds = kinds if self.extract.geometry is None else [*kinds, GEOMETRY]
        names = [str(at) for at in range(len(self.kinds))]
        types = {name: _CSV_TYPES.get(kind, pa.string()) for name, kind in zip(names, self.kinds, strict=True)}
        self.names = names
        self.parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
        self.converting = pyarrow.csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        )

    def __call__(self, piece: bytes) -> pa.RecordBatch:
        reading = pyarrow.csv.ReadOptions(column_names=self.names, block_size=len(piece) + 1, use_threads=False)
        table = pyarrow.csv.read_csv(io.BytesIO(piece), reading, self.parsing, self.converting).combine_chunks()
        columns = [_of_csv(kind, _one_chunk(column)) for kind, column in zip(self.kinds, table.columns, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=self.extract.schema)


_CSV_TYPES: Mapping[str, pa.DataType] = {
    **{kind: type_ for kind, type_ in ARROW_TYPES.items() if kind != "list"},
    "timestamp": pa.timestamp("us"),
}


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def _of_csv(kind: str, column: pa.Array) -> pa.Array:
    if kind == GEOMETRY:
        return _unhexed(column)
    if kind == "list":
        return _lists(column)
    return column.cast(ARROW_TYPES[kind])


def _unhexed(column: pa.Array) -> pa.Array:
    """Hexadecimal text as bytes, all at once: the text's offsets, halved, are the bytes'."""
    validity, offsets, data = column.buffers()
    length = len(column)
    if column.offset or data is None:
        return pa.array([None if one is None else bytes.fromhex(one) for one in column.to_pylist()], pa.binary())
    ends = pa.Array.from_buffers(pa.int32(), length + 1, [None, offsets])
    halves = pc.shift_right(ends, pa.scalar(1, pa.int32()))
    unhexed = pa.py_buffer(binascii.unhexlify(data.slice(0, ends[length].as_py())))
    return pa.Array.from_buffers(pa.binary(), length, [validity, halves.buffers()[1], unhexed], column.null_count)


def _lists(column: pa.Array) -> pa.Array:
    """JSON texts as lists of texts, all parsed at once."""
    texts = column.to_pylist()
    values = json.loads("[" + ",".join("null" if one is None else one for one in texts) + "]")
    return pa.array([_texts(value) for value in values], pa.list_(pa.string()))


def _texts(value: Any) -> list[str | None] | None:  # noqa: ANN401 - JSON
    """A list of texts; what is none in it, as its JSON."""
    if value is None:
        return None
    members = value if isinstance(value, list) else [value]
    return [one if one is None or isinstance(one, str) else canonical_json(one) for one in members]


def _read_gpkg(connection: Connection, layer: Layer, excerpt: Excerpt, batch_rows: int) -> Generator[pa.RecordBatch]:
    schema = extract_of(layer, excerpt.columns).schema
    typed = _columns(layer, excerpt)
    kinds = [kind for kind, _ in typed]
    columns = [type_coerce(column, NullType()).label(f"c{at}") for at, (_, column) in enumerate(typed)]
    if layer.geometry_type is not None:
        kinds.append(GEOMETRY)
        columns.append(type_coerce(layer.table.c[GEOMETRY_COLUMN], NullType()).label("shape"))
    statement = _statement(layer, excerpt, columns)
    with connection.execute(statement, execution_options={"yield_per": _FETCHED}) as result:
        for rows in _gathered(result.partitions(), batch_rows, shaped=layer.geometry_type is not None):
            values = zip(*rows, strict=True)
            arrays = [_of_gpkg(kind, each) for kind, each in zip(kinds, values, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _gathered(parts: Iterator[Sequence[Any]], batch_rows: int, *, shaped: bool) -> Iterator[Sequence[Any]]:
    rows: list[Any] = []
    size = 0
    for part in parts:
        rows += part
        size += sum(len(row[-1] or b"") for row in part) if shaped else 0
        while len(rows) >= batch_rows or (rows and size >= _MOST_BYTES):
            yield rows[:batch_rows]
            rows, size = rows[batch_rows:], 0
    if rows:
        yield rows


def _of_gpkg(kind: str, values: Sequence[Any]) -> pa.Array:
    if kind == GEOMETRY:
        return pa.array([None if one is None else gpkg.wkb_of(one) for one in values], pa.binary())
    if kind == "list":
        return _lists(pa.array(values, pa.string()))
    if kind == "boolean":
        return pa.array([None if one is None else bool(one) for one in values], pa.bool_())
    if kind in {"date", "time", "datetime", "timestamp"}:
        return _moments(kind, values)
    return pa.array(values, ARROW_TYPES[kind])


def _moments(kind: str, values: Sequence[str | None]) -> pa.Array:
    """ISO 8601 as a GeoPackage keeps it; a timestamp's Z says what its type does."""
    if kind == "timestamp":
        values = [None if one is None else one.removesuffix("Z") for one in values]
        return pa.array(values, pa.string()).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    if kind == "time":
        return pa.array([None if one is None else time.fromisoformat(one) for one in values], pa.time64("us"))
    return pa.array(values, pa.string()).cast(ARROW_TYPES[kind])
