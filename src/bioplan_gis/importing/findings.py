"""What an import found, section by section, as its report has it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from bioplan_gis.importing.intake import Intake
from bioplan_gis.importing.mapping.fields import renamed
from bioplan_gis.importing.report import notes_json, place_section, rows_section


def findings(intake: Intake, layer: Mapping[str, Any]) -> dict[str, Any]:
    """The report's sections on layer, columns, encoding, coordinates, rows and places.

    Args:
        intake: after the last batch.
        layer: what is to be said of the layer.
    """
    facts = intake.facts
    return {
        "layer": {
            **layer,
            "software": f"bioplan-gis {version('bioplan-gis')}",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        "encoding": {
            "used": facts.encoding,
            "certain": facts.encoding_certain,
            "evidence": notes_json(facts.encoding_evidence),
        },
        "crs": _crs_section(intake),
        "columns": {
            "id": intake.id_column,
            "kept": [{"file": one.source, "layer": one.column.name, "type": one.column.type} for one in intake.fields],
            "mapped": notes_json(intake.plan.notes) if intake.plan else [],
        },
        **rows_section(intake.tally),
        **place_section(intake.tally),
        "notes": notes_json((*facts.notes, *renamed(intake.fields))),
    }


def _crs_section(intake: Intake) -> dict[str, Any] | None:
    """How the coordinates were placed; None where there are none."""
    decided = intake.georeference
    if decided is None:
        return None
    plain = {name: getattr(decided, name) for name in _OF_GEOREFERENCE}
    candidates = [
        {
            **{name: getattr(one, name) for name in ("crs", "name", "swapped", "in_hangzhou")},
            "districts": [{"zh": district.zh, "en": district.en} for district in one.districts],
        }
        for one in decided.candidates
    ]
    stated = intake.facts.crs_text or intake.facts.crs
    return {**plain, "stated": stated, "evidence": notes_json(decided.evidence), "candidates": candidates}


_OF_GEOREFERENCE = (
    "crs",
    "name",
    "swapped",
    "zone_prefix_removed",
    "zone_prefix_added",
    "datum",
    "how",
    "certain",
    "accuracy_m",
)
