"""conf/suite: a set of samples to evaluate on."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from mirage.plan.entries import OWN
from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.published import Wanted, default_harmful
from mirage.plan.schema.types import Name, Positive, Resize, Strict, later

LMMS = "lmms"
"""Suites that lmms-eval asks and marks (docs/general_benchmarks.md)."""


class Harness(Strict):
    """How lmms-eval is asked for a benchmark.

    Attributes:
        task: Its name for the benchmark.
        metric: The metric of the task that is all or nothing for each item.
        out_of: The metric's value where everything is right.
        model: Its class that opens the model; by default the one for the model's architecture.
        arguments: Of that class, beside the folder: ``max_pixels``, ``attn_implementation``, ...
        batch_size: Items answered together; some of its classes take one alone.
    """

    task: Annotated[str, StringConstraints(pattern=r"^[\w.-]+$")]
    metric: str
    out_of: Positive = 1
    model: Annotated[str, StringConstraints(pattern=r"^\w+$")] | None = None
    arguments: dict[Name, str | int | float | bool] = {}
    batch_size: Positive = 1


class Suite(Wanted):
    """A suite.

    Attributes:
        name: The file's own name.
        title: What tables call it.
        kind: What builds it: a row ``suite`` of ``mirage.plan.entries``, or your own function as
            ``package.module:function``.
        path: For kind ``own``: a ``.jsonl`` file, or a folder with ``samples.jsonl``; no part of
            any id, which hold the digest that ``mirage data check`` finds.
        resize: For kind ``own``: pictures of sizes that a nano model does not read; default
            ``fit``.
        models: Which models answer it: all that are compared, or recipes (and ``base``) by name.
        format: For kind ``own``: the form that the data are published in, a row ``format`` of
            ``mirage.plan.entries`` or your own reader as ``package.module:function``; none for
            JSON lines of your own. ``path`` is then the folder of the download.
        file: Its file, where the format has several or yours is called otherwise.
        pick: Parts of the data that the format knows (docs/published_data.md).
        categories: These categories alone.
        count: So many items, drawn with ``seed``; all where it is not given.
        seed: Of the draw.
        limit: For a trial: at most so many items, whatever ``count`` says.
        expect: How many items the publication has; ``mirage data check`` says where it differs.
        harmful: Whether texts and pictures are such that they should leave no job's folder; most
            published formats are unless a suite says otherwise.
        harness: For kind ``lmms``: what lmms-eval is asked; ``expect`` is then the number of items.
    """

    name: Name
    title: str = ""
    kind: Annotated[str, AfterValidator(partial(entry, "suite"))]
    path: str | None = None
    resize: Resize | None = None
    models: Literal["all"] | list[Name] = "all"
    harmful: bool = later(False)
    harness: Harness | None = later(None)

    @model_validator(mode="before")
    @classmethod
    def _harmful_by_format(cls, plain: Any) -> Any:
        return default_harmful(plain, [plain.get("format")]) if isinstance(plain, dict) else plain

    @model_validator(mode="after")
    def _path_of_own(self) -> Self:
        if (self.kind == OWN) != (self.path is not None):
            raise ValueError("kind own needs a path, and no other kind takes one")
        if self.kind != OWN and self.resize is not None:
            raise ValueError("resize is for kind own alone: other kinds draw pictures as needed")
        if self.kind != OWN and self.format is not None:
            raise ValueError("format is for kind own alone: other kinds are made by code")
        return self

    @model_validator(mode="after")
    def _harness_of_lmms(self) -> Self:
        if (self.kind == LMMS) != (self.harness is not None):
            raise ValueError("kind lmms needs a harness, and no other kind takes one")
        if self.harness is not None and self.expect is None:
            raise ValueError("kind lmms needs expect: how many items the benchmark has")
        return self
