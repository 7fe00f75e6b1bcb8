"""A notebook as a step of the build: its code, parameters, and tables read and written."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from betyg.errors import ParameterError

__all__ = [
    "Outline", "Parameter", "cell_codes", "digest", "imported_modules", "outline", "without_words",
]  # fmt: skip

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where statements hold others
# Where store.read, store.rows and store.write take a table's name.
TABLE_POSITION = {"read": 0, "rows": 0, "write": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One line of the parameters cell: its name, its annotation and its value."""

    name: str
    kind: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What make must know of a notebook.

    Attributes
    ----------
    code : str
        Hash of the code cells; comments, markdown and metadata do not count.
    text : str
        Hash of all cells as a reader sees them: what the published notebook shows.
    parameters : tuple of Parameter
        From the cell tagged ``parameters``.
    reads, writes : tuple of str
        Tables named by ``store.read("name", ...)``, ``store.rows("name", ...)`` and
        ``store.write(frame, "name", ...)``.
    imports : tuple of str
        Dotted names that the code imports.
    prose : tuple of (int, tuple of str)
        Number and tags of each tagged markdown cell; a language as a tag makes it a
        reader's text.
    language : str
        That the code is written in.
    """

    code: str
    text: str
    parameters: tuple[Parameter, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    imports: tuple[str, ...]
    prose: tuple[tuple[int, tuple[str, ...]], ...]
    language: str

    def declares(self, name: str) -> bool:
        """Tell whether the parameters cell has a line for ``name``."""
        return any(parameter.name == name for parameter in self.parameters)

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for the cache."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Outline:
        """Return the outline that :meth:`to_json` stored."""
        return cls(
            code=plain["code"],
            text=plain["text"],
            parameters=tuple(Parameter(**line) for line in plain["parameters"]),
            reads=tuple(plain["reads"]),
            writes=tuple(plain["writes"]),
            imports=tuple(plain["imports"]),
            prose=tuple((number, tuple(tags)) for number, tags in plain["prose"]),
            language=plain["language"],
        )


def outline(path: Path) -> Outline:
    """Read the notebook at ``path``.

    Raises
    ------
    ParameterError
        If the file is no notebook, or names a table by an expression instead of a literal.
    """
    cells, language = _cells(path)
    code = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    trees = [tree for tree in (_tree(_runnable(source)) for source in code) if tree is not None]
    tables = {verb: _tables(path.name, trees, verb) for verb in TABLE_POSITION}
    return Outline(
        code=digest(_code_of(cells)),
        text=digest([[cell.get("cell_type"), _source(cell), _tags(cell)] for cell in cells]),
        parameters=tuple(_parameters(cells)),
        reads=tuple(dict.fromkeys([*tables["read"], *tables["rows"]])),
        writes=tables["write"],
        imports=tuple(sorted({name for tree in trees for name in imported_modules(tree)})),
        prose=tuple(_tagged_prose(cells)),
        language=language,
    )


def cell_codes(cells: list[dict[str, Any]]) -> list[str]:
    """Return each code cell without comments and layout; empty where nothing would run."""
    return [without_words(_source(cell)) for cell in cells if cell.get("cell_type") == "code"]


def without_words(source: str) -> str:
    """Return code in one spelling, so that comments, layout and docstrings do not count.

    A final semicolon counts: it is how a notebook keeps a value from being shown.
    """
    tree = _tree(_runnable(source))
    if tree is None:
        return source
    for node in _statements(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)]
    magics = [line for line in source.splitlines() if line.lstrip().startswith(("%", "!"))]
    silent = ";" if _ends_silent(source) else ""
    return "\n".join([ast.dump(tree) if tree.body else "", *magics]).strip() + silent


def imported_modules(tree: ast.AST, package: str = "") -> set[str]:
    """Return the dotted names that some code imports, wherever in it the imports stand.

    What stands under ``if TYPE_CHECKING`` is never run and does not count. ``from a import b``
    gives ``a`` and ``a.b``, as it cannot be seen here whether b is a module. Imports
    relative to ``package`` are spelled out.
    """
    found: set[str] = set()
    for node in _statements(tree, only_run=True):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def _statements(tree: ast.AST, *, only_run: bool = False) -> Iterator[ast.AST]:
    """Return some code and all statements in it, or all but what only a type checker reads."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        is_run = not (only_run and _is_for_type_checkers(node))
        for name in BLOCKS if is_run else BLOCKS[1:]:
            waiting += getattr(node, name, ())


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _cells(path: Path) -> tuple[list[dict[str, Any]], str]:
    """Return the cells of a notebook, and the language of their code."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells, metadata = notebook["cells"], notebook.get("metadata", {})
        kernel = metadata.get("kernelspec", {}).get("language")
        language = kernel or metadata.get("language_info", {}).get("name") or "python"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParameterError(
            f"{path}: this is no notebook of format 4 ({error}). Open it in `make lab` and save "
            "it again, or take it out of the folder."
        ) from error
    return [cell for cell in cells if isinstance(cell, dict)], str(language).lower()


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _tags(cell: Mapping[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _tagged_prose(cells: list[dict[str, Any]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, cell in enumerate(cells, start=1):
        if cell.get("cell_type") == "markdown" and _tags(cell):
            yield number, tuple(_tags(cell))


def _code_of(cells: list[dict[str, Any]]) -> list[object]:
    """Return what runs, cell by cell, with the place where parameters go in."""
    code = [cell for cell in cells if cell.get("cell_type") == "code"]
    spelled = [(without_words(_source(cell)), "parameters" in _tags(cell)) for cell in code]
    return [part for part in spelled if any(part)]


def _runnable(source: str) -> str:
    """Return the Python of a cell: a line for IPython becomes a comment."""
    marked = ("%", "!")
    return "\n".join(
        "#" + line if line.lstrip().startswith(marked) else line for line in source.splitlines()
    )


def _tree(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None  # the kernel will say what is wrong, with the cell in view


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and (
        isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
    )


def _ends_silent(source: str) -> bool:
    if ";" not in source:
        return False
    comments = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return source.rstrip().endswith(";")
    said = [token.string for token in tokens if token.type not in comments]
    return bool(said) and said[-1] == ";"


def _parameters(cells: list[dict[str, Any]]) -> Iterator[Parameter]:
    tagged = [cell for cell in cells if "parameters" in _tags(cell)]
    tree = _tree(_source(tagged[0])) if tagged else None
    for line in tree.body if tree else []:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            kind, value = ast.unparse(line.annotation), line.value
            yield Parameter(name=line.target.id, kind=kind, value=_literal(value))
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            yield Parameter(name=line.targets[0].id, kind="", value=_literal(line.value))


def _literal(value: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(value) if value is not None else None
    except ValueError:
        return None


def _tables(notebook: str, trees: list[ast.Module], verb: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_store(node.func, verb):
                found[_table_name(notebook, node, verb)] = None
    return tuple(found)


def _is_store(function: ast.expr, verb: str) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr == verb
        and isinstance(function.value, ast.Name)
        and function.value.id == "store"
    )


def _table_name(notebook: str, call: ast.Call, verb: str) -> str:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "name"]
    given = [*call.args[TABLE_POSITION[verb] : TABLE_POSITION[verb] + 1], *named]
    if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
        return given[0].value
    raise ParameterError(
        f"{notebook}: in `{ast.unparse(call)}` the table's name is not written out. make reads "
        f'the order of the notebooks from these calls: write store.{verb}(..., "name", ...).'
    )


def digest(parts: object) -> str:
    """Return a hash of plain values."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
