"""One screen on a notebook that stopped: where, why, what to look at and how to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from betyg import errors
from betyg.build import kept, watch
from betyg.errors import SurveyError

__all__ = ["NotebookError", "ended", "of", "said"]

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"^File (\S+\.py):(\d+)", re.MULTILINE)
LINE = re.compile(r"^Cell In\[\d+\], line (\d+)", re.MULTILINE)
UPWARDS = re.compile(r"(?<![\w./])\.\./(?=data/)")  # notebooks run a folder below the project
CELL = re.compile(r"\b\d{6,}\.py\b")  # the name that IPython gives a cell


class NotebookError(SurveyError):
    """A notebook stopped before its end."""


def of(job: Mapping[str, Any], attempt: Path, reason: str, cause: BaseException) -> NotebookError:
    """Return one screen that says where the notebook stopped, why, and how to go on."""
    place = _where_it_stopped(attempt, Path(job["notebook"]), cause)
    return NotebookError(
        f"{job['study']}: {job['notebook']} stopped{place}\n{reason}{_last_read(job, cause)}\n"
        f"The notebook as far as it ran: {attempt}\n"
        f"When it is mended, go on with: {job['again']}"
    )


def said(error: Any) -> str:
    """Return a cell's error as its reader needs it: our own say everything themselves."""
    if _is_ours(error):
        return UPWARDS.sub("", str(error.evalue))
    frames = _frames(error)
    own = [frame for frame in frames if "/betyg/" in frame[0]]  # where a package was called wrongly
    place = "".join(f"\n    in {_short(file)}, line {line}" for file, line in (own or frames)[-1:])
    return f"{error.ename}: {CELL.sub('this cell', error.evalue)}{place}"


def ended(error: Exception, *, seconds: int) -> str:
    """Return why a kernel has not answered to the end."""
    if type(error).__name__ == "DeadKernelError":
        return (
            "Its Python was ended from outside; the usual reason is a lack of memory. Close other "
            "programs, or run one notebook at a time (make without -j)."
        )
    if type(error).__name__ == "CellTimeoutError":
        return (
            f"The cell was still at work after {seconds} seconds, and was stopped. If it needs "
            f"more, give it more: TIMEOUT={2 * seconds} behind the make command."
        )
    return f"Its Python did not answer: {_first_line(str(error))}"


def _is_ours(error: Any) -> bool:
    kind = getattr(errors, getattr(error, "ename", ""), None)
    return isinstance(kind, type) and issubclass(kind, SurveyError)


def _frames(error: Any) -> list[tuple[str, str]]:
    """Return file and line of each module that the error came through."""
    return FRAME.findall(COLOUR.sub("", "\n".join(getattr(error, "traceback", ()))))


def _last_read(job: Mapping[str, Any], cause: BaseException) -> str:
    """Return the file that was opened last, for errors of packages, which do not name one."""
    files = watch.opened(job) if _frames(cause) and not _is_ours(cause) else []
    return f"\nThe last file that it opened: {files[-1][1]}" if files else ""


def _short(file: str) -> str:
    here, path = Path.cwd(), Path(file).expanduser()
    return str(path.relative_to(here)) if path.is_relative_to(here) else path.name


def _where_it_stopped(attempt: Path, source: Path, cause: BaseException) -> str:
    """Return the number, among the source's cells, of the cell begun last, and the line."""
    ours = {"papermill-error-cell-tag", "injected-parameters"}
    cells = kept.read(attempt)["cells"] if attempt.exists() else []
    theirs = [cell for cell in cells if not ours & set(_tags(cell))]
    begun = [cell for cell in theirs if cell["metadata"].get("papermill", {}).get("start_time")]
    if not begun:
        return " before its first cell"
    total = len(kept.read(source)["cells"])
    lines = "".join(begun[-1]["source"]).splitlines()
    told = LINE.findall(COLOUR.sub("", "\n".join(getattr(cause, "traceback", ()))))
    at = int(told[0]) - 1 if told else 0
    return f" in cell {len(begun)} of {total}:\n    {_first_line(chr(10).join(lines[at:]))}"


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell["metadata"].get("tags", []))


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")
