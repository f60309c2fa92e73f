"""``mirage evidence``: commits what models answered, seed by seed, and reports from that alone.

``pack`` writes ``evidence/<study>/s<seed>.tar.xz`` from a store; any machine that has the file
takes these answers instead of training and asking the models again. ``unpack`` judges, scores and
reports the committed seeds alone, without a model, and holds the verdicts against the committed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mirage.cli.evidence_models import (
    PackedModel,
    code_notes,
    differing,
    models_of,
    without_seed,
)
from mirage.cli.hints import example
from mirage.cli.release import plan_of
from mirage.context import ConfigError
from mirage.evidence import ANSWERS, RECORD, VERDICTS, read_header, read_member, write
from mirage.plan.code_version import PACKAGE
from mirage.plan.committed import FOLDER, committed_seeds, evidence_path, origins
from mirage.plan.dag import make_plan
from mirage.plan.frozen_plan import Frozen, freeze, show_reports
from mirage.plan.runtime import run_job
from mirage.plan.state import check_store

STUDY = "confirm"
ROOT = PACKAGE.parent.parent


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    pack = actions.add_parser(
        "pack", help="commit the answers of a study's finished seeds", epilog=example("evidence")
    )
    pack.add_argument("--store", type=Path, default=Path("results"), help="root of artifacts")
    pack.add_argument("--again", action="store_true", help="also seeds that are committed already")
    unpack = actions.add_parser(
        "unpack",
        help="make a report from committed answers alone",
        epilog="example: mirage evidence unpack --study confirm --out rebuilt/",
    )
    unpack.add_argument("--out", type=Path, required=True, help="store to make or go on with")
    unpack.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="default: all")
    for action in (pack, unpack):
        action.add_argument("--study", default=STUDY, help=f"default: {STUDY}")
        action.add_argument(
            "--into" if action is pack else "--from",
            dest="home",
            type=Path,
            help=f"folder that holds {FOLDER}/ (default: this checkout)",
        )


def run(options: argparse.Namespace) -> int:
    """Packs or unpacks; see ``pack`` and ``unpack``."""
    home = options.home or ROOT
    if options.action == "unpack":
        return unpack(options.study, home, options.out, options.seeds)
    check_store(options.store)
    return pack(plan_of(options.store, options.study), options.store, home, options.again)


def pack(plan: Frozen, store: Path, home: Path, again: bool = False) -> int:
    """Writes the evidence of every seed all of whose models have answered and are judged.

    Args:
        plan: The study as it was planned last.
        store: Where its artifacts lie.
        home: Folder that holds ``evidence/``.
        again: Whether a file that exists is written anew, with today's verdicts; committed evidence
            is final otherwise.

    Returns:
        1 if a seed is not whole yet.

    Raises:
        ConfigError: The plan is not the study as its file says, has fewer suites than committed
            evidence that it was made from, or asks harmful data.
    """
    models = models_of(plan)
    if marked := sorted({name for each in models for name in each.harmful}):
        raise ConfigError(
            f"{plan.study} asks data that are marked as harmful ({', '.join(marked)}): answers to "
            "them stay in the store and are not packed for the repository. Its rates are in the "
            f"report: {store / plan.reports[0]}"
        )
    seeds = sorted({each.card.seed for each in models})
    known = {*seeds, *committed_seeds(home, plan.study)}
    written = _as_written(plan.study, sorted(known), store, plan.extra)
    if other := differing(models, [each for each in written if each.card.seed in seeds]):
        raise ConfigError(
            f"The last plan of {plan.study} in {store} has {other} than its study file says, and "
            "is not packed. Run the study as it is written, then pack again: snakemake --config "
            f"study={plan.study} seeds=[{','.join(map(str, seeds))}]"
        )
    waiting = 0
    for seed in seeds:
        path = evidence_path(home, plan.study, seed)
        if path.is_file() and not again:
            print(f"s{seed}: is in {path} already")
            continue
        own = [each for each in models if each.card.seed == seed]
        if missing := [str(each.card) for each in own if not each.whole(store)]:
            waiting += 1
            print(f"s{seed}: not whole yet, {', '.join(missing[:3])} of {len(own)} models lack")
            continue
        size = write(path, _header(plan.study, seed, store, own), _members(store, own))
        print(f"s{seed}: {path}, {len(own)} models, {size / 2**20:.1f} MiB")
    _tell_code(plan.study, home, committed_seeds(home, plan.study), written)
    return 1 if waiting else 0


def _as_written(study: str, seeds: Sequence[int], store: Path, extra: str) -> list[PackedModel]:
    """The models of a study as its file and today's code have them, evidence left aside."""
    config = {"study": study, "seeds": list(seeds), "store": str(store.resolve())}
    config |= {"extra": extra} if extra else {}
    return models_of(make_plan(config | {"hydra": "study.evidence=false"})[0])


def _header(study: str, seed: int, store: Path, models: Sequence[PackedModel]) -> dict[str, Any]:
    return {
        "study": study,
        "seed": seed,
        "bases": {each.card.config: each.base for each in models if each.card.is_base},
        "suites": {name: digest for each in models for name, digest in each.built(store).items()},
        "models": {each.card.name: each.about(store) for each in models},
    }


def _tell_code(
    study: str, home: Path, seeds: Sequence[int], written: Sequence[PackedModel]
) -> None:
    """Prints which of some committed seeds other code made than the present, or than the others."""
    made = {}
    for seed in seeds:
        path = evidence_path(home, study, seed)
        _, codes = origins(path, read_header(path))
        made[seed] = {without_seed(name): code for name, code in codes.items()}
    present = {without_seed(each.card.name): each.code for each in written}
    for line in code_notes(made, present):
        print(line)


def _members(store: Path, models: Sequence[PackedModel]) -> dict[str, bytes]:
    """Files of all models, of one kind after the other: alike ones compress best as neighbours."""
    files = ((ANSWERS, "answered"), (VERDICTS, "judged"), (RECORD, "tuned"))
    return {
        f"{each.card.name}/{name}": (store / getattr(each, job).folder / name).read_bytes()
        for name, job in files
        for each in models
    }


def unpack(study: str, home: Path, out: Path, only: Sequence[int] | None = None) -> int:
    """Makes a study's report from its committed seeds.

    Args:
        study: Its name.
        home: Folder that holds ``evidence/``.
        out: Store to make or go on with.
        only: Some of the committed seeds; all if None.

    Returns:
        1 if a verdict is not the committed one, or the committed answers are of another experiment
        than the study now is.

    Raises:
        ConfigError: Nothing is committed, or not all of these seeds are.
    """
    committed = committed_seeds(home, study)
    seeds = sorted({*only}) if only else committed
    if not seeds or not {*seeds} <= {*committed}:
        which = f" of seeds {sorted({*seeds} - {*committed})}" if seeds else ""
        raise ConfigError(
            f"{home / FOLDER / study} holds no evidence{which}. Commit some with: mirage evidence "
            "pack"
        )
    extra = "" if home.resolve() == ROOT else str(home)
    config: dict[str, Any] = {"study": study, "seeds": seeds, "store": str(out.resolve())}
    config |= {"extra": extra} if extra else {}
    plan, versions = make_plan(config)
    if plan.lacking:
        print("\n".join(plan.anew))
        print(
            "The study changed since its evidence was committed. Take the commit that made it, or "
            f"make these seeds with: snakemake --config study={study}"
        )
        return 1
    _tell_code(study, home, seeds, _as_written(study, seeds, out, extra))
    freeze(plan, lambda job: versions.of(job.stage, job.entries).sources)
    for job in plan.jobs.values():
        run_job(job.stage, out / job.folder)
    print("\n".join(show_reports(plan)))
    changed = _changed(plan, out)
    for name, ids in changed.items():
        print(f"{name}: {len(ids)} verdicts are not the committed ones, {ids[0]} among them")
    return 1 if changed else 0


def _changed(plan: Frozen, store: Path) -> Mapping[str, list[str]]:
    """Model -> ids whose verdict is another one than was committed with the answers."""
    changed = {}
    (report,) = [plan.jobs[folder] for folder in plan.reports]
    for job in [plan.jobs[folder] for folder in report.parents["verdicts"]]:
        answered = plan.jobs[job.parents["responses"][0]]
        (path,) = answered.external.values()
        then = _by_id(read_member(Path(path), f"{answered.name}/{VERDICTS}"))
        now = _by_id((store / job.folder / VERDICTS).read_bytes())
        # Evidence may hold answers to suites that are not asked any more, as gates of bases.
        asked = _by_id((store / answered.folder / ANSWERS).read_bytes())
        if ids := sorted(each for each in asked if now.get(each) != then.get(each)):
            changed[answered.name] = ids
    return changed


def _by_id(rows: bytes) -> dict[str, bytes]:
    return {json.loads(line)["id"]: line for line in rows.splitlines()}
