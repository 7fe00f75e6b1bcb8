"""Columns as received: spelled alike whatever the format, and coded value by value."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence, Set

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from betyg.data.codebook import normal

__all__ = [
    "Codes",
    "coded",
    "ends",
    "has_digits",
    "identifiers",
    "replaced",
    "spelled",
    "translated",
]

Codes = NDArray[np.intp]

SPAN = 4096  # whole numbers this close to each other are coded by their place, without a search
EXACT = 2.0**53  # whole numbers below this are exact as floating point


def spelled(value: object) -> str:
    """Spell a cell of a binary format as a text file would hold it."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return str(value)


def coded(array: pa.Array, empty: Set[str]) -> tuple[Codes, list[str]]:
    """Return a column as codes into its distinct normalised texts, -1 where the cell is empty.

    Whole numbers are coded by their distance to the smallest; so a value may be listed that no
    row has.

    Parameters
    ----------
    array : Array
        The column as read, of any type.
    empty : set of str
        Spellings of an empty cell.
    """
    if pa.types.is_integer(array.type):
        low, high = ends(array)
        if low is not None and high is not None and high - low < SPAN:
            return _merged(_distances(array, low), [str(n) for n in range(low, high + 1)], empty)
    held = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = held.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.intp)
    texts = [normal(spelled(value)) for value in held.dictionary.to_pylist()]
    return _merged(codes, texts, empty)


def replaced(
    array: pa.Array,
    empty: Set[str],
    states: Callable[[Sequence[str]], NDArray[np.int8]],
    known: dict[tuple[int, int], NDArray[np.int8]],
) -> NDArray[np.int8]:
    """Return what the texts of a column stand for, one state of 8 bits a row.

    Parameters
    ----------
    array : Array
        The column as read, of any type.
    empty : set of str
        Spellings of an empty cell.
    states : callable
        Returns the states of some texts, and after them that of an empty cell.
    known : dict
        What other parts of the column have been looked up in; more is added.
    """
    if not pa.types.is_int8(array.type) or array.null_count or not len(array):
        codes, texts = coded(array, empty)
        return states(texts).take(codes, mode="wrap")
    values = array.to_numpy()
    ends = int(values.min()), int(values.max())
    if ends not in known:
        between = np.arange(ends[0], ends[1] + 1)
        codes, texts = coded(pa.array(between, pa.int8()), empty)
        known[ends] = np.zeros(256, dtype=np.int8)
        known[ends][between] = states(texts)[codes]  # those below zero count from the end
    return translated(values, known[ends])


def ends(array: pa.Array) -> tuple[int | None, int | None]:
    """Return the least and the largest of whole numbers; None where there is none."""
    if len(array) and not array.null_count:
        values = array.to_numpy()
        return int(values.min()), int(values.max())
    low, high = (bound.as_py() for bound in pc.min_max(array).values())
    return low, high


def translated(values: NDArray[np.int8], table: NDArray[np.int8]) -> NDArray[np.int8]:
    """Look each value up in a table; of single bytes this is the fastest way.

    Parameters
    ----------
    values : ndarray of int8, shape (rows,)
        Places in the table; those below zero count from its end.
    table : ndarray of int8, shape (256,)
        What each value stands for.

    Returns
    -------
    ndarray of int8, shape (rows,)
        Read-only.

    Raises
    ------
    ValueError
        If the table has another size.
    """
    return np.frombuffer(values.tobytes().translate(table.tobytes()), dtype=np.int8)


def _distances(array: pa.Array, low: int) -> Codes:
    filled = array.fill_null(low) if array.null_count else array
    values = filled.to_numpy(zero_copy_only=False)
    codes: Codes = np.subtract(values, low, dtype=np.intp)
    if array.null_count:
        codes[array.is_null().to_numpy(zero_copy_only=False)] = -1
    return codes


def _merged(codes: Codes, texts: list[str], empty: Set[str]) -> tuple[Codes, list[str]]:
    """Give one code to one text, and none to the spellings of an empty cell."""
    distinct = list(dict.fromkeys(text for text in texts if text and text not in empty))
    if distinct == texts:
        return codes, texts
    position = {text: at for at, text in enumerate(distinct)}
    # One slot more, at the end, so that code -1 finds "nothing" there.
    lookup = np.array([position.get(text, -1) for text in texts] + [-1], dtype=np.intp)
    return lookup[codes], distinct


def identifiers(array: pa.Array, empty: Set[str]) -> pa.Array:
    """Return normalised texts that seldom repeat, null where the cell is empty.

    Where every text spells a whole number as a computer does they come as int64: half the
    memory, and in order at a glance.
    """
    if pa.types.is_floating(array.type):
        array = _whole(array)
    if pa.types.is_integer(array.type) and not has_digits(empty):
        return array.cast(pa.int64())
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    if not (pa.types.is_string(array.type) and _is_plain(array)):
        codes, texts = coded(array, empty)
        return _as_numbers(pa.array(texts, pa.string()).take(pa.array(codes, mask=codes < 0)))
    nothing = pc.is_in(array, value_set=pa.array(sorted({*empty, ""}), pa.string()))
    if nothing.true_count:
        array = pc.if_else(nothing, pa.scalar(None, pa.string()), array)
    return _as_numbers(array)


def has_digits(texts: Set[str]) -> bool:
    """Tell whether any of some spellings could be that of a number."""
    return any(sign.isdigit() for text in texts for sign in text)


def _whole(array: pa.Array) -> pa.Array:
    """Return decimal numbers that are all whole as such: SPSS and Stata know no others."""
    values = array.fill_null(np.nan).to_numpy(zero_copy_only=False).astype(np.float64)
    gone = np.isnan(values)
    values = np.where(gone, 0.0, values)
    if (np.abs(values) < EXACT).all() and (values == np.floor(values)).all():
        return pa.array(values.astype(np.int64), mask=gone)
    return array


def _is_plain(texts: pa.Array) -> bool:
    """Tell whether texts are all of visible ASCII signs, which need no normalising."""
    offsets = np.frombuffer(texts.buffers()[1], dtype=np.int32)
    own = offsets[texts.offset : texts.offset + len(texts) + 1]
    held = texts.buffers()[2]
    if held is None or not len(texts):
        return True
    signs = np.frombuffer(held, dtype=np.uint8)[own[0] : own[-1]]
    return bool(signs.size == 0 or (signs.min() > 32 and signs.max() < 127))


def _as_numbers(texts: pa.Array) -> pa.Array:
    try:
        numbers = texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return texts
    same = pc.equal(numbers.cast(pa.string()), texts)
    return numbers if pc.all(same).as_py() in (True, None) else texts
