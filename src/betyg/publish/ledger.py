"""The ledger: every sentence of a page, what it claims, what the tables say, and the verdict.

The build makes it from the executed notebook and the tables as they are now. A claim that they
do not carry stops the page and all its forms; a ledger is written beside what is published.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from betyg.data.study import Study
from betyg.publish import evidence, sentence, typed, whole
from betyg.publish.claims import Claim
from betyg.publish.evidence import Evidence
from betyg.publish.executed import cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sentence of a page with its claims, each beside what was found for it."""

    cell: int
    sentence: str
    found: tuple[tuple[Claim, Evidence], ...]

    def packed(self) -> dict[str, Any]:
        """Return the entry as it stands in the file."""
        claims = [
            {"claim": claim.packed(), "evidence": dict(found.values), "verdict": _verdict(found)}
            for claim, found in self.found
        ]
        return {"cell": self.cell, "sentence": self.sentence, "claims": claims}


def _verdict(found: Evidence) -> str:
    return "holds" if found.holds else "contradicted"


def verify(executed: Path, *, tables: str | Path, survey: Study) -> list[Entry]:
    """Look up every claim of an executed notebook.

    Parameters
    ----------
    executed : Path
        Notebook with its outputs.
    tables : str or Path
        Folder of the stored tables.

    Raises
    ------
    ClaimError
        Names the notebook, each sentence that the tables contradict, and what they say.
    """
    said = list(_claimed(executed))
    known = evidence.tables_for((claim for *_, own in said for claim in own), tables, survey)
    entries = []
    for cell, text, own in said:
        found = tuple((claim, evidence.evaluate(claim, known)) for claim in own)
        entries.append(Entry(cell=cell, sentence=text, found=found))
    evidence.refuse(_broken(entries), where=executed.name)
    return entries


def _claimed(executed: Path) -> Iterator[tuple[int, str, tuple[Claim, ...]]]:
    """Give cell, sentence and claims of everything that the notebook shows."""
    for number, cell in enumerate(cells(executed), start=1):
        for output in cell.get("outputs", []):
            for packed in output.get("data", {}).get(sentence.MIME, []):
                claims = tuple(Claim.unpacked(given) for given in packed["claims"])
                yield number, str(packed["sentence"]), claims


def _broken(entries: Iterable[Entry]) -> Iterator[tuple[str, Claim, Evidence]]:
    for entry in entries:
        for claim, found in entry.found:
            if not found.holds:
                yield f"cell {entry.cell}: {entry.sentence}", claim, found


def write(entries: Iterable[Entry], target: Path) -> None:
    """Write a ledger: the same entries give the same bytes."""
    packed = [entry.packed() for entry in entries]
    text = json.dumps(packed, indent=1, ensure_ascii=False, sort_keys=True)
    whole.write(target, f"{text}\n".encode())


def typed_numbers(
    executed: Path, *, language: str, labels: Collection[str], years: Collection[int]
) -> list[str]:
    """List the numbers that were typed into the text of a notebook for one language.

    Years in which something was, and labels of the study, may be typed; any other number is
    stale after the next make report.
    """
    return list(typed.numbers(
        cells(executed), language=language, labels=labels, years=years, name=executed.name
    ))  # fmt: skip


def table(folder: Path, *, language: str = "") -> Iterator[str]:
    """Give the lines of the ledgers in a folder as a readable table, with counts at the end."""
    verdicts: Counter[tuple[str, str]] = Counter()
    for path in sorted(folder.glob(f"*{language and f'-{language}'}.json")):
        yield f"\n{path.name}"
        for entry in json.loads(path.read_text(encoding="utf-8")):
            yield f"  “{entry['sentence']}”"
            for found in entry["claims"]:
                kind, verdict = found["claim"]["kind"], found["verdict"]
                verdicts[kind, verdict] += 1
                yield f"    {verdict:<12} {kind:<15} {_told(found)}"
    yield f"\n{folder}: claims by kind and verdict"
    for (kind, verdict), n in sorted(verdicts.items()):
        yield f"  {kind:<20} {verdict:<12} {n:>6}"
    yield f"  {'all':<20} {'':<12} {sum(verdicts.values()):>6}"


def _told(found: Mapping[str, Any]) -> str:
    values = (
        f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in found["evidence"].items()
    )
    return f"{found['claim']['table']}: {', '.join(values)}"
