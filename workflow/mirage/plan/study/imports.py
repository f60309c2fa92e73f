"""Models that are imported: named on the command line by their folder, or in conf/model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.plan.absent import AbsentError
from mirage.plan.external import external_digest
from mirage.plan.imported_model import check_command, hub_folder, use_folder
from mirage.plan.rehearsal import Rehearsal
from mirage.plan.schema.model import Model
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
        path = Path(source.path or hub_folder(str(source.hub), str(source.revision))).expanduser()
        try:
            folder = use_folder(path.resolve())
            files = [folder.path / name for name in folder.files]
            # A hub's commit already says what the files are.
            digest = source.revision or external_digest(files, check_command(path))
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
