"""The one call that API, command line and page share: which land near a place, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from sqlalchemy import Connection

from bioplan_gis.extents import DistanceInterval, Extents
from bioplan_gis.judging import Search, judge_lands, measured_ha
from bioplan_gis.landuse import Verdict
from bioplan_gis.plans import ZoneRole, read_zone_roles
from bioplan_gis.siting.conditions import (
    NO,
    VERDICTS,
    YES,
    Clearance,
    Finding,
    LandArea,
    judge_area,
    judge_distance,
)
from bioplan_gis.siting.explain import explain_standings
from bioplan_gis.siting.surroundings import Side, shares_inside, stand
from bioplan_gis.storage.kept import Kept
from bioplan_gis.storage.layers import Layer, read_layers
from bioplan_gis.storage.measures import Place
from bioplan_gis.subjects import (
    LAND,
    Near,
    Question,
    conforms,
    read_near,
    read_surrounding,
    require_classes,
    subject_layers,
)

__all__ = ["Answer", "Candidate", "Question", "select_sites"]

FURTHER_LAYERS = ("zones", "tracks", "districts", "documents")
_ROLES: Kept[Mapping[str, tuple[ZoneRole, ...]]] = Kept(1)


@dataclass(frozen=True)
class Candidate:
    """A piece of land with everything that was judged of it.

    Attributes:
        land: the land as it stands in the database.
        distance: to the place; None where either has no position at all.
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
        """Why it is an answer or not, in Chinese and English, from the very findings; what is made up says so first."""
        zh = ["【合成数据，并非实有】"] * self.land.synthetic + [finding.zh for finding in self.findings]
        en = ["[Synthetic data, not real]"] * self.land.synthetic + [finding.en for finding in self.findings]
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
        near: the place that it names.
        subjects: the layers that were searched.
        accepted: land that meets every condition or may meet it, nearest first, at most ``question.limit``.
        rejected: land of the class that misses a condition for certain, nearest first, at most ten.
        matched: how many would be accepted without a limit.
        met: how many of those meet every condition for certain.
        layers: every layer that answered, with its version.
    """

    question: Question
    near: Near
    subjects: tuple[Layer, ...]
    accepted: tuple[Candidate, ...]
    rejected: tuple[Candidate, ...]
    matched: int
    met: int
    layers: tuple[Layer, ...]

    @property
    def statement(self) -> tuple[str, str]:
        """The answer in one sentence; an empty one names the nearest rejected land and its distance."""
        what_zh, what_en = self._subject_words
        if self.accepted:
            zh, en = self._found(what_zh, what_en)
            return (zh + self._made_up[0], f"{en}{self._made_up[1]}")
        if not self.rejected:
            return f"数据库中没有{what_zh}。", f"The database holds no {what_en}."
        nearest = self.rejected[0]
        zh = f"没有符合条件的{what_zh}。最近而未入选的是{nearest.land.name_zh}：{nearest.shortfall[0]}"
        en = f"No {what_en} meets the conditions. The nearest that was rejected is {nearest.land.name_en}: "
        return zh + self._made_up[0], en + nearest.shortfall[1] + self._made_up[1]

    @property
    def _made_up(self) -> tuple[str, str]:
        """Which of the layers searched are made up."""
        titles = [(layer.title_zh, layer.title_en) for layer in self.subjects if layer.synthetic]
        if not titles:
            return "", ""
        zh, en = ("、".join(one for one, _ in titles), ", ".join(one for _, one in titles))
        return f"所查图层中“{zh}”为合成数据，并非实有。", f" Of what was searched, “{en}” is synthetic, not real."

    @property
    def _subject_words(self) -> tuple[str, str]:
        land_class, named = self.question.land_class, self.question.subject is not None
        zh, en = "工业用地", "industrial land"
        if named and not conforms(self.subjects[0], LAND):
            zh, en = "要素", "feature"
        if land_class is not None:
            zh, en = f"{land_class.zh}（{land_class.code}）", f"{land_class.en} ({land_class.code})"
        if not named:
            return zh, en
        return f"图层“{self.subjects[0].title_zh}”中的{zh}", f"{en} of the layer “{self.subjects[0].title_en}”"

    def _found(self, what_zh: str, what_en: str) -> tuple[str, str]:
        place = self.near.place
        if place.extent is None:
            zh = f"{place.name_zh}的位置未公布，与{what_zh}共 {self.matched} 处的远近均不确定。"
            opening = f"The position of {place.name_en} is unpublished"
            return zh, f"{opening}: how near {self.matched} pieces of {what_en} are is uncertain."
        unsure = self.matched - self.met
        zh = f"{place.name_zh}附近的{what_zh}：符合 {self.met} 处，不确定 {unsure} 处，由近及远。"
        opening = f"{what_en[0].upper()}{what_en[1:]} near {place.name_en}, nearest first"
        return zh, f"{opening}: {self.met} that meet the conditions, {unsure} that may."


def select_sites(connection: Connection, question: Question) -> Answer:
    """Land that answers a question, nearest first.

    All land is judged in whole arrays; only what the answer shows is read as records and put into words.

    Raises:
        ParameterError: the question names a place or layer that there is not, or asks a layer what it cannot answer.
    """
    layers = read_layers(connection)
    near = read_near(connection, layers, question.near, synthetic=question.synthetic)
    subjects = subject_layers(layers, question.subject, synthetic=question.synthetic)
    if question.land_class is not None:
        require_classes(subjects)
    around = [read_surrounding(connection, layers, side, clearance) for side, clearance in _clearances(question)]
    search = Search(question, near, subjects, tuple(surrounding for _, surrounding in around))
    judged = judge_lands(connection, search)
    further = [layer for layer in layers if layer.id in FURTHER_LAYERS]
    named = [*subjects, *([near.layer] if near.layer else []), *(layer for layer, _ in around), *further]
    shown = judged.nearest(connection, question.limit)
    chosen = np.concatenate(shown)
    lands = judged.grounds.places(connection, judged.numbers[chosen])
    distances = [judged.away.measured[number] for number in chosen.tolist()]
    roles = _ROLES.of(connection, further, lambda: read_zone_roles(connection))
    candidates = _explain(search, lands, distances, roles)
    answers, misses = candidates[: len(shown[0])], candidates[len(shown[0]) :]
    return Answer(
        question=question,
        near=near,
        subjects=subjects,
        accepted=answers,
        rejected=misses,
        matched=int(np.sum(judged.codes != NO)),
        met=int(np.sum(judged.codes == YES)),
        layers=tuple({layer.id: layer for layer in named}.values()),
    )


def _clearances(question: Question) -> list[tuple[Side, Clearance]]:
    inside: list[tuple[Side, Clearance]] = [("inside", Clearance(layer_id)) for layer_id in question.inside]
    return [*inside, *(("outside", clearance) for clearance in question.outside)]


def _explain(
    search: Search,
    lands: list[Place],
    distances: list[DistanceInterval | None],
    roles: Mapping[str, tuple[ZoneRole, ...]],
) -> tuple[Candidate, ...]:
    """Everything that was judged of the land shown, in words."""
    findings = [[_distance_finding(search, distance)] for distance in distances]
    if search.question.min_area_ha is not None:
        for at, land in enumerate(lands):
            findings[at].append(_area_finding(search, land, search.question.min_area_ha))
    extents = _extents(lands)
    for surrounding in search.surroundings:
        standing = stand(surrounding, extents, fully=True)
        found = explain_standings(surrounding, standing, shares_inside(surrounding, extents.shapes))
        for at, finding in enumerate(found):
            findings[at].append(finding)
    return tuple(
        Candidate(land, distances[at], tuple(findings[at]), roles.get(str(land.decisive.get("district")), ()))
        for at, land in enumerate(lands)
    )


def _extents(lands: list[Place]) -> Extents:
    """Where land is, as arrays."""
    shapes = np.full(len(lands), None, dtype=object)
    shapes[:] = [None if land.extent is None else land.extent.shape for land in lands]
    known = [land.extent for land in lands]
    return Extents(
        shapes=shapes,
        accuracy_m=np.array([0.0 if one is None else one.accuracy_m for one in known]),
        positioned=np.array([one is not None and one.positioned for one in known], dtype=bool),
    )


def _distance_finding(search: Search, distance: DistanceInterval | None) -> Finding:
    place = search.near.place
    return judge_distance(place.name_zh, place.name_en, distance, search.question.max_distance_m)


def _area_finding(search: Search, land: Place, least_ha: float) -> Finding:
    layer = next(one for one in search.subjects if one.id == land.layer_id)
    if not conforms(layer, LAND):
        own_ha = float(measured_ha(_extents([land]).shapes)[0])
        return judge_area(LandArea(None if np.isnan(own_ha) else own_ha, None, measured=True), least_ha)
    told = land.decisive
    measured = "几何" in (told.get("area_source") or "")
    return judge_area(LandArea(told["area_ha"], told["park_area_ha"], measured=measured), least_ha)
