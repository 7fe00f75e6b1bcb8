"""The raw files: how each year's answers were exported, with the mess of that year.

Column names and codes of answers stand in crosswalk.csv and scales.csv of the study, spellings of
boards, activities and groups in the aliases of their files: each is decided there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from betyg.data.synthetic import draws, writers
from betyg.data.synthetic.lansstyrelserna import answers, mess, model

Labels = dict[int | float, str]

FILES = (
    "2009.csv", "2010.csv", "2011.csv", "2012.sav", "2013.tsv", "2014.xlsx",
    "2015_2016.csv", "2017.dta",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How one year's file spells things.

    ``columns`` are the file's names for respondent, agency, activity, group and weight;
    ``respondent`` is a format of the running number, or empty for the number itself.
    """

    columns: tuple[str, str, str, str, str]
    respondent: str = ""
    agency: str = "number"
    activity: str = "number"
    group: str = "number"


STYLES = {
    2009: Style(columns=("LOPNR", "LST", "VERK", "KUND", "VIKT"), respondent="09-{:05d}",
                agency="two_digits"),
    2010: Style(columns=("LOPNR", "LST", "VERK", "KUND", "VIKT"), respondent="10-{:05d}"),
    2011: Style(columns=("LopNr", "Lan", "Verksamhet", "Kundgrupp", "Vikt"),
                respondent="11-{:05d}", agency="code", group="second"),
    2012: Style(columns=("id", "lan", "verksamhet", "kundgrupp", "vikt")),
    2013: Style(columns=("respondent", "lansbokstav", "verksamhet", "kundgrupp", "vikt"),
                respondent="B13{:06d}", agency="code", activity="label", group="label"),
    2014: Style(columns=("Nr", "Länsstyrelse", "Verksamhet", "Kundgrupp", "Vikt"),
                agency="legal_name", activity="second", group="label"),
    2015: Style(columns=("svarsid", "lan", "verksamhet", "kundgrupp", "vikt"),
                agency="label", group="second"),
    2016: Style(columns=("svarsid", "lan", "verksamhet", "kundgrupp", "vikt"),
                agency="label", group="second"),
    2017: Style(columns=("lopnr", "lan", "verksamhet", "kundgrupp", "vikt")),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts files of the study that decide how the raw files look."""

    agencies: pd.DataFrame
    activities: pd.DataFrame
    groups: pd.DataFrame
    codebook: pd.DataFrame
    scales: pd.DataFrame
    crosswalk: pd.DataFrame


def load_facts(folder: Path) -> Facts:
    """Read the facts files in the study's folder, as text."""
    names = ("agencies", "activities", "groups", "codebook", "scales", "crosswalk")
    return Facts(
        **{
            name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
            for name in names
        }
    )


ROLES = ("agency", "activity", "group")
Grades = list[int | str | None]


def table(drawn: answers.Round, facts: Facts, *, seed: int, factor: float) -> pd.DataFrame:
    """Lay out one year's file: a row an interview, with its duplicates and stray rows."""
    style, year = STYLES[drawn.year], drawn.year
    columns = dict(zip(("respondent", *ROLES, "weight"), style.columns, strict=True))
    questions = question_columns(facts, year)
    frame = pd.DataFrame(
        {columns[role]: spelt for role, spelt in _spelt_roles(drawn, facts, style).items()}
        | {
            name: np.array(grades, dtype=object)[drawn.answers[item] - draws.NOT_APPLICABLE]
            for item, (name, grades) in questions.items()
        }
    )
    weight = (drawn.strata["population"] / drawn.strata["respondents"]).round(4).to_numpy()
    frame[columns["weight"]] = weight[drawn.stratum]
    messy = mess.add(
        frame,
        year=year,
        agency=columns["agency"],
        questions=[name for name, _ in questions.values()],
        factor=factor,
        rng=draws.stream(seed, "mess", year),
    )
    number = messy.pop(mess.NUMBER)
    named = [style.respondent.format(n) for n in number] if style.respondent else number
    messy.insert(0, columns["respondent"], named)
    return messy


def question_columns(facts: Facts, year: int) -> dict[str, tuple[str, Grades]]:
    """Give the column of each item asked in ``year`` and its codes.

    The codes are in the order not applicable, don't know, no answer, then the grades.
    """
    found: dict[str, tuple[str, Grades]] = {}
    for item in model.asked(year):
        row = _crosswalk(facts, item, year)
        kinds = facts.scales[facts.scales["scale"] == row["scale"]].set_index("kind")["code"]
        pairs = [pair.split("=") for pair in row["recode"].split("|") if pair]
        raw_of = {code: raw for raw, code in pairs}
        missing = [str(kinds["not_applicable"]), str(kinds["dont_know"])]
        grades = range(1, model.scale_length(item, year) + 1)
        found[item] = (row["column"], [*(_whole(raw_of.get(c, c)) for c in missing), None, *grades])
    return found


def _crosswalk(facts: Facts, item: str, year: int) -> dict[str, str]:
    rows = facts.crosswalk[
        (facts.crosswalk["year"] == str(year)) & (facts.crosswalk["item"] == item)
    ]
    return {str(name): str(value) for name, value in rows.iloc[0].items()}


def _whole(code: str) -> int | str:
    return int(code) if code.lstrip("-").isdigit() else code


def _spelt_roles(
    drawn: answers.Round, facts: Facts, style: Style
) -> "dict[str, np.ndarray[tuple[int], np.dtype[np.object_]]]":
    places = {
        "agency": _places(facts.agencies, drawn.strata["agency"])[drawn.stratum],
        "activity": _places(facts.activities, drawn.strata["activity"])[drawn.stratum],
        "group": drawn.group,
    }
    return {
        role: np.array(_spellings(facts, role, style), dtype=object)[places[role]] for role in ROLES
    }


def _places(units: pd.DataFrame, codes: pd.Series) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    place = {code: number for number, code in enumerate(units["code"])}
    return codes.map(place).to_numpy(dtype=np.int64)


def _spellings(facts: Facts, role: str, style: Style) -> list[int | str]:
    units = {"agency": facts.agencies, "activity": facts.activities, "group": facts.groups}[role]
    rows = zip(units["code"], units["label_sv"], units["aliases"].str.split("|"), strict=True)
    return [_spelling(getattr(style, role), *row) for row in rows]


def _spelling(how: str, code: str, label: str, aliases: list[str]) -> int | str:
    # Aliases of boards: number, perhaps number in two digits, legal name, name of the county;
    # of activities: number, perhaps the name in full; of groups: number, letter.
    if how == "number":
        return int(aliases[0])
    if how == "two_digits":
        return aliases[0].zfill(2)
    if how == "legal_name":
        return aliases[-2]
    return {"code": code, "label": label, "second": (*aliases, label)[1]}[how]


def write(tables: Mapping[int, pd.DataFrame], facts: Facts, folder: Path) -> None:
    """Write the raw files of all years."""
    for year in (2009, 2010, 2011):
        path = folder / f"{year}.csv"
        writers.delimited(tables[year], path, encoding="cp1252", delimiter=";", decimal=",")
    writers.spss(
        tables[2012].assign(ar=2012).astype("float64"),
        folder / "2012.sav",
        labels=_labels(facts, 2012),
        value_labels=_value_labels(facts, 2012),
    )
    writers.delimited(tables[2013], folder / "2013.tsv", encoding="utf-8-sig", delimiter="\t")
    writers.excel(tables[2014], folder / "2014.xlsx", sheet="Svar", above=("Brukarundersökning",))
    both = [tables[year].assign(ar=year) for year in (2015, 2016)]
    writers.delimited(pd.concat(both, ignore_index=True), folder / "2015_2016.csv")
    writers.stata(
        _whole_numbers(tables[2017], facts, 2017),
        folder / "2017.dta",
        labels=_labels(facts, 2017),
        value_labels=_value_labels(facts, 2017),
    )


def _whole_numbers(frame: pd.DataFrame, facts: Facts, year: int) -> pd.DataFrame:
    grades = dict.fromkeys((name for name, _ in question_columns(facts, year).values()), "Int8")
    roles = dict.fromkeys(STYLES[year].columns[:-1], "int32")
    return frame.astype("float64").astype(grades | roles)


def _labels(facts: Facts, year: int) -> dict[str, str]:
    text = dict(zip(facts.codebook["item"], facts.codebook["label_sv"], strict=True))
    return {name: text[item] for item, (name, _) in question_columns(facts, year).items()}


def _value_labels(facts: Facts, year: int) -> dict[str, Labels]:
    units = (facts.agencies, facts.activities, facts.groups)
    roles = dict(zip(STYLES[year].columns[1:-1], units, strict=True))
    labels = {
        name: _numbered(table["aliases"].str.split("|").str[0], table["label_sv"])
        for name, table in roles.items()
    }
    for item, (name, _) in question_columns(facts, year).items():
        codes = facts.scales[facts.scales["scale"] == _crosswalk(facts, item, year)["scale"]]
        labels[name] = _numbered(codes["code"], codes["label_sv"])
    return labels


def _numbered(codes: pd.Series, labels: pd.Series) -> Labels:
    return {int(code): str(label) for code, label in zip(codes, labels, strict=True)}
