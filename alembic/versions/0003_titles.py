"""In a GeoPackage, the titles of the columns where QGIS and GDAL look for them; PostGIS has none to fill.

Revision: 0003
Follows: 0002
"""

from alembic import op

from bioplan_gis.storage import gpkg

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        gpkg.create_titles(op.get_bind().connection.dbapi_connection)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        gpkg.drop_titles(op.get_bind().connection.dbapi_connection)
