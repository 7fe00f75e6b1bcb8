"""Names and captions that every figure, table and sentence shares."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.errors import DataError
from betyg.publish import disclosure
from betyg.publish.claims import Claim, declared
from betyg.publish.language import Language
from betyg.publish.sentence import joined, quoted, stating

ALL = "all"
INDEX_OF_THEME = "theme."


class Where(TypedDict, total=False):
    """Which margin or part of a frame of estimates; what is not said is the margin."""

    agency: str
    activity: str
    group: str


MARGIN = Where(agency=ALL, activity=ALL, group=ALL)


@dataclass(frozen=True, slots=True)
class Names:
    """What the codes of a study are called in one language."""

    survey: Study
    language: Language

    def item(self, code: str) -> str:
        """Return the label of an item, of a named index or of the index of a theme."""
        return self._label(self.survey.item(code))

    def theme(self, code: str) -> str:
        """Return the label of a theme; the theme's own name where there is no other."""
        return next((self._label(t) for t in self.survey.themes if t.theme == code), quoted(code))

    def agency(self, code: str) -> str:
        """Return the label of an agency; for the margin, the word for all."""
        return self._unit(code, "agencies")

    def activity(self, code: str) -> str:
        """Return the label of an activity; for the margin, the word for all."""
        return self._unit(code, "activities")

    def group(self, code: str) -> str:
        """Return the label of a group; for the margin, the word for all."""
        return self._unit(code, "groups")

    def role(self, role: str) -> str:
        """Return what the study calls a role, such as ``Länsstyrelse`` for agency."""
        return quoted(str(self.survey.role_label(role, self.language.code)))

    def agencies(self) -> str:
        """Return what agencies are called in running text; empty where the study does not say."""
        return quoted(self.survey.many("agencies", self.language.code))

    def activities(self) -> str:
        """Return what activities are called in running text; empty where it does not say."""
        return quoted(self.survey.many("activities", self.language.code))

    def counted(self, n: int) -> str:
        """Return how many agencies, as the study calls them: ``5 municipality groups``."""
        units = self.agencies()
        if units and n > 1:
            return self.language.text("{n} {units}", n=self.language.integer(n), units=units)
        return self.language.plural("{n} unit", "{n} units", n)

    def event(self, at: int) -> str:
        """Return the year and label of an event, by its row in events.csv."""
        event = self.survey.events[at]
        when = stating(str(event.year), declared(f"events.{at}.year", event.year))
        return joined(when, self._label(event), by=": ")

    def everyone(self) -> str:
        """Return the words for all agencies together."""
        units = self.agencies()
        return self.language.text("All {units}", units=units) if units else self.agency(ALL)

    def _unit(self, code: str, kind: str) -> str:
        if code == ALL:
            return self.language.text("All")
        units = getattr(self.survey, kind)
        return next((self._label(u) for u in units if u.code == code), quoted(code))

    def _label(self, thing: object) -> str:
        return quoted(str(self.survey.label(thing, self.language.code)))


def pick(frame: pd.DataFrame, survey: Study, **keys: object) -> pd.DataFrame:
    """Select rows by their keys and blank what may not be shown.

    A key whose column the frame lacks selects nothing away; a value that is a list or tuple
    selects each of its members. A base that is not known is NaN.

    Raises
    ------
    DataError
        If nothing is left: a figure of nothing would look like a finding.
    """
    chosen = np.ones(len(frame), dtype=bool)
    for name, value in keys.items():
        if name in frame and value is not None:
            wanted = list(value) if isinstance(value, list | tuple) else [value]
            chosen &= frame[name].isin(wanted).to_numpy()
    if not chosen.any():
        asked = ", ".join(f"{k}={v!r}" for k, v in keys.items() if v is not None)
        raise DataError(
            f"study {survey.name}: no estimates with {asked}. "
            "Correct the argument in the notebook, or the parameter it comes from."
        )
    rows = disclosure.hide(frame[chosen].reset_index(drop=True), show=survey.disclosure.show)
    base = rows["n"].astype(float) if "n" in rows else pd.Series(np.nan, index=rows.index)
    return rows.assign(n=base.mask(base == 0))


def estimated(
    estimates: pd.DataFrame, survey: Study, *, year: int, where: Where, **keys: object
) -> list[dict[str, Any]]:
    """Return rows of estimates.parquet as mappings: means of the margin, if nothing else is said.

    Raises
    ------
    DataError
        As :func:`pick`.
    """
    chosen: dict[str, object] = {"statistic": "mean", **MARGIN, **where, "year": year, **keys}
    return records(pick(estimates, survey, **chosen))


def subtitle(
    names: Names,
    *,
    what: str,
    year: int | Sequence[int] | None = None,
    base: Claim | None = None,
    who: str | None = None,
) -> str:
    """Say what is measured, for whom, when and on how many answers, as ``base`` claims it."""
    language = names.language
    parts = [what]
    if who:
        parts.append(who)
    if year is not None:
        years = [year] if isinstance(year, int | np.integer) else sorted(year)
        parts.append(quoted(language.range(str(years[0]), str(years[-1]))))
    number = next((int(n) for _, n in base.says), 0) if base else 0
    if base and number:
        parts.append(language.text("n = {n}", n=stating(language.integer(number), base)))
    return joined(*parts, by=", ")


def cut_axis(names: Names, span: tuple[float, float]) -> str:
    """Say which part of the scale is drawn, where not all of it is."""
    if span == (0.0, 100.0):
        return ""
    language = names.language
    return language.text(
        "The axis is cut: it shows {span} of 0–100.", span=quoted(language.range(*span))
    )


def few_answers(names: Names, rows: pd.DataFrame) -> str:
    """Say what an open symbol is, where one is drawn."""
    language, least = names.language, names.survey.disclosure.rank
    if not (rows["n"] < least).any():
        return ""
    n = stating(language.integer(least), declared("disclosure.rank", least))
    return language.text("Open symbol: fewer than {n} answers.", n=n)


def note(names: Names, *remarks: str) -> str:
    """Join remarks, the source and, where so, that the data are synthetic."""
    survey, language = names.survey, names.language
    title = quoted(str(survey.label(survey.title, language.code)))
    parts = [*remarks, language.text("Source: {title}.", title=title)]
    if survey.synthetic:
        parts.append(language.text("Synthetic data: made for demonstration."))
    return joined(*parts)


def answers(names: Names, n: float) -> str:
    """Say on how many answers something rests; nothing where that is not known."""
    if not n or np.isnan(n):
        return ""
    return names.language.plural("{n} answer.", "{n} answers.", int(n))


def left_out(names: Names, units: Sequence[str]) -> str:
    """Name the units that have too few answers, or nothing."""
    if not units:
        return ""
    return names.language.text(
        "Too few answers to show: {units}.",
        units=names.language.listing([quoted(unit) for unit in units], limit=12),
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a frame as mappings."""
    names = [str(name) for name in frame.columns]
    rows = zip(*(_plain(column) for _, column in frame.items()), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _plain(column: "pd.Series[Any]") -> list[Any]:
    return [None if value is pd.NA else value for value in column.tolist()]


def slug(*parts: object) -> str:
    """Join parts into a name that can be an anchor: letters, digits and hyphens."""
    joined = "-".join(str(part) for part in parts if part not in (None, "", ALL))
    return re.sub(r"[^A-Za-z0-9]+", "-", joined).strip("-").lower()
