"""Check the sections of study.toml, except the sources."""

from __future__ import annotations

from collections.abc import Iterator

from betyg.data.codebook import Label
from betyg.data.facts import Facts
from betyg.data.settings import Index
from betyg.data.study_toml import FILE, Settings
from betyg.errors import Problems, did_you_mean

__all__ = ["check", "outcomes"]

Path = tuple[str | int, ...]


def check(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Note texts without a language, unknown items and outcomes, bands out of order, ..."""
    _labels(settings, problems)
    for index in settings.indices:
        _index(index, settings, facts, problems)
    _bands(settings, problems)
    _compare(settings, facts, problems)
    _roles_used(settings, problems)
    _variance(settings, facts, problems)
    if settings.disclosure.rank < settings.disclosure.show:
        problems.add(
            settings.lines.where(("disclosure", "rank")),
            f"rank = {settings.disclosure.rank} is less than show = {settings.disclosure.show}.",
            "Nothing is ranked that is not shown: raise rank.",
        )
    if settings.fetch is not None and settings.fetch.file not in settings.files:
        problems.add(
            settings.lines.where(("fetch", "file")),
            f"'{settings.fetch.file}' is not the file of any [[source]].",
            did_you_mean(settings.fetch.file, settings.files),
        )


def outcomes(settings: Settings, facts: Facts) -> list[str] | None:
    """Return the items and composite indices of the study; None when they are not known."""
    if facts.items.codes is None:
        return None
    names = [*(row.item for row in facts.items.rows), *sorted(facts.items.codes)]
    indices = settings.table("index")
    names += [name for name, index in indices.items() if isinstance(index, dict)]
    if settings.study is None or settings.study.kind != "published":
        themed = (row.theme for row in facts.items.rows if row.theme)
        without = {theme.theme for theme in facts.themes.rows if not theme.index}
        names += [f"theme.{theme}" for theme in themed if theme not in without]
    return list(dict.fromkeys(names))


def _labels(settings: Settings, problems: Problems) -> None:
    for path, label in _texts(settings):
        for language in settings.languages:
            if not label.get(language, "").strip():
                problems.add(
                    settings.lines.where(path),
                    f"no text in '{language}'.",
                    f'Add {path[-1]}.{language} = "...", or take the language out of languages.',
                )
    for language in sorted({x for x in settings.languages if settings.languages.count(x) > 1}):
        problems.add(
            settings.lines.where(("study", "languages")),
            f"'{language}' stands twice.",
            "Name each language once.",
        )


def _texts(settings: Settings) -> Iterator[tuple[Path, Label]]:
    if settings.study is not None:
        yield ("study", "title"), settings.study.title
        if settings.study.about is not None:
            yield ("study", "about"), settings.study.about
        for role, label in settings.study.labels.items():
            yield ("study", "labels", role), label
    for index in settings.indices:
        yield ("index", index.name, "label"), index.label
    for number, band in settings.bands:
        yield ("band", number, "label"), band.label


def _index(index: Index, settings: Settings, facts: Facts, problems: Problems) -> None:
    known = facts.items.codes
    where = settings.lines.where(("index", index.name, "items"))
    for item in index.items if known is not None else ():
        if item not in (known or ()):
            remedy = did_you_mean(item, [row.item for row in facts.items.rows])
            problems.add(where, f"'{item}' is no item of codebook.csv.", remedy)
    if len(set(index.items)) < len(index.items):
        problems.add(where, "an item stands twice.", "Name each item once.")
    name = settings.lines.where(("index", index.name))
    if known is not None and index.name in known:
        problems.add(name, "the index has the name of an item.", "Give it a name of its own.")
    if not index.name.isidentifier():
        problems.add(
            name,
            f"'{index.name}' cannot be the name of an index.",
            "Use letters, digits and _, beginning with a letter.",
        )
    if settings.study is not None and settings.study.kind == "published":
        problems.add(
            name,
            "published values cannot be combined to an index: the answers behind them are needed.",
            "Remove the section; an index that was published is an item of codebook.csv.",
        )


def _bands(settings: Settings, problems: Problems) -> None:
    pairs = zip(settings.bands, settings.bands[1:], strict=False)
    for (_, lower), (number, band) in pairs:
        if band.from_ <= lower.from_:
            problems.add(
                settings.lines.where(("band", number, "from")),
                f"{band.from_:g} is not above {lower.from_:g}, where the band before begins.",
                "List the bands from the lowest to the highest.",
            )


def _compare(settings: Settings, facts: Facts, problems: Problems) -> None:
    if settings.compare is None:
        return
    known, outcome = outcomes(settings, facts), settings.compare.outcome
    if known is not None and outcome not in known:
        problems.add(
            settings.lines.where(("compare", "outcome")),
            f"'{outcome}' is no item or index.",
            did_you_mean(outcome, known),
        )


def _variance(settings: Settings, facts: Facts, problems: Problems) -> None:
    """Check that weights and the way of estimating errors go together, and have what they need."""
    design, delivered = settings.design, settings.design.variance == "delivered"
    where = settings.lines.where(("design", "variance"))
    if design.calibrate and design.variance != "linearised":
        problems.add(
            where,
            f"errors by '{design.variance}' know nothing of the margins in calibrate.",
            'Take variance = "linearised", or weights that are calibrated already.',
        )
    if design.trim and delivered:
        problems.add(where, "replicate weights are not trimmed.", "Remove trim.")
    if design.calibrate and not any(row.population is not None for row in facts.frame.rows):
        problems.add(
            settings.lines.where(("design", "calibrate")),
            "frame.csv states no population.",
            "Add its column population, for each category of the margins and each year.",
        )
    for number, source in settings.sources:
        if delivered != bool(source.replicates):
            problems.add(
                settings.lines.where(("source", number, "replicates")),
                "columns of replicate weights are "
                + ("missing." if delivered else "named, but not used."),
                'Name them here, replicates = "rw{1..80}", and set variance = "delivered" in '
                "[design].",
            )


def _roles_used(settings: Settings, problems: Problems) -> None:
    """Check that what is adjusted for, or is a stratum, is given by a source."""
    given = {role for _, source in settings.sources for role in _ROLES if source.gives(role)}
    if not settings.sources:
        return
    adjusted = settings.compare.adjust_for if settings.compare else ()
    margins = dict.fromkeys(role for margin in settings.design.calibrate for role in margin)
    named: list[tuple[str, str, tuple[str, ...]]] = [
        ("compare", "adjust_for", adjusted),
        ("design", "calibrate", tuple(margins)),
    ]
    if "strata" in settings.table("design"):
        named.append(("design", "strata", settings.design.strata))
    for section, key, roles in named:
        for role in roles:
            if role not in given:
                problems.add(
                    settings.lines.where((section, key)),
                    f"no source gives '{role}'.",
                    f'Name its column in {FILE}: columns = {{ {role} = "..." }}, '
                    f"or take it out of {key}.",
                )


_ROLES = ("agency", "year", "activity", "group", "stratum")
