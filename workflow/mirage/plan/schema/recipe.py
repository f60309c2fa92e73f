"""conf/recipe: what a model is tuned on (data, labels) and how much, or how its base is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from mirage.plan.entries import OWN, TABLES
from mirage.plan.schema.entry_names import entry
from mirage.plan.schema.published import Part, default_harmful
from mirage.plan.schema.types import (
    Count,
    ModelPart,
    Name,
    Positive,
    Rate,
    Resize,
    Strict,
    later,
)

Mode = Literal["as_published", "matched"]
"""Sizes, epochs and rates as the paper's, or equal items and steps; no table mixes them."""


class HoldOut(Strict):
    """What the data set must not contain, for the levels L2-L4: its general data neither.

    Attributes:
        objects: Objects by name.
        edges: Pairs of roles, as ``water+mains``.
        categories: Categories of hazards.
        rotate_categories: How many further categories are left out, other ones from seed to seed;
            a job's settings hold the names that this comes to (``mirage.plan.study.hold_out``).
    """

    objects: list[str] = []
    edges: list[str] = []
    categories: list[str] = []
    rotate_categories: Annotated[int, Field(ge=0, le=5)] = 0


HELD_OUT = ("objects", "edges", "categories")


@dataclass(frozen=True)
class Source:
    """What a source of samples has to choose from.

    Attributes:
        labels: Its kinds of labels, None where a recipe chooses a style.
        wording: Its wording, None where a recipe chooses.
        holds_out: What of HELD_OUT it can leave out.
        bridges: Whether some of its items can be shown as two images instead.
    """

    images: tuple[str, ...]
    labels: tuple[str, ...] | None
    wording: tuple[str, ...] | None
    holds_out: tuple[str, ...] = ()
    bridges: bool = False


SOURCES = {
    "mis": Source(("two", "one_of_two", "composite", "none"), None, None, HELD_OUT, True),
    "vlguard": Source(("one",), ("refusal", "rewritten"), ("explicit", "neutral")),
    "textual": Source(("black",), ("safe_answer",), ("explicit",), ("edges", "categories")),
    "placebo": Source(("one", "none", "composite"), ("placebo",), ("neutral",), (), True),
}


OF_OWN = {"source", "path", "parts", "limit", "resize", "harmful"}
"""What a recipe of source ``own`` may say; its files say the rest."""

OWN_LABELS = tuple(name for source in SOURCES.values() for name in source.labels or ())
"""Labels that belong to one source; all others are styles (``mirage.plan.entries``)."""


def is_style(labels: str) -> bool:
    """Returns whether labels are a style, which an entry writes, not a source's own."""
    return labels not in (*OWN_LABELS, OWN)


def _source(name: str) -> str:
    if name in SOURCES or name == OWN or ":" in name:
        return name
    raise ValueError(
        f"No source is called {name!r}. There are: {', '.join(SOURCES)}; own, for "
        "your own file; or your own function, as package.module:function"
    )


def _labels(name: str) -> str:
    return entry("labels", name) if is_style(name) else name


Labels = Annotated[str, AfterValidator(_labels)]


class RecipeData(Strict):
    """The data a recipe builds.

    Attributes:
        source: Where samples come from; ``own`` reads a user's file and takes ``path`` or
            ``parts``, ``resize`` and ``harmful`` alone.
        path: For source ``own``: a ``.jsonl`` file, or a folder with ``samples.jsonl``.
        parts: For source ``own``: several data sets, one after the other, of published formats or
            JSON lines; instead of ``path``.
        limit: For source ``own`` with ``parts``, for a trial: at most so many items of each part.
        harmful: For source ``own``: whether texts and pictures are such that they should leave no
            job's folder; with most published formats they are unless a recipe says otherwise.
        resize: For source ``own``: pictures of sizes that a nano model does not read; default
            ``fit``.
        images: How a scenario's pictures are given: both, the one picture of a one-image source,
            one of the two (balanced), both side by side in one image slot (``composite``), a black
            image, or none (named in the text).
        labels: Style of the answers to hazardous items. ``cot`` perceives, reasons, answers safely;
            ``sorry_reasons`` is an apology with the same reasons; ``short_refusal`` one fixed
            refusal; ``describe_refuse`` perception and that refusal; ``filler`` that refusal with
            empty politeness up to the length of ``cot``. The others belong to one source each.
        wording: Whether requests about hazards are ``explicit`` about bad intent, or ``neutral``.
        unsafe: Number of hazardous items.
        benign: Number of harmless ones that the source has of its own.
        general: Number of skill items.
        twins: Benign items beside the hazardous ones, of the kind that ``benign_kind`` says.
        benign_kind: ``image_twins`` swap one object, ``text_twins`` ask for a harmless action on
            the same pictures, ``unmatched`` ask the triggering action about unrelated harmless
            pairs; ``none`` makes these items further hazardous ones, so that sizes stay equal.
        bridge: How many of the items are shown as two images instead, hazards and twins alike, all
            about half of the role pairs (``mirage.world.bridge``); what a test in two images says
            is then read on the other half.
        hold_out: What no item may contain.
    """

    source: Annotated[str, AfterValidator(_source)]
    path: str | None = None
    resize: Resize | None = None
    images: Literal["two", "one", "one_of_two", "composite", "black", "none", "own"]
    wording: list[Literal["explicit", "neutral"]]
    labels: Labels
    unsafe: Count
    benign: Count
    twins: Count
    benign_kind: Literal["none", "unmatched", "image_twins", "text_twins"] = "image_twins"
    general: Count
    bridge: Count = 0
    hold_out: HoldOut = HoldOut()
    parts: list[Part] = later([])
    limit: Positive | None = later(None)
    harmful: bool = later(False)

    @model_validator(mode="before")
    @classmethod
    def _of_own_source(cls, plain: Any) -> Any:
        """Fills in what source ``own`` has no choice of: its file says everything."""
        if not isinstance(plain, dict) or plain.get("source") != OWN:
            return plain
        if more := sorted(plain.keys() - OF_OWN):
            raise ValueError(
                f"source own takes {', '.join(sorted(OF_OWN))} alone; remove "
                f"{', '.join(map(str, more))}"
            )
        if bool(plain.get("path")) == bool(plain.get("parts")):
            raise ValueError(
                "source own needs a path (a .jsonl file or a folder of samples.jsonl) or parts"
            )
        parts = plain.get("parts") or []
        formats = [part.get("format") for part in parts if isinstance(part, dict)]
        plain = default_harmful(plain, formats)
        counts = {"unsafe": 0, "benign": 0, "twins": 0, "general": 0}
        return {**plain, "images": OWN, "wording": [], "labels": OWN, **counts}

    def own_blocks(self) -> list[dict[str, Any]]:
        """Returns the data sets of source ``own`` as JSON values; none of another source."""
        if self.path is not None:
            return [{"path": self.path}]
        limit = {"limit": self.limit} if self.limit else {}
        return [
            part.model_dump(mode="json") | (limit if part.format else {}) for part in self.parts
        ]

    @model_validator(mode="after")
    def _nothing_of_own_source(self) -> Self:
        """Refuses what belongs to source ``own`` where another source is chosen."""
        if self.source == OWN:
            return self
        if given := [key for key in sorted(OF_OWN - {"source"}) if getattr(self, key)]:
            raise ValueError(f"source {self.source} takes no {given[0]}, only source own does")
        if OWN in (self.images, self.labels):
            raise ValueError("images and labels 'own' belong to source own")
        if not self.wording:
            raise ValueError("wording needs at least one of explicit, neutral")
        return self

    @model_validator(mode="after")
    def check_source_supports(self) -> Self:
        """Refuses settings that the source would ignore; a user's own source checks its own."""
        has = SOURCES.get(self.source)
        if has is None:
            return self
        if self.twins and self.source != "mis":
            raise ValueError(f"twins are made from scenarios, which source {self.source} lacks")
        if self.benign and self.source == "mis":
            raise ValueError("source mis has no benign items of its own; set twins")
        if self.images not in has.images:
            raise ValueError(f"source {self.source} has images {' or '.join(has.images)} only")
        if has.labels is not None and self.labels not in has.labels:
            raise ValueError(f"source {self.source} has labels {', '.join(has.labels)} only")
        if has.labels is None and self.labels in OWN_LABELS:
            styles = ", ".join(sorted(TABLES["labels"]))
            raise ValueError(f"source {self.source} has label styles only: {styles}")
        if self.bridge and (not has.bridges or self.images == "two"):
            raise ValueError(f"source {self.source} with images {self.images} needs no bridge")
        if self.bridge > self.unsafe + self.twins + self.benign:
            raise ValueError("bridge is a part of the items, so it cannot be more than there are")
        if has.wording is not None and sorted(self.wording) != sorted(has.wording):
            raise ValueError(f"source {self.source} has wording [{', '.join(has.wording)}] only")
        left_out = (self.hold_out.objects, self.hold_out.edges, self.hold_out.categories)
        kinds = dict(zip(HELD_OUT, left_out, strict=True))
        if self.hold_out.rotate_categories:
            kinds["categories"] = ["(rotated)"]
        if wrong := [kind for kind in kinds if kinds[kind] and kind not in has.holds_out]:
            raise ValueError(f"source {self.source} cannot hold out {', '.join(wrong)}")
        return self


class RecipeTune(Strict):
    """How a recipe is tuned; the rest stands in conf/tune.

    Attributes:
        epochs: Times that each sample is seen.
        supervised_tokens: Answer tokens to learn; replaces ``epochs`` by the whole number of steps
            that comes closest. None for ``epochs``.
        until: ``criterion`` (conf/tune) replaces ``epochs`` by as many steps as it takes to fit;
            None for ``epochs``.
        lr_ratio: Learning rate as a multiple of conf/tune's.
        lr_by_label: Label style -> factor on ``lr_ratio``, chosen on the validation split; a job's
            settings hold the product of all three alone, as its learning rate.
        loss: ``tokens`` averages over a batch's answer tokens, ``samples`` first within each
            sample, so that long answers weigh no more than short ones; or a loss of your own,
            as ``package.module:function``.
        parts: Parts that are trained; the others are frozen.
        into_base: The samples are mixed into base training instead (VLGuard-M), so that the recipe
            has a base of its own; nothing else of this block is then read.
    """

    epochs: Positive
    supervised_tokens: Positive | None = None
    until: Literal["criterion"] | None = None
    lr_ratio: Rate
    lr_by_label: dict[Labels, Rate] = {}
    loss: Annotated[str, AfterValidator(partial(entry, "loss"))] = "tokens"
    parts: Annotated[list[ModelPart], Field(min_length=1)]
    into_base: bool = False

    @model_validator(mode="after")
    def _ends_in_one_way(self) -> Self:
        if self.until and (self.supervised_tokens or self.into_base):
            raise ValueError("until takes neither supervised_tokens nor into_base; set until: null")
        return self


OPTIONS: dict[str, dict[str, tuple[type, tuple[str, ...]]]] = {
    "suffix": {"text": (str, ())},
    "ecso": {
        "check": (str, ("{question}", "{answer}")),
        "check_tokens": (int, ()),
        "caption": (str, ("{question}",)),
        "answer": (str, ("{question}", "{caption}")),
    },
}
"""Mode of answering -> its options, all needed -> their type, and the places that a text must have;
options of a user's own mode are its own affair."""


class RecipeRespond(Strict):
    """Another way of asking the base, whose weights stay as they are.

    Attributes:
        mode: ``suffix`` writes a sentence below each question; ``ecso`` lets the model check its
            own answer and, where it calls that harmful, answer again from words about the pictures
            in their place; or a mode of your own, as ``package.module:function``.
        options: Handed to the mode by keyword; all of them stand in ids.
    """

    mode: Annotated[str, AfterValidator(partial(entry, "mode"))]
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _options_of_mode(self) -> Self:
        wanted = OPTIONS.get(self.mode)
        if wanted is None:
            return self
        if self.options.keys() != wanted.keys():
            raise ValueError(f"mode {self.mode} needs exactly the options {', '.join(wanted)}")
        for name, (kind, places) in wanted.items():
            given = self.options[name]
            fits = type(given) is kind  # true is no whole number here
            if not fits or not given or (kind is int and given < 1):
                what = "a text" if kind is str else "a whole number above 0"
                raise ValueError(f"option {name} of mode {self.mode} should be {what}")
            if lost := [place for place in places if place not in given]:
                raise ValueError(f"option {name} of mode {self.mode} needs {' and '.join(lost)}")
        return self

    @property
    def words(self) -> set[str]:
        """All words that the mode's texts put into a prompt, places to fill in left out."""
        texts = (text for text in self.options.values() if isinstance(text, str))
        return {word for text in texts for word in re.sub(r"\{\w+\}", " ", text).split()}


class Recipe(Strict):
    """A recipe: ``data`` and ``tune``, or ``respond`` alone.

    Attributes:
        name: The file's own name.
        title: What tables call it.
        parent: The recipe this one is an ablation of; it differs in ``factor`` alone.
        factor: The key, below ``data`` or ``tune``, in which it differs from its parent.
        marked_ours: Not in the paper.
        mode: Whose sizes, epochs and rates these are.
        data: What it is tuned on.
        tune: How much, and which parts.
        respond: Of a recipe without training: how the base is asked instead.
    """

    name: Name
    title: str
    parent: Name | None = None
    factor: str | None = None
    marked_ours: bool = False
    mode: Mode = "as_published"
    data: RecipeData | None = None
    tune: RecipeTune | None = None
    respond: RecipeRespond | None = later(None)

    @model_validator(mode="after")
    def _tuned_or_asked(self) -> Self:
        given = [key for key in ("data", "tune") if getattr(self, key) is not None]
        if self.respond is not None and given:
            raise ValueError(
                f"respond asks the base without training; remove {' and '.join(given)}, or respond"
            )
        if self.respond is None and len(given) < 2:
            lacking = " and ".join(key for key in ("data", "tune") if key not in given)
            raise ValueError(f"{lacking} is missing; a recipe without training has respond instead")
        return self

    @property
    def tuning(self) -> tuple[RecipeData, RecipeTune] | None:
        """What the base is tuned on, and how; None of a recipe without training."""
        return (self.data, self.tune) if self.data and self.tune else None

    @model_validator(mode="after")
    def _published_by_the_paper(self) -> Self:
        if self.mode == "matched" and not self.marked_ours:
            raise ValueError("mode matched is not the paper's; set marked_ours: true")
        if self.mode == "matched" and self.respond:
            raise ValueError(
                "mode matched is about sizes and steps, which a recipe without training lacks"
            )
        if self.mode == "as_published" and self.tune and self.tune.until:
            raise ValueError("mode as_published keeps the paper's epochs; set tune.until: null")
        return self
