"""What OGC's compliance suite for Features asserts (ets-ogcapi-features10), asked of a served process on both engines.

Each test names the abstract test of OGC 17-069r4 (Part 1) or OGC 18-058r1 (Part 2) that it follows. The suite goes
wherever the service leads it: from the landing page to the OpenAPI document, the collections, and their links.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import httpx2
import numpy as np
import pytest
import shapely
from openapi_spec_validator import OpenAPIV30SpecValidator
from pyproj import CRS, Transformer
from shapely.geometry import shape

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
GEOJSON, HTML = "application/geo+json", "text/html"
FEATURES_1 = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"
CRS_CLASS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
# As the suite does: a page of ten, boxes over the meridian, the equator, longitude 180 and the poles.
LIMIT = 10
BOXES = ["-1.5,50,1.5,53", "-80,-5,-70,5", "177,65,-177,70", "-180,85,180,90", "-180,-90,180,-85"]
METRE_OF_DEGREES = 1e-5
Document = dict[str, Any]


class Service:
    """The service as the suite finds it, from its landing page on."""

    def __init__(self, address: str, client: httpx2.Client) -> None:
        """Behind this address."""
        self.root = f"{address}/api"
        self.client = client

    def get(self, url: str, media: str = "application/json", status: int = 200, **asked: object) -> httpx2.Response:
        """An answer of this status."""
        answer = self.client.get(url, params=asked or None, headers={"accept": media})
        assert answer.status_code == status, f"{answer.url}: {answer.text[:500]}"
        return answer

    def document(self, path: str = "") -> Document:
        """What stands at a path below the landing page."""
        document: Document = self.get(f"{self.root}{path}").json()
        return document

    @property
    def definition(self) -> Document:
        """The OpenAPI document, by the link that the suite takes."""
        links = self.document()["links"]
        url = next(link["href"] for link in links if link["rel"] == "service-desc" and link["type"] == OPENAPI)
        document: Document = self.get(url, OPENAPI).json()
        return document

    @property
    def collections(self) -> list[Document]:
        """All collections."""
        found: list[Document] = self.document("/collections")["collections"]
        return found

    @property
    def spatial(self) -> list[Document]:
        """Those that have a place."""
        return [one for one in self.collections if "extent" in one]


@pytest.fixture(scope="module")
def service(served_on: str) -> Iterator[Service]:
    with httpx2.Client(timeout=60) as client:
        yield Service(served_on, client)


def items_of(collection: Document) -> str:
    """The address of a collection's features, by its link."""
    links = collection["links"]
    address: str = next(link["href"] for link in links if link["rel"] == "items" and link["type"] == GEOJSON)
    return address


def require_links(links: list[Document], media: str, alternate: str, *rels: str) -> None:
    """Links to itself, to its other kind, and others, each with its type (/req/core/fc-links, /req/core/f-links)."""
    told = {(link["rel"], link["type"]) for link in links}
    assert ("self", media) in told
    assert ("alternate", alternate) in told
    assert set(rels) <= {rel for rel, _ in told}


def require_page(answer: httpx2.Response) -> Document:
    """What every page of features must be (/ats/core/fc-response, /ats/core/crs84)."""
    assert answer.headers["content-type"] == GEOJSON
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    page: Document = answer.json()
    assert page["type"] == "FeatureCollection"
    assert page["numberReturned"] == len(page["features"])
    assert page.get("numberMatched", page["numberReturned"]) >= page["numberReturned"]
    require_links(page["links"], GEOJSON, HTML, "collection")
    for feature in page["features"]:
        assert feature["type"] == "Feature"
        assert feature["id"]
        if feature["geometry"] is not None:
            west, south, east, north = shape(feature["geometry"]).bounds
            assert -180 <= west <= east <= 180
            assert -90 <= south <= north <= 90
    return page


def ids(page: Document) -> list[str]:
    return [feature["id"] for feature in page["features"]]


def followed(document: Document, one: Document) -> Document:
    if "$ref" in one:
        _, kind, group, name = one["$ref"].split("/")
        one = document[kind][group][name]
    return one


def parameters_of(document: Document, collection: Document) -> dict[str, Document]:
    get = document["paths"][f"/collections/{collection['id']}/items"]["get"]
    return {one["name"]: one for one in (followed(document, each) for each in get["parameters"])}


# Part 1, Core


def test_http_is_1_1(service: Service) -> None:
    """Abstract test 1, /ats/core/http; the suite asks with a last slash."""
    answer = service.get(f"{service.root}/")
    assert answer.http_version == "HTTP/1.1"


def test_the_landing_page_leads_to_definition_conformance_and_data(service: Service) -> None:
    """Abstract tests 3 and 4, /ats/core/root-op and root-success."""
    landing = service.document()
    assert {"service-desc", "service-doc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    require_links(landing["links"], "application/json", HTML)


def test_the_definition_is_valid_openapi_3_0(service: Service) -> None:
    """Abstract tests 5 and 6, /ats/core/api-definition-op and api-definition-success."""
    assert [str(fault) for fault in OpenAPIV30SpecValidator(service.definition).iter_errors()] == []


def test_conformance_names_the_classes_that_the_suite_goes_by(service: Service) -> None:
    """Abstract tests 7 and 8, /ats/core/conformance-op and conformance-success."""
    classes = service.document("/conformance")["conformsTo"]
    assert {f"{FEATURES_1}{name}" for name in ("core", "geojson", "html", "oas30")} | {CRS_CLASS} <= set(classes)


def test_the_collections_are_described_and_linked(service: Service) -> None:
    """Abstract tests 9 and 10, /ats/core/fc-md-op and fc-md-success."""
    document = service.document("/collections")
    require_links(document["links"], "application/json", HTML)
    assert document["crs"][0] == CRS84
    assert document["collections"]
    for collection in document["collections"]:
        assert {"id", "title", "description", "links"} <= set(collection)
        assert {GEOJSON, HTML} <= {link["type"] for link in collection["links"] if link["rel"] == "items"}


def test_a_collection_says_of_itself_what_the_collections_say(service: Service) -> None:
    """Abstract tests 11 and 12, /ats/core/sfc-md-op and sfc-md-success, by the path of the definition."""
    paths = service.definition["paths"]
    assert "/collections/{collectionId}" in paths
    for collection in service.collections:
        alone = service.document(f"/collections/{collection['id']}")
        for name in ("id", "title", "description", "extent", "crs", "storageCrs"):
            assert alone.get(name) == collection.get(name), name


def test_features_answer_as_pages(service: Service) -> None:
    """Abstract tests 2, 13, 22 to 26: every collection's features, and their number where it is told."""
    for collection in service.collections:
        page = require_page(service.get(items_of(collection), GEOJSON, limit=LIMIT))
        assert len(page["features"]) <= LIMIT
        everything = require_page(service.get(items_of(collection), GEOJSON, limit=10_000))
        assert page["numberMatched"] == everything["numberReturned"] == collection["featureCount"]


def test_the_parameters_of_features_are_as_defined(service: Service) -> None:
    """Abstract tests 14, 16 and 18: /ats/core/fc-bbox-definition, fc-limit-definition, fc-time-definition."""
    document = service.definition
    for collection in service.collections:
        told = parameters_of(document, collection)
        for name in ("limit", "bbox", "datetime"):
            one = told[name]
            assert (one["in"], one["required"], one["style"], one["explode"]) == ("query", False, "form", False)
        limit, bbox = told["limit"]["schema"], told["bbox"]["schema"]
        assert limit["type"] == "integer"
        assert 0 <= limit["minimum"] <= limit["default"] <= limit["maximum"]
        assert (bbox["type"], bbox["minItems"], bbox["maxItems"], bbox["items"]["type"]) == ("array", 4, 6, "number")
        assert told["datetime"]["schema"]["type"] == "string"


def test_the_least_the_middle_and_the_most_that_a_limit_may_be(service: Service) -> None:
    """Abstract test 17, /ats/core/fc-limit-response."""
    document = service.definition
    for collection in service.collections:
        schema = parameters_of(document, collection)["limit"]["schema"]
        for limit in (schema["minimum"], 100, schema["maximum"], schema["maximum"] + 1):
            page = require_page(service.get(items_of(collection), GEOJSON, limit=limit))
            assert len(page["features"]) <= min(limit, schema["maximum"])


def test_features_in_a_box_meet_it(service: Service) -> None:
    """Abstract test 15, /ats/core/fc-bbox-response."""
    for collection in service.spatial:
        extent = ",".join(f"{edge:.7f}" for edge in collection["extent"]["spatial"]["bbox"][0])
        for box in (extent, *BOXES):
            page = require_page(service.get(items_of(collection), GEOJSON, bbox=box, limit=LIMIT))
            assert all(feature["geometry"] for feature in page["features"])
            assert bool(page["features"]) == (box == extent)


def test_moments_and_intervals_are_taken(service: Service) -> None:
    """Abstract test 19, /ats/core/fc-time-response, with each form of 17-069r4, 7.15.4."""
    forms = ("2018-02-12T23:20:50Z", "2018-02-12T00:00:00Z/2018-03-18T12:31:12Z", "2018-02-12T00:00:00Z/..",
             "../2018-03-18T12:31:12Z", "2018-02-12/2018-03-18", "2018-02-12")  # fmt: skip
    for collection in service.collections:
        for datetime in forms:
            require_page(service.get(items_of(collection), GEOJSON, datetime=datetime, limit=LIMIT))


def test_a_bad_value_and_an_unknown_name_are_refused(service: Service) -> None:
    """Abstract tests 20 and 21, /ats/core/query-param-invalid and query-param-unknown."""
    for collection in service.collections:
        service.get(items_of(collection), GEOJSON, 400, limit="unlimited")
        service.get(items_of(collection), GEOJSON, 400, unknownQueryParameter12345=1)
        service.get(items_of(collection), GEOJSON, 400, bbox="1,2,3")
        service.get(items_of(collection), GEOJSON, 400, datetime="yesterday")


def test_one_feature_by_its_id(service: Service) -> None:
    """Abstract tests 27 to 29, /ats/core/f-op, f-success and f-links."""
    for collection in service.collections:
        known = service.get(items_of(collection), GEOJSON, limit=1).json()["features"][0]
        url = f"{items_of(collection)}/{httpx2.URL('/', params={'': known['id']}).query.decode()[1:]}"
        answer = service.get(url.replace("+", "%20"), GEOJSON)
        assert answer.headers["content-crs"] == f"<{CRS84}>"
        feature = answer.json()
        require_links(feature["links"], GEOJSON, HTML, "collection")
        assert (feature["type"], feature["id"], feature["geometry"]) == ("Feature", known["id"], known["geometry"])


# Part 2, Coordinate reference systems by reference


def test_collections_list_their_crss_by_uri(service: Service) -> None:
    """Abstract tests 1 to 3: /req/crs/crs-uri, fc-md-crs-list, fc-md-storageCrs-valid-value."""
    for collection in service.collections:
        crss = collection["crs"]
        assert crss[0] == CRS84
        assert collection["storageCrs"] in crss
        for uri in crss[1:]:
            assert re.fullmatch(r"http://www\.opengis\.net/def/crs/EPSG/0/[0-9]+", uri)


def test_every_answer_names_the_crs_that_was_asked(service: Service) -> None:
    """Abstract tests 4 to 6: /req/crs/fc-crs-definition, fc-crs-valid-value, ogc-crs-header."""
    for collection in service.collections:
        url = items_of(collection)
        feature = f"{url}/{service.get(url, GEOJSON, limit=1).json()['features'][0]['id']}".replace("甲/1", "甲%2F1")
        for uri in collection["crs"]:
            for address in (url, feature):
                assert service.get(address, GEOJSON, crs=uri).headers["content-crs"] == f"<{uri}>"
        for wrong in ("http://www.opengis.net/def/crs/0/unknown", "http://www.opengis.net/def/crs/EPSG/0/0", "x"):
            for address in (url, feature):
                service.get(address, GEOJSON, 400, crs=wrong)
            service.get(url, GEOJSON, 400, **{"bbox": "119,29,121,31", "bbox-crs": wrong})


@lru_cache
def to_crs84(uri: str) -> Transformer:
    """Pyproj's way back, by the axis order of the authority."""
    name = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
    return Transformer.from_crs(CRS(name), CRS("OGC:CRS84"))


def test_geometries_come_back_to_where_they_are(service: Service) -> None:
    """Abstract test 7, /req/crs/crs-action; pyproj is the judge, and a centimetre the difference."""
    for collection in service.spatial:
        url = items_of(collection)
        plain = {one["id"]: one["geometry"] for one in service.get(url, GEOJSON, limit=LIMIT).json()["features"]}
        for uri in collection["crs"]:
            page = service.get(url, GEOJSON, crs=uri, limit=LIMIT).json()
            assert ids(page) == list(plain)
            for feature, known in zip(page["features"], plain.values(), strict=True):
                assert (feature["geometry"] is None) == (known is None)
                if known is not None:
                    there = shapely.get_coordinates(shape(feature["geometry"]))
                    back = np.column_stack(to_crs84(uri).transform(*there.T))
                    assert np.abs(back - shapely.get_coordinates(shape(known))).max() < METRE_OF_DEGREES / 100


def test_a_box_in_another_crs_finds_the_same(service: Service) -> None:
    """Abstract test 8, /req/crs/bbox-crs-action, in the axis order of the CRS."""
    for collection in service.spatial:
        url = items_of(collection)
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        # No feature's edge is the box's own, which a conversion may leave on either side.
        box = shapely.box((west + east) / 2 + 0.00123, south, east, north)
        plain = service.get(url, GEOJSON, bbox=",".join(map(str, box.bounds)), limit=10_000).json()
        for uri in collection["crs"]:
            bounds = bounds_in(uri, box)
            found = service.get(url, GEOJSON, **{"bbox": bounds, "bbox-crs": uri, "limit": 10_000}).json()
            # A box of a plane CRS that holds the other one is a little larger.
            assert set(ids(plain)) <= set(ids(found)), (collection["id"], uri)
            if not re.search("/(4549|4528)$", uri):
                assert ids(plain) == ids(found), (collection["id"], uri)


def bounds_in(uri: str, box: shapely.Polygon) -> str:
    name = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
    forward = Transformer.from_crs(CRS("OGC:CRS84"), CRS(name))
    first, second = forward.transform(*shapely.get_coordinates(shapely.segmentize(box, 0.01)).T)
    return ",".join(f"{edge:.9f}" for edge in (min(first), min(second), max(first), max(second)))


def test_a_box_that_the_suite_writes_east_first_is_no_error(service: Service) -> None:
    """Abstract test 8 as the suite asks it: axis order is not heeded, and what comes must be among the features."""
    for collection in service.spatial:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        for uri in collection["crs"]:
            name = "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rpartition('/')[2]}"
            forward = Transformer.from_crs(CRS("OGC:CRS84"), CRS(name), always_xy=True)
            corners = (*forward.transform(west, south), *forward.transform(east, north))
            bbox = ",".join(f"{edge:.7f}" for edge in corners)
            page = service.get(items_of(collection), GEOJSON, **{"bbox": bbox, "bbox-crs": uri, "limit": LIMIT}).json()
            plain = service.get(
                items_of(collection), GEOJSON, bbox=f"{west},{south},{east},{north}", limit=LIMIT
            ).json()
            assert set(ids(page)) <= set(ids(plain)), (collection["id"], uri)


def pages(service: Service, url: str, limit: int) -> Iterator[Document]:
    following: str | None = f"{url}?limit={limit}"
    while following:
        page = require_page(service.get(following, GEOJSON))
        yield page
        following = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


def test_next_links_lead_to_every_feature_once(service: Service) -> None:
    """Clause 7.15.2: the suite does not walk them, and its own users do."""
    for collection in service.collections:
        walked = [name for page in pages(service, items_of(collection), 700) for name in ids(page)]
        assert len(walked) == len(set(walked)) == collection["featureCount"]
