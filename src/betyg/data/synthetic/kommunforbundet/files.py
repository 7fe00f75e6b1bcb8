"""The three exports in which the association's invented survey is handed over.

Each round came from another tool: its own names, codes, language and way of storing open answers.
The study's crosswalk.csv says the same to the reader of the files; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from betyg.data.synthetic import draws, writers
from betyg.data.synthetic.kommunforbundet import plan

Codes = Mapping[int, object]

_AGREE_FI = (
    "Täysin eri mieltä",
    "Jokseenkin eri mieltä",
    "Ei samaa eikä eri mieltä",
    "Jokseenkin samaa mieltä",
    "Täysin samaa mieltä",
)
_LIKELY_FI = ("En missään tapauksessa", "Todennäköisesti en", "Ehkä", "Todennäköisesti", "Varmasti")
_DEGREE_FI = ("Ei lainkaan", "Vähän", "Jonkin verran", "Paljon", "Erittäin paljon")
_THREE_FI = (
    "Huonompi kuin viime vuonna",
    "Yhtä hyvä kuin viime vuonna",
    "Parempi kuin viime vuonna",
)
_UNKNOWN_FI = "En osaa sanoa"
_SERVICES_FI = (
    "Edunvalvonta",
    "Neuvontapalvelut",
    "Verkostot",
    "Tietotuotteet ja tietopalvelut",
    "Koulutukset ja tapahtumat",
    "Kehittämishankkeet",
)
_AGENCIES_FI = {
    "large": "Suuret kaupungit",
    "medium": "Keskisuuret kaupungit ja kunnat",
    "small": "Pienet kunnat",
    "bilingual": "Ruotsin- ja kaksikieliset kunnat",
    "joint": "Kuntayhtymät",
}
_ROLES_FI = {
    "director": "Kunnanjohtajat",
    "official": "Muut ylimmän johdon viranhaltijat",
    "elected": "Johtavat luottamushenkilöt",
    "contract": "Sopimusasiakkaiden johto",
}
_FACTORS_FI = (
    "Toiminnan kehitys kokonaisuutena",
    "Luottamus",
    "Asiakastuntemus",
    "Suunnannäyttäjä",
    "Palvelujen tunnettuus",
    "Palvelujen merkitys",
)
_AGREE_SV = (
    "Helt av annan åsikt",
    "Delvis av annan åsikt",
    "Varken eller",
    "Delvis av samma åsikt",
    "Helt av samma åsikt",
)
_LIKELY_SV = ("Absolut inte", "Troligen inte", "Kanske", "Troligen", "Absolut")
_DEGREE_SV = ("Inte alls", "I liten grad", "I viss mån", "I hög grad", "I mycket hög grad")
_THREE_SV = ("Sämre än i fjol", "Lika bra som i fjol", "Bättre än i fjol")
_UNKNOWN_SV = "Kan inte säga"
_AGENCIES_SV: dict[int | float, str] = {
    1: "Små kommuner",
    2: "Medelstora städer och kommuner",
    3: "Stora städer",
    4: "Svensk- och tvåspråkiga kommuner",
    5: "Samkommuner",
}
_ROLES_SV: dict[int | float, str] = {
    1: "Kommundirektörer",
    2: "Andra tjänsteinnehavare i högsta ledningen",
    3: "Ledande förtroendevalda",
    4: "Ledningen för avtalskunder",
}
_STATUS_SV: dict[int | float, str] = {1: "Klar", 2: "Test", 3: "Avbruten"}


def export_2020(answers: pd.DataFrame, folder: Path, *, seed: int) -> str:
    """Write the first round: tab-separated UTF-16, Swedish, a column an option, codes reversed."""
    raw = _head(answers, 200000, agency="CBADE", role=("KD", "TI", "LF", "AK"), status="Klar")
    grade = {place: str(place + 3) for place in range(1, 8)} | {draws.DONT_KNOW: "VET EJ"}
    reverse = {place: str(6 - place) for place in range(1, 6)} | {draws.DONT_KNOW: "0"}
    degree = {place: str(place) for place in range(1, 6)} | {draws.DONT_KNOW: "0"}
    for place, factor in enumerate(plan.FACTORS, start=1):
        raw[f"F1_{place}"] = _coded(answers[factor], grade)
    raw["F2"] = _coded(answers["knows"], reverse)
    raw["F3"] = _coded(answers["recommend"], reverse)
    for number, item in enumerate(("importance", "known", "significance"), start=4):
        for place, service in enumerate(plan.SERVICES[:5], start=1):
            raw[f"F{number}_{place}"] = _coded(answers[f"{item}.{service}"], degree)
    for letter, question, themes in (("P", "praise", plan.PRAISE[1:]), ("O", "wish", plan.WISHES)):
        for place, theme in enumerate(themes, start=1):
            raw[f"{letter}{place}"] = np.where(answers[f"{question}_{theme}"], "X", "")
    raw = _typed_wrongly(raw, "F1_6", "11", plan.MESS[2020]["out_of_range"])
    raw = _with_mess(raw, 2020, seed=seed, keep=4, marks=("Test", "Avbruten"))
    name = "kundenkat_2020.csv"
    writers.delimited(raw, folder / name, encoding="utf-16", delimiter="\t")
    return name


def export_2021(answers: pd.DataFrame, folder: Path, *, seed: int) -> str:
    """Write the second round: SPSS with Swedish value labels, several codes in one cell."""
    raw = _head(answers, 210000, agency=(3, 2, 1, 4, 5), role=(1, 2, 3, 4), status=1)
    raw.columns = ["id", "kommungrupp", "roll", "status"]
    grade = {place: place for place in range(1, 8)} | {draws.DONT_KNOW: 99}
    five = {place: place for place in range(1, 6)} | {draws.DONT_KNOW: 9}
    three = {1: 3, 2: 2, 3: 1, draws.DONT_KNOW: 9}
    for place, factor in enumerate(plan.FACTORS, start=1):
        raw[f"q1_{place}"] = _coded(answers[factor], grade)
    for name, item in (("q2", "knows"), ("q3", "recommend"), ("q5", "advice_reach")):
        raw[name] = _coded(answers[item], five)
    raw["q4"] = _coded(answers["compared"], three)
    for number, item in enumerate(("importance", "known", "significance"), start=6):
        for place, service in enumerate(plan.SERVICES, start=1):
            raw[f"q{number}_{place}"] = _coded(answers[f"{item}.{service}"], five)
    raw["q9"] = _several(answers, "praise", dict(zip(plan.PRAISE, "123456", strict=True)), ";")
    raw["q10"] = _several(answers, "wish", dict(zip(plan.WISHES, "123456", strict=True)), ";")
    raw = _with_mess(raw, 2021, seed=seed, keep=4, marks=(2, 3))
    numeric = [column for column in raw.columns if column not in ("q9", "q10")]
    raw = raw.astype(dict.fromkeys(numeric, np.float64))
    name = "kundenkat_2021.sav"
    labels = {column: column for column in raw.columns} | _QUESTIONS_2021
    writers.spss(raw, folder / name, labels=labels, value_labels=_value_labels(raw.columns))
    return name


def export_2022(answers: pd.DataFrame, folder: Path, *, seed: int) -> str:
    """Write the third round: Excel, Finnish, answers as texts, letters for the themes."""
    raw = _head(
        answers,
        220000,
        agency=tuple(_AGENCIES_FI.values()),
        role=tuple(_ROLES_FI.values()),
        status="Valmis",
    )
    raw.columns = ["Vastaajanumero", "Kuntaryhmä", "Rooli", "Tila"]
    grade = {place: place + 3 for place in range(1, 8)} | {draws.DONT_KNOW: _UNKNOWN_FI}
    for name, factor in zip(_FACTORS_FI, plan.FACTORS, strict=True):
        raw[f"Arvosana: {name}"] = _coded(answers[factor], grade)
    raw["Tuntee kuntien olot hyvin"] = _coded(answers["knows"], _texts(_AGREE_FI))
    raw["Valmis suosittelemaan"] = _coded(answers["recommend"], _texts(_LIKELY_FI))
    raw["Toiminta viime vuoteen verrattuna"] = _coded(answers["compared"], _texts(_THREE_FI))
    for title, item in (
        ("Tärkeys", "importance"),
        ("Tunnettuus", "known"),
        ("Merkitys", "significance"),
    ):
        for service_fi, service in zip(_SERVICES_FI, plan.SERVICES, strict=True):
            column = answers[f"{item}.{service}"]
            raw[f"{title}: {service_fi}"] = _coded(column, _texts(_DEGREE_FI))
    raw["Kiitokset (koodit)"] = _several(
        answers, "praise", dict(zip(plan.PRAISE, "fabcde", strict=True)), ", "
    )
    raw["Toiveet (koodit)"] = _several(
        answers, "wish", dict(zip(plan.WISHES, "abcdef", strict=True)), ", "
    )
    raw["Neuvonta helposti tavoitettavissa"] = _coded(answers["advice_reach"], _texts(_AGREE_FI))
    raw["Neuvonta asiantuntevaa"] = _coded(answers["advice_expert"], _texts(_AGREE_FI))
    raw.insert(3, "Muistutuksia", _reminders(len(raw), seed=seed))
    raw = _with_mess(raw, 2022, seed=seed, keep=5, marks=("Testi", "Kesken"))
    name = "asiakaskysely_2022.xlsx"
    writers.excel(raw, folder / name, sheet="Vastaukset")
    return name


EXPORTS: Mapping[int, Callable[..., str]] = {
    2020: export_2020,
    2021: export_2021,
    2022: export_2022,
}


def _head(
    answers: pd.DataFrame,
    first: int,
    *,
    agency: Sequence[object],
    role: Sequence[object],
    status: object,
) -> pd.DataFrame:
    agencies = dict(zip(plan.SIZES[2020], agency, strict=True))
    roles = dict(zip(plan.ROLES, role, strict=True))
    return pd.DataFrame(
        {
            "LOPNR": np.arange(first + 1, first + 1 + len(answers)),
            "GRUPP": answers["agency"].map(agencies),
            "ROLL": answers["role"].map(roles),
            "STATUS": status,
        }
    )


def _reminders(n: int, *, seed: int) -> draws.Answers:
    """Draw how many reminders each respondent of 2022 got, whatever the answers."""
    sizes = draws.apportion(n, weight=np.array(plan.REMINDERS))
    sent = np.repeat(np.arange(len(sizes), dtype=np.int8), sizes)
    return draws.stream(seed, 2022, "reminders").permutation(sent)


def _coded(answers: pd.Series, codes: Codes) -> pd.Series:
    return answers.map({draws.NO_ANSWER: None, **codes}).astype(object)


def _texts(texts: Sequence[str]) -> Codes:
    return dict(enumerate(texts, start=1)) | {draws.DONT_KNOW: _UNKNOWN_FI}


def _several(
    answers: pd.DataFrame, question: str, codes: Mapping[str, str], gap: str
) -> list[str | None]:
    mentioned = [(answers[f"{question}_{theme}"].to_numpy(), code) for theme, code in codes.items()]
    cells = (
        gap.join(sorted(code for is_in, code in mentioned if is_in[row]))
        for row in range(len(answers))
    )
    return [cell or None for cell in cells]


def _typed_wrongly(raw: pd.DataFrame, column: str, typo: str, n: int) -> pd.DataFrame:
    """Put a code outside the scale where nothing was answered."""
    blank = raw.index[raw[column].isna()][:n]
    typed = raw.copy()
    typed.loc[blank, column] = typo
    return typed


def _with_mess(
    raw: pd.DataFrame, year: int, *, seed: int, keep: int, marks: tuple[str, str] | tuple[int, int]
) -> pd.DataFrame:
    """Add rows that cleaning has to find: repeated, sent twice, tests, unfinished."""
    mess = plan.MESS[year]
    rng = draws.stream(seed, year, "mess")
    chosen = rng.permutation(len(raw))
    starts = np.cumsum([0, mess["repeated"], mess["changed"], mess["test"], mess["unfinished"]])
    repeated, changed, test, unfinished = (
        raw.iloc[chosen[start:stop]].copy()
        for start, stop in zip(starts[:-1], starts[1:], strict=True)
    )
    changed.iloc[:, keep:-3] = None  # the form was opened once more and left half empty
    unfinished.iloc[:, keep + 3 :] = None
    number, status = raw.columns[0], raw.columns[keep - 1]
    test[status], unfinished[status] = marks
    extra = pd.concat([test, unfinished])
    extra[number] = int(raw[number].max()) + 1 + np.arange(len(extra))
    return pd.concat([raw, changed, extra, repeated], ignore_index=True)


def _value_labels(columns: Iterable[str]) -> writers.ValueLabels:
    labels: dict[str, dict[int | float, str]] = {
        "kommungrupp": _AGENCIES_SV,
        "roll": _ROLES_SV,
        "status": _STATUS_SV,
        "q2": _numbered(_AGREE_SV),
        "q3": _numbered(_LIKELY_SV),
        "q4": _numbered(_THREE_SV[::-1]),
        "q5": _numbered(_AGREE_SV),
    }
    for name in columns:
        if name.startswith("q1_"):
            labels[name] = {**{place: str(place + 3) for place in range(1, 8)}, 99: _UNKNOWN_SV}
        elif name.startswith(("q6_", "q7_", "q8_")):
            labels[name] = _numbered(_DEGREE_SV)
    return labels


def _numbered(texts: Sequence[str]) -> dict[int | float, str]:
    return {**dict(enumerate(texts, start=1)), 9: _UNKNOWN_SV}


_QUESTIONS_2021 = {
    "id": "Svarsnummer",
    "kommungrupp": "Kommungrupp",
    "roll": "Svararens roll",
    "q2": "Förbundet känner kommunernas förhållanden väl",
    "q3": "Skulle rekommendera förbundet",
    "q4": "Verksamheten i sin helhet jämfört med i fjol",
    "q5": "Rådgivningen är lätt att nå",
    "q9": "Beröm, kodade öppna svar",
    "q10": "Önskemål, kodade öppna svar",
}
