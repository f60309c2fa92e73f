"""The minutes of a plan: they follow what is counted, and what the same job took comes first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mirage.cli import duration
from mirage.plan import machine_speed
from mirage.plan.artifact import Manifest
from mirage.plan.costs import own_amount
from mirage.plan.frozen_plan import Frozen, assemble
from mirage.plan.job import Job
from mirage.plan.machine_speed import Speed
from mirage.plan.minutes import estimates, minutes_of, span

Plan = Callable[..., dict[str, Job]]
NOTHING: dict[str, Any] = {"resources": {}, "environments": {}, "track": {}}


def frozen(store: Path, jobs: dict[str, Job]) -> Frozen:
    return assemble(study="quick", store=str(store), jobs=[*jobs.values()], **NOTHING)


def of(store: Path, jobs: dict[str, Job], name: str) -> float:
    return minutes_of(frozen(store, jobs))[jobs[name].folder]


def finish(store: Path, job: Job, wall: float, **other: Any) -> None:
    about = {key: getattr(job, key) for key in ("stage", "kind", "name", "id", "settings")}
    about |= {"parents": job.parents, "code": "v", "platform": job.platform} | other
    folder = store / about["stage"] / f"{about['name']}-{about['id'][:8]}"
    folder.mkdir(parents=True)
    Manifest(**about, files={}, timing={"wall": wall}).write(folder)


@pytest.mark.parametrize(
    ("override", "name", "least", "most"),
    [
        ("recipe.mirage.data.unsafe=392700", "tune/mirage-s0", 70, 120),
        ("recipe.mirage.data.unsafe=392700", "build/mirage-s0", 70, 120),
        ("recipe.mirage.tune.epochs=20", "tune/mirage-s0", 7, 11),
        ("recipe.mirage.tune.supervised_tokens=3500000", "tune/mirage-s0", 7, 12),
        ("recipe.mirage.data.labels=short_refusal", "tune/mirage-s0", 0.4, 0.8),
        ("build=full", "respond/mirage-s0", 2, 6),
        ("build=full", "judge/oracle-mirage-s0", 1.5, 6),
    ],
)
def test_minutes_follow_samples_steps_tokens_and_items(
    plan: Plan, tmp_path: Path, override: str, name: str, least: float, most: float
) -> None:
    before = of(tmp_path, plan(seeds=[0]), name)
    after = of(tmp_path, plan(seeds=[0], hydra=override), name)
    assert least < after / before < most


def test_minutes_follow_the_size_of_the_model(plan: Plan, tmp_path: Path) -> None:
    jobs = plan(study="sizes", seeds=[0])
    small, default, large = (
        of(tmp_path, jobs, f"tune/base{size}-s0") for size in ("-small", "", "-large")
    )
    assert small < default < large < 4 * small
    tuned = [of(tmp_path, jobs, f"tune/cell{size}-s0") for size in ("-small", "", "-large")]
    assert tuned == sorted(tuned)


def test_what_the_default_study_takes(plan: Plan, tmp_path: Path) -> None:
    """On the machine of reference twice as slow, three bases trained on two cores, and the rest."""
    made = frozen(tmp_path, plan())
    known = estimates(made, 2)
    assert not known.unknown and {each.basis for each in known.jobs.values()} == {"measured"}
    bases = [made.jobs[f].kind == "base" for f in known.jobs]
    assert sum(bases) == 3
    assert 60 < span(made, known.minutes, 2) < 80  # true: 36 minutes of bases, 21 of other work


def test_the_same_job_takes_what_it_took_whatever_its_seed(plan: Plan, tmp_path: Path) -> None:
    jobs = plan()
    finish(tmp_path, jobs["tune/mirage-s1"], wall=600.0)
    known = estimates(frozen(tmp_path, jobs), 2)
    assert known.jobs[jobs["tune/mirage-s0"].folder].minutes == 10.0
    assert known.jobs[jobs["tune/mirage-s2"].folder].basis == "before"
    assert known.jobs[jobs["tune/mirage_twins-s0"].folder].basis == "measured"
    assert jobs["tune/mirage-s1"].folder not in known.jobs
    other = plan(hydra="tune.batch_size=16")
    assert estimates(frozen(tmp_path, other), 2).jobs[other["tune/mirage-s0"].folder].minutes != 10


def test_finished_jobs_of_a_kind_say_how_fast_this_machine_is(plan: Plan, tmp_path: Path) -> None:
    jobs, name = plan(), "tune/mirage-s0"
    before = of(tmp_path, jobs, name)
    for each in ("textual_sft", "vlguard_p", "mirage_no_cot_rewrite"):
        job = jobs[f"tune/{each}-s0"]
        finish(tmp_path, job, wall=60 * 3 * of(tmp_path, jobs, f"tune/{each}-s0"))
    assert of(tmp_path, jobs, name) == pytest.approx(3 * before, rel=0.05)
    known = estimates(frozen(tmp_path, jobs), 2).jobs
    assert known[jobs[name].folder].basis == "alike"


def test_of_another_platform_nothing_is_said_until_one_has_finished(
    plan: Plan, tmp_path: Path
) -> None:
    jobs = {key: job for key, job in plan().items() if job.stage == "build"}
    gpu = Job(
        "tune", "base", "real-s0", "a" * 64, {"model": {"made": "import"}}, {}, platform="gpu-sm90"
    )
    made = frozen(tmp_path, {**jobs, "gpu": gpu})
    assert estimates(made, 2).unknown == [gpu.folder]
    assert gpu.folder not in minutes_of(made)
    finish(tmp_path, gpu, wall=120.0, id="b" * 64)
    assert minutes_of(made)[gpu.folder] == 2.0


def test_settings_that_nobody_knows_are_no_error(tmp_path: Path) -> None:
    job = Job("tune", "recipe", "toy-s0", "a" * 64, {"size": 1}, {"data": [], "base": []})
    assert estimates(frozen(tmp_path, {"toy": job}), 2).unknown == [job.folder]


def test_a_users_own_file_is_counted(tmp_path: Path) -> None:
    row = {"question": "what is it ?", "images": ["a.png"], "answer": "a cup ."}
    (tmp_path / "samples.jsonl").write_text(f"{json.dumps(row)}\n" * 700)
    amount = own_amount(str(tmp_path))
    assert (amount.samples, amount.answer) == (700, 3.0)
    assert amount.prompt > 4
    assert own_amount(str(tmp_path / "absent")).samples == 0


def test_minutes_follow_a_users_own_samples(plan: Plan, tmp_path: Path) -> None:
    jobs = plan(seeds=[0])
    row = {"question": "what is it ?", "images": ["a.png"], "answer": "a cup ."}
    took = []
    for count in (1_900, 190_000):
        path = tmp_path / f"{count}.jsonl"
        path.write_text(f"{json.dumps(row)}\n" * count)
        about = {"recipe": {"name": "mine", "data": {"source": "own", "digest": "d"}}}
        data = Job("build", "train", "mine-s0", "d" * 64, about, {}, external={"d": str(path)})
        parents = jobs["tune/mirage-s0"].parents | {"data": [data.folder]}
        model = replace(jobs["tune/mirage-s0"], parents=parents)
        took.append(of(tmp_path, {**jobs, "data": data, "tune/mirage-s0": model}, "tune/mirage-s0"))
    assert 60 < took[1] / took[0] < 110


def a_chain() -> tuple[Frozen, list[str]]:
    base = Job("tune", "base", "base", "a" * 64, {}, {})
    data = [Job("build", "train", name, name * 64, {}, {}) for name in "cde"]
    recipe = Job("tune", "recipe", "recipe", "b" * 64, {}, {"base": [base.folder]})
    jobs = [base, *data, recipe]
    plan = assemble(study="quick", store="s", jobs=jobs, **NOTHING)
    return plan, [job.folder for job in jobs]


@pytest.mark.parametrize(("cores", "want"), [(1, 26), (2, 20), (9, 20)])
def test_work_is_spread_over_cores_and_waits_for_its_parents(cores: int, want: float) -> None:
    plan, (base, *data, recipe) = a_chain()
    took = {base: 10.0, recipe: 10.0} | dict.fromkeys(data, 2.0)
    assert span(plan, took, cores) == want
    assert span(plan, {recipe: 3.0}, cores) == 3.0  # all else is finished
    assert span(plan, {}, cores) == 0.0


def test_long_jobs_start_first() -> None:
    plan, (base, *data, _) = a_chain()
    assert span(plan, {base: 6.0} | dict.fromkeys(data, 2.0), 2) == 6.0


def test_a_machine_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def measure(copies: int, threads: int) -> float:
        asked.append((copies, threads))
        return 3 * machine_speed.REFERENCE

    monkeypatch.setattr(machine_speed, "_measure", measure)
    first = machine_speed.machine_speed(tmp_path, 2)
    second = machine_speed.machine_speed(tmp_path, 2)
    assert (first, second) == (Speed(3.0, now=True), Speed(3.0))
    machine_speed.machine_speed(tmp_path, 2, again=True)
    machine_speed.machine_speed(tmp_path, 2, threads=2)
    assert asked == [(2, 1), (2, 1), (1, 2)]
    (tmp_path / "plan" / machine_speed.FILE).write_text("[1")
    assert machine_speed.machine_speed(tmp_path, 2).now


def test_a_machine_that_cannot_be_measured_is_unknown_and_nothing_is_left_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[str]] = []

    def refuse(*_: object, **more: object) -> subprocess.Popen[str]:
        if started:
            raise OSError("no more processes")
        command = [sys.executable, "-c", "import time; time.sleep(600)"]
        started.append(begin(command, stdout=subprocess.PIPE, text=True))
        return started[0]

    begin = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert machine_speed._measure(2, 1) is None
    monkeypatch.setattr(machine_speed, "PATIENCE", 0.01)
    first = started.pop()
    assert first.returncode is not None
    assert machine_speed._measure(1, 1) is None, "it says nothing in time"
    assert started[0].returncode is not None


def test_a_pass_takes_time_on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_speed, "PATIENCE", 600)  # the test may stand beside many others
    seconds = machine_speed._measure(1, 1)
    assert seconds is not None and seconds > 0


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (0.4, "less than a minute"),
        (1.2, "about 1 minute"),
        (11.6, "about 12 minutes"),
        (43, "about 45 minutes"),
        (124, "about 2 hours"),
        (98, "about 1 hour 40 minutes"),
    ],
)
def test_minutes_in_words(time: float, words: str) -> None:
    assert duration.in_words(time) == words


def test_what_each_job_takes() -> None:
    assert duration.each_takes([0.5, 1.4]) == "30 to 84 s each"
    assert duration.each_takes([12.0]) == "12 min"
    assert duration.each_takes([]) == "no estimate"
