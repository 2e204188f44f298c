"""Brings in the web clients that the tests load, by their lock file, through the Node that the build of the page uses.

Run by ``make test``; ``python tests/clients/install.py`` does the same.
"""

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parents[1] / "web"))

from build_hook import AssetsError, install, installed  # noqa: E402  # found by the line above

if __name__ == "__main__" and not installed(FOLDER):
    try:
        install(FOLDER)
    except AssetsError as error:
        sys.exit(str(error))
