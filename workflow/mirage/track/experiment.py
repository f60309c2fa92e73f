"""The experiment that holds all runs: how its pages open, and what becomes of an earlier layout."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from mirage.mlflow_address import TRAINING
from mirage.track.family import LAYOUT

OURS: Final = "mirage.layout"
KIND: Final = "mlflow.experimentKind"
"""Without it MLflow's pages may take an experiment for one of language model applications."""

ALL: Final = "models"
"""View of all models of all studies."""

VIEW: Final = "mlflow.sharedViewState."
"""Tag under which MLflow's pages keep a view that a link names."""

METRICS: Final = ("j_hard", "asr_hard", "over_refusal_hard", "skills")
COLUMNS: Final = tuple(f"tags.`{name}`" for name in ("recipe", "seed", "base", "platform"))
FIRST: Final = "j_hard"
ABOUT: Final = (
    "A run per study, below it a run per model. What a number means, and what not, each report "
    "says on its first page."
)


def open_experiment(client: Any, name: str, place: str | None, *, reading: bool) -> str:
    """Returns the id of the experiment; makes it where it does not exist.

    An experiment of the layout before this one, a flat run per artifact, gets another name and
    keeps all its runs; what the store holds is then brought anew.

    Args:
        client: MLflow's.
        name: The experiment.
        place: Where its files go; None for MLflow's own choice.
        reading: Leave one that exists as it is.
    """
    found = client.get_experiment_by_name(name)
    if found and reading:
        return str(found.experiment_id)
    if found and found.tags.get(OURS) != LAYOUT:
        flat = client.search_runs([found.experiment_id], "tags.`mirage.stage` LIKE '%'", 1, 1)
        if flat:
            client.rename_experiment(found.experiment_id, f"{name}, flat ({found.experiment_id})")
            found = None
    if found and found.tags.get(OURS) == LAYOUT:
        return str(found.experiment_id)
    made = str(
        found.experiment_id if found else client.create_experiment(name, artifact_location=place)
    )
    for key, value in {
        KIND: "custom_model_development",
        "mlflow.note.content": ABOUT,
        "mlflow.experiment.primaryMetric.name": "j_hard",
        **view(ALL, "tags.stage = 'model'"),
        OURS: LAYOUT,
    }.items():
        client.set_experiment_tag(made, key, value)
    return made


def view(name: str, search: str, metrics: Sequence[str] = METRICS) -> dict[str, str]:
    """Returns the tag that keeps a view of some runs, the highest J, or last metric, first.

    Args:
        name: How links call it: letters and digits.
        search: Which runs, in MLflow's words.
        metrics: Which ones it shows.
    """
    first = FIRST if FIRST in metrics else metrics[-1]
    state = {
        "searchFilter": search,
        "orderByKey": f"metrics.`{first}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "selectedColumns": [*(f"metrics.`{each}`" for each in metrics), *COLUMNS],
    }
    return {VIEW + name: json.dumps(state)}


def home(experiment: str) -> str:
    """Returns the page of an experiment, as notes link it."""
    return f"#/experiments/{experiment}"


def run_page(home: str, run: str, file: str = "") -> str:
    """Returns the page of a run, or of one of its files.

    Args:
        home: Page of the experiment.
        run: Id of the run.
        file: Path among its files.
    """
    return f"{home}/runs/{run}{f'/artifacts/{file}' if file else ''}?{TRAINING}"


def view_page(experiment: str, name: str) -> str:
    """Returns the page that shows a kept view."""
    return f"{home(experiment)}/runs?{TRAINING}&viewStateShareKey={name}"
