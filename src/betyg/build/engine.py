"""Writes the rules and keys by which make decides what to run.

A key is a file with everything that one result depends on. It is rewritten only when that
changes, so that its time of change is the only thing that make has to look at.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from betyg.build import client, front, leftovers, made, manifest, plan, preflight, runs
from betyg.build.fingerprint import Hashes, Modules, write_if_changed
from betyg.build.outline import Outline, digest
from betyg.build.plan import Choice, Folder, Job, Look
from betyg.build.runs import Run

__all__ = ["DONE", "RULES", "Known", "look", "unmade", "write_rules"]

RULES = Path("build/rules.mk")
DONE = Path("build/done")  # lists what this make has made; taken away when make begins
RAW = Path("data/raw")
NOTEBOOKS = Path("notebooks")
PAGE = ("betyg.publish.document", "betyg.publish.forms", "betyg.publish.ledger")
FORMS = ("pdf", "word", "workbook", "table_files")  # modules that write the other forms of a page
PREFLIGHT = "betyg.data.study"
CONTENTS = "betyg.publish.forms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of files, modules and runs, while the rules are written."""

    choice: Choice
    hashes: Hashes
    modules: Modules
    environment: Mapping[str, str]
    world: Mapping[str, str]  # the environment in one line, for the keys that nobody asks why
    elsewhere: Look
    runs: list[Run] = field(default_factory=list)  # in the order in which they would run
    edited: list[str] = field(default_factory=list)  # results that are not as they were made


def write_rules(choice: Choice, elsewhere: Look) -> None:
    """Bring the rules and keys up to date, for the studies and values that were chosen.

    Raises
    ------
    ParameterError
        If something is wrong before any study is looked at: a name was mistyped, or the notebooks'
        tables do not fit together.
    """
    made.not_ahead()
    known, rules = look(choice, elsewhere)
    made.set_aside(known.edited)
    for part in rules:
        for record in part.get("plan", []):
            leftovers.remove(Path(record), part["report"], is_whole=not choice.language)
    DONE.unlink(missing_ok=True)
    write_if_changed(RULES, _rules_file(rules))
    RULES.touch()  # makes make read the rules again, see the Makefile


def look(
    choice: Choice, elsewhere: Look = plan.nothing_elsewhere
) -> tuple[Known, list[dict[str, list[str]]]]:
    """Bring the keys up to date, and return what is known and the rules of each study."""
    hashes = Hashes(Path("build/hashes.json"))
    notebooks = preflight.notebooks(NOTEBOOKS, hashes)
    preflight.check(choice, notebooks, RAW)
    there = runs.environment(hashes)
    known = Known(
        choice=choice,
        hashes=hashes,
        modules=Modules(hashes, beside=NOTEBOOKS),
        environment=there,
        world={"environment": digest(sorted(there.items()))},
        elsewhere=elsewhere,
    )
    rules = [_study_rules(study, notebooks, known) for study in plan.chosen(choice, RAW)]
    rules.append(_front_page_of_all(rules, choice, known))
    known.edited.extend(made.settle((rule for part in rules for rule in part["rules"]), hashes))
    for run in known.runs:
        runs.settle(run, hashes)
    hashes.save()
    return known, rules


def _study_rules(
    study: Folder, notebooks: Mapping[Path, Outline], known: Known
) -> dict[str, list[str]]:
    files = {str(path): known.hashes.of(path) for path in study.files()}
    there, faults = known.elsewhere(study.path) if study.has_remote else ({}, ())
    files |= there
    passed, problems = _preflight(study, notebooks, files, faults, known)
    rules = {"study": [study.name], "preflight": [passed], "rules": [_passed(passed)]}
    if problems or not study.languages:
        said = problems or [f"{study.path}/study.toml: no languages can be read from it"]
        return {**rules, **dict.fromkeys(("data", "briefs", "report"), [passed]), "problems": said}
    planned, _ = plan.jobs(study, notebooks, known.choice)
    for job in planned:
        for group, lines in _job_rules(job, files, known).items():
            rules.setdefault(group, []).extend(lines)
    for place, table in runs.links(planned).items():
        runs.link(place, table)
        rules["rules"].append(_follows(place, table))
    if planned:
        _front_page(study, notebooks, known.choice, known, rules)
        _manifest(planned, files, known, rules)
        rules["plan"] = [str(Path("build", study.name, known.choice.variant, "planned.json"))]
    return rules


def _preflight(
    study: Folder, notebooks: Mapping[Path, Outline], files: Mapping[str, str],
    faults: Sequence[str], known: Known,
) -> tuple[str, list[str]]:  # fmt: skip
    """Write the key of a study's pre-flight; return the file that says it passed, and problems.

    They are those of the study in all its languages, whatever was chosen.
    """
    whole, problems = plan.jobs(study, notebooks, Choice(values={}))
    problems += [*faults, *preflight.clashes((str(job.notebook), _outputs(job)) for job in whole)]
    key = Path("build", study.name, "preflight.key")
    _write_key(
        key,
        {
            "study": study.name,
            "problems": problems,
            "warnings": [*study.warnings, *preflight.untranslated(whole)],
        },
        {**files, **known.modules.reached([PREFLIGHT])},
    )
    return str(key.with_suffix(".ok")), problems


def _passed(ok: str) -> str:
    return _rule(Path(ok), [Path(ok).with_suffix(".key")], "preflight")


def _outputs(job: Job) -> list[str]:
    """Return what a run and its page are called, which must be nobody else's."""
    page = [str(job.below("reports", *_place(job)))] if job.language else []
    return [str(job.below("build", job.label)), *page]


def _front_page(
    study: Folder,
    notebooks: Mapping[Path, Outline],
    choice: Choice,
    known: Known,
    rules: dict[str, list[str]],
) -> None:
    """Add the study's front page to its rules: what there is in every language."""
    whole, _ = plan.jobs(study, notebooks, replace(choice, language=""))
    files = [entry for job in whole if job.language for entry in _entries(job)]
    place = Path("reports", study.name, choice.variant, front.PAGE)
    key = Path("build", study.name, choice.variant, "contents.key")
    facts = front.of_study(study, files, place=place, planned=rules["report"])
    inputs = {str(path): known.hashes.of(path) for path in study.files()}
    _write_key(key, facts, {**inputs, **known.world, **known.modules.reached([CONTENTS])})
    rules["rules"].append(_rule(place, [key], "contents"))
    rules["report"].append(str(place))
    rules["front"] = [study.name, str(place)]


def _manifest(
    planned: list[Job], files: Mapping[str, str], known: Known, rules: dict[str, list[str]]
) -> None:
    """Add the rule of the list of what was made of what; it comes when all of it is there."""
    own = next(job for job in planned if job.variant == known.choice.variant)
    place, key = own.below("reports", manifest.FILE), own.below("build", "manifest.key")
    code = {name: known.hashes.of(path) for name, path in manifest.sources(planned).items()}
    _write_key(key, manifest.facts(planned, rules["report"], target=place), {**files, **code})
    rules["rules"].append(_rule(place, [key, *map(Path, rules["report"])], "manifest"))
    rules["report"].append(str(place))


def _front_page_of_all(
    studies: Iterable[Mapping[str, list[str]]], choice: Choice, known: Known
) -> dict[str, list[str]]:
    """Return the rule of the page that lists the studies; other parameters do not change it."""
    now = [part["front"] for part in studies if "front" in part]
    if choice.variant or not now:
        return {"rules": []}
    made = {name: page for name, page in now}
    for name in plan.folders(RAW):
        page = Path("reports", name, front.PAGE)
        if page.exists():
            made.setdefault(name, str(page))
    place, key = Path("reports", front.PAGE), Path("build/contents.key")
    inputs = {str(path): known.hashes.of(path) for path in sorted(RAW.glob("*/study.toml"))}
    facts = front.of_studies(made.items(), place=place)
    _write_key(key, facts, {**inputs, **known.world, **known.modules.reached([CONTENTS])})
    return {"rules": [_rule(place, [key], "contents")], "report": [str(place)]}


def _entries(job: Job) -> list[dict[str, str]]:
    page = job.below("reports", *_place(job))
    places = {"html": page, **_other_forms(job, page)}
    return [
        front.entry(
            path / _list_of_tables(job) if form == "csv" else path,
            language=job.language, form=form, agency=job.agency,
        )
        for form, path in places.items()
    ]  # fmt: skip


def _job_rules(job: Job, files: Mapping[str, str], known: Known) -> dict[str, list[str]]:
    build = job.below("build")
    executed = build / f"{job.label}.ipynb"
    key = build / f"{job.label}.key"
    facts = runs.facts(job)
    depends = runs.ingredients(job, files, known.environment, known.modules)
    _write_key(key, facts, depends)
    run = Run(job=job, key=key, facts={**facts, "depends": depends})
    known.runs.append(run)
    passed = Path("build", job.study.name, "preflight.ok")
    rules = [_rule(executed, [key, *map(Path, facts["reads"])], "run", first=passed)]
    rules += [_follows(table, executed) for table in run.tables]
    if job.variant != known.choice.variant:  # made for the tables that others share
        return {"rules": rules, _stage(job): [str(executed)]}
    places, shown = (_page if job.language else _kept)(job, executed, known)
    report = [str(place) for place in places]
    found = {"rules": [*rules, *shown], "report": report, _stage(job): [str(executed)]}
    return found | {"briefs": report} if job.agency else found


def _stage(job: Job) -> str:
    if job.language:
        return "pages_run"
    return "data" if job.notebook.name.startswith("01") else "models"


def _kept(job: Job, executed: Path, known: Known) -> tuple[list[Path], list[str]]:
    """Return where an executed notebook is published, and the rule of it."""
    del known
    target, key = _published(job), job.below("build", f"{job.label}.text")
    facts = {"executed": str(executed), "source": str(job.notebook), "target": str(target)}
    _write_key(key, facts, {"text": job.outline.text})
    return [target], [_rule(target, [key, executed], "keep")]


def _page(job: Job, executed: Path, known: Known) -> tuple[list[Path], list[str]]:
    """Return what readers get of a notebook in one language, and the rules of it.

    One command makes all of it, the page last: it links to the other forms, and they take little
    time once the page has been read and its claims looked up.
    """
    page, key = job.below("reports", *_place(job)), job.below("build", f"{job.label}.page")
    forms = _other_forms(job, page)
    linked = {form: str(place.relative_to(page.parent)) for form, place in forms.items()}
    if "csv" in linked:
        linked["csv"] += f"/{_list_of_tables(job)}"
    whole = f"../{job.study.name}-report-{job.language}{_mark(job.study)}.html"
    facts = {
        "study": job.study.name,
        "language": job.language,
        "agency": job.agency,
        "executed": str(executed),
        "source": str(job.notebook),
        "notebook": str(_published(job)),
        "tables": str(job.below("data/processed")),
        "target": str(page),
        "places": {form: str(place) for form, place in forms.items()},
        "forms": linked,
        "report": whole if job.agency else "",
        "ledger": str(_ledger(job)),
    }
    modules = known.modules.reached([*PAGE, *(f"betyg.publish.{name}" for name in FORMS if forms)])
    _write_key(key, facts, {"text": job.outline.text, **known.world, **modules})
    with_it = [_published(job), *forms.values(), _ledger(job)]
    follow = [_beside(place, page) for place in with_it]
    return [page, *with_it], [_rule(page, [key, executed], "render"), *follow]


def _published(job: Job) -> Path:
    """Return where readers find the notebook with its results."""
    return job.below("reports", "notebooks", f"{job.label}.ipynb")


def _ledger(job: Job) -> Path:
    """Return where it is written what a page claims."""
    noun = job.notebook.stem.partition("_")[2] or job.notebook.stem
    parts = [noun, job.agency, job.language]
    return job.below("reports", "claims", "-".join(part for part in parts if part) + ".json")


def _other_forms(job: Job, page: Path) -> dict[str, Path]:
    """Return where each form lies, beside the page; the tables have a folder to themselves.

    The many pages on one agency each have no other forms: that would take minutes.
    """
    if job.agency:
        return {}
    noun = job.notebook.stem.partition("_")[2] or job.notebook.stem
    end = f"{job.language}{_mark(job.study)}"
    return {
        "pdf": page.with_suffix(".pdf"),
        "docx": page.with_suffix(".docx"),
        "xlsx": job.below("reports", f"{job.study.name}-{noun}-tables-{end}.xlsx"),
        "csv": job.below("reports", "tables", f"{noun}-{end}"),
    }


def _list_of_tables(job: Job) -> str:
    return f"contents{_mark(job.study)}.csv"


def _mark(study: Folder) -> str:
    return "-synthetic" if study.synthetic else ""


def _place(job: Job) -> list[str]:
    """Return folder and name of a page below the study's own folder."""
    noun = job.notebook.stem.partition("_")[2] or job.notebook.stem
    parts = [job.study.name, noun, job.agency, job.language]
    name = "-".join(part for part in parts if part) + _mark(job.study)
    return [f"{noun}s"] * bool(job.agency) + [f"{name}.html"]


def _write_key(path: Path, facts: Mapping[str, Any], ingredients: Mapping[str, str]) -> None:
    key = {**facts, "depends": ingredients}
    write_if_changed(path, json.dumps(key, ensure_ascii=False, sort_keys=True) + "\n")


def unmade(study: Mapping[str, list[str]], group: str) -> list[str]:
    """Return what make would make of a group of files, going by their times as make does."""
    needs = {}
    for rule in study["rules"]:
        head, _, recipe = rule.partition("\n")
        target, _, listed = head.partition(": ")
        before = listed.removeprefix("| ").partition(" | ")[0].split()
        needs[target] = (before, recipe.strip() == "@:")
    stale: dict[str, bool] = {}

    def is_stale(name: str) -> bool:
        if name not in stale:
            before, follows = needs.get(name, ([], True))
            ahead = [is_stale(one) for one in before]
            stale[name] = any(ahead) or _is_old(Path(name), [] if follows else before)
        return stale[name]

    return [name for name in study[group] if is_stale(name)]


def _is_old(target: Path, before: Iterable[str]) -> bool:
    if not target.exists():
        return True
    made = target.stat().st_mtime_ns
    return any(Path(one).stat().st_mtime_ns > made for one in before)


def _rule(target: Path, needs: Iterable[Path], verb: str, *, first: Path | None = None) -> str:
    listed = [str(path) for path in needs]
    before = f" | {first}" if first else ""
    return f"{target}: {' '.join(listed)}{before}\n\t@$(ASK) {verb} {listed[0]}\n"


def _follows(table: Path, executed: Path) -> str:
    """Return the rule of a table: an unchanged one keeps its time, so nothing follows from it."""
    return f"{table}: {executed}\n\t@:\n"


def _beside(place: Path, page: Path) -> str:
    """Return the rule of what is written with a page, and before it: to be older is no fault."""
    return f"{place}: | {page}\n\t@:\n"


def _as_word(path: str) -> str:
    """Return a path as one word of a shell, in make's spelling."""
    return shlex.quote(path).replace("$", "$$").replace("#", r"\#")


def _rules_file(studies: Iterable[Mapping[str, list[str]]]) -> str:
    """Return the text of the rules, in which make would take a plain '=' for an assignment."""
    parts = list(studies)

    def all_of(*groups: str) -> str:
        return " ".join(name for part in parts for group in groups for name in part.get(group, []))

    lines = [
        f"preflight: {all_of('preflight')}",
        f"data: {all_of('data')}",
        f"models: {all_of('data', 'models')}",
        f"briefs: {all_of('briefs')}",
        f"report: {all_of('report')}",
        *(rule for part in parts for rule in part["rules"]),
    ]
    head = (
        "# Written by `python -m betyg keys`; every make writes it anew.\neq := =\n"
        f"ASK := $(PYTHON) -I -S {_as_word(client.__file__)}\n"
    )
    return head + "\n".join(lines).replace("=", "$(eq)")
