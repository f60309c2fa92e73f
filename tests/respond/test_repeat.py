"""The repeat probe: items answered again in other batches, against the study's own answers."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import pytest
from respond_bench import SETTINGS, Bench, questions

from mirage import respond
from mirage.context import JobContext
from mirage.contracts import DataError, Response, read_rows, write_rows
from mirage.respond.repeat import flip_rate


def context(bench: Bench, items: int = 12) -> tuple[JobContext, Path]:
    """A repeat job, and the file of the study's answers."""
    suite = bench.suite("alpha", questions("alpha", items, bench.pictures, seed=1))
    ctx = bench.context([suite], "respond/toy")
    respond.run(ctx)
    settings = {
        "repeat": {"items": 6, "batch_sizes": [1, 3]}, "respond": SETTINGS, "models": ["toy"],
    }  # fmt: skip
    entries = {f"{key}/toy": text for key, text in ctx.job.entries.items()}
    job = dataclasses.replace(
        ctx.job, kind="repeat", settings=settings,
        entries=entries | {"backend": ctx.job.entries["backend"]},
        parents=ctx.job.parents | {"responses": ["respond/toy"]},
    )  # fmt: skip
    out = ctx.store / "repeat"
    out.mkdir()
    return JobContext(job, ctx.store, ctx.work, out), ctx.out / "responses.jsonl"


def table(ctx: JobContext) -> list[dict[str, str]]:
    with (ctx.out / "repeat.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_transformers_says_the_same_whatever_the_batch(bench: Bench) -> None:
    ctx, said = context(bench)
    stored = len(list(bench.answers.iterdir()))
    respond.run(ctx)
    assert [(row["batch"], row["items"], row["flips"]) for row in table(ctx)] == [
        ("1", "6", "0"), ("3", "6", "0"),
    ]  # fmt: skip
    known = {row.id: row for row in read_rows(said, Response)}
    again = list(read_rows(ctx.out / "batch_1/toy.jsonl", Response))
    assert [row.id for row in again if known[row.id] == row] == [row.id for row in again]
    assert len(list(bench.answers.iterdir())) == stored, "nothing is stored"


def test_a_text_that_differs_is_a_flip(bench: Bench) -> None:
    ctx, said = context(bench)
    rows = list(read_rows(said, Response))
    changed = dataclasses.replace(rows[0], text=rows[0].text + " again")
    write_rows(said, [changed, *rows[1:]])
    respond.run(ctx)
    assert [row["flips"] for row in table(ctx)] == ["1", "1"]
    page = (ctx.out / "repeat.html").read_text(encoding="utf-8")
    assert "1 (alone)" in page and "16.7 [3.0, 56.4]" in page


def test_intervals_are_wilsons() -> None:
    # Of none in 64 the upper end is z^2 / (n + z^2).
    made = flip_rate("m", 8, 64, 0)
    assert (made.rate, made.low, made.high) == (0.0, 0.0, 5.7)
    made = flip_rate("m", 8, 64, 64)
    assert (made.rate, made.low, made.high) == (100.0, 94.3, 100.0)


def test_an_empty_suite_is_refused(bench: Bench) -> None:
    ctx, _ = context(bench)
    (ctx.parents("suites")[0] / "samples.jsonl").write_text("")
    with pytest.raises(DataError, match=r"respond\.repeat_probe\.suite"):
        respond.run(ctx)
