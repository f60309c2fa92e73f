"""Batches are a pure function of one suite."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mirage.respond.batches import STEP, Prompt, plan_batches
from mirage.respond.items import Question, token_limit


def prompt(number: int, length: int) -> Prompt:
    return Prompt(Question(f"s/{number}", "s", "", (), (), str(Path()), 9), tuple(range(length)))


@settings(max_examples=60)
@given(st.lists(st.integers(1, 50), max_size=40), st.integers(1, 12), st.integers(0, 99))
def test_every_prompt_once_whatever_the_order(lengths: list[int], size: int, seed: int) -> None:
    prompts = [prompt(i, n) for i, n in enumerate(lengths)]
    batches = plan_batches(prompts, size)
    shuffled = prompts.copy()
    random.Random(seed).shuffle(shuffled)
    assert plan_batches(shuffled, size) == batches
    placed = [p.question.id for batch in batches for p in batch.prompts]
    assert sorted(placed) == sorted(p.question.id for p in prompts)
    for batch in batches:
        assert 1 <= len(batch.prompts) <= size
        longest = max(len(p.ids) for p in batch.prompts)
        assert batch.width % STEP == 0
        assert longest <= batch.width < longest + STEP
    if batches:
        sizes = [len(batch.prompts) for batch in batches]
        assert max(sizes) - min(sizes) <= 1


def test_the_limit_of_a_suite() -> None:
    assert token_limit({"default": 80, "general": 12}, "general") == 12
    assert token_limit({"default": 80, "general": 12}, "hard") == 80
