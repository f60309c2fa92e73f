"""``mirage release``: commits the bases that a study trained, as model folders that others import.

Written to ``bases/<model>/s<seed>/``, weights in half the bytes and what they were made by. A base
that fails a gate is refused: every study would start from it. Seeds can be released one by one;
what is there already stays as it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import canonical, file_sha256, sha256
from mirage.model_card import ModelCard
from mirage.plan.artifact import Manifest
from mirage.plan.frozen_plan import Frozen, load
from mirage.plan.plan_files import plans
from mirage.plan.released import PROVENANCE, decisive, seed_folder
from mirage.plan.state import check_store, finished
from mirage.plan.study.problems import hint
from mirage.score.csv_rows import from_csv
from mirage.score.gates import GateResult

STUDY = "bases_from_scratch"
POINTS = 10
"""Of each phase's curve, evenly spread, the last among them."""


@dataclass(frozen=True)
class TrainedBase:
    """A base of a study that is finished and whose gates were read."""

    card: ModelCard
    folder: Path
    made: Manifest
    data: Manifest
    gates: list[GateResult]

    @property
    def failed(self) -> list[str]:
        """The gates that it does not pass, by their ids."""
        return [gate.gate for gate in self.gates if gate.passed != "yes"]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("--study", default=STUDY, help=f"a study in the store (default: {STUDY})")
    parser.add_argument("--store", type=Path, default=Path("results"), help="root of artifacts")
    parser.add_argument(
        "--into", type=Path, default=Path(), help="folder that holds bases/ (default: here)"
    )
    parser.add_argument(
        "--with-failed-gates", action="store_true", help="also bases that fail one, marked so"
    )
    parser.add_argument(
        "--again", action="store_true", help="also those that are released, in place of them"
    )


def run(options: argparse.Namespace) -> int:
    """Writes the released folder of every base that the study has trained.

    Returns:
        1 if one was refused or is not finished; those that are finished are written all the same.

    Raises:
        ConfigError: The store has no such study, or the study trained none.
    """
    check_store(options.store)
    plan = plan_of(options.store, options.study)
    waiting: list[str] = []
    bases = list(trained(plan, options.store, waiting))
    if not bases and not waiting:
        raise ConfigError(
            f"The study {options.study} trained no base. Train them with: "
            f"snakemake --config study={STUDY}"
        )
    for line in waiting:
        print(line)
    refused = 0
    for base in bases:
        place = seed_folder(options.into, base.card.config, base.card.seed)
        if (place / PROVENANCE).is_file() and not options.again:
            print(f"{base.card}: is in {place} already")
            continue
        if base.failed and not options.with_failed_gates:
            refused += 1
            print(f"{base.card}: refused, it fails {', '.join(base.failed)}")
            continue
        size = release(base, place)
        marked = f", fails {', '.join(base.failed)}" if base.failed else ""
        print(f"{base.card}: {place}, {size / 2**20:.1f} MiB{marked}")
    if refused:
        print("Release those that fail, marked so, with: --with-failed-gates")
    return 1 if refused or waiting else 0


def plan_of(store: Path, study: str) -> Frozen:
    """Returns the plan of a study that was written or used last.

    Raises:
        ConfigError: The store has none.
    """
    there = []
    for path in reversed(plans(store)):
        if (plan := load(path)).study == study:
            return plan
        there.append(plan.study)
    has = ", ".join(dict.fromkeys(there)) or "none"
    raise ConfigError(
        f"{store} has no study {study}{hint(study, there)} It has: {has}. To run it: "
        f"snakemake --config study={study}"
    )


def trained(plan: Frozen, store: Path, waiting: list[str]) -> Iterator[TrainedBase]:
    """Yields the bases that a plan trains, as far as they and their gates are finished.

    Args:
        plan: The plan.
        store: Where its artifacts lie.
        waiting: Gets a line for each that is not.
    """
    (report,) = [plan.jobs[folder] for folder in plan.reports]
    cards = {card.name: card for card in map(ModelCard.from_json, report.settings["models"])}
    scores = {
        job.settings["card"]["name"]: job
        for job in plan.jobs.values()
        if (job.stage, job.kind) == ("score", "model")
    }
    for job in plan.bases("scratch"):
        card, needed = cards[job.name], [job, scores[job.name]]
        if not card.is_base:  # its training was mixed with a recipe's items
            continue
        if not all(finished(store / each.folder, each) for each in needed):
            waiting.append(f"{card}: not finished yet")
            continue
        rows = from_csv(store / needed[1].folder / "gates.csv", GateResult)
        made = Manifest.read(store / job.folder)
        data = Manifest.read(store / job.parents["data"][0])
        yield TrainedBase(card, store / job.folder, made, data, rows)


def release(base: TrainedBase, place: Path) -> int:
    """Writes one released folder in place of what was there; equal bases give equal bytes.

    Returns:
        Its bytes.

    Raises:
        DataError: Its weights were not rounded when it was trained.
    """
    from mirage.tune.imported import model_files
    from mirage.tune.model_folder import release_weights

    if base.made.spent:
        raise DataError(f"{base.folder}: the weights are spent (mirage gc --weights).")
    work = place.with_name(f".{place.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        for path in model_files(base.folder):
            copy = release_weights if path.suffix == ".safetensors" else shutil.copyfile
            copy(path, work / path.name)
        files = {path.name: file_sha256(path) for path in model_files(work)}
        text = json.dumps(provenance(base, files), indent=1, sort_keys=True) + "\n"
        (work / PROVENANCE).write_text(text, encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        work.rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return sum(path.stat().st_size for path in place.iterdir())


def provenance(base: TrainedBase, files: dict[str, str]) -> dict[str, Any]:
    """Returns what ``provenance.json`` says: what a base is, was made by, and passes."""
    made, data = base.made, base.data
    settings = decisive(
        made.settings["model"],
        data.settings.get("answers", "plain"),
        data.settings["build"],
        data.settings["world"],
    )
    return {
        "model": base.card.config,
        "seed": base.card.seed,
        "digest": sha256(canonical(sorted(map(list, files.items()))).encode()),
        "files": files,
        "settings": settings,
        "threads": made.settings["threads"],
        "data": made.parent_payloads,
        "code": {"base": made.code, "data": data.code},
        "commit": made.provenance.get("commit"),
        "dirty": made.provenance.get("dirty"),
        "platform": made.platform,
        "packages": made.packages,
        "versions": made.provenance.get("versions"),
        "training": _curve(base.folder),
        "wall_seconds": round(made.timing.get("wall", 0.0)),
        "passed": not base.failed,
        "gates": {
            gate.gate: {"value": gate.value, "n": gate.n, "passed": gate.passed}
            for gate in base.gates
        },
    }


def _curve(folder: Path) -> dict[str, list[list[float]]]:
    """Phase -> a few (step, loss) pairs of its curve."""
    phases: dict[str, list[list[float]]] = {}
    path = folder / "curve.jsonl"
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            phases.setdefault(row["phase"], []).append([row["step"], round(row["loss"], 4)])
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise DataError(f"{path} cannot be read ({broken}). See: mirage verify") from None
    return {
        phase: [pairs[len(pairs) * (i + 1) // POINTS - 1] for i in range(POINTS)]
        if len(pairs) > POINTS
        else pairs
        for phase, pairs in phases.items()
    }
