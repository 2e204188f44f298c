"""An answer as a GeoJSON document, the same for the API, the command line and a script."""

from dataclasses import asdict
from typing import Any

from bioplan_gis.selection import Answer, Candidate, Question
from bioplan_gis.siting.conditions import M_PER_KM
from bioplan_gis.storage.measures import Place


def answer_document(found: Answer) -> dict[str, Any]:
    """A FeatureCollection of the land that answers, nearest first; what was rejected stands beside it.

    Distances are metres on the ellipsoid, rounded to whole metres, which is less than any position's accuracy.
    """
    statement_zh, statement_en = found.statement
    return {
        "type": "FeatureCollection",
        "features": [_feature(candidate, rank) for rank, candidate in enumerate(found.accepted, start=1)],
        "numberMatched": found.matched,
        "numberReturned": len(found.accepted),
        "statement_zh": statement_zh,
        "statement_en": statement_en,
        "question": _question(found.question),
        "near": _near(found.lab),
        "rejected": [_properties(candidate, None) | {"id": candidate.land.id} for candidate in found.rejected],
        "layer_versions": {layer.id: layer.version for layer in found.layers},
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "near": question.near,
        "land_class": None if question.land_class is None else question.land_class.code,
        "max_distance_km": None if question.max_distance_m is None else question.max_distance_m / M_PER_KM,
        "min_area_ha": question.min_area_ha,
        "limit": question.limit,
    }


def _near(lab: Place) -> dict[str, Any]:
    """The laboratory with what is known of where it is."""
    names = ("district_zh", "position_basis", "accuracy_m", "document", "clause", "source")
    facts = {name: lab.facts[name] for name in names}
    return {"id": lab.id, "name_zh": lab.name_zh, "name_en": lab.name_en, **facts, "geometry": _geometry(lab)}


def _geometry(place: Place) -> dict[str, Any] | None:
    """The place's own geometry; its district's would claim more than is known."""
    if place.extent is None or not place.extent.positioned:
        return None
    geometry: dict[str, Any] = place.extent.shape.__geo_interface__
    return geometry


def _feature(candidate: Candidate, rank: int) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": candidate.land.id,
        "geometry": _geometry(candidate.land),
        "properties": _properties(candidate, rank),
    }


def _properties(candidate: Candidate, rank: int | None) -> dict[str, Any]:
    reason_zh, reason_en = candidate.reasons
    distance = candidate.distance
    measured = (None, None, None) if distance is None else (distance.nominal_m, distance.least_m, distance.most_m)
    nominal_m, least_m, most_m = (None if metres is None else round(metres) for metres in measured)
    return {
        "rank": rank,
        "name_zh": candidate.land.name_zh,
        "name_en": candidate.land.name_en,
        "verdict": candidate.verdict.zh,
        "verdict_en": candidate.verdict.en,
        "distance_m": nominal_m,
        "distance_min_m": least_m,
        "distance_max_m": most_m,
        "reason_zh": reason_zh,
        "reason_en": reason_en,
        "findings": [
            {
                "condition": finding.condition,
                "verdict": finding.verdict.zh,
                "verdict_en": finding.verdict.en,
                "zh": finding.zh,
                "en": finding.en,
            }
            for finding in candidate.findings
        ],
        "zones": [asdict(zone) for zone in candidate.zones],
        **{name: value for name, value in candidate.land.facts.items() if name not in {"id", "name_zh", "name_en"}},
    }
