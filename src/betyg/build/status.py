"""What is fresh, stale or failed, and why: the words of `make status` and `make why`."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from betyg.build import decisions, engine, kept, lock, record
from betyg.build.fingerprint import Hashes, Modules
from betyg.build.outline import cell_codes
from betyg.build.plan import Choice, Look, nothing_elsewhere
from betyg.build.record import Change
from betyg.build.runs import RUNNER, Run
from betyg.errors import ParameterError, did_you_mean

__all__ = ["State", "overview", "reasons", "states", "status", "why"]

Kind = Literal["fresh", "stale", "waiting", "failed", "running"]
LINES = 6  # of a changed cell
WIDE = 110  # characters of a failure, in the list
MOST = 20  # changes that are told of one run


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How it stands with one run of a notebook.

    Attributes
    ----------
    run : Run
        The run.
    kind : str
        ``waiting`` means that it holds as long as earlier runs come out as they did.
    changes : list of Change
        What is not as it was when it ran.
    after : list of str
        Labels of runs that are needed and may change what it reads.
    said : str
        What was said when it failed.
    """

    run: Run
    kind: Kind
    changes: list[Change]
    after: list[str]
    said: str


def status(choice: Choice, elsewhere: Look = nothing_elsewhere) -> Iterator[str]:
    """Yield the lines of `make status`."""
    known, rules = engine.look(choice, elsewhere)
    found = states(known.runs, known.hashes)
    for part in rules:
        if "study" in part:
            own = [state for state in found if state.run.job.study.name == part["study"][0]]
            yield from overview(own, part)


def why(choice: Choice, notebook: str, elsewhere: Look) -> Iterator[str]:
    """Yield the lines of `make why`."""
    known, rules = engine.look(choice, elsewhere)
    faults = [fault for part in rules for fault in part.get("problems", [])]
    yield from faults
    if known.runs or not faults:
        yield from reasons(states(known.runs, known.hashes), known.modules, notebook=notebook)


def states(runs: Iterable[Run], hashes: Hashes) -> list[State]:
    """Return how it stands with each run, in the order in which they would run."""
    found: list[State] = []
    uncertain: dict[str, str] = {}  # table -> the run that may change it
    for run in runs:
        after = sorted({uncertain[path] for path in run.facts["reads"] if path in uncertain})
        state = _state(run, hashes, after)
        if state.kind != "fresh":
            uncertain |= {str(path): run.job.label for path in run.tables}
        found.append(state)
    return found


def _state(run: Run, hashes: Hashes, after: list[str]) -> State:
    changes = record.changes(run.facts, hashes.of)
    said = record.failure(run.facts).get("said", "")
    kind: Kind = "stale" if changes else "waiting" if after else "fresh"
    if said and kind != "fresh":
        kind = "failed"
    if lock.is_held(run.executed.with_suffix(".lock")):
        kind = "running"
    return State(run=run, kind=kind, changes=changes, after=after, said=said)


def overview(found: Sequence[State], study: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield how it stands with a study: its runs, alike ones on one line, and what readers get.

    Parameters
    ----------
    found : sequence of State
        The runs of the study.
    study : mapping of str to list of str
        What the engine returned of it.
    """
    yield study["study"][0]
    for problem in study.get("problems", []):
        yield _row("preflight", "failed", " ".join(problem.split()))
    if "problems" in study:
        return
    yield _row("preflight", "stale" if engine.unmade(study, "preflight") else "fresh", "")
    for _, alike in groupby(found, _likeness):
        same = list(alike)
        job = same[0].run.job
        label = f"{job.notebook.stem}, {len(same)} runs" if len(same) > 1 else job.label
        yield _row(label, same[0].kind, _in_short(same[0]))
    waiting = engine.unmade(study, "report")
    told = f"{len(waiting)} to be made, {waiting[0]} first" if waiting else ""
    yield _row("pages and other files", "stale" if waiting else "fresh", told)


def _row(label: str, kind: str, told: str) -> str:
    return f"  {label:<26} {kind:<8} {told}".rstrip()


def _likeness(state: State) -> tuple[str, ...]:
    job = state.run.job
    one = job.label if state.kind in ("failed", "running") or not job.agency else ""
    return (job.notebook.stem, one, state.kind, _in_short(state))


def _in_short(state: State) -> str:
    if state.kind == "failed":
        return _told_shortly(state.said)
    if state.kind == "stale":
        first = _never(state) or str(state.changes[0])
        more = len(state.changes) - 1
        return first + (f", and {more} more" if more else "")
    return f"for {', '.join(state.after)}" if state.kind == "waiting" else ""


def _told_shortly(said: str) -> str:
    """Return where a run stopped and why, out of the screen that was shown then."""
    head, *rest = said.splitlines()
    place = head.partition(" stopped ")[2]
    reason = rest[1] if place.endswith(":") and len(rest) > 1 else (rest or [""])[0]
    return textwrap.shorten(f"{place} {reason}" if place else head, WIDE, placeholder=" ...")


def _never(state: State) -> str:
    if record.of(state.run.facts):
        return ""
    return "was stopped while it ran" if record.stopped(state.run.facts) else "never ran"


def reasons(found: Sequence[State], modules: Modules, *, notebook: str = "") -> Iterator[str]:
    """Yield each run that is needed, and everything that has changed.

    Parameters
    ----------
    found : sequence of State
        The runs.
    modules : Modules
        From which is told through which imports a notebook reaches a module.
    notebook : str
        The one that is asked for; empty for all that are not fresh.

    Raises
    ------
    ParameterError
        If no notebook has that name.
    """
    asked = _named(found, notebook)
    for state in asked:
        name = f"{state.run.job.study.name} {state.run.job.label}"
        if state.kind != "fresh":
            yield f"{name} {_headline(state)}"
            yield from (f"    {line}" for line in _details(state, modules))
        elif notebook:
            yield f"{name} is fresh: nothing that it depends on has changed."
    if all(state.kind == "fresh" for state in asked) and not notebook:
        yield "Nothing would run: every notebook is fresh."


def _named(found: Sequence[State], notebook: str) -> list[State]:
    name = Path(notebook).name.removesuffix(".ipynb")
    asked = [s for s in found if name in ("", s.run.job.notebook.stem, s.run.job.label)]
    if not asked:
        known = dict.fromkeys(state.run.job.notebook.stem for state in found)
        raise ParameterError(f"NB={notebook}: no such notebook. {did_you_mean(name, known)}")
    return asked


def _headline(state: State) -> str:
    if state.kind == "failed":
        return "failed and would run again. It was said:"
    if state.kind == "running":
        return "is running."
    if state.kind == "waiting":
        return "would run if its tables change:"
    return "would run:"


def _details(state: State, modules: Modules) -> Iterator[str]:
    yield from state.said.splitlines()
    if said := _never(state):
        yield f"it {said}"
    else:
        for change in state.changes[:MOST]:
            yield from _told(change, state.run, modules)
        if len(state.changes) > MOST:
            yield f"and {len(state.changes) - MOST} more"
    for label in state.after:
        yield f"it reads what {label} writes, which is to run first"


def _told(change: Change, run: Run, modules: Modules) -> Iterator[str]:
    """Yield one change: of notebooks the cells, of study.toml the settings, of modules the way."""
    if change.what.startswith("code of "):
        yield from _cells(change, run)
        return
    then, now = record.settings(run.facts, change.what)
    if then and now:
        yield f"{change.what} changed:"
        yield from (f"  {line}" for line in list(decisions.told(then, now))[:MOST])
        return
    yield str(change)
    way = modules.way([*run.job.outline.imports, RUNNER], change.what)
    if len(way) > 1:
        yield f"  reached by {', which uses '.join(way)}"


def _cells(change: Change, run: Run) -> Iterator[str]:
    """Yield the cells that differ between the notebook and what of it ran."""
    yield str(change)
    if not run.executed.exists():
        return
    now, then = (list(_code(path)) for path in (run.job.notebook, run.executed))
    old_code, new_code = ([code for _, code, _ in cells] for cells in (then, now))
    matcher = difflib.SequenceMatcher(a=old_code, b=new_code)
    for verb, first, last, begin, end in matcher.get_opcodes():
        if verb != "equal":
            old = "\n".join(text for _, _, text in then[first:last])
            new = "\n".join(text for _, _, text in now[begin:end])
            number = now[min(begin, len(now) - 1)][0] if now else 1
            yield f"  cell {number}:" if end > begin else f"  gone before cell {number}:"
            lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
            yield from (f"    {line}" for line in list(lines)[3:][:LINES])


def _code(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield number, code and text of each cell that runs; parameters from outside are none."""
    for number, cell in enumerate(kept.read(path)["cells"], start=1):
        injected = "injected-parameters" in cell.get("metadata", {}).get("tags", [])
        code = cell_codes([cell])
        if code and code[0] and not injected:
            yield number, code[0], "".join(cell["source"])
