"""Rules for files: each one in the catalogue, once, unchanged, and in the CRS of storage where it has coordinates."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bioplan_gis.catalogue import CATALOGUE_FILE, Source, file_sha256
from bioplan_gis.checking.columns import REQUIRED
from bioplan_gis.checking.faults import Fault
from bioplan_gis.checking.geodata import Geodata
from bioplan_gis.crs import STORAGE_SRID

STORAGE_CRS = f"EPSG:{STORAGE_SRID}"


def faults(geodata: Geodata) -> Iterable[Fault]:
    """Every fault of the files as such."""
    yield from _repeated(geodata)
    yield from _unlisted(geodata)
    yield from _lacking(geodata)
    for source in geodata.catalogue:
        yield from _changed(geodata, source)
        yield from _without_crs(source)


def _repeated(geodata: Geodata) -> Iterable[Fault]:
    """Sources that share an id or a file."""
    for field in ("id", "file"):
        times = Counter(str(getattr(source, field)) for source in geodata.catalogue)
        for value in (value for value, count in times.items() if count > 1):
            yield Fault(
                CATALOGUE_FILE,
                value,
                f"有 {times[value]} 个来源的 {field} 同为“{value}”。",
                f"{times[value]} sources have the {field} “{value}”.",
                f"每个来源的 {field} 应唯一。",
                f"Every {field} may stand once in the catalogue.",
            )


def _unlisted(geodata: Geodata) -> Iterable[Fault]:
    """Files that no source describes."""
    folder = geodata.catalogue.folder
    listed = {CATALOGUE_FILE, *(source.file for source in geodata.catalogue)}
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if _is_data(path))
    for name in (name for name in found if name not in listed):
        yield Fault(
            name,
            None,
            f"文件未登记在 {CATALOGUE_FILE} 中。",
            f"The file is not in {CATALOGUE_FILE}.",
            "请为它添加 [[source]]（文件、sha256、许可、署名、坐标系、列），或将其移出。",
            "Add a [[source]] for it (file, sha256, licence, attribution, CRS, columns), or take it away.",
        )


def _lacking(geodata: Geodata) -> Iterable[Fault]:
    """Sources that the layers are made of and the catalogue does not have."""
    listed = {source.id for source in geodata.catalogue}
    for source_id in (source_id for source_id in REQUIRED if source_id not in listed):
        yield Fault(
            CATALOGUE_FILE,
            source_id,
            f"目录中没有来源“{source_id}”。",
            f"The catalogue has no source “{source_id}”.",
            "各图层由它组成；请补上该 [[source]] 及其文件。",
            "The layers are made of it: add its [[source]] and its file.",
        )


def _is_data(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".")


def _changed(geodata: Geodata, source: Source) -> Iterable[Fault]:
    """A file whose bytes are not those that the catalogue describes; a missing one is reported where it is read."""
    path = geodata.catalogue.path(source)
    found = file_sha256(path) if path.is_file() else source.sha256
    if found != source.sha256:
        yield Fault(
            source.file,
            None,
            f"文件的 sha256 为 {found}，目录登记为 {source.sha256}。",
            f"The file's sha256 is {found}, the catalogue says {source.sha256}.",
            f"请恢复原文件；若修改是有意的，请更新 {CATALOGUE_FILE} 中的 sha256。",
            f"Restore the file or, if the change is meant, update its sha256 in {CATALOGUE_FILE}.",
        )


def _without_crs(source: Source) -> Iterable[Fault]:
    if source.file.endswith(".geojson") and source.crs != STORAGE_CRS:
        yield Fault(
            CATALOGUE_FILE,
            source.id,
            f"空间数据 {source.file} 的坐标系登记为 {source.crs}。",
            f"The spatial file {source.file} is catalogued with the CRS {source.crs}.",
            f"坐标应先转换为 {STORAGE_CRS}（经度、纬度）并如此登记；不得存储 GCJ-02 或 BD-09。",
            f"Convert it to {STORAGE_CRS} (longitude, latitude) and say so; GCJ-02 and BD-09 are never stored.",
        )
