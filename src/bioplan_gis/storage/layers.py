"""The registry of layers: what each is, where it comes from, and the version that every answer's ETag follows.

A layer's version rises only when its content or description changed, in the transaction that changed it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, LargeBinary, Table, Text, bindparam, cast, delete, func, insert, select, type_coerce

from bioplan_gis.catalogue import Column
from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.errors import GeodataError, LayerNotFoundError, NotLoadedError
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.tables import GEOMETRY_COLUMN, LOADS, REGISTRY, Json, canonical_json, layer_table

ATTRIBUTION_SEPARATOR = "；"

Bounds = tuple[float, float, float, float]
Record = Mapping[str, Any]
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Layer:
    """A layer or plain table as the registry knows it.

    Attributes:
        id: in feeds, and its table's name.
        title_zh: Chinese title.
        title_en: English title.
        description_zh: what it holds, in Chinese.
        description_en: the same in English.
        geometry_type: ``GEOMETRY`` for mixed ones; None for a plain table.
        version: 1 when first stored, and one more with every change.
        digest: hash over content and description.
        feature_count: number of its features, those without geometry too.
        bbox: west, south, east, north in degrees; None where no feature has a geometry.
        licence: of the data.
        attribution: to show wherever the data is shown.
        source_ids: catalogued sources that it was made from.
        synthetic: whether it is made up, for tests and samples.
        columns: its own columns, without ``fid``, ``id`` and geometry.
        source: who gave the data, where a user imported it.
        conforms_to: the core layer whose columns it begins with, where it was imported as one.
        imported: whether a user brought it, and ``load`` leaves it alone.
    """

    id: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    geometry_type: str | None
    version: int
    digest: str
    feature_count: int
    bbox: Bounds | None
    licence: str
    attribution: str
    source_ids: tuple[str, ...]
    synthetic: bool
    columns: tuple[Column, ...]
    source: str = ""
    conforms_to: str | None = None
    imported: bool = False

    @property
    def attributions(self) -> tuple[str, ...]:
        """The attribution of each source."""
        return tuple(self.attribution.split(ATTRIBUTION_SEPARATOR)) if self.attribution else ()

    @cached_property
    def table(self) -> Table:
        """The table that holds it."""
        return layer_table(self.id, self.geometry_type, self.columns)


def read_layers(connection: Connection) -> tuple[Layer, ...]:
    """Every layer, in the order in which they were first stored."""
    return tuple(_layer_of(*row) for row in connection.execute(_ALL_LAYERS))


def read_layer_page(connection: Connection, *, limit: int, after: int) -> tuple[tuple[Layer, ...], int | None]:
    """Some layers in the order in which they were first stored, and the key after which the next ones stand.

    Args:
        connection: of a reading transaction.
        limit: the most to return, 1 or more.
        after: key after which they begin; 0 for the first.
    """
    statement = select(REGISTRY.c.fid, *_LAYER_COLUMNS).where(REGISTRY.c.fid > after).order_by(REGISTRY.c.fid)
    rows = connection.execute(statement.limit(limit + 1)).all()
    layers = tuple(_layer_of(*row[1:]) for row in rows[:limit])
    return layers, int(rows[limit - 1].fid) if len(rows) > limit else None


def require_layers(connection: Connection) -> tuple[Layer, ...]:
    """Every layer, of which there is at least one.

    Raises:
        NotLoadedError: nothing has been loaded yet.
    """
    layers = read_layers(connection)
    if not layers:
        raise NotLoadedError(
            "数据库中还没有图层；请先运行 bioplan load。", "The database has no layers yet; run bioplan load first."
        )
    return layers


def read_layer(connection: Connection, layer_id: str) -> Layer:
    """The layer of that id.

    Raises:
        LayerNotFoundError: there is none; the error names those that there are.
    """
    layer = find_layer(connection, layer_id)
    if layer is not None:
        return layer
    known = connection.execute(select(REGISTRY.c.id).order_by(REGISTRY.c.fid)).scalars().all()
    raise LayerNotFoundError(
        f"没有编号为“{layer_id}”的图层；现有：{'、'.join(known)}。",
        f"There is no layer “{layer_id}”; there are: {', '.join(known)}.",
    )


def find_layer(connection: Connection, layer_id: str) -> Layer | None:
    """The layer of that id, or None; no database holds a NUL."""
    if "\x00" in layer_id:
        return None
    row = connection.execute(_ONE_LAYER, {"layer_id": layer_id}).one_or_none()
    return None if row is None else _layer_of(*row)


def read_versions(connection: Connection) -> dict[str, int]:
    """Version of every layer by its id."""
    return {row.id: row.version for row in connection.execute(select(REGISTRY.c.id, REGISTRY.c.version))}


def replace_rows(connection: Connection, draft: Layer, records: Sequence[Record], shapes: Shapes | None) -> Layer:
    """Make a layer hold these records and no others; what is already so is not touched.

    A feature that stays keeps its ``fid``, so that paging and clients' keys hold.

    Args:
        connection: of a writing transaction.
        draft: the layer as it should be described; its version, digest, count and bbox are found here.
        records: one mapping a feature, with ``id`` and values for the layer's columns.
        shapes: their geometries, EPSG:4490, None among them where unknown; None for a plain table.

    Returns:
        The layer as it now stands; its version is the old one where nothing changed.

    Raises:
        GeodataError: a value is NaN or infinite; nothing was stored.
    """
    stored, digest = find_layer(connection, draft.id), _digest(draft, records, shapes)
    if stored is not None and stored.digest == digest:
        return stored
    layer = replace(
        draft,
        version=stored.version + 1 if stored else 1,
        digest=digest,
        feature_count=len(records),
        bbox=_bounds(shapes),
    )
    _store(connection, layer.table, records, shapes)
    register(connection, layer)
    return layer


def read_catalogue_digest(connection: Connection) -> str | None:
    """The digest of the catalogue that was loaded last; None where none was."""
    return connection.execute(select(LOADS.c.catalogue_digest).where(LOADS.c.id == "geodata")).scalar()


def write_catalogue_digest(connection: Connection, digest: str) -> None:
    """Remember which catalogue the layers were loaded from."""
    if read_catalogue_digest(connection) != digest:
        connection.execute(delete(LOADS).where(LOADS.c.id == "geodata"))
        connection.execute(insert(LOADS), {"id": "geodata", "catalogue_digest": digest})


def _digest(draft: Layer, records: Sequence[Record], shapes: Shapes | None) -> str:
    found = hashlib.sha256(canonical_json(_row_of(replace(draft, version=0, digest="", feature_count=0))).encode())
    for record in records:
        found.update(_text_of(draft, record).encode())
    for wkb in () if shapes is None else shapely.to_wkb(shapes, byte_order=1):
        found.update(wkb or b"-")
    return found.hexdigest()


def _text_of(draft: Layer, record: Record) -> str:
    try:
        return canonical_json(record)
    except ValueError as error:
        name, value = next(pair for pair in record.items() if not _is_json(pair[1]))
        raise GeodataError(
            f"图层 {draft.id} 的记录“{record.get('id')}”：{name} 的值 {value} 不是有限的数；请改正，未知则留空。",
            f"Layer {draft.id}, record “{record.get('id')}”: {name} is {value}, which is no finite number; correct it, "
            "or leave it out where it is unknown.",
        ) from error


def _is_json(value: object) -> bool:
    try:
        canonical_json(value)
    except ValueError:
        return False
    return True


def _bounds(shapes: Shapes | None) -> Bounds | None:
    known = [] if shapes is None else [shape for shape in shapes if shape is not None]
    if not known:
        return None
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(known))
    return west, south, east, north


def _store(connection: Connection, table: Table, records: Sequence[Record], shapes: Shapes | None) -> None:
    """Rows that stay are written back with their key; new ones get keys after all that there were."""
    keys: dict[str, int] = {row.id: row.fid for row in connection.execute(select(table.c.id, table.c.fid))}
    connection.execute(delete(table))
    rows = _rows(table, records, shapes)
    _insert(connection, table, [row | {"fid": keys[row["id"]]} for row in rows if row["id"] in keys])
    _insert(connection, table, [row for row in rows if row["id"] not in keys])


def _rows(table: Table, records: Sequence[Record], shapes: Shapes | None) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns if column.name not in ("fid", GEOMETRY_COLUMN)]
    rows = [{name: record.get(name) for name in names} for record in records]
    if shapes is None:
        return rows
    wkbs = shapely.to_wkb(shapes, byte_order=1)
    placed = [row | {GEOMETRY_COLUMN: wkb} for row, wkb in zip(rows, wkbs, strict=True)]
    # What has a place comes first, so that the first page of a layer can be drawn.
    return sorted(placed, key=lambda row: row[GEOMETRY_COLUMN] is None)


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    # Reserved names (group, level) make column names unfit for bind names of explicit values, hence the prefix.
    statement = insert(table)
    if GEOMETRY_COLUMN in rows[0]:
        wkb = type_coerce(bindparam("wkb"), LargeBinary())
        statement = statement.values({GEOMETRY_COLUMN: func.ST_GeomFromWKB(wkb, STORAGE_SRID)})
        rows = [{("wkb" if name == GEOMETRY_COLUMN else name): value for name, value in row.items()} for row in rows]
    connection.execute(statement, rows)


def register(connection: Connection, layer: Layer) -> None:
    """Enter a layer in the registry, or describe it anew; a GeoPackage's own metadata follow."""
    row = _row_of(layer)
    if find_layer(connection, layer.id) is None:
        connection.execute(insert(REGISTRY), row)
    else:
        connection.execute(REGISTRY.update().where(REGISTRY.c.id == layer.id), row)
    if connection.dialect.name == "sqlite":
        database: Any = connection.connection.dbapi_connection
        gpkg.describe_contents(database, layer.id, f"{layer.title_zh} · {layer.title_en}", layer.bbox)
        gpkg.describe_columns(database, layer.id)


_EDGES = ("west", "south", "east", "north")


def _row_of(layer: Layer) -> dict[str, Any]:
    """A layer as a row of the registry."""
    row = {field.name: getattr(layer, field.name) for field in fields(layer) if field.name != "bbox"}
    row |= dict(zip(_EDGES, layer.bbox or (None,) * 4, strict=True))
    row["source_ids"] = list(layer.source_ids)
    row["columns"] = [{field.name: getattr(column, field.name) for field in fields(column)} for column in layer.columns]
    return row


# Lists leave the database as text, so that a layer is made of its row once and known again by it.
_LAYER_COLUMNS = [
    cast(column, Text) if isinstance(column.type, Json) else column for column in REGISTRY.c if column.name != "fid"
]
_LAYER_NAMES = [column.name for column in REGISTRY.c if column.name != "fid"]
_ALL_LAYERS = select(*_LAYER_COLUMNS).order_by(REGISTRY.c.fid)
_ONE_LAYER = select(*_LAYER_COLUMNS).where(REGISTRY.c.id == bindparam("layer_id"))


@lru_cache(maxsize=256)
def _layer_of(*row: Any) -> Layer:  # noqa: ANN401 - of the registry's types
    values = dict(zip(_LAYER_NAMES, row, strict=True))
    edges = tuple(values.pop(edge) for edge in _EDGES)
    values["bbox"] = None if edges[0] is None else edges
    values["source_ids"] = tuple(json.loads(values["source_ids"]))
    values["columns"] = tuple(Column(**column) for column in json.loads(values["columns"]))
    return Layer(**values)
