"""conf/report: what the report shows."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from mirage.plan.schema.track import redacted
from mirage.plan.schema.types import Count, Name, Positive, Strict


def _public(page: str) -> str:
    if redacted(page) != page:
        raise ValueError("holds a password or a token, and reports show it; leave it out")
    return page


Page = Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$"), AfterValidator(_public)]
"""Address of a web page, without a password, or nothing."""


class Gallery(Strict):
    """Which samples are printed with every model's answer.

    Attributes:
        suites: Suites to draw from.
        quads: Quads (four corners each) per suite in ``tables/gallery.*``.
        pdf_quads: How many of them, per suite, also stand in the PDF.
    """

    suites: list[Name]
    quads: Count
    pdf_quads: Count


class Browser(Strict):
    """Which samples the HTML page lets a reader look through.

    Attributes:
        suites: Suites to draw from; those that a study does not have are left out.
        groups: Most groups (a quad, or one item in all its variants) per suite.
        answers: Most answers on the page, samples x models; many models mean fewer groups.
        models: How many models are chosen when the page opens.
        mlflow: Page of MLflow's runs that answers link to; if empty, the provenance page.
    """

    suites: list[Name]
    groups: Count
    answers: Positive
    models: Positive
    mlflow: Page


class Report(Strict):
    """The report.

    Attributes:
        gallery: The printed samples.
        browser: The sample browser.
        models_with_answers: Models up to which further seeds join the first one where answers are
            shown one by one, in the gallery and the browser: whole seeds, the first one always.
    """

    name: Name = "default"
    gallery: Gallery
    browser: Browser
    models_with_answers: Positive
