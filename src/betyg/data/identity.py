"""Who is who in a study of any size: one number for a text, and whether any number is there twice.

Numbers are 64 bits of a hash. Rows that share one are compared by their texts before anything is
dropped, so that a chance meeting does no harm there. Sampling units are told apart by the number
alone: that any two of ten million are taken for one has a chance of three in a million.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["Hash", "Rising", "hashed", "mixed", "of_numbers", "together", "twice"]

Hash = NDArray[np.uint64]

WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
WORD = 8  # bytes
ODD, OTHER = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Rising:
    """Whether the whole numbers seen so far rise from row to row: then each is there once."""

    def __init__(self) -> None:
        self.holds = True
        self._first: int | None = None
        self._last: int | None = None

    def see(self, identifiers: pa.Array) -> None:
        """Look at the identifiers of some more rows."""
        if not self.holds or not len(identifiers):
            return
        if not pa.types.is_int64(identifiers.type) or identifiers.null_count:
            self.holds = False
            return
        numbers = identifiers.to_numpy()
        self.holds = bool((numbers[1:] > numbers[:-1]).all())
        self._follow(int(numbers[0]), int(numbers[-1]))

    def follow(self, other: Rising) -> None:
        """Let the rows that another has seen follow those seen here."""
        self.holds = self.holds and other.holds
        if other._first is not None and other._last is not None:
            self._follow(other._first, other._last)

    def _follow(self, first: int, last: int) -> None:
        self.holds = self.holds and (self._last is None or first > self._last)
        self._first, self._last = (first if self._first is None else self._first), last


def hashed(identifiers: pa.Array) -> Hash:
    """Return a number for each identifier: the same for 5 and "5", another for "05".

    A null gives that of 0: it is for the caller to tell them apart.
    """
    if pa.types.is_int64(identifiers.type):
        return of_numbers(identifiers.fill_null(0).to_numpy(zero_copy_only=False))
    texts = identifiers.fill_null("0")
    found = _of_texts(texts)
    whole = pc.match_substring_regex(texts, WHOLE)
    if whole.true_count:
        mask = whole.to_numpy(zero_copy_only=False)
        found[mask] = hashed(texts.filter(whole).cast(pa.int64()))
    return found


def of_numbers(numbers: NDArray[np.integer]) -> Hash:
    """Return a number for each whole number."""
    return _stirred(numbers.astype(np.int64).view(np.uint64))


def mixed(hashes: Hash, *more: NDArray[np.integer]) -> Hash:
    """Return one number for each row's hash and further whole numbers."""
    found = hashes
    for numbers in more:
        found = _stirred(found ^ (numbers.astype(np.int64).view(np.uint64) + ODD))
    return found


def twice(numbers: Hash) -> Hash:
    """Return the numbers that are there more than once; ``numbers`` are sorted in place."""
    numbers.sort()
    return np.unique(numbers[1:][numbers[1:] == numbers[:-1]])


def together(parts: Iterable[Hash], size: int) -> Hash:
    """Return numbers in one array of at most ``size``, without holding them twice."""
    found = np.empty(size, dtype=np.uint64)
    filled = 0
    for part in parts:
        found[filled : filled + len(part)] = part
        filled += len(part)
    return found[:filled]


def _stirred(words: Hash) -> Hash:
    """Spread each bit over all (the finaliser of SplitMix64, Steele, Lea & Flood 2014)."""
    stirred = (words ^ (words >> np.uint64(30))) * ODD
    stirred = (stirred ^ (stirred >> np.uint64(27))) * OTHER
    return stirred ^ (stirred >> np.uint64(31))


def _of_texts(texts: pa.Array) -> Hash:
    """Hash texts eight bytes at a time, those of one length together."""
    plain = pa.concat_arrays([texts.cast(pa.string())])
    offsets = np.frombuffer(plain.buffers()[1], dtype=np.int32)[: len(plain) + 1]
    offsets = offsets[plain.offset : plain.offset + len(plain) + 1]
    signs = np.frombuffer(plain.buffers()[2] or b"", dtype=np.uint8)
    lengths = np.diff(offsets)
    found = np.zeros(len(plain), dtype=np.uint64)
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        padded = np.zeros((len(rows), -(-length // WORD) * WORD), dtype=np.uint8)
        padded[:, :length] = signs[offsets[rows][:, None] + np.arange(length)]
        own = _stirred(np.full(len(rows), length, dtype=np.uint64) + ODD)
        for word in padded.view(np.uint64).T:
            own = _stirred(own ^ word)
        found[rows] = own
    return found
