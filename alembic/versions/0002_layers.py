"""The core layers: nine with geometry, five plain tables.

Revision: 0002
Follows: 0001

Written out in full, not taken from the package's models, so that it makes tomorrow what it makes today.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from bioplan_gis.storage import gpkg
from bioplan_gis.storage.tables import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMES = "name_zh name_en"
PROVENANCE = "document clause citations:json source"
POSITION = (
    "district district_zh district_en accuracy_m:number position_basis position_source position_method "
    "position_attribution"
)
TYPES = {"text": sa.Text(), "integer": INTEGER, "number": sa.Double(), "boolean": sa.Boolean(), "date": sa.Date()}

# Layer: geometry type, own columns as name or name:type.
LAYERS = {
    "districts": ("MULTIPOLYGON", "city_zh city_en scope area_km2:number label_lon:number label_lat:number"),
    "zones": (
        "GEOMETRY",
        (
            "layout role role_en tier:integer seat:integer named:boolean function_zh function_en tracks:json "
            "platforms:json strengths_zh strengths_en members:json"
        ),
    ),
    "parks": (
        "GEOMETRY",
        (
            "kind kind_zh status aliases:json relied_on_by:json concentrates_on:json focus_zh focus_en "
            "area_ha:number area_source"
        ),
    ),
    "industrial_land": (
        "GEOMETRY",
        (
            "land_class class_code class_zh park_area_ha:number m3_area_ha:number area_source area_note_zh "
            "area_note_en status tracks:json synthetic:boolean"
        ),
    ),
    "labs": (
        "GEOMETRY",
        "aliases:json kind kind_zh level status relied_on_by:json located_in located_in_basis field_zh field_en",
    ),
    "enterprises": ("GEOMETRY", "aliases:json tracks:json fact_zh fact_en status relations:json relied_on_by:json"),
    "links": (
        "LINESTRING",
        "layout from_zh from_en to_zh to_en kind status open_list:boolean function_zh function_en",
    ),
    "towns": ("POINT", "geonameid:integer names_zh:json"),
    "water": ("GEOMETRY", "kind level:integer km2:number max_zoom:integer"),
}
PLAIN_TABLES = {
    "tracks": "group group_en aliases:json broader:json narrower:json note_zh note_en",
    "policies": (
        "kind applies_to_zh applies_to_en rate_percent:number rate_base_zh rate_base_en amount_yuan:number "
        "cap_yuan:number cap_scope_zh cap_scope_en duration_years:number fields:json jurisdiction jurisdiction_zh "
        "in_force:date validity stacking_zh stacking_en requires_local_production:boolean"
    ),
    "targets": (
        "kind measure measure_zh measure_en value:number comparator unit unit_zh year:integer period_zh scope_zh "
        "scope_en scope_adcode"
    ),
    "documents": "title_zh title_en issuer_zh issuer_en date:date in_force:date kind note",
    "layouts": "phrase phrase_en period area_zh area_en area_adcode fields:json roles:json note_zh note_en",
}


def columns(names: str) -> Iterator[sa.Column]:
    for name, _, kind in (each.partition(":") for each in names.split()):
        yield sa.Column(name, Json() if kind == "json" else TYPES[kind or "text"])


def create(table: str, *own: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("fid", INTEGER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        *own,
        sqlite_autoincrement=True,
    )


def upgrade() -> None:
    for table, (geometry_type, names) in LAYERS.items():
        own = columns(f"{NAMES} {names} {PROVENANCE} {POSITION}")
        create(table, *own, sa.Column("geom", Geometry(geometry_type, srid=4490)))
    for table, names in PLAIN_TABLES.items():
        create(table, *columns(f"{NAMES} {names} {PROVENANCE}"))
        if op.get_bind().dialect.name == "sqlite":
            gpkg.register_attributes(op.get_bind().connection.dbapi_connection, table)


def downgrade() -> None:
    """The registry forgets the layers that it describes: what is loaded again begins anew."""
    for registry in ("layers", "loads"):
        op.execute(sa.delete(sa.table(registry)))
    for table in (*PLAIN_TABLES, *LAYERS):
        if op.get_bind().dialect.name == "sqlite":
            gpkg.drop_rtree(op.get_bind().connection.dbapi_connection, table, "geom")
            gpkg.forget_table(op.get_bind().connection.dbapi_connection, table)
        op.drop_table(table)
