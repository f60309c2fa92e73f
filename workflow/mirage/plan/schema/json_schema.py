"""JSON Schema of every group of ``conf/``: editors complete keys, explain them and check values.

The schemas are made from the types that validate a plan, so they cannot disagree with it. What only
a whole plan can know (that a suite exists, that sizes fit together) stays with ``mirage plan``.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from mirage.plan.schema.build import Build
from mirage.plan.schema.judge import Judge
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import Recipe
from mirage.plan.schema.report import Report
from mirage.plan.schema.respond import Respond
from mirage.plan.schema.score import Score
from mirage.plan.schema.site import Site
from mirage.plan.schema.study import Study
from mirage.plan.schema.suite import Suite
from mirage.plan.schema.track import Track
from mirage.plan.schema.tune import Tune
from mirage.plan.schema.types import Strict
from mirage.plan.schema.world import World

GROUPS: Final[dict[str, type[Strict]]] = {
    "build": Build,
    "judge": Judge,
    "model": Model,
    "recipe": Recipe,
    "report": Report,
    "respond": Respond,
    "score": Score,
    "site": Site,
    "study": Study,
    "suite": Suite,
    "track": Track,
    "tune": Tune,
    "world": World,
}

INHERITING: Final = ("build", "judge", "model", "recipe", "respond", "score", "suite")
"""Groups whose files may name a parent under ``defaults`` and state only what differs."""

_PARENTS: Final = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The option whose keys this file starts from, then _self_.",
}
_ATTRIBUTE: Final = re.compile(r"^ {4}(?: {4})?(\w+): (.+(?:\n {8,}.+)*)", re.MULTILINE)


def schema_text(group: str) -> str:
    """Returns the schema file of one group, ``conf/schema/<group>.json``."""
    schema = GROUPS[group].model_json_schema(schema_generator=_WithDescriptions)
    if group in INHERITING:
        for part in (schema, *schema.get("$defs", {}).values()):
            part.pop("required", None)
        schema["properties"]["defaults"] = _PARENTS
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"conf/{group}"}
    return json.dumps(schema | head, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class _WithDescriptions(GenerateJsonSchema):
    """Takes what a key means from the ``Attributes:`` of its class."""

    def model_schema(self, schema: Any) -> dict[str, Any]:
        """Returns the JSON Schema of one class."""
        made: dict[str, Any] = super().model_schema(schema)
        summary, attributes = _documented(schema["cls"])
        made["description"] = summary
        for name, field in made.get("properties", {}).items():
            field.pop("title", None)
            if name in attributes:
                field["description"] = attributes[name]
        return made


def _documented(kind: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """Returns a class's summary, and attribute -> what its docstring, or a parent's, says of it."""
    attributes: dict[str, str] = {}
    summary = ""
    for each in reversed([k for k in kind.__mro__ if issubclass(k, Strict) and k is not Strict]):
        summary, _, rest = inspect.getdoc(each).partition("Attributes:\n")  # type: ignore[union-attr]
        found = _ATTRIBUTE.finditer(f"{rest}\n")
        attributes |= {match[1]: " ".join(match[2].split()) for match in found}
    return " ".join(summary.split()), attributes
