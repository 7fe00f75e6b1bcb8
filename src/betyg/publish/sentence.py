"""Sentences that carry their claims: plain strings to whoever reads, checkable to the build.

A number gets its claim where it is written; :class:`betyg.publish.language.Language` hands the
claims on when it puts words around it, so nobody has to carry them by hand.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from betyg.publish.claims import Claim, ClaimError

MIME = "application/vnd.betyg.claims+json"
_CONSTANTS = frozenset({0.0, 95.0, 100.0})  # ends of the scale, and how sure an interval is
_NUMBER = re.compile("\\d(?:[\\d\u00a0.,]*\\d)?")
_TOLERANCE = 1e-6  # of the last printed digit: halves may have been rounded either way


class Sentence(str):
    """A string with the claims that it makes and the labels of the study that it quotes."""

    __slots__ = ("claims", "labels")
    claims: tuple[Claim, ...]
    labels: tuple[str, ...]

    def __new__(
        cls, text: str, claims: Iterable[Claim] = (), labels: Iterable[str] = ()
    ) -> "Sentence":
        """Attach claims and labels to a text."""
        made = super().__new__(cls, text)
        made.claims = tuple(dict.fromkeys(claims))
        made.labels = tuple(dict.fromkeys(labels))
        return made

    def __add__(self, other: str) -> "Sentence":
        """Return both texts, one after the other, with what either carries."""
        return Sentence(
            f"{self}{other}",
            (*self.claims, *claims_of(other)),
            (*self.labels, *_labels_of(other)),
        )


def stating(text: str, *claims: Claim) -> Sentence:
    """Add claims to a text; it keeps those it has."""
    return Sentence(text, (*claims_of(text), *claims), _labels_of(text))


def quoted(label: str) -> Sentence:
    """Mark a label of the study: whatever digits it has are nobody's finding."""
    return Sentence(label, labels=(label,))


def carried(text: str, parts: Iterable[object]) -> str:
    """Return a text that was put together from ``parts`` with all that they carry."""
    marked = [part for part in parts if isinstance(part, Sentence)]
    if not marked:
        return text
    claims = (claim for part in marked for claim in part.claims)
    return Sentence(text, claims, (label for part in marked for label in part.labels))


def joined(*parts: str, by: str = " ") -> str:
    """Join texts, leaving out empty ones."""
    return carried(by.join(part for part in parts if part), parts)


def claims_of(text: str) -> tuple[Claim, ...]:
    """Return the claims of a text; a plain string has none."""
    return text.claims if isinstance(text, Sentence) else ()


def bundle(sentences: Iterable[str]) -> dict[str, Any]:
    """Pack sentences and their claims as what a notebook's output carries beside its HTML.

    Sentences without claims are packed if they have a digit: of a label, or the end of a scale.
    """
    packed = [
        {"sentence": str(text), "claims": [claim.packed() for claim in claims_of(text)]}
        for text in sentences
        if claims_of(text) or any(sign.isdigit() for sign in text)
    ]
    return {MIME: packed} if packed else {}


def check(sentences: Iterable[str]) -> None:
    """Refuse a sentence with a number that none of its claims has.

    Raises
    ------
    ClaimError
        Names the sentence and the number.
    """
    for text in sentences:
        unknown = list(unexplained(text))
        if unknown:
            raise ClaimError(
                f"no claim for {', '.join(unknown)} in “{text}”. Every number that a page prints "
                "is checked against the tables: attach the claim where the number is written "
                "(betyg.publish.claims), or use betyg.publish.statement."
            )


def unexplained(text: str) -> Iterator[str]:
    """Yield each number of a text that is in none of its claims, labels or constants."""
    rest = str(text)
    if not any(sign.isdigit() for sign in rest):
        return
    for label in sorted(_labels_of(text), key=len, reverse=True):
        rest = re.sub(re.escape(label), " ", rest, flags=re.IGNORECASE)
    known = {number for claim in claims_of(text) for number in claim.numbers} | _CONSTANTS
    yield from (found[0] for found in _NUMBER.finditer(rest) if not _explained(found[0], known))


def _explained(token: str, known: Iterable[float]) -> bool:
    return any(
        abs(abs(size) - printed) <= half * (1 + _TOLERANCE)
        for printed, half in _readings(token)
        for number in known
        for size in (number, 100 * number)
    )


def _readings(token: str) -> Iterator[tuple[float, float]]:
    """Yield what a written number may stand for, and half of its last digit.

    A mark before three digits may divide thousands or decimals: languages differ.
    """
    whole = re.sub("[\u00a0.,]", "", token)
    if re.fullmatch("\\d+(?:[\u00a0.,]\\d{3})*", token):
        yield float(whole), 0.5
    decimals = re.fullmatch("[\\d\u00a0]+[.,](\\d+)", token)
    if decimals:
        unit = 10.0 ** -len(decimals[1])
        yield int(whole) * unit, unit / 2


def _labels_of(text: str) -> tuple[str, ...]:
    return text.labels if isinstance(text, Sentence) else ()
