"""Bad data stops training with a sentence that names file and line."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
import squares

from mirage.contracts import DataError, TrainSample, read_rows, write_rows
from mirage.tune.nano import scratch
from mirage.tune.nano.base import NanoProcessor


@pytest.fixture
def broken(tmp_path: Path, world: squares.World) -> squares.World:
    """A copy to spoil."""
    shutil.copytree(world.store / "build", tmp_path / "build")
    return squares.World(tmp_path)


def change(world: squares.World, line: int, **fields: object) -> None:
    path = world.data / "samples.jsonl"
    rows = read_rows(path, TrainSample)
    rows[line - 1] = dataclasses.replace(rows[line - 1], **fields)  # type: ignore[arg-type]
    write_rows(path, rows)


def error(world: squares.World, processor: NanoProcessor) -> str:
    with pytest.raises(DataError) as caught:
        squares.load([world.data], world.images, processor)
    return str(caught.value)


def test_without_shared_pictures_they_lie_beside_the_samples(
    broken: squares.World, processor: NanoProcessor
) -> None:
    name = read_rows(broken.data / "samples.jsonl", TrainSample)[0].images[0]
    with pytest.raises(DataError, match=f"picture {broken.data / name} does not exist"):
        squares.load([broken.data], "", processor)
    shutil.copytree(broken.images, broken.data, dirs_exist_ok=True)
    assert squares.load([broken.data], "", processor).pixels.shape == (12, 3, 32, 32)


def test_every_picture_is_decoded_once(world: squares.World, processor: NanoProcessor) -> None:
    encoded = squares.load([world.data], world.images, processor)
    assert encoded.pixels.shape == (12, 3, 32, 32)
    assert sum(map(len, encoded.pictures)) > 50


def test_a_missing_picture(broken: squares.World, processor: NanoProcessor) -> None:
    (broken.images / "images/green-1.png").unlink()
    text = error(broken, processor)
    assert "samples.jsonl, line 5: picture" in text and "green-1.png does not exist" in text


def test_a_corrupt_picture(broken: squares.World, processor: NanoProcessor) -> None:
    path = broken.images / "images/red-0.png"
    path.write_bytes(path.read_bytes()[:60])
    assert "line 1: picture" in error(broken, processor)
    path.write_bytes(b"not a picture")
    assert "red-0.png is damaged" in error(broken, processor)


@pytest.mark.parametrize("name", ["../images/x.png", "/etc/x.png", "images/../../x.png"])
def test_a_path_that_leaves_the_folder(
    broken: squares.World, processor: NanoProcessor, name: str
) -> None:
    path = broken.data / "samples.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"images": [name]})
    path.write_text("\n".join(lines) + "\n")
    assert "line 2" in error(broken, processor)


def test_a_truncated_file(broken: squares.World, processor: NanoProcessor) -> None:
    path = broken.data / "samples.jsonl"
    path.write_text(path.read_text()[:-40])
    assert "not valid JSON" in error(broken, processor)


def test_an_unknown_word(broken: squares.World, processor: NanoProcessor) -> None:
    change(broken, 3, answer="a purple square .")
    assert "line 3: the word 'purple'" in error(broken, processor)
    change(broken, 3, answer="a <eos> square .")
    assert "line 3: the word '<eos>'" in error(broken, processor)


def test_an_empty_answer(broken: squares.World, processor: NanoProcessor) -> None:
    change(broken, 4, answer=" ")
    assert "line 4: the answer is empty" in error(broken, processor)


def test_no_samples_and_no_vocabulary(broken: squares.World, processor: NanoProcessor) -> None:
    (broken.data / "samples.jsonl").write_text("")
    assert "holds no samples" in error(broken, processor)
    (broken.data / "vocabulary.txt").write_text("")
    with pytest.raises(DataError, match="is empty"):
        scratch.read_vocabulary(broken.data)
    (broken.data / "vocabulary.txt").unlink()
    with pytest.raises(DataError, match="does not exist"):
        scratch.read_vocabulary(broken.data)


def test_own_pictures_lie_in_the_data_set(broken: squares.World, processor: NanoProcessor) -> None:
    (broken.data / "own").mkdir()
    (broken.images / "images/red-0.png").rename(broken.data / "own/c.png")
    path = broken.data / "samples.jsonl"
    path.write_text(path.read_text().replace("images/red-0.png", "own/c.png"))
    assert squares.load([broken.data], broken.images, processor).pixels.shape[0] == 12
