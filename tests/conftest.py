"""What the tests stand on: real databases of both engines, a real service, a real browser.

A part that is missing fails the test with a sentence that names it; nothing is skipped.
"""

import pytest
from hypothesis import settings

# A busy machine is slow, not wrong.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# For a look in between; `make test` takes the time for all examples.
settings.register_profile("quick", deadline=None, max_examples=10)
pytest_plugins = ["cluster", "databases", "loaded", "service", "imported", "connected", "terminals"]
MARKS = {
    "new_url": "database",
    "postgis_cluster": "postgis",
    "served": "served",
    "served_on": "served",
    "browser": "browser",
    "drawing_browser": "browser",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a database, a service or a browser, so that ``make test-fast`` can leave it out."""
    for item in items:
        for fixture in MARKS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKS[fixture])
