"""Models whose answers are committed: the jobs that lay them out, and when they may be used.

Answers are used if the very experiment was asked for: the same data, recipe, base and respond
settings; those of a seed all or none, so that no table mixes two bases of one seed. The code's
version and the machine do not count, as they do not for a released base: what was answered stays
answered, and is judged and scored here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.evidence import Evidence, read_header
from mirage.files import canonical, sha256
from mirage.model_card import ModelCard
from mirage.plan.builder import Builder, Parents, Settings
from mirage.plan.external import external_digest
from mirage.plan.released import ReleasedBase
from mirage.plan.schema.site import Resources
from mirage.plan.schema.study import Study
from mirage.plan.study.compose import Conf
from mirage.plan.study.problems import Problem

FOLDER: Final = "evidence"
OTHER_BASE: Final = (
    "Take the commit that holds both, or make the seed anew with: --config "
    'hydra="study.evidence=false"'
)
NEEDS: Final = Resources(memory_mb=2000, minutes=0.1)


def evidence_path(root: Path, study: str, seed: int) -> Path:
    """Returns where the evidence of a study and seed lies below a checkout or a user's folder."""
    return root / FOLDER / study / f"s{seed}.tar.xz"


def committed_seeds(root: Path, study: str) -> list[int]:
    """Returns the seeds of a study whose evidence lies below a checkout or a user's folder."""
    return sorted(int(path.name[1:].split(".")[0]) for path in root.glob(f"{FOLDER}/{study}/s*"))


def origins(
    path: Path, header: Mapping[str, Any]
) -> tuple[dict[str, str | None], dict[str, list[str]]]:
    """Returns what the models of a file were made from: not read where answers are laid out.

    Args:
        path: Of the file, for the error.
        header: The file's header.

    Returns:
        Model's option -> digest of its released base, None of one that the run trained; model ->
        versions of the code of tune and respond.

    Raises:
        DataError: The header does not say.
    """
    try:
        codes = {name: list(map(str, about["code"])) for name, about in header["models"].items()}
        return dict(header["bases"]), codes
    except (LookupError, TypeError, ValueError) as wrong:
        raise DataError(
            f"{path} does not say its bases and code ({wrong!r}). Get it again: git checkout {path}"
        ) from None


def find_evidence(
    conf: Conf, study: Study, released: Mapping[tuple[str, int], ReleasedBase]
) -> tuple[dict[int, Evidence], list[Problem]]:
    """Finds the committed evidence that a study uses.

    Args:
        conf: Its checkout and the user's folder are looked through.
        study: The study.
        released: (model, seed) -> released base.

    Returns:
        Seed -> evidence, and the problems of files that are broken or of other bases than those
        the study imports.
    """
    found, problems = {}, []
    for seed in study.seeds if study.evidence else []:
        paths = [evidence_path(home, study.name, seed) for home in conf.homes]
        path = next((each for each in paths if each.is_file()), None)
        if path is None:
            continue
        try:
            digest = external_digest([path], f"mirage evidence unpack --study {study.name}")
            header = read_header(path)
            found[seed], then = Evidence(path, digest, header), origins(path, header)[0]
        except (ConfigError, DataError) as wrong:
            problems.append(Problem(str(path), "", str(wrong)))
            continue
        for model, base in then.items():
            known = released.get((model, seed))
            if known and known.digest != base and study.bases != "scratch":
                text = f"it was made from another base than {known.path}. {OTHER_BASE}"
                problems.append(Problem(str(path), "", text))
    return found, problems


def experiment_key(*parts: Any) -> str:
    """Returns the identity of an experiment: all settings that decide what a model answers."""
    return sha256(canonical(parts).encode())


def usable(
    evidence: Evidence | None, card: ModelCard, key: str, suites: Sequence[str]
) -> Evidence | None:
    """Returns the evidence if it has a model's answers to some suites, of this experiment."""
    about = evidence.model(card.name) if evidence else None
    if about is None or about["key"] != key or not set(suites) <= set(about["suites"]):
        return None
    return evidence


def add_record(
    builder: Builder, card: ModelCard, evidence: Evidence, settings: Settings, data: Sequence[str]
) -> str:
    """Adds the job that lays out the record of a model's training; there are no weights."""
    about = evidence.header["models"][card.name]
    return builder.add(
        stage="tune",
        kind="record",
        name=card.name,
        settings={
            **settings,
            "evidence": evidence.digest,
            "platform": about["platform"][0],
            "base": about.get("base"),
            "seed": card.seed,
        },
        parents={"data": list(data)} if data else {},
        resources=NEEDS,
        external={evidence.digest: str(evidence.path)},
        computes=False,
    )


def add_answers(builder: Builder, card: ModelCard, evidence: Evidence, parents: Parents) -> str:
    """Adds the job that lays out a model's answers.

    Args:
        builder: Takes the job.
        card: The model.
        evidence: Where they lie.
        parents: ``model``, ``suites`` and ``images``, as of the job that would ask it.
    """
    about = evidence.header["models"][card.name]
    asked = [builder.jobs[folder].settings["suite"]["name"] for folder in parents["suites"]]
    return builder.add(
        stage="respond",
        kind="committed",
        name=card.name,
        settings={
            "evidence": evidence.digest,
            "suites": asked,
            "platform": about["platform"][1],
            "run": about["run"],
        },
        parents=parents,
        resources=NEEDS,
        external={evidence.digest: str(evidence.path)},
        computes=False,
    )
