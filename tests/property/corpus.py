"""A corpus of raw files that went wrong on their way, each in a study folder of its own.

A case says what a correct reading of its files is: the answers of these rows, or nothing, as the
files can only be refused. Who accepts a file must read these rows from it; ``SAME`` cases must be
accepted.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import hostile
import openpyxl
import pandas as pd
import pyreadstat

import tiny
from betyg.data.sums import write_sums
from betyg.errors import DataError

Rows = list[list[str]]
Expected = Literal["same", "refused", "either"]
HEADER = ["LOPNR", "KONTOR", "AR", "VERK", "VIKT", *tiny.ITEMS]
KEYS = ["respondent", "agency", "year", "activity", "weight", *tiny.ITEMS]
ROWS: Rows = [[str(row[key]) for key in KEYS] for row in tiny.draw(36, 7)]
NAMES = {"norr": "Norr", "mitt": "Mitt", "syd": "Söder"}


@dataclass(frozen=True)
class Case:
    """One study with a spoilt or merely unusual raw file.

    Attributes
    ----------
    name : str
        Unique; the folder's name.
    data : bytes or callable
        The raw file, or what puts it where its path says.
    settings : str
        What its ``[[source]]`` says besides ``file`` and the columns.
    rows : list of list of str
        The rows that a correct reading finds; those of the study where nothing is said.
    """

    name: str
    data: bytes | Callable[[Path], object]
    expected: Expected
    file: str = "answers.csv"
    settings: str = 'encoding = "cp1252"\ndelimiter = ";"\n'
    rows: Rows = field(default_factory=lambda: ROWS)
    toml: Callable[[str], str] = str
    facts: dict[str, bytes] = field(default_factory=dict)


def write(case: Case, folder: Path) -> tuple[Path, str]:
    """Write the study of a case below ``folder`` and return its root and name."""
    root, name = tiny.responses(folder / case.name, respondents=3)
    study = root / name
    (study / "answers.csv").unlink()
    text = (study / "study.toml").read_text("utf-8")
    start, end = text.index('file = "answers.csv"'), text.index("[source.columns]")
    text = f'{text[:start]}file = "{case.file}"\n{case.settings}{text[end:]}'
    (study / "study.toml").write_text(case.toml(text), "utf-8")
    for file, content in case.facts.items():
        (study / file).write_bytes(content)
    target = study / case.file
    if callable(case.data):
        case.data(target)
    else:
        target.write_bytes(case.data)
    with contextlib.suppress(DataError):
        write_sums(study)  # each change is meant, as far as the sums can tell
    return root, name


def cases() -> Iterator[Case]:
    """Yield the whole corpus, always the same."""
    for part in (
        unusual, other_formats, spoilt_cells, spoilt_lines, no_text, cut, spoilt_binary,
        hostile.cases, wrong_settings,
    ):  # fmt: skip
        yield from part()


def text(
    rows: Sequence[Sequence[str]] = (),
    *,
    header: Sequence[str] = HEADER,
    delimiter: str = ";",
    end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
    encoding: str = "cp1252",
) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([header, *(rows or ROWS)])
    return written.getvalue().encode(encoding)


def settings(encoding: str = "cp1252", delimiter: str = ";", **more: object) -> str:
    said = {"encoding": encoding, "delimiter": delimiter.replace("\t", "\\t")} | more
    return "".join(
        f"{key} = {value}\n" if isinstance(value, int) else f'{key} = "{value}"\n'
        for key, value in said.items()
    )


def columns(order: Sequence[int], rows: Rows = ROWS) -> tuple[list[str], Rows]:
    return [HEADER[at] for at in order], [[row[at] for at in order] for row in rows]


def named(rows: Rows = ROWS) -> Rows:
    """The same rows with names of agencies, one of them with an accent."""
    return [[row[0], NAMES[row[1]], *row[2:]] for row in rows]


def unusual() -> Iterator[Case]:
    """What must be read: every encoding, delimiter, line end and order that programs write."""
    rng = random.Random(1)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "cp850", "mac-roman"):
        for delimiter in (";", ",", "\t", "|"):
            yield Case(
                f"{encoding}-{ord(delimiter)}",
                text(named(), delimiter=delimiter, encoding=encoding),
                "same",
                settings=settings(encoding.removesuffix("-sig"), delimiter),
            )
    for name, end in (("crlf", "\r\n"), ("cr-only", "\r"), ("lf", "\n")):
        yield Case(f"lines-{name}", text(end=end), "either" if end == "\r" else "same")
    yield Case("no-last-line-end", text().rstrip(b"\n"), "same")
    yield Case("blank-lines-at-the-end", text() + b"\n" * 40, "same")
    yield Case("blank-lines-between", text().replace(b"\n", b"\n\n"), "same")
    yield Case("all-quoted", text(quoting=csv.QUOTE_ALL), "same")
    for number in range(8):
        order = rng.sample(range(len(HEADER)), len(HEADER))
        header, rows = columns(order)
        yield Case(f"columns-shuffled-{number}", text(rows, header=header), "same")
    for number in range(4):
        yield Case(f"rows-shuffled-{number}", text(rng.sample(ROWS, len(ROWS))), "same")
    junk = ["", "x", 'a"b', "line\nbreak", "=1+1", "\u00e5", ";", "9" * 300]
    for number in range(6):
        rows = [[*row, rng.choice(junk), rng.choice(junk)] for row in ROWS]
        yield Case(f"columns-unused-{number}", text(rows, header=[*HEADER, "NOTE", "MORE"]), "same")
    rows = [[f" {cell} " for cell in row] for row in ROWS]
    yield Case("spaces-around", text(rows), "either")
    rows = [[*row[:4], row[4].replace(".", ","), *row[5:]] for row in ROWS]
    yield Case("decimal-commas", text(rows), "same", settings=settings(decimal=","))
    yield Case("rows-above-the-header", b"From: the bureau\n\n" + text(), "either",
               settings=settings(skip_rows=2))  # fmt: skip
    rows = [*ROWS, *([["", *ROWS[0][1:5], "", "", ""]] * 2)]
    yield Case("rows-without-an-answer", text(rows), "either", rows=ROWS)


def frame(rows: Rows = ROWS) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=HEADER)
    for name in ("AR", "VIKT", *tiny.ITEMS):
        made[name] = pd.to_numeric(made[name])
    return made


def excel(rows: Rows = ROWS, header: Sequence[str] = HEADER) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(header))
    for row in rows:
        book.active.append([float(c) if c.replace(".", "").isdigit() else c or None for c in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def statistical(suffix: str, made: pd.DataFrame) -> bytes:
    path = Path(os.environ["BETYG_CORPUS"]) / f"made.{suffix}"
    if suffix == "parquet":
        made.to_parquet(path)
    else:
        (pyreadstat.write_sav if suffix == "sav" else pyreadstat.write_dta)(made, path)
    return path.read_bytes()


def other_formats() -> Iterator[Case]:
    """The same answers in the other formats, in any order."""
    rng = random.Random(2)
    for number in range(4):
        order = rng.sample(range(len(HEADER)), len(HEADER))
        header, rows = columns(order, rng.sample(ROWS, len(ROWS)))
        yield Case(f"excel-{number}", excel(rows, header), "same", "answers.xlsx", "")
        for suffix in ("sav", "dta", "parquet"):
            shuffled = frame().iloc[rng.sample(range(len(ROWS)), len(ROWS)), order]
            yield Case(f"{suffix}-{number}", statistical(suffix, shuffled), "same",
                       f"answers.{suffix}", "")  # fmt: skip


WRONG = {
    "VIKT": ("much", "-1", "nan", "inf", "1e400", "1.2.3"),
    "AR": ("12012", "abc", "", "2011.5", "20112012"),
    "KONTOR": ("Väst", "=cmd|x", "\u202enorr"),
    "VERK": ("fisk", "plan|djur"),
    "courtesy": ("7", "-1", "4.5", "good", "¹"),
}


def spoilt_cells() -> Iterator[Case]:
    """A cell that cannot be meant: it must be named."""
    for column, values in WRONG.items():
        for number, value in enumerate(values):
            rows = [list(one) for one in ROWS]
            rows[number * 3][HEADER.index(column)] = value
            data = text(rows, encoding="utf-8")
            yield Case(f"cell-{column}-{number}", data, "refused", settings=settings("utf-8"))


def spoilt_lines() -> Iterator[Case]:
    """Columns that are missing or stand twice, rows of another width."""
    for at, column in list(enumerate(HEADER))[1:]:
        header = [name for name in HEADER if name != column]
        rows = [[*row[:at], *row[at + 1 :]] for row in ROWS]
        yield Case(f"column-missing-{column}", text(rows, header=header), "refused")
        rows = [[*row, row[at]] for row in ROWS]
        yield Case(f"column-twice-{column}", text(rows, header=[*HEADER, column]), "refused")
    for number in (0, 5, 35):
        short = [row[:-2] if at == number else row for at, row in enumerate(ROWS)]
        long = [[*row, "1", "2"] if at == number else row for at, row in enumerate(ROWS)]
        yield Case(f"row-short-{number}", text(short), "refused")
        yield Case(f"row-long-{number}", text(long), "refused")


def no_text() -> Iterator[Case]:
    """Bytes that are no text, or not this text."""
    whole = text()
    for number, at in enumerate((0, 10, len(whole) // 2, len(whole) - 1)):
        yield Case(f"nul-{number}", whole[:at] + b"\0" + whole[at:], "refused")
        opened: Expected = "either" if number == 2 else "refused"  # inside a cell it is a sign
        yield Case(f"quote-left-open-{number}", whole[:at] + b'"' + whole[at:], opened)
    yield Case("zeros-at-the-end", whole + b"\0" * 4096, "refused")
    for name, data in (
        ("empty", b""), ("blank", b" \n\n\t\n"), ("header-only", whole.split(b"\n")[0] + b"\n"),
        ("html", b"<!DOCTYPE html><html><body>Log in to go on</body></html>"),
        ("zip", excel()), ("random", random.Random(3).randbytes(5000)),
        ("huge-field", whole + b"x;" + b"A" * 20_000_000 + b"\n"),
        ("huge-line", b";".join([b"a"] * 2_000_000) + b"\n"),
        ("one-column", text(delimiter="\x1f")),
    ):  # fmt: skip
        yield Case(f"text-{name}", data, "refused")
    for delimiter in (",", "\t", "|"):
        yield Case(f"wrong-delimiter-{ord(delimiter)}", text(delimiter=delimiter), "refused")
    for encoding in ("utf-16", "utf-16-le", "utf-32", "cp037", "utf-8"):
        yield Case(f"wrong-encoding-{encoding}", text(named(), encoding=encoding), "refused")
    yield Case("cp1252-as-utf-8", text(named()), "refused", settings=settings("utf-8"))


def cut() -> Iterator[Case]:
    """Text cut short anywhere: what is accepted is what stands in the file."""
    whole = text()
    rng = random.Random(4)
    for number in range(24):
        at = rng.randrange(1, len(whole))
        data = whole[:at]
        lines = [line.split(";") for line in data.decode("cp1252").split("\n")[1:] if line]
        yield Case(f"cut-{number}", data, "either", rows=lines)


def spoilt_binary() -> Iterator[Case]:
    """Workbooks and files of statistics programs, cut, overwritten or something else."""
    rng = random.Random(5)
    made = {suffix: statistical(suffix, frame()) for suffix in ("sav", "dta", "parquet")}
    made["xlsx"] = excel()
    for suffix, whole in made.items():
        for number in range(7):
            at = rng.randrange(len(whole) - 1)
            expected: Expected = "either" if suffix == "dta" else "refused"
            yield Case(f"{suffix}-cut-{number}", whole[:at], expected, f"answers.{suffix}", "")
        for number in range(4):
            size = 8 * 4**number
            spoilt = bytes(rng.randbytes(size)) + whole[size:]
            yield Case(f"{suffix}-head-{number}", spoilt, "either", f"answers.{suffix}", "")
        yield Case(f"{suffix}-is-text", text(), "refused", f"answers.{suffix}", "")
        yield Case(f"{suffix}-empty", b"", "refused", f"answers.{suffix}", "")
        yield Case(f"{suffix}-zeros", b"\0" * len(whole), "refused", f"answers.{suffix}", "")


CHANGES = (  # of study.toml: what it says, and what it says instead
    ('kind = "responses"', "kind = 3"),
    ('kind = "responses"', 'kind = "answers"'),
    ("synthetic = true", 'synthetic = "yes"'),
    ('languages = ["sv", "en"]', "languages = 1"),
    ('languages = ["sv", "en"]', 'languages = ["sv", 3]'),
    ('title.sv = "Den lilla undersökningen"', "title.sv = true"),
    ('delimiter = ";"', "delimiter = 5"),
    ('delimiter = ";"', 'delimiter = ";;"'),
    ('delimiter = ";"', 'delimiter = ""'),
    ('encoding = "cp1252"', 'encoding = "klingon"'),
    ('encoding = "cp1252"', "encoding = true"),
    ('agency = "KONTOR"', 'agency = ["KONTOR"]'),
    ('agency = "KONTOR"', 'office = "KONTOR"'),
    ('year = "AR"', "year = 2011"),
    ('weight = "VIKT"', 'weight = "VIKTT"'),
    ("[source.columns]", "[source.column]"),
    ("[[source]]", "[source]"),
    ("[compare]", "[compare"),
    ('outcome = "satisfaction"', 'outcome = "happiness"'),
    ("items = ", "items = 4 #"),
    ('items = ["overall"]', "items = []"),
    ('adjust_for = ["activity"]', "adjust_for = 1"),
    ("[study]", "[study]\n[study]"),
    ("[study]", "\ufeff\x07[study]"),
    ('languages = ["sv", "en"]', "languages = " + "[" * 2000 + "]" * 2000),
)


def wrong_settings() -> Iterator[Case]:
    """A study.toml or a table of facts that says what cannot be."""
    for number, (old, new) in enumerate(CHANGES):
        yield Case(f"toml-{number}", text(), "refused",
                   toml=lambda given, old=old, new=new: _swapped(given, old, new))  # fmt: skip
    for file in ("codebook.csv", "scales.csv", "agencies.csv", "activities.csv"):
        for name, data in (
            ("empty", b""), ("nul", b"code\0,label_sv\n"), ("zip", excel()),
            ("header", b"code,label_sv\n"), ("utf-16", "code,å\n".encode("utf-16")),
        ):  # fmt: skip
            yield Case(f"{file}-{name}", text(), "refused", facts={file: data})


def _swapped(given: str, old: str, new: str) -> str:
    if old not in given:
        raise ValueError(f"{old!r} is not in study.toml")
    return given.replace(old, new, 1)
