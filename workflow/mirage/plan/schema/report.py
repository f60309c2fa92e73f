"""conf/report: what the report shows beside the study's tables."""

from __future__ import annotations

from mirage.plan.schema.base import Count, Name, Strict


class Gallery(Strict):
    """Samples shown with the answers of every model.

    Attributes:
        quads: Quads per suite on the HTML page; ``pdf_quads`` in the PDF.
    """

    suites: list[Name]
    quads: Count
    pdf_quads: Count


class Report(Strict):
    """The report.

    Attributes:
        show_harmful: Write harmful text and images too, into a local, ignored folder only.
    """

    name: Name
    gallery: Gallery
    show_harmful: bool
