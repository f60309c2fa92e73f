"""Pictures of a user's in any size: nano models are shown them whole, on grey, or refuse them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import squares
import torch
from PIL import Image

from mirage.contracts import DataError, Sample, write_rows
from mirage.files import file_sha256
from mirage.pictures import Elsewhere
from mirage.respond.answer import entry_key
from mirage.respond.batches import Batch
from mirage.respond.items import Question, read_suite
from mirage.respond.model import Answerer
from mirage.tune.encoding import GREY
from mirage.tune.nano.encoding import WordEncoding

GOOD, WIDE, PHOTO, LINE = (32, 32), (64, 32), (640, 480), (1, 3000)


@pytest.fixture(params=squares.NAMES)
def encoding(request: pytest.FixtureRequest) -> WordEncoding:
    return squares.build_encoding(squares.model_settings(request.param))


def write(folder: Path, sizes: list[tuple[int, int]], resize: str) -> Path:
    """A data set with a picture of each size in a folder of the user's, a sample each."""
    draw = np.random.default_rng(0)
    rows, digests = [], {}
    (folder / "mine").mkdir(parents=True)
    for i, (width, height) in enumerate(sizes):
        pixels = draw.integers(0, 256, (height, width, 3), dtype=np.uint8)
        path = folder / "mine" / f"{i}.png"
        Image.fromarray(pixels).save(path)
        digests[path.name] = file_sha256(path)
        rows.append(squares.sample(f"s/{i}", "what is in the first ?", (path.name,), "red .", ""))
    write_rows(folder / "samples.jsonl", rows)
    elsewhere = Elsewhere(folder / "mine", digests, resize)
    (folder / "pictures.json").write_text(json.dumps(elsewhere.to_json()))
    return folder


def on_grey(path: Path, inner: tuple[int, int]) -> Image.Image:
    shown = Image.new("RGB", GOOD, GREY)
    scaled = Image.open(path).resize(inner, Image.Resampling.LANCZOS)
    shown.paste(scaled, ((32 - inner[0]) // 2, (32 - inner[1]) // 2))
    return shown


def test_nothing_is_cut_off_or_distorted(encoding: WordEncoding, tmp_path: Path) -> None:
    folder = write(tmp_path, [PHOTO, LINE], "fit")
    encoded = squares.load([folder], tmp_path, encoding)
    expected = [
        on_grey(folder / "mine/0.png", (32, 24)),
        on_grey(folder / "mine/1.png", (1, 32)),
    ]
    assert torch.equal(encoded.pixels, encoding.pixels([np.asarray(each) for each in expected]))
    assert encoded.tiles == [1, 1]


def test_answers_are_to_the_same_pictures(encoding: WordEncoding, tmp_path: Path) -> None:
    folder = write(tmp_path, [PHOTO, WIDE, LINE, GOOD], "fit")
    encoded = squares.load([folder], tmp_path, encoding)
    model = squares.build_model(squares.model_settings(encoding.kind.family.name), 0).eval()
    answerer = Answerer(model, encoding.kind.family, encoding)
    write_rows(
        folder / "samples.jsonl",
        [Sample(f"s/{i}", "s", "", "", "?", (f"{i}.png",)) for i in range(4)],
    )
    questions = read_suite(folder, tmp_path, {"default": 4})
    prompts = answerer.prompts(questions)
    with torch.inference_mode():
        answerer.see(questions)
        seen = answerer.family.see(model, encoded.pixels, encoded.tiles)
    for prompt, rows in zip(prompts, encoded.pictures, strict=True):
        (view,) = answerer.views(prompt.question)
        assert answerer.tiles[view] == len(rows)
        assert torch.allclose(answerer.features[view], seen[rows], atol=1e-5)


def asked_twice(folder: Path, size: tuple[int, int]) -> list[Question]:
    """One picture in two suites: the first resizes it, the second does not."""
    suites = [write(folder / resize, [size], resize) for resize in ("fit", "error")]
    for suite in suites:
        row = Sample(f"{suite.name}/0", suite.name, "", "", "?", ("0.png",))
        write_rows(suite / "samples.jsonl", [row])
    asked = [question for suite in suites for question in read_suite(suite, folder, {"default": 4})]
    assert asked[0].digests == asked[1].digests
    return asked


@pytest.mark.parametrize("size", [(33, 40), (900, 600)])
def test_a_suite_refuses_what_another_resizes(
    encoding: WordEncoding, tmp_path: Path, size: tuple[int, int]
) -> None:
    answerer = Answerer(None, encoding.kind.family, encoding)
    fit, error = asked_twice(tmp_path, size)
    with pytest.raises(DataError, match=r"error/samples\.jsonl, line 1: .* set resize: fit, or"):
        answerer.prompts([fit, error])


def test_one_picture_in_two_sizes_has_features_and_keys_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordEncoding, "size", lambda *_: GOOD)
    settings = squares.model_settings("internvl")
    encoding, model = squares.build_encoding(settings), squares.build_model(settings, 0).eval()
    fit, error = asked_twice(tmp_path, WIDE)
    together = Answerer(model, encoding.kind.family, encoding)
    with torch.inference_mode():
        together.see([fit, error])
        for question, size in ((fit, GOOD), (error, WIDE)):
            alone = Answerer(model, encoding.kind.family, encoding)
            alone.see([question])
            (view,) = alone.views(question)
            assert view[1:3] == size
            assert torch.equal(alone.features[view], together.features[view])
    prompts = [replace(p, ids=(1,)) for p in together.prompts([fit, error])]
    assert len({entry_key(Batch(8, tuple(prompts)), prompt, []) for prompt in prompts}) == 2


def test_pictures_of_the_model_s_size_stay_as_they_are(
    encoding: WordEncoding, tmp_path: Path
) -> None:
    made = []
    for resize in ("fit", "error"):
        folder = write(tmp_path / resize, [GOOD, WIDE], resize)
        made.append(squares.load([folder], tmp_path, encoding).pixels)
    originals = [np.asarray(Image.open(folder / f"mine/{i}.png")) for i in range(2)]
    assert torch.equal(made[0], made[1])
    assert torch.equal(made[0], encoding.pixels(originals))


def test_other_sizes_are_refused_where_the_user_says_so(
    encoding: WordEncoding, tmp_path: Path
) -> None:
    folder = write(tmp_path, [GOOD, PHOTO], "error")
    text = r"line 2: picture .*1\.png is 640x480; .* takes 32x32 and 64x32"
    with pytest.raises(DataError, match=text):
        squares.load([folder], tmp_path, encoding)


def test_drawn_pictures_are_never_resized(encoding: WordEncoding, tmp_path: Path) -> None:
    folder = write(tmp_path, [PHOTO], "fit")
    (folder / "pictures.json").unlink()
    with pytest.raises(DataError, match="is 640x480"):
        squares.load([folder], folder / "mine", encoding)
