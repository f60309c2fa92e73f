"""One model answers its suites: what is stored already is read, only the rest is computed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from mirage.context import JobContext
from mirage.contracts import Response, write_rows
from mirage.files import canonical, sha256
from mirage.respond.answer_cache import AnswerStore, Entry
from mirage.respond.batches import Batch, Prompt, plan_batches
from mirage.respond.items import Question, read_suites
from mirage.respond.responder import Engine, Responder, open_responder

RESPONSES = "responses.jsonl"
ROUNDS = "rounds"
"""Folder with a file per round, of models that are asked several times."""
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
    suites = read_suites(ctx.parents("suites"), ctx.images, settings)
    responder = open_responder(ctx, ctx.parent("model"))
    weights = ctx.parent_payload("model")
    store = AnswerStore(ctx.store / "work" / "answers" / weights[:16])
    made_by = conditions(ctx, weights)
    if isinstance(responder, Engine):
        made_by.append(responder.made_with)
        ctx.log(f"answers are made with {canonical(responder.made_with)}")
        record = json.dumps({"made_with": responder.made_with}, indent=1, sort_keys=True) + "\n"
        (ctx.out / "record.json").write_text(record, encoding="utf-8")
    ask = Ask(responder, store, settings["batch_size"], made_by, ctx.log)
    mode = ctx.settings.get("mode")
    answers = ctx.entry("mode")(ask, suites, **mode["options"]) if mode else ask(suites)
    ask.write_rounds(ctx.out)
    items = (question.id for suite in suites for question in suite)
    write_rows(ctx.out / RESPONSES, (_response(item, answers[item]) for item in items))


@dataclass
class Ask:
    """An opened model that is asked one round or several; each answer is computed once.

    Attributes:
        responder: The model.
        store: What it answered so far, also before a kill.
        batch_size: Most prompts answered together.
        made_by: What all its answers depend on beside the prompt.
        say: Takes lines of progress.
        rounds: Name of each round so far -> item -> its answer.
    """

    responder: Responder
    store: AnswerStore
    batch_size: int
    made_by: object
    say: Callable[[str], None]
    rounds: dict[str, dict[str, Entry]] = field(default_factory=dict)

    def __call__(self, suites: Sequence[Sequence[Question]], name: str = "") -> dict[str, Entry]:
        """Answers questions; what is in the store already is not computed again.

        Args:
            suites: The questions; those of different suites share no batch.
            name: Of the round, where there are several.

        Returns:
            Item -> its answer.

        Raises:
            DataError: A question or a picture that the model cannot take.
        """
        asked = [self.responder.prompts(suite) for suite in suites]
        engine = self.responder if isinstance(self.responder, Engine) else None
        if engine:
            batches = [Batch(0, tuple(prompt for prompts in asked for prompt in prompts))]
        else:
            batches = [
                batch for prompts in asked for batch in plan_batches(prompts, self.batch_size)
            ]
        keys = {
            p.question.id: entry_key(batch, p, self.made_by)
            for batch in batches
            for p in batch.prompts
        }
        if engine:
            more = (batches[0], keys, self.batch_size, self.say)
            entries = fill_from_engine(engine, self.store, *more)
        else:
            with torch.inference_mode():
                entries = fill_store(self.responder, self.store, batches, keys, self.say)
        self.rounds[name] = {item: entries[key] for item, key in keys.items()}
        return self.rounds[name]

    def write_rounds(self, out: Path) -> None:
        """Keeps the answers of each of several rounds, a file each, for people to look at."""
        for name, answers in self.rounds.items() if len(self.rounds) > 1 else ():
            path = out / ROUNDS / f"{name}.jsonl"
            write_rows(path, (_response(item, entry) for item, entry in answers.items()))


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


def fill_from_engine(
    engine: Engine,
    store: AnswerStore,
    batch: Batch,
    keys: dict[str, str],
    size: int,
    say: Callable[[str], None],
) -> dict[str, Entry]:
    """As ``fill_store``, in one call of what schedules by itself; each part is stored as it comes.

    Raises:
        DataError: Some prompts were not answered; all other answers are stored.
    """
    entries = store.load()
    missing = missing_prompts(batch, keys, entries)
    say(f"{len(missing)} answers to compute, {len(keys) - len(missing)} stored already")
    progress = Progress(len(missing), say)
    for part in engine.stream(missing, size):
        made = [Entry(keys[prompt.question.id], *answer) for prompt, answer in part]
        entries |= store.append(made)
        progress.add(len(made), sum(entry.n_tokens for entry in made))
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
