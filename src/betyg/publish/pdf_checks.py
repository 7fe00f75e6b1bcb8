"""What a program can tell of a PDF's accessibility, read from the finished file."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

from betyg.publish import pdf_tags

IDENTIFIER = "pdfuaid:part"
_NO_ALT = "figure without alternative text"


def problems(path: Path) -> list[str]:
    """Return what keeps a PDF from being read by everybody; nothing where all is well.

    Looked at are tags, language, title, the mark of PDF/UA-1, alternative text of figures,
    scope of table headings, the order of headings, and links to other places.
    """
    with pikepdf.open(path) as pdf:
        found = [*_of_document(pdf), *_of_structure(pdf)]
        return [*found, *(f"link to {uri}" for uri in _links(pdf))]


def counts(path: Path) -> dict[str, int]:
    """Count the tags of a PDF that readers with assistive technology rely on, and its pages."""
    with pikepdf.open(path) as pdf:
        tags = Counter(str(tag["/S"]) for tag in pdf_tags.below(pdf.Root.StructTreeRoot))
        return {
            "pages": len(pdf.pages),
            "headings": sum(tags[f"/H{level}"] for level in range(1, 7)),
            "figures": tags["/Figure"],
            "tables": tags["/Table"],
            "heading cells": tags["/TH"],
        }


def _of_document(pdf: Any) -> Iterator[str]:
    root = pdf.Root
    metadata = root.Metadata.read_bytes().decode() if "/Metadata" in root else ""
    if not bool(root.get("/MarkInfo", {}).get("/Marked", False)) or "/StructTreeRoot" not in root:
        yield "not tagged"
    if not str(root.get("/Lang", "")):
        yield "no language"
    if not str(pdf.docinfo.get("/Title", "")):
        yield "no title"
    if not bool(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False)):
        yield "the title is not shown"
    if f"<{IDENTIFIER}>1</{IDENTIFIER}>" not in metadata:
        yield "not marked as PDF/UA-1"


def _of_structure(pdf: Any) -> Iterator[str]:
    level = 0
    for tag in pdf_tags.below(pdf.Root.get("/StructTreeRoot", {})):
        kind = str(tag.get("/S"))
        if kind == "/Figure" and not str(tag.get("/Alt", "")).strip():
            yield _NO_ALT
        scopes = ("/Scope" in attributes for attributes in pdf_tags.attributes(tag))
        if kind == "/TH" and not any(scopes):
            yield "heading of a table without scope"
        if kind[:2] == "/H" and kind[2:].isdigit():
            if int(kind[2:]) > level + 1:
                yield f"heading of level {kind[2:]} after one of level {level}"
            level = int(kind[2:])


def _links(pdf: Any) -> list[str]:
    actions = (note.get("/A", {}) for page in pdf.pages for note in page.get("/Annots", []))
    return sorted({str(action["/URI"]) for action in actions if "/URI" in action})
