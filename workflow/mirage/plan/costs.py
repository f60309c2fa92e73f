"""What a job takes on the machine of reference: seconds from counts, all constants in one place.

Measured on two cores of an Intel Xeon (AVX-512, AMX; fp32), two jobs of one thread side by side, as
the manifests of 144 tuned and 155 answering models of 0.5, 0.9 and 1.9 million parameters tell
(studies ``quick``, ``factorial``, ``sensitivity``, ``sizes``). Another machine is a factor beside
it (``mirage.plan.machine_speed``). Nothing here decides what is made.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mirage.context import DAMAGED
from mirage.own_data import samples_file
from mirage.plan.artifact import Manifest
from mirage.plan.checked_data import recall_counts
from mirage.plan.entries import OWN
from mirage.plan.job import Job

Made = Job | Manifest
Find = Callable[[str], Made | None]
"""Folder of an artifact -> the job or the manifest that tells its settings."""

PROCESS: Final = 0.1  # s: Snakemake starts a process and sees that it ended
STARTUP: Final = {
    "build": 0.15,
    "tune": 3.1,
    "respond": 1.15,
    "judge": 0.2,
    "score": 0.4,
    "report": 0.5,
}
LAID_OUT: Final = 0.2  # s for committed answers or a record of training,
LAID_OUT_EACH: Final = 0.1e-3  # and per answer

TOKEN: Final = (
    35e-6  # s per token of a training step (forward, backward, update), whatever the size,
)
TOKEN_PER_MILLION: Final = 95e-6  # and per million parameters of the language model's layers
WITH_VISION: Final = 1.4  # where pictures are not read once but trained on
MUON: Final = 1.07
CHECK: Final = 1.0  # s: whether a recipe fits its own items (``until: criterion``)

ANSWER_ITEM: Final = 5.3e-3  # s per item that the default model answers (852,000 parameters),
ANSWER_WORD: Final = 0.08e-3  # and per word of its answer
ANSWER_SIZE: Final = (0.65, 0.35)  # share that does not grow with the model, share that does
DEFAULT_MILLIONS: Final = 0.852
SHORT_ANSWERS: Final = {
    "gates": 0.35,
    "general": 0.5,
    "placebo": 0.5,
    "placebo_text": 0.5,
    "placebo_composite": 0.5,
}
"""Kind of suite -> what its items cost beside requests, which get long answers."""

JUDGED: Final = 0.35e-3  # s per answer
SCORED: Final = (0.35, 0.1e-3)  # s for the scores of a model, and per answer
BUILT: Final = 0.13e-3  # s per sample
BUILT_SCENARIO: Final = 0.35e-3  # of the source mis, whose shortcuts are looked for
SUITE: Final = 0.15  # s for a suite beside its items
DRAWN: Final = 0.04  # s per rendering of all objects
REPORTED: Final = (1.5, 0.06)  # s for a report, and for each of its models

ANSWERS: Final = {
    "cot": 39.0,
    "filler": 39.0,
    "sorry_reasons": 36.0,
    "describe_refuse": 22.0,
    "rewritten": 30.0,
    "safe_answer": 12.0,
    "short_refusal": 11.0,
    "refusal": 9.5,
    "placebo": 9.5,
}
"""Labels -> mean words of an answer over a recipe's data, benign and general ones among them."""
OTHER_ANSWERS: Final = 25.0  # labels of a user's own
BASE_ANSWERS: Final = 12.0

PROMPTS: Final = {"two": 32.0, "composite": 30.0, "one_of_two": 22.0, "one": 22.0, "black": 22.0}
"""Images -> mean tokens of a question and its pictures."""
TEXT_PROMPT: Final = 13.0
PICTURE: Final = 6.0  # tokens of a picture and its marks

BASE_SAMPLES: Final = 35.0  # mean tokens of all families of base training,
PHASES: Final = {"naming": 22.0}  # of one family alone,
SOME_FAMILIES: Final = 28.0  # of some

STEPS_TO_FIT: Final = {"cot": 110, "short_refusal": 1100}
"""Labels -> steps until recipes fitted (bases 200 to 204); those of others reach the cap."""

ITEMS: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "easy": (48, ("pairs_per_edge", "items_per_pair")),
    "hard": (48, ("pairs_per_edge", "items_per_pair")),
    "seen": (29, ("pairs_per_edge", "items_per_pair")),
    "item_probes": (36, ("pairs_per_edge", "items_per_pair")),
    "real": (4, ("real_items",)),
    "text_only": (4, ("format_items",)),
    "white_probe": (3, ("format_items",)),
    "single_image": (3, ("format_items",)),
    "mss": (2, ("format_items",)),
    "composite": (2, ("probe_items",)),
    "conflict": (4, ("probe_items",)),
    "cues": (4, ("probe_items",)),
    "lead_ins": (6, ("probe_items",)),
    "more_images": (6, ("probe_items",)),
    "image_use": (6, ("probe_items",)),
    "general": (16, ("skill_items",)),
    "gates": (22, ("gate_items",)),
    "placebo": (4, ("gate_items",)),
    "placebo_text": (4, ("gate_items",)),
    "placebo_composite": (4, ("gate_items",)),
    "fit": (1, ("fit_items",)),
}
"""Kind of suite -> items, as a factor on the product of sizes in conf/build."""
OTHER_ITEMS: Final = 300  # a suite of a user's own code

LARGEST: Final = 10.0  # million parameters: far beyond what was measured, nothing is said
NANO: Final = "mirage.tune.nano."
READ: Final = 500  # lines of a user's data that tell how long samples are


@dataclass(frozen=True)
class Amount:
    """A data set: how many samples, and the mean tokens of a prompt and of an answer."""

    samples: int
    prompt: float
    answer: float


def seconds(made: Made, find: Find) -> float | None:
    """Returns what a job takes on the machine of reference; None if nothing can be said.

    Args:
        made: The job, or the manifest of a finished one.
        find: Gives its parents.
    """
    work = _WORK.get(made.kind)
    try:
        took = work(made, find) if work else None
    except DAMAGED:  # settings of another edition of the suite, or code of a user's own
        return None
    return None if took is None else PROCESS + STARTUP[made.stage] + took


def _images(made: Made, find: Find) -> float:
    renders: Mapping[str, Mapping[str, int]] = made.settings["world"]["renders"]
    return DRAWN * sum(count for style in renders.values() for count in style.values())


def _train_data(made: Made, find: Find) -> float:
    scenarios = made.settings["recipe"]["data"]["source"] == "mis"
    return (BUILT_SCENARIO if scenarios else BUILT) * amount(made).samples


def _suite(made: Made, find: Find) -> float:
    return SUITE + BUILT * items(made)


def _base(made: Made, find: Find) -> float | None:
    model, millions = made.settings["model"], language_millions(made, find)
    if "base" not in model:
        return 0.2  # a released or imported one is only opened
    if millions is None or millions > LARGEST:
        return None
    tokens = 0.0
    for phase in model["base"]["phases"]:
        labels = phase["labels"]
        length = SOME_FAMILIES if labels else BASE_SAMPLES
        length = PHASES.get(labels[0], length) if len(labels) == 1 else length
        vision = WITH_VISION if "vision" in phase["parts"] else 1.0
        tokens += phase["steps"] * phase["batch_size"] * length * vision
    return MUON * tokens * _token(millions)


def _nano(made: Made) -> bool:
    """Tells whether a model reads pictures as the nano ones do, in a few tokens each."""
    return made.entries.get("encoding", NANO).startswith(NANO)


def _recipe(made: Made, find: Find) -> float | None:
    data = [each for each in map(find, made.parents["data"]) if each is not None]
    millions = language_millions(made, find)
    if not data or millions is None or millions > LARGEST or not _nano(made):
        return None
    sizes = [amount(each) for each in data]
    samples = sum(size.samples for size in sizes)
    if not samples:
        return None
    prompt = sum(size.samples * size.prompt for size in sizes) / samples
    answer = sum(size.samples * size.answer for size in sizes) / samples
    recipe, how = made.settings["recipe"]["tune"], made.settings["tune"]
    batch = how["batch_size"]
    label = data[0].settings["recipe"]["data"].get("labels", "")
    checks = 0.0
    if until := recipe["until"]:
        steps = min(until["cap"], STEPS_TO_FIT.get(label, until["cap"]))
        checks = CHECK * steps / until["every"]
    elif recipe["supervised_tokens"]:
        steps = max(1, round(recipe["supervised_tokens"] / (batch * (answer + 1))))
    else:
        steps = math.ceil(samples / batch) * recipe["epochs"]
    vision = WITH_VISION if "vision" in recipe["parts"] else 1.0
    tokens: float = steps * min(batch, samples) * (prompt + answer + 1) * vision / how["ranks"]
    return tokens * _token(millions) + checks


def _answers(made: Made, find: Find) -> float | None:
    millions = language_millions(made, find)
    if millions is None or millions > LARGEST or not _nano(made):
        return None
    fixed, grows = ANSWER_SIZE
    size = fixed + grows * millions / DEFAULT_MILLIONS
    words = BASE_ANSWERS
    model = find(made.parents["model"][0])
    for folder in (model.parents.get("data", []) if model else [])[-1:]:
        if (data := find(folder)) and data.settings["recipe"]["name"] != "base":
            words = amount(data).answer
    count = sum(
        items(suite) * SHORT_ANSWERS.get(_suite_kind(suite), 1.0) for suite in suites(made, find)
    )
    return size * count * (ANSWER_ITEM + ANSWER_WORD * words)


def _measured(made: Made, find: Find) -> float | None:
    """How fast models answer, or whether they say the same, is measured on a few items."""
    return None


def _verdicts(made: Made, find: Find) -> float:
    return JUDGED * asked(made, find)


def _scores(made: Made, find: Find) -> float:
    once, each = SCORED
    return once + each * asked(made, find)


def _study(made: Made, find: Find) -> float:
    return 0.02 * len(made.settings.get("models", []))


def _report(made: Made, find: Find) -> float:
    once, each = REPORTED
    return once + each * len(made.settings.get("models", []))


def _laid_out(made: Made, find: Find) -> float:
    """Committed answers or a record of training: text is unpacked, and no library is imported."""
    count = asked(made, find) if "suites" in made.parents else 0
    return LAID_OUT + LAID_OUT_EACH * count - STARTUP[made.stage] + STARTUP["build"]


_WORK: Final[dict[str, Callable[[Made, Find], float | None]]] = {
    "images": _images,
    "train": _train_data,
    "suite": _suite,
    "base": _base,
    "recipe": _recipe,
    "record": _laid_out,
    "committed": _laid_out,
    "respond": _answers,
    "speed": _measured,
    "repeat": _measured,
    "general": _measured,
    "judge": _verdicts,
    "model": _scores,
    "study": _study,
    "report": _report,
}
"""Kind of job -> its work without its start."""


def amount(made: Made) -> Amount:
    """Returns how much a job builds to train on."""
    data = made.settings["recipe"]["data"]
    if data["source"] == "base":
        return Amount(
            made.settings["build"]["base_samples"], BASE_SAMPLES - BASE_ANSWERS, BASE_ANSWERS
        )
    if data["source"] == OWN:
        parts = [own_amount(path, digest) for digest, path in _external(made)]
        count = sum(part.samples for part in parts)
        each = max(1, count)
        prompts = sum(part.samples * part.prompt for part in parts) / each
        return Amount(count, prompts, sum(part.samples * part.answer for part in parts) / each)
    samples = sum(data[key] for key in ("unsafe", "benign", "twins", "general"))
    answer = ANSWERS.get(data["labels"], OTHER_ANSWERS)
    return Amount(samples, PROMPTS.get(data["images"], TEXT_PROMPT), answer)


@cache
def own_amount(path: str, digest: str = "") -> Amount:
    """Returns how much a user's own file holds: all lines counted, the first ones read.

    Args:
        path: Where it lies.
        digest: Of published data, what their check counted.
    """
    if digest and (known := recall_counts(digest)):
        count = max(1, known["samples"])
        tokens = known["words"] + PICTURE * known["images"]
        return Amount(known["samples"], tokens / count, known["answers"] / count)
    try:
        with samples_file(Path(path)).open("rb") as file:
            first = [json.loads(line) for line in islice(file, READ)]
            count = len(first) + sum(1 for _ in file)
    except (OSError, ValueError):
        return Amount(0, 0, 0)
    prompts = [len(row["question"].split()) + PICTURE * len(row["images"]) for row in first]
    answers = [len(row.get("answer", "").split()) for row in first]
    return Amount(count, sum(prompts) / max(1, len(first)), sum(answers) / max(1, len(first)))


def items(made: Made) -> int:
    """Returns how many items a suite has."""
    if external := _external(made):
        return sum(own_amount(path, digest).samples for digest, path in external)
    if known := made.settings["suite"].get("items"):  # of kind lmms, whose data lie elsewhere
        return int(known)
    factor, keys = ITEMS.get(_suite_kind(made), (OTHER_ITEMS, ()))
    sizes: Mapping[str, int] = made.settings.get("build", {})
    return factor * math.prod(sizes.get(key, 1) for key in keys)


def _external(made: Made) -> list[tuple[str, str]]:
    """Digest and place of the data that a job reads from outside the store."""
    return list(getattr(made, "external", {}).items())


def suites(made: Made, find: Find) -> list[Made]:
    """Returns the suites that a job reads."""
    return [each for each in map(find, made.parents["suites"]) if each is not None]


def asked(made: Made, find: Find) -> int:
    """Returns how many items a job that has suites as parents reads."""
    return sum(map(items, suites(made, find)))


def _suite_kind(made: Made) -> str:
    return str(made.settings["suite"].get("kind", OWN))


def language_millions(made: Made, find: Find) -> float | None:
    """Returns the parameters of a language model's layers in millions; None if not known."""
    for role in ("model", "base"):
        for folder in made.parents.get(role, []):
            parent = find(folder)
            return language_millions(parent, find) if parent else None
    model: Mapping[str, Any] = made.settings.get("model", {})
    if "shape" in model:
        text = model["shape"]["text"]
        return _layers(text["hidden_size"], text["layers"], text["intermediate_size"])
    return next(map(_config_millions, getattr(made, "external", {}).values()), None)


@cache
def _config_millions(folder: str) -> float | None:
    """Of a model folder in the form of transformers."""
    try:
        config = json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))
        text = config.get("text_config", config)
        return _layers(text["hidden_size"], text["num_hidden_layers"], text["intermediate_size"])
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _layers(hidden: int, layers: int, inner: int) -> float:
    return layers * (4 * hidden**2 + 3 * hidden * inner) / 1e6


def _token(millions: float) -> float:
    return TOKEN + TOKEN_PER_MILLION * millions
