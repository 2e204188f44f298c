"""Site selection over HTTP, land of a class near a place, of any layer."""

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.answers import answer_document
from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import GEOJSON, answer, encode, entity_tag, self_link
from bioplan_gis.api.params import (
    DEFAULT_LIMIT,
    Format,
    Inside,
    LandClassParameter,
    Limit,
    MaxDistance,
    MinArea,
    Near,
    Outside,
    Subject,
    Synthetic,
    known_parameters_only,
)
from bioplan_gis.selection import select_sites
from bioplan_gis.siting.conditions import M_PER_KM, read_clearance, read_container
from bioplan_gis.subjects import Question

router = APIRouter(prefix="/api/sites", dependencies=[Depends(known_parameters_only)])


@router.get("", summary="Land near a place, nearest first")
def sites(  # noqa: PLR0913, PLR0917
    request: Request,
    connection: ReadConnection,
    near: Near,
    land_class: LandClassParameter = None,
    max_distance_km: MaxDistance = None,
    min_area_ha: MinArea = None,
    subject: Subject = None,
    inside: Inside = (),
    outside: Outside = (),
    synthetic: Synthetic = False,  # noqa: FBT002 - as FastAPI takes it
    limit: Limit = DEFAULT_LIMIT,
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """Land near a place, within and clear of what is named, nearest first, each with why it is an answer."""
    question = Question(
        near=near,
        land_class=land_class,
        max_distance_m=None if max_distance_km is None else max_distance_km * M_PER_KM,
        min_area_ha=min_area_ha,
        limit=limit,
        synthetic=synthetic,
        subject=subject,
        inside=tuple(read_container(one) for one in inside),
        outside=tuple(read_clearance(one) for one in outside),
    )
    found = select_sites(connection, question)
    document = answer_document(found) | {"links": [self_link(request, GEOJSON)]}
    return answer(request, encode(document), GEOJSON, entity_tag(request, found.layers))
