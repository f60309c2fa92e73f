"""``mirage doctor``: a cluster as its commands tell it, and what a study's jobs need."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from mirage.cli import doctor_slurm, doctor_study, run
from mirage.cli.doctor_slurm import Partition
from mirage.cli.finding import Finding
from mirage.plan.devices import VISIBLE
from mirage.plan.frozen_plan import Frozen, assemble
from mirage.plan.job import Job
from mirage.plan.schema.site import Environment
from mirage.plan.site import read_site

ANSWERS = {
    "sbatch": "",
    "srun": "",
    "scancel": "",
    "squeue": "",
    "scontrol": "MinJobAge               = 300 sec",
    "sinfo": "cpu*|64+|256000|(null)|infinite\ngpu|96|1000000|gpu:h100:8(S:0-1)|2-00:00:00\n"
    "gpu|48|500000|gpu:a100:4|2-00:00:00",
    "sacct": "1",
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with Slurm's commands, which say what ``ANSWERS`` says, and nothing else on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in ANSWERS.items():
        say(folder, name, text)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("SLURM_CONF", raising=False)
    return folder


def say(folder: Path, name: str, text: str, status: int = 0) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\nexit {status}\n")
    path.chmod(0o755)


def words(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.level}: {finding.text}" for finding in findings)


def test_a_cluster_that_answers(tools: Path) -> None:
    text = words(doctor_slurm.reachable())
    assert "ok: Slurm answers" in text
    assert "squeue keeps ended jobs for 300 s; sacct answers too" in text
    assert doctor_slurm.partitions() == {
        "cpu": Partition(default=True, cpus=64, memory_mb=256000, minutes=inf),
        "gpu": Partition(cpus=96, memory_mb=1000000, gpus=8, minutes=2880),
    }


def test_the_status_command_is_named_that_tells_how_jobs_ended(tools: Path) -> None:
    say(tools, "scontrol", "MinJobAge = 60 sec")
    assert "look: squeue keeps ended jobs for 60 s" in words(doctor_slurm.reachable())
    assert "--slurm-status-command sacct" in words(doctor_slurm.reachable())
    say(tools, "sacct", "accounting storage is disabled", 1)
    assert "broken: squeue keeps ended jobs for 60 s" in words(doctor_slurm.reachable())


def test_what_lacks_and_what_misleads(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", "/somewhere/slurm.conf")
    assert "look: SLURM_CONF is set" in words(doctor_slurm.reachable())
    say(tools, "squeue", "no controller", 1)
    assert "controller does not answer" in words(doctor_slurm.reachable())
    (tools / "srun").unlink()
    assert "broken: Slurm without srun" in words(doctor_slurm.reachable())
    for path in tools.iterdir():
        path.unlink()
    assert "ok: no Slurm here" in words(doctor_slurm.reachable())


@pytest.mark.parametrize(
    ("gres", "count"),
    [("(null)", 0), ("gpu:2", 2), ("gpu", 1), ("gpu:a100:4,gpu:v100:2", 6),
     ("gpu:h100:8(S:0-1)", 8), ("shard:16,gpu:tesla:1", 1), ("gpu:a100_1g.5gb:7(S:0)", 7)],
)  # fmt: skip
def test_gpus_of_a_node(tools: Path, gres: str, count: int) -> None:
    say(tools, "sinfo", f"gpu|1|1|{gres}|30:00")
    assert doctor_slurm.partitions()["gpu"] == Partition(False, 1, 1, count, 30)


def test_partitions_of_the_site_exist(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    site = read_site()
    known = doctor_slurm.partitions()
    assert "ok: tune: partition cpu" in words(doctor_slurm.queues(site, "cluster", known))
    other = site.model_copy(
        update={
            "tune": site.tune.model_copy(update={"partition": "gpus"}),
            "respond": site.respond.model_copy(update={"partition": None}),
        }
    )
    text = words(doctor_slurm.queues(other, "ours.yaml", known))
    assert (
        "broken: tune: there is no partition 'gpus', only cpu, gpu. Set tune.partition in" in text
    )
    assert "ok: respond: Slurm's default partition, cpu" in text
    none = {name: replace(each, default=False) for name, each in known.items()}
    assert "Slurm has no default" in words(doctor_slurm.queues(other, "ours.yaml", none))


def a_job(stage: str, name: str, **more: Any) -> Job:
    return Job(
        stage, more.pop("kind", stage), name, name[0] * 64, more.pop("settings", {}), {}, **more
    )


def asked(**more: Any) -> dict[str, Any]:
    plain = {"threads": 8, "mem_mb": 64000, "runtime": 300, "gpu": None, "slurm_partition": None}
    return plain | more


def test_jobs_fit_on_a_node_of_their_partition(tools: Path) -> None:
    jobs = {name: a_job("tune", name) for name in ("small", "wide", "long")}
    requests = {
        "small": asked(slurm_partition="gpu", gpu=8),
        "wide": asked(slurm_partition="gpu", gpu=16),
        "long": asked(slurm_partition="gpu", gpu=1, runtime=5000),
    }
    found = doctor_slurm.fitting(jobs, requests, doctor_slurm.partitions())
    assert [finding.level for finding in found] == ["ok", "broken", "broken"]
    assert "gives more than GPUs: 8." in found[1].text
    assert "minutes: 2,880" in found[2].text
    everywhere = doctor_slurm.fitting(
        {"a": a_job("tune", "a")}, {"a": asked(gpu=1)}, doctor_slurm.partitions()
    )
    assert "no node of partition cpu gives more than GPUs: 0" in words(everywhere)


def test_interpreters_of_environments_start_and_hold_their_packages(tmp_path: Path) -> None:
    named = {
        "local": Environment(command=[], packages=["cpu"]),
        "here": Environment(command=[sys.executable], packages=["cpu"]),
        "gpu": Environment(command=[str(tmp_path / "python")], packages=["gpu"]),
        "vllm": Environment(command=[sys.executable], packages=["vllm"]),
    }
    here, gpu, vllm = doctor_study.environments(named, ["here", "gpu"])
    assert here.level == "ok", here.text
    assert gpu.level == "broken" and "does not start here: make env-gpu" in gpu.text
    # The first few that are not here, in the order of the list, and how many more.
    assert vllm.level == "look" and vllm.text.endswith(": make env-vllm VLLM=vllm")
    assert re.match(r"environment vllm lacks (\S+==\S+, )+\S+==\S+ and \d+ more: ", vllm.text)


def test_keys_are_looked_for_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"name": "theirs", "options": {"key_env": "THEIR_KEY"}}
    plain = {"name": "served", "options": {"key_env": ""}}
    jobs = [a_job("judge", name, settings={"judge": judge}) for name, judge in
            (("one", options), ("two", options), ("three", plain))]  # fmt: skip
    monkeypatch.delenv("THEIR_KEY", raising=False)
    (found,) = doctor_study.keys(jobs)
    assert found.level == "broken" and "export THEIR_KEY=" in found.text
    (found,) = doctor_study.keys(jobs, {"THEIR_KEY": "sk-secret"})
    assert found.level == "ok" and "secret" not in found.text
    asked_there = {"respond": {"openai": {"key_env": "TOY_KEY"}}}
    monkeypatch.delenv("TOY_KEY", raising=False)
    (found,) = doctor_study.keys([a_job("respond", "one", settings=asked_there)])
    assert found.text.startswith("respond=openai needs a key") and "TOY_KEY=" in found.text


def a_plan(store: Path, jobs: list[Job], gpu: int | None = None) -> Frozen:
    resources = {job.folder: asked(gpu=gpu) for job in jobs}
    named: dict[str, Any] = {"environments": {}, "track": {}}
    return assemble(study="s", store=str(store), jobs=jobs, resources=resources, **named)


@pytest.mark.parametrize(
    ("platform", "gpu", "level", "text"),
    [
        ("gpu-sm90", None, "broken", "asks for no GPU"),
        ("cpu-x86_64", 2, "broken", "hides from it"),
        ("gpu-sm90", 2, "ok", "--resources gpu=3"),
        ("gpu-sm90", 4, "broken", "this machine gives 3"),
    ],
)
def test_gpus_agree_with_the_platform_and_the_machine(
    tools: Path, monkeypatch: pytest.MonkeyPatch,
    platform: str, gpu: int | None, level: str, text: str
) -> None:  # fmt: skip
    say(tools, "nvidia-smi", "0, GPU-a\n1, GPU-b\n2, GPU-c\n3, GPU-d")
    monkeypatch.setenv(VISIBLE, "1,2,3")
    job = a_job("tune", "mirage", platform=platform)
    found = doctor_study.gpus(a_plan(tools, [job], gpu), [job.folder], here=True)
    assert found[0].level == level
    assert text in found[0].text


def test_room_for_weights(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"0" * 10**6)
    base = a_job("tune", "base", kind="base", external={"digest": str(model)})
    recipes = [
        replace(a_job("tune", f"recipe{n}", kind="recipe", settings={"n": n}), id=f"{n}" * 64,
                parents={"base": [base.folder]})
        for n in range(3)
    ]  # fmt: skip
    plan = a_plan(tmp_path, [base, *recipes])
    folders = list(plan.jobs)
    (found,) = doctor_study.room(plan, folders, free=2e6)
    assert found.level == "broken" and "store=" in found.text
    (found,) = doctor_study.room(plan, folders, free=5e6)
    assert found.level == "look" and "checkpoints" in found.text
    (found,) = doctor_study.room(plan, folders, free=1e9)
    assert found.level == "ok" and found.text.startswith("3 models")
    assert doctor_study.room(plan, [base.folder], free=0) == []
    plan.resources[recipes[2].folder]["work_mb"] = 80_000  # with the features that it keeps
    (found,) = doctor_study.room(plan, folders, free=5e10)
    assert found.level == "look" and "features need up to 80 GB a job" in found.text


def test_data_and_models_that_went_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_DATA", str(tmp_path / "data"))
    plan = a_plan(tmp_path, [a_job("tune", "base", external={"d": str(tmp_path / "model")})])
    text = words(doctor_study.content(plan))
    assert "MIRAGE_DATA names" in text and f"{tmp_path / 'model'} is gone" in text
    (tmp_path / "data").mkdir()
    (tmp_path / "model").mkdir()
    assert "1 folders and files outside the store are there" in words(doctor_study.content(plan))


def test_a_study_is_checked_and_what_is_wrong_is_a_finding(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    store = str(tmp_path / "store")
    run(["doctor", "study=tiny", "--store", store])
    text = capsys.readouterr().out
    assert "ok      study tiny: 30 of 30 jobs to run" in text
    assert "environment nodes: .venv/bin/python" in text
    assert "tune base-tiny-s0: 0 GPUs" in text and "partition cpu has them" in text
    assert run(["doctor", "--store", store, "study=tinny"]) == 1
    assert "did you mean 'tiny'" in capsys.readouterr().out
    made = [path.name for path in (tmp_path / "store").iterdir()]
    assert made == ["plan"], "nothing but the plan's notes"


def test_what_is_missing_hides_no_other_finding(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, where in (("MIRAGE_MODELS", "models"), ("MIRAGE_DATA", ""), ("HF_HUB_CACHE", "hub")):
        monkeypatch.setenv(name, str(tmp_path / where))
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    assert run(["doctor", "study=smoke", "--store", str(tmp_path / "store")]) == 1
    text = capsys.readouterr().out
    assert f"broken  Neither the folder {tmp_path}/models/Qwen2-VL-7B-Instruct nor a copy" in text
    assert f"broken  {tmp_path}/mis_train does not exist. Put MIS_Train of Tuwhy on" in text
    assert "tune mis_smoke-qwen2_vl_7b-s0 asks for 8 GPUs, 64 cores" in text
    assert "broken  judge local_vlm: http://127.0.0.1:8000/v1 does not answer" in text
    assert "1 models of up to 16.6 GB: 17 GB of weights" in text
