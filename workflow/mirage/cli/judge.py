"""``mirage judge --responses``: judges and tabulates responses that someone else generated.

``mirage judge <folder>`` is another thing: one job of the stage, as rules run it.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from mirage.context import ConfigError
from mirage.contracts import Sample, Verdict, read_rows, write_rows
from mirage.files import MANIFEST
from mirage.judge.brought import read_brought
from mirage.judge.context import PAID, JudgeContext, pictures_of
from mirage.judge.judging import Judging, counts, unjudged
from mirage.model_card import ModelCard
from mirage.plan.code_version import code_of, use_extra
from mirage.plan.dag import make_plan
from mirage.plan.entries import resolve as reference
from mirage.plan.frozen_plan import Frozen
from mirage.plan.study.resolve import Resolved, resolve
from mirage.score.compute import score_model
from mirage.score.frame import Suite, suites_of
from mirage.score.rate_table import rate_table, write_tidy
from mirage.score.rates import Rate

SHOWN_METRICS = (
    *("asr", "hr", "rsr", "rr", "safe", "over_refusal", "helped", "useful", "degenerate"),
    *("accuracy", "pair_accuracy", "j"),
)

SHOWN_FLIPS = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "--responses", type=Path, required=True, metavar="FILE",
        help="JSON lines: {id, text[, n_tokens, finish_reason]}",
    )  # fmt: skip
    parser.add_argument(
        "--suite", action="append", required=True, metavar="NAME", dest="suites",
        help="a suite of conf/suite, or a folder with samples.jsonl; may be repeated",
    )  # fmt: skip
    parser.add_argument("--judge", default="oracle", help="a file of conf/judge (default oracle)")
    parser.add_argument("--out", type=Path, help="where to write (default: FILE without .jsonl)")
    parser.add_argument("--store", type=Path, default=Path("results"), help="where suites lie")
    parser.add_argument(
        "--against", type=Path, metavar="FILE",
        help="verdicts.jsonl of the same items answered before: says how many verdicts differ",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Judges a file and prints its rates.

    Raises:
        ConfigError: No such judge or suite, a suite that is not built or given twice, or no folder
            to write to.
        DataError: The file is not what it should be.
    """
    if again := [name for name, n in Counter(options.suites).items() if n > 1]:
        raise ConfigError(f"--suite {again[0]} was given twice; give each suite once.")
    if not options.responses.is_file():
        raise ConfigError(
            f"{options.responses} is no file. Name a JSONL file: mirage judge --responses FILE"
        )
    config = {"judge": options.judge, "store": str(options.store)}
    named = [name for name in options.suites if not (Path(name) / "samples.jsonl").is_file()]
    study = resolve(config)
    use_extra(str(study.extra or ""))
    (judge,) = study.judges
    folders = [Path(name) for name in options.suites if name not in named]
    built, images = _built(named, config)
    homes = [(sample, folder) for folder in [*folders, *built] for sample in _samples(folder)]
    samples = [sample for sample, _ in homes]
    before = _verdicts(options.against, judge.name) if options.against else {}
    suites = suites_of(samples)
    by_id = {sample.id: sample for sample in samples}
    responses = read_brought(options.responses, by_id)
    out = _out_folder(options.responses, options.out)
    entry = reference("judge", judge.kind)
    code = code_of("judge", {"judge": entry}).version
    judging = Judging.of(judge.name, entry, judge.options, code=code, work=None)
    places = {sample.suite: folder for sample, folder in homes}
    context = JudgeContext(
        judge.name,
        options.store / "work" / PAID / judge.name,
        pictures_of(places, images),
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    given = judging.judge(by_id, responses, options.responses, "", context)
    answered = {verdict.id: verdict for verdict in given}
    verdicts = [
        answered.get(s.id) or unjudged(s, judge.name, "no response in the file")
        for suite in suites.values()
        for s in suite.samples
    ]
    rates = _rates(study, options.responses.stem, suites, verdicts)
    write_rows(out / "verdicts.jsonl", verdicts)
    write_tidy([(options.responses.stem, rate_table(rates, judge.name))], out)
    table = markdown(rates)
    (out / "rates.md").write_text(table, encoding="utf-8")
    summary = ", ".join(f"{count:g} {what}" for what, count in counts(verdicts).items())
    print(f"{table}\n{summary}; all rates and verdicts: {out}")
    if options.against:
        print(flips(before, answered))
    if len(answered) < len(by_id):
        print(f"{len(by_id) - len(answered)} items have no response: unjudged.", file=sys.stderr)
    return 0


def flips(before: Mapping[str, Verdict], again: Mapping[str, Verdict]) -> str:
    """Says how many verdicts changed of items that were answered twice.

    Args:
        before: Item -> its verdict then.
        again: The same now.
    """
    from mirage.respond.repeat import flip_rate

    both = sorted(before.keys() & again.keys())
    judged = [id_ for id_ in both if {before[id_].status, again[id_].status} == {"judged"}]
    if not judged:
        return "No item was judged both times."
    said = [
        {id_: (each.outcome, each.perception) for id_, each in verdicts.items()}
        for verdicts in (before, again)
    ]
    differ = [id_ for id_ in judged if said[0][id_] != said[1][id_]]
    made = flip_rate("", 0, len(judged), len(differ))
    named = ", ".join(differ[:SHOWN_FLIPS]) + (" ..." if len(differ) > SHOWN_FLIPS else "")
    share = f"{made.rate} % [{made.low}, {made.high}]"
    text = f"{made.flips} of {made.items} verdicts differ, {share}"
    return f"{text}: {named}" if differ else text


def _verdicts(path: Path, judge: str) -> dict[str, Verdict]:
    """Reads verdicts to compare with.

    Raises:
        ConfigError: There is no such file, or another judge gave them.
        DataError: A broken line.
    """
    if not path.is_file():
        raise ConfigError(f"{path} is no file. Name one: --against results/judge/*/verdicts.jsonl")
    found = {verdict.id: verdict for verdict in read_rows(path, Verdict)}
    if others := sorted({verdict.judge for verdict in found.values()} - {judge}):
        raise ConfigError(
            f"{path} holds verdicts of {others[0]}, not of {judge}: --judge {others[0]}"
        )
    return found


def _out_folder(responses: Path, named: Path | None) -> Path:
    """Makes the folder of results, before judging takes its time.

    Raises:
        ConfigError: It cannot be made or written.
    """
    out = named or responses.with_suffix("")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        why = "it, or a part of its path, is a file"
    except OSError as wrong:
        why = str(wrong.strerror)
    else:
        if os.access(out, os.W_OK | os.X_OK):
            return out
        why = "nothing may be written there"
    raise ConfigError(f"{out} cannot be the folder of results: {why}. Name one: --out <folder>")


def _rates(
    study: Resolved, name: str, suites: dict[str, Suite], verdicts: Sequence[Verdict]
) -> list[Rate]:
    """Rates of all that is judged; the coverage stands beside every one."""
    score = study.score.model_copy(update={"min_coverage": 0.0, "gates": [], "contrasts": []})
    model = ModelCard(recipe=name, config="", seed=0, name=name)
    return score_model(model, suites, verdicts, score).rates


def _built(names: Sequence[str], config: dict[str, str]) -> tuple[list[Path], Path | None]:
    """Returns the folders of suites that the store holds as the configuration would build them.

    Beside them the folder of the pictures they share; None where no suite is named.

    Raises:
        ConfigError: One is not built; the text has the command that builds it.
    """
    if not names:
        return [], None
    plan, _ = make_plan({**config, "suite": list(names)})
    folders = {name: _folder(plan, name) for name in names}
    if missing := [name for name, folder in folders.items() if not (folder / MANIFEST).is_file()]:
        listed = f"[{','.join(names)}]" if len(names) > 1 else names[0]
        raise ConfigError(
            f"suite {', '.join(missing)} is not built yet. Build it with: snakemake "
            f"--until build --config suite={listed} store={plan.store}"
        )
    shared = (Path(plan.store) / f for f, job in plan.jobs.items() if job.kind == "images")
    return list(folders.values()), next(shared, None)


def _folder(plan: Frozen, suite: str) -> Path:
    for folder, job in plan.jobs.items():
        if job.kind == "suite" and job.name == suite:
            return Path(plan.store) / folder
    raise ConfigError(f"there is no suite {suite!r}. See conf/suite.")


def _samples(folder: Path) -> list[Sample]:
    return read_rows(folder / "samples.jsonl", Sample)


def markdown(rates: Sequence[Rate]) -> str:
    """Returns the overall rates as a Markdown table: value with limits, n, coverage."""
    lines = [
        "| suite | corner | rate | % | 95 % limits | n | coverage % |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for rate in rates:
        if rate.group_by == "all" and rate.metric in SHOWN_METRICS:
            value = "-" if rate.value is None else f"{rate.value:.1f}"
            limits = "-" if rate.low is None else f"{rate.low:.1f} to {rate.high:.1f}"
            words = [_cell(text) for text in (rate.suite, rate.corner, rate.metric)]
            cells = [*words, value, limits, str(rate.n), f"{rate.coverage:.1f}"]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Corners and suites may come from someone's data: nothing of them may leave its cell."""
    return re.sub(r"[^\w .,:+-]", "?", text)
