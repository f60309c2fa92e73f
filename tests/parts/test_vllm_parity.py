"""vLLM says what transformers says: the same text in fp32, through the very same workflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from vllm_server import PYTHON, served

import internvl_chat_stand_in
import stand_ins
from mirage.contracts import Response, read_rows
from mirage.convert.internvl_chat import convert
from mirage.plan.dag import ROOT, make_plan
from mirage.respond.items import read_suite
from mirage.respond.served import open_served

STUDY = {"study": "quick", "seeds": [0], "suite": ["hard"], "recipe": ["mirage"]}
EXACT = (
    "respond.vllm.dtype=float32 respond.vllm.enforce_eager=true respond.max_new_tokens.default=128"
)
"""What transformers computes with here, and its longest answer."""

SIDES = {"qwen2_vl": 56, "qwen3_vl": 56, "internvl": 56, "llava_onevision": 28}
"""Class -> side of its pictures. vLLM's processors resize by torchvision and ours by Pillow, which
rounds otherwise: LLaVA-OneVision's are of a size that is shown as it is."""


@pytest.fixture(autouse=True, scope="module")
def _installed() -> None:
    if not PYTHON.exists():
        pytest.skip("vLLM is not here; install it with: make env-vllm")


def answers(store: Path, settings: str) -> dict[str, Response]:
    """Answers of the released base to the suite hard, by Snakemake."""
    hydra = f"study.evidence=false {settings}"
    plan, _ = make_plan({**STUDY, "hydra": hydra, "store": str(store)})
    # The other model of the study is planned, not trained.
    (folder,) = (f for f, j in plan.jobs.items() if j.stage == "respond" and j.name == "base-s0")
    command = [
        Path(sys.executable).with_name("snakemake"), "--cores", "1", plan.manifest(folder),
        "--config", *(f"{key}={value}" for key, value in STUDY.items()), f"store={store}",
        f"hydra={hydra}",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    logs = "\n".join(p.read_text() for p in (store / "logs/respond").glob("*.log"))
    assert done.returncode == 0, done.stdout + done.stderr + logs[-6000:]
    return {row.id: row for row in read_rows(store / folder / "responses.jsonl", Response)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of its own for this file."""
    return tmp_path_factory.mktemp("parity") / "store"


@pytest.fixture(scope="module")
def plain(store: Path) -> dict[str, Response]:
    """What transformers says."""
    return answers(store, "respond=default")


def test_a_released_base_says_the_same_on_vllm(store: Path, plain: dict[str, Response]) -> None:
    fast = answers(store, f"respond=vllm {EXACT}")
    assert fast.keys() == plain.keys()
    assert len({row.text for row in plain.values()}) >= 100
    assert median(row.n_tokens for row in plain.values()) >= 8
    differ = [
        f"{item}: {plain[item].text!r}, vLLM {fast[item].text!r}"
        for item in plain
        if fast[item] != plain[item]
    ]
    print(f"{len(plain) - len(differ)} of {len(plain)} answers are the same", *differ, sep="\n")
    assert len(differ) <= 0.01 * len(plain), "\n".join(differ)


@pytest.fixture
def address() -> Generator[str]:
    base = ROOT / "bases/nano_internvl/s0"
    with served(base, "base-s0", longest=256, images=2) as where:
        yield where


def test_a_served_base_says_the_same(
    store: Path, plain: dict[str, Response], address: str, tmp_path: Path
) -> None:
    (suite,), (images,) = store.glob("build/hard-*"), store.glob("build/images-*")
    asked = read_suite(suite, images, {"default": 128})
    options = {
        "base_url": address, "model": "{model}", "key_env": None, "send_to": "", "extra": {},
        "concurrency": 16, "timeout_seconds": 300.0, "attempts": 3, "longest_wait_seconds": 5.0,
    }  # fmt: skip
    model = open_served(tmp_path, object, object, options=options, name="base-s0")
    said = {
        p.question.id: text for part in model.stream(model.prompts(asked)) for p, (text, *_) in part
    }
    differ = [
        f"{i}: {row.text!r}, served {said[i]!r}" for i, row in plain.items() if said[i] != row.text
    ]
    assert len(differ) <= 0.01 * len(plain), "\n".join(differ)


@pytest.mark.parametrize("architecture", sorted(SIDES))
def test_every_class_opens_and_answers(architecture: str, tmp_path: Path) -> None:
    # vLLM knows no other number of views of LLaVA-OneVision than that of the real models.
    folder = stand_ins.write(architecture, tmp_path / "model", heads=1, views=9)
    said = both(folder, architecture, f"stock_{architecture}", SIDES[architecture])
    assert len({text for text, _, _ in said["vllm"].values()}) >= 4, "they see their pictures"
    assert said["vllm"] == said["transformers"]


def test_a_converted_internvl_says_the_same(tmp_path: Path) -> None:
    internvl_chat_stand_in.write(tmp_path / "original")
    folder = tmp_path / "model"
    convert(tmp_path / "original", folder, tokenizer=None, say=lambda line: None)
    # Its angles grow with the length of a prompt, beyond the one that it was trained with.
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["text_config"]["rope_parameters"]["rope_type"] == "dynamic"
    said = both(folder, "internvl", "stock_internvl", 16)
    assert len({text for text, _, _ in said["vllm"].values()}) >= 4
    assert said["vllm"] == said["transformers"]


def test_a_folder_that_vllm_cannot_run_is_named(tmp_path: Path) -> None:
    folder = stand_ins.write("qwen2_vl", tmp_path / "model", heads=2)  # too narrow for its kernels
    with pytest.raises(AssertionError, match=r"model is no model folder that vLLM \S+ can open"):
        both(folder, "qwen2_vl", "stock_qwen2_vl", 56)


def both(folder: Path, architecture: str, encoding: str, side: int) -> dict[str, dict[str, Any]]:
    """What both backends say to the same items, from vLLM's environment."""
    command = [PYTHON, Path(__file__).with_name("both_backends.py"), folder, architecture]
    done = subprocess.run(
        [*map(str, command), encoding, str(side)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-6000:]
    # vLLM writes its own lines there too, before and after.
    (line,) = (each for each in done.stdout.splitlines() if each.startswith('{"transformers"'))
    said: dict[str, dict[str, Any]] = json.loads(line)
    return said
