"""What goes with the index: which themes, in which field, who is left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import products
import simulated
from betyg.data.codebook import CrosswalkRow, Item, Theme
from betyg.stats import domains, driver_strata, driver_sums, driver_units, drivers, estimate
from betyg.stats.design import SurveyDesign

RNG = 20170602
OF_THEMES = {
    "polite": "courtesy", "kind": "courtesy", "quick": "handling", "plain": "handling",
    "web": "information",
}  # fmt: skip


def study(**changes):
    items = dict.fromkeys(("overall", "ideal", *OF_THEMES), 5) | {"better": 3, "praise": 2}
    plain = simulated.study(
        items=items,
        agencies=("A", "B", "C"),
        indices={"nki": ("overall", "ideal"), "theme.courtesy": ("polite", "kind")},
        compare={"outcome": "nki"},
        design={"strata": ("agency", "year")},
    )
    themed = tuple(
        Item(item=i, theme=OF_THEMES.get(i, "other"), scale=f"s{k}", label={"en": i})
        for i, k in items.items()
    )
    themes = tuple(
        Theme(theme=t, index=False, label={"en": t})
        for t in ("courtesy", "handling", "information", "other")
    )
    return plain.model_copy(update={"items": themed, "themes": themes} | changes)


def answers(n: int = 900, *, seed: int = RNG, agencies: str = "ABC") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"agency": rng.choice(list(agencies), n)})
    shared = rng.normal(size=n)
    strength = {"polite": 1.2, "kind": 1.0, "quick": 0.6, "plain": 0.5, "web": 0.1}
    for item, much in strength.items():
        frame[item] = steps(much * shared + rng.normal(size=n))
    for item in ("overall", "ideal"):
        frame[item] = steps(1.2 * shared + 0.8 * rng.normal(size=n) + (frame["agency"] == "A"))
    for item, much in (("better", 3), ("praise", 2)):
        frame[item] = rng.integers(1, much + 1, n)
    frame["weight"] = rng.uniform(0.5, 2.0, n)
    return frame.assign(stratum=frame["agency"])


def steps(latent: np.ndarray) -> np.ndarray:
    return np.clip(np.round(3.5 + latent), 1, 5)


def found(frame: pd.DataFrame, survey=None, *, replicates: int = 200) -> drivers.Drivers:
    survey = survey or study()
    return find(simulated.respondents(frame, survey), survey, replicates=replicates)


def find(people: pd.DataFrame, survey, *, groups: int = 10**6, **options) -> drivers.Drivers:
    sizes = domains.of_rows([people])
    sums = driver_sums.of_rows([people], survey, domains=sizes, groups=groups)
    return drivers.find(sums, survey, **options)


def of_all(made: drivers.Drivers) -> pd.DataFrame:
    return made.table[made.table["agency"] == "all"].set_index("theme")


def test_the_questions_of_the_index_choices_and_directions_are_no_drivers():
    asked = drivers.predictors(study(), 2012)
    assert asked.of == "theme"
    assert asked.items == {
        "courtesy": ("polite", "kind"), "handling": ("quick", "plain"), "information": ("web",),
    }  # fmt: skip


def test_an_item_that_is_the_outcome_is_no_driver():
    survey = simulated.study(items={"overall": 10, "polite": 5, "quick": 5})
    assert list(drivers.predictors(survey, 2012).items) == ["polite", "quick"]


def test_what_is_asked_of_each_activity_or_not_that_year_is_no_driver():
    rows = (
        CrosswalkRow(item="web", year=2012, column="-"),
        CrosswalkRow(item="quick", column="q", activity="plan"),
    )
    asked = drivers.predictors(study(crosswalk=rows), 2012)
    assert asked.of == "item", "two themes remain"
    assert list(asked.items) == ["polite", "kind", "plain"]


def test_shares_add_up_to_one_the_most_important_first_with_its_interval():
    made = found(answers()).table
    for _, scope in made.groupby("agency"):
        np.testing.assert_allclose(scope["importance"].sum(), 1.0)
        assert (np.diff(scope["importance"]) <= 0).all()
        assert scope["importance"].between(scope["ci_low"], scope["ci_high"]).all()
        assert list(scope["theme"])[:2] == ["courtesy", "handling"]
        np.testing.assert_allclose(scope["p_most"].sum(), 1.0)
    assert list(made.columns) == list(drivers.COLUMNS)
    assert set(made["agency"]) == {"all", "A", "B", "C"}


def test_every_two_themes_are_set_against_each_other():
    made = found(answers())
    for agency, own in made.pairs.groupby("agency"):
        order = made.table.loc[made.table["agency"] == agency, "theme"].tolist()
        above = own.pivot_table(index="theme", columns="other", values="p_above")
        above = above.loc[order, order].to_numpy()
        assert np.isnan(np.diag(above)).all()
        both = ~np.eye(len(order), dtype=bool)
        np.testing.assert_allclose((above + above.T)[both], 1.0, err_msg="one of them lies above")
        assert above[0, -1] > 0.95, "courtesy was made to matter, information not to"


def test_of_more_than_two_the_first_is_above_each_at_least_as_often_as_above_all():
    made = found(answers())
    pairs = made.pairs.groupby(["agency", "theme"])["p_above"].min()
    most = made.table.set_index(["agency", "theme"])["p_most"]
    assert (most <= pairs.loc[most.index] + 1e-12).all()


def test_the_shares_are_those_of_a_regression_within_agencies():
    frame, survey = answers(), study()
    rows = simulated.respondents(frame, survey)
    score = {
        "courtesy": (rows["polite"].astype(float) + rows["kind"].astype(float)) / 2,
        "handling": (rows["quick"].astype(float) + rows["plain"].astype(float)) / 2,
        "information": rows["web"].astype(float),
        "y": rows["nki"],
    }
    table = pd.DataFrame(score)
    by, weight = rows["agency"].astype(str), rows["weight"]
    means = table.mul(weight, axis=0).groupby(by).sum().div(weight.groupby(by).sum(), axis=0)
    centred = table - means.loc[by].to_numpy()
    root = np.sqrt(weight.to_numpy())[:, None]
    columns, y = centred.to_numpy()[:, :3] * root, centred["y"].to_numpy() * root[:, 0]
    fitted = columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    got = of_all(found(frame))
    np.testing.assert_allclose(got["r_squared"], fitted @ fitted / (y @ y), rtol=1e-10)


def test_the_level_of_an_agency_does_not_count():
    survey = study()
    rows = simulated.respondents(answers(), survey)
    higher = rows.assign(nki=rows["nki"] + 7.0 * (rows["agency"] == "B"))
    one, other = (find(r, survey, replicates=50).table for r in (rows, higher))
    pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def test_doubled_weights_and_shuffled_rows_change_nothing():
    frame, survey = answers(), study()
    rows = simulated.respondents(frame, survey)
    doubled = rows.assign(weight=2 * rows["weight"])
    shuffled = rows.sample(frac=1.0, random_state=1)
    wanted = ["agency", "theme", "importance", "score", "score_ci_low", "r_squared", "n"]
    want = find(rows, survey, replicates=50).table
    pd.testing.assert_frame_equal(find(doubled, survey, replicates=50).table, want)
    got = find(shuffled, survey, replicates=50).table
    pd.testing.assert_frame_equal(got[wanted], want[wanted])


def test_an_agency_is_the_same_whoever_else_took_part():
    frame = answers()
    alone = found(frame[frame["agency"] != "C"].reset_index(drop=True)).table
    every = found(frame).table
    wanted = ["theme", "importance", "score", "score_ci_low", "r_squared", "n"]
    one, other = (t[t["agency"] == "A"][wanted].reset_index(drop=True) for t in (alone, every))
    pd.testing.assert_frame_equal(one, other)


def test_who_lacks_a_theme_is_left_out_and_counted_but_has_a_score():
    frame = answers()
    frame.loc[:49, "web"] = np.nan
    frame.loc[50:59, ["overall", "ideal"]] = np.nan
    made = of_all(found(frame))
    assert (made["n"] == 840).all()
    assert (made["incomplete"] == 50).all()
    assert made["answers"].to_dict() == {"courtesy": 900, "handling": 900, "information": 850}


def test_half_of_a_themes_questions_is_enough_and_less_is_not():
    frame = answers()
    frame.loc[:19, "kind"] = np.nan
    frame.loc[:9, "polite"] = np.nan
    assert of_all(found(frame)).loc["courtesy", "answers"] == 890


def test_the_score_is_that_of_the_estimates():
    frame, survey = answers(), study()
    rows = simulated.respondents(frame, survey)
    got = of_all(find(rows, survey, replicates=20))
    want = estimate.direct(rows, survey, by=(("year",),)).query(
        "item == 'theme.courtesy' and statistic == 'mean' and year == 2012"
    )
    columns = ["score", "score_ci_low", "score_ci_high", "answers"]
    np.testing.assert_allclose(
        got.loc["courtesy", columns].to_numpy(float),
        want[["estimate", "ci_low", "ci_high", "n"]].to_numpy(float)[0],
    )


def test_an_agency_with_fewer_than_ten_answers_a_theme_is_named():
    frame = answers(900)
    few = frame["agency"].eq("C") & frame["agency"].eq("C").cumsum().gt(29)
    made = found(frame[~few].reset_index(drop=True))
    assert "C" not in set(made.table["agency"])
    assert made.left_out.to_dict("records") == [
        {"agency": "C", "year": 2012, "theme": "", "n": 29, "reason": "too few answers"}
    ]


def test_a_theme_that_few_answered_is_named_and_does_not_drop_the_others():
    frame = answers()
    frame.loc[:500, "web"] = np.nan
    made = found(frame)
    assert set(made.table["theme"]) == {"courtesy", "handling"}
    assert (of_all(made)["incomplete"] == 0).all()
    (row,) = made.left_out.to_dict("records")
    assert (row["theme"], row["n"], row["reason"]) == (
        "information", 399, "fewer than half answered it",
    )  # fmt: skip


def test_where_all_gave_one_answer_it_is_said():
    frame = answers()
    frame.loc[frame["agency"] == "B", ["overall", "ideal"]] = 4
    made = found(frame)
    assert made.left_out["reason"].tolist() == ["all gave one answer"]
    assert set(made.table["agency"]) == {"all", "A", "C"}


@pytest.mark.parametrize("kind", ["counts", "published"])
def test_without_respondents_there_is_an_empty_table_and_a_reason(kind):
    made = drivers.find(pd.DataFrame(), study(kind=kind))
    assert made.table.empty and list(made.table.columns) == list(drivers.COLUMNS)
    assert made.pairs.empty and list(made.pairs.columns) == list(drivers.PAIRS)
    assert made.left_out["reason"].tolist() == [f"only {kind}"]


def test_one_theme_is_too_few():
    survey = simulated.study(items={"overall": 10, "polite": 5})
    rows = simulated.respondents(pd.DataFrame({"overall": [1, 2], "polite": [2, 3]}), survey)
    made = find(rows, survey)
    assert made.table.empty
    assert made.left_out["reason"].tolist() == ["too few themes"]


@pytest.mark.parametrize(
    ("importance", "score", "field"),
    [
        (0.5, 40, "prioritise"), (0.5, 80, "improve_if_possible"), (0.1, 80, "keep"),
        (0.1, 40, "lower_priority"), (0.3, 80, "cannot_tell"), (0.5, 63, "cannot_tell"),
    ],
)  # fmt: skip
def test_the_field_is_named_unless_an_interval_holds_a_dividing_line(importance, score, field):
    row = pd.DataFrame(
        {
            "importance": [importance], "ci_low": importance - 0.1, "ci_high": importance + 0.1,
            "score": score, "score_ci_low": score - 5.0, "score_ci_high": score + 5.0,
            "importance_line": 1 / 3, "score_line": 60.0,
        }
    )  # fmt: skip
    assert drivers.with_fields(row)["field"].tolist() == [field]
    assert field in drivers.FIELDS


def test_the_same_answers_give_the_same_table():
    pd.testing.assert_frame_equal(found(answers()).table, found(answers()).table)


def test_groups_of_units_give_the_same_shares_and_nearly_the_same_intervals():
    survey = study()
    people = simulated.respondents(answers(30_000, agencies="AB"), survey)
    alone = find(people, survey, replicates=400).table.set_index(["agency", "theme"])
    grouped = find(people, survey, groups=256, replicates=400).table.set_index(["agency", "theme"])
    same = ["importance", "r_squared", "score", "n", "incomplete", "answers"]
    pd.testing.assert_frame_equal(grouped[same], alone[same], rtol=1e-9)
    for low, high in (("ci_low", "ci_high"), ("score_ci_low", "score_ci_high")):
        ratio = (grouped[high] - grouped[low]) / (alone[high] - alone[low])
        # 256 groups know a standard error within 4 %, 400 replicates its interval within 7 %.
        np.testing.assert_allclose(ratio, 1.0, atol=0.25)


def test_groups_of_unequal_size_do_not_make_a_stratum_vary_by_its_size():
    survey = study()
    people = simulated.respondents(answers(8_000, agencies="A").assign(polite=4), survey)
    made = find(people, survey, groups=16, replicates=50)
    units = driver_units.Units.of(
        driver_sums.of_rows([people], survey, domains=domains.of_rows([people]), groups=16),
        ("A",),
        survey,
    )
    by_group = units.sums[:, 0] / units.sums[:, 0].sum() * 16
    # Weights from 0.5 to 2 vary by a third; of 500 in a group that leaves two per cent.
    np.testing.assert_allclose(by_group, 1.0, atol=0.1)
    assert len(made.table)


def test_sums_of_parts_are_those_of_the_whole():
    survey = study()
    people = simulated.respondents(answers(2_000), survey)
    sizes = domains.of_rows([people])
    cut = [people.iloc[:700], people.iloc[700:701], people.iloc[701:]]
    one, other = (
        driver_sums.of_rows(parts, survey, domains=sizes, groups=64) for parts in ([people], cut)
    )
    for name in ("counts", "scores", "products"):
        np.testing.assert_allclose(np.stack(one[name]), np.stack(other[name]), rtol=1e-12)
    pd.testing.assert_frame_equal(one.iloc[:, :6], other.iloc[:, :6])


def test_a_unit_whose_rows_lie_in_several_parts_is_met_once_in_each_stratum():
    rows = pd.DataFrame(
        {"psu": [0, 1, 0, 2, 1, 2, 0, 3, 1], "stratum": [0, 0, 0, 1, 0, 1, 1, 0, 0]}
    )
    met = driver_strata.Met(every=False)
    parts = [rows.iloc[:2], rows.iloc[2:6], rows.iloc[6:]]
    new = [met.new(part["stratum"].to_numpy(), part["psu"].to_numpy()) for part in parts]
    np.testing.assert_array_equal(np.concatenate(new), ~rows.duplicated())


def test_groups_count_the_units_that_are_in_them():
    survey = study()
    people = simulated.respondents(answers(2_000).assign(psu=np.arange(2_000) % 700), survey)
    sums = driver_sums.of_rows([people], survey, domains=domains.of_rows([people]), groups=16)
    got = sums.groupby("stratum", observed=True)["units"].sum()
    want = people.groupby("stratum", observed=True)["psu"].nunique()
    pd.testing.assert_series_equal(got, want, check_names=False)


def test_the_sums_of_parts_are_those_of_all_rows_at_once():
    survey, frame = study(), answers()
    people = simulated.respondents(frame, survey)
    cut = [people.iloc[:250], people.iloc[250:300], people.iloc[300:]]
    sums = driver_sums.of_rows(cut, survey, domains=domains.of_rows([people]))
    units = driver_units.Units.of(sums, ("A", "B", "C"), survey)
    scores = 25.0 * (frame.drop(columns=["agency", "stratum"]) - 1)
    pairs = (("polite", "kind"), ("quick", "plain"), ("web",), ("overall", "ideal"))
    want = products.of_rows(
        np.column_stack([scores[list(pair)].mean(axis=1) for pair in pairs]),
        group=pd.Index(list("ABC")).get_indexer(frame["agency"]),
        groups=3,
        design=SurveyDesign.of(weight=frame["weight"].to_numpy()),
    )
    np.testing.assert_allclose(units.products(3, len(pairs)).totals, want.totals, rtol=1e-12)
