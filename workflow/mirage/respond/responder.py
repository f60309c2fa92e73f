"""What answers questions: the one protocol that every backend keeps.

An entry of the group ``backend`` is called with a model folder and the entries of its family and
its encoding, and returns a ``Responder``. Today transformers is one; an engine in an environment of
its own, or a server over HTTP, opens the folder or an address instead and may ignore the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from mirage.respond.batches import Batch, Prompt
from mirage.respond.items import Question


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

    def answer(self, batch: Batch, prompts: Sequence[Prompt]) -> list[tuple[str, int, str]]:
        """Answers some prompts of a batch.

        Args:
            batch: Where they belong; its width decides the padding.
            prompts: Those of its prompts that have no answer yet.

        Returns:
            Text, number of tokens and finish reason (``stop`` or ``length``) per prompt.
        """
