"""A suite, a source and a label style of a user's own: one YAML and one function each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from build_settings import load
from mirage import build
from mirage.context import ConfigError, JobContext
from mirage.contracts import Sample, TrainSample, read_rows
from mirage.plan.checked_data import remember
from mirage.plan.code_version import Versions
from mirage.plan.dag import make_plan
from mirage.plan.entries import TABLES
from mirage.plan.frozen_plan import Frozen

CODE = """
from mirage.build.procedural import ProceduralSource, ProceduralSuite
from mirage.build.sources.placebo import drafts
from mirage.contracts import Sample


def lamps(world, build):
    for number in range(build["gate_items"]):
        yield Sample(f"lamps/{number}", "lamps", "", "", "what is in image one ?",
                     ("images/black.png",),
                     {"kind": "benign", "action": "look", "things": ["lamp"]})


lamps_suite = ProceduralSuite(lamps)
polite = ProceduralSource(drafts)


def curt(case):
    return "no ." if case.hazardous else "yes ."
"""


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module and three options."""
    folder = tmp_path / "extra"
    (folder / "conf" / "suite").mkdir(parents=True)
    (folder / "conf" / "recipe").mkdir()
    (folder / "toy_rooms.py").write_text(CODE)
    write(folder, "suite", "lamps", {"title": "lamps", "kind": "toy_rooms:lamps_suite"})
    ours = {"marked_ours": True, "title": "toy"}
    plain = load("recipe/placebo.yaml")
    data = plain["data"] | {"source": "toy_rooms:polite"}
    write(folder, "recipe", "polite", plain | ours | {"data": data})
    plain = load("recipe/cell.yaml")
    data = plain["data"] | {"labels": "toy_rooms:curt", "unsafe": 10, "twins": 10, "general": 5}
    write(folder, "recipe", "curt", plain | ours | {"data": data})
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("MIRAGE_EXTRA", str(folder))
    return folder


def write(folder: Path, group: str, name: str, block: dict[str, Any]) -> None:
    text = yaml.safe_dump({**block, "name": name})
    (folder / "conf" / group / f"{name}.yaml").write_text(text)


def planned(store: Path, **config: Any) -> Frozen:
    plan, _ = make_plan({"study": "tiny", "store": str(store), **config})
    return plan


def ids(plan: Frozen) -> dict[str, str]:
    return {job.name: job.id for job in plan.jobs.values() if job.stage == "build"}


def test_each_door_is_open_to_a_user_s_own_function(extra: Path, tmp_path: Path) -> None:
    wanted = {"suite": ["lamps"], "recipe": ["polite", "curt"], "extra": str(extra)}
    plan = planned(tmp_path / "store", **wanted)
    jobs = {job.name: job for job in plan.jobs.values() if job.stage == "build"}
    assert jobs["lamps"].entries == {"suite": "toy_rooms:lamps_suite"}
    assert jobs["polite-s0"].entries["source"] == "toy_rooms:polite"
    assert jobs["curt-s0"].entries["labels"] == "toy_rooms:curt"
    made = {}
    for name in ("images", "lamps", "polite-s0", "curt-s0"):
        job = jobs[name]
        made[name] = tmp_path / "store" / job.folder
        made[name].mkdir(parents=True)
        build.run(JobContext(job, tmp_path / "store", tmp_path / "work", made[name]))
    report = json.loads((made["lamps"] / "report.json").read_text())
    assert report["items"] == load("build/tiny.yaml")["gate_items"]
    rows = read_rows(made["curt-s0"] / "samples.jsonl", TrainSample)
    own = {row.answer for row in rows if "/general-" not in row.id}
    assert own == {"no .", "yes ."}
    assert jobs["fit_polite-s0"].settings["suite"]["verbatim"] is True
    job = jobs["fit_curt-s0"]
    assert "verbatim" not in job.settings["suite"], "its benign items are the suite's own"
    out = tmp_path / "store" / job.folder
    out.mkdir(parents=True)
    build.run(JobContext(job, tmp_path / "store", tmp_path / "work", out))
    truths = [row.truth for row in read_rows(out / "samples.jsonl", Sample)]
    exact = {truth["label"]: truth.get("verbatim") for truth in truths}
    assert exact == {"toy_rooms:curt": True, "comply": None}


def test_own_functions_move_no_other_artifact(extra: Path, tmp_path: Path) -> None:
    plain = ids(planned(tmp_path / "store"))
    suites = ["lamps", *load("study/tiny.yaml")["suites"]]
    beside = ids(planned(tmp_path / "store", suite=suites, extra=str(extra)))
    assert set(beside) == {*plain, "lamps"}
    assert plain.items() <= beside.items()
    (extra / "toy_rooms.py").write_text(CODE.replace("no .", "never ."))
    after = ids(planned(tmp_path / "store", suite=suites, extra=str(extra)))
    assert {name for name in after if after[name] != beside[name]} == {"lamps"}


def test_resizing_is_a_setting_of_data_of_one_s_own(
    extra: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    remember(tmp_path / "mine", "0" * 64, [])
    about = {"title": "mine", "path": str(tmp_path / "mine")}
    made = {}
    for resize in (None, "fit", "error"):
        more = {} if resize is None else {"resize": resize}
        write(extra, "suite", "mine", about | {"kind": "own"} | more)
        data = {"source": "own", "path": about["path"], **more}
        tune = {"epochs": 1, "lr_ratio": 1.0, "parts": ["projector"]}
        recipe = {"title": "mine", "marked_ours": True, "data": data, "tune": tune}
        write(extra, "recipe", "taught", recipe)
        chosen = {"suite": ["mine", "easy"], "recipe": ["taught", "mirage"], "extra": str(extra)}
        made[resize] = planned(tmp_path / "store", **chosen)
    assert ids(made[None]) == ids(made["fit"])
    changed = {n for n, artifact in ids(made["fit"]).items() if artifact != ids(made["error"])[n]}
    assert changed == {"mine", "taught-s0", "fit_taught-s0"}
    for job in made["fit"].jobs.values():
        own = job.name in ("mine", "taught-s0") and job.stage == "build"
        assert ("resize" in json.dumps(job.settings)) == own
    write(extra, "suite", "lamps", {"title": "lamps", "kind": "easy", "resize": "fit"})
    with pytest.raises(ConfigError, match="resize is for kind own alone"):
        planned(tmp_path / "store", suite=["lamps"], extra=str(extra))
    write(extra, "recipe", "curt", load("recipe/cell.yaml"))
    with pytest.raises(ConfigError, match="source mis takes no resize, only source own does"):
        override = "recipe.curt.data.resize=fit"
        planned(tmp_path / "store", recipe=["curt"], extra=str(extra), hydra=override)


@pytest.mark.parametrize(
    ("entries", "absent"),
    [
        ({"source": "base"}, ("sources/", "scenarios", "balance", "styles/", "safety", "quads")),
        ({"source": "placebo"}, ("styles/", "sources/mis", "scenarios", "balance", "build/base")),
        ({"source": "mis", "labels": "cot"}, ("styles/filler", "sources/vlguard", "build/base")),
        ({"suite": "cues"}, ("sources/", "styles/", "formats", "probes", "image_use")),
        ({"source": "own"}, ("world/", "procedural")),
    ],
    ids=lambda value: "+".join(value.values()) if isinstance(value, dict) else "",
)
def test_an_entry_s_version_counts_what_it_reaches(
    entries: dict[str, str], absent: tuple[str, ...]
) -> None:
    named = {group: TABLES[group][name] for group, name in entries.items()}
    sources = Versions().of("build", named).sources
    assert len(sources) > 5
    assert not [path for path in sources for part in absent if part in path]
