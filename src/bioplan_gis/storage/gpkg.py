"""The embedded database as an ordinary GeoPackage: geometry blobs, metadata tables and the standard R*Tree.

Source: OGC 12-128r17 (GeoPackage Encoding Standard 1.3), clause 2.1.3 and annex F.3. Everything here is plain SQLite
on the connection that it is given; who opens and commits it is not its business.
"""

import sqlite3
import struct
from string import Template
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from bioplan_gis.crs import STORAGE_SRID, Shapes

APPLICATION_ID = 0x47504B47
USER_VERSION = 10300

_HEADER = struct.Struct("<2sBBi")
_ENVELOPE = struct.Struct("<4d")
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_LITTLE_ENDIAN, _XY_ENVELOPE, _EMPTY = 0b1, 0b10, 0b1_0000

_CORE = (
    """CREATE TABLE gpkg_spatial_ref_sys (
        srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
        organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)""",
    """CREATE TABLE gpkg_contents (
        table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
        description TEXT DEFAULT '',
        last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
        min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
        CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_geometry_columns (
        table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
        srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
        CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
        CONSTRAINT uk_gc_table_name UNIQUE (table_name),
        CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
        CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_extensions (
        table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
        CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))""",
)
# The schema extension, annex F.9; both of its tables are required, whichever is used.
_TITLES = {
    "gpkg_data_columns": """(
        table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
        constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
        CONSTRAINT gdc_tn UNIQUE (table_name, name))""",
    "gpkg_data_column_constraints": """(
        constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL, value TEXT, min NUMERIC,
        min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
        CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))""",
}
_RTREE = Template("""
CREATE VIRTUAL TABLE "rtree_${t}_${c}" USING rtree(id, minx, maxx, miny, maxy);
INSERT INTO "rtree_${t}_${c}" SELECT fid, ST_MinX("$c"), ST_MaxX("$c"), ST_MinY("$c"), ST_MaxY("$c") FROM "$t"
  WHERE "$c" NOTNULL AND NOT ST_IsEmpty("$c");
CREATE TRIGGER "rtree_${t}_${c}_insert" AFTER INSERT ON "$t" WHEN (NEW."$c" NOTNULL AND NOT ST_IsEmpty(NEW."$c"))
BEGIN INSERT OR REPLACE INTO "rtree_${t}_${c}" VALUES
  (NEW.fid, ST_MinX(NEW."$c"), ST_MaxX(NEW."$c"), ST_MinY(NEW."$c"), ST_MaxY(NEW."$c")); END;
CREATE TRIGGER "rtree_${t}_${c}_update1" AFTER UPDATE OF "$c" ON "$t"
  WHEN OLD.fid = NEW.fid AND (NEW."$c" NOTNULL AND NOT ST_IsEmpty(NEW."$c"))
BEGIN INSERT OR REPLACE INTO "rtree_${t}_${c}" VALUES
  (NEW.fid, ST_MinX(NEW."$c"), ST_MaxX(NEW."$c"), ST_MinY(NEW."$c"), ST_MaxY(NEW."$c")); END;
CREATE TRIGGER "rtree_${t}_${c}_update2" AFTER UPDATE OF "$c" ON "$t"
  WHEN OLD.fid = NEW.fid AND (NEW."$c" ISNULL OR ST_IsEmpty(NEW."$c"))
BEGIN DELETE FROM "rtree_${t}_${c}" WHERE id = OLD.fid; END;
CREATE TRIGGER "rtree_${t}_${c}_update3" AFTER UPDATE ON "$t"
  WHEN OLD.fid != NEW.fid AND (NEW."$c" NOTNULL AND NOT ST_IsEmpty(NEW."$c"))
BEGIN DELETE FROM "rtree_${t}_${c}" WHERE id = OLD.fid;
  INSERT OR REPLACE INTO "rtree_${t}_${c}" VALUES
  (NEW.fid, ST_MinX(NEW."$c"), ST_MaxX(NEW."$c"), ST_MinY(NEW."$c"), ST_MaxY(NEW."$c")); END;
CREATE TRIGGER "rtree_${t}_${c}_update4" AFTER UPDATE ON "$t"
  WHEN OLD.fid != NEW.fid AND (NEW."$c" ISNULL OR ST_IsEmpty(NEW."$c"))
BEGIN DELETE FROM "rtree_${t}_${c}" WHERE id IN (OLD.fid, NEW.fid); END;
CREATE TRIGGER "rtree_${t}_${c}_delete" AFTER DELETE ON "$t" WHEN OLD."$c" NOTNULL
BEGIN DELETE FROM "rtree_${t}_${c}" WHERE id = OLD.fid; END
""")
_RTREE_TRIGGERS = ("insert", "update1", "update2", "update3", "update4", "delete")


def encode(shape: BaseGeometry, srid: int = STORAGE_SRID) -> bytes:
    """A geometry as GeoPackage blob with its envelope in the header."""
    flags = _LITTLE_ENDIAN | (_EMPTY if shape.is_empty else _XY_ENVELOPE)
    header = _HEADER.pack(b"GP", 0, flags, srid)
    wkb = bytes(shapely.to_wkb(shape, byte_order=1))
    if shape.is_empty:
        return header + wkb
    min_x, min_y, max_x, max_y = shape.bounds
    return header + _ENVELOPE.pack(min_x, max_x, min_y, max_y) + wkb


def encode_all(shapes: Shapes, srid: int = STORAGE_SRID) -> list[bytes | None]:
    """Many geometries as GeoPackage blobs, None where there is none; what ``encode`` gives for each."""
    plain, empty = (_HEADER.pack(b"GP", 0, _LITTLE_ENDIAN | flags, srid) for flags in (_XY_ENVELOPE, _EMPTY))
    wkbs = shapely.to_wkb(shapes, byte_order=1)
    envelopes = np.ascontiguousarray(shapely.bounds(shapes)[:, [0, 2, 1, 3]], dtype="<f8").tobytes()
    is_empty = shapely.is_empty(shapes)
    size = _ENVELOPE.size
    return [
        None if wkb is None else empty + wkb if hollow else plain + envelopes[at : at + size] + wkb
        for at, wkb, hollow in zip(range(0, len(envelopes), size), wkbs, is_empty, strict=True)
    ]


def wkb_of(blob: bytes) -> bytes:
    """The well-known binary within a GeoPackage blob, whoever wrote the blob."""
    return blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 0b111] :]


def decode(blob: bytes) -> BaseGeometry:
    """The geometry of a GeoPackage blob."""
    return shapely.from_wkb(wkb_of(blob))


def is_empty(blob: bytes) -> bool:
    """Whether the blob holds a geometry without a point."""
    return bool(blob[3] & _EMPTY)


def envelope(blob: bytes) -> tuple[float, float, float, float]:
    """Least x, greatest x, least y, greatest y; from the header where it has them."""
    if blob[3] >> 1 & 0b111:
        order = "<4d" if blob[3] & _LITTLE_ENDIAN else ">4d"
        return struct.unpack_from(order, blob, 8)
    min_x, min_y, max_x, max_y = decode(blob).bounds
    return min_x, max_x, min_y, max_y


def create_core(database: sqlite3.Connection) -> None:
    """Mark the file as a GeoPackage and give it the metadata tables that every GeoPackage has."""
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {USER_VERSION}")
    for statement in _CORE:
        database.execute(statement)
    database.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _reference_systems())


def drop_core(database: sqlite3.Connection) -> None:
    """Take the metadata tables away, when nothing is left that they describe."""
    for table in ("gpkg_extensions", "gpkg_geometry_columns", "gpkg_contents", "gpkg_spatial_ref_sys"):
        database.execute(f"DROP TABLE {table}")
    database.execute("PRAGMA application_id = 0")
    database.execute("PRAGMA user_version = 0")


def _reference_systems() -> list[tuple[Any, ...]]:
    """The three rows that the standard demands, and the one that the layers are stored in."""
    undefined = [
        ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
        ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ]
    return undefined + [_reference_system(code) for code in (4326, STORAGE_SRID)]


def _reference_system(code: int) -> tuple[Any, ...]:
    crs = CRS.from_epsg(code)
    return crs.name, code, "EPSG", code, crs.to_wkt("WKT1_GDAL"), crs.scope


def show_geometry_columns(database: sqlite3.Connection) -> None:
    """Let this connection see the geometry columns where GeoAlchemy2's reflection looks for them; the file stays."""
    database.execute(
        """CREATE TEMP VIEW IF NOT EXISTS geometry_columns AS SELECT table_name AS f_table_name,
           column_name AS f_geometry_column, geometry_type_name AS geometry_type, 'XY' AS coord_dimension,
           srs_id AS srid, 1 AS spatial_index_enabled FROM gpkg_geometry_columns"""
    )


def register_attributes(database: sqlite3.Connection, table: str) -> None:
    """Enter a table without geometry among the GeoPackage's contents."""
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, 'attributes', ?, 0)",
        (table, table),
    )


def forget_table(database: sqlite3.Connection, table: str) -> None:
    """Take a table out of the GeoPackage's contents; the table itself stays."""
    for metadata in ("gpkg_geometry_columns", "gpkg_data_columns", "gpkg_contents"):
        if database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (metadata,)).fetchone():
            database.execute(f"DELETE FROM {metadata} WHERE table_name = ?", (table,))  # noqa: S608 - named above


def register_geometry(database: sqlite3.Connection, table: str, column: str, srid: int, kind: str) -> None:
    """Enter a table and its geometry column among the GeoPackage's contents."""
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES (?, 'features', ?, ?)",
        (table, table, srid),
    )
    database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)", (table, column, kind, srid))


def describe_contents(
    database: sqlite3.Connection, table: str, description: str, bounds: tuple[float, float, float, float] | None
) -> None:
    """Record that a table's content changed, and its bounding box (west, south, east, north)."""
    database.execute(
        """UPDATE gpkg_contents SET last_change = strftime('%Y-%m-%dT%H:%M:%fZ','now'), description = ?,
           min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?""",
        (description, *(bounds or (None,) * 4), table),
    )


def create_titles(database: sqlite3.Connection) -> None:
    """Add the tables that say what columns mean, and fill them for the layers that the registry knows."""
    for table, columns in _TITLES.items():
        database.execute(f"CREATE TABLE {table} {columns}")
        database.execute(
            "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', "
            "'http://www.geopackage.org/spec121/#extension_schema', 'read-write')",
            (table,),
        )
    for (table,) in database.execute("SELECT id FROM layers").fetchall():
        describe_columns(database, table)


def drop_titles(database: sqlite3.Connection) -> None:
    """Take away what ``create_titles`` added."""
    database.execute("DELETE FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'")
    for table in _TITLES:
        database.execute(f"DROP TABLE {table}")


def describe_columns(database: sqlite3.Connection, table: str) -> None:
    """Give a layer's columns the titles and units that the registry has for them.

    GDAL and QGIS show ``name``, which must be another for each column of a table; two of one title have both.
    """
    database.execute("DELETE FROM gpkg_data_columns WHERE table_name = ?", (table,))
    database.execute(
        """WITH known AS (SELECT layers.id, value ->> 'name' AS name, value ->> 'title_zh' AS zh,
               value ->> 'title_en' AS en, ' (' || (value ->> 'unit') || ')' AS unit
             FROM layers, json_each(layers.columns) WHERE layers.id = ?)
           INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description)
           SELECT id, name, CASE count(*) OVER (PARTITION BY zh) WHEN 1 THEN zh ELSE zh || ' ' || name END, zh,
             en || coalesce(unit, '') FROM known""",
        (table,),
    )


def create_rtree(database: sqlite3.Connection, table: str, column: str) -> None:
    """The standard spatial index of a geometry column, kept current by triggers."""
    script = _RTREE.substitute(t=table, c=column)
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            database.execute(statement)
            statement = ""
    database.execute(statement)
    database.execute(
        "INSERT INTO gpkg_extensions VALUES (?, ?, 'gpkg_rtree_index', "
        "'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        (table, column),
    )


def has_rtree(database: sqlite3.Connection, table: str, column: str) -> bool:
    """Whether a geometry column has its spatial index."""
    found = database.execute("SELECT 1 FROM gpkg_extensions WHERE table_name = ? AND column_name = ?", (table, column))
    return found.fetchone() is not None


def drop_rtree(database: sqlite3.Connection, table: str, column: str) -> None:
    """Take the spatial index of a geometry column away, with its triggers."""
    for trigger in _RTREE_TRIGGERS:
        database.execute(f'DROP TRIGGER IF EXISTS "rtree_{table}_{column}_{trigger}"')
    database.execute(f'DROP TABLE IF EXISTS "rtree_{table}_{column}"')
    database.execute("DELETE FROM gpkg_extensions WHERE table_name = ? AND column_name = ?", (table, column))
