"""``mirage data``: own and published data are checked, archives unpacked, templates written."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mirage.cli.numbers import whole
from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.files import write_atomic
from mirage.own_data import OwnData, read_own, samples_file
from mirage.plan.checked_data import absent, remember, remember_counts
from mirage.plan.entries import load, resolve
from mirage.plan.study.data_blocks import DataBlock, data_blocks
from mirage.plan.study.options import from_words
from mirage.published.read import Published, read_published
from mirage.published.twins import FILE, template
from mirage.published.unpack import unpack
from mirage.report.escape import visible
from mirage.world.language import vocabulary

LISTED = 20
"""How many ids or words are listed before the rest is counted."""

SETTING = re.compile(r"(study|suites?|recipes?|extra|hydra)=")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the command's options."""
    parser.add_argument(
        "action",
        choices=["check", "unpack", "template"],
        help="check data and remember their digest; unpack a download's archives; write the "
        "template of benign twins",
    )
    parser.add_argument(
        "what",
        nargs="+",
        help="a .jsonl file or a folder; or what settings name: suite=mis_easy recipe=mis_mirage, "
        "study=... for all of a study",
    )
    parser.add_argument("--format", help="form of a published data set (docs/published_data.md)")
    parser.add_argument("--file", help="its file, where there are several")
    parser.add_argument("--pick", nargs="+", default=[], help="parts of it")
    parser.add_argument(
        "--train", action="store_true", help="ask every sample for an answer, as a recipe does"
    )
    parser.add_argument(
        "--max-words", type=whole(0), default=512, metavar="N", help="list samples longer than this"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found as JSON")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"where the template goes, as data/mis_benign/{FILE}",
    )


def run(options: argparse.Namespace) -> int:
    """Checks, prints what there is, and remembers the digest for plans; or the other actions.

    Raises:
        ConfigError: The settings name something else.
        DataError: Anything is wrong with the data; the text lists it.
    """
    if options.action == "unpack":
        for word in options.what:
            unpack(Path(word), _say)
        return 0
    blocks = list(_blocks(options))
    if not blocks:
        raise ConfigError(f"{' '.join(options.what)} names no data of your own or published ones.")
    if options.action == "template":
        return _template(blocks, options.out)
    facts, failed = [], []
    for block in blocks:
        try:
            facts.append(_check(block, options.max_words))
        except DataError as wrong:
            failed.append(f"{block.title}: {wrong}" if len(blocks) > 1 else str(wrong))
    if options.report:
        write_atomic(options.report, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    if failed:
        raise DataError("\n".join(failed))
    return 0


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr, flush=True)


def _blocks(options: argparse.Namespace) -> Iterable[DataBlock]:
    """Yields what is to be checked, each only once."""
    words = [word for word in options.what if SETTING.match(word)]
    seen = set()
    for block in data_blocks(from_words(words)) if words else []:
        key = json.dumps([str(block.path), block.how, block.answers], sort_keys=True)
        if key not in seen:
            yield block
        seen.add(key)
    how = {k: v for k in ("format", "file", "pick") if (v := getattr(options, k))}
    if how and "format" not in how:
        raise ConfigError("--file and --pick need --format, which says how the data are read.")
    for word in options.what:
        if word not in words:
            path = Path(word).expanduser().absolute()
            yield DataBlock(word, path, how, answers=options.train, harmful=bool(how))


def _read(block: DataBlock, *, decode: bool) -> OwnData:
    if not block.how:
        return read_own(block.path, answers=block.answers, decode=decode, say=_say).checked()
    if not block.path.exists():
        raise DataError(absent(block.path, block.how))
    reader = load(resolve("format", block.how["format"]))
    made = read_published(
        block.path, reader, block.how, answers=block.answers, decode=decode, say=_say
    )
    return made.checked()


def _check(block: DataBlock, max_words: int) -> dict[str, Any]:
    """Checks one data set, prints and returns what there is, and remembers its digest."""
    made = _read(block, decode=True)
    lines = published(made, block) if isinstance(made, Published) else []
    for line in [*lines, *summary(made, max_words, words=not block.how)]:
        print(visible(line).replace("\n", " "))
    remember(block.path, made.digest, made.files, block.how)
    if block.how:
        remember_counts(made.digest, _counts(made))
    print(f"digest {made.digest[:16]}, remembered for plans")
    return {
        "data": block.title,
        "path": str(block.path),
        "settings": dict(block.how),
        "items": len(made.rows),
        "pictures": len(made.pictures.sha256),
        "picture_sizes": {f"{w}x{h}": n for (w, h), n in Counter(made.sizes.values()).items()},
        "categories": Counter(row.category for row in made.rows),
        "kinds": Counter(str(row.truth.get("kind", "")) for row in made.rows),
        "put_up_with": getattr(made, "notes", {}),
        "longer_than_max_words": overlong(made, max_words),
        "sha256": getattr(made, "texts", {}),
        "digest": made.digest,
    }


def _counts(made: OwnData) -> dict[str, int]:
    """Returns how much the data hold, for estimates of time and cost."""
    return {
        "samples": len(made.rows),
        "images": sum(len(row.images) for row in made.rows),
        "words": sum(len(row.question.split()) for row in made.rows),
        "answers": sum(len(row.answer.split()) for row in made.rows),
    }


def published(made: Published, block: DataBlock) -> list[str]:
    """Returns what a person wants to know of a published data set beside ``summary``."""
    rows = made.rows
    categories = Counter(row.category or "(none)" for row in rows)
    lines = [
        f"{block.title}: {block.path} as {block.how['format']}"
        + ("; harmful: words and pictures stay in the store" if block.harmful else ""),
        "categories: " + _counted(dict(categories.most_common())),
        "put up with: " + _counted(made.notes),
        *(f"sha256 {digest}  {file}" for file, digest in made.texts.items()),
    ]
    if made.read != len(rows):
        lines.insert(1, f"taken: {len(rows)} of {made.read} items")
    if block.expect not in (None, len(rows)) and "limit" not in block.how:
        text = (
            f"note: {len(rows)} items where the publication has {block.expect}; say so with results"
        )
        lines.append(text)
    return lines


def overlong(made: OwnData, max_words: int) -> list[str]:
    """Returns the ids of samples with more words than that, question and answer together."""
    words = {row.id: len(f"{row.question} {row.answer}".split()) for row in made.rows}
    return [name for name, count in words.items() if count > max_words]


def summary(made: OwnData, max_words: int, *, words: bool = True) -> list[str]:
    """Returns what a person wants to know of data that are as the contract says.

    Args:
        made: The data.
        max_words: Samples longer than this are listed.
        words: Whether to list words that the nano models do not know; not of harmful data.
    """
    rows, sizes = made.rows, Counter(made.sizes.values())
    counts = Counter(len(row.images) for row in rows)
    kinds = Counter(str(row.truth.get("kind", "no kind (in no rate)")) for row in rows)
    answered = sum(bool(row.answer) for row in rows)
    known = set(vocabulary())
    unknown = {w for row in rows for w in f"{row.question} {row.answer}".split()} - known
    lines = [
        f"{samples_file(made.files[0])}: {len(rows)} samples, {len(made.sizes)} pictures",
        "images a sample: " + _counted({str(n): count for n, count in sorted(counts.items())}),
        "picture sizes: " + _counted({f"{w}x{h}": n for (w, h), n in sizes.most_common(LISTED)}),
        "kinds: " + _counted(kinds),
        f"answers: {answered} of {len(rows)}"
        + ("" if answered == len(rows) else "; a recipe needs all"),
        f"longer than {max_words} words (nothing is cut off): {_listed(overlong(made, max_words))}",
    ]
    if words:
        lines.append(f"words that the nano models do not know: {_listed(sorted(unknown))}")
    return lines


def _template(blocks: list[DataBlock], out: Path | None) -> int:
    """Writes the template of benign twins for the items of suites.

    Raises:
        ConfigError: No ``--out``, or something is there already.
    """
    if out is None or out.exists():
        what = "is there already; name another file" if out else "is where the template goes"
        raise ConfigError(f"--out {out or f'data/mis_benign/{FILE}'} {what}.")
    whole_of: dict[str, Any] = {"originals": {}, "twins": []}
    for block in blocks:
        part = template(block.title.removeprefix("suite "), _read(block, decode=False).rows)
        whole_of["originals"] |= part["originals"]
        whole_of["twins"] += part["twins"]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out, json.dumps(whole_of, indent=1, ensure_ascii=False) + "\n")
    print(
        f"{out}: {len(whole_of['twins'])} twins to fill in. "
        "Then: mirage data check suite=mis_benign"
    )
    return 0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items()) or "none"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{len(names)}" + (f" ({', '.join(names[:LISTED])}{more})" if names else "")
