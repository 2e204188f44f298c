"""Site selection over HTTP, in its first form: land of a class near a laboratory or platform."""

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.answers import answer_document
from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import GEOJSON, answer, encode, entity_tag, self_link
from bioplan_gis.api.params import (
    DEFAULT_LIMIT,
    Format,
    LandClassParameter,
    Limit,
    MaxDistance,
    MinArea,
    Near,
    known_parameters_only,
)
from bioplan_gis.selection import Question, select_sites
from bioplan_gis.siting.conditions import M_PER_KM

router = APIRouter(prefix="/api/sites", dependencies=[Depends(known_parameters_only)])


@router.get("", summary="Land near a laboratory, nearest first")
def sites(  # noqa: PLR0913, PLR0917
    request: Request,
    connection: ReadConnection,
    near: Near,
    land_class: LandClassParameter = None,
    max_distance_km: MaxDistance = None,
    min_area_ha: MinArea = None,
    limit: Limit = DEFAULT_LIMIT,
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """Land of a class near a laboratory, nearest first, each with what is known and why it is an answer."""
    question = Question(
        near=near,
        land_class=land_class,
        max_distance_m=None if max_distance_km is None else max_distance_km * M_PER_KM,
        min_area_ha=min_area_ha,
        limit=limit,
    )
    found = select_sites(connection, question)
    document = answer_document(found) | {"links": [self_link(request, GEOJSON)]}
    return answer(request, encode(document), GEOJSON, entity_tag(request, found.layers))
