"""Which differences are sure enough to be named in a title or drawn in full colour."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from betyg.publish.claims import Claim
from betyg.publish.language import Language, msgid, sentence_case
from betyg.publish.sentence import joined, stating

_FOUND = {
    "difference": msgid("a difference of {points} is found four times in five"),
    "change": msgid("a change of {points} is found four times in five"),
}
Kind = Literal["difference", "change"]
Found = tuple[NDArray[np.float64], Claim]
"""Sizes that are found four times in five, and the claim that they are these."""


def size_found(found: Found, language: Language, kind: Kind) -> str:
    """Say which size is found four times in five: ``a difference of 3.1–5.0 is found …``.

    From the most to the least precise; nothing where no size is known.
    """
    sizes, claim = found
    if not np.size(sizes):
        return ""
    points = stating(language.range(np.min(sizes), np.max(sizes), 1), claim)
    return language.text(_FOUND[kind], points=points)


def beside(said: str, found: Found, language: Language, kind: Kind) -> str:
    """Put in brackets, after words that say that nothing is sure, what would have been found."""
    size = size_found(found, language, kind)
    return joined(said, joined("(", size, ")", by="")) if size else said


def sentence_of(found: Found, language: Language, kind: Kind) -> str:
    """Say the same in a sentence of its own."""
    size = size_found(found, language, kind)
    return joined(sentence_case(size), ".", by="") if size else ""
