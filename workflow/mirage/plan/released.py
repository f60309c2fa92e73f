"""Released bases: one model folder a seed, committed with what it was made by.

``bases/<model>/s<seed>/`` holds a model in the form of transformers and ``provenance.json``. A
study imports it instead of training that base again, so that its findings start from the same
weights on every machine; what is in the folder decides the ids, never where it lies.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mirage.context import DAMAGED, ConfigError
from mirage.contracts import inside
from mirage.files import canonical, flat, sha256
from mirage.plan.external import external_digest
from mirage.plan.imported_model import use_folder
from mirage.plan.schema.build import Build
from mirage.plan.schema.model import Model
from mirage.plan.schema.study import Study
from mirage.plan.schema.world import World
from mirage.plan.study.compose import Conf
from mirage.plan.study.problems import Problem

FOLDER: Final = "bases"
PROVENANCE: Final = "provenance.json"
UNDECISIVE: Final = ("checkpoint_every", "log_every", "threads")
"""Of training: how it is computed and watched. What is released does not depend on it."""

REQUIRED: Final = "required"

SETTINGS: Final = 'hydra="study.bases=scratch"'
"""What makes a study train its bases, on the command line."""


@dataclass(frozen=True)
class ReleasedBase:
    """A released base.

    Attributes:
        path: Its folder.
        provenance: What ``provenance.json`` says.
        digest: Over names and bytes of the model's files; ``provenance.json`` is none of them.
    """

    path: Path
    provenance: dict[str, Any]
    digest: str


def model_content(model: Model) -> dict[str, Any]:
    """What decides the weights; how answers look, the data say, and the rest is for schedulers."""
    other = {"tag", "answers", "resources", "made", "source", "encoding", "tuned"}
    return {key: value for key, value in _plain(model).items() if key not in other}


def base_settings(model: Model, world: World, build: Build) -> dict[str, Any]:
    """Returns the settings that a base comes from: the model's, those of its data, the world's."""
    sizes = {key: value for key, value in _plain(build).items() if key.startswith("base_")}
    return decisive(model_content(model), model.answers, sizes, _plain(world))


def decisive(
    model: Mapping[str, Any], answers: str, sizes: Mapping[str, Any], world: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the same from the settings of finished jobs: of a base and of its data."""
    content = dict(model) | {"base": without_rhythm(model["base"]), "answers": answers}
    return {"model": content, "build": dict(sizes), "world": dict(world)}


def without_rhythm(settings: Any) -> Any:
    """Returns settings without those that only say how something is computed and watched."""
    if not isinstance(settings, Mapping):
        return settings
    return {key: value for key, value in settings.items() if key not in UNDECISIVE}


def settings_digest(settings: Mapping[str, Any]) -> str:
    """Returns one digest over settings, the same for all seeds."""
    return sha256(canonical(settings).encode())


def seed_folder(root: Path, model: str, seed: int) -> Path:
    """Returns where the base of a model and seed lies below a checkout or a user's folder."""
    return root / FOLDER / model / f"s{seed}"


def released_bases(
    conf: Conf, study: Study, models: Sequence[Model], world: World, build: Build
) -> tuple[dict[tuple[str, int], ReleasedBase], list[Problem]]:
    """Finds the released bases of a study, whether or not it asks for them.

    Args:
        conf: Its checkout and the user's folder are looked through.
        study: Its seeds.
        models: Its models; those imported by hand have no released bases.
        world: The world.
        build: Sizes and shares of base data.

    Returns:
        (model, seed) -> base of all that are released, and the problems of those that cannot be
        used: damaged, or made by other settings. A seed without one is trained, and a plan says so.
    """
    found, problems = {}, []
    for model in models:
        if model.made == "import":
            continue
        wanted = base_settings(model, world, build)
        for seed in study.seeds:
            paths = [seed_folder(home, model.name, seed) for home in conf.homes]
            path = next((each for each in paths if (each / PROVENANCE).is_file()), None)
            if path is None:
                continue
            try:
                base = read_released(path)
                if not (differing := _differences(base.provenance["settings"], wanted)):
                    found[model.name, seed] = base
            except ConfigError as wrong:
                problems.append(Problem(str(path), "", str(wrong)))
                continue
            if differing:
                file = conf.file("model", model.name)
                problems.append(Problem(file, "", _other(path, differing)))
                break  # the other seeds differ alike
    return found, problems


def not_released(
    conf: Conf, study: Study, models: Sequence[Model], known: Container[tuple[str, int]]
) -> list[Problem]:
    """Returns the problem that a study which requires released bases has seeds without one.

    Args:
        conf: The folder of configurations.
        study: The study.
        models: Its models.
        known: (model, seed) of the bases that are released.
    """
    problems = []
    for model in models if study.bases == REQUIRED else []:
        if lack := [seed for seed in study.seeds if (model.name, seed) not in known]:
            seeds = ",".join(map(str, lack))
            text = (
                f"nothing is tuned before its base is released, its gates read, and {FOLDER}/ has "
                f"none of {model.name} for seeds {seeds}. Type: snakemake --config "
                f"study=bases_from_scratch model={model.name} seeds=[{seeds}], then: mirage "
                f"release --with-failed-gates, and commit {FOLDER}/; or name seeds that have one."
            )
            problems.append(Problem(conf.file("study", study.name), "study.bases", text))
    return problems


def read_released(path: Path) -> ReleasedBase:
    """Opens a released base and checks that it is what was released.

    Raises:
        ConfigError: It is damaged, or holds other bytes than its provenance lists.
    """
    try:
        about = json.loads((path / PROVENANCE).read_text(encoding="utf-8"))
        files = [path / inside(name, str(path)) for name in about["files"]]
        expected, _ = str(about["digest"]), flat(about["settings"])
    except (OSError, *DAMAGED) as broken:
        raise ConfigError(
            f"{path / PROVENANCE} cannot be read ({broken}). Get it again: git checkout {path}"
        ) from None
    use_folder(path)
    missing = [file.name for file in files if not file.is_file()]
    digest = "" if missing else external_digest(files, f"mirage model check {path}")
    if digest != expected:
        what = f"{missing[0]} is missing" if missing else "its files are not those released"
        raise ConfigError(f"{path} was changed: {what}. Get it again: git checkout {path}")
    return ReleasedBase(path, about, digest)


def _differences(had: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    if settings_digest(had) == settings_digest(wanted):
        return []
    before, now = flat(had), flat(wanted)
    keys = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return [f"{key} {_short(before.get(key))}, now {_short(now.get(key))}" for key in keys]


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:36]} ..."


def _other(path: Path, differing: Sequence[str]) -> str:
    more = f" and {len(differing) - 2} more" if len(differing) > 2 else ""
    return (
        f"the released base {path.parent.parent.name}/{path.parent.name}/{path.name} was made by "
        f"other settings ({'; '.join(differing[:2])}{more}). Train bases by yours with: --config "
        f"{SETTINGS}, or leave these settings as they were."
    )


def _plain(block: Model | World | Build) -> dict[str, Any]:
    return block.model_dump(mode="json")
