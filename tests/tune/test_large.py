"""The engine for large models, on tiny ones in one process: what it adds changes no numbers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import squares
import torch
from large_jobs import block, furthest, large_job, losses
from safetensors.torch import load_file

from mirage import tune
from mirage.contracts import DataError
from mirage.final_error import FinalError
from mirage.plan.job import content
from mirage.tune import batching, checkpoint
from mirage.tune.large import passes, trial
from mirage.tune.large.packing import PackedPasses
from mirage.tune.large.recipe import tune_large
from mirage.tune.large.trainer import LargeRun, LargeTrainer
from mirage.tune.progress import Progress
from mirage.tune.task import Task


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def run_of(batches: list[list[int]]) -> LargeRun:
    return LargeRun("x", batches, "adamw", 1e-3, 0.0, "cosine", 0.0, 0.0, 1.0, 1, 100, 0)


@pytest.mark.parametrize("how", ["one", "three", "packed"])
def test_passes_add_up_to_one_large_batch(world: squares.World, base: Path, how: str) -> None:
    model = squares.open_model(base)
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    objective = squares.objective(model, encoded, keep_features=False)
    batch = [*range(9), len(encoded.ids) - 1, 20, 21]
    whole = batching.collate(encoded, batch, 72, encoded.pad)

    def gradients(inputs: list[dict[str, Any]]) -> tuple[float, list[torch.Tensor]]:
        model.zero_grad()
        summed = 0.0
        for each in inputs:
            loss = objective(**each) / len(inputs)
            loss.backward()
            summed += loss.item()
        return summed, [p.grad.clone() for p in model.parameters() if p.grad is not None]

    if how == "packed":
        longest = int(encoded.lengths.max())
        cut: passes.Passes = PackedPasses(encoded, run_of([batch]), None, 2 * longest)
    else:
        micro_batch = {"one": 1, "three": 3}[how]
        cut = passes.Passes(encoded, run_of([batch]), None, passes.one_each(micro_batch))
    assert cut.passes > 2
    loss, found = gradients([cut[part] for part in range(cut.passes)])
    expected, wanted = gradients([vars(whole)])
    assert loss == pytest.approx(expected, abs=1e-6)
    assert len(found) == len(wanted) > 20
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=2e-6)


def test_the_longest_pass_is_found_and_short_batches_are_filled_up(
    world: squares.World, base: Path
) -> None:
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    short, long = int(encoded.lengths.argmin()), int(encoded.lengths.argmax())
    pictures = int(torch.tensor([len(shown) for shown in encoded.pictures]).argmax())
    batches = [[short, short + 0], [short, long, pictures], [short]]
    cut = passes.Passes(encoded, run_of(batches), None, passes.one_each(1))
    tokens, learnt, shown = cut.longest()
    assert tokens == (1, 0)
    most = max(int(encoded.answers[sample]) for batch in batches for sample in batch)
    assert len(cut.at(*learnt)["targets"]) == most
    assert len(cut.at(*shown)["pictures"]) == len(encoded.pictures[pictures])
    assert cut.passes == 3 and len(cut) == 9
    # Behind the last pass of a batch a sample stands in, and nothing is learnt from it.
    assert len(cut.at(2, 2)["targets"]) == 0 and cut.at(2, 2)["ids"].shape[0] == 1
    cut.start = 1
    assert torch.equal(cut[0]["ids"], cut.at(1, 0)["ids"])


def test_the_large_engine_learns_what_the_nano_one_does(world: squares.World, base: Path) -> None:
    nano = squares.recipe_job(
        world, base, "mirage-nano", epochs=2, learning_rate=2e-3, log_every=1, checkpoint_every=100
    )
    tune.run(nano)
    for name, changed in {
        "alone": {},
        "again": {"activation_checkpointing": True, "longest_first": True},
        "packed": {"packing": True, "micro_batch": 3},
    }.items():
        job = large_job(world, base, f"mirage-large-{name}", block(**changed))
        tune.run(job)
        assert furthest(losses(nano.out), losses(job.out)) < 1e-5
    short = large_job(world, base, "mirage-bf16", block(dtype="bfloat16"))
    tune.run(short)
    assert 0 < furthest(losses(nano.out), losses(short.out)) < 0.05
    assert {t.dtype for t in weights(short.out).values()} == {torch.bfloat16}
    assert json.loads((short.out / "config.json").read_text())["dtype"] == "bfloat16"
    # What is frozen stays, bit by bit.
    before, after = weights(base), weights(short.out)
    towers = [name for name in before if "vision_tower" in name]
    assert towers and all(torch.equal(before[n].bfloat16(), after[n]) for n in towers)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_trying_the_longest_first_leaves_no_trace(
    world: squares.World, base: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, counts = [], []
    compute: Callable[..., torch.Tensor] = LargeTrainer.compute_loss
    for first in (False, True):
        calls: list[int] = []

        def counted(self: LargeTrainer, model: Any, inputs: Any, calls=calls, **more: Any) -> Any:  # type: ignore[no-untyped-def]
            calls.append(inputs["ids"].numel())
            return compute(self, model, inputs, **more)

        monkeypatch.setattr(LargeTrainer, "compute_loss", counted)
        # Adapters with dropout: training draws random numbers.
        large = block(dtype=dtype, longest_first=first, adapter="lora", lora={"dropout": 0.2})
        job = large_job(world, base, f"mirage-first-{dtype}", large, epochs=1)
        tune.run(job)
        made.append((job.out / "model.safetensors").read_bytes())
        counts.append(calls)
        for folder in (job.work / "recipe").glob("checkpoint-*"):
            (folder / checkpoint.SEAL).unlink()
    assert made[0] == made[1]
    assert counts[1][3:] == counts[0] and max(counts[0]) in counts[1][:3]


def test_rows_of_text_need_room_for_their_words(world: squares.World, base: Path) -> None:
    """Of rows of like length the one of most learnt tokens has most logits: it is tried too."""
    encoded = squares.load([world.data], world.images, squares.load_processor(base))
    text = [i for i, shown in enumerate(encoded.pictures) if not shown]
    two = [i for i, shown in enumerate(encoded.pictures) if len(shown) == 2]
    cut = PackedPasses(encoded, run_of([two[:2], text]), None, 80)
    tokens, learnt, shown = cut.longest()
    assert tokens == shown == (0, 0) and learnt[0] == 1


@pytest.mark.parametrize("adapter", ["none", "lora"])
def test_what_does_not_fit_is_said_before_training(
    world: squares.World, base: Path, adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("tried to allocate 3 GiB")

    monkeypatch.setattr(LargeTrainer, "compute_loss", full)
    large = block(longest_first=True, micro_batch=4, adapter=adapter)
    job = large_job(world, base, f"mirage-full-{adapter}", large)
    said = r"do not fit .* 4 x .* tokens, .*3 GiB.*tune=zero3"
    with pytest.raises(FinalError, match=said) as full:  # no further attempt has more room
        tune.run(job)
    assert ("tune=lora" in str(full.value)) is (adapter == "none")
    monkeypatch.setattr(trial, "held_by_others", lambda: 9_000_000_000)
    with pytest.raises(DataError, match=r"others hold 9\.0 GB of it") as taken:
        tune.run(job)
    assert not isinstance(taken.value, FinalError), "the next attempt may have more room"


@pytest.mark.parametrize(
    ("packing", "row_tokens", "named"),
    [(True, 80, "row_tokens"), (True, None, "micro_batch"), (False, 80, "micro_batch")],
)
def test_what_makes_passes_smaller_is_named(
    packing: bool, row_tokens: int | None, named: str
) -> None:
    one = {"ids": torch.zeros(1, 8), "targets": [], "pictures": []}
    large = block(packing=packing, row_tokens=row_tokens)
    assert f"smaller (tune.large.{named})" in trial._no_room(large, one, MemoryError())


def test_a_loss_that_is_no_number_ends_the_run(
    world: squares.World, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute: Callable[..., torch.Tensor] = LargeTrainer.compute_loss
    monkeypatch.setattr(
        LargeTrainer,
        "compute_loss",
        lambda self, *given, **more: (
            compute(self, *given, **more) * (1.0 if self.state.global_step < 2 else float("nan"))
        ),
    )
    job = large_job(world, base, "mirage-nan", block(), checkpoint_every=1)
    with pytest.raises(DataError, match="the loss of step 3 is nan"):
        tune.run(job)
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None and checkpoint.step(last) == 2


@pytest.mark.parametrize("log_every", [1, 6])
def test_a_gradient_that_is_no_number_ends_the_run(
    world: squares.World, base: Path, log_every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of its step is finite, and the next point of the curve may be far."""
    step = LargeTrainer.training_step

    def spoilt(self: LargeTrainer, model: Any, *given: Any, **more: Any) -> torch.Tensor:
        loss = step(self, model, *given, **more)
        if self.state.global_step == 2:
            next(p for p in model.parameters() if p.grad is not None).grad.view(-1)[0] = torch.inf
        return loss

    monkeypatch.setattr(LargeTrainer, "training_step", spoilt)
    large = block(adapter="lora", dtype="bfloat16")
    how = {"checkpoint_every": 1, "log_every": log_every}
    job = large_job(world, base, f"mirage-inf-{log_every}", large, **how)
    with pytest.raises(DataError, match="by step 3 a gradient is not finite"):
        tune.run(job)
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None and checkpoint.step(last) == 2


def test_dropout_goes_on_as_if_nothing_had_happened(world: squares.World, base: Path) -> None:
    large = block(adapter="lora", lora={"dropout": 0.2})
    job = large_job(world, base, "mirage-dropout", large, checkpoint_every=4)
    tune.run(job)
    path = job.out / "model.safetensors"
    unbroken = path.read_bytes()
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None
    (last / checkpoint.SEAL).unlink()
    path.unlink()
    tune.run(job)
    assert path.read_bytes() == unbroken


def test_asked_to_stop_it_leaves_a_checkpoint_and_goes_on_from_there(
    world: squares.World, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = block(dtype="bfloat16", activation_checkpointing=True)
    unbroken = large_job(world, base, "mirage-unbroken-large", large)
    tune.run(unbroken)
    job = large_job(world, base, "mirage-stopped", large)
    job.settings["recipe"]["name"] = unbroken.settings["recipe"]["name"]
    step = Progress.step

    def stop_at_five(self: Progress, done: int, loss: Callable[[], float]) -> None:
        step(self, done, loss)
        if done == 5:
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "step", stop_at_five)
        with pytest.raises(SystemExit) as ended:
            tune.run(job)
    assert ended.value.code == 143 and not any(job.out.iterdir())
    assert signal.getsignal(signal.SIGTERM) is before
    last = checkpoint.newest(job.work / "recipe")
    assert last is not None and last.name == "checkpoint-5"
    tune.run(job)
    assert (job.out / "model.safetensors").read_bytes() == (
        unbroken.out / "model.safetensors"
    ).read_bytes()
    assert losses(job.out) == losses(unbroken.out)


def test_checkpoints_come_by_the_clock_too(
    world: squares.World, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed: list[str] = []
    seal = checkpoint.seal
    monkeypatch.setattr(checkpoint, "seal", lambda path: (sealed.append(path.name), seal(path)))
    always = large_job(world, base, "mirage-clock", block(checkpoint_minutes=1e-9), log_every=3)
    tune.run(always)
    steps = 3 * len(losses(always.out))
    assert sealed[:3] == ["checkpoint-3", "checkpoint-6", "checkpoint-9"] and steps >= 9
    sealed.clear()
    never = large_job(world, base, "mirage-no-clock", block(), log_every=3)
    tune.run(never)
    assert len(sealed) == 1
    assert content(always.job)["tune"] == content(never.job)["tune"]


def test_a_criterion_is_refused(world: squares.World, base: Path) -> None:
    job = large_job(world, base, "mirage-until", block(), tuned={"until": squares.until()})
    with pytest.raises(ValueError, match=r"stops at a criterion.*recipe\.tune\.epochs=3"):
        tune_large(Task.of(job), print)


def test_lora_is_named_and_merged(world: squares.World, base: Path) -> None:
    lines: list[str] = []
    job = large_job(world, base, "mirage-lora", block(adapter="lora", micro_batch=8))
    made = tune_large(Task.of(job), lines.append)
    assert any("LoRA tuning of" in line for line in lines)
    named = dict(made.model.named_parameters())
    learnt = {name: p for name, p in named.items() if p.requires_grad}
    assert learnt and all(".lora_" in name for name in learnt)
    assert made.metrics["parameters/lora"] == sum(p.numel() for p in learnt.values())
    assert made.counts["trainable"] == made.metrics["parameters/lora"]
    assert made.save is not None
    made.save(job.out)
    before, after = weights(base), weights(job.out)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(
        name.endswith(".weight") and ("proj" in name or "linear" in name) for name in changed
    )
    assert not any("vision_tower" in name or "embed" in name for name in changed)
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    with torch.no_grad():
        live = made.model.eval()(input_ids=ids).logits
        again = squares.open_model(job.out).eval()(input_ids=ids).logits
        old = squares.open_model(base).eval()(input_ids=ids).logits
    assert torch.allclose(live, again, atol=1e-5) and not torch.allclose(live, old, atol=1e-3)
    # What has no adapter is frozen, in the parts that learn too.
    with torch.no_grad():
        made.model.get_input_embeddings().weight.add_(1)
    with pytest.raises(DataError, match=r"1 frozen but changed, as .*embed_tokens"):
        made.save(job.out)


def test_an_unknown_target_is_refused(world: squares.World, base: Path) -> None:
    large = block(adapter="lora", lora={"targets": ["q_proj", "query"]})
    with pytest.raises(DataError, match=r"no linear layer called query; there are .*q_proj"):
        tune.run(large_job(world, base, "mirage-target", large))
