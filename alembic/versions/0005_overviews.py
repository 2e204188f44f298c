"""Overviews: vector tiles that count features, made when a layer changes, where a tile would hold too many.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

from bioplan_gis.storage import gpkg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "overviews",
        sa.Column("fid", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        gpkg.register_attributes(op.get_bind().connection.dbapi_connection, "overviews")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        gpkg.forget_table(op.get_bind().connection.dbapi_connection, "overviews")
    op.drop_table("overviews")
