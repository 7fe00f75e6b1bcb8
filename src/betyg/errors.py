"""The errors of betyg: what is wrong, where it stands and how to mend it."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = [
    "ConvergenceError",
    "DataError",
    "DesignError",
    "ParameterError",
    "Problem",
    "Problems",
    "SurveyError",
    "did_you_mean",
    "of_the_system",
]

UNFINISHED = re.compile(r"\.([^/]+)\.(\d+|half|unfinished)$")  # names while files are written
KEPT = "What was made before is as it was; then run the same command again."
ROOM = f". Make room on the disk. {KEPT}"
LEAVE = f". Let this folder be written to. {KEPT}"
CANNOT_WRITE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), ROOM),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), LEAVE),
}


class SurveyError(Exception):
    """Anything that the person who runs the survey can mend.

    The message alone is shown, without a traceback, and the exit code is 2.
    """


class DataError(SurveyError):
    """A file of the study is missing, unreadable, or says something impossible."""


class DesignError(SurveyError):
    """The data cannot carry the estimate or model that was asked for."""


class ParameterError(SurveyError):
    """A parameter or argument has an unknown name or an impossible value."""


class ConvergenceError(SurveyError):
    """A model's iterations ended without reaching a solution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, its place and its remedy."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.where}:", self.what, self.remedy) if part)


class Problems:
    """A list of problems that is raised as one error, so that all can be mended at once."""

    def __init__(self) -> None:
        self._listed: list[Problem] = []

    def add(self, where: str, what: str, remedy: str = "") -> None:
        """Note one problem; a repeated one is kept once."""
        problem = Problem(where=where, what=what, remedy=remedy)
        if problem not in self._listed:
            self._listed.append(problem)

    def extend(self, others: Iterable[Problem]) -> None:
        """Note the problems that were noted elsewhere."""
        for problem in others:
            self.add(problem.where, problem.what, problem.remedy)

    def __len__(self) -> int:
        return len(self._listed)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._listed)

    def raise_if_any(self, kind: type[SurveyError] = DataError, *, heading: str) -> None:
        """Raise one error that lists every problem noted so far.

        Parameters
        ----------
        kind : type of SurveyError
            The class of the error.
        heading : str
            What the problems are about, usually the path of a file or folder.

        Raises
        ------
        SurveyError
            Of class ``kind``, if at least one problem was noted.
        """
        if self._listed:
            raise kind(self.text(heading=heading))

    def text(self, *, heading: str) -> str:
        """Return all problems as they are listed in an error."""
        count = "1 problem" if len(self) == 1 else f"{len(self)} problems"
        listed = "\n".join(f"  - {problem}" for problem in self._listed)
        return f"{heading}: {count}\n{listed}"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return a remedy that names the options most like ``word``.

    With no likeness the options themselves are listed, at most twelve of them.
    """
    known = list(dict.fromkeys(options))
    lowered = {option.casefold(): option for option in reversed(known)}
    close = difflib.get_close_matches(word.casefold(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{lowered[close[0]]}'?"
    if not known:
        return ""
    more = f", ... ({len(known)} in all)" if len(known) > 12 else ""
    return f"Known: {', '.join(known[:12])}{more}."


def of_the_system(error: OSError, made: str | None) -> str:
    """Return what is said of a file that could not be read or written, and how to mend it.

    Parameters
    ----------
    error : OSError
        What the system said; of a full disk it does not name the file.
    made : str or None
        The file that was being made.
    """
    name = UNFINISHED.sub(r"\1", str(error.filename or made or "a file"))
    remedy = CANNOT_WRITE.get(error.errno or 0, "")
    return f"{name}: {error.strerror or error}{remedy}"
