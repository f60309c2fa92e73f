"""The formula for a step's operations, against what torch counts."""

from __future__ import annotations

import pytest
import torch
from free_samples import Opened
from torch.utils.flop_counter import FlopCounterMode

from mirage.tune.large import flops, packing
from mirage.tune.large.devices import peak_flops
from mirage.tune.large.flops import Attention, Part
from mirage.tune.model_folder import freeze

LINEAR = ("mm", "addmm", "convolution", "convolution_backward")
BATCH = list(range(8))


@pytest.fixture
def opened(opened: Opened) -> Opened:
    opened.model.set_attn_implementation("eager")  # its products are counted on a processor
    return opened


def measured(opened: Opened, keep: bool) -> tuple[float, float]:
    """Operations of a step by torch's counter: linear maps, attention. A row for each sample."""
    objective = opened.objective(keep_features=keep)
    with FlopCounterMode(display=False) as counter:
        for sample in BATCH:
            row = packing.collate_row(opened.data, BATCH, [sample], 1, opened.encoding.pad)
            objective(**{**vars(row), "spans": None}).backward()
    found = {str(op).rpartition(".")[2]: n for op, n in counter.get_flop_counts()["Global"].items()}
    return sum(found.get(op, 0) for op in LINEAR), found.get("bmm", 0)


def formula(opened: Opened, keep: bool) -> tuple[float, float]:
    """The same by the formula, for eager attention, which computes what a token may not see."""
    counted = flops.count(opened.model, opened.family, keep)
    total = counted.step(opened.data, BATCH)
    lengths = opened.data.lengths.tolist()
    attention = sum(counted.attention.together(length) for length in lengths)
    linear = total - attention
    if keep:
        return linear, 2 * attention
    parts = [counted.language, counted.head, counted.projector, counted.vision]
    rows = sum(len(shown) for shown in opened.data.pictures)
    tokens = [sum(lengths), int(opened.data.answers.sum()), rows * counted.features]
    tokens.append(rows * counted.patches)
    by_part = [n * part.per_token() for n, part in zip(tokens, parts, strict=True)]
    return sum(by_part), 2 * attention + linear - sum(by_part)


@pytest.mark.parametrize("parts", [("language_model",), ("language_model", "projector")])
def test_operations_with_kept_features(opened: Opened, parts: tuple[str, ...]) -> None:
    freeze(opened.model, parts, opened.family)
    (linear, attention), (expected, full) = formula(opened, True), measured(opened, True)
    # Rows are filled up to eight tokens; gradients of the very first inputs are not computed.
    assert linear == pytest.approx(expected, rel=0.08)
    assert attention == pytest.approx(full, rel=0.12)


def test_operations_with_the_tower(opened: Opened) -> None:
    freeze(opened.model, ("vision", "language_model", "projector"), opened.family)
    (linear, attention), (expected, full) = formula(opened, False), measured(opened, False)
    assert linear == pytest.approx(expected, rel=0.12)
    assert attention == pytest.approx(full, rel=0.15)


def test_a_frozen_tower_costs_a_third_or_nothing(opened: Opened) -> None:
    freeze(opened.model, ("language_model", "projector"), opened.family)
    frozen = flops.count(opened.model, opened.family, kept=False)
    kept = flops.count(opened.model, opened.family, kept=True)
    freeze(opened.model, ("vision", "language_model", "projector"), opened.family)
    trained = flops.count(opened.model, opened.family, kept=False)
    assert 3 * frozen.vision.per_token() == trained.vision.per_token() > 0
    steps = [each.step(opened.data, BATCH) for each in (kept, frozen, trained)]
    assert steps == sorted(steps) and len(set(steps)) == 3
    assert steps[2] - steps[0] == pytest.approx(3 * (steps[1] - steps[0]))


def test_a_token_costs_six_four_or_two_times_the_weights() -> None:
    assert Part(10, 10, True).per_token() == 60
    assert Part(10, 0, True).per_token() == 40
    assert Part(10, 0, False).per_token() == 20
    assert Part(11, 1, True).per_token() == 46  # ten frozen ones and an adapter of one
    # Forward 2 n² for what is causal, 4 n² for what is not; gradients twice as much again.
    assert Attention(1, True, False).together(10) == 200
    assert Attention(1, False, True).together(10) == 1200


def test_peaks_are_of_dense_products_in_bfloat16() -> None:
    dtype = str(torch.bfloat16)
    assert peak_flops("NVIDIA H100 80GB HBM3", dtype) == 989.4e12
    assert peak_flops("NVIDIA H100 PCIe", dtype) == 756e12
    assert peak_flops("NVIDIA A100-SXM4-80GB", dtype) == 312e12
    assert peak_flops("NVIDIA H100 80GB HBM3", str(torch.float32)) is None
    assert peak_flops("cpu", dtype) is None
