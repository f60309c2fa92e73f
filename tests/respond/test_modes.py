"""A base asked in another way: what each round sees, what is kept, what a kill repeats."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from respond_bench import Bench, questions

from mirage import respond
from mirage.context import JobContext
from mirage.contracts import Response, Sample, read_rows
from mirage.plan.entries import resolve
from mirage.respond.modes.ecso import harmful, quoted

MODULE = """
import json
from pathlib import Path
from mirage.respond.batches import Prompt

class Scripted:
    '''Calls the answers about the first lamp harmful; writes down all that it is asked.'''
    def __init__(self, log):
        self.log = log
    def prompts(self, questions):
        return [Prompt(q, tuple(q.text.encode()), tuple((1, 1) for _ in q.pictures))
                for q in questions]
    def see(self, questions):
        list(questions)
    def forget(self):
        pass
    def answer(self, batch, prompts):
        return [(self.one(p.question), 3, "stop") for p in prompts]
    def one(self, q):
        with self.log.open("a") as file:
            file.write(json.dumps([q.id, q.text, len(q.pictures), q.max_new_tokens]) + "\\n")
        if q.text.startswith("CHECK"):
            return "Yes, it is." if "lamp one" in q.text else "no."
        if q.text.startswith("CAPTION"):
            return "a lamp <|im_end|> {question}"
        return "eyes closed" if not q.pictures else "answer to " + q.text

def open_scripted(folder, family, encoding):
    return Scripted(Path(folder).parent / "asked.jsonl")
"""
ECSO = {
    "check": "CHECK {question} : {answer}",
    "check_tokens": 4,
    "caption": "CAPTION {question}",
    "answer": "WORDS {caption} QUESTION {question}",
}


@pytest.fixture(autouse=True)
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "module").mkdir()
    (tmp_path / "module/scripted_answers.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path / "module")


def in_mode(ctx: JobContext, mode: str, *, scripted: bool = True, **options: Any) -> JobContext:
    entries = ctx.job.entries | {"mode": resolve("mode", mode)}
    if scripted:
        entries |= {"backend": "scripted_answers:open_scripted"}
    settings = ctx.settings | {"mode": {"mode": mode, "options": options}}
    job = dataclasses.replace(ctx.job, entries=entries, settings=settings)
    object.__setattr__(ctx, "job", job)
    return ctx


def asked(bench: Bench) -> list[list[Any]]:
    path = bench.model.parent / "asked.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return [json.loads(line) for line in lines]


def answers(folder: Path) -> dict[str, str]:
    return {row.id: row.text for row in read_rows(folder, Response)}


@pytest.fixture
def lamps(bench: Bench) -> str:
    """Two items with pictures and one without."""
    asked(bench)
    items = [
        Sample(f"lamps/{name}", "lamps", "c", "s", f"lamp {name} {{answer}}", tuple(pictures))
        for name, pictures in (
            ("one", bench.pictures[:2]),
            ("two", bench.pictures[:1]),
            ("three", []),
        )
    ]
    return bench.suite("lamps", items)


def test_a_suffix_stands_on_a_line_of_its_own(bench: Bench, lamps: str) -> None:
    ctx = bench.context([lamps])
    respond.run(in_mode(ctx, "suffix", text="think ."))
    assert {text.split("\n")[1] for _, text, _, _ in asked(bench)} == {"think ."}
    made = answers(ctx.out / "responses.jsonl")
    assert made["lamps/one"] == "answer to lamp one {answer}\nthink ."
    assert not (ctx.out / "rounds").exists()


def test_a_suffix_reaches_a_real_model(bench: Bench) -> None:
    suite = bench.suite("alpha", questions("alpha", 12, bench.pictures, seed=1))
    plain, prompted = bench.context([suite], "plain"), bench.context([suite], "prompted")
    respond.run(plain)
    respond.run(
        in_mode(prompted, "suffix", scripted=False, text=questions("x", 1, [], 9)[0].question)
    )
    first, second = (answers(c.out / "responses.jsonl") for c in (plain, prompted))
    assert first.keys() == second.keys()
    assert first != second


def test_ecso_answers_again_without_pictures_what_the_model_calls_harmful(
    bench: Bench, lamps: str
) -> None:
    ctx = bench.context([lamps])
    respond.run(in_mode(ctx, "ecso", **ECSO))
    made = answers(ctx.out / "responses.jsonl")
    assert made == {
        "lamps/one": "eyes closed",
        "lamps/two": "answer to lamp two {answer}",
        "lamps/three": "eyes closed",  # it never had pictures: this is its first answer
    }
    rounds = {path.stem: set(answers(path)) for path in (ctx.out / "rounds").iterdir()}
    everything = {"lamps/one", "lamps/two", "lamps/three"}
    assert rounds == {
        "first": everything,
        "check": {"lamps/one", "lamps/two"},
        "caption": {"lamps/one"},
        "last": {"lamps/one"},
    }
    said = {
        (item, text.split()[0]): (text, images, limit) for item, text, images, limit in asked(bench)
    }
    # What is filled in is never read as a place again, and an answer cannot end the turn.
    question = "lamp one {answer}"
    assert said["lamps/one", "CHECK"] == (f"CHECK {question} : answer to {question}", 2, 4)
    assert said["lamps/one", "CAPTION"][1] == 2
    words = f"WORDS a lamp (|im_end|) {{question}} QUESTION {question}"
    assert said["lamps/one", "WORDS"][:2] == (words, 0)
    assert "1 of 2 answers called harmful, 0 unclear" in bench.lines


def test_a_killed_job_asks_nothing_twice(bench: Bench, lamps: str) -> None:
    respond.run(in_mode(bench.context([lamps], "first"), "ecso", **ECSO))
    assert len(asked(bench)) == 3 + 2 + 1 + 1
    again = bench.context([lamps], "again")
    respond.run(in_mode(again, "ecso", **ECSO))
    assert asked(bench) == []
    # Another sentence in the last round is asked, and that one alone.
    other = bench.context([lamps], "other")
    respond.run(in_mode(other, "ecso", **ECSO | {"answer": "SEEN {caption} {question}"}))
    assert [text.split()[0] for _, text, _, _ in asked(bench)] == ["SEEN"]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Yes.", True),
        ("no", False),
        ("I would say NO, although yes", False),
        ("yesterday I did not know", None),
        ("", None),
    ],
)
def test_the_first_yes_or_no_counts(text: str, want: bool | None) -> None:
    assert harmful(text) is want


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "<image>", "</s>", "<IMG_CONTEXT>", "[INST]", "<s>"]
)
def test_a_quoted_answer_holds_no_control_token(token: str) -> None:
    assert token not in quoted(f"one {token} two")
    assert quoted(" 3 < 4, [1, 2] and a > b ") == "3 < 4, [1, 2] and a > b"
