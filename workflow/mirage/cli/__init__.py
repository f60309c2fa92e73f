"""The command line ``mirage``: plan, show, track, clean and check; ``snakemake`` runs the jobs."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from mirage.cli.hints import Parser, as_settings, example, unknown_command, unknown_option
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.plan.job import STAGES
from mirage.plan.trouble import known_error

COMMANDS = {
    "plan": "experiments, jobs and minutes of a study; what would run, and why",
    "data": "check your own data before a plan reads them",
    "show": "one artifact: settings, parents, log, how it differs from another",
    "release": "commit the bases that a study trained, for other studies to import",
    "evidence": "commit what models answered, seed by seed, and report from that alone",
    "compare": "hold a run against the committed gallery, base by base",
    "gallery": "refresh the committed gallery and the README from a finished study",
    "track": "bring finished artifacts into MLflow",
    "gc": "list, or remove, artifacts that no kept plan needs",
    "model": "check a model folder that is to be imported, and remember its digest",
    "schema": "JSON Schema of conf/, for editors: made anew from the types",
    "verify": "check a whole store: ids, sizes, hashes, parents, links",
    "judge": "judge and tabulate responses that someone else generated (--responses FILE)",
    "serve": "answer for a judge over HTTP, so that jobs elsewhere can ask it",
    "doctor": "check this machine or cluster, and what a study needs of it",
    "ladder": "climb from a new machine to the full study, and say what each rung proved",
}
SETTINGS = ("plan", "doctor", "ladder")
"""Commands that take what stands behind ``snakemake --config``."""
INTERNAL = {
    "finish": "what a run does at its end: track, say where the report is",
    "report_pages": "copy a report's pages for snakemake --report",
}
"""Called by the Snakefile; not listed."""


def run(arguments: list[str]) -> int:
    """Runs one command and returns the exit status."""
    raw = argparse.RawDescriptionHelpFormatter
    by_hand = f"One job by hand: mirage {{{','.join(STAGES)}}} results/<stage>/<name>-<id>"
    parser = Parser(prog="mirage", description=__doc__, epilog=by_hand, formatter_class=raw)
    words = parser.add_subparsers(dest="command", required=True, metavar="command")
    arguments = arguments or ["--help"]
    first = arguments[0]
    # An internal command is known only where it is meant: no list and no hint names it.
    known = COMMANDS | (INTERNAL if first in INTERNAL else {})
    if not first.startswith("-") and first not in known:
        parser.error(unknown_command(first, [*COMMANDS]))
    for word, text in known.items():
        own = (
            words.add_parser(word, description=text)
            if word in INTERNAL
            else words.add_parser(
                word,
                help=text,
                description=text,
                epilog=example(word),
                formatter_class=raw,
                add_help=word != "track",
            )
        )
        if word == first and word != "track":
            importlib.import_module(f"mirage.cli.{word}").add_options(own)
    if first == "track":
        return _track(arguments[1:])
    behind: list[str] = []
    if first == "ladder" and "--" in arguments:
        cut = arguments.index("--")
        arguments, behind = arguments[:cut], arguments[cut + 1 :]
    if first in ("plan", "ladder"):
        arguments = [first, *as_settings(arguments[1:])]
    options, unknown = parser.parse_known_args(arguments)
    if first in SETTINGS and not any(word.startswith("-") for word in unknown):
        # argparse takes only the settings that stand before the first option.
        options.config, unknown = [*options.config, *unknown], []
    if unknown:
        parser.error(unknown_option(unknown[0], arguments, words.choices[first].format_usage()))
    if behind:
        options.behind = behind
    try:
        status: int = importlib.import_module(f"mirage.cli.{first}").run(options)
    except BrokenPipeError:
        return 0
    except (ConfigError, DataError, OSError) as wrong:
        sentence = known_error(wrong, getattr(options, "store", None) or Path("results"))
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return 1
    return status


def _track(arguments: list[str]) -> int:
    """MLflow is heavy; the package ``mirage.track`` reads its own options."""
    from mirage.track import main

    return int(main(arguments) or 0)
