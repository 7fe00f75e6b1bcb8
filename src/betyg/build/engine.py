"""Writes the rules and keys by which make decides what to run.

A key is a file with everything that one result depends on. It is rewritten only when that
changes, so that its time of change is the only thing that make has to look at.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from betyg.build import front, leftovers, lock, made, manifest, parameters, plan
from betyg.build.fingerprint import Hashes, Modules, write_if_changed
from betyg.build.outline import Outline
from betyg.build.plan import Choice, Folder, Job

__all__ = ["DONE", "RULES", "write_rules"]

RULES = Path("build/rules.mk")
DONE = Path("build/done")  # lists what this make has made; taken away when make begins
RAW = Path("data/raw")
NOTEBOOKS = Path("notebooks")
RUNNER = "betyg.build.notebook"
PAGE = ("betyg.publish.document", "betyg.publish.ledger")
FORMS = {  # verb of `python -m betyg` -> module that writes the form
    "pdf": "betyg.publish.pdf",
    "docx": "betyg.publish.word",
    "xlsx": "betyg.publish.workbook",
    "csv": "betyg.publish.table_files",
}
PREFLIGHT = "betyg.data.study"
CONTENTS = "betyg.publish.contents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of files and modules, while the rules are written."""

    hashes: Hashes
    modules: Modules


def write_rules(choice: Choice) -> None:
    """Bring the rules and keys up to date, for the studies and values that were chosen.

    Raises
    ------
    ParameterError
        If a name was mistyped, or the notebooks' tables do not fit together.
    """
    made.not_ahead()
    hashes = Hashes(Path("build/hashes.json"))
    notebooks = _notebooks(hashes)
    plan.check_tables(notebooks)
    declared = {p.name for outline in notebooks.values() for p in outline.parameters}
    parameters.check_known(choice.values, declared, where="PARAMS")
    _check_types(choice, notebooks)
    known = Known(hashes=hashes, modules=Modules(hashes, beside=NOTEBOOKS))
    rules = [_study_rules(study, notebooks, choice, known) for study in plan.chosen(choice, RAW)]
    rules.append(_front_page_of_all(rules, choice, known))
    made.settle((rule for part in rules for rule in part["rules"]), hashes)
    DONE.unlink(missing_ok=True)
    write_if_changed(RULES, _rules_file(rules))
    RULES.touch()  # makes make read the rules again, see the Makefile
    hashes.save()


def _notebooks(hashes: Hashes) -> dict[Path, Outline]:
    found = {}
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        if any(sign in path.name for sign in " \t$#%:;=\\'\""):
            remedy = path.name.replace(" ", "_")
            sys.stderr.write(f"{path}: not run, its name breaks make's rules: call it {remedy}\n")
        else:
            found[path] = hashes.notebook(path)
    return found


def _check_types(choice: Choice, notebooks: Mapping[Path, Outline]) -> None:
    for outline in notebooks.values():
        for parameter in outline.parameters:
            if parameter.name in choice.values:
                parameters.fitting(choice.values[parameter.name], parameter, where="PARAMS")


def _study_rules(
    study: Folder, notebooks: Mapping[Path, Outline], choice: Choice, known: Known
) -> dict[str, list[str]]:
    planned, problems = plan.jobs(study, notebooks, choice)
    files = {str(path): known.hashes.of(path) for path in study.files()}
    start = Path("build", study.name, choice.variant)
    _write_key(
        start / "preflight.key",
        {"study": study.name, "problems": problems, "warnings": list(_untranslated(planned))},
        {**files, **known.modules.reached([PREFLIGHT])},
    )
    rules: dict[str, list[str]] = {"preflight": [f"{start}/preflight.ok"], "rules": []}
    rules["rules"].append(_rule(start / "preflight.ok", [start / "preflight.key"], "preflight"))
    if problems or not study.languages:
        planned = []
        rules["report"] = list(rules["preflight"])
    for job in planned:
        for group, lines in _job_rules(job, files, known).items():
            rules.setdefault(group, []).extend(lines)
    if planned:
        _front_page(study, notebooks, choice, known, rules)
        _manifest(planned, files, known, rules)
        leftovers.remove(start / "planned.json", rules["report"], is_whole=not choice.language)
    return rules


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
    _write_key(key, facts, {**inputs, **known.modules.reached([CONTENTS])})
    rules["rules"].append(_rule(place, [key], "contents"))
    rules["report"].append(str(place))
    rules["front"] = [study.name, str(place)]


def _manifest(
    planned: list[Job], files: Mapping[str, str], known: Known, rules: dict[str, list[str]]
) -> None:
    """Add the rule of the list of what was made of what; it comes when all of it is there."""
    place = planned[0].below("reports", manifest.FILE)
    key = planned[0].below("build", "manifest.key")
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
    inputs = {
        str(path): known.hashes.of(path) for path in sorted(RAW.glob("*/study.toml"))
    }
    facts = front.of_studies(made.items(), place=place)
    _write_key(key, facts, {**inputs, **known.modules.reached([CONTENTS])})
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
    _write_key(key, _run_facts(job), _run_ingredients(job, files, known))
    _drop_if_tables_differ(job, executed, known)
    tables = {name: job.below("data/processed", f"{name}.parquet") for name in _tables_of(job)}
    needs = [key, *(tables[name] for name in job.outline.reads if name not in job.outline.writes)]
    rules = [_rule(executed, needs, "run", first=build / "preflight.ok")]
    rules += [_follows(tables[name], executed) for name in job.outline.writes]
    kept, text_key = job.below("reports", "notebooks", executed.name), build / f"{job.label}.text"
    text = {"executed": str(executed), "source": str(job.notebook), "target": str(kept)}
    _write_key(text_key, text, {"text": job.outline.text})
    rules.append(_rule(kept, [text_key, executed], "keep"))
    found = {"rules": rules, "report": [str(kept)], _stage(job): [str(executed)]}
    if job.language:
        pages, page_rules = _page(job, kept, known)
        found["rules"] += page_rules
        found["report"] += map(str, pages)
        if job.agency:
            found["briefs"] = list(found["report"])
    return found


def _stage(job: Job) -> str:
    if job.language:
        return "pages_run"
    return "data" if job.notebook.name.startswith("01") else "models"


def _tables_of(job: Job) -> list[str]:
    return [*job.outline.reads, *job.outline.writes]


def _page(job: Job, kept: Path, known: Known) -> tuple[list[Path], list[str]]:
    """Return what readers get of a notebook in one language, and the rules of it.

    The page comes last, because it links to the other forms.
    """
    page = job.below("reports", *_place(job))
    forms = _other_forms(job, page)
    facts = {
        "study": job.study.name,
        "language": job.language,
        "agency": job.agency,
        "notebook": str(kept),
        "tables": str(job.below("data/processed")),
    }
    lock_file = {"requirements.lock": known.hashes.of(Path("requirements.lock"))}
    rules = []
    for verb, target in forms.items():
        key = job.below("build", f"{job.label}-{verb}.key")
        modules = known.modules.reached([*PAGE, FORMS[verb]])
        _write_key(key, {**facts, "target": str(target)}, {**lock_file, **modules})
        rules.append(_rule(target, [key, kept], verb))
    key = job.below("build", f"{job.label}.page")
    linked = {verb: str(target.relative_to(page.parent)) for verb, target in forms.items()}
    if "csv" in linked:
        linked["csv"] += f"/{_list_of_tables(job)}"
    modules = known.modules.reached(PAGE)
    whole = f"../{job.study.name}-report-{job.language}{_mark(job.study)}.html"
    told = {**facts, "target": str(page), "forms": linked, "report": whole if job.agency else ""}
    told["ledger"] = str(_ledger(job))
    _write_key(key, told, modules)
    rules.append(_rule(page, [key, kept, *forms.values()], "render"))
    rules.append(_follows(_ledger(job), page))
    return [page, *forms.values(), _ledger(job)], rules


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


def _run_facts(job: Job) -> dict[str, Any]:
    up = Path("..")  # notebooks run in their own folder
    staging = job.below("build", "staging", job.label)
    given = {
        "study": job.study.name,
        "raw": str(up / RAW),
        "tables": str(up / job.below("data/processed")),
        "out": str(up / staging),
        "language": job.language,
        "agency": job.agency,
    }
    values = {name: value for name, value in given.items() if job.outline.declares(name)}
    again = [f"STUDY={job.study.name}"]
    if job.variant:
        again.append(f"PARAMS='{' '.join(f'{n}={v!r}' for n, v in job.values.items())}'")
    return {
        "study": job.study.name,
        "notebook": str(job.notebook),
        "label": job.label,
        "parameters": {**values, **job.values},
        "writes": list(job.outline.writes),
        "staging": str(staging),
        "tables": str(job.below("data/processed")),
        "target": str(job.below("build", f"{job.label}.ipynb")),
        "again": " ".join(["make report", *again]),
    }


def _run_ingredients(job: Job, files: Mapping[str, str], known: Known) -> dict[str, str]:
    modules = known.modules.reached([*job.outline.imports, RUNNER])
    return {
        f"code of {job.notebook}": job.outline.code,
        "requirements.lock": known.hashes.of(Path("requirements.lock")),
        "Python": ".".join(str(part) for part in sys.version_info[:3]),
        **files,
        **modules,
    }


def _write_key(path: Path, facts: Mapping[str, Any], ingredients: Mapping[str, str]) -> None:
    key = {**facts, "depends": ingredients}
    write_if_changed(path, json.dumps(key, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def _drop_if_tables_differ(job: Job, executed: Path, known: Known) -> None:
    """Forget a run whose tables are not there as it wrote them, so that it runs again."""
    record = executed.with_suffix(".tables")
    if not executed.exists() or lock.is_held(executed.with_suffix(".lock")):  # being made anew
        return
    written = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if not set(job.outline.writes) <= written.keys() or any(
        not Path(path).exists() or known.hashes.of(Path(path)) != content
        for path, content in written.values()
    ):
        executed.unlink(missing_ok=True)


def _untranslated(planned: Iterable[Job]) -> Iterator[str]:
    """Tell of each text for readers that lacks one of the study's languages."""
    seen = {job.notebook: job for job in planned if job.language}
    for path, job in seen.items():
        for number, there in _texts(job):
            missing = [code for code in job.study.languages if code not in there]
            if missing:
                yield (
                    f"{path}, cell {number}: text for readers in {', '.join(sorted(there))}, "
                    f"none in {', '.join(missing)}. Add a markdown cell after it with that tag."
                )


def _texts(job: Job) -> list[tuple[int, set[str]]]:
    """Return each text for readers: its first cell's number, and the languages it is in."""
    found: list[tuple[int, set[str]]] = []
    last = 0
    for number, tags in job.outline.prose:
        spoken = set(tags) & set(job.study.languages)
        if spoken and found and number == last + 1 and not spoken & found[-1][1]:
            found[-1][1].update(spoken)
        elif spoken:
            found.append((number, spoken))
        last = number
    return found


def _rule(target: Path, needs: Iterable[Path], verb: str, *, first: Path | None = None) -> str:
    listed = [str(path) for path in needs]
    before = f" | {first}" if first else ""
    return f"{target}: {' '.join(listed)}{before}\n\t@$(BETYG) {verb} {listed[0]}\n"


def _follows(table: Path, executed: Path) -> str:
    """Return the rule of a table: an unchanged one keeps its time, so nothing follows from it."""
    return f"{table}: {executed}\n\t@:\n"


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
    head = "# Written by `python -m betyg keys`; every make writes it anew.\neq := =\n"
    return head + "\n".join(lines).replace("=", "$(eq)")
