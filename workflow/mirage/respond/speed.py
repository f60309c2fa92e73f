"""How fast models answer: seconds a sample and tokens a second, on an otherwise idle machine.

Times differ from run to run, so nothing that promises equal bytes reads them.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2 import Environment, StrictUndefined

from mirage.context import JobContext
from mirage.contracts import DataError
from mirage.device import device
from mirage.respond.batches import plan_batches
from mirage.respond.items import Question, read_suite
from mirage.respond.responder import Responder, open_responder

DATA_FILES = ("speed.html.jinja",)
SPEED = "speed.json"
PAGE = "speed.html"


@dataclass(frozen=True)
class Speed:
    """One model at one batch size.

    Attributes:
        batch: Most samples answered together.
        items: Samples answered in each repeat.
        tokens: New tokens of all answers of one repeat; greedy, so the same in each.
        seconds: Wall seconds of each repeat: prompts, pictures and decoding.
    """

    model: str
    batch: int
    items: int
    tokens: int
    seconds: tuple[float, ...]

    @property
    def per_sample(self) -> tuple[float, float, float]:
        """Seconds a sample: median, least and most over the repeats."""
        return _spread([s / self.items for s in self.seconds])

    @property
    def per_second(self) -> tuple[float, float, float]:
        """New tokens a second: median, least and most over the repeats."""
        return _spread([self.tokens / s for s in self.seconds])


def measure_speed(ctx: JobContext) -> None:
    """Measures all models of a job one after the other and writes ``speed.json`` and a page.

    Raises:
        DataError: The suite, a picture or a model folder is missing or broken.
    """
    settings, respond = ctx.settings["speed"], ctx.settings["respond"]
    (suite,) = ctx.parents("suites")
    asked = read_suite(suite, ctx.images, respond["max_new_tokens"])
    questions = chosen(asked, settings["items"])
    if not questions:
        raise DataError(f"{suite} has no samples to measure with. Set another respond.speed.suite.")
    load = os.getloadavg()[0]
    speeds: list[Speed] = []
    for name, folder in zip(ctx.settings["models"], ctx.parents("model"), strict=True):
        responder = open_responder(ctx, folder, name)
        for batch in settings["batch_sizes"]:
            made = measure(name, responder, questions, batch, settings)
            ctx.log(f"{name}, batch {batch}: {made.per_sample[0] * 1000:.1f} ms a sample")
            speeds.append(made)
    write(ctx.out, speeds, facts(ctx.settings["threads"], load, questions[0].suite))


def chosen(questions: Sequence[Question], items: int) -> list[Question]:
    """Picks questions evenly over a suite, by place."""
    count = min(items, len(questions))
    return [questions[len(questions) * i // count] for i in range(count)]


def measure(
    name: str,
    responder: Responder,
    questions: Sequence[Question],
    batch: int,
    settings: Mapping[str, Any],
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Answers the same questions again and again; the first rounds are not counted.

    Args:
        name: The model's name.
        responder: The opened model.
        questions: What is asked in every repeat.
        batch: Most samples answered together.
        settings: ``warm_up`` and ``repeats``, in rounds over all questions.
        clock: Seconds, ever rising.
    """
    seconds, tokens = [], 0
    with torch.inference_mode():
        for number in range(settings["warm_up"] + settings["repeats"]):
            responder.forget()
            begin = clock()
            tokens = answer_once(responder, questions, batch)
            if number >= settings["warm_up"]:
                seconds.append(clock() - begin)
    return Speed(name, batch, len(questions), tokens, tuple(seconds))


def answer_once(responder: Responder, questions: Sequence[Question], batch: int) -> int:
    """Answers questions batch by batch, each from its text and files; returns the new tokens."""
    total = 0
    for planned in plan_batches(responder.prompts(questions), batch):
        responder.see(prompt.question for prompt in planned.prompts)
        total += sum(n for _, n, _ in responder.answer(planned, planned.prompts))
    return total


def facts(threads: int, load: float, suite: str) -> dict[str, Any]:
    """Returns what a reader must know beside the times."""
    return {
        "device": device(),
        "cores": os.cpu_count(),
        "threads": threads,
        "load": round(load, 2),
        "suite": suite,
        "torch": torch.__version__,
        "measured": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def write(out: Path, found: Sequence[Speed], about: Mapping[str, Any]) -> None:
    """Writes ``speed.json``, a page for people, and ``record.json`` for MLflow."""
    plain = {"about": about, "speeds": [asdict(speed) for speed in found]}
    (out / SPEED).write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    template = (Path(__file__).parent / "speed.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    page = environment.from_string(template).render(speeds=found, about=about)
    (out / PAGE).write_text(page, encoding="utf-8")
    metrics = {
        f"seconds_per_sample/{speed.model}/batch_{speed.batch}": speed.per_sample[0]
        for speed in found
    }
    record = json.dumps({"metrics": metrics}, indent=1) + "\n"
    (out / "record.json").write_text(record, encoding="utf-8")


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(values), min(values), max(values)
