"""Of conf/model, what only pretrained models say: where they lie, how they see and are tuned."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from mirage.plan.schema.types import Positive, Rate, Strict, later


def _label(text: str) -> str:
    if "{n}" not in text:
        raise ValueError("label should hold {n}, the picture's number, as in 'Image-{n}: '")
    return text


class Weights(Strict):
    """Where an imported model comes from: a folder, or a hub model in the local cache.

    Attributes:
        path: The folder. Where ``hub`` is given too, the folder comes first, if it exists.
        hub: Name of the model on the hub; only its copy in the local cache is ever opened.
        revision: The hub's commit, 40 hex digits, which says what the model is; without one, the
            commit that the cache calls ``main``, which ids and manifests then hold.
        convert: Form of the hub's files that transformers does not open; ``mirage model convert``
            brings them into ``path`` once.
        digest: What the folder holds; the plan fills it in.
    """

    path: str | None = None
    hub: str | None = None
    revision: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")] | None = None
    convert: Literal["internvl_chat"] | None = later(None)
    digest: str | None = None

    @model_validator(mode="after")
    def _some_place(self) -> Self:
        if self.path is None and self.hub is None:
            raise ValueError("give path, hub, or both")
        if self.revision is not None and self.hub is None:
            raise ValueError("revision is a commit of hub; give both or neither")
        if self.convert is not None and None in (self.path, self.hub):
            raise ValueError("convert brings the files of hub into path; give both")
        return self


class Pictures(Strict):
    """How a pretrained model's pictures are cut; what is left out is as its folder says.

    Attributes:
        tiles: InternVL: most tiles of a picture, its thumbnail not counted.
        share: InternVL: the pictures of a prompt share these tiles, each an equal whole number of
            them, at least one.
        min_pixels: Qwen2-VL and Qwen3-VL: smaller pictures are enlarged to as many pixels.
        max_pixels: The same classes: larger pictures are shrunk to as many.
        label: Text before each of several pictures, ``{n}`` its number.
    """

    tiles: Positive | None = later(None)
    share: bool = later(False)
    min_pixels: Positive | None = later(None)
    max_pixels: Positive | None = later(None)
    label: Annotated[str, AfterValidator(_label)] | None = later(None)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.share and self.tiles is None:
            raise ValueError("share needs tiles: how many there are to share")
        if None not in (self.min_pixels, self.max_pixels):
            assert self.min_pixels is not None and self.max_pixels is not None
            if self.min_pixels > self.max_pixels:
                raise ValueError("min_pixels is more than max_pixels")
        return self


PICTURES = {
    "internvl": ("tiles", "share", "label"),
    "qwen2_vl": ("min_pixels", "max_pixels", "label"),
    "qwen3_vl": ("min_pixels", "max_pixels", "label"),
    "llava_onevision": (),  # its template shows all pictures before any text
}
"""Class -> what of ``Pictures`` it can be told."""


class Images(Strict):
    """How a pretrained model's pictures are cut in training, and when it is tested.

    Attributes:
        train: While recipes are tuned.
        test: While suites are answered.
    """

    train: Pictures = Pictures()
    test: Pictures = Pictures()


class Tuned(Strict):
    """How long and how fast a recipe is tuned on this base, instead of what the recipe says.

    Attributes:
        epochs: Times that each sample is seen.
        learning_rate: Peak rate.
    """

    epochs: Positive
    learning_rate: Rate
