"""Heads of their own and heads tied to the embeddings survive every way to write and read them."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
import squares
import torch
from safetensors.torch import load_file, save_file
from test_resume import contents, start
from transformers import AutoModelForImageTextToText

from mirage import tune
from mirage.contracts import DataError
from mirage.tune import model_folder

HEAD = "lm_head.weight"


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def tied(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=squares.NAMES)
def settings(request: pytest.FixtureRequest, tied: bool) -> dict[str, Any]:
    return squares.model_settings(request.param, tied)


def build(settings: dict[str, Any], seed: int) -> Any:
    return squares.build_model(settings, seed).eval()


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        scores: torch.Tensor = model(input_ids=torch.arange(10, 20)[None]).logits
    return scores


def test_weights_written_and_read(settings: dict[str, Any], tied: bool, tmp_path: Path) -> None:
    first, second = build(settings, seed=0), build(settings, seed=1)
    assert not torch.equal(logits(first), logits(second))
    path = tmp_path / "model.safetensors"
    model_folder.save_weights(first, path)
    assert (HEAD in load_file(path)) is not tied
    model_folder.load_weights(second, path)
    assert torch.equal(logits(first), logits(second))


def test_missing_weights_are_an_error(settings: dict[str, Any], tied: bool, tmp_path: Path) -> None:
    model, path = build(settings, seed=0), tmp_path / "model.safetensors"
    model_folder.save_weights(model, path)
    whole = load_file(path)
    lost = "model.language_model.embed_tokens.weight" if tied else HEAD
    for broken in (
        {name: tensor for name, tensor in whole.items() if name != lost},
        whole | {lost: whole[lost][:-1].clone()},
        whole | {"more": whole[lost].clone()},
    ):
        save_file(broken, path)
        with pytest.raises(DataError, match="holds the weights of another model"):
            model_folder.load_weights(model, path)


def test_a_killed_run_ends_at_the_same_logits_as_stock_transformers_reads(
    world: squares.World, settings: dict[str, Any], tied: bool
) -> None:
    name = f"{settings['architecture']}-{'tied' if tied else 'untied'}"
    unbroken, killed = (squares.base_job(world, f"{name}{how}") for how in ("", "-killed"))
    for job in (unbroken, killed):
        job.settings["model"] = settings
    tune.run(unbroken)
    assert start(killed, "step", 6) == -signal.SIGKILL  # behind the checkpoint of step 4
    assert start(killed, "never", 0) == 0
    assert contents(killed.out) == contents(unbroken.out)
    stock = AutoModelForImageTextToText.from_pretrained(killed.out).eval()
    ours = squares.open_model(killed.out).eval()
    assert torch.equal(logits(stock), logits(ours))
    embeddings = stock.model.language_model.embed_tokens.weight
    assert (stock.lm_head.weight is embeddings) is tied
    assert torch.equal(stock.lm_head.weight, embeddings) is tied
    fresh = build(settings, seed=0).lm_head.weight
    assert not torch.equal(stock.lm_head.weight, fresh)
    job = squares.recipe_job(world, killed.out, f"mirage-{name}", learning_rate=2e-3)
    tune.run(job)
    assert not torch.equal(squares.open_model(job.out).lm_head.weight, stock.lm_head.weight)
