"""Layouts: a planner's phrase such as 一心双核多元, the zones that play its parts, and the rules between the two.

The phrase is data. It is read as parts, each a numeral and a role noun (一心 = one core, 双核 = two hubs, 多元 = many
zones), and the zones that the plan names must agree with it in number, role, order and place.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bioplan_gis.errors import GeodataError

NUMERALS: Mapping[str, int | None] = {
    "一": 1, "单": 1, "二": 2, "双": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
    "十": 10, "多": None,
}  # fmt: skip
ROLE_NOUNS = "心核极园区片轴带点元"
FEWEST_OF_MANY = 2

_PART = re.compile(f"([{''.join(NUMERALS)}])([{ROLE_NOUNS}])")


@dataclass(frozen=True)
class Part:
    """One part of a phrase: how many places play which role.

    Attributes:
        numeral: as written, such as 双.
        role: the role noun, such as 核.
        count: the number meant; None for 多 (many).
    """

    numeral: str
    role: str
    count: int | None


@dataclass(frozen=True)
class Zone:
    """A place, named or not, that plays a part in a layout.

    Attributes:
        id: the record's id.
        name_zh: the place's name as the document writes it.
        role: role noun in the layout's phrase; None in a layout that has no phrase.
        tier: 1 for the first part of the phrase, 2 for the second, and so on.
        named: whether the document names the place, so that it counts.
        members: adcodes of the districts that the zone consists of or lies in.
    """

    id: str
    name_zh: str
    role: str | None
    tier: int | None
    named: bool
    members: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """A spatial layout of one plan.

    Attributes:
        id: the record's id.
        phrase: such as 一心双核多元; None where the document states none.
        area: prefix of the adcodes within which the layout lies, such as 3301 for Hangzhou.
        zones: in the order of the document.
    """

    id: str
    phrase: str | None
    area: str
    zones: tuple[Zone, ...]


@dataclass(frozen=True)
class Contradiction:
    """Something in which a layout disagrees with its own phrase.

    Attributes:
        zone: id of the zone at fault; None where the fault is the whole layout's.
        zh: what disagrees, in Chinese.
        en: the same in English.
    """

    zone: str | None
    zh: str
    en: str


def read_phrase(phrase: str) -> tuple[Part, ...]:
    """The parts of a phrase, in order.

    Raises:
        GeodataError: the phrase is not made of numerals and role nouns, or names a role twice.
    """
    parts = tuple(Part(numeral, role, NUMERALS[numeral]) for numeral, role in _PART.findall(phrase))
    if not parts or "".join(part.numeral + part.role for part in parts) != phrase:
        raise GeodataError(
            f"布局口号“{phrase}”无法解析：应由数词（{'、'.join(NUMERALS)}）与角色名词（{'、'.join(ROLE_NOUNS)}）成对组成，"
            "如“一心双核多元”。",
            f"The phrase “{phrase}” cannot be read: it should be pairs of a numeral ({' '.join(NUMERALS)}) and a role "
            f"noun ({' '.join(ROLE_NOUNS)}), such as 一心双核多元.",
        )
    twice = [role for role, times in Counter(part.role for part in parts).items() if times > 1]
    if twice:
        raise GeodataError(
            f"布局口号“{phrase}”中角色“{twice[0]}”出现两次；每个角色只能出现一次。",
            f"The phrase “{phrase}” names the role {twice[0]} twice; each role may stand once.",
        )
    return parts


def layout_of(record: Mapping[str, Any], zones: Iterable[Mapping[str, Any]]) -> Layout:
    """The layout of one record of ``layouts.toml`` with its records of ``zones.toml``."""
    mine = (zone for zone in zones if zone.get("layout") == record["id"])
    return Layout(
        id=record["id"],
        phrase=record.get("phrase"),
        area=str(record.get("area_adcode", "")),
        zones=tuple(_zone_of(zone) for zone in sorted(mine, key=lambda zone: int(zone.get("seat", 0)))),
    )


def _zone_of(record: Mapping[str, Any]) -> Zone:
    return Zone(
        id=record["id"],
        name_zh=record.get("name_zh", ""),
        role=record.get("role"),
        tier=record.get("tier"),
        named=bool(record.get("named", True)),
        members=tuple(record.get("members", ())),
    )


def contradictions(layout: Layout) -> tuple[Contradiction, ...]:
    """Everything in which a layout disagrees with its phrase, or its zones with one another; empty where all agrees."""
    found = [*_shared_members(layout), *_outside(layout)]
    if layout.phrase is None:
        return tuple(found)
    try:
        parts = read_phrase(layout.phrase)
    except GeodataError as error:
        return (Contradiction(None, error.zh, error.en), *found)
    return (*_wrong_counts(layout, parts), *_wrong_roles(layout, parts), *found)


def _wrong_counts(layout: Layout, parts: Sequence[Part]) -> Iterable[Contradiction]:
    """Roles played by more or fewer places than the phrase says; many is two or more, or stated to be unnamed."""
    for part in parts:
        zones = [zone for zone in layout.zones if zone.role == part.role]
        named = sum(zone.named for zone in zones)
        unnamed_many = part.count is None and named == 0 and len(zones) > 0
        right = named == part.count if part.count is not None else named >= FEWEST_OF_MANY or unnamed_many
        if not right:
            yield Contradiction(
                None,
                f"“{layout.phrase}”中“{part.numeral}{part.role}”应有 {_many(part.count, 'zh')} 个，实有 {named} 个。",
                f"{part.numeral}{part.role} of {layout.phrase} asks for {_many(part.count, 'en')}, but {named} stand.",
            )


def _many(count: int | None, language: str) -> str:
    if count is not None:
        return str(count)
    return f"{FEWEST_OF_MANY} 或更多" if language == "zh" else f"{FEWEST_OF_MANY} or more"


def _wrong_roles(layout: Layout, parts: Sequence[Part]) -> Iterable[Contradiction]:
    """Zones whose role the phrase does not have, or whose tier is not the place of their role in it."""
    tiers = {part.role: tier for tier, part in enumerate(parts, start=1)}
    for zone in layout.zones:
        if zone.role not in tiers:
            yield Contradiction(
                zone.id,
                f"“{zone.name_zh}”的角色“{zone.role}”不在“{layout.phrase}”中；应为 {'、'.join(tiers)} 之一。",
                f"The role {zone.role} is not in {layout.phrase}; it should be one of {' '.join(tiers)}.",
            )
        elif zone.tier != tiers[zone.role]:
            yield Contradiction(
                zone.id,
                f"“{zone.name_zh}”的层级为 {zone.tier}；“{zone.role}”在“{layout.phrase}”中排第 {tiers[zone.role]}。",
                f"Its tier is {zone.tier}, but {zone.role} stands at place {tiers[zone.role]} of {layout.phrase}.",
            )


def _shared_members(layout: Layout) -> Iterable[Contradiction]:
    """District zones that claim the same district; zones within one district (a town, a park) may share it."""
    if len(layout.area) != len("3301"):
        return
    claims = Counter(member for zone in layout.zones for member in zone.members)
    for member in (member for member, times in claims.items() if times > 1):
        both = "、".join(zone.name_zh for zone in layout.zones if member in zone.members)
        yield Contradiction(
            None,
            f"行政区 {member} 同时属于 {both}；一个行政区在一个布局中只能有一个角色。",
            f"District {member} belongs to {both} at once; a district plays one role in a layout.",
        )


def _outside(layout: Layout) -> Iterable[Contradiction]:
    """Zones that have a district outside the layout's area."""
    for zone in layout.zones:
        for member in (member for member in zone.members if not member.startswith(layout.area)):
            yield Contradiction(
                zone.id,
                f"“{zone.name_zh}”含行政区 {member}，不在布局范围（{layout.area}）内。",
                f"It has the district {member}, which lies outside the layout's area ({layout.area}).",
            )
