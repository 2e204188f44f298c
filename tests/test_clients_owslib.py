"""OWSLib, unchanged, reads the feeds on both engines."""

from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import shapely
from owslib.ogcapi.features import Features

from connected import COUNT, PARCELS, TYPED, Wire, parcels

CHINESE = quote(PARCELS)  # OWSLib puts an id into the path as it is given
BOX = (120.01, 30.275, 120.0231, 30.2799)


@pytest.fixture
def service(served_on: str) -> Features:
    """The service as OWSLib knows it, with the slash that OWSLib puts at its end."""
    return Features(f"{served_on}/api/")


def ids(answer: dict) -> list[str]:
    return [feature["id"] for feature in answer["features"]]


def test_the_service_tells_what_it_is(service: Features):
    assert {"self", "service-desc", "conformance", "data"} <= {link["rel"] for link in service.links}
    document = service.api()
    assert document["openapi"].startswith("3.0.")
    assert any(path.endswith(f"/collections/{PARCELS}/items") for path in document["paths"])
    conforms = service.conformance()["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in conforms
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in conforms


def test_every_layer_is_a_collection_of_features(service: Features):
    listed = [one["id"] for one in service.collections()["collections"]]
    assert service.feature_collections() == listed
    assert {"labs", "districts", PARCELS, TYPED} <= set(listed)
    one = service.collection(CHINESE)
    assert (one["id"], one["itemType"]) == (PARCELS, "feature")
    assert one["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def test_columns_are_queryable_and_described(service: Features):
    columns = set(parcels().columns) - {"geometry"}
    assert columns <= set(service.collection_queryables(CHINESE)["properties"])
    assert columns <= set(service.collection_schema(CHINESE)["properties"])


def test_pages_lead_to_the_end(service: Features):
    page = service.collection_items(CHINESE, limit=900)
    found = ids(page)
    assert page["numberMatched"] == COUNT
    while following := [link["href"] for link in page["links"] if link["rel"] == "next"]:
        page = service.collection_items(CHINESE, **dict(parse_qsl(urlsplit(following[0]).query)))
        found += ids(page)
    assert found == list(parcels()["编号"])


def test_a_box_a_filter_and_an_order_are_kept(wire: Wire):
    source = parcels()
    answer = Features(f"{wire.address}/api").collection_items(
        CHINESE,
        bbox=BOX,
        filter="用地类别 = 'M3' AND 出让日期 < DATE('2024-06-01')",
        sortby=("面积", "desc"),
        limit=COUNT,
    )
    held = source.to_crs(4326).intersects(shapely.box(*BOX)) & (source["用地类别"] == "M3")
    held &= source["出让日期"].astype(str) < "2024-06-01"
    assert ids(answer) == list(source[held].sort_values("面积", ascending=False)["编号"])
    assert ids(answer)
    assert wire.items(PARCELS)[0].query["sortby"] == "-面积"


def test_one_feature_by_its_chinese_id(service: Features):
    one = service.collection_item(CHINESE, quote("余杭-0007"))
    assert (one["id"], one["properties"]["地块名称"]) == ("余杭-0007", "第7号地块")
    slashed = service.collection_item(quote(TYPED), quote("甲/1"))
    assert slashed["properties"]["细分领域"] == ["合成生物", "酶"]


def test_a_bad_question_is_answered_with_the_reason(service: Features):
    with pytest.raises(RuntimeError, match="无此列") as refused:
        service.collection_items(CHINESE, filter="无此列 = 1")
    assert "无此列" in str(refused.value)
