"""The commands behind the Makefile: ``python -m betyg help`` lists them.

Each command imports what it needs when it is called, because make asks for ``keys`` every time
and a tenth of a second is all that should take.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from betyg.errors import DataError, Problems, SurveyError

RAW = Path("data/raw")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 2 for what the user can mend."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    try:
        command(options)
    except SurveyError as error:
        sys.stderr.write(f"\n{error}\n\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was finished is kept; the same command goes on.\n")
        return 130
    return 0


def keys(options: argparse.Namespace) -> None:
    """Write build/rules.mk and the key files, for make."""
    del options
    from betyg.build import engine, parameters
    from betyg.build.plan import Choice

    asked = {name: os.environ.get(name, "").strip() for name in ("STUDY", "LANGUAGE", "PARAMS")}
    engine.write_rules(
        Choice(
            study=asked["STUDY"],
            language=asked["LANGUAGE"],
            values=parameters.parse(asked["PARAMS"]),
        )
    )


def run(options: argparse.Namespace) -> None:
    """Run a notebook as its key file says."""
    from betyg.build import notebook

    job = _read_key(options.key)
    seconds = notebook.run(job)
    _done(job["target"], f"{job['study']:<18} {job['label']:<18} {seconds:6.1f} s")


def keep(options: argparse.Namespace) -> None:
    """Publish an executed notebook with today's words."""
    from betyg.build import notebook

    facts = _read_key(options.key)
    notebook.keep(facts)
    _done(facts["target"], "")


def render(options: argparse.Namespace) -> None:
    """Write the page that readers get of a notebook."""
    from betyg.data.study import Study
    from betyg.publish import document

    facts = _read_key(options.key)
    survey = Study.load(RAW, facts["study"])
    target = Path(facts["target"])
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}")
    document.render(
        Path(facts["notebook"]),
        half,
        language=facts["language"],
        title=survey.label(survey.title, facts["language"]),
        synthetic=survey.synthetic,
    )
    half.replace(target)
    _done(facts["target"], f"{facts['study']:<18} {target}")


def preflight(options: argparse.Namespace) -> None:
    """Check a study before its notebooks run: all problems at once."""
    from betyg.data.study import Study

    facts = _read_key(options.key)
    problems = Problems()
    for problem in facts["problems"]:
        where, _, what = problem.partition(": ")
        problems.add(where, what)
    try:
        Study.load(RAW, facts["study"])
    except SurveyError as error:
        if not facts["problems"]:
            raise
        problems.add("besides", str(error))
    problems.raise_if_any(DataError, heading=f"{RAW / facts['study']}")
    for warning in facts["warnings"]:
        sys.stderr.write(f"warning: {warning}\n")
    options.key.with_suffix(".ok").write_text("")


def _read_key(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _done(target: str, line: str) -> None:
    """Say that something was made, and note it for the last line of make."""
    from betyg.build.engine import DONE

    with DONE.open("a", encoding="utf-8") as file:
        file.write(f"{target}\n")
    if line:
        sys.stdout.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m betyg", description="The commands of make.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (keys, run, keep, render, preflight):
        summary = (command.__doc__ or "").splitlines()[0]
        one = commands.add_parser(command.__name__, help=summary, description=summary)
        one.set_defaults(command=command)
        if command is not keys:
            one.add_argument("key", type=Path, help="a key file below build/")
    return parser


if __name__ == "__main__":
    sys.exit(main())
