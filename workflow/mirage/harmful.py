"""Data with ``harmful: true``: their words and pictures stay in the store.

What leaves it (the report, the tracking store) has ids, labels, counts and hashes alone. The mark
stands in the settings of every artifact that holds such data, and in no other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from mirage.contracts import Response, Sample, Verdict
from mirage.files import sha256
from mirage.plan.artifact import Manifest

WORDED: Final = frozenset({"hazard", "answer", "objects", "things", "action", "cue"})
"""Keys of ``Sample.truth`` that may say in words what an item is about."""

NO_PICTURE: Final = "hidden"
"""In the place of a picture's name, which may say what it shows."""

_CODE: Final = re.compile(r"[a-z0-9_]{1,24}")
"""One word, as our own code writes it: ``refusal``, never a sentence that a model said."""


def is_harmful(made: Manifest) -> bool:
    """Tells whether an artifact of ``build`` holds data that are marked as harmful."""
    suite, recipe = made.settings.get("suite", {}), made.settings.get("recipe", {})
    return bool(suite.get("harmful") or recipe.get("data", {}).get("harmful"))


def harmful_suites(folders: Iterable[Path]) -> frozenset[str]:
    """Returns the names of those suites that are marked.

    Args:
        folders: Folders of finished suites.

    Raises:
        DataError: A manifest that cannot be read.
    """
    read = (Manifest.read(folder) for folder in folders)
    return frozenset(str(made.settings["suite"]["name"]) for made in read if is_harmful(made))


def suite_of(item: str) -> str:
    """Returns the suite that an id names."""
    return item.partition("/")[0]


def bare_sample(sample: Sample) -> Sample:
    """Returns a sample without its words and pictures; how many pictures it has stays known."""
    truth = {key: value for key, value in sample.truth.items() if key not in WORDED}
    return replace(sample, question="", images=(NO_PICTURE,) * len(sample.images), truth=truth)


def bare_response(row: Response) -> Response:
    """Returns an answer with the hash of its text in place of the text."""
    return replace(row, text=f"sha256 {sha256(row.text.encode('utf-8', 'surrogatepass'))}")


def bare_verdict(row: Verdict) -> Verdict:
    """Returns a verdict without what the judge read off the text; of its words, codes are left."""
    return replace(row, raw={}, reason=row.reason if _CODE.fullmatch(row.reason) else "")
