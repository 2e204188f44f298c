"""Site selection over HTTP, land of a class near a place, of any layer."""

from typing import Any

from fastapi import Request, Response

from bioplan_gis.answers import answer_document
from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import represented
from bioplan_gis.api.media import GEOJSON, HTML, negotiated
from bioplan_gis.api.parameters import Asked, read_parameters
from bioplan_gis.api.params import (
    DEFAULT_LIMIT,
    FORMAT,
    INSIDE,
    LAND_CLASS,
    LANG,
    LIMIT,
    MAX_DISTANCE,
    MIN_AREA,
    NEAR,
    OUTSIDE,
    SUBJECT,
    SYNTHETIC,
)
from bioplan_gis.api.routes import Routes
from bioplan_gis.selection import select_sites
from bioplan_gis.siting.conditions import M_PER_KM, read_clearance, read_container
from bioplan_gis.subjects import Question

router = Routes("/api/sites")

PARAMETERS = (
    NEAR, LAND_CLASS, MAX_DISTANCE, MIN_AREA, SUBJECT, INSIDE, OUTSIDE, SYNTHETIC, LIMIT, FORMAT, LANG,
)  # fmt: skip


@router.get("")
def sites(request: Request) -> Response:
    """Land near a place, within and clear of what is named, nearest first, each with why it is an answer."""
    asked = read_parameters(request, PARAMETERS)
    question = _question(asked)
    with reading_for(request) as connection:
        found = select_sites(connection, question)
        wanted = negotiated(request, (GEOJSON, HTML), asked[FORMAT])

        def document() -> dict[str, Any]:
            return answer_document(found, written=wanted is GEOJSON)

        return represented(request, asked, document, "sites", found.layers, media=GEOJSON, wanted=wanted)


def _question(asked: Asked) -> Question:
    near, max_distance_km = asked[NEAR], asked[MAX_DISTANCE]
    return Question(
        near=near or "",
        land_class=asked[LAND_CLASS],
        max_distance_m=None if max_distance_km is None else max_distance_km * M_PER_KM,
        min_area_ha=asked[MIN_AREA],
        limit=asked[LIMIT] or DEFAULT_LIMIT,
        synthetic=asked[SYNTHETIC] == "true",
        subject=asked[SUBJECT],
        inside=tuple(read_container(one) for one in asked[INSIDE] or ()),
        outside=tuple(read_clearance(one) for one in asked[OUTSIDE] or ()),
    )
