"""Tiny studies of the three kinds, written to a folder for a test.

Three agencies, two years, two activities, three items of which one is the 1-10 index item; Swedish
and English. Each function returns ``root, name`` for ``Study.load(root, name)``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from betyg.data.sums import write_sums

AGENCIES = ("norr", "mitt", "syd")
YEARS = (2011, 2012)
ACTIVITIES = ("plan", "djur")
ITEMS = ("courtesy", "website", "overall")
SEED = 20121120

_TOML = """\
[study]
title.sv = "Den lilla undersökningen"
title.en = "The tiny survey"
languages = ["sv", "en"]
kind = "{kind}"
synthetic = true
labels.agency.sv = "Kontor"
labels.agency.en = "Office"

{source}
[compare]
outcome = "{outcome}"
adjust_for = {adjust_for}
"""
_INDEX = """
[index.satisfaction]
items = ["overall"]
label.sv = "Nöjdhet"
label.en = "Satisfaction"
"""
_RESPONSES = """
[[source]]
file = "answers.csv"
encoding = "cp1252"
delimiter = ";"
decimal = ","
[source.columns]
respondent = "LOPNR"
agency = "KONTOR"
year = "AR"
activity = "VERK"
weight = "VIKT"
"""
_COUNTS = """
[[source]]
file = "answers.csv"
values = "percent"
remainder = "99"
drop = { office = ["All offices"] }
columns = { agency = "office", year = "year", activity = "activity", item = "question", n = "n" }
[source.categories]
c1 = "1"
c2 = "2"
c3 = "3"
c4 = "4"
c5 = "5"
c6 = "6"
c7 = "7"
c8 = "8"
c9 = "9"
c10 = "10"
"""
_PUBLISHED = """
[[source]]
file = "answers.csv"
columns = { agency = "office", year = "year", item = "measure", value = "value", n = "n" }
"""


def responses(tmp_path: Path, *, respondents: int = 200, seed: int = SEED) -> tuple[Path, str]:
    """A file of respondents: cp1252, semicolons, decimal commas, Ö in a name, don't-knows."""
    folder = _folder(tmp_path, "tiny_responses", "responses", _RESPONSES, outcome="satisfaction")
    rows = draw(respondents, seed)
    for row in rows:
        row["weight"] = f"{float(row['weight']):.2f}".replace(".", ",")
    names = {"norr": "Norr", "mitt": "Mitt", "syd": "Söder"}
    header = ["LOPNR", "KONTOR", "AR", "VERK", "VIKT", *ITEMS]
    keys = ["respondent", "agency", "year", "activity", "weight", *ITEMS]
    table = [[names.get(str(row[key]), row[key]) for key in keys] for row in rows]
    _write(folder / "answers.csv", [header, *table], encoding="cp1252", delimiter=";")
    write_sums(folder)
    return folder.parent, folder.name


def counts(tmp_path: Path, *, respondents: int = 200, seed: int = SEED) -> tuple[Path, str]:
    """Rounded percentages by category, wide, with n; rows of a total stand among the offices."""
    folder = _folder(tmp_path, "tiny_counts", "counts", _COUNTS, outcome="satisfaction")
    rows = draw(respondents, seed)
    table = []
    for agency in (*AGENCIES, "All offices"):
        for year in YEARS:
            for activity in ACTIVITIES:
                for item in ITEMS:
                    chosen = [
                        str(row[item])
                        for row in rows
                        if agency in (row["agency"], "All offices")
                        and row["year"] == year
                        and row["activity"] == activity
                        and row[item]
                    ]
                    k = 10 if item == "overall" else 5
                    percent = [
                        round(100 * chosen.count(str(code)) / len(chosen)) if chosen else 0
                        for code in range(1, k + 1)
                    ]
                    blank = [""] * (10 - k)
                    table.append([agency, year, activity, item, len(chosen), *percent, *blank])
    header = ["office", "year", "activity", "question", "n", *(f"c{i}" for i in range(1, 11))]
    _write(folder / "answers.csv", [header, *table])
    write_sums(folder)
    return folder.parent, folder.name


def published(tmp_path: Path, *, respondents: int = 200, seed: int = SEED) -> tuple[Path, str]:
    """One index value 0-100 for each agency and year, some with n."""
    folder = _folder(
        tmp_path, "tiny_published", "published", _PUBLISHED, outcome="overall", adjust_for=()
    )
    rows = draw(respondents, seed)
    table = []
    for number, (agency, year) in enumerate((a, y) for a in AGENCIES for y in YEARS):
        scores = [
            100 * (int(str(row["overall"])) - 1) / 9
            for row in rows
            if row["agency"] == agency and row["year"] == year and row["overall"] not in ("", "99")
        ]
        n = len(scores) if number % 2 else ""
        table.append([agency, year, "overall", round(sum(scores) / len(scores)), n])
    _write(folder / "answers.csv", [["office", "year", "measure", "value", "n"], *table])
    (folder / "scales.csv").unlink()
    (folder / "activities.csv").unlink()
    _write(
        folder / "codebook.csv",
        [
            ["item", "theme", "scale", "label_sv", "label_en"],
            ["overall", "", "0-100", "Nöjdhet", "Satisfaction"],
        ],
    )
    write_sums(folder)
    return folder.parent, folder.name


def draw(respondents: int, seed: int) -> list[dict[str, object]]:
    """Draw respondents whose agencies differ, with don't-knows (99) and empty answers."""
    rng = np.random.default_rng(seed)
    level = dict(zip(AGENCIES, (-0.6, 0.0, 0.6), strict=True))
    rows: list[dict[str, object]] = []
    for number in range(respondents):
        agency = AGENCIES[number % 3]
        mood = level[agency] + rng.normal()
        answers = {
            item: _answer(mood + rng.normal(), k, rng)
            for item, k in zip(ITEMS, (5, 5, 10), strict=True)
        }
        rows.append(
            {
                "respondent": f"r{number:04d}",
                "agency": agency,
                "year": YEARS[(number // 3) % 2],
                "activity": ACTIVITIES[(number // 6) % 2],
                "weight": round(float(rng.uniform(0.5, 2)), 2),
                **answers,
            }
        )
    return rows


def _answer(latent: float, k: int, rng: np.random.Generator) -> str:
    chance = rng.random()
    if chance < 0.05:
        return "99"
    if chance < 0.08:
        return ""
    return str(int(np.clip(round((latent + 3) / 6 * (k - 1)) + 1, 1, k)))


def _folder(
    tmp_path: Path, name: str, kind: str, source: str, *, outcome: str, adjust_for: object = None
) -> Path:
    folder = tmp_path / "raw" / name
    folder.mkdir(parents=True)
    adjusted = "[]" if adjust_for == () else '["activity"]'
    text = _TOML.format(kind=kind, source=source, outcome=outcome, adjust_for=adjusted)
    index = "" if kind == "published" else _INDEX
    (folder / "study.toml").write_text(text + index, encoding="utf-8")
    (folder / "SOURCE.md").write_text("# Made up for a test\n", encoding="utf-8")
    _write(folder / "codebook.csv", _codebook())
    _write(folder / "scales.csv", _scales())
    _write(folder / "agencies.csv", _units({"norr": "Norr", "mitt": "Mitt", "syd": "Söder"}))
    _write(folder / "activities.csv", _units({"plan": "Planer", "djur": "Djurskydd"}))
    return folder


def _codebook() -> list[list[object]]:
    return [
        ["item", "theme", "scale", "label_sv", "label_en"],
        ["courtesy", "contact", "agree5", "Bemötande", "Courtesy"],
        ["website", "contact", "agree5", "Webbplats", "Website"],
        ["overall", "", "grade10", "Nöjd på det hela taget", "Satisfied on the whole"],
    ]


def _scales() -> list[list[object]]:
    rows: list[list[object]] = [["scale", "code", "order", "kind", "label_sv", "label_en"]]
    for scale, k in (("agree5", 5), ("grade10", 10)):
        rows += [[scale, i, i, "answer", f"Betyg {i}", f"Grade {i}"] for i in range(1, k + 1)]
        rows.append([scale, "99", "", "dont_know", "Vet inte", "Don't know"])
    return rows


def _units(labels: Mapping[str, str]) -> list[list[object]]:
    header: list[object] = ["code", "label_sv", "label_en"]
    return [header, *([code, label, label] for code, label in labels.items())]


def _write(
    path: Path,
    rows: Iterable[Iterable[object]],
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> None:
    with path.open("w", encoding=encoding, newline="") as opened:
        csv.writer(opened, delimiter=delimiter, lineterminator="\n").writerows(rows)
