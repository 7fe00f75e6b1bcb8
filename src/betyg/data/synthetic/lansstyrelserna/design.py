"""Who took part, which activities were surveyed where, how many were asked and answered.

Published are: that nine boards took part from 2009 on and all 21 in 2012 and 2013; the activities
of Kronoberg 2012, Västra Götaland 2013 and Gävleborg 2017; the interviews of 2013, 2016, 2017 and
of farmers in 2010. Everything else is an assumption, listed in SOURCE.md of the study.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from betyg.data.synthetic import draws

SINCE_2009 = ("C", "E", "G", "H", "N", "O", "U", "X", "AC")
JOINED = {
    2009: ("F", "Z"),
    2010: ("D", "I", "S", "F", "BD"),
    2011: ("AB", "D", "I", "K", "M", "S", "T", "W", "Z", "BD"),
}  # besides the nine; F, Z and others have gaps; from 2012 everybody

INTERVIEWS = {
    2009: 3120,
    2010: 4310,
    2011: 5240,
    2012: 6870,
    2013: 10214,
    2014: 5730,
    2015: 6050,
    2016: 4962,
    2017: 8356,
}
FARMERS_2010 = 1900
GAVLEBORG_2017 = 530


def _names(text: str) -> list[str]:
    return text.split()


VASTRA_GOTALAND_2013 = _names(
    "fornminnen vattenverksamhet foretagsstod jordbruksstod bevakningsforetag miljoprovning "
    "sallskapsdjur krishantering strandskydd miljoandring jamstalldhet bygglov "
    "overklagade_planer overformyndare projektstod leaderstod"
)
GAVLEBORG_AREAS = _names(
    "jakt djurskydd kulturmiljo natursamrad skyddade_omraden miljotillsyn klimatstod"
)

SURVEYED = {
    2009: _names("foretagsstod bygglov jordbruksstod miljoprovning"),
    2010: _names("jordbruksstod detaljplaner vattenverksamhet djurskydd"),
    2011: _names(
        "foretagsstod bygglov detaljplaner jordbruksstod fornminnen strandskydd krishantering"
    ),
    2012: _names("detaljplaner foretagsstod naturskydd bygglov jakt kulturmiljo miljotillsyn"),
    2013: [*VASTRA_GOTALAND_2013, "detaljplaner", "miljotillsyn"],
    2014: _names(
        "foretagsstod jordbruksstod bygglov naturskydd jakt djurskydd miljotillsyn kulturmiljo "
        "vattenverksamhet projektstod"
    ),
    2015: _names(
        "detaljplaner bygglov foretagsstod jordbruksstod skyddade_omraden natursamrad "
        "sallskapsdjur overformyndare krishantering fornminnen miljoprovning"
    ),
    2016: _names(
        "detaljplaner foretagsstod naturskydd bygglov jordbruksstod fornminnen vattenverksamhet "
        "miljoprovning miljoandring krishantering jamstalldhet overklagade_planer overformyndare "
        "projektstod jakt djurskydd kulturmiljo skyddade_omraden natursamrad miljotillsyn "
        "klimatstod manskliga_rattigheter"
    ),
    2017: [
        *GAVLEBORG_AREAS,
        *_names("bygglov foretagsstod jordbruksstod detaljplaner vattenverksamhet krishantering"),
        *_names("miljoprovning overformyndare"),
    ],
}
EVERYWHERE = {
    2010: ("jordbruksstod",),
    2012: ("detaljplaner", "foretagsstod", "naturskydd", "bygglov"),
}
ONLY = {(2016, "manskliga_rattigheter"): ("AB", "C", "E", "M", "O", "S", "AC", "BD")}
PINNED: Mapping[tuple[int, str], list[str]] = {
    (2009, "G"): _names("foretagsstod bygglov jordbruksstod"),
    (2010, "G"): _names("jordbruksstod detaljplaner vattenverksamhet"),
    (2011, "G"): _names("foretagsstod bygglov detaljplaner jordbruksstod"),
    (2012, "G"): _names("detaljplaner foretagsstod naturskydd bygglov"),
    (2013, "G"): _names(
        "jordbruksstod foretagsstod bygglov vattenverksamhet "
        "bevakningsforetag overformyndare jamstalldhet miljoandring"
    ),
    (2013, "O"): VASTRA_GOTALAND_2013,
    (2017, "X"): GAVLEBORG_AREAS,
}
CORE = ("bygglov", "foretagsstod", "jordbruksstod", "detaljplaner")

SIZE = {
    "AB": 3.0, "C": 1.0, "D": 0.9, "E": 1.2, "F": 1.0, "G": 0.7, "H": 0.8, "I": 0.35, "K": 0.5,
    "M": 2.2, "N": 0.9, "O": 2.6, "S": 1.0, "T": 0.9, "U": 0.8, "W": 1.0, "X": 0.9, "Y": 0.8,
    "Z": 0.6, "AC": 0.9, "BD": 0.9,
}  # fmt: skip
CONTACTS = {
    "detaljplaner": 160, "foretagsstod": 300, "naturskydd": 260, "bygglov": 340,
    "jordbruksstod": 1500, "fornminnen": 240, "vattenverksamhet": 200, "bevakningsforetag": 60,
    "miljoprovning": 140, "miljoandring": 130, "sallskapsdjur": 150, "krishantering": 40,
    "strandskydd": 180, "jamstalldhet": 80, "overklagade_planer": 190, "overformyndare": 32,
    "projektstod": 150, "leaderstod": 60, "jakt": 620, "djurskydd": 700, "kulturmiljo": 320,
    "skyddade_omraden": 280, "natursamrad": 260, "miljotillsyn": 300, "klimatstod": 110,
    "manskliga_rattigheter": 130,
}  # fmt: skip
"""Persons and organisations in contact with a board of size 1 in a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The strata: a row is one agency, year and activity.

    Attributes
    ----------
    strata : DataFrame
        Columns year, agency, activity, population, sample, respondents; sorted by year.
    factor : float
        Size of this edition against the bundled one (1.0).
    """

    strata: pd.DataFrame
    factor: float


def build(*, seed: int, respondents: int | None = None) -> Design:
    """Lay out the strata of all years.

    With ``respondents`` all populations, samples and numbers of interviews grow in proportion and
    the cube of boards, years and activities stays the same.
    """
    factor = 1.0 if respondents is None else respondents / sum(INTERVIEWS.values())
    years = [_year(year, seed=seed, factor=factor) for year in INTERVIEWS]
    return Design(strata=pd.concat(years, ignore_index=True), factor=factor)


def boards(year: int) -> list[str]:
    """List the boards that took part in ``year``, in the order of their county numbers."""
    if year not in JOINED:
        return list(SIZE)
    return [board for board in SIZE if board in SINCE_2009 or board in JOINED[year]]


def activities(year: int, board: str, *, seed: int) -> list[str]:
    """List the activities of ``board`` that were surveyed in ``year``."""
    if (year, board) in PINNED:
        return list(PINNED[year, board])
    listed = [a for a in SURVEYED[year] if board in ONLY.get((year, a), SIZE)]
    lots = draws.stream(seed, "activities", year, board).random(len(listed))
    always = (*EVERYWHERE.get(year, ()), *(a for y, a in ONLY if y == year))
    wish = {a: 0.8 if a in CORE else 0.5 for a in listed} | dict.fromkeys(always, 1.0)
    drawn = [a for a, lot in zip(listed, lots, strict=True) if lot < wish.get(a, 0.0)]
    return drawn if len(drawn) >= 2 else listed[:3]


def _year(year: int, *, seed: int, factor: float) -> pd.DataFrame:
    cells = [(year, b, a) for b in boards(year) for a in activities(year, b, seed=seed)]
    strata = pd.DataFrame(cells, columns=["year", "agency", "activity"])
    population = factor * np.array([_contacts(*cell, seed=seed) for cell in cells])
    rate = np.array([_response_rate(*cell, seed=seed) for cell in cells])
    strata["population"] = np.maximum(np.round(population), 8).astype(np.int64)
    capacity = np.floor(strata["population"].to_numpy() * rate).astype(np.int64)
    strata["respondents"] = _interviews(strata, capacity, year=year, factor=factor)
    asked = np.ceil(strata["respondents"] / rate).astype(np.int64)
    strata["sample"] = np.minimum(asked, strata["population"])
    return strata[["year", "agency", "activity", "population", "sample", "respondents"]]


def _interviews(
    strata: pd.DataFrame, capacity: NDArray[np.int64], *, year: int, factor: float
) -> NDArray[np.int64]:
    # Square roots: a board ten times as large is asked about three times as much.
    weight = np.sqrt(strata["population"].to_numpy(dtype=np.float64))
    fixed = np.zeros(len(strata), dtype=bool)
    total, fixed_total = round(INTERVIEWS[year] * factor), 0
    if year == 2010:
        fixed = (strata["activity"] == "jordbruksstod").to_numpy()
        fixed_total = round(FARMERS_2010 * factor)
    if year == 2017:
        fixed = (strata["agency"] == "X").to_numpy()
        fixed_total = round(GAVLEBORG_2017 * factor)
    shares = np.zeros(len(strata), dtype=np.int64)
    for chosen, persons in ((fixed, fixed_total), (~fixed, total - fixed_total)):
        shares[chosen] = draws.apportion(persons, weight=weight[chosen], capacity=capacity[chosen])
    return shares


def _contacts(year: int, board: str, activity: str, *, seed: int) -> float:
    lasting = draws.stream(seed, "contacts", board, activity).standard_normal()
    passing = draws.stream(seed, "contacts", board, activity, year).standard_normal()
    return float(SIZE[board] * CONTACTS[activity] * np.exp(0.25 * lasting + 0.05 * passing))


def _response_rate(year: int, board: str, activity: str, *, seed: int) -> float:
    parts = (("rate", board), ("rate", activity), ("rate", year, board, activity))
    scatter = [draws.stream(seed, *part).standard_normal() for part in parts]
    return float(np.clip(0.52 + np.dot((0.04, 0.05, 0.05), scatter), 0.3, 0.68))
