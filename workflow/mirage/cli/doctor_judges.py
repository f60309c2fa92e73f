"""``mirage doctor study=...``: may each judge be asked, does its server answer, with its model?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mirage.cli.finding import Finding
from mirage.context import ConfigError
from mirage.judge.caller import FOR_ALL, client_of
from mirage.judge.endpoint import Endpoint, endpoint_of
from mirage.plan.entries import resolve
from mirage.plan.job import Job
from mirage.plan.schema.judge import OPENAI, OpenAIOptions, openai_options
from mirage.view.told import inert

SECONDS: Final = 5.0
"""A server that is up lists its models at once."""
STOPS: Final = FOR_ALL.keys() - {404}
"""Statuses that would stop the judge; a server may have no list of its models."""
NAMED: Final = 3
"""Models of a server that are named."""


def judges(jobs: Iterable[Job]) -> list[Finding]:
    """Asks the server of each judge of kind ``openai`` what it serves; nothing else is sent."""
    entry = resolve("judge", OPENAI)
    asked = {
        str(job.settings["judge"]["name"]): dict(job.settings["judge"]["options"])
        for job in jobs
        if job.entries.get("judge") == entry
    }
    return [_judge(name, openai_options(name, options)) for name, options in asked.items()]


def _judge(name: str, options: OpenAIOptions) -> Finding:
    from openai import APIConnectionError, APIStatusError, OpenAIError

    try:
        endpoint = endpoint_of(name, options)
    except ConfigError as wrong:
        return Finding("broken", str(wrong))
    where = f"judge {name}: {endpoint.url}"
    client = client_of(endpoint, options.model_copy(update={"timeout_seconds": SECONDS}))
    try:
        served = [inert(str(each.id))[:80] for each in client.models.list()]
    except APIConnectionError:
        text = f"{where} does not answer, and its jobs would end without verdicts"
        return Finding("broken", f"{text}. {_start(name, options, endpoint)}")
    except APIStatusError as refused:
        level = "broken" if refused.status_code in STOPS else "look"
        text = f"{where} answers with status {refused.status_code} when asked what it serves"
        return Finding(level, f"{text}: look at its address and its key")
    except (OpenAIError, ValueError, AttributeError, TypeError):
        return Finding("look", f"{where} does not list its models as others do: is it a judge?")
    if options.model in served:
        return Finding("ok", f"{where} answers and serves {options.model}")
    others = ", ".join(served[:NAMED]) or "nothing"
    text = f"{where} serves {others} and not {options.model}"
    return Finding("broken", f"{text}. {_start(name, options, endpoint)}")


def _start(name: str, options: OpenAIOptions, endpoint: Endpoint) -> str:
    if endpoint.provider:
        return f"Look at base_url and model in conf/judge/{name}.yaml"
    elsewhere = options.url_env and f"; elsewhere: export {options.url_env}=http://<host>:<port>/v1"
    commit = f" --revision {options.revision}" if options.revision else ""
    return (
        f"Start it here with: vllm serve {options.model}{commit} (all of its command: "
        f"conf/judge/{name}.yaml){elsewhere}"
    )
