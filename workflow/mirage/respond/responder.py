"""What answers questions: the one protocol that every backend keeps.

An entry of the group ``backend`` is called with a model folder and the entries of its family and
its encoding, and returns a ``Responder``. Settings of its own (``respond.<backend>``) come as
``options``, with the name of the row in the tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from mirage.context import JobContext
from mirage.respond.batches import Batch, Prompt
from mirage.respond.items import Question
from mirage.tune.encoding import limited

Answer = tuple[str, int, str]
"""Text, number of tokens and finish reason: ``stop`` or ``length``."""


class Responder(Protocol):
    """An opened model that answers."""

    def prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        """Returns what is asked: token ids, or whatever identifies a prompt to this backend.

        Raises:
            DataError: A question or a picture that the model cannot take.
        """

    def see(self, questions: Iterable[Question]) -> None:
        """Prepares the pictures of questions that are about to be answered.

        Raises:
            DataError: A picture that cannot be decoded; the text names file and line.
        """

    def forget(self) -> None:
        """Drops what ``see`` prepared, so that a measurement pays for it again."""

    def answer(self, batch: Batch, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answers some prompts of a batch.

        Args:
            batch: Where they belong; its width decides the padding.
            prompts: Those of its prompts that have no answer yet.

        Returns:
            Text, number of tokens and finish reason (``stop`` or ``length``) per prompt.
        """


@runtime_checkable
class Engine(Responder, Protocol):
    """A responder that schedules by itself: it pads nothing, and takes any number of prompts.

    Attributes:
        made_with: What its answers depend on beside weights, code and machine; plain values.
    """

    made_with: dict[str, object]

    def stream(self, prompts: Sequence[Prompt], size: int) -> Iterator[list[tuple[Prompt, Answer]]]:
        """Answers prompts in any order, some at a time; each part is stored before the next.

        Args:
            prompts: What is asked.
            size: Most prompts that are worth losing when the job is killed.

        Raises:
            DataError: Some could not be answered; the others came first.
        """


def open_responder(ctx: JobContext, folder: Path, name: str | None = None) -> Responder:
    """Opens a model with the job's backend.

    Args:
        ctx: The job.
        folder: The model folder.
        name: Which model, where the job has several.

    Raises:
        DataError: The backend cannot open it.
    """
    settings = ctx.settings["respond"]
    options = settings.get(settings["backend"])
    more = {} if options is None else {"options": options, "name": name or ctx.job.name}
    images = ctx.settings.get("images")
    cut = images.get(name) if images and name else images
    family, encoding = ctx.entry("family", name), limited(ctx.entry("encoding", name), cut)
    opened: Responder = ctx.entry("backend")(folder, family, encoding, **more)
    return opened
