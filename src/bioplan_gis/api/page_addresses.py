"""Addresses as a page gives them: of other pages, of the data behind a page, and of itself in the other language."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

LANGUAGE, FORMAT, LIMIT = "lang", "f", "limit"
# What says how features are told, and not which ones.
TELLING = (LANGUAGE, FORMAT, "crs")
API = "/api"
# /api/collections/{layer}
LAYER_PLACE = 3

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Addresses:
    """Where a page stands among the others.

    Attributes:
        url: of the page, absolute, as it was asked for.
        base: absolute address of the service, without a last slash.
    """

    url: str
    base: str

    @cached_property
    def asked(self) -> Pairs:
        """The page's own parameters, without language and format, and without those that a form left empty."""
        return [pair for pair in self._query if pair[1] and pair[0] not in {LANGUAGE, FORMAT}]

    @cached_property
    def language(self) -> str | None:
        """The language that the address asks for; a page that was reached without one hands none on."""
        return dict(self._query).get(LANGUAGE)

    @cached_property
    def layer(self) -> str:
        """The id of the layer that the page is of, or nothing."""
        below = self._path.removeprefix(self._prefix).split("/")
        return unquote(below[LAYER_PLACE]) if below[1:3] == ["api", "collections"] and len(below) > LAYER_PLACE else ""

    def parameter(self, name: str) -> str:
        """The value of a parameter of the page, or nothing."""
        return dict(self.asked).get(name, "")

    def path(self, *parts: str) -> str:
        """The page of a resource below ``/api``."""
        return self._page("/".join([self._prefix + API, *(quote(part, safe="") for part in parts)]), [])

    def map_page(self) -> str:
        """The map of everything."""
        return f"{self._prefix}/"

    def page(self, href: str) -> str:
        """The page that a link of a document leads to, in the language of this one; nothing where it is no address."""
        parts = urlsplit(href)
        if parts.scheme not in {"http", "https"}:
            return ""
        if not self._is_own(href):
            return href
        return self._page(parts.path or "/", parse_qsl(parts.query, keep_blank_values=True), parts.fragment)

    def file(self, href: str) -> str:
        """What a link of a document leads to, as it stands; nothing where it is no address."""
        if urlsplit(href).scheme not in {"http", "https"}:
            return ""
        return href.removeprefix(self._origin) if self._is_own(href) else href

    def data(self, **parameters: str) -> str:
        """This page's question in another format: ``data(f="json")``."""
        return self._own([*self.asked, *parameters.items()])

    def shapes(self, limit: int | None = None) -> str:
        """The features of this page as the map draws them: GeoJSON in longitude and latitude.

        Args:
            limit: how many stand on the page, where it holds fewer than were asked for.
        """
        kept = [pair for pair in self.asked if pair[0] not in TELLING and not (limit and pair[0] == LIMIT)]
        return self._own([*kept, *([] if limit is None else [(LIMIT, str(limit))]), (FORMAT, "json")])

    def in_language(self, language: str) -> str:
        """This page in a language."""
        return self._own([*self.asked, (LANGUAGE, language)])

    def without(self, *names: str) -> str:
        """This page's question without some parameters, from its first page on."""
        return self.asking(dict.fromkeys(names, ""))

    def asking(self, changes: dict[str, str]) -> str:
        """This page's question with some parameters changed, from its first page on; an empty one falls away."""
        kept = [pair for pair in self.asked if pair[0] != "after" and pair[0] not in changes]
        return self._page(self._path, [*kept, *((name, text) for name, text in changes.items() if text)])

    @cached_property
    def _query(self) -> Pairs:
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @cached_property
    def _path(self) -> str:
        return urlsplit(self.url).path or "/"

    @cached_property
    def _origin(self) -> str:
        return "{0.scheme}://{0.netloc}".format(urlsplit(self.base))

    @cached_property
    def _prefix(self) -> str:
        return urlsplit(self.base).path.rstrip("/")

    def _is_own(self, href: str) -> bool:
        return href == self._origin or href.startswith((f"{self._origin}/", f"{self._origin}?"))

    def _page(self, path: str, query: Pairs, fragment: str = "") -> str:
        kept = [pair for pair in query if pair[0] not in {LANGUAGE, FORMAT}]
        asked = kept if self.language is None else [*kept, (LANGUAGE, self.language)]
        return _joined(path, asked) + (f"#{fragment}" if fragment else "")

    def _own(self, query: Pairs) -> str:
        return _joined(self._path, query)


def _joined(path: str, query: Pairs) -> str:
    """A path that cannot be taken for another host, and its query."""
    own = "/" + path.lstrip("/")
    return f"{own}?{urlencode(query)}" if query else own
