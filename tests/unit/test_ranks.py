"""Where agencies stand: gates, reasons, the columns of comparisons, and what readers see."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import invented
from betyg.errors import DesignError
from betyg.publish import agencies, standing
from betyg.publish.language import Language
from betyg.stats import bands, ranks


def standings(estimate, se, n=100, **changes):
    estimate, se = np.asarray(estimate, float), np.asarray(se, float)
    given = {"least": 20, "rng": np.random.default_rng(1)} | changes
    covariance = np.diag(np.broadcast_to(se, estimate.shape) ** 2)
    return ranks.standings(estimate, covariance, n=np.broadcast_to(n, estimate.shape), **given)


def test_units_far_apart_have_places_of_their_own():
    found = standings([60, 80, 70, 90], 0.1)
    assert found["place_low"].tolist() == found["place_high"].tolist() == [4, 2, 3, 1]
    assert found["top_quarter"].tolist() == [0, 0, 0, 1]
    assert found["from_mean"].tolist() == [-15, 5, -5, 15]
    # The variance of a unit less the mean of four: se^2 (1 - 1/4).
    np.testing.assert_allclose(found["from_mean_se"], 0.1 * np.sqrt(0.75))


def test_under_the_base_or_unreliable_there_is_no_place_and_a_reason():
    found = standings([60, 80, 70, 90, 75], [1, 1, 1, 1, 30], n=[100, 19, 100, 100, 100])
    assert found["rank_reason"].tolist() == ["", "base", "", "", "reliability"]
    gated = found["rank_reason"] != ""
    for column in ("place_low", "place_high", "top_quarter"):
        assert found[column].isna().tolist() == gated.tolist()
    assert found["from_mean"].notna().all() and found["place_high"].max() <= 5


def test_a_unit_without_an_error_stays_out_of_the_others():
    with_it, without = standings([60, 80, 70, 50], [1, 1, 1, np.nan]), standings([60, 80, 70], 1)
    assert with_it["rank_reason"].tolist() == ["", "", "", "no_error"]
    pd.testing.assert_frame_equal(with_it[:3], without)


def test_two_units_are_not_enough_for_a_range():
    found = standings([60, 80], 1)
    assert found["rank_reason"].tolist() == ["few_units"] * 2
    assert found[list(ranks.NUMBERS)].isna().all(axis=None)
    with pytest.raises(DesignError, match="2 units, of which 2 .* At least 3"):
        bands.expected_range(np.array([60.0, 80.0]), np.ones(2))
    with pytest.raises(DesignError, match="2 units, of which 1"):
        ranks.against_mean(np.array([60.0, np.nan]), np.eye(2), rng=np.random.default_rng(1))


def test_labels_change_at_the_two_limits():
    others = np.tile([-1.0, 1.0], 100)
    for z, label in [(-3.2, "much_lower"), (-2.2, "lower"), (1.8, "as_expected"),
                     (2.2, "higher"), (3.2, "much_higher")]:  # fmt: skip
        assert bands.expected_range(np.append(others, z), np.full(201, 0.2)).label[-1] == label


def test_a_common_error_of_all_units_is_left_out_of_the_range():
    own = np.array([1.0, 4.0, 2.0])
    np.testing.assert_allclose(ranks.own_error(np.diag(own) + 9.0), np.sqrt(own))


def rows(count: int = 21, spread: float = 3.0) -> tuple[pd.DataFrame, object]:
    names = tuple(f"Kommun nummer {i} av {count}" for i in range(count))
    survey = invented.study(names)
    found = invented.estimates(survey, years=(2017,)).query("item == 'nki'").reset_index(drop=True)
    one = found[(found["agency"] != "all") & found["shown"]]
    given = ranks.standings(
        one["estimate"].to_numpy(), np.diag(one["se"].to_numpy() ** 2) * (3.0 / spread) ** 2,
        n=one["n"].to_numpy(), least=20, rng=np.random.default_rng(1),
    ).set_index(one.index)  # fmt: skip
    found = found.join(given)
    return found.fillna(dict.fromkeys(ranks.WORDS, "")), survey


@pytest.mark.parametrize("code", ["sv", "fi", "en"])
def test_the_figure_tells_places_in_words_and_why_some_have_none(code):
    found, survey = rows()
    made = agencies.compared(found, survey, Language(code), item="nki", year=2017)
    place = {"sv": "plats ", "fi": "sijat ", "en": "place "}[code]
    none = {"sv": "ingen plats", "fi": "ei sijaa", "en": "no place"}[code]
    assert made.svg.count(f">{place}") >= 10 and f">{none}<" in made.svg
    assert "Kommun nummer 3 av 21" in made.note and "20" in made.note
    assert f">{place}" not in made.svg_narrow, "there a heading says it"
    at = next(i for i, row in enumerate(made.table.rows) if row[0] == "Kommun nummer 3 av 21")
    assert none in made.table.rows[at]


def test_where_nobody_gets_a_place_the_note_says_so_and_the_column_is_gone():
    found, survey = rows(spread=0.6)
    made = agencies.compared(found, survey, Language("sv"), item="nki", year=2017)
    assert "Inga platser" in made.note
    assert "plats" not in made.svg and "Plats" not in made.table.header


def test_the_title_counts_what_is_sure_for_all_at_once():
    found, survey = rows()
    shown = found[found["shown"] & (found["agency"] != "all")]
    above, below = int((shown["from_mean_low"] > 0).sum()), int((shown["from_mean_high"] < 0).sum())
    alone = shown["from_mean"].abs() > 1.96 * shown["se"]
    made = agencies.compared(found, survey, Language("en"), item="nki", year=2017)
    assert f"{above} of 20 surely above" in made.title and f"{below} surely below" in made.title
    assert 0 < above + below < alone.sum()


def test_hidden_units_have_neither_place_nor_label():
    found, survey = rows()
    made = agencies.compared(found, survey, Language("en"), item="nki", year=2017)
    row = next(row for row in made.table.rows if row[0] == "Kommun nummer 7 av 21")
    assert set(row[1:]) <= {"too few answers to show", ""}


def test_every_label_of_a_band_has_its_word():
    assert tuple(standing.BANDS) == bands.LABELS
