"""Pictures by name: packs, folders, and files that hold something else than they should."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mirage.contracts import DataError
from mirage.pictures import PACK, Elsewhere, Pictures, SamplePictures, pack, png

NAMES = ("images/a.png", "images/b.png", "own/c.png")


def coloured(number: int) -> Image.Image:
    return Image.new("RGB", (8, 6), (40 * number, 90, 20))


@pytest.fixture(params=["folder", "pack"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same three pictures, as files and as a pack."""
    if request.param == "pack":
        pack(tmp_path, ((name, coloured(n)) for n, name in reversed(list(enumerate(NAMES)))))
    else:
        for number, name in enumerate(NAMES):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(png(coloured(number)))
    return tmp_path


def huge(side: int) -> bytes:
    """A valid PNG of side x side black pixels; its file is small."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * side))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_pack_and_a_folder_read_alike(root: Path) -> None:
    pictures = Pictures(root)
    assert pictures.names() == sorted(NAMES)
    for number, name in enumerate(NAMES):
        assert pictures.read(name) == png(coloured(number))
        assert pictures.size(name) == (8, 6)
        assert pictures.open(name).tobytes() == coloured(number).tobytes()
        assert len(pictures.digest(name)) == 64


def test_equal_pictures_give_an_equal_pack_that_any_tool_opens(tmp_path: Path) -> None:
    made = [(name, coloured(n)) for n, name in enumerate(NAMES)]
    for folder, order in (("one", made), ("two", made[::-1])):
        (tmp_path / folder).mkdir()
        pack(tmp_path / folder, order)
    one, two = (tmp_path / folder / PACK for folder in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(tmp_path / "three")
    assert Pictures(tmp_path / "three").names() == sorted(NAMES)


@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "images/../../x.png", "a\\b.png", ""])
def test_a_name_that_leaves_the_root(root: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"line 7: .*(leaves|non-empty)"):
        Pictures(root).read(name, "line 7")


def test_a_link_out_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(coloured(1)))
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "root/up").symlink_to(tmp_path)
    for name in ("a.png", "up/secret.png"):
        with pytest.raises(DataError, match="is a link out of its folder"):
            Pictures(tmp_path / "root").read(name)


@pytest.mark.parametrize("side", [9_000, 20_000])
def test_a_huge_picture_is_refused_before_it_is_decoded(
    tmp_path: Path, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "big.png").write_bytes(huge(side))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    for use in (Pictures(tmp_path).open, Pictures(tmp_path).size):
        with pytest.raises(DataError, match=r"easy/1: picture .*big\.png .*at most 8192 a side"):
            use("big.png", "easy/1")


@pytest.mark.parametrize("harm", ["missing", "cut", "text", "gif"])
def test_a_bad_picture_is_named(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "a.png"
    if harm == "gif":
        coloured(1).save(path, "GIF")
    elif harm != "missing":
        path.write_bytes(png(coloured(1))[:50] if harm == "cut" else b"no picture")
    what = "does not exist" if harm == "missing" else "is damaged"
    with pytest.raises(DataError, match=rf"line 3: picture .*a\.png {what}"):
        Pictures(tmp_path).open("a.png", "line 3")


def test_a_damaged_pack(root: Path) -> None:
    (root / PACK).write_bytes(b"PK no zip")
    with pytest.raises(DataError, match=r"pictures\.zip cannot be read"):
        Pictures(root).names()


def test_photographs_stand_upright(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[274] = 6
    coloured(2).save(tmp_path / "a.jpg", exif=turned)
    assert Pictures(tmp_path).size("a.jpg") == Pictures(tmp_path).open("a.jpg").size == (6, 8)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    pixels = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    pixels.putpixel((1, 0), (0, 0, 0, 0))
    if mode == "P":
        pixels.quantize(4).save(tmp_path / "a.png")
    elif mode == "RGB":
        pixels.convert("RGB").save(tmp_path / "a.png", transparency=(0, 0, 0))
    else:
        pixels.convert(mode).save(tmp_path / "a.png")
    read = Pictures(tmp_path).open("a.png")
    seen = (76, 76, 76) if mode == "LA" else (255, 0, 0)
    assert (read.mode, read.getpixel((0, 0)), read.getpixel((1, 0))) == ("RGB", seen, (255,) * 3)


def test_what_is_half_transparent_is_mixed_with_white(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (0, 100, 200, 128)).save(tmp_path / "a.webp", lossless=True)
    assert Pictures(tmp_path).open("a.webp").getpixel((0, 0)) == (127, 177, 227)


def test_opaque_pictures_stay_bit_for_bit(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    for name, picture in {
        "rgb": Image.fromarray(noise),
        "rgba": Image.fromarray(np.dstack([noise, np.full((9, 7), 255, np.uint8)])),
    }.items():
        picture.save(tmp_path / f"{name}.png")
        assert np.array_equal(np.asarray(Pictures(tmp_path).open(f"{name}.png")), noise)


def test_16_bit_grey_is_refused_by_its_head(tmp_path: Path) -> None:
    grey = np.full((4, 4), 900, dtype=np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    for use in (Pictures(tmp_path).open, Pictures(tmp_path).size):
        with pytest.raises(
            DataError, match=r"line 3: picture .*a\.png holds 16-bit grey; .* 8-bit"
        ):
            use("a.png", "line 3")


def test_pictures_of_samples_lie_shared_beside_or_elsewhere(tmp_path: Path, root: Path) -> None:
    shared, samples = Pictures(root), root / "samples"
    samples.mkdir()
    place = SamplePictures(samples, shared)
    assert place.file("images/a.png").pictures is shared
    assert place.file("own/c.png").pictures.root == samples
    assert SamplePictures(samples, None).file("images/a.png").pictures.root == samples
    digests = {"images/a.png": shared.digest("images/a.png"), "own/c.png": "0" * 64}
    record = Elsewhere(root, digests, "error").to_json()
    (samples / "pictures.json").write_text(json.dumps(record), encoding="utf-8")
    place = SamplePictures(samples, Pictures(tmp_path / "nowhere"))
    assert place.file("images/a.png").read() == png(coloured(0))
    for name in ("own/c.png", "images/b.png"):
        with pytest.raises(DataError, match="was changed since its data set was built"):
            place.file(name).read()
