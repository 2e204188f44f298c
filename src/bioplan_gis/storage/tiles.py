"""Vector tiles of a layer: its features, generalised to what can be seen, or counts on a grid where they are too many.

A tile holds one layer, called as the layer is. A feature's ``fid`` is its id there, and all of its columns are
properties; a tile knows no null, so that a property without a value is left out. A tile weighs 500 kB at most: where
the features weigh more, outlines are simplified to a pixel, and where that is not enough, cells of a grid stand for
them, with how many each counts. What lies wholly beyond Web Mercator, near the poles, is in no tile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Double, literal, select

from bioplan_gis.storage import gpkg_tiles, postgis_tiles
from bioplan_gis.storage.cells import MOST_BYTES, is_wide, read_marks, tile_of_cells
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.overviews import MOST_FEATURES, address
from bioplan_gis.storage.spatial import box_hit
from bioplan_gis.storage.tables import GEOMETRY_COLUMN
from bioplan_gis.tiling import PIXEL, Tile

# By how much an outline of many vertices may be off, in units: first what nobody sees, then a pixel.
TOLERANCES = (0.5, float(PIXEL))


@dataclass(frozen=True, eq=False)
class TileQuestion:
    """What a tile is to hold.

    Attributes:
        where: conditions on the layer's table, all of which must hold.
        properties: the columns that features have in it; None for all.
        held: a digest of the layer whose tile the asker has: if the layer still has it, nothing is read.
    """

    where: tuple[ColumnElement[Any], ...] = field(default=())
    properties: tuple[str, ...] | None = None
    held: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it asks for all features with all columns."""
        return not self.where and self.properties is None


@dataclass(frozen=True)
class TileBytes:
    """A tile as it stands now.

    Attributes:
        digest: of the layer; None where there is no such layer any more.
        body: the Mapbox Vector Tile, empty without a feature; None where the digest is the held one, or not that of
            the description that was asked by.
    """

    digest: str | None
    body: bytes | None


ALL = TileQuestion()


def read_tile(connection: Connection, layer: Layer, tile: Tile, question: TileQuestion = ALL) -> TileBytes:
    """A tile of a layer with geometry.

    Args:
        connection: of a reading transaction, or one for single statements.
        layer: as the registry describes it, or did when it was last looked at.
        tile: of WebMercatorQuad.
        question: which features and columns; all of them without it.
    """
    for tolerance in TOLERANCES:
        found = _features(connection, layer, tile, question, tolerance)
        if found.digest in {None, question.held} or found.digest != layer.digest:
            return TileBytes(found.digest, None)
        if found.body is None:
            break
        if len(found.body) <= MOST_BYTES:
            return found
    within = box_hit(layer.table.c[GEOMETRY_COLUMN], *(literal(edge, Double()) for edge in tile.box))
    marks = read_marks(connection, layer, [*question.where, within])
    return TileBytes(layer.digest, tile_of_cells(layer, tile, marks))


def _features(connection: Connection, layer: Layer, tile: Tile, question: TileQuestion, tolerance: float) -> TileBytes:
    """The tile of features, or an overview; without a body where they are too many."""
    asked = {"layer": layer.id, "digest": layer.digest, "address": address(layer.id, tile)}
    if connection.dialect.name == "postgresql":
        told = {"held": question.held, "most": MOST_FEATURES, **postgis_tiles.asked_of(tile, tolerance)}
        return _of_postgis(connection, layer, question, asked | told)
    digest, overview = connection.execute(_STATE_OF_GPKG, asked).one()
    if digest in {None, question.held} or digest != layer.digest:
        return TileBytes(digest, None)
    if overview is not None and question.is_whole:
        return TileBytes(digest, overview)
    return TileBytes(digest, _of_gpkg(connection, layer, tile, question, tolerance))


def _of_postgis(connection: Connection, layer: Layer, question: TileQuestion, asked: Mapping[str, Any]) -> TileBytes:
    kind = {"simple": layer.geometry_type == "POINT", "wide": is_wide(layer)}
    if question.is_whole:
        row = postgis_tiles.read_whole(connection, layer.table, asked, **kind)
    else:
        statement = postgis_tiles.part_statement(layer.table, question.where, question.properties, **kind)
        row = connection.execute(statement, asked).one_or_none()
    return TileBytes(None, None) if row is None else TileBytes(*row)


_STATE_OF_GPKG = select(postgis_tiles.DIGEST.label("digest"), postgis_tiles.OVERVIEW.label("overview"))


def _of_gpkg(
    connection: Connection, layer: Layer, tile: Tile, question: TileQuestion, tolerance: float
) -> bytes | None:
    return gpkg_tiles.read_features(
        connection,
        layer.table,
        tile,
        where=question.where,
        properties=question.properties,
        tolerance=tolerance,
        most=MOST_FEATURES,
    )
