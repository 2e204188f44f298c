"""The lock files: they pin what pyproject.toml asks for, each package by hash, and name no registry."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PYPROJECT["project"]["dependencies"]
WANTED = {
    "requirements.lock": RUNTIME,
    "requirements-test.lock": RUNTIME + PYPROJECT["dependency-groups"]["test"],
    "requirements-build.lock": PYPROJECT["build-system"]["requires"],
}


def _entries(name: str) -> list[str]:
    """Each package with its hashes, on one line."""
    return (REPOSITORY / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("name", WANTED)
def test_lock_pins_what_is_asked_for(name: str):
    pins: dict[str, list[str]] = {}
    for entry in _entries(name):
        pinned = Requirement(entry.partition(" --hash")[0])
        pins.setdefault(canonicalize_name(pinned.name), []).append(str(pinned.specifier).removeprefix("=="))
    for wanted in map(Requirement, WANTED[name]):
        versions = pins[canonicalize_name(wanted.name)]
        assert all(wanted.specifier.contains(version) for version in versions), f"{wanted}: {versions}; run make lock"


@pytest.mark.parametrize("name", WANTED)
def test_lock_has_a_hash_for_every_package_and_no_address(name: str):
    for entry in _entries(name):
        assert re.fullmatch(r"[a-z0-9._-]+==\S+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry
        assert "://" not in entry
