"""``bioplan``: load, check, serve, select, map."""

import json
import socket
import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer
import uvicorn
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from sqlalchemy import Engine

from bioplan_gis.answers import answer_document
from bioplan_gis.app import create_app
from bioplan_gis.atlas import read_atlas
from bioplan_gis.catalogue import Catalogue, read_catalogue
from bioplan_gis.checking import check as find_faults
from bioplan_gis.errors import BioplanError, SettingsError
from bioplan_gis.extents import DistanceInterval
from bioplan_gis.landuse import land_class as read_land_class
from bioplan_gis.loading import is_current
from bioplan_gis.loading import load as load_geodata
from bioplan_gis.maps import page
from bioplan_gis.outputs import write_whole
from bioplan_gis.selection import Answer, Question, select_sites
from bioplan_gis.settings import Settings, read_settings
from bioplan_gis.siting.conditions import M_PER_KM, require_measure
from bioplan_gis.storage.database import open_engine, reading, require_schema
from bioplan_gis.storage.layers import require_layers

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if asked:
        out.print(f"bioplan {version('bioplan-gis')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[  # noqa: FBT002 - as typer takes it
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="版本 version")
    ] = False,
) -> None:
    """BioPlan GIS：生物产业空间规划服务。 Spatial planning service for bio-industry."""


def main() -> NoReturn:
    """Run the command line; an error that can be explained is two sentences and exit status 1."""
    try:
        app()
    except BioplanError as error:
        err.print(
            f"[bold red]错误[/] {escape(error.zh)}", f"[bold red]Error[/] {escape(error.en)}", sep="\n", soft_wrap=True
        )
        if error.details:
            err.print(escape(error.details), soft_wrap=True)
        sys.exit(1)
    sys.exit(0)


@app.command()
def load() -> None:
    """把 geodata/ 载入数据库（可重复运行）。 Load geodata/ into the database; running it twice changes nothing."""
    settings = read_settings()
    engine = open_engine(settings.database_url)
    _load(engine, read_catalogue(settings.geodata_folder))


@app.command()
def check() -> None:
    """检查 geodata/ 的文件、记录、几何与布局。 Check the files, records, geometry and layouts of geodata/."""
    catalogue = read_catalogue(read_settings().geodata_folder)
    faults = find_faults(catalogue)
    for fault in faults:
        out.print(f"[bold]{escape(fault.file)}[/] {escape(fault.record or '')}", soft_wrap=True)
        for sentence in (fault.zh, fault.en):
            out.print(f"  {escape(sentence)}", soft_wrap=True)
        out.print(f"  → {escape(fault.remedy_zh)} {escape(fault.remedy_en)}", soft_wrap=True)
    if faults:
        out.print(f"共 {len(faults)} 处问题。 {len(faults)} faults.")
        raise typer.Exit(1)
    count = len(catalogue.sources)
    out.print(f"{count} 个来源均无问题。 {count} sources, no fault.")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="监听地址 address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="端口 port; 0 = any free")] = None,
) -> None:
    """启动地图与接口服务。 Serve the map and the feeds; an embedded default that is not current is loaded first."""
    settings = read_settings(host=host, port=port)
    _prepare(settings)
    listener = _listen(settings)
    address = f"http://{settings.host}:{listener.getsockname()[1]}/"
    out.print(f"地图 Map: {address}\n接口 API: {address}api\n按 Ctrl+C 停止。 Ctrl+C stops it.", soft_wrap=True)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", access_log=False))
    server.run(sockets=[listener])


@app.command()
def select(  # noqa: PLR0913, PLR0917
    near: Annotated[str, typer.Option(help="平台编号 id of a laboratory or platform")],
    land_class: Annotated[str | None, typer.Option(help="用地类别 land class, such as M3")] = None,
    max_distance_km: Annotated[float | None, typer.Option(help="最大距离（千米）greatest distance, km")] = None,
    min_area_ha: Annotated[float | None, typer.Option(help="最小面积（公顷）least area, ha")] = None,
    limit: Annotated[int, typer.Option(min=1, help="最多条数 most answers")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="输出 GeoJSON instead of a table")] = False,  # noqa: FBT002
) -> None:
    """找某实验室或平台附近的工业用地。 Find industrial land near a laboratory or platform, nearest first."""
    farthest_km = _measure("max_distance_km", max_distance_km)
    question = Question(
        near=near,
        land_class=None if land_class is None else read_land_class(land_class),
        max_distance_m=None if farthest_km is None else farthest_km * M_PER_KM,
        min_area_ha=_measure("min_area_ha", min_area_ha),
        limit=limit,
    )
    settings = read_settings()
    _prepare(settings)
    engine = open_engine(settings.database_url)
    with reading(engine) as connection:
        found = select_sites(connection, question)
    if as_json:
        sys.stdout.write(json.dumps(answer_document(found), ensure_ascii=False, indent=1) + "\n")
    else:
        _print_answer(found)


@app.command("map")
def write_map(
    to: Annotated[
        str, typer.Option("--out", help="HTML 文件 file to write; - 为标准输出 is standard output")
    ] = "map.html",
) -> None:
    """写出一个可离线打开的地图文件。 Write the map as one HTML file that opens without a network."""
    settings = read_settings()
    _prepare(settings)
    with reading(open_engine(settings.database_url)) as connection:
        html = page(read_atlas(connection, read_catalogue(settings.geodata_folder)), assets="inlined")
    write_whole(to, html)
    err.print(f"已写出 Written: {escape(to)}", soft_wrap=True)


def _prepare(settings: Settings) -> None:
    """See that the database can answer; the embedded default is made and loaded where it is not current."""
    engine = open_engine(settings.database_url)
    if engine.dialect.name == "sqlite":
        catalogue = read_catalogue(settings.geodata_folder)
        if not is_current(engine, catalogue):
            _load(engine, catalogue)
    require_schema(engine)
    with reading(engine) as connection:
        require_layers(connection)
    engine.dispose()


def _load(engine: Engine, catalogue: Catalogue) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}")
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("载入 Loading", total=None)

        def advance(layer_id: str, done: int, total: int) -> None:
            progress.update(task, description=f"载入 Loading {layer_id}", completed=done, total=total)

        report = load_geodata(engine, catalogue, progress=advance)
    changed = "、".join(report.changed) or "无 none"
    out.print(f"已载入 {report.layer_count} 个图层；内容有变：{changed}", soft_wrap=True)
    out.print(f"{report.layer_count} layers are loaded; changed: {', '.join(report.changed) or 'none'}", soft_wrap=True)


def _listen(settings: Settings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises:
        SettingsError: the address is taken, or is none of this machine's.
    """
    try:
        return socket.create_server((settings.host, settings.port))
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise SettingsError(
            f"无法监听 {where}：{error.strerror}。请换一个端口（PORT=8001 make run 或 --port 8001）或地址。",
            f"Cannot listen on {where}: {error.strerror}. Choose another port (PORT=8001 make run, or --port 8001) or "
            "another address.",
        ) from error


def _measure(name: str, value: float | None) -> float | None:
    return None if value is None else require_measure(name, value, str(value))


def _print_answer(found: Answer) -> None:
    """The ranked table, the reason of each, and the statement."""
    if found.accepted:
        out.print(_table(found))
    for rank, candidate in enumerate(found.accepted, start=1):
        for sentence in candidate.reasons:
            out.print(f"[dim]{rank}.[/] {escape(sentence)}", soft_wrap=True)
    for sentence in found.statement:
        out.print(f"[bold]{escape(sentence)}[/]", soft_wrap=True)


def _table(found: Answer) -> Table:
    table = Table()
    for heading in ("#", "用地 Land", "距离 Distance", "结论 Verdict", "分区 Zone"):
        table.add_column(heading, overflow="fold")
    for rank, candidate in enumerate(found.accepted, start=1):
        land, verdict = candidate.land, candidate.verdict
        table.add_row(
            str(rank),
            escape(f"{land.name_zh}\n{land.name_en}"),
            _distance_cell(candidate.distance),
            f"{verdict.zh}\n{verdict.en}",
            escape("\n".join(f"{zone.role} {zone.name_zh}\n{zone.name_en}" for zone in candidate.zones)),
        )
    return table


def _distance_cell(distance: DistanceInterval | None) -> str:
    """Kilometres and the interval around them."""
    if distance is None:
        return "未知 unknown"
    least, most = distance.least_m / M_PER_KM, distance.most_m / M_PER_KM
    nominal = "" if distance.nominal_m is None else f"{distance.nominal_m / M_PER_KM:.1f} km\n"
    return f"{nominal}({least:.1f}–{most:.1f} km)"


if __name__ == "__main__":
    main()
