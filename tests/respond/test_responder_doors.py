"""Another backend and another encoding answer through the same job."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from respond_bench import Bench, questions

from mirage import respond
from mirage.context import JobContext
from mirage.contracts import DataError, Response, read_rows
from mirage.respond.answer_cache import AnswerStore, Entry

MODULE = """
from mirage.respond.batches import Prompt
from mirage.tune.nano.encoding import WordEncoding
from mirage.tune.nano.internvl import NanoInternVL

class Constant:
    def prompts(self, questions):
        return [Prompt(question, (1, 2)) for question in questions]
    def see(self, questions):
        pass
    def forget(self):
        pass
    def answer(self, batch, prompts):
        return [("no comment .", 3, "stop") for prompt in prompts]

def open_constant(folder, family, encoding):
    return Constant()

class Loud(WordEncoding):
    def decode(self, answers):
        return [text.upper() for text in super().decode(answers)]

class LoudInternVL(NanoInternVL):
    def open(self, folder):
        made = super().open(folder)
        return Loud(made.kind, made.processor, made.max_tokens)
"""


@pytest.fixture(autouse=True)
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module").mkdir()
    (tmp_path / "module/users_answers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path / "module")


def texts(ctx: JobContext, **entries: str) -> list[str]:
    job = dataclasses.replace(ctx.job, entries=ctx.job.entries | entries)
    respond.run(dataclasses.replace(ctx, job=job))
    return [row.text for row in read_rows(ctx.out / "responses.jsonl", Response)]


def test_another_backend_and_another_encoding(bench: Bench) -> None:
    ctx = bench.context([bench.suite("alpha", questions("alpha", 9, bench.pictures, seed=1))])
    ctx = JobContext(ctx.job, ctx.store, ctx.work, ctx.out)
    plain = texts(ctx)
    assert texts(ctx, encoding="users_answers:LoudInternVL") == [text.upper() for text in plain]
    assert texts(ctx, backend="users_answers:open_constant") == ["no comment ."] * 9
    # Every combination has answers of its own in the store, and what was stored first stays.
    assert texts(ctx) == plain
    assert len(AnswerStore(bench.answers).load()) >= 3


@pytest.mark.parametrize("wrong", [{"finish_reason": "eos"}, {"n_tokens": -1}])
def test_stored_answers_are_checked(tmp_path: Path, wrong: dict[str, object]) -> None:
    good = Entry("k", "text", 1, "stop")
    AnswerStore(tmp_path / "answers").append([dataclasses.replace(good, **wrong)])  # type: ignore[arg-type]
    with pytest.raises(DataError, match="is no answer; a file was edited"):
        AnswerStore(tmp_path / "answers").load()
    line = '{"id": "a", "text": "", "n_tokens": 1, "finish_reason": "stop"}'
    one = "finish_reason" in wrong
    line = line.replace('"stop"', '"eos"') if one else line.replace("1", "-1")
    (tmp_path / "responses.jsonl").write_text(line + "\n")
    with pytest.raises(DataError, match=r"line 1: (finish_reason 'eos' is not|n_tokens -1 should)"):
        read_rows(tmp_path / "responses.jsonl", Response)
