"""The temporary folder of one import or download, and what processes that were killed have left of theirs."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "bioplan-import-"
DOWNLOADS = "bioplan-download-"


@contextmanager
def temporary_folder(prefix: str = PREFIX) -> Iterator[Path]:
    """A folder that bears the number of this process and is removed at the end; those of dead processes go first."""
    _remove_stale(Path(tempfile.gettempdir()), prefix)
    with tempfile.TemporaryDirectory(prefix=f"{prefix}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _remove_stale(home: Path, prefix: str) -> None:
    if sys.platform == "win32":  # where to ask for a process by its number would end it
        return
    ours = re.compile(rf"{prefix}(\d+)-\w+")
    for folder in home.glob(f"{prefix}*"):
        found = ours.fullmatch(folder.name)
        if found and not _is_alive(int(found[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True
