"""Files' columns onto the core layers: names, units, land classes, districts; what cannot be read is said."""

import json

import numpy as np
import pyarrow as pa
import pytest

from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.mapping.columns import texts_of
from bioplan_gis.importing.mapping.conforming import AREA_STATED
from bioplan_gis.importing.mapping.fields_zh import match
from bioplan_gis.importing.mapping.schemas import SCHEMAS, Column, conform, plan
from bioplan_gis.storage.tables import CORE_LAYERS

DISTRICTS = {
    "滨江区": "330108",
    "Binjiang District": "330108",
    "钱塘区": "330114",
    "临安区": "330112",
    "桐庐县": "330122",
}


def planned(table, layer_id="industrial_land", told=None):
    return plan(layer_id, [Column(field.name, field.type) for field in table.schema], told or {}, DISTRICTS)


def conformed(columns, layer_id="industrial_land", told=None, **more):
    table = pa.table(columns)
    return conform(planned(table, layer_id, told), table, 1, **more)


def values(columns, name, **more):
    return conformed(columns, **more).columns[name].to_pylist()


def meant(name, layer_id="industrial_land"):
    found = match(layer_id, name)
    return found and found.field


@pytest.mark.parametrize("layer_id", sorted(SCHEMAS))
def test_the_columns_are_those_of_the_core_layers(layer_id):
    layer = next(layer for layer in CORE_LAYERS if layer.id == layer_id)
    assert list(SCHEMAS[layer_id].items()) == [(column.name, column.type) for column in layer.columns]


@pytest.mark.parametrize(
    ("name", "field", "unit"),
    [
        ("地块编号", "id", None),
        ("宗地代码", "id", None),
        ("ZDDM", "id", None),
        ("用地性质", "land_class", None),
        ("YDXZ", "land_class", None),
        ("土地用途", "land_class", None),
        ("YDDM", "class_code", None),
        ("面积", "area", None),
        ("面积(亩)", "area", "亩"),
        ("面积_ha", "area", "公顷"),
        ("用地面积（平方米）", "area", "平方米"),
        ("出让面积（㎡）", "area", "平方米"),
        ("面积亩", "area", "亩"),
        ("面积（单位：公顷）", "area", "公顷"),
        ("area_m2", "area", "平方米"),
        ("mu", "area", "亩"),
        ("Site Area (ha)", "area", "公顷"),
        ("容积率", "floor_area_ratio", None),
        ("RJL", "floor_area_ratio", None),
        ("FAR", "floor_area_ratio", None),
        ("建筑密度（％）", "building_density", "%"),
        ("绿 地 率", "green_ratio", None),
        ("限高(m)", "height", "m"),
        ("建筑高度（米）", "height", "米"),
        ("出让年限（年）", "term", "年"),
        ("起始价(万元)", "starting_price", "万元"),
        ("挂牌起始价（万元/亩）", "starting_price", "万元/亩"),
        ("状态", "status", None),
        ("区（县）", "district", None),
        ("行业名称", "industry", None),
    ],
)
def test_usual_names_with_their_units(name, field, unit):
    found = match("industrial_land", name)
    assert (found.field, found.unit and found.unit.name) == (field, unit)


@pytest.mark.parametrize(
    "name", ["建筑面积", "建筑系数", "竞买保证金", "Shape_Area", "floor_area", "备注", "起始楼面价", "序号"]
)
def test_names_that_only_look_like_a_field_are_left(name):
    assert meant(name) is None


@pytest.mark.parametrize(
    ("cut", "field"),
    [
        ("用地性", "land_class"),
        ("建筑密", "building_density"),
        ("出让年", "term"),
        ("不动产单元", "id"),
        ("建筑密度上", "building_density"),
        ("用地", None),
        ("起始", None),
    ],
)
def test_names_cut_at_ten_bytes_are_known_by_their_beginning(cut, field):
    assert meant(cut) == field


def test_a_unit_in_a_bracket_that_was_cut_is_not_trusted():
    assert match("industrial_land", "起始价（万").unit is None
    assert match("industrial_land", "起始价（万").field == "starting_price"


def test_a_cut_credit_code_identifies_a_firm():
    assert meant("统一社会信", "enterprises") == "id"


@pytest.mark.parametrize(
    ("name", "bound"),
    [
        ("容积率上限", "max"),
        ("最低容积率", "min"),
        ("绿地率（≥%）", "min"),
        ("建筑密度下限(%)", "min"),
        ("容积率", None),
    ],
)
def test_a_name_may_say_which_end_its_numbers_are(name, bound):
    assert match("industrial_land", name).bound == bound


def test_a_notice_of_sale_as_it_occurs():
    columns = conformed(
        {
            "地块编号": ["杭政工出〔2024〕1号", "杭政工出〔2024〕2号"],
            "土地用途": ["三类工业用地（M3）", "二类工业用地"],
            "出让面积（㎡）": ["20,000", "约7577平方米（约11.37亩）"],
            "容积率": ["1.5＜容积率≤2.5", "≥1.5"],
            "建筑密度": ["≤40%", "30%-50%"],
            "绿地率": ["≤20%", "/"],
            "限高": ["24米以下", "50"],
            "出让年限": ["50年", "工业50年/商业40年"],
            "起始价": ["1200万元", "60万元/亩"],
            "状态": ["待出让", "已成交"],
            "行政区": ["滨江区", "浙江省杭州市钱塘区"],
        }
    ).columns.to_pydict()
    assert columns == {
        "land_class": ["M3", "M2"],
        "class_code": ["100103", "100102"],
        "class_zh": ["三类工业用地", "二类工业用地"],
        "area_ha": [2.0, 0.7577],
        "area_source": [AREA_STATED, AREA_STATED],
        "status": ["待出让", "已成交"],
        "parcel_no": ["杭政工出〔2024〕1号", "杭政工出〔2024〕2号"],
        "floor_area_ratio_min": [1.5, 1.5],
        "floor_area_ratio_max": [2.5, None],
        "building_density_min_percent": [None, 30.0],
        "building_density_max_percent": [40.0, 50.0],
        "green_ratio_min_percent": [None, None],
        "green_ratio_max_percent": [20.0, None],
        "height_min_m": [None, None],
        "height_max_m": [24.0, 50.0],
        "term_years": [50.0, 50.0],
        "starting_price_yuan": [12_000_000.0, pytest.approx(60 * 10_000 * 7577 * 15 / 10_000)],
        "district": ["330108", "330114"],
        "district_zh": ["滨江区", "钱塘区"],
        "district_en": ["Binjiang District", None],
    }


def test_the_plan_shows_what_feeds_what():
    found = planned(pa.table({"地块编号": ["1"], "面积(亩)": [30], "备注": ["x"]}))
    assert found.id_column == "地块编号"
    assert found.left == ("备注",)
    assert "“面积(亩)” → area_ha（出让面积，亩）" in [note.zh for note in found.notes]
    assert conformed({"地块编号": [330108001.0]}).ids.to_pylist() == ["330108001"]


def test_of_two_columns_for_one_field_the_better_name_is_taken_and_said():
    found = planned(pa.table({"面积": [1.0], "出让面积": [2.0]}))
    assert [feed.column for feed in found.feeds] == ["出让面积"]
    assert any("“面积”" in note.zh and "“出让面积”" in note.zh for note in found.notes)


def test_of_two_units_the_finer_is_taken():
    assert values({"面积(亩)": [30.0], "面积(㎡)": [20_001.0]}, "area_ha") == [2.0001]


def test_a_second_column_fills_what_the_first_leaves_empty():
    columns = {"用地面积(㎡)": [10_000.0, None, -1.0, None], "面积(亩)": [99.0, 15.0, 30.0, -2.0]}
    result = conformed({**columns, "起始价(元/㎡)": [100.0, 100.0, 100.0, 100.0]})
    assert result.columns["area_ha"].to_pylist() == [1.0, pytest.approx(1.0), pytest.approx(2.0), None]
    assert result.columns["area_source"].to_pylist() == [AREA_STATED] * 3 + [None]
    assert result.stated_area_m2[:3] == pytest.approx([10_000, 10_000, 20_000])
    assert result.columns["starting_price_yuan"].to_pylist()[:3] == pytest.approx([1e6, 1e6, 2e6])
    assert [(row, value) for row, value, _ in result.notes["area_ha"]] == [(4, "-2.0")]
    [note] = [note for note in result.plan.notes if "先取" in note.zh]
    assert "“用地面积(㎡)”, which is taken first; “面积(亩)” fills its gaps" in note.en
    first = conformed(columns)
    later = conform(first.plan, pa.table(columns), 5)
    assert later.columns["area_ha"].to_pylist()[1] == pytest.approx(1.0)


def test_a_second_column_fills_no_end_of_a_range_that_is_open():
    result = conformed({"容积率": ["≥1.5", None, None], "规划容积率": ["1.0-2.5", "1.0-2.0", "详见附件"]})
    assert result.columns["floor_area_ratio_min"].to_pylist() == [1.5, 1.0, None]
    assert result.columns["floor_area_ratio_max"].to_pylist() == [None, 2.0, None]
    assert [row for row, _, _ in result.notes["floor_area_ratio_min"]] == [3]
    two_names = conformed({"地块名称": ["甲", None], "坐落": ["东", "西"]}).columns["name_zh"].to_pylist()
    assert two_names == ["甲", "西"]


def test_a_second_column_without_unit_says_so_only_where_it_is_needed():
    result = conformed({"出让面积(㎡)": [10_000.0, None], "面积": [15.0, 15.0]})
    assert result.columns["area_ha"].to_pylist() == [1.0, None]
    assert [row for row, _, _ in result.notes["area_ha"]] == [2]


def test_numbers_of_parcels_do_not_fill_one_another():
    result = conformed({"地块编号": ["a", None], "宗地编号": ["b", "c"]})
    assert result.ids.to_pylist() == ["a", None]
    assert result.columns["parcel_no"].to_pylist() == ["a", None]


def test_columns_that_feed_nothing_are_named():
    notes = planned(pa.table({"地块编号": ["1"], "备注": ["x"], "四至": ["y"]})).notes
    assert notes[-1].zh == "其余列照原样保留：“备注”、“四至”。"
    assert notes[-1].en == "The other columns are kept as they are: “备注”, “四至”."


def test_what_is_told_comes_before_what_is_recognised():
    columns = {"编码": ["a"], "地块编号": ["b"], "大小": [30.0]}
    result = conformed(columns, told={"编码": "id", "大小": "area_ha:亩", "地块编号": ""})
    assert result.ids.to_pylist() == ["a"]
    assert result.columns["area_ha"].to_pylist() == [pytest.approx(2.0)]
    assert result.plan.left == ("地块编号",)
    assert values({"x": [2.0]}, "floor_area_ratio_max", told={"x": "floor_area_ratio_max"}) == [2.0]
    assert values({"lon": [2.0]}, "name_zh", told={"lon": "name_zh"}) == ["2"]


@pytest.mark.parametrize(
    ("told", "named"),
    [({"没有": "area_ha"}, "地块编号"), ({"地块编号": "areas"}, "area_ha"), ({"地块编号": "area_ha:斤"}, "斤")],
)
def test_a_mapping_that_cannot_be_is_refused_by_name(told, named):
    with pytest.raises(ParameterError) as caught:
        planned(pa.table({"地块编号": ["1"]}), told=told)
    assert caught.value.name == "map"
    assert named in caught.value.zh
    assert named in caught.value.en
    assert "、" not in caught.value.en


def test_only_four_layers_can_be_mapped_onto():
    with pytest.raises(ParameterError) as caught:
        plan("water", [], {})
    assert "industrial_land" in caught.value.en


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("M1/M2", "不止一类"),
        ("一、二类工业用地", "不止一类"),
        ("M1M2", "不止一类"),
        ("新型产业用地（M0）", "M0"),
        ("M创", "M0"),
        ("工业用地", "没有写明"),
        ("0601", "没有写明"),
        ("二类居住用地", "不是工业用地"),
        ("R2", "不是工业用地"),
        ("W1", "不是工业用地"),
        ("物流仓储用地", "不是工业用地"),
        ("070102", "不是工业用地"),
        ("甲", "不是认得"),
    ],
)
def test_land_without_a_class_stays_and_says_why(text, said):
    result = conformed({"用地性质": [text]})
    assert result.columns["land_class"].to_pylist() == [None]
    [(row, value, note)] = result.notes["land_class"]
    assert (row, value) == (1, text)
    assert said in note.zh


def test_the_code_gives_the_class_that_the_name_leaves_out():
    result = conformed({"用地性质": ["工业用地", "三类工业用地", "M1"], "用地代码": [100103, 100102, None]})
    assert result.columns["land_class"].to_pylist() == ["M3", None, "M1"]
    [(row, value, note)] = result.notes["land_class"]
    assert (row, value) == (2, "三类工业用地／100102")
    assert "不一致" in note.zh


@pytest.mark.parametrize(
    "columns", [{"用地性质": ["M3"], "用地名称": ["居住用地"]}, {"用地性质": ["R2"], "用地代码": ["100103"]}]
)
def test_a_class_beside_land_of_another_kind_is_no_class(columns):
    result = conformed(columns)
    assert result.columns["land_class"].to_pylist() == [None]
    assert "不一致" in result.notes["land_class"][0][2].zh


def test_ratios_are_told_from_percentages_by_the_column():
    result = conformed({"建筑密度": [0.4, 0.35, None], "绿地率": [20.0, 0.5, 15]})
    assert result.columns["building_density_max_percent"].to_pylist() == [40.0, 35.0, None]
    assert result.columns["green_ratio_max_percent"].to_pylist() == [20.0, None, 15.0]
    assert any("比值" in note.zh for note in result.plan.notes)


@pytest.mark.parametrize(
    ("name", "cells", "percents"),
    [
        ("建筑密度", ["0.4", "45%", "50"], [None, 45, 50]),
        ("建筑密度", ["≥0.4", "≥45%", None], [None, 45, None]),
        ("建筑密度", ["0.4", "45%", "0.35%"], [None, 45, 0.35]),
        ("建筑密度(%)", ["0.4", "0.35", "1"], [None, None, None]),
        ("建筑密度(%)", ["0", "40", None], [0, 40, None]),
        ("建筑密度", ["1", None, None], [None, None, None]),
        ("建筑密度", ["≥0.4", "0.35-0.6", "1"], [40, 35, 100]),
    ],
)
def test_a_fraction_among_percentages_is_not_guessed(name, cells, percents):
    result = conformed({name: cells})
    assert result.columns["building_density_min_percent"].to_pylist() == percents
    emptied = [row for row, cell in enumerate(cells, 1) if cell and percents[row - 1] is None]
    assert [row for row, _, _ in result.notes.get("building_density_min_percent", [])] == emptied


def test_a_fraction_in_a_batch_after_percentages_is_left_empty():
    first = pa.table({"建筑密度": ["45%"]})
    result = conform(planned(first), first, 1)
    later = conform(result.plan, pa.table({"建筑密度": ["0.4", "0.35"]}), 2)
    assert later.columns["building_density_max_percent"].to_pylist() == [None, None]
    assert [(row, value) for row, value, _ in later.notes["building_density_min_percent"]] == [(2, "0.4"), (3, "0.35")]


def test_a_column_of_ours_is_in_percent_whatever_it_holds():
    name = "green_ratio_min_percent"
    assert values({name: [0.5, 0.8]}, name) == [0.5, 0.8]


def test_later_batches_keep_to_what_the_first_one_settled():
    first = pa.table({"建筑密度": [0.4]})
    result = conform(planned(first), first, 1)
    later = conform(result.plan, pa.table({"建筑密度": [0.3, 45.0]}), 2)
    assert later.columns["building_density_max_percent"].to_pylist() == [30.0, None]
    assert [row for row, _, _ in later.notes["building_density_min_percent"]] == [3]
    assert len(later.plan.notes) == len(result.plan.notes)


@pytest.mark.parametrize(("factor", "unit"), [(1, "平方米"), (10_000 / 15, "亩"), (10_000, "公顷")])
def test_the_geometry_tells_the_unit_of_an_area_without_one(factor, unit):
    measured_m2 = np.array([20_000.0, 15_000.0, np.nan, 30_000.0])
    stated = [20_000 / factor, 15_100 / factor, 1.0, 50_000 / factor]
    result = conformed({"面积": stated}, measured_m2=measured_m2)
    assert result.stated_area_m2[[0, 1, 3]] == pytest.approx([20_000, 15_100, 50_000])
    assert any(unit in note.zh and "相符" in note.zh for note in result.plan.notes)


@pytest.mark.parametrize("more", [{}, {"measured_m2": np.array([np.nan])}, {"measured_m2": np.array([77.0])}])
def test_an_area_without_unit_that_no_geometry_tells_is_not_guessed(more):
    result = conformed({"面积": [22.5]}, **more)
    assert result.columns["area_ha"].to_pylist() == [None]
    assert result.columns["area_source"].to_pylist() == [None]
    [(row, _, note)] = result.notes["area_ha"]
    assert row == 1
    assert "--map 面积=area_ha:亩" in note.zh
    assert "--map 面积=area_ha:亩" in note.en
    assert values({"面积": [22.5]}, "area_ha", told={"面积": "area_ha:亩"}) == [1.5]
    assert values({"面积": ["22.5亩"]}, "area_ha") == [1.5]


def test_the_area_of_a_park_names_its_own_column():
    [(_, _, note)] = conformed({"园区面积": [3.5]}).notes["park_area_ha"]
    assert "--map 园区面积=park_area_ha:亩" in note.en


def test_other_states_than_the_cores_stay_as_free_text():
    result = conformed({"状态": ["在建", "建设中", "筹建中", "规划", "已建"]})
    assert result.columns["status"].to_pylist() == ["在建", "建设中", "筹建中", "planned", "existing"]
    assert sum("free text" in note.en for note in result.plan.notes) == 1
    later = conform(result.plan, pa.table({"状态": ["在建"]}), 6)
    assert later.plan.notes == result.plan.notes
    assert not any("free text" in note.en for note in conformed({"状态": ["规划", None]}).plan.notes)


def test_a_district_that_is_none_is_said_to_be_left_to_the_geometry():
    [(_, _, note)] = conformed({"区县": ["火星区"]}).notes["district"]
    assert "由几何确定" in note.zh
    assert "not a known district; the geometry decides" in note.en


@pytest.mark.parametrize(
    ("layer_id", "name"),
    [
        ("enterprises", "行业"),
        ("enterprises", "所属行业"),
        ("enterprises", "注册资本"),
        ("enterprises", "成立日期"),
        ("parks", "级别"),
        ("labs", "依托单位"),
        ("labs", "地址"),
    ],
)
def test_columns_that_the_core_has_no_place_for_stay_columns_of_their_own(layer_id, name):
    assert planned(pa.table({name: ["x"]}), layer_id).left == (name,)


def test_tracks_are_said_to_be_unchecked():
    result = conformed({"所属赛道": ["合成生物"]}, "enterprises")
    assert result.columns["tracks"].to_pylist() == ['["合成生物"]']
    assert any("not checked" in note.en for note in result.plan.notes)


def test_a_sum_without_unit_is_not_guessed():
    result = conformed({"起始价": ["3000"]})
    assert result.columns["starting_price_yuan"].to_pylist() == [None]
    assert "--map 起始价=starting_price_yuan:万元" in result.notes["starting_price_yuan"][0][2].en
    assert values({"起始价": ["3000"]}, "starting_price_yuan", told={"起始价": "starting_price_yuan:万元"}) == [
        30_000_000
    ]


def test_a_price_per_area_without_an_area_is_left_empty():
    result = conformed({"起始价(万元/亩)": [60]})
    assert result.columns["starting_price_yuan"].to_pylist() == [None]
    assert "面积不详" in result.notes["starting_price_yuan"][0][2].zh


@pytest.mark.parametrize("value", [-1.0, 0.0, float("inf")])
def test_impossible_numbers_are_left_empty_with_their_row(value):
    result = conformed({"限高": [24.0, value]})
    assert result.columns["height_max_m"].to_pylist() == [24.0, None]
    assert [row for row, _, _ in result.notes["height_max_m"]] == [2]


def test_a_share_above_all_is_left_empty():
    assert values({"建筑密度": [40.0, 140.0]}, "building_density_max_percent") == [40.0, None]


@pytest.mark.parametrize(
    ("cell", "strict", "about"),
    [
        ("大于1.5", True, False),
        (">1.5", True, False),
        ("1.5＜容积率≤2.5", True, False),
        ("不大于2.5", False, False),
        ("大于等于1.5", False, False),
        (">=1.5", False, False),
        ("≥1.5", False, False),
        ("约2.0", False, True),
        ("2.0左右", False, True),
    ],
)
def test_what_a_range_cannot_keep_is_said_once(cell, strict, about):
    result = conformed({"容积率": [cell, cell, None]})
    assert not result.notes
    assert sum("excluded" in note.en for note in result.plan.notes) == strict
    assert sum("says about" in note.en for note in result.plan.notes) == about
    assert conform(result.plan, pa.table({"容积率": [cell]}), 4).plan.notes == result.plan.notes


def test_a_note_on_a_cell_names_column_and_value():
    [(_, _, note)] = conformed({"建筑密度": [140.0]}).notes["building_density_min_percent"]
    assert "“建筑密度”" in note.zh
    assert "“140.0”" in note.en


def test_a_bound_of_its_own_column_completes_a_range():
    result = conformed({"容积率下限": [1.0, 1.2], "容积率上限": [2.0, None]}).columns
    assert result["floor_area_ratio_min"].to_pylist() == [1.0, 1.2]
    assert result["floor_area_ratio_max"].to_pylist() == [2.0, None]


def test_districts_under_names_and_codes():
    found = conformed({"所属区县": ["滨江", "杭州市临安区", "桐庐县", "330108001002", "萧山", None]})
    assert found.columns["district"].to_pylist() == ["330108", "330112", "330122", "330108", None, None]
    assert found.columns["district_zh"].to_pylist() == ["滨江区", "临安区", "桐庐县", "滨江区", None, None]
    assert [value for _, value, _ in found.notes["district"]] == ["萧山"]


def test_laboratories():
    columns = conformed(
        {
            "平台名称": ["浙江省合成生物学重点实验室", "某公共服务平台"],
            "类型": ["实验室", "公共服务平台"],
            "级别": ["省级", "企业级"],
            "状态": ["已建成", "规划"],
            "研究方向": ["合成生物", " "],
            "别名": ["甲、乙", None],
            "区县": ["钱塘区", "滨江"],
        },
        "labs",
    ).columns.to_pydict()
    assert columns["kind"] == ["laboratory", "public_platform"]
    assert columns["kind_zh"] == ["实验室", "公共服务平台"]
    assert columns["level"] == ["provincial", "企业级"]
    assert columns["status"] == ["existing", "planned"]
    assert columns["field_zh"] == ["合成生物", None]
    assert columns["aliases"] == ['["甲","乙"]', None]
    assert columns["district"] == ["330114", "330108"]


def test_parks_and_enterprises():
    parks = conformed({"园区名称": ["甲"], "占地面积(平方公里)": [3.9], "主导产业": ["生物医药"]}, "parks").columns
    assert parks.to_pydict() == {
        "name_zh": ["甲"],
        "focus_zh": ["生物医药"],
        "area_ha": [390.0],
        "area_source": [AREA_STATED],
    }
    firms = conformed(
        {"统一社会信用代码": ["91330108MA27Y12345"], "企业名称": ["乙"], "细分领域": ["细胞治疗；基因治疗"]},
        "enterprises",
    )
    assert firms.ids.to_pylist() == ["91330108MA27Y12345"]
    assert json.loads(firms.columns["tracks"][0].as_py()) == ["细胞治疗", "基因治疗"]


def test_a_layer_of_ours_that_was_exported_maps_onto_itself():
    ours = {
        "id": ["p-1"],
        "name_zh": ["甲地块"],
        "land_class": ["M3"],
        "area_ha": [2.5],
        "floor_area_ratio_min": [1.5],
        "floor_area_ratio_max": [2.5],
        "height_max_m": [24.0],
        "tracks": ['["api"]'],
        "synthetic": [True],
        "indicators": ['[{"industry":"医药","value":1}]'],
        "starting_price_yuan": [1e7],
    }
    result = conformed(ours)
    assert result.ids.to_pylist() == ["p-1"]
    for name in set(ours) - {"id"}:
        assert result.columns[name].to_pylist() == ours[name], name


def test_numbers_and_dates_become_text_as_one_would_write_them():
    assert texts_of(pa.array([1.0, 2.5, None])).to_pylist() == ["1", "2.5", None]
    assert texts_of(pa.array([" a ", "", None])).to_pylist() == ["a", None, None]
    assert texts_of(pa.array([True])).to_pylist() == ["true"]
    assert texts_of(pa.array([b"x"])).to_pylist() == [None]


def test_every_type_of_column_can_stand_under_any_name():
    kinds = [pa.array([1, None]), pa.array([1.5, None]), pa.array([True, None]), pa.array(["x", None])]
    kinds += [
        pa.array([0, None], pa.timestamp("ms")),
        pa.array([None, None]),
        pa.array([b"x", None]),
        pa.array([[1], None]),
    ]
    names = [
        "地块编号",
        "用地性质",
        "面积",
        "容积率",
        "建筑密度",
        "限高",
        "出让年限",
        "起始价",
        "状态",
        "行政区",
        "行业",
        "赛道",
        "亩均税收",
    ]
    for kind in kinds:
        result = conformed(dict.fromkeys(names, kind))
        assert len(result.columns) == 2


def test_no_rows_are_no_trouble():
    assert len(conformed({"地块编号": pa.array([], pa.string()), "面积": pa.array([], pa.float64())}).columns) == 0
