"""A user's own samples: what the contract takes, and what it answers to everything else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mirage import build
from mirage.cli import run
from mirage.context import ConfigError, JobContext
from mirage.contracts import DataError, Sample, TrainSample, read_rows
from mirage.own_data import MAX_LINE, read_own
from mirage.pictures import Pictures, SamplePictures
from mirage.plan.checked_data import recall, remember
from mirage.plan.entries import resolve
from mirage.plan.job import Job

GOOD: dict[str, Any] = {
    "id": "a-1",
    "question": "what is it ?",
    "images": ["pics/red.png"],
    "answer": "a lamp .",
    "rejected": "no .",
    "truth": {"kind": "benign", "pair": "p"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine" / "pics").mkdir(parents=True)
    Image.new("RGB", (32, 32), "red").save(tmp_path / "mine" / "pics" / "red.png")
    Image.new("RGB", (32, 32), "blue").save(tmp_path / "secret.png")
    return tmp_path / "mine"


def write(folder: Path, *rows: dict[str, Any] | bytes) -> Path:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    (folder / "samples.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


BAD: dict[str, tuple[dict[str, Any] | bytes, str]] = {
    "no id": (without("id"), "id is missing"),
    "id with a slash": (GOOD | {"id": "../a"}, "id '../a' should be"),
    "id as number": (GOOD | {"id": 7}, "id should be text, not int"),
    "empty question": (GOOD | {"question": "  "}, "question is empty"),
    "images as text": (GOOD | {"images": "a.png"}, "images should be a list, not str"),
    "image as number": (GOOD | {"images": [1]}, "must be a non-empty string, found 1"),
    "absolute": (GOOD | {"images": ["/etc/passwd"]}, "'/etc/passwd' leaves the data folder"),
    "outside": (GOOD | {"images": ["../secret.png"]}, "'../secret.png' leaves the data folder"),
    "link": (GOOD | {"images": ["pics/link.png"]}, "link.png is a link out of its folder"),
    "nul in a path": (GOOD | {"images": ["pics/\0.png"]}, "a character that no file name has"),
    "escape in a path": (GOOD | {"images": ["pics/\x1b.png"]}, "a character that no file name has"),
    "half a character in a path": (GOOD | {"images": ["\ud800.png"]}, "that no file name has"),
    "fifo": (GOOD | {"images": ["pics/fifo.png"]}, "fifo.png is no regular file"),
    "missing picture": (GOOD | {"images": ["pics/no.png"]}, "no.png does not exist"),
    "many images": (GOOD | {"images": ["pics/red.png"] * 65}, "65 images; at most 64"),
    "unknown key": (GOOD | {"anwser": "x"}, "unknown key 'anwser'"),
    "unknown truth": (GOOD | {"truth": {"hazrad": "x"}}, "truth has unknown keys 'hazrad'"),
    "truth of a wrong type": (GOOD | {"truth": {"states": "on"}}, "truth.states: input should be"),
    "not utf-8": (b'{"id": "\xff"}', "not UTF-8 text"),
    "not json": (b'{"id": "a', "not valid JSON"),
    "no object": (b"[1, 2]", "a JSON object is needed, not list"),
    "nan": (b'{"id": "a", "truth": NaN}', "NaN is no number"),
    "huge number": (b'{"id": ' + b"9" * 5000 + b"}", "line 1: holds a whole number of thousands"),
    "deep": (b"[" * 100_000, "nested deeper than 8 brackets"),
    "deep object": (b'{"a":' * 9 + b"1" + b"}" * 9, "nested deeper than 8 brackets"),
    "key twice": (b'{"id": "a", "id": "b"}', "the key 'id' stands twice"),
    "half a character": (b'{"id": "a", "question": "\\ud800", "images": []}', "half a character"),
    "long line": (b'"' + b"x" * MAX_LINE + b'"', "longer than 1 MiB"),
    "empty file": (b"", "holds no samples"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_line_is_a_sentence_with_its_place(folder: Path, name: str) -> None:
    line, text = BAD[name]
    (folder / "pics" / "link.png").symlink_to(folder.parent / "secret.png")
    os.mkfifo(folder / "pics" / "fifo.png")
    problems = read_own(write(folder, line)).problems
    assert any(text in problem for problem in problems), problems
    assert name == "empty file" or all("samples.jsonl, line 1: " in each for each in problems)


def test_a_fifo_is_no_file_of_samples(folder: Path) -> None:
    os.mkfifo(folder / "samples.jsonl")
    with pytest.raises(DataError, match="is no regular file"):
        read_own(folder)


def test_all_problems_are_told_at_once_and_counted(folder: Path) -> None:
    rows = [GOOD | {"id": f"a-{n}", "question": ""} for n in range(30)]
    made = read_own(write(folder, GOOD, *rows, GOOD, b"{"))
    assert len(made.problems) == 20
    with pytest.raises(DataError, match=r"^32 problems in your data .*\n") as caught:
        made.checked()
    assert str(caught.value).endswith("and 12 more")
    assert "samples.jsonl, line 2: question is empty." in str(caught.value)


def test_an_id_that_stands_twice(folder: Path) -> None:
    (problem,) = read_own(write(folder, GOOD, GOOD)).problems
    assert problem.endswith("line 2: id 'a-1' stands on line 1 already.")


def test_a_recipe_needs_answers_and_a_suite_does_not(folder: Path) -> None:
    path = write(folder, GOOD, without("answer") | {"id": "a-2"})
    assert read_own(path).problems == []
    (problem,) = read_own(path, answers=True).problems
    assert "line 2: answer is missing" in problem


def test_the_digest_follows_text_and_pictures_alone(folder: Path) -> None:
    before = read_own(write(folder, GOOD)).digest
    os.utime(folder / "samples.jsonl", (0, 0))
    (folder / "notes.txt").write_text("nothing")
    assert read_own(folder).digest == before
    Image.new("RGB", (32, 32), "green").save(folder / "pics" / "red.png")
    changed = read_own(folder).digest
    assert changed != before
    assert read_own(write(folder, GOOD | {"answer": "b ."})).digest not in (before, changed)


def job(kind: str, folder: Path, digest: str, out: Path) -> JobContext:
    about = {"name": "mine", "digest": digest, "resize": "fit"}
    settings = {"suite": about} if kind == "suite" else {"recipe": {"name": "mine", "data": about}}
    entries = {"suite": resolve("suite", "own"), "source": resolve("source", "own")}
    external = {digest: str(folder)}
    made = Job("build", kind, "mine", "0" * 64, settings, {}, entries=entries, external=external)
    out.mkdir()
    return JobContext(made, out, out, out)


def test_suites_and_recipes_refer_to_the_pictures_where_they_lie(folder: Path) -> None:
    digest = read_own(write(folder, GOOD)).digest
    for kind, row in (("suite", Sample), ("train", TrainSample)):
        out = folder.parent / kind
        build.run(job(kind, folder, digest, out))
        (sample,) = read_rows(out / "samples.jsonl", row)
        assert (sample.id, sample.suite, sample.images) == ("mine/a-1", "mine", ("pics/red.png",))
        assert not list(out.rglob("*.png")) and not (out / "pictures.zip").exists()
        picture = SamplePictures(out, Pictures(out)).file("pics/red.png")
        assert picture.read() == (folder / "pics" / "red.png").read_bytes()
        if isinstance(sample, TrainSample):
            assert (sample.answer, sample.rejected, sample.label) == ("a lamp .", "no .", "own")
    Image.new("RGB", (32, 32), "green").save(folder / "pics" / "red.png")
    with pytest.raises(DataError, match=r"red\.png was changed .* mirage data check"):
        picture.read("mine/a-1")
    with pytest.raises(DataError, match="changed since it was checked"):
        build.run(job("suite", folder, digest, folder.parent / "again"))


def test_a_plan_asks_for_the_check_and_notices_changes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    made = read_own(write(folder, GOOD))
    with pytest.raises(ConfigError, match=r"nowhere does not exist\. Name a \.jsonl file or"):
        recall(folder / "nowhere")
    with pytest.raises(ConfigError, match=r"not checked yet\. Check it with: mirage data check"):
        recall(folder)
    remember(folder, made.digest, made.files)
    assert recall(folder) == made.digest
    (folder / "pics" / "red.png").write_bytes(b"other")
    with pytest.raises(ConfigError, match=r"red\.png changed since"):
        recall(folder)
    (folder / "pics" / "red.png").unlink()
    with pytest.raises(ConfigError, match=r"red\.png is gone since"):
        recall(folder)


def test_words_of_the_data_cannot_steer_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    write(folder, GOOD | {"question": "what \x1b[2J \u202eis it ?"})
    assert run(["data", "check", str(folder)]) == 0
    text = capsys.readouterr().out
    assert "<U+001B>[2J" in text
    assert "<U+202E>is" in text
    assert "\x1b" not in text


def test_items_without_kind_are_counted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    write(folder, GOOD, without("truth") | {"id": "a-2"})
    assert run(["data", "check", str(folder)]) == 0
    assert "kinds: benign: 1, no kind (in no rate): 1" in capsys.readouterr().out
    out = folder.parent / "suite"
    build.run(job("suite", folder, read_own(folder).digest, out))
    assert json.loads((out / "report.json").read_text())["items_without_kind"] == 1
    assert "1 of 2 items have no truth.kind" in capsys.readouterr().err


def test_the_check_decodes_each_distinct_picture_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    noise = Image.effect_noise((200, 200), 50).convert("RGB")
    noise.save(folder / "pics" / "whole.jpg")
    whole = (folder / "pics" / "whole.jpg").read_bytes()
    (folder / "pics" / "same.jpg").write_bytes(whole)
    names = ["pics/whole.jpg", "pics/same.jpg", "pics/whole.jpg", "pics/red.png"]
    opened: list[str] = []
    read = Pictures.open

    def counted(pictures: Pictures, name: str, where: str = "") -> Image.Image:
        opened.append(name)
        return read(pictures, name, where)

    monkeypatch.setattr(Pictures, "open", counted)
    write(folder, GOOD | {"images": names})
    assert run(["data", "check", str(folder)]) == 0
    assert opened == ["pics/whole.jpg", "pics/red.png"]
    assert "picture sizes: 200x200: 2, 32x32: 1" in capsys.readouterr().out
    (folder / "pics" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    write(folder, GOOD | {"images": ["pics/cut.jpg"]})
    assert run(["data", "check", str(folder)]) == 1
    assert "line 1: picture" in (said := capsys.readouterr().err)
    assert "cut.jpg is damaged" in said
