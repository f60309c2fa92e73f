"""Hydra composes ``conf/``: one call for everything a study names, each option under its own key.

The composed tree is ``{world: {...}, tune: {...}, recipes: {mirage: {...}, ...}, ...}``.
An override ``recipe.tune.epochs=3`` goes to every recipe but the helpers,
``recipe.mirage.tune.epochs=3`` to one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mirage.plan.code_version import PACKAGE
from mirage.plan.study.problems import Problem

CONF = PACKAGE.parent.parent / "conf"
SINGLE = ("world", "engine", "build", "tune", "respond", "score", "report", "track")
"""Groups of which a plan uses one option."""

MANY = {"model": "models", "recipe": "recipes", "suite": "suites", "judge": "judges"}
"""Groups of which a plan uses several options, and the key these stand under."""


@dataclass(frozen=True)
class Conf:
    """A folder of configurations, and where claims and published contrasts stand."""

    root: Path = CONF
    reports: Path = CONF.parent / "reports"

    @cached_property
    def main(self) -> dict[str, Any]:
        """``config.yaml`` as it stands."""
        return dict(_read_yaml(self.root / "config.yaml"))

    @cached_property
    def defaults(self) -> dict[str, str]:
        """Group -> default option, from ``config.yaml``."""
        entries = [entry for entry in self.main.get("defaults", []) if isinstance(entry, Mapping)]
        return {str(group): str(option) for entry in entries for group, option in entry.items()}

    def options(self, group: str) -> list[str]:
        """Returns the names of a group's files, sorted."""
        return sorted(path.stem for path in (self.root / group).glob("*.yaml"))

    def file(self, group: str, option: str) -> str:
        """Returns the path a person knows: ``conf/<group>/<option>.yaml``."""
        return f"{self.root.name}/{group}/{option}.yaml"

    def missing(self, group: str, option: str, where: str, key: str) -> list[Problem]:
        """Returns the problem that an option does not exist, if so."""
        names = self.options(group)
        if option in names:
            return []
        close = difflib.get_close_matches(str(option), names, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        text = f"there is no {group} {option!r}{hint} {self.root.name}/{group} has: "
        return [Problem(where, key, text + (", ".join(names) or "nothing") + ".")]


@dataclass
class Request:
    """What to compose.

    Attributes:
        single: Group -> option.
        many: Group -> options.
        overrides: Hydra overrides, later ones win.
        spare: Those of them that may be about an option which is not composed.
        apart: Recipes that an override of all recipes leaves alone: the helpers of gates.
    """

    single: dict[str, str]
    many: Mapping[str, Sequence[str]] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    spare: Sequence[str] = ()
    apart: Sequence[str] = ()


def compose_all(conf: Conf, request: Request) -> tuple[dict[str, Any], list[Problem]]:
    """Composes everything a request names in one Hydra call.

    Files and overrides that are wrong are left out, so that the rest can be checked too.

    Returns:
        The tree, and what is wrong with files and overrides.
    """
    files = [(g, g, o) for g, o in request.single.items()]
    files += [(g, f"{MANY[g]}.{o}", o) for g, many in request.many.items() for o in many]
    problems, choices = [], []
    for group, place, option in dict.fromkeys(files):
        if option in conf.options(group):
            broken = _yaml_problems(conf, group, option)
            problems += broken
            choices += [] if broken else [f"+{group}@{place}={option}"]
    asked = []
    for text in request.overrides:
        rewritten, wrong = _rewrite(text, request, conf)
        asked += [(text, each) for each in rewritten]
        problems += wrong
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf.root.resolve()), version_base="1.3", job_name="mirage"):
        try:
            tree = compose(overrides=[*choices, *(each for _, each in asked)])
        except (HydraException, OmegaConfBaseException):
            good, wrong = _part_overrides(choices, asked, conf)
            problems += wrong
            tree = compose(overrides=[*choices, *good])
    plain = OmegaConf.to_container(tree, resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}, problems


def _rewrite(text: str, request: Request, conf: Conf) -> tuple[list[str], list[Problem]]:
    """Points an override at the blocks it means."""
    match = re.match(r"^([+~]*)([^=]+)(=?.*)$", text, flags=re.DOTALL)
    if match is None:
        return [], [Problem("override", text, "is not of the form key=value.")]
    sign, key, rest = match.groups()
    group, *path = key.split(".")
    if group in MANY and path:
        many = [o for o in request.many.get(group, []) if o in conf.options(group)]
        if path[0] in conf.options(group):
            chosen, tail = [o for o in many if o == path[0]], path[1:]
        else:
            chosen, tail = [o for o in many if o not in request.apart], path
        if not chosen and text not in request.spare:
            names = ", ".join(many) or "none"
            why = f"the study has no {group} {path[0]!r}; its {MANY[group]}: {names}."
            return [], [Problem("override", key, why)]
        return [f"{sign}{'.'.join([MANY[group], o, *tail])}{rest}" for o in chosen], []
    if group in request.single:
        return [text], []
    known = ", ".join(sorted([*SINGLE, *MANY, "study"]))
    return [], [Problem("override", key, f"is no key of the plan; it should begin with {known}.")]


def _part_overrides(
    choices: list[str], overrides: list[tuple[str, str]], conf: Conf
) -> tuple[list[str], list[Problem]]:
    """Parts overrides that can be applied from those that cannot."""
    good: list[str] = []
    problems = []
    whole = OmegaConf.to_container(compose(overrides=choices), resolve=False)
    for text, rewritten in overrides:
        try:
            compose(overrides=[*choices, *good, rewritten])
        except (HydraException, OmegaConfBaseException) as wrong:
            key = text.lstrip("+~").split("=")[0]
            target = rewritten.lstrip("+~").split("=")[0]
            why = _unknown(whole, target.split(".")) or " ".join(str(wrong).split())
            problems.append(Problem(f"override of {conf.root.name}", key, why))
        else:
            good.append(rewritten)
    return good, problems


def _unknown(tree: object, path: list[str]) -> str | None:
    for part in path:
        if not isinstance(tree, Mapping):
            return f"there is no key {part!r}: the value above it has no keys."
        if part not in tree:
            close = difflib.get_close_matches(part, map(str, tree), n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            return f"there is no key {part!r}; {hint}Keys there: {', '.join(map(str, tree))}."
        tree = tree[part]
    return None


def _yaml_problems(conf: Conf, group: str, option: str) -> list[Problem]:
    path = conf.root / group / f"{option}.yaml"
    try:
        plain = _read_yaml(path)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(wrong, "problem", None) or str(wrong)
        return [Problem(conf.file(group, option) + line, "", f"not valid YAML ({problem}).")]
    except UnicodeDecodeError:
        return [Problem(conf.file(group, option), "", "not a UTF-8 text file.")]
    if not isinstance(plain, Mapping):
        return [Problem(conf.file(group, option), "", "should hold keys with values.")]
    return []


def _read_yaml(path: Path) -> Any:
    # The C parser: fifty files are read at each start.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
