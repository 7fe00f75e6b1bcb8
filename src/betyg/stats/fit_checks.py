"""Does the model fit, and would a conclusion be another if it did not: ``fit_checks.parquet``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.errors import ConvergenceError, DesignError
from betyg.stats import classes, comparison, relaxed, relaxed_means, residuals
from betyg.stats.comparison import Comparable
from betyg.stats.relaxed import Assumption, Basis
from betyg.stats.relaxed_means import Consequence, Grid, Means

__all__ = ["COLUMNS", "VERDICTS", "shares", "table"]

CHECKS: dict[str, Assumption] = {"proportional": "thresholds", "spread": "spread"}
VERDICTS = ("not_seen", "small", "matters", "not_checked")
LEVEL = 0.05

SHARES = ("item", "response", "observed", "expected", "se", "residual")
TEXT = ("item", "check", "term", "level", "year", "verdict")
NUMBERS = ("statistic", "df", "p_value", "size")
COUNTS = ("n", "classes", "pairs", "sure", "lost", "swaps")
COLUMNS = ("item", "check", "term", "level", "year", "n", "classes", *NUMBERS, "pairs", "sure",
           "lost", "swaps", "verdict")  # fmt: skip


def table(cells: pd.DataFrame, survey: Study, *, year_from: int = 0) -> pd.DataFrame:
    """Check the models behind the comparison of the study's outcome.

    With many answers every model is refuted, so beside each p-value stands what the departure is
    worth: by how many points the standardised mean of an agency moves when the assumption is
    dropped, and how many sure differences are lost or turn round. An index is checked as
    it is compared, by its values, and so is each of its questions. Categories are merged first
    where answers are few (:mod:`betyg.stats.classes`).

    Parameters
    ----------
    cells : DataFrame
        As written by 01_clean.
    survey : Study
        The study; ``compare.margin`` is the difference that does not matter.
    year_from : int
        First year used; 0 takes all.

    Returns
    -------
    DataFrame
        item; check ("proportional": each level of the term moves all thresholds alike; "spread":
        all levels spread alike; "distribution": answers spread over the categories as the model
        says; "model": it could not be fitted); term ("" for all answers together); level, year
        (where the departure is largest; "" and 0 if nowhere); n (answers), classes (categories
        after merging); statistic, df, p_value (of ``agency:year``, those of the worst round, p
        adjusted for their number); size (points, 0-100: largest move of a mean, or of
        "distribution" largest difference of observed and expected mean); pairs, sure, lost,
        swaps (pairs of agencies; surely different; no longer so without the assumption;
        surely the other way round); verdict ("not_seen": p >= 0.05; "small"; "matters": a sure
        order turns round or size reaches the margin; "not_checked"). No rows for published
        values, which have no answers behind them, nor for one agency in one year.
    """
    rows = [row for item in _items(survey) for row in _of_item(item, cells, survey, year_from)]
    return _typed(pd.DataFrame(rows, columns=[*COLUMNS]))


def shares(cells: pd.DataFrame, survey: Study, *, year_from: int = 0) -> pd.DataFrame:
    """Return observed and expected shares of each agency and category.

    Returns
    -------
    DataFrame
        As :func:`betyg.stats.residuals.shares`, by ``item`` and agency (by year, if there is
        one agency); zero rows where nothing is modelled.
    """
    empty = pd.DataFrame(columns=[*SHARES], dtype="float64").astype({"item": "str"})
    parts = [empty]
    for item in _items(survey):
        try:
            held = _basis(*_comparable(item, cells, survey, year_from))
        except DesignError:
            continue
        if held is not None:
            found = residuals.shares(held, by=held.terms[:1])
            parts.append(found.table.assign(item=item))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _items(survey: Study) -> tuple[str, ...]:
    """Return what is modelled: the outcome and, of an index, each question that it is made of."""
    if survey.kind == "published":
        return ()
    outcome = survey.item(survey.compare.outcome)
    if not isinstance(outcome, Index):
        return (outcome.item,)
    return outcome.items if survey.kind == "counts" else (outcome.name, *outcome.items)


def _comparable(
    item: str, cells: pd.DataFrame, survey: Study, year_from: int
) -> tuple[Comparable, tuple[str, ...]]:
    chosen = comparison.comparable(cells, comparison.about(item, survey), year_from=year_from)
    compared = [role for role in ("agency", "year") if chosen.cells[role].nunique() > 1]
    return chosen, (*compared, *chosen.adjust_for) if compared else ()


def _basis(chosen: Comparable, terms: tuple[str, ...]) -> Basis | None:
    return _fit(chosen.cells, terms, by=terms) if terms else None


def _fit(cells: pd.DataFrame, terms: Sequence[str], *, by: Sequence[str]) -> Basis:
    return relaxed.basis(classes.merge(cells, by), f"response ~ {' + '.join(terms)}")


def _of_item(
    item: str, cells: pd.DataFrame, survey: Study, year_from: int
) -> Iterator[dict[str, object]]:
    """Yield the rows of one item; one that says so, if its model cannot be fitted."""
    try:
        chosen, terms = _comparable(item, cells, survey, year_from)
        held = _basis(chosen, terms)
        if held is None:
            return
        rows = [*_assumptions(held), *_distribution(held, chosen)]
    except (DesignError, ConvergenceError):
        yield {"item": item, "check": "model", "verdict": "not_checked"}
        return
    for row in rows:
        yield {"item": item, "verdict": _verdict(row, survey.compare.margin)} | row


def _verdict(row: dict[str, object], margin: float) -> str:
    if not np.isfinite(float(str(row["p_value"]))):
        return "not_checked"
    if float(str(row["p_value"])) >= LEVEL:
        return "not_seen"
    return "matters" if row.get("swaps") or float(str(row["size"])) >= margin else "small"


def _assumptions(held: Basis) -> Iterator[dict[str, object]]:
    """Yield a row for each assumption and term."""
    at = relaxed_means.grid(held, held.terms[0])
    means = relaxed_means.means(held, relaxed.fit(held), at)
    for check, relax in CHECKS.items():
        for term in held.terms:
            yield (
                _about_answers(held)
                | {"check": check, "term": term}
                | _dropped(held, relax, term, (at, means))
            )


def _dropped(
    held: Basis, relax: Assumption, term: str, before: tuple[Grid, Means]
) -> dict[str, object]:
    """Fit again without the assumption; no numbers where the answers cannot carry that."""
    at, means = before
    try:
        free = relaxed.fit(held, relax=relax, term=term)
    except (DesignError, ConvergenceError):
        return {"p_value": np.nan}
    test = relaxed.test(held, free)
    found = relaxed_means.consequence(means, relaxed_means.means(held, free, at))
    return {
        "statistic": test.statistic,
        "df": test.df,
        "p_value": test.p_value,
    } | _worth(found)


def _worth(found: Consequence) -> dict[str, object]:
    return {
        "level": found.level,
        "size": found.size,
        "pairs": found.pairs,
        "sure": found.sure,
        "lost": found.lost,
        "swaps": len(found.swaps),
    }


def _about_answers(held: Basis) -> dict[str, object]:
    return {"n": held.answers.nobs, "classes": held.answers.categories.size}


def _distribution(held: Basis, chosen: Comparable) -> Iterator[dict[str, object]]:
    """Yield rows for all answers and, with an effect for each agency in each year, its rounds."""
    first = held.terms[:1]
    yield _about_answers(held) | {"check": "distribution", "term": ""} | _departure(held, (), first)
    if held.terms[:2] != ("agency", "year"):
        return
    terms = ("agency:year", *held.terms[2:])
    rounds = _fit(chosen.cells, terms, by=held.terms)
    by = ("agency", "year")
    yield (
        _about_answers(rounds)
        | {"check": "distribution", "term": "agency:year"}
        | _departure(rounds, by, by)
    )


def _departure(held: Basis, by: Sequence[str], means_by: Sequence[str]) -> dict[str, object]:
    """Test the distribution by domain; the worst domain speaks for all."""
    tests = residuals.pit(held, by=by).tests
    means = residuals.means(held, by=means_by)
    known = tests.dropna(subset="p_holm")
    worst = (known if len(known) else tests).sort_values(["p_holm", "p_value"]).iloc[0]
    return {
        "statistic": worst["statistic"],
        "df": worst["df"],
        "p_value": worst["p_holm"],
        "size": float((means["observed"] - means["expected"]).abs().max()),
        "level": str(worst["agency"]) if "agency" in by else "",
        "year": int(worst["year"]) if "year" in by else 0,
    }


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    text = [name for name in TEXT if name != "year"]
    filled = rows.assign(**{name: rows[name].astype(object).fillna("") for name in text})
    counts = {name: rows[name].astype("float64").fillna(0) for name in (*COUNTS, "year")}
    types = dict.fromkeys(text, "str") | dict.fromkeys(NUMBERS, "float64")
    types |= dict.fromkeys(COUNTS, "int64") | {"year": "int16"}
    return filled.assign(**counts).astype(types)
