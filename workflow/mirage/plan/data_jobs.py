"""The jobs that build data: suites, training data, and the suites of a recipe's training items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mirage.files import canonical
from mirage.plan.builder import Builder, Settings, Source, plain
from mirage.plan.checked_data import how_of, recall
from mirage.plan.entries import OWN, resolve
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import RecipeData, is_style
from mirage.plan.schema.suite import LMMS
from mirage.plan.study.hold_out import left_out
from mirage.plan.study.model_cards import model_name
from mirage.plan.study.resolve import Resolved


def sizes_of(study: Resolved, kind: str) -> Settings:
    """Returns the part of conf/build that ``base`` data, ``fit`` suites or other suites depend on.

    Keys say by their first word whom they are for; the rest is for suites.
    """
    sizes = {key: value for key, value in plain(study.build).items() if key != "name"}
    owners = {key: key.split("_")[0] for key in sizes}
    return {
        key: value
        for key, value in sizes.items()
        if (owners[key] if owners[key] in ("base", "fit") else "suite") == kind
    }


def add_suite(builder: Builder, study: Resolved, source: Source, suite: Settings) -> str:
    """Adds an evaluation suite and returns its folder; title and answering models do not count."""
    suite = {key: value for key, value in suite.items() if key not in ("title", "models")}
    if suite["kind"] == OWN:
        about, external = _own_data(study, suite, f"suite={suite['name']}")
        about["resize"] = about["resize"] or "fit"
        settings: Settings = {"kind": "suite", "suite": about}
        return builder.add(
            stage="build",
            kind="suite",
            name=suite["name"],
            settings=settings,
            parents={},
            entries={"suite": resolve("suite", OWN), **formats(about)},
            external=external,
        )
    del suite["path"], suite["resize"]
    if suite["kind"] == LMMS:
        about = {"name": suite["name"], "kind": LMMS, "items": suite.get("limit", suite["expect"])}
        return builder.add(
            stage="build",
            kind="suite",
            name=suite["name"],
            settings={"kind": "suite", "suite": about},
            parents={},
            entries={"suite": resolve("suite", LMMS)},
        )
    return builder.add(
        stage="build",
        kind="suite",
        name=suite["name"],
        settings={
            "kind": "suite",
            **source.world,
            "suite": suite,
            "build": sizes_of(study, "suite"),
        },
        parents={**source.images},
        entries={"suite": resolve("suite", suite["kind"])},
    )


def _own_data(study: Resolved, block: Settings, where: str) -> tuple[Settings, dict[str, str]]:
    """Returns a block with the digest of the user's data instead of their path, and digest -> path.

    Args:
        study: The study.
        block: A suite, a recipe's data, or one of its parts.
        where: What the check command takes to check it.

    Raises:
        ConfigError: They were not checked, or changed since.
    """
    path, how = Path(block["path"]).expanduser().absolute(), how_of(block)
    digest = study.own_data.get((block["path"], canonical(how)))
    if digest is None:  # an axis may name further ones
        digest = recall(path, how, f"mirage data check {where}" if how else "")
    rest = {key: value for key, value in block.items() if key not in ("path", "expect")}
    return rest | {"digest": digest}, {digest: str(path)}


def formats(*blocks: Settings) -> dict[str, str]:
    """Returns the entries that read the formats of some blocks."""
    named = sorted({block["format"] for block in blocks if block.get("format")})
    return {f"format/{name}": resolve("format", name) for name in named}


def add_fit_suite(
    builder: Builder, study: Resolved, source: Source, name: str, data: str, recipe: RecipeData
) -> tuple[str, str]:
    """Adds the suite on which a recipe's own label class is checked: some of its training items.

    Args:
        builder: Takes the job.
        study: The study.
        source: What data are made from.
        name: Name of the recipe's data.
        data: Their folder.
        recipe: What they are made from; of a user's own source, no class of labels is known.

    Returns:
        Name and folder of the suite.
    """
    # Item ids start with the suite's name and must be unique over seeds as well.
    suite: Settings = {"name": f"fit_{name.replace('-', '_')}"}
    if recipe.source == OWN or ":" in recipe.source:
        suite["verbatim"] = True
    if recipe.harmful:
        suite["harmful"] = True
    folder = builder.add(
        stage="build",
        kind="suite",
        name=f"fit_{name}",
        settings={
            "kind": "suite",
            **source.world,
            "suite": suite | {"kind": "fit"},
            "build": sizes_of(study, "fit"),
        },
        parents={"data": [data]},
        entries={"suite": resolve("suite", "fit")},
    )
    return suite["name"], folder


def add_train_data(
    builder: Builder,
    source: Source,
    recipe: str,
    model: Model,
    seed: int,
    more: Settings,
    external: Mapping[str, str] | None = None,
) -> str:
    """Adds a data set, which models of any size share if they answer alike.

    Args:
        builder: Takes the job.
        source: What data are made from.
        recipe: Name of the recipe, or ``base``.
        model: Its kind of answers is part of the data.
        seed: The seed.
        more: ``recipe``, and ``build`` where sizes matter.
        external: Digest -> path of a user's own data.
    """
    if external:
        return builder.add(
            stage="build",
            kind="train",
            name=data_name(recipe, model, seed),
            settings={"kind": "train", **more},
            parents={},
            entries={
                "source": resolve("source", OWN),
                **formats(*more["recipe"]["data"].get("parts", [])),
            },
            external=external,
        )
    own = {} if model.answers == "plain" else {"answers": model.answers}
    about = more["recipe"]["data"]
    entries = {"source": resolve("source", about["source"])}
    if "labels" in about and is_style(about["labels"]):
        entries["labels"] = resolve("labels", about["labels"])
    return builder.add(
        stage="build",
        kind="train",
        name=data_name(recipe, model, seed),
        settings={"kind": "train", **source.world, **more, **own, "seed": seed},
        parents={**source.images},
        entries=entries,
    )


def data_name(recipe: str, model: Model, seed: int) -> str:
    """Returns the name of a data set; without the model where its answers are plain."""
    return model_name(recipe, "" if model.answers == "plain" else model.tag, seed)


def data_settings(
    study: Resolved, recipe: str, data: RecipeData, seed: int
) -> tuple[Settings, dict[str, str]]:
    """Returns what a recipe's data set is built from, and digest -> path of a user's own data.

    Rotations are resolved, and no kind of benign items is named where there are none.

    Raises:
        ConfigError: A user's own data were not checked, or changed since.
    """
    settings = plain(data)
    settings["benign_kind"] = data.benign_kind if data.twins else "none"
    del settings["hold_out"]["rotate_categories"]
    settings["hold_out"]["categories"] = left_out(data.hold_out, seed)
    if data.source == OWN:
        settings["resize"] = settings["resize"] or "fit"
        where = f"recipe={recipe}"
        if not data.parts:
            return _own_data(study, settings, where)
        settings = {key: value for key, value in settings.items() if key not in ("path", "limit")}
        parts = [_own_data(study, part, where) for part in data.own_blocks()]
        settings["parts"] = [about for about, _ in parts]
        return settings, {digest: path for _, one in parts for digest, path in one.items()}
    del settings["path"], settings["resize"]
    return settings, {}
