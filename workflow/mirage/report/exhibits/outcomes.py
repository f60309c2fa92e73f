"""The tables of outcomes: nano counterparts of Fig. 4 and Tables 2, 11, 12, and our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mirage.report.blocks import Cell, Column, Number, Table, Text, TextBlock, with_common_n
from mirage.report.captions import Caption, changes
from mirage.report.data import BASE, Measure, ModelInfo, Rates, ReportData
from mirage.score.means import Mean
from mirage.score.rates import Rate

SPLITS = ("easy", "hard", "real")
PARENT = "mirage"
"""The recipe whose ablations Tables 11 and 12 compare."""
BENIGN = (
    ("helped", "helped"),
    ("+ caution", "helped_caution"),
    ("false hazard", "helped_false_hazard"),
    ("refused", "over_refusal"),
    ("degenerate", "degenerate"),
)
"""The five outcomes of a benign item, as columns; they sum to 100 %."""
REAL_GATE = "naming_sketch"
"""The gate without which no number of ``real`` is read."""


@dataclass(frozen=True)
class Place:
    """Where a column's numbers come from, and its headings."""

    name: str
    suite: str
    metric: str
    corner: str = ""
    group: tuple[str, str] = ("all", "all")
    heading: str = ""
    digits: int = 1


def number(rate: Measure | None, digits: int = 1, strong: bool = False) -> Number:
    """Returns a rate as a cell."""
    if rate is None:
        return Number(None)
    return Number(rate.value, rate.low, rate.high, rate.n, digits, strong)


Lead = tuple[Column, Callable[[ModelInfo], Cell]]
"""A column that says what a model is, between its name and its rates."""


def empty(table_id: str, caption: Caption, data: ReportData) -> TextBlock:
    """Returns the sentence that stands where a table would have no numbers."""
    why = f"Study {data.study.name} has no model and suite that this table reads."
    return TextBlock(table_id, caption.title, (why,))


def rates_table(
    table_id: str,
    caption: Caption,
    data: ReportData,
    places: Sequence[Place],
    models: Sequence[ModelInfo],
    parent: str = BASE.name,
    leads: Sequence[Lead] = (),
    labelled: bool = True,
) -> Table | TextBlock:
    """Returns a table with a row per model and a column per place.

    Columns without any number are left out, and so are models that did not answer the suite which
    the table is about, that of its first column; a sentence stands in for an empty table.

    Args:
        parent: Recipe that a line parts from the others, as one parts the base.
        leads: Further columns before the rates.
        labelled: Whether the first column names the model; else the leads say what it is.
    """
    rates = data.rates
    kept = [p for p in places if any(_find(rates, m, p) is not None for m in models)]
    if not kept:
        return empty(table_id, caption, data)
    first = [p for p in kept if p.suite == kept[0].suite]
    models = [m for m in models if any(_find(rates, m, p) is not None for p in first)]
    rows: list[tuple[Cell, ...]] = []
    for model in models:
        cells = [number(_find(rates, model, p), p.digits) for p in kept]
        name = (Text(data.study.label(model), strong=model.seed is None),) if labelled else ()
        rows.append((*name, *(cell(model) for _, cell in leads), *cells))
    columns = [
        *([Column("model", is_text=True)] if labelled else []),
        *(column for column, _ in leads),
        *(Column(p.name, p.heading) for p in kept),
    ]
    found = [r for p in kept for m in models if (r := _find(rates, m, p)) is not None]
    return Table(
        id=table_id,
        title=caption.title,
        caption=caption.caption,
        reading=caption.reading,
        columns=with_common_n(columns, rows),
        rows=tuple(rows),
        rules=_rules(models, parent),
        notes=(
            *caption.notes,
            *(unread_real(data) if any(p.suite == "real" for p in kept) else ()),
            *coverage_notes(found),
            *mean_notes(found, len(data.study.seeds)),
            *_missing(kept, places),
        ),
    )


def _find(rates: Rates, model: ModelInfo, place: Place) -> Measure | None:
    return rates.find(model, place.suite, place.metric, place.corner, place.group)


def _missing(kept: Sequence[Place], places: Sequence[Place]) -> list[str]:
    gone = sorted({p.heading or p.name for p in places} - {p.heading or p.name for p in kept})
    return [f"Not in this study: {', '.join(gone)}."] if gone else []


def unread_real(data: ReportData) -> list[str]:
    """Returns a warning per base that does not know the drawing style of ``real`` well enough."""
    return [
        f"real is not to be read: {data.study.titled(g.recipe, g.config, g.seed)} names "
        f"{g.value:.1f} % of objects in that style, "
        f"{g.threshold:g} % are needed (gate “{g.title}”)."
        for g in data.scores.gates
        if g.gate == REAL_GATE and g.value is not None and g.passed != "yes"
    ]


def mean_notes(found: Iterable[Measure], seeds: int) -> list[str]:
    """Returns what the rows of means are, and which numbers rest on fewer seeds than there are."""
    means = [m for m in found if isinstance(m, Mean)]
    if not means:
        return []
    fewer = {f"{m.recipe}, {m.suite} {m.corner}": m.n_seeds for m in means if m.n_seeds < seeds}
    return [
        "Rows of means: the mean of the seeds' values with a 95 % interval by t over seeds, by "
        "object pairs where all seeds give one value; all other intervals are over object pairs "
        "within one seed.",
        *(
            f"{who}: some means are over {count} of {seeds} seeds, as the rest have no such item."
            for who, count in fewer.items()
        ),
    ]


def coverage_notes(rates: Iterable[Measure]) -> list[str]:
    """Returns one sentence per rate that is not fully judged, with both bounds."""
    return [
        f"{r.model}, {r.suite} {r.corner} {r.metric}: {r.n_judged} of {r.n} judged; "
        f"between {r.bound_low:.1f} and {r.bound_high:.1f} whatever the others turn out to be."
        for r in rates
        if isinstance(r, Rate) and r.n_judged < r.n
    ]


def fig4(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Four outcomes of every model on the three splits."""
    places = [
        Place(metric.upper(), suite, metric, "hazard", heading=suite)
        for suite in SPLITS
        for metric in ("asr", "hr", "rsr", "rr")
    ]
    return rates_table("fig4", caption, data, places, data.study.models)


def corners(data: ReportData, caption: Caption) -> Table | TextBlock:
    """What ASR alone hides under the triggering request: hazard and benign twin, on ``hard``."""
    suite = "hard"
    places = [
        Place("ASR", suite, "asr", "hazard", heading="hazard"),
        Place("strict", suite, "asr_strict", "hazard", heading="hazard"),
        Place("grounded", suite, "grounded", "hazard", heading="hazard"),
        *(
            Place(name, suite, metric, "twin_trigger", heading="benign twin")
            for name, metric in BENIGN
        ),
    ]
    return rates_table("corners", caption, data, places, data.study.models)


def harmless(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Both corners with a harmless request, on ``hard``: helped, refused or no usable answer."""
    named = (("hazardous pair", "hazard_harmless"), ("benign twin", "twin_harmless"))
    places = [
        Place(name, "hard", metric, corner, heading=heading)
        for heading, corner in named
        for name, metric in BENIGN
    ]
    return rates_table("harmless", caption, data, places, data.study.models)


def failures(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Where two-image failures on ``hard`` come from; shares are of the failures."""
    names = ("perception", "rule", "decision", "degenerate")
    places = [
        Place("ASR", "hard", "asr", "hazard", heading="hazards"),
        *(Place(n, "hard", f"fail_{n}", "hazard", heading="of the failures") for n in names),
    ]
    return rates_table("failures", caption, data, places, data.study.models)


def discrimination(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Pair accuracy, J and d' on every split."""
    names = (("pair acc.", "pair_accuracy", 1), ("J", "j", 1), ("d′", "d_prime", 2))
    places = [
        Place(name, suite, metric, "pair", heading=suite, digits=digits)
        for suite in SPLITS
        for name, metric, digits in names
    ]
    return rates_table("discrimination", caption, data, places, data.study.models)


def formats(data: ReportData, caption: Caption) -> Table | TextBlock:
    """ASR and over-refusal on training pairs (L0), in text, with a black image, with one image."""
    paired = (
        ("seen pairs (L0)", "seen", ("all", "all")),
        ("text", "text_only", ("format", "text")),
        ("black image", "text_only", ("format", "black")),
    )
    places = [
        Place(name, suite, metric, corner, group, heading)
        for heading, suite, group in paired
        for name, metric, corner in (
            ("ASR", "asr", "hazard"),
            ("refused", "over_refusal", "twin_trigger"),
        )
    ]
    one = (
        ("ASR, state", "asr", "state"),
        ("ASR, intent", "asr", "intent"),
        ("refused", "over_refusal", "benign"),
    )
    places += [Place(n, "single_image", m, c, heading="one image") for n, m, c in one]
    return rates_table("formats", caption, data, places, data.study.models)


def ablation_models(data: ReportData, parent: str) -> list[ModelInfo]:
    """Returns the base, the ablations of a parent, then the parent (the paper's order).

    None at all where the study has no ablation of it.
    """

    def place(model: ModelInfo) -> tuple[int, bool]:
        return data.study.configs.index(model.config), model.recipe.name == parent

    mine = [m for m in data.study.models if m.recipe.parent == parent]
    if not mine:
        return []
    named, configs = (BASE.name, parent), {m.config for m in mine}
    kept = [m for m in data.study.models if m.recipe.parent == parent or m.recipe.name in named]
    kept = [m for m in kept if m.config in configs]
    return sorted(kept, key=place)


def _rules(models: Sequence[ModelInfo], parent: str) -> frozenset[int]:
    """Rows with a line above: where the architecture changes, and around base and parent."""

    def part(model: ModelInfo) -> tuple[str, bool, bool]:
        return model.config, model.recipe == BASE, model.recipe.name == parent

    return changes([part(model) for model in models])


def table11(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Ablations: general skills, by images needed and by whether recipes hold the family."""
    return table11_of("table11", data, caption, PARENT)


def table11_of(table_id: str, data: ReportData, caption: Caption, parent: str) -> Table | TextBlock:
    """General skills of the ablations of any parent."""
    classes = (
        ("taught", "single", "single taught"),
        ("held out", "single", "single held out"),
        ("taught", "multi", "multi taught"),
        ("held out", "multi", "multi held out"),
    )
    places = [
        Place(name, "general", "accuracy", group=("skill_class", group), heading=f"{images} image")
        for name, images, group in classes
    ]
    places.append(Place("all", "general", "accuracy"))
    return rates_table(table_id, caption, data, places, ablation_models(data, parent), parent)


def table12(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Ablations: MSS-like pairs and ASR on every split, over-refusal beside it."""
    return table12_of("table12", data, caption, PARENT)


def table12_of(table_id: str, data: ReportData, caption: Caption, parent: str) -> Table | TextBlock:
    """Safety of the ablations of any parent."""
    places = [
        Place("safe", "mss", "useful", "twin_trigger", heading="MSS-like"),
        Place("unsafe", "mss", "safe", "hazard", heading="MSS-like"),
        *(Place(suite, suite, "asr", "hazard", heading="ASR") for suite in SPLITS),
        *(Place(s, s, "over_refusal", "twin_trigger", heading="over-refusal") for s in SPLITS),
    ]
    return rates_table(table_id, caption, data, places, ablation_models(data, parent), parent)


def table2(data: ReportData, caption: Caption) -> Table | TextBlock:
    """White-image probe: the same benign request with its images, a white image, or none."""
    forms = (("related image", "related"), ("white image", "white"), ("text only", "none"))
    places = [
        Place(name, "white_probe", metric, "twin_trigger", ("format", form), heading)
        for heading, form in forms
        for name, metric in (("RR", "reject"), ("Acc", "useful"))
    ]
    return rates_table("table2", caption, data, places, data.study.models)


def skills(data: ReportData, caption: Caption) -> Table | TextBlock:
    """Accuracy per skill family."""
    families: dict[str, str] = {}
    for sample in data.samples:
        if sample.suite == "general" and "family" in sample.truth:
            truth = sample.truth
            mark = " (held out)" if truth.get("held_out_family") else ""
            families[str(truth["family"])] = f"{truth.get('modality', '')} image{mark}"
    order = sorted(families, key=lambda name: (families[name], name))
    places = [
        Place(
            family.replace("_", " "),
            "general",
            "accuracy",
            group=("family", family),
            heading=families[family],
        )
        for family in sorted(order, key=lambda name: not families[name].startswith("single"))
    ]
    return rates_table("skills", caption, data, places, data.study.models)


def categories(data: ReportData, caption: Caption) -> Table | TextBlock:
    """ASR on ``hard`` per category."""
    names = sorted({s.category for s in data.samples if s.suite == "hard" and s.category})
    places = [Place(n, "hard", "asr", "hazard", ("category", n)) for n in names]
    return rates_table("categories", caption, data, places, data.study.models)
