"""A process that has imported the libraries, of which each command and kernel is a copy.

Importing pandas, statsmodels and seaborn takes seconds, and a report starts dozens of Pythons. This
one imports them once; a copy of it (fork) begins work in hundredths of a second and shares nothing
with its sisters but memory that neither changes. Nothing is imported that has started a thread: a
copy has the one thread that made it, and would wait forever for the others.

Modules of betyg are imported too, and may be edited while this lives: a copy that finds any file
of the package changed, or would import another one, forgets them and imports them as always.

It is a program of its own, run by its path. One connection is one copy: what client.py sends with
three open files comes in; the copy's number goes back, then the code with which it ended. Where the
connection breaks the copy is killed, so that whoever asked can be killed without leaving anything
behind. When none of the makes that use it is left, it ends.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

LIBRARIES = (  # noqa: SIM905  and those of their parts that they would import when first used
    "numpy pandas pandas.core.methods.to_dict pyarrow.dataset pyarrow.pandas_compat "
    "pyarrow.parquet scipy.stats scipy.optimize scipy.sparse.linalg statsmodels.api "
    "statsmodels.stats.multitest "
    "formulaic matplotlib.pyplot matplotlib.backends.backend_svg matplotlib.style.core "
    "seaborn ipykernel.debugger ipykernel.kernelapp ipykernel.ipkernel IPython.core.completerlib "
    "IPython.core.debugger IPython.core.logger IPython.core.oinspect "
    "IPython.extensions.storemagic tornado.platform.asyncio nbformat nbclient papermill "
    "pandas.core.arrays.arrow._arrow_utils pandas.core.reshape.reshape pandas.io.formats.html "
    "mistune jinja2 babel.dates babel.lists babel.messages.pofile babel.numbers babel.support "
    "pydantic pydantic.fields pydantic.types openpyxl pikepdf pypandoc typst "
    "encodings.utf_8_sig html.parser tomllib"
).split()
PACKAGE = Path(__file__).resolve().parents[1]
CHUNK = 1 << 16  # bytes of a request that are taken at a time
SELDOM = (50_000, 20, 50)  # a copy lives for seconds: looking for garbage takes a twentieth of them
PATIENCE = 0.5  # seconds between two looks at whether any make is left


def main(address: str, make: str) -> None:
    """Serve at the socket ``address`` until ``make``, and all others that asked, are gone."""
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]  # as in betyg.__main__
    _import()
    own = Own()
    if threading.active_count() > 1 or _tasks() > 1:
        sys.exit("a library has started a thread: Pythons are started one by one")
    gc.collect()
    gc.freeze()  # what is here stays: collecting it would copy the memory that copies share
    gc.set_threshold(*SELDOM)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address + ".new")
        door.listen(64)
        os.rename(address + ".new", address)  # there means ready
        try:
            Server(door, own, int(make)).serve()
        finally:
            Path(address).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                Path(address).parent.rmdir()


def _import() -> None:
    """Import the libraries as a notebook would: pandas asks where it is, once, for its widths."""
    builtins.get_ipython = lambda: SimpleNamespace(kernel=True)  # type: ignore[attr-defined]
    for name in LIBRARIES:
        importlib.import_module(name)
    _prepare()
    del builtins.get_ipython  # type: ignore[attr-defined]


def _prepare() -> None:
    """Let libraries build what every copy would: the rules that a notebook is checked by."""
    from nbformat import current_nbformat, current_nbformat_minor
    from nbformat.validator import get_validator

    get_validator(current_nbformat, current_nbformat_minor)  # type: ignore[no-untyped-call]


class Own:
    """The modules of our own package that are imported here, and the files as they were then."""

    def __init__(self) -> None:
        found = sorted(path for path in PACKAGE.rglob("*") if path.suffix != ".pyc")
        self._files = {str(path): _stamp(path) for path in found if path.is_file()}
        sys.path[0] = str(PACKAGE.parent)
        for path in found:
            if path.suffix == ".py" and not path.stem.startswith("__"):
                place = path.relative_to(PACKAGE.parent).with_suffix("")
                with contextlib.suppress(Exception):  # who imports it again is told what is wrong
                    importlib.import_module(".".join(place.parts))
        with contextlib.suppress(Exception):  # as above
            sys.modules[f"{PACKAGE.name}.publish.ahead"].prepare()
        self._names = [name for name in sys.modules if f"{name}.".startswith(f"{PACKAGE.name}.")]

    def settle(self, module: str) -> None:
        """Keep in a copy that runs ``module`` what it would import again, and nothing else."""
        is_same = _first_on_path() == PACKAGE and not self._has_changed()
        for name in {module} - {PACKAGE.name} if is_same else self._names:
            sys.modules.pop(name, None)

    def _has_changed(self) -> bool:
        try:
            return any(_stamp(path) != stamp for path, stamp in self._files.items())
        except OSError:
            return True


def _stamp(path: str | Path) -> tuple[int, ...]:
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _first_on_path() -> Path | None:
    """Return the package that would be imported by our package's name."""
    packages = (Path(place, PACKAGE.name) for place in sys.path)
    return next((one.resolve() for one in packages if (one / "__init__.py").exists()), None)


@dataclass
class Wanted:
    """What a copy is to do, and in which world."""

    folder: str
    make: int
    command: list[str]
    environment: dict[str, str]

    @classmethod
    def read(cls, text: bytes) -> Wanted:
        """Take a request apart."""
        folder, make, words, *rest = text.decode(errors="surrogateescape").split("\0")
        settings = rest[int(words) :]
        return cls(
            folder=folder,
            make=int(make),
            command=rest[: int(words)],
            environment=dict(one.split("=", 1) for one in settings),
        )


class Server:
    """Copies that are at work, by the connection that asked for them."""

    def __init__(self, door: socket.socket, own: Own, make: int) -> None:
        self.door = door
        self.own = own
        self.copies: dict[socket.socket, int] = {}
        self.ended: dict[int, int] = {}
        self.makes = {make}
        self.selector = selectors.DefaultSelector()
        self.selector.register(door, selectors.EVENT_READ)

    def serve(self) -> None:
        """Answer until no make is left."""
        ears, mouth = socket.socketpair()
        mouth.setblocking(False)
        signal.set_wakeup_fd(mouth.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(ears, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select(PATIENCE):
                if key.fileobj is self.door:
                    self._begin(self.door.accept()[0])
                elif key.fileobj is ears:
                    ears.recv(4096)
                else:
                    self._hang_up(key.fileobj)  # type: ignore[arg-type]
            self._reap()
            self.makes = {make for make in self.makes if _is_alive(make)}
            if not (self.makes or self.copies):
                return

    def _begin(self, connection: socket.socket) -> None:
        """Read what is wanted, and let a copy do it."""
        connection.settimeout(10)
        files: list[int] = []
        try:
            text, files, _, _ = socket.recv_fds(connection, CHUNK, 3)
            length, _, text = text.partition(b"\0")
            while len(text) < int(length):
                if not (more := connection.recv(CHUNK)):
                    raise EOFError
                text += more
            wanted = Wanted.read(text)
        except (OSError, EOFError, ValueError):  # whoever asked is gone
            connection.close()
            for file in files:
                os.close(file)
            return
        self.makes.add(wanted.make)
        self._copy(connection, wanted, files)

    def _copy(self, connection: socket.socket, wanted: Wanted, files: list[int]) -> None:
        number = os.fork()
        if number == 0:
            self._close_all(connection)
            _become(wanted, files, self.own)
        for file in files:
            os.close(file)
        self.copies[connection] = number
        self.selector.register(connection, selectors.EVENT_READ)
        _tell(connection, number)

    def _close_all(self, connection: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        connection.close()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()

    def _hang_up(self, connection: socket.socket) -> None:
        """Kill the copy of a connection that broke; it says nothing more in between."""
        number = self.copies.get(connection)
        with contextlib.suppress(OSError):
            if connection.recv(4096):
                return
        if number is not None:
            _kill(number)
        self.selector.unregister(connection)
        connection.close()
        self.copies = {key: value for key, value in self.copies.items() if key is not connection}

    def _reap(self) -> None:
        """Tell of each copy that ended with which code."""
        with contextlib.suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                self.ended[found[0]] = os.waitstatus_to_exitcode(found[1])
        for connection, number in list(self.copies.items()):
            if number in self.ended:
                _tell(connection, self.ended[number])
                self.selector.unregister(connection)
                connection.close()
                del self.copies[connection]
        self.ended.clear()


def _tell(connection: socket.socket, number: int) -> None:
    with contextlib.suppress(OSError):  # who asked may be gone
        connection.sendall(f"{number}\n".encode())


def _kill(number: int) -> None:
    for end in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            end(number, signal.SIGKILL)


def _tasks() -> int:
    """Count the threads that the system knows of; 1 where it does not say."""
    folder = Path("/proc/self/task")
    return len(list(folder.iterdir())) if folder.is_dir() else 1


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _become(wanted: Wanted, files: list[int], own: Own) -> NoReturn:
    """Run a module as a fresh Python would, in this copy."""
    code = 1
    try:
        os.setsid()
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.clear()
        os.environ.update(wanted.environment)
        os.chdir(wanted.folder)
        sys.argv = wanted.command
        ahead = wanted.environment.get("PYTHONPATH", "").split(os.pathsep)
        sys.path[:] = dict.fromkeys([wanted.folder, *filter(None, ahead), *sys.path[1:]])
        own.settle(sys.argv[0])
        _forget_chance()
        code = _run(sys.argv[0])
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _run(module: str) -> int:
    """Run a module to its end and return the code that a Python would end with."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
            return 1
        return int(end.code or 0)
    except KeyboardInterrupt:
        return 130
    except BaseException:  # noqa: BLE001  # the copy's last word, as Python's own would be
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _forget_chance() -> None:
    """Give this copy random numbers of its own."""
    random.seed()
    sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main(*sys.argv[1:])
