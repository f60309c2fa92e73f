"""What words mean, each said once: ``reports/definitions.yaml``, for every table that uses them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from mirage.contracts import DataError
from mirage.report.blocks import Definition
from mirage.report.captions import source

DATA_FILES = ("../../../reports/definitions.yaml",)


def definitions(
    names: Collection[str], headings: Collection[str], facts: Mapping[str, str]
) -> tuple[Definition, ...]:
    """Returns some definitions in the order of the file, facts of the study filled in.

    Args:
        names: Entries asked for by name.
        headings: Headings of columns, which ask for the entries that explain them.
        facts: What ``setting_facts`` returned.

    Raises:
        DataError: There is no such entry.
    """
    known: dict[str, dict[str, Any]] = source("definitions.yaml")
    lost = [name for name in names if name not in known]
    if lost:
        raise DataError(
            f"reports/definitions.yaml has no {', '.join(lost)} (it has {', '.join(known)}). Add "
            "it, or correct `defines` of the caption."
        )
    return tuple(
        Definition(str(entry["term"]), _text(entry, facts["scale"]).format(**facts).strip())
        for name, entry in known.items()
        if name in names or not set(entry.get("columns", ())).isdisjoint(headings)
    )


def _text(entry: dict[str, Any], scale: str) -> str:
    """What a word means where the judge reads published items: often something else."""
    return str(entry.get("published", entry["text"]) if scale == "full" else entry["text"])
