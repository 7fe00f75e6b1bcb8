"""An invented survey and estimates of it, for tests of what is published."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from betyg.data.codebook import Category, CrosswalkRow, Event, Item, Scale, Theme, Unit
from betyg.data.settings import Band, Cleaning, Compare, Design, Disclosure, Index
from betyg.data.study import Study
from betyg.stats.change import NO_OVERLAP

COUNTIES = (
    "Stockholms", "Uppsala", "Södermanlands", "Östergötlands", "Jönköpings", "Kronobergs",
    "Kalmar", "Gotlands", "Blekinge", "Skåne", "Hallands", "Västra|Götalands", "Värmlands",
    "Örebro", "Västmanlands", "Dalarnas", "Gävleborgs", "Västernorrlands", "Jämtlands",
    "Västerbottens", "Norrbottens",
)  # fmt: skip
YEARS = tuple(range(2009, 2018))
THEMES = {
    "treatment": ("Bemötande", "Kohtelu", "Courtesy"),
    "handling": ("Handläggning", "Käsittely", "Handling"),
    "information": ("Information och webbplats", "Tiedotus ja verkkosivut", "Information, website"),
    "contact": ("Kontakt", "Yhteydenpito", "Contact"),
    "decision": ("Beslut", "Päätökset", "Decisions"),
}
ITEMS = {
    "engaged": (
        "treatment",
        "Personalen är engagerad",
        "Henkilöstö paneutuu asiaan",
        "Staff are engaged",
    ),
    "interested": (
        "treatment",
        "Personalen är intresserad av mitt ärende",
        "Henkilöstö on kiinnostunut asiastani",
        "Staff take an interest in my case",
    ),
    "open": (
        "treatment",
        "Personalen är öppen för dialog",
        "Henkilöstö on avoin vuoropuhelulle",
        "Staff are open to dialogue",
    ),
    "time": (
        "handling",
        "Handläggningstiden var rimlig",
        "Käsittelyaika oli kohtuullinen",
        "The handling time was reasonable",
    ),
    "skill": (
        "handling",
        "Handläggaren hade rätt kompetens för ärendet",
        "Käsittelijällä oli oikea osaaminen",
        "The officer had the right competence",
    ),
    "website": (
        "information",
        "Det är lätt att hitta information på webbplatsen",
        "Verkkosivuilta on helppo löytää tietoa",
        "It is easy to find information on the website",
    ),
    "person": (
        "contact",
        "Det är lätt att få tag på rätt person",
        "Oikea henkilö on helppo tavoittaa",
        "It is easy to reach the right person",
    ),
    "plain": (
        "decision",
        "Beslutet var lätt att förstå",
        "Päätös oli helppo ymmärtää",
        "The decision was easy to understand",
    ),
}
LEVEL = {"engaged": 82, "interested": 80, "open": 78, "time": 66, "skill": 76, "website": 55,
         "person": 52, "plain": 70, "better": 60}  # fmt: skip


def words(sv: str, fi: str, en: str) -> dict[str, str]:
    return {"sv": sv, "fi": fi, "en": en}


def scales() -> dict[str, Scale]:
    five = [("Stämmer inte alls", "Täysin eri mieltä", "Do not agree at all"),
            ("Stämmer ganska dåligt", "Jokseenkin eri mieltä", "Rather disagree"),
            ("Varken eller", "Ei samaa eikä eri mieltä", "Neither"),
            ("Stämmer ganska bra", "Jokseenkin samaa mieltä", "Rather agree"),
            ("Stämmer helt", "Täysin samaa mieltä", "Agree fully")]  # fmt: skip
    three = [("Försämrats", "Heikentynyt", "Worse"), ("Lika bra", "Yhtä hyvä", "As good"),
             ("Förbättrats", "Parantunut", "Improved")]  # fmt: skip
    dont_know = words("Vet ej", "En osaa sanoa", "Don't know")
    return {
        name: Scale.build(name, [
            *(Category(scale=name, code=str(i), order=i, label=words(*label))
              for i, label in enumerate(labels, 1)),
            Category(scale=name, code="9", kind="dont_know", label=dont_know),
        ])
        for name, labels in (("agree", five), ("compared", three))
    }  # fmt: skip


def agency_name(county: str) -> str:
    return f"{county.replace('|', ' ')} län"


def study(agencies: tuple[str, ...] | None = None, **changes: object) -> Study:
    """The invented survey: 21 boards, eight items of five themes, one three-way item."""
    names = agencies or tuple(agency_name(c) for c in COUNTIES)
    given: dict[str, object] = {
        "name": "invented",
        "folder": Path("data/raw/invented"),
        "title": words("Påhittad brukarundersökning", "Keksitty asiakaskysely",
                       "Invented user survey"),
        "about": None,
        "languages": ("sv", "fi", "en"),
        "kind": "responses",
        "synthetic": True,
        "labels": {"agency": words("Länsstyrelse", "Lääninhallitus", "County board")},
        "sources": (),
        "indices": (Index(name="nki", items=("time", "skill", "plain"),
                          label=words("Nöjdindex", "Tyytyväisyysindeksi", "Satisfaction index")),),
        "themes": tuple(Theme(theme=t, label=words(*label)) for t, label in THEMES.items()),
        "items": (
            *(Item(item=i, theme=t, scale="agree", label=words(*label))
              for i, (t, *label) in ITEMS.items()),
            Item(item="better", theme="", scale="compared", label=words(
                "Hur har verksamheten varit jämfört med i fjol?",
                "Millaista toiminta on ollut viime vuoteen verrattuna?",
                "How has the work been compared with last year?")),
        ),
        "scales": scales(),
        "crosswalk": (CrosswalkRow(item="website", year=2009, wording="a"),
                      CrosswalkRow(item="website", year=2013, wording="b")),
        "agencies": tuple(Unit(code=f"{i:02d}", label=words(n, n, n))
                          for i, n in enumerate(names, 1)),
        "activities": tuple(Unit(code=c, label=words(*label)) for c, label in {
            "plans": ("Detaljplaner", "Asemakaavat", "Detailed plans"),
            "farm": ("Jordbruksstöd", "Maataloustuki", "Farm support"),
            "nature": ("Naturskydd", "Luonnonsuojelu", "Nature protection"),
            "permits": ("Överklagande av lovärenden", "Lupavalitukset", "Appeals of permits"),
        }.items()),
        "groups": (),
        "events": (Event(year=2013, agencies=("06",), label=words(
            "Gemensam telefonväxel för tolv länsstyrelser", "Kahdentoista yhteinen puhelinkeskus",
            "Joint switchboard for twelve boards")),),
        "published": (),
        "frame_rows": (),
        "bands": (Band(from_=0, label=words("låg", "matala", "low")),
                  Band(from_=62, label=words("godkänd", "hyväksytty", "pass")),
                  Band(from_=70, label=words("hög", "korkea", "high"))),
        "compare": Compare(outcome="nki"),
        "design": Design(),
        "cleaning": Cleaning(),
        "disclosure": Disclosure(),
        "parameters": {},
        "fetch": None,
    }  # fmt: skip
    return Study(**(given | changes))


def _row(**values: object) -> dict[str, object]:
    base = {"activity": "all", "group": "all", "statistic": "mean", "response": np.nan,
            "df": 100.0, "deff": 1.0}  # fmt: skip
    n = int(values["n"])
    half = 1.96 * float(values["se"])
    return base | values | {
        "ci_low": values["estimate"] - half, "ci_high": values["estimate"] + half,
        "n_eff": float(n), "shown": n >= 7,
    }  # fmt: skip


def estimates(
    survey: Study | None = None, *, years: tuple[int, ...] = YEARS, seed: int = 1
) -> pd.DataFrame:
    """Estimates as 02_results writes them: means by agency and year, shares for all."""
    survey = survey or study()
    codes = tuple(unit.code for unit in survey.agencies)
    return _estimates(codes, years, seed).copy()


@cache
def _estimates(codes: tuple[str, ...], years: tuple[int, ...], seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    apart = dict(zip(codes, rng.normal(0, 3.5, len(codes)), strict=True))
    level = LEVEL | {"nki": 71} | {
        f"theme.{t}": np.mean([LEVEL[i] for i in ITEMS if ITEMS[i][0] == t]) for t in THEMES
    }  # fmt: skip
    rows = []
    for year in years:
        for item, mean in level.items():
            drift = 0.4 * (year - 2013)
            rows.append(_row(agency="all", year=year, item=item, estimate=mean + drift,
                             se=0.4, n=8356))  # fmt: skip
            for k, code in enumerate(codes):
                n = 4 if k == 7 else 15 if k == 3 else int(rng.integers(60, 700))
                noise = rng.normal(0, 1.5)
                rows.append(_row(agency=code, year=year, item=item, n=n, se=22 / np.sqrt(n),
                                 estimate=mean + drift + apart[code] + noise))  # fmt: skip
        rows += _shares(study(), year)
    return pd.DataFrame(rows)


def _shares(survey: Study, year: int) -> list[dict[str, object]]:
    rows = []
    for item in survey.items:
        if item.item not in LEVEL:
            continue
        k = survey.scale_of(item.item, year).k
        weight = np.exp(-0.5 * ((np.linspace(0, 100, k) - LEVEL[item.item] - 5) / 28) ** 2)
        shares = weight / weight.sum()
        common = {"agency": "all", "year": year, "item": item.item, "n": 8100, "se": 0.005}
        rows += [_row(**common, statistic="share", response=float(r), estimate=s)
                 for r, s in enumerate(shares, 1)]  # fmt: skip
        rows.append(_row(**common, statistic="top2", estimate=shares[-2:].sum()))
        rows.append(
            _row(**common, statistic="dont_know", estimate=0.04 + 0.1 * (LEVEL[item.item] < 60))
        )
    return rows


def changes(survey: Study | None = None, *, seed: int = 2) -> pd.DataFrame:
    """Changes from 2016 to 2017 as 03_models writes them."""
    survey = survey or study()
    rng = np.random.default_rng(seed)
    rows = []
    for i, unit in enumerate(survey.agencies):
        like, mix = rng.normal(0.5, 3), rng.normal(0, 1.5)
        parts = {"raw": like + mix, "like_for_like": like, "mix": mix, "entry": 0.0, "exit": 0.0,
                 "composition": mix}  # fmt: skip
        row: dict[str, object] = {
            "outcome": "nki", "agency": unit.code, "year_from": 2016, "year_to": 2017,
            "n_shared": int(rng.integers(1, 6)), "n_from": 6, "n_to": 6, "answers_from": 300,
            "answers_to": 4 if i == 8 else 280, "shares": "design",
            "comparable": i % 6 != 5, "reason": "" if i % 6 != 5 else NO_OVERLAP,
        }  # fmt: skip
        row["differs"] = bool((abs(like) > 2.4) != (abs(like + mix) > 2.4)) and abs(mix) > 2.4
        for part, value in parts.items():
            row |= {part: value, f"{part}_se": 1.2, f"{part}_low": value - 2.4,
                    f"{part}_high": value + 2.4}  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def places() -> pd.DataFrame:
    """Services ranked, two of them in a shared third place."""
    scores = {"plans": (84, 1, 1, False), "farm": (77, 2, 2, False), "nature": (69, 3, 4, True),
              "permits": (68, 3, 4, True)}  # fmt: skip
    return pd.DataFrame([
        {"activity": code, "estimate": value, "se": 1.2, "ci_low": value - 2.4,
         "ci_high": value + 2.4, "n": 340, "place_low": low, "place_high": high, "shared": shared,
         "found": float("nan") if low == 1 else 5.5}
        for code, (value, low, high, shared) in scores.items()
    ])  # fmt: skip
