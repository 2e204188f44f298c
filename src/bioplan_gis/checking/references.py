"""Rules for references: what a record names by id stands in the file that it should stand in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from bioplan_gis.catalogue import CATALOGUE_FILE
from bioplan_gis.checking.citations import cited
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, texts
from bioplan_gis.records import Record, city_code


@dataclass(frozen=True)
class Reference:
    """A column that names records of other sources.

    Attributes:
        source: the source whose records have the column.
        column: one id, or a list of ids.
        targets: the sources in one of which each id stands.
    """

    source: str
    column: str
    targets: tuple[str, ...]


PLATFORMS = ("labs", "parks", "enterprises", "industrial-land")
RELIED_ON = "relied_on_by"
DIVISIONS = "divisions"
REFERENCES = (
    Reference("outlines", "id", ("documents",)),
    Reference("zones", "layout", ("layouts",)),
    Reference("links", "layout", ("layouts",)),
    Reference("layouts", "fields", ("tracks",)),
    Reference("zones", "tracks", ("tracks",)),
    Reference("parks", "concentrates_on", ("tracks",)),
    Reference("industrial-land", "tracks", ("tracks",)),
    Reference("enterprises", "tracks", ("tracks",)),
    Reference("policies", "fields", ("tracks",)),
    Reference("tracks", "broader", ("tracks",)),
    Reference("zones", "platforms", PLATFORMS),
    *(Reference(source, RELIED_ON, ("zones",)) for source in PLATFORMS),
)
SOURCE_COLUMNS = ("source", "area_source")
DISTRICT_COLUMNS = ("district", "members", "located_in", "jurisdiction")


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of references."""
    for reference in REFERENCES:
        yield from _dangling(geodata, reference)
    yield from _unrelated(geodata)
    yield from _unknown_documents(geodata)
    yield from _unknown_sources(geodata)
    yield from _unknown_districts(geodata)
    yield from _unnamed_districts(geodata)
    yield from _one_sided(geodata)
    yield from _circular(geodata)


def _dangling(geodata: Geodata, reference: Reference) -> Iterable[Fault]:
    if any(geodata.unreadable(target) for target in reference.targets):
        return
    known = frozenset[str]().union(*(geodata.ids(target) for target in reference.targets))
    where = _files(reference.targets)
    for record in geodata.of(reference.source):
        for name in (name for name in texts(record.get(reference.column)) if name not in known):
            yield _unknown(record, reference.column, name, where)


def _unrelated(geodata: Geodata) -> Iterable[Fault]:
    """Relations of a firm to a platform or firm that stands nowhere."""
    if any(geodata.unreadable(target) for target in PLATFORMS):
        return
    known = frozenset[str]().union(*(geodata.ids(target) for target in PLATFORMS))
    for record in geodata.of("enterprises"):
        relations = record.get("relations")
        for relation in relations if isinstance(relations, list) else ():
            name = str(relation.get("id")) if isinstance(relation, dict) else str(relation)
            if name not in known:
                yield _unknown(record, "relations", name, _files(PLATFORMS))


def _unknown_documents(geodata: Geodata) -> Iterable[Fault]:
    if not geodata.unreadable("documents"):
        known = geodata.ids("documents")
        for record, citation in cited(geodata):
            if citation["document"] not in known:
                yield _unknown(record, "citations.document", citation["document"], "documents.toml")


def _unknown_sources(geodata: Geodata) -> Iterable[Fault]:
    known = {source.id for source in geodata.catalogue}
    for record, column in _columns(geodata, SOURCE_COLUMNS):
        for name in (name for name in texts(record.get(column)) if name not in known):
            yield _unknown(record, column, name, CATALOGUE_FILE)


def _unknown_districts(geodata: Geodata) -> Iterable[Fault]:
    if geodata.districts_unreadable:
        return
    for record, column in _columns(geodata, DISTRICT_COLUMNS):
        for code in (code for code in texts(record.get(column)) if code not in geodata.districts):
            yield _unknown(record, column, code, "districts_*.geojson")


def _unnamed_districts(geodata: Geodata) -> Iterable[Fault]:
    """Districts whose names, or their city's, do not stand in ``divisions.csv``, or stand there otherwise."""
    if geodata.unreadable(DIVISIONS):
        return
    divisions = {str(record.get("adcode")): record for record in geodata.of(DIVISIONS)}
    for code, district in geodata.districts.items():
        yield from (_unnamed(district, one) for one in (code, city_code(code)) if one not in divisions)
        if code in divisions and divisions[code].get("name_zh") != district.get("name"):
            yield _renamed(divisions[code], district)


def _unnamed(district: Record, code: str) -> Fault:
    return Fault(
        "divisions.csv",
        code,
        f"{district.file} 有“{district.label}”，这里却没有区划 {code} 的名称。",
        f"{district.file} has “{district.label}”, but the names of {code} are missing here.",
        "请补上一行：代码、名称、英文名称。",
        "Add a row: code, name and English name.",
    )


def _renamed(division: Record, district: Record) -> Fault:
    return Fault(
        division.file,
        division.label,
        f"{district.file} 中该区划名为“{district.get('name')}”。",
        f"{district.file} calls this division “{district.get('name')}”.",
        "请改为一致；以正式名称为准。",
        "Make them agree; the official name is right.",
    )


def _columns(geodata: Geodata, columns: Iterable[str]) -> Iterable[tuple[Record, str]]:
    """Every record compiled by hand, with each of the columns that may name something."""
    records = [record for _, compiled in geodata.compiled() for record in compiled]
    return product(records, columns)


def _files(sources: Iterable[str]) -> str:
    return " / ".join(f"{source.replace('-', '_')}.toml" for source in sources)


def _unknown(record: Record, column: str, name: str, where: str) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"{column} 引用的“{name}”不在 {where} 中。",
        f"{column} names “{name}”, which is not in {where}.",
        f"请改正拼写，或在 {where} 中补上它。",
        f"Correct the spelling, or add it to {where}.",
    )


def _one_sided(geodata: Geodata) -> Iterable[Fault]:
    """A platform says that a zone relies on it but the zone does not, or the other way round."""
    platforms = {str(record.get("id")): record for source in PLATFORMS for record in geodata.of(source)}
    zones = {str(record.get("id")): record for record in geodata.of("zones")}
    for name, platform in platforms.items():
        for zone in (zone for zone in texts(platform.get(RELIED_ON)) if zone in zones):
            if name not in texts(zones[zone].get("platforms")):
                yield _unanswered(zones[zone], "platforms", name, platform.file, RELIED_ON)
    for name, zone_record in zones.items():
        for platform_id in (one for one in texts(zone_record.get("platforms")) if one in platforms):
            if name not in texts(platforms[platform_id].get(RELIED_ON)):
                yield _unanswered(platforms[platform_id], RELIED_ON, name, zone_record.file, "platforms")


def _unanswered(record: Record, column: str, name: str, file: str, other: str) -> Fault:
    return Fault(
        record.file,
        record.label,
        f"{file} 的“{name}”在 {other} 中列了它，它的 {column} 却没有“{name}”。",
        f"“{name}” in {file} lists it under {other}, but its {column} lacks “{name}”.",
        f"请在 {column} 中补上“{name}”，或从 {file} 的 {other} 中删去它。",
        f"Add “{name}” to {column}, or take it out of {other} in {file}.",
    )


def _circular(geodata: Geodata) -> Iterable[Fault]:
    """Tracks that are, in the end, broader than themselves."""
    records = {str(record.get("id")): record for record in geodata.of("tracks")}
    broader = {name: texts(record.get("broader")) for name, record in records.items()}
    for name, record in records.items():
        if name in _reached(broader, name):
            yield Fault(
                record.file,
                record.label,
                f"上位概念循环：沿 broader 又回到“{name}”。",
                f"Its broader terms lead back to “{name}” itself.",
                "请删去循环中的一个 broader。",
                "Remove one of the broader terms in the circle.",
            )


def _reached(broader: Mapping[str, tuple[str, ...]], start: str) -> set[str]:
    """Every term above a term."""
    reached: set[str] = set()
    frontier = list(broader.get(start, ()))
    while frontier:
        term = frontier.pop()
        if term not in reached:
            reached.add(term)
            frontier.extend(broader.get(term, ()))
    return reached
