"""Claims on rows that are judged together: which are apart, and what would have been found."""

import numpy as np
from numpy.typing import NDArray

from betyg.publish.claims import Claim, Condition, Number


def surely_apart(
    table: str,
    n: int,
    *where: Condition,
    above: bool,
    of: str = "estimate",
    reference: tuple[Condition, ...] = (),
) -> Claim:
    """Claim how many rows lie surely above (or below) a reference, all judged together.

    Parameters
    ----------
    of : str
        Column of what is judged; its standard error is ``se``, or ``<of>_se``.
    reference : tuple of conditions
        The row or, one for each item, the rows that they are set against; nought without.
    """
    return Claim(
        kind="surely_above" if above else "surely_below", table=table, where=where, of=of,
        against=reference, says=(("n", int(n)),),
    )  # fmt: skip


def may_be_first(
    table: str, named: Condition, n: int, *where: Condition, lowest: bool = False
) -> Claim:
    """Claim that ``named`` are the ``n`` rows that may be the highest: no row is surely above.

    Parameters
    ----------
    named : condition
        What, beside ``where``, holds of these rows and of no others.
    lowest : bool
        The same of the lowest.
    """
    return Claim(
        kind="may_be_lowest" if lowest else "may_be_highest", table=table, where=where,
        of="estimate", against=(named,), says=(("n", int(n)),),
    )  # fmt: skip


def surely_lowest(table: str, named: Condition, n: int, *where: Condition) -> Claim:
    """Claim that each of the ``n`` rows ``named`` lies surely below each of the rest."""
    return Claim(
        kind="surely_lowest", table=table, where=where, of="estimate", against=(named,),
        says=(("n", int(n)),),
    )  # fmt: skip


def least_firm(
    table: str, of: str, share: float, most: int, *where: Condition, must: Condition
) -> Claim:
    """Claim the least share of rows that fulfil ``must``, of all values of ``of``.

    Parameters
    ----------
    most : int
        The largest number of rows that a value of ``of`` has.
    """
    return Claim(
        kind="least_firm", table=table, where=where, of=of, must=(must,),
        says=(("share", float(share)), ("most", int(most))),
    )  # fmt: skip


def detectable(table: str, sizes: NDArray[np.float64], *where: Condition, part: str) -> Claim:
    """Claim which differences would be found, four times in five: the least and the largest.

    Parameters
    ----------
    sizes : ndarray of float
        One for each row that fulfils ``where``.
    part : str
        What has an interval: ``part_low``, ``part_high``, and ``part_se`` or ``se``.
    """
    return Claim(kind="detectable", table=table, where=where, of=part, says=_ends(sizes))


def detectable_together(
    table: str,
    sizes: NDArray[np.float64],
    *where: Condition,
    of: str = "estimate",
    reference: tuple[Condition, ...] = (),
) -> Claim:
    """Claim the same of rows that are judged together, as for :func:`surely_apart`."""
    return Claim(
        kind="detectable_together", table=table, where=where, of=of, against=reference,
        says=_ends(sizes),
    )  # fmt: skip


def _ends(sizes: NDArray[np.float64]) -> tuple[tuple[str, Number], ...]:
    return (("least", float(sizes.min())), ("largest", float(sizes.max()))) if sizes.size else ()
