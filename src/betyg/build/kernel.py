"""The world in which a notebook runs: this project's Python, private folders and no secrets."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from betyg.build.client import THREADS, threads
from betyg.build.fingerprint import PACKAGE, write_if_changed

__all__ = ["FIXED", "NAME", "bare", "install", "of_lab", "private_world", "threads"]

NAME = "betyg"

# What a notebook may know of the machine. All else, passwords and tokens among it, stays outside.
PASSED = frozenset(
    ("PATH", "HOME", "SHELL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV")
    + ("CONDA_PREFIX", "SYSTEMROOT", "ENGINE", "OMP_NUM_THREADS")
)
FIXED = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONUTF8": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": THREADS,  # notebooks run side by side; sums in one order give one result
    "JUPYTER_NO_CONFIG": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def install(folder: Path) -> Path:
    """Describe this project's kernel below ``folder`` and return it, for JUPYTER_PATH."""
    spec = {
        "argv": [
            *(sys.executable, "-m", "betyg.build.watch", "-f", "{connection_file}"),
            "--HistoryManager.enabled=False",  # nobody asks for it, and it is a database
        ],
        "display_name": NAME,
        "language": "python",
        "env": {"PYTHONPATH": str(PACKAGE.parent)},
        "metadata": {"kernel_provisioner": {"provisioner_name": "betyg"}},
    }
    for name in (NAME, "python3"):  # python3: what a notebook made elsewhere asks for
        write_if_changed(folder / "kernels" / name / "kernel.json", json.dumps(spec, indent=1))
    return folder


def of_lab(build: Path) -> dict[str, str]:
    """Return the settings with which JupyterLab finds our kernel and saves notebooks tidily."""
    folder = install(build.resolve() / "jupyter")
    settings = (
        "from betyg.build.tidy import before_saving\n"
        "c.ContentsManager.pre_save_hook = before_saving\n"
    )
    write_if_changed(folder / "lab" / "jupyter_server_config.py", settings)
    given = (os.environ.get("JUPYTER_CONFIG_PATH", ""), os.environ.get("PYTHONPATH", ""))
    ours = (str(folder / "lab"), str(PACKAGE.parent))
    config, python = (os.pathsep.join(filter(None, pair)) for pair in zip(ours, given, strict=True))
    return {"JUPYTER_PATH": str(folder), "JUPYTER_CONFIG_PATH": config, "PYTHONPATH": python}


@contextlib.contextmanager
def private_world(
    build: Path, extra: Mapping[str, str]
) -> Iterator[Mapping[str, Mapping[str, str]]]:
    """Let kernels see only what they need and ``extra``, and nothing of the user's own set-up.

    Yields the settings with which a kernel is to be started: it is spoken to through files in a
    folder that only this user can open, not through ports that two builds might both pick.
    """
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="betyg-") as private:
        try:
            _become(_passed(before) | _private(build.resolve(), private) | dict(extra))
            yield {
                "KernelManager": {
                    "transport": "ipc",
                    "ip": f"{private}/k",
                    "client_factory": "betyg.build.provisioner.PromptClient",
                },
                "WarmProvisioner": {"build": str(build.resolve())},  # papermill changes the folder
            }
        finally:
            _become(before)


def bare(build: Path) -> dict[str, str]:
    """Return what a process that kernels come from may know: no secrets, no set-up of a user."""
    return _passed(os.environ) | {"MPLCONFIGDIR": str(build.resolve() / "matplotlib")}


def _passed(environment: Mapping[str, str]) -> dict[str, str]:
    return FIXED | {name: value for name, value in environment.items() if name in PASSED}


def _private(build: Path, private: str) -> dict[str, str]:
    return {
        "JUPYTER_PATH": str(install(build / "jupyter")),
        "JUPYTER_RUNTIME_DIR": f"{private}/runtime",
        "JUPYTER_CONFIG_DIR": f"{private}/config",
        "IPYTHONDIR": f"{private}/ipython",
        "MPLCONFIGDIR": str(build / "matplotlib"),  # shared: finding the fonts takes seconds
        "PYTHONPATH": str(PACKAGE.parent),
    }


def _become(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
