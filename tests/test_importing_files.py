"""What may be read at all: local ordinary files that are what they say, and archives that harm nothing."""

import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.errors import FileRefusedError, UnreadableFileError, UnsafeFileError
from bioplan_gis.importing.reading import archives, kinds
from bioplan_gis.importing.reading.files import GivenFile, given_file
from bioplan_gis.importing.reading.kinds import content_kind, top_members

POINT = '{"type":"Feature","properties":{"名":"钱塘"},"geometry":{"type":"Point","coordinates":[120,30]}}'
COLLECTION = f'{{"type":"FeatureCollection","features":[{POINT}]}}'
SHP_HEAD = b"\x00\x00\x27\x0a" + bytes(96)


def _given(path: Path) -> GivenFile:
    with given_file(path) as file:
        return file


def _written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/a.geojson",
        "https://example.org/a.geojson",
        "ftp://example.org/a.shp",
        "s3://bucket/a.gpkg",
        "zip://a.zip!a.shp",
        "/vsicurl/http://example.org/a.geojson",
        "/vsizip/a.zip/a.shp",
        "/VSIMEM/x",
        "//vsis3/bucket/a.gpkg",
        "PG:dbname=bureau",
        "MYSQL:bureau,user=root",
        "WFS:http://example.org/wfs",
        "OAPIF:http://example.org",
        "GPKG:a.gpkg:layer",
        "<OGRVRTDataSource/>",
        '{"type":"FeatureCollection","features":[]}',
        "a\x00b.shp",
    ],
)
def test_addresses_and_connection_strings_are_no_files(address: str):
    with pytest.raises(UnsafeFileError) as refused:
        _given(Path(address))
    assert "本机" in refused.value.zh
    assert "only ordinary files of this machine" in refused.value.en


def test_local_file_may_have_a_colon_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    _written(tmp_path, "PG:x.geojson", COLLECTION)
    monkeypatch.chdir(tmp_path)
    assert _given(Path("PG:x.geojson")).kind == kinds.GEOJSON


def test_what_is_missing_empty_or_a_folder_says_so(tmp_path: Path):
    for path, said in (
        (tmp_path / "none.shp", "no such file"),
        (_written(tmp_path, "empty.gpkg", b""), "is empty"),
        (tmp_path, "is a folder"),
        (Path("/dev"), "is a folder"),
    ):
        with pytest.raises(UnreadableFileError, match=said):
            _given(path)


def test_devices_pipes_and_sockets_are_not_opened(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.geojson")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket.geojson"))
        for path in (tmp_path / "pipe.geojson", tmp_path / "socket.geojson", Path("/dev/zero")):
            with pytest.raises(UnsafeFileError, match="no ordinary file"):
                _given(path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.shp", b"\x89PNG\r\n\x1a\n", "PNG picture"),
        ("a.gpkg", "plain words", "plain text"),
        ("a.gpkg", b"SQLite format 3\x00" + bytes(100), "no GeoPackage"),
        ("a.geojson", b"PK\x03\x04" + bytes(40), "its content is ZIP"),
        ("a.csv", SHP_HEAD, "ESRI Shapefile"),
        ("a.geojson", "<html><body>404</body></html>", "web page"),
        ("a.geojson", "<!DOCTYPE html><html></html>", "web page"),
        ("a.geojson", '{"name": "no features"}', "JSON without features"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(40), "XLSX"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(40), "convert it to XLSX"),
        ("a.dwg", b"AC1027\x00" + bytes(40), "convert it to DXF"),
        ("a.rar", b"Rar!\x1a\x07" + bytes(40), "convert it to ZIP"),
        ("a.7z", b"7z\xbc\xaf" + bytes(40), "convert it to ZIP"),
        ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB" + bytes(40), "convert it to GeoPackage"),
        ("a", "words", "are not read"),
        ("a.dbf", b"\x03", "no .shp"),
    ],
)
def test_file_that_is_not_what_it_says_is_refused_by_name_of_both(tmp_path: Path, name: str, content, said: str):
    with pytest.raises(UnreadableFileError, match=said) as refused:
        _given(_written(tmp_path, name, content))
    assert name in refused.value.zh


VRT = (
    '<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    "</OGRVRTDataSource>"
)


@pytest.mark.parametrize("suffix", ["geojson", "gml", "csv", "kml", "txt", "json", "vrt", "shp", "gpkg", "tab"])
@pytest.mark.parametrize(
    "content",
    [
        VRT,
        f'<?xml version="1.0"?>\n<!-- a -->\n{VRT}',
        "\ufeff" + VRT,
        '{"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/passwd"}',
        "<WFS_Capabilities xmlns='http://www.opengis.net/wfs'/>",
        "<OGRWFSDataSource><URL>http://127.0.0.1</URL></OGRWFSDataSource>",
        "<GDAL_WMS><Service/></GDAL_WMS>",
        '{"links": [{"href": "http://127.0.0.1/collections"}], "title": "OGC API"}',
        '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml>&a;</kml>',
        '!table\n!version 300\nOpen Table "c:/secret.tab" Hide\nCreate View a As Select * From secret',
    ],
)
def test_virtual_and_remote_sources_are_refused_under_any_name(tmp_path: Path, suffix: str, content: str):
    with pytest.raises(UnsafeFileError):
        _given(_written(tmp_path, f"a.{suffix}", content))


def test_virtual_source_in_utf16_is_refused(tmp_path: Path):
    with pytest.raises(UnsafeFileError):
        _given(_written(tmp_path, "a.gml", VRT.encode("utf-16")))


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.geojson", COLLECTION, kinds.GEOJSON),
        ("a.geojson", "\ufeff" + COLLECTION, kinds.GEOJSON),
        ("a.json", '{"features": [' + POINT + '], "type": "FeatureCollection"}', kinds.GEOJSON),
        ("a.json", POINT + "\n" + POINT, kinds.GEOJSON_LINES),
        ("a.json", "\x1e" + POINT + "\n\x1e" + POINT, kinds.GEOJSON_LINES),
        ("a.json", '{"type":"Topology","objects":{},"arcs":[]}', kinds.TOPOJSON),
        ("a.json", '{"type":"FeatureCollection","coordRefSys":"x","features":[]}', kinds.JSON_FG),
        ("a.json", '{"geometryType":"esriGeometryPoint","features":[]}', kinds.ESRI_JSON),
        ("a.kml", '<?xml version="1.0"?><kml/>', kinds.KML),
        ("a.gpx", "<gpx/>", kinds.GPX),
        ("a.gml", '<x:FC xmlns:x="y" xmlns:gml="http://www.opengis.net/gml/3.2"/>', kinds.GML),
        ("a.dxf", "999\r\nnote\r\n  0\r\nSECTION\r\n", kinds.DXF),
        ("a.mif", "Version 300\nColumns 0\nData\n", kinds.MAPINFO),
        ("a.tab", "!table\n!version 300\nDefinition Table\n  Type NATIVE\n", kinds.MAPINFO),
        ("A.CSV", "a,b\n1,2\n", kinds.CSV),
        ("a.txt", "[属性描述]\n坐标系=2000国家大地坐标系\n", kinds.CSV),
        ("a.txt", "[地块坐标]\r\n".encode("gb18030"), kinds.CSV),
        ("a.fgb", b"fgb\x03fgb\x00", kinds.FLATGEOBUF),
        ("a.parquet", b"PAR1", kinds.PARQUET),
    ],
)
def test_kind_is_told_by_content(tmp_path: Path, name: str, content, kind: str):
    assert _given(_written(tmp_path, name, content)).kind == kind


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_have_some_kind(head: bytes):
    known = {kind for claimed in kinds.CLAIMS.values() for kind in claimed} | kinds.STRANGERS.keys()
    assert content_kind(head) in known | {kinds.VIRTUAL}


@given(st.text(alphabet='{}[]:,"\\ a1\n', max_size=80))
def test_members_of_any_text_are_found_without_error(text: str):
    assert all(isinstance(name, str) for name, _ in top_members("{" + text))


def _shapefile(folder: Path, stem: str, *suffixes: str) -> Path:
    folder.mkdir(exist_ok=True)
    for suffix in suffixes:
        _written(folder, stem + suffix, SHP_HEAD if suffix.lower() in {".shp", ".shx"} else b"x")
    return folder / (stem + suffixes[0])


def _laid(path: Path) -> set[str]:
    with given_file(path) as file:
        return {one.name for one in file.path.parent.iterdir()}


def test_sidecars_are_found_in_any_case(tmp_path: Path):
    path = _shapefile(tmp_path, "地块", ".SHP", ".Dbf", ".SHX", ".prj", ".CPG", ".txt")
    assert _laid(path) == {"data.shp", "data.dbf", "data.shx", "data.prj", "data.cpg"}


@pytest.mark.parametrize("part", [".dbf", ".shx", ".prj", ".sbn"])
def test_part_of_a_shapefile_leads_to_its_shapes(tmp_path: Path, part: str):
    _shapefile(tmp_path, "a", ".shp", ".dbf", ".shx", part)
    assert _given(tmp_path / f"a{part}").kind == kinds.SHAPEFILE


def test_sidecar_that_is_a_link_to_another_folder_is_not_followed(tmp_path: Path):
    path = _shapefile(tmp_path / "given", "a", ".shp", ".shx")
    secret = _written(tmp_path, "secret.dbf", b"secret")
    (tmp_path / "given/a.dbf").symlink_to(secret)
    with given_file(path) as file:
        assert not file.path.with_suffix(".dbf").exists()
    assert any("a.dbf is a link" in note.en for note in file.notes)


def test_link_given_as_a_whole_brings_the_sidecars_of_its_own_folder(tmp_path: Path):
    path = _shapefile(tmp_path / "store", "a", ".shp", ".shx", ".dbf")
    (tmp_path / "given").mkdir()
    for suffix in (".shp", ".shx", ".dbf"):
        (tmp_path / f"given/a{suffix}").symlink_to(path.with_suffix(suffix))
    assert _laid(tmp_path / "given/a.shp") == {"data.shp", "data.shx", "data.dbf"}


def test_geodatabase_with_a_link_to_elsewhere_is_refused(tmp_path: Path):
    home = tmp_path / "a.gdb"
    home.mkdir()
    _written(home, "a00000001.gdbtable", b"x")
    assert _given(home).kind == kinds.FILE_GEODATABASE
    (home / "a00000002.gdbtable").symlink_to("/etc/passwd")
    with pytest.raises(UnsafeFileError, match="points elsewhere"):
        _given(home)


def _zipped(folder: Path, **members: str | bytes) -> Path:
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_archive_of_one_file_is_that_file_and_leaves_nothing(tmp_path: Path):
    path = _zipped(
        tmp_path, **{"数据/地块.geojson": COLLECTION, "__MACOSX/数据/._地块.geojson": b"x", ".DS_Store": b"x"}
    )
    with given_file(path) as file:
        assert (file.kind, file.title, file.original) == (kinds.GEOJSON, "地块", path)
        assert file.path.read_text() == COLLECTION
    assert not file.path.exists()


def test_folder_is_removed_when_the_reading_fails(tmp_path: Path):
    with pytest.raises(RuntimeError), given_file(_zipped(tmp_path, **{"a.geojson": COLLECTION})) as file:
        raise RuntimeError
    assert not file.path.parent.exists()


def test_archive_of_several_is_parts(tmp_path: Path):
    shapefile = {
        "东/a.shp": SHP_HEAD,
        "东/a.shx": SHP_HEAD,
        "西/A.SHP": SHP_HEAD,
        "西/b.dbf": b"x",
        "说明.txt": "words",
    }
    with given_file(_zipped(tmp_path, **shapefile)) as file:
        assert [(part.title, part.kind) for part in file.parts] == [("a", kinds.SHAPEFILE), ("A", kinds.SHAPEFILE)]
        assert file.parts[0].path.with_suffix(".shx").exists()
        assert not file.parts[1].path.with_suffix(".shx").exists()


def test_archive_without_anything_to_import_says_so(tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="no file that can be imported"):
        _given(_zipped(tmp_path, **{"inner.zip": b"PK\x03\x04", "a.png": b"\x89PNG"}))


def _raw_zip(folder: Path, name: bytes, content: bytes, *, flags: int = 0, mode: int = 0) -> Path:
    """A zip of one stored member whose every header field is ours."""
    common = struct.pack(
        "<HHHHHIIIHH", 20, flags, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(name), 0
    )
    local = b"PK\x03\x04" + common + name + content
    central = b"PK\x01\x02\x14\x03" + common + struct.pack("<HHHII", 0, 0, 0, mode << 16, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return _written(folder, "a.zip", local + central + end)


@pytest.mark.parametrize(
    "name",
    ["../a.geojson", "/etc/a.geojson", "a/../../b.geojson", "C:/a.geojson", "..\\a.geojson", "\\\\host\\a.geojson"],
)
def test_names_that_climb_out_are_refused(tmp_path: Path, name: str):
    with pytest.raises(UnsafeFileError, match="points outside"):
        _given(_raw_zip(tmp_path, name.encode(), COLLECTION.encode()))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.zip"]


def test_links_in_archives_are_refused(tmp_path: Path):
    with pytest.raises(UnsafeFileError, match="is a link"):
        _given(_raw_zip(tmp_path, b"a.geojson", b"/etc/passwd", mode=stat.S_IFLNK | 0o777))


def test_encrypted_archives_are_refused(tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="encrypted"):
        _given(_raw_zip(tmp_path, b"a.geojson", COLLECTION.encode(), flags=1))


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_names_without_the_utf8_flag_are_read_as_china_writes_them(tmp_path: Path, encoding: str):
    assert _given(_raw_zip(tmp_path, "钱塘地块.geojson".encode(encoding), COLLECTION.encode())).title == "钱塘地块"


def test_bomb_is_stopped_while_it_comes_out(tmp_path: Path):
    path = _zipped(tmp_path, **{"a.geojson": COLLECTION[:-2] + " " * 100_000_000 + "]}"})
    assert path.stat().st_size < 200_000
    with pytest.raises(UnsafeFileError, match="archive bomb"):
        _given(path)


def test_bomb_that_lies_about_its_size_is_stopped(tmp_path: Path):
    path = _zipped(tmp_path, **{"a.geojson": " " * 100_000_000})
    lying = path.read_bytes().replace(struct.pack("<I", 100_000_000), struct.pack("<I", 10))
    path.write_bytes(lying)
    with pytest.raises(FileRefusedError):
        _given(path)


def test_workbook_that_is_a_bomb_is_refused(tmp_path: Path):
    members = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": "<workbook/>",
        "xl/sharedStrings.xml": "a" * 90_000_000,
    }
    path = _zipped(tmp_path, **members).rename(tmp_path / "a.xlsx")
    with pytest.raises(UnsafeFileError, match="archive bomb"):
        _given(path)


def test_archive_of_too_many_files_is_refused(tmp_path: Path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(archives.MOST_MEMBERS + 1):
            archive.writestr(f"{number}.txt", "")
    with pytest.raises(UnsafeFileError, match="at most"):
        _given(path)


def test_damaged_archive_says_so(tmp_path: Path):
    whole = _zipped(tmp_path, **{"a.geojson": COLLECTION * 50}).read_bytes()
    for damaged in (whole[: len(whole) // 2], whole.replace(b"\x01", b"\x02")):
        with pytest.raises(FileRefusedError):
            _given(_written(tmp_path, "b.zip", damaged))


def test_two_members_of_one_name_are_refused(tmp_path: Path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.geojson", COLLECTION)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.geojson", "{}")
    with pytest.raises(UnsafeFileError, match="two files called"):
        _given(path)


def test_kmz_is_its_document(tmp_path: Path):
    path = _zipped(tmp_path, **{"doc.kml": "<kml/>", "files/icon.png": b"\x89PNG"}).rename(tmp_path / "a.kmz")
    assert _given(path).kind == kinds.KML


def test_the_next_import_removes_what_a_killed_one_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    dead, living = (tmp_path / f"bioplan-import-{number}-abc" for number in (gone.pid, os.getpid()))
    for folder in (dead, living):
        folder.mkdir()
        (folder / "data.csv").write_text("a")
    source = tmp_path / "a.csv"
    source.write_text("lon,lat\n120,30\n")
    with given_file(source) as file:
        assert file.path.is_relative_to(tmp_path)
    assert [folder.exists() for folder in (dead, living)] == [False, True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", living.name]
