"""From raw files of kind ``responses`` to one clean row a respondent (x activity)."""

from __future__ import annotations

from collections.abc import Sequence

from betyg.data import listed, row_units
from betyg.data.attrition import Ledger
from betyg.data.drops import REASONS
from betyg.data.kept import Kept
from betyg.data.listed import Listed
from betyg.data.parts import Parts
from betyg.data.pieces import Account
from betyg.data.read import Received
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["table"]

NO_ANSWER_TO = "no answer in any row to {}; crosswalk.csv can say that a question was not asked"

UNNAMED = "no respondent is stated: each is taken for another person, and is never a duplicate"


def table(received: Received, survey: Study, *, ledger: Ledger, problems: Problems) -> Parts:
    """Return the respondents of all files.

    Each file is read once, part by part. What is harmonised is kept where it was read, in memory
    or in a scratch file, until it is known which rows are repeated anywhere in the study.

    Parameters
    ----------
    received : Received
        The files; with none of them the result has all columns and no row.
    survey : Study
        The study.
    ledger : Ledger
        Where the rows of each file are accounted for.
    problems : Problems
        Where everything that is wrong is noted; then the result is not to be used.
    """
    kept = Kept(survey, received)
    counts = kept.settle(received.heads, problems)
    for at, (source, counted) in enumerate(zip(kept.sources, counts.tolist(), strict=True)):
        own = [told for file, told in zip(kept.of_file, kept.accounts, strict=True) if file == at]
        dropped = dict(zip(REASONS[1:], counted[1:-1], strict=True))
        dropped["declared not used"] = sum(told.unused for told in own)
        notes = row_units.out_of_time(counted[-1])
        ledger.enter(source, read=sum(told.read for told in own), dropped=dropped, notes=notes)
        outside = sum(told.outside for told in own)
        ledger.remark(source, "out of range", outside, "answers set to no answer")
        empty = _empty(own, survey)
        unnamed = sum(told.unnamed for told in own)
        ledger.remark(source, "no identifier", unnamed, UNNAMED)
        ledger.remark(source, "empty questions", len(empty), NO_ANSWER_TO.format(", ".join(empty)))
    _check_lists(kept, received, ledger, problems)
    return Parts(kept)


def _check_lists(kept: Kept, received: Received, ledger: Ledger, problems: Problems) -> None:
    seen = [Listed() for _ in kept.sources]
    for file, told in zip(kept.of_file, kept.accounts, strict=True):
        seen[file].absorb(told.listed)
    listed.check([head.source for head in received.heads], seen, ledger=ledger, problems=problems)


def _empty(accounts: Sequence[Account], survey: Study) -> list[str]:
    """Return the items of a file whose cells are all empty, in the order of the codebook."""
    asked = {item for told in accounts for item, _ in told.asked}
    answered = {item for told in accounts for item in told.answered}
    return [item for item in survey.item_codes if item in asked - answered]
