"""One model answers its suites: what is stored already is read, only the rest is computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from mirage.context import JobContext
from mirage.contracts import Response, write_rows
from mirage.files import canonical, sha256
from mirage.respond.answer_cache import AnswerStore, Entry
from mirage.respond.batches import Batch, Prompt, plan_batches
from mirage.respond.items import read_suites
from mirage.respond.responder import Responder
from mirage.tune.encoding import limited

RESPONSES = "responses.jsonl"
SAY_EVERY = 2.0
"""Seconds between two lines of progress."""


@dataclass
class Progress:
    """Plain lines with the rate and the time left; weighs a batch by its number of items."""

    total: int
    say: Callable[[str], None]
    done: int = 0
    tokens: int = 0
    start: float = field(default_factory=time.monotonic)
    said: float = 0.0

    def add(self, items: int, tokens: int) -> None:
        """Counts a finished batch and says so now and then, and at the end."""
        self.done += items
        self.tokens += tokens
        now = time.monotonic()
        if now - self.said < SAY_EVERY and self.done < self.total:
            return
        self.said = now
        spent = max(now - self.start, 1e-9)
        left = spent / self.done * (self.total - self.done)
        self.say(
            f"{self.done}/{self.total} answers, {self.done / spent:.0f} a second, "
            f"{self.tokens / spent:.0f} tokens/s, about {left:.0f} s left"
        )


def answer_suites(ctx: JobContext) -> None:
    """Answers all suites of a job and writes ``responses.jsonl``.

    Raises:
        DataError: A suite, a picture or the model folder is missing or broken.
    """
    settings = ctx.settings["respond"]
    suites = read_suites(ctx.parents("suites"), ctx.parent("images"), settings)
    opened = ctx.entry("backend")
    encoding = limited(ctx.entry("encoding"), ctx.settings.get("images"))
    responder: Responder = opened(ctx.parent("model"), ctx.entry("family"), encoding)
    weights = ctx.parent_payload("model")
    store = AnswerStore(ctx.store / "work" / "answers" / weights[:16])
    asked = [responder.prompts(suite) for suite in suites]
    batches = [
        batch for prompts in asked for batch in plan_batches(prompts, settings["batch_size"])
    ]
    made_by = conditions(ctx, weights)
    keys = {p.question.id: entry_key(batch, p, made_by) for batch in batches for p in batch.prompts}
    with torch.inference_mode():
        entries = fill_store(responder, store, batches, keys, ctx.log)
    write_rows(
        ctx.out / RESPONSES,
        (
            _response(prompt.question.id, entries[keys[prompt.question.id]])
            for prompts in asked
            for prompt in prompts
        ),
    )


def fill_store(
    responder: Responder,
    store: AnswerStore,
    batches: Sequence[Batch],
    keys: dict[str, str],
    say: Callable[[str], None],
) -> dict[str, Entry]:
    """Computes the missing answers batch by batch; each batch is stored before the next begins.

    Returns:
        All entries of the store by key.
    """
    entries = store.load()
    todo = [(batch, missing_prompts(batch, keys, entries)) for batch in batches]
    total = sum(len(missing) for _, missing in todo)
    say(f"{total} answers to compute, {len(keys) - total} stored already")
    progress = Progress(total, say)
    responder.see(prompt.question for _, missing in todo for prompt in missing)
    for batch, planned in todo:
        # Another suite may hold the very same item at the same width: it was answered meanwhile.
        missing = [p for p in planned if keys[p.question.id] not in entries]
        if missing:
            made = [
                Entry(keys[p.question.id], *answer)
                for p, answer in zip(missing, responder.answer(batch, missing), strict=True)
            ]
            entries |= store.append(made)
        if planned:
            progress.add(len(planned), sum(entries[keys[p.question.id]].n_tokens for p in planned))
    return entries


def missing_prompts(batch: Batch, keys: dict[str, str], entries: dict[str, Entry]) -> list[Prompt]:
    """Returns the prompts of a batch that no entry answers, each content once."""
    missing = {keys[p.question.id]: p for p in batch.prompts if keys[p.question.id] not in entries}
    return list(missing.values())


def entry_key(batch: Batch, prompt: Prompt, made_by: object) -> str:
    """Returns the identity of an answer: all that decides its text.

    The width is part of it because padding moves sums by a rounding error: an answer must not
    depend on which other version of a suite was answered first.

    Args:
        batch: Where the prompt belongs.
        prompt: What is asked.
        made_by: See ``conditions``.
    """
    question = prompt.question
    shown = [question.digests, prompt.sizes]
    what = [prompt.ids, shown, batch.width, "greedy", question.max_new_tokens]
    return sha256(canonical([*what, made_by]).encode())


def conditions(ctx: JobContext, weights: str) -> list[object]:
    """Returns what all answers of a job depend on beside the prompt.

    That is the weights, the code that the backend and its entries reach, the number of threads,
    the machine's arithmetic (platform class and pinned packages), and how pictures are cut where
    that is not as the model's folder says.
    """
    job = ctx.job
    names = ("backend", "family", "encoding")
    entries = [job.entries[name] for name in names]
    cut = [job.settings["images"]] if "images" in job.settings else []
    return [weights, entries, job.code, job.platform, job.packages, job.threads, *cut]


def _response(item: str, entry: Entry) -> Response:
    return Response(item, entry.text, entry.n_tokens, entry.finish_reason)
