"""docs/data_contracts.md lists every field of the contracts with its type, and no other."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from mirage.contracts import Facts, Response, Sample, TrainSample, Verdict
from mirage.plan.artifact import Manifest
from mirage.score.rates import Rate
from mirage.truth import Truth

PAGE = (Path(__file__).parents[2] / "docs/data_contracts.md").read_text(encoding="utf-8")
OWN = {f.name for f in dataclasses.fields(Sample)}


def _fields(kind: Any) -> dict[str, str]:
    """Returns field -> type as it stands in the code."""
    told = {name: getattr(t, "__forward_arg__", t) for name, t in kind.__annotations__.items()}
    return {name: text.replace("'", '"') for name, text in told.items()}


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("Sample", _fields(Sample) | _fields(TrainSample)),
        ("truth", _fields(Truth)),
        ("Response", _fields(Response)),
        ("Verdict", _fields(Verdict)),
        ("raw", _fields(Facts)),
        ("Rates", _fields(Rate)),
        ("Manifest", _fields(Manifest)),
    ],
)
def test_a_table_is_the_contract(heading: str, wanted: dict[str, str]) -> None:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", section, re.MULTILINE)
    assert {name: kind.replace("\\|", "|") for name, kind in rows} == wanted
    assert len(rows) == len(wanted)
