"""Write a study folder around given raw files, for tests of reading and cleaning."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat

from betyg.data.study import Study
from betyg.data.sums import write_sums

FACTS = {
    "codebook.csv": "item,theme,scale,label_sv,label_en\n"
    "help,contact,agree,Hjälp,Help\n"
    "speed,contact,agree,Tid,Speed\n"
    "overall,,grade,Helhet,Overall\n",
    "scales.csv": "scale,code,order,kind,label_sv,label_en\n"
    "agree,1,1,answer,Mycket dåligt,Very poor\n"
    "agree,2,2,answer,Dåligt,Poor\n"
    "agree,3,3,answer,Bra,Good\n"
    "agree,4,4,answer,Mycket bra,Very good\n"
    "agree,8,,not_applicable,Ej aktuellt,Does not apply\n"
    "agree,9,,dont_know,Vet inte,Don't know\n"
    + "".join(f"grade,{i},{i},answer,Betyg {i},Grade {i}\n" for i in range(1, 11))
    + "grade,99,,dont_know,Vet inte,Don't know\n"
    "yesno,0,1,answer,Nej,No\n"
    "yesno,1,2,answer,Ja,Yes\n",
    "agencies.csv": "code,label_sv,label_en,aliases\n"
    "03,Uppsala,Uppsala,C\n"
    "20,Dalarna,Dalarna,W|Kopparberg\n"
    "25,Norrbotten,Norrbotten,BD\n",
    "activities.csv": "code,label_sv,label_en\nplan,Planer,Plans\ndjur,Djurskydd,Animals\n",
    "groups.csv": "code,label_sv,label_en\nfirm,Företag,Firms\nhome,Privat,Private\n",
    "SOURCE.md": "# Made up for a test\n",
}
HEAD = """\
[study]
title.sv = "Prov"
title.en = "Trial"
languages = ["sv", "en"]
kind = "{kind}"
synthetic = true
"""
TAIL = """
[compare]
outcome = "overall"
"""
ROLES = '{ respondent = "id", agency = "office", year = "year", weight = "w" }'
ROWS = """\
id,office,year,w,help,speed,overall
a,03,2011,1,4,3,9
b,20,2011,1.5,1,9,2
c,25,2012,2,,8,99
"""
FULL = ROWS.replace("2,,8,99", "2,2,8,99")


def load(
    tmp_path: Path,
    raw: Mapping[str, str | bytes],
    *,
    source: str = "",
    kind: str = "responses",
    more: str = "",
    facts: Mapping[str, str] | None = None,
) -> Study:
    """Write the raw files and the facts, and load the study.

    ``source`` is the text of the [[source]] sections; without it the one raw file has the
    columns of ``ROLES``.
    """
    folder = tmp_path / "raw" / "trial"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in raw.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    for name, text in {**FACTS, **(facts or {})}.items():
        (folder / name).write_text(text, encoding="utf-8")
    if not source:
        source = f'[[source]]\nfile = "{next(iter(raw))}"\ncolumns = {ROLES}\n'
    toml = HEAD.format(kind=kind) + source + more + TAIL
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    write_sums(folder)
    return Study.load(folder.parent, folder.name)


def source(file: str, more: str = "", roles: str = ROLES) -> str:
    """Return a [[source]] section."""
    return f'[[source]]\nfile = "{file}"\n{more}\ncolumns = {roles}\n'


def typed() -> pd.DataFrame:
    """Return ``FULL`` as a table of texts and numbers."""
    return pd.read_csv(io.StringIO(FULL), dtype={"office": str, "id": str})


def written(tmp_path: Path, suffix: str) -> bytes:
    """Return ``FULL`` as the bytes of a file of a format."""
    path = tmp_path / f"made{suffix}"
    frame = typed()
    if suffix in (".sav", ".zsav"):
        pyreadstat.write_sav(frame, path, compress=suffix == ".zsav")
    elif suffix == ".dta":
        pyreadstat.write_dta(frame, path)
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path)
    return path.read_bytes()


def workbook(cells: list[list[object]], title: str = "Data") -> openpyxl.Workbook:
    """Return a workbook with one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in cells:
        sheet.append(row)
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    """Return a workbook as bytes."""
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()
