"""Tables of names: what a configuration may choose, as text that says where its code is.

Text, not imports: an imported table would put every entry's code into every artifact's version.
The plan resolves names here and hands references to jobs (``Job.entries``); no stage reads this
module, so a further row moves no other artifact's id. A user's own code needs no row: a name with
a colon, ``my_package.my_module:my_suite``, is its own reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mirage.context import ConfigError, load_entry

TABLES: Final[dict[str, dict[str, str]]] = {
    "suite": {},  # builders of evaluation suites
    "source": {},  # where a recipe's samples come from
    "labels": {},  # styles of answers to hazardous items
    "base": {},  # how a base model comes about
    "family": {  # model classes
        "internvl": "mirage.tune.families.internvl:InternVL",
        "qwen2_vl": "mirage.tune.families.qwen2_vl:Qwen2VL",
        "llava_onevision": "mirage.tune.families.llava_onevision:LlavaOnevision",
    },
    "encoding": {},  # from samples to tokens and pixels
    "loss": {},  # what training minimises
    "backend": {},  # what computes answers
    "judge": {  # who gives verdicts
        "oracle": "mirage.judge.oracle:verdict",
    },
    "exhibit": {},  # figures and tables that need code of their own
}


def resolve(group: str, name: str) -> str:
    """Returns the reference ``package.module:function`` of a name.

    Args:
        group: A group of ``TABLES``.
        name: A row of the group, or already a reference.

    Raises:
        ConfigError: No such row; the text lists those there are.
    """
    if ":" in name:
        return name
    if name not in TABLES[group]:
        known = ", ".join(sorted(TABLES[group])) or "none"
        raise ConfigError(
            f"No {group} is called {name!r}. There are: {known}; or your own, "
            "as package.module:function."
        )
    return TABLES[group][name]


def load(reference: str) -> Callable[..., Any]:
    """Imports what a reference names.

    Raises:
        ConfigError: It cannot be imported.
    """
    return load_entry(reference)
