"""A phrase is read, and a layout that contradicts its own phrase is found out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioplan_gis.errors import GeodataError
from bioplan_gis.layouts import NUMERALS, ROLE_NOUNS, Layout, Part, Zone, contradictions, layout_of, read_phrase


def zone(number: int, role: str, tier: int, *, named: bool = True) -> Zone:
    return Zone(f"z{number}", f"第{number}区", role, tier, named, (f"33010{number}",))


PLAN = Layout(
    id="plan",
    phrase="一心双核多元",
    area="3301",
    zones=(zone(1, "心", 1), zone(2, "核", 2), zone(3, "核", 2), zone(4, "元", 3), zone(5, "元", 3)),
)


def test_the_two_phrases_of_the_documents() -> None:
    assert read_phrase("一心双核多元") == (Part("一", "心", 1), Part("双", "核", 2), Part("多", "元", None))
    assert [part.count for part in read_phrase("一核三区多点")] == [1, 3, None]


@pytest.mark.parametrize("phrase", ["", "心", "一", "一心双", "一心 双核", "百花齐放", "一心一核两心"])
def test_what_is_no_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(GeodataError):
        read_phrase(phrase)


@given(st.lists(st.sampled_from(ROLE_NOUNS), unique=True, min_size=1), st.data())
def test_every_phrase_of_the_grammar_is_read_back(roles: list[str], data: st.DataObject) -> None:
    phrase = "".join(data.draw(st.sampled_from(list(NUMERALS))) + role for role in roles)
    assert "".join(part.numeral + part.role for part in read_phrase(phrase)) == phrase


def test_a_plan_that_keeps_its_phrase() -> None:
    assert contradictions(PLAN) == ()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (replace(PLAN, zones=PLAN.zones[1:]), "asks for 1, but 0 stand"),
        (replace(PLAN, zones=PLAN.zones[:-1]), "asks for 2 or more, but 1 stand"),
        (replace(PLAN, zones=(*PLAN.zones, zone(6, "核", 2))), "asks for 2, but 3 stand"),
        (replace(PLAN, zones=(*PLAN.zones, zone(6, "点", 4))), "role 点 is not in"),
        (replace(PLAN, zones=(*PLAN.zones, zone(6, "元", 2))), "tier is 2"),
        (replace(PLAN, zones=(*PLAN.zones, zone(1, "元", 3))), "belongs to"),
        (replace(PLAN, area="3302"), "outside the layout's area"),
        (replace(PLAN, phrase="一心双核"), "role 元 is not in"),
        (replace(PLAN, phrase="百花齐放"), "cannot be read"),
    ],
)
def test_a_contradiction_is_named(broken: Layout, says: str) -> None:
    assert any(says in found.en for found in contradictions(broken)), contradictions(broken)


def test_many_points_that_the_document_does_not_name() -> None:
    layout = Layout("p", "一核多点", "330114", (zone(1, "核", 1), replace(zone(2, "点", 2), named=False)))
    assert contradictions(replace(layout, area="3301")) == ()


def test_a_layout_without_a_phrase_is_checked_for_place_only() -> None:
    assert contradictions(replace(PLAN, phrase=None, zones=())) == ()


def test_records_become_a_layout_in_the_order_of_their_seats() -> None:
    records = [
        {"id": "b", "layout": "plan", "name_zh": "乙", "seat": 2, "role": "核", "tier": 2, "members": ["330102"]},
        {"id": "x", "layout": "other"},
        {"id": "a", "layout": "plan", "name_zh": "甲", "seat": 1, "role": "心", "tier": 1},
    ]
    layout = layout_of({"id": "plan", "phrase": "一心双核", "area_adcode": "3301"}, records)
    assert [one.id for one in layout.zones] == ["a", "b"]
    assert layout.zones[1].members == ("330102",)
