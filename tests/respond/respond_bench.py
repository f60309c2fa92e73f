"""A tiny untrained model, small suites and a job context: everything respond needs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mirage.context import JobContext, payload_of
from mirage.contracts import Sample, write_rows
from mirage.plan import entries
from mirage.plan.artifact import Manifest, inventory, payload_digest
from mirage.plan.job import Job
from mirage.respond.model import Answerer
from mirage.tune.model_folder import save_model
from mirage.tune.nano.base import NanoClass
from mirage.tune.nano.scratch import build_model

WORDS = [f"w{i}" for i in range(60)]
TEXT: dict[str, Any] = {
    "hidden_size": 48,
    "layers": 2,
    "heads": 3,
    "kv_heads": 1,
    "intermediate_size": 96,
    "max_tokens": 256,
    "rope_theta": 1000,
    "tie_word_embeddings": True,
}
VISION: dict[str, Any] = {
    "patch_size": 8,
    "hidden_size": 32,
    "layers": 1,
    "heads": 2,
    "intermediate_size": 64,
}
STRONG = 2.5
"""Scale of the random weights: weaker layers let a tied head repeat the last token for ever."""
SETTINGS: dict[str, Any] = {
    "backend": "transformers",
    "batch_size": 16,
    "threads": 1,
    "max_new_tokens": {"default": 12, "beta": 5},
}


def references(architecture: str) -> dict[str, str]:
    """What the plan hands to a job that answers with a nano model."""
    chosen = {"family": architecture, "encoding": f"nano_{architecture}", "backend": "transformers"}
    return {group: entries.resolve(group, name) for group, name in chosen.items()}


def publish(folder: Path, stage: str, name: str, id8: str) -> Path:
    """Makes a folder a finished artifact."""
    files = inventory(folder)
    payload = payload_digest(files)
    Manifest(stage, stage, name, id8 * 8, {}, {}, "", files, payload=payload).write(folder)
    return folder


def make_model(folder: Path, architecture: str = "internvl") -> Path:
    """Writes a random model whose answers differ and end at different lengths."""
    ratio = 1.0 if architecture == "llava_onevision" else 0.5
    shape = {"downsample_ratio": ratio, "text": TEXT, "vision": VISION}
    settings = {"architecture": architecture, "image_size": 32, "shape": shape}
    kind: NanoClass = entries.load(references(architecture)["encoding"])()
    encoding = kind.build(WORDS, settings)
    tokenizer = encoding.processor.tokenizer
    model = build_model(kind, settings, len(tokenizer), encoding.special_ids(), seed=0)
    with torch.no_grad():
        generator = torch.Generator().manual_seed(3)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(noise * STRONG / parameter.shape[-1] ** 0.5)
        words = model.model.language_model.embed_tokens.weight
        words[tokenizer.eos_token_id] = words[20:35].mean(0) * 8
    save_model(model, folder)
    encoding.save(folder)
    return publish(folder, "tune", "toy", "0123abcd")


def open_answerer(folder: Path) -> Answerer:
    """Opens a nano model folder as a job of this model would."""
    named = references(json.loads((folder / "config.json").read_text())["model_type"])
    opened = entries.load(named["backend"])
    answerer: Answerer = opened(
        folder, entries.load(named["family"]), entries.load(named["encoding"])
    )
    return answerer


def questions(suite: str, count: int, pictures: Sequence[str], seed: int) -> list[Sample]:
    """Items with zero to three pictures and prompts of different lengths."""
    draw = np.random.default_rng(seed)
    return [
        Sample(
            id=f"{suite}/{i}",
            suite=suite,
            category="c",
            sub_category="s",
            question=" ".join(draw.choice(WORDS, size=draw.integers(3, 14))),
            images=tuple(str(n) for n in draw.choice(pictures, size=i % 4)),
        )
        for i in range(count)
    ]


@dataclasses.dataclass
class Bench:
    """A store on disk, and the context of a respond job over some of its suites."""

    store: Path
    model: Path
    lines: list[str] = dataclasses.field(default_factory=list)

    @property
    def images(self) -> Path:
        """The images artifact."""
        return self.store / "build" / "images-1"

    @property
    def pictures(self) -> list[str]:
        """Names of all pictures."""
        return [f"images/{i}.png" for i in range(9)]

    @property
    def answers(self) -> Path:
        """The persistent store of the model's answers."""
        return self.store / "work" / "answers" / payload_of(self.model)[:16]

    def suite(self, name: str, samples: Sequence[Sample]) -> str:
        """Writes a suite and returns its folder, relative to the store."""
        write_rows(self.store / "build" / name / "samples.jsonl", samples)
        return f"build/{name}"

    def context(self, suites: list[str], out: str = "out") -> JobContext:
        """Returns the context of a job; what it logs lands in ``lines``."""
        job = Job(
            stage="respond",
            kind="respond",
            name="toy",
            id="f" * 64,
            settings={"respond": SETTINGS, "suites": suites},
            parents={"model": [str(self.model)], "suites": suites, "images": ["build/images-1"]},
            entries=references(json.loads((self.model / "config.json").read_text())["model_type"]),
        )
        ctx = _Quiet(job, self.store, self.store / "work" / "job", self.store / out)
        object.__setattr__(ctx, "lines", self.lines)
        ctx.out.mkdir(parents=True, exist_ok=True)
        return ctx


class _Quiet(JobContext):
    lines: list[str]

    def log(self, text: str) -> None:
        self.lines.append(text)


def make_bench(store: Path, model: Path) -> Bench:
    """Makes a store with nine pictures and no suite yet."""
    made = Bench(store, model)
    draw = np.random.default_rng(0)
    for name in made.pictures:
        path = made.images / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(path)
    return made
