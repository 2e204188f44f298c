"""What a geodata folder must keep before it is loaded: every fault with its file, its record and the remedy.

Nothing stops at the first fault, and nothing that stands in a file makes this module raise: what cannot be read is a
fault like any other.
"""

from collections.abc import Callable, Iterable

from bioplan_gis.catalogue import Catalogue
from bioplan_gis.checking import citations, columns, files, geometries, outlines, phrases, positions, references, values
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata, read_geodata

__all__ = ["Fault", "check"]

RULES: tuple[Callable[[Geodata], Iterable[Fault]], ...] = (
    files.faults,
    columns.faults,
    values.faults,
    citations.faults,
    outlines.faults,
    references.faults,
    geometries.faults,
    positions.faults,
    phrases.faults,
)


def check(catalogue: Catalogue) -> tuple[Fault, ...]:
    """Every fault of a geodata folder, ordered by file; empty where all is well."""
    geodata, unreadable = read_geodata(catalogue)
    found = [*unreadable, *(fault for rule in RULES for fault in rule(geodata))]
    return tuple(sorted(found, key=lambda fault: fault.file))
