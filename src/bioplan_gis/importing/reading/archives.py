"""Zip archives, unpacked into a folder of our own without trusting a word of their directory.

What a member is called decides nothing about where it is written: every member gets a path made here. Sizes are counted
while bytes come out, since the directory of an archive may state any number (CWE-409, CWE-22).
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from bioplan_gis.errors import UnreadableFileError, UnsafeFileError

MOST_MEMBERS = 10_000
MOST_BYTES = 8 * 1024**3
# Deflate reaches 1030 to 1; text padded with blanks, as in a .dbf, about 200.
MOST_RATIO = 300
RATIO_COUNTS_FROM_BYTES = 64 * 1024**2
CHUNK_BYTES = 1024**2

_NOISE = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\._|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        name: its path in the archive, decoded.
        path: where it was unpacked to.
    """

    name: str
    path: Path


def unpack(archive: Path, folder: Path, wanted: Callable[[str], bool], *, called: str) -> tuple[Member, ...]:
    """Unpack the members that are ``wanted`` (asked by their name) into ``folder``.

    Archives within the archive stay closed, whatever is wanted.

    Args:
        archive: the zip file.
        folder: an empty folder that the caller removes.
        wanted: whether the file of this name is of use.
        called: the archive's name in a sentence to the user.

    Raises:
        UnsafeFileError: a member climbs out, is a link, or there is more of it than a real file has.
        UnreadableFileError: it is damaged, encrypted, or packed in a way that this program cannot undo.
    """
    with _opened(archive, called) as opened:
        chosen = [(name, member) for name, member in _members(opened, called) if wanted(name)]
        _forbid_encryption([member for _, member in chosen], called)
        return tuple(_unpacked(opened, chosen, folder, _Meter(archive.stat().st_size, called)))


def weigh(archive: Path, *, called: str) -> None:
    """Unpack every member into nothing, so that a program which unpacks it later meets no bomb.

    Raises:
        UnsafeFileError, UnreadableFileError: as for :func:`unpack`.
    """
    with _opened(archive, called) as opened:
        members = [member for _, member in _members(opened, called)]
        _forbid_encryption(members, called)
        meter = _Meter(archive.stat().st_size, called)
        for member in members:
            for _ in meter.counted(opened, member):
                pass


def names(archive: Path, *, called: str) -> tuple[str, ...]:
    """The decoded names of its files, without what operating systems leave in archives.

    Raises:
        UnsafeFileError, UnreadableFileError: as for :func:`unpack`.
    """
    with _opened(archive, called) as opened:
        return tuple(name for name, _ in _members(opened, called))


class _Meter:
    """Counts what comes out of an archive, and stops it where no real file goes on."""

    def __init__(self, packed_bytes: int, called: str) -> None:
        self._packed_bytes = packed_bytes
        self._called = called
        self._bytes = 0

    def counted(self, opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
        with opened.open(member) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                self._bytes += len(chunk)
                self._judge()
                yield chunk

    def _judge(self) -> None:
        swollen = self._bytes > RATIO_COUNTS_FROM_BYTES and self._bytes > MOST_RATIO * self._packed_bytes
        if swollen or self._bytes > MOST_BYTES:
            raise UnsafeFileError(
                f"压缩包“{self._called}”解压到 {self._bytes:,} 字节仍未结束，而其本身仅 {self._packed_bytes:,} 字节，"
                "疑为压缩炸弹，已停止解压；请直接提供其中的文件",
                f"the archive {self._called} of {self._packed_bytes:,} bytes had come to {self._bytes:,} bytes and was "
                "not at its end: it looks like an archive bomb and was not unpacked; give the file in it instead",
            )


@contextmanager
def _opened(archive: Path, called: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise UnreadableFileError(
            f"压缩包“{called}”已损坏或所用压缩方法不受支持；请重新压缩为普通 ZIP（{error}）",
            f"the archive {called} is damaged or packed in a way not supported; pack it again as plain ZIP ({error})",
        ) from error


def _members(opened: zipfile.ZipFile, called: str) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The files of an archive with their decoded names, each checked."""
    members = opened.infolist()
    if len(members) > MOST_MEMBERS:
        raise UnsafeFileError(
            f"压缩包“{called}”含 {len(members):,} 个文件，超过上限 {MOST_MEMBERS:,}",
            f"the archive {called} holds {len(members):,} files; at most {MOST_MEMBERS:,} are read",
        )
    seen = set()
    for member in members:
        name = _decoded_name(member)
        _forbid_climbing(name, called)
        _forbid_links(member, name, called)
        if member.is_dir() or _NOISE.search(name):
            continue
        if name in seen:
            raise UnsafeFileError(
                f"压缩包“{called}”中有两个文件同名：“{name}”", f"the archive {called} holds two files called {name}"
            )
        seen.add(name)
        yield name, member


def _decoded_name(member: zipfile.ZipInfo) -> str:
    """Names without the UTF-8 flag are read by ``zipfile`` as cp437; in China they are UTF-8 or GB 18030."""
    if member.flag_bits & _UTF8_NAME:
        return member.filename
    raw = member.filename.encode("cp437", errors="replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _forbid_climbing(name: str, called: str) -> None:
    slashed = name.replace("\\", "/")
    if slashed.startswith("/") or re.match(r"[A-Za-z]:", slashed) or ".." in PurePosixPath(slashed).parts:
        raise UnsafeFileError(
            f"压缩包“{called}”中的路径“{name}”指向包外，未读取任何内容；请用普通相对路径重新压缩",
            f"the archive {called} has a member {name!r} that points outside of it; nothing was read. "
            "Pack it again with plain relative paths",
        )


def _forbid_links(member: zipfile.ZipInfo, name: str, called: str) -> None:
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise UnsafeFileError(
            f"压缩包“{called}”中的“{name}”是链接或设备，不是普通文件；未读取任何内容",
            f"the archive {called} has a member {name!r} that is a link or a device, no ordinary file; "
            "nothing was read",
        )


def _forbid_encryption(members: list[zipfile.ZipInfo], called: str) -> None:
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise UnreadableFileError(
            f"压缩包“{called}”设有密码；请解压后直接提供其中的文件",
            f"the archive {called} is encrypted; unpack it and give the file in it",
        )


def _unpacked(
    opened: zipfile.ZipFile, chosen: list[tuple[str, zipfile.ZipInfo]], folder: Path, meter: _Meter
) -> Iterator[Member]:
    """Each folder of the archive becomes a numbered one here; a file keeps only its extension and a number."""
    for number, (name, member) in enumerate(chosen):
        path = folder / f"{number}{_extension(name)}"
        with path.open("xb") as target:
            _write(target, meter.counted(opened, member))
        yield Member(name, path)


def _write(target: BinaryIO, chunks: Iterator[bytes]) -> None:
    target.writelines(chunks)


def _extension(name: str) -> str:
    match = re.search(r"\.[A-Za-z0-9]{1,12}$", name)
    return match.group().lower() if match else ""
