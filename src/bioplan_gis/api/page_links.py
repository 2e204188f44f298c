"""The links of a document as its page follows them, and the same question asked otherwise."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from bioplan_gis.api.page_addresses import Addresses
from bioplan_gis.api.page_tables import Document, titled
from bioplan_gis.api.page_values import half

# What a browser is led to as a page, though its link says data.
PAGES = {"application/json", "application/geo+json", "application/schema+json"}
# What a page is itself.
OWN_RELS = {"self", "alternate"}


@dataclass(frozen=True)
class Standing:
    """Where a page stands and whom it speaks to.

    Attributes:
        at: addresses as the page gives them.
        english: whether it speaks English; Chinese otherwise.
        owner: the JSON document of the collection that its features belong to, or nothing.
    """

    at: Addresses
    english: bool
    owner: Document


@dataclass(frozen=True)
class Way:
    """A link as a page shows it: where it leads, what it is called, and its media type."""

    href: str
    title: str
    rel: str
    type: str


@dataclass(frozen=True)
class Chosen:
    """A parameter that is in force, and the same question without it."""

    name: str
    value: str
    without: str


def ways(document: Document, here: Standing) -> list[Way]:
    """The links of a document as a page follows them; what is no address of the web, or a template of some, is not."""
    found = [_way(one, here) for one in document.get("links") or () if isinstance(one, Mapping)]
    return [way for way in found if way.href and "{" not in way.href]


def layer_title(document: Document, here: Standing) -> str:
    """What the layer of a page is called: by its own document, by the link to it, or by its id."""
    linked = (way.title for way in ways(document, here) if way.rel == "collection")
    return titled(here.owner, english=here.english) or next(linked, here.at.layer)


def every_but(found: Iterable[Way], rels: set[str]) -> list[Way]:
    """Links without those of some kinds."""
    return [way for way in found if way.rel not in rels]


def _by_rel(found: Iterable[Way]) -> dict[str, Way]:
    """The first link of each relation, by the relation's own name."""
    first: dict[str, Way] = {}
    for way in found:
        first.setdefault(way.rel.rpartition("/")[2], way)
    return first


def chosen(here: Standing) -> list[Chosen]:
    """What decides which features are shown, and how; not how many stand on a page."""
    deciding = [pair for pair in here.at.asked if pair[0] not in {"after", "limit", "count"}]
    return [Chosen(name, value, here.at.without(name)) for name, value in deciding]


def files(document: Document, here: Standing) -> list[Way]:
    """The kinds in which a collection offers its features, each by its name alone; its page is none of them."""
    offered = [
        {**one, "title": _name_of_kind(one)}
        for one in document.get("links") or ()
        if one.get("rel") in {"items", "enclosure"} and "html" not in str(one.get("type"))
    ]
    return [
        Way(here.at.file(str(one["href"])), way.title, way.rel, way.type)
        for one in offered
        for way in [_way(one, here)]
    ]


def _name_of_kind(one: Document) -> str:
    """What a link's title says behind the layer's name; the usual kind says nothing there."""
    _, mark, name = str(one.get("title") or "").rpartition(" · ")
    return name if mark else "GeoJSON"


def of_this_question(file: Way, here: Standing) -> Way:
    """The features of this page's question in a kind that the collection offers."""
    kind = dict(parse_qsl(urlsplit(file.href).query)).get("f", "geojson")
    return replace(file, href=here.at.data(f=kind))


def turning(every: Sequence[Way], here: Standing) -> dict[str, Way | str | None]:
    """The ways to the pages before and behind."""
    named = _by_rel(every)
    first = here.at.without("after") if here.at.parameter("after") else ""
    return {"next": named.get("next"), "prev": named.get("prev"), "first": first}


def _way(one: Document, here: Standing) -> Way:
    kind, href = str(one.get("type") or ""), str(one.get("href") or "")
    is_page = kind.partition(";")[0] in PAGES and "f=" not in href
    title = half(str(one.get("title") or one.get("rel") or ""), english=here.english)
    return Way(here.at.page(href) if is_page else here.at.file(href), title, str(one.get("rel") or ""), kind)
