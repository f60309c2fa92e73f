"""track: brings finished artifacts into MLflow, and a report back out of it; jobs never do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.plan.trouble import known_error


def main(argv: list[str]) -> int:
    """Runs ``mirage track``.

    Returns:
        1 where the tracking store cannot be reached (a replay later brings everything) or the
        store cannot be written; 2 for wrong options or damaged artifacts.
    """
    from mirage.plan.state import check_store
    from mirage.track.settings import resolve

    options = _parser().parse_args(argv)
    try:
        where = resolve(options.plan, options.store, options.uri)
    except ConfigError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    try:
        if options.rebuild is None:
            check_store(where.store)
        if options.rebuild is not None:
            from mirage.track.rebuild import rebuild

            rebuild(where, options.study, options.rebuild, _say)
        elif options.follow:
            from mirage.track.follow import follow

            follow(where, options.study, options.every, _say)
        else:
            from mirage.track.replay import replay

            replay(where, options.study, _say)
    except (ConfigError, DataError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except ConnectionError as dead:
        print(f"{dead} Nothing is lost; replay later with: mirage track", file=sys.stderr)
        return 1
    except OSError as wrong:
        sentence = known_error(wrong, where.store)
        if sentence is None:
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mirage track",
        description="Brings finished artifacts into MLflow; what is there already is left alone.",
        epilog="example: mirage track --follow",
    )
    parser.add_argument(
        "--plan", type=Path, help="frozen plan to take settings from (default: last)"
    )
    parser.add_argument("--store", type=Path, help="root of the artifacts (default: the plan's)")
    parser.add_argument("--uri", help="tracking database or server (default: track.uri)")
    parser.add_argument("--study", help="only what this study's reports are made of")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="show curves while models train, as far as their checkpoints",
    )
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    parser.add_argument(
        "--rebuild", type=Path, metavar="OUT", help="make a study's report from MLflow alone"
    )
    return parser


def _say(text: str) -> None:
    print(text, flush=True)
