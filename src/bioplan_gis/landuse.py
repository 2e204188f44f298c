"""Industrial land classes: one class under all of its spellings, and what may stand where.

Sources: GB 50137-2011, table 3.3.2 (M1, M2, M3); 国土空间调查、规划、用途管制用地用海分类指南 (自然资源部, 2023),
100101 to 100103. Colours follow the official chart's brown for industry (187, 150, 116), light to dark.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from bioplan_gis.errors import ParameterError


@dataclass(frozen=True)
class LandClass:
    """A class of industrial land.

    Attributes:
        code: GB 50137-2011 code, such as ``M3``.
        code_2023: the same class in the 2023 classification, such as ``100103``.
        zh: Chinese name.
        en: English name.
        colour: RGB in hexadecimal.
        burden: 1 to 3, how much the class may disturb or pollute its surroundings.
    """

    code: str
    code_2023: str
    zh: str
    en: str
    colour: str
    burden: int


CLASSES = (
    LandClass("M1", "100101", "一类工业用地", "class 1 industrial land", "#D9BE9F", 1),
    LandClass("M2", "100102", "二类工业用地", "class 2 industrial land", "#BB9674", 2),
    LandClass("M3", "100103", "三类工业用地", "class 3 industrial land", "#873E1B", 3),
)

_NUMERALS = {"一": "1", "二": "2", "三": "3", "1": "1", "2": "2", "3": "3", "i": "1", "ii": "2", "iii": "3"}
# 工业用地 beside a class says nothing more (工业用地（M3）, M3 工业用地).
_PLAIN_INDUSTRY = frozenset(("工业", "工业用地", "industrial", "land", "industry"))
_INDUSTRY = r"(?:工业|工矿)?(?:用地|项目)?"
_SPELLING = re.compile(
    rf"m[-_ ]?(?P<letter>[123])(?:类)?{_INDUSTRY}|1001[-_ ]?0(?P<code>[123])"
    rf"|(?:工业用地[-_]?)?(?:第)?(?P<numeral>[一二三123]|i{{1,3}})类{_INDUSTRY}"
    r"|class[-_ ]?(?P<word>[123]|i{1,3})(?: industrial)?(?: land)?"
)
# A code that its name follows without a bracket (M3三类工业用地), or the other way round.
_SEAM = re.compile(r"(?<=[0-9])[-_ :]?(?=第?(?:[一二三]|i{1,3})类|m)|(?<=[类地])[-_ :]?(?=m[-_ ]?[123]|1001)")


class Verdict(Enum):
    """What screening says of a project on a piece of land, or of a condition."""

    YES = ("可", "yes")
    CONDITIONAL = ("有条件", "conditional")
    NO = ("否", "no")
    UNCERTAIN = ("不确定", "uncertain")

    def __init__(self, zh: str, en: str) -> None:
        """Name the verdict in both languages."""
        self.zh = zh
        self.en = en


def land_class(text: str, *, name: str = "land_class") -> LandClass:
    """The class that a spelling means: ``M3``, ``m-3``, ``100103``, ``三类工业用地``, ``Ⅲ类``, ``class 3``.

    A class may be followed by its name in brackets or after it (``三类工业用地(M3)``, ``M3三类工业用地``), if both say
    the same; ``工业用地`` may stand beside it.

    Raises:
        ParameterError: the text is no class, or names two.
    """
    folded = unicodedata.normalize("NFKC", text).strip().lower()
    found = {_class_of(part) for part in _parts(folded)}
    if len(found) != 1 or None in found:
        raise ParameterError(
            name,
            text,
            f"“{text}”不是工业用地类别；请写 M1、M2 或 M3（也可写 100103、三类工业用地等）。",
            f"“{text}” is no class of industrial land; write M1, M2 or M3 (100103 or 三类工业用地 will do as well).",
        )
    return next(one for one in CLASSES if one in found)


def _parts(folded: str) -> set[str]:
    """What a spelling consists of, without the words that say industry and no class."""
    split = re.split(r"[()\[\]〔〕【】/,;、]+|\s+(?!industrial|land|0?[123](?!\d)|i)", folded)
    return {part for piece in split for part in _SEAM.split(piece) if part} - _PLAIN_INDUSTRY


def _class_of(part: str) -> LandClass | None:
    match = _SPELLING.fullmatch(part)
    if match is None:
        return None
    digit = _NUMERALS[next(group for group in match.groups() if group)]
    return next(one for one in CLASSES if one.code == f"M{digit}")


def compatibility(project: LandClass, land: LandClass) -> Verdict:
    """Whether a project of one class may stand on land of another; one-way, by burden.

    The same class is permitted; a lesser project on land of a greater class is subject to the regulatory plan (控规)
    and the park's entry rules; a greater project on land of a lesser class is not permitted.
    """
    if project.burden == land.burden:
        return Verdict.YES
    return Verdict.CONDITIONAL if project.burden < land.burden else Verdict.NO
