"""Files that a user asks for: written whole or not at all, with the rights that any program would give them."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from bioplan_gis.errors import OutputError

STANDARD_OUTPUT = "-"


def write_whole(target: str, text: str) -> None:
    """Write a text to a file at once or not at all; ``-`` is standard output.

    A link is followed, and what is no ordinary file (a pipe, a terminal, a device) is written to as it stands.

    Raises:
        OutputError: the target is a folder, its folder is missing, or it cannot be written.
    """
    if target == STANDARD_OUTPUT:
        sys.stdout.write(text)
        return
    try:
        _write(Path(target), text)
    except OSError as error:
        raise OutputError(
            f"无法写出“{target}”：{error.strerror}。请给出一个可写的文件夹中的文件名，或用 - 写到标准输出。",
            f"Cannot write “{target}”: {error.strerror}. Name a file in a folder that can be written, or - for "
            "standard output.",
        ) from error


def _write(path: Path, text: str) -> None:
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")  # a folder refuses this itself
        return
    path = path.resolve()
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("x", encoding="utf-8") as file:
            file.write(text)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink()  # there only where something went wrong
