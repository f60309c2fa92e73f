"""What a builder hands to the stage: samples, the pictures that lie beside them, and a report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mirage.contracts import Sample, write_rows
from mirage.pictures import ELSEWHERE, Elsewhere, pack

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
    """

    rows: Sequence[Sample] = ()
    pictures: Iterable[tuple[str, Image]] = ()
    elsewhere: Elsewhere | None = None
    vocabulary: Sequence[str] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    def write(self, out: Path) -> dict[str, Any]:
        """Writes everything into a folder and returns what ``report.json`` says."""
        if self.rows:
            write_rows(out / SAMPLES, self.rows)
        if self.vocabulary:
            (out / "vocabulary.txt").write_text("\n".join(self.vocabulary) + "\n", encoding="utf-8")
        if self.elsewhere is not None:
            _write_json(out / ELSEWHERE, self.elsewhere.to_json())
        drawn = pack(out, self.pictures)
        facts = {"items": len(self.rows), "pictures": drawn, **self.report}
        _write_json(out / "report.json", facts)
        return facts


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
