"""The backend vllm beside its engine: prompts with one token a picture, limits, parts, checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from respond_bench import SETTINGS, Bench, questions

from mirage.contracts import DataError
from mirage.plan import entries
from mirage.respond import answer as answering
from mirage.respond.answer import Ask
from mirage.respond.answer_cache import AnswerStore
from mirage.respond.items import Question, read_suite
from mirage.respond.responder import Engine
from mirage.respond.vllm_engine import Ids, VllmEngine, one_each
from mirage.respond.vllm_plugin import BESIDE


class FakeLLM:
    """Fills pictures in as vLLM does, then answers with the prompt's last token and an end."""

    def __init__(self, ids: Ids, slot: int, frame: Sequence[int]) -> None:
        self.ids, self.slot, self.frame = ids, slot, list(frame)
        self.calls: list[int] = []

    def generate(self, asked: list[dict[str, Any]], limits: list[int], use_tqdm: bool) -> list[Any]:
        self.calls.append(len(asked))
        return [self._output(each, limit) for each, limit in zip(asked, limits, strict=True)]

    def _output(self, asked: dict[str, Any], limit: int) -> Any:
        given: list[int] = asked["prompt_token_ids"]
        pictures = asked.get("multi_modal_data", {}).get("image", [])
        assert given.count(self.ids.picture) == len(pictures)
        ids: list[int] = []
        for token in given:
            whole = [self.frame[0], *[token] * self.slot, self.frame[1]]
            ids += whole if token == self.ids.picture else [token]
        words = [given[-1]] * limit if limit == 1 else [given[-1], min(self.ids.ends)]
        return SimpleNamespace(prompt_token_ids=ids, outputs=[SimpleNamespace(token_ids=words)])


def opened(folder: Path, slot: int = 4, **limits: int) -> tuple[VllmEngine, FakeLLM]:
    encoding = entries.load(entries.resolve("encoding", "nano_internvl"))().open(folder)
    ids = Ids.read(folder)
    frame = encoding.processor.tokenizer.convert_tokens_to_ids(["<img>", "</img>"])
    llm = FakeLLM(ids, slot, frame)
    engine = VllmEngine(
        llm=llm, sample=lambda most: most, encoding=encoding, ids=ids, family="internvl",
        limits={"max_model_len": 256, "images_per_prompt": 3} | limits, made_with={"vllm": "0"},
    )  # fmt: skip
    return engine, llm


def asked(bench: Bench, count: int) -> list[Question]:
    suite = bench.suite("alpha", questions("alpha", count, bench.pictures, seed=1))
    return read_suite(
        bench.store / suite, bench.images.parent / "images-1", SETTINGS["max_new_tokens"]
    )


def test_every_picture_becomes_one_token() -> None:
    ids = [1, 5, 9, 9, 6, 2, 5, 9, 9, 9, 6, 3]
    assert one_each(ids, [2, 3], 9) == [1, 5, 9, 6, 2, 5, 9, 6, 3]
    assert one_each(ids, [2, 3], 9, framed=True) == [1, 9, 2, 9, 3]
    assert one_each([9, 9, 9, 9], [1, 3], 9) == [9, 9], "pictures that touch stay two"
    assert one_each([1, 2], [], 9) == [1, 2]


def test_only_llava_is_told_that_pictures_stand_beside_others(bench: Bench) -> None:
    engine, _ = opened(bench.model)
    prompts = engine.prompts(asked(bench, 3))
    assert [len(prompt.question.pictures) for prompt in prompts] == [0, 1, 2]
    assert all("mm_processor_kwargs" not in engine._request(prompt) for prompt in prompts)
    engine.family = "llava_onevision"
    told = [engine._request(prompt).get("mm_processor_kwargs") for prompt in prompts]
    assert told == [None, {BESIDE: False}, {BESIDE: True}]


def test_answers_are_stored_part_by_part_and_asked_once(bench: Bench) -> None:
    engine, llm = opened(bench.model)
    assert isinstance(engine, Engine)
    suites = [asked(bench, 11)]
    store = AnswerStore(bench.store / "answers")
    made = Ask(engine, store, 4, ["made", engine.made_with], bench.lines.append)(suites)
    assert llm.calls == [4, 4, 3]
    assert len(made) == 11
    assert all(entry.finish_reason == "stop" and entry.n_tokens == 1 for entry in made.values())
    assert "11/11 answers" in bench.lines[-1]
    again = Ask(engine, store, 4, ["made", engine.made_with], bench.lines.append)(suites)
    assert again == made and llm.calls == [4, 4, 3]
    other = Ask(engine, store, 4, ["made", {"vllm": "1"}], bench.lines.append)
    other(suites)
    assert llm.calls == [4, 4, 3, 4, 4, 3], "another version's answers are others"


def test_a_killed_call_keeps_the_parts_before(bench: Bench, monkeypatch: Any) -> None:
    engine, llm = opened(bench.model)
    store = AnswerStore(bench.store / "answers")
    real = llm.generate

    def dies(*given: Any, **more: Any) -> list[Any]:
        if len(llm.calls) == 2:
            raise KeyboardInterrupt
        return real(*given, **more)

    monkeypatch.setattr(llm, "generate", dies)
    with pytest.raises(KeyboardInterrupt):
        Ask(engine, store, 4, [], bench.lines.append)([asked(bench, 11)])
    assert len(store.load()) == 8
    monkeypatch.setattr(llm, "generate", real)
    made = Ask(engine, store, 4, [], bench.lines.append)([asked(bench, 11)])
    assert len(made) == 11
    assert llm.calls == [4, 4, 3], "what was stored is not asked again"


def test_an_answer_that_does_not_end_is_cut_off_by_length(bench: Bench) -> None:
    engine, _ = opened(bench.model)
    (question,) = asked(bench, 1)
    short = answering.Question(**{**vars(question), "max_new_tokens": 1})
    prompts = engine.prompts([short])
    assert [why for part in engine.stream(prompts, 9) for _, (_, _, why) in part] == ["length"]


def test_other_picture_tokens_than_in_training_end_the_job(bench: Bench) -> None:
    engine, _ = opened(bench.model, slot=5)
    prompts = engine.prompts(asked(bench, 3))
    with pytest.raises(DataError, match=r"samples.jsonl, line 2: vLLM reads .* other\s+tiles"):
        list(engine.stream(prompts, 9))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_model_len": 20}, r"items are longer than 20 tokens.*respond\.vllm\.max_model_len"),
        (
            {"images_per_prompt": 1},
            r"^6 items have more than 1 pictures: alpha/2, alpha/3, .* and 1",
        ),
    ],
)
def test_items_that_do_not_fit_are_named(bench: Bench, limits: dict[str, int], said: str) -> None:
    engine, _ = opened(bench.model, **limits)
    with pytest.raises(DataError, match=said):
        engine.prompts(asked(bench, 12))


def test_a_folder_must_say_its_ends(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"image_token_id": 3}')
    with pytest.raises(DataError, match="does not say which tokens are pictures and ends"):
        Ids.read(tmp_path)
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [1, 2]}')
    assert Ids.read(tmp_path) == Ids(3, frozenset({1, 2}))
