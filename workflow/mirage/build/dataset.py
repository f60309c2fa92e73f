"""What a builder hands to the stage: samples, the pictures that lie beside them, and a report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mirage.contracts import DataError, Sample, TrainSample, write_rows
from mirage.own_items import is_general
from mirage.pictures import ELSEWHERE, Elsewhere, pack
from mirage.truth import KEYS, truth_gaps

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLES: Final = "samples.jsonl"


@dataclass(frozen=True)
class DataSet:
    """A data set, a suite, or pictures alone.

    Attributes:
        rows: The samples; none where only pictures are made.
        pictures: Name and picture of what is drawn for them.
        elsewhere: Where pictures lie that stay where a user keeps them.
        vocabulary: Every word that a model must know, where that is a fixed list.
        report: Further facts for ``report.json``.
        complete: Whether the truth of every item of a suite must say what a judge needs.
    """

    rows: Sequence[Sample] = ()
    pictures: Iterable[tuple[str, Image]] = ()
    elsewhere: Elsewhere | None = None
    vocabulary: Sequence[str] = ()
    report: Mapping[str, Any] = field(default_factory=dict)
    complete: bool = True

    def write(self, out: Path) -> dict[str, Any]:
        """Writes everything into a folder and returns what ``report.json`` says.

        Raises:
            DataError: A truth with a key that nobody reads, or without one that a judge needs.
        """
        for row in self.rows:
            self._check_truth(row)
        if self.rows:
            write_rows(out / SAMPLES, self.rows)
        if self.vocabulary:
            (out / "vocabulary.txt").write_text("\n".join(self.vocabulary) + "\n", encoding="utf-8")
        if self.elsewhere is not None:
            _write_json(out / ELSEWHERE, self.elsewhere.to_json())
        drawn = pack(out, self.pictures)
        facts = {"items": len(self.rows), "pictures": drawn, **self._counts(), **self.report}
        _write_json(out / "report.json", facts)
        return facts

    def _counts(self) -> dict[str, Any]:
        """Counts training items, for reports, which are also made where the items are not."""
        trained = [row for row in self.rows if isinstance(row, TrainSample)]
        if not trained:
            return {}
        return {"labels": Counter(row.label for row in trained), "parts": parts_of(trained)}

    def _check_truth(self, row: Sample) -> None:
        gaps = [f"truth has the unknown key {key!r}" for key in sorted(row.truth.keys() - KEYS)]
        if self.complete and not isinstance(row, TrainSample):  # nobody judges training items
            gaps += truth_gaps(row.truth)
        if gaps:
            raise DataError(
                f"{row.id}: {'; '.join(gaps)}. Correct the code that makes it; "
                "all keys stand in mirage/truth.py."
            )


def parts_of(rows: Iterable[Sample], rest: str = "benign") -> dict[str, int]:
    """Counts the items of each part of a recipe's data.

    Args:
        rows: Training items, with the recipe's name in their ids.
        rest: Part of those that are not general data and whose truth has no such kind.

    Returns:
        ``hazard``, ``benign`` and ``general`` -> items, where there are any.
    """

    def part(row: Sample) -> str:
        kind = row.truth.get("kind")
        if kind in ("hazard", "benign"):
            return str(kind)
        return "general" if is_general(row) else rest

    return dict(Counter(map(part, rows)))


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
