"""A figure that travels alone: a drawing with its words inside, for a README or a slide."""

import re
from html import escape
from pathlib import Path

import pandas as pd

from betyg.data import store
from betyg.data.study import Study
from betyg.publish import agencies
from betyg.publish.figure import COLOURS, LEADING, TEXT, WIDE, Figure, wrap
from betyg.publish.language import Language

STUDY = "lansstyrelserna"
FILE = "docs/agencies-synthetic.svg"
MARGIN = 12.0
TITLE = 12.0  # points
_SPACING = 1.3


def write(raw: Path) -> None:
    """Write the README's figure anew from the tables in data/processed."""
    survey = Study.load(raw, STUDY)
    comparisons = store.read("comparisons", Path("data/processed", STUDY))
    Path(FILE).write_text(of_readme(comparisons, survey), encoding="utf-8", newline="\n")


def of_readme(comparisons: pd.DataFrame, survey: Study) -> str:
    """Draw what the README shows: the agencies in the latest round, at one common mix."""
    latest = int(comparisons["year"].max())
    outcome = survey.compare.outcome
    return standalone(
        agencies.compared(comparisons, survey, Language("en"), item=outcome, year=latest)
    )


def standalone(figure: Figure) -> str:
    """Return a figure as one SVG file that says what it shows, on what data, and for whom.

    Title, subtitle and note stand in the picture itself, so that synthetic data keep
    their label wherever the file goes; the alt text is its description.
    """
    width = WIDE
    body = figure.svg[figure.svg.index("<svg") :]
    _, _, across, height = map(float, _viewbox(body))
    title = wrap(figure.title, width=width, size=TITLE, bold=True)
    above = [(line, "subtitle") for line in wrap(figure.subtitle, width=width)]
    below = wrap(figure.note, width=width)
    top = MARGIN + len(title) * TITLE * _SPACING + len(above) * LEADING + MARGIN
    whole = top + height + MARGIN + len(below) * LEADING + MARGIN
    texts = [
        *_lines([(line, "title") for line in title], top=MARGIN, step=TITLE * _SPACING),
        *_lines(above, top=MARGIN + len(title) * TITLE * _SPACING, step=LEADING),
        *_lines([(line, "note") for line in below], top=top + height + MARGIN, step=LEADING),
    ]
    size = f"{width + 2 * MARGIN:g} {whole:g}"
    inner = body.replace("<svg", f'<svg x="{MARGIN:g}" y="{top:g}"', 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" role="img" '
        f'width="{width + 2 * MARGIN:g}" height="{whole:g}" font-family="DejaVu Sans, Verdana, '
        f'sans-serif" font-size="{TEXT:g}"><title>{escape(figure.title)}</title>'
        f"<desc>{escape(figure.alt)} {escape(figure.note)}</desc>"
        f'<rect width="100%" height="100%" fill="{COLOURS["paper"]}"/>'
        f"{''.join(texts)}{_sized(inner, across, height)}</svg>\n"
    )


def _viewbox(svg: str) -> tuple[str, str, str, str]:
    found = re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg)
    if found is None:
        raise ValueError("a drawing without a viewBox")
    return found[1], found[2], found[3], found[4]


def _sized(svg: str, width: float, height: float) -> str:
    """Give the inner drawing its size in the units of the outer one."""
    svg = re.sub(r' width="[^"]*pt"', f' width="{width:g}"', svg, count=1)
    return re.sub(r' height="[^"]*pt"', f' height="{height:g}"', svg, count=1)


def _lines(lines: list[tuple[str, str]], *, top: float, step: float) -> list[str]:
    style = {
        "title": f'font-size="{TITLE:g}" font-weight="bold" fill="{COLOURS["ink"]}"',
        "subtitle": f'fill="{COLOURS["soft"]}"',
        "note": f'fill="{COLOURS["soft"]}"',
    }
    return [
        f'<text x="{MARGIN:g}" y="{top + (at + 0.85) * step:.1f}" {style[kind]}>'
        f"{escape(text)}</text>"
        for at, (text, kind) in enumerate(lines)
    ]
