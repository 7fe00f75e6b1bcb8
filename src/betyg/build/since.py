"""A study's report as it is and as it once was, with what lies between exchanged part by part."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from betyg.build import elsewhere, ingredients, manifest, plan
from betyg.build.elsewhere import RAW, BuildError
from betyg.build.fingerprint import sha256
from betyg.build.outline import outline
from betyg.errors import DataError, ParameterError

__all__ = ["Reports", "build"]

HERE = Path()
PLACE = Path("build/since")


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
        If there is no such revision, study or language.
    DataError
        If a published folder is not what its manifest says.
    BuildError
        If the report cannot be built, today's or the one of ``ref``.
    """
    folder = plan.folders(RAW).get(study)
    if folder is None or not folder.languages:
        raise ParameterError(f"STUDY={study}: there is no such study here.")
    chosen = language or folder.languages[0]
    if Path(ref).is_file():
        return _since_manifest(Path(ref), study, chosen)
    commit = _commit(ref)
    then = _checked_out(commit, study)
    kinds = tuple(ingredients.differing(then, HERE, study))
    old_packages = "environment" in kinds
    old = _built(then, study, chosen, own_packages=old_packages)
    new = _built(HERE, study, chosen)
    reports = Reports(language=chosen, kinds=kinds, old=old, new=new)
    if len(kinds) > 1:
        _exchange(reports, then, study, packages=then / ".venv" if old_packages else None)
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
    today = manifest.versions()
    then = _then(path, published, study)
    kinds = [*(["environment"] if published["versions"] != today else [])]
    kinds = [*ingredients.differing(then, HERE, study), *kinds]
    kinds = [kind for kind in ingredients.KINDS if kind in kinds]
    reports = Reports(language=language, kinds=tuple(kinds), old=old, new=new)
    if len(kinds) > 1:
        _exchange(reports, then, study, packages=None)
    return reports


def _then(path: Path, published: dict[str, dict[str, str]], study: str) -> Path:
    """Return the project as it was when a folder was published."""
    commit = published["commit"]
    if not commit:
        raise DataError(f"{path}: names no commit, so that nothing can be said of causes.")
    then = _checked_out(str(commit), study)
    other = [n for n, content in published["inputs"].items() if not _is(then / n, content)]
    if other:
        raise DataError(
            f"{path}: was made from files that are in no commit: {', '.join(other[:3])}"
            f"{' and others' * (len(other) > 3)}. Commit before you publish."
        )
    return then


def _exchange(reports: Reports, then: Path, study: str, *, packages: Path | None) -> None:
    """Build the old report again with each kind of today in turn."""
    for kind in reports.kinds:
        mixed = PLACE / f"{study}-{kind}"
        ingredients.mix(mixed, then, HERE, study, of_new=[kind])
        python = None if kind == "environment" else packages
        try:
            reports.alone[kind] = _built(mixed, study, reports.language, packages=python)
        except BuildError as error:
            reports.unbuilt.append(f"with today's {kind} alone there is no report: {error}")


def _built(
    folder: Path,
    study: str,
    language: str,
    *,
    own_packages: bool = False,
    packages: Path | None = None,
) -> list[Path]:
    """Build the executed notebooks of a report, and return where they are."""
    names = list(_notebooks(folder, language))
    goals = [f"reports/{study}/notebooks/{name}" for name in names]
    venv = "" if own_packages else str((packages or Path(sys.prefix)).resolve())
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


def _checked_out(commit: str, study: str) -> Path:
    """Return a folder with the project as it was, beside the data that git does not keep."""
    folder = PLACE / f"{study}-{commit[:12]}"
    if folder.exists():
        return folder
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    packed = _git("archive", "--format=zip", commit, "--", *elsewhere.PARTS, str(RAW / study))
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


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], capture_output=True)


def _is(path: Path, content: str) -> bool:
    return path.is_file() and sha256(path) == content
