"""The contract of ``truth``: every key that a suite writes or a stage reads stands in it."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from build_settings import SUITES, load, suite_samples
from mirage.build.dataset import DataSet
from mirage.contracts import DataError, Sample, TrainSample, read_rows, to_line
from mirage.truth import KEYS, truth_gaps, truth_problems

PACKAGE = Path(__file__).parents[1] / "workflow" / "mirage"
ROW = Sample("easy/1", "easy", "", "", "what ?", (), {"kind": "hazard"})


@pytest.mark.parametrize("name", sorted(SUITES))
def test_every_suite_keeps_the_contract(name: str) -> None:
    world, build = load("world/household.yaml"), load("build/tiny.yaml")
    for row in suite_samples(name, world, build):
        truth = json.loads(to_line(row))["truth"]
        assert not set(truth) - KEYS, row.id
        assert truth_problems(truth) == [], row.id
        assert truth_gaps(truth) == [], row.id


def test_every_key_that_code_reads_is_in_the_contract() -> None:
    read = re.compile(r"""\btruth(?:\[|\.get\()["'](\w+)["']""")
    keys = {key for path in PACKAGE.rglob("*.py") for key in read.findall(path.read_text("utf-8"))}
    assert len(keys) > 15
    assert not keys - KEYS


BENIGN = {"kind": "benign", "action": "use", "objects": ["fork"]}


@pytest.mark.parametrize(
    ("truth", "text"),
    [
        ({"knd": "hazard"}, "easy/1: truth has the unknown key 'knd'; truth has no kind. Correct"),
        ({"pair": "p"}, "truth has no kind"),
        ({"kind": "skill"}, "truth has no answer"),
        ({"kind": "benign", "acton": "use", "objects": ["a"]}, "unknown key 'acton'; truth has no"),
        ({"kind": "benign", "action": "use", "objets": ["a"]}, "has neither things nor objects"),
        (BENIGN, None),
        (BENIGN | {"things": ["fork"]}, None),
    ],
)
def test_code_that_leaves_a_truth_incomplete_builds_no_suite(
    tmp_path: Path, truth: dict[str, Any], text: str | None
) -> None:
    made = DataSet([dataclasses.replace(ROW, truth=truth)])
    if text is None:
        made.write(tmp_path)
    else:
        with pytest.raises(DataError, match=re.escape(text)):
            made.write(tmp_path)
        assert not list(tmp_path.iterdir())


def test_training_items_need_no_kind_but_known_keys(tmp_path: Path) -> None:
    values = dataclasses.asdict(ROW) | {"truth": {}, "answer": "a lamp ."}
    row = TrainSample(**values)
    DataSet([row]).write(tmp_path)
    with pytest.raises(DataError, match="unknown key 'par'"):
        DataSet([dataclasses.replace(row, truth={"par": "p"})]).write(tmp_path)


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
