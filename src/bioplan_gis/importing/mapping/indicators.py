"""Indicators that a 标准地 notice sets for the industries it admits to a parcel.

浙江省 sells industrial land as 标准地 with indicators of planning, energy, emission, industry and output, and further
ones of a county's own (“5+X”; 浙政办发〔2018〕73号, and the province's 新增工业项目“标准地”指导性指标, by industry of
GB/T 4754). Notices of sale list them in a table with a row for each industry: 固定资产投资强度, 亩均税收, 亩均增加值,
全员劳动生产率, 单位能耗增加值, 单位排放增加值, 研发经费支出与主营业务收入之比, 容积率. Units are those that the table
states; where it states none, none is given.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from bioplan_gis.importing.mapping.columns import array_of, distinct, each_value, spread, texts_of
from bioplan_gis.importing.mapping.feeds import Feed, Plan
from bioplan_gis.importing.mapping.fields_zh import Match, key_of, match_among, names_of, unit_text_of
from bioplan_gis.importing.mapping.quantities import Unit, folded, read_ends, says_nothing

_NAMES = names_of("""
fixed_asset_investment 固定资产投资强度 固定资产投入强度 固定资产投资 投资强度 亩均固定资产投资 亩均投资强度
                       亩均投资 gdzctzqd tzqd investmentintensity
tax                    亩均税收 亩均税收贡献 地均税收 税收强度 单位用地税收 亩均税收强度 mjss
output                 亩均产值 亩均产出 亩均工业总产值 亩均销售收入 亩均营业收入 土地产出率 产出强度 地均产值 产出 mjcz
added_value            亩均增加值 亩均工业增加值 地均增加值 mjzjz
labour_productivity    全员劳动生产率 劳动生产率 qyldscl
added_value_per_energy 单位能耗增加值 单位能耗工业增加值 dwnhzjz
energy                 单位增加值能耗 单位工业增加值能耗 单位产值能耗 单位能耗标准 单位能耗 能耗标准 能耗强度 能耗 dwnh
added_value_per_emission 单位排放增加值 单位排污权增加值 单位污染物排放增加值 dwpfzjz
emission               环境标准 排放标准 单位排放标准 污染物排放标准 污染排放标准 污染物排放 单位排放 排放 环保标准
research               研发经费支出与主营业务收入之比 研发经费支出与主营收入之比 研发经费支出与营业收入之比
                       研发投入强度 研发投入占比 研发经费投入强度 研发投入 rd经费支出与主营业务收入之比
                       rd经费支出与主营收入之比 rd经费支出与营业收入之比 rd经费投入强度 rd投入强度 rd投入占比 rd投入 rd
""")
_TITLES: Mapping[str, tuple[str, str]] = {
    "fixed_asset_investment": ("固定资产投资强度", "fixed-asset investment per area of land"),
    "tax": ("亩均税收", "tax per mu"),
    "output": ("亩均产值", "output per mu"),
    "added_value": ("亩均增加值", "added value per mu"),
    "labour_productivity": ("全员劳动生产率", "labour productivity"),
    "added_value_per_energy": ("单位能耗增加值", "added value per energy used"),
    "energy": ("单位增加值能耗", "energy used per output"),
    "added_value_per_emission": ("单位排放增加值", "added value per emission"),
    "emission": ("排放标准", "emission standard"),
    "research": ("研发经费支出与主营业务收入之比", "research spending as a share of revenue"),
    "floor_area_ratio": ("容积率", "floor area ratio"),
}
_WHEN = re.compile(r"^(?:项目)?(?:达产年|达产后?|投产后?|投产初始运行期满|初始运行期满?|竣工验收后)[\s_]*")
_UNIT = "(?:万元|亿元|元|吨标准煤|吨标煤|tce|吨|千克|kg|人|年|亩|公顷|平方米|m2|立方米|m3|千瓦时|kwh)"
_COMPOUND = re.compile(rf"{_UNIT}(?:\s*[/每·.]\s*{_UNIT})+")
_ANY_UNIT = f"[%％‰]|{_UNIT}"
_CODE = re.compile(r"[(\[]?\s*(?:国民经济)?(?:行业)?(?:代码|编码)?\s*[:：]?\s*([a-t]?\d{2,4})\s*[)\]]?", re.IGNORECASE)


# A table may list one indicator a row, in these columns.
LISTED = ("indicator_name", "indicator_value", "indicator_unit")
_LISTED_NAMES = names_of("""
indicator_name  指标名称 指标项 指标项目 控制指标 准入指标 指标 zbmc indicator indicatorname
indicator_value 指标值 指标数值 控制值 标准值 指标标准 指标要求 控制要求 数值 要求 标准 值 zbz indicatorvalue value
indicator_unit  单位 指标单位 计量单位 dw unit
""")
_BETWEEN = "\x1f"


def listed_in(names: Iterable[str]) -> Mapping[str, str]:
    """Field by column of a table that lists one indicator a row; empty where it is no such table."""
    found = {known[0]: name for name in names if (known := _LISTED_NAMES.get(key_of(name)))}
    if not {"indicator_name", "indicator_value"} <= set(found):
        return {}
    return {name: field for field, name in found.items()}


def indicator_of(name: str) -> Match | None:
    """The indicator that a column name means, with the unit in its own words; None if it means none."""
    bare = _WHEN.sub("", folded(name))
    found = match_among(_NAMES, bare)
    if found is None:
        return None
    unit = unit_text_of(bare) or (found.unit.name if found.unit else None)
    return Match(found.field, found.rank, Unit(unit, "indicator", 1) if unit else None, found.bound, cut=found.cut)


def entries_of(plan: Plan, table: pa.Table) -> pa.Array | None:
    """For each row its indicators as a JSON list, null where it has none; None if no column holds any.

    An entry has ``indicator``, ``name_zh`` and ``name_en``, ``value`` or ``min`` and ``max``, ``unit``, and the
    ``industry`` with its ``code`` (GB/T 4754); a standard that is no number is ``text``.
    """
    if not plan.indicators:
        return None
    industry = _industries(plan, table)
    feeds = [feed for feed in (*plan.indicators, *_of_industry(plan)) if feed.field not in LISTED]
    entries = [_entry_column(feed, texts_of(array_of(table, feed.column)), industry) for feed in feeds]
    entries += _listed_column(plan, table, industry)
    # Each begins with a comma and the first is cut off: Arrow's joining that skips nulls loses rows of nothing else.
    joined = pc.binary_join_element_wise(*entries, "", null_handling="replace", null_replacement="")
    stated = pc.if_else(pc.equal(joined, ""), None, pc.utf8_slice_codeunits(joined, 1))
    return pc.binary_join_element_wise("[", stated, "]", "")


def without_unit(plan: Plan, table: pa.Table) -> Iterator[str]:
    """Columns of indicators where neither the heading nor some cell with a number states a unit."""
    for feed in plan.indicators:
        if feed.unit is None and feed.field not in LISTED:
            texts = texts_of(array_of(table, feed.column))
            numbers = pc.match_substring_regex(texts, r"\d")
            if pc.any(pc.and_not(numbers, pc.match_substring_regex(texts, _ANY_UNIT))).as_py():
                yield feed.column


def _of_industry(plan: Plan) -> Iterable[Feed]:
    """The floor area ratio, which a table by industry may set for each of them."""
    if not plan.listing_columns:
        return ()
    return tuple(feed for feed in plan.feeds if feed.field == "floor_area_ratio" and feed.bound is None)


def _industries(plan: Plan, table: pa.Table) -> pa.Array:
    """The beginning of each row's entries: a comma, and code and industry as far as they are known."""
    rows = len(table)
    names = [unmerged(plan, table, feed.column) for feed in plan.feeds if feed.field == "industry"]
    codes = [unmerged(plan, table, feed.column) for feed in plan.feeds if feed.field == "industry_code"]
    told = each_value(codes[0], _json_code, pa.string())[0] if codes else pa.nulls(rows, pa.string())
    named = each_value(names[0], _industry, pa.string())[0] if names else pa.nulls(rows, pa.string())
    inner = each_value(names[0], _code_within, pa.string())[0] if names else pa.nulls(rows, pa.string())
    return pc.binary_join_element_wise(",{", pc.fill_null(pc.coalesce(told, inner), ""), pc.fill_null(named, ""), "")


def unmerged(plan: Plan, table: pa.Table, column: str) -> pa.Array:
    """A column as text; where the row has no number of a parcel, an empty cell was merged with the one above."""
    texts = texts_of(array_of(table, column))
    if plan.id_column is None or plan.id_column == column:
        return texts
    continued = pc.is_null(texts_of(array_of(table, plan.id_column)))
    return pc.if_else(continued, pc.fill_null_forward(texts), texts)


def _json_code(code: str) -> str:
    return f'"code":{json.dumps(code, ensure_ascii=False)},'


def _industry(text: str) -> str:
    """The name of an industry without its code."""
    bare = _CODE.sub("", folded(text)).strip(" -_、,:") or text
    return f'"industry":{json.dumps(bare, ensure_ascii=False)},'


def _code_within(text: str) -> str | None:
    found = _CODE.search(folded(text))
    return _json_code(found.group(1).upper()) if found else None


def _listed_column(plan: Plan, table: pa.Table, industry: pa.Array) -> list[pa.Array]:
    """Indicators that a table lists one a row, under 指标名称, 指标值 and 单位."""
    columns = {feed.field: texts_of(array_of(table, feed.column)) for feed in plan.indicators if feed.field in LISTED}
    if not columns:
        return []
    nothing = pa.nulls(len(table), pa.string())
    name, value, unit = (columns.get(field, nothing) for field in LISTED)
    stated = pc.binary_join_element_wise(name, value, pc.fill_null(unit, ""), _BETWEEN)
    values, which = distinct(stated)
    found = spread([_listed(*text.split(_BETWEEN)) for text in values], which, pa.string())
    return [pc.binary_join_element_wise(industry, found, "}", "")]


def _listed(name: str, text: str, unit: str, *_: str) -> str | None:
    known = indicator_of(name)
    field = known.field if known else "floor_area_ratio" if folded(name) == "容积率" else ""
    own = Unit(unit, "indicator", 1) if unit and not says_nothing(unit) else None
    bound = known.bound if known else None
    return _entry(Feed(name, field, own, bound), text)


def _entry_column(feed: Feed, texts: pa.Array, industry: pa.Array) -> pa.Array:
    values, which = distinct(texts)
    found = spread([_entry(feed, value) for value in values], which, pa.string())
    return pc.binary_join_element_wise(industry, found, "}", "")


def _entry(feed: Feed, text: str) -> str | None:
    """What a cell says of an indicator, as the rest of a JSON object; None if it says nothing."""
    if says_nothing(text):
        return None
    zh, en = _TITLES.get(feed.field, (feed.column, None))
    unit = feed.unit.name if feed.unit else None
    entry: dict[str, float | str | None] = {"indicator": feed.field or None, "name_zh": zh, "name_en": en, "unit": unit}
    entry.update(_said(text, feed.bound))
    known = {name: value for name, value in sorted(entry.items()) if value is not None}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _said(text: str, bound: str | None) -> dict[str, float | str | None]:
    plain = folded(text)
    compound = _COMPOUND.search(plain)
    ends = read_ends(_COMPOUND.sub("", plain))
    if ends is None:
        return {"text": text, "unit": None}
    low, high, own = ends
    unit = compound.group() if compound else own and own.name
    stated = {"unit": unit} if unit else {}
    if low == high:
        return {{"min": "min", "max": "max"}.get(bound or "", "value"): low, **stated}
    return {"min": low, "max": high, **stated}
