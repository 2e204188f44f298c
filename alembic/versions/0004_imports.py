"""Layers that users import: who gave them and what they follow, a record of every import, and what parcels are told by.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.imports import drop_imported
from bioplan_gis.storage.tables import Json

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PARCEL_COLUMNS = {
    "area_measured_ha": sa.Double(),
    "parcel_no": sa.Text(),
    "floor_area_ratio_min": sa.Double(),
    "floor_area_ratio_max": sa.Double(),
    "building_density_min_percent": sa.Double(),
    "building_density_max_percent": sa.Double(),
    "green_ratio_min_percent": sa.Double(),
    "green_ratio_max_percent": sa.Double(),
    "height_min_m": sa.Double(),
    "height_max_m": sa.Double(),
    "term_years": sa.Double(),
    "starting_price_yuan": sa.Double(),
    "industry": sa.Text(),
    "indicators": Json(),
}
REGISTRY_COLUMNS = ("source", "conforms_to", "imported")


def rename_area(old: str, new: str) -> None:
    """A column of land's own area, whatever its class; the feeds go on under the registry's word for it."""
    op.execute(f"ALTER TABLE industrial_land RENAME COLUMN {old} TO {new}")
    renamed = sa.func.replace(sa.cast(sa.column("columns"), sa.Text()), f'"{old}"', f'"{new}"')
    kept_as = JSONB() if op.get_bind().dialect.name == "postgresql" else sa.Text()
    layers = sa.table("layers", sa.column("columns", kept_as), sa.column("id"))
    op.execute(layers.update().where(layers.c.id == "industrial_land").values(columns=sa.cast(renamed, kept_as)))


def upgrade() -> None:
    op.add_column("layers", sa.Column("source", sa.Text(), nullable=False, server_default=""))
    op.add_column("layers", sa.Column("conforms_to", sa.Text()))
    op.add_column("layers", sa.Column("imported", sa.Boolean(), nullable=False, server_default=sa.false()))
    rename_area("m3_area_ha", "area_ha")
    for name, kind in PARCEL_COLUMNS.items():
        op.add_column("industrial_land", sa.Column(name, kind))
    op.execute("DELETE FROM loads")
    op.create_table(
        "imports",
        sa.Column("fid", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("version", INTEGER, nullable=False),
        sa.Column("report", Json(), nullable=False),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        gpkg.register_attributes(op.get_bind().connection.dbapi_connection, "imports")


def downgrade() -> None:
    """Imported layers go with the registry's knowledge of them."""
    drop_imported(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        gpkg.forget_table(op.get_bind().connection.dbapi_connection, "imports")
    op.drop_table("imports")
    op.execute("DELETE FROM loads")
    for name in PARCEL_COLUMNS:
        op.execute(f"ALTER TABLE industrial_land DROP COLUMN {name}")
    rename_area("area_ha", "m3_area_ha")
    for name in REGISTRY_COLUMNS:
        op.execute(f"ALTER TABLE layers DROP COLUMN {name}")
