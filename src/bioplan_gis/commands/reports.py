"""An import's report as lines for a terminal: Chinese first, then English, numbers once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from bioplan_gis.commands.terminal import harmless
from bioplan_gis.crs import SQUARE_METRES_PER_HECTARE

Report = Mapping[str, Any]
MOST_LINES = 10


def print_report(console: Console, report: Report) -> None:
    """Print a report; the whole of it is in the JSON."""
    for line in report_lines(report):
        console.print(harmless(line).replace("\n", " "), soft_wrap=True)


def report_lines(report: Report) -> Iterator[str]:
    """The report, line by line, with rich's markup."""
    yield from _opening(report)
    yield from _rows(report)
    yield from _text(report)
    yield from _coordinates(report)
    yield from _places(report)
    yield from _columns(report)
    for note in report["notes"][:MOST_LINES]:
        yield f"  {_both(note)}"


def _both(note: Mapping[str, str]) -> str:
    return f"{escape(note['zh'])}  [dim]{escape(note['en'])}[/]"


def _opening(report: Report) -> Iterator[str]:
    layer, file = report["layer"], report["file"]
    name = f"[bold]{escape(layer['id'])}[/] {escape(layer['title_zh'])}"
    synthetic = " [bold yellow]合成数据 synthetic[/]" if layer["synthetic"] else ""
    if report["dry_run"]:
        yield f"[bold yellow]试运行，未写入 Dry run, nothing was stored[/]: {name}{synthetic}"
    else:
        yield f"已导入图层 Imported: {name}{synthetic}，版本 version {layer['version']}"
    source_layer = f" / {escape(file['source_layer'])}" if file["source_layer"] else ""
    yield f"文件 File: {escape(file['name'])}（{escape(file['kind'])}{source_layer}）"
    if file["other_layers"]:
        yield f"  未读的其他图层 Other layers, not read: {escape('、'.join(file['other_layers']))}"


def _rows(report: Report) -> Iterator[str]:
    rows = report["rows"]
    yield (
        f"行 Rows: 读入 read {rows['read']:,}，取入 taken {rows['taken']:,}，拒绝 refused {rows['refused']:,}，"
        f"无几何 without geometry {rows['without_geometry']:,}"
    )
    for finding in (*report["repairs"], *report["kept_without_geometry"], *report["values"][:MOST_LINES]):
        yield f"  {finding['count']:,} × {_both(finding)} {_numbers(finding['rows'], finding['count'])}"
    left = len(report["values"]) - MOST_LINES
    if left > 0:
        yield f"  另有 {left} 类，见 --json · {left} more kinds: see --json"
    for reason in report["refused_by_reason"][:MOST_LINES]:
        numbers = [each["row"] for each in report["refused"] if each["zh"] == reason["zh"]]
        yield f"  [red]拒绝 refused[/] {reason['count']:,} × {_both(reason)} {_numbers(numbers, reason['count'])}"


def _numbers(rows: Sequence[int], count: int) -> str:
    """Row numbers, the first few."""
    shown = ", ".join(str(row) for row in rows[:5])
    return f"[dim](行 rows {shown}{' …' if count > 5 else ''})[/]" if rows else ""  # noqa: PLR2004


def _text(report: Report) -> Iterator[str]:
    encoding = report["encoding"]
    if encoding["used"] is None:
        return
    sure = "" if encoding["certain"] else "（推测，可用 --encoding 指定 guessed; --encoding says otherwise）"
    yield f"编码 Encoding: {escape(encoding['used'])}{sure}"
    for note in encoding["evidence"]:
        yield f"  {_both(note)}"


def _coordinates(report: Report) -> Iterator[str]:
    crs = report["crs"]
    if crs is None:
        yield "坐标系 CRS: 无坐标 no coordinates"
        return
    how = {
        "told": "由命令指定 told",
        "declared": "由文件声明 declared by the file",
        "headings": "按列名 by the names of its columns",
        "guessed": "推测 guessed",
    }[crs["how"]]
    # The name of a display datum alone: its degrees are not those of the code.
    code, option = (f"{crs['crs']} ", "--crs") if crs["datum"] == "cgcs2000" else ("", f"--datum {crs['datum']}")
    yield f"坐标系 CRS: {escape(code)}{escape(crs['name'])}（{how}）"
    if not crs["certain"]:
        yield f"  [bold yellow]不确定：正式导入须用 {option} 确认 Uncertain: an import needs {option} to confirm it[/]"
    if crs["accuracy_m"]:
        yield f"  基准转换精度 accuracy of the datum transformation: ±{crs['accuracy_m']:g} m"
    for note in crs["evidence"]:
        yield f"  {_both(note)}"
    for one in crs["candidates"][:MOST_LINES]:
        names = "、".join(f"{place['zh']} {place['en']}" for place in one["districts"][:4])
        axes = "北在前 north first" if one["swapped"] else "读作东、北 read as east, north"
        share = f"杭州 in Hangzhou {one['in_hangzhou']:.0%}"
        yield f"  · {escape(one['crs'])} {escape(one['name'])}，{axes}，{share} {escape(names)}"


def _places(report: Report) -> Iterator[str]:
    if report["extent"]["bbox"] is None:
        return
    west, south, east, north = report["extent"]["bbox"]
    yield f"范围 Extent: {west:.6f}, {south:.6f}, {east:.6f}, {north:.6f}（EPSG:4490）"
    area_m2 = report["area"]["sum_m2"]
    if area_m2:
        yield f"面积合计 Sum of areas: {area_m2 / SQUARE_METRES_PER_HECTARE:,.2f} ha（椭球面 on the ellipsoid）"
    landing = report["landing"]
    named = "，".join(
        f"{one['name_zh']} {one['name_en']} {one['count']:,}" for one in landing["districts"][:MOST_LINES]
    )
    yield f"落在 Lands in（约 about）: {escape(named) or '—'}"
    outside = landing["outside_hangzhou"]
    if outside["count"]:
        rows = _numbers(outside["rows"], outside["count"])
        yield f"  [yellow]杭州市以外 outside Hangzhou: {outside['count']:,}[/] {rows}"
    yield from _areas(report["area_differences"])


def _areas(areas: Report) -> Iterator[str]:
    if not areas["compared"]:
        return
    yield (
        f"表列面积与几何相差超过 1 % Stated areas more than 1 % off the geometry's: {areas['count']:,} / "
        f"{areas['compared']:,}"
    )
    for one in areas["rows"][:5]:
        stated, measured = f"表列 stated {one['stated_m2']:,.0f} m²", f"量算 measured {one['measured_m2']:,.0f} m²"
        yield f"  行 row {one['row']}: {stated}，{measured} ({one['difference_percent']:+.1f} %)"


def _columns(report: Report) -> Iterator[str]:
    columns = report["columns"]
    for note in columns["mapped"]:
        yield f"字段 Column: {_both(note)}"
    kept = "、".join(f"{one['layer']} ({one['type']})" for one in columns["kept"])
    yield f"保留的列 Columns kept: {escape(kept) or '—'}"
    yield f"编号取自 Ids from: {escape(columns['id']) if columns['id'] else '行号 row numbers'}"
