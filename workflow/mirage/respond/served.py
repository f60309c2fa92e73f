"""The backend ``openai``: a model behind an endpoint that speaks OpenAI's chat completions.

The server renders its own chat template and cuts pictures by its own settings, so its answers are
never mixed with those of a folder opened here: what it serves is asked for by name, confirmed, and
stands in every answer's key. Each answer is stored as it comes.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.pictures import PictureFile
from mirage.respond.batches import Batch, Prompt
from mirage.respond.items import Question
from mirage.respond.responder import Answer
from mirage.respond.retries import UnansweredError, patiently
from mirage.servers import client, key_of, third_party
from mirage.tune.encoding import Limited

if TYPE_CHECKING:
    from openai import OpenAI

SHOWN = 5
"""Items that an error names."""

LONGEST_REPLY = 64 * 2**20
"""Bytes of a reply; an answer of 1,024 tokens, each with its likelihood, has a hundredth of it."""

GIVE_UP = 8
"""Items failing one after another, after which the rest is not tried."""


@dataclass
class ServedModel:
    """A model on a server.

    Attributes:
        client: Sends requests; it tries each once.
        model: Its name there.
        label: Text before each of several pictures, ``{n}`` its number.
        options: ``respond.openai``.
        made_with: What identifies the model, as the server says.
    """

    client: OpenAI
    model: str
    label: str | None
    options: Mapping[str, Any]
    made_with: dict[str, object]

    def prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        """Returns questions with the bytes of their text: a server does not show its token ids."""
        return [Prompt(question, tuple(question.text.encode())) for question in questions]

    def see(self, questions: Iterable[Question]) -> None:
        """Does nothing: pictures travel with each request."""

    def forget(self) -> None:
        """Does nothing."""

    def answer(self, batch: Batch, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answers prompts, ``concurrency`` at a time, and returns them in their order.

        Raises:
            DataError: As ``stream``.
        """
        del batch
        made = {p.question.id: each for part in self.stream(prompts) for p, each in part}
        return [made[prompt.question.id] for prompt in prompts]

    def stream(
        self, prompts: Sequence[Prompt], size: int = 1
    ) -> Iterator[list[tuple[Prompt, Answer]]]:
        """Answers prompts in the order in which the server is done with them.

        Args:
            prompts: What is asked.
            size: Not used: each answer is a part of its own.

        Raises:
            DataError: Some were not answered, in spite of all attempts; the others came first.
        """
        del size
        failed: list[str] = []
        in_a_row, left = 0, iter(prompts)
        with ThreadPoolExecutor(self.options["concurrency"]) as pool:
            waiting: dict[Future[Answer], Prompt] = {}
            while True:
                room = self.options["concurrency"] - len(waiting) if in_a_row < GIVE_UP else 0
                waiting |= {pool.submit(self._ask, p.question): p for p in islice(left, room)}
                if not waiting:
                    break
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    prompt = waiting.pop(done)
                    try:
                        answer = done.result()
                    except UnansweredError as why:
                        failed.append(f"{prompt.question.id} ({why})")
                        in_a_row += 1
                        continue
                    in_a_row = 0
                    yield [(prompt, answer)]
        if failed:
            more = " ..." if len(failed) > SHOWN else ""
            given_up = "; the rest was not tried" if in_a_row >= GIVE_UP else ""
            raise DataError(
                f"{self.options['base_url']} did not answer {len(failed)} of {len(prompts)} items, "
                f"{', '.join(failed[:SHOWN])}{more}{given_up}. The server's log says more. All "
                "other answers are kept; ask for these again with: snakemake"
            )

    def _ask(self, question: Question) -> Answer:
        """Sends one question until it is answered.

        Raises:
            UnansweredError: It is not; says why.
        """
        parts: list[Any] = []
        for number, file in enumerate(question.pictures, 1):
            if self.label and len(question.pictures) > 1:
                parts.append({"type": "text", "text": self.label.replace("{n}", str(number))})
            address = {"url": data_uri(file, question.where)}
            parts.append({"type": "image_url", "image_url": address})
        parts.append({"type": "text", "text": question.text})
        reply = patiently(
            lambda: self.client.chat.completions.create(
                model=self.model,
                messages=[{"role": "user", "content": parts}],
                temperature=0.0,
                max_tokens=question.max_new_tokens,
                extra_body=dict(self.options["extra"]),
            ),
            self.options["attempts"],
            self.options["longest_wait_seconds"],
        )
        if not reply.choices or reply.usage is None:
            raise UnansweredError("the reply holds no answer, or not how long it is")
        if not reply.model.startswith(self.model):
            raise UnansweredError(f"another model answered: {reply.model[:60]}")
        choice = reply.choices[0]
        if choice.finish_reason not in ("stop", "length"):
            raise UnansweredError(f"it ended with {str(choice.finish_reason)[:60]}")
        # What a model says when it refuses may come in a field of its own; it is its answer.
        text = choice.message.content or choice.message.refusal or ""
        # Servers join tokens one by one, which leaves a blank before the first word of some models.
        return text.strip(), reply.usage.completion_tokens, choice.finish_reason


def open_served(
    folder: Path,
    family: Callable[[], object],
    encoding: Callable[[], object],
    *,
    options: Mapping[str, Any],
    name: str,
) -> ServedModel:
    """Finds a model on a server; an entry of the group ``backend``.

    Args:
        folder: Not opened: the server has its own.
        family: Not used.
        encoding: Not opened either; how it was set up says what stands before pictures.
        options: ``respond.openai``.
        name: The row's name.

    Raises:
        ConfigError: No key in the environment, a third party that the settings do not name or that
            is asked in clear, a host that nobody can resolve, or the server does not serve such a
            model.
    """
    del folder, family
    from openai import APIError

    url, model = options["base_url"], options["model"].replace("{model}", name)
    who = "respond=openai"
    private = not third_party(
        url,
        who,
        "respond.openai.base_url",
        sent="questions and pictures",
        named=options["send_to"],
        setting="respond.openai.send_to=",
        by_host=True,
    )
    key = key_of(options["key_env"], who)
    server = client(url, key, options["timeout_seconds"], private=private, longest=LONGEST_REPLY)
    try:
        said = patiently(server.models.list, options["attempts"], options["longest_wait_seconds"])
        served = {each.id: each for each in said.data}
    except (UnansweredError, APIError) as silent:
        raise ConfigError(
            f"{url} does not say what it serves ({silent}). Start a server there, e.g. with: vllm "
            f"serve <model folder> --served-model-name {model}"
        ) from None
    if model not in served:
        known = ", ".join(sorted(served)[:SHOWN]) or "nothing"
        raise ConfigError(
            f"{url} serves no {model!r}, but {known}. Name one: respond.openai.model=<name>"
        )
    made_with = {
        "served": model,
        "owned_by": served[model].owned_by,
        "temperature": 0,
        "extra": dict(options["extra"]),
    }
    kind = encoding()
    label = kind.images.get("label") if isinstance(kind, Limited) else None
    return ServedModel(server, model, label, options, made_with)


def data_uri(file: PictureFile, where: str) -> str:
    """Returns a picture as text: upright, on white, as PNG."""
    buffer = io.BytesIO()
    file.open(where).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
