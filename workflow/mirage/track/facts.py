"""What a person compares models by: short params, few metrics, tags to search for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mirage.context import DAMAGED
from mirage.contracts import DataError
from mirage.files import MANIFEST, canonical, flat
from mirage.plan.artifact import Manifest
from mirage.track.curves import base_phases, one_chart
from mirage.track.family import ModelRun
from mirage.track.records import Curves, read_record

LONGEST: Final = 100
"""Characters of a parameter; whole settings stand in each ``manifest.json``."""

RATES: Final = {"asr": "hazard/asr", "over_refusal": "twin_trigger/over_refusal", "j": "pair/j"}
"""Metric of a run -> corner and rate of the scores, per suite: J = 100 - ASR - over-refusal."""

BEYOND_NANO: Final = {
    "asr": "hazard/asr",
    "rsr": "hazard/rsr",
    "over_refusal": "benign/over_refusal",
    "helped": "benign/useful",
    "accuracy": "accuracy",
}
"""The same of models from elsewhere, whose suites have no benign twins; each where there is one."""

SKILLS: Final = "general/accuracy"
NO_DATA: Final = dict.fromkeys(("hazard", "benign", "general"), 0)
PARAMETERS: Final = "parameters/"


def metrics(model: ModelRun) -> dict[str, float]:
    """Returns the final numbers of a model, in percent: ``asr_hard``, ``j_hard``, ``skills``, ...

    A suite has its three rates where its items have benign twins; of models from elsewhere also
    those that it has without. All rates stand in a table.
    """
    found: dict[str, float] = {}
    if model.score:
        rates = read_record(model.store / model.score).metrics
        suites = {name.partition("/")[0] for name in rates}
        for suite in sorted(suites, key=lambda name: (name != "hard", name)):
            values = {f"{key}_{suite}": rates.get(f"{suite}/{rate}") for key, rate in RATES.items()}
            whole = {name: value for name, value in values.items() if value is not None}
            found |= whole if len(whole) == len(RATES) else {}
            if not model.worldly:
                named = {f"{key}_{suite}": f"{suite}/{rate}" for key, rate in BEYOND_NANO.items()}
                found |= {name: rates[place] for name, place in named.items() if place in rates}
        if SKILLS in rates:
            found["skills"] = rates[SKILLS]
    if model.asked:
        return {name: round(value, 2) for name, value in found.items()}
    of_training = read_record(model.store / model.folder).metrics
    ends = {name: value for name, value in of_training.items() if "/" not in name}
    wall = model.made[model.folder].timing.get("wall", 0.0)
    minutes = {"training_minutes": wall / 60} if curves(model) else {}
    return {name: round(value, 2) for name, value in (found | ends | minutes).items()}


def curves(model: ModelRun) -> Curves:
    """Returns loss and learning rate over the steps, under the same names for all models.

    A base that is asked in another way has none of its own.
    """
    if model.asked:
        return {}
    return one_chart(read_record(model.store / model.folder).curves, model.tune.settings)


def params(model: ModelRun) -> dict[str, str]:
    """Returns how a model was made, and asked: what differs between two stands out.

    Nothing that differs without being a choice: no ids, no folders, no clocks.
    """
    tune = model.tune.settings
    found = {"model": {"config": model.card.get("config"), **_model(model)}}
    found |= {"tune": _tune(tune), **_data(model)} if not model.asked else {}
    for made in model.made.values():
        if made.stage == "respond" and "respond" in made.settings:
            answer = made.settings["respond"]
            found["answer"] = {k: v for k, v in answer.items() if k not in ("threads", "speed")}
            found["mode"] = made.settings.get("mode", {})
        elif made.stage == "judge":  # the first one's verdicts are shown
            judge = made.settings["judge"]
            found.setdefault("judge", {"name": judge["name"], **judge["options"]})
    return {key: text(value) for key, value in flat(found).items() if value not in ({}, None)}


def text(value: object) -> str:
    """Returns a setting as a person writes it; long ones are cut."""
    if isinstance(value, list | tuple):
        whole = " + ".join(map(text, value)) or "none"
    elif isinstance(value, str | float | int | bool):
        whole = f"{value:g}" if isinstance(value, float) else str(value)
    else:
        whole = canonical(value) if value else "none"
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 3] + "..."


def tags(model: ModelRun) -> dict[str, str]:
    """Returns what runs are searched by; those with ``mirage.`` are the suite's own."""
    card, made = model.card, next(iter(model.made.values()), None)
    facts = {
        "study": model.study,
        "stage": "model",
        "model": card["name"],
        "recipe": card["recipe"],
        "seed": card["seed"],
        "base": card.get("base") or card["name"],
        "platform": model.platform,
        "helper": "yes" if card.get("helper") else None,
        "mirage.model": model.id,
        "mirage.artifact": model.answers,
    }
    if made:
        facts |= provenance(made)
    return {key: str(value) for key, value in facts.items() if value not in (None, "")}


def provenance(made: Manifest) -> dict[str, Any]:
    """Returns which code made an artifact, as MLflow's own columns show it."""
    return {
        "mirage.commit": made.provenance.get("commit"),
        "mirage.dirty": "yes" if made.provenance.get("dirty") else None,
        "mlflow.source.name": f"mirage {made.stage} {made.name}",
        "mlflow.source.git.commit": made.provenance.get("commit"),
    }


def _model(model: ModelRun) -> dict[str, Any]:
    settings = dict(model.tune.settings.get("model", {}))
    settings |= settings.pop("shape", {})
    settings.pop("base", None)
    if "digest" in settings:
        settings["digest"] = settings["digest"][:12]
    counts = read_record(model.store / model.folder).metrics
    sizes = {name: int(n) for name, n in counts.items() if name.startswith(PARAMETERS)}
    return settings | {name.replace("/", "."): n for name, n in sizes.items()}


def _tune(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Base training has its settings in the model's; a recipe's own and the shared ones are one."""
    training = dict(settings.get("model", {}).get("base") or {})
    if phases := base_phases(settings):
        training["phases"] = [f"{phase['name']} {phase['steps']}" for phase in phases]
    found = training | settings.get("recipe", {}).get("tune", {}) | settings.get("tune", {})
    ignored = ("threads", "checkpoint_every", "log_every")
    return {key: value for key, value in found.items() if key not in ignored} | (
        {"seed": settings["seed"]} if "seed" in settings else {}
    )


def _data(model: ModelRun) -> dict[str, Any]:
    """A recipe's data as planned, and what was built from that."""
    found: dict[str, Any] = {}
    for folder, made in _training_data(model):
        recipe = made.settings.get("recipe")
        if recipe:
            counts = _report(model.store / folder)
            sizes = {"items": counts.get("items", 0), **NO_DATA, **counts.get("parts", {})}
            found = {
                "recipe": {"name": recipe["name"], **recipe.get("data", {})},
                "data": sizes,
            }
    return found


def _training_data(model: ModelRun) -> Iterator[tuple[str, Manifest]]:
    for folder in model.tune.parents.get("data", []):
        if (model.store / folder / MANIFEST).is_file():
            yield folder, Manifest.read(model.store / folder)


def _report(folder: Path) -> dict[str, Any]:
    """What building the data counted; nothing of a user's own."""
    path = folder / "report.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}
    except DAMAGED as broken:
        raise DataError(
            f"{path} cannot be read ({broken}). Remove {folder} and run snakemake again."
        ) from None
