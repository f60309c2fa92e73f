"""Opens folders with ``AutoProcessor`` and prints what it makes of a question about two pictures.

``python open_with_auto_classes.py '{"folders": [...], "pictures": [...], "question": "..."}'``, in
an environment that has torchvision. Prints one JSON object: folder -> class, ids and pixels.
"""

import json
import sys
from typing import Any

from PIL import Image
from transformers import AutoProcessor


def main(asked: dict[str, Any]) -> dict[str, Any]:
    """Returns folder -> name of the processor's class, token ids, pixels as a flat list."""
    made = {}
    parts = [{"type": "image"}] * len(asked["pictures"])
    parts.append({"type": "text", "text": asked["question"]})
    pictures = [Image.open(path).convert("RGB") for path in asked["pictures"]]
    for folder in asked["folders"]:
        processor = AutoProcessor.from_pretrained(folder)
        text = processor.apply_chat_template(
            [{"role": "user", "content": parts}], add_generation_prompt=True, tokenize=False
        )
        inputs = processor(images=[pictures], text=[text], return_tensors="pt")
        pixels = inputs["pixel_values"].flatten().tolist()
        ids = inputs["input_ids"][0].tolist()
        made[folder] = {"class": type(processor).__name__, "ids": ids, "pixels": pixels}
    return made


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
