"""From raw files of kind ``responses`` to one clean row a respondent (x activity)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from betyg.data import harmonise, roles, row_units, value_labels
from betyg.data.attrition import Ledger
from betyg.data.drops import REASONS
from betyg.data.harmonise import Answering
from betyg.data.kept import Kept
from betyg.data.out_of_range import OutOfRange
from betyg.data.parts import Parts
from betyg.data.raw_table import RawFile, RawTable, joined
from betyg.data.row_units import Places
from betyg.data.rows import REPLICATE, Rows
from betyg.data.settings import Role
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["table"]


def table(files: Sequence[RawFile], survey: Study, *, ledger: Ledger, problems: Problems) -> Parts:
    """Return the respondents of all files.

    Each file is read once, part by part. What is harmonised is kept, in memory or in a scratch
    file, until it is known which rows are repeated anywhere in the study.

    Parameters
    ----------
    files : sequence of RawFile
        The files; with none of them the result has all columns and no row.
    survey : Study
        The study.
    ledger : Ledger
        Where the rows of each file are accounted for.
    problems : Problems
        Where everything that is wrong is noted; then the result is not to be used.
    """
    kept = Kept(survey, sources=[file.source.id for file in files])
    accounts = [_File(file, at, kept).harmonise(problems) for at, file in enumerate(files)]
    dropped = kept.settle(files, problems)
    for file, account, counted in zip(files, accounts, dropped, strict=True):
        *counts, late = counted.tolist()
        reasons = dict(zip(REASONS[1:], counts[1:], strict=True))
        reasons["declared not used"] = account.unused
        notes = row_units.out_of_time(late)
        ledger.enter(file.source.id, read=account.read, dropped=reasons, notes=notes)
        ledger.remark(file.source.id, "out of range", account.outside, "answers set to no answer")
    return Parts(kept)


class _File:
    """One file on its way to the codes of the study, with the account of its rows."""

    def __init__(self, file: RawFile, at: int, kept: Kept) -> None:
        self.file, self.at, self.kept = file, at, kept
        self.survey = kept.survey
        self.places = Places(self.survey)
        self.answering = Answering(self.survey, file.missing)
        self.read = self.unused = self.outside = 0

    def harmonise(self, problems: Problems) -> _File:
        """Keep the rows of the file in the codes of the study, and note what is wrong.

        What is wrong is told of the file, not of a part of it: so the parts in which anything
        is wrong are put together and gone through once more.
        """
        wrong: list[RawTable] = []
        there: set[int] = set()
        for part in self.file.parts():
            used = part.kept(roles.used_rows(part))
            self.read += len(part.lines)
            self.unused += len(part.lines) - len(used.lines)
            noted, outside = Problems(), OutOfRange()
            rows, years = self._rows(used, noted, outside)
            there |= set(np.flatnonzero(np.bincount(years)).tolist())
            self.outside += outside.n
            if len(noted) or (outside.n and self.survey.cleaning.out_of_range == "error"):
                wrong.append(used)
            else:
                self.kept.add(rows)
        if wrong:
            self._report(joined(self.file, wrong), there, problems)
        else:
            value_labels.check(self.file, years=there, survey=self.survey, problems=problems)
        return self

    def _rows(
        self, table: RawTable, problems: Problems, outside: OutOfRange
    ) -> tuple[Rows, NDArray[np.int16]]:
        years = roles.years(table, problems)
        units = row_units.of_rows(table, years, self.places, problems)
        named = table.source.columns
        stratum = table.texts(named["stratum"]) if "stratum" in named else None
        domain = self.kept.domains.of(
            units["agency"], years, units["activity"], units["group"], stratum
        )
        weight = _weights(table, problems)
        counted = np.where(units["agency"] < 0, np.int16(0), years)
        answers = harmonise.answers(table, years=counted, reading=self.answering, outside=outside)
        replicates = {
            f"{REPLICATE}{at}": roles.quantity(table, column, problems)
            for at, column in enumerate(table.source.replicate_columns, start=1)
        }
        rows = Rows(
            source=self.at,
            lines=table.lines,
            domain=domain,
            weight=weight,
            respondent=_identifiers(table, "respondent"),
            psu=_identifiers(table, "psu"),
            answers=answers,
            replicates=replicates,
        )
        return rows, years

    def _report(self, table: RawTable, there: set[int], problems: Problems) -> None:
        outside = OutOfRange()
        rows, _ = self._rows(table, problems, outside)
        self.kept.add(rows)
        value_labels.check(self.file, years=there, survey=self.survey, problems=problems)
        if self.survey.cleaning.out_of_range == "error":
            outside.report(table, problems)


def _identifiers(table: RawTable, role: Role) -> pa.Array | None:
    column = table.source.columns.get(role)
    return None if column is None else table.identifiers(column)


def _weights(table: RawTable, problems: Problems) -> NDArray[np.float64] | None:
    column = table.source.columns.get("weight")
    if column is None:
        return None
    return roles.quantity(table, column, problems, positive=True)
