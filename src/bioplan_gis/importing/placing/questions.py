"""What is put to the user where a file leaves open how to read its coordinates: guess, evidence, option to give."""

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bioplan_gis.datums import Datum
from bioplan_gis.errors import UncertainFileError
from bioplan_gis.importing.placing.candidates import Candidate, inside
from bioplan_gis.importing.placing.definitions import (
    CHINA,
    FIRST_ZONE,
    MILLION,
    WORLD,
    Definition,
    Family,
    GaussKruger,
    Positions,
    definition,
    gauss_kruger_code,
    shortened,
)
from bioplan_gis.importing.placing.headings import LABELS
from bioplan_gis.importing.placing.landing import HANGZHOU, District
from bioplan_gis.importing.placing.readings import Reading, Sample
from bioplan_gis.importing.rows import Note

LEAST_SHARE = 0.005
NAMES: dict[Family, Note] = {
    "cgcs2000": Note("CGCS2000", "CGCS2000"),
    "xian80": Note("1980 西安坐标系", "Xian 1980"),
    "beijing54": Note("1954 年北京坐标系", "Beijing 1954"),
}
OWN_SYSTEM = Note(
    "可能是城市独立坐标系（例如中央经线 120° 或 120°10′ 并平移过原点），其参数不公开，无法推测；"
    "请先由测绘部门转换为 CGCS2000",
    "it may be a city's own system (with a central meridian of 120° or 120°10′, say, and an origin moved), whose "
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
    """Where data land; the outlines are generalised, and Hangzhou is named for its own districts only."""
    if not districts:
        return Note("已知区县之外", "none of the districts known here")
    own = [each for each in districts if each.scope == HANGZHOU]
    others = [each for each in districts if each.scope != HANGZHOU]
    zh = [f"杭州市{_names(own).zh}"] * bool(own) + [f"杭州以外的{_names(others).zh}"] * bool(others)
    en = [f"{_names(own).en} (Hangzhou)"] * bool(own) + [f"{_names(others).en} (outside Hangzhou)"] * bool(others)
    return Note(f"{'、'.join(zh)}（约）", f"{' and '.join(en)}, about")


def _names(districts: Iterable[District]) -> Note:
    each = tuple(districts)
    return Note("、".join(district.zh for district in each), ", ".join(district.en for district in each))


def axes(*, swapped: bool, geographic: bool) -> Note:
    """In which order the ordinates are read; a table's reader has put its columns in order before."""
    if geographic:
        return (
            Note("文件中纬度在前", "latitude stands first in the file")
            if swapped
            else Note("读作经度、纬度", "read as longitude, latitude")
        )
    if swapped:
        return Note("文件中北在前（X 北、Y 东）", "north stands first in the file (X north, Y east)")
    return Note("读作东、北", "read as east, north")


def compared(found: tuple[Candidate, ...], datum: Datum) -> Iterator[Note]:
    """How the likeliest reading lands, which others land in Hangzhou too, and which do not."""
    best, *others = found
    place = where(best.districts)
    way = Note(f"按 {best.crs}（{name_zh(best.crs)}）读", f"read as {best.crs} ({best.name})")
    if datum != "cgcs2000":
        way = Note(f"由 {LABELS[datum].zh}换算", f"converted from {LABELS[datum].en}")
    yield Note(
        f"{way.zh}，{best.in_hangzhou:.0%} 的坐标落在杭州：{place.zh}",
        f"{way.en}, {best.in_hangzhou:.0%} of the coordinates land in Hangzhou: {place.en}",
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


def outside(reading: Reading, sample: Sample) -> Iterator[Note]:
    """What of the coordinates lies outside China, or is no position at all."""
    lonlat = reading.lonlat(sample.xy)
    on_earth = inside(lonlat, WORLD)
    abroad = on_earth & ~inside(lonlat, CHINA)
    if abroad.any():
        yield Note(
            f"注意：{_share(abroad)} 的坐标在中国以外（例如 {_example(sample.xy[abroad])}）",
            f"mind that {_share(abroad)} of the coordinates lie outside China, such as {_example(sample.xy[abroad])}",
        )
    if not on_earth.all():
        strays = sample.xy[~on_earth]
        yield Note(
            f"注意：{_share(~on_earth)} 的坐标超出经纬度范围（例如 {_example(strays)}）",
            f"mind that {_share(~on_earth)} of the coordinates lie beyond the range of longitude and latitude, such as "
            f"{_example(strays)}",
        )


def _share(which: NDArray[np.bool_]) -> str:
    share = float(which.mean())
    return f"{share:.0%}" if share >= LEAST_SHARE else "<1%"


def undeclared(declared_text: str | None, xy: Positions) -> Note:
    """What a file says, if anything, where that defines no CRS; a zone that its eastings contradict is named."""
    if not declared_text:
        return Note("文件没有说明坐标系", "the file says nothing of its CRS")
    stated = re.search(r"带号\s*[=＝:：]\s*(\d{2})\b", declared_text)
    carried = int(np.median(xy.max(axis=1)) // MILLION) if len(xy) else 0
    if stated is not None and carried >= FIRST_ZONE[6] and carried != int(stated[1]):
        return Note(
            f"文件写明带号 {stated[1]}，横坐标却带有带号 {carried}，两者矛盾",
            f"the file states zone {stated[1]}, but its eastings carry zone {carried}: these contradict each other",
        )
    words = shortened(declared_text)
    return Note(f"文件所写不足以确定坐标系：{words}", f"what the file says does not settle its CRS: {words}")


def unproved(known: Definition | None) -> Iterator[Note]:
    """What no number can show."""
    if known is not None and known.zone is None:
        yield Note(
            "经纬度的数字不能说明是 CGCS2000（WGS 84）还是 GCJ-02、BD-09，三者相差约 500–1200 米",
            "degrees do not show whether they are CGCS2000 (WGS 84), GCJ-02 or BD-09, which lie 500–1200 m apart",
        )
        return
    yield Note(
        "平面坐标的数字不能说明是 CGCS2000 还是相差约百米的西安 80、北京 54",
        "metres do not show whether they are CGCS2000, or Xian 1980 or Beijing 1954 about a hundred metres off",
    )


def options(crs: str, datum: Datum, others: tuple[Candidate, ...]) -> Note:
    """The options that confirm a guess or choose another."""
    known = definition(crs)
    if datum != "cgcs2000":
        first = Note(f"--datum {datum}", f"--datum {datum}")
        plain = Note(
            f"如实为 CGCS2000 或 WGS 84，用 --crs {_quoted(crs)}",
            f"if they are CGCS2000 or WGS 84 in truth, --crs {_quoted(crs)}",
        )
        return listed([first, plain])
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


def nowhere(
    strays: Positions, count: int, told: str, known: Definition, found: tuple[Candidate, ...]
) -> UncertainFileError:
    """The user told a CRS that most of the coordinates, of which there are ``count``, cannot be in."""
    west, south, east, north = known.area
    ways = [
        Note(
            f"--crs {each.crs}（{name_zh(each.crs)}，落在{where(each.districts).zh}）",
            f"--crs {each.crs} ({each.name}, landing in {where(each.districts).en})",
        )
        for each in found
        if each.in_hangzhou > 0 or (found[0].in_hangzhou == 0 and each.in_zhejiang > 0)
    ]
    known_ways = Note(
        f"能落在浙江一带的是：{listed(ways).zh}", f"What does land in or about Zhejiang: {listed(ways).en}"
    )
    none = Note(
        f"按各种常用坐标系都不落在浙江一带；{OWN_SYSTEM.zh}",
        f"In no usual coordinate system do they land in or about Zhejiang; {OWN_SYSTEM.en}",
    )
    last = known_ways if ways else none
    share = f"{len(strays) / max(1, count):.0%}"
    return UncertainFileError(
        f"按 {shortened(told)}（{known.zh}）读，{share} 的坐标（例如 {_example(strays)}）不落在中国境内该坐标系的适用"
        f"范围（{west:g}–{east:g}°E，{south:g}–{north:g}°N）。{last.zh}",
        f"Read as {shortened(told)} ({known.name}), {share} of the coordinates, such as {_example(strays)}, do not "
        f"land where it is used in China ({west:g}–{east:g}°E, {south:g}–{north:g}°N). {last.en}",
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
