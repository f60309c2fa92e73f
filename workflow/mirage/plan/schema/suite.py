"""conf/suite: a set of samples to evaluate on."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from mirage.plan.entries import OWN
from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.types import Name, Resize, Strict


class Suite(Strict):
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
    """

    name: Name
    title: str = ""
    kind: Annotated[str, AfterValidator(partial(entry, "suite"))]
    path: str | None = None
    resize: Resize | None = None
    models: Literal["all"] | list[Name] = "all"

    @model_validator(mode="after")
    def _path_of_own(self) -> Self:
        if (self.kind == OWN) != (self.path is not None):
            raise ValueError("kind own needs a path, and no other kind takes one")
        if self.kind != OWN and self.resize is not None:
            raise ValueError("resize is for kind own alone: other kinds draw pictures as needed")
        return self
