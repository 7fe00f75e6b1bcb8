"""Generated sentences on their way to the page: plain text, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from betyg.publish import left_out, sentence

Form = Literal["headline", "paragraph", "list", "left-out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Sentences that a cell shows, as a paragraph or a list, and the claims that they make.

    Labels of the study stand in them as they are; whatever they hold comes out as text.

    Raises
    ------
    ClaimError
        If a sentence has a number that none of its claims stands for.
    """

    sentences: tuple[str, ...]
    form: Form

    def __post_init__(self) -> None:
        sentence.check(self.sentences)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return sentence.bundle(self.sentences)

    def _repr_html_(self) -> str:
        if not self.sentences:
            return ""
        if self.form == "paragraph":
            return f'<p class="generated">{escape(" ".join(self.sentences))}</p>'
        if self.form == "headline":
            return f'<p class="headline">{escape(" ".join(self.sentences))}</p>'
        if self.form == "left-out":
            return f"<p {left_out.MARK}>{escape(' '.join(self.sentences))}</p>"
        items = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        return f'<ul class="generated">{items}</ul>'


def paragraph(*sentences: str) -> Prose:
    """Put sentences into one paragraph; empty ones are left out."""
    return Prose(sentences=_kept(sentences), form="paragraph")


def headline(finding: str) -> Prose:
    """Put the one thing that matters most on top, in larger type."""
    return Prose(sentences=_kept([finding]), form="headline")


def bullets(*sentences: str) -> Prose:
    """Put sentences into a list; empty ones are left out."""
    return Prose(sentences=_kept(sentences), form="list")


def missing(reason: str) -> Prose:
    """Say why a section is not there; the page lists such reasons at its end."""
    return Prose(sentences=(reason,), form="left-out")


def _kept(sentences: Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in sentences if text)
