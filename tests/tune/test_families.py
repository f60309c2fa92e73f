"""Every model class learns, is saved and answers, and packing changes none of its numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import squares
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText

from mirage import tune
from mirage.contracts import DataError, TrainSample, read_rows, write_rows
from mirage.tune import batching, data
from mirage.tune.nano.tokens import chat

OTHERS = [name for name in squares.NAMES if name != "internvl"]


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest, world: squares.World) -> Path:
    """A base folder of another class, as the stage writes it."""
    job = squares.base_job(world, f"{request.param}-s0", request.param)
    tune.run(job)
    return job.out


@pytest.fixture
def encoded(world: squares.World, other: Path) -> data.Encoded:
    return squares.load([world.data], world.images, squares.load_processor(other))


def stock_inputs(processor, row: TrainSample, images: Path) -> dict[str, torch.Tensor]:  # type: ignore[no-untyped-def]
    """What the class's own processor makes of a sample."""
    asked = chat(row.question, len(row.images))
    answer = {"role": "assistant", "content": row.answer}
    text = processor.apply_chat_template([*asked, answer], tokenize=False)
    pictures = [[Image.open(images / name) for name in row.images]] if row.images else None
    return dict(processor(images=pictures, text=[text], return_tensors="pt"))


def test_prompts_are_the_stock_processors(world: squares.World, other: Path, encoded) -> None:  # type: ignore[no-untyped-def]
    processor = squares.load_processor(other)
    for i, row in enumerate(read_rows(world.data / "samples.jsonl", TrainSample)):
        assert (
            encoded.ids[i].tolist()
            == stock_inputs(processor, row, world.images)["input_ids"][0].tolist()
        )


def test_packed_loss_is_the_stock_loss(world: squares.World, other: Path, encoded) -> None:  # type: ignore[no-untyped-def]
    model, processor = squares.open_model(other), squares.load_processor(other)
    samples = read_rows(world.data / "samples.jsonl", TrainSample)
    rows = [0, 5, 13, 20, 31, len(samples) - 1]
    assert {len(samples[row].images) for row in rows} == {0, 1, 2}
    summed, tokens = 0.0, 0
    for row in rows:
        inputs = stock_inputs(processor, samples[row], world.images)
        labels = inputs["input_ids"].clone()
        labels[:, : encoded.prompts[row]] = -100
        learnt = int((labels != -100).sum())
        summed += model(**inputs, labels=labels).loss.item() * learnt
        tokens += learnt
    batch = batching.collate(encoded, rows, 152, model.config.text_config.pad_token_id)
    assert len(batch.ids) < len(rows) and batch.n_tokens == tokens
    for keep in (False, True):
        loss = squares.objective(model, encoded, keep_features=keep)(**vars(batch))
        assert loss.item() == pytest.approx(summed / tokens, abs=3e-6)


def test_training_lowers_the_loss_and_the_folder_opens(other: Path) -> None:
    curve = [json.loads(line) for line in (other / "curve.jsonl").read_text().splitlines()]
    joint = [row["loss"] for row in curve if row["phase"] == "joint"]
    assert joint[-1] < 0.9 * joint[0]
    stock, ours = AutoModelForImageTextToText.from_pretrained(other), squares.open_model(other)
    assert type(stock) is squares.family_of(ours).kind
    pairs = zip(stock.parameters(), ours.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert stock.lm_head.weight is stock.model.language_model.embed_tokens.weight


def test_a_recipe_leaves_the_vision_tower_alone(world: squares.World, other: Path) -> None:
    job = squares.recipe_job(world, other, f"mirage-{other.name}", learning_rate=2e-3)
    tune.run(job)
    before, after = (squares.open_model(folder).state_dict() for folder in (other, job.out))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    prefixes = squares.family_of(squares.open_model(other)).parts
    tower = {n for n in before if n.startswith(prefixes["vision"])} - {
        n for n in before if n.startswith(prefixes["projector"])
    }
    assert tower and not changed & tower
    assert any(n.startswith(prefixes["projector"]) for n in changed)


def test_every_learning_parameter_of_the_language_side_has_a_gradient(other: Path, encoded) -> None:  # type: ignore[no-untyped-def]
    model = squares.open_model(other)
    squares.freeze(model, ["language_model", "projector"])
    objective = squares.objective(model, encoded, keep_features=True)
    batch = batching.collate(encoded, [len(encoded.ids) - 1], 64, 0)
    assert len(batch.pictures) == 0
    objective(**vars(batch)).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


def test_processor_files_name_stock_classes(other: Path) -> None:
    whole = json.loads((other / "processor_config.json").read_text())
    kind = squares.family_of(squares.open_model(other)).kind.__name__.removesuffix(
        "ForConditionalGeneration"
    )
    assert whole["processor_class"] == f"{kind}Processor"
    assert whole["image_processor"]["image_processor_type"] == f"{kind}ImageProcessor"
    assert whole["video_processor"]["video_processor_type"] == f"{kind}VideoProcessor"


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A data set of pictures side by side, alone in their prompts, and one square one."""
    draw = np.random.default_rng(0)
    (tmp_path / "own").mkdir()
    for i, width in enumerate((64, 64, 32)):
        pixels = draw.integers(0, 256, (32, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"own/{i}.png")
    rows = [
        squares.sample(f"train/{i}", "what is in the first ?", (f"own/{i}.png",), "a square .", "")
        for i in range(3)
    ]
    write_rows(tmp_path / "samples.jsonl", rows)
    return tmp_path


@pytest.mark.parametrize("keep", [False, True])
def test_pictures_side_by_side(world: squares.World, other: Path, wide: Path, keep: bool) -> None:
    model, processor = squares.open_model(other), squares.load_processor(other)
    encoded = squares.load([wide], world.images, processor)
    summed = 0.0
    for i, row in enumerate(read_rows(wide / "samples.jsonl", TrainSample)):
        inputs = stock_inputs(processor, row, wide)
        assert encoded.ids[i].tolist() == inputs["input_ids"][0].tolist()
        labels = inputs["input_ids"].clone()
        labels[:, : encoded.prompts[i]] = -100
        summed += model(**inputs, labels=labels).loss.item()
    batch = batching.collate(encoded, range(3), 160, 0)
    assert len(batch.ids) < 3
    loss = squares.objective(model, encoded, keep)(**vars(batch))
    assert loss.item() == pytest.approx(summed / 3, abs=2e-6)


def test_pictures_that_a_class_cannot_take(world: squares.World, other: Path, wide: Path) -> None:
    processor = squares.load_processor(other)
    row = squares.sample("train/0", "what is in the first ?", ("own/0.png",) * 2, "a square .", "")
    write_rows(wide / "samples.jsonl", [row])
    if other.name.startswith("llava"):
        with pytest.raises(DataError, match=r"line 1: picture 1 is wider than high"):
            squares.load([wide], world.images, processor)
    else:
        assert len(squares.load([wide], world.images, processor).pictures[0]) == 4
    Image.new("RGB", (48, 32)).save(wide / "own/0.png")
    with pytest.raises(DataError, match=r"line 1: picture .*0.png is 48x32.*32x32 and 64x32"):
        squares.load([wide], world.images, processor)


def test_qwen_positions_are_the_models_own(world: squares.World, wide: Path) -> None:
    settings = squares.model_settings("qwen2_vl")
    processor, model = squares.build_encoding(settings).processor, squares.build_model(settings, 0)
    rows = read_rows(world.data / "samples.jsonl", TrainSample)[::9]
    several = squares.sample("train/0", "what ?", ("own/2.png", "own/0.png"), "a square .", "")
    for row, images in [(row, world.images) for row in rows] + [(several, wide)]:
        inputs = stock_inputs(processor, row, images)
        ours = processor.positions(inputs["input_ids"][0].numpy())
        assert ours is not None
        assert np.array_equal(ours[0], np.arange(inputs["input_ids"].shape[1]))
        if row.images:
            stock, _ = model.model.get_rope_index(**inputs)
            assert np.array_equal(ours[1:], stock[:, 0].numpy())
        else:
            assert (ours[1:] == ours[0]).all()
