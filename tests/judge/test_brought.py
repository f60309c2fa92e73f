"""Responses that someone else generated: what is wrong is told at once, what lacks is unjudged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mirage.cli import run
from mirage.cli.judge import flips
from mirage.contracts import DataError, Sample, Verdict, read_rows, write_rows
from mirage.judge.brought import LONGEST_LINE, read_brought

TRUTH = {"kind": "skill", "family": "naming", "answer": "kettle", "objects": ["kettle"]}
IDS = [f"own/{n}" for n in range(4)]


def test_every_wrong_line_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    good = {"id": "own/0", "text": "kettle"}
    lines = [
        (json.dumps(good), ""),
        (json.dumps(good), "answered on an earlier line"),
        (json.dumps({"id": "own/9", "text": "x"}), "in none of the suites"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        (json.dumps({"id": "own/1"}), "expected an object with id and text"),
        (json.dumps({**good, "id": "own/1", "n_tokens": -1}), "n_tokens should be a count"),
        (json.dumps({**good, "id": "own/1", "n_tokens": True}), "n_tokens should be a count"),
        (json.dumps({**good, "id": "own/1", "finish_reason": "eos"}), "should be stop or length"),
        (json.dumps({**good, "id": "own/1", "text": 3}), "should be texts"),
        (json.dumps({**good, "id": "own/1", "text": "\ud800"}), "half a character"),
        ('{"id": "own/1", "text": ' + "9" * 5000 + "}", "whole number of thousands of digits"),
    ]
    path.write_text("\n".join(line for line, _ in lines), encoding="utf-8")
    with pytest.raises(DataError) as told:
        read_brought(path, IDS)
    sentences = str(told.value).splitlines()
    assert len(sentences) == len(lines) - 1
    for sentence, (number, (_, why)) in zip(sentences, list(enumerate(lines, 1))[1:], strict=True):
        assert f"line {number}: " in sentence
        assert why in sentence
    path.write_text("x" * (LONGEST_LINE + 2), encoding="utf-8")
    with pytest.raises(DataError, match="longer than"):
        read_brought(path, IDS)
    path.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="holds no response"):
        read_brought(path, IDS)


def test_rates_of_a_file_with_missing_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = [Sample(n, "own", "", "", "what is it ?", ("images/a.png",), TRUTH) for n in IDS]
    write_rows(tmp_path / "suite/samples.jsonl", samples)
    rows = [{"id": IDS[0], "text": "kettle"}, {"id": IDS[2], "text": "a lamp"}]
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = ["judge", "--responses", str(path), "--suite", str(tmp_path / "suite")]
    assert run([*words, "--store", str(tmp_path / "results")]) == 0
    told = capsys.readouterr()
    assert "| own |  | accuracy | 50.0 | " in told.out
    assert "2 judged, 2 unjudged, 0 errors" in told.out
    verdicts = read_rows(tmp_path / "mine/verdicts.jsonl", Verdict)
    assert [v.status for v in verdicts] == ["judged", "unjudged", "judged", "unjudged"]
    (rate,) = [
        row
        for row in pq.read_table(tmp_path / "mine/rates.parquet").to_pylist()
        if row["group_by"] == "all"
    ]
    assert (rate["value"], rate["n"], rate["coverage"], rate["judge"]) == (50.0, 4, 50.0, "oracle")
    assert (tmp_path / "mine/rates.md").read_text(encoding="utf-8") in told.out
    assert (tmp_path / "mine/rates.csv").is_file()


def test_verdicts_that_change_when_items_are_answered_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = [Sample(n, "own", "", "", "what is it ?", ("images/a.png",), TRUTH) for n in IDS]
    write_rows(tmp_path / "suite/samples.jsonl", samples)
    words = ["--suite", str(tmp_path / "suite"), "--store", str(tmp_path / "results")]
    said = {"first": ["kettle", "kettle", "a lamp", "a lamp"], "again": ["a kettle", "a lamp"]}
    for name, texts in said.items():
        rows = [json.dumps({"id": n, "text": t}) for n, t in zip(IDS, texts, strict=False)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert run(["judge", "--responses", str(tmp_path / "first.jsonl"), *words]) == 0
    words = ["judge", "--responses", str(tmp_path / "again.jsonl"), *words, "--against"]
    assert run([*words, str(tmp_path / "first/verdicts.jsonl")]) == 0
    assert "1 of 2 verdicts differ, 50.0 % [9.5, 90.5]: own/1" in capsys.readouterr().out
    (first, *_) = read_rows(tmp_path / "first/verdicts.jsonl", Verdict)
    levels = [{first.id: replace(first, perception=level)} for level in (1, 2)]
    assert flips(*levels).startswith("1 of 1 verdicts differ"), "the level is part of a verdict"
    assert run([*words, str(tmp_path / "none.jsonl")]) != 0
    assert "none.jsonl is no file" in capsys.readouterr().err


def test_where_to_write_is_asked_before_judging(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = Sample(IDS[0], "own", "", "", "what is it ?", ("images/a.png",), TRUTH)
    write_rows(tmp_path / "suite/samples.jsonl", [sample])
    path = tmp_path / "mine"
    path.write_text(json.dumps({"id": IDS[0], "text": "kettle"}) + "\n", encoding="utf-8")
    suite = ["--suite", str(tmp_path / "suite")]
    words = ["judge", "--responses", str(path), *suite, "--store", str(tmp_path / "results")]
    for more in ([], ["--out", str(path)], ["--out", str(path / "below")]):
        assert run([*words, *more]) == 1
        assert "cannot be the folder of results: it, or a part" in capsys.readouterr().err
    assert run([*words, *suite]) == 1
    assert "was given twice" in capsys.readouterr().err


def test_a_missing_file_is_told_before_a_missing_suite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--responses", str(tmp_path / "missing.jsonl"), "--suite", "hard"]
    assert run(["judge", *words, "--store", str(tmp_path / "results")]) == 1
    assert "missing.jsonl is no file" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
