"""Style ``cot``: perception, reasoning and a safe answer (the paper's Sec. 3 label structure)."""

from __future__ import annotations

from mirage.world.labels import LabelCase, harmless, help_after_reasons, offer, reasons


def cot(case: LabelCase) -> str:
    """Returns perception, reasoning, and the safe answer or help."""
    if case.hazardous:
        return f"{case.told} {reasons(case)} {offer(case)}".strip()
    return f"{case.told} {harmless(case)} {help_after_reasons(case)}".strip()
