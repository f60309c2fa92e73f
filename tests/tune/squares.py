"""A world of coloured squares: training data in the real format that a model learns in seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from mirage.context import JobContext
from mirage.contracts import TrainSample, write_rows
from mirage.plan import entries
from mirage.plan.job import Job
from mirage.tune import data, model_folder
from mirage.tune.data import Encoded
from mirage.tune.families.base import Family
from mirage.tune.losses import Loss, mean_over_tokens
from mirage.tune.nano import scratch
from mirage.tune.nano.base import NanoClass, NanoProcessor
from mirage.tune.nano.encoding import WordEncoding
from mirage.tune.objective import Objective

CONF = Path(__file__).resolve().parents[2] / "conf"
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 60), "blue": (40, 60, 220), "grey": (128,) * 3}
WORDS = sorted(
    {*COLOURS, "square", "what", "is", "in", "and", "the", "a", "first", "second", "image"}
    | {"one", "two", "three", "four", ".", "?"}
)


NAMES = [name for name in entries.TABLES["family"] if f"nano_{name}" in entries.TABLES["encoding"]]
"""Classes of which nano models are made; the others are imported."""


def references(architecture: str = "internvl", **more: str) -> dict[str, str]:
    """What the plan hands to a job of a nano model."""
    chosen = {"base": "scratch", "loss": "tokens", "family": architecture}
    kind = "nano" if architecture in NAMES else "stock"
    chosen |= {"encoding": f"{kind}_{architecture}"} | more
    return {group: entries.resolve(group, name) for group, name in chosen.items()}


def family(name: str) -> Family:
    return entries.load(entries.TABLES["family"][name])()  # type: ignore[no-any-return]


def family_of(model: Any) -> Family:
    return family(model.config.model_type)


def nano(name: str) -> NanoClass:
    return entries.load(entries.TABLES["encoding"][f"nano_{name}"])()  # type: ignore[no-any-return]


def architecture_of(folder: Path) -> str:
    return str(json.loads((folder / "config.json").read_text())["model_type"])


def open_model(folder: Path) -> Any:
    return model_folder.open_model(folder, family(architecture_of(folder)))


def open_encoding(folder: Path) -> WordEncoding:
    return nano(architecture_of(folder)).open(folder)


def load_processor(folder: Path) -> NanoProcessor:
    return open_encoding(folder).processor


def build_encoding(settings: dict[str, Any]) -> WordEncoding:
    return nano(settings["architecture"]).build(WORDS, settings)


def build_model(settings: dict[str, Any], seed: int) -> Any:
    encoding = build_encoding(settings)
    size, special = len(encoding.processor.tokenizer), encoding.special_ids()
    return scratch.build_model(encoding.kind, settings, size, special, seed)


def load(
    folders: list[Path], images: str | Path, encoding: WordEncoding | NanoProcessor
) -> Encoded:
    if not isinstance(encoding, WordEncoding):
        name = {cls.marks.image: cls for cls in map(nano, NAMES)}[encoding.marks.image]
        encoding = WordEncoding(name, encoding, 512)
    return data.load(folders, images, encoding)


def objective(
    model: Any, encoded: Encoded, keep_features: bool, loss: Loss = mean_over_tokens
) -> Objective:
    return Objective(model, family_of(model), encoded, loss, keep_features)


def freeze(model: Any, parts: list[str]) -> dict[str, int]:
    return model_folder.freeze(model, parts, family_of(model))


def sample(
    name: str, question: str, images: tuple[str, ...], answer: str, label: str
) -> TrainSample:
    return TrainSample(name, "train", "", "", question, images, {}, answer, label)


def draw(images: Path) -> list[str]:
    names = []
    for colour, value in COLOURS.items():
        for i in range(3):
            name = f"images/{colour}-{i}.png"
            picture = Image.new("RGB", (32, 32), "white")
            picture.paste(value, (4 * i, 3 * i, 14 + 4 * i, 15 + 3 * i))
            (images / name).parent.mkdir(parents=True, exist_ok=True)
            picture.save(images / name)
            names.append(name)
    return names


def colour(name: str) -> str:
    return Path(name).stem.partition("-")[0]


def samples(names: list[str]) -> list[TrainSample]:
    one = [
        sample(
            f"train/one-{i}", "what is in the first ?", (n,), f"a {colour(n)} square .", "naming"
        )
        for i, n in enumerate(names)
    ]
    two = [
        sample(
            f"train/two-{i}-{j}",
            "what is in the first and the second ?",
            (a, b),
            f"a {colour(a)} square and a {colour(b)} square .",
            "listing",
        )
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j and (i + j) % 4 == 0
    ]
    text = [
        sample(f"train/text-{i}", f"is {c} in the square ?", (), f"{c} is in the square .", "text")
        for i, c in enumerate(COLOURS)
    ]
    return one + two + text


@dataclass(frozen=True)
class World:
    """Folders of a store with pictures and one data set, as the build stage leaves them."""

    store: Path

    @property
    def images(self) -> Path:
        return self.store / "build/images-0"

    @property
    def data(self) -> Path:
        return self.store / "build/data-0"


def build(store: Path) -> World:
    world = World(store)
    rows = samples(draw(world.images))
    write_rows(world.data / "samples.jsonl", rows)
    (world.data / "vocabulary.txt").write_text("".join(f"{w}\n" for w in WORDS), encoding="utf-8")
    return world


def model_settings(architecture: str = "internvl", tied: bool = True) -> dict[str, Any]:
    plain = yaml.safe_load((CONF / "model/tiny.yaml").read_text(encoding="utf-8"))
    plain["architecture"] = architecture
    plain["shape"]["text"]["tie_word_embeddings"] = tied
    if architecture == "llava_onevision":
        plain["shape"]["downsample_ratio"] = 1.0
    if architecture == "qwen2_vl":
        plain["shape"]["vision"]["intermediate_size"] = 64
    return {key: value for key, value in plain.items() if key not in ("tag", "resources")}


def tune_settings(**changed: Any) -> dict[str, Any]:
    plain = yaml.safe_load((CONF / "tune/default.yaml").read_text(encoding="utf-8"))
    small = {"batch_size": 8, "log_every": 2, "checkpoint_every": 4}
    return plain | small | changed


def starts_alike(sample: TrainSample, text: str, finished: bool) -> bool:
    """A criterion: the first word is right."""
    return text.split()[:1] == sample.answer.split()[:1] and finished


def until(**changed: Any) -> dict[str, Any]:
    plain = {"check": "squares:starts_alike", "items": 12, "at_least": 75.0, "in_a_row": 2}
    return plain | {"every": 3, "cap": 60, "warmup_steps": 2} | changed


def base_job(
    world: World, name: str = "base-s0", architecture: str = "internvl", also: tuple[Path, ...] = ()
) -> JobContext:
    settings = {"model": model_settings(architecture), "seed": 0, "threads": 1}
    data = [str(folder) for folder in (world.data, *also)]
    return context(world, "base", name, settings, {"data": data}, references(architecture))


def recipe_job(
    world: World,
    base: Path,
    name: str = "mirage-s0",
    epochs: int = 2,
    learning_rate: float = 2.5e-4,
    tuned: dict[str, Any] | None = None,
    **changed: Any,
) -> JobContext:
    recipe = {
        "epochs": epochs,
        "supervised_tokens": None,
        "until": None,
        "learning_rate": learning_rate,
        "loss": "tokens",
        "parts": ["language_model", "projector"],
    } | (tuned or {})
    settings = {
        "recipe": {"name": name.partition("-")[0], "tune": recipe},
        "tune": tune_settings(**changed),
        "seed": 0,
        "threads": 1,
    }
    chosen = references(architecture_of(base), loss=recipe["loss"])
    if recipe["until"]:
        chosen["criterion"] = recipe["until"]["check"]
    return context(world, "recipe", name, settings, {"base": [str(base)]}, chosen)


def context(
    world: World,
    kind: str,
    name: str,
    settings: dict[str, Any],
    parents: dict[str, list[str]],
    chosen: dict[str, str] | None = None,
) -> JobContext:
    parents = {"data": [str(world.data)], "images": [str(world.images)]} | parents
    job = Job("tune", kind, name, "0" * 64, settings, parents, entries=chosen or {})
    work, out = world.store / "work" / name, world.store / "tune" / name
    work.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    return JobContext(job, world.store, work, out)
