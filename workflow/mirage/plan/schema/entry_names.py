"""Names that choose an entry, checked while settings are read.

Apart from the other types: scores and reports read settings too, and a further row in the tables of
names must not move their ids.
"""

from __future__ import annotations

from mirage.context import ConfigError
from mirage.plan.entries import resolve


def entry(group: str, name: str) -> str:
    """Returns a name that ``mirage.plan.entries`` resolves in a group, for pydantic.

    Raises:
        ValueError: It does not.
    """
    try:
        resolve(group, name)
    except ConfigError as unknown:
        raise ValueError(str(unknown).rstrip(".")) from None
    return name
