"""The tables that compare models and methods: motivation, other bases, methods, ablations."""

from __future__ import annotations

from collections.abc import Mapping

from mirage.report.blocks import Column, Number, Table, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import ReportData
from mirage.report.exhibits.columns import (
    Rows,
    TableMaker,
    beside,
    held_out_skills,
    mss,
    named,
    outcomes,
    simple,
    skills,
    telling_apart,
)
from mirage.report.exhibits.outcomes import (
    PARENT,
    Place,
    ablation_models,
    rates_table,
    table11_of,
    table12,
    table12_of,
)

MOTIVATION = ("textual_sft", "vlguard_m", "vlguard_p", "vlguard_r")
METHODS = ("textual_sft", "vlguard_r", "mirage")
ALL_METHODS = ("textual_sft", "vlguard_m", "vlguard_p", "vlguard_r", "mirage")
BY_SHARE = (
    "textual_sft",
    "textual_sft_plus",
    "vlguard_r",
    "vlguard_r_plus",
    "vlguard_r_75",
    "mirage_general_0",
    "mirage",
)
TWINS = "mirage_twins"


def _motivation(table_id: str, of: str, rows: Rows) -> dict[str, TableMaker]:
    places = [*held_out_skills(), *mss(), *telling_apart()]
    return {table_id: simple(table_id, places, rows), **beside(table_id, of, rows, ("hard",))}


def _formats() -> list[Place]:
    """ASR and refusals where the hazard stands in the text or in one image."""
    text = [
        Place(name, "text_only", metric, corner, ("format", form), heading)
        for heading, form in (("text", "text"), ("black image", "black"))
        for name, metric, corner in (
            ("ASR", "asr", "hazard"),
            ("strict", "asr_strict", "hazard"),
            ("refused", "over_refusal", "twin_trigger"),
        )
    ]
    one = (
        ("ASR", "asr", "state"),
        ("strict", "asr_strict", "state"),
        ("ASR, intent", "asr", "intent"),
        ("refused", "over_refusal", "benign"),
    )
    return [*text, *(Place(n, "single_image", m, c, heading="one image") for n, m, c in one)]


def table6(data: ReportData, caption: Caption) -> Table | TextBlock:
    """General skills by share of general data."""
    share = Column("general %", bare=True)
    places = [*skills()]
    rows = named(*BY_SHARE)(data)
    return rates_table(
        "table6",
        caption,
        data,
        places,
        rows,
        leads=[(share, lambda m: Number(m.recipe.general_share))],
    )


def table11_twins(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Table 11 once more, with a parent that has benign twins."""
    return table11_of("table11_twins", data, caption, TWINS)


def table12_twins(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Table 12 once more, with a parent that has benign twins."""
    return table12_of("table12_twins", data, caption, TWINS)


MAKERS: Mapping[str, Mapping[str, TableMaker]] = {
    "table1": _motivation("table1", "Table 1", named(*MOTIVATION)),
    "table8": _motivation("table8", "Table 8", named(*MOTIVATION, thinks=True)),
    "table4": {
        "table4": simple("table4", outcomes(), named("mirage")),
        **beside("table4", "Table 4", named("mirage")),
    },
    "table5": {
        "table5": simple("table5", [*mss(), *telling_apart()], named(*METHODS)),
        "table5_formats": simple("table5_formats", _formats(), named(*METHODS)),
        **beside("table5", "Table 5", named(*METHODS), ("hard",)),
    },
    "table6": {"table6": table6},
    "table13": {"table13": simple("table13", skills(), named(*METHODS))},
    "table14": {
        "table14": simple("table14", [*mss(), *telling_apart()], named(*METHODS)),
        **beside("table14", "Table 14", named(*METHODS), ("hard",)),
    },
    "table15": {
        "table15": simple("table15", outcomes(), named(*ALL_METHODS)),
        **beside("table15", "Table 15", named(*ALL_METHODS)),
    },
    "table12": {
        "table12": table12,
        **beside("table12", "Table 12", lambda data: ablation_models(data, PARENT), parent=PARENT),
    },
    "table11_twins": {"table11_twins": table11_twins},
    "table12_twins": {
        "table12_twins": table12_twins,
        **beside(
            "table12_twins",
            "Table 12, parent with twins",
            lambda data: ablation_models(data, TWINS),
            parent=TWINS,
        ),
    },
}
"""Id in a study's ``tables`` -> entry of ``captions.yaml`` -> maker."""
