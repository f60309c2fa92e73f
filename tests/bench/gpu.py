"""Tuning at the size of InternVL2.5-8B, random weights: tokens a second, MFU, peak memory.

    python tests/bench/gpu.py                     # one GPU: the shape of 8 billion parameters
    python tests/bench/gpu.py --shape toy         # a processor: shows that the command works

It goes through the large trainer: bfloat16, activation checkpointing, the longest pass first; LoRA
on all layers and full tuning on as many as fit, each with samples packed into rows and alone.
Samples are random tokens of MIRage's lengths (two pictures, a question, a reasoned answer), whose
features lie ready. What a real run does beside that (reading pictures, checkpoints) is not timed.
With --study a whole nano study is run on the GPU afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import measure
from measure import ROOT, Result


@dataclass(frozen=True)
class Shape:
    """Sizes of a model and of its samples."""

    text: dict[str, int]
    vision: dict[str, int]
    image: int
    patch: int
    question: int
    answer: int
    row_tokens: int

    @property
    def picture_tokens(self) -> int:
        return (self.image // self.patch) ** 2 // 4


SHAPES = {
    # InternLM2-7B and InternViT-300M, as in the config.json of OpenGVLab/InternVL2_5-8B.
    "8b": Shape(
        {
            "vocab_size": 92553, "hidden_size": 4096, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
            "max_position_embeddings": 32768,
        },
        {
            "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
            "intermediate_size": 4096,
        },
        448, 14, question=120, answer=240, row_tokens=8192,
    ),
    "toy": Shape(
        {
            "vocab_size": 512, "hidden_size": 64, "num_hidden_layers": 4,
            "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128,
            "max_position_embeddings": 2048,
        },
        {
            "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 64,
        },
        56, 14, question=20, answer=40, row_tokens=512,
    ),
}  # fmt: skip


def main() -> None:
    """Measures LoRA and full tuning, packed and alone."""
    made = measure.parser(__doc__ or "")
    made.add_argument("--shape", choices=sorted(SHAPES), default="8b")
    made.add_argument("--steps", type=int, default=8, help="optimizer steps; the first two warm up")
    made.add_argument("--batch-size", type=int, default=32, help="samples of a step")
    made.add_argument("--micro-batch", type=int, default=4, help="rows of a pass without packing")
    made.add_argument(
        "--layers", type=int, nargs="+", default=[32, 24, 16, 12, 8, 6, 4],
        help="layers of the language model that full tuning tries, until they fit",
    )  # fmt: skip
    made.add_argument("--study", help="a study that is run afterwards, e.g. tiny")
    made.add_argument("--side", help="used by the command itself: one run, in this process")
    asked = made.parse_args()
    if asked.side:
        print(json.dumps(_run(asked.shape, json.loads(asked.side))))
        return
    load, results, lost = [measure.load()], [], []
    whole = SHAPES[asked.shape].text["num_hidden_layers"]
    for adapter in ("lora", "none"):
        tried = [whole] if adapter == "lora" else [n for n in asked.layers if n <= whole]
        for layers in tried:
            more, words = _both(asked, adapter, layers)
            load.append(measure.load())
            results += more
            if not words:
                break
            lost.append(words)
    if asked.study:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as store:
            command = ["snakemake", "--cores", "1", "--config", f"study={asked.study}"]
            subprocess.run([*command, f"store={store}"], cwd=ROOT, check=True, stdout=sys.stderr)
        spent = [time.perf_counter() - begin]
        results.append(Result(f"the study {asked.study}, whole", spent, "s"))
    notes = [*lost, "Aim: 50 % MFU on one H100. MFU by the formula of `mirage.tune.large.flops`."]
    packages = measure.versions(sys.executable, ["torch", "transformers", "peft"])
    name = f"Tuning at the shape {asked.shape}, random weights"
    measure.report(asked, name, measure.section(name, results, packages, load, notes))


def _both(asked: Any, adapter: str, layers: int) -> tuple[list[Result], str]:
    """Returns the rows of both layouts, or in words why there are none."""
    results = []
    for packing in (True, False):
        how = {
            "adapter": adapter, "layers": layers, "packing": packing, "steps": asked.steps,
            "batch_size": asked.batch_size, "micro_batch": asked.micro_batch,
        }  # fmt: skip
        arguments = ["--shape", asked.shape, "--side", json.dumps(how)]
        try:
            taken = [
                measure.in_process(sys.executable, "gpu.py", arguments, asked.threads)
                for _ in range(asked.repeats)
            ]
        except subprocess.CalledProcessError:
            return [], f"- {adapter} on {layers} layers ended with an error; see its own words."
        if any("no_room" in run for run in taken):
            return [], f"- {'LoRA' if adapter == 'lora' else 'full'} on {layers} layers: no room."
        kind = "LoRA" if adapter == "lora" else "full"
        told = f"{kind}, {layers} layers, {'packed rows' if packing else 'a row a sample'}"
        parameters = f"{taken[0]['trained'] / 1e9:.2f} of {taken[0]['all'] / 1e9:.2f} B trained"
        for value, unit in (
            ("tokens_per_second", "tokens/s"),
            ("mfu", "% MFU"),
            ("padding_share", "share of padding"),
            ("peak_memory_gb", "GB"),
        ):
            if value in taken[0]:
                numbers = [run[value] for run in taken]
                results.append(Result(told, numbers, unit, parameters))
    return results, ""


def _run(shape_name: str, how: dict[str, Any]) -> dict[str, Any]:
    import torch

    from mirage.final_error import FinalError
    from mirage.plan.schema.tune import Large
    from mirage.tune import model_folder
    from mirage.tune.batching import plan_steps
    from mirage.tune.families.internvl import InternVL
    from mirage.tune.large.adapters import adapted, add_adapters
    from mirage.tune.large.attention import attend_by_sample
    from mirage.tune.large.host_table import HostTable
    from mirage.tune.large.rhythm import Asked, Rhythm
    from mirage.tune.large.trainer import LargeRun, LargeTrainer
    from mirage.tune.large.world import device
    from mirage.tune.losses import mean_over_tokens
    from mirage.tune.objective import Objective
    from mirage.tune.trainer import to_the_end

    shape, family = SHAPES[shape_name], InternVL()
    large = Large(
        packing=how["packing"], micro_batch=how["micro_batch"], row_tokens=shape.row_tokens,
        adapter=how["adapter"], checkpoint_minutes=1e6, features="memory",
    ).model_dump()  # fmt: skip
    try:
        model = _model(shape, how["layers"], device())
        counts = model_folder.freeze(model, ["language_model", "projector"], family)
        if how["adapter"] == "lora":
            layers = adapted(model, family, ["language_model", "projector"], large["lora"])
            counts["trainable"] = add_adapters(model, layers, large["lora"], 0)
        if how["packing"]:
            attend_by_sample(model)
        model.activation_checkpointing_enable({"use_reentrant": False})
        data = _samples(shape, 2 * how["batch_size"])
        size = 4 * shape.vision["hidden_size"]
        features = torch.randn(64, shape.picture_tokens, size, dtype=torch.bfloat16)
        objective = Objective(model, family, data, mean_over_tokens, True, HostTable(features))
        run = LargeRun(
            name="bench", batches=plan_steps(len(data.ids), how["batch_size"], 0, how["steps"]),
            optimizer="adamw", learning_rate=1e-6, muon_lr=0.0, schedule="constant_with_warmup",
            warmup=0, weight_decay=0.0, max_grad_norm=1.0, log_every=2,
            checkpoint_every=10 * how["steps"], seed=0, large=large,
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as work:
            rhythm = Rhythm(1e9, Asked())
            trainer = LargeTrainer(objective, data, run, Path(work), print, rhythm)
            trainer.save_model = lambda *_, **__: None  # type: ignore[method-assign]
            trainer._save_checkpoint = lambda *_, **__: None  # type: ignore[method-assign]
            rows = to_the_end(trainer, _to_stderr).curve[1:]
    except (torch.OutOfMemoryError, FinalError) as full:
        # What is tried before the first step ends with a sentence.
        if torch.OutOfMemoryError not in (type(full), type(full.__cause__)):
            raise
        return {"no_room": True}
    found = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0] if name != "step"}
    parameters = sum(p.numel() for p in model.parameters())
    return found | {"all": parameters, "trained": counts["trainable"]}


def _model(shape: Shape, layers: int, place: Any) -> Any:
    """Returns a model of a shape with random weights, on the device from the start."""
    import torch
    from transformers import GenerationConfig, InternVLConfig
    from transformers.models.internvl.modeling_internvl import InternVLForConditionalGeneration

    config = InternVLConfig(
        text_config=shape.text
        | {"model_type": "qwen2", "num_hidden_layers": layers, "tie_word_embeddings": False},
        vision_config=shape.vision
        | {"image_size": [shape.image] * 2, "patch_size": [shape.patch] * 2},
        image_token_id=5,
        image_seq_length=shape.picture_tokens,
        tie_word_embeddings=False,
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with place:
            model: Any = InternVLForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(before)
    model.generation_config = GenerationConfig(eos_token_id=2, pad_token_id=0)
    return model.train()


def _samples(shape: Shape, count: int) -> Any:
    """Returns random samples: a fifth without pictures, the others with two; uneven answers."""
    import numpy as np
    import torch

    from mirage.tune.data import Encoded

    draw = np.random.default_rng(0)
    ids, prompts, pictures = [], [], []
    for number in range(count):
        shown = 0 if number % 5 == 0 else 2
        question = draw.integers(6, shape.text["vocab_size"], shape.question)
        length = shape.answer // 2 + draw.integers(0, shape.answer)
        answer = draw.integers(6, shape.text["vocab_size"], length)
        image = np.full(shown * shape.picture_tokens, 5)
        ids.append(np.concatenate([image, question, answer]).astype(np.int64))
        prompts.append(len(image) + len(question))
        pictures.append([int(row) for row in draw.integers(0, 64, shown)])
    return Encoded(
        ids=ids, prompts=np.array(prompts), positions=[np.arange(len(row))[None] for row in ids],
        pictures=pictures, slots=[[1] * len(shown) for shown in pictures], labels=[""] * count,
        pixels=torch.empty(0), tiles=[1] * 64, pad=0,
    )  # fmt: skip


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
