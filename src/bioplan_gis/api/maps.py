"""The map page at ``/`` and the scripts and styles that it loads, all from this host."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import answer, entity_tag
from bioplan_gis.atlas import read_atlas
from bioplan_gis.maps import page
from bioplan_gis.storage.layers import read_layers

Versions = tuple[tuple[str, int], ...]

router = APIRouter()


@router.get("/", summary="Map", include_in_schema=False)
def map_page(request: Request, connection: ReadConnection) -> Response:
    """The interactive map of everything that is loaded; whatever a link adds to the address is the page's affair."""
    versions = tuple((layer.id, layer.version) for layer in read_layers(connection))
    body = _page_of(request, connection, versions)
    return answer(request, body, "text/html; charset=utf-8", entity_tag(request, versions))


def _page_of(request: Request, connection: Connection, versions: Versions) -> bytes:
    """The page of these versions; the last one made is remembered, since making it costs far more than sending it."""
    remembered: tuple[Versions, bytes] | None = getattr(request.app.state, "page", None)
    if remembered is None or remembered[0] != versions:
        remembered = versions, page(read_atlas(connection), assets="linked").encode()
        request.app.state.page = remembered
    return remembered[1]
