"""Muon in fp32 is torch's Muon up to the rounding of its bfloat16."""

from __future__ import annotations

import pytest
import torch

from mirage.tune.optim import Muon, orthogonal

SHAPES = [(16, 16), (48, 16), (16, 48), (16, 16)]


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 48, 16), (2, 16, 48)])
def test_singular_values_come_near_one_and_vectors_stay(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    values = torch.linspace(0.2, 3.0, 16).expand(shape[0], 16)
    found = orthogonal(left * values[:, None] @ right)
    # The iteration acts on singular values alone, so the vectors diagonalise the result.
    core = left.mT @ found @ right.mT
    diagonal = core.diagonal(dim1=1, dim2=2)
    assert torch.allclose(core, torch.diag_embed(diagonal), atol=1e-4)
    assert float(diagonal.min()) > 0.6 and float(diagonal.max()) < 1.3


def test_steps_are_those_of_torch() -> None:
    torch.manual_seed(0)
    start = [torch.randn(shape) for shape in SHAPES]
    mine = [torch.nn.Parameter(each.clone()) for each in start]
    theirs = [torch.nn.Parameter(each.clone()) for each in start]
    how = {"lr": 0.02, "weight_decay": 0.1, "momentum": 0.95}
    pair = (Muon(mine, **how), torch.optim.Muon(theirs, **how))
    for _ in range(4):
        gradients = [torch.randn(shape) for shape in SHAPES]
        for optimizer, matrices in zip(pair, (mine, theirs), strict=True):
            for matrix, gradient in zip(matrices, gradients, strict=True):
                matrix.grad = gradient.clone()
            optimizer.step()
    for a, b, first in zip(mine, theirs, start, strict=True):
        assert float((a - b).detach().norm()) < 0.05 * float((a - first).detach().norm())


def test_no_closure() -> None:
    with pytest.raises(ValueError, match="no closure"):
        Muon([torch.nn.Parameter(torch.eye(2))], 0.1, 0.0, 0.9).step(lambda: 0.0)
