"""Asks a model folder with transformers and with vLLM, in vLLM's environment; prints the answers.

``.venv-vllm/bin/python tests/parts/both_backends.py <folder> <class> <encoding> <picture's side>``
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mirage.pictures import PictureFile, Pictures
from mirage.plan import entries
from mirage.respond.batches import plan_batches
from mirage.respond.items import Question
from mirage.respond.model import open_answerer
from mirage.respond.vllm_engine import open_vllm

OPTIONS = {
    "dtype": "float32", "max_model_len": 1024, "max_num_seqs": 16, "images_per_prompt": 3,
    "gpu_memory_utilization": 0.9, "cpu_cache_gb": 1, "tensor_parallel": 1, "enforce_eager": True,
}  # fmt: skip
TEXTS = ("is it safe", "what is in image 1", "which one")


def questions(folder: Path, side: int) -> list[Question]:
    """Items with no to three pictures."""
    draw = np.random.default_rng(0)
    for number in range(6):
        noise = draw.integers(0, 256, (side, side, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    root = Pictures(folder)
    asked = []
    for i in range(16):
        files = tuple(PictureFile(root, f"{(i + k) % 6}.png") for k in range(i % 4))
        digests = tuple(file.digest("here") for file in files)
        asked.append(Question(f"q{i}", "s", TEXTS[i % 3], files, digests, f"item {i}", 12))
    return asked


def told(answers: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    return {prompt.question.id: list(answer) for prompt, answer in answers}


def main(folder: Path, architecture: str, encoding: str, side: int) -> None:
    family = entries.load(entries.resolve("family", architecture))
    reads = entries.load(entries.resolve("encoding", encoding))
    pictures = folder.parent / "pictures"
    pictures.mkdir()
    asked = questions(pictures, side)
    model = open_answerer(folder, family, reads)
    with torch.inference_mode():
        model.see(asked)
        plain = told(
            pair
            for batch in plan_batches(model.prompts(asked), 16)
            for pair in zip(batch.prompts, model.answer(batch, batch.prompts), strict=True)
        )
    engine = open_vllm(folder, family, reads, options=OPTIONS, name="toy")
    fast = told(pair for part in engine.stream(engine.prompts(asked), 7) for pair in part)
    print(json.dumps({"transformers": plain, "vllm": fast}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
