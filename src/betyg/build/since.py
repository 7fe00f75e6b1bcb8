"""A study's report as it is and as it once was, with what lies between exchanged part by part."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from betyg.build import elsewhere, ingredients, manifest, packages, plan
from betyg.build.elsewhere import RAW, BuildError
from betyg.build.fingerprint import sha256
from betyg.build.outline import outline
from betyg.errors import DataError, ParameterError

__all__ = ["Reports", "build", "known"]

HERE = Path()
PLACE = Path("build/since")
TODAY = Path(sys.prefix)  # the Python and packages that run this
OF_PACKAGE = ("README.md", "LICENSE")  # pip installs no package without them
NO_PACKAGES = "the packages of then are not those of its lock file, or are of another machine."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Executed notebooks of one study and language, in several versions.

    Attributes
    ----------
    language : str
        Of the texts in them.
    kinds : tuple of str
        What differs between then and now: see :data:`betyg.build.ingredients.KINDS`.
    old, new : list of Path
        The notebooks as they were and as they are.
    alone : dict of str to list of Path
        The notebooks as they were but for one kind, which is today's; where that could be built.
    unbuilt : list of str
        Why the others could not.
    """

    language: str
    kinds: tuple[str, ...]
    old: list[Path]
    new: list[Path]
    alone: dict[str, list[Path]] = field(default_factory=dict)
    unbuilt: list[str] = field(default_factory=list)


def known(ref: str, studies: Iterable[str]) -> list[str]:
    """Return the studies that can be compared with ``ref``: where it is a revision, those in it."""
    is_revision = ref and not Path(ref).is_file()
    return [study for study in studies if not is_revision or _is_in(_commit(ref), study)]


def build(ref: str, *, study: str, language: str) -> Reports:
    """Build what is needed to say what moved in a study's report since ``ref``, and why.

    Parameters
    ----------
    ref : str
        A revision that git knows, or the path of a manifest in a published folder.
    study : str
        Name of the study.
    language : str
        Which report is compared; the study's first language if empty.

    Raises
    ------
    ParameterError
        If there is no such revision, study or language, or none was named.
    DataError
        If a published folder is not what its manifest says.
    BuildError
        If the report cannot be built, today's or the one of ``ref``.
    """
    if not ref:
        raise ParameterError(
            "make diff needs something to compare with: make diff REF=main, or "
            "REF=folder/manifest.json of a published folder."
        )
    folder = plan.folders(RAW).get(study)
    if folder is None or not folder.languages:
        raise ParameterError(f"STUDY={study}: there is no such study here.")
    chosen = language or folder.languages[0]
    if Path(ref).is_file():
        return _since_manifest(Path(ref), study, chosen)
    commit = _commit(ref)
    if not _is_in(commit, study):
        raise ParameterError(
            f"STUDY={study}: REF={ref} ({commit[:12]}) has no {RAW / study}, so that there is "
            f"nothing to compare with. Commit the study (git add {RAW / study}; git commit), or "
            "name a later REF, or the manifest.json of a published folder."
        )
    then = _checked_out(commit, study)
    kinds = tuple(ingredients.differing(then, HERE, study))
    old_packages = None if "environment" in kinds else TODAY
    old = _built(then, study, chosen, python=old_packages)
    new = _built(HERE, study, chosen)
    reports = Reports(language=chosen, kinds=kinds, old=old, new=new)
    if len(kinds) > 1:
        _exchange(reports, then, study, old_packages=old_packages or then / ".venv")
    return reports


def _since_manifest(path: Path, study: str, language: str) -> Reports:
    """Compare with a published folder; its manifest says from which commit it was made."""
    published = manifest.load(path)
    if published["study"] != study:
        raise ParameterError(f"{path}: this is of {published['study']}, not of {study}.")
    kept = [n for n in published["outputs"] if n.startswith("notebooks/")]
    spoilt = [n for n in kept if not _is(path.parent / n, published["outputs"][n])]
    if spoilt:
        raise DataError(f"{path}: not as it was published: {', '.join(spoilt)}. Nothing compared.")
    old = [path.parent / n for n in kept if n.endswith(f"-{language}.ipynb")]
    new = _built(HERE, study, language)
    then = _then(path, published, study)
    moved = {"environment"} if published["versions"] != manifest.versions() else set()
    found = moved.union(ingredients.differing(then, HERE, study))
    kinds = tuple(kind for kind in ingredients.KINDS if kind in found)
    reports = Reports(language=language, kinds=kinds, old=old, new=new)
    if len(kinds) > 1:
        old_packages: Path | None = TODAY
        if moved:
            old_packages = _packages_of(then, published["versions"], study, language)
        _exchange(reports, then, study, old_packages=old_packages)
    return reports


def _packages_of(
    then: Path, published: Mapping[str, Any], study: str, language: str
) -> Path | None:
    """Set up the packages with which a folder was published; None if they cannot be had again.

    They can where they were those of the lock file of the commit, on this Python and machine.
    """
    locked = packages.locked(then / packages.LOCK)
    there = published["packages"]
    others = {**manifest.versions(), "packages": there} != published
    if others or any(there[name] not in locked.get(name, ()) for name in there):
        return None
    _built(then, study, language, python=None)
    return then / ".venv"


def _then(path: Path, published: dict[str, dict[str, str]], study: str) -> Path:
    """Return the project as it was when a folder was published."""
    commit = published["commit"]
    if not commit:
        raise DataError(f"{path}: names no commit, so that nothing can be said of causes.")
    then = _checked_out(str(commit), study)
    inputs = {n: c for n, c in published["inputs"].items() if "://" not in n}  # in REMOTE.csv
    other = [n for n, content in inputs.items() if not _is(then / n, content)]
    if other:
        raise DataError(
            f"{path}: was made from files that are in no commit: {', '.join(other[:3])}"
            f"{' and others' * (len(other) > 3)}. Commit before you publish."
        )
    return then


def _exchange(reports: Reports, then: Path, study: str, *, old_packages: Path | None) -> None:
    """Build the old report again with each kind of today in turn, and the packages of then."""
    for kind in reports.kinds:
        python = TODAY if kind == "environment" else old_packages
        if python is None:
            reports.unbuilt.append(f"today's {kind} was not tried alone: {NO_PACKAGES}")
            continue
        mixed = PLACE / f"{study}-{kind}"
        ingredients.mix(mixed, then, HERE, study, of_new=[kind])
        try:
            reports.alone[kind] = _built(mixed, study, reports.language, python=python)
        except BuildError as error:
            reports.unbuilt.append(f"with today's {kind} alone there is no report: {error}")


def _built(
    folder: Path,
    study: str,
    language: str,
    *,
    python: Path | None = TODAY,
) -> list[Path]:
    """Build the executed notebooks of a report, and return where they are.

    Without a folder of a ``python`` the packages are those of the lock file that is built.
    """
    names = list(_notebooks(folder, language))
    goals = [f"reports/{study}/notebooks/{name}" for name in names]
    venv = str(python.resolve()) if python else ""
    elsewhere.make(folder, f"STUDY={study}", f"LANGUAGE={language}", *goals, venv=venv)
    return [folder / goal for goal in goals]


def _notebooks(folder: Path, language: str) -> Iterator[str]:
    for path in sorted((folder / "notebooks").glob("[0-9]*.ipynb")):
        found = outline(path)
        if found.declares("language") and not found.declares("agency"):
            yield f"{path.stem}-{language}.ipynb"


def _commit(ref: str) -> str:
    asked = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if asked.returncode:
        raise ParameterError(
            f"REF={ref}: git knows no such revision, and there is no such file. Name a commit, a "
            "tag, a branch, or the manifest.json of a published folder."
        )
    return asked.stdout.decode().strip()


def _is_in(commit: str, study: str) -> bool:
    return _git("cat-file", "-e", f"{commit}:{(RAW / study).as_posix()}").returncode == 0


def _checked_out(commit: str, study: str) -> Path:
    """Return a folder with the project as it was, beside the data that git does not keep."""
    folder = PLACE / f"{study}-{commit[:12]}"
    if folder.exists():
        return folder
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    parts = [*elsewhere.PARTS, *_there(commit, OF_PACKAGE), str(RAW / study)]
    packed = _git("archive", "--format=zip", commit, "--", *parts)
    if packed.returncode:
        raise ParameterError(f"{commit[:12]}: {packed.stderr.decode().strip()}")
    with zipfile.ZipFile(io.BytesIO(packed.stdout)) as files:
        files.extractall(half)
    ignored = _git("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--",
                   str(RAW / study))  # fmt: skip
    for name in filter(None, ignored.stdout.decode().split("\0")):
        shutil.copy2(name, half / name)
    half.rename(folder)
    return folder


def _there(commit: str, names: Iterable[str]) -> list[str]:
    listed = _git("ls-tree", "--name-only", "-z", commit).stdout.decode().split("\0")
    return [name for name in names if name in listed]


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], capture_output=True)


def _is(path: Path, content: str) -> bool:
    return path.is_file() and sha256(path) == content
