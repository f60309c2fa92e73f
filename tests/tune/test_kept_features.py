"""Features in mapped files, and pictures decoded on the fly, give the loss that memory gives."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import free_samples
import pytest
import torch
from free_samples import Opened

from mirage.contracts import DataError
from mirage.tune import checkpoint
from mirage.tune.batching import Batch
from mirage.tune.large import features, packing
from mirage.tune.large.features import FeatureFiles, Undecoded
from mirage.tune.model_folder import freeze
from mirage.tune.objective import Table


@pytest.fixture
def opened(opened: Opened) -> Opened:
    freeze(opened.model, ["language_model", "projector"], opened.family)
    return opened


@pytest.fixture
def pictures(opened: Opened) -> Undecoded:
    return Undecoded(opened.data.files, opened.data.tiles, opened.encoding)


def key_of(opened: Opened, pictures: Undecoded) -> str:
    return features.features_key(opened.folder, opened.model, opened.family, pictures)


def keep(opened: Opened, pictures: Undecoded, folder: Path, **more: Any) -> list[Path]:
    key = key_of(opened, pictures)
    return features.keep_features(
        folder, key, opened.model, opened.family, pictures, shard_pictures=2, **more
    )


def step(
    opened: Opened, table: Table | None, kept: bool, fetch: bool = False
) -> tuple[float, list[torch.Tensor]]:
    """Loss and gradients of a step over all samples, its pictures fetched or in memory."""
    objective = opened.objective(kept, table)
    opened.model.zero_grad(set_to_none=True)
    loss = 0.0
    for row in ([3, 2, 7], [0, 1, 4, 5], [6]):  # the last one shows no picture
        made = packing.collate_row(opened.data, range(8), row, 3, opened.encoding.pad)
        batch: Batch = dataclasses.replace(made, spans=None)
        if fetch and table is not None:
            places = batch.pictures if len(batch.pictures) else torch.zeros(1, dtype=torch.long)
            batch = dataclasses.replace(batch, shown=table[places])
        share = objective(**vars(batch))
        share.backward()
        loss += share.item()
    return loss, [p.grad for p in opened.model.parameters() if p.grad is not None]


@pytest.mark.parametrize("fetch", [False, True])
@pytest.mark.parametrize("place", ["files", "decoded"])
def test_loss_and_gradients_are_those_of_memory(
    opened: Opened, pictures: Undecoded, tmp_path: Path, place: str, fetch: bool
) -> None:
    kept = place == "files"
    rows = FeatureFiles(keep(opened, pictures, tmp_path / "f")) if kept else pictures
    assert len(rows) == len(opened.data.pixels)
    loss, gradients = step(opened, rows, kept, fetch)
    expected, wanted = step(opened, None, kept)
    assert loss == pytest.approx(expected, abs=1e-6) and loss > 0.5
    assert len(gradients) == len(wanted) > 0
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(gradients, wanted, strict=True))


def test_pictures_decoded_later_are_those_decoded_at_once(
    opened: Opened, samples: Path, tmp_path: Path
) -> None:
    name = opened.family.name
    lazy = free_samples.open_stand_in(name, opened.folder, samples, decode=False)
    assert not len(lazy.data.pixels) and lazy.data.tiles == opened.data.tiles
    rows = Undecoded(lazy.data.files, lazy.data.tiles, lazy.encoding)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))
    assert torch.equal(rows[order], opened.data.pixels[order])


def test_another_try_computes_only_what_is_missing(
    opened: Opened, pictures: Undecoded, tmp_path: Path
) -> None:
    first = keep(opened, pictures, tmp_path / "one/features")
    assert len(first) == 3
    first[1].unlink()
    first[2].write_bytes(first[2].read_bytes()[:40])  # cut off by a full disk
    (tmp_path / "one/features/00009.0.part").write_text("a kill")
    (tmp_path / "two").mkdir()
    inode = first[0].stat().st_ino
    checkpoint.inherit({tmp_path / "one": True}, tmp_path / "two")
    lines: list[str] = []
    second = keep(opened, pictures, tmp_path / "two/features", log=lines.append)
    assert second[0].stat().st_ino == inode and not (tmp_path / "one").exists()
    assert [line.split(": ")[1] for line in lines] == ["2 of 3 files", "3 of 3 files"]
    assert torch.equal(FeatureFiles(second)[torch.arange(len(pictures))], whole(opened))


def whole(opened: Opened) -> torch.Tensor:
    """The features of all pictures, two by two as the shards above hold them."""
    tiles, rows, made = opened.data.tiles, opened.data.pixels, []
    for first in range(0, len(tiles), 2):
        some = tiles[first : first + 2]
        start = sum(map(int, tiles[:first]))
        made.append(opened.family.keep(opened.model, rows[start : start + sum(some)], some))
    return torch.cat(made)


def test_ranks_share_the_work_and_wait_for_each_other(
    opened: Opened, pictures: Undecoded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[list[str]] = []

    def others_turn(_: float) -> None:
        made.append(sorted(path.name for path in tmp_path.glob("0*")))
        if len(made) == 1:
            keep(opened, pictures, tmp_path, rank=0, ranks=2)

    monkeypatch.setattr(features, "time", SimpleNamespace(sleep=others_turn))
    paths = keep(opened, pictures, tmp_path, rank=1, ranks=2)
    assert made == [["00001.safetensors"]]
    assert torch.equal(FeatureFiles(paths)[torch.arange(len(pictures))], whole(opened))


def test_shards_that_do_not_come_end_the_wait(
    opened: Opened, pictures: Undecoded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    # Not time.sleep itself: threads of other tests sleep too.
    monkeypatch.setattr(features, "time", SimpleNamespace(sleep=slept.append))
    with pytest.raises(DataError, match=r"2 of 3 files .* for 2 minutes: another rank is lost"):
        keep(opened, pictures, tmp_path, rank=1, ranks=2, wait=120.0)
    assert 120 <= sum(slept) <= 125


def test_the_key_knows_what_decides_the_features(opened: Opened, pictures: Undecoded) -> None:
    key = key_of(opened, pictures)
    assert key == key_of(opened, pictures)
    fewer = dataclasses.replace(pictures, files=pictures.files[:-1], tiles=pictures.tiles[:-1])
    assert key_of(opened, fewer) != key
    text = (opened.folder / "preprocessor_config.json").read_text()
    (opened.folder / "preprocessor_config.json").write_text(text.replace("0.48", "0.47"))
    assert key_of(opened, pictures) != key
    (opened.folder / "preprocessor_config.json").write_text(text)
    with torch.no_grad():
        opened.model.lm_head.weight.add_(1)
        assert key_of(opened, pictures) == key  # what learns does not decide
        parts = opened.family.parts["vision"]
        next(p for n, p in opened.model.named_parameters() if n.startswith(parts)).add_(1)
    assert key_of(opened, pictures) != key


def test_a_picture_that_changed_its_size_is_an_error(opened: Opened, pictures: Undecoded) -> None:
    other = dataclasses.replace(pictures, tiles=[tiles + 1 for tiles in pictures.tiles])
    with pytest.raises(DataError, match="tiles where their sizes say"):
        other[torch.tensor([0])]
