"""What the tests stand on: real databases of both engines, a real service, a real browser.

A part that is missing fails the test with a sentence that names it; nothing is skipped.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

# Until every module stands, only the fixtures whose modules exist are offered.
PACKAGE = Path(find_spec("bioplan_gis").origin).parent
NEEDS = {
    "cluster": "errors",
    "databases": "storage/database storage/layers",
    "loaded": "storage/database storage/layers loading",
    "service": "storage/database storage/layers storage/items storage/measures loading selection maps app cli",
}
pytest_plugins = [
    fixtures
    for fixtures, modules in NEEDS.items()
    if all((PACKAGE / f"{module}.py").exists() for module in modules.split())
]
MARKS = {"postgis_cluster": "postgis", "served": "served", "browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts a server or a browser, so that ``make test-fast`` can leave it out."""
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
