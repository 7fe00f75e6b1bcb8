"""What a researcher states in one line: shown with its claim, or refused with what can be said."""

import pytest
from test_publish_brief import LEVELS, WHO, YEAR, changed, grades, page, said

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
