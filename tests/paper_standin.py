"""Tiny models and harmless files under the names that the full scale expects.

``python tests/paper_standin.py /tmp/standin`` writes them and says what to type.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import internvl_chat_stand_in
import published_files
import stand_ins
from mirage.convert.internvl_chat import convert

JUDGE = "tiny-judge"


def write(root: Path) -> dict[str, str]:
    """Writes models and data, and returns the environment in which studies find them."""
    models, data = root / "models", root / "data"
    base = models / "InternVL2_5-8B-hf"
    original = internvl_chat_stand_in.write(root / "original")
    convert(original, base, tokenizer=None, say=print)
    # A checkpoint is another folder of the same form; here the very same weights.
    shutil.copytree(base, models / "InternVL2.5-8B-MIRage-hf")
    # The paper's prompt is long in a tokenizer of 320 pieces.
    folder = stand_ins.write("qwen2_vl", models / JUDGE, heads=1)  # as wide as vLLM's kernels want
    config = folder / "config.json"
    text = config.read_text(encoding="utf-8")
    longer = text.replace('"max_position_embeddings": 1024', '"max_position_embeddings": 16384')
    config.write_text(longer, encoding="utf-8")
    published_files.write_all(data)
    return {"MIRAGE_MODELS": str(models), "MIRAGE_DATA": str(data)}


if __name__ == "__main__":
    found = write(Path(sys.argv[1]))
    print(*(f"export {name}={value}" for name, value in found.items()), sep="\n")
