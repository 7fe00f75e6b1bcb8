"""What a report or a brief is made of: the tables of one study, up to one round.

It knows of no figure, so that a figure of the report alone makes no brief anew.
"""

from dataclasses import dataclass

import pandas as pd

from betyg.data.study import Study
from betyg.errors import ParameterError
from betyg.publish import about_change, prose
from betyg.publish.language import Language
from betyg.publish.naming import ALL
from betyg.publish.section import Section
from betyg.stats import throughout

FEWEST_COMPARED = 2
ANSWERS_OF_THREE_WAYS = 3  # better, same, worse: a direction, not a grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one report is made of: the tables of one study, up to one round, in one language.

    Attributes
    ----------
    survey : Study
        The study.
    language : Language
        The reader's.
    year : int
        The round that is reported.
    year_from : int
        First round of the years that are followed.
    focus : str
        Code of an agency to highlight and describe; empty for none.
    domains, people, cells, estimates, comparisons, within, changes : DataFrame
        As the notebooks write them, without later rounds. No page looks at a respondent.
    """

    survey: Study
    language: Language
    year: int
    year_from: int
    focus: str
    domains: pd.DataFrame
    people: pd.DataFrame
    cells: pd.DataFrame
    estimates: pd.DataFrame
    comparisons: pd.DataFrame
    within: pd.DataFrame
    changes: pd.DataFrame

    @property
    def presence(self) -> pd.DataFrame:
        """Rows that tell who took part when: domains or, without respondents, cells."""
        return throughout.presence(self.domains, self.cells)

    @property
    def outcome(self) -> str:
        """Code of the headline outcome."""
        return self.survey.compare.outcome

    @property
    def before(self) -> int | None:
        """The round before, if there is one."""
        earlier = [int(year) for year in self.cells["year"].unique() if year < self.year]
        return max(earlier) if earlier else None

    @property
    def several_agencies(self) -> bool:
        """Whether agencies can be set side by side in this round."""
        now = self.estimates["year"] == self.year
        single = self.estimates.loc[now, "agency"].astype(str).unique()
        units = [code for code in single if code != ALL and not self.survey.is_total(code)]
        return len(units) >= FEWEST_COMPARED

    @property
    def is_published(self) -> bool:
        """Whether only published values are known: no answers, mostly no bases."""
        return self.survey.kind == "published"

    @property
    def is_modelled(self) -> bool:
        """Whether agencies and years were set at one common mix by a model."""
        return bool(self.comparisons["extrapolated"].notna().any())

    @property
    def high(self) -> float | None:
        """From where a value is high: the beginning of the last band but one, if there are two."""
        return next((band.from_ for band in self.survey.bands[-2:-1]), None)

    def left_out(self, reason: str) -> Section:
        """Say why a section is not there; ``reason`` is already in the reader's language."""
        return Section((prose.missing(reason),))


def edition(
    survey: Study,
    language: Language,
    *,
    year: int = 0,
    year_from: int = 0,
    focus: str = "",
    **frames: pd.DataFrame,
) -> Edition:
    """Cut the tables off at the round that is reported: 0 is the latest.

    Raises
    ------
    ParameterError
        If there was no such round, or no such agency.
    """
    rounds = sorted(int(y) for y in frames["cells"]["year"].unique())
    if year and year not in rounds:
        known = ", ".join(map(str, rounds))
        raise ParameterError(f"year: there was no round in {year}. Rounds: {known}.")
    if focus:
        survey.agency(focus)
    last = year or rounds[-1]
    cut = {
        name: those(frame, frame["year_to" if "year_to" in frame else "year"] <= last)
        for name, frame in frames.items()
    }
    return Edition(
        survey=survey, language=language, year=last, year_from=year_from, focus=focus, **cut
    )


def those(frame: pd.DataFrame, chosen: "pd.Series[bool]") -> pd.DataFrame:
    """Return the rows that are chosen; a table of which all are is not copied."""
    return frame if chosen.all() else frame[chosen]


def like_for_like(page: Edition, agency: str) -> list[str]:
    """Say what changed since the round before, and since the first."""
    own = page.changes[(page.changes["agency"] == agency) & (page.changes["year_to"] == page.year)]
    return [
        about_change.like_for_like(
            page.changes, page.survey, page.language,
            agency=agency, outcome=page.outcome, years=(int(first), page.year),
        )
        for first in sorted(own["year_from"].unique(), reverse=True)
    ]  # fmt: skip
