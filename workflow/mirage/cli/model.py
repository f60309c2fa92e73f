"""``mirage model``: ``check`` whether a folder can be imported, ``convert`` one of another form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mirage.cli.hints import example
from mirage.context import ConfigError
from mirage.plan.external import external_digest
from mirage.plan.imported_model import check_command, inspect_folder


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    check = actions.add_parser(
        "check", help="look at a model folder and remember its digest", epilog=example("model")
    )
    check.add_argument("folder", type=Path, help="a folder in the form of transformers")
    convert = actions.add_parser(
        "convert", help="rewrite an InternVL folder in its original form (internvl_chat)"
    )
    convert.add_argument("source", type=Path, help="the original folder; its code never runs")
    convert.add_argument("target", type=Path, help="a new folder, as large as the original")
    convert.add_argument("--tokenizer", type=Path, help="a folder with the same tokenizer.json")


def run(options: argparse.Namespace) -> int:
    """Prints what the folder is, or everything that is wrong with it."""
    return _convert(options) if options.action == "convert" else _check(options.folder)


def _convert(options: argparse.Namespace) -> int:
    from mirage.convert.internvl_chat import convert

    try:
        convert(options.source, options.target, tokenizer=options.tokenizer, say=_say)
    except ConfigError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 1
    print(f"{options.target} is written. Check it with: {check_command(options.target)}")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _check(path: Path) -> int:
    if not path.is_dir():
        print(f"error: there is no folder {path}.", file=sys.stderr)
        return 1
    folder = inspect_folder(path)
    for problem in folder.problems:
        print(f"error: {problem}", file=sys.stderr)
    if folder.problems:
        return 1
    files = [path / name for name in folder.files]
    digest = external_digest(files, check_command(path), _say)
    print(f"{path}: {folder.architecture}, encoding {folder.encoding}, digest {digest[:16]}")
    print(f"Tune it with: snakemake --config model={path}")
    return 0
