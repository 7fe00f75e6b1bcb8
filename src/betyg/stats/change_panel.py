"""Respondents who come again: the covariance of the means of two rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.study import Study
from betyg.stats.design import SurveyDesign
from betyg.stats.joint import joint_of, scores_of

__all__ = ["Panel", "panel_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Rounds of a study in which the same identifier means the same respondent.

    Attributes
    ----------
    rows : DataFrame
        agency (text), year, respondent_id, weight, stratum (text, without its year), key (the
        cell) and score of every respondent.
    survey : Study
        The study.
    """

    rows: pd.DataFrame
    survey: Study

    def covariance(self, agency: str, years: tuple[int, int]) -> pd.DataFrame | None:
        """Return the joint covariance of an agency's cells in two rounds.

        Both rounds are one sample of respondents within strata; who is in one round alone
        counts with nothing in the other.

        Parameters
        ----------
        agency : str
            Its code.
        years : (int, int)
            The rounds.

        Returns
        -------
        DataFrame or None
            Rows and columns are year and key, joined; None where nobody came again.

        References
        ----------
        R counterpart: ``svyby(~y, ~cell + year, svydesign(ids = ~respondent, ...), svymean,
        covmat = TRUE)``.
        """
        rows = self.rows[self.rows["year"].isin(years)]
        own = rows[rows["agency"] == agency]
        rounds = [set(own.loc[own["year"] == year, "respondent_id"]) for year in years]
        if not rounds[0] & rounds[1]:
            return None
        # Rows of other agencies that share a stratum stay: they are in its variance.
        near = rows[rows["stratum"].isin(own["stratum"].unique())]
        inside = (near["agency"] == agency).to_numpy() & near["score"].notna().to_numpy()
        label = (near["year"].astype("str") + near["key"]).to_numpy(dtype=object)
        names = sorted(set(label[inside]))
        place = pd.Index(names).get_indexer(pd.Index(label))
        columns = np.where(
            inside[:, None] & (place[:, None] == np.arange(len(names))),
            near["score"].to_numpy(np.float64)[:, None],
            np.nan,
        )
        design = SurveyDesign.of(
            weight=near["weight"].to_numpy(),
            stratum=near["stratum"],
            psu=near["respondent_id"],
            lonely=self.survey.design.lonely,
        )
        return joint_of(columns, tuple(names), design, f"{agency} {years}").covariance_frame


def panel_of(respondents: pd.DataFrame, survey: Study, outcome: str, roles: Sequence[str]) -> Panel:
    """Collect the rounds of a panel.

    Parameters
    ----------
    respondents : DataFrame
        As written by 01_clean.
    survey : Study
        The study.
    outcome : str
        Item or index.
    roles : sequence of str
        Roles that cells are made of.

    Returns
    -------
    Panel
    """
    key = pd.Series("", index=respondents.index, dtype="str")
    for role in roles:
        key = key + "|" + respondents[role].astype("str")
    rows = pd.DataFrame(
        {
            "agency": respondents["agency"].astype("str"),
            "year": respondents["year"],
            "respondent_id": respondents["respondent_id"],
            "weight": respondents["weight"],
            "stratum": _without_year(respondents),
            "key": key,
            "score": scores_of(respondents, outcome, survey),
        }
    )
    return Panel(rows=rows, survey=survey)


def _without_year(respondents: pd.DataFrame) -> NDArray[np.object_]:
    """Return the name of each stratum less its year: the one stratum of both rounds."""
    strata = respondents["stratum"].cat
    codes = strata.codes.to_numpy()
    year_of = dict(zip(codes.tolist(), respondents["year"].tolist(), strict=True))
    names = []
    for code, name in enumerate(strata.categories):
        parts, year = str(name).split("|"), str(year_of.get(code, ""))
        if year in parts:
            parts.remove(year)
        names.append("|".join(parts))
    return np.array(names, dtype=object)[codes]
