"""Imported layers in the feeds: Chinese ids and column names, rights, what is synthetic, on both databases."""

from urllib.parse import quote, urlsplit

from starlette.testclient import TestClient

from imported import HOSTILE, PARCELS, SAMPLE, STATIONS, TURNING


def test_every_layer_says_whose_it_is_and_whether_it_is_made_up(bureau: TestClient):
    told = {one["id"]: one for one in bureau.get("/api/collections").json()["collections"]}
    parcels, sample, labs = told[PARCELS], told[SAMPLE], told["labs"]
    names = ("imported", "conforms_to", "source", "licence", "attribution", "version", "synthetic")
    assert [parcels[name] for name in names] == [
        True, "industrial_land", "余杭区规划局", "内部使用", "余杭区规划局 ©", 1, False,
    ]  # fmt: skip
    assert (sample["synthetic"], sample["title_zh"]) == (True, "合成地块样本（合成数据）")
    assert sample["title"] == "合成地块样本（合成数据） 合成地块样本 (en) (synthetic)"
    assert (labs["imported"], labs["conforms_to"], "合成" in labs["title"]) == (False, None, False)
    assert told[STATIONS]["title"] == "地铁站点"


def test_links_to_a_chinese_layer_are_encoded_and_lead_there(bureau: TestClient):
    listed = bureau.get("/api/collections").json()["collections"]
    links = [link for one in listed if one["id"] in {PARCELS, STATIONS} for link in one["links"]]
    pages = bureau.get(f"/api/collections/{quote(STATIONS)}/items?limit=2").json()["links"]
    one = bureau.get(f"/api/collections/{STATIONS}/items/s1").json()["links"]
    assert {link["rel"] for link in pages} == {"self", "alternate", "collection", "next"}
    for link in [*links, *pages, *one]:
        assert link["href"].isascii()
        assert quote(STATIONS) in link["href"] or quote(PARCELS) in link["href"]
        address = urlsplit(link["href"])
        assert bureau.get(f"{address.path}?{address.query}").status_code == 200


def test_a_chinese_layer_is_paged_to_its_end(bureau: TestClient):
    found, path = [], f"/api/collections/{quote(PARCELS)}/items?limit=5"
    while path:
        page = bureau.get(path).json()
        found += [one["id"] for one in page["features"]]
        address = next((urlsplit(link["href"]) for link in page["links"] if link["rel"] == "next"), None)
        path = f"{address.path}?{address.query}" if address else None
    assert found == [str(number) for number in range(12)]


def test_chinese_columns_keep_their_names_types_and_values(bureau: TestClient):
    columns = bureau.get(f"/api/collections/{STATIONS}").json()["columns"]
    named = [(column["name"], column["type"]) for column in columns]
    assert named == [("站名", "text"), ("换乘", "boolean"), ("日客流", "integer"), ('a "b" <c>', "text")]
    features = bureau.get(f"/api/collections/{STATIONS}/items").json()["features"]
    assert [one["properties"] for one in features] == [
        {"站名": HOSTILE, "换乘": True, "日客流": 1000, 'a "b" <c>': None},
        {"站名": TURNING, "换乘": False, "日客流": None, 'a "b" <c>': None},
        {"站名": None, "换乘": None, "日客流": 5, 'a "b" <c>': None},
    ]


def test_a_box_finds_features_of_a_chinese_layer(bureau: TestClient):
    answer = bureau.get(f"/api/collections/{PARCELS}/items", params={"bbox": "120.005,30.29,120.025,30.31"}).json()
    assert [one["id"] for one in answer["features"]] == ["1", "2"]
    assert (answer["numberMatched"], answer["attribution"]) == (2, "余杭区规划局 ©")


def test_a_layer_that_there_is_not_is_named_in_the_refusal(bureau: TestClient):
    response = bureau.get(f"/api/collections/{quote('没有')}/items")
    assert response.status_code == 404
    assert "没有" in response.json()["detail"]


def test_pages_of_made_up_layers_say_so(bureau: TestClient):
    assert bureau.get(f"/api/collections/{SAMPLE}/items").json()["synthetic"] is True
    assert "synthetic" not in bureau.get(f"/api/collections/{STATIONS}/items").json()
