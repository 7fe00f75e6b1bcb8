"""From raw tables of kinds ``counts`` and ``published`` to one row a cell and category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data import count_cells, counts, listed, published, roles, row_units, sampling
from betyg.data.attrition import Ledger
from betyg.data.counts import Held
from betyg.data.items import item_codes
from betyg.data.listed import Listed
from betyg.data.raw_table import RawFile, RawTable
from betyg.data.repeats import repeats
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["table"]

COLUMNS = {
    "item": "str",
    "scale": "str",
    "kind": "str",
    "response": "float64",
    "score": "float64",
    "n": "int64",
    "weight_sum": "float64",
    "weight_sq_sum": "float64",
    "se": "float64",
}


def table(
    files: Sequence[RawFile], survey: Study, *, ledger: Ledger, problems: Problems
) -> pd.DataFrame:
    """Return the cells that the files hold, in the codes of the study.

    Parameters
    ----------
    files : sequence of RawFile
        The files; with none of them the result has all columns and no row.
    survey : Study
        The study, of kind ``counts`` or ``published``.
    ledger : Ledger
        Where the rows of each file are accounted for.
    problems : Problems
        Where everything that is wrong is noted; then the result is not to be used.

    Returns
    -------
    DataFrame
        agency, activity, group, stratum category; year int16; item, scale, kind str; response,
        score float64; n int64; weight_sum, weight_sq_sum, se float64: as `stats.cells` has them.
    """
    tables = [file.whole() for file in files]
    seen = [Listed() for _ in files]
    for raw, lists in zip(tables, seen, strict=True):
        lists.see(raw)
    listed.check([file.source for file in files], seen, ledger=ledger, problems=problems)
    used = [raw.kept(roles.used_rows(raw)) for raw in tables]
    parts = [_rows(raw, at, survey, problems) for at, raw in enumerate(used)]
    numbers = counts.numbers if survey.kind == "counts" else published.numbers
    held = [numbers(raw, rows, survey, problems) for raw, rows in zip(used, parts, strict=True)]
    if len(problems) or not parts:
        return _finished(_no_cells(), survey)
    rows = pd.concat(
        [_with_numbers(*pair) for pair in zip(parts, held, strict=True)], ignore_index=True
    )
    why = repeats(rows, used, survey, problems)
    cells: list[pd.DataFrame] = []
    for at, raw in enumerate(used):
        own = rows[(rows["source"] == at).to_numpy()]
        reasons = why[own.index]
        make = count_cells.cells if survey.kind == "counts" else published.cells
        cells.append(make(raw, held[at], own[reasons == ""], survey, problems))
        unusable = (reasons == "") & ~_have_cells(own, cells[-1])
        late = (reasons == "unknown agency") & (own["agency"] == row_units.OTHER_YEARS)
        notes = row_units.out_of_time(int(late.sum()))
        _account(raw, len(tables[at].lines), reasons, unusable, notes, ledger)
    return _finished(pd.concat(cells, ignore_index=True), survey)


def _rows(raw: RawTable, at: int, survey: Study, problems: Problems) -> pd.DataFrame:
    """Return the keys of each row, and in ``why`` the step that drops it so far."""
    years = roles.years(raw, problems)
    items, unlisted = item_codes(raw, years, survey, problems)
    units = row_units.of_rows(raw, years, row_units.Places(survey), problems)
    why = np.full(len(years), "", dtype="U20")
    why[units["agency"] < 0] = "unknown agency"
    why[unlisted] = "declared not used"
    return pd.DataFrame(
        {
            "source": np.full(len(years), at, dtype=np.int32),
            "row": np.arange(len(years)),
            "agency": units["agency"],
            "year": years,
            "activity": units["activity"],
            "group": units["group"],
            "stratum": pd.Series(pd.NA, index=range(len(years)), dtype="str"),
            "item": items,
            "why": why,
        }
    )


def _with_numbers(rows: pd.DataFrame, held: Held) -> pd.DataFrame:
    """Add what repeated rows are told by, and drop rows without usable numbers."""
    why = rows["why"].to_numpy().astype("U20")
    why[(why == "") & held.suppressed] = "suppressed"
    why[(why == "") & held.empty] = "no answer at all"
    return rows.assign(category=held.category, content=held.content(), why=why)


def _have_cells(rows: pd.DataFrame, cells: pd.DataFrame) -> NDArray[np.bool_]:
    keys = pd.MultiIndex.from_frame(rows[counts.KEYS])
    return np.asarray(keys.isin(pd.MultiIndex.from_frame(cells[counts.KEYS])))


def _account(
    raw: RawTable,
    read: int,
    why: NDArray[np.str_],
    unusable: NDArray[np.bool_],
    notes: Mapping[str, str],
    ledger: Ledger,
) -> None:
    dropped = {reason: int((why == reason).sum()) for reason in np.unique(why) if reason}
    unlisted, wrong = dropped.get("declared not used", 0), int(unusable.sum())
    dropped["declared not used"] = unlisted + read - len(why)
    dropped["no answer at all"] = dropped.get("no answer at all", 0) + wrong
    said = dict(notes)
    if unlisted:
        said["declared not used"] = f"{unlisted} rows of items that are not in codebook.csv"
    if wrong:
        said["no answer at all"] = f"{wrong} rows whose numbers do not add up"
    ledger.enter(raw.source.id, read=read, dropped=dropped, notes=said)


def _no_cells() -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(dtype="int32") for name in ("agency", "activity", "group")}
        | {"year": pd.Series(dtype="int16"), "stratum": pd.Series(dtype="str")}
        | {name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()}
    )


def _finished(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    units = {
        role: pd.Categorical.from_codes(
            cells[role].to_numpy(), pd.Index(roles.units(survey, role), dtype="str")
        )
        for role in ("agency", "activity", "group")
    }
    frame = {
        "agency": units["agency"],
        "year": cells["year"].astype("int16"),
        "activity": units["activity"],
        "group": units["group"],
        "stratum": sampling.strata(cells, survey),
    }
    return pd.DataFrame(frame | {name: cells[name] for name in COLUMNS}).astype(COLUMNS)
