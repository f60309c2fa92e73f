"""The settings that both commands end up with: the default profile wins key by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import create_output_settings, parse_args

from mirage.plan.code_version import PACKAGE
from mirage.plan.site import forgotten

ROOT = PACKAGE.parent.parent


@pytest.fixture
def merged(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(ROOT)

    def parse(*words: str) -> Any:
        return parse_args([*words])[1]

    return parse


def test_a_laptop(merged: Any) -> None:
    settings = merged("-n")
    assert settings.executor is None
    assert settings.rerun_incomplete
    assert settings.nolock
    assert settings.keep_going
    assert settings.cores == "all" or settings.cores >= 1
    assert not settings.retries


def test_a_view_of_the_run_but_none_in_the_jobs_of_a_cluster(merged: Any) -> None:
    assert merged("-n").logger == ["mirage"]
    assert merged("--profile", "slurm", "-n").logger == ["mirage"]
    assert not create_output_settings(merged("-n"), {}).skip_plugin_handlers
    assert create_output_settings(merged("--mode", "remote"), {}).skip_plugin_handlers


def test_a_cluster(merged: Any) -> None:
    settings = merged("--profile", "slurm", "-n")
    assert settings.executor == "slurm"
    assert settings.jobs == 100
    assert settings.retries == 2
    assert settings.slurm_status_command == "squeue"
    assert settings.latency_wait == 60
    assert settings.rerun_incomplete
    assert settings.nolock
    assert "runtime" in str(vars(settings.default_resources))


def test_a_machine_with_gpus_and_no_scheduler(merged: Any) -> None:
    settings = merged("--profile", "profiles/gpu", "-n")
    assert settings.executor is None
    assert settings.resources == {"gpu": 8}
    assert settings.retries == 1
    assert settings.nolock and settings.rerun_incomplete
    assert merged("--profile", "profiles/gpu", "--resources", "gpu=4").resources == {"gpu": 4}


@pytest.mark.parametrize("words", [["--profile", "slurm", "-n"], ["--executor", "slurm"]])
def test_a_cluster_without_its_site_is_warned_of(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("MIRAGE_SITE", raising=False)
    (line,) = forgotten(words)
    assert "MIRAGE_SITE" in line and "docs/cluster.md" in line
    assert not forgotten(["-n"])
    assert not forgotten(["--no-such-option"])
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    assert not forgotten(words)


def test_the_default_profile_holds_only_what_is_right_everywhere() -> None:
    default = read("default")
    forbidden = {"executor", "jobs", "retries", "default-resources", "latency-wait"}
    assert not forbidden & set(default)
    for other in ("slurm", "ci", "gpu"):
        assert not set(default) & set(read(other)), f"{other}: these keys would be ignored"


def test_every_key_is_explained() -> None:
    for name in ("default", "slurm", "ci", "gpu"):
        lines = path(name).read_text(encoding="utf-8").splitlines()
        before = ""
        for line in lines:
            if line and line[0].isalpha():
                assert before.startswith("#") or before[:1].isalpha(), f"{name}: {line}"
            before = line


def test_the_link_leads_to_the_profile() -> None:
    assert (ROOT / "slurm").readlink() == Path("profiles/slurm")


def path(name: str) -> Path:
    return ROOT / "profiles" / name / "config.yaml"


def read(name: str) -> dict[str, Any]:
    plain: dict[str, Any] = yaml.safe_load(path(name).read_text(encoding="utf-8"))
    return plain
