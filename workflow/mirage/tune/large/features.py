"""Pictures of large data sets: what a frozen tower says of them, kept in files that are mapped.

The features of a data set of real models need tens of GB, more than a device or a node's memory
holds. They are computed once, in shards that count only when whole (so that a killed job goes on),
and lie in the job's work folder as safetensors. Rows come from the disk as batches ask for them,
bit for bit what the tower said.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mirage.contracts import DataError
from mirage.files import canonical, sha256
from mirage.pictures import PictureFile
from mirage.tune.encoding import Encoding, open_shown
from mirage.tune.families.base import Family
from mirage.tune.large.world import WAIT_MINUTES

_NAME: Final = "features"
_POLL_SECONDS: Final = 1.0
_TOGETHER: Final = 16
"""Pictures that are decoded and pass the tower together."""

SHARD_PICTURES: Final = 256
"""Pictures of a file: 0.5 GB for InternVL2.5-8B (256 x 4,096 values a tile, bfloat16) at one tile
a picture, 2.7 GB at five."""


@dataclass(frozen=True)
class Undecoded:
    """Pictures that are decoded where a batch shows them.

    Attributes:
        files: Each distinct picture: its company, the file, and the place that first names it.
        tiles: Rows that each takes.
        encoding: The model's encoding.
    """

    files: Sequence[tuple[int, PictureFile, str]]
    tiles: Sequence[int]
    encoding: Encoding

    @cached_property
    def ends(self) -> list[int]:
        """The row after the last one of each picture."""
        return list(accumulate(map(int, self.tiles)))

    def __len__(self) -> int:
        """Returns the number of rows."""
        return self.ends[-1] if self.files else 0

    def decode(self, first: int, last: int) -> Tensor:
        """Returns what the tower takes of the pictures from ``first`` up to before ``last``.

        Raises:
            DataError: One cannot be decoded, or gives another number of rows than its size said.
        """
        some = self.files[first:last]
        made = []
        for company, alike in groupby(some, key=lambda each: each[0]):
            shown = [open_shown(file, where, self.encoding) for _, file, where in alike]
            made.append(self.encoding.pixels([np.asarray(each) for each in shown], company))
        pixels = torch.cat(made)
        if len(pixels) != (expected := sum(map(int, self.tiles[first:last]))):
            raise DataError(
                f"{some[0][2]}: {len(some)} pictures from {some[0][1]} on gave {len(pixels)} tiles "
                f"where their sizes say {expected}."
            )
        return pixels

    def __getitem__(self, places: Tensor) -> Tensor:
        """Returns the pixels of some rows; each picture among them is decoded once."""
        places = places.cpu()
        asked = np.searchsorted(self.ends, places.numpy(), side="right")
        made: list[Tensor] = []
        offset, rows = {}, 0
        for picture in dict.fromkeys(asked.tolist()):
            offset[picture] = rows - (self.ends[picture] - int(self.tiles[picture]))
            made.append(self.decode(picture, picture + 1))
            rows += len(made[-1])
        order = [
            offset[picture] + place for picture, place in zip(asked, places.tolist(), strict=True)
        ]
        return torch.cat(made)[order]


class FeatureFiles:
    """Kept features, mapped from the files that ``keep_features`` wrote."""

    def __init__(self, shards: Sequence[Path]) -> None:
        """Maps the shards, in their order; nothing is read yet."""
        self._shards = [_mapped(path) for path in shards]
        self._ends = np.cumsum([len(shard) for shard in self._shards])

    def __len__(self) -> int:
        """Returns the number of rows."""
        return int(self._ends[-1])

    def __getitem__(self, places: Tensor) -> Tensor:
        """Returns some rows as a copy in memory, (n, tokens of a row, size)."""
        places = places.cpu()
        shards = np.searchsorted(self._ends, places.numpy(), side="right")
        made = torch.empty(len(places), *self._shards[0].shape[1:], dtype=self._shards[0].dtype)
        for shard in np.unique(shards):
            here = torch.from_numpy(np.flatnonzero(shards == shard))
            start = int(self._ends[shard]) - len(self._shards[shard])
            made[here] = self._shards[shard][places[here] - start]
        return made


def features_key(base: Path, model: Any, family: Family, pictures: Undecoded) -> str:
    """Returns a digest of all that decides the features: tower, image settings, pictures, type.

    Args:
        base: The model folder, whose settings say how pictures are prepared.
        model: The opened model.
        family: Its class.
        pictures: The pictures.
    """
    tower = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if name.startswith(family.parts["vision"]):
            tower.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            tower.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy())
    settings = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(base.glob("*config.json"))
        if path.name != "generation_config.json"
    }
    named = zip(pictures.files, pictures.tiles, strict=True)
    shown = [[company, file.digest(where), int(n)] for (company, file, where), n in named]
    parts = [family.name, str(model.dtype), str(model.device.type), tower.hexdigest()]
    return sha256(canonical({"model": parts, "settings": settings, "pictures": shown}).encode())


def keep_features(
    folder: Path,
    key: str,
    model: Any,
    family: Family,
    pictures: Undecoded,
    *,
    rank: int = 0,
    ranks: int = 1,
    wait: float = 60 * WAIT_MINUTES,
    shard_pictures: int = SHARD_PICTURES,
    log: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Computes what the frozen tower says of all pictures, unless it lies there already.

    Several ranks share the shards, and each returns when all are there: torchrun ends every rank
    when one fails.

    Args:
        folder: Where the shards lie.
        key: What decides them, see ``features_key``; a shard of another key is made anew.
        model: The model; its tower is frozen.
        family: Its class.
        pictures: The pictures.
        rank: This process.
        ranks: Processes that share the work.
        wait: Seconds without a further shard, after which the others are given up.
        shard_pictures: Pictures of a file.
        log: Takes lines for people.

    Returns:
        All shards, in order.

    Raises:
        DataError: A picture cannot be decoded, or the shards of another rank do not come.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(pictures.files), shard_pictures)
    paths = [folder / f"{number:05d}.safetensors" for number in range(len(starts))]
    training = model.training
    model.eval()
    for number in range(rank, len(paths), ranks):
        if _key_of(paths[number]) == key:
            continue
        end = min(starts[number] + shard_pictures, len(pictures.files))
        made = []
        for first in range(starts[number], end, _TOGETHER):
            last = min(first + _TOGETHER, end)
            pixels = pictures.decode(first, last).to(model.device, model.dtype)
            made.append(family.keep(model, pixels, pictures.tiles[first:last]).cpu())
        beside = paths[number].with_suffix(f".{rank}.part")
        save_file({_NAME: torch.cat(made)}, beside, metadata={"key": key})
        beside.replace(paths[number])
        log(f"features of pictures: {number + 1} of {len(paths)} files")
    model.train(training)
    _wait_for(paths, key, wait)
    return paths


def _wait_for(paths: Sequence[Path], key: str, wait: float) -> None:
    """Waits until other ranks have written their shards too."""
    before, waited = 0, 0.0
    while missing := sum(_key_of(path) != key for path in paths):
        if waited > wait:
            raise DataError(
                f"{missing} of {len(paths)} files of features in {paths[0].parent} have not come "
                f"for {wait / 60:.0f} minutes: another rank is lost. Try again with: snakemake"
            )
        time.sleep(_POLL_SECONDS)
        waited = waited + _POLL_SECONDS if missing == before else 0.0
        before = missing


def _key_of(path: Path) -> str:
    """Returns the key of a shard; empty where there is none, or a broken one."""
    try:
        with safe_open(path, framework="pt") as file:
            return str((file.metadata() or {}).get("key", ""))
    except (OSError, SafetensorError):
        return ""


def _mapped(path: Path) -> Tensor:
    with safe_open(path, framework="pt") as file:
        tensor: Tensor = file.get_tensor(_NAME)
    return tensor
