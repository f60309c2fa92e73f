"""Two pictures side by side in one slot become two tiles, in training as in the processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import squares
import torch
from PIL import Image
from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil

from mirage.contracts import TrainSample, read_rows, write_rows
from mirage.tune import batching
from mirage.tune.losses import mean_over_samples, mean_over_tokens
from mirage.tune.nano.base import NanoProcessor
from mirage.tune.nano.internvl import TilesOnly
from mirage.tune.nano.tokens import chat


def noise(width: int, height: int, seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.fixture
def mixed(tmp_path: Path, world: squares.World) -> Path:
    """A data set of pictures, pairs side by side, and both in one sample."""
    (tmp_path / "own").mkdir()
    for seed in range(4):
        noise(64, 32, seed).save(tmp_path / f"own/pair-{seed}.png")
    names = read_rows(world.data / "samples.jsonl", TrainSample)[0].images
    shown = [("own/pair-0.png",), names, (), ("own/pair-1.png", *names), ("own/pair-2.png",) * 2]
    question, answer = "what is in the first ?", "a red square and a blue square ."
    rows = [
        squares.sample(f"train/{i}", question, images, answer, "naming")
        for i, images in enumerate(shown)
    ]
    write_rows(tmp_path / "samples.jsonl", rows)
    return tmp_path


def test_tiles_are_those_of_the_stock_image_processor(processor: NanoProcessor) -> None:
    ours = processor.image_processor
    assert isinstance(ours, TilesOnly)
    fields = ("size", "image_mean", "image_std", "crop_to_patches", "min_patches", "max_patches")
    stock = GotOcr2ImageProcessorPil(**{name: getattr(ours, name) for name in fields})
    plain = GotOcr2ImageProcessorPil(
        **{name: getattr(ours, name) for name in fields if "patches" not in name}
    )
    single, pair = noise(32, 32, 0), noise(64, 32, 1)
    # One tile: nothing differs, whether tiling is on or off.
    expected = plain(single, return_tensors="pt")["pixel_values"]
    for made in (stock, ours):
        assert torch.equal(made(single, return_tensors="pt")["pixel_values"], expected)
    # Two tiles: the halves; stock classes put a squeezed view of the whole behind them.
    halves = [pair.crop((0, 0, 32, 32)), pair.crop((32, 0, 64, 32))]
    tiles = ours(pair, return_tensors="pt")
    assert tiles["num_patches"].tolist() == [2]
    assert torch.equal(tiles["pixel_values"], plain(halves, return_tensors="pt")["pixel_values"])
    whole = stock(pair, return_tensors="pt")["pixel_values"]
    assert len(whole) == 3 and torch.equal(whole[:2], tiles["pixel_values"])


def test_tiles_of_sizes(processor: NanoProcessor) -> None:
    sizes = ((32, 32), (64, 32), (32, 64), (64, 64))
    assert [processor.tiles(*size) for size in sizes] == [1, 2, None, None]


def test_samples_are_what_the_saved_processor_makes(
    mixed: Path, world: squares.World, base: Path
) -> None:
    saved = squares.load_processor(base)
    encoded = squares.load([mixed], world.images, saved)
    for i, row in enumerate(read_rows(mixed / "samples.jsonl", TrainSample)):
        answer = {"role": "assistant", "content": row.answer}
        text = saved.apply_chat_template(
            [*chat(row.question, len(row.images)), answer], tokenize=False
        )
        pictures = [
            Image.open((mixed if n.startswith("own/") else world.images) / n) for n in row.images
        ]
        expected = saved(images=pictures or None, text=[text], return_tensors="pt")
        assert encoded.ids[i].tolist() == expected["input_ids"][0].tolist()
        if pictures:
            assert torch.equal(encoded.pixels[encoded.pictures[i]], expected["pixel_values"])
    assert [len(tiles) for tiles in encoded.pictures] == [2, 1, 0, 3, 4]


@pytest.mark.parametrize("keep", [False, True])
def test_packed_loss_is_the_stock_loss(
    mixed: Path, world: squares.World, base: Path, keep: bool
) -> None:
    model = squares.open_model(base)
    encoded = squares.load([mixed], world.images, squares.load_processor(base))
    summed = 0.0
    for i, ids in enumerate(encoded.ids):
        inputs = torch.from_numpy(ids)[None]
        labels = inputs.clone()
        labels[:, : encoded.prompts[i]] = -100
        shown = {"pixel_values": encoded.pixels[encoded.pictures[i]]}
        stock = model(input_ids=inputs, labels=labels, **(shown if encoded.pictures[i] else {}))
        summed += stock.loss.item()
    for by in (mean_over_tokens, mean_over_samples):
        # All answers are equally long: both means are the mean of the samples' losses.
        batch = batching.collate(encoded, range(5), 96, 0)
        assert len(batch.ids) < 5
        loss = squares.objective(model, encoded, keep, by)(**vars(batch))
        assert loss.item() == pytest.approx(summed / 5, abs=2e-6)


def test_own_pictures_of_two_data_sets_do_not_mix(
    mixed: Path,
    world: squares.World,
    processor: NanoProcessor,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "own").mkdir()
    noise(64, 32, 99).save(other / "own/pair-0.png")
    write_rows(
        other / "samples.jsonl",
        [squares.sample("train/0", "what is in the first ?", ("own/pair-0.png",), "red .", "")],
    )
    encoded = squares.load([mixed, other], world.images, processor)
    assert len(encoded.ids) == 6
    first, last = encoded.pictures[0], encoded.pictures[5]
    assert not set(first) & set(last)
    assert not torch.equal(encoded.pixels[first], encoded.pixels[last])
