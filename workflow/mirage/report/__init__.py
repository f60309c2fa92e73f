"""Stage report: scores in; tables, figures, one PDF and one HTML page out."""

from __future__ import annotations

from mirage.context import JobContext


def run(ctx: JobContext) -> None:
    """Writes the report of a study.

    Parents:
        score: CSV files of the score stage (the first judge's are shown).
        verdicts, responses, suites, images: What the gallery shows, and how long answers are.
        models: What each was trained on.

    Writes ``tables/``, ``figures/``, ``numbers.tex``, ``report.html`` and ``report.pdf``, all a
    pure function of the parents, and ``provenance.html`` (commit, dates, devices, minutes), which
    is not.

    Raises:
        DataError: A parent's file is missing or broken.
    """
    from mirage.report.assemble import build_report
    from mirage.report.load import load
    from mirage.report.provenance import provenance_page

    with ctx.work_clock():
        data = load(ctx.settings, {role: ctx.parents(role) for role in ctx.job.parents})
        build_report(data, ctx.out)
        page = provenance_page(ctx.store, ctx.job)
        (ctx.out / "provenance.html").write_text(page, encoding="utf-8")
        ctx.log(f"Report of {data.study.name}: {ctx.store / ctx.job.folder / 'report.html'}")
