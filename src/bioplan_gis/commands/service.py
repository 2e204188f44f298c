"""``bioplan serve`` and ``bioplan map``."""

import socket
from typing import Annotated

import typer
import uvicorn
from rich.markup import escape

from bioplan_gis.app import create_app
from bioplan_gis.atlas import left_out, read_atlas
from bioplan_gis.catalogue import read_catalogue
from bioplan_gis.commands.terminal import err, out, prepare
from bioplan_gis.commands.wire import Wire
from bioplan_gis.errors import SettingsError
from bioplan_gis.maps import page
from bioplan_gis.outputs import write_whole
from bioplan_gis.settings import Settings, read_settings
from bioplan_gis.storage.database import open_engine, reading


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址 address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="端口 port; 0 = any free")] = None,
) -> None:
    """启动地图与接口服务。 Serve the map and the feeds; an embedded default that is not current is loaded first."""
    settings = read_settings(host=host, port=port)
    prepare(settings)
    listener = _listen(settings)
    address = f"http://{settings.host}:{listener.getsockname()[1]}/"
    out.print(f"地图 Map: {address}\n接口 API: {address}api\n按 Ctrl+C 停止。 Ctrl+C stops it.", soft_wrap=True)
    config = uvicorn.Config(create_app(settings), http=Wire, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    server.run(sockets=[listener])


def write_map(
    to: Annotated[
        str, typer.Option("--out", help="HTML 文件 file to write; - 为标准输出 is standard output")
    ] = "map.html",
    synthetic: Annotated[bool, typer.Option("--synthetic", help="也收入合成数据 carry synthetic layers too")] = False,  # noqa: FBT002
) -> None:
    """写出一个可离线打开的地图文件。 Write the map as one HTML file that opens without a network."""
    settings = read_settings()
    prepare(settings)
    with reading(open_engine(settings.database_url)) as connection:
        sources = read_catalogue(settings.geodata_folder)
        html = page(read_atlas(connection, sources, carried=True, synthetic=synthetic), assets="inlined")
        missing = left_out(connection, synthetic=synthetic)
    write_whole(to, html)
    err.print(f"已写出 Written: {escape(to)}", soft_wrap=True)
    for layer in missing:
        why = "合成数据 synthetic; --synthetic" if layer.synthetic and not synthetic else f"{layer.feature_count:,}"
        err.print(f"未收入 Left out: {escape(f'{layer.id} “{layer.title_zh}”')} ({why})", soft_wrap=True)


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
