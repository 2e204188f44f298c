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
    for record in geodata.of("layouts"):
        yield from _unlisted_roles(record, geodata.of("zones"))
    zones = geodata.of("zones")
    doubtful = {zone.get("layout") for zone in _unreadable(geodata, "zones", ZONE_COLUMNS) if _is_text(zone)}
    unreadable = [record.number for record in _unreadable(geodata, "layouts", LAYOUT_COLUMNS)]
    for record in geodata.of("layouts"):
        if record.number not in unreadable and record["id"] not in doubtful:
            layout = layout_of(record.values, [zone.values for zone in zones if zone.get("layout") == record["id"]])
            for contradiction in contradictions(layout):
                yield _fault(record, contradiction, zones)


def _unlisted_roles(layout: Record, zones: Iterable[Record]) -> Iterable[Fault]:
    """Zones that have an English word for their role which their layout does not list."""
    roles = layout.get("roles")
    listed = [role for role in roles if isinstance(role, dict)] if isinstance(roles, list) else []
    pairs = [(role.get("role"), role.get("role_en_singular")) for role in listed]
    for zone in (zone for zone in zones if zone.get("layout") == layout.get("id", "")):
        if "role_en" in zone.values and (zone.get("role"), zone["role_en"]) not in pairs:
            yield Fault(
                zone.file,
                zone.label,
                f"角色“{zone.get('role')} {zone['role_en']}”不在 {layout.file} 的“{layout.label}”所列 roles 中。",
                f"The role “{zone.get('role')} {zone['role_en']}” is not among the roles of “{layout.label}” in "
                f"{layout.file}.",
                "请改为其中之一，或按文件在 roles 中补上该角色。",
                "Make it one of them or, if the document has the role, add it to roles.",
            )


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
