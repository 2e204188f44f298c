"""The registry: versions rise with content, keys stay with their features."""

import datetime as dt

import numpy as np
import pytest
import shapely
from sqlalchemy import Engine, select

from bioplan_gis.errors import GeodataError, LayerNotFoundError
from bioplan_gis.storage.database import reading, writing
from bioplan_gis.storage.layers import (
    read_catalogue_digest,
    read_layer,
    read_layers,
    read_versions,
    replace_rows,
    write_catalogue_digest,
)
from bioplan_gis.storage.tables import METADATA
from drafts import draft, store


def _keys(engine: Engine, layer_id: str) -> dict[str, int]:
    table = METADATA.tables[layer_id]
    with reading(engine) as connection:
        return {row.id: row.fid for row in connection.execute(select(table.c.id, table.c.fid).order_by(table.c.fid))}


def test_first_storing_is_version_one_with_count_and_extent(engine: Engine):
    layer = store(engine, "labs", [{"id": "a"}, {"id": "b"}], [shapely.Point(120.25, 30.5), None])
    with reading(engine) as connection:
        assert read_layer(connection, "labs") == layer
    assert (layer.version, layer.feature_count, layer.bbox) == (1, 2, (120.25, 30.5, 120.25, 30.5))
    assert [column.name for column in layer.columns][:3] == ["name_zh", "name_en", "aliases"]


def test_layer_without_any_geometry_has_no_extent(engine: Engine):
    assert store(engine, "zones", [{"id": "a"}]).bbox is None
    assert store(engine, "tracks", [{"id": "a"}]).geometry_type is None


def test_same_content_keeps_its_version(engine: Engine):
    records = [{"id": "a", "name_zh": "甲", "aliases": ["乙"], "citations": [{"document": "d", "clause": "三(二)"}]}]
    first = store(engine, "labs", records, [shapely.Point(120, 30)])
    assert store(engine, "labs", records, [shapely.Point(120, 30)]) == first


@pytest.mark.parametrize(
    ("records", "shapes"),
    [
        ([{"id": "a", "name_zh": "乙"}], [shapely.Point(120, 30)]),
        ([{"id": "a", "name_zh": "甲"}], [shapely.Point(120, 31)]),
        ([{"id": "a", "name_zh": "甲"}], [None]),
        ([{"id": "a", "name_zh": "甲"}, {"id": "b"}], [shapely.Point(120, 30), None]),
    ],
    ids=["value", "position", "position lost", "one more"],
)
def test_other_content_raises_the_version(engine: Engine, records, shapes):
    store(engine, "labs", [{"id": "a", "name_zh": "甲"}], [shapely.Point(120, 30)])
    assert store(engine, "labs", records, shapes).version == 2


def test_other_description_raises_the_version(engine: Engine):
    store(engine, "tracks", [{"id": "a"}])
    with writing(engine) as connection:
        changed = replace_rows(connection, draft("tracks", attribution="另一署名"), [{"id": "a"}], None)
    assert changed.version == 2


def test_a_feature_that_stays_keeps_its_key_and_no_key_is_used_twice(engine: Engine):
    store(engine, "labs", [{"id": "a"}, {"id": "b"}, {"id": "c"}])
    before = _keys(engine, "labs")
    store(engine, "labs", [{"id": "d"}, {"id": "c"}, {"id": "a"}])
    after = _keys(engine, "labs")
    assert (after["a"], after["c"]) == (before["a"], before["c"])
    assert after["d"] > max(before.values())
    store(engine, "labs", [{"id": "e"}])
    assert _keys(engine, "labs")["e"] > after["d"]


def test_values_come_back_as_they_went_in(engine: Engine):
    stored = {
        "id": "award",
        "name_zh": "“奖励”",
        "rate_percent": 0.1,
        "amount_yuan": 1e12,
        "fields": ["细胞", 'a"b'],
        "in_force": dt.date(2020, 12, 1),
        "requires_local_production": False,
    }
    store(engine, "policies", [stored])
    table = METADATA.tables["policies"]
    with reading(engine) as connection:
        found = connection.execute(select(table)).mappings().one()
    assert {name: found[name] for name in stored} == stored
    assert found["cap_yuan"] is None


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float64("-inf")])
@pytest.mark.parametrize("column", ["value", "citations"])
def test_what_is_no_finite_number_is_refused(engine: Engine, column: str, number: float):
    store(engine, "targets", [{"id": "a", "value": 1.5}])
    wrong = {"id": "b", "year": 2030, column: number if column == "value" else [{"clause": number}]}
    with pytest.raises(GeodataError, match=rf"Layer targets, record “b”: {column} is .*no finite number"):
        store(engine, "targets", [{"id": "a", "value": 2.5}, wrong])
    assert list(_keys(engine, "targets")) == ["a"]
    with reading(engine) as connection:
        assert read_layer(connection, "targets").version == 1


def test_layers_stand_in_the_order_in_which_they_came(engine: Engine):
    for layer_id in ("zones", "labs", "zones"):
        store(engine, layer_id, [{"id": layer_id}])
    with reading(engine) as connection:
        assert [layer.id for layer in read_layers(connection)] == ["zones", "labs"]
        assert read_versions(connection) == {"zones": 1, "labs": 1}


def test_unknown_layer_is_named_with_those_that_there_are(engine: Engine):
    store(engine, "labs", [])
    with reading(engine) as connection, pytest.raises(LayerNotFoundError, match="no layer “lab”; there are: labs"):
        read_layer(connection, "lab")


def test_a_change_that_fails_leaves_the_old_state(engine: Engine):
    store(engine, "labs", [{"id": "a", "name_zh": "甲"}])
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:  # noqa: PT012
        replace_rows(connection, draft("labs"), [{"id": "b"}], np.array([None], dtype=object))
        raise ZeroDivisionError
    assert list(_keys(engine, "labs")) == ["a"]
    with reading(engine) as connection:
        assert read_layer(connection, "labs").version == 1


def test_loaded_catalogue_is_remembered(engine: Engine):
    with writing(engine) as connection:
        assert read_catalogue_digest(connection) is None
        for digest in ("one", "two", "two"):
            write_catalogue_digest(connection, digest)
    with reading(engine) as connection:
        assert read_catalogue_digest(connection) == "two"
