"""Check the value labels inside .sav and .dta files against the scales of the study.

A file in which 1 is called "very good" while the study reads 1 as the lowest answer would turn
every result upside down without an error: labels are the only witness.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence, Set

from betyg.data.codebook import CrosswalkRow, Scale
from betyg.data.harmonise import state_of
from betyg.data.raw_table import SHOWN, RawFile, add_few
from betyg.data.roles import recoded, recognised
from betyg.data.study import Study
from betyg.errors import Problems

__all__ = ["check"]

REMEDY = "Map the codes in column recode of crosswalk.csv (1=5|2=4 ...), or correct scales.csv."
ALIKE = 0.55  # similarity of two spellings of one label: "Mkt nöjd" and "Mycket nöjd" pass


def check(file: RawFile, *, years: Set[int], survey: Study, problems: Problems) -> None:
    """Note every code that the file labels as another answer than the study does.

    A label contradicts the scale if, in every language, it is more like another category's
    label than its own, or like none. An explicit ``recode`` of the code settles the second.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for year in sorted(years - {0}) if file.labels else ():
        for item in survey.item_codes:
            scale = survey.scale_of(item, year)
            for look in survey.crosswalk_rows(item, year):
                labels = file.labels.get(look.column, {})
                wrong = _contradictions(look, scale, labels, survey) if labels else []
                if wrong:
                    where = file.where(column=look.column)
                    found[look.column] = (where, _said(scale, wrong), REMEDY)
    more = "columns have labels that contradict their scale"
    add_few(list(found.values()), problems, file=file.source.file, more=more)


def _contradictions(
    look: CrosswalkRow, scale: Scale, labels: Mapping[str, str], survey: Study
) -> list[str]:
    """Return the codes of a column whose labels contradict the scale, in words."""
    if look.contains is not None or not scale.categories:
        return []
    spellings = survey.category_spellings(scale)
    wrong: list[str] = []
    for raw, label in labels.items():
        mapped = recoded(raw, look.recode)
        code = mapped or recognised(raw, spellings)
        if code is None or code not in scale.by_code:
            continue
        own = _likeness(label, scale, state_of(scale, code))
        other, best = _closest_other(label, scale, state_of(scale, code))
        swapped = best > own and best >= ALIKE
        if swapped or (own < ALIKE and mapped is None):
            said = " / ".join(dict.fromkeys(scale.by_code[code].label.values()))
            hint = f" (that is {other} in the study)" if swapped else ""
            wrong.append(f"{raw} is '{label}'{hint}, in the study '{said}'")
    return wrong


def _said(scale: Scale, wrong: Sequence[str]) -> str:
    more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"value labels contradict scale '{scale.scale}': {'; '.join(wrong[:SHOWN])}{more}."


def _likeness(label: str, scale: Scale, state: int) -> float:
    """Return how like a label is to the categories of one state, in the best language."""
    texts = [
        text
        for category in scale.categories
        if state_of(scale, category.code) == state
        for text in category.label.values()
    ]
    return max(difflib.SequenceMatcher(None, _bare(label), _bare(text)).ratio() for text in texts)


def _closest_other(label: str, scale: Scale, state: int) -> tuple[str, float]:
    others = [c.code for c in scale.categories if state_of(scale, c.code) != state]
    likeness = {code: _likeness(label, scale, state_of(scale, code)) for code in others}
    best = max(likeness, key=lambda code: likeness[code], default="")
    return best, likeness.get(best, 0.0)


def _bare(text: str) -> str:
    """Return a label without case, signs and the number that often stands before it."""
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    return re.sub(r"^\d+ (?=\D)", "", words)
