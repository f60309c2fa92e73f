"""``mirage model check``: can a model folder be imported? Remembers its digest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mirage.cli.hints import example
from mirage.plan.external import external_digest
from mirage.plan.imported_model import check_command, inspect_folder


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    check = actions.add_parser(
        "check", help="look at a model folder and remember its digest", epilog=example("model")
    )
    check.add_argument("folder", type=Path, help="a folder in the form of transformers")


def run(options: argparse.Namespace) -> int:
    """Prints what the folder is, or everything that is wrong with it."""
    path = options.folder
    if not path.is_dir():
        print(f"error: there is no folder {path}.", file=sys.stderr)
        return 1
    folder = inspect_folder(path)
    for problem in folder.problems:
        print(f"error: {problem}", file=sys.stderr)
    if folder.problems:
        return 1
    files = [path / name for name in folder.files]
    digest = external_digest(files, check_command(path), lambda line: print(line, file=sys.stderr))
    print(f"{path}: {folder.architecture}, encoding {folder.encoding}, digest {digest[:16]}")
    print(f"Tune it with: snakemake --config model={path}")
    return 0
