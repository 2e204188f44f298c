"""Rules for layouts: the zones that play the parts of a phrase agree with it."""

from collections.abc import Iterable

from bioplan_gis.checking.columns import readable
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.layouts import Contradiction, contradictions, layout_of
from bioplan_gis.records import Record

# What a layout is read from; nothing can be said of one where these cannot be relied on.
LAYOUT_COLUMNS = ("id", "phrase", "area_adcode")
ZONE_COLUMNS = ("id", "layout", "role", "tier", "seat", "named", "members")


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every contradiction between a phrase and its zones, where the columns that say so can be relied on."""
    if geodata.unreadable("zones"):
        return
    zones = geodata.of("zones")
    doubtful = {zone.get("layout") for zone in _unreadable(geodata, "zones", ZONE_COLUMNS) if _is_text(zone)}
    unreadable = [record.number for record in _unreadable(geodata, "layouts", LAYOUT_COLUMNS)]
    for record in geodata.of("layouts"):
        if record.number not in unreadable and record["id"] not in doubtful:
            layout = layout_of(record.values, [zone.values for zone in zones if zone.get("layout") == record["id"]])
            for contradiction in contradictions(layout):
                yield _fault(record, contradiction, zones)


def _unreadable(geodata: Geodata, source_id: str, columns: Iterable[str]) -> Iterable[Record]:
    """The records of a source of which one of the columns cannot be relied on."""
    for source in (source for source in geodata.catalogue if source.id == source_id):
        for record in geodata.of(source_id):
            if "id" not in record.values or not readable(source, record, columns):
                yield record


def _is_text(zone: Record) -> bool:
    return isinstance(zone.get("layout"), str)


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
