"""Nano SFT: samples a second of this suite, and of TRL's SFTTrainer with its defaults.

    python tests/bench/sft.py --trl-python <venv>/bin/python

Both tune the released base of seed 0 on the recipe MIRage's samples of the default study, the same
parts frozen, on the same loss: cross entropy over the tokens of the answers. The first loss of both
is compared before anything is timed. TRL comes from an environment of its own: envs/bench.txt.
Measured are the steps behind the first ones; what is prepared before them is told beside it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measure
from measure import ROOT, Result

BASE = ROOT / "bases/nano_internvl/s0"
PARTS = ["language_model", "projector"]
WARM = 3
"""Steps that are not counted: kernels and caches warm up."""
COMPARED = 8
"""Samples over which both sides compute the same loss before anything is timed."""


def main() -> None:
    """Measures both sides in turn."""
    made = measure.parser(__doc__ or "")
    made.add_argument(
        "--trl-python", default=sys.executable, help="python with TRL: envs/bench.txt"
    )
    made.add_argument(
        "--steps", type=int, default=30, help="steps of 32 samples; TRL: four times as many"
    )
    made.add_argument(
        "--store", type=Path, help="where the data is built; default: a folder in /tmp"
    )
    made.add_argument("--side", help="used by the command itself: one side, in this process")
    asked = made.parse_args()
    if asked.side:
        sides = {"ours": _ours, "trl": _trl, "trl_alike": _trl_alike}
        print(json.dumps(sides[asked.side](asked.store, asked.steps)))
        return
    store = measure.built_store(asked.store or Path(tempfile.gettempdir()) / "mirage-bench")
    runs: dict[str, list[dict[str, Any]]] = {"ours": [], "trl": [], "trl_alike": []}
    load = [measure.load()]
    for _ in range(asked.repeats):
        for side, taken in runs.items():
            python = sys.executable if side == "ours" else asked.trl_python
            steps = asked.steps * (4 if side == "trl" else 1)
            arguments = ["--side", side, "--store", str(store), "--steps", str(steps)]
            taken.append(measure.in_process(python, "sft.py", arguments, asked.threads))
            load.append(measure.load())
    first = {side: taken[0]["loss"] for side, taken in runs.items()}
    told = {
        "ours": "this suite: batches of 32, fp32, packed rows, kept features",
        "trl": "TRL's defaults: batches of 8, "
        f"{runs['trl'][0].get('precision')}, activation checkpointing, padding",
        "trl_alike": "TRL, batches of 32 in fp32 without checkpointing",
    }
    results = [
        Result(
            told[side], [run["rate"] for run in taken], "samples/s", f"first loss {first[side]:.4f}"
        )
        for side, taken in runs.items()
    ]
    results += [
        Result(f"ours, preparing: {what}", [run[what] for run in runs["ours"]], "s")
        for what in ("reading", "features")
    ]
    ours, trl, alike = (result.median for result in results[:3])
    packages = measure.versions(asked.trl_python, ["torch", "transformers", "trl", "datasets"])
    notes = [
        f"This suite trains {ours / trl:.1f} times as many samples a second as TRL's defaults "
        f"(aim: 3), and {ours / alike:.1f} times as many as TRL at its batch size and precision. "
        f"Both with {asked.threads} thread(s), the tower frozen, the loss over answers. What "
        "is prepared once (reading and tokenising, features of all pictures) is not in the rates."
    ]
    text = measure.section("Nano SFT against TRL", results, packages, load, notes)
    measure.report(asked, "Nano SFT against TRL", text)


def _ours(store: Path, steps: int) -> dict[str, Any]:
    import torch

    from mirage.plan import entries
    from mirage.tune import batching, data, model_folder, progress, trainer
    from mirage.tune.losses import mean_over_tokens
    from mirage.tune.objective import Objective

    torch.set_num_threads(torch.get_num_threads())
    begin = time.perf_counter()
    family = entries.load(entries.TABLES["family"]["internvl"])()
    encoding = entries.load(entries.TABLES["encoding"]["nano_internvl"])().open(BASE)
    model = model_folder.open_model(BASE, family)
    encoded = data.load(
        [measure.folder(store, "mirage-s0")], measure.folder(store, "images"), encoding
    )
    read = time.perf_counter()
    model_folder.freeze(model, PARTS, family)
    objective = Objective(model, family, encoded, mean_over_tokens, keep_features=True)
    kept = time.perf_counter()
    batch = batching.collate(encoded, range(COMPARED), 512, encoding.pad)
    with torch.no_grad():
        loss = float(objective(**vars(batch)))
    times: list[float] = []

    def step(self: Any, done: int, last: Any) -> None:
        del self, done, last
        times.append(time.perf_counter())

    progress.Progress.step = step  # type: ignore[method-assign]
    run = trainer.Run(
        name="bench",
        batches=batching.plan_steps(len(encoded.ids), 32, 0, steps),
        optimizer="adamw", learning_rate=1e-5, muon_lr=0.0, schedule="cosine", warmup=0.03,
        weight_decay=0.01, max_grad_norm=1.0, log_every=5, checkpoint_every=10 * steps, seed=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as work:
        trainer.train(objective, encoded, run, Path(work), lambda _: None)
    samples = sum(len(some) for some in run.batches[WARM:])
    rate = samples / (times[-1] - times[WARM - 1])
    return {"rate": rate, "loss": loss, "reading": read - begin, "features": kept - read}


def _trl(store: Path, steps: int) -> dict[str, Any]:
    return _with_trl(store, steps)


def _trl_alike(store: Path, steps: int) -> dict[str, Any]:
    return _with_trl(
        store, steps, per_device_train_batch_size=32, bf16=False, gradient_checkpointing=False
    )


def _with_trl(store: Path, steps: int, **changed: Any) -> dict[str, Any]:
    import torch
    from datasets import Dataset, Features, Image, Sequence, Value
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from mirage.contracts import TrainSample, read_rows
    from mirage.pictures import Pictures, SamplePictures
    from mirage.plan import entries
    from mirage.tune import model_folder
    from mirage.tune.nano.tokens import chat

    family = entries.load(entries.TABLES["family"]["internvl"])()
    processor = entries.load(entries.TABLES["encoding"]["nano_internvl"])().open(BASE).processor
    model = model_folder.open_model(BASE, family)
    model_folder.freeze(model, PARTS, family)
    folder = measure.folder(store, "mirage-s0")
    place = SamplePictures(folder, Pictures(measure.folder(store, "images")))
    rows = read_rows(folder / "samples.jsonl", TrainSample)
    end = processor.tokenizer.eos_token
    columns: dict[str, list[Any]] = {"prompt": [], "completion": [], "images": []}
    for row in rows:
        asked = chat(row.question, len(row.images))
        text = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        columns["prompt"].append(text)
        columns["completion"].append(row.answer + end)
        columns["images"].append([{"bytes": place.file(name).read()} for name in row.images])
    kinds = {"prompt": Value("string"), "completion": Value("string"), "images": Sequence(Image())}
    times: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as work:
        config = SFTConfig(
            work, max_steps=steps, report_to=[], save_strategy="no",
            use_cpu=not torch.cuda.is_available(), **changed,
        )  # fmt: skip
        trainer = SFTTrainer(
            model=model, args=config, processing_class=processor, callbacks=[Clock()],
            train_dataset=Dataset.from_dict(columns, features=Features(kinds)),
        )  # fmt: skip
        some = [trainer.train_dataset[i] for i in range(COMPARED)]
        batch = trainer.data_collator(some)
        with torch.no_grad():
            loss = float(trainer.model(**batch).loss)
        trainer.train()
    batch_size = config.per_device_train_batch_size
    rate = batch_size * (steps - WARM) / (times[-1] - times[WARM - 1])
    return {"rate": rate, "loss": loss, "precision": "bfloat16" if config.bf16 else "fp32"}


if __name__ == "__main__":
    main()
