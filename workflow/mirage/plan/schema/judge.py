"""conf/judge: who gives the verdicts."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import StringConstraints, ValidationError, model_validator

from mirage.addresses import Url
from mirage.plan.schema.types import Name, Nonnegative, Positive, Rate, Share, Strict, later

OPENAI: Final = "openai"
"""The kind of judge that is a model behind an OpenAI-compatible address."""

Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
DATED: Final = re.compile(r"(?<!\d)20\d{2}-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])(?!\d)")


class Prices(Strict):
    """What a provider asks.

    Attributes:
        input: US dollars for a million tokens that are sent.
        output: US dollars for a million tokens that come back.
        read: Day on which the prices were read.
    """

    input: Nonnegative
    output: Nonnegative
    read: Day


class OpenAIOptions(Strict):
    """Options of a judge of kind ``openai``.

    Attributes:
        model: What the endpoint calls it; of a closed provider a dated id, never a moving name.
        revision: Of open weights: the commit that is served. It stands in every verdict's key.
        retires: Day on which a closed provider withdraws the model, where the suite does not know.
        base_url: Address, up to and with ``/v1``.
        url_env: Environment variable that replaces ``base_url`` where it is set, for servers whose
            machine changes from run to run.
        key_env: Environment variable with the key; empty for servers that ask for none.
        send_harmful_to: Must name the provider that questions, pictures and answers are sent to,
            unless the address is of this machine or of a private network.
        prompt: Folder of ``mirage/judge/prompts``.
        temperature: As the paper.
        top_p: As the paper.
        max_tokens: Of a reply; as the paper.
        concurrency: Calls under way at once.
        attempts: Calls at most for one item: failed ones in a run, unreadable replies in all.
        timeout_seconds: Of one call.
        wait_seconds: Before a call is repeated, doubled each time; a longer ``Retry-After`` counts.
        longest_wait_seconds: A server that asks for more is not waited for.
        longest_text: Characters of question and answer together; longer ones stay unjudged.
        budget_usd: What the judge may cost in all, over all runs in one results folder.
        usd_per_million: Prices, where the suite does not know them or others hold.
    """

    model: str
    revision: str = ""
    retires: Day | None = None
    base_url: Url
    url_env: str = ""
    key_env: str = ""
    send_harmful_to: str = ""
    prompt: Name = "mis_v1"
    temperature: Nonnegative = 0.0
    top_p: Share = 1.0
    max_tokens: Positive = 128
    concurrency: Positive = 8
    attempts: Positive = 4
    timeout_seconds: Rate = 120.0
    wait_seconds: Rate = 1.0
    longest_wait_seconds: Rate = 120.0
    longest_text: Positive = 40_000
    budget_usd: Nonnegative | None = None
    usd_per_million: Prices | None = None

    @model_validator(mode="after")
    def _found_again(self) -> OpenAIOptions:
        if not self.revision and not DATED.search(self.model):
            raise ValueError(
                f"model {self.model!r} moves on without notice. Name a dated model "
                "(gpt-4o-2024-11-20), or, for open weights, options.revision: the commit served"
            )
        return self


class Judge(Strict):
    """A judge.

    Attributes:
        name: The file's own name.
        kind: A judge of the suite, or your own as ``package.module:function``.
        options: Handed to the judge by keyword; all of them stand in ids.
        serves: Of a judge asked over HTTP: the kind that ``mirage serve`` runs for it.
        pictures: Whether a judge of your own looks at pictures; kind ``openai`` always does.
    """

    name: Name
    kind: str
    options: dict[str, Any] = {}
    serves: str | None = None
    pictures: bool = later(False)

    @property
    def sees_pictures(self) -> bool:
        """Whether its jobs are given the pictures of the samples."""
        return self.pictures or self.kind == OPENAI

    @model_validator(mode="after")
    def _served_over_http(self) -> Judge:
        if self.kind == "http" and "revision" not in self.options:
            raise ValueError(
                f"judge {self.name!r} is asked over HTTP and needs options.revision, which the "
                "server must confirm"
            )
        if self.serves is not None and self.kind != "http":
            raise ValueError(f"judge {self.name!r}: 'serves' is for judges of kind http alone")
        if self.serves == OPENAI:
            raise ValueError(f"judge {self.name!r}: a judge of kind openai has a server of its own")
        return self

    @model_validator(mode="after")
    def _known_options(self) -> Judge:
        if self.kind == OPENAI:
            openai_options(self.name, self.options)
        return self


def openai_options(name: str, options: dict[str, Any]) -> OpenAIOptions:
    """Checks the options of a judge of kind ``openai`` and adds those that were left out.

    Raises:
        ValueError: One sentence about all that is wrong.
    """
    try:
        return OpenAIOptions.model_validate(options)
    except ValidationError as wrong:
        said = [
            f"options{''.join(f'.{part}' for part in error['loc'])}: "
            + error["msg"].removeprefix("Value error, ")
            for error in wrong.errors(include_url=False)
        ]
        raise ValueError(f"judge {name!r}: {'; '.join(said)}") from None
