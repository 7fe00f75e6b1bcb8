"""What a researcher states in one line: shown with its claim, or refused with what can be said."""

import pandas as pd
import pytest
from test_publish_brief import LEVELS, WHO, YEAR, changed, grades, page, profiles, said

import invented
from betyg.data import store
from betyg.publish import evidence, sentence, statement
from betyg.publish.claims import ClaimError
from betyg.publish.language import available

SINCE = YEAR - 1


def held(shown, folder, **tables):
    """Look up the claims of what is shown in these tables."""
    claims = [claim for text in shown.sentences for claim in sentence.claims_of(text)]
    for name, frame in tables.items():
        store.write(frame, name, folder)
    known = evidence.tables_for(claims, folder, invented.study())
    return [evidence.evaluate(claim, known).holds for claim in claims]


@pytest.mark.parametrize("code", available())
def test_a_level_is_stated_with_its_interval(code, tmp_path):
    shown = statement.is_high(page(code), "engaged", least=75, agency=WHO)
    assert "82 (80–84)" in said(shown) and "75" in said(shown)
    assert {claim.kind for text in shown.sentences for claim in text.claims} == {"is_high", "value"}
    assert held(shown, tmp_path, estimates=grades(LEVELS)) == [True, True]
    lower = grades(LEVELS | {"engaged": 76})
    assert not all(held(shown, tmp_path, estimates=lower))
    low = statement.is_low(page(code), "person", most=60, agency=WHO)
    assert "52 (50–54)" in said(low) and all(held(low, tmp_path, estimates=grades(LEVELS)))


def test_a_level_that_the_interval_reaches_is_refused_with_what_could_be_said():
    told = r"engaged, agency 06, 2017 is not surely above 81: its value is 82.0 .* 80.0 to 84.0"
    with pytest.raises(ClaimError, match=told + ".*least=80.0 or less"):
        statement.is_high(page(), "engaged", least=81, agency=WHO)
    with pytest.raises(ClaimError, match="is not surely below 53.*most=54.0 or more"):
        statement.is_low(page(), "person", most=53, agency=WHO)
    with pytest.raises(ClaimError, match="too few answers"):
        statement.is_high(page(estimates=grades(LEVELS, shown=False)), "engaged", least=10,
                          agency=WHO)  # fmt: skip


def test_a_change_is_stated_only_like_for_like_and_only_where_it_is_sure(tmp_path):
    rise = statement.changed(page(changes=changed(5.0)), since=SINCE, agency=WHO)
    assert "a sure rise" in said(rise)
    assert all(held(rise, tmp_path, changes=changed(5.0)))
    assert not all(held(rise, tmp_path, changes=changed(1.0)))
    with pytest.raises(ClaimError, match="a sure change cannot be stated. What can be: .*no sure"):
        statement.changed(page(changes=changed(1.0)), since=SINCE, agency=WHO)
    with pytest.raises(ClaimError, match="a sure change cannot be stated. What can be: .*not comp"):
        statement.changed(page(changes=changed(5.0, comparable=False)), since=SINCE, agency=WHO)


def test_no_difference_comes_with_the_difference_that_would_have_been_found(tmp_path):
    none = statement.no_difference(page(changes=changed(1.0)), since=SINCE, agency=WHO)
    assert "found four times in five" in said(none)
    assert all(held(none, tmp_path, changes=changed(1.0)))
    with pytest.raises(ClaimError, match="that no sure change was found cannot be stated"):
        statement.no_difference(page(changes=changed(5.0)), since=SINCE, agency=WHO)


def compared(by: float, *, places: tuple[int, int] = (2, 5), shown: bool = True) -> pd.DataFrame:
    """How the agency compares: so far from the mean of all, 3 points up and down."""
    row = profiles(by, shown=shown).iloc[[0]]
    return row.assign(outcome="nki", place_low=float(places[0]), place_high=float(places[1]))


@pytest.mark.parametrize("code", available())
def test_an_agency_is_stated_to_lie_above_all_only_where_it_surely_does(code, tmp_path):
    above = statement.higher_than(page(code, comparisons=compared(9.0)), agency=WHO)
    assert "79 (76–82)" in said(above)
    assert {claim.kind for text in above.sentences for claim in sentence.claims_of(text)} == {
        "higher_than", "value"
    }  # fmt: skip
    assert all(held(above, tmp_path, comparisons=compared(9.0)))
    assert not all(held(above, tmp_path, comparisons=compared(2.0)))
    below = statement.lower_than(page(code, comparisons=compared(-9.0)), agency=WHO)
    assert "61 (58–64)" in said(below) and all(held(below, tmp_path, comparisons=compared(-9.0)))


def test_an_agency_that_is_not_surely_apart_is_refused_with_its_interval():
    told = "agency 06, 2017 is not surely above the mean of all: it lies 2.0 points .* -1.0 to 5.0"
    with pytest.raises(ClaimError, match=told):
        statement.higher_than(page(comparisons=compared(2.0)), agency=WHO)
    with pytest.raises(ClaimError, match="not surely below the mean of all"):
        statement.lower_than(page(comparisons=compared(9.0)), agency=WHO)
    with pytest.raises(ClaimError, match="too few answers"):
        statement.higher_than(page(comparisons=compared(9.0, shown=False)), agency=WHO)


@pytest.mark.parametrize("code", available())
def test_a_place_is_stated_where_no_later_one_is_possible(code, tmp_path):
    first = statement.ranked(page(code, comparisons=compared(9.0)), agency=WHO, last=5)
    assert "2–5" in said(first)
    assert all(held(first, tmp_path, comparisons=compared(9.0)))
    assert not all(held(first, tmp_path, comparisons=compared(9.0, places=(2, 6))))
    with pytest.raises(ClaimError, match="not surely among the first 4: it may have place 2 to 5"):
        statement.ranked(page(comparisons=compared(9.0)), agency=WHO, last=4)


def ordered(**other: object) -> pd.DataFrame:
    """The services by how satisfied they leave, as orders.parquet has them."""
    places = invented.places().rename(columns={"activity": "code"})
    return places.assign(of="activity", by="nki", year=YEAR, **other)


@pytest.mark.parametrize("code", available())
def test_those_who_share_a_place_are_stated_together(code, tmp_path):
    shared = statement.shared_place(page(code), ordered(), code="nature", by="nki")
    assert {claim.kind for text in shared.sentences for claim in sentence.claims_of(text)} == {
        "shared_place"
    }
    assert all(held(shared, tmp_path, orders=ordered()))
    assert not all(held(shared, tmp_path, orders=ordered(shared=False)))
    with pytest.raises(ClaimError, match="farm by nki, 2017 shares no place: it may have place 2"):
        statement.shared_place(page(), ordered(), code="farm", by="nki")
    with pytest.raises(ClaimError, match="shares no place: it is not ranked"):
        statement.shared_place(page(), ordered(), code="nobody", by="nki")


def shares(value: float) -> pd.DataFrame:
    """How many gave the highest answer, 4 per cent up and down."""
    row = grades({"engaged": 0}).assign(statistic="share", response=5.0, estimate=value, se=0.02)
    return row.assign(ci_low=value - 0.04, ci_high=value + 0.04)


@pytest.mark.parametrize("code", available())
def test_a_share_is_stated_to_be_more_than_what_its_interval_leaves_out(code, tmp_path):
    given = page(code, estimates=shares(0.44))
    most = statement.share(given, "engaged", response=5, least=0.35, agency=WHO)
    assert "44" in said(most) and "35" in said(most)
    assert all(held(most, tmp_path, estimates=shares(0.44)))
    assert not all(held(most, tmp_path, estimates=shares(0.38)))
    with pytest.raises(ClaimError, match=r"engaged.* is not surely above 0.42: its value is 0.440"):
        statement.share(given, "engaged", response=5, least=0.42, agency=WHO)
