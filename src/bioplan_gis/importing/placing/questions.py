"""What is put to the user where a file leaves open how to read its coordinates: guess, evidence, option to give."""

from collections.abc import Iterable, Iterator

import numpy as np

from bioplan_gis.errors import UncertainFileError
from bioplan_gis.importing.placing.candidates import Candidate
from bioplan_gis.importing.placing.definitions import (
    Definition,
    Family,
    GaussKruger,
    Positions,
    definition,
    gauss_kruger_code,
    shortened,
)
from bioplan_gis.importing.placing.landing import HANGZHOU, District
from bioplan_gis.importing.rows import Note

NAMES: dict[Family, Note] = {
    "cgcs2000": Note("CGCS2000", "CGCS2000"),
    "xian80": Note("1980 西安坐标系", "Xian 1980"),
    "beijing54": Note("1954 年北京坐标系", "Beijing 1954"),
}
OWN_SYSTEM = Note(
    "也可能是城市独立坐标系（例如中央经线 120° 或 120°10′ 并平移过原点），其参数不公开，无法推测；"
    "请先由测绘部门转换为 CGCS2000",
    "or it may be a city's own system (with a central meridian of 120° or 120°10′, say, and an origin moved), whose "
    "parameters are not public and cannot be guessed; have the surveyors convert it to CGCS2000 first",
)


def listed(notes: Iterable[Note]) -> Note:
    """Sentences, one behind the other."""
    each = tuple(notes)
    return Note("；".join(note.zh for note in each), "; ".join(note.en for note in each))


def name_zh(crs: str) -> str:
    """What Chinese planners call a CRS."""
    known = definition(crs)
    return crs if known is None else known.zh


def where(districts: tuple[District, ...]) -> Note:
    """Where data land; the outlines are generalised."""
    if not districts:
        return Note("已知区县之外", "none of the districts known here")
    names = Note("、".join(each.zh for each in districts), ", ".join(each.en for each in districts))
    inside = districts[0].scope == HANGZHOU
    return Note(
        f"{'杭州市' if inside else ''}{names.zh}（约）",
        f"{names.en}{' (Hangzhou' if inside else ' (near Hangzhou'}, about)",
    )


def axes(*, swapped: bool, geographic: bool) -> Note:
    """The order of the two ordinates."""
    if geographic:
        return Note("纬度在前", "latitude first") if swapped else Note("经度在前", "longitude first")
    if swapped:
        return Note("第一个坐标为北（X 北、Y 东）", "the first ordinate north (X north, Y east)")
    return Note("第一个坐标为东", "the first ordinate east")


def compared(found: tuple[Candidate, ...]) -> Iterator[Note]:
    """How the likeliest reading lands, which others land in Hangzhou too, and which do not."""
    best, *others = found
    place = where(best.districts)
    yield Note(
        f"按 {best.crs}（{name_zh(best.crs)}）读，{best.in_hangzhou:.0%} 的坐标落在杭州：{place.zh}",
        f"read as {best.crs} ({best.name}), {best.in_hangzhou:.0%} of the coordinates land in Hangzhou: {place.en}",
    )
    for other in others:
        if other.in_hangzhou > 0:
            yield Note(
                f"按 {other.crs}（{name_zh(other.crs)}）读，也有 {other.in_hangzhou:.0%} 落在杭州",
                f"read as {other.crs} ({other.name}), {other.in_hangzhou:.0%} land in Hangzhou as well",
            )
    elsewhere = ", ".join(other.crs for other in others if other.in_hangzhou == 0)
    if elsewhere:
        yield Note(f"按 {elsewhere} 读，都不落在杭州", f"read as {elsewhere}, nothing lands in Hangzhou")
    else:
        yield Note("其他常用坐标系都不落在中国", "no other usual coordinate system puts them in China")


def elsewhere(known: Definition) -> Note:
    """What speaks against a declared CRS, though the coordinates may be in it."""
    return Note(
        f"但按声明读，坐标落在杭州及周边之外；如声明无误，请给出 --crs {known.short}",
        "read as declared, however, they land neither in Hangzhou nor near it; if the declaration is right, give "
        f"--crs {known.short}",
    )


def doubted(other: Candidate) -> Note:
    """What speaks against a CRS that the user told, though the coordinates may be in it."""
    return Note(
        f"注意：如此则不落在杭州及周边，而按 {other.crs}（{name_zh(other.crs)}）读会落在杭州",
        f"mind that this lands neither in Hangzhou nor near it, while {other.crs} ({other.name}) would land there",
    )


def unproved(known: Definition | None) -> Note:
    """What no number can show."""
    if known is not None and known.zone is None:
        return Note(
            "经纬度的数字不能说明是 CGCS2000（WGS 84）还是 GCJ-02、BD-09，三者相差约 500–1200 米",
            "degrees do not show whether they are CGCS2000 (WGS 84), GCJ-02 or BD-09, which lie 500–1200 m apart",
        )
    return Note(
        "平面坐标的数字不能说明是 CGCS2000 还是相差约百米的西安 80、北京 54",
        "metres do not show whether they are CGCS2000, or Xian 1980 or Beijing 1954 about a hundred metres off",
    )


def options(crs: str, others: tuple[Candidate, ...]) -> Note:
    """The options that confirm a guess or choose another."""
    known = definition(crs)
    first = Note(f"--crs {_quoted(crs)}", f"--crs {_quoted(crs)}")
    return listed([first, *(_others(known, others) if known else ())])


def _others(known: Definition, others: tuple[Candidate, ...]) -> Iterator[Note]:
    if known.geographic and known.family == "cgcs2000":
        yield Note(
            "如为 GCJ-02（高德、腾讯），用 --datum gcj02；如为 BD-09（百度），用 --datum bd09",
            "for GCJ-02 (AutoNavi, Tencent), --datum gcj02; for BD-09 (Baidu), --datum bd09",
        )
    if known.zone is not None and known.zone.zones:
        for family, name in NAMES.items():
            code = same_zone(family, known.zone) if family != known.family else None
            if code:
                yield Note(f"如为{name.zh}，用 --crs {code}", f"for {name.en}, --crs {code}")
    lands = any(each.in_hangzhou > 0 for each in others)
    for other in others:
        if other.crs != known.text and (other.in_hangzhou > 0 or (not lands and other.in_zhejiang > 0)):
            yield Note(f"如为{name_zh(other.crs)}，用 --crs {other.crs}", f"for {other.name}, --crs {other.crs}")


def same_zone(family: Family, zone: GaussKruger) -> str | None:
    """The code of a Gauss-Krüger zone on another datum; None where it has none."""
    numbered = zone.zone is not None
    three = zone.meridian % 3 == 0 and zone.zone in {None, zone.zones[0]}
    return gauss_kruger_code(family, 3 if three else 6, zone.zones[0 if three else -1], numbered=numbered)


def _quoted(crs: str) -> str:
    return f"'{crs}'" if " " in crs or '"' in crs else crs


def nowhere(xy: Positions, told: str, known: Definition, found: tuple[Candidate, ...]) -> UncertainFileError:
    """The user told a CRS that the coordinates cannot be in."""
    west, south, east, north = known.area
    ways = [
        Note(
            f"--crs {each.crs}（{name_zh(each.crs)}，落在{where(each.districts).zh}）",
            f"--crs {each.crs} ({each.name}, landing in {where(each.districts).en})",
        )
        for each in found
        if each.in_hangzhou > 0 or (found[0].in_hangzhou == 0 and each.in_zhejiang > 0)
    ] or [OWN_SYSTEM]
    return UncertainFileError(
        f"坐标（例如 {_example(xy)}）按 {shortened(told)}（{known.zh}）不落在其适用范围内"
        f"（{west:g}–{east:g}°E，{south:g}–{north:g}°N）。能落在浙江一带的是：{listed(ways).zh}",
        f"Read as {shortened(told)} ({known.name}), coordinates such as {_example(xy)} do not land where it is used "
        f"({west:g}–{east:g}°E, {south:g}–{north:g}°N). What does land in or about Zhejiang: {listed(ways).en}",
    )


def unplaced(xy: Positions, evidence: Iterable[Note]) -> UncertainFileError:
    """Nothing is known of a file's CRS, and no usual one makes its coordinates land in China."""
    known = listed(evidence)
    return UncertainFileError(
        f"坐标系不确定，未导入：{known.zh}；坐标（例如 {_example(xy)}）按各种常用坐标系都不落在中国；{OWN_SYSTEM.zh}；"
        "或用 --crs 给出 EPSG 代码或 WKT",
        f"The coordinate system is not certain, nothing was imported: {known.en}; in no usual coordinate system do "
        f"coordinates such as {_example(xy)} land in China; {OWN_SYSTEM.en}; or give an EPSG code or WKT with --crs",
    )


def _example(xy: Positions) -> str:
    if not len(xy):
        return "–"
    east, north = xy[np.argsort(xy[:, 0])[len(xy) // 2]]
    return f"{east:.10g}, {north:.10g}"
