"""``bioplan export``."""

import os
import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bioplan_gis.commands.terminal import err, prepare
from bioplan_gis.exports import ExportReport, export_layer
from bioplan_gis.settings import read_settings
from bioplan_gis.storage.database import open_engine, reading


def export(
    layer: Annotated[str, typer.Argument(help="图层编号 id of the layer")],
    to: Annotated[
        str,
        typer.Option(
            help="文件 file: .geojson .geojsonl .gpkg .shp .fgb .parquet .kml .csv .xlsx .dxf; "
            "- 为标准输出 is standard output"
        ),
    ],
    crs: Annotated[str | None, typer.Option(help="坐标系 CRS, such as EPSG:4549; EPSG:4490 without one")] = None,
    where: Annotated[str | None, typer.Option(help="CQL2 筛选条件 filter, such as \"land_class = 'M3'\"")] = None,
    format_id: Annotated[
        str | None, typer.Option("--format", help="格式 format, where the name does not say it")
    ] = None,
) -> None:
    """把图层写成文件。 Write a layer as a file, with its licence and attribution."""
    try:
        _tell(_export(layer, to, format_id=format_id, crs=crs, where=where))
    except BrokenPipeError:
        # Whoever read standard output has enough; nothing more may be written to it, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _export(layer: str, to: str, **options: str | None) -> ExportReport:
    settings = read_settings()
    prepare(settings)
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,}"), TimeElapsedColumn()
    with (
        reading(open_engine(settings.database_url)) as connection,
        Progress(*columns, console=err, transient=True) as progress,
    ):
        task = progress.add_task("写出 Exporting", total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        return export_layer(connection, layer, to, progress=advance, **options)


def _tell(report: ExportReport) -> None:
    """What was written and what was not, beside the data that may have gone to standard output."""
    crs = f"，{report.crs}" if report.crs else ""
    name = report.format.name
    _say(f"已写出 {report.layer_id} 的 {report.rows} 行（共 {report.matched} 行），{name}{crs}。")
    _say(f"Wrote {report.rows} rows of {report.matched} of {report.layer_id} as {name}{crs.replace('，', ', ')}.")
    for omission in report.omissions:
        _say(f"  {omission.count} {omission.note.zh}")
        _say(f"  {omission.count} {omission.note.en}")
    for note in report.notes:
        _say(f"  {note.zh}")
        _say(f"  {note.en}")
    for path in report.files:
        _say(f"  {path}")


def _say(sentence: str) -> None:
    err.print(escape(sentence), soft_wrap=True)
