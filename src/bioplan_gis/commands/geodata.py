"""``bioplan load`` and ``bioplan check``."""

import typer
from rich.markup import escape

from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.checking import check as find_faults
from bioplan_gis.commands.terminal import load_with_progress, out
from bioplan_gis.settings import read_settings
from bioplan_gis.storage.database import open_engine


def load() -> None:
    """把 geodata/ 载入数据库（可重复运行）。 Load geodata/ into the database; running it twice changes nothing."""
    settings = read_settings()
    engine = open_engine(settings.database_url)
    load_with_progress(engine, read_catalogue(settings.geodata_folder))


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
