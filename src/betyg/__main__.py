"""The commands behind the Makefile: ``python -m betyg help`` lists them.

Each command imports what it needs when it is called, because make asks for ``keys`` every time
and a tenth of a second is all that should take.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from betyg.checks import RAW, accessibility, asked, check_manifest, claims, diff, verify
from betyg.errors import DataError, ParameterError, SurveyError, of_the_system


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 2 for what the user can mend."""
    options = _parser().parse_args(arguments)
    # Jupyter would build a grammar of web addresses, which takes a second or two and is not used.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    command: Callable[[argparse.Namespace], int | None] = options.command
    try:
        with _alone(options), _noted(options):
            code = command(options) or 0
        sys.stdout.flush()
        return code
    except SurveyError as error:
        return _mendable(error)
    except BrokenPipeError:  # whoever read has seen enough, as in `make why | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        made = _read_key(options.key).get("target") if options.command in OF_A_KEY else "build/"
        return _mendable(of_the_system(error, made))
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was finished is kept; the same command goes on.\n")
        return 130


def _mendable(error: object) -> int:
    """Tell of what the user can mend, and return the exit code of that."""
    sys.stderr.write(f"\n{error}\n\n")
    return 2


def keys(options: argparse.Namespace) -> None:
    """Write build/rules.mk and the key files, for make."""
    del options
    from betyg.build import engine, plan

    choice = plan.Choice.of(asked)
    try:
        engine.write_rules(choice, _elsewhere)
    except ParameterError as error:
        from betyg.data import study

        studies = [choice.study] if choice.study else list(plan.folders(RAW))
        raise ParameterError("\n\n".join([str(error), *study.faults(RAW, studies)])) from error


def status(options: argparse.Namespace) -> None:
    """Say what is fresh, stale or failed."""
    del options
    from betyg.build import status as standing
    from betyg.build.plan import Choice

    sys.stdout.writelines(f"{line}\n" for line in standing.status(Choice.of(asked), _elsewhere))


def why(options: argparse.Namespace) -> None:
    """Say which notebook would run because of what; NB=03_models for one."""
    del options
    from betyg.build import status as standing
    from betyg.build.plan import Choice

    told = standing.why(Choice.of(asked), asked("NB"), _elsewhere)
    sys.stdout.writelines(f"{line}\n" for line in told)


def run(options: argparse.Namespace) -> None:
    """Run a notebook as its key file says."""
    from betyg.build import notebook

    job = _read_key(options.key)
    seconds = notebook.run(job)
    _done(job["target"], _line(job["study"], job["label"], seconds))


def keep(options: argparse.Namespace) -> None:
    """Publish an executed notebook with today's words."""
    from betyg.build import kept

    facts = _read_key(options.key)
    kept.publish(Path(facts["executed"]), Path(facts["target"]), source=Path(facts["source"]))
    _done(facts["target"], "")


def render(options: argparse.Namespace) -> None:
    """Publish an executed notebook, and write the page that readers get of it in all its forms."""
    began = time.monotonic()
    from betyg.build import kept
    from betyg.data.study import Study
    from betyg.publish import forms

    facts = _read_key(options.key)
    executed, shown = Path(facts["executed"]), Path(facts["notebook"])
    kept.publish(executed, shown, source=Path(facts["source"]))
    forms.write(facts, Study.load(RAW, facts["study"], sums=False))
    for made in (shown, facts["ledger"], *facts["places"].values()):
        _done(str(made), "")
    label = " ".join(filter(None, ("page", facts["agency"], "in", facts["language"])))
    _done(facts["target"], _line(facts["study"], label, time.monotonic() - began))


def contents(options: argparse.Namespace) -> None:
    """Write the front page of a study, or of all studies."""
    from betyg.publish import forms

    facts = _read_key(options.key)
    forms.contents(facts, RAW)
    _done(facts["target"], "")


def manifest(options: argparse.Namespace) -> None:
    """List what was made of what beside a study's reports."""
    from betyg.build import manifest as manifests

    manifests.write(_read_key(options.key))  # and no line: nobody waited for it


def preflight(options: argparse.Namespace) -> None:
    """Check a study before its notebooks run: all problems at once."""
    began = time.monotonic()
    from betyg.data.study import Study

    facts = _read_key(options.key)
    found = list(facts["problems"])
    try:
        Study.load(RAW, facts["study"])
    except SurveyError as error:
        found.append(str(error))
    if found:
        raise DataError("\n\n".join(found))
    for warning in facts["warnings"]:
        sys.stderr.write(f"warning: {warning}\n")
    passed = options.key.with_suffix(".ok")
    passed.write_text("")
    _done(str(passed), _line(facts["study"], "preflight", time.monotonic() - began))


def new(options: argparse.Namespace) -> None:
    """Begin a study: a commented folder in data/raw."""
    from betyg.data import skeleton

    folder = skeleton.create(RAW, options.study)
    sys.stdout.write(f"{folder} is ready to be edited. Begin with {folder}/study.toml.\n")


def sums(options: argparse.Namespace) -> None:
    """Accept a study's raw files as they are now."""
    from betyg.data.study_folder import existing
    from betyg.data.sums import write_sums

    sys.stdout.writelines(f"{path} written.\n" for path in write_sums(existing(RAW, options.study)))


def synthesise(options: argparse.Namespace) -> None:
    """Write an invented study anew, for instance with a million respondents."""
    from betyg.data.synthetic import synthesis

    folder = synthesis.write(RAW, options.study, into=options.into, respondents=options.respondents)
    sys.stdout.write(f"{folder} is written.\n")


def fetch(options: argparse.Namespace) -> None:
    """Get the data of a study that are public elsewhere."""
    from betyg.data import fetch as fetching
    from betyg.data.study_folder import existing

    sys.stdout.write(f"{fetching.fetch(existing(RAW, options.study))} is there.\n")


def tidy(options: argparse.Namespace) -> None:
    """Take what came out, and noise, out of the notebooks that are about to be committed."""
    del options
    from betyg.build import tidy as tidying

    sys.stdout.writelines(f"{path}: tidied\n" for path in tidying.staged())


def lab(options: argparse.Namespace) -> None:
    """Open the notebooks in JupyterLab, in the environment in which make runs them."""
    del options
    from betyg.build import kernel

    if study := asked("STUDY"):
        sys.stderr.write(
            f'make lab opens the notebooks of all studies. Write study = "{study}" into the first '
            "cell of one to see that study; take it back before you commit.\n"
        )
    command = [sys.executable, "-m", "jupyter", "lab", "notebooks"]
    if os.geteuid() == 0:  # in a container, where Jupyter would refuse
        command.append("--allow-root")
    os.execve(sys.executable, command, os.environ | kernel.of_lab(Path("build")))


def _alone(options: argparse.Namespace) -> contextlib.AbstractContextManager[None]:
    """Return the lock of the result that a command makes: another make may be at work here."""
    if options.command not in OF_A_KEY:
        return contextlib.nullcontext()
    from betyg.build import lock

    return lock.held(options.key.with_suffix(".lock"))


@contextlib.contextmanager
def _noted(options: argparse.Namespace) -> Iterator[None]:
    """Note of what a command made its result, as it was before the command began."""
    if options.command not in OF_A_KEY or options.command in (run, preflight):
        yield
        return
    from betyg.build import made

    facts = _read_key(options.key)
    parts = made.of(options.key, facts)
    yield
    made.note(options.key, facts, parts)


def _elsewhere(folder: Path) -> tuple[Mapping[str, str], Sequence[str]]:
    """Look at the files of a study that lie elsewhere: which versions are there now."""
    from betyg.data import remote_list

    return remote_list.look(folder)


def _read_key(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _line(study: str, label: str, seconds: float) -> str:
    return f"{study:<18} {label:<18} {seconds:6.1f} s"


def _done(target: str, line: str) -> None:
    """Say that something was made, and note it for the last line of make."""
    from betyg.build.engine import DONE

    with DONE.open("a", encoding="utf-8") as file:
        file.write(f"{target}\n")
    if line:
        sys.stdout.write(f"{line}\n")


def picture(options: argparse.Namespace) -> None:
    """Draw the README's figure anew from the tables in data/processed."""
    del options
    from betyg.publish import picture as pictures

    pictures.write(RAW)


OF_A_KEY = (run, keep, render, contents, manifest, preflight)
OF_A_STUDY = (new, sums, fetch, synthesise)
OF_A_BUILD = (keys, status, why, check_manifest, verify, diff)
COMMANDS = (*OF_A_BUILD, *OF_A_KEY, *OF_A_STUDY, accessibility, claims, lab, tidy, picture)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m betyg", description="The commands of make.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        summary = (command.__doc__ or "").splitlines()[0]
        name = command.__name__.replace("_", "-")
        one = commands.add_parser(name, help=summary, description=summary)
        one.set_defaults(command=command)
        if command in OF_A_KEY:
            one.add_argument("key", type=Path, help="a key file below build/")
        if command in OF_A_STUDY:
            one.add_argument("study", help="name of a folder in data/raw")
        if command is check_manifest:
            one.add_argument("folder", type=Path, help="a published folder, with manifest.json")
        if command is synthesise:
            one.add_argument("--into", type=Path, metavar="FOLDER", help="for a copy of the study")
            one.add_argument("--respondents", type=int, metavar="N", help="how many the copy has")
    return parser


SLOW_TO_START = ("preflight", "run", "render")  # worth a Python for all of them


def _on_a_cluster(arguments: Sequence[str]) -> bool:
    """Say whether a worker of ENGINE runs this: a notebook without tables, for which none waits."""
    is_run = list(arguments[:1]) == ["run"] and bool(asked("ENGINE"))
    return is_run and not _read_key(Path(arguments[1]))["writes"]


def _from_make() -> int:
    """Run the command line, in a Python that has the libraries already if there is one."""
    arguments = sys.argv[1:]
    if _on_a_cluster(arguments):
        from betyg.build import cluster

        try:
            return cluster.command(arguments)
        except SurveyError as error:
            return _mendable(error)
    if arguments == ["keys"]:
        from betyg.build import warm

        warm.begin_ahead()
    if arguments and arguments[0] in SLOW_TO_START:
        from betyg.build import client, warm

        warm.begin()
        if (code := client.command(arguments)) is not None:
            return code
    return main()


if __name__ == "__main__":
    sys.exit(_from_make())
