"""Our greedy loop answers as ``generate`` does, whatever else is in the batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from respond_bench import SETTINGS, Bench, make_model, open_answerer, questions

from mirage.contracts import DataError
from mirage.respond.batches import plan_batches
from mirage.respond.items import Question, read_suites
from mirage.respond.model import Answerer
from mirage.tune.decode import MIN_ROWS, advance, prefill, worth_keeping
from mirage.tune.nano.tokens import chat


def ask(bench: Bench, count: int) -> list[Question]:
    folder = bench.suite("alpha", questions("alpha", count, bench.pictures, seed=5))
    return read_suites([bench.store / folder], bench.images, SETTINGS)[0]


def picture_inputs(question: Question) -> dict[str, list[list[Image.Image]]]:
    # One list a prompt: a flat list is a list of single pictures to LLaVA-OneVision.
    return {"images": [[p.open() for p in question.pictures]]} if question.pictures else {}


def plain_generate(answerer: Answerer, question: Question) -> tuple[str, int]:
    processor, model = answerer.encoding.processor, answerer.model
    text = processor.apply_chat_template(
        chat(question.text, len(question.pictures)), add_generation_prompt=True, tokenize=False
    )
    inputs = dict(processor(text=[text], return_tensors="pt", **picture_inputs(question)))
    inputs.pop("num_patches", None)
    tokens = model.generate(**inputs, do_sample=False, max_new_tokens=question.max_new_tokens)[0]
    new = tokens[inputs["input_ids"].shape[1] :].tolist()
    end = processor.tokenizer.eos_token_id
    cut = new[: new.index(end)] if end in new else new
    return processor.tokenizer.decode(cut, skip_special_tokens=True), len(cut)


def test_same_tokens_as_generate_with_0_to_3_pictures(bench: Bench, any_model: Path) -> None:
    answerer = open_answerer(any_model)
    asked = ask(bench, 24)
    with torch.inference_mode():
        answerer.see(asked)
        (batch,) = plan_batches(answerer.prompts(asked), size=64)
        got = answerer.answer(batch, batch.prompts)
        want = [plain_generate(answerer, prompt.question) for prompt in batch.prompts]
    assert {len(p.question.pictures) for p in batch.prompts} == {0, 1, 2, 3}
    assert [(text, n) for text, n, _ in got] == want
    assert len({text for text, _ in want}) > 12, (
        "an untrained model that says one thing proves nothing"
    )
    assert {why for _, _, why in got} == {"stop", "length"}
    assert all(
        n == p.question.max_new_tokens
        for p, (_, n, why) in zip(batch.prompts, got, strict=True)
        if why == "length"
    )


def test_prompt_ids_are_the_processors(bench: Bench, any_model: Path) -> None:
    answerer = open_answerer(any_model)
    for question in ask(bench, 8):
        text = answerer.encoding.processor.apply_chat_template(
            chat(question.text, len(question.pictures)), add_generation_prompt=True, tokenize=False
        )
        want = answerer.encoding.processor(text=[text], **picture_inputs(question))["input_ids"][0]
        assert list(answerer.prompts([question])[0].ids) == list(want)


@pytest.mark.parametrize("rows", [MIN_ROWS, 11, 40])
def test_a_row_is_computed_bit_for_bit_alike_beside_any_others(
    bench: Bench, any_model: Path, rows: int
) -> None:
    answerer = open_answerer(any_model)
    model = answerer.model
    with torch.inference_mode():
        ids = torch.randint(9, 60, (64, 24), generator=torch.Generator().manual_seed(0))
        ids[::3, :7] = answerer.encoding.pad
        few, many = ids[5 : 5 + rows], ids
        token = torch.full((64,), 11)
        states = []
        for some in (few, many):
            embeddings = model.get_input_embeddings()(some)
            state = prefill(model, some, embeddings, answerer.encoding.pad, room=30)
            states.append(advance(model, state, token[: len(some)]))
        assert torch.equal(states[0].hidden, states[1].hidden[5 : 5 + rows])
        logits = [model.lm_head(state.hidden) for state in states]
        assert torch.equal(logits[0], logits[1][5 : 5 + rows])


def test_picture_features_do_not_depend_on_the_other_pictures(
    bench: Bench, any_model: Path
) -> None:
    asked = [q for q in ask(bench, 40) if q.pictures]
    together, alone = open_answerer(any_model), open_answerer(any_model)
    with torch.inference_mode():
        together.see(asked)
        alone.see(asked[-1:])
    for view in alone.views(asked[-1]):
        assert torch.equal(alone.features[view], together.features[view])


def widen(bench: Bench, every: int) -> None:
    """Makes every ``every``-th picture one of two side by side."""
    draw = np.random.default_rng(7)
    for name in bench.pictures[::every]:
        pixels = draw.integers(0, 256, (32, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(bench.images / name)


def test_pictures_side_by_side(bench: Bench, any_model: Path) -> None:
    widen(bench, 2)
    answerer = open_answerer(any_model)
    asked = ask(bench, 24)
    if answerer.family.name == "llava_onevision":
        asked = [q for q in asked if len(q.pictures) < 2]
    with torch.inference_mode():
        answerer.see(asked)
        (batch,) = plan_batches(answerer.prompts(asked), size=64)
        got = answerer.answer(batch, batch.prompts)
        want = [plain_generate(answerer, prompt.question) for prompt in batch.prompts]
    wide = 3 if answerer.family.name == "llava_onevision" else 2
    assert set(answerer.tiles.values()) == {1, wide}
    assert [(text, n) for text, n, _ in got] == want


def test_features_of_tiles_do_not_depend_on_the_other_pictures(
    bench: Bench, any_model: Path
) -> None:
    widen(bench, 1)
    together, alone = open_answerer(any_model), open_answerer(any_model)
    asked = [q for q in ask(bench, 40) if q.pictures]
    with torch.inference_mode():
        together.see(asked)
        alone.see(asked[-1:])
    for view in alone.views(asked[-1]):
        assert torch.equal(alone.features[view], together.features[view])
        assert len(alone.features[view]) == alone.tiles[view] > 1


def test_a_wide_picture_beside_others_that_a_class_cannot_take(
    bench: Bench, tmp_path: Path
) -> None:
    widen(bench, 1)
    answerer = open_answerer(make_model(tmp_path / "llava", "llava_onevision"))
    with pytest.raises(DataError, match=r"samples.jsonl, line 3: picture 1 is wider than high"):
        answerer.prompts(ask(bench, 8))


def test_finished_rows_are_dropped_but_never_below_the_smallest_batch() -> None:
    assert worth_keeping([True] * 9 + [False]) is None
    assert worth_keeping([False, True] * 20) == list(range(1, 40, 2))
    assert worth_keeping([False] * 11 + [True]) == [0, 1, 2, 3, 4, 5, 6, 11]
    assert worth_keeping([False] * 7 + [True]) is None
