"""From ``--config`` to a validated, typed plan; every problem is found before anything runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.evidence import Evidence
from mirage.files import canonical
from mirage.model_card import BASE
from mirage.plan.absent import AbsentError
from mirage.plan.checked_data import how_of, recall
from mirage.plan.code_version import EXTRA
from mirage.plan.committed import find_evidence
from mirage.plan.rehearsal import Rehearsal, typical
from mirage.plan.released import ReleasedBase, not_released, released_bases
from mirage.plan.schema.build import Build
from mirage.plan.schema.judge import Judge
from mirage.plan.schema.model import Model
from mirage.plan.schema.recipe import Recipe
from mirage.plan.schema.report import Report
from mirage.plan.schema.respond import Respond
from mirage.plan.schema.score import Score
from mirage.plan.schema.study import Study
from mirage.plan.schema.suite import Suite
from mirage.plan.schema.track import Track
from mirage.plan.schema.tune import Tune
from mirage.plan.schema.world import World
from mirage.plan.study import axes
from mirage.plan.study.claims import Ledger, changed_settings, read_ledger
from mirage.plan.study.compose import (
    LIST_GROUPS,
    SINGLE_GROUPS,
    Conf,
    Override,
    Request,
    blamed,
    compose_all,
)
from mirage.plan.study.confirmatory import not_on_purpose
from mirage.plan.study.exhibits import Exhibits, read_exhibits
from mirage.plan.study.imports import located, name_folders
from mirage.plan.study.options import Options, parse, read_options
from mirage.plan.study.problems import PlanError, Problem, hint
from mirage.plan.study.validate import Block, check
from mirage.plan.study.variants import Recipes, list_problems, recipe_problems, variants


@dataclass(frozen=True)
class Resolved:
    """Everything a study says, validated and typed.

    Attributes:
        ledger: Claims and published contrasts, where the study shows them.
        exhibits: Id in the study's ``tables`` -> its tables and figures.
        own_data: Path of a user's data, as the settings have it, and which of their rows are
            wanted, as canonical JSON -> their digest.
        released: (model, seed) -> released base, of those the study imports instead of training
            them, or compares its own with.
        evidence: Seed -> committed answers of the study's models.
        store: Where artifacts go, relative to the working directory or absolute.
        extra: A user's folder (``--config extra=...``), absolute; None for none.
    """

    study: Study
    world: World
    build: Build
    respond: Respond
    score: Score
    report: Report
    track: Track
    models: tuple[Model, ...]
    recipes: tuple[Recipes, ...]
    suites: tuple[Suite, ...]
    judges: tuple[Judge, ...]
    ledger: Ledger
    store: str
    extra: Path | None = None
    exhibits: Exhibits = field(default_factory=dict)
    own_data: Mapping[tuple[str, str], str] = field(default_factory=dict)
    released: Mapping[tuple[str, int], ReleasedBase] = field(default_factory=dict)
    evidence: Mapping[int, Evidence] = field(default_factory=dict)


def resolve(
    config: Mapping[str, Any],
    conf: Conf | None = None,
    problems: Sequence[Problem] = (),
    rehearsal: Rehearsal | None = None,
) -> Resolved:
    """Composes and validates a study.

    Args:
        config: What stands behind ``--config``, as YAML gave it.
        conf: The folder of configurations.
        problems: What is wrong elsewhere; told with the rest.
        rehearsal: Takes weights and data that are not here, which are errors without it.

    Raises:
        PlanError: Any problem; the text lists all that could be found in one go.
    """
    options, wrong = read_options(config)
    problems = [*problems, *wrong]
    conf = replace(conf or Conf(), extra=extra_folder(options))
    problems += conf.extra_problems()
    names, imported = name_folders(conf, options.study.get("models", []))
    if imported:
        options.study["models"], conf = names, replace(conf, imported=imported)
    name = options.choices.get("study", conf.defaults.get("study", ""))
    where = "--config" if "study" in options.choices else f"{conf.root.name}/config.yaml"
    problems += conf.missing("study", name, where, "study")
    changed = changed_settings(options, conf.defaults)
    typed = [Override(text, "--config hydra") for text in options.overrides]
    of_study = [each for each in typed if each.key.startswith("study.")]
    study, plain, wrong = _study(conf, name, options, of_study)
    shown = read_exhibits(conf.reports, conf.extra)
    problems += wrong + shown.problems
    problems += _study_problems(conf, name, plain, options, shown.exhibits)
    own = [Override(text, conf.file("study", name)) for text in _texts(plain.get("overrides"))]
    deeper, choices, wrong = _choices([*own, *(each for each in typed if each not in of_study)])
    problems += wrong
    choices |= {group: (option, "--config") for group, option in options.choices.items()}
    file = f"{conf.root.name}/config.yaml"
    single = {}
    for group in SINGLE_GROUPS:
        single[group], where = choices.get(group, (conf.defaults.get(group, ""), file))
        problems += conf.missing(group, single[group], where, group)
    many = {group: _wanted(conf, group, plain) for group in LIST_GROUPS}
    # A study's overrides may be about recipes that the command line has left out.
    spare = own if options.study else []
    request = Request(single, many, deeper, spare, apart=_texts(plain.get("helpers")))
    tree, wrong = compose_all(conf, request)
    problems += wrong
    tree["models"] = {**tree.get("models", {}), **imported}
    store = options.store if options.store is not None else conf.main.get("store") or "results"
    chosen = bool({"models", "recipes", "suites"} & set(options.study))
    try:
        resolved = _validated(
            conf,
            study,
            tree,
            request,
            str(store),
            chosen,
            options.confirmatory,
            problems,
            rehearsal,
        )
    except PlanError as found:
        overrides = [*own, *typed]
        raise PlanError([blamed(each, overrides, conf) for each in found.problems]) from None
    ledger = resolved.ledger.with_changes(changed, resolved.study.seeds)
    exhibits = {name: shown.exhibits[name] for name in resolved.study.tables}
    return replace(resolved, ledger=ledger, exhibits=exhibits)


def extra_folder(options: Options) -> Path | None:
    """Returns the user's folder: that of the command line, else that of ``MIRAGE_EXTRA``."""
    named = options.extra or Path(os.environ.get(EXTRA, ""))
    return named.expanduser().resolve() if named != Path() else None


def _wanted(conf: Conf, group: str, plain: Mapping[str, Any]) -> list[str]:
    """Names the options of a study; all there are where an unusable study does not say."""
    key = LIST_GROUPS[group]
    names = _texts(plain[key]) if key in plain else conf.options(group)
    return [*names, *(_texts(plain.get("helpers")) if group == "recipe" else [])]


def _texts(value: object) -> list[str]:
    """Returns the texts of a list that is not validated yet."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _study(
    conf: Conf, name: str, options: Options, overrides: Sequence[Override]
) -> tuple[Study | None, dict[str, Any], list[Problem]]:
    tree, problems = compose_all(conf, Request({"study": name}, overrides=overrides))
    plain = dict(tree.get("study", {})) | options.study
    # Without its file a study cannot be validated, but the command line's part of it can be used.
    if "study" not in tree:
        return None, plain, problems
    study, wrong = check(Study, plain, conf.file("study", name), "study", name)
    for problem in wrong:
        given = problem.key.split(".")[1] in options.study
        problems.append(replace(problem, where="--config") if given else problem)
    return study, plain, problems


def _choices(
    overrides: Sequence[Override],
) -> tuple[list[Override], dict[str, tuple[str, str]], list[Problem]]:
    """Parts overrides that choose an option (``build=full``) from those that set a key.

    Returns:
        Those that set a key, group -> (option, where it was chosen), and what cannot be parsed.
    """
    deeper, choices, problems = [], {}, []
    for each in overrides:
        override = parse(each.text)
        if isinstance(override, str):
            problems.append(Problem(each.where, "study.overrides", override + "."))
        elif override.key_or_group in SINGLE_GROUPS:
            choices[override.key_or_group] = str(override.value()), each.where
        else:
            deeper.append(each)
    return deeper, choices, problems


def _study_problems(
    conf: Conf, name: str, plain: Mapping[str, Any], options: Options, exhibits: Exhibits
) -> list[Problem]:
    file = conf.file("study", name)
    groups = {key: group for group, key in LIST_GROUPS.items()} | {"helpers": "recipe"}
    problems = []
    lists = {key: plain.get(key) for key in (*groups, "seeds", "tables")}
    for key, names in lists.items():
        where = "--config" if key in options.study else file
        if not isinstance(names, list):
            continue
        problems += _twice(names, where, f"study.{key}")
        for each in names if key in groups else []:
            problems += conf.missing(groups[key], each, where, f"study.{key}")
        for each in names if key == "tables" else []:
            if each not in exhibits:
                text = f"there is no table {each!r}; there are {', '.join(exhibits)}."
                problems.append(Problem(where, "study.tables", text))
    both = {*_texts(lists["helpers"])} & {*_texts(lists["recipes"])}
    for each in sorted(both):
        problems.append(Problem(file, "study.helpers", f"{each!r} stands in recipes already."))
    return problems + axes.axis_problems(plain.get("axes", {}), plain.get("exclude", []), file)


def _twice(values: Sequence[object], where: str, key: str) -> list[Problem]:
    again = sorted({str(v) for v in values if list(values).count(v) > 1})
    return [Problem(where, key, f"{value!r} stands there twice.") for value in again]


def _validated(
    conf: Conf,
    study: Study | None,
    tree: dict[str, Any],
    request: Request,
    store: str,
    chosen: bool,
    on_purpose: bool,
    problems: list[Problem],
    rehearsal: Rehearsal | None,
) -> Resolved:
    def one(kind: type[Block], group: str) -> Block | None:
        option = request.single[group]
        if group not in tree:
            return None
        block, wrong = check(kind, tree[group], conf.file(group, option), group, None)
        problems.extend(wrong)
        return block

    def several(kind: type[Block], group: str) -> tuple[Block, ...]:
        blocks = []
        for option, plain in tree.get(LIST_GROUPS[group], {}).items():
            block, wrong = check(kind, plain, conf.file(group, option), group, option)
            problems.extend(wrong)
            blocks += [block] if block is not None else []
        return tuple(blocks)

    world, build = one(World, "world"), one(Build, "build")
    respond, score = one(Respond, "respond"), one(Score, "score")
    report, track, tune = one(Report, "report"), one(Track, "track"), one(Tune, "tune")
    models, suites = several(Model, "model"), several(Suite, "suite")
    # Without its study a plan names every option there is: nobody has all their weights and data.
    there = study is not None
    models, wrong = located(models, conf, rehearsal) if there else (models, [])
    problems += wrong
    judges, plain_recipes = several(Judge, "judge"), several(Recipe, "recipe")
    read = (suites, plain_recipes) if there else ((), ())
    own_data, wrong = _own_data(conf, *read, rehearsal)
    problems += wrong
    if study is not None:
        problems += recipe_problems(conf, study, plain_recipes)
        problems += _cross_problems(conf, suites, models)
        problems += _size_problems(conf, world, models) if world is not None else []
    gates = [gate.id for gate in score.gates] if score else []
    ledger, wrong = read_ledger(conf, study.tables if study else [], gates)
    problems += wrong
    if problems or study is None:
        raise PlanError(problems)
    recipes, problems = variants(conf, study, tree)
    problems += list_problems(conf, study, recipes, chosen)
    if problems:
        raise PlanError(problems)
    assert world and build and respond and score and report and track and tune
    released, problems = released_bases(conf, study, models, world, build)
    problems = problems or not_released(conf, study, models, released)
    problems = problems if study.bases != "scratch" else []
    committed, wrong = find_evidence(conf, study, released)
    problems = problems + wrong + not_on_purpose(conf, study, committed, on_purpose)
    if problems:
        raise PlanError(problems)
    return Resolved(
        study=study,
        world=world,
        build=build,
        respond=respond,
        score=ledger.asked_in(score),
        report=report,
        track=track,
        models=models,
        recipes=recipes,
        suites=suites,
        judges=judges,
        ledger=ledger,
        store=store,
        extra=conf.extra,
        own_data=own_data,
        released=released,
        evidence=committed,
    )


def _own_data(
    conf: Conf,
    suites: Sequence[Suite],
    recipes: Sequence[Recipe],
    rehearsal: Rehearsal | None,
) -> tuple[dict[tuple[str, str], str], list[Problem]]:
    """Returns (path, rows wanted) -> digest of the user's data, and which were not checked."""
    named: list[tuple[str, str, str, Mapping[str, Any]]] = []
    for suite in suites:
        file = conf.file("suite", suite.name)
        named.append((file, "suite.path", f"suite={suite.name}", suite.model_dump(mode="json")))
    for name, data in [(recipe.name, recipe.data) for recipe in recipes if recipe.data]:
        file, where = conf.file("recipe", name), f"recipe={name}"
        key = "recipe.data.parts" if data.parts else "recipe.data.path"
        named += [(file, key, where, block) for block in data.own_blocks()]
    digests, problems = {}, []
    for file, key, where, block in named:
        path, how = block["path"], how_of(block)
        if path is None or (path, canonical(how)) in digests:
            continue
        try:
            command = f"mirage data check {where}" if how else ""
            known = recall(Path(path).expanduser().absolute(), how, command)
            digests[path, canonical(how)] = known
        except ConfigError as wrong:
            problem = Problem(file, key, str(wrong))
            if rehearsal is None or not isinstance(wrong, AbsentError):
                problems.append(problem)
                continue
            sizes = (block.get(key) for key in ("limit", "count", "expect"))
            count = min((size for size in sizes if size), default=0)
            known = rehearsal.stand_in(problem, [path, how], typical(count))
            digests[path, canonical(how)] = known
    return digests, problems


def _size_problems(conf: Conf, world: World, models: Sequence[Model]) -> list[Problem]:
    """Models that are trained here read the world's pictures as they are drawn."""
    return [
        Problem(
            conf.file("model", model.name),
            "model.image_size",
            f"the model reads pictures of {model.image_size} pixels, but those of the world have "
            f"{world.image_size}. Set both alike, as in: --config "
            f'hydra="world.image_size={model.image_size}"',
        )
        for model in models
        if model.image_size not in (None, world.image_size)
    ]


def _cross_problems(conf: Conf, suites: Sequence[Suite], models: Sequence[Model]) -> list[Problem]:
    problems = []
    for suite in suites:
        named = suite.models if isinstance(suite.models, list) else []
        for name in named:
            if name != BASE:
                file = conf.file("suite", suite.name)
                problems += conf.missing("recipe", name, file, "suite.models")
    recipes = conf.options("recipe")
    for model in models:
        if lacking := [name for name in model.tuned if name not in recipes]:
            text = f"there is no recipe {', '.join(lacking)}{hint(lacking[0], recipes)}"
            problems.append(Problem(conf.file("model", model.name), "model.tuned", text))
    tags = [model.tag for model in models]
    for model in models:
        if tags.count(model.tag) > 1:
            text = f"{model.tag!r} is the tag of several models of this study; names would clash."
            problems.append(Problem(conf.file("model", model.name), "model.tag", text))
    return problems
