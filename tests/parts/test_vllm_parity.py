"""vLLM says what transformers says: the same text in fp32, through the very same workflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest

import stand_ins
from mirage.contracts import Response, read_rows
from mirage.plan.dag import ROOT, make_plan
from stand_ins import PICTURE

PYTHON = ROOT / ".venv-vllm/bin/python"
STUDY = {"study": "quick", "seeds": [0], "suite": ["hard"], "recipe": ["mirage"]}
EXACT = (
    "respond.vllm.dtype=float32 respond.vllm.enforce_eager=true respond.max_new_tokens.default=128"
)
"""What transformers computes with here, and its longest answer."""


@pytest.fixture(autouse=True)
def _installed() -> None:
    if not PYTHON.exists():
        pytest.skip("vLLM is not here; install it with: make env-vllm")


def answers(store: Path, settings: str) -> dict[str, Response]:
    """Answers of the released base to the suite hard, by Snakemake."""
    hydra = f"study.evidence=false {settings}"
    plan, _ = make_plan({**STUDY, "hydra": hydra, "store": str(store)})
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


def test_a_released_base_says_the_same_on_vllm(tmp_path: Path) -> None:
    store = tmp_path / "store"
    plain = answers(store, "respond=default")
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


@pytest.mark.parametrize("architecture", sorted(PICTURE))
def test_every_class_opens_and_answers(architecture: str, tmp_path: Path) -> None:
    folder = stand_ins.write(architecture, tmp_path / "model", heads=1)
    said = both(folder, architecture, f"stock_{architecture}", 56)
    assert len({text for text, _, _ in said["vllm"].values()}) >= 4, "they see their pictures"
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
    said: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return said
