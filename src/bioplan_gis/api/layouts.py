"""Layouts over HTTP: the phrase, its parts, and the zones that play them."""

from fastapi import Request, Response

from bioplan_gis.api.connections import reading_for
from bioplan_gis.api.documents import Document, link, represented
from bioplan_gis.api.media import JSON
from bioplan_gis.api.parameters import read_parameters
from bioplan_gis.api.params import FORMAT, LANG
from bioplan_gis.api.routes import Routes
from bioplan_gis.plans import Plan, read_plan, read_plans
from bioplan_gis.storage.layers import read_layers

router = Routes("/api/layouts")


@router.get("")
def layouts(request: Request) -> Response:
    """Every layout with its phrase and the parts that the phrase is made of; the zones stand in each one's own."""
    asked = read_parameters(request, (FORMAT, LANG))
    with reading_for(request) as connection:
        plans, layers = read_plans(connection), read_layers(connection)
    return represented(
        request, asked, lambda: {"layouts": [_summary(request, plan) for plan in plans]}, "layouts", layers
    )


@router.get("/{layout_id}")
def layout(request: Request, layout_id: str) -> Response:
    """One layout with its zones and links as GeoJSON features, each with tier, role, tracks and platforms."""
    asked = read_parameters(request, (FORMAT, LANG))
    with reading_for(request) as connection:
        plan, layers = read_plan(connection, layout_id), read_layers(connection)

    def document() -> Document:
        zones = {"type": "FeatureCollection", "features": plan.zones}
        links = {"type": "FeatureCollection", "features": plan.links}
        return _summary(request, plan) | {"links": [], "zones": zones, "proposed_links": links}

    return represented(request, asked, document, "layout", layers)


def _summary(request: Request, plan: Plan) -> Document:
    title = f"{plan.facts['name_zh']} {plan.facts['name_en']}"
    own = link(request, f"/api/layouts/{plan.id}", "self", JSON, title)
    parts = [{"numeral": part.numeral, "role": part.role, "count": part.count} for part in plan.parts]
    return {"id": plan.id, **plan.facts, "parts": parts, "zone_count": len(plan.zones), "links": [own]}
