"""A last look at a finished page: it asks nothing of the network, runs nothing, and can be read."""

import re
from html.parser import HTMLParser

from betyg.errors import DataError, Problems

MOST_BYTES = 3_000_000
_FORBIDDEN = frozenset(
    ("script", "iframe", "frame", "object", "embed", "link", "base", "form", "audio", "video")
)
_FETCHED = frozenset(
    ("src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "manifest")
)
_OWN = ("data:", "#")
_IN_STYLE = re.compile(r"@import|url\(\s*[\"']?(?!#|data:)|image-set\(", re.IGNORECASE)


def check(page: str, *, name: str) -> None:
    """Raise one error that lists why a page would not stand alone or not be read by everybody.

    Raises
    ------
    DataError
        Scripts, requests, repeated ids, images without alt text, headings out of order, weight.
    """
    problems = Problems()
    inspector = _Inspector(problems, name)
    inspector.feed(page)
    inspector.close()
    for identity in sorted({i for i in inspector.ids if inspector.ids.count(i) > 1}):
        problems.add(
            name,
            f"'{identity}' is shown twice.",
            "Give each figure and table of the notebook a name of its own (name=...).",
        )
    weight = len(page.encode())
    if weight > MOST_BYTES:
        problems.add(
            name,
            f"{weight / 1e6:.1f} MB, over the {MOST_BYTES / 1e6:.0f} MB that a page may weigh.",
            "Take out large images, or split the notebook.",
        )
    problems.raise_if_any(kind=DataError, heading=name)


class _Inspector(HTMLParser):
    """Walks through the tags of a page and notes what is wrong."""

    def __init__(self, problems: Problems, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self._problems = problems
        self._name = name
        self._level = 0
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self._in_style = tag == "style"
        self.ids += [given["id"]] if "id" in given else []
        if tag in _FORBIDDEN:
            self._add(f"<{tag}> is not allowed in a page that stands alone")
        if tag == "meta" and given.get("http-equiv", "").lower() == "refresh":
            self._add("the page would leave itself (meta refresh)")
        for key, value in given.items():
            self._attribute(tag, key, value.strip())
        self._alternative(tag, given)
        if re.fullmatch(r"h[1-6]", tag):
            self._heading(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._in_style = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and _IN_STYLE.search(data):
            self._add("a style sheet asks for an outside file")

    def _attribute(self, tag: str, key: str, value: str) -> None:
        fetched = key in _FETCHED or (key in ("href", "xlink:href") and tag != "a")
        if key.startswith("on"):
            self._add(f"<{tag} {key}=...> would run a script")
        elif fetched and not value.startswith(_OWN):
            self._add(f"<{tag} {key}={value[:60]!r}> would be asked of the network")
        elif re.match(r"(?i)(javascript|vbscript):", value):
            self._add(f"<{tag} {key}=...> would run a script")
        elif key == "style" and _IN_STYLE.search(value):
            self._add(f"the style of a <{tag}> asks for an outside file")

    def _alternative(self, tag: str, given: dict[str, str]) -> None:
        if tag == "img" and not given.get("alt", "").strip():
            self._add("an image has no alt text")
        if tag == "svg" and not given.get("aria-label", "").strip():
            self._add("a drawing has no alt text")

    def _heading(self, level: int) -> None:
        if level > self._level + 1:
            self._add(f"a heading of level {level} follows one of level {self._level}")
        if level == 1 and self._level:
            self._add("there is a second main heading")
        self._level = level

    def _add(self, what: str) -> None:
        where = f"line {self.getpos()[0]}"
        self._problems.add(where, f"{what}.", "Mend the output of the notebook that holds it.")
