"""Rules for layouts: the zones that play the parts of a phrase agree with it."""

from collections.abc import Iterable

from bioplan_gis.checking.columns import record_faults
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.layouts import Contradiction, contradictions, layout_of
from bioplan_gis.records import Record


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every contradiction between a phrase and its zones, once the columns of both can be relied on."""
    zones = geodata.of("zones")
    if geodata.unreadable("zones") or _columns_at_fault(geodata):
        return
    for record in geodata.of("layouts"):
        layout = layout_of(record.values, [zone.values for zone in zones])
        for contradiction in contradictions(layout):
            yield _fault(record, contradiction, zones)


def _columns_at_fault(geodata: Geodata) -> bool:
    sources = (source for source in geodata.catalogue if source.id in {"layouts", "zones"})
    return any(list(record_faults(source, record)) for source in sources for record in geodata.of(source.id))


def _fault(layout: Record, contradiction: Contradiction, zones: Iterable[Record]) -> Fault:
    record = next((zone for zone in zones if zone.get("id") == contradiction.zone), layout)
    return Fault(
        record.file,
        record.label,
        contradiction.zh,
        contradiction.en,
        f"请按文件原文改正 {layout.file} 的 phrase 或 zones.toml 的角色、层级与成员。",
        f"Correct the phrase in {layout.file}, or role, tier and members in zones.toml, by the document's text.",
    )
