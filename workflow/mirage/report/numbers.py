"""``numbers.tex``: every headline number as a LaTeX macro, and the macros that the tables use."""

from __future__ import annotations

from mirage.report.data import Measure, ReportData, StudyInfo
from mirage.report.table import signed
from mirage.report.text import latex
from mirage.score.rates import Rate

HEAD = r"""% Nano numbers of study %STUDY%. A macro is \nano<Recipe><Suite><Corner><Metric>, with
% the endings Low, High and N for the 95 % interval and the number of items. Input this file before
% the tables: they use \nanorate and \nanohead and the package booktabs.
\providecommand{\nanorate}[2]{\begin{tabular}[c]{@{}r@{}}#1\\[-3pt]{\tiny #2}\end{tabular}}
\providecommand{\nanohead}[2]{\begin{tabular}[b]{@{}r@{}}#1\\[-3pt]{\tiny $n = #2$}\end{tabular}}
"""
DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def numbers_tex(data: ReportData) -> str:
    """Returns the file's text; TeX names hold letters only, so digits are spelled."""
    names = {model.recipe.name for model in data.study.trained}
    lines = [HEAD.replace("%STUDY%", latex(data.study.name))]
    measures: list[Measure] = [*data.scores.rates, *data.scores.means]
    for rate in measures:
        if rate.group_by == "all" and rate.recipe in names and rate.value is not None:
            lines += _macros(rate, data.study)
    return "".join(lines)


def _macros(rate: Measure, study: StudyInfo) -> list[str]:
    assert rate.value is not None
    seed = f"seed {rate.seed}" if isinstance(rate, Rate) else "mean"
    words = [
        rate.recipe,
        rate.config if len(study.configs) > 1 else "",
        seed if len(study.seeds) > 1 else "",
        rate.suite,
        rate.corner,
        rate.metric,
    ]
    name = "nano" + "".join(_camel(w) for w in words)
    digits = 2 if rate.metric == "d_prime" else 1
    values = {"": rate.value, "Low": rate.low, "High": rate.high}
    found = [
        f"\\newcommand{{\\{name}{end}}}{{{latex(signed(v, digits))}}}\n"
        for end, v in values.items()
        if v is not None
    ]
    return [*found, f"\\newcommand{{\\{name}N}}{{{rate.n}}}\n"]


def _camel(words: str) -> str:
    spelled = "".join(DIGITS[int(c)] if c in "0123456789" else c for c in words)
    letters = "".join(c if c.isascii() and c.isalpha() else " " for c in spelled)
    return "".join(part[0].upper() + part[1:] for part in letters.split())
