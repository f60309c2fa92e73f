"""The backend ``vllm``: whole suites in one batched call, asked with transformers' own prompts.

vLLM lives in an environment of its own (``make env-vllm``), so only this module imports it, when a
job opens a model. It is handed token ids with one token for each picture, and makes the others
itself: that it made exactly those of the suite's own encoding is checked for every item, because a
picture that is cut into other tiles than in training changes results silently.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mirage.context import ConfigError
from mirage.contracts import DataError
from mirage.parent_process import announce_parent
from mirage.pictures import PictureFile
from mirage.respond.batches import Batch, Prompt
from mirage.respond.items import Question
from mirage.respond.prompts import Prompter, View
from mirage.respond.responder import Answer
from mirage.tune.encoding import Encoding, EncodingKind, open_shown
from mirage.tune.families.base import Family
from mirage.tune.stock.base import StockEncoding, read_json

FRAMED = ("internvl",)
"""Classes whose picture tokens vLLM puts between a start and an end token by itself."""

SHOWN = 5
"""Items that an error names."""


@dataclass(frozen=True)
class Ids:
    """Token ids that a model folder names.

    Attributes:
        picture: Stands for a part of a picture.
        ends: Each ends an answer.
    """

    picture: int
    ends: frozenset[int]

    @classmethod
    def read(cls, folder: Path) -> Ids:
        """Reads a model folder's settings.

        Raises:
            DataError: They do not say.
        """
        try:
            config = read_json(folder / "config.json")
            ends = read_json(folder / "generation_config.json")["eos_token_id"]
            named = "image_token_id" if "image_token_id" in config else "image_token_index"
            many = ends if isinstance(ends, list) else [ends]
            return cls(int(config[named]), frozenset(map(int, many)))
        except (OSError, ValueError, KeyError, TypeError) as broken:
            raise DataError(
                f"{folder} does not say which tokens are pictures and ends ({broken!r}). See what "
                f"is wrong with: mirage model check {folder}"
            ) from None


@dataclass
class VllmEngine(Prompter):
    """A model folder that vLLM opened.

    Attributes:
        llm: vLLM's engine.
        sample: Makes its sampling settings from the longest answer.
        encoding: What the model reads and writes with.
        ids: Token ids of its folder.
        framed: Whether vLLM puts tokens around a picture by itself.
        limits: ``max_model_len`` and ``images_per_prompt``.
        made_with: vLLM's version and settings.
        tiles: View -> its tiles.
        sizes: Picture -> width and height in which it is shown.
    """

    llm: Any
    sample: Callable[[int], Any]
    encoding: Encoding
    ids: Ids
    framed: bool
    limits: Mapping[str, int]
    made_with: dict[str, object]
    tiles: dict[View, int] = field(default_factory=dict)
    sizes: dict[PictureFile, tuple[int, int]] = field(default_factory=dict)

    def prompts(self, questions: Sequence[Question]) -> list[Prompt]:
        """Returns the token ids of each question, exactly as transformers would be asked.

        Raises:
            DataError: As ``Prompter.prompts``, or items are too long or have too many pictures for
                the engine as it was set up.
        """
        made = super().prompts(questions)
        longest, most = self.limits["max_model_len"], self.limits["images_per_prompt"]
        _refuse(
            [p for p in made if len(p.ids) + p.question.max_new_tokens > longest],
            f"are longer than {longest} tokens with their answers; nothing is cut off",
            "respond.vllm.max_model_len",
        )
        _refuse(
            [p for p in made if len(p.question.pictures) > most],
            f"have more than {most} pictures",
            "respond.vllm.images_per_prompt",
        )
        return made

    def see(self, questions: Iterable[Question]) -> None:
        """Does nothing: vLLM prepares pictures while it decodes."""

    def forget(self) -> None:
        """Drops the pictures that vLLM keeps."""
        self.llm.reset_mm_cache()

    def answer(self, batch: Batch, prompts: Sequence[Prompt]) -> list[Answer]:
        """Answers prompts in one call, in their order.

        Raises:
            DataError: A picture cannot be decoded, or vLLM makes another prompt of an item.
        """
        del batch
        asked = [self._request(prompt) for prompt in prompts]
        limits = [self.sample(prompt.question.max_new_tokens) for prompt in prompts]
        outputs = self.llm.generate(asked, limits, use_tqdm=False)
        read: list[tuple[list[int], str]] = []
        for prompt, output in zip(prompts, outputs, strict=True):
            self._check(prompt, list(output.prompt_token_ids))
            tokens = list(output.outputs[0].token_ids)
            ended = bool(tokens) and tokens[-1] in self.ids.ends
            read.append((tokens[:-1], "stop") if ended else (tokens, "length"))
        texts = self.encoding.decode([tokens for tokens, _ in read])
        return [(text, len(tokens), why) for text, (tokens, why) in zip(texts, read, strict=True)]

    def stream(self, prompts: Sequence[Prompt], size: int) -> Iterator[list[tuple[Prompt, Answer]]]:
        """Answers prompts, ``size`` in a call; each part is stored before the next.

        Raises:
            DataError: As ``answer``.
        """
        for start in range(0, len(prompts), size):
            part = prompts[start : start + size]
            yield list(zip(part, self.answer(Batch(0, tuple(part)), part), strict=True))

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        question = prompt.question
        ids = one_each(prompt.ids, self.slots(question), self.ids.picture, framed=self.framed)
        if not question.pictures:
            return {"prompt_token_ids": ids}
        shown = [open_shown(file, question.where, self.encoding) for file in question.pictures]
        request: dict[str, Any] = {"prompt_token_ids": ids, "multi_modal_data": {"image": shown}}
        if isinstance(self.encoding, StockEncoding):
            company = self.encoding.company(len(question.pictures))
            request["mm_processor_kwargs"] = self.encoding.cut(company)
        return request

    def _check(self, prompt: Prompt, read: list[int]) -> None:
        if read != list(prompt.ids):
            have, want = read.count(self.ids.picture), prompt.ids.count(self.ids.picture)
            raise DataError(
                f"{prompt.question.where}: vLLM reads {len(read)} tokens, {have} of pictures, and "
                f"the model was trained with {len(prompt.ids)} and {want}: vLLM cuts pictures into "
                "other tiles. Answer with: respond=default"
            )


def one_each(
    ids: Sequence[int], slots: Sequence[int], picture: int, *, framed: bool = False
) -> list[int]:
    """Returns a prompt with one picture token for each picture, from which vLLM makes the others.

    Args:
        ids: The whole prompt.
        slots: Picture tokens of each of its pictures.
        picture: Id of a picture token.
        framed: Whether the tokens before and after a picture go too.
    """
    short: list[int] = []
    at, left = 0, iter(slots)
    while at < len(ids):
        if ids[at] != picture:
            short.append(ids[at])
            at += 1
            continue
        if framed:
            short.pop()
        short.append(picture)
        at += next(left) + framed
    return short


def open_vllm(
    folder: Path,
    family: Callable[[], Family],
    encoding: Callable[[], EncodingKind],
    *,
    options: Mapping[str, Any],
    name: str,
) -> VllmEngine:
    """Opens a model folder with vLLM; an entry of the group ``backend``.

    Args:
        folder: The model folder.
        family: Makes its class.
        encoding: Makes the kind of its encoding.
        options: ``respond.vllm``.
        name: The row's name.

    Raises:
        ConfigError: vLLM is not installed here.
        DataError: vLLM cannot open the folder.
    """
    del name
    opened, ids = encoding().open(folder), Ids.read(folder)
    longest = min(options["max_model_len"], opened.max_tokens)
    vllm = _imported(options["cpu_cache_gb"])
    from vllm.v1.engine.exceptions import EngineDeadError

    try:
        llm = vllm.LLM(
            model=str(folder),
            dtype=options["dtype"],
            max_model_len=longest,
            max_num_seqs=options["max_num_seqs"],
            gpu_memory_utilization=options["gpu_memory_utilization"],
            tensor_parallel_size=options["tensor_parallel"],
            enforce_eager=options["enforce_eager"],
            limit_mm_per_prompt={"image": options["images_per_prompt"], "video": 0},
            load_format="safetensors",
            trust_remote_code=False,
            generation_config="vllm",  # a folder's sampling defaults are for chats
            enable_prefix_caching=False,  # else an answer depends on what was asked before it
            seed=0,
            disable_log_stats=True,
        )
        # Some attention kernels lack a model's sizes, which shows only when it answers.
        llm.generate(
            {"prompt_token_ids": [opened.pad] * 4},
            vllm.SamplingParams(max_tokens=2),
            use_tqdm=False,
        )
    except (ValueError, RuntimeError, OSError, KeyError, EngineDeadError) as broken:
        raise DataError(
            f"{folder} is no model folder that vLLM {vllm.__version__} can open "
            f"({_first_line(broken)}). Lines above say more. Answer with: respond=default"
        ) from broken

    def sample(most: int) -> Any:
        return vllm.SamplingParams(
            temperature=0.0,
            max_tokens=most,
            ignore_eos=True,  # the folder's own ends, all of them and no others
            stop_token_ids=sorted(ids.ends),
            detokenize=False,
        )

    return VllmEngine(
        llm=llm,
        sample=sample,
        encoding=opened,
        ids=ids,
        framed=family().name in FRAMED,
        limits={"max_model_len": longest, "images_per_prompt": options["images_per_prompt"]},
        made_with={"vllm": vllm.__version__, **options, "max_model_len": longest},
    )


def _imported(cpu_cache_gb: int) -> Any:
    """Imports vLLM, offline and silent; it reads these variables while it is imported.

    Raises:
        ConfigError: It is not installed here.
    """
    quiet = {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_CPU_KVCACHE_SPACE": str(cpu_cache_gb),
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # Snakemake's cores, not the first ones
    }
    for key, value in quiet.items():
        os.environ.setdefault(key, value)
    announce_parent()  # vLLM's other processes end with this one (mirage.respond.vllm_plugin)
    try:
        import vllm
    except ImportError as missing:
        raise ConfigError(
            f"vLLM cannot be imported here ({missing}). Set its environment up with: make env-vllm "
            "(settings of conf/respond/vllm.yaml run jobs in it: respond.env=vllm)"
        ) from None
    return vllm


def _refuse(prompts: Sequence[Prompt], what: str, key: str) -> None:
    if prompts:
        names = ", ".join(prompt.question.id for prompt in prompts[:SHOWN])
        more = f" and {len(prompts) - SHOWN} more" if len(prompts) > SHOWN else ""
        raise DataError(f"{len(prompts)} items {what}: {names}{more}. Set {key} higher.")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
