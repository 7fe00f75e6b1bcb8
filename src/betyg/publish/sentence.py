"""Sentences that carry their claims: plain strings to whoever reads, checkable to the build.

A number gets its claim where it is written; :class:`betyg.publish.language.Language` hands the
claims on when it puts words around it, so nobody has to carry them by hand.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from betyg.publish.claims import Claim, ClaimError

MIME = "application/vnd.betyg.claims+json"
# The ends of the scale, and how sure an interval is: only where they stand for that.
_FIXED = re.compile(
    "\\b0[–-]100\\b"
    "|\\b(?:of|av) 100\\b(?![\u00a0 ]?%|[\u00a0.,]?\\d)"
    "|\\b95[\u00a0 ]?%(?::n)?(?= (?:confidence|interval|konfidens|luottamus|väli|for all at once"
    "|för alla på|kaikille yhtä))"
)
_NUMBER = re.compile("\\d(?:[\\d\u00a0.,]*\\d)?")
_PERCENT = re.compile("(?:–[\\d\u00a0.,]*\\d)?[\u00a0 ]?%")  # the sign of a span is written once
_IN_PERCENT = re.compile("%[\u00a0 ]\\((?:[\\d\u00a0.,]+–)?$")  # and not at all in its interval
_SIGNS = {"+": 1, "\u2212": -1}
_NEAR = 20  # characters before a number
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
    rest = _FIXED.sub(" ", without_labels(rest, _labels_of(text)))
    known = {number for claim in claims_of(text) for number in claim.numbers}
    # A share of 0-1, or how many of a hundred chose something; no count is a percentage.
    shares = {n if abs(n) > 1.0 else 100.0 * n for n in known if isinstance(n, float)}
    for found in _NUMBER.finditer(rest):
        before = rest[: found.start()]
        is_share = _PERCENT.match(rest, found.end()) or _IN_PERCENT.search(before[-_NEAR:])
        sizes = shares if is_share else known
        if not _explained(found[0], sizes, sign=_SIGNS.get(before[-1:], 0)):
            yield found[0]


def without_labels(text: str, labels: Collection[str]) -> str:
    """Return a text without labels; what has another digit beside it is another number."""
    for label in sorted(labels, key=len, reverse=True):
        before = "(?<!\\d)(?<!\\d[\u00a0.,])" if label[:1].isdigit() else ""
        after = "(?![\u00a0.,]?\\d)" if label[-1:].isdigit() else ""
        text = re.sub(f"{before}{re.escape(label)}{after}", " ", text, flags=re.IGNORECASE)
    return text


def _explained(token: str, sizes: Iterable[float], *, sign: int) -> bool:
    """Say whether a number is one of these; with a sign it has theirs, without it is a size."""
    return any(
        abs((size if sign else abs(size)) - (sign or 1) * printed) <= half * (1 + _TOLERANCE)
        for printed, half in _readings(token)
        for size in sizes
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
