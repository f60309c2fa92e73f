"""Who may write to MLflow: ``mirage track`` alone. Read off the sources, whatever runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflow"
CLIENT = "workflow/mirage/track/client.py"
DOOR = "workflow/mirage/cli/__init__.py"
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "Snakefile", *WORKFLOW.rglob("*.py"), *WORKFLOW.rglob("*.smk"))
)
WRITING = re.compile(
    r"\.(log_(batch|metrics?|params?|artifacts?|inputs|text|dict|table|image|model|figure)"
    r"|set_(tag|tags|experiment_tag|terminated|tracking_uri|registry_uri|model_version_tag)"
    r"|create_(run|experiment|registered_model|model_version)|start_run|autolog"
    r"|delete_(run|experiment|model_version)|update_run|rename_experiment)\("
)
"""Calls of MLflow that change something."""


def imports(text: str) -> Iterator[str]:
    """Yields the modules that a source imports, wherever in it, those named by a text included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            yield from (str(each.value) for each in node.args if isinstance(each, ast.Constant))


def python(name: str) -> str:
    """The Python of a source; what is Snakemake's own in it is no import."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        return text
    return "\n".join(re.findall(r"^(?:import|from) .*$", text, re.MULTILINE))


def importing(package: str) -> set[str]:
    """The sources that import a package or anything in it."""
    return {
        name
        for name in SOURCES
        if any(each == package or each.startswith(f"{package}.") for each in imports(python(name)))
    }


def test_imports_are_found_wherever_they_stand() -> None:
    text = "def f():\n    import mlflow.client\n    importlib.import_module('mlflow')\n"
    assert list(imports(text)) == ["mlflow.client", "mlflow"]


def test_one_module_imports_mlflow() -> None:
    assert importing("mlflow") == {CLIENT}


def test_that_module_is_imported_by_mirage_track_alone() -> None:
    users = importing("mirage.track.client")
    assert users
    assert all(name.startswith("workflow/mirage/track/") for name in users)
    others = {n for n in importing("mirage.track") if "/mirage/track/" not in n}
    assert others == {DOOR}


def test_nothing_else_calls_what_writes() -> None:
    others = [name for name in SOURCES if "/mirage/track/" not in name]
    calls = {name: WRITING.findall((ROOT / name).read_text(encoding="utf-8")) for name in others}
    assert {name: found for name, found in calls.items() if found} == {}


def test_the_pattern_knows_what_mirage_track_calls() -> None:
    folder = WORKFLOW / "mirage" / "track"
    calls = [
        found[0]
        for path in folder.glob("*.py")
        for found in WRITING.findall(path.read_text(encoding="utf-8"))
    ]
    assert {"log_batch", "log_artifacts", "log_inputs", "create_run", "set_tag"} <= set(calls)


def test_trainers_report_to_nobody() -> None:
    """Transformers' own trainer writes to MLflow wherever that is installed, unless told not to."""
    made = [n for n in SOURCES if "TrainingArguments(" in python(n)]
    assert made
    for name in made:
        assert '"report_to": []' in python(name) or "report_to=[]" in python(name), name
