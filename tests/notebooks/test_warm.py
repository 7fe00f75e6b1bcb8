"""Copies of a Python that has the libraries: alike, apart from each other, and gone when done."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from betyg.build import client, warm
from betyg.build.fingerprint import PACKAGE

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are copied on Linux only; elsewhere none is made"
)
SOON = 15  # seconds until something surely has happened, on a busy machine


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a zygote, whose make is a process that lives as long as the tests."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "build").mkdir()
    make = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv(client.MAKE, str(make.pid))
        patch.delenv(client.INSIDE, raising=False)
        patch.setenv("OMP_NUM_THREADS", "1")
        warm.begin()
        yield folder
        make.kill()
        make.wait()


@pytest.fixture
def script(place, tmp_path):
    """Run Python text as a module in a copy, and return its exit code and what it printed."""

    def run(text: str, *arguments: str, after: str = "", **environment: str) -> tuple[int, str]:
        path = os.pathsep.join([str(tmp_path), after])
        name = f"module_{time.monotonic_ns()}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        said = tmp_path / "said"
        with said.open("wb") as out, Path(os.devnull).open("rb") as nothing:
            made = client.copy(
                [name, *arguments],
                environment={"PYTHONPATH": path, "OMP_NUM_THREADS": "1", **environment},
                folder=str(tmp_path),
                files=(nothing.fileno(), out.fileno(), out.fileno()),
            )
            assert made is not None, "there is no zygote"
            code = made.wait(SOON)
        return code, said.read_text(encoding="utf-8")

    return run


def eventually(is_so) -> bool:
    end = time.monotonic() + SOON
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def is_alive(number: int) -> bool:
    """Whether a process is at work; one that waits to be counted as ended is not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_copy_has_the_libraries(script):
    code, said = script(
        """
        import sys
        print(all(name in sys.modules for name in ("pandas", "statsmodels.api", "seaborn")))
        """
    )
    assert (code, said) == (0, "True\n")


def test_copy_has_read_what_every_page_needs(script):
    code, said = script(
        """
        from betyg.publish import language
        print(language.catalogue.cache_info().currsize == len(language.available()))
        """,
        after=str(PACKAGE.parent),
    )
    assert (code, said) == (0, "True\n")


LOOK = """
    import sys
    print("betyg.told" in sys.modules)
    import betyg.told
    print(betyg.told.WORD)
    """


@pytest.fixture
def told(script, tmp_path_factory, monkeypatch):
    """A package of which a zygote has imported a module: its folder, and a run in a copy."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "build").mkdir()
    package = folder / "src" / PACKAGE.name
    shutil.copytree(PACKAGE / "build", package / "build")
    (package / "__init__.py").touch()
    (package / "told.py").write_text("WORD = 'first'")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(warm, "ZYGOTE", package / "build/zygote.py")
    warm.begin()

    def run(text: str = LOOK) -> list[str]:
        code, said = script(text, after=str(folder / "src"))
        assert code == 0, said
        return said.split()

    return package, run


def test_copy_has_the_modules_of_ours(told):
    _, run = told
    assert run() == ["True", "first"]


def test_module_that_was_edited_is_imported_anew(told):
    package, run = told
    (package / "told.py").write_text("WORD = 'other'")
    assert run() == ["False", "other"]


def test_modules_are_imported_anew_when_a_file_is_gone_that_they_may_have_read(told):
    package, run = told
    (package / "build/cluster.py").unlink()
    assert run() == ["False", "first"]


def test_module_that_cannot_be_imported_is_left_to_the_one_who_needs_it(told):
    package, run = told
    (package / "told.py").write_text("WORD = nothing")
    (package.parents[1] / "build" / client.PLACE).unlink()
    warm.begin()
    assert run("print('at work')") == ["at", "work"]
    with pytest.raises(AssertionError, match="name 'nothing' is not defined"):
        run()


def test_copy_of_another_package_has_none_of_ours(told, script, tmp_path):
    other = tmp_path / PACKAGE.name
    other.mkdir()
    (other / "__init__.py").touch()
    (other / "told.py").write_text("WORD = 'theirs'")
    assert script(LOOK)[1].split() == ["False", "theirs"]


def test_copy_gets_its_arguments_environment_and_folder(script, tmp_path):
    code, said = script(
        "import os, sys; print(sys.argv[1:], os.environ['GREETING'], os.getcwd())",
        "one", "two", GREETING="hej",
    )  # fmt: skip
    assert (code, said.strip()) == (0, f"['one', 'two'] hej {tmp_path}")


def test_copy_knows_no_secret_of_the_one_who_began_the_zygote(script, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    assert script("import os; print('TOKEN' in os.environ)") == (0, "False\n")


def test_no_state_leaks_from_copy_to_copy(script):
    leave = """
        import os, sys, builtins, warnings
        import numpy, pandas, matplotlib.pyplot, seaborn
        pandas.set_option("display.precision", 1)
        matplotlib.pyplot.rcParams["font.size"] = 77
        numpy.leaked = builtins.leaked = os.environ["LEAKED"] = "x"
        sys.path.append("/leaked")
        warnings.simplefilter("error")
        open("left", "w").close()
        os.chdir("/")
        """
    look = """
        import os, sys, builtins, warnings
        import numpy, pandas, matplotlib.pyplot
        print(pandas.get_option("display.precision"), pandas.get_option("display.max_columns"),
              matplotlib.pyplot.rcParams["font.size"] == 77,
              hasattr(numpy, "leaked"), hasattr(builtins, "leaked"), "LEAKED" in os.environ,
              "/leaked" in sys.path, os.getcwd() == "/", threading_count())
        """.replace("threading_count()", "__import__('threading').active_count()")
    before = script(look)
    assert script(leave)[0] == 0
    assert script(look) == before == (0, "6 20 False False False False False False 1\n")


def test_each_copy_has_its_own_chance(script):
    text = "import numpy, random; print(numpy.random.random(), random.random())"
    assert script(text)[1] != script(text)[1]


def test_copy_hashes_like_every_kernel(script):
    assert (
        script("print(hash('betyg') == hash('betyg'), __import__('sys').flags.hash_randomization)")[
            1
        ]
        == "True 0\n"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("raise SystemExit(3)", 3), ("raise SystemExit('no')", 1), ("1 / 0", 1), ("", 0)],
)
def test_copy_ends_with_the_code_of_a_python(script, text, code):
    found, said = script(text)
    assert found == code
    if text == "1 / 0":
        assert "ZeroDivisionError" in said


def test_copy_dies_with_the_one_who_asked(place, tmp_path):
    asks = tmp_path / "asks.py"
    (tmp_path / "sleeps.py").write_text("import time; time.sleep(600)", encoding="utf-8")
    asks.write_text(
        textwrap.dedent(f"""
        from pathlib import Path
        import time
        from betyg.build import client, warm
        found = client.copy(["sleeps"], environment={{"PYTHONPATH": {str(tmp_path)!r}}},
                          folder={str(tmp_path)!r}, files=(0, 1, 2))
        print(found.pid, flush=True)
        time.sleep(600)
        """),
        encoding="utf-8",
    )
    who = subprocess.Popen([sys.executable, asks], cwd=place, stdout=subprocess.PIPE, text=True)
    copy = int(who.stdout.readline())
    assert is_alive(copy)
    who.send_signal(signal.SIGKILL)
    who.wait()
    who.stdout.close()
    assert eventually(lambda: not is_alive(copy))


def test_signal_reaches_the_copy(place, tmp_path):
    (tmp_path / "waits.py").write_text("import time; time.sleep(600)", encoding="utf-8")
    with Path(os.devnull).open("r+b") as nothing:
        found = client.copy(
            ["waits"],
            environment={"PYTHONPATH": str(tmp_path)},
            folder=str(tmp_path),
            files=(nothing.fileno(),) * 3,
        )
    assert found.poll() is None
    found.terminate()
    assert found.wait(SOON) == -signal.SIGTERM


def test_other_settings_get_a_python_of_their_own(place):
    asked = client.copy(
        ["x"], environment={"OMP_NUM_THREADS": "7"}, folder=str(place), files=(0, 1, 2)
    )
    assert asked is None


def test_zygote_that_is_gone_is_no_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    known = (str(tmp_path / "none"), sys.executable, "1")
    Path("build", client.PLACE).write_text("\n".join(known), encoding="utf-8")
    assert client.copy(["x"], environment={}, folder=str(tmp_path), files=(0, 1, 2)) is None


def test_without_make_nothing_is_warm(monkeypatch):
    monkeypatch.delenv(client.MAKE, raising=False)
    assert client.command(["run", "x.key"]) is None


def test_zygote_ends_with_its_make(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "build").mkdir()
    make = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    monkeypatch.setenv(client.MAKE, str(make.pid))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    warm.begin()
    address = Path(Path("build", client.PLACE).read_text(encoding="utf-8").splitlines()[0])
    with Path(os.devnull).open("r+b") as nothing:
        client.copy(
            ["this"],
            environment={},
            folder=str(tmp_path),
            files=(nothing.fileno(),) * 3,
        ).wait(SOON)
    assert address.exists()
    make.kill()
    make.wait()
    assert eventually(lambda: not address.parent.exists())


@pytest.mark.parametrize("said", [[b"7\n", b"3\n"], [b"7\n3\n"], [b"7", b"\n3", b"\n"]])
def test_a_copy_that_ended_before_its_number_was_read_has_its_own_code(said: list[bytes]) -> None:
    near, far = socket.socketpair()
    for part in said:
        far.sendall(part)
    far.close()
    copy = client.Copy(near)
    assert (copy.pid, copy.wait(SOON), copy.poll()) == (7, 3, 3)


def test_a_copy_whose_zygote_is_gone_was_killed() -> None:
    near, far = socket.socketpair()
    far.sendall(b"7\n")
    far.close()
    assert client.Copy(near).wait(SOON) == -signal.SIGKILL


def begun_ahead(folder: Path, environment: dict[str, str]) -> bool:
    """Begin ahead in a folder from a process of its own; whether a zygote comes to listen."""
    command = [sys.executable, "-c", "from betyg.build import warm; warm.begin_ahead()"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=SOON)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    place = folder / "build" / client.PLACE
    return place.parent.exists() and eventually(place.exists)


def test_zygote_is_begun_ahead_where_nothing_was_built_and_ends_with_its_make(tmp_path):
    make = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    environment = {**os.environ, client.MAKE: str(make.pid), "OMP_NUM_THREADS": "1"}
    environment.pop(client.INSIDE, None)
    assert begun_ahead(tmp_path, environment)
    address = Path((tmp_path / "build" / client.PLACE).read_text("utf-8").splitlines()[0])
    time.sleep(1)
    assert address.exists()
    make.kill()
    make.wait()
    assert eventually(lambda: not address.parent.exists())


def test_nothing_is_begun_ahead_where_something_was_built(tmp_path):
    (tmp_path / "build").mkdir()
    began = subprocess.run(
        [sys.executable, "-c", "from betyg.build import warm; warm.begin_ahead()"],
        cwd=tmp_path, env={**os.environ, client.MAKE: str(os.getpid())}, check=True,
    )  # fmt: skip
    assert began.returncode == 0
    assert [*(tmp_path / "build").iterdir()] == []
