"""What is written is what was trained, or nothing is published."""

from __future__ import annotations

from pathlib import Path

import pytest
import squares
import torch
from large_jobs import block, large_job
from safetensors.torch import load_file, save_file

from mirage import tune
from mirage.contracts import DataError
from mirage.tune.large import weights
from mirage.tune.large.masters import Masters
from mirage.tune.large.trial import innermost, rate_zero
from mirage.tune.optim import build_optimizer


def flip(path: Path) -> None:
    tensors = load_file(path)
    first = sorted(tensors)[0]
    tensors[first].view(-1)[0] += 1e-6
    save_file(tensors, path)


def lose(path: Path) -> None:
    tensors = load_file(path)
    del tensors[sorted(tensors)[0]]
    save_file(tensors, path)


@pytest.mark.parametrize(
    ("damage", "said"), [(flip, "1 written otherwise"), (lose, "1 not written")]
)
def test_a_file_that_differs_is_not_published(
    world: squares.World, base: Path, monkeypatch: pytest.MonkeyPatch, damage, said: str
) -> None:  # type: ignore[no-untyped-def]
    write = weights.write_tensors

    def write_badly(tensors, path: Path) -> None:  # type: ignore[no-untyped-def]
        write(tensors, path)
        damage(path)

    monkeypatch.setattr(weights, "write_tensors", write_badly)
    with pytest.raises(DataError, match=said):
        tune.run(large_job(world, base, f"mirage-{damage.__name__}", block(), epochs=1))


def test_what_must_not_change_is_seen(base: Path) -> None:
    model = squares.open_model(base)
    expected = weights.Expected(model, {"model.language_model.norm.weight"})
    now = {name: tensor.clone() for name, tensor in weights.gather(model).items()}
    now = {name: tensor for name, tensor in now.items() if name in expected.shapes}
    now["model.language_model.norm.weight"] += 1
    assert expected.problems(now) == []
    tower = next(name for name in now if "vision_tower" in name and now[name].ndim == 2)
    now[tower] += 1e-6
    now["more"] = torch.full((1,), float("nan"))
    del now["model.language_model.embed_tokens.weight"]
    assert expected.problems(now) == [
        "1 missing, as model.language_model.embed_tokens.weight",
        "1 left over, as more",
        "1 not finite, as more",
        f"1 frozen but changed, as {tower}",
    ]
    assert weights.digest(torch.zeros(3)) != weights.digest(-torch.zeros(3))


def small_steps(optimizer: torch.optim.Optimizer, weight: torch.nn.Parameter, count: int) -> None:
    for _ in range(count):
        (weight * 1e-3).sum().backward()
        optimizer.step()
        optimizer.zero_grad()


def network(dtype: torch.dtype) -> torch.nn.Module:
    module = torch.nn.Linear(4, 1, bias=False, dtype=dtype)
    torch.nn.init.ones_(module.weight)
    return module


def optimizer_of(module: torch.nn.Module) -> torch.optim.Optimizer:
    return build_optimizer(module, "adamw", 1e-4, 0.0, 0.0)


def test_steps_too_small_for_bfloat16_are_not_lost() -> None:
    plain, kept, exact = (network(t) for t in (torch.bfloat16, torch.bfloat16, torch.float32))
    small_steps(optimizer_of(plain), plain.weight, 100)
    masters = Masters(optimizer_of(kept))
    small_steps(masters, kept.weight, 100)
    small_steps(optimizer_of(exact), exact.weight, 100)
    assert bool((plain.weight == 1).all())
    assert torch.equal(kept.weight, exact.weight.bfloat16())
    assert bool((kept.weight < 1).all())


def test_masters_go_on_from_their_state(tmp_path: Path) -> None:
    modules = [network(torch.bfloat16) for _ in range(2)]
    first, second = (Masters(optimizer_of(module)) for module in modules)
    small_steps(first, modules[0].weight, 60)
    small_steps(second, modules[1].weight, 30)
    torch.save(second.state_dict(), tmp_path / "optimizer.pt")
    third = Masters(optimizer_of(modules[1]))
    third.load_state_dict(torch.load(tmp_path / "optimizer.pt", weights_only=True))
    small_steps(third, modules[1].weight, 30)
    assert torch.equal(modules[0].weight, modules[1].weight)
    assert innermost(third).state
    with rate_zero(innermost(third)):
        assert third.param_groups[0]["lr"] == 0.0
    assert third.param_groups[0]["lr"] == 1e-4
