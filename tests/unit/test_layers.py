"""The flow of imports: errors, data, stats, publish; the build stands apart."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "betyg"
ORDER = ["errors", "data", "stats", "publish"]
APART = ["errors", "build"]  # the build runs notebooks and knows nothing of surveys
COMMANDS = "checks"  # with __main__: calls all rooms, and no room calls it
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms_imported(source: str, package: str = "betyg") -> set[str]:
    """Return the rooms of betyg that a module imports, absolutely or relatively."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return {name.split(".")[1] for name in names if name.startswith("betyg.")}


def late_rooms(room: str, imported: set[str]) -> set[str]:
    if room == "__init__":
        return imported
    if room == COMMANDS:
        return set()
    allowed = APART if room == "build" else ORDER[: ORDER.index(room) + 1]
    return imported - set(allowed)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_upstream(path: Path) -> None:
    package = ".".join(["betyg", *path.relative_to(PACKAGE).parts[:-1]])
    imported = rooms_imported(path.read_text("utf-8"), package)
    late = late_rooms(room_of(path), imported)
    assert not late, f"{path.name} imports {late}, which come after it in the flow"


def test_every_room_has_modules() -> None:
    assert {room_of(path) for path in MODULES} == {*ORDER, "build", COMMANDS, "__init__"}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("data", "from betyg.stats import estimate"),
        ("stats", "def later():\n    import betyg.publish.tables"),
        ("build", "from betyg import data"),
        ("publish", "from ..build import engine"),
        ("build", "from betyg import checks"),
    ],
)
def test_an_arrow_against_the_flow_is_seen(room: str, source: str) -> None:
    assert late_rooms(room, rooms_imported(source, f"betyg.{room}"))


def test_importing_betyg_imports_nothing_else() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text("utf-8"))
    assert [type(line) for line in tree.body] == [ast.Expr]
