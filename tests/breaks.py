"""One break of the tiny plan for each rule of the check, and what is to be said of it."""

from dataclasses import dataclass

TOWN = (
    '{"type": "Feature", "properties": {"geonameid": 1, "name": "Town", "names_zh": "镇"}, '
    '"geometry": {"type": "Point", "coordinates": [120.02, 30.02]}}'
)


@dataclass(frozen=True)
class Break:
    """What is broken in which file, the record at fault, and a part of what is said of it and of the remedy."""

    file: str
    old: str
    new: str
    record: str
    says: str
    remedy: str


BREAKS = {
    "name missing": Break(
        "labs.toml", 'name_en = "Yi Laboratory"', "", "planned-lab", "name_en is missing", "Add name_en"
    ),
    "name empty": Break("labs.toml", '"Yi Laboratory"', '" "', "planned-lab", "name_en is missing", "Add name_en"),
    "id missing": Break("parks.toml", 'id = "park"', "", "甲园", "id is missing", "Add id"),
    "id no slug": Break("parks.toml", 'id = "park"', 'id = "The Park"', "The Park", "no lower-case slug", "lower-case"),
    "id twice": Break(
        "industrial_land.toml", "land-20", "land-10", "land-10", "more than once (line 2, line 15)", "stand once"
    ),
    "place twice": Break("places.csv", "空地,", "甲园,", "甲园", "more than once (line 3, line 7)", "stand once"),
    "unknown column": Break(
        "labs.toml", "kind_zh", "kind_cn", "lab", "kind_cn is not declared", "Correct its spelling"
    ),
    "invented position": Break(
        "parks.toml", "place =", "lon = 120.0\nplace =", "park", "lon is not declared", "by place"
    ),
    "wrong type": Break("targets.toml", "40_000_000_000", '"400亿"', "output", "declared type number", "type number"),
    "no boolean": Break(
        "policies.toml", "production = true", "production = 1", "award", "declared type boolean", "boolean"
    ),
    "no date": Break("policies.toml", "2024-01-01", '"January"', "award", "declared type date", "type date"),
    "no list": Break("tracks.toml", '["细胞疗法"]', '"细胞疗法"', "cells", "declared type list", "type list"),
    "not finite": Break("targets.toml", "40_000_000_000", "inf", "output", "declared type number", "type number"),
    "cell no number": Break("places.csv", ",500,", ",近,", "甲实验室", "'近' of accuracy_m is not", "type number"),
    "no comparator": Break(
        "targets.toml", 'comparator = "="', 'comparator = "~"', "output", "comparator “~”", "one of =, ≥"
    ),
    "accuracy below zero": Break("places.csv", ",500,", ",-500,", "甲实验室", "-500.0 of accuracy_m", "at least 0"),
    "accuracy no number": Break("places.csv", ",500,", ",nan,", "甲实验室", "nan of accuracy_m is not", "type number"),
    "park below zero": Break(
        "m3_parks_official.geojson", '"area_ha": 100', '"area_ha": -100', "甲化工园", "-100 of area_ha", "at least 0"
    ),
    "district below zero": Break(
        "districts_hangzhou.geojson", 'geodesic": 107', 'geodesic": -107', "甲区", "-107 of area_km2", "at least 0"
    ),
    "water below zero": Break("water_gshhg.geojson", '"km2": -1.0', '"km2": -2.0', "#1", "-2.0 of km2", "at least 0"),
    "label off the earth": Break(
        "districts_hangzhou.geojson", '"label_lat": 30.05', '"label_lat": 120', "甲区", "120 of label_lat", "-90 and 90"
    ),
    "rate too high": Break("policies.toml", "= 20", "= 120", "award", "120 of rate_percent", "between 0 and 100"),
    "rate below zero": Break("policies.toml", "= 20", "= -20", "award", "-20 of rate_percent", "between 0 and 100"),
    "cap below zero": Break(
        "policies.toml", "rate_percent", "cap_yuan = -1\nrate_percent", "award", "-1 of cap_yuan", "at least 0"
    ),
    "infinite cap": Break(
        "policies.toml", "rate_percent", "cap_yuan = inf\nrate_percent", "award", "inf of cap_yuan", "type number"
    ),
    "no such year": Break("targets.toml", "2026\n", "20260\n", "output", "20260 of year", "1900 and 2100"),
    "no such date": Break("policies.toml", "2024-01-01", "0024-01-01", "award", "0024-01-01 of in_force", "1900"),
    "a time": Break("policies.toml", "2024-01-01", "2024-01-01T08:00:00", "award", "declared type date", "type date"),
    "a year alone": Break("policies.toml", "2024-01-01", '"2024"', "award", "declared type date", "type date"),
    "too large": Break("water_gshhg.geojson", '"level": 2', f'"level": {2**63}', "#1", "type integer", "type integer"),
    "unwritable": Break("labs.toml", "Yi Laboratory", "Yi\\u0000", "planned-lab", "declared type text", "type text"),
    "tier zero": Break("zones.toml", "seat = 1", "seat = 0", "zone-a", "0 of seat", "at least 1"),
    "no kind of lab": Break("labs.toml", '"laboratory"', '"labor"', "lab", "kind “labor”", "university, laboratory"),
    "no kind of park": Break("parks.toml", 'kind = "park"', 'kind = "garden"', "park", "kind “garden”", "park, town"),
    "no kind of policy": Break("policies.toml", 'kind = "award"', 'kind = "gift"', "award", "kind “gift”", "award"),
    "no kind of water": Break("water_gshhg.geojson", '"river"', '"tea"', "#1", "kind “tea”", "river, shore"),
    "no level": Break("labs.toml", '"national"', '"galactic"', "lab", "level “galactic”", "national, provincial"),
    "no group": Break("tracks.toml", '"新兴"', '"旧"', "cells", "group “旧”", "优势, 新兴, 未来"),
    "no status": Break("labs.toml", '"planned"', '"rumoured"', "planned-lab", "status “rumoured”", "existing, planned"),
    "two classes": Break("industrial_land.toml", "100103", "100102", "land-10", "M3, 100102", "landuse.py"),
    "no class": Break("industrial_land.toml", '"M3"', '"M9"', "land-10", "M9, 100103", "landuse.py"),
    "no provenance": Break("parks.toml", 'source = "places"', "", "park", "where it comes from", "one or the other"),
    "two provenances": Break(
        "labs.toml", "citations", 'source = "places"\ncitations', "lab", "both", "one or the other"
    ),
    "no citations": Break(
        "layouts.toml",
        '[{ document = "plan", clause = "三" }]',
        "[]",
        "jia-2024",
        "incomplete",
        "clause",
    ),
    "no clause": Break("labs.toml", ', clause = "四(二)5"', "", "lab", "incomplete", "clause"),
    "no such clause": Break("labs.toml", "四(二)5", "四(二)99", "lab", "has no clause “四(二)99”", "outlines.toml"),
    "wide brackets": Break("labs.toml", "四(二)5", "四（二）5", "lab", "no clause “四（二）5”", "half-width"),
    "no such paragraph": Break("labs.toml", "小标题/¶2", "小标题/¶4", "planned-lab", "“小标题/¶4”", "outlines.toml"),
    "outline of nothing": Break(
        "outlines.toml",
        '[[record]]\nid = "plan"',
        """[[record]]
id = "novel"
clauses = ["一"]

[[record]]
id = "plan\"""",
        "novel",
        "“novel”, which is not in documents",
        "documents.toml",
    ),
    "outline malformed": Break(
        "outlines.toml", '"标题", "导语",', '"标题", "导语", "第四章",', "plan", "“第四章” is not", "half-width"
    ),
    "outline of two styles": Break(
        "outlines.toml",
        '"标题", "导语",',
        '"标题", "导语", "平台/¶5",',
        "plan",
        "not written like the other",
        "one way",
    ),
    "document without provenance": Break(
        "documents.toml",
        'citations = [{ document = "plan", clause = "标题" }]',
        "",
        "plan",
        "where it comes from",
        "one or the other",
    ),
    "document of another": Break(
        "documents.toml", 'document = "plan"', 'document = "article"', "plan", "from another one, “article”", "itself"
    ),
    "no document": Break("labs.toml", '"article"', '"novel"', "planned-lab", "“novel”, which is not", "documents.toml"),
    "no source": Break("parks.toml", '"places"', '"rumour"', "park", "“rumour”, which is not", "catalogue.toml"),
    "no track": Break("parks.toml", '["cells"]', '["cell"]', "park", "“cell”, which is not in tracks", "tracks.toml"),
    "no layout": Break("links.toml", '"jia-2024"', '"yi-2024"', "link", "“yi-2024”, which is not", "layouts.toml"),
    "no zone": Break("labs.toml", "by = []", 'by = ["zone-x"]', "planned-lab", "“zone-x”, which is not", "zones.toml"),
    "no platform": Break(
        "zones.toml", "platforms = []", 'platforms = ["x"]', "zone-b", "“x”, which is not", "labs.toml"
    ),
    "no district": Break("labs.toml", '"330114"', '"330199"', "planned-lab", "“330199”, which is not", "districts"),
    "no related": Break(
        "enterprises.toml",
        "tracks =",
        'relations = [{ kind = "partner_of", id = "x" }]\ntracks =',
        "firm",
        "relations names “x”",
        "labs.toml",
    ),
    "lab silent": Break("labs.toml", '["zone-a"]', "[]", "lab", "its relied_on_by lacks “zone-a”", "Add “zone-a”"),
    "town twice": Break("towns_geonames.geojson", "]}}", "]}}, " + TOWN, "1", "more than once (#1, #2)", "stand once"),
    "district in two files": Break(
        "districts_suzhou_partners.geojson",
        '"320581", "name": "友区"',
        '"330502", "name": "邻区"',
        "330502",
        "(districts_neighbours.geojson #1, #1)",
        "stand once",
    ),
    "division missing": Break("divisions.csv", "320581,友区,You District\n", "", "320581", "missing here", "Add a row"),
    "city missing": Break("divisions.csv", "320500,苏州市,Suzhou\n", "", "320500", "missing here", "Add a row"),
    "division of another name": Break(
        "divisions.csv", "320581,友区", "320581,右区", "右区", "“友区”", "Make them agree"
    ),
    "division unnamed": Break("divisions.csv", "You District", "", "友区", "name_en is missing", "Add name_en"),
    "division twice": Break(
        "divisions.csv",
        "320500,苏州市",
        "330100,杭州市,Hangzhou\n320500,苏州市",
        "330100",
        "more than once (line 2, line 11)",
        "stand once",
    ),
    "no polygon": Break(
        "districts_neighbours.geojson",
        '{"type": "MultiPolygon", "coordinates": '
        "[[[[120.6, 30.0], [120.7, 30.0], [120.7, 30.1], [120.6, 30.1], [120.6, 30.0]]]]}",
        '{"type": "LineString", "coordinates": [[120.6, 30.0], [120.7, 30.0]]}',
        "邻区",
        "is a LineString",
        "MultiPolygon, Polygon",
    ),
    "not closed": Break("districts_hangzhou.geojson", ", [120.0, 30.0]]", "]", "甲区", "not closed", "begins"),
    "outside": Break(
        "towns_geonames.geojson", "120.01", "120.71", "Town", "outside district 330106", "longitude first"
    ),
    "axes swapped": Break(
        "water_gshhg.geojson",
        "[120.0, 30.02]",
        "[30.02, 120.0]",
        "#1",
        "no longitude",
        "longitude first",
    ),
    "left-handed": Break(
        "districts_neighbours.geojson",
        "[120.7, 30.0], [120.7, 30.1], [120.6, 30.1]",
        "[120.6, 30.1], [120.7, 30.1], [120.7, 30.0]",
        "邻区",
        "not right-handed",
        "Reverse the order",
    ),
    "left-handed hole": Break(
        "districts_suzhou_partners.geojson",
        "[120.9, 30.0]]",
        "[120.9, 30.0]], [[120.92, 30.02], [120.98, 30.02], [120.98, 30.08], [120.92, 30.02]]",
        "友区",
        "holes clockwise",
        "Reverse the order",
    ),
    "no length": Break("water_gshhg.geojson", "120.6,", "120.0,", "#1", "degenerate", "Correct it"),
    "less than a centimetre": Break("water_gshhg.geojson", "120.6,", "120.00000001,", "#1", "degenerate", "Correct it"),
    "no numbers": Break("water_gshhg.geojson", "[120.0, 30.02]", '["120", 30.02]', "#1", "cannot be read", "RFC 7946"),
    "empty": Break("water_gshhg.geojson", "[[120.0, 30.02], [120.6, 30.02]]", "[]", "#1", "no geometry", "Add it"),
    "basis unknown": Break("places.csv", ",district,", ",guessed,", "甲园", "“guessed” is unknown", "sourced, address"),
    "no coordinates": Break(
        "places.csv",
        ",,,,district",
        ",,,,sourced",
        "甲园",
        "accuracy_m is missing",
        "district or none",
    ),
    "invented": Break("places.csv", ",,,,district", ",120,30,,district", "甲园", "no position is invented", "take"),
    "nowhere": Break(
        "places.csv", ",district,330109", ",district,", "空地", "district_adcode is missing", "write none"
    ),
    "off the earth": Break(
        "places.csv", "120.05,30.05,", "120.05,300.5,", "甲实验室", "latitude in ±90", "longitude first"
    ),
    "synthetic": Break(
        "industrial_land.toml", "= false", "= true", "land-10", "never stands among real", "Take it out"
    ),
    "no place": Break(
        "labs.toml",
        'place = "甲实验室"',
        'place = "某处"',
        "lab",
        "“某处” is not in places.csv",
        "places.csv",
    ),
    "no start": Break(
        "links.toml",
        'from_place = "甲实验室"',
        'from_place = "某处"',
        "link",
        "“某处” is not in",
        "places.csv",
    ),
    "place elsewhere": Break(
        "labs.toml", '"330106"', '"330114"', "lab", "places.csv has “甲实验室” in 330106", "agree"
    ),
    "phrase": Break(
        "layouts.toml", "一心双核多元", "一心三核多元", "jia-2024", "asks for 3, but 2 stand", "zones.toml"
    ),
    "tier": Break("zones.toml", "tier = 3", "tier = 2", "zone-d", "Its tier is 2", "role, tier and members"),
    "role of another word": Break(
        "zones.toml",
        'role_en = "core"',
        'role_en = "heart"',
        "zone-a",
        "“心 heart” is not among the roles",
        "one of them",
    ),
    "unreadable phrase": Break("layouts.toml", "一心双核多元", "百花齐放", "jia-2024", "cannot be read", "phrase"),
}
