"""``mirage data check``: a user's own samples and pictures against their contract."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from mirage.cli.numbers import whole
from mirage.own_data import OwnData, read_own, samples_file
from mirage.plan.checked_data import remember
from mirage.report.escape import visible
from mirage.world.language import vocabulary

LISTED = 20
"""How many ids or words are listed before the rest is counted."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument("action", choices=["check"], help="what to do")
    parser.add_argument("path", type=Path, help="a .jsonl file, or a folder with samples.jsonl")
    parser.add_argument(
        "--train", action="store_true", help="ask every sample for an answer, as a recipe does"
    )
    parser.add_argument(
        "--max-words", type=whole(0), default=512, metavar="N", help="list samples longer than this"
    )


def run(options: argparse.Namespace) -> int:
    """Checks, prints what there is, and remembers the digest for plans.

    Raises:
        DataError: Anything is wrong with the data; the text lists it.
    """

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    path = options.path.expanduser().absolute()
    made = read_own(path, answers=options.train, decode=True, say=say).checked()
    for line in summary(made, options.max_words):
        print(visible(line).replace("\n", " "))
    remember(path, made.digest, made.files)
    print(f"digest {made.digest[:16]}, remembered for plans")
    return 0


def summary(made: OwnData, max_words: int) -> list[str]:
    """Returns what a person wants to know of data that are as the contract says."""
    rows, sizes = made.rows, Counter(made.sizes.values())
    counts = Counter(len(row.images) for row in rows)
    kinds = Counter(str(row.truth.get("kind", "no kind (in no rate)")) for row in rows)
    answered = sum(bool(row.answer) for row in rows)
    words = {row.id: len(f"{row.question} {row.answer}".split()) for row in rows}
    long = [name for name, count in words.items() if count > max_words]
    known = set(vocabulary())
    unknown = {w for row in rows for w in f"{row.question} {row.answer}".split()} - known
    return [
        f"{samples_file(made.files[0])}: {len(rows)} samples, {len(made.sizes)} pictures",
        "images a sample: " + _counted({str(n): count for n, count in sorted(counts.items())}),
        "picture sizes: " + _counted({f"{w}x{h}": n for (w, h), n in sizes.most_common(LISTED)}),
        "kinds: " + _counted(kinds),
        f"answers: {answered} of {len(rows)}"
        + ("" if answered == len(rows) else "; a recipe needs all"),
        f"longer than {max_words} words (nothing is cut off): {_listed(long)}",
        f"words that the nano models do not know: {_listed(sorted(unknown))}",
    ]


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items()) or "none"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{len(names)}" + (f" ({', '.join(names[:LISTED])}{more})" if names else "")
