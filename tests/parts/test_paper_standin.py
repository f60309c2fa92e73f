"""The full-scale study on stand-ins: its own DAG on this machine, with every real part.

Tiny models under the real names, harmless files in every published format, two DeepSpeed ranks,
answers by vLLM, verdicts of a model that vLLM serves.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from vllm_server import PYTHON, ROOT, served

import paper_standin
from mirage.contracts import Verdict, read_rows

STUDY = "study=paper_standin"
JUDGE = "Qwen/Qwen2.5-VL-72B-Instruct"
"""What conf/judge/local_vlm.yaml asks for; here a tiny model answers to the name."""

MODELS = {
    "base-internvl2_5_8b-s0",
    "base-tuwhy_internvl2_5_8b_mirage-s0",
    "cot_prompt_safety-internvl2_5_8b-s0",
    "ecso-internvl2_5_8b-s0",
    "mis_mirage-internvl2_5_8b-s0",
    "mis_textual_sft-internvl2_5_8b-s0",
}


@dataclass(frozen=True)
class Lab:
    """Where everything lies, and what a person would type there."""

    root: Path
    environment: dict[str, str]

    def run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *words],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-6000:]
        return done.stdout

    def study(self, *words: str) -> str:
        where = f"store={self.root / 'store'}"
        return self.run("snakemake", "--cores", "2", "--nolock", *words, "--config", STUDY, where)

    def folders(self, stage: str) -> list[Path]:
        return sorted(path.parent for path in (self.root / "store" / stage).glob("*/manifest.json"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    if not PYTHON.exists():
        pytest.skip("vLLM is not here; install it with: make env-vllm")
    root = tmp_path_factory.mktemp("lab")
    found = paper_standin.write(root)
    lab = Lab(root, found | {"XDG_CACHE_HOME": str(root / "cache"), "OMP_NUM_THREADS": "1"})
    for model in ("internvl2_5_8b", "tuwhy_internvl2_5_8b_mirage"):
        lab.run("mirage", "model", "check", model)
    lab.run("mirage", "data", "check", STUDY)
    judge = Path(found["MIRAGE_MODELS"]) / paper_standin.JUDGE
    with served(judge, JUDGE, longest=8192, images=4) as address:
        lab.environment["MIRAGE_LOCAL_VLM_URL"] = address
        lab.study()
    return lab


def test_every_row_is_answered_judged_and_scored(lab: Lab) -> None:
    for judge in ("local_vlm", "words_vlguard"):
        (scores,) = [path for path in lab.folders("score") if f"paper_standin-{judge}" in path.name]
        with (scores / "rates.csv").open(encoding="utf-8") as file:
            rates = list(csv.DictReader(file))
        assert {row["model"] for row in rates} == MODELS
        asked = {row["suite"] for row in rates if row["model"] == "mis_mirage-internvl2_5_8b-s0"}
        assert {"mis_easy", "mis_hard", "mis_real", "mss_chat", "xstest", "figstep"} <= asked


def test_the_served_model_judged_in_its_schema(lab: Lab) -> None:
    folders = [path for path in lab.folders("judge") if path.name.startswith("local_vlm-")]
    assert len(folders) == len(MODELS)
    rows = [row for path in folders for row in read_rows(path / "verdicts.jsonl", Verdict)]
    hazards = [row for row in rows if row.outcome in ("asr", "rsr", "rr", "hr", "safe")]
    assert hazards
    assert all(row.status == "judged" for row in hazards)


def test_two_ranks_tuned_and_vllm_answered(lab: Lab) -> None:
    logs = lab.root / "store" / "logs"
    tuned = [path.read_text(encoding="utf-8") for path in logs.glob("tune/mis_*.log")]
    assert len(tuned) == 2
    manifests = [path / "manifest.json" for path in lab.folders("respond")]
    texts = [path.read_text(encoding="utf-8") for path in manifests]
    assert sum("vllm" in text for text in texts) == len(MODELS)


def test_the_report_has_its_tables_and_no_sample(lab: Lab) -> None:
    report = lab.root / "store" / "report" / "paper_standin"
    tables = {path.stem for path in (report / "tables").glob("*.csv")}
    assert {"full_outcomes", "full_over_refusal", "full_safety", "recipe_sizes"} <= tables
    assert (report / "report.pdf").stat().st_size > 10_000


def test_the_same_command_has_nothing_left_to_do(lab: Lab) -> None:
    assert "0 of" in lab.run("mirage", "plan", STUDY, f"store={lab.root / 'store'}")
