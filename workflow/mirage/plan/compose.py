"""Hydra composes ``conf/``: one call for everything a study names, each option under its own key.

The composed tree is ``{world: {...}, tune: {...}, recipes: {mirage: {...}, ...}, ...}``.
An override ``recipe.tune.epochs=3`` goes to every recipe, ``recipe.mirage.tune.epochs=3`` to one.
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

from mirage.plan.code import PACKAGE
from mirage.plan.options import parse
from mirage.plan.problems import PlanError, Problem

CONF = PACKAGE.parent.parent / "conf"
SINGLE = ("world", "engine", "build", "tune", "respond", "score", "report", "track")
"""Groups of which a plan uses one option."""

MANY = {"model": "models", "recipe": "recipes", "suite": "suites", "judge": "judges"}
"""Groups of which a plan uses several options, and the key these stand under."""


@dataclass(frozen=True)
class Conf:
    """A folder of configurations."""

    root: Path = CONF

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
        hint = f"; did you mean {close[0]!r}?" if close else ""
        text = f"there is no {group} {option!r}{hint} {self.root.name}/{group} has: "
        return [Problem(where, key, text + (", ".join(names) or "nothing") + ".")]


@dataclass
class Request:
    """What to compose.

    Attributes:
        single: Group -> option.
        many: Group -> options.
        overrides: Hydra overrides, later ones win.
    """

    single: dict[str, str]
    many: dict[str, Sequence[str]] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)


def compose_all(conf: Conf, request: Request) -> dict[str, Any]:
    """Composes everything a request names in one Hydra call.

    Raises:
        PlanError: Files that are no YAML, overrides of keys that do not exist; all of them.
    """
    files = [(g, o) for g, o in request.single.items()]
    files += [(g, o) for g, options in request.many.items() for o in options]
    problems = [p for g, o in files for p in _yaml_problems(conf, g, o)]
    if problems:
        raise PlanError(problems)
    choices = [f"+{g}@{g}={o}" for g, o in request.single.items()]
    choices += [f"+{g}@{MANY[g]}.{o}={o}" for g, many in request.many.items() for o in many]
    good, problems = [], []
    for text in request.overrides:
        rewritten, wrong = _rewrite(text, request, conf)
        good += rewritten
        problems += wrong
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf.root.resolve()), version_base="1.3", job_name="mirage"):
        try:
            tree = compose(overrides=choices + good)
        except (HydraException, OmegaConfBaseException):
            problems += _find_wrong(choices, good, conf)
    if problems:
        raise PlanError(problems)
    plain = OmegaConf.to_container(tree, resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _rewrite(text: str, request: Request, conf: Conf) -> tuple[list[str], list[Problem]]:
    override = parse(text)
    if isinstance(override, str):
        return [], [Problem("override", "", override + ".")]
    match = re.match(r"^([+~]*)([^=]+)(=?.*)$", text, flags=re.DOTALL)
    assert match is not None
    sign, key, rest = match.groups()
    parts = key.split(".")
    group, many = parts[0], request.many.get(parts[0], [])
    if group in MANY and len(parts) > 1:
        if parts[1] in conf.options(group):
            chosen, tail = [o for o in many if o == parts[1]], parts[2:]
        else:
            chosen, tail = list(many), parts[1:]
        return [f"{sign}{'.'.join([MANY[group], o, *tail])}{rest}" for o in chosen], []
    if group in SINGLE and len(parts) > 1:
        return [text], []
    if group in request.single:
        return [text], []
    text = f"{key!r} is no key of the plan; the first part is one of {', '.join(_groups())}."
    return [], [Problem("override", key, text)]


def _groups() -> list[str]:
    return sorted([*SINGLE, *MANY])


def _find_wrong(choices: list[str], overrides: list[str], conf: Conf) -> list[Problem]:
    problems = []
    for text in overrides:
        try:
            compose(overrides=[*choices, text])
        except (HydraException, OmegaConfBaseException) as wrong:
            why = re.sub(r"\s*\n.*", "", str(wrong), flags=re.DOTALL)
            key = text.lstrip("+~").split("=")[0]
            hint = f"look at the keys in {conf.root.name}/{key.split('.')[0].rstrip('s')}"
            problems.append(Problem("override", key, f"{why.rstrip('.')}; {hint}."))
    if problems:
        return problems
    try:
        compose(overrides=choices + overrides)
    except (HydraException, OmegaConfBaseException) as wrong:
        return [Problem(conf.root.name, "", " ".join(str(wrong).split()))]
    return []


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
    return yaml.safe_load(path.read_text(encoding="utf-8"))
