"""``bioplan``: every command by its name, and how errors end."""

import signal
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.markup import escape

from bioplan_gis.commands import exports, geodata, layers, service, sites
from bioplan_gis.commands.terminal import err, harmless, out
from bioplan_gis.errors import BioplanError

COMMANDS: Mapping[str, Callable[..., None]] = {
    "load": geodata.load,
    "check": geodata.check,
    "serve": service.serve,
    "select": sites.select,
    "map": service.write_map,
    "import": layers.import_layer,
    "layers": layers.list_layers,
    "drop": layers.drop,
    "export": exports.export,
}
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for name, command in COMMANDS.items():
    app.command(name)(command)


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
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except BioplanError as error:
        zh, en, details = (escape(harmless(each)) for each in (error.zh, error.en, error.details))
        err.print(f"[bold red]错误[/] {zh}", f"[bold red]Error[/] {en}", sep="\n", soft_wrap=True)
        if details:
            err.print(details, soft_wrap=True)
        sys.exit(1)
    sys.exit(0)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """Asked to end, a command undoes what it began and takes its temporary files along."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
