"""conf/respond: how a model answers."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mirage.addresses import Url
from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Count, Name, Nonnegative, Positive, Strict, later


class Speed(Strict):
    """The measurement of seconds a sample; it decides no answer and stands in no answer's id.

    Attributes:
        measure: Whether a run measures at its end.
        recipes: Whose models, of the study's first seed, are measured; ``base`` is one.
        suite: Whose items are answered.
        items: How many of them.
        batch_sizes: Most samples answered together.
        warm_up: Rounds over all items that are not counted.
        repeats: Rounds that are.
    """

    measure: bool
    recipes: list[Name]
    suite: Name
    items: Positive
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]
    warm_up: Positive
    repeats: Positive


class RepeatProbe(Strict):
    """Items that are answered again in other batches; it decides no answer.

    Attributes:
        recipes: Whose models, of the study's first seed, are asked; ``base`` is one.
        suite: Whose items are answered.
        items: How many of them.
        batch_sizes: Most samples answered together; 1 is alone.
    """

    recipes: list[Name]
    suite: Name
    items: Positive
    batch_sizes: Annotated[list[Positive], Field(min_length=1)]


class Vllm(Strict):
    """vLLM's engine; each key may change an answer, so all stand in its id.

    Attributes:
        dtype: Of weights and sums.
        max_model_len: Longest prompt with its answer, in tokens; longer ones are refused by name.
        max_num_seqs: Most samples that are decoded in one step.
        images_per_prompt: Most pictures of a sample.
        gpu_memory_utilization: Share of a GPU's memory that vLLM takes.
        cpu_cache_gb: Memory for keys and values where there is no GPU.
        tensor_parallel: GPUs that share the weights; None for those of the model's resources.
        enforce_eager: Without CUDA graphs and compiling: slower, starts sooner.
    """

    dtype: Literal["bfloat16", "float16", "float32"]
    max_model_len: Positive
    max_num_seqs: Positive
    images_per_prompt: Count
    gpu_memory_utilization: Annotated[float, Field(gt=0, le=1)]
    cpu_cache_gb: Positive
    tensor_parallel: Positive | None
    enforce_eager: bool


class Served(Strict):
    """A model behind an endpoint that speaks OpenAI's chat completions.

    Attributes:
        base_url: Its address up to ``/v1``; where a model runs decides no answer.
        model: Its name there; ``{model}`` stands for the row's name, as in ``mirage-s0``.
        key_env: Environment variable that holds the key; None for a server that wants none.
        send_to: Host outside this network that questions and pictures, which may be harmful, may be
            sent to; empty for none.
        concurrency: Most requests under way.
        timeout_seconds: Of one request.
        attempts: Most times that one request is sent.
        longest_wait_seconds: A server that asks for a longer wait ends the job.
        extra: Further fields of each request; they stand in an answer's id.
    """

    base_url: Url
    model: Annotated[str, Field(min_length=1)]
    key_env: str | None
    send_to: str
    concurrency: Positive
    timeout_seconds: Annotated[float, Field(gt=0)]
    attempts: Positive
    longest_wait_seconds: Nonnegative
    extra: dict[str, Any]


class Respond(Strict):
    """Decoding: greedy, batched.

    Attributes:
        backend: What computes answers: ``transformers``, ``vllm``, ``openai`` (a served model), or
            your own as ``package.module:function``.
        batch_size: Most samples answered together; of vLLM, samples whose answers a kill may cost.
        threads: Torch threads; answers may depend on it, so it is part of the id.
        max_new_tokens: Suite -> longest answer in tokens; ``default`` for all others.
        env: Environment of the site that answers; None for the one the site names for respond.
        vllm: Settings of the backend ``vllm``.
        openai: Settings of the backend ``openai``.
        repeat_probe: Which items are answered again in other batches, if any.
        speed: The measurement of seconds a sample.
    """

    backend: Annotated[str, AfterValidator(partial(entry, "backend"))]
    batch_size: Positive
    threads: Positive
    max_new_tokens: dict[str, Positive]
    env: Name | None = later(None)
    vllm: Vllm | None = later(None)
    openai: Served | None = later(None)
    repeat_probe: RepeatProbe | None = later(None)
    speed: Speed

    @model_validator(mode="after")
    def _settings_of_the_backend(self) -> Self:
        for name in ("vllm", "openai"):
            given = getattr(self, name) is not None
            if given != (self.backend == name):
                what = "has no settings of its own" if not given else "is not the backend"
                raise ValueError(f"{name} {what}; choose both together: hydra=respond={name}")
        return self
