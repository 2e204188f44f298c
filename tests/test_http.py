"""HTTP on every address: entity tags, compression, HEAD, other sites' scripts, and problems instead of failures."""

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any
from urllib.parse import unquote, urlencode

import brotli
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse
from starlette.testclient import TestClient

from bioplan_gis.api.bounds import MOST_BYTES_OF_A_TARGET, MOST_BYTES_OF_HEADERS
from bioplan_gis.api.compression import SMALLEST_BYTES, Compression, coding_for
from bioplan_gis.api.heads import HeadAsGet
from bioplan_gis.api.operations import HEALTH, OPERATIONS, Operation

PLACES = {
    "collectionId": "labs", "featureId": "liangzhu-laboratory", "layoutId": "hangzhou-synbio-2024",
    "tileMatrixSetId": "WebMercatorQuad", "tileMatrix": "8", "tileRow": "105", "tileCol": "213",
}  # fmt: skip
NEEDED = {"sites": "?near=liangzhu-laboratory"}
Pairs = list[tuple[str, str]]
KEPT = [operation for operation in OPERATIONS if operation.tag is not HEALTH]
SITE = {"origin": "https://elsewhere.example"}
LARGE = "/api/collections/districts/items"


def address(operation: Operation) -> str:
    path = operation.path.format_map(PLACES)
    return (path if operation.beside else f"/api{path}") + NEEDED.get(operation.id, "")


def each(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", [address(one) for one in operations], ids=[one.id for one in operations])


def raw(  # noqa: PLR0913 - as a request has
    client: TestClient,
    target: bytes,
    headers: list[tuple[bytes, bytes]],
    method: str = "GET",
    *,
    hosts: tuple[bytes, ...] = (b"testserver",),
    version: str = "1.1",
) -> tuple[int, dict[str, str], bytes]:
    """What the application answers to bytes that no client library would send, as uvicorn hands them on."""
    path, _, query = target.partition(b"?")
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": version, "method": method,
        "scheme": "http", "path": unquote(path.decode("latin-1")), "raw_path": path, "query_string": query,
        "root_path": "", "headers": [*((b"host", host) for host in hosts), *headers],
        "server": ("testserver", 80), "client": ("test", 1), "state": {},
    }  # fmt: skip
    messages: list[Any] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    start, body = messages[0], b"".join(one.get("body", b"") for one in messages[1:])
    return start["status"], {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}, body


def require_problem(status: int, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    assert 400 <= status < 500, (status, body)
    assert headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(body)
    assert document["status"] == status
    assert document["detail"]
    return document


@each(KEPT)
def test_an_answer_has_a_tag_and_is_spared_to_whoever_holds_it(client: TestClient, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200, first.text
    tag = first.headers["etag"]
    assert "no-cache" in first.headers["cache-control"]
    bare = tag.removeprefix("W/")
    for held in (tag, bare, f"W/{bare}", f'"other", {tag}', "*", f'W/"x" ,{tag},'):
        again = client.get(path, headers={"if-none-match": held})
        assert (again.status_code, again.content) == (304, b""), held
        assert again.headers["etag"] == tag
    assert client.get(path, headers={"if-none-match": '"other", W/"a*b"'}).status_code == 200


@each([one for one in KEPT if len(one.answers) > 1])
def test_caches_are_told_what_an_answer_depends_on(client: TestClient, path: str) -> None:
    for headers in ({}, {"accept": "text/html"}, {"if-none-match": "*"}, {"accept-encoding": "gzip"}):
        told = {one.strip() for one in client.get(path, headers=headers).headers["vary"].split(",")}
        assert {"Accept", "Accept-Language"} <= told, headers


@each([one for one in OPERATIONS if one.tag is HEALTH])
def test_nobody_keeps_what_tells_of_health(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_scripts_are_kept_for_good_by_their_hash(client: TestClient) -> None:
    page = client.get("/").text
    script = page.split('src="/assets/')[1].split('"')[0]
    assert "immutable" in client.get(f"/assets/{script}").headers["cache-control"]
    bare = client.get(f"/assets/{script.split('?')[0]}")
    assert bare.headers["cache-control"] == "no-cache"
    again = client.get(f"/assets/{script}", headers={"if-none-match": bare.headers["etag"]})
    assert again.status_code == 304


@each(list(OPERATIONS))
@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
def test_head_is_get_without_its_body(client: TestClient, path: str, coding: str) -> None:
    headers = {"accept-encoding": coding}
    get, head = client.get(path, headers=headers), client.head(path, headers=headers)
    assert (head.status_code, head.content) == (200, b"")
    told, known = dict(head.headers), dict(get.headers)
    if "content-encoding" in told:
        known.pop("content-length")
    assert told == known


def test_what_streams_is_not_made_for_head() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"x" * 1000

    client = TestClient(HeadAsGet(StreamingResponse(pieces(), media_type="text/csv")))
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert len(made) < 10


@each(list(OPERATIONS))
def test_scripts_of_other_sites_may_read(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=SITE)
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {one.strip() for one in answer.headers["access-control-expose-headers"].split(",")}
    assert {"ETag", "Link", "Content-Crs", "Content-Disposition"} <= exposed
    wanted = {"access-control-request-method": "GET", "access-control-request-headers": "if-none-match, accept"}
    before = client.options(path, headers=SITE | wanted)
    assert before.status_code == 200
    assert "GET" in before.headers["access-control-allow-methods"]
    assert "if-none-match" in before.headers["access-control-allow-headers"].lower()


def test_scripts_of_other_sites_may_read_refusals(client: TestClient) -> None:
    assert client.get("/api/nothing", headers=SITE).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;Q=0.8, BR;Q=0.3", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=0.5, identity;q=0.4", "gzip"),
        ("br;q=2, gzip;q=x", None),
        ("brotli, gzipped", None),
        (", ,;;q=1,=", None),
    ],
)
def test_the_coding_that_weighs_most_is_chosen(accepted: str, coding: str | None) -> None:
    assert coding_for(accepted) == coding


@pytest.mark.parametrize(("coding", "undone"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_an_answer_is_compressed_only_for_whoever_asks(
    client: TestClient, coding: str, undone: Callable[[bytes], bytes]
) -> None:
    plain_status, plain_headers, plain = raw(client, LARGE.encode(), [])
    status, headers, packed = raw(client, LARGE.encode(), [(b"accept-encoding", coding.encode())])
    assert (plain_status, status) == (200, 200)
    assert "content-encoding" not in plain_headers
    assert headers["content-encoding"] == coding
    assert undone(packed) == plain
    assert int(headers["content-length"]) == len(packed) < len(plain) / 2
    assert headers["etag"] == plain_headers["etag"]
    assert headers["etag"].startswith("W/")
    assert "Accept-Encoding" in headers["vary"]
    assert "Accept-Encoding" in plain_headers["vary"]
    held = [(b"accept-encoding", coding.encode()), (b"if-none-match", headers["etag"].encode())]
    status, headers, body = raw(client, LARGE.encode(), held)
    assert (status, body) == (304, b"")
    assert "Accept-Encoding" in headers["vary"]


@pytest.mark.parametrize("path", ["/healthz", "/api/collections/labs/items?limit=3&f=xlsx"])
def test_small_answers_and_packed_files_are_left_as_they_are(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"accept-encoding": "br, gzip"})
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(("coding", "undone"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
@given(pieces=st.lists(st.binary(max_size=50) | st.binary(max_size=40).map(lambda piece: piece * 4_000), max_size=8))
def test_a_stream_comes_out_as_it_went_in(coding: str, undone: Callable[[bytes], bytes], pieces: list[bytes]) -> None:
    response = StreamingResponse(iter(pieces), media_type="application/geo+json")
    with TestClient(Compression(response)).stream("GET", "/", headers={"accept-encoding": coding}) as answer:
        packed = b"".join(answer.iter_raw())
    if pieces:
        assert answer.headers["content-encoding"] == coding
        assert "content-length" not in answer.headers
        packed = undone(packed)
    assert packed == b"".join(pieces)


def test_a_large_stream_leaves_piece_by_piece() -> None:
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(64):
            yield Random(number).randbytes(50_000)  # noqa: S311

    async def count(scope: Any, receive: Any, send: Any) -> None:
        async def counting(message: Any) -> None:
            sent.append(len(message.get("body", b"")))
            await send(message)

        await Compression(StreamingResponse(pieces(), media_type="text/csv"))(scope, receive, counting)

    TestClient(count).get("/", headers={"accept-encoding": "br"})
    assert len(sent) > 10


@pytest.mark.parametrize(
    ("media", "headers", "status"),
    [
        ("application/zip", {}, 200),
        ("image/png", {}, 200),
        ("text/plain", {"content-encoding": "gzip"}, 200),
        ("text/plain", {"cache-control": "no-transform"}, 200),
        ("text/plain", {"content-range": "bytes 0-9/10"}, 206),
    ],
)
def test_what_must_not_be_packed_is_not(media: str, headers: dict[str, str], status: int) -> None:
    app = Compression(Response(b"x" * 5000, status, headers, media))
    scope_headers = {"accept-encoding": "br"}
    with TestClient(app).stream("GET", "/", headers=scope_headers) as answer:
        assert b"".join(answer.iter_raw()) == b"x" * 5000


def test_a_strong_tag_becomes_weak_with_other_bytes() -> None:
    app = Compression(Response(b"x" * SMALLEST_BYTES, headers={"etag": '"strong"'}, media_type="text/plain"))
    client = TestClient(app)
    assert client.get("/", headers={"accept-encoding": "gzip"}).headers["etag"] == 'W/"strong"'
    assert client.get("/", headers={"accept-encoding": "identity"}).headers["etag"] == '"strong"'


@each(list(OPERATIONS))
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_told_which_there_are(client: TestClient, path: str, method: str) -> None:
    answer = client.request(method, path)
    document = require_problem(answer.status_code, dict(answer.headers), answer.content)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert document["code"] == "method-not-allowed"


TARGETS = [
    b"/nothing", b"/api/nothing", b"/api/collections/%00", b"/api/collections/%", b"/api/collections/%zz",
    b"/api/collections/%E4%BD", b"/api/collections/%ED%A0%80/items", b"/api/collections/%FF%FE/items/%00",
    b"/api/collections/labs/items/%2e%2e%2f", b"/api/collections//items", b"//", b"/api/../../etc/passwd",
    b"/assets/../app.py", b"/assets/%2e%2e/%2e%2e/etc/passwd", b"/assets/%00", b"/assets/" + b"a" * 5000,
    "/api/collections/没有/items".encode(),
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target[:40]))
def test_what_is_not_there_is_told_in_both_languages(client: TestClient, target: bytes) -> None:
    chinese = require_problem(*raw(client, target, []))
    english = require_problem(*raw(client, target, [(b"accept-language", b"en")]))
    assert chinese["status"] == 404
    assert chinese["detail"] != english["detail"]


QUERIES = [
    b"limit=99999999999999999999%00", b"limit=1e3", b"limit=", b"limit=-1", b"limit=0", b"limit=%31%30&limit=5",
    b"limit=\xd9\xa1", b"%", b"=", b"&&==&", b"limit", b"bbox=1e999,0,1,1", b"bbox=nan,nan,nan,nan",
    b"bbox=" + b"9" * 400 + b",0,1,1", b"f=%00", b"f=%ED%A0%80", b"\xff\xfe=1", b"limit=1&f=json&limit=1",
    b"filter=%00", b"filter=(" + b"(" * 500, b"filter=" + b"a" * 50_000, b"sortby=,", b"properties=,,",
    b"crs=http://www.opengis.net/def/crs/EPSG/0/9999999", b"datetime=9999999-01-01", b"after=" + b"9" * 200,
    b"datetime=2024-13-45T99:99:99Z", "filter=名称=".encode(), b"filter-lang=sql", b"name=%00", b"count=1",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: repr(query[:40]))
def test_a_bad_question_is_told_in_both_languages(client: TestClient, query: bytes) -> None:
    target = b"/api/collections/labs/items?" + query
    chinese = require_problem(*raw(client, target, []))
    english = require_problem(*raw(client, target, [(b"accept-language", b"en")]))
    assert chinese["status"] == 400
    assert chinese["detail"] != english["detail"]


@pytest.mark.parametrize("limit", [b"99999999999999999999", b"9" * 300, b"10001", b"%2B5", b"007"])
def test_a_limit_however_large_is_clamped(client: TestClient, limit: bytes) -> None:
    assert raw(client, b"/api/collections/labs/items?limit=" + limit, [])[0] == 200


def spoken(address: str, line: bytes, headers: bytes = b"") -> bytes:
    """What a served process answers to bytes on the wire."""
    url = httpx2.URL(address)
    with socket.create_connection((url.host, url.port), timeout=20) as wire:
        wire.sendall(line + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers + b"\r\n")
        return b"".join(iter(partial(wire.recv, 65536), b""))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/api/collections/labs/items?name_zh=良渚实验室".encode(), 200),
        ("/api/collections/没有/items".encode(), 404),
        (b"/api/collections/labs/items?filter=%ED%A0%80", 400),
        (b"/api/collections/%00/items", 404),
        (b"/api/collections/%zz", 404),
        (b"/api?" + b"a" * MOST_BYTES_OF_A_TARGET, 414),
    ],
    ids=lambda value: repr(value[:45]) if isinstance(value, bytes) else None,
)
def test_bytes_on_the_wire_are_answered(served: str, target: bytes, status: int) -> None:
    head, _, body = spoken(served, b"GET " + target).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(body).get("status", 200) == status


GOOD_HOSTS = [
    b"testserver", b"localhost", b"127.0.0.1:8000", b"[::1]:8000", b"[::1]", b"gis.example.cn", b"xn--fiqs8s", b"a_b:",
    b"LOCALHOST:65535", b"[::ffff:10.0.0.1]:1", b"%E6%9D%AD", b"a.", b"x:00080",
]  # fmt: skip
BAD_HOSTS = [
    b"", b"a b<c>", b"[::1", b"::1", b"[::::]", b"[::1]x", b"[]", b"x:99999", b"x:65536", b"x:1:2", b"x:-1", b"x/y",
    b"a@b", b":80", b"h?x", b"h#x", b"%zz", b"a\\b", "主机".encode(), b"\xff\xfe", b'h"', b"[fe80::1%25eth0]",
    b"x:\xd9\xa1",
]  # fmt: skip


def hosted(client: TestClient, hosts: list[bytes], version: str = "1.1") -> tuple[int, dict[str, str], bytes]:
    """What the application answers when asked by these names."""
    return raw(client, b"/api/conformance", [(b"host", host) for host in hosts], hosts=(), version=version)


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_a_host_that_can_be_one_is_served(client: TestClient, host: bytes) -> None:
    assert hosted(client, [host])[0] == 200


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_can_be_none_is_refused(client: TestClient, host: bytes) -> None:
    chinese = hosted(client, [host])
    document = require_problem(*chinese)
    assert (document["code"], document["title"]) == ("bad-host", "请求有误")
    page = raw(client, b"/api", [(b"host", host), (b"accept", b"text/html"), (b"accept-language", b"en")], hosts=())
    assert (page[0], page[1]["content-type"]) == (400, "text/html; charset=utf-8")
    assert b"localhost:8000" in page[2]


def test_there_is_one_host_and_in_http_1_0_perhaps_none(client: TestClient) -> None:
    for hosts in ([], [b"localhost", b"localhost"]):
        assert require_problem(*hosted(client, hosts))["code"] == "bad-host"
    assert hosted(client, [], "1.0")[0] == 200
    assert hosted(client, [b"a b"], "1.0")[0] == 400
    assert raw(client, b"/api", [(b"x-forwarded-host", b"a b")])[0] == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1\r\n", 400),
        (b"HTTP/1.1\r\nHost: a b<c>\r\n", 400),
        (b"HTTP/1.1\r\nHost: [::1\r\n", 400),
        (b"HTTP/1.1\r\nHost: x:99999\r\n", 400),
        (b"HTTP/1.1\r\nHost: \xe4\xb8\xbb\r\n", 400),
        (b"HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n", 400),
        (b"HTTP/1.1\r\nHost: [::1]:8000 \r\n", 200),
        (b"HTTP/1.0\r\n", 200),
    ],
    ids=repr,
)
def test_hosts_on_the_wire(served: str, head: bytes, status: int) -> None:
    url = httpx2.URL(served)
    with socket.create_connection((url.host, url.port), timeout=20) as wire:
        wire.sendall(b"GET /api/conformance " + head + b"Connection: close\r\n\r\n")
        told, _, body = b"".join(iter(partial(wire.recv, 65536), b"")).partition(b"\r\n\r\n")
    assert int(told.split()[1]) == status
    assert json.loads(body).get("status", 200) == status


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=a-", "bytes=9-1", "bytes=999999999-", "lines=1-2", "x", ""])
def test_an_asset_is_sent_whole_whatever_part_is_asked_for(client: TestClient, asked: str) -> None:
    path = "/assets/" + client.get("/").text.split('src="/assets/')[1].split("?")[0]
    whole, part = client.get(path), client.get(path, headers={"range": asked})
    assert (part.status_code, part.content) == (200, whole.content)
    assert part.headers.get("accept-ranges", "none") == "none"
    assert "content-range" not in part.headers


def test_headers_on_the_wire_may_not_be_endless(served: str) -> None:
    answer = spoken(served, b"GET /api", b"X-Large: " + b"a" * MOST_BYTES_OF_HEADERS + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


def test_what_is_too_long_is_refused(client: TestClient) -> None:
    status, headers, body = raw(client, b"/api?" + b"a" * MOST_BYTES_OF_A_TARGET, [])
    assert (status, require_problem(status, headers, body)["code"]) == (414, "uri-too-long")
    status, headers, body = raw(client, b"/api", [(b"x-large", b"a" * MOST_BYTES_OF_HEADERS)])
    assert (status, require_problem(status, headers, body)["code"]) == (431, "headers-too-large")


def test_a_kind_that_is_not_there_is_told_with_those_that_are(client: TestClient) -> None:
    for language, said in (("zh", "可用"), ("en", "there are")):
        answer = client.get("/api/collections", headers={"accept": "image/tiff", "accept-language": language})
        document = require_problem(answer.status_code, dict(answer.headers), answer.content)
        assert answer.status_code == 406
        assert said in document["detail"]
        assert "application/json" in document["detail"]


PATHS = [address(one).split("?")[0].encode() for one in OPERATIONS]
NAMES = sorted({parameter.name for one in OPERATIONS for parameter in one.parameters} | {"name_zh", "id", "ünknown"})
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "json", "html", "1", "-1", "1,2,3,4", "M3", "land_class = 'M3'", '{"op":"="}', "..", "/", "cql2-json",
        "2024-01-01/..", "-name_zh", "name_zh", "EPSG:4549", "9" * 30, "1e400", "true",
    ]),
)  # fmt: skip
HEADER_NAMES = [b"accept", b"accept-language", b"accept-encoding", b"if-none-match", b"range", b"origin", b"cookie",
                b"if-modified-since", b"x-forwarded-host", b"content-length", b"expect"]  # fmt: skip
HEADER_VALUES = st.binary(max_size=60).filter(lambda value: not set(b"\r\n\x00") & set(value)) | st.sampled_from([
    b"*/*;q=", b"text/html;q=1.0.0", b"bytes=0-,-5", b"bytes=9-1", b'*, "x"', b"gzip;q=nan", b",,,,", b"a" * 5000,
    b"en;q=1e9", b"zh-" + b"x" * 100, b"application/json;" * 300, b"W/", b'"', b"\xff\xfe",
])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(PATHS) | st.binary(max_size=40).map(lambda tail: b"/api/" + tail.replace(b"?", b"")),
    asked=st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=4),
    tail=st.binary(max_size=12),
    headers=st.lists(st.tuples(st.sampled_from(HEADER_NAMES), HEADER_VALUES), max_size=4),
    method=st.sampled_from(["GET", "HEAD", "GET", "OPTIONS", "POST", "BREW"]),
)
def test_nothing_that_anyone_sends_is_more_than_the_service_can_bear(  # noqa: PLR0913, PLR0917 - as a request has
    client: TestClient, path: bytes, asked: Pairs, tail: bytes, headers: list[tuple[bytes, bytes]], method: str
) -> None:
    query = urlencode(asked, errors="replace").encode() + tail
    status, told, body = raw(client, path + b"?" + query, headers, method)
    assert status < 500, (status, body)
    if status >= 400 and method not in {"HEAD", "OPTIONS"} and "html" not in told["content-type"]:
        require_problem(status, told, body)
