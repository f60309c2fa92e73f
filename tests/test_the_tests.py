"""The tests themselves: every file is collected, and none depends on how fast a machine is."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py"))

LISTING = """
import json, sys
import pytest

class Recorder:
    \"\"\"Notes each test module and reports it as empty, so that none has to be imported.\"\"\"

    def __init__(self):
        self.modules = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector):
        if not isinstance(collector, pytest.Module):
            return None
        self.modules.append(str(collector.path))
        return pytest.CollectReport(collector.nodeid, "passed", None, [])

recorder = Recorder()
pytest.main(["--collect-only", "-q", "--noconftest"], plugins=[recorder])
print("modules:" + json.dumps(recorder.modules))
"""

CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"}
CLOCKS |= {"process_time_ns", "thread_time", "thread_time_ns", "getloadavg", "clock_gettime"}


def holds_tests(name: str) -> bool:
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        for node in ast.walk(tree)
    )


def test_every_file_with_tests_is_collected() -> None:
    """Pytest leaves out folders called build or dist unless ``norecursedirs`` says otherwise."""
    command = [sys.executable, "-c", LISTING]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=True)
    (line,) = (text for text in done.stdout.splitlines() if text.startswith("modules:"))
    collected = {
        Path(path).relative_to(TESTS).as_posix()
        for path in json.loads(line.removeprefix("modules:"))
    }
    assert collected == {name for name in FILES if holds_tests(name)}
    assert {name.split("/")[0] for name in collected} >= {"build", "judge", "plan", "workflow"}


def test_files_have_names_of_their_own() -> None:
    """Pytest imports test files by their bare names: two of one name end the whole run."""
    names = [Path(name).name for name in FILES if not name.endswith("conftest.py")]
    assert sorted(names) == sorted(set(names))


# What measures is typed by a person and is no test: tests/bench.
@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("bench/")])
def test_no_test_reads_a_clock(name: str) -> None:
    """A busy machine is slow and not wrong: tests assert on counts and causes."""
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    read = [
        f"line {node.lineno}: {node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS
    ]
    limits = [
        f"line {node.value.lineno}: timeout={ast.unparse(node.value)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "timeout"
    ]
    # A test that hangs is ended by pytest's own timeout, which is long.
    assert read + limits == []
