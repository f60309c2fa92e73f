"""The version of a job's code: what it can reach counts, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirage.context import ConfigError
from mirage.plan.code_version import PACKAGE, Versions, untouched
from mirage.plan.entries import TABLES
from mirage.plan.job import STAGES
from report_exhibits import EXHIBITS

FILES = {
    "mirage/__init__.py": "",
    "mirage/contracts.py": "X = 1\n",
    "mirage/plan/__init__.py": "",
    "mirage/plan/job.py": "JOB = 1\n",
    "mirage/plan/tables.py": 'SUITES = {"easy": "mirage.judge.easy:ask"}\n',
    "mirage/plan/schema.py": "class Claims:\n    def families(self):\n        return 1\n",
    "mirage/world/__init__.py": "",
    "mirage/world/things.py": (
        'from . import colours\nDATA_FILES = ("data/table.csv",)\nTHINGS = 3\n'
    ),
    "mirage/world/colours.py": "RED = 1\n",
    "mirage/world/unused.py": "NO = 1\n",
    "mirage/world/data/table.csv": "a,b\n",
    "mirage/world/data/undeclared.csv": "a,b\n",
    "mirage/judge/__init__.py": (
        '"""Judges."""\nfrom typing import TYPE_CHECKING\n'
        "if TYPE_CHECKING:\n    from mirage.plan.job import JOB\n"
        "def run(ctx):\n    from mirage.judge.rules import judge\n    return judge(ctx)\n"
    ),
    "mirage/judge/rules.py": (
        "from mirage.contracts import X\n"
        "def judge(ctx):\n    from mirage.world import things\n    return X + 1\n"
    ),
    "mirage/judge/easy.py": "def ask():\n    return 1\n",
    "mirage/judge/hard.py": "def ask():\n    return 2\n",
    "mirage/score/__init__.py": "from mirage.plan.schema import Claims\n",
    "theirs/__init__.py": "",
    "theirs/suites.py": "from theirs import helper\ndef ask():\n    return helper.ONE\n",
    "theirs/helper.py": "ONE = 1\n",
    "theirs/values.py": (
        "a = -1\nb = 2 * 3\nc = [n for n in ()]\nd = {n for n in ()}\ne = {n: n for n in ()}\n"
        "f = (n for n in ())\ng = not a\nh = a < b\n"
    ),
    "spread/part/module.py": "import numpy\ndef ask():\n    return 1\n",
    "engine/__init__.py": (
        "ENGINE_VERSION = 3\nfrom engine import inner\nfrom theirs import helper\n"
        "def ask():\n    return inner.ONE\n"
    ),
    "engine/inner.py": "ONE = 1\n",
}
EASY = {"suite": "mirage.judge.easy:ask"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def version(root: Path, stage: str = "judge", entries: dict[str, str] | None = None) -> str:
    return Versions(roots=[root]).of(stage, entries or {}).version


def replace(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("judge/rules.py", "return X + 1", "return X + 2"),
        ("world/things.py", "THINGS = 3", "THINGS = 4"),  # imported inside a function
        ("world/colours.py", "RED = 1", "RED = 2"),  # imported relatively
        ("contracts.py", "X = 1", "X = 2"),
        ("world/data/table.csv", "a,b", "a,c"),  # declared
        ("judge/__init__.py", "return judge(ctx)", "return judge(ctx) or None"),
    ],
)
def test_changed_code_changes_the_version(root: Path, file: str, old: str, new: str) -> None:
    before, other = version(root), version(root, "score")
    replace(root / "mirage" / file, old, new)
    assert version(root) != before
    assert version(root, "score") == other


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("judge/rules.py", "def judge(ctx):", "# why\n\ndef judge( ctx ):"),
        ("judge/rules.py", "def judge(ctx):\n", 'def judge(ctx):\n    """Says so."""\n'),
        ("judge/__init__.py", '"""Judges."""', '"""Judges a lot."""'),
        ("judge/__init__.py", "import JOB", "import JOB as NAME"),  # for type checkers only
        ("plan/job.py", "JOB = 1", "JOB = 2"),  # likewise
        ("plan/tables.py", "SUITES = {", 'SUITES = {"new": "a:b", '),  # no stage reaches it
        ("world/unused.py", "NO = 1", "NO = 2"),
        ("world/data/undeclared.csv", "a,b", "a,c"),
    ],
)
def test_other_changes_do_not(root: Path, file: str, old: str, new: str) -> None:
    before = version(root)
    replace(root / "mirage" / file, old, new)
    assert version(root) == before


@pytest.mark.parametrize(
    "name", ["world/.things.py.swp", ".DS_Store", "judge/new_judge.py", "world/data/more.csv"]
)
def test_files_that_nobody_imports_or_declares_do_not_count(root: Path, name: str) -> None:
    before = [version(root, stage) for stage in ("judge", "score")]
    (root / "mirage" / name).write_text("NEW = 1\n")
    assert [version(root, stage) for stage in ("judge", "score")] == before


def test_a_module_of_the_plan_counts_where_a_stage_imports_it(root: Path) -> None:
    before = version(root, "score")
    replace(root / "mirage/plan/schema.py", "return 1", "return 2")
    assert version(root, "score") != before


def test_entries_have_versions_of_their_own(root: Path) -> None:
    easy, hard, none = (
        version(root, entries=entries) for entries in (EASY, {"suite": "mirage.judge.hard:ask"}, {})
    )
    assert len({easy, hard, none}) == 3
    replace(root / "mirage/judge/hard.py", "return 2", "return 3")
    assert version(root, entries=EASY) == easy


@pytest.mark.parametrize("name", ["theirs.suites:ask", "spread.part.module:ask"])
def test_a_package_of_the_user_counts_tracked_by_git_or_not(root: Path, name: str) -> None:
    entries = {"suite": name}
    before, plain = version(root, entries=entries), version(root)
    file = name.partition(":")[0].replace(".", "/") + ".py"
    replace(root / file, "def ask():", "def ask(x=0):")
    assert version(root, entries=entries) != before
    assert version(root) == plain


def test_a_declared_engine_version_stands_for_the_engines_own_source(root: Path) -> None:
    entries = {"backend": "engine:ask"}
    before = version(root, entries=entries)
    replace(root / "engine/__init__.py", "return inner.ONE", "return inner.ONE + 0")
    replace(root / "engine/inner.py", "ONE = 1", "ONE = int(1)")
    assert version(root, entries=entries) == before
    replace(root / "theirs/helper.py", "ONE = 1", "ONE = 2")  # imported, but no part of it
    outside = version(root, entries=entries)
    replace(root / "engine/__init__.py", "ENGINE_VERSION = 3", "ENGINE_VERSION = 4")
    assert len({before, outside, version(root, entries=entries)}) == 3


def test_an_engine_version_is_no_shield_for_modules_that_are_merely_imported(root: Path) -> None:
    replace(root / "mirage/contracts.py", "X = 1", "ENGINE_VERSION = 1\nX = 1")
    before = version(root)
    replace(root / "mirage/contracts.py", "X = 1", "X = 2")
    assert version(root) != before


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        ("mirage.judge.nowhere:ask", "no module mirage.judge.nowhere"),
        ("numpy:array", "numpy belongs to a library"),  # a library's function is no entry
        ("os:system", "os belongs to a library"),
        ("os.path:join", r"os\.path belongs to a library"),
        ("mirage.judge.easy:answer", "has no function 'answer'"),
        ("__main__:ask", "there is no module __main__"),
        *((f"theirs.values:{name}", f"has no function '{name}'") for name in "abcdefgh"),
    ],
)
def test_a_wrong_reference_is_a_sentence(root: Path, reference: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        version(root, entries={"suite": reference})


def test_wrong_declarations_are_sentences(root: Path) -> None:
    file = root / "mirage/world/things.py"
    replace(file, '("data/table.csv",)', '("data/gone.csv",)')
    with pytest.raises(ConfigError, match=r"gone\.csv, declared in DATA_FILES"):
        version(root)
    replace(file, '("data/gone.csv",)', "tuple(list_files())")
    with pytest.raises(ConfigError, match="DATA_FILES must be a literal tuple"):
        version(root)
    file.write_text("def broken(:\n")
    with pytest.raises(ConfigError, match=r"things\.py, line 1"):
        version(root)


def test_remembered_trees_give_the_same_version(root: Path, tmp_path: Path) -> None:
    memory = tmp_path / "trees.json"
    versions = Versions(memory, [root])
    first = versions.of("judge", EASY)
    versions.save()
    again = Versions(memory, [root])
    assert again.of("judge", EASY) == first
    assert not again.changed


def test_untouched_sees_any_byte(root: Path) -> None:
    code = Versions(roots=[root]).of("judge", {})
    assert untouched(code.sources)
    (root / "mirage/contracts.py").write_text("X = 1  # a comment\n")
    assert not untouched(code.sources)
    assert version(root) == code.version


def test_scheduling_and_manifests_do_not_retrain_models() -> None:
    versions = Versions()
    for stage in ("build", "tune", "respond", "judge"):
        reached = versions.reached([f"mirage.{stage}"])
        assert not {name for name in reached if name.startswith("mirage.plan")}, stage


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_reaches_the_tables_of_names(stage: str) -> None:
    assert "mirage.plan.entries" not in Versions().reached([f"mirage.{stage}"])


def test_what_is_known_of_judges_is_no_part_of_a_served_answer() -> None:
    served = Versions().of("respond", {"backend": "mirage.respond.served:open_served"}).sources
    assert "workflow/mirage/providers.json" in served
    assert not [name for name in served if "judge" in name or "schema" in name]


def test_every_committed_data_file_is_declared() -> None:
    versions = Versions()
    codes = [versions.of(stage, {}) for stage in STAGES]
    # Also: every row of every table names a function that exists.
    codes += [
        versions.of("build", {"row": row}) for rows in TABLES.values() for row in rows.values()
    ]
    makers = {each.maker for some in EXHIBITS.values() for each in some if each.maker}
    codes += [versions.of("report", {"exhibit": maker}) for maker in sorted(makers)]
    sources = {name for code in codes for name in code.sources}
    root = PACKAGE.parent.parent
    kinds = {".py", ".pyc", ".typed"}
    files = [p for p in PACKAGE.rglob("*") if p.is_file() and p.suffix not in kinds]
    files += [p for p in (root / "reports").rglob("*") if p.is_file()]
    # The plan reads these and puts them into settings; or people and Snakemake alone read them.
    settings = ("claims.yaml", "paper_contrasts.yaml", "tables.yaml")
    elsewhere = (*settings, "benchmarks.md", "deviations.md", "pictograms.md")
    names = {p.relative_to(root).as_posix() for p in files if p.name not in elsewhere}
    names = {n for n in names if not n.startswith(("reports/gallery", "reports/snakemake"))}
    assert names <= sources
