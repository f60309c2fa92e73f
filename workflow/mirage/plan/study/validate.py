"""Validation against a schema, with errors in the words of the person who wrote the settings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import ValidationError

from mirage.plan.schema.track import URI, redacted
from mirage.plan.schema.types import Strict
from mirage.plan.study.problems import Problem

Block = TypeVar("Block", bound=Strict)

_SHOWN = 60  # characters of a wrong value
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list: [a, b]",
    "dict": "keys with values",
    "model": "keys with values",
}
_RULES = {
    "finite_number": "be a finite number",
}
_SMALL = "hold only small letters, digits and underscores"
_FORMS = {
    r"^[a-z0-9][a-z0-9_]*$": _SMALL,
    r"^[a-z0-9_]*$": _SMALL,
    URI: "begin with sqlite:///, postgresql://, mysql://, mssql://, http:// or https://",
}


def check(
    kind: type[Block], plain: object, file: str, group: str, name: str | None
) -> tuple[Block | None, list[Problem]]:
    """Validates one block of settings.

    Args:
        kind: Its schema.
        plain: What was composed.
        file: Where it stands, for people.
        group: First part of its dotted keys.
        name: The name its file gives it, None if any will do.

    Returns:
        The block, None if invalid, and all problems.
    """
    try:
        block = kind.model_validate(plain)
    except ValidationError as wrong:
        return None, [_problem(error, kind, file, group) for error in wrong.errors()]
    own = getattr(block, "name", name)
    if name is not None and own != name:
        text = f"is {own!r}, but the file's name makes it {name!r}."
        return block, [Problem(file, f"{group}.name", text)]
    return block, []


def _problem(error: Any, kind: type[Strict], file: str, group: str) -> Problem:
    key = ".".join(map(str, (group, *error["loc"])))
    if error["type"] == "extra_forbidden":
        allowed = keys_at(kind, error["loc"][:-1])
        return Problem(file, key, f"unknown key; allowed here: {', '.join(allowed or ())}.")
    return Problem(file, key, _sentence(error))


def _sentence(error: Any) -> str:
    """Pydantic's messages name its own types and print whole blocks; these do not."""
    what, limits = error["type"], error.get("ctx", {})
    given = textwrap.shorten(redacted(repr(error["input"])), _SHOWN, placeholder=" ...")
    if what == "missing":
        return "is missing."
    if what == "value_error":
        return f"{limits['error']}."
    if what == "too_short":
        count = limits["min_length"]
        return f"at least {count} {'value is' if count == 1 else 'values are'} needed, found none."
    pattern = limits.get("pattern")
    rule = _RULES.get(what) or (pattern and _FORMS.get(pattern, f"have the form {pattern}"))
    if rule:
        return f"should {rule}, found {given}."
    for prefix, words in _KINDS.items():
        if what.startswith(f"{prefix}_") and what.endswith(("_type", "_parsing", "_from_float")):
            return f"should be {words}, found {given}."
    return f"should be {error['msg'].removeprefix('Input should be ')}, found {given}."


def keys_at(kind: Any, path: Sequence[int | str]) -> list[str] | None:
    """Returns the keys that a schema knows at a place; None where any key may stand.

    Args:
        kind: A schema, or what an attribute of one is annotated with.
        path: Keys and indices down to the place.
    """
    if kind is Any:
        return None
    if isinstance(kind, type) and issubclass(kind, Strict):
        if not path:
            return list(kind.model_fields)
        known = kind.model_fields.get(str(path[0]))
        return keys_at(known.annotation, path[1:]) if known else []
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (dict, list):
        if path:
            return keys_at(inner[-1], path[1:])
        return None if origin is dict else []
    # X | None and Annotated[X, ...]: what stands there is described by one of the parts.
    described = [keys_at(each, path) for each in inner]
    return next((keys for keys in described if keys != []), [])
