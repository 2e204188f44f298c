"""A geodata folder as the rules see it: all records that can be read, and which sources cannot."""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bioplan_gis.catalogue import Catalogue, Source
from bioplan_gis.checking.faults import Fault
from bioplan_gis.errors import GeodataError
from bioplan_gis.records import Record, read_records

DISTRICT_SOURCES = "districts-"


@dataclass(frozen=True)
class Geodata:
    """The records of a folder.

    Attributes:
        catalogue: the folder's catalogue.
        records: source id to its records, for every source that can be read.
    """

    catalogue: Catalogue
    records: Mapping[str, tuple[Record, ...]]

    def of(self, source_id: str) -> tuple[Record, ...]:
        """The records of a source; none where it is absent or unreadable."""
        return self.records.get(source_id, ())

    def ids(self, source_id: str) -> frozenset[str]:
        """The ids of a source's records."""
        return frozenset(record["id"] for record in self.of(source_id) if isinstance(record.get("id"), str))

    def unreadable(self, source_id: str) -> bool:
        """Whether the catalogue has the source but its file cannot be read, so that nothing can be said of it."""
        return source_id not in self.records and any(source.id == source_id for source in self.catalogue)

    def compiled(self) -> Iterator[tuple[Source, tuple[Record, ...]]]:
        """The sources compiled by hand from documents, one TOML file each, with their records."""
        for source in self.catalogue:
            if source.file.endswith(".toml"):
                yield source, self.of(source.id)

    @cached_property
    def districts(self) -> Mapping[str, Record]:
        """Adcode to the feature of every district."""
        features = (record for name in self.records if name.startswith(DISTRICT_SOURCES) for record in self.of(name))
        return {str(record["adcode"]): record for record in features if "adcode" in record.values}

    @property
    def districts_unreadable(self) -> bool:
        """Whether a file of districts cannot be read."""
        return any(self.unreadable(source.id) for source in self.catalogue if source.id.startswith(DISTRICT_SOURCES))

    @cached_property
    def places(self) -> Mapping[str, Record]:
        """Name to the row of every known place."""
        return {str(record["name_zh"]): record for record in self.of("places") if "name_zh" in record.values}


def read_geodata(catalogue: Catalogue) -> tuple[Geodata, tuple[Fault, ...]]:
    """Whatever can be read of a folder, and a fault for each file that cannot."""
    records: dict[str, tuple[Record, ...]] = {}
    faults = []
    for source in catalogue:
        try:
            records[source.id] = read_records(catalogue, source.id)
        except GeodataError as error:
            faults.append(_unreadable(source, error))
    return Geodata(catalogue, records), tuple(faults)


def _unreadable(source: Source, error: GeodataError) -> Fault:
    return Fault(
        source.file,
        None,
        error.zh,
        error.en,
        "请恢复或改正该文件，再运行 bioplan check。",
        "Restore or correct the file and run bioplan check again.",
    )


def texts(value: object) -> tuple[str, ...]:
    """The texts of a value that may be one text, a list, or something else that another rule reports."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def number(value: object) -> float | None:
    """A finite number as such; None for anything else."""
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > sys.float_info.max:
        return None
    return None if math.isnan(value) else float(value)
