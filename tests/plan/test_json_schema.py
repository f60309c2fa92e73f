"""The committed JSON Schemas are those of the types; every file of ``conf/`` satisfies its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from omegaconf import OmegaConf

from mirage.cli import run
from mirage.cli.schema import MARK, files, marked
from mirage.plan.schema.json_schema import GROUPS, INHERITING, schema_text
from mirage.plan.study.compose import CONF, LIST_GROUPS, SINGLE_GROUPS

YAMLS = sorted(path for group in GROUPS for path in (CONF / group).glob("*.yaml"))


def errors(group: str, plain: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text(group)))
    return [error.message for error in validator.iter_errors(plain)]


def test_schemas_and_the_lines_that_name_them_are_up_to_date() -> None:
    stale = [path for path, text in files(CONF).items() if path.read_text("utf-8") != text]
    assert stale == [], "make them anew with: mirage schema"


def test_every_group_has_one() -> None:
    assert set(GROUPS) >= {*SINGLE_GROUPS, *LIST_GROUPS, "study"}
    committed = {path.stem for path in (CONF / "schema").glob("*.json")}
    assert committed == set(GROUPS)
    for group in GROUPS:
        jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(group)))


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_file_satisfies_its_schema(path: Path) -> None:
    plain = OmegaConf.to_container(OmegaConf.load(path))
    assert errors(path.parent.name, plain) == []


@pytest.mark.parametrize(
    ("group", "change"),
    [
        ("tune", {"batch_size": "many"}),
        ("tune", {"batch_sice": 8}),
        ("tune", {"schedule": "cosinus"}),
        ("study", {"seeds": []}),
        ("study", {"seeds": [-1]}),
        ("recipe", {"data": {"images": "seven"}}),
        ("recipe", {"name": "No Name"}),
    ],
)
def test_what_a_plan_refuses_an_editor_marks(group: str, change: dict[str, Any]) -> None:
    option = "mirage" if group == "recipe" else "quick" if group == "study" else "default"
    plain: Any = OmegaConf.to_container(OmegaConf.load(CONF / group / f"{option}.yaml"))
    assert errors(group, plain) == []
    assert len(errors(group, plain | change)) == 1


def test_a_key_is_required_unless_a_parent_may_have_it() -> None:
    for group in GROUPS:
        schema = json.loads(schema_text(group))
        assert ("defaults" in schema["properties"]) == (group in INHERITING)
        assert bool(schema.get("required")) == (group not in INHERITING)


def test_keys_are_explained_by_the_docstrings() -> None:
    tune = json.loads(schema_text("tune"))
    assert tune["properties"]["ranks"]["description"] == "Processes of the deepspeed engine."
    study = json.loads(schema_text("study"))["properties"]["axes"]
    assert study["description"].startswith("Dotted recipe or tune key -> values; every recipe is")
    assert {kind["type"] for kind in study["anyOf"]} == {"object", "array"}


def test_a_line_is_put_below_the_opening_comments_once() -> None:
    text = "# command\n# why\nname: x\n# other\n"
    once = marked(text, "../schema/suite.json")
    assert once == f"# command\n# why\n{MARK}../schema/suite.json\nname: x\n# other\n"
    assert marked(once, "../schema/suite.json") == once


def test_the_command_marks_a_user_s_own_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "conf/suite/mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("name: mine\n")
    assert run(["schema", str(tmp_path / "conf")]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    named = path.read_text().splitlines()[0].removeprefix(MARK)
    assert (path.parent / named).resolve() == CONF / "schema/suite.json"
