"""What counts of one Python file: its bare syntax tree, its imports, and what it declares."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.files import sha256


@dataclass(frozen=True)
class Module:
    """What counts of a Python file.

    Attributes:
        tree: Hash of the bare syntax tree.
        imports: Absolute dotted names that it may import; some are functions, not modules.
        names: What it defines or imports at its top level, plain values left out.
        data_files: Declared data files, relative to its folder.
        engine: The declared engine version.
    """

    tree: str
    imports: list[str]
    names: list[str]
    data_files: list[str]
    engine: int | None


def read_module(name: str, text: bytes, path: Path) -> Module:
    """Returns what counts of a Python file.

    Raises:
        ConfigError: It cannot be parsed, or a declaration is no literal.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as wrong:
        raise ConfigError(f"{path}, line {wrong.lineno}: {wrong.msg}.") from None
    declared = _declared(tree, path)
    bare = _bare(tree)
    return Module(
        tree=sha256(ast.dump(bare).encode()),
        imports=sorted(set(_imports(bare, name, path.name == "__init__.py"))),
        names=sorted(set(_names(bare))),
        data_files=sorted(declared.get("DATA_FILES", ())),
        engine=declared.get("ENGINE_VERSION"),
    )


def _declared(tree: ast.Module, path: Path) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    kinds = {"DATA_FILES": tuple, "ENGINE_VERSION": int}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        name = next((t.id for t in targets if isinstance(t, ast.Name) and t.id in kinds), None)
        if name is None or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        try:
            declared[name] = ast.literal_eval(node.value)
        except ValueError:
            declared[name] = None
        if not isinstance(declared[name], kinds[name]):
            raise ConfigError(
                f"{path}, line {node.lineno}: {name} must be a literal {kinds[name].__name__}, "
                "because it is read without importing the module."
            )
    return declared


PLAIN = (
    *(ast.Constant, ast.JoinedStr, ast.Tuple, ast.List, ast.Dict, ast.Set, type(None)),
    *(ast.UnaryOp, ast.BinOp, ast.Compare),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""What is assigned at a module's top level and is surely no function."""


def _names(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not isinstance(node.value, PLAIN):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def _imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _absolute(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])


class _Strip(ast.NodeTransformer):
    """Takes away what decides nothing at run time: docstrings, and imports for type checkers."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:
        name = node.test.attr if isinstance(node.test, ast.Attribute) else None
        name = node.test.id if isinstance(node.test, ast.Name) else name
        self.generic_visit(node)
        return node.orelse or None if name == "TYPE_CHECKING" else node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
        return super().generic_visit(node)


def _bare(tree: ast.Module) -> ast.Module:
    stripped = _Strip().visit(tree)
    assert isinstance(stripped, ast.Module)
    return stripped
