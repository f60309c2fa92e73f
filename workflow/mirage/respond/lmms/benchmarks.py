"""All general benchmarks of one model: lmms-eval runs task by task, its marks become verdicts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mirage.contracts import DataError, Response, Sample, Verdict, read_rows, write_rows
from mirage.files import canonical
from mirage.respond.lmms import program

if TYPE_CHECKING:
    from mirage.context import JobContext

MARKED = "marked"
"""Below the work folder: a file for each finished task, which a later try reads."""


def evaluate(ctx: JobContext) -> None:
    """Writes ``responses.jsonl`` and ``verdicts.jsonl`` of a job's suites, and ``record.json``.

    A task that an earlier try of the job finished is not run again. An item that lmms-eval does
    not mark is *unjudged* with the reason.

    Raises:
        DataError: lmms-eval failed, or has other items than the suite expects.
    """
    responses: list[Response] = []
    verdicts: list[Verdict] = []
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    for folder in ctx.parents("suites"):
        samples = read_rows(folder / "samples.jsonl", Sample)
        suite = samples[0].suite
        made = _marks(ctx, suite)
        rows = {f"{suite}/{row['doc_id']}": row for row in made["rows"]}
        _check_items(samples, rows, suite)
        responses += [_response(id_, row) for id_, row in rows.items()]
        own = [_verdict(sample.id, rows.get(sample.id), made["versions"]) for sample in samples]
        verdicts += own
        right = sum(verdict.outcome == "correct" for verdict in own)
        counted = sum(verdict.status == "judged" for verdict in own)
        metrics |= {f"{suite}_score": made["score"], f"{suite}_unjudged": len(own) - counted}
        params |= {f"{suite}_{key}": text for key, text in made["versions"].items()}
        ctx.log(
            f"{suite}: {right} of {counted} right, lmms-eval's own score {made['score']:.4f}, "
            f"{len(own) - counted} unjudged"
        )
    write_rows(ctx.out / "responses.jsonl", responses)
    write_rows(ctx.out / "verdicts.jsonl", verdicts)
    record = {"params": params, "metrics": metrics, "curves": {}}
    text = json.dumps(record, indent=1, sort_keys=True) + "\n"
    (ctx.out / "record.json").write_text(text, encoding="utf-8")


def _marks(ctx: JobContext, suite: str) -> dict[str, Any]:
    """What lmms-eval says of a suite, from an earlier try where one got so far."""
    for work in (*ctx.earlier, ctx.work):
        if (done := work / MARKED / f"{suite}.json").is_file():
            ctx.log(f"{suite}: done by an earlier try")
            found: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
            return found
    harness = ctx.settings["harness"][suite]
    folder = ctx.work / "lmms_eval" / suite
    folder.mkdir(parents=True)
    words = program.command(ctx.parent("model"), harness)
    ctx.log(f"{suite}: lmms-eval runs {harness['task']}, see {folder / 'lmms_eval.log'}")
    files = program.evaluate(words, harness["task"], folder)
    part = folder / "marks.json"
    module = "mirage.respond.lmms.marks"
    inputs = [str(files.samples), str(files.results), canonical(harness), str(part)]
    program.run([sys.executable, "-m", module, *inputs], folder / "lmms_eval.log")
    done = ctx.work / MARKED / f"{suite}.json"
    done.parent.mkdir(exist_ok=True)
    part.rename(done)
    read: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
    return read


def _check_items(samples: list[Sample], rows: Mapping[str, Any], suite: str) -> None:
    """A benchmark of another size is another benchmark: its rates cannot be compared."""
    if extra := sorted(rows.keys() - {sample.id for sample in samples}):
        raise DataError(
            f"{suite}: lmms-eval has items that the suite's {len(samples)} do not hold "
            f"({len(extra)}, {extra[0]} first). Correct expect in conf/suite/{suite}.yaml if the "
            "benchmark has grown."
        )


def _response(id_: str, row: Mapping[str, Any]) -> Response:
    """lmms-eval does not say how an answer ended; its tasks count a cut one like any other."""
    return Response(id_, row["text"], row["tokens"], "stop")


def _verdict(id_: str, row: Mapping[str, Any] | None, versions: Mapping[str, str]) -> Verdict:
    judge = f"lmms-eval {versions['lmms_eval']}"
    correct = None if row is None else row["correct"]
    if correct is None:
        reason = "lmms-eval left it out" if row is None else row["why"]
        return Verdict(id_, judge, "unjudged", reason, None, None, None, None, None)
    outcome = "correct" if correct else "wrong"
    return Verdict(id_, judge, "judged", "", None, None, outcome, None, None, {**versions})
