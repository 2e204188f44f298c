"""Alembic's environment: runs the migrations on the connection, and in the transaction, that the caller hands over."""

from alembic import context

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.tables import METADATA

connection = context.config.attributes["connection"]
# Tables that belong to the database's own machinery.
MACHINERY = ("gpkg_", "rtree_", "sqlite_", "spatial_ref_sys", "geometry_columns")


def include_object(item, name, kind, reflected, compare_to):  # noqa: ANN001, ANN201, ARG001
    """Leave out what GeoPackage and PostGIS keep for themselves; an R*Tree is no index that SQLite reflects."""
    if kind == "index":
        return not (connection.dialect.name == "sqlite" and name.endswith("_geom"))
    return not (kind == "table" and name.startswith(MACHINERY))


if connection.dialect.name == "sqlite":
    gpkg.show_geometry_columns(connection.connection.dbapi_connection)
context.configure(
    connection=connection,
    version_table=context.config.attributes["version_table"],
    target_metadata=METADATA,
    include_object=include_object,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
