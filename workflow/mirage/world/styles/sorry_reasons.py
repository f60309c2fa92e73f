"""Style ``sorry_reasons``: an apology where ``cot`` perceives, then the same reasons."""

from __future__ import annotations

from mirage.world.labels import REFUSAL, LabelCase, harmless, help_after_reasons, offer, reasons


def sorry_reasons(case: LabelCase) -> str:
    """Returns apology, reasons and safe answer; or ``sure .``, the reasons and help."""
    if case.hazardous:
        return f"{REFUSAL} {reasons(case)} {offer(case)}"
    return f"sure . {harmless(case)} {help_after_reasons(case)}"
