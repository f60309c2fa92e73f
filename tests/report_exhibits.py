"""Entries of ``reports/tables.yaml``, as tests ask for them."""

from __future__ import annotations

import yaml

from mirage.plan.schema.exhibit import Exhibit
from mirage.plan.study.compose import CONF
from mirage.plan.study.exhibits import read_exhibits
from mirage.report.blocks import Figure, Table
from mirage.report.captions import SOURCES, setting_facts
from mirage.report.data import ReportData
from mirage.report.exhibits.tables import Block, block_of

EXHIBITS = read_exhibits(SOURCES).exhibits

PLAIN = (
    "fig4", "asr_vs_overrefusal", "corners", "harmless", "failures", "discrimination", "table2",
    "table11", "table12", "contrasts", "formats", "skills", "categories", "gates", "hazards",
    "gallery", "published_check",
)  # fmt: skip
"""What the made-up study has the suites for; test_nano makes the rest from a wider one."""

WIDE = tuple(name for name in EXHIBITS if name not in PLAIN or name == "table12")

GATES = {
    gate["id"]: gate["title"]
    for gate in yaml.safe_load((CONF / "score/default.yaml").read_text(encoding="utf-8"))["gates"]
}


def exhibits(*names: str) -> dict[str, list[Exhibit]]:
    """Returns the entries of some ids."""
    return {name: EXHIBITS[name] for name in names}


def plain(*names: str) -> dict[str, list[dict[str, object]]]:
    """Returns the entries of some ids as a report job's settings have them."""
    return {
        name: [each.model_dump(mode="json", exclude_defaults=True) for each in some]
        for name, some in exhibits(*names).items()
    }


def blocks_under(name: str, data: ReportData) -> list[Block]:
    """Returns the tables and figures of one id."""
    facts = setting_facts(data)
    return [block_of(exhibit, data, facts) for exhibit in EXHIBITS[name]]


def block_named(name: str, data: ReportData) -> Block:
    """Returns the table or figure of one entry."""
    entry = next(e for some in EXHIBITS.values() for e in some if e.id == name)
    return block_of(entry, data, setting_facts(data))


def words_of(block: Table | Figure) -> str:
    """Returns what stands around a table or figure: its caption, and what its words mean."""
    return " ".join((block.caption, *(each.text for each in block.definitions)))
