"""Loading: the sources of a geodata folder into the database, in one transaction, as often as one likes.

A layer's version rises only when its content changed. Killed at any moment, a load leaves the old state.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from bioplan_gis.catalogue import Catalogue, file_sha256, verify
from bioplan_gis.checking import Fault, check
from bioplan_gis.contents import Content, content_of
from bioplan_gis.errors import GeodataError, NotLoadedError, SchemaTooOldError
from bioplan_gis.positions import Gazetteer
from bioplan_gis.storage.database import reading, require_schema, settle, upgrade, writing
from bioplan_gis.storage.layers import (
    ATTRIBUTION_SEPARATOR,
    Layer,
    read_catalogue_digest,
    read_versions,
    replace_rows,
    write_catalogue_digest,
)
from bioplan_gis.storage.overviews import renew_overviews
from bioplan_gis.storage.tables import CORE_LAYERS, CoreLayer

Progress = Callable[[str, int, int], None]
# Whatever reads the files decides what is loaded, as the files do.
_DERIVING = ("contents.py", "positions.py", "records.py", "storage/tables.py", "storage/vocabulary.py")


@dataclass(frozen=True)
class LoadReport:
    """What a load did.

    Attributes:
        layers: every layer as it now stands.
        changed: ids of the layers whose version rose.
    """

    layers: tuple[Layer, ...]
    changed: tuple[str, ...]

    @property
    def layer_count(self) -> int:
        """How many layers there are."""
        return len(self.layers)


def load(engine: Engine, catalogue: Catalogue, progress: Progress | None = None) -> LoadReport:
    """Make the database hold what the geodata folder holds; the schema is made or upgraded first.

    Args:
        engine: of either database.
        catalogue: of the folder.
        progress: called with the layer's id, the number of layers done, and how many there are, once for each layer
            when it is stored but not yet kept.

    Raises:
        GeodataError: the folder has a fault that ``check`` finds; nothing is stored, and the schema is left as it is.
        StorageError: the database cannot take it; its old state stands.
    """
    digest = content_digest(catalogue)
    _require_faultless(catalogue)
    contents = dict(_read_contents(catalogue))
    upgrade(engine)
    with writing(engine) as connection:
        before = read_versions(connection)
        layers = tuple(_store_all(connection, catalogue, contents, progress))
        write_catalogue_digest(connection, digest)
        renew_overviews(connection)
    settle(engine)
    return LoadReport(layers, tuple(layer.id for layer in layers if before.get(layer.id) != layer.version))


def is_current(engine: Engine, catalogue: Catalogue) -> bool:
    """Whether the database holds this folder's content already; the files are hashed, not read.

    Raises:
        StorageError: the database does not answer, or is not ours.
    """
    try:
        require_schema(engine)
    except (NotLoadedError, SchemaTooOldError):
        return False
    with reading(engine) as connection:
        return read_catalogue_digest(connection) == content_digest(catalogue)


def content_digest(catalogue: Catalogue) -> str:
    """Hash over the catalogue, its files as they are, and the modules that derive rows from them."""
    package = Path(__file__).parent
    parts = [catalogue.digest]
    parts += (file_sha256(path) for path in map(catalogue.path, catalogue) if path.exists())
    parts += (file_sha256(package / name) for name in _DERIVING)
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _require_faultless(catalogue: Catalogue) -> None:
    first, *others = check(catalogue) or (None,)
    if first is not None:
        raise _refusal(first, len(others))


def _refusal(fault: Fault, others: int) -> GeodataError:
    """The fault, its remedy, and how many more there are."""
    record_zh, record_en = (f" 的记录“{fault.record}”", f", record “{fault.record}”") if fault.record else ("", "")
    more_zh = f"另有 {others} 处问题，bioplan check 逐一列出。" if others else ""
    more_en = f" And {others} more: bioplan check lists them all." if others else ""
    return GeodataError(
        f"{fault.file}{record_zh}：{fault.zh}{fault.remedy_zh}{more_zh}未载入任何内容。",
        f"{fault.file}{record_en}: {fault.en} {fault.remedy_en}{more_en} Nothing was loaded.",
    )


def _read_contents(catalogue: Catalogue) -> Iterator[tuple[str, Content]]:
    """Everything that is to be stored, before the database is touched."""
    for source in catalogue:
        verify(catalogue, source)
    gazetteer = Gazetteer(catalogue)
    for core in CORE_LAYERS:
        yield core.id, content_of(gazetteer, core.id, (column.name for column in core.columns))


def _store_all(
    connection: Connection, catalogue: Catalogue, contents: dict[str, Content], progress: Progress | None
) -> Iterator[Layer]:
    for done, core in enumerate(CORE_LAYERS, start=1):
        content = contents[core.id]
        yield replace_rows(connection, _draft(core, catalogue, content), content.rows, content.shapes)
        if progress is not None:
            progress(core.id, done, len(CORE_LAYERS))


def _draft(core: CoreLayer, catalogue: Catalogue, content: Content) -> Layer:
    """The layer as the registry should describe it."""
    sources = [catalogue.source(source_id) for source_id in content.source_ids]
    return Layer(
        id=core.id,
        title_zh=core.title_zh,
        title_en=core.title_en,
        description_zh=core.description_zh,
        description_en=core.description_en,
        geometry_type=core.geometry_type,
        version=0,
        digest="",
        feature_count=len(content.rows),
        bbox=None,
        licence="; ".join(dict.fromkeys(source.licence for source in sources)),
        attribution=ATTRIBUTION_SEPARATOR.join(dict.fromkeys(source.attribution for source in sources)),
        source_ids=content.source_ids,
        synthetic=any(row.get("synthetic") for row in content.rows),
        columns=core.columns,
    )
