"""``mirage model``: ``check`` whether a folder can be imported, ``convert`` one of another form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mirage.cli.hints import example
from mirage.context import ConfigError
from mirage.plan.external import external_digest
from mirage.plan.imported_model import check_command, inspect_folder
from mirage.plan.schema.model import Model


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    check = actions.add_parser(
        "check", help="look at a model folder and remember its digest", epilog=example("model")
    )
    check.add_argument(
        "folder", help="a folder in the form of transformers, or an imported model of conf/model"
    )
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


def _check(named: str) -> int:
    path, how = Path(named).expanduser(), f"snakemake --config model={named}"
    if not path.is_dir():
        path, how = _of_option(named), f"the command at the top of conf/model/{named}.yaml"
    folder = inspect_folder(path)
    for problem in folder.problems:
        print(f"error: {problem}", file=sys.stderr)
    if folder.problems:
        return 1
    files = [path / name for name in folder.files]
    digest = external_digest(files, check_command(path), _say)
    print(f"{path}: {folder.architecture}, encoding {folder.encoding}, digest {digest[:16]}")
    print(f"Use it with: {how}")
    return 0


def _of_option(name: str) -> Path:
    """Returns where an imported model of conf/model lies.

    Raises:
        ConfigError: There is no such option or folder, or its file is wrong.
    """
    from mirage.plan.study.compose import Conf, Request, compose_all
    from mirage.plan.study.imports import find_weights
    from mirage.plan.study.problems import PlanError
    from mirage.plan.study.validate import check

    conf = Conf()
    if "/" in name:
        raise ConfigError(f"There is no folder {name}.")
    if name not in conf.options("model"):
        problems = conf.missing("model", name, "mirage model check", "folder")
        raise ConfigError(f"There is no folder {name}. {problems[0].text}")
    tree, problems = compose_all(conf, Request({}, {"model": [name]}))
    model, wrong = check(
        Model, tree.get("models", {}).get(name), conf.file("model", name), "model", name
    )
    if model is None or problems:
        raise PlanError([*problems, *wrong])
    if model.source is None:
        raise ConfigError(f"{name} is trained here, from nothing: there is no folder to check.")
    return find_weights(name, model.source)
