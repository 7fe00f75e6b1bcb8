"""Parts of a page that belong together, and the tables and sentences among them."""

from dataclasses import dataclass
from typing import Any, Protocol

from betyg.publish import plain, sentence
from betyg.publish.figure import Figure
from betyg.publish.plain import PlainTable
from betyg.publish.table import Table


class Shown(Protocol):
    """Anything that a notebook shows as HTML."""

    def _repr_html_(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Section:
    """Figures, tables and sentences that belong together, in order."""

    parts: tuple[Shown, ...]

    def _repr_html_(self) -> str:
        return "\n".join(part._repr_html_() for part in self.parts)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return plain.bundle(self.tables) | sentence.bundle(self.sentences)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the section says, the titles of its figures among it."""
        own = (getattr(part, "sentences", ()) for part in self.parts)
        return tuple(text for texts in own for text in texts)

    @property
    def tables(self) -> list[PlainTable]:
        """The tables of the section in machine form, those of its figures among them."""
        found: list[PlainTable] = []
        for part in self.parts:
            if isinstance(part, Section):
                found += part.tables
            elif isinstance(part, Table | Figure):
                found.append(part.plain())
        return found
