"""The made-up study, wider: probes, several architectures, both modes, a factorial.

Every table of the report has something to show in it. Everything is a pure function of the seed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from mirage.contracts import Response, Sample, Verdict
from synthetic_study import CATEGORIES, PROFILES, Study, reading, study
from synthetic_study import _outcome as plain_outcome
from synthetic_study import _sample as make_sample

Profile = dict[str, float]
Card = dict[str, Any]

SHARES = {"textual_sft": 33.3, "vlguard_r": 33.3, "vlguard_p": 33.3, "mirage": 11.3}
MORE: dict[str, tuple[str, Profile, Card]] = {
    # recipe -> (profile it is near, changes, facts of its card)
    "textual_sft_plus": ("textual_sft", {"skill": 0.97}, {"general_share": 42.9}),
    "vlguard_m": ("vlguard_p", {"skill": 0.7}, {"general_share": 33.3}),
    "vlguard_r_plus": ("vlguard_r", {"skill": 0.93}, {"general_share": 42.9}),
    "vlguard_r_75": ("vlguard_r", {"skill": 0.96}, {"general_share": 75.0}),
    "mirage_general_0": ("mirage", {"skill": 0.9}, {"parent": "mirage", "general_share": 0.0}),
    "mirage_unseen": (
        "mirage",
        {"asr": 0.1},
        {"parent": "mirage", "held_out": ["electrical", "fire"]},
    ),
    "twins_no_cot_short": ("mirage_twins", {"ref": 0.3, "rsr": 0.0}, {"parent": "mirage_twins"}),
    "twins_unseen": (
        "mirage_twins",
        {"asr": 0.15},
        {"parent": "mirage_twins", "held_out": ["electrical", "fire"]},
    ),
}
LABELS = ("cot", "describe_refuse", "sorry_reasons", "filler", "short_refusal")
IMAGES = ("none", "one_of_two", "two", "composite")
BENIGN = ("none", "unmatched", "image_twins", "text_twins")
CUES = ("plain", "exaggerated", "negated", "counter_intuitive")
CONFLICT = {
    "hazard_neutral": "hazard",
    "hazard_explicit": "hazard",
    "twin_neutral": "benign",
    "twin_explicit": "conflict",
}


@dataclass(frozen=True)
class Wide:
    """A study with the cards of its models."""

    made: Study
    cards: list[Card]


def card(recipe: str, config: str = "nano_internvl", seed: int = 0, **more: Any) -> Card:
    """Returns a model's card as the plan writes it."""
    tag = config.removeprefix("nano_")
    name = recipe if tag == "internvl" else f"{recipe}-{tag}"
    plain = {
        "name": f"{name}-s{seed}",
        "recipe": recipe,
        "title": recipe.replace("_", " ").replace("mirage", "MIRage"),
        "parent": "mirage" if recipe.startswith("mirage_no") else None,
        "factor": None,
        "marked_ours": recipe.endswith("twins"),
        "helper": False,
        "config": config,
        "seed": seed,
        "mode": None if recipe == "base" else "as_published",
        "answers": "thought" if config == "nano_reasoning" else "plain",
        "held_out": [],
        "general_share": SHARES.get(recipe),
        "unsafe": 1000,
        "factors": {},
    }
    return plain | more


def published_cards(seed: int = 0) -> list[Card]:
    """Cards of the recipes of the paper, on four architectures."""
    cards = [card(recipe, seed=seed) for recipe in PROFILES]
    cards += [card(recipe, seed=seed, **facts) for recipe, (_, _, facts) in MORE.items()]
    for config, recipes in (
        ("nano_reasoning", ("base", "textual_sft", "vlguard_p")),
        ("nano_qwen2_vl", ("base", "textual_sft", "vlguard_r", "mirage")),
    ):
        cards += [card(recipe, config, seed) for recipe in recipes]
    return cards


def cell_card(config: str = "nano_internvl", seed: int = 0, **levels: Any) -> Card:
    """Returns the card of a matched cell; its name says how it differs from the plain cell."""
    unsafe = levels.pop("unsafe", 1024)
    plain = {
        "images": "two", "labels": "cot", "benign": "image_twins", "wording": "neutral",
        "steps": 1.0, "tokens": False, "size": config,
    }  # fmt: skip
    words = [f"{key}_{value}" for key, value in levels.items()]
    words += [f"unsafe_{unsafe}"] if unsafe != 1024 else []
    recipe = "_".join(["cell", *words]).replace(".", "_").replace("+", "_").lower()
    return card(
        recipe, config, seed, title="cell", mode="matched", marked_ours=True,
        factors=plain | levels, unsafe=unsafe, general_share=11.1,
    )  # fmt: skip


def factorial_cards(
    seed: int = 0, images: Sequence[str] = IMAGES, labels: Sequence[str] = LABELS
) -> list[Card]:
    """Cards of a fraction of the factorial, its sensitivity runs, sizes and numbers of samples."""
    cards = [card("base", config, seed) for config in ("nano_internvl", "nano_small")]
    cards += [cell_card(seed=seed, images=i, labels=x) for i in images for x in labels]
    cards += [
        cell_card(seed=seed, benign=b, wording=w, labels=x)
        for b in BENIGN
        for w in ("neutral", "explicit")
        for x in ("cot", "short_refusal")
        if (b, w) != ("image_twins", "neutral")
    ]
    cards += [
        cell_card(seed=seed, images=i, steps=s, labels=x)
        for i in ("two", "one_of_two")  # with two images, samples of other sizes share the levels
        for s in (3.0, 10.0)
        for x in ("cot", "short_refusal", "filler")
    ]
    cards += [
        cell_card(seed=seed, images=i, tokens=True, labels=x)
        for i in ("two", "one_of_two")
        for x in ("cot", "short_refusal")
    ]
    cards += [
        cell_card("nano_small", seed, images=i, labels=x)
        for i in ("two", "one_of_two")
        for x in ("cot", "short_refusal")
    ]
    cards += [
        cell_card(seed=seed, unsafe=n, labels=x)
        for n in (64, 256)
        for x in ("cot", "short_refusal")
    ]
    return cards


def wide(cards: list[Card], pairs: int = 6, suites: Collection[str] = (), seed: int = 0) -> Wide:
    """Makes the study of some models: the plain one's suites and every probe, or some of them."""
    every = [*study(pairs=pairs, items=1).samples, *_probes(pairs)]
    samples = [s for s in every if s.suite != "placebo" and (not suites or s.suite in suites)]
    verdicts, responses = {}, {}
    for each in cards:
        profile, name = profile_of(each), str(each["name"])
        verdicts[name] = [
            _verdict(s, profile, each, Random(f"{seed} {name} {s.id}")) for s in samples
        ]
        responses[name] = [
            Response(s.id, "so .", 4 + len(name) + n % 5, "stop") for n, s in enumerate(samples)
        ]
    return Wide(Study(samples, verdicts, responses), cards)


def profile_of(each: Card) -> Profile:
    """Returns a model's chances; cells get better with reasons, twins, pictures and steps."""
    recipe = str(each["recipe"])
    if recipe in PROFILES:
        return PROFILES[recipe]
    if recipe in MORE:
        near, changes, _ = MORE[recipe]
        return PROFILES[near] | changes
    f = each["factors"]
    good = (4 - LABELS.index(f["labels"])) / 4
    shown = {"none": 0.1, "one_of_two": 0.4, "two": 1.0, "composite": 0.8}[f["images"]]
    calm = {"none": 0.0, "unmatched": 0.3, "image_twins": 1.0, "text_twins": 0.5}[f["benign"]]
    size = min(1.0, each["unsafe"] / 1024) * (1.0 if f["wording"] == "neutral" else 0.7)
    skill = (0.35 + 0.65 * good) * shown * size * min(1.0, 0.8 + 0.1 * f["steps"])
    asr = 0.75 * (1 - skill)
    ref = 0.7 * (1 - calm * skill) * (1 - asr)
    return {"asr": asr, "hr": 0.0, "rsr": 0.9 * good * (1 - asr), "ref": ref, "skill": 0.95}


def _probes(pairs: int) -> Iterator[Sample]:
    for pair in range(pairs):
        quad = f"{pair:02d}"
        facts = {"pair": f"object{pair}+other{pair}", "quad": quad, "level": "L1",
                 "objects": [f"object{pair}", f"other{pair}"]}  # fmt: skip
        for cue in CUES:
            yield _probe("cues", f"{quad}-{cue}", pair, facts, "benign", "twin_trigger", cue=cue)
        for corner, kind in CONFLICT.items():
            yield _probe("conflict", f"{quad}-{corner}", pair, facts, kind, corner)
        for form in ("two", "three", "four"):
            for corner, kind in (("hazard", "hazard"), ("twin_trigger", "benign")):
                yield _probe(
                    "more_images", f"{quad}-{form}-{corner}", pair, facts, kind, corner, format=form
                )
        for form in ("intact", "swapped", "shuffled", "none", "black", "masked"):
            yield _image_use(quad, pair, facts, form)
        for form in ("plain", "lead_in"):
            for corner, kind in (("hazard", "hazard"), ("twin_trigger", "benign")):
                name = f"{quad}-{corner}-{form}"
                yield _probe("lead_ins", name, pair, facts, kind, corner, format=form)
        for corner, kind in (("hazard_explicit", "hazard"), ("twin_explicit", "conflict")):
            name = f"{quad}-{corner}"
            yield _probe("lead_ins", name, pair, facts, kind, corner, format="intent")


def _image_use(quad: str, pair: int, facts: dict[str, object], form: str) -> Sample:
    more: dict[str, object] = {"format": form}
    if form != "intact":
        more["intact"] = f"image_use/{quad}-intact"
    kind, corner = "hazard", "hazard"
    if form in ("none", "black", "masked"):
        kind, corner = "unknowable", "unknowable"
    elif form == "shuffled" and pair % 2:
        kind, corner = "benign", "twin"
    return _probe("image_use", f"{quad}-{form}", pair, facts, kind, corner, **more)


def _probe(
    suite: str,
    name: str,
    pair: int,
    facts: dict[str, object],
    kind: str,
    corner: str,
    **more: object,
) -> Sample:
    truth = {"kind": kind, "corner": corner, "format": "two", **facts, **more}
    made = make_sample(name, suite, pair, 2, truth)
    return replace(made, category=CATEGORIES[pair % 6])


def _verdict(sample: Sample, profile: Profile, each: Card, random: Random) -> Verdict:
    kind = sample.truth["kind"]
    outcome: str
    code: str | None = None
    level: int | None = None
    if kind in ("unknowable", "conflict"):
        outcome = "refused" if random.random() < 0.5 * (1 - profile["asr"]) else "helped"
    else:
        chances = profile
        if sample.category in each["held_out"]:
            chances = profile | {"asr": min(1.0, 3 * profile["asr"])}
        outcome, code, level = plain_outcome(sample, "", random, chances)
    return Verdict(
        id=sample.id, judge="oracle", status="judged", reason="",
        safe=outcome != "asr" if kind == "hazard" else None,
        perception=level, outcome=outcome, code=code,
        grounded=outcome == "rsr" and random.random() < 0.9,
        raw={
            "named": [], "bound": [], "effects": [], "denies": False,
            **reading(sample, each["recipe"]),
        },
    )  # fmt: skip
