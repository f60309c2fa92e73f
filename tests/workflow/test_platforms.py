"""Two kinds of machines on one store: other ids, side by side, and data that both share."""

from __future__ import annotations

import json
import sys

import pytest
from toy_checkout import Checkout

from mirage.plan.platform import detect

IMITATION = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
"""What any machine can pretend to be."""


def test_a_second_platform_has_models_of_its_own(
    finished: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, made = detect(), finished.runs
    before = finished.files()
    for name, value in IMITATION.items():
        monkeypatch.setenv(name, value)
    assert detect() != here
    finished.snakemake()
    again = [run.split("/")[0] for run in finished.runs[len(made) :]]
    assert again.count("tune") == sum(run.startswith("tune/") for run in made)
    assert "build" not in again
    store = finished.root / "results"
    manifests = [json.loads(p.read_text()) for p in store.glob("tune/base-s0-*/manifest.json")]
    assert {manifest["platform"] for manifest in manifests} == {here, detect()}
    assert before.items() <= finished.files().items()
    folders = [f"tune/base-s0-{manifest['id'][:8]}" for manifest in manifests]
    assert "platform: " in finished.run("mirage", "show", *folders)


def test_a_job_on_another_platform_than_planned_ends_with_a_sentence(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = checkout.root / "conf/site/local.yaml"
    text = site.read_text().replace("platform: detect", "platform: cpu-x86_64-other-sse4")
    site.write_text(text)
    out = checkout.snakemake("--retries", "1", fails=True)
    assert "was planned for the platform cpu-x86_64-other-sse4" in out
    assert "Traceback" not in out
    assert {run.split("/")[0] for run in checkout.runs} == {"build"}
    (note,) = (checkout.root / "results/plan/final/tune").glob("*.json")
    assert "cpu-x86_64-other-sse4" in note.read_text()


def test_jobs_run_with_the_interpreter_that_their_site_names(checkout: Checkout) -> None:
    site = checkout.root / "conf/site/local.yaml"
    wrapper = checkout.root / "their_python"
    site.write_text(
        site.read_text().replace("command: []", f"command: [env, THEIRS=1, {wrapper}]", 1)
    )
    record = f'echo "$@" >> {checkout.root}/asked'
    wrapper.write_text(f'#!/bin/sh\n{record}\nexec {sys.executable} "$@"\n')
    wrapper.chmod(0o755)
    checkout.snakemake()
    asked = (checkout.root / "asked").read_text().splitlines()
    assert len([line for line in asked if line.startswith("-m mirage tune ")]) == 3
