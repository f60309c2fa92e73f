"""Hydra composes ``conf/``: one call for everything a study names, each option under its own key.

The composed tree is ``{world: {...}, tune: {...}, recipes: {mirage: {...}, ...}, ...}``.
An override ``recipe.tune.epochs=3`` goes to every recipe but the helpers and those without
training, ``recipe.mirage.tune.epochs=3`` to one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mirage.plan.code_version import PACKAGE
from mirage.plan.imported_model import REFUSED, REFUSED_NAMES
from mirage.plan.schema.json_schema import GROUPS
from mirage.plan.study.problems import PlanError, Problem, unknown
from mirage.plan.study.strict_yaml import interpolations, read_mapping, unparsed
from mirage.plan.study.validate import keys_at

CONF = PACKAGE.parent.parent / "conf"
SINGLE_GROUPS = ("world", "build", "tune", "respond", "score", "report", "track")
"""Groups of which a plan uses one option."""

LIST_GROUPS = {"model": "models", "recipe": "recipes", "suite": "suites", "judge": "judges"}
"""Groups of which a plan uses several options, and the key these stand under."""


@dataclass(frozen=True)
class Conf:
    """A folder of configurations, and where claims and published contrasts stand.

    Attributes:
        root: The suite's own ``conf/``.
        reports: The suite's own ``reports/``.
        extra: A user's folder; options below its ``conf/`` stand beside the suite's own.
        imported: Settings of the models that the command line names by their folder.
    """

    root: Path = CONF
    reports: Path = CONF.parent / "reports"
    extra: Path | None = None
    imported: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @cached_property
    def main(self) -> dict[str, Any]:
        """``config.yaml`` as it stands.

        Raises:
            PlanError: It cannot be read.
        """
        file = f"{self.root.name}/config.yaml"
        plain, problems = read_mapping(self.root / "config.yaml", file)
        if problems := problems + unparsed(plain, file):
            raise PlanError(problems)
        return plain

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Group -> default option, from ``config.yaml``."""
        entries = [entry for entry in self.main.get("defaults", []) if isinstance(entry, Mapping)]
        return {str(group): str(option) for entry in entries for group, option in entry.items()}

    def options(self, group: str) -> list[str]:
        """Returns the names of a group's files, sorted."""
        return sorted({path.stem for root in self.roots for path in (root / group).glob("*.yaml")})

    @property
    def roots(self) -> list[Path]:
        """The folders that hold groups: the suite's own, then the user's."""
        own = self.extra / "conf" if self.extra is not None else None
        return [self.root, *([own] if own is not None and own.is_dir() else [])]

    def path(self, group: str, option: str) -> Path:
        """Returns where an option's file lies, or would lie."""
        paths = [root / group / f"{option}.yaml" for root in self.roots]
        return next((path for path in paths if path.is_file()), paths[0])

    def file(self, group: str, option: str) -> str:
        """Returns the path a person knows: ``conf/<group>/<option>.yaml``, or the user's own."""
        path = self.path(group, option)
        return str(path.relative_to(self.root.parent) if path.is_relative_to(self.root) else path)

    @property
    def homes(self) -> list[Path]:
        """Folders that may hold released bases and evidence: the checkout, and the user's."""
        return [self.root.parent, *([self.extra] if self.extra is not None else [])]

    def without_training(self, recipe: str) -> bool:
        """Tells whether a recipe's file, or one that it starts from, has a block ``respond``."""
        todo, seen = [recipe], set[str]()
        while todo:
            option = todo.pop()
            if option in seen or option not in self.options("recipe"):
                continue
            seen.add(option)
            plain, _ = read_mapping(self.path("recipe", option), self.file("recipe", option))
            if plain.get("respond") is not None:
                return True
            parents = plain.get("defaults")
            todo += [p for p in parents if isinstance(p, str)] if isinstance(parents, list) else []
        return False

    def extra_problems(self) -> list[Problem]:
        """Returns what is wrong with the user's folder: missing, unknown groups, names taken."""
        if self.extra is None:
            return []
        if not self.extra.is_dir():
            text = f"there is no folder {str(self.extra)!r}. Name one: --config extra=/path/to/it"
            return [Problem("--config", "extra", text)]
        groups = [*SINGLE_GROUPS, *LIST_GROUPS, "study"]
        problems = []
        for path in sorted((self.extra / "conf").glob("*/*.yaml")):
            group, option = path.parent.name, path.stem
            if group not in groups:
                problems.append(Problem(str(path), "", unknown("group of settings", group, groups)))
            elif (self.root / group / path.name).is_file():
                text = f"the suite has a {group} {option!r} of its own; give yours another name."
                problems.append(Problem(str(path), "", text))
        return problems

    def missing(self, group: str, option: str, where: str, key: str) -> list[Problem]:
        """Returns the problem that an option does not exist, if so."""
        names = self.options(group)
        if option in names or (group == "model" and option in self.imported):
            return []
        if group == "model" and (why := REFUSED.get(REFUSED_NAMES.get(option, ""))):
            return [Problem(where, key, f"{option!r} is none of the models: {why}.")]
        return [Problem(where, key, unknown(group, option, names, f"{self.root.name}/{group} has"))]


@dataclass(frozen=True)
class Override:
    """A Hydra override as it was written.

    Attributes:
        text: ``recipe.tune.epochs=3``, perhaps with a sign before it.
        where: Where it stands, for people.
    """

    text: str
    where: str

    @property
    def key(self) -> str:
        """What it sets."""
        return self.text.lstrip("+~").partition("=")[0]

    def blamed(self, problem: Problem, conf: Conf) -> Problem | None:
        """Returns a problem of a file under this override's own key, if it set the value."""
        group, *path = self.key.split(".")
        option = Path(problem.where).stem
        if group in LIST_GROUPS and path and path[0] in conf.options(group):
            named, *path = path
            option = option if option == named else ""
        key = ".".join([group, *path])
        if problem.where != conf.file(group, option):
            return None
        if f"{problem.key}.".startswith(f"{key}."):
            return replace(problem, where=self.where, key=self.key + problem.key.removeprefix(key))
        # Of keys that do not go together, the sentence names those it is about.
        about = re.search(rf"\b{re.escape(path[-1])}\b", problem.text) if path else None
        if about and key.startswith(f"{problem.key}."):
            return replace(problem, where=self.where, key=self.key)
        return None


def blamed(problem: Problem, overrides: Sequence[Override], conf: Conf) -> Problem:
    """Returns a problem of a file, or of the last override that set the value instead."""
    blames = (each.blamed(problem, conf) for each in reversed(overrides))
    return next((each for each in blames if each is not None), problem)


@dataclass
class Request:
    """What to compose.

    Attributes:
        single: Group -> option.
        many: Group -> options.
        overrides: Later ones win.
        spare: Those of them that may be about an option which is not composed.
        apart: Recipes that an override of all recipes leaves alone: the helpers of gates.
    """

    single: dict[str, str]
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overrides: Sequence[Override] = ()
    spare: Sequence[Override] = ()
    apart: Sequence[str] = ()


def compose_all(conf: Conf, request: Request) -> tuple[dict[str, Any], list[Problem]]:
    """Composes everything a request names in one Hydra call.

    Files and overrides that are wrong are left out, so that the rest can be checked too.

    Returns:
        The tree, and what is wrong with files and overrides.
    """
    files = [(g, g, o) for g, o in request.single.items()]
    files += [(g, f"{LIST_GROUPS[g]}.{o}", o) for g, many in request.many.items() for o in many]
    problems, choices, unread = [], [], []
    for group, place, option in dict.fromkeys(files):
        if option in conf.options(group):
            broken = _file_problems(conf, group, option)
            problems += broken
            choices += [] if broken else [f"+{group}@{place}={option}"]
            unread += [place] if broken else []
    asked = []
    for override in request.overrides:
        rewritten, wrong = _rewrite(override, request, conf)
        # What is about a file that cannot be read is no mistake of its own.
        asked += [(override, each) for each in rewritten if not _below(each, unread)]
        problems += wrong
    more = ",".join(f"'file://{root.resolve()}'" for root in conf.roots[1:])
    choices += [f"hydra.searchpath=[{more}]"] if more else []
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf.root.resolve()), version_base="1.3", job_name="mirage"):
        try:
            tree = compose(overrides=[*choices, *(each for _, each in asked)])
        except (HydraException, OmegaConfBaseException):
            good, wrong = _part_overrides(choices, asked)
            problems += wrong
            tree = compose(overrides=[*choices, *good])
    blocks, wrong = _resolved(tree, conf)
    return blocks, problems + wrong


def _resolved(tree: DictConfig, conf: Conf) -> tuple[dict[str, Any], list[Problem]]:
    """Replaces interpolations by what they refer to; blocks in which that fails are left out."""
    plain: Any = OmegaConf.to_container(tree, resolve=False)
    groups = {key: group for group, key in LIST_GROUPS.items()}
    problems = []
    blocks: set[tuple[str, ...]] = set()
    for key, text in interpolations(plain):
        try:
            OmegaConf.select(tree, ".".join(key), throw_on_missing=True)
        except OmegaConfBaseException as wrong:
            several = key[0] in groups
            group = groups.get(key[0], key[0])
            option = key[1] if several else str(plain[group].get("name", "default"))
            why = str(wrong).splitlines()[0]
            words = f"{text!r} cannot be filled in ({why}). Write the value itself."
            place = ".".join([group, *key[2 if several else 1 :]])
            problems.append(Problem(conf.file(group, option), place, words))
            blocks.add(tuple(key[: 2 if several else 1]))
            OmegaConf.update(tree, ".".join(key), None)
    whole: Any = OmegaConf.to_container(tree, resolve=True)
    for *parents, last in blocks:
        above = whole[parents[0]] if parents else whole
        del above[last]
    return {str(key): value for key, value in whole.items()}, problems


def _below(override: str, places: Sequence[str]) -> bool:
    key = re.split(r"[=@]", override.lstrip("+~"))[0]
    return any(key == place or key.startswith(f"{place}.") for place in places)


def _rewrite(override: Override, request: Request, conf: Conf) -> tuple[list[str], list[Problem]]:
    """Points an override at the blocks it means; one of an option that does not exist, nowhere."""
    match = re.match(r"^([+~]*)([^=]+)(=?.*)$", override.text, flags=re.DOTALL)
    if match is None:
        return [], [Problem(override.where, override.text, "is not of the form key=value.")]
    sign, key, rest = match.groups()
    group, *path = key.split(".")
    if group in LIST_GROUPS and path:
        wanted = request.many.get(group, [])
        many = [o for o in wanted if o in conf.options(group)]
        if path[0] in conf.options(group):
            chosen, tail = [o for o in many if o == path[0]], path[1:]
        else:
            chosen, tail = [o for o in many if o not in request.apart], path
        spare = override in request.spare
        if group == "recipe" and path[0] in ("data", "tune"):
            chosen = [o for o in chosen if not conf.without_training(o)]
            spare = spare or bool(many)
        if not chosen and not spare and len(many) == len(wanted):
            names = ", ".join(many) or "none"
            why = f"the study has no {group} {path[0]!r}; its {LIST_GROUPS[group]}: {names}."
            return [], [Problem(override.where, key, why)]
        sign = sign or _sign(group, tail)
        return [f"{sign}{'.'.join([LIST_GROUPS[group], o, *tail])}{rest}" for o in chosen], []
    if group in request.single:
        if request.single[group] not in conf.options(group):
            return [], []
        return [f"{sign or _sign(group, path)}{key}{rest}"], []
    known = ", ".join(sorted([*SINGLE_GROUPS, *LIST_GROUPS, "study"]))
    why = f"is no key of the plan; it should begin with {known}."
    return [], [Problem(override.where, key, why)]


def _sign(group: str, path: Sequence[str]) -> str:
    """Returns what makes Hydra add a key that the schema knows and the file leaves out."""
    if not path:
        return ""
    keys = keys_at(GROUPS[group], path[:-1])
    return "++" if keys is None or path[-1] in keys else ""


def _part_overrides(
    choices: list[str], overrides: list[tuple[Override, str]]
) -> tuple[list[str], list[Problem]]:
    """Parts overrides that can be applied from those that cannot."""
    good: list[str] = []
    problems = []
    whole = OmegaConf.to_container(compose(overrides=choices), resolve=False)
    for override, rewritten in overrides:
        try:
            compose(overrides=[*choices, *good, rewritten])
        except (HydraException, OmegaConfBaseException) as wrong:
            target = rewritten.lstrip("+~").split("=")[0]
            why = _unknown(whole, target.split("."), override.key) or " ".join(str(wrong).split())
            problems.append(Problem(override.where, override.key, why))
        else:
            good.append(rewritten)
    return good, problems


def _unknown(tree: object, path: list[str], key: str) -> str | None:
    """Returns that a place does not exist, and the keys that the file or the schema has there."""
    group = key.split(".", maxsplit=1)[0]
    first = 2 if group in LIST_GROUPS else 1
    for number, part in enumerate(path):
        if not isinstance(tree, Mapping):
            return f"there is no key {part!r}: the value above it has no keys."
        if part not in tree:
            more = keys_at(GROUPS[group], path[first:number]) if number >= first else []
            names = dict.fromkeys([*map(str, tree), *(more or [])])
            return unknown("key", part, names, "Keys there")
        tree = tree[part]
    return None


def _file_problems(conf: Conf, group: str, option: str, below: Sequence[str] = ()) -> list[Problem]:
    """Returns what is wrong with an option's file, or with one that it inherits from."""
    plain, problems = read_mapping(conf.path(group, option), conf.file(group, option))
    problems += unparsed(plain, conf.file(group, option))
    parents = plain.get("defaults")
    below = (*below, option)
    for parent in parents if isinstance(parents, list) else []:
        if not isinstance(parent, str) or parent == "_self_":
            continue
        if parent in below:
            text = f"inherits from itself: {' <- '.join([*below, parent])}."
            problems.append(Problem(conf.file(group, option), "defaults", text))
        elif parent in conf.options(group):
            problems += _file_problems(conf, group, parent, below)
        else:
            problems += conf.missing(group, parent, conf.file(group, option), "defaults")
    return problems
