"""PARAMS of the command line, and the values of study.toml."""

import pytest

from betyg.build.outline import Parameter
from betyg.build.parameters import fitting, folder_name, parse, timeout, unknown
from betyg.errors import ParameterError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("year_from=2011", {"year_from": 2011}),
        ("year_from=2011 outcome=nki", {"year_from": 2011, "outcome": "nki"}),
        ("year_from = 2011, share=0.5", {"year_from": 2011, "share": 0.5}),
        ("title='a b=c'", {"title": "a b=c"}),
        ("title=a b", {"title": "a b"}),
        ("years=[2011, 2013] by=None", {"years": [2011, 2013], "by": None}),
        ("shown=true hidden=False", {"shown": True, "hidden": False}),
    ],
)
def test_values_are_read_as_python_or_toml_writes_them(text: str, values: object) -> None:
    assert parse(text) == values


@pytest.mark.parametrize("text", ["2011", "=2011", "year from=2011", "year_from"])
def test_what_has_no_name_and_value_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError, match=r"not of the form name=value.*year_from=2011"):
        parse(text)


def test_a_mistyped_name_brings_the_name_that_was_meant_and_the_list() -> None:
    said, other = unknown(["yer_from", "x", "top"], ["year_from", "top", "study"], where="PARAMS")
    assert "no notebook declares a parameter 'yer_from'" in said
    assert "Did you mean 'year_from'?" in said
    assert "Declared: top, year_from." in said
    assert "no notebook declares a parameter 'x'" in other


def test_what_make_itself_gives_is_not_a_parameter_to_choose() -> None:
    (said,) = unknown(["study"], ["study"], where="PARAMS")
    assert "make itself gives 'study'" in said
    assert "STUDY=name" in said


@pytest.mark.parametrize(("given", "seconds"), [("", 3600), (" 90 ", 90)])
def test_a_cell_has_an_hour_unless_it_is_given_another_time(given: str, seconds: int) -> None:
    assert timeout(given) == seconds


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "an hour"])
def test_a_time_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(ParameterError, match="how many seconds a cell may take"):
        timeout(given)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", 2011), ("float", 1), ("float", 0.5), ("str", "nki"), ("bool", True), ("", "any")]
    + [("int | None", None), ("list[int]", [1]), ("tuple[str, ...]", ["a"]), ("Path", "any")],
)
def test_a_value_of_the_declared_type_fits(kind: str, value: object) -> None:
    assert fitting(value, Parameter(name="x", kind=kind, value=None), where="PARAMS") == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", "2011"), ("int", 2011.0), ("int", True), ("str", 1), ("bool", 1), ("int | None", "")],
)
def test_a_value_of_another_type_is_refused(kind: str, value: object) -> None:
    parameter = Parameter(name="year_from", kind=kind, value=2010)
    with pytest.raises(ParameterError) as caught:
        fitting(value, parameter, where="PARAMS")
    assert f"year_from is declared as {kind}, but {value!r}" in str(caught.value)
    assert "For example: year_from=2010" in str(caught.value)


def test_the_folder_of_a_variant_says_its_values_in_one_order() -> None:
    assert folder_name({"year_from": 2011, "by": "nki"}) == "by=nki,year_from=2011"


def test_values_that_no_folder_can_be_named_after_still_get_their_own() -> None:
    names = {folder_name({"title": text}) for text in ("a b", "a/b", "a  b", "å" * 300, "å" * 299)}
    assert len(names) == 5
    assert all(len(name) < 120 and "/" not in name and " " not in name for name in names)
