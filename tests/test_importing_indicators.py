"""Indicators of 标准地 notices: on the parcel's row, or on one row for each industry that it admits."""

import json
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.importing.mapping.indicators import indicator_of
from bioplan_gis.importing.mapping.notices import merge, whole_parcels
from bioplan_gis.importing.mapping.schemas import Column, conform, plan
from bioplan_gis.importing.rows import Batch, Note

# The table of a notice of 台州市自然资源和规划局: merged cells leave the parcel's number in the first row alone.
NOTICE = {
    "地块编号": ["台土告字〔2024〕001号", None, None, "台土告字〔2024〕002号"],
    "土地用途": ["二类工业用地", None, None, "三类工业用地"],
    "土地面积（㎡）": ["20000", None, None, "30亩"],
    "容积率": ["2.0-3.0", "2.0-3.0", "2.0-3.0", "1.0-2.0"],
    "地块准入产业": [
        "金属制品业（行业代码33）",
        "通用设备制造业（行业代码34）",
        "专用设备制造业（行业代码35）",
        "C27医药制造业",
    ],
    "固定资产投资强度（万元/亩）": ["≥350", "≥400", "≥450", "500"],
    "亩均税收（万元/亩）": ["≥20.3", "≥25.6", "≥30", None],
    "单位能耗增加值（万元/吨标煤）": ["≥1.7", "≥4", "≥4.8", "达到国家标准"],
    "研发经费支出与主营业务收入之比（%）": ["≥1.5", "≥2", "≥3", "2"],
}


def planned(table):
    return plan("industrial_land", [Column(field.name, field.type) for field in table.schema], {})


def batch_of(columns, wkb=None, first_row=1):
    return Batch(first_row, pa.table(columns), wkb, {})


def merged(batch):
    return merge(conform(planned(batch.attributes), batch.attributes, batch.first_row), batch)


def entries(text):
    return json.loads(text.as_py())


@pytest.mark.parametrize(
    ("name", "indicator", "unit", "bound"),
    [
        ("固定资产投资强度(万元/亩)", "fixed_asset_investment", "万元/亩", None),
        ("投资强度（≥万元/亩）", "fixed_asset_investment", "万元/亩", "min"),
        ("固定资产投", "fixed_asset_investment", None, None),
        ("亩均税收_万元/亩", "tax", None, None),
        ("达产后亩均税收（万元/亩）", "tax", "万元/亩", None),
        ("亩均产值", "output", None, None),
        ("全员劳动生产率（万元/人·年）", "labour_productivity", "万元/人·年", None),
        ("单位能耗标准（吨标煤/万元）", "energy", "吨标煤/万元", None),
        ("单位排放增加值（万元/吨）", "added_value_per_emission", "万元/吨", None),
        ("环境标准", "emission", None, None),
        ("R&D经费支出与主营业务收入之比（%）", "research", "%", None),
        ("R＆D投入强度", "research", None, None),
    ],
)
def test_names_of_indicators(name, indicator, unit, bound):
    found = indicator_of(name)
    assert (found.field, found.bound) == (indicator, bound)
    assert unit is None or found.unit.name == unit


@pytest.mark.parametrize("name", ["备注", "容积率", "税收", "排污许可证", "投资方"])
def test_what_is_no_indicator(name):
    assert indicator_of(name) is None


def test_rows_by_industry_become_one_parcel_each():
    found = merged(batch_of(NOTICE))
    columns = found.conformed.columns
    assert found.rows.to_pylist() == [0, 3]
    assert found.conformed.ids.to_pylist() == ["台土告字〔2024〕001号", "台土告字〔2024〕002号"]
    assert columns["land_class"].to_pylist() == ["M2", "M3"]
    assert columns["area_ha"].to_pylist() == [2.0, 2.0]
    assert columns["floor_area_ratio_min"].to_pylist() == [2.0, 1.0]
    assert found.conformed.stated_area_m2 == pytest.approx([20_000, 20_000])
    assert columns["industry"][0].as_py().count("、") == 2
    first = entries(columns["indicators"][0])
    assert [one["code"] for one in first if one["indicator"] == "tax"] == ["33", "34", "35"]
    assert {
        "industry": "金属制品业",
        "code": "33",
        "indicator": "tax",
        "name_zh": "亩均税收",
        "name_en": "tax per mu",
        "min": 20.3,
        "unit": "万元/亩",
    } in first
    assert {(one["min"], one["max"]) for one in first if one["indicator"] == "floor_area_ratio"} == {(2.0, 3.0)}


def test_an_exact_value_and_a_standard_that_is_no_number():
    last = entries(merged(batch_of(NOTICE)).conformed.columns["indicators"][1])
    by_name = {one["indicator"]: one for one in last}
    assert by_name["fixed_asset_investment"]["value"] == 500
    assert by_name["research"] == {**by_name["research"], "value": 2, "unit": "%"}
    assert by_name["added_value_per_energy"]["text"] == "达到国家标准"
    assert "unit" not in by_name["added_value_per_energy"]
    assert "tax" not in by_name
    assert {one["code"] for one in last} == {"C27"}


def test_the_unit_in_a_cell_wins():
    columns = {
        "地块编号": ["1"],
        "行业": ["医药"],
        "亩均税收": ["不低于30万元/亩"],
        "单位能耗标准": ["≤0.5吨标煤/万元"],
    }
    table = pa.table(columns)
    found = entries(conform(planned(table), table, 1).columns["indicators"][0])
    assert [(one["unit"], one.get("min"), one.get("max")) for one in found] == [
        ("万元/亩", 30, None),
        ("吨标煤/万元", None, 0.5),
    ]


def test_indicators_on_the_parcels_own_row():
    table = pa.table({"地块编号": ["1", "2"], "投资强度(≥万元/亩)": [350, None], "亩均税收(万元/亩)": [20.5, None]})
    result = conform(planned(table), table, 1)
    assert [
        (one["indicator"], one.get("min"), one.get("value")) for one in entries(result.columns["indicators"][0])
    ] == [
        ("fixed_asset_investment", 350, None),
        ("tax", None, 20.5),
    ]
    assert not result.columns["indicators"][1].is_valid
    assert merge(result, batch_of({name: table[name] for name in table.column_names})) is None


def test_one_indicator_in_two_units_keeps_both_units():
    table = pa.table({"投资强度（万元/亩）": [350], "投资强度_万元/公顷": [5250]})
    found = entries(conform(planned(table), table, 1).columns["indicators"][0])
    assert [(one["value"], one["unit"]) for one in found] == [(350, "万元/亩"), (5250, "万元/公顷")]


def test_an_indicators_double_without_unit_is_no_indicator():
    table = pa.table({"投资强度": [5250], "固定资产投资强度（万元/亩）": [350]})
    result = conform(planned(table), table, 1)
    assert [one["unit"] for one in entries(result.columns["indicators"][0])] == ["万元/亩"]
    assert result.plan.left == ("投资强度",)
    assert any("states no unit" in note.en and "“投资强度”" in note.en for note in result.plan.notes)


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("亩均产值", ["≥800", None], True),
        ("亩均产值", [800.0, 900.0], True),
        ("亩均产值", ["≥800", "≥800万元/亩"], True),
        ("亩均产值", ["≥800万元/亩", None], False),
        ("亩均产值（万元/亩）", ["800"], False),
        ("亩均产值_万元/亩", ["800"], False),
        ("研发投入", ["3%"], False),
        ("排放标准", ["达到国家标准"], False),
    ],
)
def test_an_indicator_without_unit_is_said_once(name, cells, said):
    table = pa.table({name: cells})
    result = conform(planned(table), table, 1)
    assert sum("no unit" in note.en for note in result.plan.notes) == said
    assert conform(result.plan, table, 9).plan.notes == result.plan.notes


def test_an_indicator_that_says_more_than_is_kept_as_at_least_and_says_so():
    table = pa.table({"亩均税收（万元/亩）": ["大于30", "＞40", "≥50"]})
    result = conform(planned(table), table, 1)
    assert [entries(text)[0]["min"] for text in result.columns["indicators"]] == [30, 40, 50]
    assert sum("excluded" in note.en for note in result.plan.notes) == 1


def test_a_ratio_that_differs_by_industry_is_left_to_the_indicators():
    columns = {**NOTICE, "容积率": ["2.0-3.0", "1.5-3.0", "2.0-3.0", "1.0-2.0"]}
    found = merged(batch_of(columns)).conformed
    assert found.columns["floor_area_ratio_min"].to_pylist() == [None, 1.0]
    assert found.columns["floor_area_ratio_max"].to_pylist() == [3.0, 2.0]
    [(row, _, note)] = found.notes["floor_area_ratio_min"]
    assert row == 1
    assert "indicators" in note.en


def test_rows_that_differ_elsewhere_keep_the_first_and_say_so():
    columns = {**NOTICE, "土地面积（㎡）": ["20000", "20001", None, "30亩"]}
    found = merged(batch_of(columns)).conformed
    assert found.columns["area_ha"].to_pylist() == [2.0, 2.0]
    assert found.notes["area_ha"][0][0] == 1


def test_a_table_may_list_one_indicator_a_row():
    columns = {
        "地块编号": ["a", None, None, None, "b"],
        "行业": ["医药制造业", None, "化学原料", None, "医药制造业"],
        "指标名称": ["固定资产投资强度", "亩均税收", "固定资产投资强度", "安全等级", "容积率"],
        "指标值": ["≥500", "≥40", "≥450", "二级", "1.5-2.5"],
        "单位": ["万元/亩", "万元/亩", "万元/亩", None, "/"],
    }
    found = merged(batch_of(columns))
    assert found.rows.to_pylist() == [0, 4]
    first, second = (entries(text) for text in found.conformed.columns["indicators"])
    assert [(one["industry"], one["name_zh"], one.get("min"), one.get("unit")) for one in first] == [
        ("医药制造业", "固定资产投资强度", 500, "万元/亩"),
        ("医药制造业", "亩均税收", 40, "万元/亩"),
        ("化学原料", "固定资产投资强度", 450, "万元/亩"),
        ("化学原料", "安全等级", None, None),
    ]
    assert first[3]["text"] == "二级"
    assert (second[0]["name_en"], second[0]["min"], second[0]["max"]) == ("floor area ratio", 1.5, 2.5)
    assert "unit" not in second[0]


def square(x):
    return shapely.to_wkb(shapely.box(x, 0, x + 1, 1))


def test_one_geometry_is_kept_wherever_it_stands():
    wkb = pa.array([None, square(0), square(0), square(5)])
    columns = {**NOTICE, "地块编号": ["a", "a", "a", "b"]}
    found = merged(batch_of(columns, wkb))
    assert found.rows.to_pylist() == [0, 3]
    assert found.geometry_rows.to_pylist() == [1, 3]


def test_different_geometries_under_one_number_stay_apart():
    wkb = pa.array([square(0), square(1), square(2), square(5)])
    assert merged(batch_of({**NOTICE, "地块编号": ["a", "a", "a", "b"]}, wkb)) is None


def test_rows_of_the_same_industry_are_doubles_and_stay():
    columns = {**NOTICE, "地块编号": ["a", "a", "b", "c"], "地块准入产业": ["医药", "医药", "医药", "医药"]}
    assert merged(batch_of(columns)) is None


def test_a_row_with_geometry_and_without_number_is_a_parcel_of_its_own():
    wkb = pa.array([square(0), square(1), square(2), square(5)])
    assert merged(batch_of(NOTICE, wkb)) is None


def pieces(table, cuts, faults):
    edges = sorted({0, *cuts, len(table)})
    for begin, end in pairwise(edges):
        rows = range(begin + 1, end + 1)
        yield Batch(
            begin + 1, table.slice(begin, end - begin), None, {row: n for row, n in faults.items() if row in rows}
        )


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.sets(st.integers(1, 30), max_size=8))
def test_parcels_are_whole_however_the_file_was_cut(sizes, cuts):
    ids = [f"p{number}" if row == 0 else None for number, size in enumerate(sizes) for row in range(size)]
    table = pa.table(
        {
            "地块编号": pa.array(ids, pa.string()),
            "行业": [f"行业{row}" for row in range(len(ids))],
            "亩均税收": [float(row + 1) for row in range(len(ids))],
        }
    )
    faults = {row: Note("坏", "bad") for row in range(1, len(ids) + 1, 3)}
    batches = list(whole_parcels(planned(table), pieces(table, {cut for cut in cuts if cut < len(ids)}, faults)))
    assert pa.concat_tables([batch.attributes for batch in batches]).equals(table)
    assert {row: note for batch in batches for row, note in batch.faults.items()} == faults
    assert np.array_equal(
        np.cumsum([1, *(len(batch.attributes) for batch in batches)])[:-1], [b.first_row for b in batches]
    )
    counted = []
    for batch in batches:
        found = merged(batch)
        result = conform(planned(table), batch.attributes, 1) if found is None else found.conformed
        counted += [len(entries(text)) for text in result.columns["indicators"]]
    assert counted == sizes


def test_other_tables_pass_unchanged():
    table = pa.table({"地块编号": ["a", "a"], "面积(㎡)": [1.0, 2.0]})
    batches = [batch_of({name: table[name] for name in table.column_names})]
    assert list(whole_parcels(planned(table), iter(batches))) == batches
