"""The report itself states L1-L12 and K1-K14, in each language, and stops when the data change.

For each row of the two releases: the sentence in which the report says it, with its number and how
sure it is, each claim of it borne out by the stored tables; and a twin that alters the answers
behind the row, makes the tables anew and finds the sentence changed or gone, and the old sentence
contradicted: a page that still said it would stop the build. L11 and L12, which are about whole
pages, are in test_report_pages.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import lansstyrelserna_statements as say
import numpy as np
import pandas as pd
import pytest
from alter import altered, forgotten, moved, recomposed, rows, swapped, without
from report_sentences import ASSOCIATION, BOARDS, UNSURE, D, N, Row
from report_states import MARGINS, Rebuilt, looked_up, says, section, stated

from betyg.publish import change, heatmap, ranking, statement
from betyg.publish.claims import ClaimError

COURTESY = ("courtesy", "engaged", "interested", "open_dialogue")
VIEW = ("overall", "trust", "customer", "guide", "known_all", "significance_all")
OVERALL = ("overall", "expectation", "ideal")
KRONOBERG = {"year": 2012, "agency": "G"}


@pytest.fixture(scope="module", autouse=True)
def nothing_is_drawn():
    """Leave the drawings out: captions and sentences are made without them."""
    with pytest.MonkeyPatch.context() as patch:
        for figure in (change, heatmap, ranking):
            patch.setattr(figure, "_draw", lambda *_, **__: "<svg></svg>")
        yield


@pytest.fixture(scope="module")
def boards_2012(boards, boards_cleaned):
    """The edition of 2012, with its margins of activities and groups."""
    return Rebuilt(boards_cleaned.respondents, boards, 2012, "G", changed=True)


@pytest.fixture(scope="module")
def boards_2013(boards, boards_cleaned):
    """The edition of the first round after the switchboard, from the three rounds it needs."""
    since = boards_cleaned.respondents["year"] >= 2011
    return Rebuilt(boards_cleaned.respondents[since], boards, 2013, "G")


@pytest.fixture(scope="module")
def association_2021(association, association_cleaned):
    return Rebuilt(association_cleaned.respondents, association, 2021, "large", changed=True)


def found(tables: Rebuilt, row: Row) -> dict[str, str | None]:
    """Return in each language the words in which a section states the row."""
    return {
        language: (match := re.search(pattern, says(tables, row.section, language))) and match[0]
        for language, pattern in row.patterns().items()
    }


def carried(tables: Rebuilt, row: Row, folder: Path) -> None:
    """Check that what states a row has claims, and that the tables carry each of them."""
    for language in row.patterns():
        held = [one.holds for one in looked_up(stated(tables, row, language), tables, folder)]
        assert held and all(held), language


def contradicted(tables: Rebuilt, row: Row, other: Rebuilt, folder: Path) -> None:
    """Check that what stated a row is refused by other tables, and not for want of a row."""
    for language in row.patterns():
        found = looked_up(stated(tables, row, language), other, folder)
        assert any(one.values and not one.holds for one in found), language


@pytest.mark.parametrize("row", BOARDS)
def test_the_report_of_the_boards_states(row, boards_2012, boards_2013, tmp_path):
    tables = boards_2013 if row == "L10" else boards_2012
    said = found(tables, BOARDS[row])
    assert set(said) == {"sv", "en"}
    assert all(said.values()), said
    carried(tables, BOARDS[row], tmp_path)


@pytest.mark.parametrize("row", ASSOCIATION)
def test_the_report_of_the_association_states(row, association_2021, tmp_path):
    said = found(association_2021, ASSOCIATION[row])
    assert set(said) == {"sv", "en", "fi"}
    assert all(said.values()), said
    carried(association_2021, ASSOCIATION[row], tmp_path)


Change = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Twin:
    """Answers altered, and what the report says then instead.

    Attributes
    ----------
    change : callable
        From the answers to other answers.
    instead : Row
        What it says now; the row's own sentence must be gone.
    since : int
        The first round that the sentence needs.
    agency : str
        The only agency that it needs; empty for all.
    """

    row: str
    change: Change
    instead: Row
    since: int = 2009
    agency: str = ""


def lower(*items: str, steps: int = -1, **where: object) -> Change:
    """Move the answers to some questions at one place."""

    def changed(answers: pd.DataFrame) -> pd.DataFrame:
        for item in items:
            answers = altered(answers, item, steps, **where)
        return answers

    return changed


def away(**where: object) -> Change:
    return lambda answers: without(answers, **where)


def never_before(activity: str) -> Change:
    def changed(answers: pd.DataFrame) -> pd.DataFrame:
        for year in (2009, 2010, 2011):
            answers = without(answers, year=year, agency="G", activity=activity)
        return answers

    return changed


def kinder(answers: pd.DataFrame) -> pd.DataFrame:
    """Raise the three overall questions, on a scale of ten, at Kronoberg."""
    chosen = say.chosen(answers, **KRONOBERG).index
    better = answers.copy()
    for item in OVERALL:
        better.loc[chosen, item] = (better.loc[chosen, item] + 2).clip(upper=10)
    return better


def other_activities(answers: pd.DataFrame) -> pd.DataFrame:
    """Leave Kronoberg no activity of 2012 in 2011."""
    for activity in say.activities(answers, 2012, "G"):
        answers = without(answers, year=2011, agency="G", activity=activity)
    return answers


def at_the_twelve(year: int, every: int) -> Change:
    """Take a grade from every so many answers of the twelve in one round."""

    def changed(answers: pd.DataFrame) -> pd.DataFrame:
        twelve = list("DEFGHIKMNSTU")
        chosen = answers.index[(answers["year"] == year) & answers["agency"].isin(twelve)][::every]
        fewer = answers.copy()
        fewer.loc[chosen, "right_person"] = (fewer.loc[chosen, "right_person"] - 1).clip(1)
        return fewer

    return changed


OF_BOARDS = [
    Twin("L1", away(year=2010), Row(
        "summary", "den tredje omgången sedan 2009, dock inte varje år",
        "the third round since 2009, though not every year")),
    Twin("L2", away(year=2010, agency="G"), Row(
        "summary", "Åtta av dem har varit med i varje omgång", "Eight of them have taken part")),
    Twin("L2", away(year=2012, agency="AB"), Row(
        "focus", "20 av 21 länsstyrelser deltar 2012",
        "Taking part in 2012: 20 of 21 county administrative boards")),
    Twin("L3", away(year=2012, agency="AB", activity="naturskydd"), Row(
        "summary", "Detaljplaner, Landsbygdsutveckling och företagsstöd och Överklagande av lov",
        "Rural development and business support, and Appeals of building permits. Each round")),
    Twin("L4", never_before("detaljplaner"), Row(
        "focus", "Två av dem har undersökts tidigare", "Two of them were surveyed before")),
    Twin("L5", lower(*COURTESY, activity="detaljplaner", **KRONOBERG), Row(
        "focus", r"”Bemötande” 2012: säkert över 70 i 3 av 4 verksamheter; värdena ligger på \d+–",
        r"“Courtesy” 2012: surely above 70 in 3 of 4 activities; the values lie at \d+–"),
        since=2012),
    *(Twin("L6", lower(item, **KRONOBERG), Row(
        "focus", "Säkert över 70: 3 av 4", "Surely above 70: 3 of 4"), since=2012)
      for item in COURTESY[1:]),
    Twin("L7", lower("website", steps=2, **KRONOBERG), Row(
        "focus", rf"Lägst av områdenas frågor 2012, av 100: ”Det är lätt att nå rätt person” {N}",
        rf"Lowest of the themes' questions in 2012, of 100: “It is easy to reach the right person” "
        rf"{N}"), since=2012),
    Twin("L8", lower(*COURTESY, year=2012, agency="Y"), Row(
        "themes", rf"lägst Västernorrland {N}\. Säkert över 70: 20 av 21",
        rf"lowest Västernorrland {N}\. Surely above 70: 20 of 21"), since=2012),
    Twin("L9", kinder, Row(
        "focus", "i de 3 verksamheter som undersökts båda åren, en säker ökning",
        "in the 3 activities surveyed in both years, a sure rise"), since=2011, agency="G"),
    Twin("L9", other_activities, Row(
        "focus", "Kronoberg, ”Nöjdindex” 2011–2012: ej jämförbar: ingen verksamhet båda åren",
        "Kronoberg, “Satisfaction index” 2011–2012: not comparable: no activity in both years"),
        since=2011, agency="G"),
]  # fmt: skip


def which(twins: list[Twin]) -> list[str]:
    return [f"{at}-{twin.row}" for at, twin in enumerate(twins)]


@pytest.mark.parametrize("twin", OF_BOARDS, ids=which(OF_BOARDS))
def test_other_answers_make_another_report_of_the_boards(
    twin, boards, boards_cleaned, boards_2012, tmp_path
):
    answers = boards_cleaned.respondents
    kept = answers["year"].between(twin.since, 2012)
    if twin.agency:
        kept &= answers["agency"] == twin.agency
    rebuilt = Rebuilt(
        recomposed(twin.change(answers[kept]), boards), boards, 2012, "G",
        by=None if twin.row == "L9" else MARGINS, changed=twin.row == "L9",
    )  # fmt: skip
    assert not any(found(rebuilt, BOARDS[twin.row]).values())
    assert all(found(rebuilt, twin.instead).values())
    contradicted(boards_2012, BOARDS[twin.row], rebuilt, tmp_path)


AROUND = [
    Twin("L10", at_the_twelve(2013, every=4), Row(
        "measures", rf"hos de 12 berörda, minus den hos de 9 andra: {D} poäng {UNSURE}",
        rf"at the 12 concerned, less that at the 9 others: {D} points {UNSURE}")),
    Twin("L10", at_the_twelve(2011, every=3), Row(
        "measures", r"före åtgärden ger samma jämförelse \+\d,\d poäng",
        r"before the measure the same comparison gives \+\d\.\d points")),
]  # fmt: skip


@pytest.mark.parametrize("twin", AROUND, ids=("the effect", "the rounds before"))
def test_l10_other_answers_before_or_after_the_measure_are_told(twin, boards_2013, tmp_path):
    rebuilt = replace(boards_2013, respondents=twin.change(boards_2013.respondents))
    assert not any(found(rebuilt, BOARDS["L10"]).values())
    assert all(found(rebuilt, twin.instead).values())
    contradicted(boards_2013, BOARDS["L10"], rebuilt, tmp_path)


def test_l10_the_switchboard_is_on_record_only_from_its_first_year(boards_2012, boards_2013):
    words = "2013: Gemensam växel för tolv länsstyrelser, Kronoberg värd (12 länsstyrelser)."
    assert words in says(boards_2013, "facts", "sv")
    assert words not in says(boards_2012, "facts", "sv")


def test_l8_the_country_is_shown_board_by_board(boards, boards_2012):
    html = section(boards_2012, boards_2012.page("sv"), "themes")._repr_html_()
    (table,) = re.findall(r"<table.*?</table>", html, re.S)
    assert all(f">{board.label['sv']}<" in table for board in boards.agencies)


def some(item: str, k: int, *, every: int = 1, steps: int = -1, **where: object) -> Change:
    """Move the answers of 2021 to an item, or of every so many who gave one."""

    def changed(answers: pd.DataFrame) -> pd.DataFrame:
        chosen = rows(answers, **({"year": 2021} | where))
        return moved(answers, item, chosen & (np.arange(len(answers)) % every == 0), steps, k)

    return changed


def cooler(answers: pd.DataFrame) -> pd.DataFrame:
    """Take a grade from every other answer of the large cities in 2021."""
    for item in VIEW:
        answers = some(item, 7, every=2, agency="large")(answers)
    return answers


def better(answers: pd.DataFrame) -> pd.DataFrame:
    """Let ten who found the association as good find it better."""
    same = np.flatnonzero(rows(answers, year=2021) & (answers["compared"] == 2).fillna(False))
    return moved(answers, "compared", np.isin(np.arange(len(answers)), same[:10]), 1, 3)


def one_less(answers: pd.DataFrame) -> pd.DataFrame:
    director = rows(answers, year=2021) & (answers["group"] == "director")
    one = answers.loc[director, "respondent_id"].iloc[0]
    return answers[answers["respondent_id"] != one]


def guide_for_trust(answers: pd.DataFrame) -> pd.DataFrame:
    turned = {"trust": "guide", "guide": "trust"}
    return answers.assign(
        **{
            f"{to}{part}": answers[f"{of}{part}"]
            for to, of in turned.items()
            for part in ("", ".missing")
        }
    )


def less(theme: str, every: int) -> Change:
    return lambda answers: forgotten(answers, theme, 2021, every)


def other_service(item: str, year: int = 2021) -> Change:
    return lambda answers: swapped(answers, item, year, ("advice", "advocacy"))


OF_ASSOCIATION = [
    Twin("K1", away(year=2020), Row(
        "summary", "2021: den första omgången", "2021: the first round", "2021: ensimmäinen")),
    Twin("K1", lambda answers: answers[answers["group"] != "elected"], Row(
        "summary", r"ledningen \d+ och Ledningen", r"officials \d+, and Managers",
        r"viranhaltijat \d+ ja Sopimusasiakkaiden")),
    Twin("K2", one_less, Row(
        "summary", "346 personer svarade 2021. Svararens roll: Kommundirektörer 83",
        "346 persons answered in 2021. Role of the respondent: Municipal directors 83",
        "vastasi 346 henkilöä. Vastaajan rooli: Kunnanjohtajat 83")),
    Twin("K3", better, Row(
        "views", "”Bättre än i fjol” 28 %", "“Better than last year” 28%", "vuonna” 28 %")),
    Twin("K4", less("praise_visibility", 4), Row(
        "views", "Beröm i öppna svar 2021, oftast nämnt: ”Åtgärderna under coronakrisen”",
        "most often mentioned: “Measures during", "useimmin mainittu: ”Toimet")),
    Twin("K5", less("wish_faster", 3), Row(
        "views", r"sakkunniga” \d+ % \(\d+–\d+\). Säkert oftare än var och en av de 5",
        r"reach” \d+% \(\d+–\d+\). Surely more often than each of the 5 others",
        r"asiantuntijat” \d+ % \(\d+–\d+\). Varmasti useammin kuin mikään muista \(5\)")),
    Twin("K6", some("importance", 5, every=4, activity="networks"), Row(
        "views", "tredje plats: Informationsprodukter och informationstjänster; fjärde plats: Nät",
        "third place: Information products and services; fourth place: Networks",
        "kolmas sija: Tietotuotteet ja tietopalvelut; neljäs sija: Verkostot")),
    Twin("K7", guide_for_trust, Row(
        "views", "”Rollen som vägvisare” får bästa betyg", "“Role as guide” gets the best grade",
        "”Rooli suunnannäyttäjänä” saa parhaan")),
    Twin("K8", some("knows", 5, every=4, agency="large"), Row(
        "views", "förhållanden väl”: det går inte att säga att alla 5 kommungrupper delar",
        "municipalities well”: it cannot be said that all 5 municipality groups agree",
        "olot hyvin”: ei voi sanoa, että näkemys olisi yhteinen")),
    Twin("K9", cooler, Row(
        "focus", rf"Stora städer, ”Bilden av förbundet” 2020–2021: {D} poäng {UNSURE}.*ingen säker",
        rf"Large cities, “View of the association” 2020–2021: {D} points {UNSURE}.*no sure change",
        rf"Suuret kaupungit, ”Kuva liitosta” 2020–2021: {D} pistettä {UNSURE}.*ei varmaa")),
    *(Twin(f"K10 {item}", other_service(item), Row(
        "views", "ligger ”Intressebevakning” säkert över var och en av de 5 andra; närmast är ”Råd",
        "“Advocacy” lies surely above each of the 5 others; nearest is “Advice",
        "”Edunvalvonta” on varmasti korkeammalla kuin mikään 5 muusta; lähinnä on ”Neuvonta"))
      for item in ("known", "significance")),
    Twin("K11", other_service("importance", 2020), Row(
        "views", "”Intressebevakning” ligger säkert på första plats 2021",
        "“Advocacy” is surely in first place in 2021", "”Edunvalvonta” on varmasti ensimmäisellä")),
    Twin("K12", less("praise_corona", 2), Row(
        "views", "oftast nämnt: ”Synligheten”", "mentioned: “Visibility”", "mainittu: ”Näkyvyys")),
    Twin("K13", some("trust", 7), Row(
        "views", rf"De andra: .*”Förtroende” {N}, godtagbart", rf"The others: .*“Trust” {N}, fair",
        rf"Muut: .*”Luottamus” {N}, tyydyttävä")),
    Twin("K14", less("praise_networks", 2), Row(
        "measures", "”Utvecklingen av nätverken”: nämndes av .*ingen säker förändring",
        "“Development of the networks”: mentioned by .*no sure change",
        "”Verkostojen kehittäminen”: mainitsi .*ei varmaa muutosta")),
]  # fmt: skip


@pytest.mark.parametrize("twin", OF_ASSOCIATION, ids=which(OF_ASSOCIATION))
def test_other_answers_make_another_report_of_the_association(
    twin, answers, association, association_2021, tmp_path
):
    rebuilt = replace(association_2021, respondents=recomposed(twin.change(answers), association))
    assert not any(found(rebuilt, ASSOCIATION[twin.row]).values())
    assert all(found(rebuilt, twin.instead).values())
    contradicted(association_2021, ASSOCIATION[twin.row], rebuilt, tmp_path)


def examples():
    """Return the lines of docs/claims.md that state something."""
    page = (Path(__file__).parents[2] / "docs" / "claims.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    return [line for line in code.splitlines() if line.startswith("statement.")]


@pytest.mark.parametrize("line", examples())
def test_what_the_page_on_claims_states_is_shown(line, boards_2012, tmp_path):
    page = replace(boards_2012.page("sv"), comparisons=boards_2012.comparisons)
    known = {"statement": statement, "page": page, "ordered": boards_2012.orders}
    shown = eval(line, known)
    found = looked_up(shown.sentences, boards_2012, tmp_path)
    assert found and all(one.holds for one in found)


def test_what_the_data_do_not_carry_is_refused(boards_2012):
    with pytest.raises(ClaimError, match="a sure change cannot be stated. What can be: .* ingen"):
        statement.changed(boards_2012.page("sv"), since=2011, agency="G")
