"""Words of Chinese tables for what the core layers write in one way: districts, kinds, levels, states."""

import re
from collections.abc import Mapping

from bioplan_gis.importing.mapping.quantities import folded
from bioplan_gis.importing.rows import Note

# Where one of these stands in a value, the kind is meant; the first that fits. Codes and words are those of geodata/.
_KINDS = (
    ("bonded_zone", "综合保税区 保税区 保税"),
    ("pilot_base", "中试"),
    ("incubator", "孵化器 众创空间 加速器 孵化"),
    ("town", "小镇"),
    ("base", "基地"),
    ("technology_transfer", "成果转移 成果转化 技术转移 转移转化"),
    ("engineering_centre", "工程研究中心 工程技术研究中心 工程中心 工程实验室 企业技术中心"),
    ("innovation_centre", "创新中心"),
    ("laboratory", "实验室 laboratory lab"),
    ("public_platform", "公共服务平台 公共技术平台 公共平台 服务平台"),
    ("university", "高等院校 高等学校 大学 高校 学院 university"),
    ("institute", "科研院所 研究院 研究所 研究中心 新型研发机构 研发机构 institute"),
    ("development_zone", "开发区 高新区 工业园区管委会 development"),
    ("park", "产业园区 产业园 工业园区 工业园 科技园 园区 park"),
    ("platform", "产业平台 平台 platform"),
)
_LEVELS = (
    ("national", "国家级 国家 国级 部级 national"),
    ("provincial", "省级 省部级 省重点 省 provincial"),
    ("municipal", "市级 市 municipal"),
    ("district", "区级 县级 区县级 区 县 district"),
)
_STATES = {
    "existing": "现状 现有 已建 已建成 建成 运营 运营中 已运营 在营 存续 在业 开业 正常 existing",
    "planned": "规划 拟建 规划中 planned",
}
_STATE_OF = {word: state for state, words in _STATES.items() for word in words.split()}
_ABOVE_DISTRICT = re.compile(r"^(?:中国)?(?:浙江省?)?(?:杭州市?)?")
_DIVISION = re.compile(r"(?:区|县|市|自治县)$")
_CODE = re.compile(r"\d{6}(?:\d{3}|\d{6})?")


def kind_of(text: str) -> str | None:
    """The core's code of a kind of place, such as ``laboratory``; None if no word of it is known."""
    plain = folded(text)
    if any(plain == kind for kind, _ in _KINDS):
        return plain
    return next((kind for kind, words in _KINDS if any(word in plain for word in words.split())), None)


def level_of(text: str) -> str:
    """The core's word for a level, such as ``national``; another word stays as it is."""
    plain = folded(text)
    return next((level for level, words in _LEVELS if any(plain.startswith(word) for word in words.split())), text)


def status_of(text: str) -> str:
    """The core's word for a state, ``existing`` or ``planned``; another word (在建, 待出让) stays as it is."""
    return _STATE_OF.get(folded(text), text)


def is_core_status(text: str) -> bool:
    """Whether a state is one that the core layers have."""
    return text in _STATES


def district_of(text: str, districts: Mapping[str, str]) -> str | Note:
    """The adcode that a code or name means; a name may lack its 区 or 县 and be led by province and city."""
    plain = folded(text)
    if _CODE.fullmatch(plain):
        return plain[:6]
    codes = {folded(name): code for name, code in districts.items()}
    bare = _ABOVE_DISTRICT.sub("", plain)
    for name in (plain, bare):
        if name in codes:
            return codes[name]
    short = {_DIVISION.sub("", name): code for name, code in codes.items() if len(_DIVISION.sub("", name)) > 1}
    found = short.get(_DIVISION.sub("", bare) if bare else plain)
    if found:
        return found
    return Note(
        f"“{text[:60]}”不是认得的区、县（市），由几何确定；没有几何的留空。",
        f"“{text[:60]}” is not a known district; the geometry decides, and without one it is left empty.",
    )


def names_by_code(districts: Mapping[str, str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Chinese and English name by adcode, of names in both languages."""
    chinese = {code: name for name, code in reversed(tuple(districts.items())) if not name.isascii()}
    english = {code: name for name, code in reversed(tuple(districts.items())) if name.isascii()}
    return chinese, english
