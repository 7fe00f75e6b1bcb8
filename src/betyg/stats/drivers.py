"""What goes with satisfaction: each theme's share of the explained index, ``drivers.parquet``."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.data.workers import HERE, Workers, given
from betyg.stats import cross_products, lmg
from betyg.stats.driver_sums import kept_themes
from betyg.stats.driver_units import Units
from betyg.stats.predictors import predictors
from betyg.stats.proportions import t_quantile

__all__ = [
    "COLUMNS",
    "FEWEST_EACH",
    "FIELDS",
    "PAIRS",
    "Drivers",
    "find",
    "predictors",
    "with_fields",
]

Array = NDArray[np.float64]

ALL: Final = "all"
FEWEST_PREDICTORS: Final = 2
FEWEST_EACH: Final = 10  # respondents for each predictor: with fewer, shares are mostly noise
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


def find(
    sums: pd.DataFrame,
    survey: Study,
    *,
    replicates: int = REPLICATES,
    workers: Workers | None = None,
) -> Drivers:
    """Share the explained variance of the headline outcome out among the themes.

    Within each agency's round (levels of agencies do not count), exactly, over all orders in
    which the themes can enter (Lindeman, Merenda & Gold). Of an agency's round, and of all
    agencies together. Respondents who lack the outcome or any theme are left out and counted;
    a theme's score is the mean of its answered items, if at least half of those asked were
    answered. Intervals are percentiles of a bootstrap of PSUs within strata; where a stratum has
    more than ``driver_sums.GROUPS`` of them, of as many groups made at random. It describes what
    goes together, and nothing about what would follow if something were changed.

    Parameters
    ----------
    sums : DataFrame
        As written by 01_clean (``driver_sums.collapse``); zero rows for kinds without respondents.
    survey : Study
        The study.
    replicates : int
        Of the bootstrap.
    workers : Workers or None
        Who takes the rounds, each with a seed of its own; None stands for this process.

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
    workers = workers or HERE
    parts = {int(str(year)): rows for year, rows in sums.groupby("year")}
    surveys, n = given(survey, workers, times=len(parts)), [replicates] * len(parts)
    return _drivers(
        list(
            workers.bring(
                _of_round, [*parts.values()], surveys, [*parts], n, doing="resampling rounds"
            )
        )
    )


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
    """The sums of one round.

    Attributes
    ----------
    of : str
        "theme" or "item".
    asked, themes : tuple of str
        Codes of all that were asked, and of those that most have answered.
    agencies : tuple of str
        Codes.
    units : Units
        The sums by sampling unit and agency.
    """

    of: str
    asked: tuple[str, ...]
    themes: tuple[str, ...]
    agencies: tuple[str, ...]
    units: Units

    def entries_of(self, agency: str) -> NDArray[np.bool_]:
        """Say which entries are an agency's, or those of all agencies."""
        if agency == ALL:
            return np.asarray(self.units.agency >= 0)
        return np.asarray(self.units.agency == self.agencies.index(agency))

    def groups_of(self, agency: str) -> slice:
        """Return the groups that make up a scope."""
        at = 0 if agency == ALL else self.agencies.index(agency)
        return slice(None) if agency == ALL else slice(at, at + 1)


def _of_round(rows: pd.DataFrame, survey: Study, year: int, replicates: int) -> _Found:
    asked, left_out = _round(rows, survey, year=year)
    count = len(asked.themes)
    if not FEWEST_PREDICTORS <= count <= lmg.MOST_PREDICTORS:
        reason = "too few themes" if count < FEWEST_PREDICTORS else "too many themes"
        return [], [], [*left_out, (ALL, year, "", 0, reason)]
    units = asked.units
    products = units.products(len(asked.agencies), count + 1)
    seed = zlib.crc32(f"drivers|{survey.compare.outcome}|{year}".encode())
    drawn = products.resampled(units.design, replicates=replicates, rng=np.random.default_rng(seed))
    least = max(survey.disclosure.rank, FEWEST_EACH * count)
    tables, pairs = [], []
    for agency in (ALL, *asked.agencies):
        n = int(units.complete[asked.entries_of(agency)].sum())
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
    """Return the sums of a round, and the themes that too few answered."""
    asked = predictors(survey, year)
    names = tuple(asked.items)
    present = set(rows["agency"].astype("str"))
    agencies = tuple(code for code in survey.agency_codes if code in present)
    units = Units.of(rows, agencies, survey)
    answered = units.answered()
    kept = kept_themes(names, answered)
    found = _Round(of=asked.of, asked=names, themes=kept, agencies=agencies, units=units)
    few = "fewer than half answered it"
    pairs = zip(names, answered[1:].tolist(), strict=True)
    return found, [(ALL, year, theme, n, few) for theme, n in pairs if theme not in kept]


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
    inside = asked.entries_of(agency)
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
            "incomplete": int(asked.units.incomplete[inside].sum()),
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
        found = asked.units.mean(asked.asked.index(asked.themes[at]), inside)
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
