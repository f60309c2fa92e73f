"""A copy of ``conf/`` that a test may break."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mirage.plan import minutes
from mirage.plan.job import STAGES, Job
from mirage.plan.machine_speed import Speed
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.study.compose import CONF, Conf
from mirage.plan.study.resolve import Resolved, resolve
from planned_jobs import jobs_of

Plan = Callable[..., dict[str, Job]]


@pytest.fixture(scope="module", autouse=True)
def nothing_is_released() -> Iterator[None]:
    """Plans neither need nor use what is released or committed; a user's folder still counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Conf, "homes", property(lambda conf: [conf.extra] if conf.extra else []))
        patch.setattr("mirage.plan.study.resolve.not_released", lambda *_: [])
        yield


@pytest.fixture(autouse=True)
def twice_as_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No plan waits for a measurement, and no test depends on how fast this machine is."""
    monkeypatch.setattr(minutes, "machine_speed", lambda *_, **__: Speed(2.0, now=True))


@pytest.fixture
def conf(tmp_path: Path) -> Conf:
    return Conf(Path(shutil.copytree(CONF, tmp_path / "conf")))


@pytest.fixture(scope="session")
def plan() -> Plan:
    """Plans with the committed configuration: ``<stage>/<name>`` -> job."""
    resolved: dict[str, Resolved] = {}

    def make(codes: dict[str, str] | None = None, **config: Any) -> dict[str, Job]:
        versions = dict.fromkeys(STAGES, "v") | (codes or {})
        key = repr(sorted(config.items()))
        if key not in resolved:
            resolved[key] = resolve(config, rehearsal=Rehearsal())
        return jobs_of(resolved[key], versions)

    return make
