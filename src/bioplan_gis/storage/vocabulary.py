"""What every column of the core layers means: type, unit, Chinese and English title, written once for all layers."""

from collections.abc import Mapping

from bioplan_gis.catalogue import Column

_LINES = """
accuracy_m              number  m    位置精度                Positional accuracy
aliases                 list    -    别名                    Aliases
amount_yuan             number  yuan 奖励金额                Award
applies_to_en           text    -    适用条件（英文）        Applies to (English)
applies_to_zh           text    -    适用条件                Applies to
area_adcode             text    -    所辖区划代码            Adcode prefix of its area
area_en                 text    -    范围（英文）            Area (English)
area_ha                 number  ha   面积                    Area
area_measured_ha        number  ha   量算面积                Area measured from the geometry
area_km2                number  km2  面积                    Area
area_note_en            text    -    面积说明（英文）        Note on the area (English)
area_note_zh            text    -    面积说明                Note on the area
area_source             text    -    面积来源                Source of the area
area_zh                 text    -    范围                    Area
broader                 list    -    上位领域                Broader tracks
cap_scope_en            text    -    封顶范围（英文）        Scope of the cap (English)
cap_scope_zh            text    -    封顶范围                Scope of the cap
cap_yuan                number  yuan 最高金额                Cap
citations               json    -    出处                    Citations
city_en                 text    -    城市（英文）            City (English)
city_zh                 text    -    城市                    City
class_code              text    -    用地代码（2023）        Land-use code (2023)
class_zh                text    -    用地类别                Land-use class
clause                  text    -    条款                    Clause
comparator              text    -    比较符                  Comparator
concentrates_on         list    -    集聚领域                Concentrates on
date                    date    -    日期                    Date
district                text    -    区划代码                District (adcode)
district_en             text    -    区县（英文）            District (English)
district_zh             text    -    区县                    District
document                text    -    文件                    Document
duration_years          number  year 期限                    Duration
fact_en                 text    -    文件所述（英文）        What the document says (English)
fact_zh                 text    -    文件所述                What the document says
field_en                text    -    方向（英文）            Field (English)
field_zh                text    -    方向                    Field
fields                  list    -    领域                    Fields
focus_en                text    -    重点（英文）            Focus (English)
focus_zh                text    -    重点                    Focus
from_en                 text    -    起点（英文）            From (English)
from_zh                 text    -    起点                    From
function_en             text    -    功能（英文）            Function (English)
function_zh             text    -    功能                    Function
geonameid               integer -    GeoNames 编号           GeoNames id
group                   text    -    分组                    Group
group_en                text    -    分组（英文）            Group (English)
in_force                date    -    施行日期                In force since
issuer_en               text    -    发布者（英文）          Issuer (English)
issuer_zh               text    -    发布者                  Issuer
jurisdiction            text    -    管辖区划代码            Jurisdiction (adcode)
jurisdiction_zh         text    -    管辖区                  Jurisdiction
kind                    text    -    类型                    Kind
kind_zh                 text    -    类型（中文）            Kind (Chinese)
km2                     number  km2  面积                    Area
label_lat               number  deg  标注点纬度              Latitude of the label
label_lon               number  deg  标注点经度              Longitude of the label
land_class              text    -    用地分类                Land class
layout                  text    -    布局                    Layout
level                   text    -    级别                    Level
water.level             integer -    层次                    Level
located_in              text    -    所在区划代码            Located in (adcode)
located_in_basis        text    -    所在地依据              Basis of the location
max_zoom                integer -    适用的最大缩放级别      Greatest zoom it is good for
measure                 text    -    指标                    Measure
measure_en              text    -    指标名称（英文）        Name of the measure (English)
measure_zh              text    -    指标名称                Name of the measure
members                 list    -    成员区划代码            Member districts (adcodes)
name_en                 text    -    英文名称                English name
name_zh                 text    -    名称                    Name
named                   boolean -    文件是否点名            Named by the document
names_zh                list    -    中文名称                Chinese names
narrower                list    -    下位领域                Narrower tracks
note                    text    -    备注                    Note
note_en                 text    -    备注（英文）            Note (English)
note_zh                 text    -    备注                    Note
open_list               boolean -    名单未尽（等地）        The list is open
park_area_ha            number  ha   园区总面积              Area of the whole park
period                  text    -    期限                    Period
period_zh               text    -    时间（原文）            Period as written
phrase                  text    -    布局口号                Phrase
phrase_en               text    -    布局口号（英文）        Phrase (English)
platforms               list    -    依托平台                Platforms relied on
position_attribution    text    -    位置署名                Attribution of the position
position_basis          text    -    位置依据                Basis of the position
position_method         text    -    定位方法                Method of the position
position_source         text    -    位置来源                Source of the position
rate_base_en            text    -    计算基数（英文）        Base of the rate (English)
rate_base_zh            text    -    计算基数                Base of the rate
rate_percent            number  %    比例                    Rate
relations               json    -    关联                    Relations
relied_on_by            list    -    被依托于                Relied on by
requires_local_production boolean -  要求本地生产            Requires local production
role                    text    -    角色                    Role
role_en                 text    -    角色（英文）            Role (English)
roles                   json    -    角色表                  Roles
scope                   text    -    范围                    Scope
scope_adcode            text    -    范围区划代码            Scope (adcode)
scope_en                text    -    范围（英文）            Scope (English)
scope_zh                text    -    范围                    Scope
seat                    integer -    序号                    Order in the layout
source                  text    -    数据来源                Source
stacking_en             text    -    叠加规则（英文）        Stacking rule (English)
stacking_zh             text    -    叠加规则                Stacking rule
status                  text    -    状态                    Status
strengths_en            text    -    其他依托（英文）        Other strengths (English)
strengths_zh            text    -    其他依托                Other strengths
synthetic               boolean -    是否合成数据            Synthetic
tier                    integer -    层级                    Tier
title_en                text    -    标题（英文）            Title (English)
title_zh                text    -    标题                    Title
to_en                   text    -    终点（英文）            To (English)
to_zh                   text    -    终点                    To
tracks                  list    -    细分领域                Tracks
unit                    text    -    单位                    Unit
unit_zh                 text    -    单位（中文）            Unit (Chinese)
validity                text    -    效力                    Validity
value                   number  -    数值                    Value
year                    integer -    年份                    Year
parcel_no               text    -    地块编号                Parcel number
floor_area_ratio_min    number  -    容积率下限              Floor area ratio, least
floor_area_ratio_max    number  -    容积率上限              Floor area ratio, greatest
building_density_min_percent number % 建筑密度下限           Building density, least
building_density_max_percent number % 建筑密度上限           Building density, greatest
green_ratio_min_percent number  %    绿地率下限              Green ratio, least
green_ratio_max_percent number  %    绿地率上限              Green ratio, greatest
height_min_m            number  m    建筑高度下限            Building height, least
height_max_m            number  m    限高                    Building height, greatest
term_years              number  year 出让年限                Term of the grant
starting_price_yuan     number  yuan 起始价                  Starting price
industry                text    -    行业                    Industry
indicators              json    -    分行业指标              Indicators by industry
"""


def _column_of(line: str) -> Column:
    name, kind, unit, title_zh, title_en = line.split(maxsplit=4)
    return Column(name.rpartition(".")[2], kind, None if unit == "-" else unit, title_zh, title_en)


# A name stands under a layer's (``water.level``) where it means something else there.
VOCABULARY: Mapping[str, Column] = {line.split(maxsplit=1)[0]: _column_of(line) for line in _LINES.strip().splitlines()}
