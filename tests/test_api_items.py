"""Pages of features over HTTP: walked by key whatever happens meanwhile, in every CRS, sorted, cut, remembered."""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import numpy as np
import pyproj
import pytest
import shapely
from sqlalchemy import Engine
from starlette.testclient import TestClient

from bioplan_gis.api.params import SORTBY
from bioplan_gis.app import create_app
from bioplan_gis.crs import CRS84, FEED_CRSS, FeedCrs
from bioplan_gis.errors import ParameterError
from bioplan_gis.settings import Settings
from bioplan_gis.storage.database import open_engine, upgrade, writing
from bioplan_gis.storage.layers import read_layer, replace_rows
from databases import ENGINES
from typed_layers import parcels, store_parcels

ITEMS = f"/api/collections/{quote('地块')}/items"
SEED = 20241122
MM = 1e-3
# A geodesist's metres in a degree, for a bound of a millimetre.
METRES_PER_DEGREE = 111_320.0


def _record(number: int, fate: random.Random) -> dict[str, Any]:
    return {
        "id": f"地块-{number}",
        "地块编号": fate.choice(["甲", "乙", "a", "B", "\U00020000", "\uff21", "", None]),
        "面积（亩）": fate.choice([0.1, 1 / 3, 30.0, -1.5, 1e-9, None]),
        "户数": fate.choice([0, 7, 2**53 - 1, None]),
        "已出让": fate.choice([True, False, None]),
        "出让日期": fate.choice([dt.date(2024, 2, 29), dt.date(1999, 12, 31), None]),
        "登记时间": fate.choice([dt.datetime(2024, 1, 1, 8, 30, 1, 123456), None]),  # noqa: DTZ001 - without zone
        "更新": fate.choice([dt.datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC), None]),
    }


def _shape(number: int) -> shapely.Geometry | None:
    x, y = 119.5 + number % 17 / 20, 29.8 + number % 13 / 20
    return None if number % 11 == 0 else shapely.box(x, y, x + 0.01, y + 0.01)


def _records() -> list[dict[str, Any]]:
    fate = random.Random(SEED)  # noqa: S311 - no secret
    return [_record(number, fate) for number in range(120)]


RECORDS = _records()


def _change(engine: Engine, records: list[dict[str, Any]]) -> None:
    shapes = np.empty(len(records), dtype=object)
    shapes[:] = [_shape(int(record["id"].rpartition("-")[2])) for record in records]
    with writing(engine) as connection:
        replace_rows(connection, parcels(), records, shapes)


@pytest.fixture(scope="module", params=ENGINES)
def still(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[TestClient]:
    """The service over the same features, which nobody changes."""
    url = new_url(request.param)
    engine = open_engine(url)
    upgrade(engine)
    store_parcels(engine, RECORDS, [_shape(number) for number in range(len(RECORDS))])
    engine.dispose()
    with TestClient(create_app(Settings(database_url=url))) as opened:
        yield opened


@pytest.fixture
def records(engine: Engine) -> list[dict[str, Any]]:
    store_parcels(engine, RECORDS, [_shape(number) for number in range(len(RECORDS))])
    return list(RECORDS)


@pytest.fixture
def client(engine: Engine, records: list[dict[str, Any]]) -> Iterator[TestClient]:  # noqa: ARG001 - made before
    url = engine.url.render_as_string(hide_password=False)
    with TestClient(create_app(Settings(database_url=url))) as opened:
        yield opened


def _page(client: TestClient, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    assert document["numberReturned"] == len(document["features"])
    return document


def _next(document: dict[str, Any]) -> str | None:
    return next((link["href"] for link in document["links"] if link["rel"] == "next"), None)


WALKS = [
    ("", ""),
    ("", "bbox=119.5,29.8,120.3,30.2"),
    ("", "filter=户数 IS NULL OR 户数 < 10"),
    ("sortby=地块编号", "已出让=true"),
    ("sortby=-地块编号", "bbox=119.5,29.8,120.3,30.2"),
    ("sortby=面积（亩）,-户数", ""),
    ("sortby=-已出让,出让日期", "filter=户数 IS NULL OR 户数 < 10"),
    ("sortby=-更新,登记时间,-id", ""),
]


@pytest.mark.parametrize(("sort", "chosen"), WALKS)
def test_a_walk_meets_every_feature_once_while_others_come_and_go(
    client: TestClient, engine: Engine, records: list[dict[str, Any]], sort: str, chosen: str
):
    fate = random.Random(SEED)  # noqa: S311 - no secret
    whole = {one["id"] for one in _page(client, f"{ITEMS}?limit=1000&{chosen}")["features"]}
    seen: list[str] = []
    gone: set[str] = set()
    address: str | None = f"{ITEMS}?limit=7&{sort}&{chosen}"
    number = 1000
    while address is not None:
        document = _page(client, address)
        seen += [one["id"] for one in document["features"]]
        address = _next(document)
        if number < 1006:
            leaves = records.pop(fate.randrange(len(records)))
            gone.add(leaves["id"])
            records.insert(fate.randrange(len(records)), _record(number, fate))
            _change(engine, records)
            number += 1
    assert len(seen) == len(set(seen))
    assert whole - gone <= set(seen)


def _key(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@pytest.mark.parametrize("name", ["地块编号", "面积（亩）", "户数", "已出让", "出让日期", "更新"])
@pytest.mark.parametrize("descending", [False, True])
def test_an_order_is_that_of_python_with_nulls_last(still: TestClient, name: str, *, descending: bool):
    found = _page(still, f"{ITEMS}?limit=1000&sortby={'-' if descending else ''}{name}")["features"]
    values = [one["properties"][name] for one in found]
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known))
    assert len(known) == sum(record[name] is not None for record in RECORDS)
    assert [_key(value) for value in known] == sorted((_key(value) for value in known), reverse=descending)


@cache
def _transformer(target: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4490", target, always_xy=False)


def test_moments_read_alike_on_both_engines(still: TestClient):
    found = {one["id"]: one["properties"] for one in still.get(ITEMS, params={"limit": 1000}).json()["features"]}
    for record in RECORDS:
        written = found[record["id"]]
        local, utc = record["登记时间"], record["更新"]
        assert written["登记时间"] == (local and local.isoformat(timespec="microseconds"))
        assert written["更新"] == (utc and f"{utc.replace(tzinfo=None).isoformat(timespec='microseconds')}Z")


def _expected(shape: shapely.Geometry, crs: FeedCrs) -> shapely.Geometry:
    """As pyproj has it, by the authority's own order of axes."""
    to = _transformer("OGC:CRS84" if crs is CRS84 else f"EPSG:{crs.srid}")
    return shapely.transform(shape, lambda xy: np.column_stack(to.transform(xy[:, 1], xy[:, 0])))


@pytest.mark.parametrize("crs", FEED_CRSS, ids=lambda crs: crs.name)
def test_coordinates_are_those_of_pyproj_to_a_millimetre(still: TestClient, crs: FeedCrs):
    answer = still.get(ITEMS, params={"limit": 1000, "crs": crs.uri})
    assert answer.headers["content-crs"] == f"<{crs.uri}>"
    features = answer.json()["features"]
    placed = [one for one in features if one["geometry"] is not None]
    assert len(placed) == sum(_shape(number) is not None for number in range(120))
    bound = MM / METRES_PER_DEGREE if crs.geographic else MM
    for feature in placed:
        expected = _expected(_shape(int(feature["id"].rpartition("-")[2])), crs)
        ours = shapely.geometry.shape(feature["geometry"])
        assert np.abs(shapely.get_coordinates(ours) - shapely.get_coordinates(expected)).max() <= bound
    (one,) = still.get(f"{ITEMS}/{quote('地块-1')}", params={"crs": crs.name}).json()["geometry"]["coordinates"]
    assert one in [feature["geometry"]["coordinates"][0] for feature in placed]


@pytest.mark.parametrize("crs", FEED_CRSS, ids=lambda crs: crs.name)
def test_a_box_in_any_crs_finds_what_brute_force_finds(still: TestClient, crs: FeedCrs):
    fate = random.Random(SEED)  # noqa: S311 - no secret
    shapes = {f"地块-{number}": _expected(shape, crs) for number in range(120) if (shape := _shape(number)) is not None}
    _, (first, second), (far, further) = (None, *_corners(shapes))
    for _ in range(8):
        low = fate.uniform(first, far), fate.uniform(second, further)
        high = fate.uniform(low[0], far), fate.uniform(low[1], further)
        found = _page(still, f"{ITEMS}?limit=1000&bbox-crs={quote(crs.uri)}&bbox={low[0]},{low[1]},{high[0]},{high[1]}")
        box = shapely.box(*low, *high)
        assert {one["id"] for one in found["features"]} == {
            one for one, shape in shapes.items() if box.intersects(shape)
        }


def _corners(shapes: dict[str, shapely.Geometry]) -> tuple[tuple[float, float], tuple[float, float]]:
    west, south, east, north = shapely.total_bounds(list(shapes.values()))
    return (west, south), (east, north)


def test_properties_are_those_that_were_asked_for(still: TestClient):
    found = _page(still, f"{ITEMS}?properties=户数,id,面积（亩）&limit=3")["features"]
    assert [list(one["properties"]) for one in found] == [["面积（亩）", "户数"]] * 3
    refused = still.get(f"{ITEMS}?properties=户籍").json()
    assert (refused["parameter"], "户数" in refused["detail"]) == ("properties", True)


@pytest.mark.parametrize(
    ("text", "names"),
    [("a,b", ("a", "b")), ('"a,b", -c', ("a,b", "-c")), ('"-x""y"', ('-x"y',)), (" 面积 ,b", ("面积", "b"))],
)
def test_names_are_listed_as_in_a_line_of_csv(text: str, names: tuple[str, ...]):
    assert SORTBY.read(text) == names


@pytest.mark.parametrize("text", ["", " ", ",", "a,", "a\nb", "x" * 200_000 + "\n,"])
def test_what_lists_no_names_is_refused(text: str):
    with pytest.raises(ParameterError, match="sortby"):
        SORTBY.read(text)


@pytest.mark.parametrize(
    ("query", "matched"),
    [("limit=5", 120), ("limit=5&count=none", None), ("limit=1000&户数=7", ...), ("limit=1&户数=7&count=exact", ...)],
)
def test_matches_are_counted_where_that_is_cheap_or_asked_for(still: TestClient, query: str, matched: Any):
    expected = sum(record["户数"] == 7 for record in RECORDS) if matched is ... else matched
    assert _page(still, f"{ITEMS}?{query}").get("numberMatched") == expected


@pytest.mark.parametrize("sort", ["", "-面积（亩）,地块编号"])
@pytest.mark.parametrize("skipped", [0, 1, 50, 119, 120, 10**14])
def test_features_can_be_left_out_at_the_beginning(still: TestClient, sort: str, skipped: int):
    asked = {"limit": 1000} | ({"sortby": sort} if sort else {})
    whole = [one["id"] for one in still.get(ITEMS, params=asked).json()["features"]]
    part = still.get(ITEMS, params=asked | {"limit": 30, "offset": skipped}).json()
    assert [one["id"] for one in part["features"]] == whole[skipped : skipped + 30]
    following = _next(part)
    assert (following is not None) == (skipped + 30 < len(whole))
    assert (
        following is None
        or [one["id"] for one in _page(still, following)["features"]] == whole[skipped + 30 : skipped + 60]
    )


def test_an_answer_is_remembered_until_the_layer_changes(
    client: TestClient, engine: Engine, records: list[dict[str, Any]]
):
    address = f"{ITEMS}?limit=1000&sortby=id"
    first = client.get(address)
    again = client.get(address)
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    held = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    _change(engine, records[:-1])
    fresh = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (fresh.status_code, len(fresh.json()["features"])) == (200, 119)
    assert fresh.headers["etag"] != first.headers["etag"]


def test_a_layer_of_which_no_database_knows_is_missing_everywhere(still: TestClient):
    for path in ("", "/items", "/items/1", "/queryables", "/tiles/WebMercatorQuad/0/0/0"):
        assert still.get(f"/api/collections/%00{path}").status_code == 404


def test_a_number_can_be_found_by_what_is_shown_of_it(still: TestClient):
    found = _page(still, f"{ITEMS}?limit=1000")["features"]
    values = {one["properties"]["面积（亩）"] for one in found}
    assert values == {record["面积（亩）"] for record in RECORDS}
    for value in values - {None}:
        again = still.get(ITEMS, params={"面积（亩）": repr(value), "limit": 1000}).json()["features"]
        assert {one["properties"]["面积（亩）"] for one in again} == {value}


def test_a_layer_that_became_another_is_described_anew(client: TestClient, engine: Engine):
    assert _page(client, f"{ITEMS}?limit=1&户数=7")
    with writing(engine) as connection:
        layer = read_layer(connection, "地块")
        layer.table.drop(connection)
        draft = parcels(columns=layer.columns[:2])
        draft.table.create(connection)
        replace_rows(connection, draft, [{"id": "新", "name": "甲"}], np.array([None]))
    assert [one["id"] for one in _page(client, f"{ITEMS}?name=甲")["features"]] == ["新"]
    assert client.get(f"{ITEMS}?户数=7").status_code == 400
    assert client.get(f"{ITEMS}/{quote('新')}").json()["properties"] == {"地块编号": None, "name": "甲"}


@pytest.mark.parametrize("key", ["x", "-1", "9" * 30, "W10", "WyJpZCIsMV0", "bnVsbA"])
@pytest.mark.parametrize("sort", ["", "id"])
def test_a_key_that_no_link_carries_is_refused(still: TestClient, key: str, sort: str):
    answer = still.get(ITEMS, params={"after": key} | ({"sortby": sort} if sort else {}))
    assert (answer.status_code, answer.json()["parameter"]) == (400, "after")
