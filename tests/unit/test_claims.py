"""Claims: each kind holds and fails, sentences carry them, the ledger is the same twice."""

import json

import nbformat
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

import invented
from betyg.__main__ import main
from betyg.data import store
from betyg.publish import claims, evidence, ledger, prose, sentence, together, typed
from betyg.publish.claims import Claim, ClaimError
from betyg.publish.language import Language
from betyg.stats import apart, detectable

ROWS = pd.DataFrame({
    "year": 2012, "agency": ["A", "B", "C", "all"], "item": "courtesy", "statistic": "mean",
    "activity": "all", "group": "all", "response": np.nan, "estimate": [80.0, 60.0, 70.5, 70.0],
    "se": [2.0, 2.0, 2.0, 1.0], "ci_low": [76.0, 56.0, 66.5, 68.0],
    "ci_high": [84.0, 64.0, 74.5, 72.0], "shown": True,
})  # fmt: skip
EARLIER = ROWS.assign(year=2011, estimate=[70.0, 60.5, 70.0, 70.0])
COMPARED = pd.DataFrame({
    "year": 2012, "agency": ["A", "B", "C"], "outcome": "nki", "estimate": [75.0, 60.0, 68.0],
    "se": 2.0, "from_mean": [6.0, -8.0, 0.5], "from_mean_low": [2.0, -12.0, -3.5],
    "from_mean_high": [10.0, -4.0, 4.5], "place_low": [1, 3, 1], "place_high": [2, 3, 2],
    "shared": [True, False, True], "band": ["higher", "lower", "as_expected"],
})  # fmt: skip
CHANGED = pd.DataFrame({
    "year_from": 2011, "year_to": 2012, "agency": ["A", "B"], "outcome": "nki",
    "like_for_like": [4.0, 0.5], "like_for_like_se": [1.0, 1.0], "like_for_like_low": [2.04, -1.46],
    "like_for_like_high": [5.96, 2.46], "comparable": True,
})  # fmt: skip
AGREED = pd.DataFrame({"item": ["x", "y"], "year": 2012, "agencies": 4, "largest": [2.0, 4.0],
                       "bound": [4.0, 7.0], "margin": 5.0})  # fmt: skip
EFFECTS = pd.DataFrame({"event": [0], "item": ["x"], "year_from": 2011, "year_to": 2012,
                        "estimate": 2.0, "p_value": 0.004})  # fmt: skip
SIZES = pd.DataFrame({"agency": list("AAB"), "year": [2011, 2012, 2012], "n": [1, 1, 2],
                      "smallest": [1.0, 1.0, 2.0], "largest": [1.0, 1.0, 2.0],
                      "weight_sum": [1.0, 1.0, 4.0], "weight_sq_sum": [1.0, 1.0, 8.0]})  # fmt: skip
TABLES = {"estimates": pd.concat([ROWS, EARLIER]), "comparisons": COMPARED, "changes": CHANGED,
          "agreement": AGREED, "effects": EFFECTS, "domains": SIZES}  # fmt: skip

A, B, C, EVERYONE = (row for row in ROWS.to_dict("records"))
BEFORE = EARLIER.to_dict("records")[0]
FIRST, LAST, MIDDLE = (row for row in COMPARED.to_dict("records"))
ROSE, STAYED = (row for row in CHANGED.to_dict("records"))
SHARED, APART = (row for row in AGREED.to_dict("records"))
NOW = claims.conditions(year=2012, statistic="mean")
SINGLE = (*NOW, ("agency", "in", ("A", "B", "C")))
FOUND = detectable.from_interval(-1.46, 2.46, 1.0)


def moved(sure, difference):
    return claims.moved(BEFORE, A, sure=sure, says={"difference": difference})


TRUE_AND_FALSE = {
    "value": (claims.value("estimates", A, "estimate"),
              claims.value("estimates", A | {"estimate": 80.1}, "estimate")),
    "share": (claims.share("estimates", A, "estimate"),
              claims.share("estimates", A | {"agency": "nobody"}, "estimate")),
    "total": (claims.total("estimates", "estimate", 210.5, *SINGLE, under=211.0),
              claims.total("estimates", "estimate", 210.5, *SINGLE, under=210.0)),
    "spread": tuple(claims.spread("domains", "n", {"min": 1, "max": most}) for most in (2, 3)),
    "weighted": (claims.weighted({"min": 1, "max": 2, "kish": 10 / 9}),
                 claims.weighted({"min": 1, "max": 2, "kish": 1.0})),
    "is_high": (claims.is_high("estimates", A, least=70), claims.is_high("estimates", C, least=70)),
    "is_low": (claims.is_low("estimates", B, most=70), claims.is_low("estimates", C, most=70)),
    "higher_than": (claims.higher_than("comparisons", FIRST, by="from_mean_low"),
                    claims.higher_than("comparisons", MIDDLE, by="from_mean_low")),
    "lower_than": (claims.lower_than("comparisons", LAST, by="from_mean_high"),
                   claims.lower_than("comparisons", MIDDLE, by="from_mean_high")),
    "changed": (claims.changed("changes", ROSE, part="like_for_like", rise=True),
                claims.changed("changes", STAYED, part="like_for_like", rise=True)),
    "no_difference": (
        claims.no_difference("changes", STAYED, part="like_for_like", found=FOUND),
        claims.no_difference("changes", STAYED, part="like_for_like", found=FOUND / 2)),
    "changed, two rounds": (moved(1, 10.0), moved(-1, 10.0)),
    "surely_above": tuple(
        together.surely_apart("estimates", n, *SINGLE, above=True,
                            reference=claims.row_of("estimates", EVERYONE)) for n in (1, 2)),
    "surely_below": tuple(together.surely_apart("changes", n, above=False, of="like_for_like")
                          for n in (0, 1)),
    "detectable": tuple(
        together.detectable("comparisons", np.array([size]), ("agency", "==", "C"),
                            part="from_mean")
        for size in (detectable.from_interval(-3.5, 4.5, 2.0), 4.0)),
    "detectable_together": tuple(
        together.detectable_together("changes", np.array([size]), of="like_for_like")
        for size in (detectable.smallest(1.0, critical=norm.isf(0.025)), 1.0)),
    "ranked": (claims.ranked("comparisons", LAST),
               claims.ranked("comparisons", LAST | {"place_low": 2})),
    "shared_place": (claims.shared_place("comparisons", FIRST),
                     claims.shared_place("comparisons", LAST)),
    "equivalent": (claims.equivalent(SHARED), claims.equivalent(APART)),
    "not_equivalent": (claims.not_equivalent(APART), claims.not_equivalent(SHARED)),
    "as_expected": (claims.as_expected("comparisons", MIDDLE),
                    claims.as_expected("comparisons", FIRST)),
    "not_as_expected": tuple(claims.not_as_expected("comparisons", row, bands=["higher"])
                             for row in (FIRST, LAST)),
    "effect": tuple(claims.effect("effects", EFFECTS.to_dict("records")[0] | {"estimate": points},
                                  "estimate") for points in (2.0, 3.0)),
    "holds": tuple(claims.holds("comparisons", row, ("band", "!=", "lower"))
                   for row in (FIRST, LAST)),
    "count": tuple(claims.count("domains", "agency", n, ("year", "==", 2012)) for n in (2, 3)),
    "throughout": tuple(claims.throughout("domains", "agency", n, each="year") for n in (1, 2)),
    "always": tuple(claims.always("domains", "agency", n, must=[("year", "==", 2012)])
                    for n in (1, 2)),
    "highest": tuple(claims.highest("estimates", row, *SINGLE) for row in (A, C)),
    "lowest": tuple(claims.lowest("estimates", row, *SINGLE) for row in (B, C)),
    "may_be_highest": tuple(
        together.may_be_first("estimates", ("agency", "in", codes), len(codes), *SINGLE)
        for codes in (("A",), ("A", "C"))),
    "may_be_lowest": tuple(
        together.may_be_first("estimates", ("agency", "in", codes), len(codes), *SINGLE,
                              lowest=True)
        for codes in (("B",), ("A",))),
    "surely_lowest": tuple(
        together.surely_lowest("estimates", ("agency", "in", codes), len(codes), *SINGLE)
        for codes in (("B",), ("C",))),
    "least_firm": tuple(
        together.least_firm("domains", "agency", share, 2, must=("year", "==", 2012))
        for share in (0.5, 1.0)),
    "declared": tuple(claims.declared("compare.margin", margin) for margin in (5.0, 4.0)),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name, frame in TABLES.items():
        store.write(frame, name, tmp_path)
    return tmp_path


def look_up(claim: Claim, folder):
    return evidence.evaluate(claim, evidence.tables_for([claim], folder, invented.study()))


@pytest.mark.parametrize("kind", TRUE_AND_FALSE)
def test_a_true_claim_holds_and_a_false_one_does_not(kind, folder):
    true, false = TRUE_AND_FALSE[kind]
    assert true.kind == kind.partition(",")[0]
    assert look_up(true, folder).holds, look_up(true, folder).values
    assert not look_up(false, folder).holds


NOBODY = ("agency", "==", "nobody")
MISSPELT = ("yaer", "==", 2012)
OVER_NOTHING = {
    "count": claims.count("estimates", "agency", 0, NOBODY),
    "count, must": claims.count("estimates", "agency", 0, NOBODY, must=[("estimate", ">", 90)]),
    "always": claims.always("estimates", "agency", 0, NOBODY, must=[("estimate", ">", 90)]),
    "throughout": claims.throughout("estimates", "agency", 0, NOBODY, each="year"),
    "surely": together.surely_apart("estimates", 0, NOBODY, above=True),
    "misspelt": claims.count("estimates", "agency", 0, MISSPELT),
    "misspelt, must": claims.count("estimates", "agency", 0, *NOW, must=[MISSPELT]),
    "misspelt, of": claims.count("estimates", "agnecy", 0, *NOW, must=[("estimate", ">", 90)]),
    "misspelt, surely": together.surely_apart("estimates", 0, MISSPELT, above=True),
    "misspelt, among": claims.highest("estimates", A, MISSPELT),
}


@pytest.mark.parametrize("claim", OVER_NOTHING.values(), ids=OVER_NOTHING)
def test_over_no_rows_not_even_a_nought_is_seen(claim, folder):
    assert not look_up(claim, folder).holds


def test_a_nought_among_rows_is_seen(folder):
    assert look_up(claims.count("estimates", "agency", 0, *NOW, must=[NOBODY]), folder).holds


@pytest.mark.parametrize("claim", [claims.value, claims.share, claims.effect])
def test_a_claim_of_numbers_needs_one(claim):
    with pytest.raises(ClaimError, match="no number is claimed"):
        claim("estimates", A, "no such column")


def test_every_kind_of_claim_is_tried():
    kinds = set(claims.Kind.__args__)
    assert kinds == {kind.partition(",")[0] for kind in TRUE_AND_FALSE}


def test_no_difference_cannot_be_claimed_without_what_would_have_been_found():
    with pytest.raises(ClaimError, match="which difference would have been found"):
        claims.moved(BEFORE, A, sure=0, says={"difference": 0.5})


def test_a_claim_comes_back_from_a_notebook_as_it_went():
    for true, _ in TRUE_AND_FALSE.values():
        assert Claim.unpacked(json.loads(json.dumps(true.packed()))) == true


@pytest.mark.parametrize("code", ["sv", "fi", "en"])
def test_words_hand_on_the_claims_of_the_numbers_in_them(code):
    language = Language(code)
    number = sentence.stating(language.number(80.0), claims.value("estimates", A, "estimate"))
    said = language.text("{value} of 100", value=language.range(number, number))
    assert sentence.claims_of(language.listing([said, "x"])) == sentence.claims_of(number)
    prose.paragraph(said)  # is not refused


@pytest.mark.parametrize("said", ["71 of 100", "80.2 of 100", "80, 2 of them"])
def test_a_number_that_no_claim_has_is_refused_with_its_sentence(said):
    claimed = sentence.stating(said, claims.value("estimates", A, "estimate", "ci_low"))
    with pytest.raises(ClaimError, match=f"no claim for .* in “{said}”"):
        prose.bullets(claimed)


def test_numbers_in_labels_and_rounds_that_are_asked_of_pass():
    age = sentence.quoted("Aged 18-29")
    said = Language("en").text("{role} {share}", role=age, share="")
    prose.paragraph(said)
    with pytest.raises(ClaimError, match="no claim for 18, 29"):
        prose.paragraph(str(said))
    prose.paragraph(sentence.stating("In 2012.", claims.count("estimates", "", 8, *NOW)))


SHARE = claims.share("estimates", A | {"estimate": 0.45}, "estimate")
FELL = claims.value("comparisons", FIRST | {"from_mean": -3.0}, "from_mean")
WHOLE = claims.count("estimates", "", 1, ("shown", "==", True))


@pytest.mark.parametrize(("said", "claim"), [
    ("45 % do", SHARE), ("45 % (45–45)", SHARE), ("44–45\u00a0% do", (SHARE, claims.share(
        "estimates", A | {"estimate": 0.44}, "estimate"))), ("\u22123 points", FELL),
    ("3 points lower", FELL), ("71 of 100, 95 % konfidensintervall, 0–100",
                               claims.value("estimates", A | {"estimate": 71.0}, "estimate")),
])  # fmt: skip
def test_a_number_is_written_as_it_is_claimed(said, claim):
    several = claim if isinstance(claim, tuple) else (claim,)
    assert list(sentence.unexplained(sentence.stating(said, *several))) == []


@pytest.mark.parametrize(("said", "claim", "wrong"), [
    ("45 points", SHARE, "45"), ("80 % do", claims.count("estimates", "", 80), "80"),
    ("100 % do", WHOLE, "100"), ("95 % do", SHARE, "95"), ("95 of them", SHARE, "95"),
    ("of 100 % do", SHARE, "100"), ("100 agencies", SHARE, "100"), ("0 of them", WHOLE, "0"),
    ("+3 points", FELL, "3"), ("\u221280 points", claims.value("estimates", A, "estimate"), "80"),
])  # fmt: skip
def test_a_number_that_is_claimed_as_something_else_is_refused(said, claim, wrong):
    assert list(sentence.unexplained(sentence.stating(said, claim))) == [wrong]


@pytest.mark.parametrize("number", ["52", "25", "2.5", "5,2", "2\u00a0000"])
def test_a_label_is_not_cut_out_of_a_number(number):
    said = Language("en").text("{role} {share}", role=sentence.quoted("2"), share=number)
    assert list(sentence.unexplained(said)) == [number]


def executed(folder, *said):
    output = nbformat.v4.new_output("display_data", prose.bullets(*said)._repr_mimebundle_())
    cell = nbformat.v4.new_code_cell("report", outputs=[output])
    path = folder / "05_report.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def test_a_table_that_was_altered_afterwards_contradicts_the_sentence(folder):
    said = sentence.stating("A gets 80.", claims.value("estimates", A, "estimate"))
    notebook = executed(folder, said)
    (entry,) = ledger.verify(notebook, tables=folder, survey=invented.study())
    assert entry.sentence == "A gets 80." and entry.found[0][1].values == {"estimate": 80.0}
    store.write(ROWS.assign(estimate=79.0), "estimates", folder)
    told = r"05_report.ipynb: .*\n  - “cell 1: A gets 80.”\n.*estimate = 80\n.*estimate = 79"
    with pytest.raises(ClaimError, match=told):
        ledger.verify(notebook, tables=folder, survey=invented.study())


def test_the_ledger_has_the_same_bytes_twice_and_can_be_read_as_a_table(folder):
    said = sentence.stating("A gets 80.", claims.value("estimates", A, "estimate"))
    entries = ledger.verify(executed(folder, said), tables=folder, survey=invented.study())
    for name in ("a-sv.json", "b-sv.json"):
        ledger.write(entries, folder / "claims" / name)
    first, second = (path.read_bytes() for path in sorted((folder / "claims").iterdir()))
    assert first == second
    told = list(ledger.table(folder / "claims", language="sv"))
    assert "  “A gets 80.”" in told
    assert any(line.split() == ["value", "holds", "2"] for line in told)
    assert not any("A gets" in line for line in ledger.table(folder / "claims", language="fi"))


def test_typed_numbers_are_listed_by_cell_and_line():
    text = "In 2012 all was well.\n\nOf those aged 18-29, 37 % agree, after 2031."
    cell = nbformat.v4.new_markdown_cell(text, metadata={"tags": ["en"]})
    given = {
        "language": "en",
        "labels": {"aged 18-29", "7"},
        "years": {2012},
        "name": "05_report.ipynb",
    }
    assert list(typed.numbers([cell], **given)) == [
        "05_report.ipynb, cell 1, line 3: 37, 2031 in “Of those aged 18-29, 37 % agree, "
        "after 2031.”"
    ]
    assert list(typed.numbers([cell], **given | {"language": "sv"})) == []


def test_differences_are_judged_together_by_holms_method():
    rng = np.random.default_rng(3)
    estimate = rng.normal(0, 3, 40)
    p = 2 * norm.sf(np.abs(estimate))
    sure = multipletests(p, alpha=apart.LEVEL, method="holm")[0]
    found = apart.surely(estimate, np.ones(40), reference=0.0)
    np.testing.assert_array_equal(found != 0, sure)
    assert 0 < sure.sum() < 40


def test_make_claims_prints_the_ledgers_of_a_study_in_a_language(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDY", "one")
    monkeypatch.setenv("LANGUAGE", "en")
    assert main(["claims"]) == 2
    assert "No report has been built yet: make report" in capsys.readouterr().err
    said = sentence.stating("A gets 80.", claims.value("estimates", A, "estimate"))
    entries = ledger.verify(executed(folder, said), tables=folder, survey=invented.study())
    for name in ("one/claims/report-en.json", "one/claims/report-sv.json", "two/claims/a-en.json"):
        ledger.write(entries, tmp_path / "reports" / name)
    assert main(["claims"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told.count("  “A gets 80.”") == 1 and "report-en.json" in told
    assert ["value", "holds", "1"] in [line.split() for line in told]


def test_rows_of_other_agencies_are_read_where_any_claim_is_about_them(tmp_path):
    store.write(TABLES["estimates"], "estimates", tmp_path)
    own = claims.value("estimates", A, "estimate")
    pair = claims.moved(EVERYONE, A, sure=1, says={"difference": 10.0})
    all_of_them = claims.count("estimates", "agency", 4, *NOW)
    known = evidence.tables_for([own, pair], tmp_path, invented.study())
    assert known.count("estimates", NOW) == 2  # that of A, and that of all
    assert evidence.evaluate(pair, known).holds
    known = evidence.tables_for([own, all_of_them], tmp_path, invented.study())
    assert evidence.evaluate(all_of_them, known).holds and evidence.evaluate(own, known).holds
