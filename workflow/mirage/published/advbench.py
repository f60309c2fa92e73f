"""AdvBench: requests in text, each followed by an adversarial suffix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mirage.published.download import Download, Row

SUFFIXES: Final = "suffixes.txt"


def advbench_suffix(data: Download) -> Iterator[Row]:
    """Yields AdvBench's requests with their suffixes (an entry of ``format``); all are hazards.

    The requests are the column ``goal`` of ``harmful_behaviors.csv``, as published (its ``target``,
    the beginning of an answer, is what suffixes are optimised for, and no part of a question). The
    suffixes stand in a column ``suffix``, or in ``suffixes.txt`` beside it: a line per request in
    the order of the file, or one line for all. A request without one is a problem: it would
    measure plain AdvBench under the name of the attack.
    """
    file = data.file("advbench_suffix.csv", "harmful_behaviors.csv")
    beside = _beside(data, file.parent)
    count = 0
    for count, (where, row) in enumerate(data.table(file, "goal"), 1):
        goal = data.text(row, where, "goal")
        suffix = (row.get("suffix") or "").strip()
        if not suffix and beside:
            suffix = beside[0] if len(beside) == 1 else "".join(beside[count - 1 : count])
        if not suffix:
            data.problem(
                "no suffix",
                where,
                f"no suffix: neither a column suffix nor a line of {SUFFIXES} (one for each "
                "request, or one for all).",
            )
            continue
        if goal:
            yield Row(
                id=(row.get("id") or "").strip(),
                question=f"{goal} {suffix}",
                images=(),
                where=where,
                truth={"kind": "hazard"},
            )
    if len(beside) > 1 and len(beside) != count:
        text = f"{len(beside)} suffixes for {count} requests; a line for each is needed, or one."
        data.problem("other number of suffixes", str(file.parent / SUFFIXES), text)


def _beside(data: Download, folder: Path) -> list[str]:
    """The lines of the file of suffixes, none where there is no such file."""
    path = folder / SUFFIXES
    if not path.is_file():
        return []
    data.files.append(path)
    # An empty line in between stays: the suffixes after it belong to their own requests.
    return [line.strip() for line in data.text_of(path).rstrip().split("\n")]
