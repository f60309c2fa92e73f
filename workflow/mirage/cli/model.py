"""``mirage model check``: can a model folder be imported? Remembers its digest."""

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


def run(options: argparse.Namespace) -> int:
    """Prints what the folder is, or everything that is wrong with it."""
    path = Path(options.folder).expanduser()
    if not path.is_dir():
        path = _of_option(options.folder)
    folder = inspect_folder(path)
    for problem in folder.problems:
        print(f"error: {problem}", file=sys.stderr)
    if folder.problems:
        return 1
    files = [path / name for name in folder.files]
    digest = external_digest(files, check_command(path), lambda line: print(line, file=sys.stderr))
    print(f"{path}: {folder.architecture}, encoding {folder.encoding}, digest {digest[:16]}")
    print(f"Tune it with: snakemake --config model={options.folder}")
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
