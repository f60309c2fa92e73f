"""reports/tables.yaml: what a report can show, each table and figure an entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from mirage.plan.schema.types import Name, Strict
from mirage.vocabulary import CORNERS, JOINT_METRICS, METRICS

Reference = Annotated[str, StringConstraints(pattern=r"^[\w.]+:\w+$")]
"""``package.module:function``."""


def _pairs(given: object) -> object:
    if isinstance(given, dict):
        return list(given.items())
    return [tuple(pair) for pair in given] if isinstance(given, list) else given


Pairs = Annotated[list[tuple[str, str]], BeforeValidator(_pairs)]
"""A mapping in a file, pairs in a job's settings, where a mapping would lose its order."""


class Words(Strict):
    """What stands around a table; facts in braces are filled in (``report/captions.py``).

    Attributes:
        defines: Entries of ``reports/definitions.yaml`` that explain its words; those of the
            headings of its columns are found without.
    """

    title: str
    caption: str
    reading: str
    note: str = ""
    defines: list[str] = []


class ColumnGroup(Strict):
    """Neighbouring columns of one suite.

    Attributes:
        columns: Name -> ``metric corner``, or ``metric`` where items have no corner; with ``by``,
            name -> value.
        suite: Suite that the numbers are read on.
        suites: Instead of ``suite``: the columns once for each.
        heading: What stands above them; ``{suite}`` is the suite.
        where: At most one fact of the items -> its value.
        by: Fact in whose value the columns differ; ``suite`` for the suite itself.
        rate: With ``by``: ``metric corner`` of them all.
    """

    columns: Pairs
    suite: str = ""
    suites: list[str] = []
    heading: str = ""
    where: dict[str, str] = Field(default={}, max_length=1)
    by: str = ""
    rate: str = ""

    @model_validator(mode="after")
    def _known(self) -> ColumnGroup:
        if bool(self.by) != bool(self.rate):
            raise ValueError("'by' and 'rate' belong together")
        for rate in [self.rate] if self.by else [rate for _, rate in self.columns]:
            metric, _, corner = rate.partition(" ")
            if metric not in METRICS and metric not in JOINT_METRICS:
                known = ", ".join((*METRICS, *JOINT_METRICS))
                raise ValueError(f"there is no rate {metric!r}; there are {known}")
            if corner not in ("", "pair", *CORNERS):
                raise ValueError(f"there is no corner {corner!r}; there are {', '.join(CORNERS)}")
        return self


class Companions(Strict):
    """The two tables that stand beside a table of ASR: refusals, and hazards against twins.

    Attributes:
        of: How their titles call the table.
        suites: Suites they show; all splits if empty.
    """

    of: str
    suites: list[str] = []


class Exhibit(Strict):
    """A table or figure: either ``maker``, or a row per model and ``columns`` of rates.

    Attributes:
        id: File name and anchor.
        caption: Entry of ``captions.yaml``, or the words themselves; the id's own entry if empty.
        maker: Function ``(data, caption) -> Table | Figure | TextBlock``.
        measured: The maker shows numbers of models; False for facts about data or the paper.
        rows: ``all`` models of the study's mode, a list of recipes (the base leads), or a function
            ``(data) -> list[ModelCard]``.
        ablations_of: Instead of ``rows``: the recipes whose parent this one is, the base before and
            the parent below them.
        thinking: Rows of bases that think, instead of the others.
        columns: Groups of columns, names of groups under ``columns``, or functions
            ``(data) -> list[RateColumn]``.
        leading: Function ``(data, models) -> list[LeadingColumn]``: columns before the rates.
        unnamed: The leading columns say what a model is; there is no column with its name.
        companions: The tables beside it.
        of: Ends the title of such a table: ``models of <of>``.
        detail: It stands in the appendix.
        drawn: So it does, and a figure of its numbers in the body; of a table of rates alone.
    """

    id: Name
    caption: str | Words = ""
    maker: Reference | None = None
    measured: bool = True
    rows: str | list[str] = "all"
    ablations_of: str = ""
    thinking: bool = False
    columns: list[str | ColumnGroup] = []
    leading: Reference | None = None
    unnamed: bool = False
    companions: Companions | None = None
    of: str = ""
    detail: bool = False
    drawn: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Exhibit:
        if bool(self.maker) == bool(self.columns):
            raise ValueError("either 'maker' or 'columns' is needed, not both")
        if isinstance(self.rows, str) and self.rows != "all" and ":" not in self.rows:
            raise ValueError("'rows' is 'all', a list of recipes or package.module:function")
        return self

    @property
    def references(self) -> list[str]:
        """Returns all functions that the exhibit names."""
        rows = [self.rows] if isinstance(self.rows, str) and ":" in self.rows else []
        columns = [each for each in self.columns if isinstance(each, str)]
        return [each for each in (self.maker, *rows, *columns, self.leading) if each]


class Tables(Strict):
    """The whole file.

    Attributes:
        columns: Name -> groups of columns that several tables share.
        tables: Id in a study's ``tables`` -> what it puts into the report.
    """

    columns: dict[str, list[ColumnGroup]] = {}
    tables: dict[Name, list[Exhibit]] = {}


def plain_exhibits(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Returns exhibits as JSON values, keys that say nothing left out."""
    return [each.model_dump(mode="json", exclude_defaults=True) for each in exhibits]
