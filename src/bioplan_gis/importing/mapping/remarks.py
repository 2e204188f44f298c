"""What is said of a column or a cell that could not be taken as it stands."""

from bioplan_gis.importing.mapping.quantities import Unit
from bioplan_gis.importing.rows import Note


def area_remark(column: str, unit: Unit) -> Note:
    """On areas without a unit, which the geometry told."""
    return Note(
        f"“{column}”没有写单位；与几何相符的是{unit.name}，按{unit.name}计。",
        f"“{column}” has no unit; {unit.name} agrees with the geometry and is taken.",
    )


def no_area_unit(column: str, target: str) -> Note:
    """On areas without a unit, where nothing tells it."""
    return Note(
        f"“{column}”的面积没有写单位，也没有相符的几何可以推断，留空；请写明，如 --map {column}={target}:亩。",
        f"the area under “{column}” has no unit and no geometry that tells it, and is left empty; "
        f"say which one: --map {column}={target}:亩.",
    )


def free_text(column: str) -> Note:
    """On states that the core layers have no word for."""
    return Note(
        f"“{column}”中除现状（existing）、规划（planned）以外的状态按原文保留，不是固定词汇。",
        f"under “{column}”, states other than existing (现状) and planned (规划) stay as written: free text.",
    )


def strictness_dropped(column: str) -> Note:
    """On ends that do not belong to their range."""
    return Note(
        f"“{column}”中的“大于、小于、＞、＜”按“不小于、不大于”存为上下限，是否含端点没有保留。",
        f"“{column}” says more or less than (＞, ＜): kept as at least and at most; that ends are excluded is lost.",
    )


def about_dropped(column: str) -> Note:
    """On quantities that are but about right."""
    return Note(
        f"“{column}”中的“约、左右”没有保留，按所写数值计。",
        f"“{column}” says about (约, 左右) of some numbers: they are kept as they are written, without it.",
    )


def indicator_without_unit(column: str) -> Note:
    """On an indicator that is a bare number."""
    return Note(
        f"指标“{column}”没有写单位，只存数值，不带单位。",
        f"the indicator “{column}” has no unit: its numbers are kept without one.",
    )


def unchecked_list(column: str) -> Note:
    """On lists of tracks."""
    return Note(
        f"“{column}”按原文作为列表保留，未与本系统的赛道核对。",
        f"“{column}” is kept as a list of what is written there, not checked against the tracks known here.",
    )


def of_value(column: str, value: str, note: Note) -> Note:
    """A note with the cell that it is on."""
    shown = value[:60]
    return Note(f"“{column}”的“{shown}”：{note.zh}", f"“{shown}” under “{column}”: {note.en}")


def ratio_remark(column: str) -> Note:
    """On percentages that are written as ratios."""
    return Note(
        f"“{column}”的数都不大于 1，按比值计（0.4 即 40%）。",
        f"no number of “{column}” is above 1: they are taken as ratios (0.4 is 40 %).",
    )


def beyond_ratio() -> Note:
    """On a percentage in a column of ratios."""
    return Note(
        "此列前面的数都是比值（0.4 即 40%），大于 1 的留空。",
        "the column's first numbers are ratios (0.4 is 40 %); above 1 is left empty.",
    )


def ratio_or_percent() -> Note:
    """On a number up to 1 among percentages."""
    return Note(
        "此列的数是百分数，不大于 1 的数可能是比值（0.4 即 40%），不能断定，留空。",
        "the column holds percentages, and a number up to 1 may be a ratio (0.4 is 40 %): left empty.",
    )


def beyond_percent() -> Note:
    """On more than all."""
    return Note("大于 100% 的比例，留空。", "a share above 100 %, left empty.")


def no_single() -> Note:
    """On an area that is a range."""
    return Note("面积是一个范围而不是一个数，留空。", "the area is a range and not a number; it is left empty.")


def no_unit(column: str) -> Note:
    """On a sum without a unit."""
    return Note(
        f"金额没有写单位（元还是万元），留空；请写明，如 --map {column}=starting_price_yuan:万元。",
        f"the sum has no unit (元 or 万元) and is left empty; say which one: --map {column}=starting_price_yuan:万元.",
    )


def no_area() -> Note:
    """On a price per area where there is no area."""
    return Note("单价须乘以面积，面积不详，留空。", "a price per area, and the area is unknown: left empty.")
