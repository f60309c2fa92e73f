"""The pictures are a pure function of their arguments and can be told apart."""

from __future__ import annotations

import colorsys
import hashlib
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from mirage.world.catalog import BACKGROUNDS, ROLES, STYLES, THINGS
from mirage.world.draw import blank, compose_pair, contact_sheet, render
from mirage.world.draw.shapes import SHAPES
from mirage.world.draw.states import OVERLAYS

DIGEST_CODE = """
import hashlib
from mirage.world.draw import render
h = hashlib.sha256()
for style in ("pictogram", "sketch"):
    for name in ("bucket", "cleaner a", "brick"):
        picture = render(name, state=True, style=style, background="blue", seed=3)
        h.update(picture.tobytes())
print(h.hexdigest())
"""


def pixels(picture: Image.Image) -> npt.NDArray[np.float64]:
    return np.asarray(picture, dtype=np.float64)


def plain(
    name: str, seed: int, style: str = "pictogram", background: str = "grey", size: int = 32
) -> Image.Image:
    return render(name, state=False, style=style, background=background, seed=seed, size=size)


def stack(names: list[str], seeds: range, *, state: bool, style: str) -> npt.NDArray[np.float64]:
    """Return flattened pictures in [0, 1], one row each, seeds running fastest."""
    rows = [
        pixels(
            render(
                name,
                state=state,
                style=style,
                background=BACKGROUNDS[seed % len(BACKGROUNDS)],
                seed=seed,
            )
        ).ravel()
        for name in names
        for seed in seeds
    ]
    return np.stack(rows) / 255


def ridge_accuracy(
    train: npt.NDArray[np.float64], test: npt.NDArray[np.float64], classes: int
) -> float:
    """Fit one-against-rest ridge regression on rows grouped by class; return test accuracy."""
    mean = train.mean(axis=0)
    a, b = train - mean, test - mean
    labels = np.repeat(np.arange(classes), len(train) // classes)
    targets = np.eye(classes)[labels] - 1 / classes
    weights = np.linalg.solve(a @ a.T + 30 * np.eye(len(a)), targets)
    guess = (b @ a.T @ weights).argmax(axis=1)
    truth = np.repeat(np.arange(classes), len(test) // classes)
    return float((guess == truth).mean())


def test_every_object_has_a_shape_and_every_role_with_a_state_an_overlay() -> None:
    assert list(SHAPES) == list(THINGS)
    assert set(OVERLAYS) == {thing.role for thing in THINGS.values() if thing.state}


@pytest.mark.parametrize("style", STYLES)
def test_all_pictures_are_rgb_of_the_size_asked_for(style: str) -> None:
    for name, thing in THINGS.items():
        for state in {False, thing.state is not None}:
            picture = render(name, state=state, style=style, background="red", seed=1)
            assert (picture.mode, picture.size) == ("RGB", (32, 32))
    assert plain("duck", 0, style, size=96).size == (96, 96)


def test_same_arguments_give_the_same_pixels_in_another_process() -> None:
    here = hashlib.sha256()
    for style in STYLES:
        for name in ("bucket", "cleaner a", "brick"):
            picture = render(name, state=True, style=style, background="blue", seed=3)
            here.update(picture.tobytes())
    there = subprocess.run(
        [sys.executable, "-c", DIGEST_CODE], capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here.hexdigest()


def test_every_argument_changes_the_picture() -> None:
    asked = {"name": "hose", "state": False, "style": "pictogram", "background": "red", "seed": 1}
    changes = {"name": "jug", "state": True, "style": "sketch", "background": "blue", "seed": 2}
    reference = render(**asked).tobytes()  # type: ignore[arg-type]
    for key, value in changes.items():
        assert render(**{**asked, key: value}).tobytes() != reference, key  # type: ignore[arg-type]


def test_a_large_picture_shows_what_the_small_one_shows() -> None:
    for name in ("duck", "cup", "door"):
        small = pixels(plain(name, 5))
        shrunk = pixels(plain(name, 5, size=128).resize((32, 32), Image.Resampling.BOX))
        assert np.abs(small - shrunk).mean() < 6


def test_seeds_give_distinct_pictures() -> None:
    assert len({plain("iron", seed).tobytes() for seed in range(50)}) == 50


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_the_border_has_the_hue_of_the_background(style: str, background: str) -> None:
    hues = {"red": 0.0, "yellow": 1 / 6, "green": 1 / 3, "blue": 0.6}
    for seed in range(8):
        corners = pixels(plain("hair spray", seed, style, background))[[0, 0, 1, 1], [0, 31, 1, 30]]
        hue, saturation, _ = colorsys.rgb_to_hsv(*(corners.mean(axis=0) / 255))
        if background == "grey":
            assert saturation < 0.1
        else:
            distance = abs((hue - hues[background] + 0.5) % 1 - 0.5)
            assert saturation > 0.15
            assert distance < 0.06


@pytest.mark.parametrize("style", STYLES)
def test_objects_stand_out_from_every_background(style: str) -> None:
    for name in THINGS:
        for background in BACKGROUNDS:
            picture = pixels(plain(name, 4, style, background))
            away = np.abs(picture - picture[[0, -1], 0].mean(axis=0)).max(axis=2)
            assert (away > 60).mean() > 0.08, (name, background)


@pytest.mark.parametrize("style", STYLES)
def test_a_linear_classifier_tells_the_48_objects_apart(style: str) -> None:
    names = list(THINGS)
    train = stack(names, range(20), state=False, style=style)
    test = stack(names, range(20, 25), state=False, style=style)
    assert ridge_accuracy(train, test, len(names)) > 0.9


def test_a_linear_classifier_tells_each_state_from_none() -> None:
    for role in OVERLAYS:
        names = list(ROLES[role])
        sets = [
            np.concatenate(
                [stack(names, seeds, state=state, style="pictogram") for state in (False, True)]
            )
            for seeds in (range(20), range(20, 30))
        ]
        assert ridge_accuracy(sets[0], sets[1], 2) > 0.9, role


def test_a_picture_takes_few_steps() -> None:
    """A study draws thousands: counted in function calls, which no busy machine changes."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    names = list(THINGS)
    sys.setprofile(count)
    try:
        for i in range(96):
            plain(names[i % 48], i, STYLES[i % 2])
    finally:
        sys.setprofile(None)
    assert calls / 96 < 900


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "unicorn"}, "No object 'unicorn'"),
        ({"name": "violin", "state": True}, "has no hazardous state"),
        ({"style": "oil"}, "pictogram, sketch"),
        ({"background": "pink"}, "red, green, blue, yellow, grey"),
        ({"size": 4}, "size=8"),
    ],
)
def test_wrong_arguments_are_refused_in_words(change: dict[str, object], message: str) -> None:
    asked = {"name": "hose", "state": False, "style": "sketch", "background": "red", "seed": 0}
    with pytest.raises(ValueError, match=message):
        render(**{**asked, **change})  # type: ignore[arg-type]


def test_blank_is_one_colour() -> None:
    assert blank("black").getcolors() == [(1024, (0, 0, 0))]
    assert blank("white", 8).getcolors() == [(64, (255, 255, 255))]
    with pytest.raises(ValueError, match="'black' or 'white'"):
        blank("grey")


def test_compose_pair_keeps_both_pictures_as_they_are() -> None:
    left, right = plain("duck", 1), plain("iron", 2)
    pair = compose_pair(left, right)
    assert (pair.mode, pair.size) == ("RGB", (64, 32))
    assert pair.crop((0, 0, 32, 32)).tobytes() == left.tobytes()
    assert pair.crop((32, 0, 64, 32)).tobytes() == right.tobytes()
    with pytest.raises(ValueError, match="same size"):
        compose_pair(blank("black"), blank("white", 64))
    with pytest.raises(ValueError, match="square"):
        compose_pair(Image.new("RGB", (8, 4)), blank("white"))


def test_contact_sheet_holds_the_rendered_pictures() -> None:
    sheet = contact_sheet(["duck", "cup", "door"], seed=2, size=32, cell=64, columns=2)
    assert sheet.size == (2 * 70 + 6, 2 * 86 + 6)
    first = plain("duck", 2, background=BACKGROUNDS[0])
    shown = sheet.crop((6, 6, 70, 70)).resize((32, 32), Image.Resampling.NEAREST)
    assert shown.tobytes() == first.tobytes()
    with pytest.raises(ValueError, match="one caption for each"):
        contact_sheet(["duck"], captions=[])
