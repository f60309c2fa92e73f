"""Training that stops where a recipe answers its own items in their own class."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import squares
import torch
from test_resume import contents, start

from mirage import tune
from mirage.contracts import TrainSample, read_rows
from mirage.own_items import own_items
from mirage.tune.criterion import Until, until
from mirage.tune.data import SAMPLES


def rows(**classes: int) -> list[TrainSample]:
    return [
        squares.sample(f"r/{label}-{i}", "what ?", (), "a", label)
        for label, count in classes.items()
        for i in range(count)
    ]


@pytest.mark.parametrize(
    ("classes", "chosen"),
    [
        ({"cot": 300, "comply": 100}, {"cot": 12, "comply": 12}),
        ({"cot": 300, "comply": 5}, {"cot": 19, "comply": 5}),
        ({"cot": 4}, {"cot": 4}),
        ({"cot": 300, "comply": 100, "general": 50}, {"cot": 12, "comply": 12}),
    ],
)
def test_every_class_is_asked_alike(classes: dict[str, int], chosen: dict[str, int]) -> None:
    found = own_items(rows(**classes), 24)
    labels = [row.label for row in found]
    assert {label: labels.count(label) for label in set(labels)} == chosen
    assert len({row.id for row in found}) == len(found)
    ids = [row.id for row in rows(**classes)]
    assert [ids.index(row.id) for row in found] == sorted(ids.index(row.id) for row in found)


def test_one_good_check_is_not_enough() -> None:
    rule = Until(dict, 20, 95.0, 2)
    good, half = {"cot": 95.0, "comply": 100.0}, {"cot": 100.0, "comply": 94.9}
    assert not rule.met([]) and not rule.met([good])
    assert rule.met([half, good, good])
    assert not rule.met([good, half, good]) and not rule.met([good, good, half])


def test_answers_are_those_of_generate(world: squares.World, base: Path) -> None:
    encoding = squares.open_encoding(base)
    model = squares.open_model(base)
    encoded = squares.load([world.data], world.images, encoding)
    samples = read_rows(world.data / SAMPLES, TrainSample)
    said: dict[str, str] = {}

    def shows(sample: TrainSample, text: str, finished: bool) -> bool:
        said[sample.id] = text
        return finished

    objective = squares.objective(model, encoded, keep_features=True)
    rule = until(squares.until(items=15), shows, samples, objective, encoded, encoding)
    shares = rule.check()
    assert set(shares) == {"naming", "listing", "text"} and len(said) == 15
    limit = max(map(int, encoded.answers)) + 8
    model.eval()
    for place, sample in enumerate(samples):
        if sample.id not in said:
            continue
        ids = torch.from_numpy(encoded.ids[place][: encoded.prompts[place]])[None]
        shown = {"pixel_values": encoded.pixels[encoded.pictures[place]]}
        more = shown if encoded.pictures[place] else {}
        got = model.generate(input_ids=ids, max_new_tokens=limit, do_sample=False, **more)
        new = got[0, ids.shape[1] :].tolist()
        text = encoding.decode([new[:-1] if new[-1] in objective.ends else new])[0]
        assert said[sample.id] == text


@pytest.mark.real
def test_a_run_stops_where_it_fits_and_so_does_a_killed_one(
    world: squares.World, base: Path
) -> None:
    tuned = {"until": squares.until(at_least=25.0)}  # "text" comes last, in steps of 25 %
    job = squares.recipe_job(world, base, "stops-once", learning_rate=3e-3, tuned=tuned)
    tune.run(job)
    facts = json.loads((job.out / "training.json").read_text())
    steps = facts["steps_to_criterion"]
    assert not facts["capped"] and 6 < steps < 60 and steps % 3 == 0
    checks = json.loads((job.out / "record.json").read_text())["curves"]
    last = [checks[f"fits/{label}"][-2:] for label in ("naming", "listing", "text")]
    assert all([step for step, _ in pair] == [steps - 3, steps] for pair in last)
    assert all(share >= 25 for pair in last for _, share in pair)
    again = squares.recipe_job(world, base, "stops-killed", learning_rate=3e-3, tuned=tuned)
    again.settings["recipe"]["name"] = job.settings["recipe"]["name"]
    assert start(again, "step", steps - 1) == -signal.SIGKILL  # behind the last but one check
    assert start(again, "never", 0) == 0
    assert contents(again.out) == contents(job.out)
    for path in again.out.iterdir():
        path.unlink()
    assert start(again, "never", 0) == 0  # a finished run is not trained on
    assert contents(again.out) == contents(job.out)


def test_a_capped_run_stays_in_and_says_so(world: squares.World, base: Path) -> None:
    tuned = {"until": squares.until(at_least=100.0, cap=6)}
    job = squares.recipe_job(world, base, "capped-s0", learning_rate=1e-6, tuned=tuned)
    tune.run(job)
    facts = json.loads((job.out / "training.json").read_text())
    assert facts == {"capped": True, "steps_to_criterion": 6}
    assert (job.out / "model.safetensors").is_file()
