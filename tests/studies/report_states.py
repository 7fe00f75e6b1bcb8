"""What the report says, as text: an edition made anew from the answers of respondents.

Nothing is read from stored tables: whoever alters an answer gets the report that follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
from report_sentences import Row

from betyg.data import store
from betyg.data.clean import Cleaned
from betyg.data.study import Study
from betyg.publish import evidence, report, report_orders
from betyg.publish.evidence import Evidence
from betyg.publish.language import NO_BREAK, Language
from betyg.publish.report import Edition
from betyg.publish.section import Section
from betyg.publish.sentence import claims_of
from betyg.stats import (
    cells,
    change,
    comparison,
    domains,
    driver_sums,
    drivers,
    estimate,
    orders,
    people,
)

MARGINS = (("year",), ("agency", "year"), ("agency", "year", "activity"))
"""What the sentences at a level are read from."""


@dataclass(frozen=True)
class Rebuilt:
    """The tables of one study, made from these answers when they are first asked for.

    Attributes
    ----------
    respondents : DataFrame
        Clean answers, as they are or altered.
    survey : Study
        The study.
    year : int
        The round that is reported; later rounds are left aside.
    focus : str
        The agency that is described.
    by : sequence of sequences of str, optional
        Margins of the estimates; by default all.
    changed : bool
        Whether changes between rounds are made, too.
    """

    respondents: pd.DataFrame
    survey: Study
    year: int
    focus: str
    by: Sequence[Sequence[str]] | None = None
    changed: bool = False
    _said: dict[tuple[str, str], str] = field(default_factory=dict, init=False, repr=False)
    _sentences: dict[tuple[str, str], list[str]] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def rows(self) -> pd.DataFrame:
        return self.respondents[self.respondents["year"] <= self.year].reset_index(drop=True)

    @cached_property
    def cells(self) -> pd.DataFrame:
        return cells.collapse(
            Cleaned(parts=[self.rows], counts=pd.DataFrame(), attrition=pd.DataFrame()),
            self.survey,
        )

    @cached_property
    def domains(self) -> pd.DataFrame:
        return domains.of_rows([self.rows])

    @cached_property
    def people(self) -> pd.DataFrame:
        return people.of_rows([self.rows], self.survey)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        return estimate.table(self.rows, self.cells, self.survey, by=self.by)

    @cached_property
    def changes(self) -> pd.DataFrame:
        if not self.changed:
            return pd.DataFrame(columns=change.COLUMNS)
        return change.decompose(self.estimates, self.cells, self.survey, respondents=self.rows)

    @cached_property
    def orders(self) -> pd.DataFrame:
        return orders.table(self.rows, self.survey)

    @cached_property
    def leads(self) -> pd.DataFrame:
        return orders.leads(self.rows, self.survey)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        return orders.agreement(self.rows, self.survey)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        return comparison.compare(self.cells, self.survey).table

    @cached_property
    def driven(self) -> drivers.Drivers:
        sums = driver_sums.of_rows([self.rows], self.survey, domains=self.domains)
        return drivers.find(sums, self.survey, replicates=50)

    @cached_property
    def effects(self) -> pd.DataFrame:
        return orders.effects(self.estimates, self.cells, self.survey)

    def page(self, language: str) -> Edition:
        """Return the edition that the sections are made of, without the model's comparisons."""
        without = pd.DataFrame(columns=["agency", "year", "extrapolated"])
        return report.edition(
            self.survey, Language(language), year=self.year, focus=self.focus,
            domains=self.domains, people=self.people, cells=self.cells, estimates=self.estimates,
            changes=self.changes, comparisons=without, within=without,
        )  # fmt: skip


def text(section: Section) -> str:
    """Return what a section says in sentences and captions, without drawings and tables."""
    html = re.sub(r"<(table|svg|style)\b.*?</\1>", " ", section._repr_html_(), flags=re.S)
    words = unescape(re.sub(r"<[^>]+>", " ", html)).replace(NO_BREAK, " ")
    return " ".join(words.split())


def section(tables: Rebuilt, page: Edition, name: str) -> Section:
    """Return one section of the report by the name of its function."""
    if name == "views":
        return report_orders.views(page, tables.orders, tables.leads, tables.agreement)
    if name == "measures":
        return report_orders.measures(page, tables.effects)
    if name == "focus":
        return report_orders.focus(page)
    return {
        "summary": report.summary,
        "facts": report.facts,
        "changes": report.changes,
        "themes": report.themes,
    }[name](page)


def says(tables: Rebuilt, name: str, language: str) -> str:
    """Return what a section says in a language."""
    if (name, language) not in tables._said:
        tables._said[name, language] = text(section(tables, tables.page(language), name))
    return tables._said[name, language]


def stated(tables: Rebuilt, row: Row, language: str) -> list[str]:
    """Return the sentences of the report that state a row, with their claims."""
    key = (row.section, language)
    if key not in tables._sentences:
        made = section(tables, tables.page(language), row.section)
        tables._sentences[key] = list(made.sentences)
    said = tables._sentences[key]
    plain = [str(sentence).replace(NO_BREAK, " ") for sentence in said]
    match = re.search(row.patterns()[language], " ".join(plain))
    assert match, f"{row.section}: not in its sentences"
    ends = np.cumsum([len(text) + 1 for text in plain])
    return [
        sentence
        for sentence, text, end in zip(said, plain, ends, strict=True)
        if end - 1 > match.start() and end - len(text) - 1 < match.end()
    ]


def looked_up(sentences: Sequence[str], tables: Rebuilt, folder: Path) -> list[Evidence]:
    """Look up the claims of sentences in tables that are stored as the build stores them."""
    claims = [claim for sentence in sentences for claim in claims_of(sentence)]
    for name in {claim.table for claim in claims if not claim.table.startswith("study")}:
        store.write(getattr(tables, name), name, folder)
    known = evidence.tables_for(claims, folder, tables.survey)
    return [evidence.evaluate(claim, known) for claim in claims]
