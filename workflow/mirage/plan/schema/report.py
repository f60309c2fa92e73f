"""conf/report: what the report shows."""

from __future__ import annotations

from mirage.plan.schema.base import Count, Name, Strict


class Gallery(Strict):
    """Which samples are shown with every model's answer.

    Attributes:
        suites: Suites to draw from.
        quads: Quads (four corners each) per suite on the HTML page.
        pdf_quads: How many of them, per suite, also stand in the PDF.
    """

    suites: list[Name]
    quads: Count
    pdf_quads: Count


class Report(Strict):
    """The report.

    Attributes:
        gallery: The sample browser.
    """

    name: Name = "default"
    gallery: Gallery
