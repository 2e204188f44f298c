"""GeoParquet as Arrow batches."""

from bioplan_gis.errors import UnreadableFileError
from bioplan_gis.importing.files import GivenFile
from bioplan_gis.importing.rows import Reading, Rows


def read(file: GivenFile, reading: Reading, batch_rows: int) -> Rows:
    """Open a GeoParquet file."""
    raise UnreadableFileError(f"{file.original.name} {reading} {batch_rows}", "not yet")
