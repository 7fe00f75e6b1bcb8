"""What intervals, rank sets and bands promise, and how often data sets with known truth keep it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SURE = 0.01  # standard error of a share, up to which it is judged
LIMITS = {  # what is asked of each share
    "rank sets": (0.94, 1.0),
    "rank sets, all agencies equal": (0.94, 1.0),
    "intervals around the mean of all": (0.94, 0.96),
    "outside the expected range, 21 agencies": (0.03, 0.06),
    "outside the expected range, 100 agencies": (0.03, 0.06),
    "power, agency against the mean of all": (0.77, 0.83),
    "power, change from year to year": (0.77, 0.83),
    "like-for-like change": (0.94, 0.96),
}


def shares(found: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Return how often each promise was kept, with the error of that."""
    for what, (low, high) in LIMITS.items():
        held = np.array([row[what] for row in found if what in row], dtype=np.float64)
        yield {
            "what": what,
            "sets": held.size,
            "value": float(held.mean()),
            "se": float(held.std(ddof=1) / np.sqrt(held.size)),
            "low": low,
            "high": high,
        }


def calibration(found: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Set the stated probability of the top quarter against how often it was true, by tenths."""
    pairs = np.array([pair for row in found for pair in row["top quarter"]], dtype=np.float64)  # type: ignore[attr-defined]
    stated, true = pairs.T
    tenth = np.minimum((stated * 10).astype(int), 9)
    for at in np.unique(tenth):
        here = tenth == at
        yield {
            "stated": float(stated[here].mean()),
            "actual": float(true[here].mean()),
            "n": int(here.sum()),
        }
