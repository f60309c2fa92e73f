"""``mirage schema``: JSON Schema for ``conf/``, made anew, and each file's line that names it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mirage.context import ConfigError
from mirage.plan.schema.json_schema import GROUPS, schema_text
from mirage.plan.study.compose import CONF

MARK = "# yaml-language-server: $schema="


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=CONF,
        help="a conf/ folder whose files get the line that names their schema (default: our own)",
    )


def run(options: argparse.Namespace) -> int:
    """Writes the schemas and the lines; prints what changed.

    Raises:
        ConfigError: There is no such folder.
    """
    if not options.folder.is_dir():
        raise ConfigError(f"there is no folder {options.folder}. Name one that holds recipe/ etc.")
    changed = [path for path, text in files(options.folder).items() if write(path, text)]
    print("\n".join(map(str, changed)) or "Nothing to change.")
    return 0


def write(path: Path, text: str) -> bool:
    """Writes a file where it says something else, and tells whether it did."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def files(folder: Path) -> dict[Path, str]:
    """Returns each schema of the suite and each YAML file below a folder, as they should be."""
    made = {CONF / "schema" / f"{group}.json": schema_text(group) for group in GROUPS}
    for group in GROUPS:
        schema = os.path.relpath(CONF / "schema" / f"{group}.json", folder / group)
        for path in sorted((folder / group).glob("*.yaml")):
            made[path] = marked(path.read_text(encoding="utf-8"), schema)
    return made


def marked(text: str, schema: str) -> str:
    """Returns a YAML text with the line that names its schema, below its opening comments."""
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith(MARK)]
    opening = next((n for n, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join([*lines[:opening], f"{MARK}{schema}\n", *lines[opening:]])
