"""Agreement with a witness, and the proof that disagreement would be seen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

R = Path(__file__).parent / "reference" / "r"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What we got, what the witness says, and how near they must be."""

    got: np.ndarray
    want: np.ndarray
    rtol: float = 0.0
    atol: float = 0.0


def read(name: str) -> pd.DataFrame:
    """Read a table that R wrote."""
    return pd.read_csv(R / name, keep_default_na=False, na_values=["NA"])


def check(pair: Agreement) -> None:
    """Fail unless every number is near the witness."""
    assert np.size(pair.want) > 0
    np.testing.assert_allclose(pair.got, pair.want, rtol=pair.rtol, atol=pair.atol)


def check_twin(pair: Agreement) -> None:
    """Move one number of the witness by ten tolerances: the same check must fail."""
    for at in sorted({0, np.size(pair.want) // 2, np.size(pair.want) - 1}):
        moved = np.array(pair.want, dtype=float)
        moved.flat[at] += 10.0 * (pair.rtol * abs(moved.flat[at]) + pair.atol)
        assert moved.flat[at] != np.asarray(pair.want).flat[at]
        with pytest.raises(AssertionError):
            check(Agreement(got=pair.got, want=moved, rtol=pair.rtol, atol=pair.atol))
