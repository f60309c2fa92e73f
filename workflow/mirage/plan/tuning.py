"""Whether a recipe can be tuned as asked, and with what, before anything is submitted."""

from __future__ import annotations

from mirage.context import ConfigError
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import Recipe, RecipeTune
from mirage.plan.schema.tune import Tune

LORA = " (LoRA)"
"""Behind the title of a recipe that is tuned by adapters: no table may take it for the paper's."""


def title(recipe: Recipe, tune: Tune) -> str:
    """Returns what tables call a recipe."""
    tuned = recipe.tune is not None and not recipe.tune.into_base
    return recipe.title + (LORA if tuned and by_adapters(tune) else "")


def by_adapters(tune: Tune) -> bool:
    """Tells whether adapters learn instead of the weights."""
    return tune.large is not None and tune.large.adapter == "lora"


def packages(tune: Tune) -> list[str]:
    """Returns the packages that tuning computes with beside the usual ones."""
    deepspeed = ["deepspeed"] if tune.engine == "deepspeed" else []
    return deepspeed + (["peft"] if by_adapters(tune) else [])


def check(name: str, recipe: RecipeTune, tune: Tune, model: Model) -> None:
    """Checks that engine, GPUs and recipe fit together.

    Args:
        name: The recipe's.
        recipe: How long it is tuned, and which parts.
        tune: The trainer's settings.
        model: The base.

    Raises:
        ConfigError: They do not; the text says what to change.
    """
    gpus, ranks = model.resources.recipe.gpus, tune.ranks
    where = f"conf/model/{model.name}.yaml: resources.recipe"
    if gpus and model.made == "import" and tune.large is None:
        raise ConfigError(
            f"{where}.gpus is {gpus}, but these settings of tune are those of nano models: weights "
            "in fp32, and all pictures on the device. A model that needs a GPU needs tune.large: "
            f'hydra="tune=zero2 tune.ranks={gpus}" for its weights, or hydra="tune=lora '
            'model.resources.recipe.gpus=1" for adapters'
        )
    if gpus > 1 and tune.engine == "trainer":
        raise ConfigError(
            f"{where}.gpus is {gpus}, but tune.engine=trainer is one process on one GPU. Set "
            'gpus: 1, or train on all of them, with: hydra="tune=zero2"'
        )
    if gpus and tune.engine == "deepspeed" and gpus != ranks:
        raise ConfigError(
            f"{where}.gpus is {gpus}, but tune.ranks is {ranks}: each rank computes on a GPU "
            f'of its own. Set them equal, as in: hydra="tune=zero2 tune.ranks={gpus}"'
        )
    if tune.large and recipe.until:
        raise ConfigError(
            f"recipe {name} stops at a criterion, which is checked by answering while a "
            "model trains; tune.large cannot. Give it epochs, with: recipe.tune.until=null"
        )
