"""Imported layers: rows gathered aside, then published as a table of their own in the same transaction; and dropped.

Rows are gathered in a temporary table whose ``fid`` is the row's number in the file, so that ids which come twice are
found by the database, whatever their number, and a reader sees nothing of it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from geoalchemy2 import Geometry
from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.types import NullType

from bioplan_gis.crs import STORAGE_SRID
from bioplan_gis.errors import ForeignDatabaseError, ParameterError
from bioplan_gis.storage import gpkg
from bioplan_gis.storage.layers import Bounds, Layer, find_layer, read_layer, read_layers, register
from bioplan_gis.storage.overviews import renew_overviews
from bioplan_gis.storage.tables import COLUMN_TYPES, GEOMETRY_COLUMN, IMPORTS, INTEGER, REGISTRY, canonical_json

IDS_AT_ONCE = 50_000
STAGING, KEPT = "bioplan_staging", "bioplan_kept"


@dataclass(frozen=True)
class Staging:
    """Rows that wait to be published.

    Attributes:
        draft: the layer as it should be described; version, digest, count and bbox are found when it is published.
        stored: the layer that stands there now, if any.
        append: whether the rows are added to it, rather than put in its place.
        offset: what is added to a row's number for its key, and for its id where the file has none.
        table: the temporary table: ``fid`` (the row's number in the file), ``id``, the layer's columns, ``geom``.
    """

    draft: Layer
    stored: Layer | None
    append: bool
    offset: int
    table: Table


def open_staging(connection: Connection, draft: Layer, *, append: bool) -> Staging:
    """Make room for the rows of a layer, new or known.

    Raises:
        ParameterError: the id is a built-in layer's or of the database's own; or rows cannot be added to the layer.
        ForeignDatabaseError: a table of that name is not ours.
    """
    stored = _stored(connection, draft.id)
    if append:
        draft = _appendable(stored, draft)
    last = 0
    if stored is not None:
        last = connection.execute(select(func.coalesce(func.max(stored.table.c.fid), 0))).scalar_one()
    table = _staging_table(connection, draft)
    table.create(connection)
    return Staging(draft, stored, append, last if append else 0, table)


def read_ids(connection: Connection, layer_id: str) -> Iterator[pa.Array]:
    """The ids of an imported layer, in parts; none where there is no such layer."""
    layer = find_layer(connection, layer_id)
    if layer is None or not layer.imported:
        return
    rows = connection.execution_options(yield_per=IDS_AT_ONCE).execute(select(layer.table.c.id)).scalars()
    for part in rows.partitions():
        yield pa.array(part, pa.string())


def find_duplicates(connection: Connection, staging: Staging) -> Sequence[tuple[int, str]]:
    """Row number and id of the rows whose id an earlier row has; they are taken out of the staging."""
    rows = staging.table.c
    rank = func.row_number().over(partition_by=rows.id, order_by=rows.fid).label("rank")
    ranked = select(rows.fid, rows.id, rank).subquery()
    twice = select(ranked.c.fid, ranked.c.id).where(ranked.c.rank > 1)
    found = [(row.fid, row.id) for row in connection.execute(twice)]
    if staging.append and staging.stored is not None:
        known = select(staging.stored.table.c.id)
        found += [(row.fid, row.id) for row in connection.execute(select(rows.fid, rows.id).where(rows.id.in_(known)))]
    for at in range(0, len(found), 1000):
        connection.execute(delete(staging.table).where(rows.fid.in_([fid for fid, _ in found[at : at + 1000]])))
    return sorted(set(found))


def publish(connection: Connection, staging: Staging, bbox: Bounds | None, digest: str) -> Layer:
    """Put the gathered rows where readers find them, and raise the layer's version by one.

    A feature whose id was there before keeps its ``fid``, so that clients who walk the pages lose none.

    Args:
        connection: of the transaction that gathered them.
        staging: the rows.
        bbox: of the rows' geometries in degrees.
        digest: hash over the file and how it was read.
    """
    stored, table = staging.stored, staging.draft.table
    same = stored is not None and _structure(stored) == _structure(staging.draft)
    _remember_keys(connection, stored)
    if stored is not None and not staging.append:
        _empty(connection, stored, drop=not same)
    if not same:
        _create(connection, table)
    unindexed = staging.draft.geometry_type is not None and _drop_index(connection, table, fresh=not same)
    last = connection.execute(text(f"SELECT coalesce(max(fid), 0) FROM {KEPT}")).scalar_one()  # noqa: S608 - ours
    connection.execute(_moving(staging, last))
    if unindexed:
        _create_index(connection, table)
    _finish(connection, table)
    for temporary in (staging.table.name, KEPT):
        connection.execute(text(f"DROP TABLE {temporary}"))
    layer = _registered(connection, staging, bbox, digest)
    renew_overviews(connection)
    return layer


def write_report(connection: Connection, layer: Layer, report: Mapping[str, Any]) -> None:
    """Keep what an import did, beside the version that it made."""
    row = {"id": f"{layer.id}@{layer.version}", "layer": layer.id, "version": layer.version, "report": report}
    connection.execute(insert(IMPORTS), row)


def read_report(connection: Connection, layer_id: str) -> Mapping[str, Any] | None:
    """What the last import of a layer did; None where there was none."""
    newest = select(IMPORTS.c.report).where(IMPORTS.c.layer == layer_id).order_by(IMPORTS.c.version.desc()).limit(1)
    report: Mapping[str, Any] | None = connection.execute(newest).scalar()
    return report


def drop_layer(connection: Connection, layer_id: str) -> Layer:
    """Take an imported layer away, with its table; the reports of its imports stay.

    Raises:
        LayerNotFoundError: there is none.
        ParameterError: it is a built-in one, which ``bioplan load`` keeps.
    """
    layer = read_layer(connection, layer_id)
    if not layer.imported:
        raise ParameterError(
            "layer",
            layer_id,
            f"“{layer_id}”是内置图层，不能删除；只能删除导入的图层：{_imported_names(connection)}。",
            f"“{layer_id}” is built in and cannot be dropped; imported layers can: {_imported_names(connection)}.",
        )
    _drop_table(connection, layer)
    connection.execute(delete(REGISTRY).where(REGISTRY.c.id == layer.id))
    return layer


def drop_imported(connection: Connection) -> None:
    """Take every imported layer away."""
    for row in connection.execute(select(REGISTRY.c.id).where(REGISTRY.c.imported)).all():
        drop_layer(connection, row.id)


def _imported_names(connection: Connection) -> str:
    return "、".join(layer.id for layer in read_layers(connection) if layer.imported) or "无 none"


def _stored(connection: Connection, layer_id: str) -> Layer | None:
    """The imported layer of that id; None where the name is free."""
    stored = find_layer(connection, layer_id)
    if stored is not None and not stored.imported:
        raise ParameterError(
            "layer",
            layer_id,
            f"“{layer_id}”是内置图层的编号；请用 --layer 另取名称（要按它的字段导入，用 --as）。",
            f"“{layer_id}” is the id of a built-in layer; choose another name with --layer (to import by its columns, "
            "use --as).",
        )
    if stored is None and _is_taken(connection, layer_id):
        raise ForeignDatabaseError(
            f"数据库中已有名为“{layer_id}”的表、视图、序列或类型，不属于任何图层，未作改动；请用 --layer 另取名称。",
            f"The database has a table, view, sequence or type “{layer_id}” that is no layer's; it was left untouched. "
            "Choose another name with --layer.",
        )
    return stored


def _is_taken(connection: Connection, name: str) -> bool:
    """Whether something has the name; in PostgreSQL a table shares its names with much else, and is a type as well."""
    if connection.dialect.name == "sqlite":
        return inspect(connection).has_table(name)
    known = text("SELECT to_regclass(quote_ident(:name)) IS NOT NULL OR to_regtype(quote_ident(:name)) IS NOT NULL")
    return bool(connection.execute(known, {"name": name}).scalar_one())


def _appendable(stored: Layer | None, draft: Layer) -> Layer:
    """The stored layer as the rows' home; what the file lacks stays null."""
    if stored is None:
        raise ParameterError(
            "append",
            draft.id,
            f"没有可追加的图层“{draft.id}”；先不带 --append 导入一次。",
            f"There is no layer “{draft.id}” to add to; import it once without --append.",
        )
    if stored.conforms_to != draft.conforms_to:
        raise _conforms_otherwise(stored)
    types = {column.name: column.type for column in stored.columns}
    strange = [column.name for column in draft.columns if types.get(column.name) != column.type]
    if strange or not _fits(stored.geometry_type, draft.geometry_type):
        listed = "、".join(strange) or f"{draft.geometry_type} ≠ {stored.geometry_type}"
        raise ParameterError(
            "append",
            draft.id,
            f"不能追加到“{stored.id}”，字段或类型与之不同：{listed}；请另取名称导入，或不带 --append 以替换。",
            f"Cannot add to “{stored.id}”, whose columns or types are others: {listed}. Import under another name, or "
            "without --append to replace it.",
        )
    return replace(draft, geometry_type=stored.geometry_type, columns=stored.columns)


def _conforms_otherwise(stored: Layer) -> ParameterError:
    option = f"--as {stored.conforms_to}" if stored.conforms_to else "no --as"
    option_zh = f"加上 --as {stored.conforms_to}" if stored.conforms_to else "不带 --as"
    return ParameterError(
        "append",
        stored.id,
        f"“{stored.id}”是以不同方式导入的，不能追加；请{option_zh}再试。",
        f"“{stored.id}” was imported in another way, so nothing can be added; try again with {option}.",
    )


def _fits(home: str | None, incoming: str | None) -> bool:
    return home == incoming or (home == "GEOMETRY" and incoming is not None)


def _staging_table(connection: Connection, draft: Layer) -> Table:
    own = [TableColumn(column.name, COLUMN_TYPES[column.type]) for column in draft.columns]
    if draft.geometry_type is not None:
        is_gpkg = connection.dialect.name == "sqlite"
        kind = LargeBinary() if is_gpkg else Geometry(draft.geometry_type, srid=STORAGE_SRID, spatial_index=False)
        own.append(TableColumn(GEOMETRY_COLUMN, kind))
    keys = TableColumn("fid", INTEGER), TableColumn("id", Text())
    return Table(STAGING, MetaData(), *keys, *own, prefixes=["TEMPORARY"])


def _create(connection: Connection, table: Table) -> None:
    """GeoAlchemy2 enters a table with geometry in a GeoPackage's contents, and no other."""
    table.create(connection)
    if connection.dialect.name == "sqlite" and GEOMETRY_COLUMN not in table.c:
        gpkg.register_attributes(_database(connection), table.name)


def _structure(layer: Layer) -> tuple[Any, ...]:
    return layer.geometry_type, [(column.name, column.type) for column in layer.columns]


def _remember_keys(connection: Connection, stored: Layer | None) -> None:
    known = select(stored.table.c.id, stored.table.c.fid) if stored is not None else None
    if known is None:
        connection.execute(text(f"CREATE TEMPORARY TABLE {KEPT} (id TEXT, fid BIGINT)"))
        return
    quoted = connection.dialect.identifier_preparer.format_table(known.get_final_froms()[0])
    connection.execute(text(f"CREATE TEMPORARY TABLE {KEPT} AS SELECT id, fid FROM {quoted}"))  # noqa: S608 - quoted


def _empty(connection: Connection, stored: Layer, *, drop: bool) -> None:
    """Rows go by DELETE where the table stays as it is: whoever reads goes on seeing the old ones until the end."""
    if drop:
        _drop_table(connection, stored)
        return
    _drop_index(connection, stored.table, fresh=False)
    connection.execute(delete(stored.table))


def _drop_index(connection: Connection, table: Table, *, fresh: bool) -> bool:
    """An index made after its rows costs less; PostGIS would lock readers out of a table that they use."""
    if GEOMETRY_COLUMN not in table.c:
        return False
    if connection.dialect.name == "sqlite":
        gpkg.drop_rtree(_database(connection), table.name, GEOMETRY_COLUMN)
        return True
    if fresh:
        name = connection.dialect.identifier_preparer.quote_identifier(_index_name(table))
        connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
    return fresh


def _create_index(connection: Connection, table: Table) -> None:
    if connection.dialect.name == "sqlite":
        gpkg.create_rtree(_database(connection), table.name, GEOMETRY_COLUMN)
        return
    quoted = connection.dialect.identifier_preparer
    name = quoted.quote_identifier(_index_name(table))
    connection.execute(text(f"CREATE INDEX {name} ON {quoted.format_table(table)} USING gist ({GEOMETRY_COLUMN})"))


def _index_name(table: Table) -> str:
    return f"idx_{table.name}_{GEOMETRY_COLUMN}"


def _moving(staging: Staging, last: int) -> Insert:
    """Every gathered row into the layer's table, under the key that its id had, or one after all that there were."""
    source, target = staging.table, staging.draft.table
    kept = Table(KEPT, MetaData(), TableColumn("id", Text()), TableColumn("fid", INTEGER))
    names = [column.name for column in target.columns if column.name != "fid"]
    key = func.coalesce(kept.c.fid, last + source.c.fid)
    values = select(key, *(_raw(source.c[name]) for name in names))
    rows = values.select_from(source.outerjoin(kept, kept.c.id == source.c.id)).order_by(source.c.fid)
    return insert(target).from_select(["fid", *names], rows)


def _raw(column: TableColumn[Any]) -> ColumnElement[Any]:
    """A column as it is stored; GeoAlchemy2 would take a geometry apart and put it together again."""
    return type_coerce(column, NullType()) if column.name == GEOMETRY_COLUMN else column


def _finish(connection: Connection, table: Table) -> None:
    """PostgreSQL plans by what it knows of a table, and goes on counting after the greatest key."""
    if connection.dialect.name == "sqlite":
        return
    quoted = connection.dialect.identifier_preparer.format_table(table)
    connection.execute(
        text(f"SELECT setval(pg_get_serial_sequence(:name, 'fid'), coalesce(max(fid), 1)) FROM {quoted}"),  # noqa: S608
        {"name": quoted},
    )
    connection.execute(text(f"ANALYZE {quoted}"))


def _registered(connection: Connection, staging: Staging, bbox: Bounds | None, digest: str) -> Layer:
    draft, stored = staging.draft, staging.stored
    version = _last_version(connection, draft.id) + 1
    count = connection.execute(select(func.count()).select_from(draft.table)).scalar_one()
    if staging.append and stored is not None:
        bbox = _union(stored.bbox, bbox)
    content = canonical_json([draft.id, version, digest, stored.digest if stored else ""])
    layer = replace(
        draft,
        version=version,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        feature_count=count,
        bbox=bbox,
    )
    register(connection, layer)
    return layer


def _last_version(connection: Connection, layer_id: str) -> int:
    """Of all that there were, dropped ones too: a version is never given twice."""
    newest = select(func.coalesce(func.max(IMPORTS.c.version), 0)).where(IMPORTS.c.layer == layer_id)
    return int(connection.execute(newest).scalar_one())


def _union(first: Bounds | None, second: Bounds | None) -> Bounds | None:
    if first is None or second is None:
        return first or second
    return min(first[0], second[0]), min(first[1], second[1]), max(first[2], second[2]), max(first[3], second[3])


def _drop_table(connection: Connection, layer: Layer) -> None:
    """The table with its index; a GeoPackage's metadata tables forget it as well."""
    if connection.dialect.name == "sqlite":
        database = _database(connection)
        gpkg.drop_rtree(database, layer.id, GEOMETRY_COLUMN)
        gpkg.forget_table(database, layer.id)
    quoted = connection.dialect.identifier_preparer.format_table(layer.table)
    connection.execute(text(f"DROP TABLE {quoted}"))


def _database(connection: Connection) -> Any:  # noqa: ANN401 - the driver's
    return connection.connection.dbapi_connection
