"""JailBreakV-28K: a CSV file of attacks in text with a picture each; ``mini`` is its set of 280."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mirage.published.download import Download, Row

COLUMNS: Final = ("jailbreak_query", "policy", "format", "image_path")


def jailbreakv(data: Download) -> Iterator[Row]:
    """Yields an item a line (an entry of ``format``); ``pick: [mini]`` takes those marked so."""
    mini = data.picked(["all", "mini"], ["all"]) == ["mini"]
    folder = "JailBreakV_28K"
    names = ("mini_JailBreakV_28K.csv", f"{folder}/mini_JailBreakV_28K.csv")
    file = data.file(*names)
    home = file.parent.relative_to(data.root).as_posix()
    for where, row in data.table(file, *COLUMNS, *(["selected_mini"] if mini else [])):
        if mini and row["selected_mini"].strip().lower() != "true":
            continue
        yield Row(
            id=row.get("id", "").strip(),
            question=data.text(row, where, "jailbreak_query"),
            images=(row["image_path"].strip(),),
            where=where,
            below=(home,),
            category=row["policy"].strip(),
            sub_category=row["format"].strip(),
            truth={"kind": "hazard"},
        )
