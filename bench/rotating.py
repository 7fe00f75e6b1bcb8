"""A survey of any size with known truth: agencies asked every, every second or every third year.

It is invented; only its shape is that of real ones. A block of answers is drawn at a time, so that
ten million of them need no more memory than one million.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from betyg.data.sums import write_sums

KEYS = ["agency", "year", "activity", "group"]
ITEM = "overall"
FIRST_YEAR = 2014
CUTS = np.array([-2.6, -1.4, -0.2, 1.5])
SCORES = np.array([0.0, 25.0, 50.0, 75.0, 100.0])
SEED = 20_240_101
Plan = Literal["all", "strata", "pairs"]
BLOCK = 1_000_000  # answers drawn at a time
SIZES = {"agency": 21, "year": 10, "activity": 22, "group": 5}
EFFECT_OF_GROUP = np.array([0.0, 0.35, -0.25, 0.1, -0.4])

STUDY = """\
[study]
title.en = "A rotating survey, invented to be measured"
languages = ["en"]
kind = "responses"
synthetic = true

[[source]]
file = "answers.parquet"
columns = {{ {columns} }}

[design]
strata = {strata}
variance = "{variance}"

[compare]
outcome = "overall"
adjust_for = ["activity", "group"]
inference = "{inference}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What answers are drawn from.

    Attributes
    ----------
    patterns : DataFrame
        Combinations of ``KEYS`` that are surveyed: agencies rotate over years and activities.
    eta : ndarray, shape (patterns,)
        Position on the scale behind the answers.
    share : ndarray, shape (patterns,)
        Probability of an answer to be of the pattern.
    """

    patterns: pd.DataFrame
    eta: np.ndarray
    share: np.ndarray


def world() -> World:
    """Make the survey's plan and its truth."""
    rng = np.random.default_rng(SEED)
    offered = np.eye(SIZES["agency"], SIZES["activity"], dtype=bool)
    offered[0, -1] = True
    for agency in range(SIZES["agency"]):
        offered[agency, rng.choice(SIZES["activity"], rng.integers(2, 5), replace=False)] = True
    places = [
        (agency, year, activity, group)
        for agency in range(SIZES["agency"])
        for year in range(SIZES["year"])
        if year % (every := 1 + (agency >= 6) + (agency >= 14)) == agency % every
        for activity in np.flatnonzero(offered[agency]).tolist()
        for group in range(SIZES["group"])
    ]
    agency, year, activity, group = np.array(places).T
    u, v = rng.normal(0, 0.45, SIZES["agency"]), rng.normal(0, 0.15, (21, 10))
    w, t = rng.normal(0, 0.3, SIZES["activity"]), np.cumsum(rng.normal(0.02, 0.08, 10))
    share = rng.exponential(size=len(places))
    return World(
        patterns=pd.DataFrame(places, columns=KEYS, dtype="int16").assign(
            year=lambda frame: frame["year"] + FIRST_YEAR
        ),
        eta=u[agency] + v[agency, year] + w[activity] + t[year] + EFFECT_OF_GROUP[group],
        share=share / share.sum(),
    )


def blocks(n: int, seed: int = 1) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw ``n`` answers: the pattern of each, and its grade 1-5; a block at a time."""
    of, rng = world(), np.random.default_rng(seed)
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        drawn = rng.choice(len(of.share), size=size, p=of.share)
        grades = 1 + np.searchsorted(CUTS, of.eta[drawn] + rng.logistic(size=size))
        yield drawn, grades.astype(np.int8)


def answers(n: int) -> pd.DataFrame:
    """Return ``n`` answers as rows: ``KEYS``, response (1-5), score (0-100)."""
    drawn, grades = (np.concatenate(parts) for parts in zip(*blocks(n), strict=True))
    rows = world().patterns.iloc[drawn].reset_index(drop=True)
    return rows.assign(response=grades, score=25.0 * grades - 25.0)


def cells(n: int) -> pd.DataFrame:
    """Count the answers of each pattern and grade, as ``cells.collapse`` would."""
    patterns = world().patterns
    counts = np.zeros(len(patterns) * 5, dtype=np.int64)
    for drawn, grades in blocks(n):
        counts += np.bincount(drawn * 5 + grades - 1, minlength=counts.size)
    at = np.flatnonzero(counts)
    grade = 1 + at % 5
    found = patterns.iloc[at // 5].reset_index(drop=True)
    return found.assign(response=grade, score=25.0 * grade - 25.0, n=counts[at])


def sampled(rows: pd.DataFrame, seed: int = 99) -> pd.DataFrame:
    """Give rows a stratified design: stratum = agency x year x group, its population, weights."""
    key = rows.groupby(["agency", "year", "group"]).ngroup().to_numpy()
    size = np.bincount(key)
    fraction = np.random.default_rng(seed).uniform(0.03, 0.5, size.size)
    population = np.ceil(size / fraction)
    return rows.assign(
        stratum=key.astype(np.int16),
        population=population[key].astype(np.int32),
        weight=(population / size)[key],
    )


def in_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Give a sample two primary sampling units a stratum; strata of one answer are left out."""
    size = rows.groupby("stratum")["stratum"].transform("size")
    kept = rows[size > 1]
    half = kept.groupby("stratum").cumcount() % 2
    return kept.assign(psu=2 * kept["stratum"].astype(np.int32) + half)


def write(folder: Path, n: int, *, plan: Plan = "all") -> Path:
    """Write a study of ``n`` answers as somebody would who has them in a Parquet file.

    Where they are a stratified sample they have weights, and frame.csv tells the population of
    each stratum; in pairs they have primary sampling units, and errors come from a jackknife.
    """
    folder.mkdir(parents=True)
    target = folder / "answers.parquet"
    more = {"all": [], "strata": ["weight"], "pairs": ["weight", "psu"]}[plan]
    if plan == "all":
        _write_blocks(target, n)
    else:
        rows = sampled(answers(n))
        rows = in_pairs(rows) if plan == "pairs" else rows
        rows[[*KEYS, *more]].assign(overall=rows["response"]).to_parquet(target, index=False)
    if plan == "strata":
        strata = rows.drop_duplicates("stratum")
        of = strata[["agency", "year", "group", "population"]]
        of.to_csv(folder / "frame.csv", index=False)
    text = STUDY.format(
        columns=", ".join(f'{role} = "{role}"' for role in [*KEYS, *more]),
        strata='["agency", "year", "activity"]' if plan == "all" else '["agency", "year", "group"]',
        variance="jackknife" if plan == "pairs" else "linearised",
        inference="this_year" if plan == "strata" else "performance",
    )
    (folder / "study.toml").write_text(text, "utf-8")
    _write_facts(folder)
    write_sums(folder)
    return folder


def _write_blocks(target: Path, n: int) -> None:
    of = world().patterns
    writer = None
    for drawn, grades in blocks(n):
        rows = of.iloc[drawn].assign(overall=grades)
        part = pa.Table.from_pandas(rows, preserve_index=False)
        writer = writer or pq.ParquetWriter(target, part.schema)
        writer.write_table(part)
    if writer is not None:
        writer.close()


def _write_facts(folder: Path) -> None:
    for role, name in (("agency", "agencies"), ("activity", "activities"), ("group", "groups")):
        lines = [f"{i},{role.capitalize()} {i + 1}\n" for i in range(SIZES[role])]
        (folder / f"{name}.csv").write_text("code,label_en\n" + "".join(lines), "utf-8")
    (folder / "codebook.csv").write_text(
        f"item,theme,scale,label_en\n{ITEM},,five,Overall\n", "utf-8"
    )
    scale = [f"five,{i},{i},answer,Answer {i}\n" for i in range(1, 6)]
    (folder / "scales.csv").write_text("scale,code,order,kind,label_en\n" + "".join(scale), "utf-8")
    (folder / "SOURCE.md").write_text("# Invented by bench/rotating.py, to be measured\n", "utf-8")
