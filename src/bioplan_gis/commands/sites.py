"""``bioplan select``."""

import json
import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bioplan_gis.answers import answer_document
from bioplan_gis.commands.terminal import out, prepare
from bioplan_gis.extents import DistanceInterval
from bioplan_gis.landuse import land_class as read_land_class
from bioplan_gis.selection import Answer, select_sites
from bioplan_gis.settings import read_settings
from bioplan_gis.siting.conditions import EXACT_M, M_PER_KM, read_clearance, read_container, require_measure
from bioplan_gis.storage.database import open_engine, reading
from bioplan_gis.storage.measures import Place
from bioplan_gis.subjects import LAND, Question


def select(  # noqa: PLR0913, PLR0917
    near: Annotated[
        str, typer.Option(help="平台编号、图层/编号，或 经度,纬度 id of a laboratory or platform, LAYER/ID, or lon,lat")
    ],
    land_class: Annotated[str | None, typer.Option(help="用地类别 land class, such as M3")] = None,
    max_distance_km: Annotated[float | None, typer.Option(help="最大距离（千米）greatest distance, km")] = None,
    min_area_ha: Annotated[float | None, typer.Option(help="最小面积（公顷）least area, ha")] = None,
    subject: Annotated[
        str | None, typer.Option(help="所查图层（默认全部工业用地）layer to search; all industrial land without it")
    ] = None,
    inside: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER", help="须全部位于其内，可重复 must lie wholly within; repeatable"),
    ] = None,
    outside: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER[:METRES]", help="须在其外（至少多少米），可重复 must keep clear of; repeatable"),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="也查合成数据 admit synthetic layers")] = False,  # noqa: FBT002
    limit: Annotated[int, typer.Option(min=1, help="最多条数 most answers")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="输出 GeoJSON instead of a table")] = False,  # noqa: FBT002
) -> None:
    """找某处附近的工业用地或任一图层的要素。 Find land near a place, nearest first, of any layer."""
    farthest_km = _measure("max_distance_km", max_distance_km)
    question = Question(
        near=near,
        land_class=None if land_class is None else read_land_class(land_class),
        max_distance_m=None if farthest_km is None else farthest_km * M_PER_KM,
        min_area_ha=_measure("min_area_ha", min_area_ha),
        limit=limit,
        synthetic=synthetic,
        subject=subject,
        inside=tuple(read_container(one) for one in inside or ()),
        outside=tuple(read_clearance(one) for one in outside or ()),
    )
    found = _ask(question)
    if as_json:
        sys.stdout.write(json.dumps(answer_document(found), ensure_ascii=False, indent=1) + "\n")
    else:
        _print_answer(found)


def _ask(question: Question) -> Answer:
    settings = read_settings()
    prepare(settings)
    with reading(open_engine(settings.database_url)) as connection:
        return select_sites(connection, question)


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
            _name_cell(land),
            _distance_cell(candidate.distance),
            f"{verdict.zh}\n{verdict.en}",
            escape("\n".join(f"{zone.role} {zone.name_zh}\n{zone.name_en}" for zone in candidate.zones)),
        )
    return table


def _name_cell(land: Place) -> str:
    """Its names, the layer of a user that it belongs to, and that it is made up where it is."""
    lines = list(dict.fromkeys((land.name_zh, land.name_en)))
    lines += [f"图层 layer: {land.layer_id}"] * (land.layer_id != LAND)
    return escape("\n".join(lines + ["合成 synthetic"] * land.synthetic))


def _distance_cell(distance: DistanceInterval | None) -> str:
    """Kilometres and the interval around them."""
    if distance is None:
        return "未知 unknown"
    least, most = distance.least_m / M_PER_KM, distance.most_m / M_PER_KM
    if distance.nominal_m is not None and distance.most_m - distance.least_m < EXACT_M:
        return f"{distance.nominal_m / M_PER_KM:.2f} km"
    nominal = "" if distance.nominal_m is None else f"{distance.nominal_m / M_PER_KM:.1f} km\n"
    return f"{nominal}({least:.1f}–{most:.1f} km)"
