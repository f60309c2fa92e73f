"""The contract of ``truth``: every key that a suite writes or a stage reads stands in it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from build_settings import SUITES, load, suite_samples
from mirage.contracts import DataError, Sample, read_rows, to_line
from mirage.truth import KEYS, truth_problems

PACKAGE = Path(__file__).parents[1] / "workflow" / "mirage"
ROW = Sample("easy/1", "easy", "", "", "what ?", (), {"kind": "hazard"})


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_suite_keeps_the_contract(name: str) -> None:
    world, build = load("world/household.yaml"), load("build/tiny.yaml")
    for row in suite_samples(name, world, build):
        truth = json.loads(to_line(row))["truth"]
        assert not set(truth) - KEYS, row.id
        assert truth_problems(truth) == [], row.id


def test_every_key_that_code_reads_is_in_the_contract() -> None:
    read = re.compile(r"""\btruth(?:\[|\.get\()["'](\w+)["']""")
    keys = {key for path in PACKAGE.rglob("*.py") for key in read.findall(path.read_text("utf-8"))}
    assert len(keys) > 15
    assert not keys - KEYS


@pytest.mark.parametrize(
    ("truth", "text"),
    [
        ({"kind": "hazrad"}, "truth.kind: input should be 'hazard', 'benign'"),
        ({"objects": "bucket"}, "truth.objects: input should be a valid list"),
        ({"positions": [True]}, "truth.positions.0: input should be a valid integer"),
    ],
)
def test_a_truth_of_wrong_types_is_named_with_its_line(
    tmp_path: Path, truth: dict[str, Any], text: str
) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(f"{to_line(dataclasses.replace(ROW, truth=truth))}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_rows(path, Sample)
    assert f"line 1: {text}" in str(caught.value)
