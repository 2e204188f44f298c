"""The question that a request asks of a layer's features, in the terms of the storage."""

from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection

from bioplan_gis.api.parameters import Asked, Parameter
from bioplan_gis.api.params import (
    AFTER,
    BBOX,
    BBOX_CRS,
    COUNT,
    CRS,
    DATETIME,
    FILTER,
    FILTER_CRS,
    FILTER_LANG,
    LIMIT,
    OFFSET,
    PROPERTIES,
    SORTBY,
    wrong_key,
)
from bioplan_gis.crs import CRS84
from bioplan_gis.storage.filters import Language, moment_condition, property_equals, where_clause
from bioplan_gis.storage.items import place_behind
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.literals import box_in
from bioplan_gis.storage.questions import Condition, Question, chosen_properties, read_place, sort_keys
from bioplan_gis.storage.spatial import EDGES, Box, meets, within

# What chooses features, beside the layer's own columns.
CHOICE: tuple[Parameter[Any], ...] = (BBOX, BBOX_CRS, DATETIME, FILTER, FILTER_LANG, FILTER_CRS)
PARAMETERS: tuple[Parameter[Any], ...] = (LIMIT, *CHOICE, SORTBY, PROPERTIES, CRS, AFTER, OFFSET, COUNT)


def column_parameters(layer: Layer) -> tuple[str, ...]:
    """The columns that are parameters of a layer's features, and ``id``."""
    return ("id", *(column.name for column in layer.columns))


def question_of(connection: Connection, layer: Layer, asked: Asked, *, limit: int | None) -> Question:
    """What is asked of a layer's features.

    Args:
        connection: whose database will answer.
        layer: as the registry describes it.
        asked: the parameters of the request.
        limit: the most features to return; None for all.

    Raises:
        ParameterError: a parameter names what the layer has not, or cannot be read.
    """
    sort = sort_keys(layer, asked[SORTBY] or ())
    after = asked[AFTER]
    place = None if after is None else read_place(sort, after)
    if after is not None and place is None:
        raise wrong_key(after)
    names, count = asked[PROPERTIES], asked[COUNT]
    box = _plain_box(layer, asked)
    question = Question(
        limit=limit,
        where=tuple(conditions(layer, asked, connection.dialect.name, boxed=box is not None)),
        box=box,
        sort=sort,
        after=place,
        properties=None if names is None else chosen_properties(layer, names),
        crs=asked[CRS] or CRS84,
        counted=None if count is None else count == "exact",
    )
    skipped = asked[OFFSET]
    return replace(question, after=place_behind(connection, layer, question, skipped)) if skipped else question


def _plain_box(layer: Layer, asked: Asked) -> Box | None:
    """The box as it is asked for most, whose statement need not be made anew; None where it is another, or none."""
    edges = asked[BBOX]
    if edges is None or len(edges) != len(EDGES) or asked[BBOX_CRS] not in {None, CRS84} or not layer.geometry_type:
        return None
    west, south, east, north = edges
    plain = -180 <= west < east <= 180 and -90 <= south < north <= 90  # noqa: PLR2004 - degrees
    return (west, south, east, north) if plain else None


def conditions(layer: Layer, asked: Asked, dialect: str, *, boxed: bool = False) -> list[Condition]:
    """What must hold of the features that are asked for.

    Args:
        layer: as the registry describes it.
        asked: the parameters of the request.
        dialect: ``postgresql`` or ``sqlite``.
        boxed: whether the box is asked for elsewhere.

    Raises:
        ParameterError: a parameter names what the layer has not, or cannot be read.
    """
    found: list[Condition] = []
    if (edges := asked[BBOX]) is not None and not boxed:
        found.append(meets(layer.table, within(box_in(edges, asked[BBOX_CRS] or CRS84), layer.bbox), dialect))
    if (text := asked[FILTER]) is not None:
        lang = cast("Language | None", asked[FILTER_LANG])
        crs = asked[FILTER_CRS] or CRS84
        found.append(where_clause(layer, text, dialect=dialect, name="filter", crs=crs, lang=lang))
    if (moment := asked[DATETIME]) is not None:
        found.append(moment_condition(layer, moment, dialect=dialect))
    found += [property_equals(layer, name, text, dialect=dialect) for name, text in asked.columns.items()]
    return found
