"""Layouts over HTTP: the phrase, its parts, and the zones that play them."""

from fastapi import APIRouter, Depends, Request, Response

from bioplan_gis.api.connections import ReadConnection
from bioplan_gis.api.documents import JSON, answer, encode, entity_tag, link, self_link
from bioplan_gis.api.params import Format, known_parameters_only
from bioplan_gis.plans import Plan, read_plan, read_plans
from bioplan_gis.storage.layers import read_layers

router = APIRouter(prefix="/api/layouts", dependencies=[Depends(known_parameters_only)])


@router.get("", summary="Layouts")
def layouts(request: Request, connection: ReadConnection, format_name: Format = None) -> Response:  # noqa: ARG001
    """Every layout with its phrase and the parts that the phrase is made of; the zones stand in each one's own."""
    plans = read_plans(connection)
    document = {
        "links": [self_link(request, JSON)],
        "layouts": [_summary(request, plan) for plan in plans],
    }
    return answer(request, encode(document), JSON, _tag(request, connection))


@router.get("/{layout_id}", summary="One layout")
def layout(
    request: Request,
    connection: ReadConnection,
    layout_id: str,
    format_name: Format = None,  # noqa: ARG001
) -> Response:
    """One layout with its zones and links as GeoJSON features, each with tier, role, tracks and platforms."""
    plan = read_plan(connection, layout_id)
    document = _summary(request, plan) | {
        "zones": {"type": "FeatureCollection", "features": plan.zones},
        "proposed_links": {"type": "FeatureCollection", "features": plan.links},
    }
    return answer(request, encode(document), JSON, _tag(request, connection))


def _tag(request: Request, connection: ReadConnection) -> str:
    return entity_tag(request, read_layers(connection))


def _summary(request: Request, plan: Plan) -> dict[str, object]:
    title = f"{plan.facts['name_zh']} {plan.facts['name_en']}"
    own = link(request, f"/api/layouts/{plan.id}", "self", JSON, title)
    parts = [{"numeral": part.numeral, "role": part.role, "count": part.count} for part in plan.parts]
    return {"id": plan.id, **plan.facts, "parts": parts, "zone_count": len(plan.zones), "links": [own]}
