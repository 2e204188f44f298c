"""Quantities as Chinese tables write them: 约7577平方米, ≥1.5, 1.5＜容积率≤2.5, 24米以下, 50年, 三百万元.

A quantity is read as a lower and an upper end. A single number is both; an end that is not stated is open. Whether an
end belongs to the range (``＜`` or ``≤``) is dropped, as is 约: an import says so of the column.

Units: 1 亩 is 10 000/15 m² (国务院关于在我国统一实行法定计量单位的命令, 1984; 15 亩 = 1 ha), 1 顷 is 100 亩.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bioplan_gis.importing.rows import Note


@dataclass(frozen=True)
class Unit:
    """A unit of measure.

    Attributes:
        name: as it is shown, such as ``亩``.
        dimension: ``area`` (base m²), ``money`` (yuan), ``price`` (yuan per m² of land), ``share`` (percent),
            ``length`` (m) or ``time`` (years).
        factor: how many of the base unit it is.
    """

    name: str
    dimension: str
    factor: float


@dataclass(frozen=True)
class Span:
    """What a cell says of a quantity, in the base unit of its dimension.

    Attributes:
        low: lower end; None where it is open.
        high: upper end; None where it is open.
        dimension: as in ``Unit``; ``plain`` for a bare number.
        note: what was chosen among several values; None where there was nothing to choose.
    """

    low: float | None
    high: float | None
    dimension: str
    note: Note | None = None


MU_M2 = 10_000 / 15
_AREAS = {
    "平方米": (1, "m2 ㎡ 平米 平方 平 sqm m^2 squaremetres squaremeters"),
    "亩": (MU_M2, "mu 市亩 畝"),
    "公顷": (10_000, "ha hm2 hectare hectares"),
    "顷": (100 * MU_M2, ""),
    "公亩": (100, ""),
    "平方公里": (1_000_000, "km2 平方千米 sqkm km^2"),
    "万平方米": (10_000, "万m2 万平米 万平方 万平"),
}
_SUMS = {
    "元": (1, "yuan cny rmb 人民币元 元人民币"),
    "千元": (1_000, ""),
    "万元": (10_000, "万 wan wanyuan 万元人民币 人民币万元 万人民币"),
    "亿元": (100_000_000, "亿"),
}
_OTHERS = (
    Unit("%", "share", 1),
    Unit("％", "share", 1),
    Unit("pct", "share", 1),
    Unit("percent", "share", 1),
    Unit("‰", "share", 0.1),
    *(Unit(name, "length", 1) for name in ("米", "m", "公尺", "metres", "meters")),
    *(Unit(name, "time", 1) for name in ("年", "周年", "years", "year", "yr", "a")),
)


def _family(table: Mapping[str, tuple[float, str]], dimension: str) -> Mapping[str, Unit]:
    units = {}
    for name, (factor, spellings) in table.items():
        for spelling in (name, *spellings.split()):
            units[spelling] = Unit(name, dimension, factor)
    return units


def _prices(sums: Mapping[str, Unit], areas: Mapping[str, Unit]) -> Mapping[str, Unit]:
    return {
        f"{money}{per}{area}": Unit(f"{sums[money].name}/{over.name}", "price", sums[money].factor / over.factor)
        for money in sums
        for per in ("/", "每")
        for area, over in areas.items()
    }


_AREA_UNITS = _family(_AREAS, "area")
_SUM_UNITS = _family(_SUMS, "money")
UNITS: Mapping[str, Unit] = {
    **_AREA_UNITS,
    **_SUM_UNITS,
    **_prices(_SUM_UNITS, _AREA_UNITS),
    **{unit.name: unit for unit in _OTHERS},
}
SQUARE_METRE, HECTARE, MU = UNITS["m2"], UNITS["ha"], UNITS["亩"]
PERCENT, YUAN = UNITS["%"], UNITS["元"]
# A dimension may be written in units of these.
_ALLOWED = {"money": ("money", "price"), "plain": ("plain", "share")}

_NOTHING = frozenset(
    (
        *("", "/", "\\", "-", "~", "*", "无", "空", "暂无", "未定", "待定", "不限", "不限制", "无限制", "不详", "未知"),
        *("无要求", "不作要求", "n/a", "na", "nan", "null", "none", "<null>", "#n/a"),
    )
)
_LABELS = (
    "容积率 建筑容积率 建筑密度 绿地率 绿化率 建筑高度 檐口高度 建筑檐口高度 檐口 檐高 高度 建筑 面积 出让面积 "
    "用地面积 土地面积 宗地面积 占地面积 总面积 出让年限 使用年限 年限 起始价 起拍价 起价 总价 工业 工业用地 用地 "
    "far r fsi 投资强度 固定资产投资强度 亩均税收 亩均产值 亩均增加值 全员劳动生产率 单位能耗增加值 单位排放增加值"
)
_WORDS = {
    "least": "不得低于 不得少于 不得小于 不应低于 不应小于 不低于 不少于 不小于 大于等于 大于或等于 大于 高于 多于 ≮ "
    "超过 至少 最低 最小 下限 >= => ≥ ≧ ⩾ > min",
    "most": "不得高于 不得大于 不得超过 不应大于 不应超过 不应高于 不高于 不大于 不超过 不多于 不超出 小于等于 ≯ "
    "小于或等于 小于 低于 少于 至多 最高 最大 上限 限高 控高 <= =< ≤ ≦ ⩽ < max",
    "above": "(含)以上 含以上 及以上 或以上 以上 起",
    "below": "(含)以下 含以下 及以下 或以下 以下 (含)以内 以内 之内 内",
    "to": "至 到",
    "join": "同时 并且 而且 且 并",
    "drop": "大约 约 约合 折合 合 整 左右 控制在 控制 应当 应 须 为 是 共 合计 人民币 ≈ ¥ 上下 期",
    "label": _LABELS,
}


def _any_of(spellings: str) -> str:
    return "|".join(map(re.escape, sorted(spellings.split(), key=len, reverse=True)))


_DIGITS = r"(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?"
_TOKEN = re.compile(
    rf"(?P<number>{_DIGITS})"
    rf"|(?P<least>{_any_of(_WORDS['least'])})|(?P<most>{_any_of(_WORDS['most'])})"
    rf"|(?P<above>{_any_of(_WORDS['above'])})|(?P<below>{_any_of(_WORDS['below'])})"
    rf"|(?P<to>[-‐‑‒–—―−~∼〜]+|{_any_of(_WORDS['to'])})"
    rf"|(?P<unit>{_any_of(' '.join(UNITS))})(?![a-z])"
    rf"|(?P<join>[,;、/]|{_any_of(_WORDS['join'])})"
    rf"|(?P<drop>[\s:=]+|{_any_of(_WORDS['drop'])})"
    rf"|(?P<label>{_any_of(_WORDS['label'])}|[dgh](?=\s*[<>≤≥≦≧⩽⩾=]))"
)
_KINDS = {"number": "N", "least": "G", "most": "L", "above": "A", "below": "B", "to": "T", "join": "J"}
_FORMS: tuple[tuple[re.Pattern[str], Callable[[list[float]], tuple[float | None, float | None] | None]], ...] = (
    (re.compile("N"), lambda ends: (ends[0], ends[0])),
    (re.compile("NTN"), lambda ends: (min(ends), max(ends))),
    (re.compile("G+NA?|NA"), lambda ends: (ends[0], None)),
    (re.compile("L+NB?|NB"), lambda ends: (None, ends[0])),
    (re.compile("NL+N|G+NA?J*L+NB?|G+NA?J*NB|NAJ*L+NB?|NAJ*NB"), lambda ends: _ordered(ends[0], ends[1])),
    (re.compile("NG+N|L+NB?J*G+NA?|L+NB?J*NA|NBJ*G+NA?|NBJ*NA"), lambda ends: _ordered(ends[1], ends[0])),
)
_INDUSTRIAL_YEARS = re.compile(r"工业(?:用地|用途|厂房)?[:为]?\s*(\d+)\s*年|(\d+)\s*年?\s*\(工业[^()]*\)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SPACED_THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?: \d{3})+(?!\d| \d)")
_NUMERAL = re.compile(
    r"(?<![\d.])(?:[零〇一二两三四五六七八九]|十)[零〇一二两三四五六七八九十百千]*(?:点[零〇一二三四五六七八九]+)?(?![\d.])"
)
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_ONE_AS_DASH = re.compile(r"(?<=[\d%])[一ー](?=\d)")
# A word in brackets that says which end the number before it is.
_END_IN_BRACKETS = (
    (re.compile(r"(?<=[^()])\((?:最低|最小|下限|不低于|不小于|min)值?\)$"), "以上"),
    (re.compile(r"(?<=[^()])\((?:最高|最大|上限|不高于|不大于|不超过|max)值?\)$"), "以下"),
)
# Two ratios side by side (1.5、2.5): with decimals, so that no thousands are meant.
_PAIR = re.compile(r"(\d\.\d{1,2})\s*[,、/]\s*(\d\.\d{1,2})")
_SHARE_OF = re.compile(rf"百分之\s*({_DIGITS})")
_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_LONGEST = 200


def folded(text: str) -> str:
    """A text as one spelling of it: full-width forms as half-width ones, lower case, no space around it."""
    return unicodedata.normalize("NFKC", text).replace("〔", "(").replace("〕", ")").strip().lower()


def says_nothing(text: str) -> bool:
    """Whether a cell stands for no value, as ``/``, ``—``, ``无`` and ``不限`` do."""
    return re.sub(r"[‐‑‒–—―−]+|-+", "-", folded(text)) in _NOTHING


def unit_of(text: str) -> Unit | None:
    """The unit that a spelling means, such as ``㎡``, ``亩`` or ``万元/亩``; None if it is none that we know."""
    return UNITS.get(re.sub(r"\s+", "", folded(text)))


def read_span(text: str, dimension: str, unit: Unit | None) -> Span | Note:
    """The quantity that a cell states, or why it cannot be read.

    Args:
        text: the cell.
        dimension: what is measured, as in ``Unit``, or ``plain`` for a number without a unit.
        unit: that a number without one is in; None where the column does not say, and the number stays bare.
    """
    plain = _with_digits(folded(text))
    if dimension == "time" and (years := _industrial_years(plain)):
        return years
    if dimension == "plain" and (pair := _PAIR.fullmatch(plain)) and float(pair[1]) < float(pair[2]):
        return Span(float(pair[1]), float(pair[2]), "plain", _as_range(text))
    for reading in _ways_to_read(plain):
        found = _parts(reading)
        if found is not None:
            read = _measured(text, *found, dimension, unit)
            if isinstance(read, Span) and reading != plain and not _says_the_same(plain):
                return replace(read, note=_bracket_dropped(text))
            return read
    return _unreadable(text)


def _says_the_same(plain: str) -> bool:
    """Whether brackets hold but the quantity once more (约11.37亩), or that an end belongs to it (含)."""
    inner = [bracket[1:-1] for bracket in _REMARK.findall(plain)]
    return all(one == "含" or ((found := _parts(one)) and found[0] == "N") for one in inner)


def _as_range(text: str) -> Note:
    return Note(f"“{text}”按范围计。", f"“{text}” is taken as a range.")


def _bracket_dropped(text: str) -> Note:
    shown = text[:60]
    return Note(
        f"“{shown}”取括号外的数，括号内的说明没有计入。",
        f"of “{shown}” the quantity outside the brackets is taken; what they add is not.",
    )


def read_ends(text: str) -> tuple[float | None, float | None, Unit | None] | None:
    """The ends that a cell states as they stand there, and their unit if it names one; None if it cannot be read."""
    for reading in _ways_to_read(_with_digits(folded(text))):
        found = _parts(reading)
        ends = found and _ends(found[0], [value for value, _ in found[1]])
        if found and ends:
            return (*ends, next((unit for _, unit in found[1] if unit), None))
    return None


def _ends(kinds: str, values: list[float]) -> tuple[float | None, float | None] | None:
    if not all(map(math.isfinite, values)):
        return None
    return next((make(values) for form, make in _FORMS if form.fullmatch(kinds)), None)


def _unreadable(text: str) -> Note:
    shown = text[:60]
    return Note(f"“{shown}”读不出数值，留空。", f"“{shown}” cannot be read as a quantity and is left empty.")


def _ways_to_read(plain: str) -> tuple[str, ...]:
    """A text whole, then without remarks in brackets; none for one that is longer than any quantity."""
    return (plain, _REMARK.sub("", plain)) if len(plain) <= _LONGEST else ()


def _with_digits(text: str) -> str:
    text = _ONE_AS_DASH.sub("-", text.translate(_FORMAL))
    for bracket, word in _END_IN_BRACKETS:
        text = bracket.sub(word, text)
    text = _NUMERAL.sub(lambda match: _numeral(match.group()), text)
    text = _SPACED_THOUSANDS.sub(lambda match: match.group().replace(" ", ""), text)
    return _SHARE_OF.sub(r"\1%", _THOUSANDS.sub("", text))


def _numeral(text: str) -> str:
    """A number in Chinese numerals up to the thousands, as digits."""
    whole, _, fraction = text.partition("点")
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    if not set(whole) & set("十百千"):
        number = "".join(str(digits[sign]) for sign in whole)
    else:
        number = str(_places(whole, digits))
    return f"{number}.{''.join(str(digits[sign]) for sign in fraction)}" if fraction else number


def _places(whole: str, digits: Mapping[str, int]) -> int:
    total = last = 0
    for sign in whole:
        if sign in digits:
            last = digits[sign]
        else:
            total, last = total + (last or 1) * {"十": 10, "百": 100, "千": 1000}[sign], 0
    return total + last


def _industrial_years(text: str) -> Span | None:
    """The term of the industrial part, where a cell gives one for each use."""
    found = _INDUSTRIAL_YEARS.search(text)
    if found is None or len(re.findall(_DIGITS, text)) == 1:
        return None
    years = float(found.group(1) or found.group(2))
    note = Note(
        f"“{text}”按用途分列，取工业的 {years:g} 年。",
        f"“{text}” gives one term a use; that of industry is taken, {years:g} years.",
    )
    return Span(years, years, "time", note)


def _parts(text: str) -> tuple[str, list[tuple[float, Unit | None]]] | None:
    """The kinds of a cell's tokens in order, and its numbers with their units; None if anything else is in it."""
    kinds, position = "", 0
    numbers: list[tuple[float, Unit | None]] = []
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            return None
        position = token.end()
        kind = str(token.lastgroup)
        if kind == "unit":
            if not kinds.endswith("N") or numbers[-1][1] is not None:
                return None
            numbers[-1] = (numbers[-1][0], UNITS[token.group()])
        elif kind == "number":
            numbers.append((float(token.group()), None))
        kinds += _KINDS.get(kind, "")
    return kinds, numbers


def _measured(
    text: str, kinds: str, numbers: list[tuple[float, Unit | None]], dimension: str, unit: Unit | None
) -> Span | Note:
    shared = next((one for _, one in reversed(numbers) if one), None) or unit
    units = [own or shared for _, own in numbers]
    found = {one.dimension if one else "plain" for one in units}
    if len(found) != 1:
        return _unreadable(text)
    stated = found.pop()
    if stated != "plain" and stated not in _ALLOWED.get(dimension, (dimension,)):
        return _other_dimension(text, str(units[0] and units[0].name))
    values = [value * (one.factor if one else 1) for (value, _), one in zip(numbers, units, strict=True)]
    if dimension == "plain" and stated == "share":
        values, stated = [value / 100 for value in values], "plain"
    ends = _ends(kinds, values)
    return Span(*ends, stated) if ends else _unreadable(text)


def _other_dimension(text: str, unit: str) -> Note:
    return Note(
        f"“{text}”的单位“{unit}”与本列不符，留空。",
        f"the unit {unit} of “{text}” does not fit this column; it is left empty.",
    )


def _ordered(low: float, high: float) -> tuple[float, float] | None:
    return (low, high) if low <= high else None
