"""Filters as GDAL's driver writes them: each form finds what the same condition in CQL2 finds."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select

from bioplan_gis.catalogue import Column
from bioplan_gis.storage.database import reading
from bioplan_gis.storage.filters import where_clause
from bioplan_gis.storage.gdal_filters import cql2_text
from typed_layers import parcels, store_parcels

MOMENT = datetime(2024, 3, 1, 8, tzinfo=UTC)
RECORDS = [
    {"id": "a", "name": "It's M3", "面积（亩）": 2.5, "户数": 3, "已出让": True, "出让日期": date(2024, 1, 1)},
    {"id": "b", "name": "it's m1", "面积（亩）": 30.0, "户数": 0, "已出让": False, "出让日期": date(2024, 6, 1)},
    {"id": "c", "细分领域": ["IVD", "疫苗"], "更新": MOMENT, "登记时间": MOMENT.replace(tzinfo=None)},
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name ILIKE 'IT''S%'", "ab"),
        ("name LIKE 'It%'", "a"),
        ("(name IS NULL)", "c"),
        ("NOT ((name IS NULL))", "ab"),
        ("面积（亩） > 2.5", "b"),
        ("(户数 >= 0) AND (已出让 = 0)", "b"),
        ("已出让 = 1", "a"),
        ("已出让 <> 1", "b"),
        ("出让日期 = '2024-01-01T'", "a"),
        ("出让日期 > '2024-01-01T'", "b"),
        ("(出让日期 >= '2024-01-01T00:00:00Z') AND (出让日期 < '2024-03-01T12Z')", "a"),
        ("更新 = '2024-03-01T08:00:00Z'", "c"),
        ("登记时间 <= '2024-03-01T08:00Z'", "c"),
        ("细分领域 = 'IVD'", "c"),
        ("(name = '(id = 1)') OR (户数 = 3)", "a"),
        ("id = 'a'", "a"),
        ("name = 'It''s M3' AND \"户数\" = 3", "a"),
    ],
)
def test_each_form_finds_what_it_means(engine: Engine, text: str, found: str) -> None:
    layer = store_parcels(engine, RECORDS, None)
    with reading(engine) as connection:
        clause = where_clause(layer, text, dialect=engine.dialect.name, lang="cql-text")
        ids = connection.execute(select(layer.table.c.id).where(clause)).scalars()
    assert "".join(sorted(ids)) == found


def test_names_that_no_cql2_text_could_hold_bare_are_quoted() -> None:
    columns = tuple(Column(name, "text", None, name, name) for name in ("用地 性质", "用地", 'a"b', "面积(亩)"))
    layer = replace(parcels(), columns=columns)
    assert (
        cql2_text("(用地 性质 = 'x') AND (用地 = '用地 = 1')", layer)
        == "(\"用地 性质\" = 'x') AND (\"用地\" = '用地 = 1')"
    )
    assert cql2_text("a\"b = 'x'", layer) == '"a""b" = \'x\''
    assert cql2_text("(面积(亩) IS NULL)", layer) == '("面积(亩)" IS NULL)'


def test_cql2_text_stays_what_it_is() -> None:
    text = "S_INTERSECTS(geometry, POINT(120 30)) AND 户数 BETWEEN 1 AND 3 OR CASEI(name) = 'x'"
    assert cql2_text(text, parcels()) == text
