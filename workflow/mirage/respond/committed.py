"""Answers that are committed: laid out as the model gave them, without the model."""

from __future__ import annotations

from mirage.context import JobContext, payload_of
from mirage.contracts import DataError, Response, Sample, parse_row, read_rows, write_rows
from mirage.evidence import ANSWERS, read_header, read_member


def lay_out(ctx: JobContext) -> None:
    """Writes ``responses.jsonl`` from a file of evidence, in the order of the job's suites.

    Raises:
        DataError: The file is broken, or the answers were given to other items than those built.
    """
    name, path = ctx.job.name, ctx.external(ctx.settings["evidence"])
    built = read_header(path)["suites"]
    text = read_member(path, f"{name}/{ANSWERS}").decode("utf-8")
    rows = [parse_row(line, Response, f"{path}, {name}") for line in text.splitlines()]
    answers = {row.id: row for row in rows}
    wanted: list[Response] = []
    for suite, folder in zip(ctx.settings["suites"], ctx.parents("suites"), strict=True):
        if built.get(suite) != payload_of(folder):
            raise DataError(
                f"{path} holds answers to another version of the suite {suite} than the one built "
                'here. Make them anew with: --config hydra="study.evidence=false"'
            )
        wanted += [answers[row.id] for row in read_rows(folder / "samples.jsonl", Sample)]
    write_rows(ctx.out / ANSWERS, wanted)
    ctx.log(f"{len(wanted)} committed answers of {name}, from {path}")
