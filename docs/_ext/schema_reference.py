"""The directive ``{settings} <group>``: every key of ``conf/<group>/``, from its types.

The text is that of ``conf/schema/<group>.json``, which editors show as well; a key without a
description is a warning, and `make docs` ends on warnings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from mirage.plan.schema.json_schema import schema_text
from mirage.plan.study.compose import Conf

LOGGER = logging.getLogger(__name__)
Schema = Mapping[str, Any]
NAME = r"^[a-z0-9][a-z0-9_]*$"
KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
}
PLURALS = {"a name": "names", "text": "texts", "a block of keys, below": "blocks of keys, below"}
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "pattern": "of the form `{}`",
}


class Settings(SphinxDirective):
    """Writes a group's keys as ``confval`` entries, so that each has an address of its own."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Returns the entries of one group."""
        text = "\n".join(reference(self.arguments[0]))
        return self.parse_text_to_nodes(text)


def reference(group: str) -> Iterator[str]:
    """Yields the lines of a group's reference, as MyST."""
    schema = json.loads(schema_text(group))
    conf = Conf()
    yield from (f"{schema['description']}", "")
    names = [f"[`{name}`](../conf/{group}/{name}.yaml)" for name in conf.options(group)]
    yield from (f"Files of `conf/{group}`: {', '.join(names)}.", "")
    values: Schema = {}
    option = conf.defaults.get(group)
    if option is not None and group != "study":
        values = yaml.safe_load(conf.path(group, option).read_text(encoding="utf-8"))
    yield from _keys(schema, schema.get("$defs", {}), group, values, f"conf/{group}/{option}.yaml")


def _keys(block: Schema, blocks: Schema, above: str, values: Schema, file: str) -> Iterator[str]:
    """Yields the keys of a block, each followed by the keys below it.

    Neighbours of one type (the stages of a site) are followed by one list for all of them.
    """
    below: dict[str, list[str]] = {}
    for key, schema in block["properties"].items():
        name, value = f"{above}.{key}", values.get(key)
        yield f"```{{confval}} {name}"
        yield f":type: {kind(schema, blocks)}"
        if value is not None and not isinstance(value, dict | list):
            yield f":default: `{_text(value)}`, in {file}"
        elif "default" in schema and "$ref" not in schema:
            yield f":default: `{_text(schema['default'])}`"
        if "description" not in schema:
            LOGGER.warning("conf/schema: %s has no description", name)
        yield from ("", schema.get("description", ""), "```", "")
        for part, suffix in _blocks(schema):
            below.setdefault(part + suffix, []).append(key)
    for place, keys in below.items():
        part, _, suffix = place.partition(" ")
        joined = keys[0] if len(keys) == 1 else f"({'|'.join(keys)})"
        inner = values.get(keys[0]) if not suffix else None
        inner = inner if isinstance(inner, dict) else {}
        yield from _keys(blocks[part], blocks, f"{above}.{joined}{suffix.strip()}", inner, file)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if value != "" else "(empty)"


def _blocks(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yields the names of the blocks that a value holds, and how one gets there from its key."""
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2], ""
    for each in schema.get("anyOf", ()):
        yield from _blocks(each)
    for inner, suffix in ((schema.get("items"), " []"), (_values(schema), " .<name>")):
        if inner and "$ref" in inner:
            yield inner["$ref"].rpartition("/")[2], suffix


def _values(schema: Schema) -> Schema | None:
    """Returns what the values of a mapping with any names, or with names of a form, must be."""
    found = next(iter(schema.get("patternProperties", {}).values()), None)
    found = found or schema.get("additionalProperties")
    return found if isinstance(found, dict) else None


def kind(schema: Schema, blocks: Schema) -> str:
    """Returns a type in words, with the values or limits that it allows."""
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema.get("enum") or [schema["const"]])
    if "anyOf" in schema:
        return " or ".join(kind(each, blocks) for each in schema["anyOf"])
    if "$ref" in schema:
        return "a block of keys, below"
    if schema.get("type") == "array":
        one = kind(schema.get("items", {}), blocks)
        return f"list of {PLURALS.get(one, one)}"
    if schema.get("type") == "object":
        inner = _values(schema)
        return f"names, each with {kind(inner, blocks)}" if inner else "any keys"
    return _simple(schema)


def _simple(schema: Schema) -> str:
    if schema.get("pattern") == NAME:
        return "a name"
    said = [text.format(schema[limit]) for limit, text in LIMITS.items() if limit in schema]
    return ", ".join([KINDS.get(schema.get("type", ""), "anything"), *said])


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the directive."""
    app.add_directive("settings", Settings)
    return {"parallel_read_safe": True}
