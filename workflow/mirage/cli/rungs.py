"""The rungs of ``mirage ladder``: what each ends with, what that proves, what to do where it fails.

What a rung proved is read from its artifacts, never assumed; a rung whose artifacts say otherwise
raises.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirage.contracts import DataError, Response, Sample, Verdict, read_rows
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import Frozen
from mirage.plan.job import Job
from mirage.view.told import inert

ENGINES = {"vllm": "vLLM", "transformers": "transformers", "openai": "its server"}
REASONS = 3
"""Reasons of missing verdicts that are named."""


@dataclass(frozen=True)
class Rung:
    """One step up.

    Attributes:
        title: What is done.
        ends_with: Plan -> folders of the jobs that it ends with; all that they need is made too.
        proves: Plan, those folders -> what their files say, a line each.
        mend: What to do where it fails.
    """

    title: str
    ends_with: Callable[[Frozen], list[str]]
    proves: Callable[[Frozen, Sequence[str]], list[str]]
    mend: str


def untrained(plan: Frozen) -> list[str]:
    """Returns the answers of models from which nothing is tuned; of all bases where each is."""
    parents = {base for job in _kind(plan, "recipe") for base in job.parents["base"]}
    bases = [job for job in _kind(plan, "respond") if _model(plan, job).kind == "base"]
    alone = [job for job in bases if job.parents["model"][0] not in parents]
    return [job.folder for job in alone or bases]


def tuned(plan: Frozen) -> list[str]:
    """Returns the answers of tuned models."""
    return [job.folder for job in _kind(plan, "respond") if _model(plan, job).kind == "recipe"]


def judged(plan: Frozen) -> list[str]:
    """Returns the verdicts on the answers of ``untrained``."""
    first = set(untrained(plan))
    return [job.folder for job in _kind(plan, "judge") if first & {*job.parents["responses"]}]


def answers(plan: Frozen, folders: Sequence[str]) -> list[str]:
    """Says what answered how many items on what, and how many answers were cut off or empty."""
    lines = []
    for folder in folders:
        job, place = plan.jobs[folder], Path(plan.store) / folder
        rows = read_rows(place / "responses.jsonl", Response)
        asked = sum(
            len(read_rows(Path(plan.store) / suite / "samples.jsonl", Sample))
            for suite in job.parents["suites"]
        )
        cut = sum(row.finish_reason == "length" for row in rows)
        empty = sum(not row.text.strip() for row in rows)
        backend = str(job.settings["respond"]["backend"])
        line = (
            f"{job.name} opens in {ENGINES.get(backend, backend)} on {_device(place)} and answers "
            f"{len(rows)} of {asked} items, {cut} cut off, {empty} empty"
        )
        if 2 * (cut + empty) > len(rows):
            line += f". Look at them before you go on: {place / 'responses.jsonl'}"
        lines.append(inert(line))
    return lines


def verdicts(plan: Frozen, folders: Sequence[str]) -> list[str]:
    """Says how many answers have a verdict.

    Raises:
        DataError: Fewer than the study's score asks for.
    """
    least = max(
        (float(job.settings["score"]["min_coverage"]) for job in _stage(plan, "score")), default=0.0
    )
    lines = []
    for folder in folders:
        place = Path(plan.store) / folder
        rows = read_rows(place / "verdicts.jsonl", Verdict)
        status = Counter(row.status for row in rows)
        line = (
            f"judge {plan.jobs[folder].settings['judge']['name']}: {status['judged']} of "
            f"{len(rows)} verdicts, {status['unjudged']} unjudged, "
            f"{status['error']} without a reply"
        )
        if 100 * status["judged"] < least * len(rows) or not status["judged"]:
            why = Counter(row.reason for row in rows if row.status != "judged").most_common(REASONS)
            said = "; ".join(f"{count} x {reason}" for reason, count in why)
            text = f"{line} ({said}); {least:g} % are needed. Before the next try: rm -r {place}"
            raise DataError(inert(text))
        lines.append(inert(line))
    return lines


def steps(plan: Frozen, folders: Sequence[str]) -> list[str]:
    """Says what was tuned before these answers, and what the answers prove of it."""
    lines = []
    for name in dict.fromkeys(plan.jobs[folder].parents["model"][0] for folder in folders):
        job, place = plan.jobs[name], Path(plan.store) / name
        curve = _curve(place / "curve.jsonl")
        how = job.settings["tune"]
        losses = [row["loss"] for row in curve]
        parts = [f"{job.name}: {curve[-1]['step']} steps of {_engine(how)} on {_device(place)}"]
        parts.append(
            f"loss {losses[0]:.2f} at step {curve[0]['step']}, {losses[-1]:.2f} at the end"
        )
        peaks = [row["peak_memory_gb"] for row in curve if "peak_memory_gb" in row]
        parts += [f"peak memory {max(peaks):.1f} GB"] if peaks else []
        size = sum(
            each["size"]
            for file, each in Manifest.read(place).files.items()
            if file.endswith(".safetensors")
        )
        parts.append(f"{size / 1e9:.2f} GB of weights written")
        # Jobs of this engine read the file again and compare it before they publish it.
        parts += ["read back and compared"] if how.get("large") else []
        lines.append(inert(", ".join(parts)))
    return [*lines, *answers(plan, folders)]


def report(plan: Frozen, folders: Sequence[str]) -> list[str]:
    """Says where the tables lie."""
    lines = []
    for folder in folders:
        place = Path(plan.store) / folder
        tables = len(list((place / "tables").glob("*.csv")))
        lines.append(f"verdicts become {tables} tables: {place / 'report.html'}")
    return lines


def _kind(plan: Frozen, kind: str) -> list[Job]:
    return [job for job in plan.jobs.values() if job.kind == kind]


def _stage(plan: Frozen, stage: str) -> list[Job]:
    return [job for job in plan.jobs.values() if job.stage == stage]


def _model(plan: Frozen, job: Job) -> Job:
    return plan.jobs[job.parents["model"][0]]


def _device(place: Path) -> str:
    return str(Manifest.read(place).provenance.get("device") or "an unnamed device")


def _engine(how: dict[str, Any]) -> str:
    if how["engine"] != "deepspeed":
        large = how.get("large") or {}
        return "LoRA in one process" if large.get("adapter") == "lora" else "one process"
    return f"ZeRO-{how['zero_stage']} with {how['ranks']} ranks"


def _curve(path: Path) -> list[dict[str, Any]]:
    """Raises DataError where it holds no step."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as broken:
        raise DataError(f"{path} cannot be read ({broken}). See: mirage verify") from None
    if not rows:
        raise DataError(f"{path} holds no step: log_every of conf/tune is above the run's steps.")
    return rows


RUNGS = (
    Rung(
        "a model that needs no training answers",
        untrained,
        answers,
        "Are its weights whole? mirage model check <name>. Does vLLM refuse them? Its last lines, "
        'above, say why. Out of memory? hydra="respond.vllm.gpu_memory_utilization=0.8". More: '
        "docs/answering.md",
    ),
    Rung(
        "the judge reads its answers",
        judged,
        verdicts,
        "Does the judge's server run, and is its address right? Its file in conf/judge has the "
        "line that starts it and the variable with its address (local_vlm: MIRAGE_LOCAL_VLM_URL). "
        "More: docs/judges.md",
    ),
    Rung(
        "a few steps are tuned, and the tuned model answers",
        tuned,
        steps,
        'Out of memory? hydra="tune=zero3" takes half of it, hydra="tune=lora" one GPU. Fewer '
        'GPUs? hydra="tune.ranks=4 model.resources.recipe.gpus=4". More: docs/large_models.md',
    ),
    Rung(
        "all verdicts become tables",
        lambda plan: plan.reports,
        report,
        "Look at the last line of its log, above; mirage show <folder> says what it was made from.",
    ),
)
