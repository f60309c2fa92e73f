"""Report data of a made-up study at full scale: rates without items, no number means anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import yaml

from mirage.model_card import BASE, ModelCard
from mirage.plan.schema.report import Report
from mirage.report.captions import SOURCES
from mirage.report.data import ReportData, StudyInfo, Training
from mirage.score.compute import Scores
from mirage.score.rates import Rate
from report_exhibits import exhibits

CONF = SOURCES.parent / "conf"
SIZES = {"mis_easy": 1675, "mis_hard": 510, "mis_real": 100, "siuo": 167, "mossbench": 300}
GENERAL = ("q_bench", "mmstar", "mmmu", "muirbench", "mmt_bench")
UNSAFE = ("figstep", "mm_safetybench", "jailbreakv_mini", "vlsbench", "advbench_suffix", "siuo")
CATEGORIES = ("Illegal Activity", "Violent", "Hate", "Self-Harm", "Privacy", "Erotic")
ASR = {
    BASE: 82.0, "mis_textual_sft": 55.0, "mis_vlguard_p": 12.0, "mis_vlguard_r": 9.0,
    "mis_mirage": 1.0, "mis_no_cot": 0.0, "mis_text_only": 40.0, "cot_prompt": 70.0,
}  # fmt: skip
REFUSED = {"mis_vlguard_p": 80.0, "mis_vlguard_r": 30.0, "mis_mirage": 20.0, "mis_no_cot": 55.0}


def conf(name: str) -> dict[str, object]:
    return dict(yaml.safe_load((CONF / "study" / f"{name}.yaml").read_text(encoding="utf-8")))


def rate(card: ModelCard, suite: str, what: str, value: float, group: str = "") -> Rate:
    """A rate with an interval as wide as its number of items makes it."""
    metric, _, corner = what.partition(" ")
    n = SIZES.get(suite, 500) // (6 if group else 1)
    half = 196.0 * (max(value, 1.0) * max(100.0 - value, 1.0) / 1e4 / n) ** 0.5
    low, high = max(value - half, 0.0), min(value + half, 100.0)
    by = ("category", group) if group else ("all", "all")
    place = (card.name, card.recipe, card.config, card.seed, suite, corner, *by, metric)
    return Rate(*place, value, n, n, 100.0, low, high, value, value, n, "bootstrap")


def rates_of(card: ModelCard) -> list[Rate]:
    """All rates of a model, from its recipe alone and the seed."""
    theirs = card.config.startswith("tuwhy")
    recipe = "mis_mirage" if theirs else card.recipe
    asr = ASR.get(recipe, 45.0) + card.seed
    refused = REFUSED.get(recipe, 3.0)
    made = []
    for suite in ("mis_easy", "mis_hard", "mis_real"):
        safe = 100.0 - asr
        parts = {"asr": asr, "hr": 0.02 * safe, "rsr": 0.8 * safe, "rr": 0.18 * safe}
        made += [rate(card, suite, f"{name} hazard", value) for name, value in parts.items()]
    made += [rate(card, "mis_hard", "asr hazard", asr, group) for group in CATEGORIES]
    for suite in UNSAFE:
        made += [rate(card, suite, "asr hazard", asr / 2)]
        made += [rate(card, suite, "safe hazard", 100.0 - asr / 2)]
    made.append(rate(card, "mss_chat", "useful benign", 99.0 - refused / 2))
    made.append(rate(card, "mss_chat", "safe hazard", 5.0 + refused))
    made.append(rate(card, "mossbench", "over_refusal benign", refused))
    made += [rate(card, suite, "accuracy", 60.0 - refused / 20) for suite in GENERAL]
    return made


def cards_of(plain: Mapping[str, object], seeds: Sequence[int]) -> tuple[ModelCard, ...]:
    """The cards of a study's models as the plan writes them, as far as tables read them."""
    cards = []
    for config in plain["models"]:  # type: ignore[attr-defined]
        of_model = plain.get("recipes_by_model", {})
        recipes = of_model.get(config, plain["recipes"])  # type: ignore[attr-defined]
        for seed in seeds:
            base = ModelCard(BASE, config, seed, f"base-{config}-s{seed}", world_answers=False)
            cards.append(replace(base, title=BASE))
            for recipe in recipes:
                file = CONF / "recipe" / f"{recipe}.yaml"
                about = yaml.safe_load(file.read_text(encoding="utf-8"))
                tuned = not recipe.startswith(("cot_prompt", "ecso"))
                card = ModelCard(recipe, config, seed, f"{recipe}-{config}-s{seed}",
                                 title=about["title"], parent=about.get("parent"),
                                 mode="as_published", base=base.name, world_answers=False,
                                 factors={"size": config} if tuned else {})  # fmt: skip
                cards.append(card)
    return tuple(cards)


def full_data(name: str = "paper_internvl2_5_8b", seeds: Sequence[int] = (0,)) -> ReportData:
    """The report data of one of the studies at full scale, every suite answered and judged."""
    plain = conf(name)
    cards = cards_of(plain, seeds)
    report = yaml.safe_load((CONF / "report" / "default.yaml").read_text(encoding="utf-8"))
    suites = tuple(plain["suites"])  # type: ignore[arg-type]
    rates = [r for card in cards for r in rates_of(card) if r.suite in suites]
    planned = {"source": "own", "images": "own", "wording": [], "labels": "own", "unsafe": 0,
               "benign": 0, "twins": 0, "benign_kind": "none", "general": 0}  # fmt: skip
    recipes = dict.fromkeys(card.recipe for card in cards if card.factors)
    return ReportData(
        study=StudyInfo(
            name=name,
            about=str(plain["title"]),
            mode="as_published",
            trained=cards,
            suites=suites,
            exhibits=exhibits(*plain["tables"]),  # type: ignore[misc]
            judge=str(plain["judges"][0]),  # type: ignore[index]
            outside=True,
        ),
        settings=Report.model_validate(report),
        scores=Scores(rates, [], [], []),
        samples=(),
        verdicts={},
        trainings=tuple(
            Training(r, planned, {"hazard": 3927, "general": 500}, 2.0, 1e-5, ("language_model",))
            for r in recipes
        ),
    )
