"""The saved folder is a plain InternVL folder, and the fast path says what its processor says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import squares
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoTokenizer

from mirage.contracts import DataError, TrainSample, read_rows
from mirage.tune import model_folder
from mirage.tune.nano.tokens import build_tokenizer, chat


def test_fast_path_gives_what_the_saved_processor_gives(world: squares.World, base: Path) -> None:
    saved = squares.load_processor(base)
    encoded = squares.load([world.data], world.images, saved)
    rows = read_rows(world.data / "samples.jsonl", TrainSample)
    assert {len(row.images) for row in rows} == {0, 1, 2}
    for i, row in enumerate(rows):
        asked = chat(row.question, len(row.images))
        prompt = saved.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        whole = saved.apply_chat_template(
            [*asked, {"role": "assistant", "content": row.answer}], tokenize=False
        )
        pictures = [Image.open(world.images / name) for name in row.images] or None
        expected = saved(images=pictures, text=[whole], return_tensors="pt")
        start = saved(images=pictures, text=[prompt], return_tensors="pt")["input_ids"]
        assert encoded.ids[i].tolist() == expected["input_ids"][0].tolist()
        assert encoded.prompts[i] == start.shape[1]
        if pictures:
            assert torch.equal(encoded.pixels[encoded.pictures[i]], expected["pixel_values"])


def test_the_folder_opens_with_auto_classes(base: Path) -> None:
    model = AutoModelForImageTextToText.from_pretrained(base)
    assert type(model).__name__ == "InternVLForConditionalGeneration"
    assert model.lm_head.weight is model.model.language_model.embed_tokens.weight
    ours = squares.open_model(base)
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), ours.parameters(), strict=True)
    )
    tokenizer = AutoTokenizer.from_pretrained(base)
    assert tokenizer.decode(tokenizer("a red square .")["input_ids"]) == "a red square ."
    assert tokenizer.context_image_token_id == model.config.image_token_id
    assert (tokenizer.pad_token_id, tokenizer.eos_token_id) == (
        model.generation_config.pad_token_id,
        model.generation_config.eos_token_id,
    )


def test_processor_files_name_stock_classes(base: Path) -> None:
    whole = json.loads((base / "processor_config.json").read_text())
    assert whole["processor_class"] == "InternVLProcessor"
    assert whole["image_processor"]["image_processor_type"] == "GotOcr2ImageProcessor"
    assert whole["video_processor"]["video_processor_type"] == "InternVLVideoProcessor"
    assert whole["image_seq_length"] == 4
    tokenizer = json.loads((base / "tokenizer_config.json").read_text())
    assert tokenizer["processor_class"] == "InternVLProcessor"
    assert not list(base.glob("*.bin")) and not list(base.glob("*.pt*"))


def test_a_batch_of_prompts_generates(base: Path, world: squares.World) -> None:
    processor, model = squares.load_processor(base), squares.open_model(base)
    texts = [
        processor.apply_chat_template(chat(question, n), add_generation_prompt=True, tokenize=False)
        for question, n in (("what is in the first ?", 1), ("what is in the first and second ?", 2))
    ]
    picture = Image.fromarray(np.zeros((32, 32, 3), dtype=np.uint8))
    inputs = processor(images=[picture] * 3, text=texts, padding=True, return_tensors="pt")
    answers = model.generate(**inputs, max_new_tokens=3, do_sample=False)
    assert answers.shape == (2, inputs["input_ids"].shape[1] + 3)


@pytest.mark.parametrize("words", [["a", "a"], ["two words"], ["<img>"], [""]])
def test_words_that_cannot_be_a_vocabulary(words: list[str]) -> None:
    with pytest.raises(DataError, match="vocabulary"):
        build_tokenizer(words, squares.nano("internvl").marks)


def test_a_folder_without_a_processor(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no processor"):
        squares.nano("internvl").open(tmp_path)
    with pytest.raises(DataError, match="no model folder"):
        model_folder.open_model(tmp_path, squares.family("internvl"))
