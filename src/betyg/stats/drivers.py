"""What goes with satisfaction: each theme's share of the explained index, ``drivers.parquet``."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.settings import Index
from betyg.data.study import Study
from betyg.stats import cross_products, lmg
from betyg.stats.design import SurveyDesign
from betyg.stats.estimate import domain_mean
from betyg.stats.joint import design_of, scores_of
from betyg.stats.orders import rated
from betyg.stats.proportions import t_quantile

__all__ = [
    "COLUMNS",
    "FEWEST_EACH",
    "FIELDS",
    "PAIRS",
    "Drivers",
    "Predictors",
    "find",
    "predictors",
    "with_fields",
]

Array = NDArray[np.float64]

ALL: Final = "all"
FEWEST_PREDICTORS: Final = 2
FEWEST_THEMES: Final = 3  # with fewer, the single questions are set against each other
FEWEST_ANSWERS: Final = 4  # chosen or not, and better, same or worse, are no grades
FEWEST_EACH: Final = 10  # respondents for each predictor: with fewer, shares are mostly noise
LEAST_ANSWERED: Final = 0.5  # of those with an index; a theme that fewer met would drop the rest
REPLICATES: Final = 1000

FIELDS: Final = ("prioritise", "improve_if_possible", "keep", "lower_priority", "cannot_tell")
COLUMNS: Final = (
    "outcome", "agency", "year", "of", "theme", "importance", "ci_low", "ci_high", "p_most",
    "score", "score_ci_low", "score_ci_high", "answers", "importance_line", "score_line",
    "field", "r_squared", "n", "incomplete",
)  # fmt: skip
PAIRS: Final = ("outcome", "agency", "year", "of", "theme", "other", "p_above")
LEFT_OUT: Final = ("agency", "year", "theme", "n", "reason")
COUNTS: Final = ("answers", "n", "incomplete")
WORDS: Final = ("outcome", "agency", "of", "theme", "other", "field")

_Out = tuple[str, int, str, int, str]
_Found = tuple[list[pd.DataFrame], list[pd.DataFrame], list[_Out]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """What goes with the headline outcome, round by round, and who stayed out.

    Attributes
    ----------
    table : DataFrame
        The most important first within each agency's round. outcome; agency ("all" = all
        agencies); year; of ("theme" or "item"); theme (code of the theme, or of the item);
        importance (share of the explained variance, 0-1, adding up to 1), ci_low, ci_high;
        p_most (share of the replicates in which it is the most important); score, score_ci_low,
        score_ci_high (0-100, mean of all who answered);
        answers (behind the score); importance_line, score_line (what the fields are divided by:
        equal shares, and the mean of the themes' scores); field (one of ``FIELDS``: important with
        a low score, important with a high one, less important with a high one, less important
        with a low one, or an interval holds a dividing line); r_squared
        (0-1, within agency's rounds); n (respondents with the outcome and every theme);
        incomplete (those with the outcome but without some theme, who are left out).
    pairs : DataFrame
        A row for every two of a round, each way, in the order of ``table``. outcome, agency,
        year, of, theme, other; p_above (share of the replicates, 0-1, in which the theme is more
        important than the other).
    left_out : DataFrame
        agency, year, theme ("" = all of them), n (complete respondents, or answers to the theme),
        reason. One row with agency "all" and year 0 where the study cannot have any.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame
    left_out: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictors:
    """What may go with the outcome in a round.

    Attributes
    ----------
    of : {"theme", "item"}
        What each of them is.
    items : mapping of str to tuple of str
        The items of each, in the order of the codebook.
    """

    of: Literal["theme", "item"]
    items: Mapping[str, tuple[str, ...]]


def predictors(survey: Study, year: int) -> Predictors:
    """Return the themes, or where there are fewer than three the items, that may be drivers.

    The items of the outcome are no drivers of it. Neither are answers of fewer than four steps
    (chosen or not; better, same or worse), nor what is asked of each activity apart.
    """
    outcome = survey.item(survey.compare.outcome)
    own = outcome.items if isinstance(outcome, Index) else (outcome.item,)
    graded = [
        item
        for item in survey.items
        if item.item not in {*own, *rated(survey)}
        and survey.asked(item.item, year)
        and survey.scale_of(item.item, year).k >= FEWEST_ANSWERS
    ]
    themes: dict[str, tuple[str, ...]] = {}
    for item in graded:
        themes[item.theme] = (*themes.get(item.theme, ()), item.item)
    if len(themes) >= FEWEST_THEMES and "" not in themes:
        return Predictors(of="theme", items=themes)
    return Predictors(of="item", items={item.item: (item.item,) for item in graded})


def find(respondents: pd.DataFrame, survey: Study, *, replicates: int = REPLICATES) -> Drivers:
    """Share the explained variance of the headline outcome out among the themes.

    Within each agency's round (levels of agencies do not count), exactly, over all orders in
    which the themes can enter (Lindeman, Merenda & Gold). Of an agency's round, and of all
    agencies together. Respondents who lack the outcome or any theme are left out and counted;
    a theme's score is the mean of its answered items, if at least half of those asked were
    answered. Intervals are percentiles of a bootstrap of PSUs within strata. It describes what goes
    together, and nothing about what would follow if something were changed.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean; zero rows for kinds without respondents.
    survey : Study
        The study.
    replicates : int
        Of the bootstrap.

    Returns
    -------
    Drivers
        With an empty table, and the reason in ``left_out``, where the study cannot have any.

    Raises
    ------
    DesignError
        If a stratum holds a single PSU and the study calls that an error.

    References
    ----------
    Lindeman, Merenda & Gold (1980), 119-127; Grömping (2007), Am. Stat. 61, 139-147. R
    counterpart: ``relaimpo::calc.relimp(type = "lmg")`` on scores centred within groups.
    """
    if survey.kind != "responses":
        return _drivers([([], [], [(ALL, 0, "", 0, f"only {survey.kind}")])])
    rounds = [
        _of_round(rows, survey, year=int(str(year)), replicates=replicates)
        for year, rows in respondents.groupby("year")
    ]
    return _drivers(rounds)


def _drivers(rounds: list[_Found]) -> Drivers:
    tables = [with_fields(table) for found in rounds for table in found[0]]
    left_out = [out for found in rounds for out in found[2]]
    return Drivers(
        table=_typed(tables, COLUMNS),
        pairs=_typed([table for found in rounds for table in found[1]], PAIRS),
        left_out=pd.DataFrame(left_out, columns=[*LEFT_OUT]),
    )


def _typed(tables: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """Put tables under each other; there may be none."""
    whole = pd.concat([pd.DataFrame(columns=[*columns]), *tables], ignore_index=True)
    kinds = dict.fromkeys(columns, "float64") | dict.fromkeys(WORDS, "str")
    kinds |= dict.fromkeys(COUNTS, "int64") | {"year": "int16"}
    return whole[[*columns]].astype({name: kinds[name] for name in columns})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """The scores of one round.

    Attributes
    ----------
    of : str
        "theme" or "item".
    themes : tuple of str
        Codes.
    scores : ndarray of float, shape (n, themes + 1)
        Score 0-100 of each theme, the outcome last.
    agency : ndarray of int, shape (n,)
        Place in ``agencies``; -1 for the rows of totals.
    agencies : tuple of str
        Codes.
    design : SurveyDesign
        Of the n rows.
    """

    of: str
    themes: tuple[str, ...]
    scores: Array
    agency: NDArray[np.intp]
    agencies: tuple[str, ...]
    design: SurveyDesign

    def rows_of(self, agency: str) -> NDArray[np.bool_]:
        """Say which rows are an agency's, or those of all agencies."""
        if agency == ALL:
            return np.asarray(self.agency >= 0)
        return np.asarray(self.agency == self.agencies.index(agency))

    def groups_of(self, agency: str) -> slice:
        """Return the groups that make up a scope."""
        at = 0 if agency == ALL else self.agencies.index(agency)
        return slice(None) if agency == ALL else slice(at, at + 1)


def _of_round(rows: pd.DataFrame, survey: Study, *, year: int, replicates: int) -> _Found:
    asked, left_out = _round(rows, survey, year=year)
    count = len(asked.themes)
    if not FEWEST_PREDICTORS <= count <= lmg.MOST_PREDICTORS:
        reason = "too few themes" if count < FEWEST_PREDICTORS else "too many themes"
        return [], [], [*left_out, (ALL, year, "", 0, reason)]
    complete = ~np.isnan(asked.scores).any(axis=1)
    products = cross_products.collect(
        asked.scores, group=asked.agency, groups=len(asked.agencies), design=asked.design
    )
    seed = zlib.crc32(f"drivers|{survey.compare.outcome}|{year}".encode())
    drawn = products.resampled(asked.design, replicates=replicates, rng=np.random.default_rng(seed))
    least = max(survey.disclosure.rank, FEWEST_EACH * count)
    tables, pairs = [], []
    for agency in (ALL, *asked.agencies):
        n = int((asked.rows_of(agency) & complete).sum())
        groups = asked.groups_of(agency)
        found = _shares(products.totals[groups], drawn[:, groups], count + 1)
        if n < least or np.isnan(found.r_squared):
            reason = "too few answers" if n < least else "all gave one answer"
            left_out.append((agency, year, "", n, reason))
            continue
        named: dict[str, str | int] = {
            "outcome": survey.compare.outcome,
            "agency": agency,
            "year": year,
        }
        tables.append(_table(asked, found, agency).assign(**named, n=n))
        pairs.append(_pairs(asked, found).assign(**named))
    return tables, pairs, left_out


def _round(rows: pd.DataFrame, survey: Study, *, year: int) -> tuple[_Round, list[_Out]]:
    """Return the scores of a round, and the themes that too few answered."""
    asked = predictors(survey, year)
    outcome = scores_of(rows, survey.compare.outcome, survey)
    scores = {theme: _theme_score(rows, items, survey) for theme, items in asked.items.items()}
    base = max(int((~np.isnan(outcome)).sum()), 1)
    answered = {
        theme: int((~np.isnan(score) & ~np.isnan(outcome)).sum()) for theme, score in scores.items()
    }
    kept = tuple(theme for theme, n in answered.items() if n >= LEAST_ANSWERED * base)
    agencies = tuple(code for code in survey.agency_codes if (rows["agency"] == code).any())
    found = _Round(
        of=asked.of,
        themes=kept,
        scores=np.column_stack([*(scores[theme] for theme in kept), outcome]),
        agency=pd.Index(agencies).get_indexer(pd.Index(rows["agency"].astype("str"))),
        agencies=agencies,
        design=design_of(rows, survey),
    )
    few = "fewer than half answered it"
    return found, [(ALL, year, t, n, few) for t, n in answered.items() if t not in kept]


def _theme_score(rows: pd.DataFrame, items: Sequence[str], survey: Study) -> Array:
    """Return the mean score of the items, NaN where fewer than half of those asked have one."""
    scores = np.column_stack([scores_of(rows, item, survey) for item in items])
    asked = sum((rows[item].notna() | (rows[f"{item}.missing"] != "not_asked")) for item in items)
    given = ~np.isnan(scores)
    answered = given.sum(axis=1)
    enough = (answered > 0) & (answered >= LEAST_ANSWERED * np.asarray(asked))
    total = np.where(given, scores, 0.0).sum(axis=1)
    mean = np.divide(total, answered, out=np.full(len(rows), np.nan), where=enough)
    return np.asarray(mean, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shares:
    """Shares of the explained variance, shape (themes,), and of each replicate."""

    importance: Array
    drawn: Array
    r_squared: float

    @property
    def order(self) -> NDArray[np.intp]:
        """Places of the themes, the most important first."""
        return np.argsort(-self.importance, kind="stable")


def _shares(totals: Array, drawn: Array, columns: int) -> _Shares:
    parts = lmg.parts(cross_products.within(totals, columns))
    replicates = lmg.parts(cross_products.within(drawn, columns))
    replicates = replicates[~np.isnan(replicates).any(axis=1)]
    return _Shares(
        importance=parts / parts.sum(),
        drawn=replicates / replicates.sum(axis=1, keepdims=True),
        r_squared=float(parts.sum()),
    )


def _table(asked: _Round, found: _Shares, agency: str) -> pd.DataFrame:
    """Set importance beside the score, the most important first."""
    order = found.order
    drawn = found.drawn[:, order]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    inside, missing = asked.rows_of(agency), np.isnan(asked.scores)
    table = pd.DataFrame(
        {
            "of": asked.of,
            "theme": [asked.themes[at] for at in order],
            "importance": found.importance[order],
            "ci_low": low,
            "ci_high": high,
            "p_most": (drawn.argmax(axis=1)[:, None] == np.arange(order.size)).mean(axis=0),
            "importance_line": 1.0 / order.size,
            "r_squared": found.r_squared,
            "incomplete": int((inside & missing[:, :-1].any(axis=1) & ~missing[:, -1]).sum()),
        }
    )
    scored = table.join(_scores(asked, order, inside))
    return scored.assign(score_line=scored["score"].mean())


def _pairs(asked: _Round, found: _Shares) -> pd.DataFrame:
    """Set every theme against every other."""
    one, other = np.nonzero(~np.eye(found.order.size, dtype=bool))
    drawn, themes = found.drawn[:, found.order], np.array(asked.themes)[found.order]
    above = (drawn[:, one] > drawn[:, other]).mean(axis=0)
    return pd.DataFrame(
        {"of": asked.of, "theme": themes[one], "other": themes[other], "p_above": above}
    )


def _scores(asked: _Round, order: NDArray[np.intp], inside: NDArray[np.bool_]) -> pd.DataFrame:
    """Estimate each theme's mean among all who answered it."""
    rows = []
    for at in order:
        found = domain_mean(response=asked.scores[:, at], in_domain=inside, design=asked.design)
        half = float(t_quantile(np.array([found.df]))[0]) * found.se
        rows.append((found.estimate, max(found.estimate - half, 0.0),
                     min(found.estimate + half, 100.0), found.n))  # fmt: skip
    return pd.DataFrame(rows, columns=["score", "score_ci_low", "score_ci_high", "answers"])


def with_fields(table: pd.DataFrame) -> pd.DataFrame:
    """Name the field of each theme; an interval that holds a dividing line cannot tell."""
    undecided = table["importance_line"].between(table["ci_low"], table["ci_high"])
    undecided |= table["score_line"].between(table["score_ci_low"], table["score_ci_high"])
    matters = table["importance"] > table["importance_line"]
    high = table["score"] > table["score_line"]
    conditions = [undecided, matters & ~high, matters & high, ~matters & high]
    names = ["cannot_tell", "prioritise", "improve_if_possible", "keep"]
    return table.assign(field=np.select(conditions, names, "lower_priority"))
