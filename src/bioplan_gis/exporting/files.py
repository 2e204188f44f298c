"""Files that stand whole or not at all: written in a folder beside their place, then renamed into it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from bioplan_gis.errors import OutputError

# Indexes and copies of what stood there before, which would belie the new files.
_STALE = (".qix", ".sbn", ".sbx", ".qpj", ".shp.xml", ".gpkg-wal", ".gpkg-shm")


@contextmanager
def workplace(target: Path) -> Iterator[Path]:
    """A folder beside a file's place to write it in, gone afterwards.

    Raises:
        OutputError: the place is a folder or no ordinary file, or nothing can be written beside it.
    """
    if target.exists() and not target.is_file():
        raise _unwritable(target, "它不是普通文件", "it is no ordinary file")
    try:
        folder = Path(mkdtemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise _unwritable(target, str(error.strerror), str(error.strerror)) from error
    try:
        yield folder
    except OSError as error:
        raise _unwritable(target, str(error.strerror or error), str(error.strerror or error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(folder: Path, target: Path) -> Sequence[Path]:
    """Move what was written to where it belongs, the file that was asked for last; what is there now is replaced."""
    written = sorted(folder.iterdir(), key=lambda path: (path.name == target.name, path.name))
    for path in written:
        path.replace(target.parent / path.name)
    names = {path.name for path in written}
    for stem in {path.stem for path in written if path.suffix in {".shp", ".gpkg"}}:
        for ending in _STALE:
            if f"{stem}{ending}" not in names:
                (target.parent / f"{stem}{ending}").unlink(missing_ok=True)
    return tuple(sorted(target.parent / name for name in names))


def _unwritable(target: Path, zh: str, en: str) -> OutputError:
    return OutputError(
        f"无法写出“{target}”：{zh}。请给出一个可写的文件夹中的文件名。",
        f"Cannot write “{target}”: {en}. Name a file in a folder that can be written.",
    )
