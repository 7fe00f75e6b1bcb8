"""Files made to hurt: bombs, formulas, links, pipes, paths that lead out of the folder."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import corpus

BOMB = 300_000_000  # bytes that a small file unpacks to


def repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(corpus.excel())) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return made.getvalue()


def in_sheet(change: Callable[[bytes], bytes]) -> bytes:
    return repacked(lambda name, data: change(data) if "sheet1" in name else data)


def cases() -> Iterator[corpus.Case]:
    """Files made to hurt: bombs, formulas, links, pipes, paths."""
    entities = b'<!DOCTYPE z [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 50) for n in range(9)
    ) + b"]>"  # fmt: skip
    rows = b"<row><c t='inlineStr'><is><t>1</t></is></c></row>"
    start = b"<sheetData>"
    for name, data in (
        ("rows", in_sheet(lambda d: d.replace(start, start + rows * (BOMB // len(rows))))),
        ("cell", in_sheet(lambda d: d.replace(start, start + b"<row><c t='inlineStr'><is><t>"
                          + b"A" * BOMB + b"</t></is></c></row>"))),
        ("styles", repacked(lambda n, d: d.replace(b"</fonts>", b"<font/>" * (BOMB // 7)
                            + b"</fonts>") if "styles" in n else d)),
        ("entities", in_sheet(lambda d: d.replace(b"<worksheet", entities + b"<worksheet", 1)
                              .replace(b"<v>", b"<v>&j;", 1))),
        ("formulas", in_sheet(lambda d: d.replace(b"<v>", b"<f>1+1</f><v></v><v>"))),
        ("far-cell", in_sheet(lambda d: d.replace(b'r="A2"', b'r="XFD1048576"'))),
    ):  # fmt: skip
        yield corpus.Case(f"excel-{name}", data, "either" if name == "far-cell" else "refused",
                   "answers.xlsx", "")  # fmt: skip
    for number, path in enumerate(
        (
            "../answers.csv",
            "/etc/passwd",
            "a/../../answers.csv",
            "..",
            ".",
            "~/x.csv",
            "C:\\\\x.csv",
        )
    ):
        yield corpus.Case(f"path-{number}", _nothing, "refused", file=path)
    for name, target in (("outside", "/etc/passwd"), ("zero", "/dev/zero"), ("gone", "nowhere.csv"),
                         ("itself", "answers.csv")):  # fmt: skip
        yield corpus.Case(f"link-{name}", lambda path, to=target: path.symlink_to(to), "refused")
    yield corpus.Case("pipe", os.mkfifo, "refused")
    yield corpus.Case("folder", Path.mkdir, "refused")


def _nothing(path: Path) -> None:
    del path
