"""The map page at ``/`` and the scripts and styles that it loads, all from this host."""

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import answer, entity_tag
from bioplan_gis.api.params import known_parameters_only
from bioplan_gis.atlas import read_atlas
from bioplan_gis.maps import page
from bioplan_gis.storage.layers import read_layers

router = APIRouter(dependencies=[Depends(known_parameters_only)])


@router.get("/", summary="Map", include_in_schema=False)
def map_page(request: Request, connection: ReadConnection) -> Response:
    """The interactive map of everything that is loaded."""
    tag = entity_tag(request, (layer.version for layer in read_layers(connection)))
    html = page(read_atlas(connection), assets="linked")
    return answer(request, html.encode(), "text/html; charset=utf-8", tag)
