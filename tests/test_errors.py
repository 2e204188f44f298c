"""The tree of errors is what its docstring draws, and each has one status."""

import inspect

from bioplan_gis import errors
from bioplan_gis.errors import BioplanError


def drawn() -> dict[str, int]:
    """Name and depth of every error in the docstring's tree."""
    lines = [line for line in (errors.__doc__ or "").splitlines() if line.rstrip().endswith("Error")]
    return {line.split()[-1]: (len(line) - len(line.split()[-1])) // 4 for line in lines}


def depth(kind: type) -> int:
    return kind.__mro__.index(Exception)


def test_the_tree_is_as_it_is_drawn() -> None:
    kinds = dict(inspect.getmembers(errors, inspect.isclass))
    assert drawn() == {name: depth(kind) for name, kind in kinds.items()}


def test_an_error_speaks_both_languages() -> None:
    error = BioplanError("坏了。", "It broke.")
    assert str(error) == "坏了。\nIt broke."
