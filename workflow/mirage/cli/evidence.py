"""``mirage evidence``: commits what models answered, seed by seed, and reports from that alone.

``pack`` writes ``evidence/<study>/s<seed>.tar.xz`` from a store; any machine that has the file
takes these answers instead of training and asking the models again. ``unpack`` judges, scores and
reports the committed seeds alone, without a model, and holds the verdicts against the committed.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mirage.cli.cells import base_of
from mirage.cli.release import plan_of
from mirage.context import ConfigError
from mirage.evidence import ANSWERS, RECORD, VERDICTS, read_member, write
from mirage.model_card import ModelCard
from mirage.plan.artifact import Manifest
from mirage.plan.code_version import PACKAGE
from mirage.plan.committed import FOLDER, evidence_path
from mirage.plan.dag import make_plan
from mirage.plan.frozen_plan import Frozen, freeze, show_reports
from mirage.plan.job import Job
from mirage.plan.runtime import run_job
from mirage.plan.state import check_store, finished

STUDY = "confirm"
ROOT = PACKAGE.parent.parent


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="action")
    pack = actions.add_parser("pack", help="commit the answers of a study's finished seeds")
    pack.add_argument("--store", type=Path, default=Path("results"), help="root of artifacts")
    pack.add_argument("--again", action="store_true", help="also seeds that are committed already")
    unpack = actions.add_parser("unpack", help="make a report from committed answers alone")
    unpack.add_argument("--out", type=Path, required=True, help="store to make or go on with")
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
        return unpack(options.study, home, options.out)
    check_store(options.store)
    return pack(plan_of(options.store, options.study), options.store, home, options.again)


def pack(plan: Frozen, store: Path, home: Path, again: bool = False) -> int:
    """Writes the evidence of every seed all of whose models have answered and are judged.

    Args:
        plan: The study as it was planned last.
        store: Where its artifacts lie.
        home: Folder that holds ``evidence/``.
        again: Whether a file that exists is written anew; committed evidence is final otherwise.

    Returns:
        1 if a seed is not whole yet.
    """
    (report,) = [plan.jobs[folder] for folder in plan.reports]
    cards = [ModelCard.from_json(card) for card in report.settings["models"]]
    waiting = 0
    for seed in sorted({card.seed for card in cards}):
        path = evidence_path(home, plan.study, seed)
        if path.is_file() and not again:
            print(f"s{seed}: is in {path} already")
            continue
        models = [_Model(plan, store, report, at) for at, c in enumerate(cards) if c.seed == seed]
        if missing := [str(each.card) for each in models if not each.whole]:
            waiting += 1
            print(f"s{seed}: not whole yet, {', '.join(missing[:3])} of {len(models)} models lack")
            continue
        size = write(path, _header(plan.study, seed, models), _members(models))
        print(f"s{seed}: {path}, {len(models)} models, {size / 2**20:.1f} MiB")
    return 1 if waiting else 0


class _Model:
    """A model of a study with the three jobs that its evidence comes from."""

    def __init__(self, plan: Frozen, store: Path, report: Job, at: int) -> None:
        self.card, self.store = ModelCard.from_json(report.settings["models"][at]), store
        self.tuned, self.answered, self.judged = (
            plan.jobs[report.parents[role][at]] for role in ("models", "responses", "verdicts")
        )
        self.key = plan.experiments[self.card.name]

    @property
    def whole(self) -> bool:
        """Whether all three are finished."""
        jobs = (self.tuned, self.answered, self.judged)
        return all(finished(self.store / job.folder, job) for job in jobs)

    def suites(self) -> dict[str, str]:
        """Name -> digest of the payload of every suite that it answered."""
        folders = [self.store / folder for folder in self.answered.parents["suites"]]
        digests = [Manifest.read(folder).payload for folder in folders]
        return dict(zip(self.answered.settings["suites"], digests, strict=True))

    def about(self) -> dict[str, Any]:
        """What the header says of it."""
        made = Manifest.read(self.store / self.tuned.folder)
        answers = self.answered
        return {
            "key": self.key,
            "suites": answers.settings["suites"],
            "platform": [_platform(self.tuned), _platform(answers)],
            "run": answers.settings.get("run", answers.id),
            "base": base_of(self.store, made),
            "commit": made.provenance.get("commit"),
        }


def _platform(job: Job) -> str | None:
    return job.platform or job.settings.get("platform")


def _header(study: str, seed: int, models: list[_Model]) -> dict[str, Any]:
    return {
        "study": study,
        "seed": seed,
        "suites": {name: digest for each in models for name, digest in each.suites().items()},
        "models": {each.card.name: each.about() for each in models},
    }


def _members(models: list[_Model]) -> dict[str, bytes]:
    """Files of all models, of one kind after the other: alike ones compress best as neighbours."""
    files = ((ANSWERS, "answered"), (VERDICTS, "judged"), (RECORD, "tuned"))
    return {
        f"{each.card.name}/{name}": (each.store / getattr(each, job).folder / name).read_bytes()
        for name, job in files
        for each in models
    }


def unpack(study: str, home: Path, out: Path) -> int:
    """Makes a study's report from its committed seeds.

    Returns:
        1 if a verdict is not the committed one, or the committed answers are of another experiment
        than the study now is.

    Raises:
        ConfigError: Nothing is committed.
    """
    seeds = sorted(int(path.name[1:].split(".")[0]) for path in home.glob(f"{FOLDER}/{study}/s*"))
    if not seeds:
        raise ConfigError(
            f"{home / FOLDER / study} holds no evidence. Commit some with: mirage evidence pack"
        )
    config: dict[str, Any] = {"study": study, "seeds": seeds, "store": str(out.resolve())}
    config |= {} if home.resolve() == ROOT else {"extra": str(home)}
    plan, versions = make_plan(config)
    if other := [job.name for job in plan.jobs.values() if job.platform]:
        print(
            f"{len(dict.fromkeys(other))} models are not committed as the study {study} now is, "
            f"{other[0]} among them: its settings changed since, or it has further suites. Take "
            "the commit that made the evidence, or make them with: "
            f"snakemake --config study={study}"
        )
        return 1
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
        then = read_member(Path(path), f"{answered.name}/{VERDICTS}").splitlines()
        now = (store / job.folder / VERDICTS).read_bytes().splitlines()
        if lines := set(now) ^ set(then):
            ids = sorted({line.partition(b'"id": "')[2].partition(b'"')[0] for line in lines})
            changed[answered.name] = [each.decode("utf-8", "replace") for each in ids]
    return changed
