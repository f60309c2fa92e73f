"""The version of the code that makes an artifact: a hash over the syntax trees it can reach.

A job reaches the package of its stage, ``mirage.<stage>``, and the modules of its entries; from
there, every module that is imported anywhere, also inside functions, in whatever package, as long
as its source belongs to no library (standard library, site-packages). Comments, docstrings,
formatting and imports for type checkers do not count. Data files count where a reached module
declares them::

    DATA_FILES = ("data/hazards.csv",)   # relative to the module's folder

Nothing is found by listing folders, so a file that nobody imports or declares changes nothing.

A module named as an entry may declare ``ENGINE_VERSION = 3`` (an integer literal). That number
then stands for the module's own source, and for all modules inside it if it is a package: an engine
at full scale can be edited without running everything again. A test of its behaviour, which fails
when answers change and the number does not, belongs beside such a module.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mirage.context import DAMAGED, ConfigError
from mirage.files import canonical, sha256, write_atomic
from mirage.plan.code_reading import Module, read_module

PACKAGE = Path(__file__).resolve().parents[1]
"""The folder of the package ``mirage``."""

EXTRA = "MIRAGE_EXTRA"
"""Environment variable: a folder with a user's own configuration and modules."""


@dataclass(frozen=True)
class Code:
    """The code of a job.

    Attributes:
        version: Hash over syntax trees, engine versions and data files.
        sources: File -> sha256 of its bytes, to see quickly that nothing at all was touched. Files
            of this repository are relative to it, others absolute.
    """

    version: str
    sources: dict[str, str]


class Versions:
    """Versions of code, remembered by content between runs and by roots within one."""

    def __init__(self, memory: Path | None = None, roots: Sequence[Path] | None = None) -> None:
        """Reads what an earlier run remembered, if there is such a file.

        Args:
            memory: Where to remember.
            roots: Folders that modules are looked up in; those of ``source_roots`` if not given.
        """
        self.memory = memory
        self.roots = list(roots) if roots is not None else source_roots()
        self.known: dict[str, dict[str, Any]] = {}
        self.changed = False
        self._files: dict[str, Path | None] = {}
        self._modules: dict[str, tuple[Module, str]] = {}
        self._codes: dict[tuple[str, ...], Code] = {}
        if memory is not None and memory.is_file():
            try:
                plain = json.loads(memory.read_text(encoding="utf-8"))
                # What an older version of the suite remembered had another form.
                self.known = {key: kept for key, kept in plain.items() if isinstance(kept, dict)}
            except (OSError, *DAMAGED):
                self.known = {}

    def of(self, stage: str, entries: Mapping[str, str]) -> Code:
        """Returns the code of a job.

        Args:
            stage: One of the six stages.
            entries: The job's entries; their modules count.

        Raises:
            ConfigError: An entry's module or function does not exist, a Python file cannot be
                parsed, or a declared data file is missing.
        """
        for reference in entries.values():
            self._check(reference)
        engines = sorted({reference.partition(":")[0] for reference in entries.values()})
        start = (f"mirage.{stage}", *engines)
        if start not in self._codes:
            self._codes[start] = self._reach(start, engines)
        return self._codes[start]

    def save(self) -> None:
        """Remembers for the next run, if anything was new."""
        if self.changed and self.memory is not None:
            write_atomic(self.memory, canonical(self.known))

    def reached(self, start: Iterable[str]) -> list[str]:
        """Returns the modules that some modules reach, themselves included, sorted."""
        todo, reached = list(start), set()
        while todo:
            for name in _with_parents(todo.pop()):
                if name not in reached and self._file(name) is not None:
                    reached.add(name)
                    todo += self._module(name)[0].imports
        return sorted(reached)

    def _reach(self, start: Iterable[str], engines: list[str]) -> Code:
        hashes: dict[str, str | int] = {}
        sources: dict[str, str] = {}
        for name in self.reached(start):
            module, digest = self._module(name)
            path = self._file(name)
            assert path is not None
            if path.is_dir():
                continue
            owner = self._engine(name, engines)
            hashes[name] = module.tree if owner is None else owner
            sources[_shown(path)] = digest
            for data in module.data_files:
                digest = _data_digest(path.parent / data, path)
                hashes[f"{name} {data}"] = sources[_shown(path.parent / data)] = digest
        return Code(sha256(canonical(hashes).encode()), dict(sorted(sources.items())))

    def _engine(self, name: str, engines: list[str]) -> int | None:
        """The number that stands for a module: its own, or of the engine package it is inside."""
        for engine in engines:
            if name == engine or name.startswith(engine + "."):
                return self._module(engine)[0].engine
        return None

    def _check(self, reference: str) -> None:
        module, _, name = reference.partition(":")
        top = module.partition(".")[0]  # __main__ is whatever program runs, a library or not
        if self._file(module) is None and top != "__main__" and _of_library(top):
            raise ConfigError(
                f"{reference!r}: {module} belongs to a library, and ids hold the code of your own "
                "modules alone. Write a function that calls it, and name that."
            )
        if self._file(module) is None:
            raise ConfigError(
                f"{reference!r}: there is no module {module}. Put its folder on PYTHONPATH or give "
                "it with: snakemake --config extra=<folder>"
            )
        if name not in self._module(module)[0].names:
            raise ConfigError(f"{reference!r}: {self._file(module)} has no function {name!r}.")

    def _module(self, name: str) -> tuple[Module, str]:
        """What counts of a module, and the digest of its file."""
        if name not in self._modules:
            path = self._file(name)
            assert path is not None
            text = b"" if path.is_dir() else path.read_bytes()
            digest = sha256(text)
            key = f"{name} {digest}"
            if key not in self.known:
                self.known[key] = asdict(read_module(name, text, path))
                self.changed = True
            self._modules[name] = Module(**self.known[key]), digest
        return self._modules[name]

    def _file(self, name: str) -> Path | None:
        """The file of a module; None for what is no module or belongs to a library."""
        if name not in self._files:
            parent, _, last = name.rpartition(".")
            if parent:
                above = self._file(parent)
                inside = above is not None and (above.is_dir() or above.name == "__init__.py")
                folders = [above if above.is_dir() else above.parent] if above and inside else []
            else:
                folders = self.roots
            tries = [f for r in folders for f in (r / last / "__init__.py", r / f"{last}.py")]
            # A folder without __init__.py is a package too, where nothing else has its name.
            tries += [r / last for r in folders]
            self._files[name] = next((p for p in tries if p.is_file() or p.is_dir()), None)
        return self._files[name]


def code_of(stage: str, entries: Mapping[str, str]) -> Code:
    """Returns the code of one job as it is now, nothing remembered."""
    return Versions().of(stage, entries)


def untouched(sources: Mapping[str, str]) -> bool:
    """Tells whether every source still has the bytes it had."""
    return all(
        path.is_file() and sha256(path.read_bytes()) == want
        for path, want in ((_repository() / name, want) for name, want in sources.items())
    )


def use_extra(folder: str) -> None:
    """Puts a user's folder on Python's path, for this process and those it starts."""
    if folder:
        os.environ[EXTRA] = folder
        if folder not in sys.path:
            sys.path.append(folder)


def source_roots() -> list[Path]:
    """Returns the folders on Python's path that hold no library: this suite's, and a user's own.

    The working directory counts only where PYTHONPATH or ``extra`` names it: ``python -m`` puts it
    on the path and ``snakemake`` does not, and plan and jobs must see the same code.
    """
    extra, named = os.environ.get(EXTRA, ""), os.environ.get("PYTHONPATH", "").split(os.pathsep)
    wanted = [str(PACKAGE.parent), extra, *named]
    cwd = Path.cwd()
    wanted += [entry for entry in sys.path if entry and Path(entry).resolve() != cwd]
    roots = [Path(entry).resolve() for entry in wanted if entry]
    return [root for root in dict.fromkeys(roots) if root.is_dir() and not _library(root)]


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _data_digest(path: Path, declared_in: Path) -> str:
    try:
        return sha256(path.read_bytes())
    except OSError as wrong:
        raise ConfigError(
            f"{path}, declared in DATA_FILES of {declared_in}, cannot be read ({wrong.strerror})."
        ) from None


def _repository() -> Path:
    return PACKAGE.parent.parent


def _shown(path: Path) -> str:
    path = Path(os.path.normpath(path))
    root = _repository()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


@cache
def _libraries() -> tuple[Path, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    return tuple(Path(sysconfig.get_path(name)).resolve() for name in names)


def _of_library(package: str) -> bool:
    """Tells whether an import would take a top-level package from a library; imports nothing."""
    if package in sys.stdlib_module_names:
        return True
    try:
        spec = find_spec(package)
    except ValueError:  # __main__ is a module that nothing can import
        return False
    return bool(spec and spec.origin and _library(Path(spec.origin).resolve().parent))


def _library(folder: Path) -> bool:
    if {"site-packages", "dist-packages"} & set(folder.parts):
        return True
    inside = any(folder.is_relative_to(library) for library in _libraries())
    # python311.zip and lib-dynload lie beside and below the standard library.
    return inside or folder.suffix == ".zip"
