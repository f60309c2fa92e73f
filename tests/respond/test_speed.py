"""The measurement of seconds: repeats, warm-up, spread, and a page that says what it is."""

from __future__ import annotations

import dataclasses
import json
from itertools import count

import pytest
from respond_bench import SETTINGS, Bench, open_answerer, questions

from mirage import respond
from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.respond.items import read_suite
from mirage.respond.speed import Speed, chosen, measure


def context(bench: Bench, items: int) -> JobContext:
    suite = bench.suite("alpha", questions("alpha", items, bench.pictures, seed=1))
    ctx = bench.context([suite])
    wanted = {"items": 6, "batch_sizes": [1, 4], "warm_up": 1, "repeats": 3}
    settings = {"speed": wanted, "respond": SETTINGS, "models": ["<b>toy</b>"], "threads": 1}
    entries = {f"{key}/<b>toy</b>": text for key, text in ctx.job.entries.items()}
    entries |= {"backend": ctx.job.entries["backend"]}
    job = dataclasses.replace(ctx.job, kind="speed", settings=settings, entries=entries)
    return JobContext(job, ctx.store, ctx.work, ctx.out)


def test_a_speed_job_writes_times_and_a_page(bench: Bench) -> None:
    ctx = context(bench, 12)
    respond.run(ctx)
    made = json.loads((ctx.out / "speed.json").read_text())
    assert [(s["batch"], s["items"], len(s["seconds"])) for s in made["speeds"]] == [
        (1, 6, 3), (4, 6, 3),
    ]  # fmt: skip
    assert made["speeds"][0]["tokens"] == made["speeds"][1]["tokens"] > 6, "the same answers"
    assert all(second > 0 for s in made["speeds"] for second in s["seconds"])
    assert made["about"]["threads"] == 1
    assert made["about"]["device"]
    page = (ctx.out / "speed.html").read_text()
    assert "&lt;b&gt;toy&lt;/b&gt;" in page
    assert "promises equal bytes" in page
    record = json.loads((ctx.out / "record.json").read_text())
    assert set(record["metrics"]) == {
        f"seconds_per_sample/<b>toy</b>/batch_{batch}" for batch in (1, 4)
    }
    assert not (ctx.out / "responses.jsonl").exists()
    assert not bench.answers.exists()


def test_warm_up_is_not_counted_and_pictures_are_seen_anew(bench: Bench) -> None:
    ctx = context(bench, 8)
    suite, images = ctx.parents("suites")[0], ctx.parent("images")
    asked = read_suite(suite, images, SETTINGS["max_new_tokens"])
    answerer, ticks = open_answerer(bench.model), count()
    settings = {"warm_up": 2, "repeats": 2}
    speed = measure("toy", answerer, asked, 4, settings, clock=lambda: float(next(ticks) ** 2))
    # Ticks 0 and 1 belong to the warm-up's beginnings; each repeat then takes two ticks.
    assert speed.seconds == (9.0 - 4.0, 25.0 - 16.0)
    assert set(answerer.features) == {view for q in asked for view in answerer.views(q)}


def test_median_and_spread() -> None:
    speed = Speed("m", 2, 10, 100, (2.0, 1.0, 4.0))
    assert speed.per_sample == (0.2, 0.1, 0.4)
    assert speed.per_second == (50.0, 25.0, 100.0)


def test_questions_are_chosen_by_place(bench: Bench) -> None:
    ctx = context(bench, 10)
    asked = read_suite(ctx.parents("suites")[0], ctx.parent("images"), SETTINGS["max_new_tokens"])
    assert [q.id for q in chosen(asked, 3)] == ["alpha/0", "alpha/3", "alpha/6"]
    assert chosen(asked, 99) == asked


def test_an_empty_suite_is_refused(bench: Bench) -> None:
    with pytest.raises(DataError, match=r"respond\.speed\.suite"):
        respond.run(context(bench, 0))
