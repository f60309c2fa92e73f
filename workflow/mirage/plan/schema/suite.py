"""conf/suite: a set of samples to evaluate on."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from mirage.plan.schema.types import Name, Strict, entry


class Suite(Strict):
    """A suite.

    Attributes:
        kind: What builds it: a row ``suite`` of ``mirage.plan.entries``, or your own function as
            ``package.module:function``.
        models: Which models answer it: all that are compared, or recipes (and ``base``) by name.
    """

    name: Name
    title: str = ""
    kind: Annotated[str, AfterValidator(partial(entry, "suite"))]
    models: Literal["all"] | list[Name] = "all"
