"""A catalogue that lacks something says which entry and what."""

from pathlib import Path

import pytest

from bioplan_gis.catalogue import read_catalogue, verify
from bioplan_gis.errors import GeodataError
from bioplan_gis.settings import bundled

ENTRY = """
[[source]]
id = "a"
file = "a.csv"
sha256 = "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"
title_zh = "甲"
title_en = "A"
licence = "CC0-1.0"
attribution = "甲"
date = "2024"
columns = [{ name = "x", type = "number", unit = "m", zh = "长", en = "length" }]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "catalogue.toml").write_text(text, encoding="utf-8")
    return folder


def test_every_source_of_the_product_is_the_file_that_it_says() -> None:
    catalogue = read_catalogue(bundled("geodata"))
    for source in catalogue:
        verify(catalogue, source)
    listed = {source.file for source in catalogue} | {"catalogue.toml"}
    assert listed == {file.name for file in catalogue.folder.iterdir()}


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"aaa")
    catalogue = read_catalogue(write(tmp_path, ENTRY))
    verify(catalogue, catalogue.source("a"))
    assert catalogue.source("a").columns[0].unit == "m"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no [[source]]"),
        ("[[source]", "no TOML"),
        (ENTRY.replace('licence = "CC0-1.0"', ""), "source “a”: licence is missing"),
        (ENTRY.replace('id = "a"', 'id = ""'), "source “”: id is missing"),
        (ENTRY.replace('"number"', '"float"'), "columns.x.type should be one of"),
        ("source = 3", "no [[source]]"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(GeodataError) as caught:
        read_catalogue(write(tmp_path, text))
    assert says in caught.value.en
    assert "catalogue.toml" in caught.value.zh


def test_a_missing_catalogue_a_missing_file_and_a_changed_one(tmp_path: Path) -> None:
    with pytest.raises(GeodataError, match=r"BIOPLAN_GEODATA"):
        read_catalogue(tmp_path)
    catalogue = read_catalogue(write(tmp_path, ENTRY))
    with pytest.raises(GeodataError, match=r"a\.csv"):
        verify(catalogue, catalogue.source("a"))
    (tmp_path / "a.csv").write_bytes(b"aab")
    with pytest.raises(GeodataError, match="sha256"):
        verify(catalogue, catalogue.source("a"))
    with pytest.raises(GeodataError, match="no source “b”"):
        catalogue.source("b")


def test_the_digest_follows_the_catalogue(tmp_path: Path) -> None:
    before = read_catalogue(write(tmp_path, ENTRY)).digest
    assert read_catalogue(write(tmp_path, ENTRY + "\n")).digest != before
