"""Sentences and a table on what other ways of computing say to the conclusions of a round."""

from typing import Any

import numpy as np
import pandas as pd

from betyg.data.study import Study
from betyg.publish import change, claims, findings, naming, table, together
from betyg.publish.claims import Claim, Condition
from betyg.publish.language import Language, msgid, sentence_case
from betyg.publish.naming import ALL, Names
from betyg.publish.sentence import joined, stating
from betyg.publish.standing import BANDS
from betyg.publish.table import Column, Table
from betyg.stats import apart

_CHANGES = {
    "rise": msgid("a sure rise"),
    "fall": msgid("a sure fall"),
    "none": msgid("no sure change"),
}
_KINDS = {
    "band": msgid("where each stands against the expected range"),
    "change": msgid("whether each has changed since the round before"),
    "first": msgid("who is surely the highest"),
}


def conclusions(
    tested: pd.DataFrame, changes: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> str:
    """Say how many conclusions hold in every way of computing, and which is the least sure.

    Parameters
    ----------
    tested : DataFrame
        Columns of robustness.parquet.
    changes : DataFrame
        Columns of changes.parquet: which change would have been found where none was.
    """
    counts = _counted(tested[tested["year"] == year])
    if counts.empty:
        return ""
    numbers = {
        "ways": language.integer(int(counts["ways"].max())),
        "total": language.integer(len(counts)),
        "firm": language.integer(int((counts["share"] == 1).sum())),
    }
    least = naming.records(counts)[0]
    told = _firm(counts, year)
    if least["share"] == 1:
        said = language.text(
            "Computed again in up to {ways} ways: all {total} conclusions hold in each.", **numbers
        )
        return joined(stating(said, *told), _tested(counts, language))
    said = language.text(
        "Computed again in up to {ways} ways: {firm} of {total} conclusions hold in each. Least "
        "firm: {conclusion}, which holds in {holds} of {own}.",
        conclusion=_conclusion(least, Names(survey, language), _unseen(changes, year)),
        holds=language.integer(least["holds"]), own=language.integer(least["ways"]), **numbers,
    )  # fmt: skip
    return joined(stating(said, *told, *_held(least, year)), _tested(counts, language))


def _tested(counts: pd.DataFrame, language: Language) -> str:
    """Say which of the report's statements are conclusions that are drawn again."""
    drawn = set(counts["conclusion"])
    kinds = [language.text(words) for kind, words in _KINDS.items() if kind in drawn]
    return language.text(
        "The conclusions are {kinds}; how high the values are is not among them.",
        kinds=language.listing(kinds),
    )


def _counted(tested: pd.DataFrame) -> pd.DataFrame:
    """Return each conclusion with the ways in which it was drawn again, and holds."""
    keys = ["conclusion", "agency", "reported"]
    counts = tested.groupby(keys, sort=False)["holds"].agg(holds="sum", ways="count").reset_index()
    whole = counts[counts["ways"] > 0].astype({"holds": "int64", "ways": "int64"})
    return whole.assign(share=whole["holds"] / whole["ways"]).sort_values("share", kind="stable")


def _firm(counts: pd.DataFrame, year: int) -> tuple[Claim, Claim, Claim]:
    """Claim how many conclusions there are, how many always hold, and how the least firm does."""
    where: tuple[Condition, ...] = (("year", "==", year), ("holds", "in", (True, False)))
    firm, what = int((counts["share"] == 1).sum()), "conclusion,agency,reported"
    held: Condition = ("holds", "==", True)
    least, most = float(counts["share"].min()), int(counts["ways"].max())
    return (
        claims.count("robustness", what, len(counts), *where),
        claims.always("robustness", what, firm, *where, must=[held]),
        together.least_firm("robustness", what, least, most, *where, must=held),
    )


def _held(row: dict[str, Any], year: int) -> tuple[Claim, Claim]:
    """Claim in how many ways a conclusion was drawn again, and in how many it holds."""
    where = claims.row_of("robustness", row | {"year": year})
    drawn: Condition = ("holds", "in", (True, False))
    return (
        claims.count("robustness", "", int(row["ways"]), *where, drawn),
        claims.count("robustness", "", int(row["holds"]), *where, ("holds", "==", True)),
    )


def doubtful(
    tested: pd.DataFrame, changes: pd.DataFrame, survey: Study, language: Language, *, year: int
) -> Table | None:
    """Show the conclusions that do not hold in every way of computing; as :func:`conclusions`."""
    names, text = Names(survey, language), language.text
    counts = _counted(tested[tested["year"] == year])
    open_to_doubt = counts[counts["share"] < 1]
    if open_to_doubt.empty:
        return None
    unseen = _unseen(changes, year)
    rows = [
        row
        | {
            "label": sentence_case(_conclusion(row, names, unseen)),
            "in": text("{n} of {total}", n=language.integer(row["holds"]),
                       total=language.integer(row["ways"])),
        }
        for row in naming.records(open_to_doubt)
    ]  # fmt: skip
    columns = [
        Column(source="label", label=text("Conclusion")),
        Column(source="in", label=text("Holds in")),
    ]
    return table.build(
        pd.DataFrame(rows), columns, language, name=naming.slug("robustness", year),
        caption=text("Conclusions that not every way of computing gives, {year}", year=str(year)),
        note=naming.note(
            names,
            text("Ways: model of the ordered answers, mean, share of the two highest answers; with "
                 "weights and without; at one common mix and as answered, where these can differ."),
            language.text(_of_late(tested[tested["year"] == year])),
        ),
    )  # fmt: skip


def _of_late(tested: pd.DataFrame) -> str:
    """Say which conclusions were also drawn without late answers."""
    if tested["late"].all():
        return msgid("The data of this round do not tell late answers from early ones.")
    keys = ["conclusion", "agency"]
    drawn = tested[tested["holds"].notna()]
    is_early = ~drawn["late"].astype(bool)
    if drawn[is_early].groupby(keys).ngroups == drawn.groupby(keys).ngroups:
        return msgid("Each also without the late answers.")
    return msgid("Also without the late answers, where both rounds tell which they were.")


def _conclusion(row: dict[str, Any], names: Names, unseen: findings.Found) -> str:
    text, language = names.language.text, names.language
    who = names.agency(str(row["agency"]))
    if row["conclusion"] == "first":
        return text("{agency} highest of all", agency=names.agency(str(row["reported"])))
    if row["conclusion"] == "change":
        verdict = text(_CHANGES[row["reported"]])
        if row["reported"] == "none":
            verdict = findings.beside(verdict, unseen, language, "change")
        return text("{agency}, since the round before: {verdict}", agency=who, verdict=verdict)
    return text("{agency}, against the expected range: {verdict}", agency=who,
                verdict=text(BANDS[row["reported"]]))  # fmt: skip


def _unseen(changes: pd.DataFrame, year: int) -> findings.Found:
    """Return the changes since the round before that would be found, of those that are not sure."""
    told = changes["comparable"] & changes["shown"] & (changes["agency"] != ALL)
    pairs = changes[told & (changes["year_to"] == year)]
    pairs = pairs[pairs["year_from"] == pairs["year_from"].max()]
    like, se = (pairs[name].to_numpy(np.float64) for name in ("like_for_like", "like_for_like_se"))
    sizes = apart.found(se, apart.surely(like, se, reference=0.0))
    if pairs.empty:
        return sizes, together.detectable_together("changes", sizes)
    where = claims.row_of("changes", naming.records(pairs)[0] | {"agency": None})
    return sizes, together.detectable_together(
        "changes", sizes, *where, *change.COMPARED, of="like_for_like"
    )
