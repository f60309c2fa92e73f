"""envs/gpu.txt holds all that the other lists hold, in the same versions, and CUDA."""

from __future__ import annotations

import re

import pytest

from mirage.plan.packages import ENVS, MODEL, pins

PIN = re.compile(r"^[\w.-]+==[\w.!]+$")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(*names: str) -> dict[str, str]:
    return {plain(name): version for name, version in pins(names).items()}


def test_what_runs_on_a_cpu_is_there_in_the_same_versions() -> None:
    gpu = listed("gpu")
    lacking = {
        f"{name}=={version}"
        for name, version in listed("cpu", "deepspeed").items()
        if gpu.get(name) != version
    }
    assert lacking == set(), "add these lines to envs/gpu.txt, or change its own"


def test_cuda_and_what_large_models_need() -> None:
    gpu = listed("gpu")
    wanted = {"torchvision", "deepspeed", "peft", "liger-kernel", "triton", "nvidia-nccl-cu13"}
    assert wanted | set(MODEL) <= gpu.keys()
    assert {version.split(".")[0] for name, version in gpu.items() if name == "cuda-toolkit"} == {
        "13"
    }


@pytest.mark.parametrize("name", ["gpu", "server"])
def test_each_line_is_an_exact_pin_and_names_no_place(name: str) -> None:
    lines = (ENVS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line and not line.startswith("#")]
    assert all(PIN.match(row) for row in rows)
    assert [plain(row) for row in rows] == sorted(map(plain, rows))
