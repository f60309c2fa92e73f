"""What cannot be tuned as asked is said before anything is submitted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from mirage.cli import run
from mirage.plan.job import content, job_id
from mirage.plan.study.compose import CONF
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of


@pytest.mark.parametrize(
    ("hydra", "said"),
    [
        ("model.resources.recipe.nodes=2", "several nodes has never been tried, so it is refused"),
        ("model.resources.recipe.gpus=2", "one GPU. Set gpus: 1, or train on all of them"),
        (
            "model.resources.recipe.gpus=4 tune=zero2 tune.ranks=2",
            'gpus is 4, but tune.ranks is 2: .* hydra="tune=zero2 tune.ranks=4"',
        ),
        ("tune.zero_stage=3", "zero_stage 3 needs large, as in: tune=zero3"),
        ("tune=lora tune.large.lora.targets=[]", "targets"),
        (
            "tune=lora",
            "Give it epochs, with: recipe.tune.until=null",
        ),
    ],
)
def test_a_tuning_that_cannot_run_is_a_sentence(
    hydra: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = "matched_cot" if "until" in said else "mirage"
    assert run(["plan", "study=tiny", f"recipe={recipe}", f"hydra={hydra}"]) == 1
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert "Traceback" not in text
    assert re.search(said, text)


def test_a_model_that_needs_a_gpu_is_not_tuned_as_nano_models_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for model, ranks in (("internvl3_1b", 1), ("internvl2_5_8b", 8)):
        assert run(["plan", "study=tiny", "recipe=mirage", f"model={model}"]) == 1
        captured = capsys.readouterr()
        said = f'gpus is {ranks}, but .* nano models.*"tune=zero2 tune.ranks={ranks}".*"tune=lora'
        assert re.search(said, captured.out + captured.err)


def planned(hydra: str) -> dict[str, Any]:
    return jobs_of(resolve({"study": "tiny", "hydra": hydra}))


def test_lora_is_named_in_cards_and_pins_its_package() -> None:
    plain, adapters = planned(""), planned("tune=lora")
    mirage = adapters["tune/mirage-tiny-s0"]
    assert mirage.settings["tune"]["large"]["adapter"] == "lora"
    assert mirage.entries["tuning"] == "mirage.tune.large.recipe:tune_large"
    assert "peft" in mirage.packages and "deepspeed" not in mirage.packages
    assert "tuning" not in plain["tune/mirage-tiny-s0"].entries
    assert "large" not in plain["tune/mirage-tiny-s0"].settings["tune"]
    assert plain["tune/base-tiny-s0"].id == adapters["tune/base-tiny-s0"].id
    titles = [
        set(re.findall(r'"title": "(.*?)"', json.dumps([job.settings for job in jobs.values()])))
        for jobs in (plain, adapters)
    ]
    named = {title for title in titles[1] if title.endswith(" (LoRA)")}
    assert len(named) >= 2 and {title.removesuffix(" (LoRA)") for title in named} <= titles[0]
    assert not any("LoRA" in title for title in titles[0])


@pytest.mark.parametrize("name", ["zero2", "zero3", "lora"])
def test_options_for_large_models_differ_where_they_say(name: str) -> None:
    jobs = planned(f"tune={name} tune.ranks={1 if name == 'lora' else 2}")
    tune = jobs["tune/mirage-tiny-s0"].settings["tune"]
    assert tune["zero_stage"] == (3 if name == "zero3" else 2)
    assert tune["engine"] == ("trainer" if name == "lora" else "deepspeed")
    assert tune["large"]["dtype"] == "bfloat16"
    assert tune["large"]["row_tokens"] == (8192 if name == "zero2" else None)
    assert (tune["schedule"], tune["warmup_ratio"]) == ("cosine", 0.03)
    assert set(yaml.safe_load((CONF / "tune/zero2.yaml").read_text())) - {"large"} >= {
        "engine", "ranks", "zero_stage", "batch_size", "log_every", "checkpoint_every",
    }  # fmt: skip


def test_the_rhythm_of_checkpoints_moves_no_id() -> None:
    ids = {
        planned(f"tune=lora {more}")["tune/mirage-tiny-s0"].id
        for more in ("", "tune.large.checkpoint_minutes=3", "tune.large.longest_first=false")
    }
    other = planned("tune=lora tune.large.micro_batch=2")["tune/mirage-tiny-s0"]
    assert len(ids) == 1 and other.id not in ids and job_id(other) == other.id
    assert "checkpoint_minutes" not in content(other)["tune"]["large"]
