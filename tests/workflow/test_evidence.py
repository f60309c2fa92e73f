"""``mirage evidence``: from committed answers alone the same scores and the same report."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_checkout import Checkout

from mirage.cli import run
from mirage.cli.evidence import pack
from mirage.cli.evidence_models import code_notes
from mirage.context import ConfigError
from mirage.evidence import read_header, read_member, write
from mirage.plan.committed import committed_seeds, evidence_path
from mirage.plan.dag import ROOT, make_plan
from mirage.plan.study.problems import PlanError
from mirage.plan.study.resolve import resolve
from planned_jobs import jobs_of

pytestmark = pytest.mark.real

ASIDE = ("manifest.json", "provenance.html")
ALL = {"base", "mirage", "mirage_twins", "placebo"}
COMMITTED = "confirm"


def files(store: Path, stage: str) -> dict[str, bytes]:
    """Files of a stage's artifacts, their ids left out."""
    return {
        f"{folder.name.rpartition('-')[0]}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in (store / stage).iterdir()
        if not folder.is_symlink()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ASIDE
    }


@pytest.fixture(scope="module")
def home(tiny_run: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the evidence of the smallest study."""
    home = tmp_path_factory.mktemp("home")
    store = str(tiny_run.root / "results")
    assert run(["evidence", "pack", "--study", "tiny", "--store", store, "--into", str(home)]) == 0
    return home


def unpack(home: Path, out: Path) -> int:
    return run(["evidence", "unpack", "--study", "tiny", "--from", str(home), "--out", str(out)])


@pytest.fixture(scope="module")
def released(tiny_run: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the released base of the smallest study."""
    words = ["--study", "tiny", "--store", str(tiny_run.root / "results"), "--with-failed-gates"]
    home = tmp_path_factory.mktemp("released")
    assert run(["release", *words, "--into", str(home)]) == 0
    return home


@pytest.fixture(scope="module")
def again(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store made from that evidence alone."""
    out = tmp_path_factory.mktemp("again")
    assert unpack(home, out) == 0
    return out


def test_scores_and_report_are_equal_byte_for_byte(tiny_run: Checkout, again: Path) -> None:
    first = tiny_run.root / "results"
    for stage in ("judge", "score", "report"):
        theirs, ours = files(first, stage), files(again, stage)
        assert set(theirs) == set(ours) and len(ours) > 3
        assert {name for name in theirs if theirs[name] != ours[name]} == set()


def test_packed_again_it_is_the_same_file(home: Path, again: Path, tmp_path: Path) -> None:
    words = ["evidence", "pack", "--study", "tiny", "--store", str(again)]
    assert run([*words, "--into", str(tmp_path)]) == 0
    first, second = (evidence_path(each, "tiny", 0) for each in (home, tmp_path))
    assert read_header(second) == read_header(first)
    assert second.read_bytes() == first.read_bytes()


def test_no_model_is_needed(again: Path) -> None:
    assert not list(again.rglob("*.safetensors"))
    assert {path.name for path in again.glob("tune/*/*")} == {"record.json", "manifest.json"}


def test_the_same_store_gives_the_same_file(
    tiny_run: Checkout, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tiny_run.root / "results")
    words = ["evidence", "pack", "--study", "tiny", "--store", store, "--into"]
    assert run([*words, str(tmp_path)]) == 0
    path = evidence_path(tmp_path, "tiny", 0)
    assert path.read_bytes() == evidence_path(home, "tiny", 0).read_bytes()
    rewritten(home, tmp_path, lambda header, _: header["models"]["base-tiny-s0"].pop("commit"))
    other = path.read_bytes()
    assert run([*words, str(tmp_path)]) == 0
    assert "already" in capsys.readouterr().out and path.read_bytes() == other


def planned(home: Path, **config: Any) -> dict[str, Any]:
    return jobs_of(resolve({"study": "tiny", "extra": str(home)} | config))


def test_a_plan_takes_committed_seeds_and_makes_the_others(home: Path) -> None:
    kinds = {
        name: job.kind
        for name, job in planned(home, seeds=[0, 1]).items()
        if job.stage in ("tune", "respond")
    }
    taken = {name for name, kind in kinds.items() if kind in ("record", "committed")}
    assert taken == {name for name in kinds if name.endswith("-s0")} and len(taken) == 8
    again = [name for name, job in planned(home, seeds=[0, 1]).items() if job.platform]
    assert again and all(name.endswith("-s1") for name in again)


@pytest.mark.parametrize(
    ("hydra", "made"),
    [
        ("study.evidence=false", ALL),
        ("recipe.mirage.tune.epochs=2", ALL),
        ("respond.max_new_tokens.default=9", ALL),
        ("model.base.weight_decay=0.02", ALL),
        ("tune.checkpoint_every=4", set()),
        ("study.title=other", set()),
    ],
)
def test_only_the_very_experiment_is_taken(home: Path, hydra: str, made: set[str]) -> None:
    """And a seed's evidence whole or not at all: no table mixes two bases of a seed."""
    jobs = planned(home, hydra=hydra)
    asked = {job.name.partition("-")[0] for job in jobs.values() if job.kind == "respond"}
    assert asked == made
    assert any(job.kind == "base" for job in jobs.values()) == bool(made)


@pytest.mark.parametrize("lacking", ["mirage_twins-tiny-s0", None])
def test_a_seed_that_lacks_a_model_is_made_anew_and_the_run_says_so(
    home: Path, tmp_path: Path, lacking: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(header: dict[str, Any], _: dict[str, bytes]) -> None:
        header["models"].pop(lacking, None)

    mine = rewritten(home, tmp_path / "home", change)
    words = ["study=tiny", f"extra={mine}", f"store={tmp_path / 'r'}"]
    assert run(["plan", *words]) == 0
    said = capsys.readouterr().out
    line = f"s0 is made anew, for its evidence does not hold {lacking} as it is asked for here"
    assert (line in said) == bool(lacking)
    assert ("bases trained here: base-tiny-s0" in said) == bool(lacking)
    assert ("committed (evidence/): 4 of 4" in said) != bool(lacking)
    assert unpack(mine, tmp_path / "out") == bool(lacking)
    assert (line in capsys.readouterr().out) == bool(lacking)


@pytest.mark.parametrize(
    ("config", "other"),
    [
        ({"recipe": "mirage"}, r"other models \(mirage_twins-tiny-s0\)"),
        ({"hydra": "tune.batch_size=4"}, r"other settings \(mirage-tiny-s0 and 2 more\)"),
        ({"hydra": "study.bases=released"}, r"other base \(base-tiny-s0 and 3 more\)"),
        ({"suite": "[easy,hard,gates]"}, r"other suites \(base-tiny-s0 and 1 more\)"),
        ({"hydra": "build.gate_items=8"}, r"other suites \(base-tiny-s0"),
        ({"hydra": "judge.options.strict=true"}, r"other judge \(base-tiny-s0 and 3 more\)"),
    ],
)
def test_a_plan_that_is_not_the_study_as_written_is_not_packed(
    tiny_run: Checkout, released: Path, tmp_path: Path, config: dict[str, Any], other: str
) -> None:
    store = tiny_run.root / "results"
    plan, _ = make_plan({"study": "tiny", "extra": str(released), "store": str(store)} | config)
    with pytest.raises(ConfigError, match=other):
        pack(plan, store, tmp_path)
    assert not (tmp_path / "evidence").exists()


def test_answers_to_harmful_data_are_not_packed(tiny_run: Checkout, tmp_path: Path) -> None:
    store = tiny_run.root / "results"
    plan, _ = make_plan({"study": "tiny", "store": str(store)})
    (folder,) = [folder for folder, job in plan.jobs.items() if job.name == "hard"]
    job = plan.jobs[folder]
    suite = job.settings["suite"] | {"harmful": True}
    jobs = plan.jobs | {folder: replace(job, settings=job.settings | {"suite": suite})}
    with pytest.raises(ConfigError, match=r"marked as harmful \(hard\).*are not packed.*report"):
        pack(replace(plan, jobs=jobs), store, tmp_path)
    assert not (tmp_path / "evidence").exists()


def test_evidence_of_another_base_is_refused(home: Path, released: Path, tmp_path: Path) -> None:
    """The header has the digest of the released base, and none where the run trained it."""
    shutil.copytree(released / "bases", tmp_path / "bases")
    digest = json.loads((released / "bases/tiny/s0/provenance.json").read_text())["digest"]
    for base in (digest, "0" * 64, None):

        def change(header: dict[str, Any], _: dict[str, bytes], base: str | None = base) -> None:
            assert header["bases"] == {"tiny": None}
            header["bases"] = {"tiny": base}

        mine = rewritten(home, tmp_path, change)
        assert planned(mine)["tune/base-tiny-s0"].kind == "record"  # the study trains its bases
        if base == digest:
            taken = planned(mine, hydra="study.bases=released")
            assert taken["tune/base-tiny-s0"].kind == "record"
        else:
            with pytest.raises(PlanError, match=r"s0\.tar\.xz.*another base than .*bases/tiny/s0"):
                planned(mine, hydra="study.bases=released")


def test_other_code_is_told(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(header: dict[str, Any], _: dict[str, bytes]) -> None:
        header["models"]["mirage-tiny-s0"]["code"][1] = "other"

    assert unpack(rewritten(home, tmp_path / "home", change), tmp_path / "out") == 0
    warned = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert warned == ["warning: respond of s0 ran by other code than today's"]


def test_seeds_of_different_code_are_told_apart() -> None:
    made = {200: {"mirage": ["a", "x"]}, 201: {"mirage": ["b", "x"]}, 202: {"mirage": ["a", "x"]}}
    assert code_notes(made, {"mirage": ["a", "x"]}) == [
        "warning: tune of s201 ran by other code than today's",
        "warning: tune of mirage ran by other code among seeds: s200, s202 | s201",
    ]
    assert code_notes({200: made[200], 202: made[202]}, {"mirage": ["a", "x"]}) == []


def test_verdicts_on_what_is_not_asked_any_more_do_not_count(home: Path, tmp_path: Path) -> None:
    """Evidence of a run that asked a base its gates, say."""

    def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
        for name in ("responses", "verdicts"):
            member = f"base-tiny-s0/{name}.jsonl"
            row = json.loads(members[member].splitlines()[0]) | {"id": "gates/of/then"}
            members[member] += json.dumps(row).encode() + b"\n"

    assert unpack(rewritten(home, tmp_path / "home", change), tmp_path / "out") == 0


def test_ids_do_not_hang_on_the_machine_or_the_place(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: job.id for name, job in planned(home).items()}
    moved = Path(shutil.copytree(home, tmp_path / "moved"))
    monkeypatch.setattr("mirage.plan.site._detected", lambda _: "cpu-of-another-kind")
    assert {name: job.id for name, job in planned(moved).items()} == before
    computed = planned(moved, hydra="study.evidence=false")["respond/mirage-tiny-s0"]
    assert computed.platform == "cpu-of-another-kind"


def rewritten(home: Path, root: Path, change: Any) -> Path:
    """A copy of the evidence of seed 0 with another header or other members."""
    path = evidence_path(home, "tiny", 0)
    header = read_header(path)
    names = ("responses.jsonl", "verdicts.jsonl", "record.json")
    members = {f"{m}/{n}": read_member(path, f"{m}/{n}") for n in names for m in header["models"]}
    change(header, members)
    write(evidence_path(root, "tiny", 0), header, members)
    return root


def test_another_verdict_than_was_committed_is_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(_: dict[str, Any], members: dict[str, bytes]) -> None:
        name = "mirage-tiny-s0/verdicts.jsonl"
        rows = [json.loads(line) for line in members[name].splitlines()]
        rows[0]["outcome"] = "safe" if rows[0]["outcome"] != "safe" else "asr"
        members[name] = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()

    assert unpack(rewritten(home, tmp_path / "home", change), tmp_path / "out") == 1
    assert "mirage-tiny-s0: 1 verdicts are not the committed ones" in capsys.readouterr().out


def test_answers_to_other_items_are_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(header: dict[str, Any], _: dict[str, bytes]) -> None:
        header["suites"]["hard"] = "0" * 64

    assert unpack(rewritten(home, tmp_path / "home", change), tmp_path / "out") == 1
    assert "another version of the suite hard" in capsys.readouterr().err


@pytest.mark.parametrize("harm", [b"", b"no archive", None])
def test_a_broken_file_is_told(home: Path, tmp_path: Path, harm: bytes | None) -> None:
    path = evidence_path(tmp_path, "tiny", 0)
    path.parent.mkdir(parents=True)
    path.write_bytes(evidence_path(home, "tiny", 0).read_bytes()[:300] if harm is None else harm)
    with pytest.raises(ValueError, match=r"git checkout .*s0\.tar\.xz"):
        planned(tmp_path)


@pytest.mark.parametrize("key", ["bases", "models"])
def test_a_header_without_its_bases_or_code_is_told(home: Path, tmp_path: Path, key: str) -> None:
    def change(header: dict[str, Any], _: dict[str, bytes]) -> None:
        header.pop(key) if key == "bases" else header["models"]["mirage-tiny-s0"].pop("code")

    with pytest.raises(ValueError, match="does not say its bases and code"):
        planned(rewritten(home, tmp_path, change))


def test_nothing_committed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert unpack(tmp_path, tmp_path / "out") == 1
    assert "mirage evidence pack" in capsys.readouterr().err


def test_seeds_that_are_not_committed_are_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evidence", "unpack", "--study", "tiny", "--from", str(home), "--seeds", "0", "7"]
    assert run([*words, "--out", str(tmp_path)]) == 1
    assert "holds no evidence of seeds [7]." in capsys.readouterr().err


def test_the_committed_verdicts_are_those_of_today(tmp_path: Path) -> None:
    """Of the last seed of one study; .ci/run does the same to all seeds of all studies."""
    words = ["evidence", "unpack", "--study", COMMITTED, "--out", str(tmp_path)]
    assert run([*words, "--seeds", str(committed_seeds(ROOT, COMMITTED)[-1])]) == 0
