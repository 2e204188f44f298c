"""The one call that API, command line and page share: which land near a laboratory, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Connection

from bioplan_gis.errors import ParameterError
from bioplan_gis.extents import DistanceInterval, DistanceIntervals, distance_intervals_m
from bioplan_gis.landuse import LandClass, Verdict
from bioplan_gis.plans import Feature, read_features
from bioplan_gis.siting.conditions import (
    NO,
    VERDICTS,
    YES,
    Codes,
    Finding,
    LandArea,
    judge_area,
    judge_distance,
    large_enough,
    near_enough,
)
from bioplan_gis.storage.layers import Layer, read_layer
from bioplan_gis.storage.measures import Lands, Place, read_lands, read_place, read_places

ANSWERING_LAYERS = ("industrial_land", "labs", "zones", "tracks", "districts", "documents")
MOST_REJECTED = 10


@dataclass(frozen=True)
class Question:
    """Which land to look for.

    Attributes:
        near: id of a laboratory or platform.
        land_class: class that the land must have; None for any class of industry.
        max_distance_m: greatest distance in metres on the ellipsoid; None for any.
        min_area_ha: least area of land of the class, in hectares; None for any.
        limit: most answers to give.
        synthetic: whether made-up land may answer as well.
    """

    near: str
    land_class: LandClass | None = None
    max_distance_m: float | None = None
    min_area_ha: float | None = None
    limit: int = 100
    synthetic: bool = False


@dataclass(frozen=True)
class ZoneRole:
    """The part that a piece of land's district plays in a layout."""

    id: str
    layout: str
    name_zh: str
    name_en: str
    role: str | None
    tracks: tuple[str, ...]
    tracks_zh: tuple[str, ...]
    tracks_en: tuple[str, ...]
    document: str | None
    document_zh: str
    document_en: str
    clause: str | None


@dataclass(frozen=True)
class Candidate:
    """A piece of land with everything that was judged of it.

    Attributes:
        land: the land as it stands in the database.
        distance: to the laboratory; None where either has no position at all.
        findings: one for each condition, the distance first.
        zones: the parts that its district plays.
    """

    land: Place
    distance: DistanceInterval | None
    findings: tuple[Finding, ...]
    zones: tuple[ZoneRole, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        return min((finding.verdict for finding in self.findings), key=VERDICTS.index)

    @property
    def shortfall(self) -> tuple[str, str]:
        """The conditions that it misses for certain and by how much, in Chinese and English, after its distance."""
        missed = [finding for finding in self.findings if finding.verdict is Verdict.NO]
        shown = dict.fromkeys((self.findings[0], *missed))
        return "".join(finding.zh for finding in shown), " ".join(finding.en for finding in shown)

    @cached_property
    def reasons(self) -> tuple[str, str]:
        """Why it is an answer or not, in Chinese and English, from the very findings."""
        zh = [finding.zh for finding in self.findings]
        en = [finding.en for finding in self.findings]
        for zone in self.zones:
            tracks_zh = f"，重点布局{'、'.join(zone.tracks_zh)}" if zone.tracks else ""
            tracks_en = f", whose tracks are {', '.join(zone.tracks_en)}" if zone.tracks else ""
            zh.append(f"位于{zone.name_zh}（{zone.role}）{tracks_zh}（《{zone.document_zh}》{zone.clause}）。")
            en.append(f"It lies in {zone.name_en}{tracks_en} ({zone.document_en}, {zone.clause}).")
        return "".join(zh), " ".join(en)


@dataclass(frozen=True)
class Answer:
    """What was found, what was rejected, and the layers that say so.

    Attributes:
        question: as asked.
        lab: the laboratory or platform that it names.
        accepted: land that meets every condition or may meet it, nearest first, at most ``question.limit``.
        rejected: land of the class that misses a condition for certain, nearest first, at most ten.
        matched: how many would be accepted without a limit.
        met: how many of those meet every condition for certain.
        layers: every layer that answered, with its version.
    """

    question: Question
    lab: Place
    accepted: tuple[Candidate, ...]
    rejected: tuple[Candidate, ...]
    matched: int
    met: int
    layers: tuple[Layer, ...]

    @property
    def statement(self) -> tuple[str, str]:
        """The answer in one sentence; an empty one names the nearest rejected land and its distance."""
        class_zh, class_en = _class_words(self.question.land_class)
        if self.accepted:
            return self._found(class_zh, class_en)
        if not self.rejected:
            return f"数据库中没有{class_zh}。", f"The database holds no {class_en}."
        nearest = self.rejected[0]
        zh = f"没有符合条件的{class_zh}。最近而未入选的是{nearest.land.name_zh}：{nearest.shortfall[0]}"
        en = f"No {class_en} meets the conditions. The nearest that was rejected is {nearest.land.name_en}: "
        return zh, en + nearest.shortfall[1]

    def _found(self, class_zh: str, class_en: str) -> tuple[str, str]:
        if self.lab.extent is None:
            zh = f"{self.lab.name_zh}的位置未公布，与{class_zh}共 {self.matched} 处的远近均不确定。"
            opening = f"The position of {self.lab.name_en} is unpublished"
            return zh, f"{opening}: how near {self.matched} pieces of {class_en} are is uncertain."
        unsure = self.matched - self.met
        zh = f"{self.lab.name_zh}附近的{class_zh}：符合 {self.met} 处，不确定 {unsure} 处，由近及远。"
        opening = f"{class_en[0].upper()}{class_en[1:]} near {self.lab.name_en}, nearest first"
        return zh, f"{opening}: {self.met} that meet the conditions, {unsure} that may."


def select_sites(connection: Connection, question: Question) -> Answer:
    """Land that answers a question, nearest first.

    All land is judged in whole arrays; only what the answer shows is read as records and put into words.

    Raises:
        ParameterError: ``near`` names no laboratory or platform.
    """
    lab = read_place(connection, "labs", question.near)
    if lab is None:
        raise _no_such_lab(connection, question.near)
    land_class = None if question.land_class is None else question.land_class.code
    lands = read_lands(connection, land_class=land_class, synthetic=question.synthetic)
    distances = distance_intervals_m(lands.extents, lab.extent)
    codes = _verdicts(question, lands, distances)
    order = _nearest_first(lands, distances)
    accepted = [number for number in order if codes[number] != NO]
    rejected = [number for number in order if codes[number] == NO]
    shown = accepted[: question.limit], rejected[:MOST_REJECTED]
    named = read_places(connection, "industrial_land", [lands.ids[number] for numbers in shown for number in numbers])
    roles = _zone_roles(connection)
    answers, misses = (
        tuple(_judge(question, lab, named[lands.ids[number]], distances[number], roles) for number in numbers)
        for numbers in shown
    )
    return Answer(
        question=question,
        lab=lab,
        accepted=answers,
        rejected=misses,
        matched=len(accepted),
        met=int(np.sum(codes == YES)),
        layers=tuple(read_layer(connection, layer_id) for layer_id in ANSWERING_LAYERS),
    )


def _verdicts(question: Question, lands: Lands, distances: DistanceIntervals) -> Codes:
    """The worst verdict of each piece of land."""
    limit_m = np.inf if question.max_distance_m is None else question.max_distance_m
    codes = near_enough(distances, limit_m)
    if question.min_area_ha is not None:
        codes = np.minimum(codes, large_enough(lands.own_ha, lands.frame_ha, question.min_area_ha))
    return codes


def _nearest_first(lands: Lands, distances: DistanceIntervals) -> list[int]:
    """By the positions as published, else by the least that the distance can be; unknown last, equals by id."""
    known = np.where(np.isnan(distances.nominal_m), distances.least_m, distances.nominal_m)
    order: list[int] = np.lexsort((np.array(lands.ids, dtype=object).astype(str), known)).tolist()
    return order


def _judge(
    question: Question,
    lab: Place,
    land: Place,
    distance: DistanceInterval | None,
    roles: Mapping[str, tuple[ZoneRole, ...]],
) -> Candidate:
    findings = [judge_distance(lab.name_zh, lab.name_en, distance, question.max_distance_m)]
    if question.min_area_ha is not None:
        area = LandArea(own_ha=land.facts["area_ha"], frame_ha=land.facts["park_area_ha"])
        findings.append(judge_area(area, question.min_area_ha))
    return Candidate(land, distance, tuple(findings), roles.get(land.facts["district"], ()))


def _zone_roles(connection: Connection) -> dict[str, tuple[ZoneRole, ...]]:
    """The parts that each district plays, by adcode, of layouts whose zones are whole districts."""
    tracks, documents = (
        {one["id"]: one["properties"] for one in read_features(connection, table)} for table in ("tracks", "documents")
    )
    roles: dict[str, tuple[ZoneRole, ...]] = {}
    for zone in read_features(connection, "zones"):
        if zone["properties"]["position_basis"] != "boundary":
            continue
        for adcode in zone["properties"]["members"] or ():
            roles[adcode] = (*roles.get(adcode, ()), _zone_role(zone, tracks, documents))
    return roles


def _zone_role(zone: Feature, tracks: Mapping[str, Any], documents: Mapping[str, Any]) -> ZoneRole:
    facts = zone["properties"]
    ids = tuple(facts["tracks"] or ())
    return ZoneRole(
        id=zone["id"],
        layout=facts["layout"],
        name_zh=facts["name_zh"],
        name_en=facts["name_en"],
        role=facts["role"],
        tracks=ids,
        tracks_zh=tuple(tracks[one]["name_zh"] for one in ids),
        tracks_en=tuple(tracks[one]["name_en"] for one in ids),
        document=facts["document"],
        document_zh=documents[facts["document"]]["title_zh"],
        document_en=documents[facts["document"]]["title_en"],
        clause=facts["clause"],
    )


def _no_such_lab(connection: Connection, near: str) -> ParameterError:
    known = [lab["id"] for lab in read_features(connection, "labs")]
    return ParameterError(
        "near",
        near,
        f"没有编号为“{near}”的实验室或平台；编号见 /api/collections/labs/items，如 {'、'.join(known[:5])}。",
        f"There is no laboratory or platform “{near}”; /api/collections/labs/items has the ids, such as "
        f"{', '.join(known[:5])}.",
    )


def _class_words(land_class: LandClass | None) -> tuple[str, str]:
    if land_class is None:
        return "工业用地", "industrial land"
    return f"{land_class.zh}（{land_class.code}）", f"{land_class.en} ({land_class.code})"
