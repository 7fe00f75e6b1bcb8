"""Markdown to HTML with an outline: one main heading, levels without gaps, unique anchors."""

import re
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Any

import mistune

from betyg.errors import DataError
from betyg.publish.language import Language


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the page: its anchor, its text as HTML, and its level (2 or deeper)."""

    anchor: str
    text: str
    level: int


class Outline(mistune.HTMLRenderer):
    """Renders the markdown of one page and remembers its headings.

    HTML in markdown comes out as text. The first heading of level one is the page's title; the
    others keep their level, but never lie more than one below the heading before.
    """

    def __init__(self, language: Language) -> None:
        super().__init__(escape=True)
        self.title = ""
        self.headings: list[Heading] = []
        self._language = language
        self._level = 1

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        """Write a heading, or keep it as the title of the page."""
        if level == 1 and not self.title and not self.headings:
            self.title = re.sub(r"<[^>]+>", "", text)
            return ""
        self._level = min(max(level, 2), self._level + 1)
        heading = Heading(self._anchor(text), text, self._level)
        self.headings.append(heading)
        return f'<h{heading.level} id="{heading.anchor}">{text}</h{heading.level}>\n'

    def _anchor(self, text: str) -> str:
        plain = unicodedata.normalize("NFKD", re.sub(r"<[^>]+>|&\w+;", "", text).casefold())
        slug = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")
        taken = {heading.anchor for heading in self.headings}
        stem = f"s-{slug or len(taken) + 1}"
        names = [stem, *(f"{stem}-{i}" for i in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Write an image that the page holds itself; others would be asked of the network."""
        if not url.startswith("data:image/"):
            raise DataError(
                f"image {url}: a page holds its images itself. Draw it in a code cell, or attach "
                "it as data."
            )
        if not text.strip():
            raise DataError("an image in markdown has no alt text: write ![what it shows](...)")
        return f'<img src="{escape(url)}" alt="{escape(text)}">'

    def table(self, text: str) -> str:
        """Write a table in a region that scrolls by itself."""
        label = self._language.text("Table")
        return (
            f'<div class="table-region" role="group" tabindex="0" aria-label="{escape(label)}">'
            f"<table>\n{text}</table></div>\n"
        )
