"""Where an agency stands among all, in words: its places, and the range expected of it."""

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from betyg.publish import claims, naming, table
from betyg.publish.figure import COLOURS, SOFT
from betyg.publish.language import EN_DASH, Language, msgid
from betyg.publish.naming import Names
from betyg.publish.sentence import carried, quoted, stating
from betyg.stats import detectable

UNITS_NAMED: Final = 12
NARROW_FROM: Final = 300.0  # points; in less, a heading says "place" once
BANDS: Final = {
    "much_lower": msgid("much lower"),
    "lower": msgid("lower"),
    "as_expected": msgid("as expected"),
    "higher": msgid("higher"),
    "much_higher": msgid("much higher"),
}


def is_known(rows: pd.DataFrame) -> bool:
    """Return whether it was computed where the agencies stand."""
    return "expected_low" in rows and bool(rows["expected_low"].notna().any())


def has_bands(rows: pd.DataFrame) -> bool:
    """Return whether there are agencies enough to judge any by the expected range."""
    return "band" in rows and bool((rows["band"] != "").any())


def has_places(rows: pd.DataFrame) -> bool:
    """Return whether any agency gets a place."""
    return is_known(rows) and bool(rows["place_low"].notna().any())


def place(row: dict[str, Any], language: Language) -> str:
    """Say the places that an agency may have: ``place 3–9``, ``third place``, ``no place``."""
    if pd.isna(row["place_low"]):
        return language.text("no place")
    low, high = int(row["place_low"]), int(row["place_high"])
    if low == high:
        return language.text("{ordinal} place", ordinal=language.ordinal(low))
    return language.text("place {range}", range=language.range(low, high))


def short_place(row: dict[str, Any], language: Language) -> str:
    """Say it under a heading that says ``place``: ``3–9``."""
    if pd.isna(row["place_low"]):
        return EN_DASH
    return language.range(int(row["place_low"]), int(row["place_high"]))


def heading(language: Language, *, room: float) -> str:
    """Return the heading of the column of places; where there is room, each row says it."""
    return "" if room >= NARROW_FROM else language.text("Place")


def column(rows: pd.DataFrame, language: Language, *, room: float) -> list[str]:
    """Return what stands in the column of places; nothing where nobody gets one."""
    if not has_places(rows):
        return []
    say = place if room >= NARROW_FROM else short_place
    return [say(row, language) for row in naming.records(rows)]


def with_words(rows: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Add the words of places and bands for a table; hidden rows say nothing."""
    told = rows["shown"] & rows["expected_low"].notna()
    places = [place(row, language) for row in naming.records(rows)]
    bands = [language.text(BANDS[code]) if code else "" for code in rows["band"]]
    return rows.assign(
        place=pd.Series(places, index=rows.index).where(told, ""),
        expected=pd.Series(bands, index=rows.index).where(told, ""),
    )


def columns(rows: pd.DataFrame, language: Language) -> list[table.Column]:
    """Return the columns of a table that tell where the agencies stand."""
    text = language.text
    apart = text("From the mean of all, 95% for all at once")
    found = [
        table.Column(source="", label=apart, kind="difference",
                     interval=("from_mean_low", "from_mean_high")),
        *judged(rows, language),
    ]  # fmt: skip
    if has_places(rows):
        quarter = text("Probability of the top quarter")
        found += [
            table.Column(source="place", label=text("Place")),
            table.Column(source="top_quarter", label=quarter, kind="share"),
        ]
    return found


def judged(rows: pd.DataFrame, language: Language) -> list[table.Column]:
    """Return the column of bands; nothing where there are too few agencies to judge them."""
    if not has_bands(rows):
        return []
    return [table.Column(source="expected", label=language.text("Against the expected range"))]


def surely_apart(rows: pd.DataFrame) -> NDArray[np.int_]:
    """Return 1 where an agency is surely above the mean of all, -1 below, else 0."""
    low, high = (rows[end].to_numpy(np.float64) for end in ("from_mean_low", "from_mean_high"))
    return (low > 0).astype(np.int_) - (high < 0).astype(np.int_)


def found(rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the difference from the mean of all, in points, that is found four times in five."""
    low, high, se = (rows[f"from_mean_{end}"].to_numpy(np.float64) for end in ("low", "high", "se"))
    sizes = detectable.from_interval(low, high, se)
    return sizes[np.isfinite(sizes)]


def mean_of_all(rows: pd.DataFrame) -> float:
    """Return the mean that the agencies were set against: each of them counts once."""
    return float((rows["estimate"] - rows["from_mean"]).dropna().iloc[0])


def notes(rows: pd.DataFrame, names: Names) -> list[str]:
    """Say what the grey range and the places are, and who gets none and why."""
    if not is_known(rows):
        return []
    text = names.language.text
    said = [
        text("Line: the mean of all, each counted once."),
        text("Grey: the expected range, with {share} of those that are like the others.",
             share=quoted(names.language.percent(0.95))),
    ]  # fmt: skip
    if not has_bands(rows):
        said.append(text("With so few, nobody is judged by it: who differs widens it, too."))
    if not has_places(rows):
        return [*said, text("No places: the differences are too small or the answers too few.")]
    said.append(
        text(
            "The places hold for all at once ({share}).", share=quoted(names.language.percent(0.95))
        )
    )
    rank = names.survey.disclosure.rank
    least = stating(names.language.integer(rank), claims.declared("disclosure.rank", rank))
    why = {
        "base": text("No place with fewer than {n} answers: {units}.", n=least, units="{units}"),
        "reliability": text("No place as the margin of error is too wide: {units}.",
                            units="{units}"),
        "no_error": text("No place as the margin of error is not known: {units}.",
                         units="{units}"),
    }  # fmt: skip
    for reason, words in why.items():
        units = [quoted(unit) for unit in rows.loc[rows["rank_reason"] == reason, "label"]]
        if units:
            listed = names.language.listing(units, limit=UNITS_NAMED)
            said.append(carried(words.format(units=listed), [words, listed]))
    return said


def alt(rows: pd.DataFrame, names: Names) -> str:
    """Tell a reader who cannot see it how many lie outside the expected range."""
    if not has_bands(rows):
        return ""
    above = int(rows["band"].isin(["higher", "much_higher"]).sum())
    below = int(rows["band"].isin(["lower", "much_lower"]).sum())
    return names.language.text(
        "{above} lie above the expected range, {below} below.",
        above=names.language.integer(above), below=names.language.integer(below),
    )  # fmt: skip


def draw_range(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw the expected range behind the dots, a step for each row."""
    if not is_known(rows):
        return
    for y, row in enumerate(naming.records(rows)):
        if np.isfinite(row["expected_low"]):
            axes.barh(
                y, row["expected_high"] - row["expected_low"], left=row["expected_low"],
                height=1.0, color=COLOURS["grid"], alpha=0.55, lw=0, zorder=-1,
            )  # fmt: skip


def draw_places(axes: Axes, words: list[str], *, heading: str, away: float) -> None:
    """Write the places in a column whose right edge is ``away`` points right of the axes."""
    for y, text in enumerate(words):
        axes.annotate(
            text, (1, y), (away, 0), ("axes fraction", "data"), textcoords="offset points",
            ha="right", va="center_baseline",
        )  # fmt: skip
    axes.annotate(
        heading, (1, 1), (away, 5), ("axes fraction", "axes fraction"),
        textcoords="offset points", ha="right", va="bottom", color=SOFT,
    )  # fmt: skip
