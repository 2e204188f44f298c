"""What every command shares: where it prints, and a database that can answer."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from sqlalchemy import Engine

from bioplan_gis.catalogue import Catalogue, read_catalogue
from bioplan_gis.loading import is_current
from bioplan_gis.loading import load as load_geodata
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import open_engine, reading, require_schema
from bioplan_gis.storage.layers import require_layers

# Control characters, and those that turn the direction of what follows: a file may not write the terminal's script.
_HARMFUL = dict.fromkeys((*range(32), 127, *range(128, 160), *range(8234, 8239), *range(8294, 8298)), "�")
_KEPT = {ord("\n"), ord("\t")}
_HARMLESS = {code: mark for code, mark in _HARMFUL.items() if code not in _KEPT}
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def harmless(text: str) -> str:
    """A text with the marks of replacement in place of characters that would steer a terminal."""
    return text.translate(_HARMLESS)


def prepare(settings: Settings) -> None:
    """See that the database can answer; the embedded default is made and loaded where it is not current."""
    engine = open_engine(settings.database_url)
    if engine.dialect.name == "sqlite":
        catalogue = read_catalogue(settings.geodata_folder)
        if not is_current(engine, catalogue):
            load_with_progress(engine, catalogue)
    require_schema(engine)
    with reading(engine) as connection:
        require_layers(connection)
    engine.dispose()


def load_with_progress(engine: Engine, catalogue: Catalogue) -> None:
    """Load geodata with a bar, and say what changed."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}")
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("载入 Loading", total=None)

        def advance(layer_id: str, done: int, total: int) -> None:
            progress.update(task, description=f"载入 Loading {layer_id}", completed=done, total=total)

        report = load_geodata(engine, catalogue, progress=advance)
    changed = "、".join(report.changed) or "无 none"
    out.print(f"已载入 {report.layer_count} 个图层；内容有变：{changed}", soft_wrap=True)
    out.print(f"{report.layer_count} layers are loaded; changed: {', '.join(report.changed) or 'none'}", soft_wrap=True)
