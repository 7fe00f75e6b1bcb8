"""The three lists of packages agree: pyproject.toml, requirements.lock, environment.yml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def versions(lock: str) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for name, version in PINNED.findall(lock):
        found.setdefault(canonicalize_name(name), []).append(Version(version))
    return found


def direct() -> list[Requirement]:
    listed = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    return [Requirement(one) for one in [*listed, *PROJECT["build-system"]["requires"]]]


def unmet(requirement: Requirement, lock: str) -> bool:
    pinned = versions(lock).get(canonicalize_name(requirement.name), [])
    return not pinned or not all(requirement.specifier.contains(one) for one in pinned)


@pytest.mark.parametrize("requirement", direct(), ids=lambda one: one.name)
def test_every_direct_dependency_is_locked_at_a_version_that_it_allows(
    requirement: Requirement,
) -> None:
    assert not unmet(requirement, LOCK)


def test_a_newer_requirement_than_the_lock_is_seen() -> None:
    assert unmet(Requirement("pandas>=1000"), LOCK)
    assert unmet(Requirement("not-in-the-lock>=1"), LOCK)


def test_every_locked_package_has_hashes() -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(entries) == sum(len(found) for found in versions(LOCK).values())
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_names_no_registry_and_no_local_file() -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|file:| @ ", LOCK) == []


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def test_optional_packages_stay_out_of_the_lock_unless_the_tests_need_them() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    listed = {name for part in extras.values() for name in names(part)}
    assert listed & versions(LOCK).keys() == listed & names(PROJECT["dependency-groups"]["dev"])
    assert names(extras["bench"]) and not names(extras["bench"]) & versions(LOCK).keys()


def test_conda_takes_its_packages_from_the_lock() -> None:
    text = (ROOT / "environment.yml").read_text("utf-8")
    listed = re.findall(r"^ +- (.+)$", text, re.MULTILINE)
    assert listed == [
        "conda-forge",
        "nodefaults",
        f"python{PROJECT['project']['requires-python']}",
        "pip",
        "make",
        "pip:",
        "-r requirements.lock",
    ]
    assert "name: betyg" in text  # by which the Makefile knows the environment
