"""How different those who did not answer must be to change what is said of an agency."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from betyg.errors import DesignError
from betyg.stats.bands import EDGES, FEWEST, LABELS, Z95, expected_range

__all__ = ["COLUMNS", "points", "tipping_points"]

Array = NDArray[np.float64]

COLUMNS = (
    "agency", "year", "estimate", "n", "shown", "response_rate", "band",
    "lower_by", "band_if_lower", "higher_by", "band_if_higher",
)  # fmt: skip
ALL = "all"


def points(estimate: Array, se: Array, response_rate: Array) -> pd.DataFrame:
    """Find how far non-respondents must lie from respondents to change each unit's band.

    If those of a unit who did not answer would have scored d points lower than those who did,
    the value of all who were asked is (1 - response rate) d lower. The band changes where that
    takes the unit over an edge of the expected range. Moving a unit moves the range as well: it
    is computed anew, the other units held fixed.

    Parameters
    ----------
    estimate, se : ndarray of float, shape (units,)
        As for ``bands.expected_range``; values 0-100.
    response_rate : ndarray of float, shape (units,)
        Share of those asked who answered, 0-1; NaN where not known.

    Returns
    -------
    DataFrame
        One row a unit, in order: lower_by and higher_by (points, above zero; NaN where no value
        on the scale changes the band, or the response rate is not known), band_if_lower and
        band_if_higher (one of ``bands.LABELS``, or "").

    Raises
    ------
    DesignError
        As ``bands.expected_range``; if a response rate is not between 0 and 1 or a value is
        outside the scale.
    """
    known = response_rate[np.isfinite(response_rate)]
    if (known <= 0).any() or (known > 1).any() or (estimate < 0).any() or (estimate > 100).any():
        raise DesignError(
            "tipping point: a response rate is not above 0 and at most 1, or a value is outside "
            "0-100. Correct frame.csv, or the estimates."
        )
    start = expected_range(estimate, se)
    rows = []
    for unit, rate in enumerate(response_rate):
        found: dict[str, object] = {}
        for name, sign, room in (
            ("lower", -1.0, estimate[unit]), ("higher", 1.0, 100.0 - estimate[unit]),
        ):  # fmt: skip
            place = int(np.searchsorted(EDGES, start.z[unit])) + (0 if sign > 0 else -1)
            by = np.nan
            if 0 <= place < len(EDGES) and rate < 1:
                by = _crossing(estimate, se, unit, EDGES[place], sign * (1.0 - rate), room)
            after = LABELS[place + (1 if sign > 0 else 0)] if np.isfinite(by) else ""
            found |= {f"{name}_by": by, f"band_if_{name}": after}
        rows.append(found)
    return pd.DataFrame(rows)


def _crossing(
    estimate: Array, se: Array, unit: int, edge: float, per_point: float, room: float
) -> float:
    """Return the points at which a unit's z reaches an edge; NaN if it does not within room."""

    def beyond(by: float) -> float:
        moved = estimate.copy()
        moved[unit] += per_point * by
        return float(expected_range(moved, se).z[unit] - edge)

    if room <= 0 or beyond(0.0) * beyond(room) > 0:
        return np.nan
    return float(brentq(beyond, 0.0, room, xtol=1e-6))


def tipping_points(comparisons: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """Find the tipping points of every agency and round: ``tipping.parquet``.

    Parameters
    ----------
    comparisons : DataFrame
        As written by 03_models: expected ranges, which hold each agency's own error and the
        variance between agencies.
    quality : DataFrame
        As written by 02_results: response rates.

    Returns
    -------
    DataFrame
        agency, band, band_if_lower, band_if_higher str; year int16; estimate float64 (at one
        common mix); n int64; shown bool; response_rate float64 (0-1); lower_by, higher_by
        float64: as of ``points``. No row for an agency without a band or a response rate.
    """
    rates = quality[
        (quality["measure"] == "response_rate")
        & (quality["agency"] != ALL)
        & (quality["activity"] == ALL)
        & (quality["group"] == ALL)
    ][["agency", "year", "estimate"]].rename(columns={"estimate": "response_rate"})
    banded = comparisons[(comparisons["band"] != "") & (comparisons["year"] > 0)]
    rows = banded.astype({"agency": "str"}).merge(
        rates.astype({"agency": "str"}), on=["agency", "year"], how="left", validate="one_to_one"
    )
    parts = [_of_round(own.reset_index(drop=True)) for _, own in rows.groupby("year")]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*COLUMNS])
    kept = found[found["response_rate"].notna()].reset_index(drop=True)
    return kept[list(COLUMNS)].astype(
        {"year": "int16", "n": "int64", "shown": "bool"}
        | dict.fromkeys(("estimate", "response_rate", "lower_by", "higher_by"), "float64")
    )


def _of_round(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the tipping points of the agencies of one round."""
    total = ((rows["expected_high"] - rows["expected_low"]) / (2.0 * Z95)).to_numpy() ** 2
    own = np.sqrt(total * (1.0 - rows["reliability"].to_numpy(np.float64)))
    if len(rows) < FEWEST:
        return rows.assign(lower_by=np.nan, higher_by=np.nan, band_if_lower="", band_if_higher="")
    rate = rows["response_rate"].where(rows["response_rate"] > 0).to_numpy(np.float64)
    return rows.join(points(rows["estimate"].to_numpy(np.float64), own, rate))
