"""Whether a model says the same again: items of a study answered once more, in other batches.

At temperature 0 an answer can still change with what is decoded beside it, because sums are rounded
in another order. How often it does is measured here, against the very answers that the study's
tables are made from; the texts are kept, so that any judge can say how many verdicts change.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch
from jinja2 import Environment, StrictUndefined

from mirage.context import JobContext
from mirage.contracts import DataError, Response, read_rows, write_rows
from mirage.respond.answer import RESPONSES
from mirage.respond.batches import Prompt, plan_batches
from mirage.respond.items import Question, read_suite
from mirage.respond.responder import Answer, Responder, open_responder
from mirage.respond.speed import chosen

DATA_FILES = ("repeat.html.jinja",)
TABLE = "repeat.csv"
PAGE = "repeat.html"


@dataclass(frozen=True)
class Repeat:
    """One model, answering again in batches of one size.

    Attributes:
        model: Its name.
        batch: Most items answered together; 1 is alone.
        items: How many were answered again.
        flips: How many of them got another text than in the study.
        rate: Their share, in percent.
        low: Lower end of its 95 % interval by Wilson's score, in percent.
        high: Upper end.
    """

    model: str
    batch: int
    items: int
    flips: int
    rate: float
    low: float
    high: float


def flip_rate(model: str, batch: int, items: int, flips: int) -> Repeat:
    """Returns a share with its interval, rounded to tenths of a point.

    Wilson, "Probable inference, the law of succession, and statistical inference" (JASA 1927); by
    hand, because vLLM's environment has no scipy.
    """
    share, z = flips / items, NormalDist().inv_cdf(0.975)
    scale = 1 + z**2 / items
    middle = (share + z**2 / (2 * items)) / scale
    reach = z / scale * math.sqrt(share * (1 - share) / items + z**2 / (4 * items**2))
    shares = (share, max(0.0, middle - reach), min(1.0, middle + reach))
    return Repeat(model, batch, items, flips, *(round(100 * each, 1) for each in shares))


def probe(ctx: JobContext) -> None:
    """Asks all models of a job again; writes a table, a page, and the answers of each batch size.

    Raises:
        DataError: The suite, a picture or a model folder is missing or broken.
    """
    settings, limits = ctx.settings["repeat"], ctx.settings["respond"]["max_new_tokens"]
    (suite,) = ctx.parents("suites")
    questions = chosen(read_suite(suite, ctx.images, limits), settings["items"])
    if not questions:
        raise DataError(f"{suite} has no samples. Set another respond.repeat_probe.suite.")
    found: list[Repeat] = []
    folders = zip(ctx.parents("model"), ctx.parents("responses"), strict=True)
    for name, (folder, answered) in zip(ctx.settings["models"], folders, strict=True):
        said = {row.id: row for row in read_rows(answered / RESPONSES, Response)}
        responder = open_responder(ctx, folder, name)
        for batch in settings["batch_sizes"]:
            again = answered_again(responder, questions, batch)
            write_rows(ctx.out / f"batch_{batch}" / f"{name}.jsonl", again)
            flips = sum(row.text != said[row.id].text for row in again)
            found.append(flip_rate(name, batch, len(again), flips))
            ctx.log(f"{name}, batch {batch}: {flips} of {len(again)} answers differ")
    write(ctx.out, found, {"suite": questions[0].suite, "respond": ctx.settings["respond"]})


def answered_again(
    responder: Responder, questions: Sequence[Question], size: int
) -> list[Response]:
    """Answers questions in batches of one size, from nothing that was stored."""
    made: list[tuple[Prompt, Answer]] = []
    with torch.inference_mode():
        for batch in plan_batches(responder.prompts(questions), size):
            responder.see(prompt.question for prompt in batch.prompts)
            answers = responder.answer(batch, batch.prompts)
            made += zip(batch.prompts, answers, strict=True)
    return [Response(prompt.question.id, *answer) for prompt, answer in made]


def write(out: Path, found: Sequence[Repeat], about: Mapping[str, Any]) -> None:
    """Writes ``repeat.csv``, a page for people, and ``record.json`` for MLflow."""
    rows = [asdict(each) for each in found]
    with (out / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    template = (Path(__file__).parent / "repeat.html.jinja").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    page = environment.from_string(template).render(found=found, about=about)
    (out / PAGE).write_text(page, encoding="utf-8")
    metrics = {f"flip_rate/{each.model}/batch_{each.batch}": each.rate for each in found}
    record = json.dumps({"metrics": metrics}, indent=1) + "\n"
    (out / "record.json").write_text(record, encoding="utf-8")
