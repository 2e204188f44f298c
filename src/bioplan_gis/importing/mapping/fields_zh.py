"""Under which names a field stands in Chinese tables, and in what unit a heading says that it is.

Sources of the names: 城镇地籍数据库标准 TD/T 1015-2007 (TDYT, ZDMJ) and the cadastral databases after it (ZDDM,
BDCDYH); 市级国土空间总体规划数据库规范（试行）, 自然资源部 2021-03 (YDYHFLDM, XZQDM, XZQMC); planning databases of
cities (YDDM, YDMC, YDXZ, RJL, JZMD, LDL, XG, YDMJ, DKBH); notices of land sales (地块编号, 出让面积, 土地用途, 容积率,
建筑密度, 出让年限, 起始价). The rest are initials of pinyin, English names and cut names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from bioplan_gis.importing.mapping.quantities import UNITS, Unit, folded, unit_of

# One field a line, best name first. A name that ends in ``上限`` or ``下限`` need not be listed for ranges.
_PLACE = """
name_en     英文名 英文名称 外文名称 ywm ywmc nameen englishname
status      状态 地块状态 出让状态 供应状态 交易状态 供地状态 土地状态 建设状态 项目状态 运营状态 经营状态 经营状况
            登记状态 存续状态 zt dkzt crzt status state
district    行政区代码 行政区划代码 区划代码 xzqdm xzqhdm adcode 所属区县 所在区县 区县 区县市 县市区 县区 所属区
            所在区 所属行政区 所在行政区 行政区 行政区划 行政区名称 行政区划名称 区县名称 属地 辖区 区 xzqmc xzqhmc
            xzq xzqh ssqx szqx qxmc qx district districtname county countyname
aliases     别名 简称 曾用名 又名 bm jc alias aliases
"""
_NAMES: Mapping[str, str] = {
    "industrial_land": f"""
id          地块编号 宗地编号 宗地代码 不动产单元号 地块代码 地块编码 宗地号 地块号 地籍号 宗地编码 出让地块编号
            地块出让编号 储备地块编号 图斑编号 zddm bdcdyh dkbh dkdm dkbm zdbh zdh djh tbbh parcelid id parcelno
            parcelnumber parcelcode parcel lotid lotno plotid plotno 编号 bh
name_zh     地块名称 宗地名称 项目名称 名称 土地坐落 宗地坐落 坐落 土地位置 地块位置 宗地位置 地理位置 位置 地址
            dkmc zdmc xmmc tdzl zdzl mc zl name parcelname sitename sitelocation location address
land_class  用地性质 土地用途 用地类别 用地类型 规划用途 规划用地性质 规划性质 用地分类 土地用途类别 用途 批准用途
            土地类别 地类 土地性质 ydxz tdyt ydlb ydlx ghyt ghydxz ydfl yt dl landuse landclass landuseclass
            landusetype zoning zone luclass
class_code  用地代码 用地编码 用地性质代码 用地类别代码 用地分类代码 规划用地代码 规划用地类别代码 土地用途代码
            用地用海分类代码 用途代码 地类编码 地类代码 yddm ydbm ydxzdm ydlbdm ydfldm ghyddm ghydlbdm ydyhfldm
            tdytdm dlbm dldm landusecode landuseco lucode classcode
class_zh    用地名称 用地性质名称 用地类别名称 用地分类名称 规划用地名称 规划用地类别名称 土地用途名称
            用地用海分类名称 地类名称 ydmc ydxzmc ydlbmc ydflmc ghydmc ghydlbmc ydyhflmc tdytmc dlmc landusename
            classname
area        出让面积 出让土地面积 可出让面积 净用地面积 用地面积 宗地面积 地块面积 土地面积 规划用地面积
            建设用地面积 总用地面积 实测面积 占地面积 用地规模 占地 面积 crmj jydmj zdmj ydmj dkmj tdmj jsydmj scmj mj
            sitearea
            landarea parcelarea lotarea plotarea area acreage
park_area   园区面积 园区总面积 yqmj yqzmj parkarea
floor_area_ratio 容积率 规划容积率 建筑容积率 地块容积率 rjl far floorarearatio plotratio fsi
building_density 建筑密度 规划建筑密度 建筑覆盖率 jzmd buildingdensity bldgdensity bldgdens buildingcoverage
            buildingcoverageratio
            coverageratio sitecoverage lotcoverage bcr
green_ratio 绿地率 规划绿地率 绿化率 绿地比例 ldl lhl greenratio greeningratio greenspaceratio greenrate
height      限高 建筑限高 控制高度 控高 建筑控高 限制高度 建筑高度 建筑控制高度 建筑物高度 规划限高 规划高度 高度限制
            高度 xg
            jzxg kzgd kg jzkg jzgd gd heightlimit buildingheight height
term        出让年限 土地使用年限 使用年限 出让年期 出让期限 土地出让年限 使用权年限 使用期限 土地使用期限 年限 年期
            crnx tdsynx synx nx term termyears leaseterm leaseyears tenure
starting_price 起始价 挂牌起始价 拍卖起始价 出让起始价 竞买起始价 起始总价 起始价格 起拍价 起拍总价 挂牌起价
            拍卖起价 起报价 起叫价 起价 gpqsj qsj qpj startingprice startprice openingprice listingprice upsetprice
industry    准入行业 准入产业 地块准入产业 行业名称 行业类别 所属行业 行业分类 行业 产业类型 产业类别 产业门类
            主导产业 产业方向 产业定位 产业 hymc hylb hyfl hy cylx cymc industry industryname sector
industry_code 行业代码 行业编码 行业类别代码 国民经济行业代码 hydm hybm industrycode
tracks      赛道 细分赛道 细分领域 重点领域 xfly track tracks
{_PLACE}""",
    "labs": f"""
id          平台编号 实验室编号 机构编号 单位编号 统一社会信用代码 社会信用代码 信用代码 编号 代码 tyshxydm bh labid
            id code
name_zh     实验室名称 平台名称 机构名称 研究院名称 中心名称 单位名称 名称 全称 syxmc sysmc ptmc jgmc dwmc mc name
            labname
kind_zh     类型 平台类型 机构类型 实验室类型 单位类型 平台类别 机构类别 类别 ptlx jglx lx type category
level       级别 平台级别 实验室级别 认定级别 等级 层级 jb ptjb grade
field_zh    研究方向 研究领域 主要研究方向 技术领域 专业领域 服务领域 领域 方向 yjfx yjly field researchfield
{_PLACE}""",
    "parks": f"""
id          园区编号 园区代码 园区编码 编号 代码 yqbh yqdm bh parkid id code
name_zh     园区名称 小镇名称 基地名称 孵化器名称 平台名称 单位名称 名称 全称 yqmc mc name parkname
kind_zh     类型 园区类型 平台类型 类别 园区类别 yqlx lx type category
focus_zh    主导产业 重点产业 主攻产业 产业定位 产业方向 特色产业 zdcy focus
concentrates_on 赛道 细分赛道 细分领域 集聚领域 重点领域 track tracks
area        占地面积 园区面积 规划面积 规划用地面积 园区总面积 总面积 用地面积 土地面积 面积 zdmj yqmj ghmj mj
            sitearea landarea parkarea area
{_PLACE}""",
    "enterprises": f"""
id          统一社会信用代码 社会信用代码 统一信用代码 信用代码 组织机构代码 注册号 企业编号 企业代码 编号 tyshxydm
            shxydm xydm zzjgdm uscc usci creditcode companyid enterpriseid id bh
name_zh     企业名称 公司名称 单位名称 单位全称 名称 全称 qymc gsmc dwmc mc name companyname enterprisename
tracks      赛道 细分赛道 细分领域 所属赛道 xfly track tracks
fact_zh     企业简介 简介 主营业务 主要产品 经营范围 zyyw zycp jyfw
{_PLACE}""",
}
# Names that begin like one of the fields and mean something else: a cut name may be theirs.
_OTHERS = """
建筑面积 总建筑面积 计容建筑面积 地上建筑面积 地下建筑面积 建筑系数 竞买保证金 保证金 成交价 成交总价 成交面积
竞得人 受让人 加价幅度 增价幅度 起始楼面价 土地等级
土地使用权人 宗地四至 用地单位 地块四至 jzmj zjzmj floorarea bzj cjj shapearea shapelength shapeleng startdate
"""
# Ranges, and the two columns that each becomes.
RANGES: Mapping[str, tuple[str, str]] = {
    "floor_area_ratio": ("floor_area_ratio_min", "floor_area_ratio_max"),
    "building_density": ("building_density_min_percent", "building_density_max_percent"),
    "green_ratio": ("green_ratio_min_percent", "green_ratio_max_percent"),
    "height": ("height_min_m", "height_max_m"),
}
_BOUNDS = {
    "min": re.compile(r"^(?:最低|最小|min)|(?:下限?|最低值?|最小值?|min)$"),
    "max": re.compile(r"^(?:最高|最大|max)|(?:上限?|最高值?|最大值?|max)$"),
}
_LIMITS = {"min": re.compile(r"≥|≧|>|不低于|不少于|不小于"), "max": re.compile(r"≤|≦|<|不高于|不大于|不超过")}
_AFFIX = re.compile(r"^(?:拟出让|拟|本|规划|地块|宗地|出让)|(?:控制指标|指标要求|要求|指标|控制|限制|范围|值)$")
_BRACKET = re.compile(r"[(\[{<【「]([^()\[\]{}<>【】「」]*)[)\]}>】」]?$")
_MARKS = re.compile(r"[\s_\-.:*·'\"“”、,;|#&^()\[\]{}<>【】「」]+")
_SUFFIX = re.compile(r"^(.*\S)[\s_\-/:.,]+(\S+)$")
# A Shapefile keeps 10 bytes of a name: three characters in UTF-8, five in GBK.
_CUT_BYTES = (9, 10)
_LEAST_CUT = 2


@dataclass(frozen=True)
class Match:
    """What a file's column name means.

    Attributes:
        field: the field.
        rank: how good the name is for it, 0 being best.
        unit: that the name states; None if it does not.
        bound: ``min`` or ``max`` where the name says that numbers are but one end of a range.
        cut: whether the name is the beginning of a known one.
    """

    field: str
    rank: int
    unit: Unit | None
    bound: str | None
    cut: bool = False


def key_of(name: str) -> str:
    """A column name without case, width, spaces, brackets and marks."""
    return _MARKS.sub("", folded(name))


def names_of(text: str) -> Mapping[str, tuple[str, int]]:
    """Field and rank by name, of lines that begin with the field; an indented line goes on with the one before."""
    table: dict[str, tuple[str, int]] = {}
    for line in filter(None, re.sub(r"\n +", " ", text).splitlines()):
        field, *names = line.split()
        for rank, name in enumerate(names):
            table.setdefault(name, (field, rank))
    return table


@lru_cache
def _known(layer_id: str) -> Mapping[str, tuple[str, int]]:
    return names_of(_NAMES[layer_id])


def fields_of(layer_id: str) -> tuple[str, ...]:
    """The fields that names are recognised for, in order."""
    return fields_among(_known(layer_id))


def fields_among(names: Mapping[str, tuple[str, int]]) -> tuple[str, ...]:
    """The fields of a table of names, in order."""
    return tuple(dict.fromkeys(field for field, _ in names.values()))


def label_of(layer_id: str, field: str) -> str:
    """The usual Chinese name of a field."""
    return next(name for name, (other, _) in _known(layer_id).items() if other == field)


def match(layer_id: str, name: str) -> Match | None:
    """What a column name means in a layer; None if it is no name that we know."""
    return _match(_known(layer_id), name)


def match_among(names: Mapping[str, tuple[str, int]], name: str) -> Match | None:
    """What a column name means among other names, made by ``names_of``."""
    return _match(names, name)


def _match(known: Mapping[str, tuple[str, int]], name: str) -> Match | None:
    unit = unit_of(name.removesuffix("数"))
    if unit is not None and unit.dimension == "area" and "area" in fields_among(known):
        return Match("area", len(known), unit, None)
    for key, unit, limit in _readings(name):
        found = _exact(known, key, unit, limit)
        if found:
            return found
    return _cut(known, name)


def _exact(known: Mapping[str, tuple[str, int]], key: str, unit: Unit | None, limit: str | None) -> Match | None:
    for bound, shape in (("", None), *_BOUNDS.items()):
        bare = shape.sub("", key, count=1) if shape else key
        if shape and (bare == key or known.get(bare, ("", 0))[0] not in RANGES):
            continue
        if bare in known:
            field, rank = known[bare]
            return Match(field, rank, unit, bound or limit)
    return None


def _readings(name: str) -> Iterator[tuple[str, Unit | None, str | None]]:
    """The ways to read a name: whole, without its bracket, without its unit, without an affix."""
    text = folded(name)
    yield key_of(text), None, None
    bracket = _BRACKET.search(text)
    if bracket and bracket.start():
        key, inside = key_of(text[: bracket.start()]), bracket.group(1)
        limit = next((bound for bound, sign in _LIMITS.items() if sign.search(inside)), None)
        # A bracket that a cut left open may have held more: 万 of 万元/亩.
        unit = None if text[-1] not in ")]}>】」" and _may_be_cut(name) else _unit_in(inside)
        yield key, unit, limit
        yield from ((shorter, unit, limit) for shorter in _shorter(key))
    suffix = _SUFFIX.search(text)
    if suffix and (unit := _unit_in(suffix.group(2))):
        yield key_of(suffix.group(1)), unit, None
    yield from ((key, unit, None) for key, unit in _endings(key_of(text)))
    yield from ((shorter, None, None) for shorter in _shorter(key_of(text)))


def unit_text_of(name: str) -> str | None:
    """What stands in the bracket at the end of a name, without ``单位：`` and ``≥``; None if there is no bracket."""
    bracket = _BRACKET.search(folded(name))
    return (bracket and _bare_unit(bracket.group(1))) or None


def _bare_unit(text: str) -> str:
    bare = re.sub(r"^(?:单位)?[\s:]*|[≥≧>≤≦<=]|不低于|不高于|不大于|不小于", "", text)
    return re.sub(r"\s+", "", bare)


def _unit_in(text: str) -> Unit | None:
    """The unit that a bracket or suffix names, with or without ``单位：`` and ``≥``."""
    return UNITS.get(_bare_unit(text))


def _endings(key: str) -> Iterator[tuple[str, Unit]]:
    """Names that end in a unit without a mark between, such as ``面积亩``."""
    for size in range(len(key) - 1, 1, -1):
        unit = UNITS.get(key[size:])
        if unit:
            yield key[:size], unit


def _shorter(key: str) -> Iterator[str]:
    bare = _AFFIX.sub("", key)
    if bare != key and bare:
        yield bare


def _cut(known: Mapping[str, tuple[str, int]], name: str) -> Match | None:
    """The one field whose names begin as a name of nine or ten bytes does.

    A name that all the others only lengthen (用地性质, 用地性质代码) is the one that was cut.
    """
    key = key_of(name)
    if len(key) < _LEAST_CUT or key.isascii() or not _may_be_cut(name):
        return None
    longer = sorted((other for other in (*known, *_OTHERS.split()) if other.startswith(key)), key=len)
    fields = {known.get(other, ("", 0))[0] for other in longer if not other.startswith(longer[0])}
    if not longer or longer[0] not in known or fields - {known[longer[0]][0]}:
        return None
    return Match(known[longer[0]][0], len(known), None, None, cut=True)


def _may_be_cut(name: str) -> bool:
    return any(len(name.encode(encoding, "replace")) in _CUT_BYTES for encoding in ("utf-8", "gb18030"))
