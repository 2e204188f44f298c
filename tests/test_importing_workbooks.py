"""Workbooks as offices write them, with titles, merged cells, formulas and several sheets."""

import re
import zipfile
from datetime import datetime, time

import pyarrow as pa
import pytest
import shapely

from bioplan_gis.errors import UncertainFileError, UnreadableFileError
from bioplan_gis.importing.reading.sheets import list_sheets
from tables import BATCH_ROWS, opened, saved, workbook


def test_a_workbook_keeps_the_types_of_its_cells(tmp_path):
    heading = ["编号", "面积", "层数", "日期", "时刻", "时间", "标准地", "混合", "经度", "纬度"]
    moment = datetime(2024, 1, 5, 9, 30)  # noqa: DTZ001
    rows = [
        heading,
        ["330110200001001234", 1.5, 3, datetime(2024, 1, 5), moment, time(9, 30), True, 1, 120.5, 30.2],  # noqa: DTZ001
        ["002", 2, 4, datetime(2024, 1, 6), moment, time(10), False, "甲", 120.5, 30.2],  # noqa: DTZ001
    ]
    found = saved(tmp_path, workbook(rows))
    kinds = [
        pa.string(),
        pa.float64(),
        pa.int64(),
        pa.date32(),
        pa.timestamp("us"),
        pa.time64("us"),
        pa.bool_(),
        pa.string(),
    ]
    assert [found.kind(name) for name in heading[:8]] == kinds
    assert found.column("编号") == ["330110200001001234", "002"]
    assert found.column("混合") == ["1", "甲"]
    assert found.column("时刻") == [moment] * 2
    assert found.shapes == [shapely.Point(120.5, 30.2)] * 2
    assert (found.facts.kind, found.facts.source_layer) == ("XLSX", "地块")


def test_an_official_table_is_read_below_its_title(tmp_path):
    rows = [
        ["表1 某区工业用地一览表"],
        ["编制单位：某局", None, None, "单位：公顷"],
        ["地块\n编号", "规划指标", None, "面积"],
        [None, "容积率", "绿地率", None],
        ["甲", 1.5, "#REF!", 2],
        ["乙", 2.5, 20, 3],
        ["合计", None, None, 5],
    ]
    book = workbook(rows)
    for merged in ("A1:D1", "A3:A4", "B3:C3", "D3:D4"):
        book.active.merge_cells(merged)
    book.active.row_dimensions[6].hidden = True
    found = saved(tmp_path, book)
    assert found.table.to_pydict() == {
        "地块编号": ["甲", "乙"],
        "容积率": [1.5, 2.5],
        "绿地率": [None, 20],
        "面积": [2, 3],
    }
    assert all(text in found.said for text in ("一览表", "两级", "1 行在 Excel 中被隐藏", "#REF!", "合计"))


def test_formulas_give_their_stored_results(tmp_path):
    workbook([["a", "b"], [1, "=A2+1"], [2, "=A3+1"]]).save(tmp_path / "a.xlsx")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content = re.sub(rb"<f>A2\+1</f><v ?(/>|></v>)", b"<f>A2+1</f><v>2</v>", content)
            target.writestr(name, content)
    found = opened(tmp_path / "b.xlsx")
    assert found.column("b") == [2, None]
    assert "1 个公式单元格没有保存结果" in found.said


def test_cells_merged_downwards_fill_their_rows(tmp_path):
    rows = [
        ["标题"],
        [],
        ["园区", "地块"],
        ["甲", 1],
        [None, 2],
        ["乙", 3],
        [None, None],
        [None, 4],
        [None, None],
        [None, 5],
    ]
    book = workbook(rows)
    for merged in ("A1:B1", "A4:A5", "A6:A9"):
        book.active.merge_cells(merged)
    found = saved(tmp_path, book)
    assert found.column("园区") == ["甲", "甲", "乙", "乙", None]
    assert found.column("地块") == [1, 2, 3, 4, 5]
    assert "2 处纵向合并" in found.said


def test_several_sheets_must_be_chosen_from(tmp_path):
    book = workbook([["a"], [1]], "一")
    book.create_sheet("二").append(["b"])
    book.create_sheet("空")
    book.save(tmp_path / "a.xlsx")
    assert list_sheets(tmp_path / "a.xlsx") == ("一", "二")
    with pytest.raises(UncertainFileError, match=r"“一”、“二”.*--source-layer"):
        opened(tmp_path / "a.xlsx")
    with pytest.raises(UnreadableFileError, match="三"):
        opened(tmp_path / "a.xlsx", source_layer="三")
    found = opened(tmp_path / "a.xlsx", source_layer="一")
    assert (found.facts.source_layer, found.facts.other_layers, found.column("a")) == ("一", ("二",), [1])


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"", b"not a workbook"])
def test_a_damaged_workbook_is_refused(tmp_path, content):
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="损坏"):
        opened(tmp_path / "a.xlsx")


def test_a_workbook_in_many_batches_keeps_its_rows(tmp_path):
    found = saved(tmp_path, workbook([["n"], *([n] for n in range(2500))]))
    assert found.column("n") == list(range(2500))
    assert max(found.sizes) <= BATCH_ROWS
