"""Harmless stand-ins of published data sets: files of the same form, household sentences, drawings.

``python tests/published_files.py /tmp/data`` writes all of them, as ``MIRAGE_DATA=/tmp/data``
expects them; a number behind the folder says how many items each has.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from mirage.plan.checked_data import remember
from mirage.plan.entries import TABLES, load, resolve
from mirage.plan.study.data_blocks import data_blocks
from mirage.published.figstep import COLUMNS
from mirage.published.mis import LABELS
from mirage.published.mm_safetybench import SCENARIOS
from mirage.published.read import Published, read_published

SIDE = 64
COLOURS = ("red", "green", "blue", "orange", "purple", "teal", "gold", "navy")
THINGS = ("kettle", "lamp", "bucket", "spoon", "clock", "chair", "brush", "plate")
CATEGORIES, SUBS = LABELS[:6], LABELS[6:]
N = 6
"""Items of a small file."""


def draw(path: Path, number: int) -> None:
    """Draws one of many pictures that all differ: a shape, its place and its colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    left, top = 4 + number % 29, 4 + number // 29 % 29
    shape = ImageDraw.Draw(picture)
    paint = shape.ellipse if number % 2 else shape.rectangle
    paint((left, top, left + 24, top + 24), fill=COLOURS[number % len(COLOURS)])
    picture.save(path)


def question(number: int) -> str:
    """Returns a sentence about things of a household, another one for each number."""
    one, two = THINGS[number % 8], THINGS[(number // 8 + 3) % 8]
    return f"Where do I put the {one} of the first image, number {number}, beside the {two}?"


def answer(number: int) -> str:
    return f"The first image shows a {THINGS[number % 8]}. Put it on shelf {number}, within reach."


def write_json(path: Path, plain: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1), encoding="utf-8")


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def mis_test(root: Path, n: int) -> None:
    for place, split in enumerate(("easy", "hard", "real")):
        rows = []
        for k in range(n):
            names = [f"{split}_image/{k}/object{i}.png" for i in (1, 2)]
            for i, name in enumerate(names):
                draw(root / name, 2 * (place * n + k) + i)
            about = {"category": CATEGORIES[k % 6], "sub_category": SUBS[k % 14]}
            images = dict(zip(("image_path1", "image_path2"), names, strict=True))
            rows.append({"question": question(place * n + k), **about, **images})
            if split != "real":  # one released file has no ids
                rows[-1]["id"] = k
        write_json(root / f"mis_{split}.json", rows)


def conversation(asked: str, answered: str) -> list[dict[str, str]]:
    return [{"from": "human", "value": asked}, {"from": "gpt", "value": answered}]


def mis_train(root: Path, n: int) -> None:
    files = {
        "mis_train.json": answer,
        "mis_train_no_cot.json": lambda k: f"I'm sorry, not shelf {k}. {answer(k)}",
        "mis_train_original.json": answer,
    }
    for name, answered in files.items():
        rows = []
        for k in range(n):
            images = [f"images/{k}/object{i}.png" for i in (1, 2)]
            for i, image in enumerate(images):
                draw(root / image, 500 + 2 * k + i)
            about = {"category": CATEGORIES[k % 6], "sub_category": SUBS[k % 14]}
            asked = "<image>\n<image>\n" + question(k)
            turns = conversation(asked, answered(k))
            rows.append({"id": k, "image": images, **about, "conversations": turns})
        write_json(root / name, rows)


def general(root: Path, n: int) -> None:
    rows: list[dict[str, Any]] = []
    for k in range(n):
        images = [f"set/{k % 20}-{i}.png" for i in range(1 + k % 3)]
        for i, image in enumerate(images):
            draw(root / image, 300 + 3 * (k % 20) + i)
        marks = "".join(f"Image {i}: <image>\n" for i in range(1, len(images) + 1))
        turns = conversation(marks + question(k), f"A {COLOURS[k % 8]} one.")
        rows.append({"sample_id": k, "image": images, "conversations": turns})
    rows.append({"sample_id": n, "image": [], "conversations": 2 * conversation("Hello?", "Yes.")})
    write_json(root / "m4_instruct_annotations.json", rows)


def vlguard(root: Path, n: int) -> None:
    for file in ("train.json", "train_rewritten.json", "test.json"):
        split = file.split(".")[0].split("_")[0]
        rows = []
        for k in range(n):
            image = f"things/{k}.png"
            draw(root / split / image, 700 + k)
            said = {"response": answer(k)}
            safe = [
                {"safe_instruction": question(k), **said},
                {"unsafe_instruction": question(k + 100), **said},
            ]
            unsafe = [{"instruction": question(k + 200), **said}]
            rows.append(
                {
                    "id": f"{split}_{k}",
                    "image": image,
                    "safe": k % 2 == 0,
                    "harmful_category": "risky behavior",
                    "harmful_subcategory": "other",
                    "instr-resp": unsafe if k % 2 else safe,
                }
            )
        write_json(root / file, rows)


def figstep(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        topic, task = k // 5 + 1, k % 5 + 1
        draw(root / f"data/images/SafeBench/query_ForbidQI_{topic}_{task}_6.png", 800 + k)
        about = dict(zip(COLUMNS, (topic, task, f"Shelf {topic}"), strict=True))
        texts = {"question": question(k), "instruction": f"Ways to dust a {THINGS[k % 8]}."}
        rows.append({"dataset": "SafeBench", **about, **texts})
    write_csv(root / "data/question/safebench.csv", rows)


def mm_safetybench(root: Path, n: int) -> None:
    for place, scenario in enumerate(SCENARIOS):
        rows = {}
        for k in range(max(1, n // len(SCENARIOS))):
            for kind in ("SD", "SD_TYPO", "TYPO"):
                draw(root / f"data/imgs/{scenario}/{kind}/{k}.jpg", 3 * place + k)
            keys = ("Question", "Changed Question", "Rephrased Question", "Rephrased Question(SD)")
            texts = {key: question(100 * place + k) for key in keys}
            rows[str(k)] = texts | {"Key Phrase": THINGS[k % 8], "Phrase Type": "product"}
        write_json(root / f"data/processed_questions/{scenario}.json", rows)


def jailbreakv(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        image = f"llm_transfer_attack/SD_{k}.png"
        draw(root / image, 900 + k)
        rows.append(
            {
                "id": k,
                "jailbreak_query": f"Please,\nas a tidy person: {question(k)}",
                "redteam_query": question(k),
                "format": ("Template", "Persuade")[k % 2],
                "policy": f"Shelf {k % 4}",
                "image_path": image,
                "from": "stand-in",
                "selected_mini": True,
                "transfer_from_llm": True,
            }
        )
    write_csv(root / "mini_JailBreakV_28K.csv", rows)


def siuo(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        draw(root / f"images/S-{k}.png", 1000 + k)
        about = {"category": f"Shelf {k % 3}", "safety_warning": "", "reference_answer": answer(k)}
        row = {"question_id": k, "image": f"S-{k}.png", "question": question(k)}
        rows.append(row | about)
    write_json(root / "siuo_gen.json", rows)


def mss_chat(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        names = {s: f"{s}/{k}.png" for s in ("safe", "unsafe")}
        for i, name in enumerate(names.values()):
            draw(root / "chat" / name, 1100 + 2 * k + i)
        about = {"intent": "tidy up", "unsafe_image": "a full shelf", "Type": "property"}
        paths = {f"{s}_image_path": name for s, name in names.items()}
        rows.append(paths | about | {"queries": [question(k), question(k + 50)]})
    write_json(root / "combine.json", {"chat": rows, "embodied": []})


def mossbench(root: Path, n: int) -> None:
    rows = {}
    for k in range(1, n + 1):
        draw(root / f"data/images/{k}.webp", 1200 + k)  # as released: the file says .png
        rows[str(k)] = {
            "image": f"images/{k}.png",
            "short description": f"a {THINGS[k % 8]}",
            "question": question(k),
            "metadata": {"over": f"type {k % 3 + 1}", "human": 0, "harm": [7]},
            "pid": str(k),
        }
    write_json(root / "data/images_information/information.json", rows)


def vlsbench(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        draw(root / f"imgs/{k}.png", 1300 + k)
        about = {"category": CATEGORIES[k % 6], "sub_category": "stand-in", "source": "stand-in"}
        row = {"instruction_id": k, "instruction": question(k), "image_path": f"imgs/{k}.png"}
        rows.append(row | about)
    write_json(root / "data.json", rows)


def xstest(root: Path, n: int) -> None:
    rows = []
    for k in range(n):
        sort = "contrast_homonyms" if k % 2 else "homonyms"
        about = {"type": sort, "label": "unsafe" if k % 2 else "safe", "focus": "", "note": ""}
        rows.append({"id": f"v2-{k}", "prompt": question(k), **about})
    write_csv(root / "xstest_prompts.csv", rows)


def saferlhf_text(root: Path, n: int) -> None:
    rows = [
        {"id": k, "prompt": question(k), "response": answer(k), "harmful": k % 3 != 2}
        for k in range(n)
    ]
    write_json(root / "saferlhf_text.json", rows)


def advbench_suffix(root: Path, n: int) -> None:
    rows = [{"goal": question(k), "suffix": f"!! {COLOURS[k % 8]}"} for k in range(n)]
    write_csv(root / "advbench_suffix.csv", rows)


def mis_benign(root: Path, n: int) -> None:
    originals, twins = {}, []
    for k in range(n):
        images = [f"twins/{k}/object{i}.png" for i in (1, 2)]
        for i, image in enumerate(images):
            draw(root / image, 1400 + 2 * k + i)
        name = f"mis_hard/{k}"
        originals[name] = {"images": 2, "category": CATEGORIES[k % 6]}
        paths = dict(zip(("image_path1", "image_path2"), images, strict=True))
        twins.append({"twin_of": name, "question": question(n + k), **paths})
    write_json(root / "mis_benign.json", {"originals": originals, "twins": twins})


WRITERS: dict[str, tuple[str, Callable[[Path, int], None]]] = {
    "mis_test": ("mis_test", mis_test),
    "mis_train": ("mis_train", mis_train),
    "sharegpt": ("m4_instruct", general),
    "vlguard": ("vlguard", vlguard),
    "figstep": ("figstep", figstep),
    "mm_safetybench": ("mm_safetybench", mm_safetybench),
    "jailbreakv": ("jailbreakv", jailbreakv),
    "siuo": ("siuo", siuo),
    "mss_chat": ("mssbench", mss_chat),
    "mossbench": ("mossbench", mossbench),
    "vlsbench": ("vlsbench", vlsbench),
    "xstest": ("xstest", xstest),
    "saferlhf_text": ("saferlhf_text", saferlhf_text),
    "advbench_suffix": ("advbench", advbench_suffix),
    "mis_benign": ("mis_benign", mis_benign),
}
"""Format -> its folder below MIRAGE_DATA, and what writes it."""


DRAWN = {"sharegpt": 5010, "saferlhf_text": 3000}
"""Format -> items, of those that recipes draw a fixed number from; their pictures are few."""


def read(root: Path, name: str, **how: Any) -> Published:
    """Reads a download as ``mirage data check`` does."""
    return read_published(root, load(TABLES["format"][name]), {"format": name, **how}, decode=True)


def changed(file: Path, change: Callable[[Any], None]) -> None:
    """Changes what a JSON file says."""
    plain = json.loads(file.read_text())
    change(plain)
    write_json(file, plain)


def write_all(root: Path, n: int = 12) -> None:
    for name, (folder, writer) in WRITERS.items():
        writer(root / folder, DRAWN.get(name, n))


def check_all(**config: str) -> None:
    """Remembers all data that settings name as ``mirage data check`` does, without a word."""
    for block in data_blocks(config):
        reader = load(resolve("format", block.how["format"]))
        made = read_published(block.path, reader, block.how, answers=block.answers).checked()
        remember(block.path, made.digest, made.files, block.how)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
    print(f"MIRAGE_DATA={sys.argv[1]} mirage data check study=...")
