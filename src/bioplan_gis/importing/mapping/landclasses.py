"""Land classes as parcel tables give them, in one column or in several that should agree."""

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.mapping.columns import Fault, distinct, spread
from bioplan_gis.importing.mapping.quantities import folded, says_nothing
from bioplan_gis.importing.rows import Note
from bioplan_gis.landuse import CLASSES, LandClass, land_class

# What a value says where it names no class of industrial land.
_NOTHING, _UNKNOWN, _GENERIC, _OTHER = -1, -2, -3, -4
# Signs of a class of industry: its code, or its number (一、二类 names two).
_CODE_SIGN = re.compile(r"m[-_ ]?([123])(?!\d)|1001[-_ ]?0([123])(?!\d)")
_NUMBER_SIGN = re.compile(r"([一二三])类?(?=类|[、/和及,+或]?[一二三]类)|(?<!\d)(iii|ii|i|[123])类")
_DIGIT = {"一": "1", "二": "2", "三": "3", "i": "1", "ii": "2", "iii": "3"}
_NEW_INDUSTRY = re.compile(r"m[-_ ]?0(?!\d)|m创|新型产业|创新型产业|创新产业")
_GENERIC_LAND = re.compile(
    r"m|0601|1001|061|工业|工业用地|工矿用地|工矿|工业仓储用地|industrial|industry|industrialland|industrial land"
)
_OTHER_LAND = re.compile(
    r"(?<![a-z\d])(?:a|b|g|h|r|s|u|w|e|bh|rb|ra|rc|rs|sf)\d{0,3}(?![a-z\d])|居住|住宅|商业|商务|商服|办公|仓储|物流|"
    r"公园|绿地|道路|交通|教育|医疗|科研|市政|公用设施|村庄|耕地|林地|园地|草地|农用|水域|留白|广场|行政|文化|体育|采矿|"
    r"residential|commercial|warehouse|logistics|green"
)
_OTHER_CODE = re.compile(r"\d{2}(?:\d{2}){0,2}")


def _judged(text: str) -> tuple[int, LandClass | Note | None]:
    try:
        found = land_class(text)
    except ParameterError:
        return _refused(text)
    return CLASSES.index(found), found


def _refused(text: str) -> tuple[int, Note | None]:
    plain, shown = folded(text), text[:60]
    if says_nothing(text):
        return _NOTHING, None
    if _NEW_INDUSTRY.search(plain):
        return _OTHER, Note(
            f"“{shown}”是地方设的新型产业用地（M0、M创），不属 M1、M2、M3，分类留空。",
            f"“{shown}” is a local class for new industry (M0), none of M1, M2 and M3; the class is left empty.",
        )
    if _names_several(plain):
        return _OTHER, Note(
            f"“{shown}”不止一类用地，分类留空。",
            f"“{shown}” names more than one class of land; the class is left empty.",
        )
    if _GENERIC_LAND.fullmatch(plain) or ("工业" in plain and not _OTHER_LAND.search(plain)):
        return _GENERIC, Note(
            f"“{shown}”没有写明一、二、三类，分类留空。",
            f"“{shown}” does not say which class of industrial land; the class is left empty.",
        )
    if _OTHER_LAND.search(plain) or _OTHER_CODE.fullmatch(plain):
        return _OTHER, Note(
            f"“{shown}”不是工业用地，分类留空。", f"“{shown}” is not industrial land; the class is left empty."
        )
    return _UNKNOWN, Note(
        f"“{shown}”不是认得的用地分类，留空。", f"“{shown}” is no land class that is known here; it is left empty."
    )


def _names_several(plain: str) -> bool:
    """Whether a value names two classes of industry, or one beside land of another kind."""
    codes = {next(filter(None, groups)) for groups in _CODE_SIGN.findall(plain)}
    numbers = {next(filter(None, groups)) for groups in _NUMBER_SIGN.findall(plain)}
    if "工业" not in plain and _OTHER_LAND.search(plain):
        return bool(codes)
    named = codes | {_DIGIT.get(number, number) for number in numbers}
    return len(named) > 1 or ("工业" in plain and _OTHER_LAND.search(plain) is not None)


def classes_of(columns: Sequence[pa.Array]) -> tuple[dict[str, pa.Array], list[Fault]]:
    """The core's columns ``land_class``, ``class_code`` and ``class_zh``, of text columns that speak of the land's use.

    The first column that names a class decides; where another names a different one, or land of another kind, the class
    is left empty. Without a class, the code and the name are the file's own.
    """
    rows = len(columns[0])
    classes = np.full(rows, _NOTHING)
    clash = np.zeros(rows, bool)
    judged = [_judged_column(texts) for texts in columns]
    for kinds, _, _ in judged:
        clash |= (classes >= 0) & ((kinds >= 0) & (kinds != classes) | (kinds == _OTHER))
        clash |= (classes == _OTHER) & (kinds >= 0)
        better = (classes < 0) & ((kinds >= 0) | (classes == _NOTHING) | ((kinds < classes) & (kinds != _NOTHING)))
        classes = np.where(better, kinds, classes)
    faults = _faults(judged, columns, classes, clash)
    classes = np.where(clash, _NOTHING, classes)
    which = np.where(classes >= 0, classes, -1).astype(np.int64)
    return {
        "land_class": spread([one.code for one in CLASSES], which, pa.string()),
        "class_code": pc.coalesce(
            spread([one.code_2023 for one in CLASSES], which, pa.string()), *_own(columns, r"^\d{2}(\d{2}){0,2}$")
        ),
        "class_zh": pc.coalesce(spread([one.zh for one in CLASSES], which, pa.string()), *_own(columns, r"\p{Han}")),
    }, faults


_Judged = tuple[np.ndarray, list[Note | LandClass | None], np.ndarray]


def _judged_column(texts: pa.Array) -> _Judged:
    values, which = distinct(texts)
    found = [_judged(value) for value in values]
    kinds = np.array([*(kind for kind, _ in found), _NOTHING])
    return kinds[which], [note for _, note in found], which


def _own(columns: Sequence[pa.Array], pattern: str) -> list[pa.Array]:
    return [pc.if_else(pc.match_substring_regex(texts, pattern), texts, None) for texts in columns]


def _faults(
    judged: Sequence[_Judged], columns: Sequence[pa.Array], classes: np.ndarray, clash: np.ndarray
) -> list[Fault]:
    """One fault for each row without a class, with the words of the column that says most."""
    faults: list[Fault] = []
    for row in np.flatnonzero(clash).tolist():
        said = "／".join(str(texts[row].as_py()) for texts in columns if texts[row].is_valid)
        faults.append(
            (
                row,
                said,
                Note(
                    f"“{said}”各栏所写用地分类不一致，分类留空。",
                    f"“{said}”: the columns disagree on the land class; it is left empty.",
                ),
            )
        )
    open_rows = ~clash & (classes < _NOTHING)
    for (kinds, notes, which), texts in zip(judged, columns, strict=True):
        said_here = np.flatnonzero(open_rows & (kinds == classes))
        open_rows[said_here] = False
        values = texts.take(pa.array(said_here)).to_pylist()
        faults.extend(
            (row, value, note)
            for row, value, number in zip(said_here.tolist(), values, which[said_here].tolist(), strict=True)
            if isinstance(note := notes[number], Note)
        )
    return faults
