"""Cross products from rows, all at once: what the sums that 01_clean adds up must come to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from betyg.stats.cross_products import CrossProducts
from betyg.stats.design import SurveyDesign
from betyg.stats.sums import rows_by_code


def of_rows(
    values: NDArray[np.float64],
    *,
    group: NDArray[np.intp],
    groups: int,
    design: SurveyDesign,
) -> CrossProducts:
    """Sum the rows without a missing value by PSU and group; a group below 0 is none."""
    used = np.flatnonzero(~np.isnan(values).any(axis=1) & (group >= 0) & (design.weight > 0))
    given, weight = values[used], design.weight[used]
    above = np.triu_indices(values.shape[1])
    rows = np.column_stack([np.ones(used.size), given, given[:, above[0]] * given[:, above[1]]])
    keys, entry = np.unique(design.psu[used] * groups + group[used], return_inverse=True)
    sums = rows_by_code(entry.astype(np.intp), rows * weight[:, None], keys.size)
    return CrossProducts(
        sums=sums, psu=keys // groups, group=keys % groups, groups=groups, columns=values.shape[1]
    )
