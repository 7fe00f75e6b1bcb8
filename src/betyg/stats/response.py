"""Who took part of those asked, and which questions they left without an answer."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError

__all__ = ["KINDS", "missingness", "rates"]

ALL = "all"
ROLES = ("agency", "activity", "group")
KINDS = ("answer", "dont_know", "not_applicable", "no_answer")
MARGINS: tuple[tuple[str, ...], ...] = (ROLES, ("agency",), ())


def rates(people: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Set those who answered against those who were asked, by stratum, agency and year.

    Whom frame.csv states as respondents counts before what the data hold. Where it tells the
    sample of an agency's year both whole and in parts, the parts count, and nobody twice.

    Parameters
    ----------
    people : DataFrame
        Respondents as written by 01_clean, or domains where each respondent is in one of them;
        without rows where only frame.csv knows who answered.
    survey : Study
        The study, whose ``frame`` gives the sample.

    Returns
    -------
    DataFrame
        year int16; agency, activity, group str ("all" = over all, or not told apart); sample,
        respondents, population float64 (population NaN where not known); rate float64 (0-1). A
        row for each stratum, agency and year. Strata of which nobody was asked, or of which
        nobody knows who answered, have none.

    Raises
    ------
    DataError
        If more answered than were asked.
    """
    strata = _strata(survey)
    if survey.kind == "responses":
        counted = _answered(people, strata)
        strata = strata.assign(respondents=strata["respondents"].fillna(counted))
    strata = strata[strata["respondents"].notna()].astype({"respondents": "float64"})
    _check(strata)
    whole = pd.concat([_sums(strata, by) for by in MARGINS], ignore_index=True)
    whole = whole.drop_duplicates(["year", *ROLES]).assign(
        rate=lambda rows: rows["respondents"] / rows["sample"]
    )
    return whole.sort_values(["year", *ROLES], ignore_index=True)


def _strata(survey: Study) -> pd.DataFrame:
    """Return what frame.csv says of the samples, a row a stratum, the finest it tells."""
    frame = survey.frame
    asked = frame["sample"].gt(0) & frame["year"].notna()
    rows = frame[asked & ~frame[list(ROLES)].isin(list(survey.totals)).any(axis="columns")]
    named = (rows[list(ROLES)] != "").sum(axis="columns")
    rows = rows[named == named.groupby([rows["year"], rows["agency"]]).transform("max")]
    blank = {role: rows[role].where(rows[role] != "", ALL) for role in ROLES}
    return _sums(rows.assign(year=rows["year"].astype("int16"), **blank), ROLES)


def _sums(strata: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add up sizes by some roles; a part that is not known makes the sum unknown."""
    rest = {role: ALL for role in ROLES if role not in by}
    sizes = strata.assign(**rest).groupby(["year", *ROLES], sort=False)
    columns = ["sample", "respondents", "population"]
    known = {
        size: sizes[size].sum().where(sizes[size].count() == sizes[size].size()) for size in columns
    }
    return pd.DataFrame(known).reset_index()


def _answered(people: pd.DataFrame, strata: pd.DataFrame) -> pd.Series:
    """Count the respondents of each stratum, each once."""
    found = pd.Series(0.0, index=strata.index)
    told = (strata[list(ROLES)] != ALL).apply(tuple, axis="columns")
    for pattern, rows in strata.groupby(told, sort=False):
        by = ["year", *(role for role, named in zip(ROLES, pattern, strict=True) if named)]
        texts = people.astype(dict.fromkeys(by[1:], "str"))
        if "n" not in texts:
            texts = texts[[*by, "respondent_id"]].drop_duplicates().assign(n=1)
        counted = texts.groupby(by)["n"].sum()
        keys = rows[by].itertuples(index=False, name=None) if len(by) > 1 else rows["year"]
        found[rows.index] = counted.reindex(list(keys), fill_value=0).to_numpy(float)
    return found


def _check(strata: pd.DataFrame) -> None:
    over = strata[strata["respondents"] > strata["sample"]]
    if over.empty:
        return
    row = over.iloc[0]
    where = ", ".join(str(row[role]) for role in ROLES if row[role] != ALL)
    raise DataError(
        f"frame.csv: in {row['year']} ({where or 'all'}) {row['respondents']:g} answered, but "
        f"{row['sample']:g} were asked ({len(over)} such strata). Correct the sample there, or "
        "declare in study.toml which rows of the raw file are no answers."
    )


def missingness(cells: pd.DataFrame, survey: Study) -> pd.DataFrame:
    """Count what became of each question: answered, don't know, not applicable, no answer.

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean. Totals are not counted: their parts are.
    survey : Study
        Its items; composite indices are not asked.

    Returns
    -------
    DataFrame
        year int16; agency, item str ("all" = over all agencies, or over all questions); asked
        int64 (persons and questions); answer, dont_know, not_applicable, no_answer float64
        (shares of asked). Questions that nobody was asked have no row.
    """
    total = cells[list(ROLES)].isin(list(survey.totals)).any(axis="columns")
    kept = cells[cells["item"].isin(survey.item_codes) & cells["kind"].isin(KINDS) & ~total]
    texts = kept.astype({"agency": "str", "item": "str", "kind": "str"})
    margins = [{}, {"agency": ALL}, {"item": ALL}, {"agency": ALL, "item": ALL}]
    every = pd.concat([texts.assign(**margin) for margin in margins], ignore_index=True)
    counts = every.pivot_table(
        index=["year", "agency", "item"], columns="kind", values="n", aggfunc="sum", fill_value=0
    ).reindex(columns=list(KINDS), fill_value=0)
    asked = counts.sum(axis="columns")
    shares = counts.div(asked, axis="index").assign(asked=asked)[asked > 0]
    shares.columns.name = None
    return shares.reset_index().astype({"year": "int16", "asked": "int64"})
