"""``mirage ladder`` on a laptop: tiny models, harmless files, the names of the full scale."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_checkout import Checkout, leave_tracking_out, make_checkout

import published_files
import stand_ins

sys.path.append(str(Path(__file__).parents[1] / "judge"))
import judge_server

from mirage.cli import ladder, rungs
from mirage.contracts import DataError, Status, Verdict, write_rows
from mirage.plan import dag
from mirage.plan.frozen_plan import Frozen, assemble
from mirage.plan.job import Job
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.site import COMPUTING, VARIABLE, read_site
from mirage.plan.study.problems import Problem

pytestmark = pytest.mark.real

MODELS = {"Qwen2-VL-7B-MIRage": "tuwhy_qwen2_vl_7b_mirage", "Qwen2-VL-7B-Instruct": "qwen2_vl_7b"}
SMALL = (
    "hydra=tune=default respond=default tune.batch_size=2 tune.log_every=1 suite.limit=4 "
    "respond.max_new_tokens.default=4 model.resources.recipe.gpus=0 model.resources.respond.gpus=0"
)
LADDER = ("mirage", "ladder", "study=smoke", SMALL, "--", "--cores", "1")
ADDRESS = "http://127.0.0.1:8000/v1"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout with models and data where the files of ``conf`` look for them first."""
    made = make_checkout(tmp_path_factory.mktemp("lab"), "smoke")
    leave_tracking_out(made.root)
    for name in MODELS:
        stand_ins.write("qwen2_vl", made.root / "models" / name)
    data = made.root / "data"
    published_files.mis_train(data / "mis_train", 20)
    published_files.mis_test(data / "mis_test", 6)
    published_files.mss_chat(data / "mssbench", 3)
    return made


@pytest.fixture
def judge(lab: Checkout, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A judge's server; it judges by the number in a question."""
    monkeypatch.setattr(judge_server, "ITEM", re.compile(r"number (\d+)"))
    file = lab.root / "conf/judge/local_vlm.yaml"
    text = file.read_text(encoding="utf-8")
    with judge_server.running() as server:
        server.serves = ["Qwen/Qwen2.5-VL-72B-Instruct"]
        assert ADDRESS in text
        file.write_text(text.replace(ADDRESS, server.url), encoding="utf-8")
        yield
    file.write_text(text, encoding="utf-8")


def check_all(lab: Checkout) -> None:
    lab.run("mirage", "data", "check", "study=smoke", SMALL)
    for model in MODELS.values():
        lab.run("mirage", "model", "check", model)


def test_a_rung_that_fails_names_what_to_do(lab: Checkout) -> None:
    """Here nothing was checked yet."""
    text = lab.run(*LADDER, fails=True)
    assert "mirage data check suite=mis_hard" in text
    assert "Rung 0 does not hold" in text
    assert "Rung 1:" not in text


def test_a_wrong_name_at_the_top_shows_before_the_climb(lab: Checkout) -> None:
    text = lab.run("mirage", "ladder", "study=paper_internvl2_8b", fails=True)
    assert "there is no study 'paper_internvl2_8b'; did you mean" in text
    assert "Rung 0" not in text


def test_the_ladder_is_climbed(lab: Checkout, judge: None) -> None:
    check_all(lab)
    text = lab.run(*LADDER)
    proved = re.findall(r"(?m)^  proved: (.*)$", text)
    assert "programs, data, weights and judges of smoke are here" in proved[0]
    assert "base-tuwhy_qwen2_vl_7b_mirage-s0 opens in transformers on " in proved[1]
    assert "answers 8 of 8 items" in proved[1]
    assert proved[2] == "judge local_vlm: 8 of 8 verdicts, 0 unjudged, 0 without a reply"
    assert "mis_smoke-qwen2_vl_7b-s0: 10 steps of one process" in proved[3]
    assert "mis_smoke-qwen2_vl_7b-s0 opens in transformers" in proved[4]
    assert (lab.root / proved[5].rpartition(": ")[2]).is_file()
    assert "All rungs hold. Start it with: snakemake --cores 1 --config study=smoke" in text
    # Typed again, nothing runs; and no command is shown as ready that a run would refuse.
    higher = (*LADDER[:2], "study=paper_qwen2_vl_7b", *LADDER[3:])
    text = lab.run(*higher)
    assert "$ snakemake" not in text
    assert "Bring what paper_qwen2_vl_7b lacks, as listed above, and then start it with" in text


@pytest.mark.parametrize("full", [True, False])
def test_what_came_during_the_climb_is_there_at_its_end(
    full: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first look is hours old when the full study would start, or its command is shown."""
    looks: list[Rehearsal] = []
    typed: list[str] = []

    def plan(_: object, lacks: Rehearsal | None = None) -> tuple[None, None]:
        if lacks is not None:
            looks.append(lacks)
            if len(looks) == 1:
                lacks.missing.append(Problem("x", "", "weights are not here"))
        return None, None

    monkeypatch.setattr(dag, "make_plan", plan)
    monkeypatch.setattr(ladder, "RUNGS", ())
    monkeypatch.setattr(ladder, "_typed", lambda program, _: typed.append(program) or 0)
    given = argparse.Namespace(config=[], profile=None, trial="smoke", full=full, behind=[])
    assert ladder.run(given) == 0
    assert typed == ["mirage", "mirage", *["snakemake"] * full]
    assert len(looks) == 2 and "Bring what" not in capsys.readouterr().out


def test_a_machine_with_gpus_runs_models_in_their_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "gpu")
    site = read_site()
    assert {site.of(stage).environment for stage in COMPUTING} == {"gpu"}
    assert site.environments["vllm"].packages == ["vllm"]
    assert site.of("judge").environment == "local"


def judged(store: Path, *status: Status) -> Frozen:
    """A plan of one judge's verdicts and the score that reads them; the verdicts are written."""
    judge = Job("judge", "judge", "local_vlm-m", "a" * 64, {"judge": {"name": "local_vlm"}}, {})
    score = Job("score", "model", "m", "b" * 64, {"score": {"min_coverage": 97}}, {})
    plan = assemble(
        study="s", store=str(store), jobs=[judge, score], resources={}, environments={}, track={}
    )
    nothing = (None,) * 5
    rows = [
        Verdict(f"hard/{i}", "local_vlm", s, f"why {s}", *nothing) for i, s in enumerate(status)
    ]
    (store / judge.folder).mkdir(parents=True)
    write_rows(store / judge.folder / "verdicts.jsonl", rows)
    return plan


def test_verdicts_that_lack_are_no_proof(tmp_path: Path) -> None:
    """A judge whose server is down still ends well: each item has the reason."""
    plan = judged(tmp_path, "error", "error", "unjudged")
    with pytest.raises(DataError) as raised:
        rungs.verdicts(plan, ["judge/local_vlm-m-aaaaaaaa"])
    text = str(raised.value)
    assert (
        "0 of 3 verdicts, 1 unjudged, 2 without a reply (2 x why error; 1 x why unjudged)" in text
    )
    assert f"rm -r {tmp_path / 'judge/local_vlm-m-aaaaaaaa'}" in text


def test_what_tuned_is_named_and_a_curve_without_steps_is_no_proof(tmp_path: Path) -> None:
    how = {"engine": "deepspeed", "zero_stage": 2, "ranks": 8}
    assert rungs._engine(how) == "ZeRO-2 with 8 ranks"
    assert rungs._engine({"engine": "trainer", "large": {"adapter": "lora"}}).startswith("LoRA")
    with pytest.raises(DataError, match="holds no step"):
        (tmp_path / "curve.jsonl").write_text("")
        rungs._curve(tmp_path / "curve.jsonl")
