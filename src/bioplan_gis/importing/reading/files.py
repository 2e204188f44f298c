"""What was given: one ordinary file of this machine, of a known kind, with the parts that belong to it.

Nothing else is read. The file and its parts are laid, as links under neutral names, into a temporary folder, so that no
name or neighbour of it can mean anything to the library that opens it.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bioplan_gis.errors import UnreadableFileError, UnsafeFileError
from bioplan_gis.importing.reading import archives, kinds, transcoding
from bioplan_gis.importing.reading.folders import temporary_folder
from bioplan_gis.importing.rows import Note

MOST_NAME_BYTES = 200
_SIDECARS = {
    ".shp": (".shx", ".dbf", ".prj", ".cpg", ".qpj"),
    ".tab": (".dat", ".map", ".id", ".ind"),
    ".mif": (".mid",),
    ".gml": (".xsd",),
}
# Parts of a source, and the one that stands for it.
_MAIN_OF = {
    **dict.fromkeys((".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qpj"), ".shp"),
    **dict.fromkeys((".dat", ".map", ".id"), ".tab"),
    ".mid": ".mif",
}
# SQLite's file format, 1.3.3: the byte that tells a database with a write-ahead log.
_LOGS = ("-wal", "-journal")
_WRITE_VERSION, _WRITE_AHEAD = 18, 2
_TABLES = {".csv", ".tsv", ".txt", ".xlsx"}
_CONVERT = {
    ".xls": "XLSX",
    ".et": "XLSX",
    ".ods": "XLSX",
    ".dwg": "DXF",
    ".rar": "ZIP",
    ".7z": "ZIP",
    ".tar": "ZIP",
    ".gz": "ZIP",
    ".mdb": "GeoPackage",
    ".accdb": "GeoPackage",
    ".sqlite": "GeoPackage",
    ".vrt": "GeoPackage",
    ".wl": "Shapefile",
    ".wp": "Shapefile",
    ".wt": "Shapefile",
}


@dataclass(frozen=True)
class GivenFile:
    """A file that may be opened.

    Attributes:
        path: what to open; a link or copy in a temporary folder.
        kind: what it is, one of the names in ``kinds``.
        original: what the user gave, for sentences.
        title: its name without extension; for a member of an archive, the member's.
        parts: the sources of an archive that holds several; empty otherwise.
        notes: what the user should know.
    """

    path: Path
    kind: str
    original: Path
    title: str
    parts: tuple["GivenFile", ...] = ()
    notes: tuple[Note, ...] = ()


@contextmanager
def given_file(path: Path, encoding: str | None = None) -> Iterator[GivenFile]:
    """Check what was given and hold it open to reading; what was unpacked for it is removed at the end.

    Args:
        path: as the user wrote it.
        encoding: of its text, as the user says; XML, JSON and MapInfo tables in another than UTF-8 are copied.

    Raises:
        ParameterError: ``encoding`` is none.
        UnsafeFileError: it is remote, virtual, a device, or an archive meant to harm.
        UnreadableFileError: it is missing, empty, of no known kind, or not what its name says.
    """
    _forbid_addresses(path)
    _forbid_what_is_no_file(path)
    with temporary_folder() as folder:
        yield _given(_main_of(path), _Place(path, folder, encoding))


@dataclass(frozen=True)
class _Place:
    """What was given, the folder to lay it in, and the encoding that the user says."""

    original: Path
    folder: Path
    encoding: str | None

    def home(self) -> Path:
        """A new folder within the folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))


def _forbid_addresses(path: Path) -> None:
    """Addresses, GDAL's virtual file systems and its connection strings."""
    text = str(path)
    virtual = re.match(r"[/\\]+vsi", text, re.IGNORECASE)
    address = re.match(r"[A-Za-z][\w+.-]+:", text) and not os.path.lexists(path)
    if virtual or address or "\x00" in text or "<" in text[:1] or "{" in text[:1]:
        raise UnsafeFileError(
            f"“{text}”是网络地址、虚拟路径或数据库连接；只读取本机上的普通文件，请先下载或导出后再导入",
            f"{text!r} is an address, a virtual path or a database connection; only ordinary files of this machine are "
            "read: download or export it first",
        )


def _forbid_what_is_no_file(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableFileError(
            f"无法打开“{path}”：{_reason(error)[0]}", f"{path} cannot be opened: {_reason(error)[1]}"
        ) from error
    if stat.S_ISDIR(found.st_mode):
        _forbid_other_folders(path)
    elif not stat.S_ISREG(found.st_mode):
        raise UnsafeFileError(
            f"“{path}”不是普通文件（设备、管道或套接字）", f"{path} is a device, a pipe or a socket, no ordinary file"
        )
    elif found.st_size == 0:
        raise UnreadableFileError(f"“{path}”是空文件", f"{path} is empty")
    elif not os.access(path, os.R_OK):
        raise UnreadableFileError(f"没有读取“{path}”的权限", f"{path} may not be read: permission denied")


def _reason(error: OSError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "文件不存在", "no such file"
    if isinstance(error, PermissionError):
        return "没有权限", "permission denied"
    return str(error.strerror), str(error.strerror)


def _forbid_other_folders(path: Path) -> None:
    if path.suffix.lower() != ".gdb" or not _is_geodatabase(path):
        raise UnreadableFileError(
            f"“{path}”是文件夹；请给出其中的文件（文件夹中只有 Esri 的 .gdb 可以直接导入）",
            f"{path} is a folder; give the file in it (of folders, only Esri's .gdb are read)",
        )
    home = path.resolve()
    strangers = [member for member in path.iterdir() if member.resolve().parent != home or not member.is_file()]
    if strangers:
        raise UnsafeFileError(
            f"“{path}”中的“{strangers[0].name}”指向别处或不是普通文件；只读取所给的文件夹本身",
            f"{strangers[0].name} in {path} points elsewhere or is no ordinary file; only the given folder is read",
        )


def _is_geodatabase(folder: Path) -> bool:
    return any(member.name.lower() == "a00000001.gdbtable" for member in folder.iterdir())


def _main_of(path: Path) -> Path:
    """The file that stands for the source of which a given file is only a part."""
    suffix = _MAIN_OF.get(path.suffix.lower())
    if suffix is None:
        return path
    main = _neighbours(path).get(suffix)
    if main is None:
        raise UnreadableFileError(
            f"“{path.name}”只是数据的一部分，旁边没有同名的 {suffix}；请给出 {suffix} 文件",
            f"{path.name} is only part of a source, and no {suffix} of its name lies beside it; give the {suffix}",
        )
    return main


def _neighbours(path: Path) -> dict[str, Path]:
    """Files beside one that bear its name, by their extension in lower case; an exact spelling goes first."""
    same = [other for other in path.parent.iterdir() if other.stem.casefold() == path.stem.casefold()]
    same.sort(key=lambda other: (other.stem == path.stem, other.suffix.islower()))
    return {other.suffix.lower(): other for other in same if other.is_file()}


def _given(path: Path, place: _Place) -> GivenFile:
    if path.is_dir():
        return _staged(path, place, kinds.FILE_GEODATABASE, b"")
    with path.open("rb") as stream:
        head = stream.read(kinds.HEAD_BYTES)
    kind = kinds.content_kind(head)
    if kind == kinds.ARCHIVE:
        kind = _archive_kind(path, head)
    _forbid_lies(path.name, kind)
    if kind == kinds.ARCHIVE:
        return _unpacked(path, place)
    if kind == kinds.XLSX:
        archives.weigh(path, called=path.name)
    return _staged(path, place, kind, head)


def _archive_kind(path: Path, head: bytes) -> str:
    """A workbook is a zip archive too, and says so in its first entries."""
    if b"[Content_Types].xml" not in head and path.suffix.lower() != ".xlsx":
        return kinds.ARCHIVE
    return kinds.XLSX if "xl/workbook.xml" in archives.names(path, called=path.name) else kinds.ARCHIVE


def _forbid_lies(name: str, kind: str) -> None:
    """Refuse what is virtual or of no use, and what is something else than its name says."""
    suffix = PurePosixPath(name).suffix.lower()
    if kind == kinds.VIRTUAL:
        raise UnsafeFileError(
            f"“{name}”不含数据，只指向别处的数据（VRT、GDALG、WFS 等虚拟或远程数据源，或含 DOCTYPE 的 XML）；"
            "请把数据本身导出为 GeoPackage 后再导入",
            f"{name} holds no data but points to data elsewhere (a virtual or remote source such as VRT, GDALG or WFS, "
            "or XML with a DOCTYPE); export the data itself as GeoPackage and import that",
        )
    if kind in kinds.CLAIMS.get(suffix, ()):
        return
    zh, en, target = kinds.STRANGERS.get(kind, (kind, kind, _CONVERT.get(suffix, "GeoPackage")))
    target = _CONVERT.get(suffix, target)
    if kind == kinds.CSV:
        zh, en, target = (*kinds.STRANGERS["text"][:2], target)
    if suffix in kinds.CLAIMS:
        claims = "、".join(sorted(kinds.CLAIMS[suffix]))
        raise UnreadableFileError(
            f"“{name}”的扩展名表示 {claims}，内容却是{zh}；请改正扩展名或转换为 {target}",
            f"{name} claims by its name to be {claims.replace('、', ' or ')}, but its content is {en}; "
            f"correct its name or convert it to {target}",
        )
    raise UnreadableFileError(
        f"不支持“{name}”这类文件（内容为{zh}）；请转换为 {target} 后再导入",
        f"files like {name} are not read (its content is {en}); convert it to {target} and import that",
    )


def _staged(path: Path, place: _Place, kind: str, head: bytes) -> GivenFile:
    suffix = path.suffix.lower()
    home = place.home()
    target = home / f"data{suffix}"
    beside = _neighbours(path) if suffix in _SIDECARS else {}
    notes = [*_lay_sidecars(path, beside, home, _SIDECARS.get(suffix, ())), *_missing_notes(suffix, beside)]
    if kind == kinds.MAPINFO:
        data = next((home / f"data{one}" for one in (".dat", ".mid") if (home / f"data{one}").exists()), None)
        recoded = transcoding.laid_with_charset(path, data, place.encoding, target)
    else:
        recoded = transcoding.laid_as_utf8(path, head, kind, place.encoding, target)
    if kind == kinds.GEOPACKAGE:
        _lay_with_logs(path, head, target)
    if not target.exists():
        _laid(path, target)
    return GivenFile(target, kind, place.original, path.stem, notes=(*notes, *filter(None, [recoded])))


def _laid(source: Path, target: Path) -> Path:
    try:
        target.symlink_to(source.resolve())
    except OSError:  # Windows asks for a privilege to make links
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    return target


def _lay_with_logs(path: Path, head: bytes, target: Path) -> None:
    """A GeoPackage that SQLite would write beside (it has a log, or wants one) is copied, with the rows in its log."""
    logs = [path.with_name(path.name + ending) for ending in _LOGS]
    present = [log for log in logs if log.is_file() and not log.is_symlink() and log.stat().st_size]
    if present or head[_WRITE_VERSION] == _WRITE_AHEAD:
        shutil.copyfile(path, target)
        for log in present:
            shutil.copyfile(log, target.with_name(log.name.replace(path.name, target.name)))


def _lay_sidecars(path: Path, beside: Mapping[str, Path], home: Path, suffixes: tuple[str, ...]) -> Iterator[Note]:
    """Parts are taken from the file's own folder only; a link to another folder is not followed."""
    own = {path.parent.resolve(), path.resolve().parent}
    for suffix in suffixes:
        part = beside.get(suffix)
        if part is None:
            continue
        if part.resolve().parent not in own:
            yield Note(
                f"“{part.name}”是指向别处的链接，未读取", f"{part.name} is a link to another folder and was not read"
            )
        else:
            _laid(part, home / f"data{suffix}")


def _missing_notes(suffix: str, beside: Mapping[str, Path]) -> Iterator[Note]:
    if suffix == ".mif" and ".mid" not in beside:
        yield Note("没有 .mid 属性表，只有图形", "there is no .mid: shapes without attributes")
    if suffix != ".shp":
        return
    if ".dbf" not in beside:
        yield Note("没有 .dbf 属性表，只有图形", "there is no .dbf: shapes without attributes")
    if ".shx" not in beside:
        yield Note("没有 .shx 索引，已由 .shp 重建", "there is no .shx index; it was made again from the .shp")


def _unpacked(path: Path, place: _Place) -> GivenFile:
    """The sources within an archive: one of them as itself, several as parts of one."""
    found = archives.unpack(path, place.home(), _is_of_use, called=path.name)
    sources = list(_arranged(found, place.home()))
    mains = [source for source in sources if source.suffix.lower() not in _TABLES] or sources
    parts = tuple(_given(source, place) for source in mains)
    if not parts:
        raise UnreadableFileError(
            f"压缩包“{path.name}”中没有可导入的文件（包内的压缩包不会打开）",
            f"the archive {path.name} holds no file that can be imported (archives within it are not opened)",
        )
    if len(parts) == 1:
        return parts[0]
    return GivenFile(path, kinds.ARCHIVE, place.original, path.stem, parts=_told_apart(parts))


def _told_apart(parts: tuple[GivenFile, ...]) -> tuple[GivenFile, ...]:
    """Two parts of one title bear numbers."""
    titles = [part.title for part in parts]
    return tuple(
        replace(part, title=f"{part.title}-{titles[: number + 1].count(part.title)}")
        if titles.count(part.title) > 1
        else part
        for number, part in enumerate(parts)
    )


def _is_of_use(name: str) -> bool:
    suffix = PurePosixPath(name).suffix.lower()
    within_geodatabase = any(part.lower().endswith(".gdb") for part in PurePosixPath(name).parts[:-1])
    sidecars = {one for parts in _SIDECARS.values() for one in parts}
    known = suffix in kinds.CLAIMS or suffix in sidecars
    return within_geodatabase or (known and suffix not in {".zip", ".kmz", ".xml"})


def _arranged(members: tuple[archives.Member, ...], home: Path) -> Iterator[Path]:
    """Members under their own names again, each folder of the archive in one of ours; yields what can be opened."""
    folders: dict[str, Path] = {}
    for member in members:
        inner = PurePosixPath(member.name.replace("\\", "/"))
        place = folders.setdefault(str(inner.parent), home / str(len(folders)))
        if inner.parent.suffix.lower() == ".gdb":
            place = place / "data.gdb"
        place.mkdir(parents=True, exist_ok=True)
        member.path.rename(place / _short(inner.name))
    for inner_folder, place in folders.items():
        if (place / "data.gdb").is_dir():
            yield (place / "data.gdb").rename(place / f"{_short(PurePosixPath(inner_folder).stem)}.gdb")
        yield from sorted(one for one in place.iterdir() if one.is_file() and one.suffix.lower() in kinds.CLAIMS)


def _short(name: str) -> str:
    """A file name that any file system takes (255 bytes)."""
    plain = re.sub(r'[\x00-\x1f<>:"|?*/\\]', "_", name)
    stem, dot, suffix = plain.rpartition(".")
    while len(plain.encode()) > MOST_NAME_BYTES and stem:
        stem = stem[:-1]
        plain = f"{stem}{dot}{suffix}"
    return plain or "_"
