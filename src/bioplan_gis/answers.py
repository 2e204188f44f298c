"""An answer as a GeoJSON document, the same for the API, the command line and a script."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely

from bioplan_gis.selection import Answer, Candidate
from bioplan_gis.siting.conditions import M_PER_KM
from bioplan_gis.storage.layers import Layer
from bioplan_gis.storage.measures import Place
from bioplan_gis.subjects import Near, Question


@dataclass(frozen=True)
class Written:
    """A part of a document that is JSON already."""

    text: str


def answer_document(found: Answer, *, written: bool = False) -> dict[str, Any]:
    """A FeatureCollection of the land that answers, nearest first; what was rejected stands beside it.

    With ``written``, land stands in it as ``Written``, its columns as the database wrote them.

    Distances are metres on the ellipsoid, rounded to whole metres, which is less than any position's accuracy. An id
    tells a feature within its layer only; ``layer`` names that.
    """
    statement_zh, statement_en = found.statement
    return {
        "type": "FeatureCollection",
        "features": list(_written_features(found.accepted)) if written else list(_features(found.accepted)),
        "numberMatched": found.matched,
        "numberReturned": len(found.accepted),
        "statement_zh": statement_zh,
        "statement_en": statement_en,
        "question": _question(found.question),
        "near": _near(found.near),
        "rejected": [_rejected(candidate, written=written) for candidate in found.rejected],
        "subjects": [layer.id for layer in found.subjects],
        "layer_versions": {layer.id: layer.version for layer in found.layers},
        "layers": [layer_document(layer) for layer in found.layers],
    }


def layer_document(layer: Layer) -> dict[str, Any]:
    """What must stand beside a layer's data wherever they go."""
    names = ("id", "title_zh", "title_en", "version", "licence", "attribution", "source", "imported", "synthetic")
    return {name: getattr(layer, name) for name in names}


def _question(question: Question) -> dict[str, Any]:
    return {
        "near": question.near,
        "subject": question.subject,
        "synthetic": question.synthetic,
        "land_class": None if question.land_class is None else question.land_class.code,
        "max_distance_km": None if question.max_distance_m is None else question.max_distance_m / M_PER_KM,
        "min_area_ha": question.min_area_ha,
        "inside": list(question.inside),
        "outside": [str(clearance) for clearance in question.outside],
        "limit": question.limit,
    }


def _near(near: Near) -> dict[str, Any]:
    """The place with what is known of where it is, and the layer that says so."""
    names = ("district_zh", "position_basis", "accuracy_m", "document", "clause", "source")
    facts = {name: near.place.facts.get(name) for name in names}
    return {
        "id": near.place.id,
        "layer": None if near.layer is None else near.layer.id,
        "imported": near.layer is not None and near.layer.imported,
        "synthetic": near.place.synthetic,
        "name_zh": near.place.name_zh,
        "name_en": near.place.name_en,
        **facts,
        "geometry": _geometry(near.place),
    }


def _geometry(place: Place) -> dict[str, Any] | None:
    """The place's own geometry; its district's would claim more than is known."""
    if place.extent is None or not place.extent.positioned:
        return None
    geometry: dict[str, Any] = place.extent.shape.__geo_interface__
    return geometry


def _features(candidates: Sequence[Candidate]) -> Iterator[dict[str, Any]]:
    for rank, candidate in enumerate(candidates, start=1):
        yield {
            "type": "Feature",
            "id": candidate.land.id,
            "geometry": _geometry(candidate.land),
            "properties": _properties(candidate, rank),
        }


def _written_features(candidates: Sequence[Candidate]) -> Iterator[Written]:
    """The same, with the geometries written all at once."""
    extents = [candidate.land.extent for candidate in candidates]
    shapes = [None if extent is None or not extent.positioned else extent.shape for extent in extents]
    geometries = shapely.to_geojson(np.array(shapes, dtype=object))
    for rank, (candidate, geometry) in enumerate(zip(candidates, geometries, strict=True), start=1):
        head = f'{{"type":"Feature","id":{_json(candidate.land.id)},"geometry":{geometry or "null"}'
        yield Written(f'{head},"properties":{_written_properties(candidate, rank)}}}')


def _rejected(candidate: Candidate, *, written: bool) -> dict[str, Any] | Written:
    if written:
        return Written(f'{{"id":{_json(candidate.land.id)},{_written_properties(candidate, None)[1:]}')
    return _properties(candidate, None) | {"id": candidate.land.id}


def _written_properties(candidate: Candidate, rank: int | None) -> str:
    """The columns go as they are before what was judged; where they are called alike, each must be looked at."""
    judged = _judged(candidate, rank)
    columns = candidate.land.properties
    if not candidate.land.own or any(f'"{name}":' in columns for name in {*judged, "columns", "id"}):
        return _json(_properties(candidate, rank))
    return f"{columns[:-1]},{_json(judged)[1:]}" if columns != "{}" else _json(judged)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _properties(candidate: Candidate, rank: int | None) -> dict[str, Any]:
    """What was judged of a piece of land, and its columns; a column that is called like a judgement stands apart."""
    judged = _judged(candidate, rank)
    facts = candidate.land.facts
    hidden = {name: value for name, value in facts.items() if name in judged and name not in OWN_NAMES}
    return {**facts, **judged} | ({"columns": hidden} if hidden else {})


# What an answer says of land in the very sense that its layer's column has.
OWN_NAMES = {"name_zh", "name_en", "synthetic"}


def _judged(candidate: Candidate, rank: int | None) -> dict[str, Any]:
    reason_zh, reason_en = candidate.reasons
    distance = candidate.distance
    measured = (None, None, None) if distance is None else (distance.nominal_m, distance.least_m, distance.most_m)
    nominal_m, least_m, most_m = (None if metres is None else round(metres) for metres in measured)
    return {
        "rank": rank,
        "layer": candidate.land.layer_id,
        "synthetic": candidate.land.synthetic,
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
    }
