"""A respond job: what is stored is never computed again, what changed always is."""

from __future__ import annotations

import dataclasses
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from respond_bench import Bench, publish, questions
from safetensors.torch import load_file, save_file

from mirage import respond
from mirage.context import JobContext
from mirage.contracts import DataError, Response, read_rows
from mirage.plan.artifact import Manifest
from mirage.respond.answer_cache import AnswerStore


def computed(bench: Bench, ctx: JobContext) -> int:
    """Runs a job and returns how many answers it had to compute."""
    bench.lines.clear()
    respond.run(ctx)
    found = re.match(r"(\d+) answers to compute", bench.lines[0])
    assert found
    return int(found[1])


def two_suites(bench: Bench) -> list[str]:
    return [
        bench.suite(name, questions(name, count, bench.pictures, seed))
        for name, count, seed in (("alpha", 40, 1), ("beta", 21, 2))
    ]


def responses(ctx: JobContext) -> dict[str, Response]:
    return {row.id: row for row in read_rows(ctx.out / "responses.jsonl", Response)}


def test_one_response_per_item_in_the_suites_order(bench: Bench) -> None:
    ctx = bench.context(two_suites(bench))
    assert computed(bench, ctx) == 61
    rows = list(responses(ctx).values())
    assert [r.id for r in rows] == [f"alpha/{i}" for i in range(40)] + [
        f"beta/{i}" for i in range(21)
    ]
    assert max(r.n_tokens for r in rows if r.id.startswith("beta")) == 5
    assert max(r.n_tokens for r in rows if r.id.startswith("alpha")) == 12
    assert "s left" in bench.lines[-1]


def test_a_second_job_of_the_model_computes_only_what_is_new(bench: Bench) -> None:
    alpha, beta = two_suites(bench)
    first, both = bench.context([alpha], "one"), bench.context([beta, alpha], "two")
    assert computed(bench, first) == 40
    assert computed(bench, both) == 21
    assert responses(first).items() <= responses(both).items()
    assert computed(bench, bench.context([alpha, beta], "three")) == 0


def test_two_ids_with_equal_weights_share_their_answers(bench: Bench) -> None:
    first = bench.context(two_suites(bench), "first")
    assert computed(bench, first) == 61
    twin = bench.model.with_name("twin")
    shutil.copytree(bench.model, twin)
    (twin / "record.json").write_text("{}")  # how it came about is no part of what it holds
    publish(twin, "tune", "twin", "89abcdef")
    other = Bench(bench.store, twin, bench.lines)
    assert Manifest.read(twin).id != Manifest.read(bench.model).id
    again = other.context(two_suites(bench), "again")
    assert computed(bench, again) == 0
    assert responses(again) == responses(first)
    weights = load_file(twin / "model.safetensors")
    save_file(
        {k: v * 1.5 for k, v in weights.items()}, twin / "model.safetensors", {"format": "pt"}
    )
    publish(twin, "tune", "twin", "76543210")
    assert computed(bench, other.context(two_suites(bench), "third")) == 61


def test_an_answer_does_not_depend_on_which_suites_were_asked_before(
    bench: Bench, tmp_path: Path
) -> None:
    suites = two_suites(bench)
    once = bench.context(suites, "once")
    computed(bench, once)
    shutil.rmtree(bench.answers)
    for suite in reversed(suites):
        computed(bench, bench.context([suite], "parts"))
    again = bench.context(suites, "again")
    computed(bench, again)
    assert (again.out / "responses.jsonl").read_bytes() == (
        once.out / "responses.jsonl"
    ).read_bytes()


def test_one_changed_item_is_one_new_answer(bench: Bench) -> None:
    samples = questions("alpha", 40, bench.pictures, seed=1)
    computed(bench, bench.context([bench.suite("alpha", samples)]))
    words = samples[7].question.split()
    samples[7] = dataclasses.replace(samples[7], question=" ".join(reversed(words)))
    assert computed(bench, bench.context([bench.suite("alpha", samples)])) == 1


def test_changed_bytes_of_a_picture_are_new_answers(bench: Bench) -> None:
    samples = questions("alpha", 40, bench.pictures, seed=1)
    ctx = bench.context([bench.suite("alpha", samples)])
    computed(bench, ctx)
    name = bench.pictures[4]
    Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8)).save(bench.images / name)
    assert computed(bench, ctx) == sum(name in s.images for s in samples) > 0


def test_an_answer_cut_off_by_a_kill_is_computed_again(bench: Bench) -> None:
    ctx = bench.context(two_suites(bench))
    computed(bench, ctx)
    whole = (ctx.out / "responses.jsonl").read_bytes()
    (file,) = bench.answers.iterdir()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:30]) + lines[30][: len(lines[30]) // 2])
    assert computed(bench, ctx) == len(lines) - 30
    assert (ctx.out / "responses.jsonl").read_bytes() == whole
    assert len(AnswerStore(bench.answers).load()) == len(lines)


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from mirage.respond import run
from respond_bench import Bench
left = 3
real = os.fsync
def fsync(handle):
    global left
    left -= 1
    if left < 0:
        size = os.fstat(handle).st_size
        os.truncate(handle, size - 30)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(handle)
bench = Bench(Path({store!r}), Path({model!r}))
os.fsync = fsync
run(bench.context({suites!r}))
"""


def test_killed_while_it_writes_a_batch(bench: Bench) -> None:
    suites = two_suites(bench)
    code = KILLED.format(
        tests=str(Path(__file__).parent),
        store=str(bench.store),
        model=str(bench.model),
        suites=suites,
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    stored = len(AnswerStore(bench.answers).load())
    assert 26 <= stored < 61
    ctx = bench.context(suites)
    assert computed(bench, ctx) == 61 - stored
    unbroken = bench.context(suites, "unbroken")
    shutil.rmtree(bench.answers)
    computed(bench, unbroken)
    assert (unbroken.out / "responses.jsonl").read_bytes() == (
        ctx.out / "responses.jsonl"
    ).read_bytes()


@pytest.mark.parametrize("harm", ["missing", "cut", "text"])
def test_a_bad_picture_is_named_with_file_and_line(bench: Bench, harm: str) -> None:
    samples = questions("alpha", 12, bench.pictures, seed=1)
    ctx = bench.context([bench.suite("alpha", samples)])
    name = samples[3].images[0]
    path = bench.images / name
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:200] if harm == "cut" else b"no picture")
    first = next(i for i, s in enumerate(samples, 1) if name in s.images)
    with pytest.raises(DataError, match=rf"samples.jsonl, line {first}: picture .*{name}"):
        respond.run(ctx)
    assert not (ctx.out / "responses.jsonl").exists()


def test_ids_must_be_unique_over_suites(bench: Bench) -> None:
    samples = questions("alpha", 4, bench.pictures, seed=1)
    suites = [bench.suite("alpha", samples), bench.suite("other", samples)]
    with pytest.raises(DataError, match=r"alpha/0.*already"):
        respond.run(bench.context(suites))


def test_an_edited_store_stops_with_its_line(bench: Bench) -> None:
    ctx = bench.context([bench.suite("alpha", questions("alpha", 12, bench.pictures, 1))])
    computed(bench, ctx)
    (file,) = bench.answers.iterdir()
    lines = file.read_text().splitlines()
    lines[2] = lines[2].replace("text", "tixt")
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"answers.*is no answer; a file was edited"):
        respond.run(ctx)
