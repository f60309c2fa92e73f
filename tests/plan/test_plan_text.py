"""What ``mirage plan`` says: what would run, how long, why, and where the minutes come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mirage.cli import run
from mirage.cli.plan import LISTED


def said(capsys: pytest.CaptureFixture[str], store: Path, *words: str) -> list[str]:
    assert run(["plan", *words, "--cores", "2", f"store={store}"]) == 0
    return capsys.readouterr().out.splitlines()


def test_jobs_of_a_kind_and_reason_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys, tmp_path, "study=quick")
    assert lines[0].startswith("study quick, plan ") and "18 models" in lines[0]
    told = "easy, hard, real, mss, general and its own training items"
    assert any(re.match(rf"  mirage  +s0 s1 s2  answers {told}$", line) for line in lines)
    kinds = [line for line in lines if re.match(r" +\d+ x ", line)]
    assert any(re.match(r" +3 x tune +bases, trained +24 min each +new$", line) for line in kinds)
    assert any(re.match(r" +15 x tune +recipes, .* \d+ to \d+ s each +new$", x) for x in kinds)
    counts = [int(line.split()[0]) for line in kinds]
    total = rf"^{sum(counts)} of {sum(counts)} jobs would run, about \d+ minutes on 2 cores\.$"
    assert re.search(total, "\n".join(lines), re.MULTILINE)
    assert len(lines) < 30
    assert lines[-1] == f"Start with: snakemake --config study=quick store={tmp_path}"


def test_the_basis_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = (each for each in said(capsys, tmp_path) if each.startswith("The minutes come from"))
    assert "samples, steps and answers, at the speed of this machine, measured just now" in line
    assert "this machine needs 2.0 times as long as the one the estimates were made on" in line


def test_a_long_list_of_models_is_cut_unless_all_jobs_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["study=factorial", "seeds=[0]"]
    cut = [line for line in said(capsys, tmp_path, *words) if " s0  answers " in line]
    whole = said(capsys, tmp_path, *words, "--jobs")
    models = [line for line in whole if " s0  answers " in line]
    assert len(cut) == LISTED < len(models) == 36
    jobs = [line for line in whole if line.startswith("  run, ")]
    assert len(jobs) == int(re.findall(r"models, (\d+) jobs", whole[0])[0])


def test_jobs_on_another_platform_get_no_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRAGE_SITE", "cluster")
    text = "\n".join(said(capsys, tmp_path, "study=tiny"))
    assert re.search(r"x tune +recipes, tuned on their bases +no estimate +new", text)
    assert re.search(r"jobs would run\.\nNo estimate of the whole: .*\d+ x respond on cpu-", text)
    assert "Once one of them has finished here, this says more." in text
    assert "The others take less than a minute on 2 cores." in text
