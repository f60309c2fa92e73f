from __future__ import annotations

from pathlib import Path

import pytest

from mirage.plan.code_version import Trees, stage_code, untouched

FILES = {
    "__init__.py": "",
    "contracts.py": "X = 1\n",
    "plan/__init__.py": "",
    "plan/job.py": "JOB = 1\n",
    "plan/artifact.py": "ID = 1\n",
    "plan/runtime.py": "RUN = 1\n",
    "world/__init__.py": "",
    "world/things.py": "from . import colours\nTHINGS = 3\n",
    "world/colours.py": "RED = 1\n",
    "world/unused.py": "NO = 1\n",
    "world/data/table.csv": "a,b\n",
    "world/data/late.csv": "a,b\n",
    "judge/__init__.py": (
        '"""Judges."""\nfrom typing import TYPE_CHECKING\n'
        "if TYPE_CHECKING:\n    from mirage.plan.job import JOB\n"
        "def run(ctx):\n    from mirage.judge.rules import judge\n    return judge(ctx)\n"
    ),
    "judge/rules.py": (
        "from mirage.contracts import X\nfrom mirage.plan import runtime\n"
        "def judge(ctx):\n    from mirage.world import things\n    return X + 1\n"
    ),
    "score/__init__.py": "from mirage.plan.artifact import ID\n",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "workflow" / "mirage"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def version(package: Path, stage: str = "judge") -> str:
    return stage_code(stage, package=package).version


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("judge/rules.py", "return X + 1", "return X + 2"),
        ("world/things.py", "THINGS = 3", "THINGS = 4"),  # imported inside a function
        ("world/colours.py", "RED = 1", "RED = 2"),  # imported relatively
        ("contracts.py", "X = 1", "X = 2"),
        ("world/data/table.csv", "a,b", "a,c"),
        ("judge/__init__.py", "return judge(ctx)", "return judge(ctx) or None"),
    ],
)
def test_changed_code_changes_the_version(package: Path, file: str, old: str, new: str) -> None:
    before, other = version(package), version(package, "score")
    path = package / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert version(package) != before
    assert version(package, "score") == other


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("judge/rules.py", "def judge(ctx):", "# why\n\ndef judge( ctx ):"),
        ("judge/rules.py", "def judge(ctx):\n", 'def judge(ctx):\n    """Says so."""\n'),
        ("judge/__init__.py", '"""Judges."""', '"""Judges a lot."""'),
        ("plan/runtime.py", "RUN = 1", "RUN = 2"),  # imported, but decides no content
        ("plan/job.py", "JOB = 1", "JOB = 2"),  # imported for types only
        ("world/unused.py", "NO = 1", "NO = 2"),
        ("score/__init__.py", "import ID", "import ID as NAME"),
    ],
)
def test_other_changes_do_not(package: Path, file: str, old: str, new: str) -> None:
    before = version(package)
    path = package / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert version(package) == before


def test_artifact_module_counts_where_it_is_imported(package: Path) -> None:
    before = version(package, "score")
    (package / "plan/artifact.py").write_text("ID = 2\n")
    assert version(package, "score") != before


def test_remembered_trees_give_the_same_version(package: Path, tmp_path: Path) -> None:
    memory = tmp_path / "trees.json"
    trees = Trees(memory)
    first = stage_code("judge", trees, package)
    trees.save()
    again = Trees(memory)
    assert stage_code("judge", again, package) == first
    assert not again.fresh


def test_untouched_sees_any_byte(package: Path) -> None:
    code = stage_code("judge", package=package)
    assert untouched(code.sources, package)
    (package / "contracts.py").write_text("X = 1  # a comment\n")
    assert not untouched(code.sources, package)
    assert version(package) == code.version
