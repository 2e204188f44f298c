"""The error tree: as drawn, so built; every error explains itself in both languages."""

import re
from collections.abc import Iterator

import pytest

from bioplan_gis import errors
from bioplan_gis.errors import BioplanError, ParameterError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BioplanError)]


def _drawn() -> Iterator[tuple[str, str | None]]:
    """Each class of the drawing in the module's docstring, with the one it hangs from."""
    above: list[tuple[int, str]] = []
    for line in errors.__doc__.splitlines():
        if match := re.fullmatch(r"([ │├└─]*)(\w+Error)", line):
            column, name = match.start(2), match[2]
            above = [(at, ancestor) for at, ancestor in above if at < column]
            yield name, above[-1][1] if above else None
            above.append((column, name))


def test_the_tree_is_as_drawn():
    built = {cls.__name__: None if cls is BioplanError else cls.__base__.__name__ for cls in CLASSES}
    assert dict(_drawn()) == built


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_prints_both_sentences(cls: type[BioplanError]):
    error = cls("limit", "x", "不行", "no") if cls is ParameterError else cls("不行", "no")
    assert (error.zh, error.en, str(error)) == ("不行", "no", "不行\nno")


def test_a_parameter_error_names_the_parameter_and_its_value():
    error = ParameterError("limit", "many", "不行", "no")
    assert (error.name, error.value) == ("limit", "many")
