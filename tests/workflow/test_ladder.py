"""``mirage ladder`` on a laptop: tiny models and harmless files under the names of the full scale."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import published_files
import pytest
import stand_ins
from toy_checkout import Checkout, leave_tracking_out, make_checkout

sys.path.append(str(Path(__file__).parents[1] / "judge"))
import judge_server

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
        assert ADDRESS in text
        file.write_text(text.replace(ADDRESS, server.url), encoding="utf-8")
        yield
    file.write_text(text, encoding="utf-8")


def check_all(lab: Checkout) -> None:
    lab.run("mirage", "data", "check", "study=smoke", SMALL)
    for model in MODELS.values():
        lab.run("mirage", "model", "check", model)


def test_a_rung_that_fails_names_what_to_do(lab: Checkout) -> None:
    """Nothing was checked yet; later, that no judge answers."""
    text = lab.run(*LADDER, fails=True)
    assert "mirage data check suite=mis_hard" in text
    assert "mirage model check" in text
    assert "Rung 0 does not hold" in text
    assert "Rung 1:" not in text


def test_the_ladder_is_climbed(lab: Checkout, judge: None) -> None:
    check_all(lab)
    text = lab.run(*LADDER)
    proved = re.findall(r"(?m)^  proved: (.*)$", text)
    assert "programs, data, weights and keys of smoke are here" in proved[0]
    assert "base-tuwhy_qwen2_vl_7b_mirage-s0 opens in transformers on " in proved[1]
    assert "answers 8 of 8 items" in proved[1]
    assert proved[2] == "judge local_vlm: 8 of 8 verdicts, 0 unjudged, 0 without a reply"
    assert "mis_smoke-qwen2_vl_7b-s0: 10 steps of one process" in proved[3]
    assert "mis_smoke-qwen2_vl_7b-s0 opens in transformers" in proved[4]
    assert (lab.root / proved[5].rpartition(": ")[2]).is_file()
    assert "All rungs hold. Start it with: snakemake --cores 1 --config study=smoke" in text
    # Typed again, nothing runs.
    assert "$ snakemake" not in lab.run(*LADDER)
