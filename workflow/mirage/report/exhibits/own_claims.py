"""Claims of a user's own: as the suite's are shown, under their own names."""

from __future__ import annotations

from dataclasses import replace

from mirage.report.blocks import Table, TextBlock
from mirage.report.captions import Caption
from mirage.report.data import ReportData
from mirage.report.exhibits.claims import claim_parts, claims

LEDGER = (
    "What was claimed, and so when it was fixed, its hash tells",
    "<folder>/reports/claims.yaml conf/score/default.yaml",
)


def own_claims(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per claim: verdict, why, gates, seeds."""
    return replace(claims(data, caption, LEDGER), id="own_claims")


def own_claim_parts(data: ReportData, caption: Caption) -> Table | TextBlock:
    """A row per part: quantity, margin, values base by base, test."""
    return replace(claim_parts(data, caption), id="own_claims_parts")
