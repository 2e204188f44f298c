"""``bioplan import``, ``bioplan layers`` and ``bioplan drop``."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Engine

from bioplan_gis.commands.reports import print_report
from bioplan_gis.commands.terminal import err, out, prepare
from bioplan_gis.errors import ParameterError
from bioplan_gis.importing.report import ImportReport
from bioplan_gis.imports import ImportOptions, import_file
from bioplan_gis.outputs import write_whole
from bioplan_gis.samples import import_sample
from bioplan_gis.settings import read_settings
from bioplan_gis.storage.database import open_engine, reading, settle, writing
from bioplan_gis.storage.imports import drop_layer, read_report
from bioplan_gis.storage.layers import Layer, read_layer, read_layers
from bioplan_gis.storage.overviews import renew_overviews

File = Annotated[Path | None, typer.Argument(help="文件 file to import")]
LayerId = Annotated[str | None, typer.Option("--layer", help="图层编号 id of the layer; else the file's name")]
As = Annotated[str | None, typer.Option("--as", help="按其字段 as industrial_land, labs, parks or enterprises")]
Crs = Annotated[str | None, typer.Option(help="坐标系 CRS, such as EPSG:4549")]
Datum = Annotated[str | None, typer.Option(help="gcj02（高德、腾讯）or bd09（百度）; converted")]
Encoding = Annotated[str | None, typer.Option(help="文字编码 encoding, such as GBK")]
Mapped = Annotated[list[str] | None, typer.Option("--map", help="列=字段 column=field，可重复 repeatable")]
SourceLayer = Annotated[str | None, typer.Option(help="文件中的图层或工作表 layer or sheet of the file")]
Append = Annotated[bool, typer.Option("--append", help="追加而不替换 add rather than replace")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只报告，不写入 report only")]
Sample = Annotated[bool, typer.Option("--sample", help="导入合成地块样例 made-up parcels to try")]
Title = Annotated[str | None, typer.Option(help="标题 title")]
TitleEn = Annotated[str | None, typer.Option(help="英文标题 English title")]
Source = Annotated[str | None, typer.Option(help="数据来源 who gave the data")]
Licence = Annotated[str | None, typer.Option(help="许可 licence")]
Attribution = Annotated[str | None, typer.Option(help="署名 attribution")]
AccuracyM = Annotated[float | None, typer.Option(help="位置精度（米）accuracy of positions, m")]
Synthetic = Annotated[bool, typer.Option("--synthetic", help="是合成数据 the data is made up")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]
ReportFile = Annotated[str | None, typer.Option("--report", help="报告另存为 write the report (JSON) to this file")]


def import_layer(  # noqa: PLR0913, PLR0917 - as many as there are options
    file: File = None,
    layer: LayerId = None,
    conforms_to: As = None,
    crs: Crs = None,
    datum: Datum = None,
    encoding: Encoding = None,
    mapping: Mapped = None,
    source_layer: SourceLayer = None,
    append: Append = False,  # noqa: FBT002
    dry_run: DryRun = False,  # noqa: FBT002
    sample: Sample = False,  # noqa: FBT002
    title: Title = None,
    title_en: TitleEn = None,
    source: Source = None,
    licence: Licence = None,
    attribution: Attribution = None,
    accuracy_m: AccuracyM = None,
    synthetic: Synthetic = False,  # noqa: FBT002
    as_json: AsJson = False,  # noqa: FBT002
    report: ReportFile = None,
) -> None:
    """把文件导入为图层。 Make a layer of a file: vector formats, tables with coordinates, 界址点 TXT."""
    if (file is None) is not sample:
        raise _file_or_sample()
    reading_of = (layer, conforms_to, source_layer, crs, datum, encoding, _mapping(mapping or ()), append, dry_run)
    description = (title, title_en, source, licence, attribution, accuracy_m, synthetic)
    settings = read_settings()
    prepare(settings)
    done = _import(open_engine(settings.database_url), file, ImportOptions(*reading_of, *description))
    _tell(done, as_json=as_json, to=report)


def list_layers(
    layer: Annotated[str | None, typer.Argument(help="图层编号 id: its last import's report")] = None,
    as_json: AsJson = False,  # noqa: FBT002
) -> None:
    """列出全部图层，或一个图层的导入报告。 List the layers, or tell of one how it was imported."""
    settings = read_settings()
    prepare(settings)
    with reading(open_engine(settings.database_url)) as connection:
        if layer is not None:
            found = read_layer(connection, layer)
            report = read_report(connection, layer) if found.imported else None
            _tell_one(found, report, as_json=as_json)
            return
        layers = read_layers(connection)
    if as_json:
        _write_json([_facts(each) for each in layers])
    else:
        out.print(_table(layers))


def drop(layer: Annotated[str, typer.Argument(help="图层编号 id of an imported layer")]) -> None:
    """删除一个导入的图层。 Drop an imported layer, with its table."""
    settings = read_settings()
    prepare(settings)
    engine = open_engine(settings.database_url)
    with writing(engine) as connection:
        dropped = drop_layer(connection, layer)
        renew_overviews(connection)
    settle(engine)
    out.print(f"已删除图层 {escape(dropped.id)}（{dropped.feature_count} 个要素）。", soft_wrap=True)
    out.print(f"Dropped the layer {escape(dropped.id)} ({dropped.feature_count} features).", soft_wrap=True)


def _import(engine: Engine, file: Path | None, options: ImportOptions) -> ImportReport:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn()
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("导入 Importing", total=None)

        def advance(rows: int, total: int | None) -> None:
            progress.update(task, completed=rows, total=total)

        if file is None:
            return import_sample(engine, options, advance)
        return import_file(engine, file, options, advance)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    """``column=field`` as often as given; a name may hold ``=`` itself, a field never does."""
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            raise ParameterError(
                "map",
                pair,
                f"“{pair}”应写作 列=字段，如 地块编号=id。",
                f"“{pair}” should be column=field, such as 地块编号=id.",
            )
        mapping[column] = field
    return mapping


def _file_or_sample() -> ParameterError:
    return ParameterError(
        "file",
        "",
        "请给出要导入的文件，或用 --sample 导入合成样例，二者择一。",
        "Name a file to import, or --sample for made-up parcels; one of the two.",
    )


def _tell(done: ImportReport, *, as_json: bool, to: str | None) -> None:
    if to is not None:
        write_whole(to, json.dumps(done.document, ensure_ascii=False, indent=1) + "\n")
    if as_json:
        _write_json(done.document)
    else:
        print_report(out, done.document)


def _tell_one(layer: Layer, report: Mapping[str, object] | None, *, as_json: bool) -> None:
    if as_json:
        _write_json({**_facts(layer), "report": report})
        return
    out.print(_table([layer]))
    out.print(f"许可 Licence: {escape(layer.licence)}\n署名 Attribution: {escape(layer.attribution)}", soft_wrap=True)
    for column in layer.columns:
        unit = f" ({column.unit})" if column.unit else ""
        out.print(f"  {escape(column.name)} [dim]{column.type}{unit}[/] {escape(column.title_zh)}", soft_wrap=True)
    if report is not None:
        print_report(out, report)


def _write_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def _facts(layer: Layer) -> dict[str, object]:
    names = (
        "id", "title_zh", "title_en", "version", "feature_count", "geometry_type", "bbox", "imported", "conforms_to",
        "synthetic", "source", "licence", "attribution",
    )  # fmt: skip
    return {name: getattr(layer, name) for name in names}


def _table(layers: Sequence[Layer]) -> Table:
    table = Table()
    for heading in ("编号 Id", "标题 Title", "要素 Features", "版本 Version", "来源 Source"):
        table.add_column(heading, overflow="fold")
    for layer in layers:
        titles = escape(" ".join(dict.fromkeys((layer.title_zh, layer.title_en))))
        kind = escape(layer.source) if layer.imported else "内置 built in"
        marks = "合成 synthetic · " if layer.synthetic else ""
        table.add_row(escape(layer.id), titles, f"{layer.feature_count:,}", str(layer.version), marks + kind)
    return table
