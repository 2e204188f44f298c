"""Encodings are found from bytes: tables written by hand and by GDAL, and plain texts, in what China writes them."""

import struct
import warnings
from pathlib import Path

import geopandas
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bioplan_gis.errors import ParameterError, UnreadableFileError
from bioplan_gis.importing.reading.charsets import COMMON, codec_named
from bioplan_gis.importing.reading.encodings import dbf_text, distinct_names, text_encoding

NAMES = ["地块编号", "用地性质", "容积率上限"]
VALUES = [
    ["杭钱塘工出〔2024〕12号", "三类工业用地", "1.5～2.5"],
    ["萧山区临江街道", "二类工业用地", "不小于2.0"],
]
TAIWAN_VALUES = [["臺北市內湖區工業用地", "乙種工業區", "不小於二"], ["桃園市觀音區", "甲種工業區", "樓地板面積"]]
COMMON_TEXT = st.text(st.sampled_from(sorted(c for c in COMMON["gb18030"] if "一" <= c <= "龥")), min_size=12)


def write_dbf(path: Path, names: list[bytes], rows: list[list[bytes]], *, language: int = 0, width: int = 40) -> Path:
    """A dBase III table, every field text of one width, values cut to it as they come."""
    header = struct.pack(
        "<BBBBLHH17xB2x", 3, 124, 1, 1, len(rows), 33 + 32 * len(names), 1 + width * len(names), language
    )
    fields = b"".join(struct.pack("<11sc4xBB14x", name[:10], b"C", width, 0) for name in names)
    records = b"".join(b" " + b"".join(value[:width].ljust(width) for value in row) for row in rows)
    path.write_bytes(header + fields + b"\r" + records + b"\x1a")
    return path


def coded(table: list[list[str]], codec: str) -> list[list[bytes]]:
    return [[value.encode(codec) for value in row] for row in table]


def table(path: Path, codec: str, *, language: int = 0, width: int = 40) -> Path:
    values = TAIWAN_VALUES if codec == "big5" else VALUES
    names = [b"DKBH", b"YDXZ", b"RJL"] if codec == "big5" else coded([NAMES], codec)[0]
    return write_dbf(path / "a.dbf", names, coded(values, codec), language=language, width=width)


def said(evidence) -> str:
    return "\n".join(f"{note.zh}\n{note.en}" for note in evidence)


@pytest.mark.parametrize("language", [0x00, 0x03, 0x4D, 0x57, 0x4F, 0x65])
@pytest.mark.parametrize(("codec", "found"), [("utf-8", "utf-8"), ("gbk", "gb18030"), ("big5", "cp950")])
def test_the_bytes_overrule_whatever_the_language_byte_says(tmp_path, codec, found, language):
    text = dbf_text(table(tmp_path, codec, language=language), None, None)
    assert (text.encoding, text.certain) == (found, True)


@pytest.mark.parametrize("cpg", ["UTF-8", "GBK", "ISO-8859-1", "1252", "Big5", "nonsense", ""])
@pytest.mark.parametrize(("codec", "found"), [("utf-8", "utf-8"), ("gb18030", "gb18030")])
def test_the_bytes_overrule_a_lying_cpg(tmp_path, codec, found, cpg):
    (tmp_path / "a.cpg").write_text(cpg)
    text = dbf_text(table(tmp_path, codec), tmp_path / "a.cpg", None)
    assert (text.encoding, text.certain) == (found, True)
    lies = codec_named(cpg) not in {None, found}
    assert ("不予采信" in said(text.evidence)) == lies


@pytest.mark.parametrize(
    ("spelling", "codec"),
    [
        *((name, "gb18030") for name in ("936", "GBK", "gb2312", "GB 2312", "GB18030", "CP936", "ANSI 936", "OEM 936")),
        *((name, "utf-8") for name in ("UTF-8", "utf8", "65001", "UTF8 ", "CP65001")),
        *((name, "cp950") for name in ("Big5", "BIG-5", "950", "cp950", "ANSI 950")),
        *((name, "cp1252") for name in ("ISO-8859-1", "88591", "ANSI 1252", "latin1")),
        *((name, None) for name in ("", "foo", "hex", "rot13", "x\0y", "idna", "undefined")),
        ("windows-1251", "cp1251"),
        ("ISO 8859-5", "iso8859-5"),
        ("UTF-16LE", "utf-16-le"),
    ],
)
def test_the_usual_spellings_of_an_encoding_are_known(spelling, codec):
    assert codec_named(spelling) == codec


def test_latin_text_with_a_latin_cpg_is_not_taken_for_chinese(tmp_path):
    (tmp_path / "a.cpg").write_text("ISO-8859-1")
    values = coded([["Straße am Königsplatz"], ["Café français"], ["Größe"]], "latin-1")
    text = dbf_text(write_dbf(tmp_path / "a.dbf", [b"name"], values), tmp_path / "a.cpg", None)
    assert text.encoding == "cp1252"


def test_names_cut_inside_a_character_lose_the_half_of_it(tmp_path):
    utf8 = dbf_text(table(tmp_path, "utf-8"), None, None)
    assert utf8.field_names == ("地块编", "用地性", "容积率")
    assert said(utf8.evidence).count("半个字符") == 3
    gbk = write_dbf(tmp_path / "b.dbf", ["a容积率上限值".encode("gbk")], coded([["三类工业用地"]], "gbk"))
    assert dbf_text(gbk, None, None).field_names == ("a容积率上",)


def test_names_that_become_equal_are_made_distinct_and_noted(tmp_path):
    names = [name.encode() for name in ("容积率上限", "容积率下限", "备注")]
    text = dbf_text(write_dbf(tmp_path / "a.dbf", names, coded([["一", "二", "三类工业"]], "utf-8")), None, None)
    assert text.field_names == ("容积率", "容积率_1", "备注")
    assert "“容积率”改为“容积率_1”" in said(text.evidence)


def test_names_in_another_encoding_than_the_values_are_read_all_the_same(tmp_path):
    names = [name.encode("gbk") for name in NAMES]
    text = dbf_text(write_dbf(tmp_path / "a.dbf", names, coded(VALUES, "utf-8")), None, None)
    assert (text.encoding, text.field_names) == ("utf-8", tuple(NAMES))


@pytest.mark.parametrize("width", [10, 11, 13])
@pytest.mark.parametrize(("codec", "found"), [("utf-8", "utf-8"), ("gbk", "gb18030")])
def test_values_cut_at_the_width_of_their_field_spoil_nothing(tmp_path, codec, found, width):
    text = dbf_text(table(tmp_path, codec, width=width), None, None)
    assert (text.encoding, text.certain) == (found, True)


def test_an_ascii_table_is_certain(tmp_path):
    text = dbf_text(write_dbf(tmp_path / "a.dbf", [b"id"], [[b"1"]], language=0x57), None, None)
    assert (text.encoding, text.certain, text.field_names) == ("utf-8", True, ("id",))


def test_one_chinese_value_deep_in_a_large_ascii_table_is_found(tmp_path):
    rows = [[b"plain"]] * 900_000
    rows[777_777] = ["三类工业用地".encode("gbk")]
    assert dbf_text(write_dbf(tmp_path / "a.dbf", [b"use"], rows), None, None).encoding == "gb18030"


def test_what_the_user_says_is_followed_where_it_can_be_read(tmp_path):
    text = dbf_text(table(tmp_path, "gbk"), None, "ISO-8859-1")
    assert text.certain
    assert "由用户指定" in said(text.evidence)


def test_what_the_user_says_is_refused_where_it_loses_what_another_encoding_reads(tmp_path):
    with pytest.raises(UnreadableFileError, match="places cannot be decoded; GB18030 reads it"):
        dbf_text(table(tmp_path, "gbk"), None, "utf8")
    (tmp_path / "a.csv").write_bytes("名称\n三类工业用地\n".encode("gbk"))
    with pytest.raises(UnreadableFileError, match="--encoding GB18030"):
        text_encoding(tmp_path / "a.csv", "UTF-8")


def test_a_telling_that_is_as_good_as_any_is_followed_and_its_failure_told(tmp_path):
    (tmp_path / "a.csv").write_bytes("三类工业用地\n".encode() * 50 + b"\xb5\xff\n")
    text = text_encoding(tmp_path / "a.csv", "UTF-8")
    assert text.encoding == "utf-8"
    assert "不能按 UTF-8 解码" in said(text.evidence)


@pytest.mark.parametrize("told", ["klingon", "hex", ""])
def test_an_unknown_encoding_is_refused_with_those_that_could_be_written(tmp_path, told):
    with pytest.raises(ParameterError, match="GB18030") as error:
        dbf_text(table(tmp_path, "gbk"), None, told)
    assert error.value.name == "encoding"


@pytest.mark.parametrize("content", [b"", b"\x03" * 20, b"PK\x03\x04" + bytes(60), b"\x03" + b"\xff" * 31])
def test_what_is_no_dbase_table_is_refused(tmp_path, content):
    (tmp_path / "a.dbf").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="dBase"):
        dbf_text(tmp_path / "a.dbf", None, None)


def test_the_evidence_shows_how_each_encoding_would_read_the_text(tmp_path):
    sentences = said(dbf_text(table(tmp_path, "gbk"), None, None).evidence)
    assert "GB18030（确定）" in sentences
    assert "杭钱塘工出〔2024〕12号" in sentences
    assert "UTF-8：不能解码" in sentences


@pytest.mark.parametrize(("written", "found"), [("UTF-8", "utf-8"), ("GBK", "gb18030"), ("GB18030", "gb18030")])
def test_a_shapefile_that_gdal_wrote_is_read_without_its_cpg(tmp_path, written, found):
    frame = geopandas.GeoDataFrame(
        {"地块": [row[0] for row in VALUES], "性质": [row[1] for row in VALUES]},
        geometry=[shapely.Point(120, 30)] * 2,
        crs=4490,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, tmp_path / "a.shp", encoding=written)
    text = dbf_text(tmp_path / "a.dbf", None, None)
    assert (text.encoding, text.field_names) == (found, ("地块", "性质"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(COMMON_TEXT, st.sampled_from(["utf-8", "gbk", "gb18030"]))
def test_any_chinese_text_is_read_as_it_was_written(tmp_path, text, codec):
    (tmp_path / "a.csv").write_bytes(text.encode(codec))
    found = text_encoding(tmp_path / "a.csv", None)
    assert text.encode(codec).decode(found.encoding) == text


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-8", "utf-8"),
        ("gb18030", "gb18030"),
        ("ascii", "utf-8"),
    ],
)
def test_a_text_file_is_read_as_it_was_written(tmp_path, written, found):
    text = "id,name\n1,Hangzhou\n" if written == "ascii" else "编号,名称\n1,杭州市临平区\n"
    (tmp_path / "a.csv").write_text(text, encoding=written)
    encoding = text_encoding(tmp_path / "a.csv", None)
    assert (encoding.encoding, encoding.certain) == (found, True)
    assert (tmp_path / "a.csv").read_text(encoding=encoding.encoding) == text


@pytest.mark.parametrize("text", ["地块编号,面积,X,Y", "名称,lon,lat", "编号", "临平"])
def test_a_few_words_of_the_trade_are_proof_enough(tmp_path, text):
    (tmp_path / "a.csv").write_bytes(text.encode("gbk"))
    found = text_encoding(tmp_path / "a.csv", None)
    assert (found.encoding, found.certain) == ("gb18030", True)
    assert "含“" in said(found.evidence)


def test_too_little_text_is_only_a_guess(tmp_path):
    (tmp_path / "a.csv").write_bytes("甲,乙".encode("gbk"))
    found = text_encoding(tmp_path / "a.csv", None)
    assert (found.encoding, found.certain) == ("gb18030", False)
    assert "--encoding" in said(found.evidence)


def test_big_endian_unicode_text_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xfe\xff" + "编号\t名称\n".encode("utf-16-be"))
    encoding = text_encoding(tmp_path / "a.txt", None)
    assert (tmp_path / "a.txt").read_text(encoding=encoding.encoding) == "编号\t名称\n"


def test_one_bad_byte_does_not_turn_utf8_into_something_else(tmp_path):
    (tmp_path / "a.csv").write_bytes("三类工业用地\n".encode() * 9999 + b"\xb5\n" + "二类\n".encode())
    assert text_encoding(tmp_path / "a.csv", None).encoding == "utf-8"


def test_chinese_at_the_end_of_a_long_ascii_file_is_seen(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"1,2,3\n" * 2_000_000 + "三类工业用地".encode("gbk"))
    assert text_encoding(tmp_path / "a.csv", None).encoding == "gb18030"


def test_a_telling_beats_the_byte_order_mark_where_it_can_be_read(tmp_path):
    (tmp_path / "a.csv").write_text("é", encoding="utf-8-sig")
    assert text_encoding(tmp_path / "a.csv", "ISO-8859-1").encoding == "cp1252"
    assert text_encoding(tmp_path / "a.csv", "UTF-8").encoding == "utf-8-sig"


@given(st.lists(st.sampled_from(["a", "A", "a_1", "b", "编号"]), max_size=8))
def test_distinct_names_are_distinct_in_any_case(names):
    assert len({name.casefold() for name in distinct_names(names)}) == len(names)


def test_a_half_character_before_the_number_that_told_two_cut_names_apart_is_dropped(tmp_path):
    names = ["用地性质".encode()[:10], "用地性质".encode()[:8] + b"_1"]
    text = dbf_text(write_dbf(tmp_path / "a.dbf", names, coded([row[:2] for row in VALUES], "utf-8")), None, None)
    assert text.encoding == "utf-8"
    assert text.field_names == ("用地性", "用地_1")
