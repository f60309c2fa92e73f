"""The pages that are made from code leave nothing out; `make docs` builds them and checks links."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from mirage.cli import COMMANDS
from mirage.plan.schema.json_schema import GROUPS, schema_text

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs/_ext"))
import command_reference  # noqa: E402
import schema_reference  # noqa: E402


def test_every_group_has_a_section() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^```\{settings\} (\w+)$", page, re.MULTILINE)) == sorted(GROUPS)


@pytest.mark.parametrize("group", GROUPS)
def test_every_key_is_shown_once_and_described(group: str) -> None:
    lines = list(schema_reference.reference(group))
    shown = [line.partition("} ")[2] for line in lines if line.startswith("```{confval}")]
    assert len(set(shown)) == len(shown)
    schema = json.loads(schema_text(group))
    for block in (schema, *schema.get("$defs", {}).values()):
        for key, value in block["properties"].items():
            assert any(name.rpartition(".")[2] == key for name in shown), key
            assert value.get("description"), f"{group}: what is {key}? (Attributes: of its class)"


def test_every_command_and_option_is_shown() -> None:
    parsers = command_reference.parsers()
    assert {name.split()[0] for name in parsers} == set(COMMANDS)
    for name, parser in parsers.items():
        text = "\n".join(command_reference.reference(name, parser))
        for option in {o for action in parser._actions for o in action.option_strings}:
            assert option in ("-h", "--help") or re.search(rf"(?m)\}}.* ?{option}\b", text), option


def test_the_page_says_what_a_key_may_be() -> None:
    text = "\n".join(schema_reference.reference("tune"))
    entry = text.partition("```{confval} tune.engine\n")[2].partition("```")[0]
    assert ":type: `trainer` or `deepspeed`" in entry
    assert ':default: `"trainer"`, in conf/tune/default.yaml' in entry
    assert "```{confval} tune.criterion.cap\n" in text
    assert "```{confval} site.(build|judge|" in "\n".join(schema_reference.reference("site"))
