"""How two artifacts of the same name differ: settings, platform, packages, entries, code."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any, Protocol

from mirage.files import flat


class Described(Protocol):
    """A job or a manifest."""

    @property
    def settings(self) -> dict[str, Any]:
        """What decides content."""

    @property
    def parents(self) -> dict[str, list[str]]:
        """Role -> artifact folders."""

    @property
    def code(self) -> str:
        """Version of the code."""

    @property
    def entries(self) -> dict[str, str]:
        """Group -> what the stage loads."""

    @property
    def platform(self) -> str | None:
        """Class of machine, where it decides content."""

    @property
    def packages(self) -> dict[str, str]:
        """Numeric package -> pinned version."""


def setting_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns one line per setting that differs: ``key: old -> new``."""
    before, after = flat(old), flat(new)
    keys = dict.fromkeys([*before, *after])
    return [
        f"{key}: {_difference(before, after, key)}"
        for key in keys
        if before.get(key, keys) != after.get(key, keys)
    ]


def parent_changes(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> list[str]:
    """Returns one line per role whose folders differ."""
    lines = []
    for role in dict.fromkeys([*old, *new]):
        before, after = old.get(role, []), new.get(role, [])
        gone = [folder for folder in before if folder not in after]
        come = [folder for folder in after if folder not in before]
        if gone or come:
            lines.append(f"{role}: {_some(gone)} -> {_some(come)}")
    return lines


def changes(old: Described, new: Described) -> list[str]:
    """Returns everything that makes two artifacts differ, one line each."""
    lines = setting_changes(old.settings, new.settings)
    if old.platform != new.platform:
        lines.append(f"platform: {old.platform or '(none)'} -> {new.platform or '(none)'}")
    lines += [f"package {line}" for line in setting_changes(old.packages, new.packages)]
    lines += [f"entry {line}" for line in setting_changes(old.entries, new.entries)]
    lines += [f"parent {line}" for line in parent_changes(old.parents, new.parents)]
    if old.code != new.code:
        lines.append(f"code: {old.code[:8]} -> {new.code[:8]}")
    return lines


def _difference(before: Mapping[str, Any], after: Mapping[str, Any], key: str) -> str:
    old, new = before.get(key), after.get(key)
    if isinstance(old, list) and isinstance(new, list):
        gone = [f"-{_name(item)}" for item in old if item not in new]
        come = [f"+{_name(item)}" for item in new if item not in old]
        items = [*gone, *come]
        more = f" and {len(items) - 6} more" if len(items) > 6 else ""
        return " ".join(items[:6]) + more or "other order"
    return f"{_value(before, key)} -> {_value(after, key)}"


def _name(item: object) -> str:
    return str(item.get("name") or item.get("id")) if isinstance(item, Mapping) else str(item)


def _value(tree: Mapping[str, Any], key: str) -> str:
    return textwrap.shorten(repr(tree[key]), 60) if key in tree else "(none)"


def _some(folders: list[str]) -> str:
    if len(folders) > 3:
        return f"{', '.join(folders[:2])} and {len(folders) - 2} more"
    return ", ".join(folders) or "(none)"
