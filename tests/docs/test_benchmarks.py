"""The page of benchmarks says where its numbers come from, and its commands can be typed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "tests/bench"
PAGE = (ROOT / "reports/benchmarks.md").read_text(encoding="utf-8")
SECTIONS = PAGE.split("\n## ")[1:]
COMMANDS = sorted(path for path in BENCH.glob("*.py") if path.name != "measure.py")
FIELDS = ("machine", "load", "versions", "commit", "command")

sys.path.insert(0, str(BENCH))
import measure  # noqa: E402


def fields(section: str) -> dict[str, str]:
    return dict(re.findall(r"^- (\w+)[^:\n]*: (.+)$", section, re.MULTILINE))


def test_there_are_benchmarks() -> None:
    assert len(COMMANDS) >= 3 and len(SECTIONS) >= 2


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0])
def test_each_section_says_machine_versions_commit_and_command(section: str) -> None:
    found = fields(section)
    assert all(found.get(name) for name in FIELDS), found
    assert "cores" in found["machine"] and "torch " in found["versions"]
    assert re.search(r"[0-9a-f]{12}", found["commit"])
    script = re.search(r"`python (tests/bench/\w+\.py)", found["command"])
    assert script and (ROOT / script[1]) in COMMANDS
    rows = re.findall(r"^\| .+? \| (.+?) \(.+?-.+?, n=(\d+)\) \|", section, re.MULTILINE)
    assert len(rows) >= 2 and all(int(n) >= 1 for _, n in rows)


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_each_command_explains_itself(path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(path), "--help"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "--repeats" in ended.stdout and f"python tests/bench/{path.name}" in ended.stdout


def test_commands_are_not_collected_as_tests() -> None:
    assert not [path for path in BENCH.iterdir() if path.name.startswith("test_")]


def test_a_section_replaces_its_earlier_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\nWords.\n", encoding="utf-8")
    monkeypatch.setattr(measure, "PAGE", page)
    monkeypatch.setattr(measure, "commit", lambda: "0123456789ab")
    for value in (3.0, 5.0):
        for name in ("One", "Two"):
            rows = [measure.Result("x", [1.0, value, 9.0], "items/s", "a note")]
            text = measure.section(name, rows, {"torch": "1"}, [0.5, 1.5], ["Said."])
            measure.write(name, text)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Page\n\nWords.\n\n## One\n") and text.count("\n## ") == 2
    assert "3 (" not in text and text.count("| x | 5 (1-9, n=3) | items/s | a note |") == 2
    assert all(set(FIELDS) <= set(fields(part)) for part in text.split("\n## ")[1:])
