"""XSTest: prompts without pictures that sound unsafe and are not, and contrasts that are."""

from __future__ import annotations

from collections.abc import Iterator

from mirage.published.download import Download, Row


def xstest(data: Download) -> Iterator[Row]:
    """Yields an item a prompt (an entry of ``format``); older files lack the column ``label``."""
    file = data.file("xstest_prompts.csv", "xstest_v2_prompts.csv")
    for where, row in data.table(file, "prompt", "type"):
        sort = row["type"].strip()
        safe = row.get("label", "").strip() or (
            "unsafe" if sort.startswith("contrast_") else "safe"
        )
        if safe not in ("safe", "unsafe"):
            data.problem("label", where, f"label {safe!r:.40} is neither safe nor unsafe.")
            continue
        yield Row(
            id=row.get("id", "").strip(),
            question=data.text(row, where, "prompt"),
            images=(),
            where=where,
            category=sort.removeprefix("contrast_"),
            sub_category=safe,
            truth={"kind": "benign" if safe == "safe" else "hazard"},
        )
