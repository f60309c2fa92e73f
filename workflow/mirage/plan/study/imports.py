"""Models that are imported: named on the command line by their folder, or in conf/model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.plan.absent import AbsentError
from mirage.plan.external import external_digest
from mirage.plan.imported_model import (
    ModelFolder,
    check_command,
    hub_folder,
    use_folder,
)
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.schema.model import Model
from mirage.plan.schema.pretrained import PICTURES, Weights
from mirage.plan.study.compose import Conf
from mirage.plan.study.problems import Problem

RESOURCES: dict[str, Any] = {
    "base": {"memory_mb": 4000, "minutes": 0.5},
    "recipe": {"memory_mb": 4000, "minutes": 2.0},
    "respond": {"memory_mb": 4000, "minutes": 1.0},
}
"""For small models named on the command line; others get a file in conf/model that says theirs."""


def name_folders(conf: Conf, models: list[Any]) -> tuple[list[Any], dict[str, dict[str, Any]]]:
    """Parts folders from options in a list of models.

    Args:
        conf: The folder of configurations, whose options have their names.
        models: What stands behind ``model=``: options, or folders (they hold a slash).

    Returns:
        The list with a name for each folder, and name -> settings of those.
    """
    names: list[Any] = []
    settings: dict[str, dict[str, Any]] = {}
    for each in models:
        if not isinstance(each, str) or "/" not in each:
            names.append(each)
            continue
        path = Path(each).expanduser().resolve()
        name = re.sub(r"[^a-z0-9]+", "_", path.name.lower()).strip("_") or "model"
        if name in conf.options("model") or settings.get(name, {}).get("tag"):
            name = f"{name}_{len(names) + 1}"
        names.append(name)
        settings[name] = {
            "name": name,
            "tag": name,
            "made": "import",
            "source": {"path": str(path)},
            "resources": RESOURCES,
        }
    return names, settings


def find_weights(name: str, source: Weights) -> Path:
    """Returns where an imported model lies: its folder, else its copy in the hub's cache.

    Args:
        name: The model's option, for the error.
        source: Where its file says that it lies.

    Raises:
        AbsentError: It is at none of these places, or only in a form that must be converted; the
            text has the next command.
    """
    path = Path(source.path).expanduser().resolve() if source.path else None
    if path is not None and (path.is_dir() or source.hub is None):
        return path
    cached = hub_folder(str(source.hub), source.revision)
    if cached is None:
        fetch = f"hf download {source.hub}"
        fetch += f" --revision {source.revision}" if source.revision else ""
        also = f"Neither the folder {path} nor a" if path else "No"
        raise AbsentError(
            f"{also} copy of {source.hub} in the hub's local cache exists, and nothing is fetched "
            f"here. Where there is internet: {fetch}, or name the folder that holds it: "
            f'hydra="model.{name}.source.path=/path/to/it".'
        )
    if source.convert is None:
        return cached
    raise AbsentError(
        f"{cached} has the form {source.convert}, which transformers does not open. Convert it "
        f"once with: mirage model convert {cached} {path}"
    )


def _is_of_hub(path: Path, source: Weights) -> bool:
    return bool(source.hub) and path == hub_folder(str(source.hub), source.revision)


def _check_pictures(model: Model, folder: ModelFolder) -> None:
    """Refuses settings for pictures that the model's class would ignore.

    Raises:
        ConfigError: There are such.
    """
    sides = {"train": model.images.train, "test": model.images.test}
    known = PICTURES.get(folder.architecture, ())
    given = [f"{side}.{key}" for side, cut in sides.items() for key in cut.model_dump()]
    wrong = [each for each in given if each.partition(".")[2] not in known]
    stock = (model.encoding or folder.encoding).startswith("stock_")
    if wrong or (given and not stock):
        takes = (stock and ", ".join(known)) or "none of these settings"
        named = ", ".join(wrong or given)
        raise ConfigError(f"model.images.{named}: a {folder.architecture} takes {takes}.")


def _absent(model: Model, digest: str) -> Model:
    """Returns a model whose folder nobody can ask: of the class that its file says."""
    assert model.source is not None
    architecture = model.architecture or "internvl"
    place = model.source.model_copy(update={"path": model.name, "digest": digest})
    encoding = model.encoding or f"stock_{architecture}"
    update = {"architecture": architecture, "encoding": encoding, "source": place}
    return model.model_copy(update=update)


def located(
    models: Sequence[Model], conf: Conf, rehearsal: Rehearsal | None = None
) -> tuple[tuple[Model, ...], list[Problem]]:
    """Returns models with what their folders say: class, encoding, place and digest.

    Args:
        models: As their files have them.
        conf: Where these lie.
        rehearsal: Takes absent weights, which are errors without it.
    """
    done, problems = [], []
    for model in models:
        source = model.source
        if source is None:
            done.append(model)
            continue
        try:
            path = find_weights(model.name, source)
            folder = use_folder(path)
            files = [folder.path / name for name in folder.files]
            # A hub's commit already says what the files are.
            cached = _is_of_hub(path, source)
            digest = path.name if cached else external_digest(files, check_command(path))
            _check_pictures(model, folder)
        except ConfigError as wrong:
            problem = Problem(conf.file("model", model.name), "model.source", str(wrong))
            if rehearsal is None or not isinstance(wrong, AbsentError):
                problems.append(problem)
            else:
                done.append(_absent(model, rehearsal.stand_in(problem, model.name)))
            continue
        place = source.model_copy(update={"path": str(folder.path), "digest": digest})
        update = {"architecture": folder.architecture, "source": place}
        update["encoding"] = model.encoding or folder.encoding
        done.append(model.model_copy(update=update))
    return tuple(done), problems
