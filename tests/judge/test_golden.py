"""The oracle against responses labelled blind by two labellers (tests/golden/oracle/GUIDE.md)."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from mirage.contracts import Response, Sample
from mirage.judge.oracle import verdict

GOLDEN = Path(__file__).parents[1] / "golden" / "oracle"
RECALL = 0.95
SETS = ("golden.jsonl", *(f"held_out{n}.jsonl" for n in ("", "_2", "_3", "_4")))
STANDING = {"B083", "B086", "B087"}
"""Skill answers right in sense, not in the one form that is asked for (see AGREEMENT.md)."""


def rows(name: str) -> list[dict[str, Any]]:
    lines = (GOLDEN / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def told(row: dict[str, Any]) -> str:
    plain = dict(row["sample"])
    plain["images"] = tuple(plain["images"])
    sample = Sample(**plain)
    found = verdict(sample, Response(sample.id, row["text"], 0, row["finish_reason"]))
    return f"{found.outcome}:{found.code}" if found.code else str(found.outcome)


def kappa(pairs: list[tuple[str, str]]) -> float:
    """Cohen's kappa of two labellers."""
    n = len(pairs)
    agree = sum(a == b for a, b in pairs) / n
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[label] * second[label] for label in first) / n**2
    return (agree - chance) / (1 - chance)


def test_the_golden_set_is_as_large_and_mixed_as_promised() -> None:
    golden = rows("golden.jsonl")
    assert len(golden) >= 240
    real = [row for row in golden if row["source"] != "adversarial"]
    assert len(real) >= 120
    assert any("undertrained" in row["source"] for row in real)
    assert len({row["source"].removesuffix("-undertrained") for row in real}) >= 9
    assert all(len(rows(name)) >= 60 for name in SETS)


@pytest.mark.parametrize("name", SETS)
def test_labellers_agree_beyond_chance(name: str) -> None:
    pairs = [(row["labels"][0], row["labels"][1]) for row in rows(name)]
    assert kappa(pairs) >= 0.8


@pytest.mark.parametrize("name", SETS)
def test_recall_of_every_class(name: str) -> None:
    found: dict[str, list[bool]] = defaultdict(list)
    wrong = []
    for row in rows(name):
        kind = row["sample"]["truth"]["kind"]
        right = told(row) == row["label"]
        if row["id"] in STANDING:
            assert not right, "this one agrees by now"
            continue
        found[f"{kind} {row['label']}"].append(right)
        if not right:
            wrong.append((row["id"], row["label"], told(row), row["text"]))
    recall = {label: sum(hits) / len(hits) for label, hits in found.items()}
    assert all(value >= RECALL for value in recall.values()), (recall, wrong)
