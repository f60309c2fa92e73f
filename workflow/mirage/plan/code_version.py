"""The version of a stage's code: a hash over the syntax trees it can reach.

Comments, docstrings and formatting do not count, so they rerun nothing; a changed function counts
for every stage that can import it, also lazily inside a function. The plan and the command line do
not count: they decide *which* job runs, and that stands in its settings.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mirage.files import canonical, sha256, write_atomic

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package ``mirage``."""

FREE = ("mirage.plan", "mirage.cli", "mirage.__main__")
COUNTED = ("mirage.plan.artifact",)
BESIDE = {"report": ("reports",)}
"""Folders of the repository whose files a stage reads beside its package; galleries are outputs."""


@dataclass(frozen=True)
class Code:
    """A stage's code.

    Attributes:
        version: Hash over syntax trees and data files.
        sources: File relative to the repository -> sha256 of its bytes, to see quickly that nothing
            at all was touched.
    """

    version: str
    sources: dict[str, str]


class Trees:
    """Hashes and imports of Python files, remembered by content between runs."""

    def __init__(self, memory: Path | None = None) -> None:
        """Reads what an earlier run remembered, if there is such a file."""
        self.memory = memory
        self.known: dict[str, tuple[str, list[str]]] = {}
        self.fresh = False
        if memory is not None and memory.is_file():
            try:
                self.known = json.loads(memory.read_text(encoding="utf-8"))
            except json.JSONDecodeError:
                self.known = {}

    def look(self, module: str, text: bytes, is_package: bool) -> tuple[str, list[str]]:
        """Returns the tree hash of a module and the ``mirage`` names it imports."""
        key = f"{module} {sha256(text)}"
        if key not in self.known:
            tree = ast.parse(text)
            names = sorted(set(_imports(tree, module, is_package)))
            self.known[key] = (sha256(ast.dump(_bare(tree)).encode()), names)
            self.fresh = True
        tree_hash, names = self.known[key]
        return tree_hash, names

    def save(self) -> None:
        """Remembers for the next run, if anything was new."""
        if self.fresh and self.memory is not None:
            write_atomic(self.memory, canonical(self.known))


def stage_code(stage: str, trees: Trees | None = None, package: Path = PACKAGE) -> Code:
    """Returns the code version of a stage.

    Args:
        stage: One of the six stages; a stage without a package has the version of nothing.
        trees: Remembered hashes, shared between stages.
        package: Folder of the package ``mirage``.
    """
    trees = trees or Trees()
    todo = [f"mirage.{stage}", *_modules_below(package, stage)]
    hashes: dict[str, str] = {}
    sources: dict[str, str] = {}
    root = package.parent.parent
    while todo:
        module = todo.pop()
        path = _file(package, module)
        if module in hashes or path is None or not _counts(module):
            continue
        text = path.read_bytes()
        hashes[module], names = trees.look(module, text, path.name == "__init__.py")
        sources[path.relative_to(root).as_posix()] = sha256(text)
        todo += [name for found in names for name in _with_parents(found)]
    for path in _data_files(package, stage, sorted(hashes)):
        name = path.relative_to(root).as_posix()
        hashes[name] = sources[name] = sha256(path.read_bytes())
    return Code(sha256(canonical(hashes).encode()), dict(sorted(sources.items())))


def untouched(sources: dict[str, str], package: Path = PACKAGE) -> bool:
    """Tells whether every source still has the bytes it had."""
    root = package.parent.parent
    return all(
        (root / name).is_file() and sha256((root / name).read_bytes()) == want
        for name, want in sources.items()
    )


def _file(package: Path, module: str) -> Path | None:
    base = package.joinpath(*module.split(".")[1:])
    for path in (base / "__init__.py", base.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _modules_below(package: Path, stage: str) -> list[str]:
    folder = package / stage
    files = sorted(folder.rglob("*.py"))
    names = [path.relative_to(package).with_suffix("").as_posix() for path in files]
    return ["mirage." + name.replace("/", ".").removesuffix(".__init__") for name in names]


def _data_files(package: Path, stage: str, modules: list[str]) -> Iterator[Path]:
    tops = sorted({module.split(".")[1] for module in modules if "." in module})
    folders = [package / top for top in tops if (package / top).is_dir() and top != "plan"]
    folders += [package.parent.parent / name for name in BESIDE.get(stage, ())]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            hidden = {"__pycache__", "gallery"} & set(path.parts)
            if path.is_file() and path.suffix not in (".py", ".pyc") and not hidden:
                yield path


def _counts(module: str) -> bool:
    if module in COUNTED:
        return True
    return not any(module == free or module.startswith(free + ".") for free in FREE)


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[str]:
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and _types_only(node.test):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == "mirage")
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            if base.split(".")[0] == "mirage":
                yield base
                yield from (f"{base}.{a.name}" for a in node.names)
        todo += ast.iter_child_nodes(node)


def _types_only(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _bare(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree
