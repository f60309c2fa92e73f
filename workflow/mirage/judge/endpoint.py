"""Where a judge of kind ``openai`` is asked, and whether it may be: address, key, model, harm."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date

from mirage.context import ConfigError
from mirage.judge.cost import models_table
from mirage.plan.schema.judge import OpenAIOptions
from mirage.servers import key_of, third_party


@dataclass(frozen=True)
class Endpoint:
    """Where a judge is asked.

    Attributes:
        url: Address, up to and with ``/v1``.
        key: Key for it; a word that no server checks where none is needed.
        provider: Third party it belongs to; empty for this machine and private networks.
    """

    url: str
    key: str = field(repr=False)
    provider: str


def endpoint_of(name: str, options: OpenAIOptions) -> Endpoint:
    """Checks that a judge may be asked.

    Args:
        name: The judge's name.
        options: Its options.

    Raises:
        ConfigError: A third party that the options do not name, a host that nobody can resolve, a
            model that has been withdrawn or whose last day nobody knows, no key, no budget.
    """
    url = os.environ.get(options.url_env, "") if options.url_env else ""
    where = options.url_env if url else "base_url"
    url = (url or options.base_url).rstrip("/")
    file = f"conf/judge/{name}.yaml"
    provider = third_party(
        url,
        f"judge {name}",
        where,
        sent="questions, pictures and answers",
        named=options.send_harmful_to,
        setting=f"in {file}, options.send_harmful_to: ",
    )
    if provider and options.budget_usd is None:
        raise ConfigError(
            f"judge {name} asks {provider}, which costs money. Say in {file} how much in all: "
            "options.budget_usd"
        )
    if not options.revision:
        _check_still_there(name, options)
    return Endpoint(url, key_of(options.key_env, f"judge {name}"), provider)


def _check_still_there(name: str, options: OpenAIOptions) -> None:
    known = models_table()["models"].get(options.model, {})
    day = options.retires or known.get("retires")
    if day is None:
        raise ConfigError(
            f"judge {name}: nobody has said when {options.model} is withdrawn. Look it up at its "
            f"provider and say it in conf/judge/{name}.yaml: options.retires: <year-month-day>"
        )
    if date.fromisoformat(day) <= date.today():
        raise ConfigError(
            f"judge {name}: {options.model} was withdrawn on {day}. Replies that were kept are "
            "read; new ones need another judge, best of open weights: judge=local_vlm"
        )
