"""What moved between versions of the tables of a report, and which kind of change moved it."""

import pytest

from betyg.publish import moved
from betyg.publish.plain import Cell, PlainTable, column

OLD = [("Norr", 2011, 61.2, "2-5"), ("Norr", 2012, 60.0, "3-5"), ("Syd", 2012, None, "")]


def table(rows: list[tuple[Cell, ...]]) -> PlainTable:
    kinds = ("text", "year", "score", "text")
    columns = [
        column(label, kind, values)
        for label, kind, values in zip(
            ("Office", "Year", "Index", "Places"), kinds, zip(*rows, strict=True), strict=True
        )
    ]
    return PlainTable(
        name="index", caption="Index", note="", columns=tuple(columns), remarks=("",) * len(rows)
    )


def told(old: list[tuple[Cell, ...]], new: list[tuple[Cell, ...]]) -> list[str]:
    before, after = moved.values([[table(old)], [table(new)]])
    return moved.lines(before, after, {}, ["data"])


def test_the_same_tables_in_another_order_have_not_moved() -> None:
    assert told(OLD, OLD[::-1]) == []


def test_numbers_and_places_that_moved_are_told_with_old_and_new() -> None:
    new = [("Norr", 2011, 60.4, "2-6"), *OLD[1:]]
    assert told(OLD, new) == [
        "index: Norr 2011, Index: 61.2 -> 60.4 (data)",
        "index: Norr 2011, Places: 2-5 -> 2-6 (data)",
    ]


def test_numbers_that_come_are_hidden_or_go_are_told() -> None:
    new = [OLD[0], ("Norr", 2012, None, ""), ("Syd", 2012, 50.0, "1-6")]
    assert told(OLD, new) == [
        "index: Norr 2012, Index: 60.0 -> none (data)",
        "index: Norr 2012, Places: 3-5 -> none (data)",
        "index: Syd 2012, Index: none -> 50.0 (data)",
        "index: Syd 2012, Places: none -> 1-6 (data)",
    ]
    assert told(OLD, OLD[1:]) == [
        "index: Norr 2011, Index: 61.2 -> none (data)",
        "index: Norr 2011, Places: 2-5 -> none (data)",
    ]


def test_the_last_decimal_of_a_file_is_rounding() -> None:
    assert told(OLD, [("Norr", 2011, 61.200001, "2-5"), *OLD[1:]]) == []
    assert told(OLD, [("Norr", 2011, 61.200003, "2-5"), *OLD[1:]]) != []


def test_rows_that_nothing_tells_apart_are_compared_in_their_order() -> None:
    twice = [("Norr", 2011, 61.2, "2-5"), ("Norr", 2011, 61.2, "2-5")]
    assert told(twice, [twice[0], ("Norr", 2011, 61.2, "2-6")]) == [
        "index: Norr 2011 61.2 again, Places: 2-5 -> 2-6 (data)"
    ]


@pytest.mark.parametrize(
    ("data", "code", "cause"),
    [
        (60.4, 61.2, "data"),
        (61.2, 60.4, "code"),
        (60.4, 60.9, "data and code"),
        (61.2, 61.2, "data and code together"),
    ],
)
def test_the_cause_is_what_moves_a_number_alone(data: float, code: float, cause: str) -> None:
    versions = [[table([("Norr", 2011, value, "")])] for value in (61.2, 60.4, data, code)]
    old, new, *alone = moved.values(versions)
    lines = moved.lines(old, new, dict(zip(("data", "code"), alone, strict=True)), ["data", "code"])
    assert lines == [f"index: Norr, Index: 61.2 -> 60.4 ({cause})"]


@pytest.mark.parametrize(
    ("environment", "cause"), [(61.2, "data or code, not tried alone"), (60.4, "environment")]
)
def test_kinds_that_could_not_be_built_alone_are_named_as_possible(
    environment: float, cause: str
) -> None:
    versions = [[table([("Norr", 2011, value, "")])] for value in (61.2, 60.4, environment)]
    old, new, alone = moved.values(versions)
    kinds = ["data", "code", "environment"]
    lines = moved.lines(old, new, {"environment": alone}, kinds)
    assert lines == [f"index: Norr, Index: 61.2 -> 60.4 ({cause})"]
