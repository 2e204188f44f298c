"""``import_file``: a user's file becomes a layer, in one transaction, with a report of all that was done to it."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely
from sqlalchemy import Connection, Engine

from bioplan_gis.errors import ParameterError, UnreadableFileError
from bioplan_gis.importing.findings import findings
from bioplan_gis.importing.intake import Chunk, Intake, Wishes, twice
from bioplan_gis.importing.mapping.schemas import SCHEMAS
from bioplan_gis.importing.placing.landing import District, Landing
from bioplan_gis.importing.reading.reader import open_rows
from bioplan_gis.importing.report import ImportReport
from bioplan_gis.importing.rows import Batch, Facts, Reading
from bioplan_gis.importing.wkb import decode
from bioplan_gis.storage.bulk import insert_rows
from bioplan_gis.storage.database import reading, require_schema, settle, writing
from bioplan_gis.storage.frames import read_frame
from bioplan_gis.storage.imports import Staging, find_duplicates, open_staging, publish, read_ids, write_report
from bioplan_gis.storage.layers import Layer, read_layer
from bioplan_gis.storage.tables import CORE_LAYERS

Progress = Callable[[int, int | None], None]
# Room for the prefixes and suffixes of index names within PostgreSQL's 63 bytes.
MOST_BYTES_OF_AN_ID = 48
UNSTATED = "未说明 not stated"
_ID = re.compile(r"[^\W\d_][\w-]*")
_FORBIDDEN = re.compile(
    r"(gpkg|rtree|sqlite|pg|bioplan|alembic)_|(spatial_ref_sys|(geometry|geography)_columns|layers|loads|imports)$"
)
_COLUMNS = {core.id: core.columns for core in CORE_LAYERS}


@dataclass(frozen=True)
class ImportOptions:
    """What the user said of a file; None leaves it to the file.

    Attributes:
        layer: id of the layer to make; the file's name without one.
        conforms_to: ``industrial_land``, ``labs``, ``parks`` or ``enterprises``, whose columns are fed.
        source_layer: which layer or sheet of the file.
        crs: of its coordinates, such as ``EPSG:4549``.
        datum: ``gcj02`` or ``bd09`` for coordinates of a web map.
        encoding: of its text.
        mapping: file column → field (``id``, a core column, ``lon``, ``lat``, ``easting``, ``northing``, ``wkt``).
        append: whether rows are added to the layer, rather than put in its place.
        dry_run: whether all is done but the storing.
        title_zh: Chinese title.
        title_en: English title.
        source: who gave the data.
        licence: of the data.
        attribution: to show wherever the data is shown.
        accuracy_m: of its positions, in metres.
        synthetic: whether it is made up.
    """

    layer: str | None = None
    conforms_to: str | None = None
    source_layer: str | None = None
    crs: str | None = None
    datum: str | None = None
    encoding: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    append: bool = False
    dry_run: bool = False
    title_zh: str | None = None
    title_en: str | None = None
    source: str | None = None
    licence: str | None = None
    attribution: str | None = None
    accuracy_m: float | None = None
    synthetic: bool = False


def import_file(
    engine: Engine, path: Path | str, options: ImportOptions | None = None, progress: Progress | None = None
) -> ImportReport:
    """Make a layer of a file, or see what would become of it.

    Args:
        engine: of a database that is loaded.
        path: an ordinary file of this machine.
        options: what the user says of it.
        progress: called with the rows read so far, and how many there are where that is known.

    Raises:
        FileRefusedError: the file is hostile, unreadable, or leaves open what must be known; nothing was stored.
        ParameterError: an option cannot be used.
        StorageError: the database cannot take it; its old state stands.
    """
    options, path = options or ImportOptions(), Path(path)
    _require_usable(options)
    layer_id = layer_id_of(path, options.layer)
    require_schema(engine)
    with reading(engine) as connection:
        landing = read_landing(connection)
        known = tuple(read_ids(connection, layer_id)) if options.append else ()
    how = Reading(options.source_layer, options.encoding, options.mapping)
    with _explained(path), open_rows(path, how) as rows:
        first = next(rows.batches, None)
        if first is None:
            raise _no_rows(path)
        intake = Intake(rows.facts, first.attributes.schema, _wishes(options), landing)
        for ids in known:
            intake.seen.repeated(ids)
        batches = _reported(chain([first], rows.batches), rows.facts, progress)
        batches = intake.batches(batches)
        draft = _draft(layer_id, path, options, intake, _geometry_type(first, rows.facts))
        opening = {"file": _file_facts(path, rows.facts), "options": _told(options)}
        if options.dry_run:
            for batch in batches:
                intake.take(batch)
            _require_some(path.name, intake)
            return ImportReport({**opening, **findings(intake, _described(draft)), "dry_run": True})
        with writing(engine) as connection:
            staging = open_staging(connection, draft, append=options.append)
            with _inserting(connection) as insert:
                for batch in batches:
                    chunk = intake.take(batch)
                    insert(staging.table, _identified(chunk, staging, intake), chunk.shapes)
            report = _publish(connection, staging, intake, opening)
    settle(engine)
    return report


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What the system says of files on the way in: the temporary folder is full, the file was taken away."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableFileError(
            f"读取“{path.name}”时出错：{reason}。未作改动；请检查文件，及临时文件夹 {gettempdir()} 的空间与权限。",
            f"Reading “{path.name}”, the system says: {reason}. Nothing was changed; see to the file, and to space and "
            f"rights in the temporary folder {gettempdir()}.",
        ) from error


def layer_id_of(path: Path, told: str | None) -> str:
    """The id of the layer that a file becomes: as told, or the file's name made to fit.

    Raises:
        ParameterError: what was told cannot be an id.
    """
    if told is None:
        return _made_to_fit(path.name.split(".")[0])
    wish = told.strip().lower()
    if not _ID.fullmatch(wish) or _FORBIDDEN.match(wish) or len(wish.encode()) > MOST_BYTES_OF_AN_ID:
        raise ParameterError(
            "layer",
            told,
            f"“{told}”不能作图层编号：须以字母或汉字开头，只含字母、汉字、数字、_ 和 -，不超过 {MOST_BYTES_OF_AN_ID} "
            "字节（汉字各占 3），且不与数据库自用的名称相同。",
            f"“{told}” cannot be the id of a layer: it begins with a letter, holds only letters, digits, _ and -, is "
            f"no longer than {MOST_BYTES_OF_AN_ID} bytes, and is no name of the database's own.",
        )
    return wish


def _made_to_fit(stem: str) -> str:
    name = re.sub(r"[^\w-]+", "_", stem.strip().lower()).strip("_-")
    if not name or not _ID.match(name) or _FORBIDDEN.match(name) or name in _COLUMNS:
        name = f"layer_{name}".rstrip("_")
    return name.encode()[:MOST_BYTES_OF_AN_ID].decode(errors="ignore")


def read_landing(connection: Connection) -> Landing:
    """The districts that features may land in, from their layer."""
    frame = read_frame(connection, read_layer(connection, "districts"))
    rows = zip(frame.index, frame["name_zh"], frame["name_en"], frame["scope"], strict=True)
    return Landing(tuple(District(*row) for row in rows), frame.geometry.to_numpy())


def _require_usable(options: ImportOptions) -> None:
    if options.conforms_to is not None and options.conforms_to not in SCHEMAS:
        known = "、".join(SCHEMAS)
        raise ParameterError(
            "as",
            options.conforms_to,
            f"没有可以对应的图层“{options.conforms_to}”；可用的有 {known}。",
            f"There is no layer “{options.conforms_to}” to import as; there are {known}.",
        )
    if options.accuracy_m is not None and not 0 <= options.accuracy_m < 1e6:  # noqa: PLR2004 - farther than any map errs
        raise ParameterError(
            "accuracy_m",
            str(options.accuracy_m),
            "位置精度须是 0 到 1000000 之间的米数。",
            "The accuracy of positions is a number of metres from 0 to 1000000.",
        )


def _wishes(options: ImportOptions) -> Wishes:
    return Wishes(
        conforms_to=options.conforms_to,
        core=() if options.conforms_to is None else _COLUMNS[options.conforms_to],
        mapping=options.mapping,
        crs=options.crs,
        datum=options.datum,
        accuracy_m=options.accuracy_m,
        attribution=options.attribution or options.source or UNSTATED,
        synthetic=options.synthetic,
        dry_run=options.dry_run,
    )


def _draft(layer_id: str, path: Path, options: ImportOptions, intake: Intake, geometry_type: str | None) -> Layer:
    """The layer as the registry should describe it."""
    return Layer(
        id=layer_id,
        title_zh=options.title_zh or options.title_en or path.name.split(".")[0],
        title_en=options.title_en or options.title_zh or path.name.split(".")[0],
        description_zh=f"导入自文件 {path.name}。",
        description_en=f"Imported from the file {path.name}.",
        geometry_type=geometry_type,
        version=0,
        digest="",
        feature_count=0,
        bbox=None,
        licence=options.licence or UNSTATED,
        attribution=options.attribution or options.source or UNSTATED,
        source_ids=(),
        synthetic=options.synthetic,
        columns=intake.columns,
        source=options.source or path.name,
        conforms_to=options.conforms_to,
        imported=True,
    )


def _geometry_type(first: Batch, facts: Facts) -> str | None:
    """Lines and areas are stored as collections of them, since a repair may part one; points as the file has them."""
    if first.wkb is None:
        return None
    family = facts.geometry_family
    if family == "POINT":
        types = set(shapely.get_type_id(decode(first.wkb).shapes).tolist())
        return family if types <= {shapely.GeometryType.MISSING, shapely.GeometryType.POINT} else "GEOMETRY"
    return f"MULTI{family}" if family else "GEOMETRY"


def _reported(batches: Iterator[Batch], facts: Facts, progress: Progress | None) -> Iterator[Batch]:
    for batch in batches:
        yield batch
        if progress is not None:
            progress(batch.first_row + batch.attributes.num_rows - 1, facts.row_count)


@contextmanager
def _inserting(connection: Connection) -> Iterator[Callable[..., object]]:
    """PostgreSQL takes a batch while the next is made ready; of SQLite's inserts nothing can be done beside them."""
    if connection.dialect.name == "sqlite":
        yield partial(insert_rows, connection)
        return
    with ThreadPoolExecutor(1) as thread:
        sent: list[Future[None]] = []

        def insert(*rows: Any) -> None:  # noqa: ANN401 - as insert_rows takes them
            while sent:
                sent.pop().result()
            sent.append(thread.submit(insert_rows, connection, *rows))

        yield insert
        for last in sent:
            last.result()


def _identified(chunk: Chunk, staging: Staging, intake: Intake) -> pa.Table:
    """Rows whose file gives them no id are called by their number."""
    numbers = pc.cast(pc.add(chunk.columns.column("fid"), staging.offset), pa.string())
    if intake.has_ids:
        numbers = pc.binary_join_element_wise("row", numbers, "-")
    ids = pc.coalesce(chunk.columns.column("id").cast(pa.string()), numbers)
    return chunk.columns.set_column(chunk.columns.schema.get_field_index("id"), "id", ids)


def _publish(connection: Connection, staging: Staging, intake: Intake, opening: Mapping[str, Any]) -> ImportReport:
    """Where readers find it, with the report beside it."""
    tally = intake.tally
    for row, feature_id in find_duplicates(connection, staging):
        tally.taken -= 1
        tally.refuse(row, twice(feature_id))
    _require_some(opening["file"]["name"], intake)
    marked = replace(staging, draft=replace(staging.draft, synthetic=staging.draft.synthetic or bool(tally.synthetic)))
    layer = publish(connection, marked, tally.bbox, opening["file"]["sha256"])
    document = {**opening, **findings(intake, _described(layer)), "dry_run": False}
    write_report(connection, layer, document)
    return ImportReport(document)


_OF_LAYER = (
    "id",
    "title_zh",
    "title_en",
    "version",
    "feature_count",
    "geometry_type",
    "conforms_to",
    "synthetic",
    "source",
    "licence",
    "attribution",
)


def _described(layer: Layer) -> dict[str, Any]:
    """What the report says of the layer."""
    return {name: getattr(layer, name) for name in _OF_LAYER}


def _file_facts(path: Path, facts: Facts) -> dict[str, Any]:
    size = path.stat().st_size if path.is_file() else None
    return {
        "name": path.name,
        "bytes": size,
        "sha256": _sha256(path),
        "kind": facts.kind,
        "source_layer": facts.source_layer,
        "other_layers": list(facts.other_layers),
    }


def _sha256(path: Path) -> str:
    """Of the file's bytes; of all files of a folder, which a File Geodatabase is."""
    found = hashlib.sha256()
    for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if one.is_file():
            with one.open("rb") as file:
                while part := file.read(1 << 20):
                    found.update(part)
    return found.hexdigest()


def _told(options: ImportOptions) -> dict[str, Any]:
    """The options that were given, as the report keeps them."""
    plain = replace(options, mapping=dict(options.mapping))
    return {name: value for name, value in vars(plain).items() if value not in (None, False, {})}


def _require_some(name: str, intake: Intake) -> None:
    """A file of which no row can be taken does not empty the layer that stands there."""
    tally = intake.tally
    if tally.taken:
        return
    reason = next(iter(tally.reasons), "\n").split("\n")
    raise UnreadableFileError(
        f"“{name}”的 {tally.read} 行无一可以取入，未作任何改动。第 {tally.refusals[0][0]} 行：{reason[0]}",
        f"None of the {tally.read} rows of “{name}” can be taken; nothing was changed. Row {tally.refusals[0][0]}: "
        f"{reason[1]}",
    )


def _no_rows(path: Path) -> UnreadableFileError:
    return UnreadableFileError(
        f"“{path.name}”中没有任何行，没有可导入的内容。", f"“{path.name}” has no rows; there is nothing to import."
    )
