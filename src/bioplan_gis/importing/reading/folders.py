"""The temporary folder of one import, and what imports that were killed have left of theirs."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "bioplan-import-"
_OURS = re.compile(rf"{PREFIX}(\d+)-\w+")


@contextmanager
def import_folder() -> Iterator[Path]:
    """A folder that bears the number of this process and is removed at the end; those of dead processes go first."""
    _remove_stale(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _remove_stale(home: Path) -> None:
    if sys.platform == "win32":  # where to ask for a process by its number would end it
        return
    for folder in home.glob(f"{PREFIX}*"):
        found = _OURS.fullmatch(folder.name)
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
