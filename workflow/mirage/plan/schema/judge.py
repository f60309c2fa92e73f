"""conf/judge: who gives the verdicts."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from mirage.plan.schema.types import Name, Strict


class Judge(Strict):
    """A judge.

    Attributes:
        name: The file's own name.
        kind: A judge of the suite, or your own as ``package.module:function``.
        options: Handed to the judge by keyword; all of them stand in ids.
        serves: Of a judge asked over HTTP: the kind that ``mirage serve`` runs for it.
    """

    name: Name
    kind: str
    options: dict[str, Any] = {}
    serves: str | None = None

    @model_validator(mode="after")
    def _served_over_http(self) -> Judge:
        if self.kind == "http" and "revision" not in self.options:
            raise ValueError(
                f"judge {self.name!r} is asked over HTTP and needs options.revision, which the "
                "server must confirm"
            )
        if self.serves is not None and self.kind != "http":
            raise ValueError(f"judge {self.name!r}: 'serves' is for judges of kind http alone")
        return self
