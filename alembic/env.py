"""Alembic's environment: runs the migrations on the connection, and in the transaction, that the caller hands over."""

from alembic import context

from bioplan_gis.storage.tables import METADATA

# Tables that belong to the database's own machinery.
MACHINERY = ("gpkg_", "rtree_", "sqlite_", "spatial_ref_sys", "geometry_columns")


def include_object(item, name, kind, reflected, compare_to):  # noqa: ANN001, ANN201, ARG001
    return not (kind == "table" and name.startswith(MACHINERY))


context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
    target_metadata=METADATA,
    include_object=include_object,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
