"""Health: whether the process is up, and whether it can answer."""

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import JSON, encode
from bioplan_gis.api.params import known_parameters_only
from bioplan_gis.storage.database import require_schema
from bioplan_gis.storage.layers import require_layers

router = APIRouter(dependencies=[Depends(known_parameters_only)])


@router.get("/healthz", summary="The process is up")
def healthz() -> Response:
    """Answer without asking the database."""
    return Response(encode({"status": "ok"}), media_type=JSON)


@router.get("/readyz", summary="The database answers, its schema is right, its layers are loaded")
def readyz(request: Request, connection: ReadConnection) -> Response:
    """The layers with their versions, or a problem document with status 503 that says what is missing."""
    require_schema(request.app.state.engine)
    layers = require_layers(connection)
    document = {"status": "ready", "layers": {layer.id: layer.version for layer in layers}}
    return Response(encode(document), media_type=JSON)
