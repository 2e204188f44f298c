"""The registry of layers and the record of loads; in a GeoPackage, the metadata tables that make it one.

Revision: 0001
Follows: nothing
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.tables import Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create(table: str, *own: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("fid", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        *own,
        sqlite_autoincrement=True,
    )


def required(kind: sa.types.TypeEngine, *names: str) -> Iterator[sa.Column]:
    return (sa.Column(name, kind, nullable=False) for name in names)


def upgrade() -> None:
    is_gpkg = op.get_bind().dialect.name == "sqlite"
    if is_gpkg:
        gpkg.create_core(op.get_bind().connection.dbapi_connection)
    create(
        "layers",
        *required(sa.Text(), "title_zh", "title_en", "description_zh", "description_en"),
        sa.Column("geometry_type", sa.Text()),
        *required(INTEGER, "version"),
        *required(sa.Text(), "digest"),
        *required(INTEGER, "feature_count"),
        *(sa.Column(edge, sa.Double()) for edge in ("west", "south", "east", "north")),
        *required(sa.Text(), "licence", "attribution"),
        *required(Json(), "source_ids"),
        *required(sa.Boolean(), "synthetic"),
        *required(Json(), "columns"),
    )
    create("loads", *required(sa.Text(), "catalogue_digest"))
    if is_gpkg:
        for table in ("layers", "loads"):
            gpkg.register_attributes(op.get_bind().connection.dbapi_connection, table)


def downgrade() -> None:
    is_gpkg = op.get_bind().dialect.name == "sqlite"
    for table in ("loads", "layers"):
        op.drop_table(table)
    if is_gpkg:
        gpkg.drop_core(op.get_bind().connection.dbapi_connection)
