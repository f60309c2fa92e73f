"""Where the pictures of a training set come from, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mirage.tune.checkpoint import FEATURES
from mirage.tune.data import Encoded
from mirage.tune.encoding import Encoding
from mirage.tune.families.base import Family
from mirage.tune.large.features import FeatureFiles, Undecoded, features_key, keep_features
from mirage.tune.large.host_table import host_table
from mirage.tune.large.world import device, patience, rank, ranks
from mirage.tune.objective import Table


def picture_table(
    large: Mapping[str, Any],
    base: Path,
    work: Path,
    model: Any,
    family: Family,
    data: Encoded,
    encoding: Encoding,
    frozen: bool,
    log: Callable[[str], None],
) -> tuple[Table, bool]:
    """Returns the table of pictures, and whether it holds features of the tower.

    Args:
        large: The block ``tune.large``; its ``features`` say how.
        base: The model folder.
        work: Work folder of the job, which all its ranks see.
        model: The opened model.
        family: Its class.
        data: The training set, pictures decoded for ``memory`` alone.
        encoding: The model's encoding.
        frozen: Whether the vision tower is frozen.
        log: Takes lines for people.

    Raises:
        DataError: A picture cannot be decoded, or another rank keeps this one waiting.
    """
    how = large["features"]
    if how == "memory":
        return host_table(model, family, data, frozen, device()), frozen
    pictures = Undecoded(data.files, data.tiles, encoding)
    if how == "on_the_fly" or not frozen or not data.files:
        return pictures, False
    key = features_key(base, model, family, pictures)
    mine = {"rank": rank(), "ranks": ranks(), "wait": patience(large)}
    paths = keep_features(work / FEATURES, key, model, family, pictures, log=log, **mine)
    return FeatureFiles(paths), True
