"""Plans as they stand in the database: a layout's facts with the zones and links that belong to it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bioplan_gis.errors import LayoutNotFoundError
from bioplan_gis.layouts import Part, read_phrase
from bioplan_gis.storage.items import read_collection
from bioplan_gis.storage.layers import read_layer

Feature = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A layout with its members.

    Attributes:
        id: the layout's id.
        facts: what the layout's record states, with document and clause.
        parts: the parts of its phrase; empty where it has none.
        zones: GeoJSON features in the order of their seats.
        links: GeoJSON features of the links that it proposes.
    """

    id: str
    facts: Mapping[str, Any]
    parts: tuple[Part, ...]
    zones: tuple[Feature, ...]
    links: tuple[Feature, ...]


@dataclass(frozen=True)
class ZoneRole:
    """The part that a piece of land's district plays in a layout."""

    id: str
    layout: str
    name_zh: str
    name_en: str
    role: str | None
    tracks: tuple[str, ...]
    tracks_zh: tuple[str, ...]
    tracks_en: tuple[str, ...]
    document: str | None
    document_zh: str
    document_en: str
    clause: str | None


def read_plans(connection: Connection) -> tuple[Plan, ...]:
    """Every layout with its zones and links."""
    zones, links = read_features(connection, "zones"), read_features(connection, "links")
    return tuple(_plan(layout, zones, links) for layout in read_features(connection, "layouts"))


def read_plan(connection: Connection, layout_id: str) -> Plan:
    """The layout of that id.

    Raises:
        LayoutNotFoundError: there is none; the error names those that there are.
    """
    plans = {plan.id: plan for plan in read_plans(connection)}
    if layout_id not in plans:
        raise LayoutNotFoundError(
            f"没有编号为“{layout_id}”的布局；现有：{'、'.join(plans)}。",
            f"There is no layout “{layout_id}”; there are: {', '.join(plans)}.",
        )
    return plans[layout_id]


def read_features(connection: Connection, layer_id: str) -> tuple[Feature, ...]:
    """Every feature of a small layer."""
    return tuple(json.loads(read_collection(connection, read_layer(connection, layer_id)))["features"])


def read_zone_roles(connection: Connection) -> dict[str, tuple[ZoneRole, ...]]:
    """The parts that each district plays, by adcode, of layouts whose zones are whole districts."""
    tracks, documents = (
        {one["id"]: one["properties"] for one in read_features(connection, table)} for table in ("tracks", "documents")
    )
    roles: dict[str, tuple[ZoneRole, ...]] = {}
    for zone in read_features(connection, "zones"):
        if zone["properties"]["position_basis"] != "boundary":
            continue
        for adcode in zone["properties"]["members"] or ():
            roles[adcode] = (*roles.get(adcode, ()), _zone_role(zone, tracks, documents))
    return roles


def _plan(layout: Feature, zones: tuple[Feature, ...], links: tuple[Feature, ...]) -> Plan:
    facts = layout["properties"]
    phrase = facts["phrase"]
    return Plan(
        id=layout["id"],
        facts=facts,
        parts=read_phrase(phrase) if phrase else (),
        zones=tuple(sorted(_members(layout, zones), key=lambda zone: zone["properties"]["seat"] or 0)),
        links=tuple(_members(layout, links)),
    )


def _members(layout: Feature, features: tuple[Feature, ...]) -> list[Feature]:
    return [feature for feature in features if feature["properties"]["layout"] == layout["id"]]


def _zone_role(zone: Feature, tracks: Mapping[str, Any], documents: Mapping[str, Any]) -> ZoneRole:
    facts = zone["properties"]
    ids = tuple(facts["tracks"] or ())
    return ZoneRole(
        id=zone["id"],
        layout=facts["layout"],
        name_zh=facts["name_zh"],
        name_en=facts["name_en"],
        role=facts["role"],
        tracks=ids,
        tracks_zh=tuple(tracks[one]["name_zh"] for one in ids),
        tracks_en=tuple(tracks[one]["name_en"] for one in ids),
        document=facts["document"],
        document_zh=documents[facts["document"]]["title_zh"],
        document_en=documents[facts["document"]]["title_en"],
        clause=facts["clause"],
    )
