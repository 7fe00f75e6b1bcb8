"""The commands that look at what was built, and at what was built before.

Each imports what it needs when it is called, as those of :mod:`betyg.__main__` do.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from betyg.errors import DataError, ParameterError

RAW = Path("data/raw")


def accessibility(options: argparse.Namespace) -> None:
    """Check what was built in a browser, and write what was found and what was not checked."""
    del options
    from betyg.build import made
    from betyg.build import manifest as manifests
    from betyg.data.study import Study
    from betyg.publish import accessibility as checks

    chosen = Path("reports").glob(asked("STUDY") or "*")
    built = sorted(path for path in chosen if any(path.glob("*.html")))
    if not built:
        raise ParameterError("There is no report yet to be checked: run make report first.")
    fronts = sorted(Path("reports").glob("*.html"))
    faults = checks.faults({"pages": checks.of_pages(fronts, Path("reports")), "documents": []})
    for folder in built:
        survey, found = Study.load(RAW, folder.name), checks.results(folder)
        faults += checks.faults(found)
        sys.stdout.writelines(f"{path}\n" for path in checks.statements(found, folder, survey))
        manifests.add(folder, [folder / checks.FILE, *folder.glob("*-accessibility-*.html")])
        made.note_again(Path("build", folder.name, "manifest.key"))
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise DataError(f"{len(faults)} faults that keep some readers out\n{listed}")


def check_manifest(options: argparse.Namespace) -> int:
    """Compare a folder of reports with its manifest: 1 if anything is missing, changed, surplus."""
    from betyg.build import manifest as manifests

    right, problems = manifests.check(options.folder)
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    sys.stdout.write(f"{options.folder}: {right} files as they were made, {len(problems)} not\n")
    return 1 if problems else 0


def verify(options: argparse.Namespace) -> int:
    """Build twice from clean in two places and compare every file: 1 if any differs."""
    del options
    from betyg.build import twice

    right, problems, kept = twice.compare(asked("STUDY"))
    sys.stderr.writelines(f"{line}\n" for line in (*problems, *(f"kept: {one}" for one in kept)))
    sys.stdout.write(f"make verify: {right} files are the same twice, {len(problems)} are not\n")
    return 1 if problems else 0


def diff(options: argparse.Namespace) -> None:
    """Say which published numbers moved since REF, and because of what."""
    del options
    from betyg.build import plan, since
    from betyg.publish import moved

    ref = asked("REF")
    studies = [asked("STUDY")] if asked("STUDY") else list(plan.folders(RAW))
    there = studies if asked("STUDY") else since.known(ref, studies)
    for study in studies:
        if study not in there:
            sys.stderr.write(f"{study}: is not in {ref}, so that nothing is compared\n")
            continue
        reports = since.build(ref, study=study, language=asked("LANGUAGE"))
        old, new, *others = moved.values(
            [moved.tables(files) for files in (reports.old, reports.new, *reports.alone.values())]
        )
        alone = dict(zip(reports.alone, others, strict=True))
        told = moved.lines(old, new, alone, reports.kinds)
        sys.stderr.writelines(f"{study}: {said}\n" for said in reports.unbuilt)
        sys.stdout.writelines(f"{line}\n" for line in told)
        since_then = f"since {ref}; other than then: {', '.join(reports.kinds) or 'nothing'}"
        sys.stdout.write(f"{study}: {len(told)} of {len(new)} values moved {since_then}\n")


def claims(options: argparse.Namespace) -> None:
    """List what the published pages claim and what the tables say to it, with counts."""
    del options
    from betyg.publish import ledger

    folders = sorted(Path("reports").glob(f"{asked('STUDY') or '*'}/claims"))
    if not folders:
        raise ParameterError("No report has been built yet: make report, then make claims.")
    for folder in folders:
        lines = ledger.table(folder, language=asked("LANGUAGE"))
        sys.stdout.writelines(f"{line}\n" for line in lines)


def asked(name: str) -> str:
    """Return what was given to make on the command line."""
    return os.environ.get(name, "").strip()
