"""Stage judge: one verdict for every response of every model; the oracle needs no GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mirage.context import JobContext
    from mirage.contracts import Response, Sample, Verdict


def run(ctx: JobContext) -> None:
    """Judges all responses; writes ``verdicts/<model>.jsonl``, a row for every response.

    Raises:
        DataError: A response answers no known sample.
    """
    from mirage.contracts import Response, Sample, read_rows, write_rows
    from mirage.plan.artifact import Manifest

    with ctx.work_clock():
        samples: dict[str, Sample] = {}
        for suite in ctx.parents("suites"):
            for sample in read_rows(suite / "samples.jsonl", Sample):
                samples[sample.id] = sample
        for folder in ctx.parents("responses"):
            model = str(Manifest.read(folder).name)
            path = folder / "responses.jsonl"
            rows = judge_all(samples, read_rows(path, Response), path)
            write_rows(ctx.out / "verdicts" / f"{model}.jsonl", rows)
            ctx.log(f"judged {len(rows)} responses of {model}")


def judge_all(samples: dict[str, Sample], responses: list[Response], path: Path) -> list[Verdict]:
    """Returns one verdict per response, in their order.

    Raises:
        DataError: A response whose id no suite holds.
    """
    from mirage.contracts import DataError
    from mirage.judge.oracle import verdict

    made = []
    for number, response in enumerate(responses, 1):
        if response.id not in samples:
            raise DataError(f"{path}, line {number}: {response.id!r} is in no suite of this study.")
        made.append(verdict(samples[response.id], response))
    return made
